//! The table `[guardduty]`, and what it makes of the features of a live detector.

use super::declared::DeclaredList;
use super::features::{Declared, EKS_RUNTIME, Feature, RUNTIME};
use super::state::Detector;
use crate::control::owner::TAKE_OVER;
use crate::controls::administrator::Administrator;
use crate::controls::exports::Destination;
use crate::floor::AtLeast;
use crate::managed::{Managed, Switch};
use crate::settings;
use crate::words;
use std::collections::{BTreeMap, BTreeSet};

settings! {
    /// The table `[guardduty]`.
    pub struct Settings {
        /// Whether the detectors run; false suspends them and manages nothing else.
        #[costs]
        pub enabled: Switch = true,

        /// Protection plans by AWS's names, each `true` or a table with `enabled` and what belongs
        /// to the plan. False does not ask for one; `{ exactly = false }` switches it off. What is
        /// not declared stays as it is, and is off in a new detector: AWS itself would switch it on,
        /// for money. A plan that a region does not offer is noted and otherwise left out.
        #[costs]
        #[example(
            "{ S3_DATA_EVENTS = true }",
            "{ RUNTIME_MONITORING = { enabled = true, EC2_AGENT_MANAGEMENT = true } }"
        )]
        pub features: Managed<BTreeMap<String, Declared>> = unmanaged,

        /// How often findings that changed are published. More often satisfies it. Unmanaged, a new
        /// detector has `SIX_HOURS`.
        pub publishing_frequency: Managed<AtLeast<Frequency>> = unmanaged,

        /// The names of the suppression rules that may archive findings. Any other is a finding, and
        /// so is one of these that archives broadly.
        #[example("[\"known-scanner\"]")]
        pub filters: Managed<BTreeSet<String>> = [],

        /// The names of the trusted IP and entity lists, perhaps with their files; nothing is found
        /// about what they hold. Any other that is in use is a finding.
        #[example("[\"office\"]")]
        pub trusted_lists: Managed<BTreeSet<DeclaredList>> = [],

        /// The names of the threat IP and entity lists that must be in use, perhaps with their
        /// files. Any other that is in use is a finding.
        #[example("[\"our-threats\"]")]
        pub threat_lists: Managed<BTreeSet<DeclaredList>> = [],

        /// The buckets that findings must be exported to; `{region}`, that of the detector, and
        /// `{account}` are filled in. An export to another account's bucket that is not named is a
        /// finding, and so is one that fails.
        #[example("[\"acme-findings\"]")]
        pub export_buckets: Managed<BTreeSet<String>> = [],

        /// Where findings are exported to: it is set up, or put right.
        #[example("{ kms_key = \"alias/findings\" }")]
        pub export: Managed<Destination> = unmanaged,

        /// The account that administers the detectors, or `"none"`. Another, or none, is a finding:
        /// a member account can leave its administrator, and accept another.
        #[example("\"111122223333\"", "\"none\"")]
        pub administrator: Managed<Administrator> = unmanaged,

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

words! {
    /// How often changed findings are published.
    pub enum Frequency {
        SixHours = "SIX_HOURS" => "SIX_HOURS",
        OneHour = "ONE_HOUR" => "ONE_HOUR",
        FifteenMinutes = "FIFTEEN_MINUTES" => "FIFTEEN_MINUTES",
    }
}

impl Settings {
    /// Whether there is to be anything that could be silenced.
    pub fn watches(&self) -> bool {
        *self.enabled != Some(false)
    }

    pub fn wants(&self, name: &str) -> bool {
        self.declared(name).is_some_and(Declared::is_wanted)
    }

    fn declared(&self, name: &str) -> Option<&Declared> {
        self.features.as_ref()?.get(name)
    }

    /// What the features have to become, and what cannot be had.
    pub fn settle(&self, live: &Detector, by_policy: &BTreeSet<String>) -> Settled {
        let mut settled =
            Settled { features: live.features.clone(), notes: Vec::new(), kept_off: Vec::new() };
        for (name, declared) in self.features.iter().flatten() {
            let Some(feature) = settled.features.get_mut(name) else {
                settled.notes.push(format!("{name} is not offered here"));
                continue;
            };
            let (wanted, missing) = declared.settle(feature);
            for part in missing {
                let note = format!("{part} of {name} is not offered here");
                settled.notes.push(note);
            }
            if by_policy.contains(name) {
                if wanted.is_more_than(feature) {
                    settled.kept_off.push(name.clone());
                } else if *feature != wanted {
                    let note = "is decided by a policy of the organization, and differs";
                    settled.notes.push(format!("{name} {note}"));
                }
                continue;
            }
            *feature = wanted;
        }
        // Runtime monitoring covers that of EKS, and AWS does not take both at once.
        let runtime = settled.features.get(RUNTIME);
        if let Some(was) = live.features.get(EKS_RUNTIME)
            && runtime.is_some_and(|feature| feature.enabled)
            && self.wants(EKS_RUNTIME)
        {
            settled.features.insert(EKS_RUNTIME.to_owned(), was.clone());
        }
        settled
    }
}

/// What the features have to become, and what is to be known of that.
pub struct Settled {
    pub features: BTreeMap<String, Feature>,
    pub notes: Vec<String>,
    /// The features that a policy of the organization keeps from being what is declared.
    pub kept_off: Vec<String>,
}

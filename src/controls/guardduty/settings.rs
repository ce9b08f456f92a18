//! The table `[guardduty]`, and what it makes of the features of a live detector.

use super::declared::DeclaredList;
use super::features::{Declared, EKS_RUNTIME, Feature, RUNTIME};
use super::state::Detector;
use crate::aws::AccountId;
use crate::control::Proposal;
use crate::floor::AtLeast;
use crate::managed::Managed;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The table `[guardduty]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub enabled: Managed<bool>,
    pub features: Managed<BTreeMap<String, Declared>>,
    pub publishing_frequency: Managed<AtLeast<Frequency>>,
    pub filters: Managed<BTreeSet<String>>,
    pub trusted_lists: Managed<BTreeSet<DeclaredList>>,
    pub threat_lists: Managed<BTreeSet<DeclaredList>>,
    pub export_buckets: Managed<BTreeSet<String>>,
    pub administrator: Managed<Administrator>,
    pub take_over: Managed<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: Managed::new(true),
            features: Managed::UNMANAGED,
            publishing_frequency: Managed::UNMANAGED,
            filters: Managed::new(BTreeSet::new()),
            trusted_lists: Managed::new(BTreeSet::new()),
            threat_lists: Managed::new(BTreeSet::new()),
            export_buckets: Managed::new(BTreeSet::new()),
            administrator: Managed::UNMANAGED,
            take_over: Managed::new(false),
        }
    }
}

/// How often changed findings are published; the later ones more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Frequency {
    SixHours,
    OneHour,
    FifteenMinutes,
}

impl Frequency {
    pub const WORDS: [(Self, &str); 3] = [
        (Self::SixHours, "SIX_HOURS"),
        (Self::OneHour, "ONE_HOUR"),
        (Self::FifteenMinutes, "FIFTEEN_MINUTES"),
    ];
}

/// The setting `administrator`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Administrator {
    /// The detectors are administered by no other account.
    None,
    /// By this one.
    Account(AccountId),
}

impl TryFrom<String> for Administrator {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "none" => Ok(Self::None),
            _ => AccountId::try_from(text).map(Self::Account),
        }
    }
}

impl Administrator {
    /// Reports that another account administers a detector than is declared, or none. Source:
    /// GuardDuty API reference, `AcceptAdministratorInvitation` and
    /// `DisassociateFromAdministratorAccount`: a member account itself can do both.
    pub fn judge(&self, proposal: &mut Proposal, live: Option<&str>) {
        let (what, remedy) = match (self, live) {
            (Self::Account(own), None) => (
                format!(
                    "no account administers GuardDuty here any more: {} sees none of its findings",
                    own.as_str()
                ),
                format!(
                    "have {} add this account as a member again, or correct administrator",
                    own.as_str()
                ),
            ),
            (Self::Account(own), Some(other)) if own.as_str() != other => (
                format!("account {other} administers GuardDuty here, and not {}", own.as_str()),
                "it sees the findings and decides what is archived: if that is right, correct \
                 administrator; else leave it: aws guardduty disassociate-from-administrator-account"
                    .to_owned(),
            ),
            (Self::None, Some(other)) => (
                format!("account {other} administers GuardDuty here"),
                format!(
                    "it sees the findings and decides what is archived: if that is right, say \
                     administrator = \"{other}\"; else leave it: aws guardduty \
                     disassociate-from-administrator-account"
                ),
            ),
            _ => return,
        };
        proposal.finding("administrator", what, remedy);
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
        let mut settled = Settled {
            features: live.features.clone(),
            notes: Vec::new(),
            kept_off: Vec::new(),
        };
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

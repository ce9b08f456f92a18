//! GuardDuty: a detector that runs, in every region, with the protection plans that are declared.
//!
//! There is one detector in a region. What an administrator account or a policy of the organization
//! decides is compared and left to them.

mod declared;
mod features;
mod lists;
mod restore;
mod silencing;
mod state;
mod writes;

use crate::aws::facts::{Facts, LIST_BUCKETS, Reader};
use crate::aws::{AwsError, Write};
use crate::baseline::{AccountId, Problems};
use crate::control::owner::TAKE_OVER;
use crate::control::{
    About, Context, Control, Cost, Need, Past, Proposal, Reference, Scope, Setting, Standard,
    Stricter,
};
use crate::floor::{AtLeast, raise_word};
use crate::managed::Managed;
use crate::place::Place;
use declared::DeclaredList;
use features::{Declared, EKS_RUNTIME, Feature, RUNTIME};
use serde::Deserialize;
use state::{Detector, GET, GET_ADMINISTRATOR, LIST, Live};
use std::collections::{BTreeMap, BTreeSet};
use writes::{
    CreateDetector, FeatureInput, FinishDetector, MarkFinished, UpdateDetector, at_first, requests,
};

/// The control.
pub struct GuardDuty;

/// The table `[guardduty]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    enabled: Managed<bool>,
    features: Managed<BTreeMap<String, Declared>>,
    publishing_frequency: Managed<AtLeast<Frequency>>,
    filters: Managed<BTreeSet<String>>,
    trusted_lists: Managed<BTreeSet<DeclaredList>>,
    threat_lists: Managed<BTreeSet<DeclaredList>>,
    export_buckets: Managed<BTreeSet<String>>,
    administrator: Managed<Administrator>,
    take_over: Managed<bool>,
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
enum Frequency {
    SixHours,
    OneHour,
    FifteenMinutes,
}

impl Frequency {
    const WORDS: [(Self, &str); 3] = [
        (Self::SixHours, "SIX_HOURS"),
        (Self::OneHour, "ONE_HOUR"),
        (Self::FifteenMinutes, "FIFTEEN_MINUTES"),
    ];
}

/// The setting `administrator`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Administrator {
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
    fn judge(&self, proposal: &mut Proposal, live: Option<&str>) {
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
    fn watches(&self) -> bool {
        *self.enabled != Some(false)
    }

    fn wants(&self, name: &str) -> bool {
        self.declared(name).is_some_and(Declared::is_wanted)
    }

    fn declared(&self, name: &str) -> Option<&Declared> {
        self.features.as_ref()?.get(name)
    }

    /// What the features have to become, and what cannot be had.
    fn settle(&self, live: &Detector, by_policy: &BTreeSet<String>) -> Settled {
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

struct Settled {
    features: BTreeMap<String, Feature>,
    notes: Vec<String>,
    /// The features that a policy of the organization keeps from being what is declared.
    kept_off: Vec<String>,
}

fn propose_off(live: Live, region: &str) -> Proposal {
    let wanted = live.detector.clone().map(|detector| Detector {
        enabled: false,
        ..detector
    });
    let mut proposal = Proposal::between(&live.detector, &wanted);
    if let (true, Some(id)) = (proposal.touches(&["enabled"]), &live.id) {
        let mut update = UpdateDetector::new(id, region);
        update.enable = Some(false);
        proposal.call(update);
    }
    proposal
}

/// What a new detector is to be.
fn wanted_at_first(settings: &Settings, live_frequency: Option<&str>) -> Detector {
    let declared = settings.features.iter().flatten();
    Detector {
        enabled: true,
        publishing_frequency: raise_word(
            &settings.publishing_frequency,
            live_frequency,
            &Frequency::WORDS,
        ),
        features: declared
            .map(|(name, declared)| (name.clone(), declared.at_first()))
            .collect(),
    }
}

fn propose_new(settings: &Settings, region: &str, context: &Context) -> Proposal {
    let wanted = wanted_at_first(settings, None);
    let frequency = wanted.publishing_frequency.clone();
    let mut proposal = Proposal::between(&None, &Some(wanted));
    proposal.call(CreateDetector::new(frequency, context.tags(), region));
    proposal.call(FinishDetector::new(
        settings.features.as_ref().cloned().unwrap_or_default(),
        region,
    ));
    proposal.call(MarkFinished::new(None, region, context));
    proposal.note(
        "AWS switches features on in a new detector; those that are not declared are switched off \
         again at once, by name, for they cost money",
    );
    proposal
}

/// A detector that an earlier run created, whose features it did not come to: to be what a new one
/// is.
fn propose_unfinished(
    settings: &Settings,
    id: &str,
    live: &Detector,
    region: &str,
    context: &Context,
) -> Proposal {
    let own = live.publishing_frequency.as_deref();
    let wanted = wanted_at_first(settings, own);
    let mut update = UpdateDetector::new(id, region);
    update.enable = (!live.enabled).then_some(true);
    let frequency = wanted.publishing_frequency.clone();
    update.finding_publishing_frequency = frequency.filter(|new| Some(new.as_str()) != own);
    let declared = settings.features.as_ref().cloned().unwrap_or_default();
    update.features = at_first(&declared, &live.features);
    let mut proposal = Proposal::between(&None, &Some(wanted));
    proposal.call(update);
    proposal.call(MarkFinished::new(Some(id), region, context));
    proposal.note("an earlier run created the detector and did not come to its features");
    proposal
}

fn propose_change(
    settings: &Settings,
    id: &str,
    live: &Detector,
    by_policy: &BTreeSet<String>,
    region: &str,
) -> Proposal {
    let Settled {
        features,
        notes,
        kept_off,
    } = settings.settle(live, by_policy);
    let frequency = live.publishing_frequency.as_deref();
    let wanted = Detector {
        enabled: settings.enabled.unwrap_or(live.enabled),
        publishing_frequency: raise_word(
            &settings.publishing_frequency,
            frequency,
            &Frequency::WORDS,
        ),
        features,
    };
    let mut proposal = update(id, live, &wanted, region);
    proposal.notes = notes;
    for name in kept_off {
        proposal.finding(
            &format!("features.{name}"),
            format!("a policy of the organization keeps {name} off, or a part of it"),
            "ask the organization's administrators to switch it on, or take it out of the baseline",
        );
    }
    proposal
}

/// What makes a detector another: differences, and calls that say what differs and no more.
fn update(id: &str, live: &Detector, wanted: &Detector, region: &str) -> Proposal {
    let mut proposal = Proposal::between(live, wanted);
    if proposal.differences.is_empty() {
        return proposal;
    }
    let differing = wanted.features.iter();
    let differing = differing.filter(|(name, feature)| live.features.get(*name) != Some(*feature));
    let differing = differing.map(|(name, feature)| match live.features.get(name) {
        Some(own) => FeatureInput::change(name, own, feature),
        None => FeatureInput::new(name, feature),
    });
    for (at, features) in requests(differing.collect()).into_iter().enumerate() {
        let mut update = UpdateDetector::new(id, region);
        if at == 0 {
            update.enable = proposal.touches(&["enabled"]).then_some(wanted.enabled);
            update.finding_publishing_frequency = wanted
                .publishing_frequency
                .clone()
                .filter(|_| proposal.touches(&["publishing_frequency"]));
        }
        update.features = features;
        proposal.call(update);
    }
    proposal
}

impl Control for GuardDuty {
    type Settings = Settings;
    type Live = Live;

    const ABOUT: About = About {
        name: "guardduty",
        title: "GuardDuty detects threats in every region",
        why: "Stolen credentials are used where nobody looks. GuardDuty looks, in every region, at \
              the API calls, network flows and name look-ups of the account.",
        scope: Scope::Regions,
        needs: &[Need::Regions],
        settings: &[
            Setting::new(
                "enabled",
                "true",
                "Whether the detectors run; false suspends them and manages nothing else.",
            )
            .costs()
            .stricter(Stricter::Higher),
            Setting::new(
                "features",
                "\"unmanaged\"",
                "Protection plans by AWS's names: { S3_DATA_EVENTS = true }, or { RUNTIME_MONITORING \
                 = { enabled = true, EC2_AGENT_MANAGEMENT = true } }. False does not ask for one; \
                 { exactly = false } switches it off. What is not declared stays as it is, and is \
                 off in a new detector: AWS itself would switch it on, for money. A plan that a \
                 region does not offer is noted and otherwise left out.",
            )
            .costs()
            .stricter(Stricter::Higher),
            Setting::new(
                "publishing_frequency",
                "\"unmanaged\"",
                "How often findings that changed are published: FIFTEEN_MINUTES, ONE_HOUR or \
                 SIX_HOURS. More often satisfies it. Unmanaged, a new detector has SIX_HOURS.",
            )
            .stricter(Stricter::Later(&[
                "SIX_HOURS",
                "ONE_HOUR",
                "FIFTEEN_MINUTES",
            ])),
            Setting::new(
                "filters",
                "[]",
                "The names of the suppression rules that may archive findings. Any other is a \
                 finding, and so is one of these that archives broadly.",
            ),
            Setting::new(
                "trusted_lists",
                "[]",
                "The names of the trusted IP and entity lists; nothing is found about what they \
                 hold. { name = …, location = \"s3://…\" } declares the file as well. Any other \
                 that is in use is a finding.",
            ),
            Setting::new(
                "threat_lists",
                "[]",
                "The names of the threat IP and entity lists that must be in use, perhaps with their \
                 files: { name = …, location = \"s3://…\" }. Any other that is in use is a finding.",
            ),
            Setting::new(
                "export_buckets",
                "[]",
                "The buckets that findings must be exported to; {region}, that of the detector, and \
                 {account} are filled in. An export to another account's bucket that is not named \
                 is a finding, and so is one that fails.",
            ),
            Setting::new(
                "administrator",
                "\"unmanaged\"",
                "The account that administers the detectors, or \"none\". Another, or none, is a \
                 finding: a member account can leave its administrator, and accept another.",
            ),
            TAKE_OVER,
        ],
        satisfies: &[
            fsbp("GuardDuty.1", "threat detection on everywhere"),
            fsbp("GuardDuty.5", "with EKS_AUDIT_LOGS"),
            fsbp("GuardDuty.6", "with LAMBDA_NETWORK_LOGS"),
            fsbp("GuardDuty.7", "with RUNTIME_MONITORING and EKS_ADDON_MANAGEMENT"),
            fsbp("GuardDuty.8", "with EBS_MALWARE_PROTECTION"),
            fsbp("GuardDuty.9", "with RDS_LOGIN_EVENTS"),
            fsbp("GuardDuty.10", "with S3_DATA_EVENTS"),
            fsbp("GuardDuty.11", "with RUNTIME_MONITORING"),
            fsbp(
                "GuardDuty.12",
                "with RUNTIME_MONITORING and ECS_FARGATE_AGENT_MANAGEMENT",
            ),
            fsbp(
                "GuardDuty.13",
                "with RUNTIME_MONITORING and EC2_AGENT_MANAGEMENT",
            ),
            Reference::nist_csf("Detect", "threats are noticed"),
            Reference::well_architected("SEC 4", "detect and act on threats"),
        ],
        cost: Cost::Paid(
            "30 days free in each region, then 4 USD per million CloudTrail events and 1 USD per GB \
             of flow and DNS logs; protection plans extra",
        ),
        operations: &[
            LIST,
            GET,
            GET_ADMINISTRATOR,
            lists::LIST_FILTERS,
            lists::GET_FILTER,
            lists::LIST_IP_SETS,
            lists::GET_IP_SET,
            lists::LIST_THREAT_SETS,
            lists::GET_THREAT_SET,
            lists::LIST_TRUSTED_ENTITIES,
            lists::GET_TRUSTED_ENTITIES,
            lists::LIST_THREAT_ENTITIES,
            lists::GET_THREAT_ENTITIES,
            lists::LIST_DESTINATIONS,
            lists::DESCRIBE_DESTINATION,
            LIST_BUCKETS,
            CreateDetector::OPERATION,
            UpdateDetector::OPERATION,
            MarkFinished::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        for (name, declared) in settings.features.iter().flatten() {
            Declared::check(name, declared, problems);
        }
        if settings.wants(RUNTIME) && settings.wants(EKS_RUNTIME) {
            let path = format!("features.{EKS_RUNTIME}");
            problems.setting(
                &path,
                format!("{RUNTIME} covers it: AWS does not take both"),
            );
        }
    }

    fn places(_: &Settings, facts: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        facts.region_places()
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        state::read(reader, region, settings.watches()).await
    }

    fn propose(settings: &Settings, place: &Place, live: Live, context: &Context) -> Proposal {
        let region = place.region.as_deref().unwrap_or_default();
        let administrator = live.administrator.clone();
        let (owner, silencing) = (live.owner.clone(), live.silencing.clone());
        let id = live.id.clone();
        let mut proposal = match (*settings.enabled, &live.detector, &live.id) {
            (Some(false), _, _) => propose_off(live, region),
            (_, Some(detector), Some(id)) if live.unfinished => {
                propose_unfinished(settings, id, detector, region, context)
            }
            (_, Some(detector), Some(id)) => {
                propose_change(settings, id, detector, &live.by_policy, region)
            }
            (Some(true), _, _) => propose_new(settings, region, context),
            (None, _, _) => Proposal::fine(),
        };
        if let (true, None, Some(id)) = (settings.watches(), &administrator, &id) {
            silencing::judge(&mut proposal, settings, &silencing, id, region, context);
        }
        if let (true, Some(wanted), Some(_)) = (settings.watches(), &*settings.administrator, &id) {
            wanted.judge(&mut proposal, administrator.as_deref());
        }
        match administrator {
            Some(account) => proposal.left_to(&format!("GuardDuty administrator {account}")),
            None => proposal.owned_by(owner, *settings.take_over == Some(true)),
        }
    }

    fn restore(_: &Settings, place: &Place, past: Past<Live>, _: &Context) -> Proposal {
        restore::restore(&past, place.region.as_deref().unwrap_or_default())
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if *settings.enabled != Some(true) {
            unused.push(CreateDetector::OPERATION.name);
        }
        if !settings.watches() {
            unused.extend(lists::OPERATIONS.iter().map(|own| own.name));
            unused.extend([LIST_BUCKETS.name, MarkFinished::OPERATION.name]);
        }
        unused
    }
}

const fn fsbp(id: &'static str, label: &'static str) -> Reference {
    Reference {
        standard: Standard::Fsbp,
        id,
        label,
    }
}

#[cfg(test)]
mod tests;

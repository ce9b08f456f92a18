//! What would make a detector match: one that is new, unfinished, different, or to be suspended.

use super::settings::{Settings, Settled};
use super::state::{Detector, Live};
use super::writes::{
    CreateDetector, FeatureInput, FinishDetector, MarkFinished, UpdateDetector, at_first, requests,
};
use crate::control::{Context, Proposal};
use crate::floor::raise_word;
use std::collections::BTreeSet;

pub fn propose_off(live: Live, region: &str) -> Proposal {
    let wanted = live.detector.clone().map(|detector| Detector { enabled: false, ..detector });
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
        publishing_frequency: raise_word(&settings.publishing_frequency, live_frequency),
        features: declared.map(|(name, declared)| (name.clone(), declared.at_first())).collect(),
    }
}

pub fn propose_new(settings: &Settings, region: &str, context: &Context) -> Proposal {
    let wanted = wanted_at_first(settings, None);
    let frequency = wanted.publishing_frequency.clone();
    let mut proposal = Proposal::between(&None, &Some(wanted));
    proposal.call(CreateDetector::new(frequency, context.tags(), region));
    proposal
        .call(FinishDetector::new(settings.features.as_ref().cloned().unwrap_or_default(), region));
    proposal.call(MarkFinished::new(None, region, context));
    proposal.note(
        "AWS switches features on in a new detector; those that are not declared are switched off \
         again at once, by name, for they cost money",
    );
    proposal
}

/// A detector that an earlier run created, whose features it did not come to: to be what a new one
/// is.
pub fn propose_unfinished(
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

pub fn propose_change(
    settings: &Settings,
    id: &str,
    live: &Detector,
    by_policy: &BTreeSet<String>,
    region: &str,
) -> Proposal {
    let Settled { features, notes, kept_off } = settings.settle(live, by_policy);
    let frequency = live.publishing_frequency.as_deref();
    let wanted = Detector {
        enabled: settings.enabled.unwrap_or(live.enabled),
        publishing_frequency: raise_word(&settings.publishing_frequency, frequency),
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
pub fn update(id: &str, live: &Detector, wanted: &Detector, region: &str) -> Proposal {
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

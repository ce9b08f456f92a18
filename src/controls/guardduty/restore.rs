//! What puts the detector back that a run changed.

use super::state::{Detector, Live};
use super::update;
use crate::control::{Past, Proposal};

/// A detector that the run created is suspended and stays: to delete it deletes its findings.
pub fn restore(past: &Past<Live>, region: &str) -> Proposal {
    let mut proposal = Proposal::fine();
    let (Some(id), Some(now)) = (&past.live.id, &past.live.detector) else {
        proposal.note("the detector of that run is not there any more");
        return proposal;
    };
    if past.after.id.as_ref() != Some(id) {
        proposal.note("another detector is in the place of that run's, and is left as it is");
        return proposal;
    }
    proposal = match past.each(|live| live.detector.clone()) {
        Some(detectors) => put_back(&detectors, &past.live, id, region),
        None => created(past, now, id, region),
    };
    match &past.live.administrator {
        Some(account) => proposal.left_to(&format!("GuardDuty administrator {account}")),
        None => proposal,
    }
}

fn created(past: &Past<Live>, now: &Detector, id: &str, region: &str) -> Proposal {
    let left = past.after.detector.as_ref();
    let is_ours_to_suspend = left.is_some_and(|left| left.enabled);
    let wanted = Detector {
        enabled: now.enabled && !is_ours_to_suspend,
        ..now.clone()
    };
    let mut proposal = update(id, now, &wanted, region);
    proposal.finding(
        "enabled",
        "the run created the detector; it is not deleted",
        format!(
            "if nobody needs it and what it found: aws guardduty delete-detector --detector-id \
             {id} --region {region}"
        ),
    );
    proposal
}

fn put_back(detectors: &Past<Detector>, live: &Live, id: &str, region: &str) -> Proposal {
    let (merged, mut wanted) = detectors.put_back();
    let now = &detectors.live;
    let mut by_policy = Vec::new();
    for (name, feature) in &mut wanted.features {
        let Some(own) = now.features.get(name) else {
            continue;
        };
        if live.by_policy.contains(name) && feature != own {
            by_policy.push(name.clone());
            *feature = own.clone();
        } else if !feature.enabled {
            // No part of a feature that is off can be switched on.
            for (part, on) in &mut feature.additional {
                *on &= own.additional.get(part) == Some(&true);
            }
        }
    }
    // What the region offers is AWS's to say; and there is no word for no frequency.
    wanted
        .features
        .retain(|name, _| now.features.contains_key(name));
    for (name, own) in &now.features {
        let feature = wanted.features.entry(name.clone());
        feature.or_insert_with(|| own.clone());
    }
    let frequency = wanted.publishing_frequency.take();
    wanted.publishing_frequency = frequency.or_else(|| now.publishing_frequency.clone());
    let mut proposal = update(id, now, &wanted, region);
    proposal.findings = merged.findings;
    for name in by_policy {
        let text = "is decided by a policy of the organization, and left as it is";
        proposal.note(format!("{name} {text}"));
    }
    proposal
}

//! What puts the detector back that a run changed.

use super::proposal::update;
use super::state::{Detector, Live};
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
    let wanted = Detector { enabled: now.enabled && !is_ours_to_suspend, ..now.clone() };
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
    wanted.features.retain(|name, _| now.features.contains_key(name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Standing;
    use serde_json::{Value, json};

    fn live(id: &str, enabled: bool) -> Value {
        json!({
            "detector": {
                "enabled": enabled, "publishing_frequency": "SIX_HOURS",
                "features": {"S3_DATA_EVENTS": {"enabled": enabled}},
            },
            "id": id, "administrator": null,
        })
    }

    fn restored(before: Value, after: Value, live: Value) -> Proposal {
        let read = |state| serde_json::from_value::<Live>(state).expect("a live state");
        let past = Past { before: read(before), after: read(after), live: read(live) };
        restore(&past, "eu-west-1")
    }

    fn nothing() -> Value {
        json!({"detector": null, "id": null, "administrator": null})
    }

    #[test]
    fn a_created_detector_is_suspended_once_and_kept() {
        let proposal = restored(nothing(), live("d", true), live("d", true));
        let input = proposal.writes[0].call().input;
        assert_eq!(input, json!({"DetectorId": "d", "Enable": false}));
        assert!(proposal.findings[0].remedy.contains("--detector-id d"));
        let again = restored(nothing(), live("d", true), live("d", false));
        assert!(again.writes.is_empty() && again.differences.is_empty());
        assert_eq!(again.findings, proposal.findings);
    }

    #[test]
    fn a_detector_that_took_the_place_of_the_runs_is_left_as_it_is() {
        for before in [nothing(), live("d", false)] {
            let proposal = restored(before, live("d", true), live("other", true));
            assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
            assert_eq!(proposal.notes.len(), 1);
        }
    }

    #[test]
    fn what_others_decide_now_is_left_to_them() {
        let mut by_policy = live("d", true);
        by_policy["by_policy"] = json!(["S3_DATA_EVENTS"]);
        let proposal = restored(live("d", false), live("d", true), by_policy);
        let input = proposal.writes[0].call().input;
        assert_eq!(input, json!({"DetectorId": "d", "Enable": false}));
        let mut member = live("d", true);
        member["administrator"] = json!("999999999999");
        let proposal = restored(live("d", false), live("d", true), member);
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        assert!(proposal.writes.is_empty());
    }

    #[test]
    fn a_feature_that_appeared_during_the_run_stays() {
        let mut after = live("d", true);
        after["detector"]["features"]["NEW"] = json!({"enabled": true});
        let proposal = restored(live("d", false), after.clone(), after);
        let input = proposal.writes[0].call().input;
        assert_eq!(input["Features"][0]["Name"], "S3_DATA_EVENTS");
        assert_eq!(input["Features"].as_array().map(Vec::len), Some(1));
        assert!(!proposal.touches(&["features.NEW"]));
    }
}

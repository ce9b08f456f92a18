//! What puts the detector back that a run changed.

use super::state::{Detector, Live, State};
use crate::control::{At, Past, Remarks};

/// A detector that the run created is suspended and stays: to delete it deletes its findings.
pub fn restored(past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
    let live = State::of(&past.live);
    let (Some(id), Some(now)) = (&live.id, &live.detector) else {
        say.note("the detector of that run is not there any more");
        return live;
    };
    if past.after.id.as_ref() != Some(id) {
        say.note("another detector is in the place of that run's, and is left as it is");
        return live;
    }
    if let Some(account) = &past.live.administrator {
        say.left_to(format!("GuardDuty administrator {account}"));
    }
    let exports = past.map(|live| live.silencing.exports.len());
    if exports.before == 0 && exports.after > 0 && exports.live > 0 {
        say.finding(
            "export",
            "the run set up the export of findings; it is not taken away",
            format!(
                "if nobody needs it: aws guardduty delete-publishing-destination --detector-id {id} \
                 --region {}",
                at.region()
            ),
        );
    }
    let detector = match past.each(|live| live.detector.clone()) {
        Some(detectors) => put_back(&detectors, &past.live, say),
        None => created(past, now, id, at, say),
    };
    State { detector: Some(detector), ..live }
}

fn created(past: &Past<Live>, now: &Detector, id: &str, at: At<'_>, say: &mut Remarks) -> Detector {
    let left = past.after.detector.as_ref();
    let is_ours_to_suspend = left.is_some_and(|left| left.enabled);
    say.finding(
        "enabled",
        "the run created the detector; it is not deleted",
        format!(
            "if nobody needs it and what it found: aws guardduty delete-detector --detector-id \
             {id} --region {}",
            at.region()
        ),
    );
    Detector { enabled: now.enabled && !is_ours_to_suspend, ..now.clone() }
}

fn put_back(detectors: &Past<Detector>, live: &Live, say: &mut Remarks) -> Detector {
    let mut wanted = say.put_back(detectors);
    let now = &detectors.live;
    for (name, feature) in &mut wanted.features {
        let Some(own) = now.features.get(name) else {
            continue;
        };
        if live.by_policy.contains(name) && feature != own {
            let text = "is decided by a policy of the organization, and left as it is";
            say.note(format!("{name} {text}"));
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
        wanted.features.entry(name.clone()).or_insert_with(|| own.clone());
    }
    let frequency = wanted.publishing_frequency.take();
    wanted.publishing_frequency = frequency.or_else(|| now.publishing_frequency.clone());
    wanted
}

#[cfg(test)]
mod tests {
    use super::super::GuardDuty;
    use super::*;
    use crate::control::tests::context;
    use crate::control::{Proposal, Standing, restore};
    use crate::place::Place;
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
        let at = At { place: &Place::region("eu-west-1"), context: &context() };
        restore::<GuardDuty>(&crate::settings::value("{}"), &past, at)
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

//! What puts the trail back that a run changed.

use super::live::Live;
use super::state::State;
use crate::control::{Past, Remarks};

/// A trail that the run created is stopped and stays: its deletion is a person's.
pub fn restored(past: &Past<Live>, say: &mut Remarks) -> Option<State> {
    let now = past.live.state();
    let Some(changed) = &past.after.details else {
        return now;
    };
    let arn = changed.trail.as_str();
    let Some(trail) = past.live.trails.get(arn) else {
        say.note(format!("the trail {arn} does not exist any more"));
        say.gone = Some(format!("the trail {arn}"));
        return now;
    };
    let of = |live: &Live| live.state().filter(|own| own.arn == arn);
    match (of(&past.live), past.each(of)) {
        (Some(now), _) if !past.before.trails.contains_key(arn) => {
            Some(created(of(&past.after), now, say))
        }
        (Some(_), Some(states)) => {
            let before = past.before.details.as_ref();
            Some(put_back(&states, before.is_some_and(|own| own.basic), say))
        }
        _ => {
            left_alone(arn, &trail.name, past.live.details.is_some(), say);
            now
        }
    }
}

/// The trail is not looked at any more: another one is, or one of the organization is enough.
fn left_alone(arn: &str, name: &str, is_another_meant: bool, say: &mut Remarks) {
    let (instead, remedy) = match is_another_meant {
        true => (
            "another one",
            format!("write name = \"{name}\" into [cloudtrail], and undo the run again"),
        ),
        false => (
            "that of the organization",
            format!("put it back by hand if that is wanted: CloudTrail console, {arn}, Edit"),
        ),
    };
    let what = format!("[cloudtrail] manages {instead} now; the trail {name} is left as it is");
    say.finding("name", what, remedy);
}

fn created(left: Option<State>, now: State, say: &mut Remarks) -> State {
    let is_ours_to_stop = left.is_some_and(|left| left.logging);
    let (arn, trail) = (&now.arn, &now.trail);
    say.finding(
        "name",
        format!("the run created the trail {}; it is not deleted", trail.name),
        format!(
            "if nobody needs it: aws cloudtrail delete-trail --name {arn} --region {} (its log \
             files in {} stay)",
            trail.home_region, trail.bucket
        ),
    );
    State { logging: now.logging && !is_ours_to_stop, ..now }
}

fn put_back(states: &Past<State>, was_basic: bool, say: &mut Remarks) -> State {
    let mut wanted = say.put_back(states);
    let now = &states.live;
    let all = now.selectors.iter().chain(&wanted.selectors);
    let is_hidden = all.flat_map(|own| &own.field_selectors).any(|field| field.is_blank());
    if wanted.selectors != now.selectors && is_hidden {
        wanted.selectors = now.selectors.clone();
        say.finding(
            "data_events",
            "an event selector has a condition that this version of baseline cannot read, and \
             would lose: all selectors are left as they are",
            "put them back with a newer baseline, or by hand: CloudTrail console, the trail, Edit",
        );
    }
    if was_basic && wanted.selectors != now.selectors {
        say.note("its basic event selectors stay advanced ones, which log the same");
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::super::Cloudtrail;
    use super::*;
    use crate::control::tests::context;
    use crate::control::{At, Proposal, restore};
    use crate::place::Place;
    use serde_json::{Value, json};
    const ARN: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";

    /// The trail `audit`, and whether it is recording.
    fn live(logging: bool) -> Value {
        json!({
            "trails": {ARN: {
                "name": "audit", "home_region": "us-east-1", "bucket": "logs", "prefix": null,
                "log_file_validation": true, "multi_region": true, "global_events": true,
                "kms_key": null, "has_insights": false, "organization": false,
            }},
            "details": {
                "trail": ARN, "logging": logging, "basic": false, "insights": {},
                "selectors": [{"FieldSelectors": [
                    {"Field": "eventCategory", "Equals": ["Management"]},
                ]}],
            },
        })
    }

    fn restored(before: Value, after: Value, live: Value) -> Proposal {
        let read = |state| serde_json::from_value::<Live>(state).expect("a live state");
        let past = Past { before: read(before), after: read(after), live: read(live) };
        let at = At { place: &Place::account(), context: &context() };
        restore::<Cloudtrail>(&crate::settings::value("{}"), &past, at)
    }

    fn calls(proposal: &Proposal) -> Vec<&str> {
        let writes = proposal.writes.iter();
        writes.map(|write| write.operation().name).collect()
    }

    #[test]
    fn a_created_trail_is_stopped_once_and_whatever_else_became_of_it() {
        let nothing = json!({"trails": {}, "details": null});
        let mut changed = live(true);
        changed["trails"][ARN]["prefix"] = json!("theirs");
        let proposal = restored(nothing.clone(), live(true), changed);
        assert_eq!(calls(&proposal), ["StopLogging"]);
        let stopped = restored(nothing.clone(), live(true), live(false));
        assert!(stopped.writes.is_empty() && stopped.differences.is_empty());
        assert_eq!(stopped.findings, proposal.findings);
        let gone = restored(nothing.clone(), live(true), nothing);
        assert!(gone.findings.is_empty());
        assert_eq!(gone.notes.len(), 1);
    }

    #[test]
    fn a_trail_that_is_not_looked_at_any_more_is_left_as_it_is() {
        let mut other = live(true);
        other["details"]["trail"] = json!("another");
        let mut organization = live(true);
        organization["details"] = json!(null);
        for now in [other, organization] {
            let proposal = restored(live(false), live(true), now);
            assert!(proposal.writes.is_empty());
            assert_eq!(proposal.findings[0].field, "name");
        }
    }

    #[test]
    fn a_key_or_log_group_taken_away_and_management_events_left_out_protect_less() {
        let mut after = live(true);
        after["trails"][ARN]["kms_key"] = json!("arn:aws:kms:us-east-1:111122223333:key/k");
        after["trails"][ARN]["cloudwatch_logs"] = json!({"group": "trail", "role": "logs"});
        let mut before = live(true);
        before["details"]["selectors"] = json!([{"FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ]}]);
        let proposal = restored(before, after.clone(), after);
        assert_eq!(calls(&proposal), ["UpdateTrail", "PutEventSelectors"]);
        assert_eq!(proposal.writes[0].call().input["KmsKeyId"], "");
        let looser = proposal.differences.iter().filter(|d| d.loosens);
        let looser: Vec<&str> = looser.map(|d| d.field.as_str()).collect();
        let logs = ["cloudwatch_logs.group", "cloudwatch_logs.role"];
        assert_eq!(looser, ["kms_key", logs[0], logs[1], "management_events"]);
    }
}

//! What puts the trail back that a run changed.

use super::live::Live;
use super::proposal::Target;
use super::selectors;
use super::state::State;
use super::writes::StopLogging;
use crate::control::{Past, Proposal};

/// A trail that the run created is stopped and stays: its deletion is a person's.
pub fn restore(past: &Past<Live>) -> Proposal {
    let Some(changed) = &past.after.details else {
        return Proposal::fine();
    };
    let arn = changed.trail.as_str();
    let Some(trail) = past.live.trails.get(arn) else {
        let mut proposal = Proposal::fine();
        proposal.note(format!("the trail {arn} is not there any more"));
        proposal.gone = Some(format!("the trail {arn}"));
        return proposal;
    };
    let target = Target { arn, region: &trail.home_region };
    let was_there = past.before.trails.contains_key(arn);
    match (past.live.state(arn), past.each(|live| live.state(arn))) {
        (Some(now), _) if !was_there => created(&target, past.after.state(arn), &now),
        (Some(_), Some(states)) => {
            let before = past.before.details.as_ref();
            put_back(&target, &states, before.is_some_and(|own| own.basic))
        }
        _ => left_alone(arn, &trail.name, past.live.details.is_some()),
    }
}

/// The trail is not looked at any more: another one is, or one of the organization is enough.
fn left_alone(arn: &str, name: &str, is_another_meant: bool) -> Proposal {
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
    let mut proposal = Proposal::fine();
    let what = format!("[cloudtrail] manages {instead} now; the trail {name} is left as it is");
    proposal.finding("name", what, remedy);
    proposal
}

fn created(target: &Target<'_>, left: Option<State>, now: &State) -> Proposal {
    let is_ours_to_stop = left.is_some_and(|left| left.logging) && now.logging;
    let wanted = State { logging: now.logging && !is_ours_to_stop, ..now.clone() };
    let mut proposal = Proposal::between(&now.view(), &wanted.view());
    let (name, bucket) = (&now.name, &now.bucket);
    let (arn, region) = (target.arn.to_owned(), target.region.to_owned());
    proposal.finding(
        "name",
        format!("the run created the trail {name}; it is not deleted"),
        format!(
            "if nobody needs it: aws cloudtrail delete-trail --name {arn} --region {region} (its \
             log files in {bucket} stay)"
        ),
    );
    if is_ours_to_stop {
        proposal.call(StopLogging { name: arn, region });
    }
    proposal
}

fn put_back(target: &Target<'_>, states: &Past<State>, was_basic: bool) -> Proposal {
    let (merged, mut wanted) = states.put_back();
    let now = &states.live;
    let mut findings = merged.findings;
    let all = now.selectors.iter().chain(&wanted.selectors);
    let mut fields = all.flat_map(|selector| &selector.field_selectors);
    if wanted.selectors != now.selectors && fields.any(|field| field.is_blank()) {
        wanted.selectors = now.selectors.clone();
        let mut told = Proposal::fine();
        told.finding(
            "data_events",
            "an event selector has a condition that this version of baseline cannot read, and \
             would lose: all selectors are left as they are",
            "put them back with a newer baseline, or by hand: CloudTrail console, the trail, Edit",
        );
        findings.extend(told.findings);
    }
    let mut proposal = Proposal { findings, ..Proposal::between(&now.view(), &wanted.view()) };
    mark_loosening(&mut proposal, now, &wanted);
    target.update(&mut proposal, now, &wanted);
    target.fill(&mut proposal, now, &wanted);
    if was_basic && wanted.selectors != now.selectors {
        proposal.note("its basic event selectors stay advanced ones, which log the same");
    }
    proposal
}

/// Marks what protects less and belongs to no setting that has a stricter side.
fn mark_loosening(proposal: &mut Proposal, now: &State, wanted: &State) {
    let logged = |state: &State| selectors::management_events(&state.selectors);
    let is_whole = selectors::logs_all_management(&wanted.selectors);
    for difference in &mut proposal.differences {
        difference.loosens |= match difference.field.as_str() {
            "kms_key" => wanted.kms_key.is_none(),
            "cloudwatch_logs" => wanted.cloudwatch_logs.is_none(),
            "management_events" => !is_whole && !logged(wanted).is_superset(&logged(now)),
            _ => false,
        };
    }
}

impl Live {
    /// The trail with an ARN, if it was read whole.
    fn state(&self, arn: &str) -> Option<State> {
        let details = self.details.as_ref().filter(|own| own.trail == arn)?;
        Some(State::of(self.trails.get(arn)?, details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        restore(&Past { before: read(before), after: read(after), live: read(live) })
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
    fn a_key_taken_away_and_management_events_left_out_protect_less() {
        let mut after = live(true);
        after["trails"][ARN]["kms_key"] = json!("arn:aws:kms:us-east-1:111122223333:key/k");
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
        assert_eq!(looser, ["kms_key", "management_events"]);
    }
}

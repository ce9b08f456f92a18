//! What puts the trail back that a run changed.

use super::live::Live;
use super::proposal::Target;
use super::selectors::{self, Coverage};
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
        return proposal;
    };
    let target = Target {
        arn,
        region: &trail.home_region,
    };
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
    let what = format!("[cloudtrail] looks after {instead} now; the trail {name} is left as it is");
    proposal.finding("name", what, remedy);
    proposal
}

fn created(target: &Target<'_>, left: Option<State>, now: &State) -> Proposal {
    let is_ours_to_stop = left.is_some_and(|left| left.logging) && now.logging;
    let wanted = State {
        logging: now.logging && !is_ours_to_stop,
        ..now.clone()
    };
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
    let mut proposal = Proposal {
        findings,
        ..Proposal::between(&now.view(), &wanted.view())
    };
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
    let is_whole = selectors::coverage(&wanted.selectors) == Coverage::Whole;
    for difference in &mut proposal.differences {
        difference.loosens |= match difference.field.as_str() {
            "kms_key" => wanted.kms_key.is_none(),
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

//! What is carried out together, and when.

use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Entry, Plan};
use serde_json::Value;
use std::collections::BTreeMap;

/// Changes that are carried out together, because the first one's calls serve all of them.
pub(super) struct Group<'a>(pub(super) Vec<&'a Entry>);

impl Group<'_> {
    /// The buckets it writes to: S3 refuses two writes to one bucket at once, and those that replace
    /// a whole object would undo each other.
    pub(super) fn buckets(&self) -> impl Iterator<Item = &String> {
        let calls = self.0.iter().flat_map(|entry| &entry.calls);
        calls.filter(|call| call.service == "s3").filter_map(|call| {
            match call.input.get("Bucket") {
                Some(Value::String(bucket)) => Some(bucket),
                _ => None,
            }
        })
    }

    /// Where it is at work first.
    pub(super) fn region(&self) -> &str {
        let calls = self.0.iter().flat_map(|entry| &entry.calls);
        let mut regions = calls.map(|call| call.region.as_str());
        regions.next().unwrap_or_default()
    }

    /// How many calls it has.
    pub(super) fn calls(&self) -> usize {
        self.0.iter().map(|entry| entry.calls.len()).sum()
    }

    /// The changes that must have succeeded before.
    pub(super) fn after(&self) -> impl Iterator<Item = &Address> {
        let own: Vec<Address> = self.0.iter().map(|entry| entry.address()).collect();
        self.0.iter().flat_map(|entry| &entry.after).filter(move |address| !own.contains(address))
    }
}

/// Whether a group can be carried out now.
#[derive(PartialEq)]
pub(super) enum Readiness {
    Go,
    Wait,
    Skip(Address),
}

/// Whether a group can be carried out, by what has ended so far.
pub(super) fn readiness(
    group: &Group<'_>,
    planned: &[Address],
    ended: &BTreeMap<Address, Outcome>,
) -> Readiness {
    for address in group.after().filter(|address| planned.contains(address)) {
        match ended.get(address) {
            None => return Readiness::Wait,
            Some(outcome) if !outcome.is_success() => return Readiness::Skip(address.clone()),
            Some(_) => {}
        }
    }
    Readiness::Go
}

/// What an apply came to, for changes that were carried out together.
#[derive(Debug)]
pub struct Came<'a> {
    /// The changes.
    pub changes: Vec<Address>,
    /// What they came to.
    pub outcome: &'a Outcome,
    /// How many calls they have.
    pub calls: usize,
}

/// What the changes of a plan came to, in its order.
pub fn came_to<'a>(plan: &Plan, outcomes: &'a BTreeMap<Address, Outcome>) -> Vec<Came<'a>> {
    let came = groups(plan).into_iter().filter_map(|group| {
        let changes: Vec<Address> = group.0.iter().map(|entry| entry.address()).collect();
        let outcome = outcomes.get(changes.first()?)?;
        let calls = group.calls();
        Some(Came { changes, outcome, calls })
    });
    came.collect()
}

/// The changes of a plan by what is carried out together, in its order.
pub(super) fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for entry in plan.changes() {
        let carrier = entry.with.as_ref().and_then(|with| {
            groups.iter_mut().find(|group| group.0.iter().any(|other| other.address() == *with))
        });
        match carrier {
            Some(group) => group.0.push(entry),
            None => groups.push(Group(vec![entry])),
        }
    }
    groups
}

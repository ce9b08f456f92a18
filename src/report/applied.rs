//! What is reported of an apply that has ended: what was made, what remains for you, and how to undo
//! it.

use super::outcome::{so_many, trouble};
use crate::apply::{Came, came_to};
use crate::aws::advice;
use crate::error::Exit;
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Entry, Plan, Verdict};
use crate::text::{count, escape, one_line};
use serde::Serialize;
use std::collections::BTreeMap;

/// An apply that has ended.
#[derive(Debug)]
pub struct Applied<'a> {
    /// The plan that was shown or saved.
    pub plan: &'a Plan,
    /// The changes of it, as they were carried out.
    pub changes: &'a Plan,
    /// What each came to.
    pub outcomes: &'a BTreeMap<Address, Outcome>,
    /// The name of the run.
    pub run: &'a str,
    /// How long the changes took.
    pub took: time::Duration,
    /// How the run ends.
    pub exit: Exit,
}

/// The report as data: the members of the last but one line of `apply --json`.
#[derive(Debug, Serialize)]
pub struct Figures<'a> {
    run: &'a str,
    exit: u8,
    seconds: f64,
    changes: Changes,
    calls: Calls,
    /// What remains for you.
    pub remaining: Remaining,
    /// What to type to undo it; nothing if no call was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// `1 change made, 1 failed after 3 of 4 calls, 1 skipped`
    #[serde(skip)]
    pub in_short: String,
    /// Whether every change succeeded.
    #[serde(skip)]
    pub is_success: bool,
}

/// How many changes ended how.
#[derive(Debug, Serialize)]
struct Changes {
    made: usize,
    failed: usize,
    stopped: usize,
    skipped: usize,
}

/// How many calls were made, of how many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Calls {
    made: usize,
    planned: usize,
}

/// What an apply leaves for you.
#[derive(Debug, Default, Serialize)]
pub struct Remaining {
    /// What only you can put right.
    pub findings: Vec<Left>,
    /// The places that could not be read.
    pub unknown: Vec<Left>,
    /// The changes that were not made, or not whole.
    pub not_made: Vec<Left>,
}

/// One thing that remains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Left {
    /// Where.
    pub address: Address,
    /// The setting, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Applied<'_> {
    /// Whether nothing was to be changed.
    pub fn is_empty(&self) -> bool {
        self.changes.changes().next().is_none()
    }

    /// The report.
    pub fn figures(&self) -> Figures<'_> {
        let mut all = came_to(self.changes, self.outcomes);
        all.sort_by(|a, b| a.changes.cmp(&b.changes));
        let calls = calls(&all.iter().collect::<Vec<_>>());
        Figures {
            run: self.run,
            exit: self.exit as u8,
            seconds: (self.took.as_seconds_f64() * 1000.0).round() / 1000.0,
            changes: Changes::of(&all),
            calls,
            remaining: self.remaining(&all),
            undo: (calls.made > 0).then(|| self.undo()),
            in_short: in_short(&all),
            is_success: all.iter().all(|came| came.outcome.is_success()),
        }
    }

    fn remaining(&self, all: &[Came<'_>]) -> Remaining {
        let entries = &self.plan.entries;
        let unknown = entries.iter().filter(|entry| entry.verdict == Verdict::Unknown);
        Remaining {
            findings: entries.iter().flat_map(findings).collect(),
            unknown: unknown.map(unseen).collect(),
            not_made: all.iter().flat_map(not_made).collect(),
        }
    }

    /// `baseline undo 20261122T021503Z-3f9a`
    fn undo(&self) -> String {
        match self.plan.baseline.path.as_str() {
            "baseline.toml" => format!("baseline undo {}", self.run),
            path => format!("baseline undo {} {}", self.run, quoted(path)),
        }
    }
}

impl Changes {
    fn of(all: &[Came<'_>]) -> Self {
        Self {
            made: changes(&which(all, Outcome::is_success)),
            failed: changes(&which(all, is_failure)),
            stopped: changes(&which(all, is_stop)),
            skipped: changes(&which(all, is_skip)),
        }
    }
}

impl Remaining {
    /// `1 manual finding, 2 unknown`; empty where nothing remains.
    pub fn in_short(&self) -> String {
        let counts = [
            (self.findings.len(), count(self.findings.len(), "manual finding")),
            (self.unknown.len(), format!("{} unknown", self.unknown.len())),
            (self.not_made.len(), format!("{} not made", self.not_made.len())),
        ];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        counts.map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    }
}

/// What is the same at several places of one control is listed once, with how many others there are.
pub fn alike(all: &[Left]) -> Vec<(&Left, usize)> {
    let control = |left: &Left| {
        let address = left.address.to_string();
        address.split('@').next().unwrap_or_default().to_owned()
    };
    let mut found: Vec<(&Left, usize)> = Vec::new();
    for left in all {
        let same = |(other, _): &&mut (&Left, usize)| {
            other.what == left.what && other.field == left.field && control(other) == control(left)
        };
        match found.iter_mut().find(same) {
            Some((_, more)) => *more += 1,
            None => found.push((left, 0)),
        }
    }
    found
}

/// What only you can put right at a place.
fn findings(entry: &Entry) -> Vec<Left> {
    if !entry.has_finding() {
        return Vec::new();
    }
    let findings = entry.findings.iter().filter(|own| !entry.waives(&own.field));
    let findings = findings.map(|own| Left {
        address: entry.address(),
        field: Some(own.field.clone()),
        what: own.what.clone(),
        remedy: Some(own.remedy.clone()),
    });
    findings.chain(withheld(entry)).collect()
}

/// What differs at a place with a finding, and that an apply leaves as it is.
fn withheld(entry: &Entry) -> impl Iterator<Item = Left> {
    let is_left = |field: &str| entry.verdict == Verdict::Finding && !entry.waives(field);
    let differences = entry.differences.iter().filter(move |own| is_left(&own.field));
    differences.map(|own| Left {
        address: entry.address(),
        field: Some(own.field.clone()),
        what: format!("{} -> {}", one_line(&own.before), one_line(&own.after)),
        remedy: entry.reason.clone(),
    })
}

fn unseen(entry: &Entry) -> Left {
    let error = entry.unseen.as_ref();
    let what = error.map(ToString::to_string).or_else(|| entry.reason.clone());
    Left {
        address: entry.address(),
        field: None,
        what: what.unwrap_or_default(),
        remedy: error.and_then(advice),
    }
}

/// The changes that were not made together, each with the reason.
fn not_made(came: &Came<'_>) -> Vec<Left> {
    let Some(what) = trouble(came.outcome, Some(came.calls)) else {
        return Vec::new();
    };
    let left = |address: &Address| Left {
        address: address.clone(),
        field: None,
        what: escape(&what),
        remedy: hint(came.outcome),
    };
    came.changes.iter().map(left).collect()
}

fn hint(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { error, .. } | Outcome::Unseen { error: Some(error), .. } => advice(error),
        Outcome::Unrecorded { .. } => Some(
            "free some disk space, then run it again: it reads everything again and finishes"
                .to_owned(),
        ),
        _ => None,
    }
}

fn which<'c, 'a>(all: &'c [Came<'a>], wanted: fn(&Outcome) -> bool) -> Vec<&'c Came<'a>> {
    all.iter().filter(|came| wanted(came.outcome)).collect()
}

fn changes(of: &[&Came<'_>]) -> usize {
    of.iter().map(|came| came.changes.len()).sum()
}

fn calls(of: &[&Came<'_>]) -> Calls {
    Calls {
        made: of.iter().map(|came| came.outcome.made(came.calls)).sum(),
        planned: of.iter().map(|came| came.calls).sum(),
    }
}

fn is_skip(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skipped { .. })
}

fn is_stop(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Stopped { .. })
}

fn is_failure(outcome: &Outcome) -> bool {
    !(outcome.is_success() || is_skip(outcome) || is_stop(outcome))
}

/// `1 change made, 1 failed after 3 of 4 calls, 1 skipped`
fn in_short(all: &[Came<'_>]) -> String {
    let made = changes(&which(all, Outcome::is_success));
    let mut text = format!("{} made", count(made, "change"));
    for (word, those) in [("failed", which(all, is_failure)), ("stopped", which(all, is_stop))] {
        if !those.is_empty() {
            let Calls { made, planned } = calls(&those);
            let after = so_many(made, Some(planned));
            text += &format!(", {} {word} after {after}", changes(&those));
        }
    }
    match changes(&which(all, is_skip)) {
        0 => text,
        skipped => format!("{text}, {skipped} skipped"),
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%:,=".contains(c);
    match !path.is_empty() && path.chars().all(is_plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    #[test]
    fn what_is_the_same_in_many_places_is_one_line() {
        let left = |place: &str, what: &str| Left {
            address: Address::new("buckets", &Place::thing(place)),
            field: Some("tags".to_owned()),
            what: what.to_owned(),
            remedy: None,
        };
        let all = [left("a", "x"), left("b", "x"), left("c", "y")];
        let found: Vec<usize> = alike(&all).into_iter().map(|(_, more)| more).collect();
        assert_eq!(found, [1, 0]);
    }

    #[test]
    fn a_path_can_be_typed_as_it_is_shown() {
        assert_eq!(quoted("baselines/prod.toml"), "baselines/prod.toml");
        assert_eq!(quoted("my baseline's.toml"), r"'my baseline'\''s.toml'");
    }
}

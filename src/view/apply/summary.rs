//! How an apply ended: what was made, what remains for you, and how to take it back.

use super::json::{self, Note};
use super::{Form, duration, name, so_many, trouble};
use crate::apply::{Came, came_to};
use crate::aws::advice;
use crate::clock::Clock;
use crate::error::Exit;
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Entry, Plan, Verdict};
use crate::text::{escape, one_line};
use crate::view::{ADD, ALARM, BOLD, Streams, count};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many findings and unknown places are listed; `plan` lists all.
const LISTED: usize = 10;

/// An apply that has ended.
#[derive(Debug)]
pub struct Summary<'a> {
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

/// A summary as data: the members of the last but one line of `apply --json`.
#[derive(Debug, Serialize)]
pub(super) struct Figures<'a> {
    run: &'a str,
    exit: u8,
    seconds: f64,
    changes: Changes,
    calls: Calls,
    remaining: Remaining,
    /// What to type to take it back; nothing if no call was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
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
struct Remaining {
    findings: Vec<Left>,
    unknown: Vec<Left>,
    not_made: Vec<Left>,
}

/// One thing that remains.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Left {
    address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Summary<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// When the writer does not take it.
    pub fn write(&self, form: Form, streams: &mut Streams, clock: Clock) -> io::Result<()> {
        let out = &mut *streams.stdout;
        match form {
            Form::Json => json::line(out, clock, Note::Summary(self.figures())),
            Form::Text if self.changes.changes().next().is_none() => Ok(()),
            Form::Text => self.text(out),
        }
    }

    fn came(&self) -> Vec<Came<'_>> {
        let mut all = came_to(self.changes, self.outcomes);
        all.sort_by(|a, b| a.changes.cmp(&b.changes));
        all
    }

    fn figures(&self) -> Figures<'_> {
        let all = self.came();
        let changes = Changes {
            made: changes(&which(&all, Outcome::is_success)),
            failed: changes(&which(&all, is_failure)),
            stopped: changes(&which(&all, is_stop)),
            skipped: changes(&which(&all, is_skip)),
        };
        let calls = calls(&all.iter().collect::<Vec<_>>());
        Figures {
            run: self.run,
            exit: self.exit as u8,
            seconds: (self.took.as_seconds_f64() * 1000.0).round() / 1000.0,
            changes,
            calls,
            remaining: self.remaining(&all),
            undo: (calls.made > 0).then(|| self.undo()),
        }
    }

    fn remaining(&self, all: &[Came<'_>]) -> Remaining {
        let entries = &self.plan.entries;
        let unknown = entries.iter().filter(|entry| entry.verdict == Verdict::Unknown);
        let not_made = all.iter().flat_map(|came| {
            let what = trouble(came.outcome, Some(came.calls));
            let what = what.map(|what| escape(&what));
            let changes = came.changes.iter();
            changes.filter_map(move |address| {
                Some(Left {
                    address: address.clone(),
                    field: None,
                    what: what.clone()?,
                    remedy: hint(came.outcome),
                })
            })
        });
        Remaining {
            findings: entries.iter().flat_map(findings).collect(),
            unknown: unknown.map(unseen).collect(),
            not_made: not_made.collect(),
        }
    }

    /// `baseline undo 20261122T021503Z-3f9a`
    fn undo(&self) -> String {
        match self.plan.baseline.path.as_str() {
            "baseline.toml" => format!("baseline undo {}", self.run),
            path => format!("baseline undo {} {}", self.run, quoted(path)),
        }
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        let all = self.came();
        let remaining = self.remaining(&all);
        for left in &remaining.not_made {
            writeln!(out, "{ALARM}{}{ALARM:#}: {}", name(&left.address), left.what)?;
            if let Some(hint) = &left.remedy {
                writeln!(out, "  hint: {}", escape(hint))?;
            }
        }
        remaining.text(out)?;
        let style = match all.iter().all(|came| came.outcome.is_success()) {
            true => ADD,
            false => ALARM,
        };
        let (run, took) = (self.run, duration(self.took));
        let text = in_short(&all);
        writeln!(out, "{BOLD}{style}Apply:{style:#}{BOLD:#} {text}. Run {run} took {took}.")?;
        match calls(&all.iter().collect::<Vec<_>>()).made {
            0 => Ok(()),
            _ => writeln!(out, "To undo it: {}", escape(&self.undo())),
        }
    }
}

impl Remaining {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts = [
            (self.findings.len(), count(self.findings.len(), "manual finding")),
            (self.unknown.len(), format!("{} unknown", self.unknown.len())),
            (self.not_made.len(), format!("{} not made", self.not_made.len())),
        ];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> = counts.map(|(_, text)| text).collect();
        if counts.is_empty() {
            return Ok(());
        }
        writeln!(out, "{BOLD}Left for you:{BOLD:#} {}.", counts.join(", "))?;
        let findings = alike(&self.findings).into_iter().map(|own| ("!", own));
        let unknown = alike(&self.unknown).into_iter().map(|own| ("?", own));
        let all: Vec<_> = findings.chain(unknown).collect();
        for (symbol, (left, more)) in all.iter().take(LISTED) {
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let field = left.field.as_ref().map(|field| format!("{}: ", escape(field)));
            let field = field.unwrap_or_default();
            writeln!(
                out,
                "  {ALARM}{symbol}{ALARM:#} {}{more}  {field}{}",
                name(&left.address),
                escape(&left.what)
            )?;
        }
        match all.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more: baseline plan shows them"),
        }
    }
}

/// What is the same at several places of one control is listed once, with how many others there are.
fn alike(all: &[Left]) -> Vec<(&Left, usize)> {
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
    let withheld = entry
        .differences
        .iter()
        .filter(|own| entry.verdict == Verdict::Finding && !entry.waives(&own.field));
    let withheld = withheld.map(|own| {
        let (before, after) = (one_line(&own.before), one_line(&own.after));
        Left {
            address: entry.address(),
            field: Some(own.field.clone()),
            what: format!("{before} -> {after}"),
            remedy: entry.reason.clone(),
        }
    });
    findings.chain(withheld).collect()
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

fn hint(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { error, .. } | Outcome::Unseen { error: Some(error), .. } => advice(error),
        Outcome::Unrecorded { .. } => {
            Some("make room, then run it again: it looks at what is there and finishes".to_owned())
        }
        _ => None,
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

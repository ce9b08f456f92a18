//! An apply as text: a line when something happens, a summary at the end.

use super::{ADD, ALARM, BOLD, DIM, count};
use crate::apply::{Came, Event, Listener, came_to};
use crate::aws::advice;
use crate::aws::condition;
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::Plan;
use crate::text::escape;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Writes a line for each thing that happens.
pub struct Live<'a>(Mutex<&'a mut (dyn Write + Send)>);

impl<'a> Live<'a> {
    /// Writes to this.
    pub fn new(talk: &'a mut (dyn Write + Send)) -> Self {
        Self(Mutex::new(talk))
    }

    /// Writes a line of its own.
    pub fn say(&self, text: &str) {
        let mut talk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // As with events: nobody may listen any more.
        let _ = writeln!(talk, "{text}");
    }
}

impl std::fmt::Debug for Live<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Listener for Live<'_> {
    fn hear(&self, event: Event<'_>) {
        let mut talk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An apply goes on when nobody listens any more; its summary and exit code still tell.
        let _ = match event {
            Event::Began(entry, _) => writeln!(talk, "{}: changing", name(&entry.address())),
            Event::Calling(address, _, call) => {
                let text = format!("{}:{} in {}", call.service, call.operation, call.region);
                writeln!(talk, "{DIM}{}: {}{DIM:#}", name(address), escape(&text))
            }
            Event::Waiting(address, error) => {
                let code = error.code.as_deref().unwrap_or_default();
                let (address, what) = (name(address), condition(code));
                let code = escape(code);
                writeln!(talk, "{DIM}{address}: waiting for {what} ({code}){DIM:#}")
            }
            Event::Answered(..) => Ok(()),
            Event::Ended(address, outcome, _) => {
                writeln!(talk, "{}: {}", name(address), word(outcome))
            }
        };
    }
}

/// An address as it is shown: it ends in the name of a thing, which may be any text.
pub(super) fn name(address: &Address) -> String {
    escape(&address.to_string())
}

pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadyFine => "already as wanted",
        Outcome::Failed { .. } => "failed",
        Outcome::Unseen { .. } => "not seen",
        Outcome::NotSettled { .. } => "does not read back as wanted",
        Outcome::Moved => "moved since the plan; left alone",
        Outcome::Stopped { .. } => "stopped",
        Outcome::Unrecorded { .. } => "stopped: the journal could not be written",
        Outcome::Skipped { .. } => "skipped",
    }
}

/// Writes what was done of a plan, and what was not.
///
/// # Errors
/// When the writer does not take it.
pub fn summary(
    out: &mut dyn Write,
    plan: &Plan,
    outcomes: &BTreeMap<Address, Outcome>,
) -> io::Result<()> {
    writeln!(out)?;
    let mut all = came_to(plan, outcomes);
    all.sort_by(|a, b| a.changes.cmp(&b.changes));
    for came in &all {
        let Some(text) = trouble(came.outcome, Some(came.calls)) else {
            continue;
        };
        for address in &came.changes {
            writeln!(out, "{ALARM}{}{ALARM:#}: {}", name(address), escape(&text))?;
        }
        if let Some(advice) = hint(came.outcome) {
            writeln!(out, "  hint: {}", escape(&advice))?;
        }
    }
    let style = match all.iter().all(|came| came.outcome.is_success()) {
        true => ADD,
        false => ALARM,
    };
    let text = in_short(&all);
    writeln!(out, "{BOLD}{style}Apply:{style:#}{BOLD:#} {text}.")
}

/// `1 change made, 1 failed after 3 of 4 calls, 1 skipped`
fn in_short(all: &[Came<'_>]) -> String {
    let changes = |of: &[&Came<'_>]| of.iter().map(|came| came.changes.len()).sum::<usize>();
    let which = |wanted: fn(&Outcome) -> bool| -> Vec<&Came<'_>> {
        all.iter().filter(|came| wanted(came.outcome)).collect()
    };
    let skipped = changes(&which(|outcome| matches!(outcome, Outcome::Skipped { .. })));
    let stopped = which(|outcome| matches!(outcome, Outcome::Stopped { .. }));
    let failed = which(|outcome| {
        !(outcome.is_success()
            || matches!(outcome, Outcome::Skipped { .. } | Outcome::Stopped { .. }))
    });
    let mut text = format!(
        "{} made",
        count(changes(&which(Outcome::is_success)), "change")
    );
    for (word, those) in [("failed", failed), ("stopped", stopped)] {
        if !those.is_empty() {
            let of = those.iter().map(|came| came.calls).sum();
            let made = those.iter().map(|came| came.outcome.made(came.calls)).sum();
            text += &format!(
                ", {} {word} after {}",
                changes(&those),
                so_many(made, Some(of))
            );
        }
    }
    if skipped > 0 {
        text += &format!(", {skipped} skipped");
    }
    text
}

/// `3 calls`, `3 of 4 calls`
fn so_many(made: usize, of: Option<usize>) -> String {
    match of {
        Some(of) => format!("{made} of {}", count(of, "call")),
        None => count(made, "call"),
    }
}

/// What went wrong, of a change of so many calls, where that is known.
pub(super) fn trouble(outcome: &Outcome, of: Option<usize>) -> Option<String> {
    let so_many = |made: &usize| so_many(*made, of);
    match outcome {
        Outcome::Done | Outcome::AlreadyFine => None,
        Outcome::Failed { made, error, .. } => {
            Some(format!("failed after {}: {error}", so_many(made)))
        }
        Outcome::Unseen {
            made: 0,
            error: Some(error),
        } => Some(format!(
            "not touched, because it could not be looked at: {error}"
        )),
        Outcome::Unseen { made, error } => {
            let cause = error
                .as_ref()
                .map(|error| format!(": {error}"))
                .unwrap_or_default();
            let made = so_many(made);
            Some(format!(
                "{made} made, but it could not be looked at afterwards{cause}"
            ))
        }
        Outcome::NotSettled { fields } => Some(format!(
            "its calls were made, but it reads back otherwise: {}",
            fields.join(", ")
        )),
        Outcome::Moved => {
            Some("not touched: it is no longer as the plan saw it; plan again".to_owned())
        }
        Outcome::Stopped { made } => Some(format!(
            "stopped after {}; run it again to finish",
            so_many(made)
        )),
        Outcome::Unrecorded { made, cause } => {
            Some(format!("stopped after {}: {cause}", so_many(made)))
        }
        Outcome::Skipped { because } => Some(format!("skipped, because {because} did not succeed")),
    }
}

fn hint(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { error, .. }
        | Outcome::Unseen {
            error: Some(error), ..
        } => advice(error),
        Outcome::Unrecorded { .. } => {
            Some("make room, then run it again: it looks at what is there and finishes".to_owned())
        }
        _ => None,
    }
}

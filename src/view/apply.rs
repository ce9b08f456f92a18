//! An apply as text: a line when something happens, a summary at the end.

use super::value::escape;
use super::{ADD, ALARM, BOLD, DIM, count};
use crate::apply::{Event, Listener, Outcome};
use crate::aws::condition;
use crate::error::advice;
use crate::place::Address;
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
        Outcome::Unrecorded { .. } => "not written down, so not gone on with",
        Outcome::Skipped { .. } => "skipped",
    }
}

/// Writes what was done and what was not.
///
/// # Errors
/// When the writer does not take it.
pub fn summary(out: &mut dyn Write, outcomes: &BTreeMap<Address, Outcome>) -> io::Result<()> {
    writeln!(out)?;
    for (address, outcome) in outcomes {
        if let Some(text) = trouble(outcome) {
            writeln!(out, "{ALARM}{}{ALARM:#}: {}", name(address), escape(&text))?;
            if let Some(advice) = hint(outcome) {
                writeln!(out, "  hint: {}", escape(&advice))?;
            }
        }
    }
    let number = |wanted: fn(&Outcome) -> bool| outcomes.values().filter(|o| wanted(o)).count();
    let done = number(Outcome::is_success);
    let skipped = number(|outcome| matches!(outcome, Outcome::Skipped { .. }));
    let stopped = number(|outcome| matches!(outcome, Outcome::Stopped { .. }));
    let failed = outcomes.len() - done - skipped - stopped;
    let style = match done == outcomes.len() {
        true => ADD,
        false => ALARM,
    };
    let mut text = format!("{} made", count(done, "change"));
    if failed > 0 {
        text += &format!(", {failed} failed");
    }
    if stopped > 0 {
        text += &format!(", {stopped} stopped");
    }
    if skipped > 0 {
        text += &format!(", {skipped} skipped");
    }
    writeln!(out, "{BOLD}{style}Apply:{style:#}{BOLD:#} {text}.")
}

pub(super) fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Done | Outcome::AlreadyFine => None,
        Outcome::Failed { made, error, .. } => {
            Some(format!("failed after {}: {error}", count(*made, "call")))
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
            let made = count(*made, "call");
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
            count(*made, "call")
        )),
        Outcome::Unrecorded { made, cause } => {
            Some(format!("stopped after {}: {cause}", count(*made, "call")))
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
        _ => None,
    }
}

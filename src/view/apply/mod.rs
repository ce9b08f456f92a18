//! An apply as it is followed: one live line on a terminal, a line for each change elsewhere, or JSON
//! lines; and a summary at the end.

mod json;
mod lines;
mod summary;
mod terminal;

pub use json::{begin, plan, record};
pub use summary::Summary;

use super::{Streams, count};
use crate::apply::{ApplyObserver, Awaited};
use crate::clock::Clock;
use crate::model::Outcome;
use crate::place::Address;
use crate::text::escape;
use json::JsonLines;
use lines::Lines;
use terminal::Terminal;

/// What an apply says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// JSON lines on stdout; see docs/json.md.
    Json,
}

impl Form {
    /// As the command line says.
    pub fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false => Self::Text,
        }
    }
}

/// Who says how an apply goes on.
pub trait Narrator: ApplyObserver {
    /// A sentence about the whole run: that it stops, and why.
    fn say(&self, text: &str);
}

/// The narrator of so many changes.
pub fn narrator<'a>(
    streams: &'a mut Streams,
    form: Form,
    changes: usize,
    clock: Clock,
) -> Box<dyn Narrator + 'a> {
    match form {
        Form::Json => Box::new(JsonLines::new(streams, clock)),
        Form::Text => match Terminal::new(streams.is_terminal, changes) {
            Some(bar) => Box::new(bar.with(&mut *streams.stderr)),
            None => Box::new(Lines::new(&mut *streams.stderr, changes, clock)),
        },
    }
}

/// `waiting for the bucket's policy to reach the service that delivers there (NoSuchBucket), attempt 2`
fn waiting(awaited: Awaited<'_>, attempt: usize) -> String {
    let code = awaited.code().map(|code| format!(" ({})", escape(code)));
    let code = code.unwrap_or_default();
    format!("waiting for {}{code}, attempt {attempt}", awaited.what())
}

/// How long something took: `0.4 s`, `12 s`, `3 min 5 s`.
fn duration(took: time::Duration) -> String {
    match took.whole_seconds() {
        ..10 => format!("{:.1} s", took.as_seconds_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// An address as it is shown: it ends in the name of a thing, which may be any text.
pub(super) fn name(address: &Address) -> String {
    escape(&address.to_string())
}

pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadyFine => "already compliant",
        Outcome::Failed { .. } => "failed",
        Outcome::Unseen { .. } => "unknown",
        Outcome::NotSettled { .. } => "does not read back as planned",
        Outcome::Moved => "moved since the plan; left alone",
        Outcome::Stopped { .. } => "stopped",
        Outcome::Unrecorded { .. } => "stopped: the journal could not be written",
        Outcome::Skipped { .. } => "skipped",
    }
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
        Outcome::Unseen { made: 0, error: Some(error) } => {
            Some(format!("not touched, because it could not be looked at: {error}"))
        }
        Outcome::Unseen { made, error } => {
            let cause = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let made = so_many(made);
            Some(format!("{made} made, but it could not be looked at afterwards{cause}"))
        }
        Outcome::NotSettled { fields } => {
            Some(format!("its calls were made, but it reads back otherwise: {}", fields.join(", ")))
        }
        Outcome::Moved => {
            Some("not touched: it is no longer as the plan saw it; plan again".to_owned())
        }
        Outcome::Stopped { made } => {
            Some(format!("stopped after {}; run it again to finish", so_many(made)))
        }
        Outcome::Unrecorded { made, cause } => {
            Some(format!("stopped after {}: {cause}", so_many(made)))
        }
        Outcome::Skipped { because } => Some(format!("skipped, because {because} did not succeed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_exact_as_it_is_short() {
        let said = |ms| duration(time::Duration::milliseconds(ms));
        assert_eq!([400, 9_949, 12_900].map(said), ["0.4 s", "9.9 s", "12 s"]);
        assert_eq!(said(185_000), "3 min 5 s");
    }
}

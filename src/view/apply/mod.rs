//! An apply as it is followed: one live line on a terminal, a line for each change elsewhere, or JSON
//! lines; and a summary at the end.

mod json;
mod lines;
mod summary;
mod terminal;

pub use json::{begin, plan, record};
pub use summary::summary;

use super::Streams;
use crate::apply::{ApplyObserver, Awaited};
use crate::clock::Clock;
use crate::place::Address;
use crate::report::Stop;
use crate::text::escape;
use json::JsonLines;
use lines::Lines;
use terminal::Terminal;

/// What an apply says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
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

/// Shows how an apply goes on.
pub trait Narrator: ApplyObserver {
    /// The run stops, and why.
    fn stopping(&self, why: Stop<'_>);
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
            Some(bar) => Box::new(bar.with(streams)),
            None => Box::new(Lines::new(streams, changes, clock)),
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

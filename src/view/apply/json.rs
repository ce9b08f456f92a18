//! An apply as JSON lines on stdout: the events of the journal, and what only a reader needs.

use super::{Form, Narrator};
use crate::apply::{ApplyObserver, Awaited, Event};
use crate::clock::Clock;
use crate::journal::Record;
use crate::json;
use crate::place::Address;
use crate::plan::{self, Plan};
use crate::report::{Figures, Message, Stop};
use crate::view::{Streams, escape, say};
use serde::Serialize;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// The format of the stream that this version writes.
const FORMAT: u32 = 1;

/// A line of the stream: when, and what.
#[derive(Serialize)]
struct Line<T> {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(flatten)]
    what: T,
}

/// What the stream says beside the events of the journal.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Note<'a> {
    /// Always the first line.
    Version { format: u32, version: &'a str, command: &'a str },
    /// The plan that is carried out, in short.
    Plan {
        account: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        alias: Option<&'a str>,
        baseline: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        undoes: Option<&'a str>,
        digest: &'a str,
        summary: plan::Summary,
    },
    /// AWS is waited for: another attempt follows.
    Waiting {
        address: &'a Address,
        r#for: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        attempt: usize,
    },
    /// No further call is made.
    Stopping { why: &'a str },
    /// What the apply came to, and what remains.
    Summary(Figures<'a>),
}

/// Writes a line. A closed pipe does not stop an apply: what it does is in its journal.
pub(super) fn line(out: &mut dyn Write, clock: Clock, what: impl Serialize) -> io::Result<()> {
    let line = json::line(&Line { at: clock.now(), what })?;
    out.write_all(&line).and_then(|()| out.flush())
}

/// Writes the first line of a command.
///
/// # Errors
/// When the writer does not take it.
pub fn begin(form: Form, streams: &mut Streams, clock: Clock, command: &str) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    match form {
        Form::Text => Ok(()),
        Form::Json => {
            line(&mut *streams.stdout, clock, Note::Version { format: FORMAT, version, command })
        }
    }
}

/// Writes which plan is carried out, in short: the whole of it was shown, or is in a file.
///
/// # Errors
/// When the writer does not take it.
pub fn plan(
    form: Form,
    streams: &mut Streams,
    clock: Clock,
    plan: &Plan,
    alias: Option<&str>,
) -> io::Result<()> {
    let note = Note::Plan {
        account: &plan.account,
        alias,
        baseline: &plan.baseline.path,
        undoes: plan.undoes.as_deref(),
        digest: &plan.digest,
        summary: plan.summary(),
    };
    match form {
        Form::Text => Ok(()),
        Form::Json => line(&mut *streams.stdout, clock, note),
    }
}

/// Writes a record of the journal that is not an event of a change.
///
/// # Errors
/// When the writer does not take it.
pub fn record(form: Form, streams: &mut Streams, clock: Clock, record: &Record) -> io::Result<()> {
    match form {
        Form::Text => Ok(()),
        Form::Json => line(&mut *streams.stdout, clock, record),
    }
}

/// Writes the lines of the changes.
pub(super) struct JsonLines<'a> {
    clock: Clock,
    state: Mutex<&'a mut Streams>,
}

impl<'a> JsonLines<'a> {
    /// Writes to stdout; sentences go to stderr as well.
    pub fn new(streams: &'a mut Streams, clock: Clock) -> Self {
        Self { clock, state: Mutex::new(streams) }
    }
}

impl ApplyObserver for JsonLines<'_> {
    fn on(&self, event: Event<'_>) {
        let mut streams = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let out = &mut *streams.stdout;
        // An apply goes on when its output is closed.
        let _ = match &event {
            Event::Waiting(address, awaited, attempt) => {
                line(out, self.clock, waiting(address, awaited, *attempt))
            }
            event => match Record::of(event) {
                Some(record) => line(out, self.clock, record),
                None => Ok(()),
            },
        };
    }
}

fn waiting<'a>(address: &'a Address, awaited: &'a Awaited<'_>, attempt: usize) -> Note<'a> {
    Note::Waiting { address, r#for: awaited.what(), code: awaited.code(), attempt }
}

impl Narrator for JsonLines<'_> {
    fn stopping(&self, stop: Stop<'_>) {
        let mut streams = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let why = escape(&stop.text());
        // As with events: the run ends whether or not this is read.
        let _ = line(&mut *streams.stdout, self.clock, Note::Stopping { why: &why });
        let _ = say(&mut streams, &Message::Stopping(stop));
    }
}

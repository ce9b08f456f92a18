//! What happens during an apply, and what each change came to.

use crate::aws::{AwsError, Kind, Receipt};
use crate::error::Error;
use crate::journal::{Journal, Record};
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Call, Entry};
use serde_json::Value;

/// Whether nothing else can succeed either, until somebody sees to the credentials or to the disk:
/// what cannot be written down any more is not gone on with.
pub(super) fn ends_all(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed { error, .. } | Outcome::Unseen { error: Some(error), .. } => {
            concerns_all(error)
        }
        Outcome::Unrecorded { .. } => true,
        _ => false,
    }
}

/// What happens during an apply.
#[derive(Debug)]
pub enum Event<'a> {
    /// A change begins: its calls are made next. With the live state before them.
    Began(&'a Entry, &'a Value),
    /// A call is about to be sent: which of the change's, from 1.
    Calling(&'a Address, usize, &'a Call),
    /// A call was answered, or the way to the answer was lost.
    Answered(&'a Address, usize, Result<&'a Receipt, &'a AwsError>),
    /// AWS is waited for at a place: what for, and the number of the attempt that comes next, from 2.
    Waiting(&'a Address, Awaited<'a>, usize),
    /// A change ended. With the live state afterwards, as far as it was looked at.
    Ended(&'a Address, &'a Outcome, Option<&'a Value>),
}

impl Record {
    /// What a journal says of an event of an apply; nothing of those that leave no trace.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        let record = match *event {
            Event::Began(entry, before) => Self::Change {
                address: entry.address(),
                control: entry.control.clone(),
                place: entry.place.clone(),
                differences: entry.differences.clone(),
                before: before.clone(),
            },
            Event::Calling(address, number, call) => {
                Self::Call { address: address.clone(), number, call: call.clone() }
            }
            Event::Answered(address, number, answer) => Self::Answer {
                address: address.clone(),
                number,
                request_id: match answer {
                    Ok(receipt) => receipt.request_id.clone(),
                    Err(error) => error.request_id.clone(),
                },
                error: answer.err().cloned(),
            },
            Event::Ended(address, outcome, after) => Self::Ended {
                address: address.clone(),
                outcome: outcome.clone(),
                after: after.cloned(),
            },
            Event::Waiting(..) => return None,
        };
        Some(record)
    }
}

impl Journal {
    /// Writes what happens in an apply, as far as a journal is about it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn record(&self, event: &Event<'_>) -> Result<(), Error> {
        match Record::of(event) {
            Some(record) => self.write(&record),
            None => Ok(()),
        }
    }
}

/// What an apply waits for.
#[derive(Clone, Copy, Debug)]
pub enum Awaited<'a> {
    /// A call is refused because something written before has not spread yet.
    Propagation {
        /// The refusal.
        error: &'a AwsError,
        /// What has to come true, as the rest of "waiting for …".
        what: &'static str,
    },
    /// All calls of a change were made, and do not read back yet.
    ReadBack,
}

impl Awaited<'_> {
    /// What is waited for, as the rest of "waiting for …".
    pub fn what(&self) -> &'static str {
        match self {
            Self::Propagation { what, .. } => what,
            Self::ReadBack => "the change to be readable",
        }
    }

    /// The error code by which AWS refuses the call meanwhile.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Propagation { error, .. } => error.code.as_deref(),
            Self::ReadBack => None,
        }
    }
}

/// Follows an apply.
pub trait ApplyObserver: Sync {
    /// One event, in the order in which they happen.
    fn on(&self, event: Event<'_>);
}

/// Whether every other request fails in the same way: the credentials have expired, or are of
/// another account.
pub(super) fn concerns_all(error: &AwsError) -> bool {
    matches!(error.kind, Kind::Expired | Kind::WrongAccount)
}

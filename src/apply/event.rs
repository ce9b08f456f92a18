//! What happens during an apply, and what each change came to.

use crate::aws::{AwsError, Kind, Receipt, condition};
use crate::place::Address;
use crate::plan::{Call, Entry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All its calls were made, and it reads back as wanted.
    Done,
    /// It was as wanted when it was looked at again: no call was made.
    AlreadyFine,
    /// A call failed.
    Failed {
        /// How many of its calls had succeeded before.
        made: usize,
        /// The call that failed.
        call: Call,
        /// Why.
        error: AwsError,
    },
    /// It could not be looked at before or after its calls.
    Unseen {
        /// How many of its calls had succeeded.
        made: usize,
        /// Why not.
        error: Option<AwsError>,
    },
    /// All calls were made, but it does not read back as wanted within the time allowed.
    NotSettled {
        /// The fields that still differ.
        fields: Vec<String>,
    },
    /// The place is no longer as the plan saw it: no call was made.
    Moved,
    /// The apply was told to stop: the calls that were left were not made.
    Stopped {
        /// How many of its calls had succeeded.
        made: usize,
    },
    /// The journal could not be written: the calls that were left were not made.
    Unrecorded {
        /// How many of its calls had succeeded.
        made: usize,
        /// Why not.
        cause: String,
    },
    /// A change that must come first did not succeed: no call was made.
    Skipped {
        /// That change.
        because: Address,
    },
}

impl Outcome {
    /// Whether the place is as wanted now.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadyFine)
    }

    /// How many of a change's calls have succeeded, of so many.
    pub fn made(&self, of: usize) -> usize {
        match self {
            Self::Done | Self::NotSettled { .. } => of,
            Self::Failed { made, .. }
            | Self::Unseen { made, .. }
            | Self::Stopped { made }
            | Self::Unrecorded { made, .. } => *made,
            Self::AlreadyFine | Self::Moved | Self::Skipped { .. } => 0,
        }
    }

    /// Whether nothing else can succeed either, until somebody sees to the credentials or to the
    /// disk: what cannot be written down any more is not gone on with.
    pub(super) fn ends_all(&self) -> bool {
        match self {
            Self::Failed { error, .. }
            | Self::Unseen {
                error: Some(error), ..
            } => concerns_all(error),
            Self::Unrecorded { .. } => true,
            _ => false,
        }
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

/// What an apply waits for.
#[derive(Clone, Copy, Debug)]
pub enum Awaited<'a> {
    /// A call is refused because something written before has not spread yet.
    Propagation(&'a AwsError),
    /// All calls of a change were made, and do not read back yet.
    ReadBack,
}

impl Awaited<'_> {
    /// What is waited for, as the rest of "waiting for …".
    pub fn what(&self) -> &'static str {
        match self {
            Self::Propagation(error) => condition(error.code.as_deref().unwrap_or_default()),
            Self::ReadBack => "the change to be readable",
        }
    }

    /// The error code by which AWS refuses the call meanwhile.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Propagation(error) => error.code.as_deref(),
            Self::ReadBack => None,
        }
    }
}

/// Hears what happens.
pub trait Listener: Sync {
    /// One event, in the order in which they happen.
    fn hear(&self, event: Event<'_>);
}

/// Whether every other request fails in the same way: the credentials have expired, or are of
/// another account.
pub(super) fn concerns_all(error: &AwsError) -> bool {
    matches!(error.kind, Kind::Expired | Kind::WrongAccount)
}

//! Data that rooms hand to each other: it decides nothing and prints nothing.

use crate::aws::{AwsError, Call};
use crate::place::Address;
use serde::{Deserialize, Serialize};

/// What stands in the input of a call for what only an earlier call of the same change brings to
/// light: the id of what it creates, what AWS switches on by itself.
pub const KNOWN_AFTER: &str = "(known after apply)";

/// A difference that only a person can put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The setting that is not met.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to click or run.
    pub remedy: String,
}

/// The baseline that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, as it was named.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: String,
}

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
}

/// A write that AWS accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, as AWS writes it.
    pub at: String,
    /// The operation.
    pub operation: String,
    /// The ARN of who did it, or what is known of him.
    pub who: String,
    /// The address it came from, or the service that did it for somebody.
    pub from: String,
    /// The program.
    pub with: String,
}

/// What CloudTrail knows of the writes to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// From when on was asked, as AWS writes it.
    pub since: String,
    /// The last writes, newest first; at most five.
    pub events: Vec<Event>,
    /// How many writes were this program's own, by the journals of this folder; they are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub own: usize,
    /// What is older than this was not read, for there are too many events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_before: Option<String>,
    /// Why not all of them could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<AwsError>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

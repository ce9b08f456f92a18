//! A plan: for one account, what differs at each place and the calls that would change it, as data.

mod build;
mod closed;
mod file;
mod limit;
mod since;
mod summary;
mod undo;
mod waive;
mod written;

pub use crate::aws::Call;
pub use crate::model::{Finding, KNOWN_AFTER, Source};
pub use build::{Draft, build, build_guarded, finish, judge};
pub use file::Invalid;
pub use limit::{Limit, Violation, exceeded};
pub use since::{Moved, since_plan, since_run};
pub use summary::{Action, Actions, ControlSummary, Summary, Verdicts};
pub use undo::{Goal, Left, Undo};
pub use waive::{Waived, WaiverRemark, WaiverReport};
pub use written::Written;

use crate::aws::AwsError;
use crate::diff::Difference;
use crate::error::Exit;
use crate::place::{Address, Place};
use crate::risk::Remark;
use crate::selection::Selection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;

/// The format of plans that this version writes.
pub const FORMAT: u32 = 2;

/// The oldest format that this version reads: plans of format 1 have no [`Summary`].
pub const OLDEST_FORMAT: u32 = 1;

/// For how long a plan may be applied, unless the person says otherwise.
pub const VALID_FOR: time::Duration = time::Duration::HOUR;

/// What would change in one account, and all that was found on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The format: [`FORMAT`].
    pub format: u32,
    /// The version of the program that made it.
    pub version: String,
    /// The account it is for.
    pub account: String,
    /// The account's partition.
    pub partition: String,
    /// Who looked; for information only.
    pub caller: String,
    /// Where the account's one-region things live.
    pub home_region: String,
    /// When the account was looked at.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// Until when it may be applied.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// The baseline it was made from.
    pub baseline: Source,
    /// The run that it undoes; nothing if it is to make the account match the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// What it was restricted to.
    pub selection: Selection,
    /// The counts, for information only; missing in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Every place, in the order in which plans read.
    pub entries: Vec<Entry>,
    /// What became of the baseline's waivers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverReport>,
    /// What in the baseline chooses nothing in the account, a sentence each; never a reason to act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle: Vec<String>,
    /// The limits of the baseline that it exceeds; for information only: `apply` looks them up in
    /// the baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceeds: Vec<Violation>,
    /// SHA-256 over the rest, in its canonical form.
    pub digest: String,
}

/// What was found at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The control.
    pub control: String,
    /// The place.
    pub place: Place,
    /// The judgement.
    pub verdict: Verdict,
    /// Why the verdict is what it is, where that is not plain from the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The fields that would change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The calls that do it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// The earlier entry whose calls do it, when they write the same object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Address>,
    /// The entries that must have succeeded before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Address>,
    /// What only a person can put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What the change risks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The waivers that are about something here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waived>,
    /// What is good to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the place could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<AwsError>,
    /// What has moved since the last apply, by field; only `drift` says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<String, Moved>,
    /// Who changed it; only `drift --who` asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<crate::model::Answer>,
}

/// The judgement of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It matches.
    Ok,
    /// It differs, and calls can change that.
    Change,
    /// It differs, and only a person can change that.
    Finding,
    /// It could not be seen.
    Unknown,
    /// It is owned by the organization.
    Elsewhere,
    /// The region does not have the service.
    NotOffered,
    /// Something stands in the way of the whole run.
    Blocked,
    /// It differs, and the baseline says that it may for a while.
    Waived,
}

impl Entry {
    pub(crate) fn of(control: &str, place: Place) -> Self {
        Self {
            control: control.to_owned(),
            place,
            verdict: Verdict::Ok,
            reason: None,
            differences: Vec::new(),
            calls: Vec::new(),
            with: None,
            after: Vec::new(),
            findings: Vec::new(),
            remarks: Vec::new(),
            waivers: Vec::new(),
            notes: Vec::new(),
            unseen: None,
            moved: BTreeMap::new(),
            who: None,
        }
    }

    /// The entry's address.
    pub fn address(&self) -> Address {
        Address::new(&self.control, &self.place)
    }

    /// Whether there is something that only a person can put right, and that is not waived.
    pub fn has_finding(&self) -> bool {
        let mut fields: Vec<&str> = self.findings.iter().map(|f| f.field.as_str()).collect();
        if self.verdict == Verdict::Finding {
            fields.extend(self.differences.iter().map(|d| d.field.as_str()));
        }
        self.verdict != Verdict::Waived && fields.iter().any(|field| !self.waives(field))
    }

    /// Whether something would protect less than before.
    pub fn loosens(&self) -> bool {
        self.differences.iter().any(|difference| difference.loosens)
    }
}

impl Plan {
    /// The entries that would be changed.
    pub fn changes(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.verdict == Verdict::Change)
    }

    /// The exit code of a command that reports differences.
    pub fn exit(&self) -> Exit {
        let summary = self.summary().verdicts;
        if summary.blocked > 0 {
            Exit::Refused
        } else if summary.unknown > 0 {
            Exit::Unseen
        } else if summary.change + summary.finding > 0 {
            Exit::Differs
        } else {
            Exit::Fine
        }
    }

    /// Sets until when the plan may be applied.
    pub fn valid_for(&mut self, duration: Duration) {
        let expires = time::Duration::try_from(duration).ok();
        let expires = expires.and_then(|duration| self.created.checked_add(duration));
        self.expires = expires.unwrap_or(self.created);
        self.seal();
    }
}

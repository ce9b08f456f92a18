//! What a journal says of its run.

use super::head::began;
use super::{Began, Line, Record, cannot_read};
use crate::aws::AwsError;
use crate::aws::Call;
use crate::diff::Difference;
use crate::error::Error;
use crate::files;
use crate::model::Outcome;
use crate::place::{Address, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// A run, as its journal has it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The journal.
    pub path: PathBuf,
    /// When it began.
    pub at: OffsetDateTime,
    /// Its first line: account, caller, plan.
    pub began: Began,
    /// The changes that were begun, in that order.
    pub changes: Vec<Change>,
    /// What became of the changes that were to be made and were not begun: no call of theirs was
    /// sent.
    pub not_begun: BTreeMap<Address, Outcome>,
    /// The places that were not changed, with their live state.
    pub seen: BTreeMap<Address, Value>,
    /// Whether it ended.
    pub standing: Standing,
}

/// Whether a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It ended by itself, with an exit code.
    Finished(u8),
    /// It never ended: it was killed, or it is still in progress.
    Unfinished,
    /// It never ended, and a later run has finished its work.
    TakenOver(String),
}

/// A change that was begun.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its address.
    pub address: Address,
    /// Its control.
    pub control: String,
    /// Its place.
    pub place: Place,
    /// What differed.
    pub differences: Vec<Difference>,
    /// The live state before.
    pub before: Value,
    /// The calls that were sent, or were about to be.
    pub calls: Vec<Sent>,
    /// What it came to; nothing if that is not known.
    pub outcome: Option<Outcome>,
    /// The live state afterwards, if it was read; `null` if nothing existed then.
    pub after: Option<Value>,
}

/// A call, and what is known of its answer.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The call.
    pub call: Call,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// Whether AWS responded, or the loss of the response was noticed.
    pub answered: bool,
    /// Why it failed.
    pub error: Option<AwsError>,
}

impl Run {
    /// Reads a journal; `None` if it has not a single line.
    ///
    /// # Errors
    /// When it cannot be read, when others may change it, or when a line other than the last is
    /// damaged.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        Self::of_bytes(path, &files::read_trusted(path)?)
    }

    /// The same of bytes that were read already; `path` only names them.
    ///
    /// # Errors
    /// When a line other than the last is damaged.
    pub fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Option<Self>, Error> {
        Self::parse(path, bytes).map_err(|why| {
            cannot_read(path, why)
                .hint("check that line; move the file away if it cannot be repaired")
        })
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Option<Self>, String> {
        let is_torn = !bytes.is_empty() && !bytes.ends_with(b"\n");
        let mut run: Option<Self> = None;
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let last = lines.len().saturating_sub(1);
        for (at, text) in lines.iter().enumerate() {
            if text.is_empty() || (at == last && is_torn) {
                continue;
            }
            let line = match serde_json::from_slice::<Line>(text) {
                Ok(line) => line,
                // What a kill tore off, before a later run marked this one as taken over.
                Err(_) if is_before_take_over(&lines, at) => continue,
                Err(cause) => return Err(format!("line {}: {cause}", at + 1)),
            };
            match &mut run {
                None => {
                    let (at, began) = began(text)?;
                    run = Some(Self::begun(path, at, began));
                }
                Some(run) => run.take_in(line.record),
            }
        }
        Ok(run)
    }

    fn begun(path: &Path, at: OffsetDateTime, began: Began) -> Self {
        Self {
            path: path.to_owned(),
            at,
            began,
            changes: Vec::new(),
            not_begun: BTreeMap::new(),
            seen: BTreeMap::new(),
            standing: Standing::Unfinished,
        }
    }

    fn take_in(&mut self, record: Record) {
        match record {
            Record::Began(_) => {}
            Record::Change { address, control, place, differences, before } => {
                self.changes.push(Change {
                    address,
                    control,
                    place,
                    differences,
                    before,
                    calls: Vec::new(),
                    outcome: None,
                    after: None,
                })
            }
            Record::Call { address, call, .. } => {
                if let Some(change) = self.change_mut(&address) {
                    change.calls.push(Sent {
                        call,
                        request_id: None,
                        answered: false,
                        error: None,
                    });
                }
            }
            Record::Answer { address, number, request_id, error } => {
                let change = self.change_mut(&address);
                let sent = change.and_then(|change| change.calls.get_mut(number.wrapping_sub(1)));
                if let Some(sent) = sent {
                    sent.request_id = request_id;
                    sent.answered = true;
                    sent.error = error;
                }
            }
            Record::Ended { address, outcome, after } => {
                if let Some(change) = self.change_mut(&address) {
                    change.outcome = Some(outcome);
                    change.after = after;
                    return;
                }
                self.not_begun.insert(address.clone(), outcome);
                if let Some(after) = after {
                    self.seen.insert(address, after);
                }
            }
            Record::Seen { places } => self.seen.extend(places),
            Record::Finished { exit } => self.standing = Standing::Finished(exit),
            Record::TakenOver { by } => self.standing = Standing::TakenOver(by),
        }
    }

    fn change_mut(&mut self, address: &Address) -> Option<&mut Change> {
        self.changes.iter_mut().find(|change| change.address == *address)
    }

    /// The live state of a place when the run read it for the last time: after the change, or
    /// before it where the run was cut off.
    pub fn left(&self, address: &Address) -> Option<&Value> {
        let change = self.changes.iter().find(|change| change.address == *address);
        match change {
            Some(change) => Some(change.after.as_ref().unwrap_or(&change.before)),
            None => self.seen.get(address),
        }
    }

    /// How many calls were sent, or may have been.
    pub fn calls(&self) -> usize {
        self.changes.iter().map(|change| change.calls.len()).sum()
    }
}

/// Whether a line is the last one before that of a run that took over.
fn is_before_take_over(lines: &[&[u8]], at: usize) -> bool {
    let next = lines.get(at + 1).and_then(|text| serde_json::from_slice::<Line>(text).ok());
    matches!(next, Some(Line { record: Record::TakenOver { .. }, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn address(text: &str) -> Address {
        serde_json::from_value(json!(text)).expect("an address")
    }

    /// A run of one change, whose last line says this of what was seen afterwards.
    fn run(after: &Value) -> Run {
        let at = "2026-11-22T02:15:03Z";
        let mut ended = json!({
            "at": at, "event": "ended", "address": "password_policy", "outcome": "done",
        });
        if *after != json!("missing") {
            ended["after"] = after.clone();
        }
        let lines = [
            json!({
                "at": at, "event": "began", "format": 1, "run": "r", "version": "1",
                "account": "111122223333", "partition": "aws", "caller": "c",
                "home_region": "us-east-1", "baseline": {"path": "b", "sha256": "s"},
                "plan": "p", "changes": ["password_policy"],
            }),
            json!({
                "at": at, "event": "change", "address": "password_policy",
                "control": "password_policy", "place": {}, "differences": [],
                "before": {"minimum_length": 14},
            }),
            ended,
            json!({"at": at, "event": "seen", "places": {"budgets@monthly": null}}),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let run = Run::parse(Path::new("r.jsonl"), text.as_bytes());
        run.expect("a journal").expect("a line")
    }

    #[test]
    fn nothing_is_a_state_and_a_place_that_was_not_read_has_none() {
        let found_nothing = run(&Value::Null);
        assert_eq!(found_nothing.changes[0].after, Some(Value::Null));
        let not_looked_at = run(&json!("missing"));
        assert_eq!(not_looked_at.changes[0].after, None);
    }

    #[test]
    fn what_a_run_left_is_what_it_saw_last() {
        let left = |run: &Run, place: &str| run.left(&address(place)).cloned();
        let undone = run(&Value::Null);
        assert_eq!(left(&undone, "password_policy"), Some(Value::Null));
        assert_eq!(left(&undone, "budgets@monthly"), Some(Value::Null));
        assert_eq!(left(&undone, "guardduty"), None);
        let cut_off = run(&json!("missing"));
        let before = json!({"minimum_length": 14});
        assert_eq!(left(&cut_off, "password_policy"), Some(before));
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        for after in [None, Some(Value::Null), Some(json!({"minimum_length": null}))] {
            let line = Line {
                at: OffsetDateTime::UNIX_EPOCH,
                record: Record::Ended {
                    address: address("password_policy"),
                    outcome: Outcome::Done,
                    after,
                },
            };
            let text = serde_json::to_string(&line).expect("plain data");
            let read: Line = serde_json::from_str(&text).expect("a line");
            assert_eq!(read, line, "{text}");
        }
    }
}

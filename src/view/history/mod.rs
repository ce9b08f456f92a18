//! What applies did, as text and as JSON.

mod detail;

pub use detail::detail;

use super::{ALARM, BOLD, DIM, count};
use crate::clock::to_the_second;
use crate::error::Exit;
use crate::journal::{Change, Run, Sent, Standing};
use crate::model::Outcome;
use crate::text::escape;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes a line for each run, oldest first.
///
/// # Errors
/// When the writer does not take it.
pub fn list(out: &mut dyn Write, runs: &[Run]) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "No apply was run in this folder.");
    }
    for run in runs {
        let began = &run.began;
        let what = match &began.undoes {
            Some(other) => escape(&format!("undo of {other}")),
            None => escape(&began.baseline.path),
        };
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}  {}  {what}  {}  {DIM}{}{DIM:#}",
            escape(&began.run),
            escape(&began.account),
            in_short(run),
            escape(&began.caller)
        )?;
    }
    Ok(())
}

/// `3 changes, 5 calls, done`
fn in_short(run: &Run) -> String {
    let standing = match &run.standing {
        Standing::Finished(code) if *code == Exit::Fine as u8 => "done".to_owned(),
        Standing::Finished(code) => format!("ended with exit code {code}"),
        Standing::Unfinished => format!("{ALARM}cut off{ALARM:#}"),
        Standing::TakenOver(by) => escape(&format!("cut off, finished by {by}")),
    };
    if run.calls() == 0 {
        return format!("no calls, {standing}");
    }
    let succeeded = |outcome: Option<&Outcome>| outcome.is_some_and(Outcome::is_success);
    let changes = run.changes.iter();
    let changed = changes.filter(|change| succeeded(change.outcome.as_ref()));
    let fine = run.not_begun.values().filter(|own| succeeded(Some(own)));
    let changes = part(
        changed.count(),
        run.began.changes.len() - fine.count().min(run.began.changes.len()),
        "change",
    );
    let unknown = run.changes.iter().filter(|own| own.outcome.is_none()).count();
    let changes = match unknown {
        0 => changes,
        _ => format!("{changes} ({unknown} not known)"),
    };
    let sent = run.changes.iter().flat_map(|change| &change.calls);
    let made = sent.filter(|sent| sent.answered && sent.error.is_none());
    let calls = part(made.count(), run.calls(), "call");
    format!("{changes}, {calls}, {standing}")
}

/// `4 calls`, and if not all of them were made: `3 of 4 calls`
fn part(made: usize, of: usize, noun: &str) -> String {
    match made == of {
        true => count(of, noun),
        false => format!("{made} of {}", count(of, noun)),
    }
}

/// Says that a run was cut off.
///
/// # Errors
/// When the writer does not take it.
pub fn unfinished(out: &mut dyn Write, run: &Run) -> io::Result<()> {
    let began = &run.began;
    writeln!(
        out,
        "note: the apply of {} by {} was cut off after {}; what it left is looked at afresh, and \
         `baseline apply` finishes it (baseline history {})",
        to_the_second(run.at),
        escape(&began.caller),
        count(run.calls(), "call"),
        escape(&began.run)
    )
}

/// Writes the runs as one JSON document.
///
/// # Errors
/// When the writer does not take it.
pub fn json(out: &mut dyn Write, runs: &[Run]) -> io::Result<()> {
    let runs: Vec<Value> = runs.iter().map(as_json).collect();
    let document = json!({"format": crate::journal::FORMAT, "runs": runs});
    out.write_all(&crate::json::to_bytes(&document)?)
}

fn as_json(run: &Run) -> Value {
    let (standing, exit) = match &run.standing {
        Standing::Finished(exit) => ("finished", Some(*exit)),
        Standing::Unfinished => ("unfinished", None),
        Standing::TakenOver(_) => ("taken_over", None),
    };
    let change = |change: &Change| {
        let call = |sent: &Sent| {
            json!({
                "call": sent.call,
                "answered": sent.answered,
                "request_id": sent.request_id,
                "error": sent.error,
            })
        };
        let mut value = json!({
            "address": change.address,
            "differences": change.differences,
            "before": change.before,
            "outcome": change.outcome,
            "calls": change.calls.iter().map(call).collect::<Vec<_>>(),
        });
        // `null` is a state, too: that nothing exists.
        if let Some(after) = &change.after {
            value["after"] = after.clone();
        }
        value
    };
    json!({
        "began": run.began,
        "at": to_the_second(run.at),
        "journal": run.path,
        "standing": standing,
        "exit": exit,
        "changes": run.changes.iter().map(change).collect::<Vec<_>>(),
        "not_begun": run.not_begun,
    })
}

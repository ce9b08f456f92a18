//! JSON, for programs: see `docs/json.md`.

use super::{Format, Options};
use crate::clock::to_the_second;
use crate::journal::{Change, FORMAT, Run, Sent, Standing};
use crate::plan::Plan;
use crate::report::History;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The format.
pub const JSON: Format = Format {
    name: "json",
    about: "One JSON document, for programs",
    plan: document,
    drift: document,
    answers: None,
    history,
    has_inputs: true,
    has_alias: false,
};

/// Writes a plan as it is saved.
fn document(out: &mut dyn Write, plan: &Plan, _: &Options) -> io::Result<()> {
    out.write_all(&plan.to_bytes())
}

/// Writes runs as one document.
fn history(out: &mut dyn Write, history: &History<'_>, _: &Options) -> io::Result<()> {
    let runs: Vec<Value> = history.runs.iter().map(run).collect();
    let document = json!({"format": FORMAT, "runs": runs});
    out.write_all(&crate::json::to_bytes(&document)?)
}

fn run(run: &Run) -> Value {
    let (standing, exit) = match &run.standing {
        Standing::Finished(exit) => ("finished", Some(*exit)),
        Standing::Unfinished => ("unfinished", None),
        Standing::TakenOver(_) => ("taken_over", None),
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

fn change(change: &Change) -> Value {
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
}

fn call(sent: &Sent) -> Value {
    json!({
        "call": sent.call,
        "answered": sent.answered,
        "request_id": sent.request_id,
        "error": sent.error,
    })
}

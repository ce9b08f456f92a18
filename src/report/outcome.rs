//! What became of a change, in words: for the lines of an apply, its summary and the history.

use crate::model::Outcome;
use crate::text::count;

/// What became of it, in a few words.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadyFine => "already compliant",
        Outcome::Failed { .. } => "failed",
        Outcome::Unseen { .. } => "unknown",
        Outcome::NotSettled { .. } => "does not read back as planned",
        Outcome::Moved => "changed since the plan; not touched",
        Outcome::Stopped { .. } => "stopped",
        Outcome::Unrecorded { .. } => "stopped: the journal could not be written",
        Outcome::Skipped { .. } => "skipped",
    }
}

/// `3 calls`, `3 of 4 calls`
pub fn so_many(made: usize, of: Option<usize>) -> String {
    match of {
        Some(of) => format!("{made} of {}", count(of, "call")),
        None => count(made, "call"),
    }
}

/// What went wrong, of a change of so many calls, where that is known.
pub fn trouble(outcome: &Outcome, of: Option<usize>) -> Option<String> {
    let so_many = |made: &usize| so_many(*made, of);
    let text = match outcome {
        Outcome::Done | Outcome::AlreadyFine => return None,
        Outcome::Failed { made, error, .. } => format!("failed after {}: {error}", so_many(made)),
        Outcome::Unseen { made: 0, error: Some(error) } => {
            format!("not changed, because it could not be read: {error}")
        }
        Outcome::Unseen { made, error } => {
            let cause = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("{} made, but it could not be read afterwards{cause}", so_many(made))
        }
        Outcome::NotSettled { fields } => {
            format!("its calls were made, but these read back differently: {}", fields.join(", "))
        }
        Outcome::Moved => {
            "not changed: it is no longer as the plan shows it; make a new plan".to_owned()
        }
        Outcome::Stopped { made } => {
            format!("stopped after {}; run it again to finish", so_many(made))
        }
        Outcome::Unrecorded { made, cause } => format!("stopped after {}: {cause}", so_many(made)),
        Outcome::Skipped { because } => format!("skipped, because {because} did not succeed"),
    };
    Some(text)
}

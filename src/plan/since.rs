//! What has moved since the last apply: AWS, the baseline, or both.

use super::written::is_part;
use super::{Entry, Plan, Verdict};
use crate::baseline::Baseline;
use crate::control::{Configured, Context, Proposal, Standing};
use crate::diff::Difference;
use crate::journal::Run;
use crate::observe::{Observation, Observed};
use crate::place::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What made a field differ since the last apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// AWS is no longer as the last apply left it; the baseline asks for what was there.
    Drifted,
    /// AWS is as the last apply left it; the baseline asks for something else since, or that apply
    /// did not get so far.
    Pending,
    /// Both have moved.
    Both,
}

/// Says of each difference what has moved since a run, where that run looked at the place. Returns
/// the places that it did not look at: an earlier run may have.
///
/// It asks the controls what they would have proposed for the account as it was left: what they
/// would propose then as now has not been done yet, and what they would not has been undone since.
pub fn since_run(
    plan: &mut Plan,
    baseline: &Baseline,
    context: &Context,
    seen: &Observation,
    run: &Run,
    places: &[Address],
) -> Vec<Address> {
    let mut unseen = places.to_vec();
    for entry in &mut plan.entries {
        let address = entry.address();
        if !unseen.contains(&address) {
            continue;
        }
        let control = baseline.control(&entry.control);
        let now = match seen.places.get(&address) {
            Some(Observed::State(now)) => now.value(),
            _ => continue,
        };
        if let (Some(left), Some(control)) = (run.left(&address), control)
            && let Some(then) = proposed_then(control, entry, left, &now, context)
        {
            mark(entry, &then.differences, &|field: &str| {
                then.findings.iter().any(|own| is_part(field, &own.field))
            });
            unseen.retain(|own| *own != address);
        }
    }
    unseen
}

/// What would have been proposed for a place as a run left it. What the run did not look at, because
/// its baseline did not ask for it, is taken to be as it is now.
fn proposed_then(
    control: &dyn Configured,
    entry: &Entry,
    left: &Value,
    now: &Value,
    context: &Context,
) -> Option<Proposal> {
    // What could not be judged then says nothing about what has moved since.
    let is_judged =
        |then: &Proposal| matches!(then.standing, Standing::Own | Standing::Elsewhere(_));
    let then = control.propose(&entry.place, left, context).ok()?;
    if is_judged(&then) {
        return Some(then);
    }
    let mut whole = now.as_object()?.clone();
    whole.extend(left.as_object()?.clone());
    let then = control.propose(&entry.place, &Value::Object(whole), context);
    then.ok().filter(is_judged)
}

/// The same, since a saved plan was made. What it did not show was as it wanted it then: that says
/// something about AWS only if the baseline is the same.
pub fn since_plan(plan: &mut Plan, saved: &Plan) {
    let same_baseline = plan.baseline.sha256 == saved.baseline.sha256;
    for entry in &mut plan.entries {
        let address = entry.address();
        let then = saved.entries.iter().find(|other| other.address() == address);
        let is_judged = |then: &&Entry| {
            use Verdict::{Blocked, NotOffered, Unknown};
            !matches!(then.verdict, Unknown | NotOffered | Blocked)
        };
        let Some(then) = then.filter(is_judged) else {
            continue;
        };
        mark(entry, &then.differences, &|field: &str| {
            then.findings.iter().any(|finding| finding.field == field)
        });
        if !same_baseline {
            let shown = |field: &String| then.differences.iter().any(|d| d.field == *field);
            entry.moved.retain(|field, _| shown(field));
        }
    }
}

/// Compares what differs now with what would have differed then.
fn mark(entry: &mut Entry, then: &[Difference], found_then: &dyn Fn(&str) -> bool) {
    for now in &entry.differences {
        let moved = match then.iter().find(|then| then.field == now.field) {
            Some(then) if then.before == now.before => Moved::Pending,
            Some(_) => Moved::Both,
            // It could not be done then, and can be now.
            None if found_then(&now.field) => Moved::Pending,
            None => Moved::Drifted,
        };
        entry.moved.insert(now.field.clone(), moved);
    }
    for finding in &entry.findings {
        let moved = match found_then(&finding.field) {
            true => Moved::Pending,
            false => Moved::Drifted,
        };
        entry.moved.entry(finding.field.clone()).or_insert(moved);
    }
}

//! What stops a whole apply before its first write.

use crate::baseline::Baseline;
use crate::error::Error;
use crate::plan::{Entry, Plan, Verdict, exceeded};
use crate::text::count;
use std::collections::BTreeSet;

/// Asks every guard. The limits are those of the baseline: whatever a file says of them.
///
/// # Errors
/// A place that blocks the run, a limit that is exceeded, a control that would protect less and is not
/// among those for which that is `allowed`.
pub fn check(plan: &Plan, baseline: &Baseline, allowed: &[String]) -> Result<(), Error> {
    blocked(plan)?;
    limits(plan, baseline)?;
    loosening(plan, allowed)
}

fn blocked(plan: &Plan) -> Result<(), Error> {
    let blocked = |entry: &&Entry| entry.verdict == Verdict::Blocked;
    match plan.entries.iter().find(blocked) {
        Some(entry) => {
            let reason = entry.reason.as_deref().unwrap_or_default();
            Err(Error::refused(format!("{}: {reason}", entry.address())))
        }
        None => Ok(()),
    }
}

fn limits(plan: &Plan, baseline: &Baseline) -> Result<(), Error> {
    let exceeded = exceeded(&baseline.limits, plan);
    if exceeded.is_empty() {
        return Ok(());
    }
    let path = baseline.path.display();
    let list: Vec<String> =
        exceeded.into_iter().map(|violation| format!("limit: {}", violation.text)).collect();
    let text = format!("more than the [limits] of {path} allow; nothing was written");
    Err(Error::refused(text)
        .report(list.join("\n"))
        .hint("if that is intended, change [limits]; otherwise leave places out with --target or --exclude"))
}

fn loosening(plan: &Plan, allowed: &[String]) -> Result<(), Error> {
    let looser = |entry: &&Entry| entry.loosens() && !allowed.contains(&entry.control);
    let looser: Vec<&Entry> = plan.changes().filter(looser).collect();
    let Some(entry) = looser.first() else {
        return Ok(());
    };
    let fields = entry.differences.iter().filter(|own| own.loosens);
    let fields: Vec<&str> = fields.map(|own| own.field.as_str()).collect();
    let fields = fields.join(", ");
    let more = match looser.len() - 1 {
        0 => String::new(),
        more => format!(", and so would {} more", count(more, "place")),
    };
    let text = format!("{} would protect less: {fields}{more}", entry.address());
    let hint = format!("if that is intended:{}", allowing(plan));
    Err(Error::refused(text).hint(hint))
}

/// The flags that allow all that a plan loosens, each after a space.
pub fn allowing(plan: &Plan) -> String {
    let looser = plan.changes().filter(|entry| entry.loosens());
    let controls: BTreeSet<&str> = looser.map(|entry| entry.control.as_str()).collect();
    let flags = controls.into_iter();
    flags.map(|own| format!(" --allow-loosening {own}")).collect()
}

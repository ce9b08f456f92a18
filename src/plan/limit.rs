//! Holds a plan against the `[limits]` of its baseline.

use super::{Call, Entry, Plan};
use crate::aws::takes_away;
use crate::baseline::{Forbidden, Limits};
use crate::diff::Difference;
use crate::place::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A limit that a plan exceeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which.
    pub limit: Limit,
    /// The change that does it; `None` when it is their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Address>,
    /// The sentence.
    pub text: String,
}

/// The limits of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `max_changes`
    MaxChanges,
    /// `forbid = ["delete"]`
    ForbidDelete,
    /// `forbid = ["loosen"]`
    ForbidLoosen,
    /// `protected_regions`
    ProtectedRegions,
}

/// Everything in which a plan exceeds the limits, in the order of the plan.
pub fn exceeded(limits: &Limits, plan: &Plan) -> Vec<Violation> {
    let number = plan.changes().count();
    let most = limits.max_changes.map(|most| most as usize);
    let mut found = Vec::new();
    if let Some(most) = most.filter(|most| number > *most) {
        let plural = if number == 1 { "change" } else { "changes" };
        found.push(Violation {
            limit: Limit::MaxChanges,
            change: None,
            text: format!("{number} {plural} to make, and max_changes is {most}"),
        });
    }
    for entry in plan.changes() {
        let judged = [
            (Limit::ForbidDelete, deletes(limits, entry)),
            (Limit::ForbidLoosen, loosens(limits, entry)),
            (Limit::ProtectedRegions, trespasses(limits, entry)),
        ];
        let violation = |(limit, text): (Limit, Option<String>)| {
            text.map(|text| Violation {
                limit,
                change: Some(entry.address()),
                text: format!("{} {text}", entry.address()),
            })
        };
        found.extend(judged.into_iter().filter_map(violation));
    }
    found
}

fn deletes(limits: &Limits, entry: &Entry) -> Option<String> {
    if !limits.forbid.contains(&Forbidden::Delete) {
        return None;
    }
    let calls = entry.calls.iter().filter(|call| removes(&call.operation));
    let calls = calls.map(|Call { service, operation, .. }| format!("{service}:{operation}"));
    let fields = entry.differences.iter().filter(|d| loses_something(d));
    let what: Vec<String> = calls.chain(fields.map(|d| d.field.clone())).collect();
    let what = Some(what.join(", ")).filter(|what| !what.is_empty())?;
    Some(format!("takes something away ({what}), and forbid has \"delete\""))
}

fn loosens(limits: &Limits, entry: &Entry) -> Option<String> {
    if !limits.forbid.contains(&Forbidden::Loosen) || !entry.loosens() {
        return None;
    }
    let looser = entry.differences.iter().filter(|d| d.loosens);
    let fields: Vec<&str> = looser.map(|d| d.field.as_str()).collect();
    let fields = fields.join(", ");
    Some(format!(
        "would protect less ({fields}), and forbid has \"loosen\", which --allow-loosening does \
         not lift"
    ))
}

fn trespasses(limits: &Limits, entry: &Entry) -> Option<String> {
    let calls = entry.calls.iter().map(|call| &call.region);
    let mut regions = entry.place.region.iter().chain(calls);
    let is_protected = |region: &&String| {
        let mut protected = limits.protected_regions.iter();
        protected.any(|own| own.as_str() == region.as_str())
    };
    let region = regions.find(is_protected)?;
    Some(format!("writes in {region}, which is in protected_regions"))
}

/// Whether an operation takes something away; one of which that is not known does.
fn removes(operation: &str) -> bool {
    takes_away(operation).unwrap_or(true)
}

/// Whether something is there before and not after: all of it, or elements of a list; or is switched
/// off. Of a list of tables only the number is compared, for its elements are changed in place.
fn loses_something(difference: &Difference) -> bool {
    let (before, after) = (&difference.before, &difference.after);
    match (before, after) {
        _ if is_nothing(before) => false,
        _ if is_nothing(after) => true,
        (Value::Bool(true), Value::Bool(false)) => difference.loosens,
        (Value::Array(before), Value::Array(after)) => {
            let kept = |item: &&Value| after.contains(item);
            match before.iter().any(Value::is_object) {
                true => after.len() < before.len(),
                false => !before.iter().all(|item| kept(&item)),
            }
        }
        _ => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(table) => table.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_there_before_and_not_after_is_taken_away() {
        let taken = |before, after| loses_something(&Difference::new("x", before, after));
        for (before, after) in [
            (json!("a"), json!(null)),
            (json!(90), json!(null)),
            (json!(["a"]), json!([])),
            (json!(["a", "b"]), json!(["b", "c"])),
            (json!([{"at": 80}, {"at": 90}]), json!([{"at": 90}])),
        ] {
            assert!(taken(before.clone(), after.clone()), "{before} {after}");
        }
        for (before, after) in [
            (json!(null), json!("a")),
            (json!([]), json!(null)),
            (json!("a"), json!("b")),
            (json!(true), json!(false)),
            (json!(["a"]), json!(["b", "a"])),
            (json!([{"at": 80}]), json!([{"at": 90}])),
        ] {
            assert!(!taken(before.clone(), after.clone()), "{before} {after}");
        }
        let mut switched_off = Difference::new("enabled", json!(true), json!(false));
        switched_off.loosens = true;
        assert!(loses_something(&switched_off));
    }
}

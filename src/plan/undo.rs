//! Putting back what a run changed: a plan whose aim is not the baseline but an earlier state.

use crate::control::{Configured, Context, Proposal};
use crate::journal::Run;
use crate::place::{Address, Place};
use crate::view::one_line;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a plan is to bring about.
#[derive(Clone, Debug)]
pub enum Aim {
    /// What the baseline asks for.
    Baseline,
    /// What was there before a run.
    Undo(Undo),
}

/// A run that is to be undone.
#[derive(Clone, Debug)]
pub struct Undo {
    /// Its name.
    pub run: String,
    /// The places that it changed.
    pub places: BTreeMap<Address, Left>,
}

/// A place before and after a run.
#[derive(Clone, Debug)]
pub struct Left {
    /// The live state before.
    pub before: Value,
    /// The live state afterwards; nothing if the run broke off and nobody has looked since.
    pub after: Option<Value>,
}

impl Undo {
    /// What a run changed; where it broke off, the runs after it tell what it left.
    pub fn of(run: &Run, later: &[Run]) -> Self {
        let left = |address: &Address| {
            let seen_first = |run: &Run| {
                let changed = run.changes.iter().find(|change| change.address == *address);
                let before = changed.map(|change| change.before.clone());
                before.or_else(|| run.seen.get(address).cloned())
            };
            later.iter().find_map(seen_first)
        };
        let places = run.changes.iter().map(|change| {
            let left = Left {
                before: change.before.clone(),
                after: change.after.clone().or_else(|| left(&change.address)),
            };
            (change.address.clone(), left)
        });
        Self {
            run: run.began.run.clone(),
            places: places.collect(),
        }
    }

    /// What puts a place back. Only what the run changed is put back, and only where it is still as
    /// the run left it.
    ///
    /// # Errors
    /// When a state is not one of this control's.
    pub fn propose(
        &self,
        control: &dyn Configured,
        place: &Place,
        live: &Value,
        context: &Context,
    ) -> Result<Proposal, String> {
        let Some(left) = self.places.get(&Address::new(control.about().name, place)) else {
            return Ok(Proposal::fine());
        };
        let after = left.after.as_ref().unwrap_or(live);
        let mut moved = Vec::new();
        let wanted = put_back("", &left.before, after, live, &mut moved);
        let mut proposal = match wanted == *live {
            true => Proposal::fine(),
            false => control.restore(place, live, &wanted, context)?,
        };
        if left.after.is_none() {
            proposal
                .note("the run broke off here: what is live now is taken for what it left behind");
        }
        for Moved { field, before } in moved {
            proposal.finding(
                &field,
                "it was changed again after that run, and is left as it is",
                format!("before the run it was {}", one_line(&before)),
            );
        }
        Ok(proposal)
    }
}

/// A field that is no longer as the run left it.
#[derive(Debug, PartialEq)]
struct Moved {
    field: String,
    before: Value,
}

/// What is live now, with that put back which changed from `before` to `after`.
fn put_back(
    path: &str,
    before: &Value,
    after: &Value,
    now: &Value,
    moved: &mut Vec<Moved>,
) -> Value {
    if before == after || now == before {
        return now.clone();
    }
    if now == after {
        return before.clone();
    }
    let (Value::Object(was), Value::Object(left), Value::Object(is)) = (before, after, now) else {
        moved.push(Moved {
            field: path.to_owned(),
            before: before.clone(),
        });
        return now.clone();
    };
    let mut result = Map::new();
    let mut keys: Vec<&String> = is.keys().collect();
    keys.extend(was.keys().filter(|key| !is.contains_key(*key)));
    for key in keys {
        let at = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
        let inner = match path.is_empty() {
            true => key.clone(),
            false => format!("{path}.{key}"),
        };
        let value = put_back(&inner, &at(was), &at(left), &at(is), moved);
        if !value.is_null() || was.contains_key(key) {
            result.insert(key.clone(), value);
        }
    }
    Value::Object(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put(before: Value, after: Value, now: Value) -> (Value, Vec<String>) {
        let mut moved = Vec::new();
        let value = put_back("", &before, &after, &now, &mut moved);
        (value, moved.into_iter().map(|moved| moved.field).collect())
    }

    #[test]
    fn what_the_run_changed_goes_back_and_what_others_changed_since_stays() {
        let (value, moved) = put(
            json!({"length": 8, "symbols": false, "age": null}),
            json!({"length": 14, "symbols": true, "age": null}),
            json!({"length": 14, "symbols": true, "age": 90}),
        );
        assert_eq!(value, json!({"length": 8, "symbols": false, "age": 90}));
        assert!(moved.is_empty());
    }

    #[test]
    fn what_changed_again_is_left_and_told() {
        let (value, moved) = put(
            json!({"a": {"length": 8}}),
            json!({"a": {"length": 14}}),
            json!({"a": {"length": 20}}),
        );
        assert_eq!(value, json!({"a": {"length": 20}}));
        assert_eq!(moved, ["a.length"]);
    }

    #[test]
    fn what_the_run_created_goes_back_to_nothing() {
        let (value, _) = put(json!(null), json!({"x": 1}), json!({"x": 1}));
        assert_eq!(value, json!(null));
        let (value, _) = put(json!({}), json!({"x": 1}), json!({"x": 1, "y": 2}));
        assert_eq!(value, json!({"y": 2}));
        let (value, _) = put(json!({"x": 1, "y": null}), json!({"y": 1}), json!({"y": 1}));
        assert_eq!(value, json!({"y": null, "x": 1}));
    }
}

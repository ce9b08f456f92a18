//! Compares what is live with what it is to become, field by field.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The path of the field in the control's live state, with dots: `features.S3_DATA_EVENTS`.
    pub field: String,
    /// The value now; `null` when there is none.
    pub before: Value,
    /// The value the baseline asks for; `null` when there is to be none.
    pub after: Value,
    /// Whether the change protects less than before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loosens: bool,
}

impl Difference {
    /// A difference that does not loosen anything; the risk pass decides that later.
    pub fn new(field: impl Into<String>, before: Value, after: Value) -> Self {
        Self { field: field.into(), before, after, loosens: false }
    }
}

/// The differences between two states of one place, in the order of their fields.
///
/// Tables are compared field by field, everything else as a whole; a field that is missing and one
/// that is `null` are the same.
pub fn compare<T: Serialize>(live: &T, wanted: &T) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", &to_value(live), &to_value(wanted), &mut found);
    found
}

/// A live state as data.
pub fn to_value<T: Serialize>(state: &T) -> Value {
    serde_json::to_value(state).expect("live states are plain data with text keys")
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(_), Value::Object(_) | Value::Null) | (Value::Null, Value::Object(_)) => {
            for key in keys(before, after) {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&inner, &before[&key], &after[&key], found);
            }
        }
        _ => found.push(Difference::new(path, before.clone(), after.clone())),
    }
}

/// The keys of both, in the order of the first and then of the second.
fn keys(before: &Value, after: &Value) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in [after, before].iter().filter_map(|side| side.as_object()).flat_map(|o| o.keys()) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(before: Value, after: Value) -> Vec<String> {
        compare(&before, &after).into_iter().map(|d| d.field).collect()
    }

    #[test]
    fn equal_states_have_no_differences() {
        assert!(fields(json!({"a": [1, 2]}), json!({"a": [1, 2]})).is_empty());
        assert!(fields(json!({"a": null}), json!({})).is_empty());
    }

    #[test]
    fn a_thing_that_does_not_exist_differs_in_every_field() {
        let after = json!({"trail": {"name": "x", "logging": true}});
        assert_eq!(fields(json!({"trail": null}), after), ["trail.name", "trail.logging"]);
    }

    #[test]
    fn lists_differ_as_a_whole() {
        let found = compare(&json!({"a": [1]}), &json!({"a": [1, 2]}));
        assert_eq!(found, [Difference::new("a", json!([1]), json!([1, 2]))]);
    }
}

//! What a statement says, whatever its spelling: to find what is there already, never to rewrite it.

use serde_json::{Map, Value, json};

/// Whether a statement denies every action to everybody when the request is not encrypted, and
/// says nothing else that could narrow it.
pub(super) fn is_insecure_transport_deny(statement: &Value) -> bool {
    let Some(fields) = statement.as_object() else {
        return false;
    };
    let known = [
        "Sid",
        "Effect",
        "Principal",
        "Action",
        "Resource",
        "Condition",
    ];
    fields.keys().all(|key| known.contains(&key.as_str()))
        && statement["Effect"] == "Deny"
        && is_everybody(&statement["Principal"])
        && texts(&statement["Action"])
            .iter()
            .any(|action| action == "*" || action.eq_ignore_ascii_case("s3:*"))
        && is_insecure_transport(&statement["Condition"])
}

fn is_everybody(principal: &Value) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => kinds
            .get("AWS")
            .is_some_and(|list| texts(list).iter().any(|text| text == "*")),
        _ => false,
    }
}

fn is_insecure_transport(condition: &Value) -> bool {
    let Some((operator, keys)) = only(condition) else {
        return false;
    };
    let Some((key, value)) = only(keys) else {
        return false;
    };
    let operators = ["bool", "boolifexists"];
    operators.contains(&operator.to_lowercase().as_str())
        && key.eq_ignore_ascii_case("aws:SecureTransport")
        && texts(value)
            .iter()
            .all(|text| text.eq_ignore_ascii_case("false"))
        && texts(value).len() == 1
}

/// The only entry of a table.
fn only(table: &Value) -> Option<(&String, &Value)> {
    let table = table.as_object()?;
    match table.len() {
        1 => table.iter().next(),
        _ => None,
    }
}

/// A text, or the texts of a list; numbers and truth values as text, as IAM takes them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// What a statement says, without its Sid: lists as sorted texts, names of actions and condition
/// keys in lower case. Equal forms mean equal statements; unequal ones may still.
pub(super) fn canonical_statement(statement: &Value) -> Value {
    let mut canonical = Map::new();
    let Some(fields) = statement.as_object() else {
        return statement.clone();
    };
    for (key, value) in fields {
        let said = match key.as_str() {
            "Sid" => continue,
            "Action" | "NotAction" => {
                let lower = texts(value)
                    .iter()
                    .map(|text| text.to_lowercase())
                    .collect();
                sorted(lower)
            }
            "Resource" | "NotResource" => sorted(texts(value)),
            "Principal" | "NotPrincipal" => canonical_principal(value),
            "Condition" => canonical_condition(value),
            _ => value.clone(),
        };
        canonical.insert(key.clone(), said);
    }
    canonical.sort_keys();
    Value::Object(canonical)
}

fn canonical_principal(principal: &Value) -> Value {
    match principal {
        Value::Object(kinds) => {
            let kinds = kinds
                .iter()
                .map(|(kind, list)| (kind.clone(), sorted(texts(list))));
            let mut kinds: Map<String, Value> = kinds.collect();
            kinds.sort_keys();
            Value::Object(kinds)
        }
        other => other.clone(),
    }
}

fn canonical_condition(condition: &Value) -> Value {
    let Some(operators) = condition.as_object() else {
        return condition.clone();
    };
    let mut canonical = Map::new();
    for (operator, keys) in operators {
        let keys = keys.as_object().cloned().unwrap_or_default();
        let mut keys: Map<String, Value> = keys
            .iter()
            .map(|(key, value)| (key.to_lowercase(), sorted(texts(value))))
            .collect();
        keys.sort_keys();
        canonical.insert(operator.to_lowercase(), Value::Object(keys));
    }
    canonical.sort_keys();
    Value::Object(canonical)
}

fn sorted(mut list: Vec<String>) -> Value {
    list.sort();
    list.dedup();
    json!(list)
}

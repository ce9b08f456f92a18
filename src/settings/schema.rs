//! What may be written, as JSON Schema: editors complete and check a baseline by it.

use super::{Otherwise, Setting, UNMANAGED};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// A table with these keys and no others.
pub fn table(keys: &[Setting]) -> Value {
    let properties = keys.iter().map(|key| (key.name.to_owned(), key.schema()));
    let required = keys.iter().filter(|key| key.otherwise == Otherwise::Required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let table = json!({
        "type": "object",
        "properties": Value::Object(properties.collect()),
        "additionalProperties": false,
    });
    match required.is_empty() {
        true => table,
        false => merged(table, json!({ "required": required })),
    }
}

/// A table with one of these keys and nothing else.
pub fn one_of<'a>(keys: impl IntoIterator<Item = &'a Setting>) -> Value {
    let properties = keys.into_iter().map(|key| (key.name.to_owned(), key.schema()));
    json!({
        "type": "object",
        "properties": Value::Object(properties.collect()),
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// What one of two schemas takes.
pub fn either(one: Value, other: Value) -> Value {
    let mut choices = Vec::new();
    for mut schema in [one, other] {
        match schema.get_mut("anyOf").map(Value::take) {
            Some(Value::Array(own)) => choices.extend(own),
            _ => choices.push(schema),
        }
    }
    json!({ "anyOf": choices })
}

/// What a schema takes, and the word that leaves a key alone.
pub fn or_unmanaged(schema: Value) -> Value {
    either(schema, json!({ "const": UNMANAGED }))
}

/// What a schema takes, and the same as `{ exactly = … }`.
pub fn or_exactly(schema: Value) -> Value {
    let exactly = json!({
        "type": "object",
        "properties": { "exactly": schema },
        "required": ["exactly"],
        "additionalProperties": false,
    });
    either(schema, exactly)
}

/// Keeps the whole numbers that a schema takes, however deep, to a range.
pub fn limit(schema: &mut Value, range: &RangeInclusive<i64>) {
    if schema.get("type").is_some_and(|own| own == "integer") {
        schema["minimum"] = (*range.start()).into();
        if !super::is_open(range) {
            schema["maximum"] = (*range.end()).into();
        }
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(|own| limit(own, range)),
        Value::Array(items) => items.iter_mut().for_each(|own| limit(own, range)),
        _ => {}
    }
}

/// The members of one object, and then those of the other.
pub fn merged(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

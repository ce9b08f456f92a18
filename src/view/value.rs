//! How single values are written.

use crate::plan::Entry;
use crate::text::{escape, one_line, spaced};
use serde_json::Value;

/// How wide a line may be before a value is put on several.
const WIDTH: usize = 100;

/// The address of an entry: it ends in the name of a thing, which may be any text.
pub fn address(entry: &Entry) -> String {
    escape(&entry.address().to_string())
}

/// A value on one line if it fits, else as JSON of which each part is on one line if it fits.
pub fn block(value: &Value, indent: usize) -> String {
    match value.is_object() || value.is_array() {
        true => fitted(value, indent, indent),
        false => one_line(value),
    }
}

fn fitted(value: &Value, indent: usize, column: usize) -> String {
    let line = spaced(value);
    let inner = indent + 2;
    let parts: Vec<String> = match value {
        _ if column + line.chars().count() <= WIDTH => return line,
        Value::Array(list) => list.iter().map(|item| fitted(item, inner, inner)).collect(),
        Value::Object(table) => table
            .iter()
            .map(|(key, item)| {
                let key = format!("{}: ", spaced(&Value::from(key.as_str())));
                let column = inner + key.chars().count();
                key + &fitted(item, inner, column)
            })
            .collect(),
        _ => return line,
    };
    let (open, close) = if value.is_array() {
        ('[', ']')
    } else {
        ('{', '}')
    };
    let pad = |width| " ".repeat(width);
    let parts = parts.join(&format!(",\n{}", pad(inner)));
    format!("{open}\n{}{parts}\n{}{close}", pad(inner), pad(indent))
}

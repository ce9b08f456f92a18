//! How single values are written.

use crate::text::{one_line, spaced};
use serde_json::Value;

/// A value on one line if it fits the width, else as JSON of which each part is on one line if it
/// fits.
pub fn block(value: &Value, indent: usize, width: usize) -> String {
    block_at(value, indent, indent, width)
}

/// The same for a value that begins at a column behind the indent of its later lines.
pub fn block_at(value: &Value, indent: usize, column: usize, width: usize) -> String {
    match value.is_object() || value.is_array() {
        true => fitted(value, indent, column, width),
        false => one_line(value),
    }
}

fn fitted(value: &Value, indent: usize, column: usize, width: usize) -> String {
    let line = spaced(value);
    let inner = indent + 2;
    let parts: Vec<String> = match value {
        _ if column + line.chars().count() <= width => return line,
        Value::Array(list) => {
            let items = list.iter();
            items.map(|item| fitted(item, inner, inner, width)).collect()
        }
        Value::Object(table) => table
            .iter()
            .map(|(key, item)| {
                let key = format!("{}: ", spaced(&Value::from(key.as_str())));
                let column = inner + key.chars().count();
                key + &fitted(item, inner, column, width)
            })
            .collect(),
        _ => return line,
    };
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    let pad = |width| " ".repeat(width);
    let parts = parts.join(&format!(",\n{}", pad(inner)));
    format!("{open}\n{}{parts}\n{}{close}", pad(inner), pad(indent))
}

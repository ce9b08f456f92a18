//! How single values are written.

use crate::json::is_deceptive;
use crate::plan::Entry;
use serde_json::Value;
use std::fmt::Write;

/// How wide a line may be before a value is put on several.
const WIDTH: usize = 100;

/// Text from AWS or a file, with everything that [is not what it looks like](is_deceptive) made
/// visible.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", character as u32);
        } else {
            safe.push(character);
        }
    }
    safe
}

/// The address of an entry: it ends in the name of a thing, which may be any text.
pub fn address(entry: &Entry) -> String {
    escape(&entry.address().to_string())
}

/// A value on one line: text bare, nothing as `(none)`, lists and tables as JSON.
pub fn one_line(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => escape(text),
        other => spaced(other),
    }
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

/// JSON on one line, with a space after each colon and comma.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(table) => {
            let entry = |(key, item)| format!("{}: {}", spaced(&Value::String(key)), spaced(item));
            let entries: Vec<String> = table
                .iter()
                .map(|(key, item)| entry((key.clone(), item)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => escape(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_that_would_move_the_cursor_or_turn_the_line_is_made_visible() {
        assert_eq!(escape("a\x1b[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert_eq!(one_line(&json!(null)), "(none)");
        assert_eq!(one_line(&json!("")), "\"\"");
        assert_eq!(one_line(&json!(["a", 1])), "[\"a\", 1]");
    }
}

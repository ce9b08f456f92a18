//! How single values and texts are written, wherever they come from.

use crate::json::is_deceptive;
use serde_json::Value;
use std::fmt::Write;

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

/// A value on one line: text bare, nothing as `(none)`, lists and tables as JSON.
pub fn one_line(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => escape(text),
        other => spaced(other),
    }
}

/// JSON on one line, with a space after each colon and comma.
pub fn spaced(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(table) => {
            let entry = |(key, item)| format!("{}: {}", spaced(&Value::String(key)), spaced(item));
            let entries: Vec<String> =
                table.iter().map(|(key, item)| entry((key.clone(), item))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => escape(&other.to_string()),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
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

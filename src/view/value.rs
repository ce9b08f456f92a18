//! How single values are written.

use serde_json::Value;
use std::fmt::Write;

/// The widest value that stays on one line.
const ONE_LINE: usize = 88;

/// Text from AWS or a file, with control and direction-changing characters made visible.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
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
        other => escape(&other.to_string()),
    }
}

/// A value on one line if it is short, else as indented JSON.
pub fn block(value: &Value, indent: usize) -> String {
    let line = one_line(value);
    if line.len() <= ONE_LINE || !(value.is_object() || value.is_array()) {
        return line;
    }
    let pretty = serde_json::to_string_pretty(value).unwrap_or(line);
    let lines: Vec<String> = pretty.lines().map(escape).collect();
    lines.join(&format!("\n{}", " ".repeat(indent)))
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
        assert_eq!(one_line(&json!(["a", 1])), "[\"a\",1]");
    }
}

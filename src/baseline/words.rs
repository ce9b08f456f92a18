//! How problems are worded: for who knows neither TOML's grammar nor Rust's types.

use crate::managed::UNMANAGED;

/// The longest name that a mistake in it is looked for.
const LONGEST_NAME: usize = 64;

/// What the parser says about a place, in words for who does not know TOML's grammar.
pub fn syntax_in_plain_words(message: &str, at: Option<&str>) -> String {
    match at.map(str::trim) {
        _ if message.contains("recursion") || message.contains("recurse") => {
            "this is nested too deep".to_owned()
        }
        _ if message.starts_with("invalid basic string, expected `\"`") => {
            "this text is not closed: expected '\"'".to_owned()
        }
        Some("") if message.starts_with("string values must be quoted") => {
            "a value is missing".to_owned()
        }
        Some(_) if message.starts_with("string values must be quoted") => {
            "a text stands in straight quotes: \"…\"".to_owned()
        }
        Some(key) if message == "duplicate key" => format!("'{key}' is there already"),
        _ => message.replace('`', "'"),
    }
}

/// What serde says, without the names of Rust's types and with what is wanted first.
pub fn in_plain_words(message: &str) -> String {
    let text = message
        .replace('`', "'")
        .replace("unknown field", "unknown setting")
        .replace("missing field", "missing setting")
        .replace("wanted string or table", "expected a text")
        .replace("unknown variant", "unknown value");
    let found = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| text.strip_prefix(start)?.rsplit_once(", expected "));
    match found {
        Some((found, wanted)) => {
            format!("expected {}, found {}", plain_wanted(wanted), plain(found))
        }
        None => text,
    }
}

/// What may stand at a place, of which one may be the word that leaves a key alone.
fn plain_wanted(wanted: &str) -> String {
    let or = format!(" or \"{UNMANAGED}\"");
    match wanted.strip_suffix(&or) {
        Some(name) => format!("{}{or}", plain_type(name)),
        None => plain_type(wanted).to_owned(),
    }
}

/// A type as people know it.
fn plain_type(name: &str) -> &str {
    match name {
        _ if name.starts_with("enum ") => "a text",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "a text",
        "a sequence" => "a list",
        "a map" => "a table",
        other => other,
    }
}

/// A value as serde names it, as people would.
fn plain(found: &str) -> String {
    let unquoted = |text: &str| text.trim_matches('\'').to_owned();
    match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "boolean", value)) => unquoted(value),
        Some(("floating", value)) => unquoted(value.trim_start_matches("point ")),
        _ if found == "map" => "a table".to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ => found.to_owned(),
    }
}

/// Which of the known names was meant, if one is near; else all of them.
pub fn did_you_mean(given: &str, known: &[&str]) -> Option<String> {
    // Comparing takes the square of the length, and no such name is known.
    let comparable = given.len() <= LONGEST_NAME;
    let near = known
        .iter()
        .filter(|_| comparable)
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(nearness, _)| *nearness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, name)) => Some(format!("did you mean '{name}'?")),
        None if known.is_empty() => None,
        None => Some(format!("known are: {}", known.join(", "))),
    }
}

/// A text without its middle, if it quotes something long.
pub fn shortened(text: String) -> String {
    const MOST: usize = 500;
    if text.len() <= MOST {
        return text;
    }
    let head = &text[..text.floor_char_boundary(MOST / 2)];
    let tail = &text[text.ceil_char_boundary(text.len() - MOST / 4)..];
    format!("{head}…{tail}")
}

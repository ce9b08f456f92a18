//! Words problems for readers who know neither TOML's grammar nor Rust's types.

use crate::managed::UNMANAGED;

/// The longest name that a mistake in it is looked for.
const LONGEST_NAME: usize = 64;

/// What the parser reports at a place on a line, for readers who do not know TOML's grammar.
pub fn syntax_in_plain_words(message: &str, at: Option<&str>, line: &str) -> String {
    let value = value_on(line);
    match at.map(str::trim) {
        _ if message.contains("recursion") || message.contains("recurse") => {
            "this is nested too deep".to_owned()
        }
        _ if message.starts_with("invalid basic string, expected `\"`") => {
            "this string is not closed: expected '\"'".to_owned()
        }
        Some("") if message.starts_with("string values must be quoted") => {
            "a value is missing".to_owned()
        }
        _ if message.contains("leading zero") => {
            format!("a number does not begin with 0; ids need quotes: \"{value}\"")
        }
        Some(_) if stands_bare(message, value) => match is_like_a_boolean(value) {
            true => format!("'{value}' is not a TOML value: write true or false"),
            false => {
                let is_word = value.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
                let word = if is_word && !value.is_empty() { value } else { "…" };
                format!("strings need straight quotes: \"{word}\"")
            }
        },
        Some(key) if message == "duplicate key" => format!("'{key}' exists already"),
        _ => message.replace('`', "'"),
    }
}

/// Whether the problem is a string without quotes: the parser takes it for a number or a boolean by
/// its first letter.
fn stands_bare(message: &str, value: &str) -> bool {
    let starts = ["string values must be quoted", "invalid float", "invalid boolean"];
    message.starts_with(starts[0])
        || (starts.iter().any(|start| message.starts_with(start))
            && value.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn is_like_a_boolean(value: &str) -> bool {
    let words = ["yes", "no", "on", "off", "true", "false", "y", "n", "t", "f"];
    words.contains(&value.to_ascii_lowercase().as_str())
}

/// What stands behind the equals sign of a line, without a remark.
fn value_on(line: &str) -> &str {
    let value = line.split_once('=').map_or("", |(_, value)| value);
    value.split('#').next().unwrap_or(value).trim()
}

/// Another language than TOML that a file is written in, by its first line that is not TOML; and what
/// to do.
pub fn language(text: &str, line: &str) -> Option<(&'static str, String)> {
    let start = "`baseline init` writes a baseline to start from";
    let line = line.trim();
    if text.trim_start().starts_with('{') {
        return Some(("JSON", start.to_owned()));
    }
    let word = |c: char| c.is_ascii_alphanumeric() || "_-\"' .".contains(c);
    if line.ends_with(['{', '}']) && line.contains('{') && !line.contains('=') {
        let (head, _) = line.split_once('{')?;
        let is_block = head.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_block && head.chars().all(word) {
            return Some(("HCL (Terraform)", start.to_owned()));
        }
    }
    let (key, value) = line.split_once(':')?;
    let key = key.trim_start_matches("- ").trim_matches(['"', '\'']);
    let is_key = !key.is_empty() && key.chars().all(|c| c != ' ' && word(c));
    if !is_key || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let help = match value.trim() {
        "" => format!("a table begins with [{key}], and {start}"),
        value => format!("write {key} = {}", value.trim_end_matches(',')),
    };
    Some(("YAML", help))
}

/// Whether serde says that a value is of the wrong kind, and not what is wrong with it.
pub fn expects_another_kind(message: &str) -> bool {
    let starts = ["invalid type", "invalid value", "invalid length", "wanted "];
    starts.iter().any(|start| message.starts_with(start))
}

/// What serde says, without the names of Rust's types and with what is wanted first.
pub fn in_plain_words(message: &str) -> String {
    let text = message
        .replace('`', "'")
        .replace("unknown field", "unknown setting")
        .replace("missing field", "missing setting")
        .replace("wanted string or table", "expected a string or a table")
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
        _ if name == "enum" || name.starts_with("enum ") => "a string",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("tuple ") || other.starts_with("newtype ") => "another value",
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

/// The known name that differs from what was given by a slip of the fingers: one or two letters
/// that are wrong, missing, too many or in each other's place.
pub fn slip_of<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    if given.len() > LONGEST_NAME || given.len() < 4 {
        return None;
    }
    let given = given.to_ascii_lowercase();
    let slips =
        known.iter().map(|name| (strsim::osa_distance(&given, &name.to_ascii_lowercase()), *name));
    let nearest = slips.min_by_key(|(slips, _)| *slips)?;
    (nearest.0 <= 2).then_some(nearest.1)
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
    // trail for cloudtrail: too far by its letters.
    let part = given.to_ascii_lowercase();
    let whole = known.iter().find(|name| part.len() > 3 && name.contains(&part));
    match near.map(|(_, name)| name).or(whole) {
        Some(name) => Some(format!("did you mean '{name}'?")),
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

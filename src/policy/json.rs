//! JSON with nothing lost: numbers as they were written, keys in their order, repeated keys too.
//!
//! `serde_json` checks the text. Its own tree would turn `1.20` into `1.2` and drop the first of two
//! equal keys, and then two policies that differ could pass for one.

use super::scan::Scanner;
use serde::de::IgnoredAny;

/// How deep tables and lists may be within each other. A condition's values are five deep.
const DEEPEST: usize = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// A table in its order.
    Table(Vec<(String, Json)>),
}

impl Json {
    /// Reads a value.
    ///
    /// # Errors
    /// When the text is no JSON, or deeper than any policy.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text)?;
        Self::of_valid(text)
    }

    /// Reads a value of a text that is known to be JSON.
    ///
    /// # Errors
    /// When it is deeper than any policy.
    pub(super) fn of_valid(text: &str) -> Result<Self, String> {
        Self::read(&mut Scanner::of(text), 0)
    }

    fn read(scanner: &mut Scanner<'_>, depth: usize) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err(format!("it is more than {DEEPEST} levels deep"));
        }
        Ok(match scanner.peek() {
            b'{' => {
                let mut entries = Vec::new();
                while scanner.next_in_table() {
                    let key = scanner.key()?;
                    entries.push((key, Self::read(scanner, depth + 1)?));
                }
                Self::Table(entries)
            }
            b'[' => {
                let mut items = Vec::new();
                while scanner.next_in_list() {
                    items.push(Self::read(scanner, depth + 1)?);
                }
                Self::List(items)
            }
            b'"' => Self::Text(scanner.text()?),
            _ => match scanner.word() {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                "null" => Self::Null,
                // What is shown and compared as plain data must be a number there, too.
                number => match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => Self::Number(number.to_owned()),
                    _ => return Err(format!("{number} is out of range")),
                },
            },
        })
    }

    /// The value of a key of a table; the last one, as services take it.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let (_, value) = self.table()?.iter().rfind(|(own, _)| own == key)?;
        Some(value)
    }

    /// The entries of a table.
    pub fn table(&self) -> Option<&[(String, Json)]> {
        match self {
            Self::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; anything else is taken for a list of one, as IAM does.
    pub fn items(&self) -> &[Json] {
        match self {
            Self::List(list) => list,
            single => std::slice::from_ref(single),
        }
    }

    /// The texts of a list, or the one text that stands instead of a list.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Json::text)
    }

    /// Whether some text anywhere within, keys too, has a property.
    pub fn any_text(&self, has: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => has(text),
            Self::List(list) => list.iter().any(|item| item.any_text(has)),
            Self::Table(entries) => {
                entries.iter().any(|(key, value)| has(key) || value.any_text(has))
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// Whether a key stands twice in some table within.
    pub fn repeats_a_key(&self) -> bool {
        match self {
            Self::List(list) => list.iter().any(Json::repeats_a_key),
            Self::Table(entries) => entries.iter().enumerate().any(|(at, (key, value))| {
                entries[..at].iter().any(|(other, _)| other == key) || value.repeats_a_key()
            }),
            _ => false,
        }
    }
}

/// The keys of a table in their order, with their values as they were written.
///
/// # Errors
/// When the text is no JSON table.
pub(super) fn entries(text: &str) -> Result<Vec<(String, &str)>, String> {
    check(text)?;
    let mut scanner = Scanner::of(text);
    if scanner.peek() != b'{' {
        return Err("it is no table".to_owned());
    }
    let mut entries = Vec::new();
    while scanner.next_in_table() {
        entries.push((scanner.key()?, scanner.skip()));
    }
    Ok(entries)
}

/// The items of a list as they were written; nothing when the text, which must be JSON, is no list.
pub(super) fn items(text: &str) -> Option<Vec<&str>> {
    let mut scanner = Scanner::of(text);
    if scanner.peek() != b'[' {
        return None;
    }
    let mut items = Vec::new();
    while scanner.next_in_list() {
        items.push(scanner.skip());
    }
    Some(items)
}

fn check(text: &str) -> Result<(), String> {
    let IgnoredAny = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    Ok(())
}

/// Where a part begins in the whole that it was cut from.
pub(super) fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// JSON text without the white space between its tokens; everything else stays as it was written.
pub(super) fn without_white_space(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    for character in text.chars() {
        if in_text || !matches!(character, ' ' | '\t' | '\n' | '\r') {
            kept.push(character);
        }
        if !escaped && character == '"' {
            in_text = !in_text;
        }
        escaped = in_text && !escaped && character == '\\';
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_repeated_keys_and_their_order_are_kept() {
        let read = Json::parse(r#"{"b":1.20,"a":[1e3,-0],"b":null}"#).expect("valid");
        let number = |text: &str| Json::Number(text.to_owned());
        let list = Json::List(vec![number("1e3"), number("-0")]);
        let wanted = [("b", number("1.20")), ("a", list), ("b", Json::Null)];
        let wanted = wanted.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(read, Json::Table(wanted.to_vec()));
        assert!(read.repeats_a_key());
        assert_eq!(read.get("b"), Some(&Json::Null));
    }

    #[test]
    fn what_is_too_deep_is_refused_and_does_not_overflow() {
        for depth in [64, 100_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(Json::parse(&text).is_err());
            let table = format!("{{\"a\":{text}}}");
            assert_eq!(entries(&table), Ok(vec![("a".to_owned(), text.as_str())]));
        }
    }

    #[test]
    fn white_space_goes_only_from_between_tokens() {
        let text = "{ \"a b\\\" \" :\n[ 1 , \"\\\\\" ] }";
        assert_eq!(without_white_space(text), r#"{"a b\" ":[1,"\\"]}"#);
    }
}

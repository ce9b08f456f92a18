//! Patterns for names: of things, places and fields.

use serde::Deserialize;
use std::str::Chars;

/// A pattern for names: `*` stands for any characters, also none, `?` for any one. Everything else
/// stands for itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(String);

crate::texts!(Pattern);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        Ok(Self(pattern))
    }
}

impl Pattern {
    /// Whether a name is one of those that the pattern stands for.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.chars(), name.chars())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Greedy: of several `*` only the last one is ever tried again, so that no pattern takes longer
/// than its length times that of the name.
fn matches(mut pattern: Chars<'_>, mut name: Chars<'_>) -> bool {
    let mut last_star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let fits = match pattern.next() {
            Some('*') => {
                last_star = Some((pattern.clone(), name.clone()));
                continue;
            }
            Some(wanted) => match name.next() {
                Some(found) => wanted == '?' || wanted == found,
                None => return false,
            },
            None if name.as_str().is_empty() => return true,
            None => false,
        };
        if fits {
            continue;
        }
        // The star takes one character more.
        let Some((rest, from)) = &mut last_star else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        (pattern, name) = (rest.clone(), from.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, name: &str) -> bool {
        let pattern = Pattern::try_from(pattern.to_owned()).expect("a pattern");
        pattern.matches(name)
    }

    #[test]
    fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "a/b.c"),
            ("a*", "a"),
            ("a?c", "aßc"),
            ("*-logs-*", "acme-logs-eu"),
            ("a*b*c", "a-b-b-c"),
            ("*aab", "aaaab"),
            ("**", "x"),
            ("?*", "x"),
        ] {
            assert!(is_match(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "ab"),
            ("a?", "a"),
            ("?", ""),
            ("*-logs", "acme-logs-eu"),
            ("a*b*c", "a-b-b"),
            ("*aab", "aaba"),
        ] {
            assert!(!is_match(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn everything_else_stands_for_itself() {
        for text in ["[ab]", "{a,b}", "a\\*", "!a", "a.b", "("] {
            let name = text.replace('*', "x");
            assert!(is_match(text, &name), "{text}");
        }
        assert!(!is_match("[ab]", "a"));
        assert!(!is_match("{a,b}", "a"));
        assert!(!is_match("a.b", "axb"));
    }

    #[test]
    fn a_pattern_of_any_length_is_one() {
        let long = "{".repeat(100_000);
        assert!(is_match(&long, &long));
        assert!(!is_match(&format!("{}b", "*a".repeat(50_000)), &"a".repeat(63)));
        assert!(!is_match(&"*a".repeat(1000), &"a".repeat(999)));
    }
}

//! Settings: each fact of a key stands once, in the row of [`settings!`](crate::settings!) that
//! declares it.
//!
//! From the row come the field, its default, `explain`, the reference page and the JSON Schema for
//! editors; from the type of the field what may be written for it and which way is stricter
//! ([`Takes`]). So nothing can disagree.

mod declare;
mod plain;
pub mod schema;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use toml::de::ValueDeserializer;

/// The word of the baseline that leaves a key alone: the live value stays and is not judged.
pub const UNMANAGED: &str = "unmanaged";

/// A type that a key may have: what may be written for it, and which way is stricter.
pub trait Takes {
    /// Which way a value of this type protects more.
    const STRICTER: Stricter = Stricter::Neither;
    /// Which way a list of such values protects more.
    const LISTED: Stricter = Stricter::Neither;
    /// For words, what AWS calls them, from the loosest to the strictest.
    const RANKS: &'static [&'static str] = &[];
    /// The keys of the table that may be written, or of each one in a list.
    const KEYS: &'static [Setting] = &[];
    /// The names that a table of such values may have as keys; any name where none is listed.
    const NAMES: &'static [&'static str] = &[];
    /// Ways to write a value, as TOML.
    const EXAMPLES: &'static [&'static str] = &[];

    /// What may be written, as JSON Schema.
    fn schema() -> Value;

    /// The number that is asked for, where one is.
    fn number(&self) -> Option<i64> {
        None
    }

    /// The numbers below this value that are out of their range: each with its path, which begins
    /// with `path`, and what is wrong.
    fn out_of_range(&self, _path: &str, _found: &mut Vec<(String, String)>) {}
}

/// Words that AWS has its own for, of which the later ones protect more.
pub trait Ranked: Sized + 'static {
    /// Each with AWS's word, from the loosest to the strictest.
    const WORDS: &'static [(Self, &'static str)];
}

/// Words of the baseline.
pub trait Words: Copy + PartialEq + 'static {
    /// Each with what is written for it.
    const ALL: &'static [(Self, &'static str)];

    /// What is written for it.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(own, _)| *own == self).map_or("", |(_, word)| *word)
    }
}

/// One key of a table.
#[derive(Debug)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// Its name in differences, where that is another.
    pub shown_as: Option<&'static str>,
    /// What holds when the table exists and the key does not.
    pub otherwise: Otherwise,
    /// What then holds for what baseline created, as TOML or in words, where that is something
    /// else.
    pub created: Option<&'static str>,
    /// Which way is stricter.
    pub stricter: Stricter,
    /// The numbers that are taken.
    pub range: Option<RangeInclusive<i64>>,
    /// What may stop working when it takes effect.
    pub breaks: Option<&'static str>,
    /// Whether AWS charges more when it changes.
    pub costs: bool,
    /// For which new values both of that is so.
    pub takes_effect: fn(&Value) -> bool,
    /// The keys of its tables.
    pub keys: &'static [Setting],
    /// The names that its table may have as keys.
    pub names: &'static [&'static str],
    lines: &'static [&'static str],
    examples: &'static [&'static str],
    schema: fn() -> Value,
}

/// What holds when a key is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing can: the key is required.
    Required,
    /// Nothing is asked for.
    Nothing,
    /// This value, as TOML.
    Is(&'static str),
}

/// Which way a value protects more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stricter {
    /// No side is stricter.
    Neither,
    /// `true`, and higher numbers.
    Higher,
    /// Lower numbers; no value is the highest of all.
    Lower,
    /// More elements of a list.
    More,
    /// Fewer elements of a list.
    Fewer,
    /// Later in this list.
    Later(&'static [&'static str]),
}

impl Stricter {
    /// The direction of words with these ranks; none where they have no ranks.
    pub const fn by_rank(ranks: &'static [&'static str]) -> Self {
        if ranks.is_empty() { Self::Neither } else { Self::Later(ranks) }
    }

    /// The direction as one word, for programs.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Neither => None,
            Self::Higher => Some("higher"),
            Self::Lower => Some("lower"),
            Self::More => Some("more"),
            Self::Fewer => Some("fewer"),
            Self::Later(_) => Some("later"),
        }
    }
}

/// Whether a value does something: what is switched off breaks nothing and costs nothing.
fn is_on(after: &Value) -> bool {
    !matches!(after, Value::Null | Value::Bool(false))
}

impl Setting {
    /// A key of this type that breaks nothing; `lines` are those of its doc comment.
    pub const fn new<T: Takes>(
        name: &'static str,
        lines: &'static [&'static str],
        otherwise: Otherwise,
    ) -> Self {
        Self {
            name,
            shown_as: None,
            otherwise,
            created: None,
            stricter: T::STRICTER,
            range: None,
            breaks: None,
            costs: false,
            takes_effect: is_on,
            keys: T::KEYS,
            names: T::NAMES,
            lines,
            examples: T::EXAMPLES,
            schema: T::schema,
        }
    }

    /// Gives the lines of its doc comment, where several tables have the key.
    pub const fn says(mut self, lines: &'static [&'static str]) -> Self {
        self.lines = lines;
        self
    }

    /// Says which numbers are taken.
    pub const fn range(mut self, range: RangeInclusive<i64>) -> Self {
        self.range = Some(range);
        self
    }

    /// Says what may stop working.
    pub const fn breaks(mut self, breaks: &'static str) -> Self {
        self.breaks = Some(breaks);
        self
    }

    /// Says that AWS charges more when it changes.
    pub const fn costs(mut self) -> Self {
        self.costs = true;
        self
    }

    /// Says for which new values it breaks something or costs more, where not all do.
    pub const fn only_with(mut self, takes_effect: fn(&Value) -> bool) -> Self {
        self.takes_effect = takes_effect;
        self
    }

    /// Gives the name in differences.
    pub const fn shown_as(mut self, field: &'static str) -> Self {
        self.shown_as = Some(field);
        self
    }

    /// Says what holds for what baseline created when the key is missing.
    pub const fn created(mut self, created: &'static str) -> Self {
        self.created = Some(created);
        self
    }

    /// Gives ways to write it.
    pub const fn examples(mut self, examples: &'static [&'static str]) -> Self {
        self.examples = examples;
        self
    }

    /// Its name in differences.
    pub fn field(&self) -> &'static str {
        self.shown_as.unwrap_or(self.name)
    }

    /// What it means, as Markdown in one line.
    pub fn doc(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// Ways to write it, as TOML: its own, those of its type, or the default, which a floor or a
    /// ceiling also takes exactly.
    pub fn ways(&self) -> Vec<String> {
        if !self.examples.is_empty() {
            return self.examples.iter().map(|&way| way.to_owned()).collect();
        }
        let Otherwise::Is(default) = self.otherwise else {
            return Vec::new();
        };
        let is_bound = matches!(self.stricter, Stricter::Higher | Stricter::Lower);
        let exactly = is_bound.then(|| format!("{{ exactly = {default} }}"));
        std::iter::once(default.to_owned()).chain(exactly).collect()
    }

    /// The numbers that are taken, in words; nothing where all are.
    pub fn takes(&self) -> String {
        match &self.range {
            None => String::new(),
            Some(range) if is_open(range) => format!("{} or more", range.start()),
            Some(range) => format!("{} to {}", range.start(), range.end()),
        }
    }

    /// What may be written for it, with all that is known of it, as JSON Schema.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        if let Some(range) = &self.range {
            schema::limit(&mut schema, range);
        }
        let mut said = json!({ "description": self.doc() });
        if let Otherwise::Is(default) = self.otherwise {
            said["default"] = value::<Value>(default);
        }
        let extensions = [
            ("x-stricter", self.stricter.word()),
            ("x-breaks", self.breaks),
            ("x-created", self.created),
        ];
        for (name, text) in extensions {
            if let Some(text) = text {
                said[name] = text.into();
            }
        }
        if self.costs {
            said["x-costs"] = true.into();
        }
        schema::merged(said, schema)
    }
}

/// A value that a row gives as TOML.
///
/// # Panics
/// When a row gives a default that its own type does not take: the tests read every table empty.
pub fn value<T: DeserializeOwned>(text: &'static str) -> T {
    let read = ValueDeserializer::parse(text).and_then(T::deserialize);
    read.expect("the default of a key is a value of its type")
}

/// A path with one more name; an empty path is that of the table itself.
pub fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// Whether a range has no upper end that matters.
fn is_open(range: &RangeInclusive<i64>) -> bool {
    *range.end() >= i64::from(i32::MAX)
}

/// What is wrong with a number outside of a range.
pub fn misfit(number: i64, range: &RangeInclusive<i64>) -> Option<String> {
    let (least, most) = (range.start(), range.end());
    (!range.contains(&number)).then(|| match is_open(range) {
        true => format!("{number} is too low: expected at least {least}"),
        false => format!("{number} is out of range: expected {least} to {most}"),
    })
}

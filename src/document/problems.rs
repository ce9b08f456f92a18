//! Collects everything that is wrong in a baseline and shows it in place.

mod located;

use super::Table;
use super::secrets::Secret;
use super::words::{
    did_you_mean, expects_another_kind, in_plain_words, language, shortened, syntax_in_plain_words,
};
use crate::error::Error;
use crate::managed::UNMANAGED;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use located::{Located, is_empty_list, locate, remove, value_at, values_in, wrong_items};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The longest line that is shown, in bytes.
const LONGEST_LINE: usize = 1000;

/// The longest list whose items are judged one by one when something in it is wrong.
const LONGEST_LIST: usize = 64;

/// The largest table, in values, in which everything wrong is looked for: of a larger one, which is
/// copied for each mistake, the first is enough.
const LARGEST_TABLE: usize = 5000;

/// How many problems of a file are reported; more would scroll out of sight.
pub const MOST: usize = 50;

/// Everything that is wrong in one file, up to a number.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    /// Where paths given by [`Problems::check`] lead.
    root: Option<Located>,
    example: Option<Example>,
}

/// How the setting at a path below a table is written: its name and the ways.
pub type Example = fn(table: &str, path: &str) -> Option<(&'static str, Vec<String>)>;

#[derive(Debug)]
struct Problem {
    span: Option<Range<usize>>,
    text: String,
    help: Option<String>,
}

impl Problems {
    /// None so far; a value of the wrong kind is answered with an example.
    pub fn with(example: Example) -> Self {
        Self { example: Some(example), ..Self::default() }
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.list.is_empty()
    }

    /// How many there are, in words.
    pub fn count(&self) -> String {
        match self.list.len() {
            1 => "1 problem".to_owned(),
            number if number <= MOST => format!("{number} problems"),
            _ => format!("more than {MOST} problems"),
        }
    }

    /// Whether there are more than will be reported.
    fn enough(&self) -> bool {
        self.list.len() > MOST
    }

    /// Adds a problem at a place in the file.
    pub fn add(&mut self, span: Option<Range<usize>>, text: String, help: Option<String>) {
        let text = shortened(text);
        self.list.push(Problem { span, text, help });
    }

    /// Adds a problem with the setting at a path below the control's table: `alerts.0.at`.
    pub fn setting(&mut self, path: &str, text: impl Into<String>) {
        let span = self.root.as_ref().map(|root| root.find(path).0);
        self.add(span, text.into(), None);
    }

    /// Adds a problem if the name by which something is known is to be left alone.
    pub fn known_by(&mut self, key: &str, what: &str, name: &str) {
        if name == UNMANAGED {
            let text = format!("{what} is known by its name: name it, or leave the key out");
            self.setting(key, text);
        }
    }

    /// Adds a problem with the key at a path below the control's table, which is none of those
    /// that are known.
    pub fn unknown(&mut self, path: &str, text: impl Into<String>, known: &[&str]) {
        let span = self.root.as_ref().map(|root| root.find(path).1);
        let key = path.rsplit('.').next().unwrap_or(path);
        self.add(span, text.into(), did_you_mean(key, known));
    }

    /// Adds a problem with the setting at a path below a table.
    pub fn at(&mut self, table: &Table<'_>, path: &str, text: String) {
        self.add(Some(locate(table).find(path).0), text, None);
    }

    /// Adds a problem with the setting at a path below a table, and what to do about it.
    pub fn add_at(&mut self, table: &Table<'_>, path: &str, text: String, help: Option<String>) {
        self.add(Some(locate(table).find(path).0), text, help);
    }

    /// Adds a key that does not exist.
    pub fn unknown_key(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let help = did_you_mean(key, known);
        self.add(Some(span), format!("no control named '{key}'"), help);
    }

    /// Adds a setting that stands before the first table.
    pub fn outside(&mut self, span: Range<usize>, key: &str) {
        let help = "settings go below the table of their control, such as [guardduty]";
        let text = format!("'{key}' is not in a table");
        self.add(Some(span), text, Some(help.to_owned()));
    }

    /// Adds the syntax errors, the first of each line: the parser's recovery invents the others.
    pub fn syntax(&mut self, text: &str, mut errors: Vec<toml::de::Error>) {
        // The one error without a place is that of a key with too many dots.
        let span = |error: &toml::de::Error| error.span().unwrap_or_else(|| dotted(text));
        let start = |error: &toml::de::Error| span(error).start;
        errors.sort_by_key(start);
        if let Some(error) = errors.first() {
            let line = line_around(text, start(error));
            if let Some((name, help)) = language(text, &text[line.clone()]) {
                let text = format!("this looks like {name}, and a baseline is written in TOML");
                return self.add(Some(line), text, Some(help));
            }
        }
        let mut next_line = 0;
        for error in errors {
            let start = start(&error);
            if start >= next_line && !self.enough() {
                let (span, line) = (span(&error), line_around(text, start));
                let at = text.get(span.clone());
                let message = syntax_in_plain_words(error.message(), at, &text[line.clone()]);
                self.add(Some(span), message, None);
                next_line = line.end + 1;
            }
        }
    }

    /// Adds what looks like a whole number and is not one: the parser leaves that check to its caller.
    pub fn numbers(&mut self, table: &DeTable<'_>) {
        for value in table.values() {
            self.numbers_in(value);
        }
    }

    fn numbers_in(&mut self, value: &Table<'_>) {
        match value.get_ref() {
            DeValue::Integer(number)
                if i64::from_str_radix(number.as_str(), number.radix()).is_err() =>
            {
                let text = "this is not a whole number, or it does not fit into 64 bits".to_owned();
                self.add(Some(value.span()), text, None);
            }
            DeValue::Array(list) => list.iter().for_each(|item| self.numbers_in(item)),
            DeValue::Table(table) => self.numbers(table),
            _ => {}
        }
    }

    /// Runs a check of what was read from a table, whose problems give paths in it. Whether it found
    /// nothing wrong.
    pub fn check(&mut self, table: &Table<'_>, check: impl FnOnce(&mut Self)) -> bool {
        let before = self.list.len();
        self.root = Some(locate(table));
        check(self);
        self.root = None;
        self.list.len() == before
    }

    /// Reads a table of this name; `None` when something is wrong.
    pub fn decode<T: DeserializeOwned>(&mut self, name: &str, table: &Table<'_>) -> Option<T> {
        self.all_of(name, table, |table| T::deserialize(ValueDeserializer::from(table)))
    }

    /// Reads a table as often as something new is wrong in it, taking out what was wrong: so one
    /// run tells everything.
    pub fn all_of<'i, T>(
        &mut self,
        name: &str,
        table: &Table<'i>,
        read: impl Fn(Table<'i>) -> Result<T, toml::de::Error>,
    ) -> Option<T> {
        // Most tables are fine, and a large one is not copied more often than it must.
        let first = match read(table.clone()) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if values_in(table) > LARGEST_TABLE {
            let span = first.span().unwrap_or_else(|| table.span());
            self.decoding(name, &locate(table), table, span, first.message());
            return None;
        }
        let mut table = table.clone();
        let (whole, mut removed) = (locate(&table), Vec::new());
        loop {
            match read(table.clone()) {
                Ok(value) => return removed.is_empty().then_some(value),
                Err(error) => {
                    let span = error.span().unwrap_or_else(|| table.span());
                    let wrong = wrong_items(&table, &span, &read);
                    if !wrong.is_empty() {
                        for (item, message) in wrong {
                            self.decoding(name, &whole, &table, item.clone(), &message);
                            remove(&mut table, &item);
                            removed.push(item);
                        }
                        if value_at(&table, &span).is_some_and(is_empty_list) {
                            remove(&mut table, &span);
                            removed.push(span);
                        }
                        continue;
                    }
                    let left_by_us =
                        error.message().starts_with("missing field") && whole.lost(&span, &removed);
                    if !left_by_us {
                        self.decoding(name, &whole, &table, span.clone(), error.message());
                    }
                    removed.push(span.clone());
                    if self.enough() || !remove(&mut table, &span) {
                        return None;
                    }
                }
            }
        }
    }

    /// Adds a problem for each date in a table that takes none. To serde a date is a table with one
    /// entry, so that a table of names takes it for one.
    pub fn no_dates(&mut self, table: &Table<'_>) {
        match table.get_ref() {
            DeValue::Datetime(_) => {
                let text = "invalid type: a date, expected a value of another kind".to_owned();
                self.add(Some(table.span()), in_plain_words(&text), None);
            }
            DeValue::Table(inner) => inner.values().for_each(|own| self.no_dates(own)),
            DeValue::Array(list) => list.iter().for_each(|own| self.no_dates(own)),
            _ => {}
        }
    }

    fn decoding(
        &mut self,
        name: &str,
        whole: &Located,
        table: &Table<'_>,
        span: Range<usize>,
        message: &str,
    ) {
        // To serde a date is a table with one entry.
        let is_date = value_at(table, &span).is_some_and(|value| value.get_ref().is_datetime());
        let message = match is_date {
            true if message.starts_with("unknown field") => {
                "invalid type: a date, expected a value of another kind".to_owned()
            }
            true => message.replace("invalid type: map", "invalid type: a date"),
            false => message.to_owned(),
        };
        let mut quoted = message.split('`').skip(1).step_by(2);
        let help = match quoted.next() {
            Some(key) if message.starts_with("unknown") => {
                did_you_mean(key, &quoted.collect::<Vec<_>>())
            }
            _ if expects_another_kind(&message) => {
                let path = whole.path_to(&span).unwrap_or_default();
                self.example
                    .and_then(|example| example(name, &path))
                    .map(|(key, ways)| format!("write it as in {key} = {}", ways.join(", or ")))
            }
            _ => None,
        };
        let text = match message.split_once(", expected") {
            Some((head, _)) if help.is_some() && message.starts_with("unknown") => head.to_owned(),
            _ => message.clone(),
        };
        let text = in_plain_words(&text);
        self.add(Some(span), text, help);
    }

    /// Adds the credentials that stand in a file; they are not in the words.
    pub fn secrets(&mut self, found: &[Secret]) {
        let help = "a baseline needs none: take it out, and if anyone else has seen the file, \
                    deactivate the key; credentials come from --profile or the AWS chain";
        for Secret { span, what } in found.iter().take(MOST + 1) {
            let text = format!("this looks like {what}");
            self.add(Some(span.clone()), text, Some(help.to_owned()));
        }
    }

    /// The error that tells all problems of a file.
    pub fn error(&self, path: &Path, text: &str) -> Error {
        Error::failed(format!("{} in {}", self.count(), path.display()))
            .report(self.render(path, text))
    }

    /// All problems, each with its line and a caret, in the order of the file.
    pub fn render(&self, path: &Path, text: &str) -> String {
        let mut list: Vec<&Problem> = self.list.iter().collect();
        list.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        list.truncate(MOST);
        let name = path.display().to_string();
        let shown: Vec<String> = list.iter().map(|problem| problem.render(&name, text)).collect();
        shown.join("\n\n")
    }
}

impl Problem {
    fn render(&self, path: &str, text: &str) -> String {
        let span = self.span.clone().unwrap_or(0..0);
        let start = text.floor_char_boundary(span.start);
        let line = line_around(text, start);
        // A caret below a whole table says less than one below its first line.
        let end = text.floor_char_boundary(span.end.clamp(start, line.end));
        let number = text[..line.start].matches('\n').count() + 1;
        let primary = Level::ERROR.primary_title(self.text.as_str());
        let shown = &text[line.clone()];
        let primary = if shown.len() > LONGEST_LINE {
            let column = text[line.start..start].chars().count() + 1;
            primary.element(Origin::path(path).line(number).char_column(column))
        } else {
            let span = start - line.start..end - line.start;
            let snippet = Snippet::source(shown).path(path).line_start(number);
            primary.element(snippet.annotation(AnnotationKind::Primary.span(span)))
        };
        let mut report = vec![primary];
        if let Some(help) = &self.help {
            report.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
        }
        Renderer::plain().render(&report)
    }
}

/// The first line with so many dots that its key is refused.
fn dotted(text: &str) -> Range<usize> {
    const MOST_PARTS: usize = 80;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.matches('.').count() >= MOST_PARTS {
            break;
        }
        start += line.len();
    }
    start..text.len()
}

/// The line that a place is on, without what ends it.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    let end = text[at..].find('\n').map_or(text.len(), |after| at + after);
    start..end
}

#[cfg(test)]
mod tests;

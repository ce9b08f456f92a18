//! A baseline that is broken, and what must be said of it.

use std::ops::Range;

/// A baseline that is broken, and where.
#[derive(Clone, Debug)]
pub struct Broken {
    pub how: String,
    pub text: Vec<u8>,
    /// The lines, from 1, and the columns of the first of them, from 1, that a caret may be at.
    pub place: Option<(Range<usize>, Range<usize>)>,
    /// What else must be said.
    pub says: String,
}

impl Broken {
    /// Replaces a part of a text.
    pub fn new(how: &str, text: &str, span: &Range<usize>, by: &str) -> Self {
        let changed = format!("{}{by}{}", &text[..span.start], &text[span.end..]);
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let column = text[start..span.start].chars().count() + 1;
        let line = text[..span.start].matches('\n').count() + 1;
        let lines = line..line + by.matches('\n').count() + 1;
        Self {
            how: format!("{how}: {:?} became {by:?}", &text[span.clone()]),
            text: changed.into_bytes(),
            place: Some((lines, column..column + by.chars().count().max(1))),
            says: String::new(),
        }
    }

    /// Something about the whole file.
    pub fn whole(how: &str, text: impl Into<Vec<u8>>) -> Self {
        Self { how: how.to_owned(), text: text.into(), place: None, says: String::new() }
    }

    /// Of a table on one line, any part may be told.
    pub fn anywhere_in_a_table(mut self, text: &str, span: &Range<usize>) -> Self {
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        if let (true, Some((_, columns))) = (text[start..span.start].contains('{'), &mut self.place)
        {
            *columns = 1..usize::MAX;
        }
        self
    }

    pub fn says(mut self, text: impl Into<String>) -> Self {
        self.says = text.into();
        self
    }

    /// Asserts that the place is among those that are told.
    pub fn check(&self, said: &str) {
        let told = places(said);
        let text = String::from_utf8_lossy(&self.text[..self.text.len().min(4000)]);
        let context = || format!("{}\n{text}\nsaid:\n{said}", self.how);
        assert!(!told.is_empty(), "no place: {}", context());
        assert!(said.contains(&self.says), "not {:?}: {}", self.says, context());
        if let Some((lines, columns)) = &self.place {
            let inside = |(line, column): &(usize, usize)| {
                lines.contains(line) && (*line != lines.start || columns.contains(column))
            };
            assert!(told.iter().any(inside), "not at {:?}: {}", self.place, context());
        }
    }
}

/// The lines and columns of `--> baseline.toml:3:6`.
fn places(said: &str) -> Vec<(usize, usize)> {
    let places = said.lines().filter_map(|line| {
        let (_, place) = line.split_once("--> baseline.toml:")?;
        let (line, column) = place.split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    places.collect()
}

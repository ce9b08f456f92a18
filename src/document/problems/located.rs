//! Where the values of a table stand, and a table without some of them.

use super::LONGEST_LIST;
use crate::document::Table;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The spans of a value and of everything in it.
#[derive(Clone, Debug)]
pub struct Located {
    pub span: Range<usize>,
    pub inner: Vec<Inner>,
}

/// A value in a table or list, with its key or number.
#[derive(Clone, Debug)]
pub struct Inner {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Located,
}

impl Located {
    /// Whether what stands at a place has lost one of its own parts.
    pub fn lost(&self, span: &Range<usize>, removed: &[Range<usize>]) -> bool {
        let is_gone = |inner: &Inner| {
            removed.contains(&inner.key_span) || removed.contains(&inner.value.span)
        };
        let here = self.span == *span && self.inner.iter().any(is_gone);
        here || self.inner.iter().any(|inner| inner.value.lost(span, removed))
    }

    /// The path to what stands at a place.
    pub fn path_to(&self, span: &Range<usize>) -> Option<String> {
        self.inner.iter().find_map(|inner| {
            if inner.value.span == *span || inner.key_span == *span {
                return Some(inner.key.clone());
            }
            let below = inner.value.path_to(span)?;
            Some(format!("{}.{below}", inner.key))
        })
    }

    /// The spans of the value and of the key at a path, or at the innermost part of it that is
    /// there.
    pub fn find(&self, path: &str) -> (Range<usize>, Range<usize>) {
        let (mut here, mut key) = (self, &self.span);
        for name in path.split('.') {
            match here.inner.iter().find(|inner| inner.key == name) {
                Some(inner) => (here, key) = (&inner.value, &inner.key_span),
                None => break,
            }
        }
        // What is wrong with a value is wrong with the one inside `{ exactly = … }`.
        if let [exactly] = here.inner.as_slice()
            && exactly.key == "exactly"
        {
            (here, key) = (&exactly.value, &exactly.key_span);
        }
        (here.span.clone(), key.clone())
    }
}

pub fn locate(value: &Table<'_>) -> Located {
    let inner = match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| Inner {
                key: key.get_ref().to_string(),
                key_span: key.span(),
                value: locate(value),
            })
            .collect(),
        DeValue::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, value)| Inner {
                key: at.to_string(),
                key_span: value.span(),
                value: locate(value),
            })
            .collect(),
        _ => Vec::new(),
    };
    Located { span: value.span(), inner }
}

/// The value that stands at a place.
pub fn value_at<'v, 'i>(value: &'v Table<'i>, span: &Range<usize>) -> Option<&'v Table<'i>> {
    if value.span() == *span {
        return Some(value);
    }
    match value.get_ref() {
        DeValue::Table(table) => table.values().find_map(|value| value_at(value, span)),
        DeValue::Array(list) => list.iter().find_map(|value| value_at(value, span)),
        _ => None,
    }
}

/// How many values a value holds, itself included.
pub fn values_in(value: &Table<'_>) -> usize {
    let inner: usize = match value.get_ref() {
        DeValue::Table(table) => table.values().map(values_in).sum(),
        DeValue::Array(list) => list.iter().map(values_in).sum(),
        _ => 0,
    };
    inner + 1
}

pub fn is_empty_list(value: &Table<'_>) -> bool {
    value.get_ref().as_array().is_some_and(|list| list.is_empty())
}

/// The items of the list at a place that are wrong by themselves, and what is wrong with each: of a
/// list the deserializer tells only the first, and only of the list as a whole.
pub fn wrong_items<'i, T>(
    table: &Table<'i>,
    span: &Range<usize>,
    read: impl Fn(Table<'i>) -> Result<T, toml::de::Error>,
) -> Vec<(Range<usize>, String)> {
    let list = value_at(table, span).and_then(|value| value.get_ref().as_array());
    let Some(list) = list.filter(|list| (2..=LONGEST_LIST).contains(&list.len())) else {
        return Vec::new();
    };
    let items: Vec<Range<usize>> = list.iter().map(|item| item.span()).collect();
    let alone = |item: &Range<usize>| {
        let mut table = table.clone();
        for other in items.iter().filter(|other| *other != item) {
            remove(&mut table, other);
        }
        let error = read(table).err()?;
        (error.span().as_ref() == Some(span)).then(|| (item.clone(), error.message().to_owned()))
    };
    items.iter().filter_map(alone).collect()
}

/// Takes out the key or value that stands at a place. Returns whether there was one.
pub fn remove(value: &mut Table<'_>, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => remove_from_table(table, span),
        DeValue::Array(list) => {
            if list.iter().any(|item| item.span() == *span) {
                *list = list.iter().filter(|item| item.span() != *span).cloned().collect();
                return true;
            }
            list.iter_mut().any(|item| remove(item, span))
        }
        _ => false,
    }
}

pub fn remove_from_table(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let found = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    if let Some(key) = found.map(|(key, _)| key.get_ref().to_string()) {
        table.remove(key.as_str());
        return true;
    }
    table.iter_mut().any(|(_, value)| remove(value, span))
}

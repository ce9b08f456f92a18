//! Folds entries that differ only in their own name and region into one.
//!
//! Nothing is lost: what is left of the entries holds [`NAME`] and [`REGION`] where each has its own,
//! and putting these back gives every entry again. What differs in anything else stays apart.

use crate::place::Place;
use crate::plan::Entry;
use serde_json::Value;
use std::collections::HashMap;

/// What stands for the own name of each thing that was folded.
pub const NAME: &str = "NAME";

/// What stands for the own region of each place that was folded.
pub const REGION: &str = "REGION";

/// Entries that say the same of several places.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// What they say; of one place as it is, of several with [`NAME`] and [`REGION`].
    pub entry: Entry,
    /// The places, in the order of the plan.
    pub places: Vec<Place>,
}

/// Folds entries, in the order of the first of each.
pub fn fold<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Folded> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        let at = *known.entry(key(entry)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups.iter().map(|group| folded(group)).collect()
}

fn folded(group: &[&Entry]) -> Folded {
    let places: Vec<Place> = group.iter().map(|entry| entry.place.clone()).collect();
    let mut entry = group[0].clone();
    if group.len() > 1 {
        let in_one_region = places.iter().all(|own| own.region == places[0].region);
        let own = Own {
            name: entry.place.thing.as_deref(),
            region: entry.place.region.as_deref().filter(|_| !in_one_region),
        };
        entry = own.taken_out_of(&entry);
        let sizes = group.iter().map(|entry| sizes(entry));
        let most = sizes.reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect());
        set_sizes(&mut entry, &most.unwrap_or_default());
    }
    Folded { entry, places }
}

/// What is the same for all entries that fold into one.
fn key(entry: &Entry) -> String {
    let own = Own::of(&entry.place);
    let mut common = own.taken_out_of(entry);
    common.place = Place {
        region: entry.place.region.as_ref().map(|_| REGION.to_owned()),
        thing: entry.place.thing.as_ref().map(|_| NAME.to_owned()),
    };
    if let Some(error) = &mut common.unseen {
        error.request_id = None;
        error.message = without_ids(&error.message);
    }
    // The length of a policy follows from that of the names in it.
    set_sizes(&mut common, &[]);
    let mut key = serde_json::to_string(&common).expect("entries are plain data");
    // Who reads it could not tell such a word from what was folded.
    if is_template(&serde_json::to_string(entry).expect("entries are plain data")) {
        key += &entry.address().to_string();
    }
    key
}

/// Whether a string holds [`NAME`] or [`REGION`].
pub(super) fn is_template(text: &str) -> bool {
    has_word(text, NAME) || has_word(text, REGION)
}

/// An error's message without what differs from request to request: ids, and AWS's encoded
/// messages.
fn without_ids(message: &str) -> String {
    let is_id = |word: &&str| word.len() > 100 || (word.len() >= 32 && is_hexadecimal(word));
    let words = message.split_whitespace().filter(|word| !is_id(word));
    words.collect::<Vec<_>>().join(" ")
}

fn is_hexadecimal(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// What a place has of its own.
struct Own<'a> {
    name: Option<&'a str>,
    region: Option<&'a str>,
}

impl<'a> Own<'a> {
    fn of(place: &'a Place) -> Self {
        Self { name: place.thing.as_deref(), region: place.region.as_deref() }
    }

    /// The entry with [`NAME`] and [`REGION`] for what is its own.
    fn taken_out_of(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        map_texts(&mut entry, &|text| {
            let text = match self.name {
                Some(name) => replace(text, name, NAME, is_in_name),
                None => text.to_owned(),
            };
            match self.region {
                Some(region) => replace(&text, region, REGION, |c, _| c.is_ascii_alphanumeric()),
                None => text,
            }
        });
        entry
    }
}

/// Whether a character beside a name makes it a part of a longer one. A full stop may end a
/// sentence.
fn is_in_name(c: char, next: Option<char>) -> bool {
    c.is_alphanumeric()
        || matches!(c, '-' | '_')
        || (c == '.' && next.is_some_and(char::is_alphanumeric))
}

/// Replaces a string where it is not part of a longer one. `is_part` is asked about the character
/// beside it, and is given the one after that.
fn replace(
    text: &str,
    own: &str,
    by: &str,
    is_part: impl Fn(char, Option<char>) -> bool,
) -> String {
    if own.is_empty() {
        return text.to_owned();
    }
    let mut replaced = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices(own) {
        let mut before = text[..at].chars().rev();
        let mut after = text[at + own.len()..].chars();
        let is_longer = before.next().is_some_and(|c| is_part(c, before.next()))
            || after.next().is_some_and(|c| is_part(c, after.next()));
        if !is_longer {
            replaced += &text[done..at];
            replaced += by;
            done = at + own.len();
        }
    }
    replaced + &text[done..]
}

fn has_word(text: &str, word: &str) -> bool {
    replace(text, word, "", |c, _| c.is_ascii_alphanumeric()) != text
}

/// Changes every string of an entry that may name its place; not its place, and not what the baseline
/// or AWS's parameters name.
fn map_texts(entry: &mut Entry, change: &impl Fn(&str) -> String) {
    let here = |text: &mut String| *text = change(text);
    entry.reason.iter_mut().for_each(here);
    for difference in &mut entry.differences {
        map_value(&mut difference.before, change);
        map_value(&mut difference.after, change);
    }
    for call in &mut entry.calls {
        here(&mut call.region);
        map_value(&mut call.input, change);
        if let Some(shown) = &mut call.shown {
            map_value(shown, change);
        }
    }
    for address in entry.with.iter_mut().chain(&mut entry.after) {
        *address = address.map(change);
    }
    for finding in &mut entry.findings {
        here(&mut finding.what);
        here(&mut finding.remedy);
    }
    entry.notes.iter_mut().for_each(here);
    let remarks = entry.remarks.iter_mut();
    remarks.for_each(|remark| here(&mut remark.text));
    if let Some(error) = &mut entry.unseen {
        here(&mut error.region);
        here(&mut error.message);
        error.resource.iter_mut().for_each(here);
    }
}

fn map_value(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(list) => list.iter_mut().for_each(|own| map_value(own, change)),
        Value::Object(table) => table.values_mut().for_each(|own| map_value(own, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The sizes of policies that the calls of an entry show.
fn sizes(entry: &Entry) -> Vec<u64> {
    let shown = entry.calls.iter().filter_map(|call| call.shown.as_ref());
    let sizes = shown.filter_map(|shown| shown.get("Policy")?.get("bytes")?.as_u64());
    sizes.collect()
}

/// Shows the largest size of a policy, for several places; or none.
fn set_sizes(entry: &mut Entry, most: &[u64]) {
    let shown = entry.calls.iter_mut().filter_map(|call| call.shown.as_mut());
    let sizes = shown.filter_map(|shown| shown.get_mut("Policy")?.get_mut("bytes"));
    for (at, size) in sizes.enumerate() {
        *size = most.get(at).copied().map_or(Value::Null, Value::from);
    }
}

#[cfg(test)]
mod tests;

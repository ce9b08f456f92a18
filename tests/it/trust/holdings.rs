//! All that an account holds, as the emulator remembers it and not as the tool sees it: a list, so
//! that what was made twice is seen twice.

use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A place in the account's state, and a value there.
type Leaf = (String, String);

/// Each value as often as it is held, without what differs from account to account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holdings(BTreeMap<Leaf, usize>);

impl Holdings {
    pub fn of(account: &Account) -> Self {
        let answer = emulator().admin("holdings", json!({"account": account.id}));
        let mut found = BTreeMap::new();
        for leaf in answer["holdings"].as_array().expect("a list") {
            let place = leaf[0].as_str().expect("a path").to_owned();
            *found.entry((place, without_digest(&leaf[1]))).or_insert(0) += 1;
        }
        Self(found)
    }

    /// Asserts that two accounts are the same, and tells what is not.
    #[track_caller]
    pub fn assert_same(&self, wanted: &Self) {
        let (more, less) = (self.without(wanted), wanted.without(self));
        assert!(more.is_empty() && less.is_empty(), "too much: {more:#?}\nmissing: {less:#?}");
    }

    /// Asserts that on the way from one state to another nothing was given up: what both have is
    /// there throughout, and a value that one of them has in a place of the first is there, no third
    /// one.
    #[track_caller]
    pub fn assert_is_between(&self, before: &Self, after: &Self) {
        let is_missing =
            |leaf: &&Leaf| self.count(leaf) < before.count(leaf).min(after.count(leaf));
        let missing: Vec<&Leaf> = before.0.keys().filter(is_missing).collect();
        assert!(missing.is_empty(), "before and after, but not in between: {missing:#?}");
        let places: BTreeSet<&String> = before.0.keys().map(|(place, _)| place).collect();
        let known = |leaf: &Leaf| before.count(leaf) + after.count(leaf) > 0;
        let others = self.0.keys().filter(|leaf| places.contains(&leaf.0) && !known(leaf));
        let others: Vec<&Leaf> = others.collect();
        assert!(others.is_empty(), "neither before nor after: {others:#?}");
    }

    /// What is held here and not there, or more often.
    pub fn without(&self, other: &Self) -> Vec<&Leaf> {
        let more = self.0.iter().filter(|(leaf, count)| **count > other.count(leaf));
        more.map(|(leaf, _)| leaf).collect()
    }

    fn count(&self, leaf: &Leaf) -> usize {
        self.0.get(leaf).copied().unwrap_or(0)
    }
}

/// A value as text. The names of our statements end with digests of their content, which holds the
/// account's number.
fn without_digest(value: &Value) -> String {
    let text = value.to_string();
    match text.strip_prefix("\"Baseline") {
        Some(_) => {
            let name = text.trim_matches('"');
            let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            format!("\"{}\"", name.trim_end_matches(is_digit))
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::Holdings;

    fn held(leaves: &[(&str, &str)]) -> Holdings {
        let mut found = Holdings::default();
        for (place, value) in leaves {
            *found.0.entry(((*place).to_owned(), (*value).to_owned())).or_insert(0) += 1;
        }
        found
    }

    #[test]
    fn a_value_on_its_way_from_one_to_the_other_is_fine_and_so_is_what_is_new() {
        let (before, after) =
            (held(&[("length", "8")]), held(&[("length", "14"), ("trail", "on")]));
        before.assert_is_between(&before, &after);
        held(&[("length", "14")]).assert_is_between(&before, &after);
        held(&[("length", "8"), ("trail", "off")]).assert_is_between(&before, &after);
    }

    #[test]
    #[should_panic(expected = "not in between")]
    fn what_is_gone_for_a_moment_is_noticed() {
        let kept = held(&[("trail", "on")]);
        held(&[]).assert_is_between(&kept, &kept);
    }

    #[test]
    #[should_panic(expected = "neither before nor after")]
    fn what_is_weaker_for_a_moment_is_noticed() {
        let (before, after) = (held(&[("length", "8")]), held(&[("length", "14")]));
        held(&[("length", "6")]).assert_is_between(&before, &after);
    }

    #[test]
    #[should_panic(expected = "too much")]
    fn what_was_made_twice_is_noticed() {
        let trail = ("trails[]", "baseline");
        held(&[trail, trail]).assert_same(&held(&[trail]));
    }
}

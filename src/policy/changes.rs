//! What tells two policies apart, by statement.

use super::document::{Policy, Statement};
use crate::diff::{self, Difference};
use serde::Serialize;
use serde_json::Value;

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It stayed as it was: its Sid or number.
    Kept(String),
    /// It is new.
    Added(Value),
    /// It says something else: its Sid, and the keys within that differ.
    Changed(String, Vec<Difference>),
    /// It went: its Sid or number.
    Removed(String),
}

/// What became of each statement: first those that are there now, in their order, then those that
/// went.
pub fn changes(before: Option<&Policy>, after: &Policy) -> Vec<Change> {
    let old: Vec<&Statement> = before
        .map(Policy::statements)
        .unwrap_or_default()
        .iter()
        .collect();
    let mut left: Vec<bool> = vec![true; old.len()];
    let mut take = |same: &dyn Fn(&Statement) -> bool| {
        let at = (0..old.len()).find(|at| left[*at] && same(old[*at]))?;
        left[at] = false;
        Some(at)
    };
    let mut found: Vec<Option<Change>> = Vec::new();
    for (index, own) in after.statements().iter().enumerate() {
        let kept = take(&|other| other.text() == own.text());
        found.push(kept.map(|_| Change::Kept(after.name_of(index))));
    }
    for (change, own) in found.iter_mut().zip(after.statements()) {
        let (None, Some(sid)) = (&change, own.sid()) else {
            continue;
        };
        if let Some(at) = take(&|other| other.sid() == Some(sid)) {
            let keys = diff::compare(&old[at].shown(), &own.shown());
            *change = Some(Change::Changed(sid.to_owned(), keys));
        }
    }
    let added = found.into_iter().zip(after.statements());
    let mut changes: Vec<Change> = added
        .map(|(change, own)| change.unwrap_or_else(|| Change::Added(own.shown())))
        .collect();
    let names = before.map(|policy| (0..old.len()).map(|index| policy.name_of(index)));
    let gone = names
        .into_iter()
        .flatten()
        .zip(left)
        .filter(|(_, left)| *left);
    changes.extend(gone.map(|(name, _)| Change::Removed(name)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn statements_are_kept_added_changed_and_removed() {
        let parse = |text: &str| Policy::parse(text).expect("the test's policy is valid");
        let before =
            parse(r#"{"Statement":[{"n":1},{"Sid":"A","n":1,"m":1},{"Sid":"B"},{"n":2}]}"#);
        let after = parse(r#"{"Statement":[{"n":2},{"Sid":"A","n":3,"m":1},{"n":1},{"Sid":"C"}]}"#);
        let wanted = [
            Change::Kept("#1".to_owned()),
            Change::Changed(
                "A".to_owned(),
                vec![Difference::new("n", json!(1), json!(3))],
            ),
            Change::Kept("#3".to_owned()),
            Change::Added(json!({"Sid": "C"})),
            Change::Removed("B".to_owned()),
        ];
        assert_eq!(changes(Some(&before), &after), wanted);
        assert_eq!(changes(None, &parse(r#"{"Statement":[]}"#)), []);
    }

    #[test]
    fn the_order_of_principals_is_no_change_of_a_key() {
        let parse = |text: &str| Policy::parse(text).expect("the test's policy is valid");
        let before = parse(r#"{"Statement":{"Sid":"A","Principal":{"AWS":["b","a"]},"n":1}}"#);
        let after = parse(r#"{"Statement":{"Sid":"A","Principal":{"AWS":["a","b"]},"n":2}}"#);
        let keys = vec![Difference::new("n", json!(1), json!(2))];
        let wanted = [Change::Changed("A".to_owned(), keys)];
        assert_eq!(changes(Some(&before), &after), wanted);
    }
}

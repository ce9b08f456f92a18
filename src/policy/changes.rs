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
    /// It went: its Sid or number, and what it said.
    Removed(String, Value),
}

/// What became of each statement: first those that are there now, in their order, then those that
/// went.
pub fn changes(before: Option<&Policy>, after: &Policy) -> Vec<Change> {
    let old: Vec<&Statement> = before.map(Policy::statements).unwrap_or_default().iter().collect();
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
    // A statement without a Sid is known by all that it says of whomever.
    for (index, own) in after.statements().iter().enumerate() {
        if found[index].is_some() || own.sid().is_some() {
            continue;
        }
        let now = own.shown();
        let same = |other: &Statement| {
            other.sid().is_none() && of_whomever(&other.shown()) == of_whomever(&now)
        };
        if let Some(at) = take(&same) {
            let keys = diff::compare(&old[at].shown(), &now);
            found[index] = Some(Change::Changed(after.name_of(index), keys));
        }
    }
    let added = found.into_iter().zip(after.statements());
    let mut changes: Vec<Change> =
        added.map(|(change, own)| change.unwrap_or_else(|| Change::Added(own.shown()))).collect();
    let names = before.map(|policy| (0..old.len()).map(|index| policy.name_of(index)));
    let gone =
        names.into_iter().flatten().zip(left.into_iter().zip(old)).filter(|(_, (left, _))| *left);
    changes.extend(gone.map(|(name, (_, own))| Change::Removed(name, own.shown())));
    changes
}

/// A statement without the principals.
fn of_whomever(statement: &Value) -> Value {
    let mut statement = statement.clone();
    if let Some(keys) = statement.as_object_mut() {
        keys.shift_remove("Principal");
        keys.shift_remove("NotPrincipal");
    }
    statement
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
            Change::Changed("A".to_owned(), vec![Difference::new("n", json!(1), json!(3))]),
            Change::Kept("#3".to_owned()),
            Change::Added(json!({"Sid": "C"})),
            Change::Removed("B".to_owned(), json!({"Sid": "B"})),
        ];
        assert_eq!(changes(Some(&before), &after), wanted);
        assert_eq!(changes(None, &parse(r#"{"Statement":[]}"#)), []);
    }

    #[test]
    fn a_statement_without_a_sid_is_known_without_its_principals() {
        let parse = |text: &str| Policy::parse(text).expect("the test's policy is valid");
        let before = parse(r#"{"Statement":[{"Principal":{"AWS":["a","b"]},"n":1},{"n":2}]}"#);
        let after = parse(r#"{"Statement":[{"Principal":{"AWS":["b"]},"n":1}]}"#);
        let keys = diff::compare(&json!({"AWS": ["a", "b"]}), &json!({"AWS": ["b"]}));
        let keys = keys
            .into_iter()
            .map(|key| Difference { field: format!("Principal.{}", key.field), ..key });
        let wanted = [
            Change::Changed("#1".to_owned(), keys.collect()),
            Change::Removed("#2".to_owned(), json!({"n": 2})),
        ];
        assert_eq!(changes(Some(&before), &after), wanted);
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

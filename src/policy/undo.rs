//! A policy without what a run put in, statement by statement.

use super::meaning::canonical_statement;
use super::{Policy, Statement, sid_of};
use crate::control::Past;
use serde_json::Value;

/// What a policy becomes when a run is undone.
#[derive(Debug)]
pub struct Undone {
    /// The policy; nothing if no statement is left.
    pub policy: Option<Policy>,
    /// Whether it is another than now.
    pub differs: bool,
    /// The Sids of statements that the run put in and that others have changed since: they are
    /// left as they are.
    pub moved: Vec<String>,
}

impl Policy {
    /// What the policy becomes without the statements that a run put in, and with those that it
    /// replaced or took out. All others stay as they are. S3 answers principals in another order
    /// each time, so statements are compared by what they say.
    pub fn undo(past: &Past<Option<Self>>) -> Undone {
        let none = Self::empty();
        let [before, after] =
            [&past.before, &past.after].map(|policy| policy.as_ref().unwrap_or(&none));
        let mut undone = Undone {
            policy: past
                .live
                .clone()
                .or_else(|| past.before.as_ref().map(Self::bare)),
            differs: false,
            moved: Vec::new(),
        };
        let Some(policy) = &mut undone.policy else {
            return undone;
        };
        for added in after.statements.iter().filter(|own| !before.has(own)) {
            let replaced = before.same_sid(added);
            if let Some(at) = policy.statements.iter().position(|own| own.is(added)) {
                policy.statements.splice(at..=at, replaced.cloned());
                undone.differs = true;
            } else if policy.same_sid(added).is_some()
                && !replaced.is_some_and(|own| policy.has(own))
            {
                undone.moved.extend(sid_of(&added.value).map(str::to_owned));
            }
        }
        for taken in before.statements.iter().filter(|own| !after.has(own)) {
            if after.same_sid(taken).is_some() || policy.has(taken) {
                continue; // It was replaced, or is there again.
            }
            if policy.same_sid(taken).is_some() {
                undone.moved.extend(sid_of(&taken.value).map(str::to_owned));
            } else {
                policy.statements.push(taken.clone());
                undone.differs = true;
            }
        }
        if undone.differs {
            policy.single = before.single && policy.statements.len() == 1;
        }
        undone.policy = undone.policy.filter(|policy| !policy.statements.is_empty());
        undone
    }

    /// The policy without its statements.
    fn bare(&self) -> Self {
        Self {
            statements: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether all that another one says is said, and nothing more is allowed.
    pub fn is_no_looser_than(&self, other: &Self) -> bool {
        let allows = |own: &Statement| own.value["Effect"] != "Deny";
        let mut more = self.statements.iter().filter(|own| !other.has(own));
        other.statements.iter().all(|own| self.has(own)) && !more.any(allows)
    }

    /// The names of the statements: their Sids, or their numbers.
    pub fn names(&self) -> Vec<String> {
        let names = self.statements().enumerate();
        let name = |(at, statement): (usize, &Value)| {
            sid_of(statement).map_or_else(|| format!("#{}", at + 1), str::to_owned)
        };
        names.map(name).collect()
    }

    fn has(&self, wanted: &Statement) -> bool {
        self.statements.iter().any(|own| own.is(wanted))
    }

    /// The statement with the Sid of another one.
    fn same_sid(&self, other: &Statement) -> Option<&Statement> {
        let sid = sid_of(&other.value)?;
        let mut statements = self.statements.iter();
        statements.find(|own| sid_of(&own.value) == Some(sid))
    }
}

impl Statement {
    /// Whether it says the same under the same Sid.
    fn is(&self, other: &Self) -> bool {
        sid_of(&self.value) == sid_of(&other.value)
            && canonical_statement(&self.value) == canonical_statement(&other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(statements: Value) -> Option<Policy> {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        Some(Policy::parse(&text).expect("the test's policy is valid"))
    }

    fn undo(
        before: Option<Policy>,
        after: Option<Policy>,
        live: Option<Policy>,
    ) -> (Value, Vec<String>) {
        let undone = Policy::undo(&Past {
            before,
            after,
            live,
        });
        let statements = undone
            .policy
            .map(|policy| json!(policy)["Statement"].clone());
        (json!(statements), undone.moved)
    }

    fn allow(sid: &str, principals: &[&str]) -> Value {
        json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals}})
    }

    #[test]
    fn what_the_run_put_in_goes_and_what_it_replaced_comes_back() {
        let before = policy(json!([allow("A", &["a"]), allow("B", &["old"])]));
        let after = policy(json!([
            allow("A", &["a"]),
            allow("B", &["b"]),
            allow("C", &["c"])
        ]));
        let (undone, moved) = undo(before.clone(), after.clone(), after);
        assert_eq!(undone, json!(before)["Statement"]);
        assert!(moved.is_empty());
    }

    #[test]
    fn without_a_statement_there_is_no_policy() {
        let ours = || policy(json!([allow("C", &["c"])]));
        assert_eq!(undo(None, ours(), ours()).0, json!(null));
    }

    #[test]
    fn the_order_of_principals_keeps_nothing_from_being_undone() {
        let theirs = allow("A", &["a", "b"]);
        let after = policy(json!([theirs, allow("C", &["c", "d"])]));
        let live = policy(json!([allow("A", &["b", "a"]), allow("C", &["d", "c"])]));
        let (undone, moved) = undo(policy(json!([theirs])), after, live);
        assert_eq!(undone, json!([theirs]));
        assert!(moved.is_empty());
    }

    #[test]
    fn what_others_added_changed_or_took_out_since_stays_so() {
        let before = policy(json!([allow("A", &["a"]), allow("B", &["b"])]));
        let ours = [allow("C", &["c"]), allow("D", &["d"]), allow("E", &["e"])];
        let after = policy(json!([
            allow("A", &["a"]),
            allow("B", &["b"]),
            ours[0],
            ours[1],
            ours[2]
        ]));
        let changed = allow("D", &["other"]);
        let live = policy(json!([
            allow("B", &["new"]),
            ours[0],
            changed,
            allow("F", &["f"])
        ]));
        let (undone, moved) = undo(before, after, live);
        assert_eq!(
            undone,
            json!([allow("B", &["new"]), changed, allow("F", &["f"])])
        );
        assert_eq!(moved, ["D"]);
    }

    #[test]
    fn what_the_run_took_out_comes_back_with_all_around_it() {
        let parse = |text: &str| Some(Policy::parse(text).expect("valid"));
        let before = || parse(r#"{"Id":"x","Statement":[{"Sid":"A"},{"Sid":"B"}]}"#);
        let undone = Policy::undo(&Past {
            before: before(),
            after: None,
            live: None,
        });
        assert_eq!(json!(undone.policy), json!(before()));
        let (undone, moved) = undo(
            before(),
            parse(r#"{"Statement":[{"Sid":"A"}]}"#),
            parse(r#"{"Statement":[{"Sid":"A"},{"Sid":"B","Effect":"Deny"}]}"#),
        );
        assert_eq!(undone[1]["Effect"], "Deny");
        assert_eq!(moved, ["B"]);
    }

    #[test]
    fn a_single_statement_is_single_again() {
        let single = || Some(Policy::parse(r#"{"Statement":{"Sid":"A"}}"#).expect("valid"));
        let mut after = single();
        if let Some(after) = &mut after {
            after.put(&allow("C", &["c"]));
        }
        let undone = undo(single(), after.clone(), after).0;
        assert_eq!(undone, json!({"Sid": "A"}));
    }
}

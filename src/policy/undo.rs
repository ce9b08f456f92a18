//! A policy without what a run put in, statement by statement.

use super::equivalence::Said;
use super::meaning::Dialect;
use super::{Policy, Statement};
use crate::merge::Past;

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
    pub fn undo(past: &Past<Option<Self>>, dialect: Dialect<'_>) -> Undone {
        let none = Self::empty();
        let [before, after] =
            [&past.before, &past.after].map(|policy| policy.as_ref().unwrap_or(&none));
        let mut policy = match (&past.live, &past.before) {
            (Some(live), _) => live.clone(),
            (None, Some(before)) => before.bare(),
            (None, None) => none.clone(),
        };
        let mut moved = Vec::new();
        let mut differs = false;
        let added = after.statements().iter();
        for added in added.filter(|own| before.find((after, own), dialect).is_none()) {
            let replaced = added.sid().and_then(|sid| before.with_sid(sid));
            match policy.find((after, added), dialect) {
                Some(at) => {
                    match replaced {
                        Some(replaced) => policy.replace(at, replaced.clone()),
                        None => policy.cut(at),
                    }
                    differs = true;
                }
                None => {
                    let sid = added.sid().filter(|sid| policy.with_sid(sid).is_some());
                    let is_back =
                        replaced.is_some_and(|own| policy.find((before, own), dialect).is_some());
                    moved.extend(sid.filter(|_| !is_back).map(str::to_owned));
                }
            }
        }
        let taken = before.statements().iter();
        for taken in taken.filter(|own| after.find((before, own), dialect).is_none()) {
            let has_sid = |policy: &Self| taken.sid().filter(|sid| policy.with_sid(sid).is_some());
            if has_sid(after).is_some() || policy.find((before, taken), dialect).is_some() {
                continue; // It was replaced, or is there again.
            }
            match has_sid(&policy).map(str::to_owned) {
                Some(sid) => moved.push(sid),
                None => {
                    policy.put(taken.clone());
                    differs = true;
                }
            }
        }
        if differs && before.is_single() && policy.statements().len() == 1 {
            policy.make_single();
        }
        Undone { policy: Some(policy).filter(|policy| !policy.is_empty()), differs, moved }
    }

    /// The policy without its statements.
    fn bare(&self) -> Self {
        let mut policy = self.clone();
        while !policy.is_empty() {
            policy.cut(0);
        }
        policy
    }

    /// Where the statement is that says the same, under the same Sid, as one of a policy.
    fn find(&self, (policy, wanted): (&Self, &Statement), dialect: Dialect<'_>) -> Option<usize> {
        let said = Said::by(wanted, policy.has_variables(), dialect);
        let is_it = |own: &Statement| {
            own.sid() == wanted.sid() && Said::by(own, self.has_variables(), dialect) == said
        };
        self.statements().iter().position(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn policy(statements: Value) -> Option<Policy> {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        Some(Policy::parse(&text).expect("the test's policy is valid"))
    }

    fn undo(
        before: Option<Policy>,
        after: Option<Policy>,
        live: Option<Policy>,
    ) -> (Value, Vec<String>) {
        let past = Past { before, after, live };
        let undone = Policy::undo(&past, Dialect::resource("aws"));
        let statements = undone.policy.map(|policy| json!(policy)["Statement"].clone());
        (json!(statements), undone.moved)
    }

    fn allow(sid: &str, principals: &[&str]) -> Value {
        json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"})
    }

    #[test]
    fn what_the_run_put_in_goes_and_what_it_replaced_comes_back() {
        let before = policy(json!([allow("A", &["a"]), allow("B", &["old"])]));
        let after = policy(json!([allow("A", &["a"]), allow("B", &["b"]), allow("C", &["c"])]));
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
        let after =
            policy(json!([allow("A", &["a"]), allow("B", &["b"]), ours[0], ours[1], ours[2]]));
        let changed = allow("D", &["other"]);
        let live = policy(json!([allow("B", &["new"]), ours[0], changed, allow("F", &["f"])]));
        let (undone, moved) = undo(before, after, live);
        assert_eq!(undone, json!([allow("B", &["new"]), changed, allow("F", &["f"])]));
        assert_eq!(moved, ["D"]);
    }

    #[test]
    fn what_the_run_took_out_comes_back_with_all_around_it() {
        let parse = |text: &str| Some(Policy::parse(text).expect("valid"));
        let before = || parse(r#"{"Id":"x","Statement":[{"Sid":"A"},{"Sid":"B"}]}"#);
        let past = Past { before: before(), after: None, live: None };
        let undone = Policy::undo(&past, Dialect::resource("aws"));
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

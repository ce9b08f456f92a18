//! The policy of a bucket: the write that replaces it whole, and why S3 would refuse it.

use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use crate::policy::{Change, Deleted, LARGEST, Policy, Statement, changes};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::any::Any;

/// One thing that is done to a policy.
#[derive(Clone, Debug)]
enum Edit {
    /// A statement of ours is put in, in the place of the one with its Sid.
    Put(Statement),
    /// A statement of ours is taken out, by its Sid.
    Remove(String),
    /// Deleted users and roles are taken out of the statements of whomever.
    PruneDeletedPrincipals,
}

impl Edit {
    /// What leads from one policy to another, if it is only about statements of ours and deleted users
    /// and roles; else nothing.
    fn between(before: &Policy, after: &Policy) -> Vec<Self> {
        let mut edits = Vec::new();
        if before.deleted_principals() != after.deleted_principals() {
            edits.push(Self::PruneDeletedPrincipals);
        }
        let ours = |policy: &'_ Policy| -> Vec<Statement> {
            policy.statements().iter().filter(|own| own.is_own()).cloned().collect()
        };
        let gone = ours(before).into_iter().filter_map(|own| own.sid().map(str::to_owned));
        let gone = gone.filter(|sid| after.with_sid(sid).is_none());
        edits.extend(gone.map(Self::Remove));
        let is_there = |own: &Statement| ours(before).iter().any(|old| old.text() == own.text());
        let new = ours(after).into_iter().filter(|own| !is_there(own));
        edits.extend(new.map(Self::Put));
        let mut edited = before.clone();
        edits.iter().for_each(|edit| edit.apply(&mut edited));
        let texts = |policy: &Policy| -> Vec<String> {
            policy.statements().iter().map(|own| own.text().to_owned()).collect()
        };
        if texts(&edited) == texts(after) { edits } else { Vec::new() }
    }

    fn apply(&self, policy: &mut Policy) {
        match self {
            Self::Put(statement) => policy.put(statement.clone()),
            Self::Remove(sid) => {
                policy.remove(sid);
            }
            Self::PruneDeletedPrincipals => policy.prune_deleted_principals(),
        }
    }
}

/// Replaces a bucket's policy by the same with some statements put in, or taken out again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketPolicy {
    #[serde(flatten)]
    target: Target,
    policy: Policy,
    #[serde(skip)]
    before: Option<Policy>,
    #[serde(skip)]
    edits: Vec<Edit>,
}

impl PutBucketPolicy {
    /// Puts a policy in the place of the one that a bucket has, if it has one.
    pub fn between(target: Target, before: Option<&Policy>, policy: Policy) -> Self {
        let edits = Edit::between(before.unwrap_or(&Policy::empty()), &policy);
        Self { target, policy, before: before.cloned(), edits }
    }
}

impl Write for PutBucketPolicy {
    const OPERATION: Operation =
        Operation::new("s3", "PutBucketPolicy", &[Grant::on("s3:PutBucketPolicy", BUCKET)]);
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .s3(&self.target.region)
            .put_bucket_policy()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .policy(self.policy.compact());
        sent(self, request.send().await)
    }

    /// What becomes of each statement; of those that stay, only the names.
    fn shown(&self) -> Option<Value> {
        let mut statements = Map::new();
        let mut add = |what: &str, value: Value| {
            let list = statements.entry(what).or_insert_with(|| json!([]));
            list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
        };
        for change in changes(self.before.as_ref(), &self.policy) {
            match change {
                Change::Kept(name) => add("kept", json!(name)),
                Change::Added(statement) => add("added", statement),
                Change::Changed(name, keys) => {
                    let keys = keys.into_iter();
                    let keys = keys.map(|own| (own.field, json!([own.before, own.after])));
                    let keys: Map<String, Value> = keys.collect();
                    add("changed", json!({"Sid": name, "from_to": keys}));
                }
                Change::Removed(_, statement) => add("removed", statement),
            }
        }
        Some(json!({
            "Bucket": self.target.bucket,
            "ExpectedBucketOwner": self.target.expected_bucket_owner,
            "Policy": {"Statement": statements, "bytes": self.policy.compact().len()},
        }))
    }

    fn merge(&mut self, later: &dyn Any) -> bool {
        let Some(later) =
            later.downcast_ref::<Self>().filter(|l| l.target.bucket == self.target.bucket)
        else {
            return false;
        };
        // What is more than edits of ours says all of it: only the same can be done in one call.
        if self.edits.is_empty() || later.edits.is_empty() {
            return self.policy.compact() == later.policy.compact();
        }
        for edit in &later.edits {
            edit.apply(&mut self.policy);
            self.edits.push(edit.clone());
        }
        true
    }
}

/// Why S3 would refuse to store a policy: what is wrong, and what to do.
pub fn refusal(policy: &Policy) -> Option<(String, String)> {
    let size = policy.compact().len();
    if size > LARGEST {
        let what = format!("its policy would have {size} bytes; S3 takes {LARGEST}");
        return Some((what, "shorten the policy by hand".to_owned()));
    }
    let Deleted { statement, id } = policy.deleted_principals().into_iter().next()?;
    let what = format!(
        "statement {statement} of its policy names {id}, a deleted user or role; S3 refuses to \
         store that again"
    );
    let remedy = not_to_be_pruned(policy, &statement).unwrap_or_else(|| {
        "set prune_deleted_principals = true for this bucket in [[buckets]], or take it out of the \
         policy by hand"
            .to_owned()
    });
    Some((what, remedy))
}

/// What to do about a deleted user or role that `prune_deleted_principals` leaves where it is: the
/// only one whom a statement spares. `None` for a statement without such.
pub fn not_to_be_pruned(policy: &Policy, statement: &str) -> Option<String> {
    let mut pruned = policy.clone();
    pruned.prune_deleted_principals();
    let left = pruned.deleted_principals();
    left.iter().any(|own| own.statement == statement).then(|| {
        format!(
            "nobody else is spared by statement {statement}, which without it would be for everybody, \
             so that it is not pruned: write into its NotPrincipal who is spared now, or remove the \
             statement by hand"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            bucket: "acme".to_owned(),
            expected_bucket_owner: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        }
    }

    fn policy(text: &str) -> Policy {
        Policy::parse(text).expect("the test's policy is valid")
    }

    #[test]
    fn people_are_shown_what_becomes_of_each_statement_and_machines_the_whole_policy() {
        let before = policy(
            r#"{"Statement":[{"Sid":"Theirs","n":1},{"Sid":"BaselineA","n":1,"m":1},{"Sid":"BaselineB"}]}"#,
        );
        let mut after = before.clone();
        after.put(&json!({"Sid": "BaselineA", "n": 2, "m": 1}));
        after.remove("BaselineB");
        after.put(&json!({"Sid": "BaselineC"}));
        let write = PutBucketPolicy::between(target(), Some(&before), after);
        let call = crate::aws::AnyWrite::call(&write);
        let shown = call.shown.expect("less than the input")["Policy"]["Statement"].clone();
        let wanted = json!({
            "kept": ["Theirs"],
            "changed": [{"Sid": "BaselineA", "from_to": {"n": [1, 2]}}],
            "added": [{"Sid": "BaselineC"}],
            "removed": [{"Sid": "BaselineB"}],
        });
        assert_eq!(shown, wanted);
        let whole = &call.input["Policy"]["Statement"];
        assert_eq!(whole.as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn a_later_write_to_the_same_bucket_is_taken_over_with_all_its_edits() {
        let put = |target: Target, sid: &str| {
            let mut policy = Policy::empty();
            policy.put(&json!({"Sid": sid}));
            PutBucketPolicy::between(target, None, policy)
        };
        let mut first = put(target(), "BaselineA");
        assert!(first.merge(&put(target(), "BaselineB")));
        let sids: Vec<_> = first.policy.statements().iter().filter_map(Statement::sid).collect();
        assert_eq!(sids, ["BaselineA", "BaselineB"]);
        let other = Target { bucket: "other".to_owned(), ..target() };
        assert!(!first.merge(&put(other, "BaselineC")));
    }

    #[test]
    fn what_changes_statements_of_others_is_no_part_of_another_write() {
        let before = policy(r#"{"Statement":[{"Sid":"Theirs","n":1}]}"#);
        let after = policy(r#"{"Statement":[{"Sid":"Theirs","n":2}]}"#);
        let mut with_ours = before.clone();
        with_ours.put(&json!({"Sid": "BaselineA"}));
        let whole = || PutBucketPolicy::between(target(), Some(&before), after.clone());
        let ours = PutBucketPolicy::between(target(), Some(&before), with_ours);
        assert!(!whole().merge(&ours));
        assert!(whole().merge(&whole()));
    }

    #[test]
    fn a_policy_that_is_too_long_or_names_somebody_deleted_is_refused_with_the_numbers() {
        let long = format!(r#"{{"Statement":[{{"Sid":"{}"}}]}}"#, "x".repeat(20_480));
        let (what, _) = refusal(&policy(&long)).expect("too long");
        assert_eq!(what, "its policy would have 20506 bytes; S3 takes 20480");
        let deleted = r#"{"Statement":[{"Principal":{"AWS":"AROAEXAMPLEROLEID0001"}}]}"#;
        let (what, _) = refusal(&policy(deleted)).expect("deleted");
        assert!(what.contains("statement #1") && what.contains("AROAEXAMPLEROLEID0001"), "{what}");
        let (_, remedy) = refusal(&policy(deleted)).expect("deleted");
        assert!(remedy.contains("prune_deleted_principals = true"), "{remedy}");
        let only = deleted.replace("Principal", "NotPrincipal");
        let (_, remedy) = refusal(&policy(&only)).expect("deleted");
        assert!(remedy.contains("remove the statement") && !remedy.contains("= true"), "{remedy}");
        assert_eq!(refusal(&Policy::empty()), None);
    }
}

//! The policy of a bucket: the write that replaces it whole, and why S3 would refuse it.

use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use crate::policy::{Change, Deleted, LARGEST, Policy, changes};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::any::Any;

/// One thing that is done to a policy.
#[derive(Clone, Debug)]
pub enum Edit {
    /// A statement of ours is put in, in the place of the one with its Sid.
    Put(Value),
    /// A statement of ours is taken out, by its Sid.
    Remove(&'static str),
    /// Deleted users and roles are taken out of the statements of whomever.
    PruneDeletedPrincipals,
}

impl Edit {
    /// Does it.
    pub fn apply(&self, policy: &mut Policy) {
        match self {
            Self::Put(statement) => policy.put(statement),
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
    /// Edits the policy that a bucket has, if it has one.
    pub fn edited(target: Target, before: Option<&Policy>, edits: Vec<Edit>) -> Self {
        let mut policy = before.cloned().unwrap_or_else(Policy::empty);
        edits.iter().for_each(|edit| edit.apply(&mut policy));
        Self { target, policy, before: before.cloned(), edits }
    }

    /// Puts statements into the policy that a bucket has, if it has one.
    pub fn with(target: Target, before: Option<&Policy>, statements: Vec<Value>) -> Self {
        let edits = statements.into_iter().map(Edit::Put).collect();
        Self::edited(target, before, edits)
    }

    /// Puts a policy in the place of the one that a bucket has.
    pub fn back_to(target: Target, before: Option<&Policy>, policy: Policy) -> Self {
        Self { target, policy, before: before.cloned(), edits: Vec::new() }
    }

    /// The whole policy as it will be.
    pub fn policy(&self) -> &Policy {
        &self.policy
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
        // What puts a policy back says all of it: only the same can be done in one call.
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
        let edits = vec![
            Edit::Put(json!({"Sid": "BaselineA", "n": 2, "m": 1})),
            Edit::Remove("BaselineB"),
            Edit::Put(json!({"Sid": "BaselineC"})),
        ];
        let call =
            crate::aws::AnyWrite::call(&PutBucketPolicy::edited(target(), Some(&before), edits));
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
        let put = |sid: &str| vec![Edit::Put(json!({"Sid": sid}))];
        let mut first = PutBucketPolicy::edited(target(), None, put("BaselineA"));
        let second = PutBucketPolicy::edited(target(), None, put("BaselineB"));
        assert!(first.merge(&second));
        assert_eq!(first.policy().names(), ["BaselineA", "BaselineB"]);
        let other = Target { bucket: "other".to_owned(), ..target() };
        assert!(!first.merge(&PutBucketPolicy::edited(other, None, put("BaselineC"))));
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

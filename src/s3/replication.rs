//! Where the objects of a bucket are copied to.

use super::ask::{Asked, ask};
use super::writes::BUCKET;
use crate::aws::{AwsError, Grant, Operation};
use aws_sdk_s3::operation::get_bucket_replication::GetBucketReplicationOutput;
use aws_sdk_s3::types::ReplicationRule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Reads the replication rules.
pub const GET_REPLICATION: Operation = Operation::new(
    "s3",
    "GetBucketReplication",
    &[Grant::on("s3:GetReplicationConfiguration", BUCKET)],
);

/// A replication rule that is switched on and copies to a bucket that is not the account's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replica {
    /// The name of the rule.
    pub rule: String,
    /// The ARN of the bucket that it copies to.
    pub bucket: String,
    /// The account of that bucket, where the rule says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Replica {
    fn of(rule: ReplicationRule) -> Option<Self> {
        let destination = rule.destination.filter(|_| rule.status.as_str() == "Enabled")?;
        Some(Self {
            rule: rule.id.unwrap_or_default(),
            bucket: destination.bucket,
            account: destination.account,
        })
    }

    /// What is wrong with it and what to do, unless the bucket is shared with whoever gets the
    /// copies: the account, or the bucket by its ARN.
    pub fn fault(&self, shared_with: &BTreeSet<String>) -> Option<(String, String)> {
        let Self { rule, bucket, account } = self;
        let is_known = |name: &String| shared_with.contains(name);
        if is_known(bucket) || account.as_ref().is_some_and(is_known) {
            return None;
        }
        let name = bucket.rsplit(':').next().unwrap_or_default();
        let (whose, whom) = match account {
            Some(account) => (format!("of account {account}"), account),
            None => ("that is not among the buckets of this account".to_owned(), bucket),
        };
        Some((
            format!("the replication rule '{rule}' copies its objects to bucket {name} {whose}"),
            format!("remove the rule, or add {whom} to shared_with if that is meant"),
        ))
    }
}

impl Asked<'_> {
    /// The rules that copy what is written to it to buckets that are not the account's own.
    ///
    /// # Errors
    /// When the rules, or the account's buckets, could not be seen.
    pub async fn replicas_elsewhere(&self) -> Result<Vec<Replica>, AwsError> {
        let rules: Result<Vec<Replica>, AwsError> = ask!(
            self,
            GET_REPLICATION,
            get_bucket_replication,
            "ReplicationConfigurationNotFoundError",
            |answer: Option<GetBucketReplicationOutput>| {
                let configuration = answer.and_then(|own| own.replication_configuration);
                let rules = configuration.map(|own| own.rules).unwrap_or_default();
                rules.into_iter().filter_map(Replica::of).collect()
            }
        );
        let mut rules = rules?;
        if !rules.is_empty() {
            let own = self.reader.buckets().await?;
            let is_own =
                |arn: &str| own.iter().any(|own| arn.ends_with(&format!(":::{}", own.name)));
            rules.retain(|rule| !is_own(&rule.bucket));
        }
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_fine_only_for_those_it_is_shared_with() {
        let replica = |account: Option<&str>| Replica {
            rule: "out".to_owned(),
            bucket: "arn:aws:s3:::elsewhere".to_owned(),
            account: account.map(str::to_owned),
        };
        let shared = |with: &[&str]| with.iter().map(|who| (*who).to_owned()).collect();
        let (what, _) = replica(Some("999999999999")).fault(&shared(&[])).expect("a fault");
        assert!(what.contains("'out'") && what.contains("999999999999"), "{what}");
        assert!(replica(None).fault(&shared(&["999999999999"])).is_some());
        assert!(replica(None).fault(&shared(&["arn:aws:s3:::elsewhere"])).is_none());
        assert!(replica(Some("999999999999")).fault(&shared(&["999999999999"])).is_none());
    }
}

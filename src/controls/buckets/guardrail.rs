//! What the guardrails of one bucket are judged with, and how a judgement is told.

use super::live::Live;
use super::settings::Wanted;
use crate::aws::Operation;
use crate::control::{Context, Proposal};
use crate::diff::Difference;
use crate::policy::Policy;
use crate::s3;
use serde_json::Value;

/// One bucket: what is asked of it, what was read, and the proposal that grows.
pub(super) struct Judging<'a> {
    pub wanted: &'a Wanted<'a>,
    pub live: &'a Live,
    pub context: &'a Context,
    pub bucket: &'a str,
    pub region: &'a str,
    pub proposal: Proposal,
}

/// What would have read a setting that is asked for: the account was looked at for other settings.
#[derive(Debug)]
pub(super) struct Unread(pub &'static Operation);

impl Judging<'_> {
    /// The ARN of the bucket.
    pub fn arn(&self) -> String {
        s3::arn(&self.context.partition, self.bucket)
    }

    /// What every write to the bucket names.
    pub fn target(&self) -> s3::Target {
        s3::Target {
            bucket: self.bucket.to_owned(),
            expected_bucket_owner: self.context.account.clone(),
            region: self.region.to_owned(),
        }
    }

    /// Whether the bucket is the one of `[log_bucket]`.
    pub fn is_log_bucket(&self) -> bool {
        self.context.log_bucket.as_deref() == Some(self.bucket)
    }

    /// The logs that are delivered to the bucket, and only to buckets with SSE-S3 and without a default
    /// retention, as far as the baseline and the policy of the bucket tell.
    pub fn plain_logs(&self) -> Option<String> {
        if self.live.takes_logs.is_some() {
            return Some("the access logs of other buckets".to_owned());
        }
        let policy = self.live.policy.as_ref()?.as_deref()?;
        let by = Policy::parse(policy).ok()?.delivers_plain_logs()?;
        Some(format!("logs that its policy lets {by} deliver"))
    }

    /// Adds a difference, unless both are the same.
    pub fn differs(&mut self, field: &str, before: impl Into<Value>, after: impl Into<Value>) {
        let (before, after) = (before.into(), after.into());
        if before != after {
            let difference = Difference::new(field, before, after);
            self.proposal.differences.push(difference);
        }
    }

    /// What was read of a setting.
    pub fn read<'l, T>(
        &self,
        value: &'l Option<T>,
        by: &'static Operation,
    ) -> Result<&'l T, Unread> {
        value.as_ref().ok_or(Unread(by))
    }
}

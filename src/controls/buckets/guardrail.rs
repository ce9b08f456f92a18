//! What the guardrails of one bucket are judged with, and what they make of it.

use super::live::Live;
use super::settings::Wanted;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::aws::{AwsError, Operation};
use crate::control::{At, Context, Remarks};
use crate::controls::bucket_state::{BucketState, parsed};
use crate::policy::Policy;
use crate::s3;

/// One bucket: what is asked of it, what was read, and what it becomes.
pub(super) struct Judging<'a> {
    pub wanted: &'a Wanted<'a>,
    pub live: &'a Live,
    pub at: At<'a>,
    pub context: &'a Context,
    pub bucket: &'a str,
    pub region: &'a str,
    pub to: BucketState,
    pub say: &'a mut Remarks,
}

/// What a guardrail answers: nothing, for it has changed what the bucket becomes; or why it cannot be
/// judged.
pub(super) type Judgement = Result<(), AwsError>;

impl Judging<'_> {
    /// The ARN of the bucket.
    pub fn arn(&self) -> String {
        s3::arn(&self.context.partition, self.bucket)
    }

    /// Whether the bucket is the one of `[log_bucket]`.
    pub fn is_log_bucket(&self) -> bool {
        self.context.log_bucket.as_deref() == Some(self.bucket)
    }

    /// The policy, if there is one.
    ///
    /// # Errors
    /// When it was not read, or is not a policy.
    pub fn policy(&self) -> Result<Option<Policy>, AwsError> {
        let text = self.read(&self.live.bucket.policy, &GET_BUCKET_POLICY)?;
        parsed(text.as_deref(), self.at)
    }

    /// The logs that are delivered to the bucket, and only to buckets with SSE-S3 and without a default
    /// retention, as far as the baseline and the policy of the bucket tell.
    pub fn plain_logs(&self) -> Option<String> {
        if self.live.takes_logs.is_some() {
            return Some("the access logs of other buckets".to_owned());
        }
        let by = self.policy().ok()??.delivers_plain_logs()?;
        Some(format!("logs that its policy lets {by} deliver"))
    }

    /// Adds the finding of what cannot be put right, if there is one.
    pub fn finding_if(&mut self, field: &str, found: Option<(String, String)>) -> bool {
        let is_found = found.is_some();
        found.into_iter().for_each(|(what, remedy)| self.say.finding(field, what, remedy));
        is_found
    }

    /// What was read of a setting.
    ///
    /// # Errors
    /// When it was not read: the account was looked at for other settings.
    pub fn read<'l, T>(
        &self,
        value: &'l Option<T>,
        by: &'static Operation,
    ) -> Result<&'l T, AwsError> {
        let text = "the account was looked at for other settings, without this one";
        value.as_ref().ok_or_else(|| AwsError::unexpected(by, self.region, text))
    }
}

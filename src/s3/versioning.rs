//! Whether a bucket keeps old versions of its objects.

use super::ask::{Asked, ask};
use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Reads it.
pub const GET_VERSIONING: Operation =
    Operation::new("s3", "GetBucketVersioning", &[Grant::on("s3:GetBucketVersioning", BUCKET)]);

/// The versioning of a bucket; both are missing where they were never set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versioning {
    /// `Enabled` or `Suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `Enabled` or `Disabled`: whether deleting a version takes the root user's MFA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_delete: Option<String>,
}

impl Versioning {
    /// Whether it is on.
    pub fn is_enabled(&self) -> bool {
        self.status.as_deref() == Some("Enabled")
    }

    /// Whether only the root user with MFA can delete versions or change the versioning.
    pub fn has_mfa_delete(&self) -> bool {
        self.mfa_delete.as_deref() == Some("Enabled")
    }
}

impl Asked<'_> {
    /// Its versioning.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn versioning(&self) -> Result<Versioning, AwsError> {
        ask!(self, GET_VERSIONING, get_bucket_versioning, "", |answer: Option<
            GetBucketVersioningOutput,
        >| {
            let status = answer.as_ref().and_then(|answer| answer.status.as_ref());
            let mfa = answer.as_ref().and_then(|answer| answer.mfa_delete.as_ref());
            Versioning {
                status: status.map(|status| status.as_str().to_owned()),
                mfa_delete: mfa.map(|status| status.as_str().to_owned()),
            }
        })
    }
}

/// Switches versioning on, or off again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketVersioning {
    #[serde(flatten)]
    target: Target,
    versioning_configuration: Value,
    #[serde(skip)]
    status: BucketVersioningStatus,
}

impl PutBucketVersioning {
    /// The write that switches it on.
    pub fn on(target: Target) -> Self {
        Self::to(target, BucketVersioningStatus::Enabled)
    }

    /// The write that suspends it: what was written stays in its versions.
    pub fn suspended(target: Target) -> Self {
        Self::to(target, BucketVersioningStatus::Suspended)
    }

    fn to(target: Target, status: BucketVersioningStatus) -> Self {
        let versioning_configuration = json!({"Status": status.as_str()});
        Self { target, versioning_configuration, status }
    }
}

impl Write for PutBucketVersioning {
    const OPERATION: Operation =
        Operation::new("s3", "PutBucketVersioning", &[Grant::on("s3:PutBucketVersioning", BUCKET)]);
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let versioning = VersioningConfiguration::builder().status(self.status.clone());
        let request = clients
            .s3(&self.target.region)
            .put_bucket_versioning()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .versioning_configuration(versioning.build());
        sent(self, request.send().await)
    }
}

//! The access logs of a bucket, and what makes another bucket fit to take them.

use super::ask::{Asked, ask, ask_whole};
use super::whole::Whole;
use super::writes::{BUCKET, NEW_BUCKET, Target, unbuilt};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_bucket_logging::GetBucketLoggingOutput;
use aws_sdk_s3::operation::get_bucket_request_payment::GetBucketRequestPaymentOutput;
use aws_sdk_s3::types::{
    BucketLoggingStatus, LoggingEnabled, PartitionDateSource, PartitionedPrefix,
    TargetObjectKeyFormat,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Reads where the access logs go.
pub const GET_LOGGING: Operation =
    Operation::new("s3", "GetBucketLogging", &[Grant::on("s3:GetBucketLogging", BUCKET)]);

/// Reads who pays for requests.
pub const GET_REQUEST_PAYMENT: Operation = Operation::new(
    "s3",
    "GetBucketRequestPayment",
    &[Grant::on("s3:GetBucketRequestPayment", BUCKET)],
);

/// Where the access logs of a bucket go, by AWS's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Logging {
    /// The bucket they go to.
    pub target_bucket: String,
    /// What their keys begin with.
    pub target_prefix: String,
    /// How their keys go on, where it is not the simple form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_object_key_format: Option<Value>,
    /// How many others may read them, by ACL.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[serde(rename = "TargetGrants")]
    pub grants: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

const KNOWN: &[&str] = &[
    "BucketLoggingStatus",
    "LoggingEnabled",
    "TargetBucket",
    "TargetPrefix",
    "TargetObjectKeyFormat",
    "SimplePrefix",
    "PartitionedPrefix",
    "PartitionDateSource",
    "TargetGrants",
    "Grant",
    "Grantee",
    "ID",
    "DisplayName",
    "EmailAddress",
    "URI",
    "Permission",
];

impl Logging {
    fn of(answer: LoggingEnabled) -> Self {
        Self {
            target_bucket: answer.target_bucket,
            target_prefix: answer.target_prefix,
            target_object_key_format: answer.target_object_key_format.and_then(key_format),
            grants: answer.target_grants.map_or(0, |grants| grants.len()),
        }
    }
}

impl Logging {
    fn built(&self) -> Result<LoggingEnabled, String> {
        let format = self.target_object_key_format.as_ref().map(|format| {
            let source = format["PartitionedPrefix"]["PartitionDateSource"].as_str();
            let partitioned = PartitionedPrefix::builder()
                .set_partition_date_source(source.map(PartitionDateSource::from))
                .build();
            TargetObjectKeyFormat::builder().partitioned_prefix(partitioned).build()
        });
        LoggingEnabled::builder()
            .target_bucket(&self.target_bucket)
            .target_prefix(&self.target_prefix)
            .set_target_object_key_format(format)
            .build()
            .map_err(|cause| cause.to_string())
    }
}

/// The simple form is what a bucket has that never was told another.
fn key_format(format: TargetObjectKeyFormat) -> Option<Value> {
    let partitioned = format.partitioned_prefix?;
    let source = partitioned.partition_date_source;
    Some(match source {
        Some(source) => json!({"PartitionedPrefix": {"PartitionDateSource": source.as_str()}}),
        None => json!({"PartitionedPrefix": {}}),
    })
}

impl Asked<'_> {
    /// Where its access logs go.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn logging(&self) -> Result<Whole<Logging>, AwsError> {
        ask_whole!(
            self,
            GET_LOGGING,
            get_bucket_logging,
            "",
            KNOWN,
            |answer: GetBucketLoggingOutput| answer.logging_enabled.map(Logging::of)
        )
    }

    /// Whether who asks pays for requests, and not the owner.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn requester_pays(&self) -> Result<bool, AwsError> {
        ask!(self, GET_REQUEST_PAYMENT, get_bucket_request_payment, "", |answer: Option<
            GetBucketRequestPaymentOutput,
        >| {
            let payer = answer.and_then(|answer| answer.payer);
            payer.is_some_and(|payer| payer.as_str() == "Requester")
        })
    }
}

/// Says where the access logs of a bucket go.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketLogging {
    #[serde(flatten)]
    target: Target,
    bucket_logging_status: Status,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_enabled: Option<Logging>,
}

impl PutBucketLogging {
    /// The write for a bucket; grants are not carried over, so there must be none.
    pub fn to(target: Target, logging: Logging) -> Self {
        let logging_enabled = Some(Logging { grants: 0, ..logging });
        Self { target, bucket_logging_status: Status { logging_enabled } }
    }

    /// The write that stops them.
    pub fn nowhere(target: Target) -> Self {
        let logging_enabled = None;
        Self { target, bucket_logging_status: Status { logging_enabled } }
    }
}

impl Write for PutBucketLogging {
    const OPERATION: Operation =
        Operation::new("s3", "PutBucketLogging", &[Grant::on("s3:PutBucketLogging", BUCKET)]);
    /// S3 looks at the policy of the bucket that takes the logs, which may just have been written.
    const PROPAGATING: &'static [Propagation] = &[
        NEW_BUCKET,
        Propagation::new(
            "InvalidTargetBucketForLogging",
            "the policy of the bucket that takes the logs to spread",
        ),
    ];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let logging = self.bucket_logging_status.logging_enabled.as_ref();
        let enabled = logging.map(Logging::built).transpose();
        let status = BucketLoggingStatus::builder()
            .set_logging_enabled(enabled.map_err(|cause| unbuilt(self, cause))?)
            .build();
        let request = clients
            .s3(&self.target.region)
            .put_bucket_logging()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .bucket_logging_status(status);
        sent(self, request.send().await)
    }
}

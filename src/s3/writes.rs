//! The writes that make a bucket and give it a policy, and what all writes to buckets have in common.

use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::baseline::Tags;
use crate::policy::Policy;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership, Tag,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::any::Any;

/// The ARN of the bucket that an operation is for.
pub(super) const BUCKET: &str = "arn:{partition}:s3:::{bucket}";

/// A bucket that was just created may not be known everywhere at once.
pub(super) const SETTLING: &[&str] = &["NoSuchBucket"];

/// The bucket that a write is for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// Its name.
    pub bucket: String,
    /// The account that must own it.
    pub expected_bucket_owner: String,
    /// Its region.
    #[serde(skip)]
    pub region: String,
}

/// Creates a bucket without ACLs, with its tags.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateBucket {
    bucket: String,
    object_ownership: &'static str,
    create_bucket_configuration: Creation,
    #[serde(skip)]
    region: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Creation {
    /// S3 refuses it where it would be needless: in us-east-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    location_constraint: Option<String>,
    #[serde(serialize_with = "as_list")]
    tags: Tags,
}

/// Tags in AWS's form: a list of keys and values.
pub(super) fn as_list<S: Serializer>(tags: &Tags, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        tags.iter()
            .map(|(key, value)| json!({"Key": key, "Value": value})),
    )
}

impl CreateBucket {
    /// The write for a name that nobody has.
    pub fn new(bucket: &str, region: &str, tags: Tags) -> Self {
        let location_constraint = Some(region.to_owned()).filter(|region| region != "us-east-1");
        Self {
            bucket: bucket.to_owned(),
            object_ownership: super::ownership::ENFORCED,
            create_bucket_configuration: Creation {
                location_constraint,
                tags,
            },
            region: region.to_owned(),
        }
    }
}

impl Write for CreateBucket {
    const OPERATION: Operation = Operation::new(
        "s3",
        "CreateBucket",
        &[
            Grant::on("s3:CreateBucket", BUCKET),
            Grant::on("s3:PutBucketOwnershipControls", BUCKET),
            Grant::on("s3:TagResource", BUCKET),
        ],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let Creation {
            location_constraint,
            tags,
        } = &self.create_bucket_configuration;
        let constraint = location_constraint
            .as_deref()
            .map(BucketLocationConstraint::from);
        let tags = tags.iter().map(|(key, value)| tag(self, key, value));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(constraint)
            .set_tags(Some(tags.collect::<Result<_, _>>()?))
            .build();
        let request = clients
            .s3(&self.region)
            .create_bucket()
            .bucket(&self.bucket)
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .create_bucket_configuration(configuration);
        match sent(self, request.send().await) {
            Err(error) if error.is("BucketAlreadyOwnedByYou") => Ok(()),
            answer => answer,
        }
    }
}

fn tag(write: &CreateBucket, key: &str, value: &str) -> Result<Tag, AwsError> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|cause| unbuilt(write, cause))
}

/// An input that the SDK does not take: a fault of this program, told like any other failure.
pub(super) fn unbuilt<W: Write>(write: &W, cause: impl std::fmt::Display) -> AwsError {
    AwsError::unexpected(&W::OPERATION, write.region(), &cause.to_string())
}

/// Replaces a bucket's policy by the same with some statements put in, or taken out again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketPolicy {
    #[serde(flatten)]
    target: Target,
    policy: Policy,
    #[serde(skip)]
    statements: Vec<Value>,
}

impl PutBucketPolicy {
    /// Puts statements into the policy that a bucket has, if it has one.
    pub fn with(target: Target, before: Option<&Policy>, statements: Vec<Value>) -> Self {
        let mut policy = before.cloned().unwrap_or_else(Policy::empty);
        statements
            .iter()
            .for_each(|statement| policy.put(statement));
        Self {
            target,
            policy,
            statements,
        }
    }

    /// Puts a policy in the place of the one that a bucket has.
    pub fn back_to(target: Target, policy: Policy) -> Self {
        Self {
            target,
            policy,
            statements: Vec::new(),
        }
    }

    /// The whole policy as it will be.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl Write for PutBucketPolicy {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketPolicy",
        &[Grant::on("s3:PutBucketPolicy", BUCKET)],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

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

    fn merge(&mut self, later: &dyn Any) -> bool {
        let Some(later) = later
            .downcast_ref::<Self>()
            .filter(|l| l.target.bucket == self.target.bucket)
        else {
            return false;
        };
        // What puts a policy back says all of it: only the same can be done in one call.
        if self.statements.is_empty() || later.statements.is_empty() {
            return self.policy.compact() == later.policy.compact();
        }
        for statement in &later.statements {
            self.policy.put(statement);
            self.statements.push(statement.clone());
        }
        true
    }
}

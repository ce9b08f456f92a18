//! The writes that change a bucket. Each names the account that must own it.

use super::read::Flags;
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::baseline::Tags;
use crate::policy::Policy;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    Tag, TransitionDefaultMinimumObjectSize, VersioningConfiguration,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::any::Any;

pub(super) const BUCKET: &str = "arn:{partition}:s3:::{bucket}";

/// A bucket that was just created may not be known everywhere at once.
pub(super) const SETTLING: &[&str] = &["NoSuchBucket"];

/// The ownership under which ACLs count for nothing and new ones are refused.
pub const ENFORCED: &str = "BucketOwnerEnforced";

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
fn as_list<S: Serializer>(tags: &Tags, serializer: S) -> Result<S::Ok, S::Error> {
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
            object_ownership: ENFORCED,
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
fn unbuilt<W: Write>(write: &W, cause: impl std::fmt::Display) -> AwsError {
    AwsError::unexpected(&W::OPERATION, write.region(), &cause.to_string())
}

/// Sets the four public access blocks of a bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutPublicAccessBlock {
    #[serde(flatten)]
    target: Target,
    public_access_block_configuration: Value,
    #[serde(skip)]
    flags: Flags,
}

impl PutPublicAccessBlock {
    /// The write that switches on all four.
    pub fn on(target: Target) -> Self {
        Self::with(target, Flags::ON)
    }

    /// The write for a bucket.
    pub fn with(target: Target, flags: Flags) -> Self {
        let public_access_block_configuration = json!({
            "BlockPublicAcls": flags.block_public_acls,
            "IgnorePublicAcls": flags.ignore_public_acls,
            "BlockPublicPolicy": flags.block_public_policy,
            "RestrictPublicBuckets": flags.restrict_public_buckets,
        });
        Self {
            target,
            public_access_block_configuration,
            flags,
        }
    }
}

impl Write for PutPublicAccessBlock {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutPublicAccessBlock",
        &[Grant::on("s3:PutBucketPublicAccessBlock", BUCKET)],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.flags.block_public_acls)
            .ignore_public_acls(self.flags.ignore_public_acls)
            .block_public_policy(self.flags.block_public_policy)
            .restrict_public_buckets(self.flags.restrict_public_buckets)
            .build();
        let request = clients
            .s3(&self.target.region)
            .put_public_access_block()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .public_access_block_configuration(block);
        sent(self, request.send().await)
    }
}

/// Says who owns the objects of a bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketOwnershipControls {
    #[serde(flatten)]
    target: Target,
    ownership_controls: Value,
    #[serde(skip)]
    ownership: String,
}

impl PutBucketOwnershipControls {
    /// The write that makes the bucket's owner the owner of every object and switches off ACLs.
    pub fn on(target: Target) -> Self {
        Self::to(target, ENFORCED)
    }

    /// The write for one of AWS's words.
    pub fn to(target: Target, ownership: &str) -> Self {
        let ownership_controls = json!({"Rules": [{"ObjectOwnership": ownership}]});
        Self {
            target,
            ownership_controls,
            ownership: ownership.to_owned(),
        }
    }
}

impl Write for PutBucketOwnershipControls {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketOwnershipControls",
        &[Grant::on("s3:PutBucketOwnershipControls", BUCKET)],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .build()
            .map_err(|cause| unbuilt(self, cause))?;
        let controls = OwnershipControls::builder().rules(rule).build();
        let request = clients
            .s3(&self.target.region)
            .put_bucket_ownership_controls()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .ownership_controls(controls.map_err(|cause| unbuilt(self, cause))?);
        sent(self, request.send().await)
    }
}

/// Sets the default encryption of a bucket that has none to SSE-S3.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketEncryption {
    #[serde(flatten)]
    target: Target,
    server_side_encryption_configuration: Value,
}

impl PutBucketEncryption {
    /// The write for a bucket.
    pub fn on(target: Target) -> Self {
        let server_side_encryption_configuration = json!({
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        });
        Self {
            target,
            server_side_encryption_configuration,
        }
    }
}

impl Write for PutBucketEncryption {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketEncryption",
        &[Grant::on("s3:PutEncryptionConfiguration", BUCKET)],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let defaults = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build()
            .map_err(|cause| unbuilt(self, cause))?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(defaults)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder()
            .rules(rule)
            .build();
        let request = clients
            .s3(&self.target.region)
            .put_bucket_encryption()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .server_side_encryption_configuration(configuration.map_err(|c| unbuilt(self, c))?);
        sent(self, request.send().await)
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
        Self {
            target,
            versioning_configuration,
            status,
        }
    }
}

impl Write for PutBucketVersioning {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketVersioning",
        &[Grant::on("s3:PutBucketVersioning", BUCKET)],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

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

/// Puts one lifecycle rule beside the others of a bucket, or takes it out from among them.
///
/// S3 replaces all rules at once, so the others are read again just before and sent back whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketLifecycle {
    #[serde(flatten)]
    target: Target,
    lifecycle_configuration: Lifecycle,
    #[serde(skip)]
    id: &'static str,
    #[serde(skip)]
    days: Option<i32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Lifecycle {
    /// The names of the rules that stay as they are.
    unchanged_rules: Vec<String>,
    /// The rule that is put.
    rules: Value,
}

impl PutBucketLifecycle {
    /// A rule that deletes objects, and versions that are no longer current, after some days.
    pub fn expire(target: Target, id: &'static str, days: i32, unchanged: Vec<String>) -> Self {
        let rules = json!([{
            "ID": id,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        }]);
        let lifecycle_configuration = Lifecycle {
            unchanged_rules: unchanged,
            rules,
        };
        Self {
            target,
            lifecycle_configuration,
            id,
            days: Some(days),
        }
    }

    /// No such rule any more; S3 takes no configuration without rules, so others must be left.
    pub fn without(target: Target, id: &'static str, unchanged: Vec<String>) -> Self {
        let lifecycle_configuration = Lifecycle {
            unchanged_rules: unchanged,
            rules: json!([]),
        };
        Self {
            target,
            lifecycle_configuration,
            id,
            days: None,
        }
    }

    fn rule(&self) -> Result<Option<LifecycleRule>, AwsError> {
        let Some(days) = self.days else {
            return Ok(None);
        };
        LifecycleRule::builder()
            .id(self.id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .expiration(LifecycleExpiration::builder().days(days).build())
            .noncurrent_version_expiration(
                NoncurrentVersionExpiration::builder()
                    .noncurrent_days(days)
                    .build(),
            )
            .build()
            .map(Some)
            .map_err(|cause| unbuilt(self, cause))
    }

    /// The rules of others, as they are now, and from what size objects move to other classes.
    async fn others(
        &self,
        clients: &Clients,
    ) -> Result<
        (
            Vec<LifecycleRule>,
            Option<TransitionDefaultMinimumObjectSize>,
        ),
        AwsError,
    > {
        let request = clients
            .s3(&self.target.region)
            .get_bucket_lifecycle_configuration()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner);
        let (rules, size) = match request.send().await {
            Ok(answer) => (
                answer.rules.unwrap_or_default(),
                answer.transition_default_minimum_object_size,
            ),
            Err(error) => {
                let region = &self.target.region;
                let error = AwsError::new(&super::read::GET_LIFECYCLE, region, error);
                match error.is("NoSuchLifecycleConfiguration") {
                    true => (Vec::new(), None),
                    false => return Err(error),
                }
            }
        };
        let others = rules.into_iter().filter(|rule| rule.id() != Some(self.id));
        Ok((others.collect(), size))
    }
}

impl Write for PutBucketLifecycle {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketLifecycleConfiguration",
        &[
            Grant::on("s3:PutLifecycleConfiguration", BUCKET),
            Grant::on("s3:GetLifecycleConfiguration", BUCKET),
        ],
    );
    const SETTLING: &'static [&'static str] = SETTLING;

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let (mut rules, size) = self.others(clients).await?;
        let kept: Vec<&str> = rules
            .iter()
            .map(|rule| rule.id().unwrap_or_default())
            .collect();
        if kept != self.lifecycle_configuration.unchanged_rules {
            return Err(unbuilt(
                self,
                "the rules of others have changed since the plan",
            ));
        }
        rules.extend(self.rule()?);
        let configuration = BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules))
            .build();
        let request = clients
            .s3(&self.target.region)
            .put_bucket_lifecycle_configuration()
            .set_transition_default_minimum_object_size(size)
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .lifecycle_configuration(configuration.map_err(|cause| unbuilt(self, cause))?);
        sent(self, request.send().await)
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

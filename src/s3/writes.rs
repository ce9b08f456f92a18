//! The writes that make a bucket and give it a policy, and what all writes to buckets have in common.

use crate::aws::Tags;
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership, Tag,
};
use serde::{Serialize, Serializer};
use serde_json::json;

/// The ARN of the bucket that an operation is for.
pub(super) const BUCKET: &str = "arn:{partition}:s3:::{bucket}";

/// A bucket that was just created may not be known everywhere at once.
pub(super) const NEW_BUCKET: Propagation =
    Propagation::new("NoSuchBucket", "the new bucket to be known everywhere");

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
    serializer.collect_seq(tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})))
}

impl CreateBucket {
    /// The write for a name that nobody has.
    pub fn new(bucket: &str, region: &str, tags: Tags) -> Self {
        let location_constraint = Some(region.to_owned()).filter(|region| region != "us-east-1");
        Self {
            bucket: bucket.to_owned(),
            object_ownership: super::ownership::ENFORCED,
            create_bucket_configuration: Creation { location_constraint, tags },
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
        let Creation { location_constraint, tags } = &self.create_bucket_configuration;
        let constraint = location_constraint.as_deref().map(BucketLocationConstraint::from);
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
    Tag::builder().key(key).value(value).build().map_err(|cause| unbuilt(write, cause))
}

/// An input that the SDK does not take: a fault of this program, told like any other failure.
pub(super) fn unbuilt<W: Write>(write: &W, cause: impl std::fmt::Display) -> AwsError {
    AwsError::unexpected(&W::OPERATION, write.region(), &cause.to_string())
}

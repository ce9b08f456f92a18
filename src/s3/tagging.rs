//! The tags of a bucket.

use super::ask::{Asked, ask};
use super::writes::{BUCKET, as_list, unbuilt};
use crate::aws::Tags;
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput;
use serde::Serialize;

/// Reads them.
pub const GET_TAGGING: Operation =
    Operation::new("s3", "GetBucketTagging", &[Grant::on("s3:GetBucketTagging", BUCKET)]);

impl Asked<'_> {
    /// Its tags.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn tags(&self) -> Result<Tags, AwsError> {
        ask!(self, GET_TAGGING, get_bucket_tagging, "NoSuchTagSet", |answer: Option<
            GetBucketTaggingOutput,
        >| {
            let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
            Tags::from_iter(tags.into_iter().map(|tag| (tag.key, tag.value)))
        })
    }
}

/// Gives tags to a bucket beside those it has.
///
/// PutBucketTagging would replace them all, and is refused where tags decide about access.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResource {
    account_id: String,
    resource_arn: String,
    #[serde(serialize_with = "as_list")]
    tags: Tags,
    #[serde(skip)]
    region: String,
}

impl TagResource {
    /// The write for the bucket of an ARN.
    pub fn new(account: &str, arn: &str, region: &str, tags: Tags) -> Self {
        Self {
            account_id: account.to_owned(),
            resource_arn: arn.to_owned(),
            tags,
            region: region.to_owned(),
        }
    }
}

impl Write for TagResource {
    const OPERATION: Operation =
        Operation::new("s3control", "TagResource", &[Grant::on("s3:TagResource", BUCKET)]);

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let mut request = clients
            .s3control(&self.region)
            .tag_resource()
            .account_id(&self.account_id)
            .resource_arn(&self.resource_arn);
        for (key, value) in &self.tags {
            let tag = aws_sdk_s3control::types::Tag::builder().key(key).value(value);
            request = request.tags(tag.build().map_err(|cause| unbuilt(self, cause))?);
        }
        sent(self, request.send().await)
    }
}

/// Takes tags of a bucket away.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResource {
    account_id: String,
    resource_arn: String,
    tag_keys: Vec<String>,
    #[serde(skip)]
    region: String,
}

impl UntagResource {
    /// The write for the bucket of an ARN.
    pub fn new(account: &str, arn: &str, region: &str, tag_keys: Vec<String>) -> Self {
        Self {
            account_id: account.to_owned(),
            resource_arn: arn.to_owned(),
            tag_keys,
            region: region.to_owned(),
        }
    }
}

impl Write for UntagResource {
    const OPERATION: Operation =
        Operation::new("s3control", "UntagResource", &[Grant::on("s3:UntagResource", BUCKET)]);

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .s3control(&self.region)
            .untag_resource()
            .account_id(&self.account_id)
            .resource_arn(&self.resource_arn)
            .set_tag_keys(Some(self.tag_keys.clone()));
        sent(self, request.send().await)
    }
}

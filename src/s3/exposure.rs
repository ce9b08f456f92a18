//! Who outside the account gets into a bucket because it is public: they lose that when public
//! access is blocked.

use super::ask::{Asked, ask};
use super::ownership::AclGrant;
use super::writes::BUCKET;
use crate::aws::{AwsError, Grant, Operation};
use aws_sdk_s3::operation::get_bucket_policy_status::GetBucketPolicyStatusOutput;
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use serde::{Deserialize, Serialize};

/// Reads whether S3 takes the policy for public.
pub const GET_POLICY_STATUS: Operation =
    Operation::new("s3", "GetBucketPolicyStatus", &[Grant::on("s3:GetBucketPolicyStatus", BUCKET)]);

/// Reads whether the bucket is a website.
pub const GET_WEBSITE: Operation =
    Operation::new("s3", "GetBucketWebsite", &[Grant::on("s3:GetBucketWebsite", BUCKET)]);

/// What makes a bucket public. Public ACLs of single objects are not looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// Whether S3 takes its policy for public.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub policy: bool,
    /// What its ACL grants to everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acl: Vec<AclGrant>,
    /// Whether it is set up as a website.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub website: bool,
}

impl Exposure {
    /// What stops working when public access is blocked.
    pub fn losses(&self) -> Vec<String> {
        let mut losses = Vec::new();
        if self.policy {
            let text = "its policy is public: everybody outside the account loses access, other \
                        accounts that it names included";
            losses.push(text.to_owned());
        }
        for grant in &self.acl {
            losses.push(format!("its ACL grants {grant}: that ends"));
        }
        if self.website {
            losses.push("it is a website: who is not let in by other means gets 403".to_owned());
        }
        losses
    }
}

impl Asked<'_> {
    /// What makes it public.
    ///
    /// # Errors
    /// When some of it could not be seen.
    pub async fn exposure(&self) -> Result<Exposure, AwsError> {
        let (policy, acl, website) =
            tokio::join!(self.has_public_policy(), self.acl_grants(), self.is_website());
        let mut acl = acl?;
        acl.retain(AclGrant::is_public);
        Ok(Exposure { policy: policy?, acl, website: website? })
    }

    /// Whether S3 takes its policy for public.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn has_public_policy(&self) -> Result<bool, AwsError> {
        ask!(
            self,
            GET_POLICY_STATUS,
            get_bucket_policy_status,
            "NoSuchBucketPolicy",
            |answer: Option<GetBucketPolicyStatusOutput>| {
                let status = answer.and_then(|answer| answer.policy_status);
                status.is_some_and(|status| status.is_public == Some(true))
            }
        )
    }

    async fn is_website(&self) -> Result<bool, AwsError> {
        ask!(
            self,
            GET_WEBSITE,
            get_bucket_website,
            "NoSuchWebsiteConfiguration",
            |answer: Option<GetBucketWebsiteOutput>| answer.is_some()
        )
    }
}

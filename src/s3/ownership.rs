//! Who owns the objects of a bucket, and what its ACL grants to others.

use super::ask::{Asked, ask};
use super::writes::{BUCKET, NEW_BUCKET, Target, unbuilt};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_bucket_acl::GetBucketAclOutput;
use aws_sdk_s3::operation::get_bucket_ownership_controls::GetBucketOwnershipControlsOutput;
use aws_sdk_s3::types::{Grantee, ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Reads who owns the objects.
pub const GET_OWNERSHIP: Operation = Operation::new(
    "s3",
    "GetBucketOwnershipControls",
    &[Grant::on("s3:GetBucketOwnershipControls", BUCKET)],
);

/// Reads the ACL.
pub const GET_ACL: Operation =
    Operation::new("s3", "GetBucketAcl", &[Grant::on("s3:GetBucketAcl", BUCKET)]);

/// The ownership under which ACLs count for nothing and new ones are refused.
pub const ENFORCED: &str = "BucketOwnerEnforced";

/// Something that an ACL grants to somebody other than the bucket's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclGrant {
    /// Who: the last part of a group's URI, a canonical id or an address.
    pub grantee: String,
    /// What: `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP`, `FULL_CONTROL`.
    pub permission: String,
}

impl AclGrant {
    /// Whether it is for everybody, or for everybody with any AWS account.
    pub fn is_public(&self) -> bool {
        ["AllUsers", "AuthenticatedUsers"].contains(&self.grantee.as_str())
    }

    /// Whether it is for the account by which CloudFront delivers its standard logs where there are
    /// ACLs. Source: Amazon CloudFront Developer Guide, "Standard logging (legacy)", permissions.
    pub fn is_cloudfront_logs(&self) -> bool {
        self.grantee == "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
    }

    /// Whether it is for the group by which S3 delivers access logs where there are ACLs.
    pub fn is_log_delivery(&self) -> bool {
        self.grantee == "LogDelivery"
    }
}

impl fmt::Display for AclGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.grantee.as_str() {
            "AllUsers" => "everybody",
            "AuthenticatedUsers" => "everybody with an AWS account",
            "LogDelivery" => "S3's log delivery",
            other => other,
        };
        write!(f, "{} to {who}", self.permission)
    }
}

/// Why ACLs cannot be switched off, and what to do: S3 refuses that while the ACL of the bucket grants
/// something to others. `None` if it grants nothing. Source: S3 User Guide, "Controlling ownership of
/// objects", prerequisites for disabling ACLs.
pub fn acl_in_the_way(bucket: &str, grants: &[AclGrant]) -> Option<(String, String)> {
    if grants.is_empty() {
        return None;
    }
    let given: Vec<String> = grants.iter().map(ToString::to_string).collect();
    let what =
        format!("its ACL grants {}; S3 does not switch ACLs off while it does", given.join(", "));
    let instead = match grants.iter().any(AclGrant::is_log_delivery) {
        true => "let logging.s3.amazonaws.com in by the bucket's policy",
        false => "give them by the bucket's policy what they need",
    };
    let remedy = format!(
        "{instead}, then make the ACL private: aws s3api put-bucket-acl --bucket {bucket} --acl private"
    );
    Some((what, remedy))
}

fn name(grantee: Grantee) -> String {
    let group = grantee.uri.map(|uri| uri.rsplit('/').next().unwrap_or_default().to_owned());
    let other = grantee.id.or(grantee.email_address).or(grantee.display_name);
    group.or(other).unwrap_or_default()
}

impl Asked<'_> {
    /// Its object ownership; `None` for buckets from before there was such a setting, whose objects
    /// belong to who writes them.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn ownership(&self) -> Result<Option<String>, AwsError> {
        ask!(
            self,
            GET_OWNERSHIP,
            get_bucket_ownership_controls,
            "OwnershipControlsNotFoundError",
            |answer: Option<GetBucketOwnershipControlsOutput>| {
                let controls = answer.and_then(|answer| answer.ownership_controls);
                let rule = controls.and_then(|controls| controls.rules.into_iter().next());
                rule.map(|rule| rule.object_ownership.as_str().to_owned())
            }
        )
    }

    /// Its object ownership, and what its ACL grants to others where ACLs count.
    ///
    /// # Errors
    /// When one of them could not be seen.
    pub async fn ownership_and_grants(&self) -> Result<(Option<String>, Vec<AclGrant>), AwsError> {
        let ownership = self.ownership().await?;
        let grants = match ownership.as_deref() {
            Some(ENFORCED) => Vec::new(),
            _ => self.acl_grants().await?,
        };
        Ok((ownership, grants))
    }

    /// What its ACL grants to others.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn acl_grants(&self) -> Result<Vec<AclGrant>, AwsError> {
        ask!(self, GET_ACL, get_bucket_acl, "", |answer: Option<GetBucketAclOutput>| {
            let (owner, grants) =
                answer.map_or((None, None), |answer| (answer.owner, answer.grants));
            let owner = owner.and_then(|owner| owner.id);
            let mut found = Vec::new();
            for grant in grants.unwrap_or_default() {
                let permission = grant.permission.map(|own| own.as_str().to_owned());
                let Some(grantee) = grant.grantee else {
                    continue;
                };
                if grantee.id.is_some() && grantee.id == owner {
                    continue;
                }
                found.push(AclGrant {
                    grantee: name(grantee),
                    permission: permission.unwrap_or_default(),
                });
            }
            found
        })
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
    /// The write for one of AWS's words.
    pub fn to(target: Target, ownership: &str) -> Self {
        let ownership_controls = json!({"Rules": [{"ObjectOwnership": ownership}]});
        Self { target, ownership_controls, ownership: ownership.to_owned() }
    }
}

impl Write for PutBucketOwnershipControls {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketOwnershipControls",
        &[Grant::on("s3:PutBucketOwnershipControls", BUCKET)],
    );
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

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

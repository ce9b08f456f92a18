//! A bucket's own public access block.

use super::ask::{Asked, ask};
use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_public_access_block::GetPublicAccessBlockOutput;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use serde::{Deserialize, Serialize};

/// Reads it.
pub const GET_PUBLIC_ACCESS_BLOCK: Operation = Operation::new(
    "s3",
    "GetPublicAccessBlock",
    &[Grant::on("s3:GetBucketPublicAccessBlock", BUCKET)],
);

/// Reads that of the account.
pub const GET_ACCOUNT_PUBLIC_ACCESS_BLOCK: Operation = Operation::new(
    "s3control",
    "GetPublicAccessBlock",
    &[Grant::any("s3:GetAccountPublicAccessBlock")],
);

/// The four flags; a bucket without a block has none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flags {
    /// New public ACLs are refused.
    pub block_public_acls: bool,
    /// Public ACLs that are there count for nothing.
    pub ignore_public_acls: bool,
    /// New public policies are refused.
    pub block_public_policy: bool,
    /// A public policy lets in nobody but the account and AWS services.
    pub restrict_public_buckets: bool,
}

impl Flags {
    /// All four.
    pub const ON: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// What S3 answers; a flag that is left out is off.
    pub fn of(answer: &PublicAccessBlockConfiguration) -> Self {
        Self {
            block_public_acls: answer.block_public_acls == Some(true),
            ignore_public_acls: answer.ignore_public_acls == Some(true),
            block_public_policy: answer.block_public_policy == Some(true),
            restrict_public_buckets: answer.restrict_public_buckets == Some(true),
        }
    }
}

/// The public access block of the account, or what an organization policy makes of it.
///
/// # Errors
/// When it could not be seen.
pub async fn account_public_access_block(reader: &Reader) -> Result<Flags, AwsError> {
    const GET: &Operation = &GET_ACCOUNT_PUBLIC_ACCESS_BLOCK;
    let (clients, region) = (&reader.clients, reader.home_region.as_str());
    let account = &reader.caller.account;
    let read = Box::pin(async {
        let request = clients.s3control(region).get_public_access_block();
        let request = request.account_id(account).send();
        let block = match GET.answer(clients, region, request).await {
            Ok(answer) => answer.public_access_block_configuration,
            Err(error) if error.is("NoSuchPublicAccessBlockConfiguration") => {
                return Ok(Flags::default());
            }
            Err(error) => return Err(error),
        };
        let text = "the answer holds no configuration";
        let block = block.ok_or_else(|| AwsError::unexpected(GET, region, text))?;
        Ok(Flags {
            block_public_acls: block.block_public_acls == Some(true),
            ignore_public_acls: block.ignore_public_acls == Some(true),
            block_public_policy: block.block_public_policy == Some(true),
            restrict_public_buckets: block.restrict_public_buckets == Some(true),
        })
    });
    reader.once(GET, account, read).await
}

impl Asked<'_> {
    /// The bucket's own public access block.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn public_access_block(&self) -> Result<Flags, AwsError> {
        ask!(
            self,
            GET_PUBLIC_ACCESS_BLOCK,
            get_public_access_block,
            "NoSuchPublicAccessBlockConfiguration",
            |answer: Option<GetPublicAccessBlockOutput>| {
                let block = answer.and_then(|answer| answer.public_access_block_configuration);
                block.as_ref().map(Flags::of).unwrap_or_default()
            }
        )
    }
}

/// Sets the four public access blocks of a bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutPublicAccessBlock {
    #[serde(flatten)]
    target: Target,
    public_access_block_configuration: Sent,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    block_public_acls: bool,
    ignore_public_acls: bool,
    block_public_policy: bool,
    restrict_public_buckets: bool,
}

impl PutPublicAccessBlock {
    /// The write for a bucket.
    pub fn with(target: Target, flags: Flags) -> Self {
        let public_access_block_configuration = Sent {
            block_public_acls: flags.block_public_acls,
            ignore_public_acls: flags.ignore_public_acls,
            block_public_policy: flags.block_public_policy,
            restrict_public_buckets: flags.restrict_public_buckets,
        };
        Self { target, public_access_block_configuration }
    }
}

impl Write for PutPublicAccessBlock {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutPublicAccessBlock",
        &[Grant::on("s3:PutBucketPublicAccessBlock", BUCKET)],
    );
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let flags = &self.public_access_block_configuration;
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(flags.block_public_acls)
            .ignore_public_acls(flags.ignore_public_acls)
            .block_public_policy(flags.block_public_policy)
            .restrict_public_buckets(flags.restrict_public_buckets)
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

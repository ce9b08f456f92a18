//! Reads what a bucket is set to.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use crate::baseline::Tags;
use serde::{Deserialize, Serialize};

const BUCKET: &str = "arn:{partition}:s3:::{bucket}";

/// A bucket's own public access block.
pub const GET_PUBLIC_ACCESS_BLOCK: Operation = Operation::new(
    "s3",
    "GetPublicAccessBlock",
    &[Grant::on("s3:GetBucketPublicAccessBlock", BUCKET)],
);

/// Who owns the objects of a bucket.
pub const GET_OWNERSHIP: Operation = Operation::new(
    "s3",
    "GetBucketOwnershipControls",
    &[Grant::on("s3:GetBucketOwnershipControls", BUCKET)],
);

/// A bucket's default encryption.
pub const GET_ENCRYPTION: Operation = Operation::new(
    "s3",
    "GetBucketEncryption",
    &[Grant::on("s3:GetEncryptionConfiguration", BUCKET)],
);

/// Whether a bucket is versioned.
pub const GET_VERSIONING: Operation = Operation::new(
    "s3",
    "GetBucketVersioning",
    &[Grant::on("s3:GetBucketVersioning", BUCKET)],
);

/// A bucket's lifecycle rules.
pub const GET_LIFECYCLE: Operation = Operation::new(
    "s3",
    "GetBucketLifecycleConfiguration",
    &[Grant::on("s3:GetLifecycleConfiguration", BUCKET)],
);

/// A bucket's tags.
pub const GET_TAGGING: Operation = Operation::new(
    "s3",
    "GetBucketTagging",
    &[Grant::on("s3:GetBucketTagging", BUCKET)],
);

/// The four public access blocks of a bucket; one without any has none of them.
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
}

/// What a bucket is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its region.
    pub region: String,
    /// The public access blocks of the bucket itself.
    pub public_access_block: Flags,
    /// Its object ownership; `None` for buckets from before there was such a setting.
    pub ownership: Option<String>,
    /// Its default encryption: `AES256`, `aws:kms` …
    pub encryption: Option<String>,
    /// Its versioning: `Enabled`, `Suspended`, or never set.
    pub versioning: Option<String>,
    /// Its lifecycle rules, as far as they delete anything.
    pub rules: Vec<Rule>,
    /// The text of its policy.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A lifecycle rule, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// After how many days it deletes objects; `None` if it does not, or on a date.
    pub expiration_days: Option<i32>,
    /// After how many days it deletes versions that are no longer current.
    #[serde(default)]
    pub noncurrent_days: Option<i32>,
    /// Whether it deletes on a date, and everything that is there from then on.
    #[serde(default)]
    pub expires_on_date: bool,
    /// Whether it is for some objects only: by prefix, tag or size.
    #[serde(default)]
    pub narrowed: bool,
}

/// Reads a bucket of this account, all its settings side by side.
///
/// # Errors
/// When one of them could not be seen.
pub async fn read(reader: &Reader, bucket: &str, region: &str) -> Result<Bucket, AwsError> {
    let asked = Asked {
        reader,
        bucket,
        region,
    };
    let (block, ownership, encryption, versioning, rules, tags, policy) = tokio::join!(
        asked.public_access_block(),
        asked.ownership(),
        asked.encryption(),
        asked.versioning(),
        asked.rules(),
        asked.tags(),
        reader.bucket_policy(bucket, region),
    );
    Ok(Bucket {
        region: region.to_owned(),
        public_access_block: block?,
        ownership: ownership?,
        encryption: encryption?,
        versioning: versioning?,
        rules: rules?,
        policy: policy?,
        tags: tags?,
    })
}

/// The answer, or nothing when the error says that the setting is absent.
fn unless_absent<T>(answer: Result<T, AwsError>, absent: &str) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(absent) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks one setting of a bucket.
macro_rules! ask {
    ($asked:expr, $operation:ident, $method:ident) => {{
        let Asked {
            reader,
            bucket,
            region,
        } = $asked;
        let request = reader
            .clients
            .s3(region)
            .$method()
            .bucket(*bucket)
            .expected_bucket_owner(&reader.caller.account)
            .send();
        $operation.answer(&reader.clients, region, request).await
    }};
}

/// A bucket that is asked about.
struct Asked<'a> {
    reader: &'a Reader,
    bucket: &'a str,
    region: &'a str,
}

impl Asked<'_> {
    async fn public_access_block(&self) -> Result<Flags, AwsError> {
        let answer = ask!(self, GET_PUBLIC_ACCESS_BLOCK, get_public_access_block);
        let answer = unless_absent(answer, "NoSuchPublicAccessBlockConfiguration")?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        let is_on = |flag: Option<bool>| flag == Some(true);
        Ok(block.map_or_else(Flags::default, |block| Flags {
            block_public_acls: is_on(block.block_public_acls),
            ignore_public_acls: is_on(block.ignore_public_acls),
            block_public_policy: is_on(block.block_public_policy),
            restrict_public_buckets: is_on(block.restrict_public_buckets),
        }))
    }

    async fn ownership(&self) -> Result<Option<String>, AwsError> {
        let answer = ask!(self, GET_OWNERSHIP, get_bucket_ownership_controls);
        let answer = unless_absent(answer, "OwnershipControlsNotFoundError")?;
        let controls = answer.and_then(|answer| answer.ownership_controls);
        let rule = controls.and_then(|controls| controls.rules.into_iter().next());
        Ok(rule.map(|rule| rule.object_ownership.as_str().to_owned()))
    }

    async fn encryption(&self) -> Result<Option<String>, AwsError> {
        let answer = ask!(self, GET_ENCRYPTION, get_bucket_encryption);
        let answer = unless_absent(answer, "ServerSideEncryptionConfigurationNotFoundError")?;
        let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
        let rules = configuration
            .map(|configuration| configuration.rules)
            .unwrap_or_default();
        let defaults = rules
            .into_iter()
            .find_map(|r| r.apply_server_side_encryption_by_default);
        Ok(defaults.map(|defaults| defaults.sse_algorithm.as_str().to_owned()))
    }

    async fn versioning(&self) -> Result<Option<String>, AwsError> {
        let answer = ask!(self, GET_VERSIONING, get_bucket_versioning)?;
        Ok(answer.status.map(|status| status.as_str().to_owned()))
    }

    async fn rules(&self) -> Result<Vec<Rule>, AwsError> {
        let answer = ask!(self, GET_LIFECYCLE, get_bucket_lifecycle_configuration);
        let answer = unless_absent(answer, "NoSuchLifecycleConfiguration")?;
        let rules = answer.and_then(|answer| answer.rules).unwrap_or_default();
        let rules = rules.into_iter().map(|rule| Rule {
            id: rule.id.unwrap_or_default(),
            enabled: rule.status.as_str() == "Enabled",
            narrowed: rule.filter.as_ref().is_some_and(|filter| {
                filter.prefix().is_some_and(|prefix| !prefix.is_empty())
                    || filter.tag().is_some()
                    || filter.and().is_some()
                    || filter.object_size_greater_than().is_some()
                    || filter.object_size_less_than().is_some()
            }),
            expires_on_date: rule
                .expiration
                .as_ref()
                .is_some_and(|own| own.date.is_some()),
            expiration_days: rule.expiration.and_then(|expiration| expiration.days),
            noncurrent_days: rule
                .noncurrent_version_expiration
                .and_then(|expiration| expiration.noncurrent_days),
        });
        Ok(rules.collect())
    }

    async fn tags(&self) -> Result<Tags, AwsError> {
        let answer = unless_absent(ask!(self, GET_TAGGING, get_bucket_tagging), "NoSuchTagSet")?;
        let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

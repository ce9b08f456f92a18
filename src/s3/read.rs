//! Reads what makes a bucket fit for logs.

use super::ask::Asked;
use super::lifecycle::Lifecycle;
use super::public_access::Flags;
use super::whole::Whole;
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::baseline::Tags;
use serde::{Deserialize, Serialize};

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
    /// Its lifecycle rules.
    pub lifecycle: Whole<Lifecycle>,
    /// The text of its policy.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Bucket {
    /// Its lifecycle rules; none when it has no lifecycle configuration.
    pub fn rules(&self) -> Lifecycle {
        self.lifecycle.value.clone().unwrap_or_default()
    }
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
    let (block, ownership, encryption, versioning, lifecycle, tags, policy) = tokio::join!(
        asked.public_access_block(),
        asked.ownership(),
        asked.encryption(),
        asked.versioning(),
        asked.lifecycle(),
        asked.tags(),
        reader.bucket_policy(bucket, region),
    );
    let encryption = encryption?.value;
    Ok(Bucket {
        region: region.to_owned(),
        public_access_block: block?,
        ownership: ownership?,
        encryption: encryption.map(|own| own.apply_server_side_encryption_by_default.algorithm),
        versioning: versioning?.status,
        lifecycle: lifecycle?,
        policy: policy?,
        tags: tags?,
    })
}

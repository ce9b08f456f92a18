//! Reads what makes a bucket fit for logs.

use super::access_points::AccessPoint;
use super::ask::Asked;
use super::encryption::ByDefault;
use super::lifecycle::Lifecycle;
use super::logging::Logging;
use super::object_lock::{ObjectLock, Retention};
use super::ownership::AclGrant;
use super::public_access::Flags;
use super::replication::Replica;
use super::whole::Whole;
use crate::aws::AwsError;
use crate::aws::Tags;
use crate::aws::facts::Reader;
use crate::aws::keys::Key;
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
    /// Its object lock.
    #[serde(default, skip_serializing_if = "Whole::is_default")]
    pub object_lock: Whole<ObjectLock>,
    /// Where its access logs go, where that is asked.
    #[serde(default, skip_serializing_if = "Whole::is_default")]
    pub logging: Whole<Logging>,
    /// What else decides who gets the logs; missing in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

/// What of a bucket decides who gets the logs, and is judged without ever being written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Judged {
    /// What its ACL grants to others, where ACLs count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<AclGrant>,
    /// The KMS key of its default encryption, as S3 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms: Option<String>,
    /// That key, if the account has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The replication rules that copy it out of the account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<Replica>,
    /// The policies of its access points, where its own leaves it to them who gets in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_points: Vec<AccessPoint>,
    /// For how long its object lock keeps new objects that do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Whether only the root user can change its versioning, and no lifecycle rules are taken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mfa_delete: bool,
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
    let asked = Asked { reader, bucket, region };
    let (read, versioning, tags, lock) = tokio::join!(
        Box::pin(read_judged(reader, bucket, region)),
        asked.versioning(),
        asked.tags(),
        asked.object_lock(),
    );
    let (mut read, versioning, object_lock) = (read?, versioning?, lock?);
    if let Some(judged) = &mut read.judged {
        judged.mfa_delete = versioning.has_mfa_delete();
        let lock = object_lock.value.as_ref();
        judged.retention = lock.and_then(|lock| lock.default.clone());
    }
    Ok(Bucket { versioning: versioning.status, tags: tags?, object_lock, ..read })
}

/// Reads no more of it than decides who gets what is in it, and for how long it stays: neither
/// versioning, object lock nor tags.
///
/// # Errors
/// When some of it could not be seen.
pub async fn read_judged(reader: &Reader, bucket: &str, region: &str) -> Result<Bucket, AwsError> {
    let asked = Asked { reader, bucket, region };
    let (block, owner, encryption, lifecycle, policy, key, replicas) = tokio::join!(
        asked.public_access_block(),
        asked.ownership_and_grants(),
        asked.encryption(),
        asked.lifecycle(),
        asked.policy_and_access_points(),
        asked.default_key(),
        asked.replicas_elsewhere(),
    );
    let default = encryption?.value.map(|own| own.apply_server_side_encryption_by_default);
    let (ownership, grants) = owner?;
    let (policy, access_points) = policy?;
    let judged = Judged {
        grants,
        kms: default.as_ref().and_then(ByDefault::kms).map(str::to_owned),
        key: key?,
        replicas: replicas?,
        access_points,
        ..Judged::default()
    };
    Ok(Bucket {
        region: region.to_owned(),
        public_access_block: block?,
        ownership,
        encryption: default.map(|own| own.algorithm),
        versioning: None,
        lifecycle: lifecycle?,
        policy,
        tags: Tags::new(),
        object_lock: Whole::default(),
        logging: Whole::default(),
        judged: Some(judged),
    })
}

impl Asked<'_> {
    /// The text of its policy, and those of its access points where it leaves it to them.
    ///
    /// # Errors
    /// When one of them could not be seen.
    pub async fn policy_and_access_points(
        &self,
    ) -> Result<(Option<String>, Vec<AccessPoint>), AwsError> {
        let policy = self.reader.bucket_policy(self.bucket, self.region).await?;
        let points = Box::pin(self.access_points(policy.as_deref())).await?;
        Ok((policy, points))
    }
}

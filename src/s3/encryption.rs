//! A bucket's default encryption.

use super::ask::{Asked, ask_whole};
use super::whole::Whole;
use super::writes::{BUCKET, NEW_BUCKET, Target, unbuilt};
use crate::aws::keys::{self, Key};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionOutput;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Reads it.
pub const GET_ENCRYPTION: Operation = Operation::new(
    "s3",
    "GetBucketEncryption",
    &[Grant::on("s3:GetEncryptionConfiguration", BUCKET)],
);

/// The rule: S3 keeps one for a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Encryption {
    /// How an object is encrypted whose upload does not say.
    pub apply_server_side_encryption_by_default: ByDefault,
    /// Whether one data key serves many objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// The kinds of encryption that uploads may not ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_encryption_types: Option<Blocked>,
}

/// The default encryption itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByDefault {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    #[serde(rename = "SSEAlgorithm")]
    pub algorithm: String,
    /// The KMS key; without one, the AWS managed key of S3.
    #[serde(rename = "KMSMasterKeyID", skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Default for ByDefault {
    fn default() -> Self {
        let algorithm = "AES256".to_owned();
        Self { algorithm, key: None }
    }
}

/// Encryption types that are blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Blocked {
    /// `NONE` or `SSE-C`.
    pub encryption_type: BTreeSet<String>,
}

const KNOWN: &[&str] = &[
    "ServerSideEncryptionConfiguration",
    "Rule",
    "ApplyServerSideEncryptionByDefault",
    "SSEAlgorithm",
    "KMSMasterKeyID",
    "BucketKeyEnabled",
    "BlockedEncryptionTypes",
    "EncryptionType",
];

impl Encryption {
    fn of(rule: ServerSideEncryptionRule) -> Option<Self> {
        let default = rule.apply_server_side_encryption_by_default?;
        let blocked = rule.blocked_encryption_types.map(|blocked| {
            let types = blocked.encryption_type.unwrap_or_default();
            let encryption_type = types.iter().map(|own| own.as_str().to_owned()).collect();
            Blocked { encryption_type }
        });
        Some(Self {
            apply_server_side_encryption_by_default: ByDefault {
                algorithm: default.sse_algorithm.as_str().to_owned(),
                key: default.kms_master_key_id,
            },
            bucket_key_enabled: rule.bucket_key_enabled,
            blocked_encryption_types: blocked,
        })
    }
}

impl ByDefault {
    /// The KMS key that it names.
    pub fn kms(&self) -> Option<&str> {
        self.key.as_deref().filter(|_| self.algorithm.starts_with("aws:kms"))
    }
}

/// What is wrong with the KMS key of a default encryption, and what to do: whoever owns the key
/// decides who can read, and with one that is disabled or gone nothing is written any more. `seen`
/// is what [`Asked::default_key`] answered.
pub fn key_fault(name: &str, account: &str, seen: Option<&Key>) -> Option<(String, String)> {
    let fault = keys::fault(name, account, seen)?;
    let remedy = match seen.map(|key| key.state.as_str()) {
        Some("PendingDeletion") => {
            "keep the key (aws kms cancel-key-deletion, then enable-key), or set a default \
             encryption with another one"
        }
        Some("Disabled") => {
            "enable the key (aws kms enable-key), or set a default encryption with another one"
        }
        _ => {
            "find out who set it, and set a default encryption with a key of this account or SSE-S3"
        }
    };
    let what = format!("its default encryption uses the key {name}, which {fault}");
    Some((what, remedy.to_owned()))
}

impl Asked<'_> {
    /// The KMS key of its default encryption, where that names one of this account; one of another
    /// account is not asked for, for it is a fault whatever its state.
    ///
    /// # Errors
    /// When the encryption, or the key, could not be seen.
    pub async fn default_key(&self) -> Result<Option<Key>, AwsError> {
        let rule = self.encryption().await?.value;
        let default = rule.map(|own| own.apply_server_side_encryption_by_default);
        let Some(name) = default.as_ref().and_then(ByDefault::kms) else {
            return Ok(None);
        };
        let is_foreign = keys::owner(name).is_some_and(|own| own != self.reader.caller.account);
        if is_foreign {
            return Ok(None);
        }
        let region = keys::region(name).unwrap_or(self.region);
        self.reader.key(name, region).await
    }

    /// Its default encryption; every bucket has had one since 2023.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn encryption(&self) -> Result<Whole<Encryption>, AwsError> {
        ask_whole!(
            self,
            GET_ENCRYPTION,
            get_bucket_encryption,
            "ServerSideEncryptionConfigurationNotFoundError",
            KNOWN,
            |answer: GetBucketEncryptionOutput| {
                let rules = answer.server_side_encryption_configuration?.rules;
                rules.into_iter().find_map(Encryption::of)
            }
        )
    }
}

/// Replaces the default encryption of a bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketEncryption {
    #[serde(flatten)]
    target: Target,
    server_side_encryption_configuration: Rules,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rules {
    rules: [Encryption; 1],
}

impl PutBucketEncryption {
    /// The write for a bucket.
    pub fn with(target: Target, encryption: Encryption) -> Self {
        let server_side_encryption_configuration = Rules { rules: [encryption] };
        Self { target, server_side_encryption_configuration }
    }
}

impl Write for PutBucketEncryption {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketEncryption",
        &[Grant::on("s3:PutEncryptionConfiguration", BUCKET)],
    );
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let [encryption] = &self.server_side_encryption_configuration.rules;
        let default = &encryption.apply_server_side_encryption_by_default;
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(default.algorithm.as_str()))
            .set_kms_master_key_id(default.key.clone())
            .build()
            .map_err(|cause| unbuilt(self, cause))?;
        let blocked = encryption.blocked_encryption_types.as_ref().map(|blocked| {
            let types = blocked.encryption_type.iter();
            let types = types.map(|own| EncryptionType::from(own.as_str())).collect();
            BlockedEncryptionTypes::builder().set_encryption_type(Some(types)).build()
        });
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .set_bucket_key_enabled(encryption.bucket_key_enabled)
            .set_blocked_encryption_types(blocked)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let request = clients
            .s3(&self.target.region)
            .put_bucket_encryption()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .server_side_encryption_configuration(configuration.map_err(|c| unbuilt(self, c))?);
        sent(self, request.send().await)
    }
}

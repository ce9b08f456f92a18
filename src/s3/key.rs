//! The KMS key that a bucket's default encryption is to use.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use serde::{Deserialize, Serialize};

/// Reads a key by alias, id or ARN.
pub const DESCRIBE_KEY: Operation = Operation::new(
    "kms",
    "DescribeKey",
    &[Grant::on(
        "kms:DescribeKey",
        "arn:{partition}:kms:*:{key_account}:key/*",
    )],
);

/// A key as KMS knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: String,
    /// What kind of key it is: `SYMMETRIC_DEFAULT` is the one that S3 takes.
    pub spec: String,
    /// Whether AWS manages it, so that no other account can be let use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_aws: bool,
}

impl Key {
    /// Why S3 could not encrypt with it.
    pub fn fault(&self) -> Option<String> {
        match (self.state.as_str(), self.spec.as_str()) {
            ("Enabled", "SYMMETRIC_DEFAULT") => None,
            ("Enabled", spec) => Some(format!("is of the kind {spec}; S3 takes symmetric keys")),
            (state, _) => Some(format!("is {state}")),
        }
    }
}

/// The key of an alias, id or ARN in a region; `None` when there is no such key there.
///
/// # Errors
/// When it could not be seen.
pub async fn key(reader: &Reader, name: &str, region: &str) -> Result<Option<Key>, AwsError> {
    let read = Box::pin(async {
        let request = reader
            .clients
            .kms(region)
            .describe_key()
            .key_id(name)
            .send();
        let answer = match DESCRIBE_KEY.answer(&reader.clients, region, request).await {
            Ok(answer) => answer,
            Err(error) if error.is("NotFoundException") => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(answer.key_metadata.map(|key| Key {
            arn: key.arn.unwrap_or_default(),
            state: key
                .key_state
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            spec: key
                .key_spec
                .map(|spec| spec.as_str().to_owned())
                .unwrap_or_default(),
            is_of_aws: key.key_manager.is_some_and(|by| by.as_str() == "AWS"),
        }))
    });
    reader
        .once(&DESCRIBE_KEY, &format!("{name} in {region}"), read)
        .await
}

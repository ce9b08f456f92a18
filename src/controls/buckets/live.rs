//! What is read of a bucket: what its settings ask for, and nothing else.

use super::settings::Wanted;
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use serde::{Deserialize, Deserializer, Serialize};

/// What was read of a bucket. A field that is missing was not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The text of its policy, if it has one.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "seen"
    )]
    pub(super) policy: Option<Option<String>>,
    /// Whether it was deleted after the buckets were listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
}

/// A key that is there was read, even if the bucket has no such setting.
fn seen<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a bucket.
///
/// # Errors
/// When a setting that is asked for could not be seen; that the bucket is gone is no error.
pub(super) async fn read(
    wanted: &Wanted<'_>,
    bucket: &str,
    region: &str,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let mut live = Live::default();
    if wanted.ssl_only.is_some() {
        match reader.bucket_policy(bucket, region).await {
            Ok(policy) => live.policy = Some(policy),
            Err(error) if error.is("NoSuchBucket") => live.gone = true,
            Err(error) => return Err(error),
        }
    }
    Ok(live)
}

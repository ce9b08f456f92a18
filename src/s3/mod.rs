//! S3 buckets as several controls see them: what a bucket is set to, and the writes that change it.

mod read;
mod restore;
mod writes;

pub use read::{
    Bucket, Flags, GET_ENCRYPTION, GET_LIFECYCLE, GET_OWNERSHIP, GET_PUBLIC_ACCESS_BLOCK,
    GET_TAGGING, GET_VERSIONING, Rule, read,
};
pub use restore::{
    DeleteBucketLifecycle, DeleteBucketOwnershipControls, DeleteBucketPolicy, restore_policy,
};
pub use writes::{
    CreateBucket, ENFORCED, PutBucketEncryption, PutBucketLifecycle, PutBucketOwnershipControls,
    PutBucketPolicy, PutBucketVersioning, PutPublicAccessBlock, Target,
};

use crate::policy::{LARGEST, Policy};

/// The ARN of a bucket.
pub fn arn(partition: &str, bucket: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}")
}

/// Why S3 would refuse to store a policy: what is wrong, and what to do.
pub fn refusal(policy: &Policy) -> Option<(String, String)> {
    let size = policy.compact().len();
    if size > LARGEST {
        let what = format!("its policy would have {size} bytes; S3 takes {LARGEST}");
        return Some((what, "shorten the policy by hand".to_owned()));
    }
    let (statement, id) = policy.deleted_principals().into_iter().next()?;
    let what = format!(
        "statement {statement} of its policy names {id}, a deleted user or role; S3 refuses to \
         store that again"
    );
    Some((what, format!("take {id} out of the policy by hand")))
}

/// Whether a bucket may have this name. Source: S3 User Guide, "General purpose bucket naming rules".
pub fn is_bucket_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
}

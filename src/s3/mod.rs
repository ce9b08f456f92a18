//! S3 buckets as several controls see them: what a bucket is set to, and the writes that change it.
//! One file for each setting, with its read and its write.

mod access_points;
mod ask;
mod deletes;
mod encryption;
mod exposure;
mod lifecycle;
mod listing;
mod log_target;
mod logging;
mod names;
mod object_lock;
mod ownership;
mod policy;
mod public_access;
mod read;
mod replication;
mod sharing;
mod shipment;
mod tagging;
mod versioning;
mod whole;
mod writes;

pub use access_points::{
    AccessPoint, GET_ACCESS_POINT, GET_ACCESS_POINT_POLICY, LIST_ACCESS_POINTS,
    LIST_MULTI_REGION_ACCESS_POINTS, open_access_points,
};
pub use ask::Asked;
pub use deletes::{DeleteBucketLifecycle, DeleteBucketOwnershipControls, DeleteBucketPolicy};
pub use encryption::{
    Blocked, ByDefault, Encryption, GET_ENCRYPTION, PutBucketEncryption, key_fault,
};
pub use exposure::{Exposure, GET_POLICY_STATUS, GET_WEBSITE};
pub use lifecycle::{
    Abort, Expiration, Filter, GET_LIFECYCLE, Lifecycle, MOST_RULES, Noncurrent,
    PutBucketLifecycle, Rule,
};
pub use listing::{LIST_BUCKETS, Located, OwnBuckets};
pub use log_target::{ACCESS_LOGS, LogTarget, Source, delivery_statement};
pub use logging::{GET_LOGGING, GET_REQUEST_PAYMENT, Logging, PutBucketLogging};
pub use names::{is_bucket_name, pattern_fault};
pub use object_lock::{GET_OBJECT_LOCK, ObjectLock, PutObjectLock, Retention};
pub use ownership::{
    AclGrant, ENFORCED, GET_ACL, GET_OWNERSHIP, PutBucketOwnershipControls, acl_in_the_way,
};
pub use policy::{PutBucketPolicy, not_to_be_pruned, refusal};
pub use public_access::{
    Flags, GET_ACCOUNT_PUBLIC_ACCESS_BLOCK, GET_PUBLIC_ACCESS_BLOCK, PutPublicAccessBlock,
    account_public_access_block,
};
pub use read::{Bucket, Judged, read, read_judged};
pub use replication::{GET_REPLICATION, Replica};
pub use sharing::{beyond, check_shared_with, lets_others_in};
pub use shipment::{KeptOut, OWNER_HAS_ALL, Shipment};
pub use tagging::{GET_TAGGING, TagResource, UntagResource};
pub use versioning::{GET_VERSIONING, PutBucketVersioning, Versioning};
pub use whole::Whole;
pub use writes::{CreateBucket, Target};

/// The ARN of a bucket.
pub fn arn(partition: &str, bucket: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}")
}

//! What is waited for when AWS refuses a write that will be right in a moment.

/// What has to come true before a write that was refused with this code is taken: the end of
/// "waiting for …". Sources: the error lists of the services' API references.
pub fn condition(code: &str) -> &'static str {
    match code {
        "ConcurrentModification"
        | "ConcurrentModificationException"
        | "ConflictException"
        | "OperationAborted" => "another write to the same object to end",
        "InsufficientS3BucketPolicyException" | "InsufficientDeliveryPolicyException" => {
            "the bucket's policy to reach the service that delivers there"
        }
        "InsufficientEncryptionPolicyException" => "the key's policy to reach CloudTrail",
        "NoSuchBucket" | "NoSuchBucketException" | "S3BucketDoesNotExistException" => {
            "the new bucket to be known everywhere"
        }
        "TrailNotFoundException" => "the new trail to be known everywhere",
        "InvalidRoleException" => "the new role to be known everywhere",
        "NoAvailableConfigurationRecorderException" | "NoSuchConfigurationRecorderException" => {
            "the new recorder to be known"
        }
        "NoAvailableDeliveryChannelException" => "the new delivery channel to be known",
        _ => "what was written before to spread",
    }
}

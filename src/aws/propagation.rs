//! Writes that AWS refuses and takes in a moment: the codes stand with the operation, and each says
//! what is waited for.

use super::AnyWrite;

/// An error code by which a service refuses a write while something written before has not spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagation {
    /// The code, from the error list of the operation in the API reference.
    pub code: &'static str,
    /// What has to come true: the end of "waiting for …".
    pub awaits: &'static str,
}

impl Propagation {
    /// A code with what it waits for.
    pub const fn new(code: &'static str, awaits: &'static str) -> Self {
        Self { code, awaits }
    }
}

/// The codes by which AWS says that another write to the same object is under way; always worth
/// another try, whichever operation it is. Sources: the error lists of the S3, IAM and CloudTrail API
/// references.
const CONFLICTS: [&str; 4] = [
    "ConcurrentModification",
    "ConcurrentModificationException",
    "ConflictException",
    "OperationAborted",
];

/// What is waited for when a write is refused with this code; `None` if it is refused for good.
/// `wrote_before` is whether this run has written something that may have to spread.
pub fn awaited(write: &dyn AnyWrite, code: &str, wrote_before: bool) -> Option<&'static str> {
    if CONFLICTS.contains(&code) {
        return Some("another write to the same object to end");
    }
    let own = write.propagating().iter().filter(|_| wrote_before);
    own.into_iter().find(|own| own.code == code).map(|own| own.awaits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::{DeleteBucketPolicy, Target};

    #[test]
    fn what_is_waited_for_stands_with_the_operation_and_only_after_a_write() {
        let target = Target {
            bucket: "logs".to_owned(),
            expected_bucket_owner: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let write = DeleteBucketPolicy { target };
        let new = awaited(&write, "NoSuchBucket", true);
        assert_eq!(new, Some("the new bucket to be known everywhere"));
        assert_eq!(awaited(&write, "NoSuchBucket", false), None);
        assert_eq!(awaited(&write, "AccessDenied", true), None);
        assert!(awaited(&write, "OperationAborted", false).is_some());
    }
}

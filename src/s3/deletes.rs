//! Calls that take a setting of a bucket away. None here deletes an object.

use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use serde::Serialize;
use std::any::Any;

/// Defines a call that takes one setting of a bucket away.
macro_rules! deletion {
    ($(#[$doc:meta])* $name:ident $method:ident $action:literal) => {
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub struct $name {
            /// The bucket.
            #[serde(flatten)]
            pub target: Target,
        }

        impl Write for $name {
            const OPERATION: Operation =
                Operation::new("s3", stringify!($name), &[Grant::on($action, BUCKET)]);
            const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

            fn region(&self) -> &str {
                &self.target.region
            }

            async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
                let request = clients
                    .s3(&self.target.region)
                    .$method()
                    .bucket(&self.target.bucket)
                    .expected_bucket_owner(&self.target.expected_bucket_owner);
                sent(self, request.send().await)
            }

            fn merge(&mut self, later: &dyn Any) -> bool {
                let later = later.downcast_ref::<Self>();
                later.is_some_and(|later| later.target.bucket == self.target.bucket)
            }
        }
    };
}

deletion! {
    /// Takes away the policy of a bucket that had none.
    DeleteBucketPolicy delete_bucket_policy "s3:DeleteBucketPolicy"
}

deletion! {
    /// Takes away the object ownership of a bucket from before there was such a setting.
    DeleteBucketOwnershipControls delete_bucket_ownership_controls "s3:PutBucketOwnershipControls"
}

deletion! {
    /// Takes away all lifecycle rules of a bucket that has none but ours.
    DeleteBucketLifecycle delete_bucket_lifecycle "s3:PutLifecycleConfiguration"
}

//! Reads whose the name is, and what the bucket is set to.

use super::Live;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use crate::s3;

pub(super) const HEAD: Operation = Operation::new(
    "s3",
    "HeadBucket",
    &[Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}")],
);

/// Looks for the bucket of a name in the account and beyond it.
///
/// # Errors
/// When whose the name is, or a setting of the bucket, could not be seen.
pub async fn look(reader: &Reader, name: &str) -> Result<Live, AwsError> {
    let listed = reader.buckets().await?;
    match listed.iter().find(|bucket| bucket.name == name) {
        Some(bucket) => Ok(Live::Own(Box::new(s3::read(reader, name, &bucket.region).await?))),
        None => {
            let read = Box::pin(read_unlisted(reader, name));
            reader.once(&HEAD, name, read).await
        }
    }
}

/// Tells a free name from one that another account has, and from a bucket that the list does not
/// show yet.
async fn read_unlisted(reader: &Reader, name: &str) -> Result<Live, AwsError> {
    let (clients, region) = (&reader.clients, reader.home_region.as_str());
    let request = clients
        .s3(region)
        .head_bucket()
        .bucket(name)
        .expected_bucket_owner(&reader.caller.account)
        .send();
    let error = match HEAD.asked(clients, region, request).await? {
        Ok(_) => return Ok(Live::Own(Box::new(s3::read(reader, name, region).await?))),
        Err(error) => error,
    };
    // S3 tells the region of a bucket that exists, even to those who may not use it; the account's
    // own buckets are in the list, so this one is another's.
    let exists = error.raw_response().is_some_and(|raw| {
        let refused = matches!(raw.status().as_u16(), 301 | 403);
        refused && raw.headers().get("x-amz-bucket-region").is_some()
    });
    let error = AwsError::new(&HEAD, region, error);
    match exists {
        true => Ok(Live::Taken),
        false if error.is("NotFound") || error.is("NoSuchBucket") => Ok(Live::Absent),
        false => Err(error),
    }
}

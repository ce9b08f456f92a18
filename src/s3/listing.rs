//! The general purpose buckets of the account.

use super::pattern_fault;
use crate::aws::facts::Reader;
use crate::aws::listings::Listing;
use crate::aws::{AwsError, Grant, Operation};
use crate::place::Place;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// The account's general purpose buckets with their regions, sorted by name.
#[derive(Debug)]
pub struct OwnBuckets;

/// A bucket of the account, by name and region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Located {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
}

impl Listing for OwnBuckets {
    const NAME: &'static str = "buckets";
    type Item = Located;
    /// An event about a bucket names it in `resources`, whatever else it names.
    const NAMED_IN_EVENTS: bool = true;

    fn operation(_: &str) -> &'static Operation {
        const { &LIST_BUCKETS }
    }

    async fn read(reader: &Reader) -> Result<Vec<Located>, AwsError> {
        reader.list_buckets().await
    }

    fn place(bucket: &Located) -> Place {
        Place::thing_in(&bucket.name, &bucket.region)
    }

    /// Their regions, by which buckets may be named as well, are spelt with the characters of their
    /// names.
    fn fault(pattern: &str) -> Option<String> {
        pattern_fault(pattern)
    }
}

/// The account's buckets with their regions.
pub const LIST_BUCKETS: Operation =
    Operation::new("s3", "ListBuckets", &[Grant::any("s3:ListAllMyBuckets")]);

/// Asked for the region of a bucket where ListBuckets does not tell it: Amazon S3 does, what imitates
/// it may not.
const HEAD_FOR_REGION: Operation = Operation::new(
    "s3",
    "HeadBucket",
    &[Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}")],
);

impl Reader {
    /// The account's general purpose buckets with their regions, sorted by name; asked once.
    ///
    /// # Errors
    /// When the list, or a page of it, cannot be had.
    pub async fn buckets(&self) -> Result<Vec<Located>, AwsError> {
        self.list::<OwnBuckets>().await
    }

    async fn list_buckets(&self) -> Result<Vec<Located>, AwsError> {
        let region = &self.home_region;
        let mut buckets = Vec::new();
        let mut next = None;
        loop {
            let request = self
                .clients
                .s3(region)
                .list_buckets()
                .max_buckets(1000)
                .set_continuation_token(next)
                .send();
            let page = LIST_BUCKETS.answer(&self.clients, region, request).await?;
            for bucket in page.buckets() {
                let Some(name) = bucket.name() else { continue };
                buckets.push((name.to_owned(), bucket.bucket_region().map(str::to_owned)));
            }
            next = page.continuation_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let located = buckets.into_iter().map(async |(name, region)| {
            let region = match region {
                Some(region) => region,
                None => self.region_of(&name).await?,
            };
            Ok(Located { name, region })
        });
        let mut buckets = try_join_all(located).await?;
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(buckets)
    }

    /// The region of a bucket, which any answer to HeadBucket names, a refusal or a redirection too.
    async fn region_of(&self, bucket: &str) -> Result<String, AwsError> {
        let region = &self.home_region;
        let request = self.clients.s3(region).head_bucket().bucket(bucket).send();
        let named = match HEAD_FOR_REGION.asked(&self.clients, region, request).await? {
            Ok(answer) => answer.bucket_region().map(str::to_owned),
            Err(error) => {
                let header =
                    error.raw_response().and_then(|raw| raw.headers().get("x-amz-bucket-region"));
                match header {
                    Some(named) => Some(named.to_owned()),
                    None => return Err(AwsError::new(&HEAD_FOR_REGION, region, error)),
                }
            }
        };
        named.ok_or_else(|| {
            let text = format!("the answer gives no region for bucket {bucket}");
            AwsError::unexpected(&HEAD_FOR_REGION, region, &text)
        })
    }
}

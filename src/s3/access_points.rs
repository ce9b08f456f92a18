//! The access points of a bucket that the internet can reach and whose own public access block, which
//! cannot be changed after they were made, is not whole.

use super::public_access::Flags;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};

/// Lists the access points of a region.
pub const LIST_ACCESS_POINTS: Operation = Operation::new(
    "s3control",
    "ListAccessPoints",
    &[Grant::any("s3:ListAccessPoints")],
);

/// Reads one.
pub const GET_ACCESS_POINT: Operation = Operation::new(
    "s3control",
    "GetAccessPoint",
    &[Grant::any("s3:GetAccessPoint")],
);

/// Lists the multi-region access points of the account.
pub const LIST_MULTI_REGION_ACCESS_POINTS: Operation = Operation::new(
    "s3control",
    "ListMultiRegionAccessPoints",
    &[Grant::any("s3:ListMultiRegionAccessPoints")],
);

/// Where S3 answers about multi-region access points. Source: S3 User Guide, "Managing Multi-Region
/// Access Points".
const MULTI_REGION_HOME: &str = "us-west-2";

/// The names of the access points of a bucket whose own block is not whole, sorted.
///
/// # Errors
/// When one of them, or the list, could not be seen.
pub async fn open_access_points(
    reader: &Reader,
    bucket: &str,
    region: &str,
) -> Result<Vec<String>, AwsError> {
    let (own, multi) = tokio::join!(of_region(reader, region), multi_region(reader));
    let mut open = Vec::new();
    for name in own?
        .into_iter()
        .filter(|(own, _)| own == bucket)
        .map(|(_, name)| name)
    {
        if block_of(reader, &name, region).await? != Flags::ON {
            open.push(name);
        }
    }
    open.extend(
        multi?
            .into_iter()
            .filter(|(own, _)| own == bucket)
            .map(|(_, name)| name),
    );
    open.sort();
    Ok(open)
}

/// Bucket and name of each access point of a region that is not for one VPC only.
async fn of_region(reader: &Reader, region: &str) -> Result<Vec<(String, String)>, AwsError> {
    let list = Box::pin(async {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = reader
                .clients
                .s3control(region)
                .list_access_points()
                .account_id(&reader.caller.account)
                .set_next_token(next)
                .send();
            let page = LIST_ACCESS_POINTS
                .answer(&reader.clients, region, request)
                .await?;
            for point in page.access_point_list() {
                if point.network_origin().as_str() != "VPC" {
                    found.push((point.bucket().to_owned(), point.name().to_owned()));
                }
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    });
    reader.once(&LIST_ACCESS_POINTS, region, list).await
}

async fn block_of(reader: &Reader, name: &str, region: &str) -> Result<Flags, AwsError> {
    let request = reader
        .clients
        .s3control(region)
        .get_access_point()
        .account_id(&reader.caller.account)
        .name(name)
        .send();
    let point = GET_ACCESS_POINT
        .answer(&reader.clients, region, request)
        .await?;
    let block = point.public_access_block_configuration.map(|block| Flags {
        block_public_acls: block.block_public_acls == Some(true),
        ignore_public_acls: block.ignore_public_acls == Some(true),
        block_public_policy: block.block_public_policy == Some(true),
        restrict_public_buckets: block.restrict_public_buckets == Some(true),
    });
    Ok(block.unwrap_or_default())
}

/// Bucket and name of each multi-region access point whose block is not whole, by each bucket of it.
async fn multi_region(reader: &Reader) -> Result<Vec<(String, String)>, AwsError> {
    if reader.caller.partition() != "aws" {
        return Ok(Vec::new());
    }
    let list = Box::pin(async {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = reader
                .clients
                .s3control(MULTI_REGION_HOME)
                .list_multi_region_access_points()
                .account_id(&reader.caller.account)
                .set_next_token(next)
                .send();
            let page = LIST_MULTI_REGION_ACCESS_POINTS
                .answer(&reader.clients, MULTI_REGION_HOME, request)
                .await?;
            for point in page.access_points() {
                let block = point.public_access_block();
                let is_whole = block.is_some_and(|block| {
                    block.block_public_acls() == Some(true)
                        && block.ignore_public_acls() == Some(true)
                        && block.block_public_policy() == Some(true)
                        && block.restrict_public_buckets() == Some(true)
                });
                let name = point.name().unwrap_or_default();
                let buckets = point.regions().iter().filter_map(|region| region.bucket());
                if !is_whole {
                    found.extend(buckets.map(|bucket| (bucket.to_owned(), name.to_owned())));
                }
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    });
    reader
        .once(&LIST_MULTI_REGION_ACCESS_POINTS, "", list)
        .await
}

//! The access points of a bucket: those that the internet can reach and whose own public access block,
//! which cannot be changed after they were made, is not whole; and whom their policies let in.

use super::ask::Asked;
use super::public_access::Flags;
use super::sharing::{beyond, lets_others_in};
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, unless_absent};
use crate::policy::{Policy, weaknesses};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Lists the access points of a region.
pub const LIST_ACCESS_POINTS: Operation =
    Operation::new("s3control", "ListAccessPoints", &[Grant::any("s3:ListAccessPoints")]);

/// Reads one.
pub const GET_ACCESS_POINT: Operation =
    Operation::new("s3control", "GetAccessPoint", &[Grant::any("s3:GetAccessPoint")]);

/// Reads the policy of one.
pub const GET_ACCESS_POINT_POLICY: Operation = Operation::new(
    "s3control",
    "GetAccessPointPolicy",
    &[Grant::on("s3:GetAccessPointPolicy", "arn:{partition}:s3:*:{account}:accesspoint/*")],
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
    let from_outside = |own: &Listed| own.bucket == bucket && !own.is_for_a_vpc;
    for Listed { name, .. } in own?.into_iter().filter(from_outside) {
        if block_of(reader, &name, region).await? != Flags::ON {
            open.push(name);
        }
    }
    open.extend(multi?.into_iter().filter(|(own, _)| own == bucket).map(|(_, name)| name));
    open.sort();
    Ok(open)
}

/// The policy of an access point of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// Its name.
    pub name: String,
    /// The text of its policy.
    pub policy: String,
}

impl AccessPoint {
    /// Whom its policy lets in that the bucket is not shared with: what is wrong, and what to do. It
    /// is judged as that of the bucket is.
    pub fn faults(
        &self,
        shared_with: &BTreeSet<String>,
        bucket: &str,
        account: &str,
        partition: &str,
    ) -> Vec<(String, String)> {
        let Self { name, policy } = self;
        let policy = match Policy::parse(policy) {
            Ok(policy) => policy,
            Err(cause) => {
                let what = format!("the policy of its access point {name} cannot be read: {cause}");
                let remedy = "look at it: S3 console, Access Points".to_owned();
                return vec![(what, remedy)];
            }
        };
        let found = weaknesses(&policy, bucket, account, partition).into_iter();
        found
            .filter(lets_others_in)
            .filter_map(|found| beyond(found, shared_with))
            .map(|found| (format!("its access point {name}: {}", found.what), found.remedy))
            .collect()
    }
}

impl Asked<'_> {
    /// The policies of its access points, where its own policy leaves it to them who gets in; nothing
    /// is asked where it does not.
    ///
    /// # Errors
    /// When one of them, or the list, could not be seen.
    pub async fn access_points(&self, policy: Option<&str>) -> Result<Vec<AccessPoint>, AwsError> {
        let Self { reader, bucket, region } = *self;
        let policy = policy.and_then(|text| Policy::parse(text).ok());
        let partition = reader.caller.partition();
        if !policy.is_some_and(|own| own.leaves_it_to_access_points(partition)) {
            return Ok(Vec::new());
        }
        let mut points = Vec::new();
        for listed in of_region(reader, region).await? {
            if listed.bucket != bucket {
                continue;
            }
            let name = listed.name;
            if let Some(policy) = policy_of(reader, &name, region).await? {
                points.push(AccessPoint { name, policy });
            }
        }
        points.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(points)
    }
}

/// The policy of an access point, asked once; `None` for one that has none.
async fn policy_of(reader: &Reader, name: &str, region: &str) -> Result<Option<String>, AwsError> {
    let read = Box::pin(async {
        let request = reader.clients.s3control(region).get_access_point_policy();
        let request = request.account_id(&reader.caller.account).name(name).send();
        let answer = GET_ACCESS_POINT_POLICY.answer(&reader.clients, region, request).await;
        let answer = unless_absent(answer, "NoSuchAccessPointPolicy")?;
        Ok(answer.and_then(|answer| answer.policy))
    });
    let key = format!("{name} in {region}");
    reader.once(&GET_ACCESS_POINT_POLICY, &key, read).await
}

/// An access point in the list of a region.
#[derive(Clone, Debug)]
struct Listed {
    bucket: String,
    name: String,
    /// Whether it can be reached through one VPC only.
    is_for_a_vpc: bool,
}

/// The access points of a region, asked once.
async fn of_region(reader: &Reader, region: &str) -> Result<Vec<Listed>, AwsError> {
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
            let page = LIST_ACCESS_POINTS.answer(&reader.clients, region, request).await?;
            for point in page.access_point_list() {
                found.push(Listed {
                    bucket: point.bucket().to_owned(),
                    name: point.name().to_owned(),
                    is_for_a_vpc: point.network_origin().as_str() == "VPC",
                });
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
    let point = GET_ACCESS_POINT.answer(&reader.clients, region, request).await?;
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
    reader.once(&LIST_MULTI_REGION_ACCESS_POINTS, "", list).await
}

//! The regions that the account has enabled.

use super::door::{Nothing, Typed};
use super::facts::Reader;
use super::listings::Listing;
use super::services::{ACCOUNT, EC2};
use super::{AwsError, Grant, Kind, Operation, regions};
use crate::place::Place;
use serde::{Deserialize, Serialize};

/// The regions that the account has enabled, sorted.
#[derive(Debug)]
pub struct EnabledRegions;

impl Listing for EnabledRegions {
    const NAME: &'static str = "regions";
    type Item = String;

    fn operation(partition: &str) -> &'static Operation {
        match account_has_a_host(partition) {
            true => const { &LIST_REGIONS.operation },
            false => const { &DESCRIBE_REGIONS.operation },
        }
    }

    async fn read(reader: &Reader) -> Result<Vec<String>, AwsError> {
        reader.list_regions().await
    }

    fn place(name: &String) -> Place {
        Place::region(name)
    }

    fn fault(pattern: &str) -> Option<String> {
        regions::slip(pattern)
    }
}

/// The regions that the account has enabled.
pub const LIST_REGIONS: Typed<RegionsAsked, RegionsFound> =
    Typed::rest(&ACCOUNT, "ListRegions", "POST /listRegions", &[Grant::any("account:ListRegions")])
        .paged("NextToken", "NextToken");

/// Whether Account Management can be asked in a partition. Source: AWS General Reference, "AWS Account
/// Management endpoints and quotas".
fn account_has_a_host(partition: &str) -> bool {
    matches!(partition, "aws" | "aws-cn")
}

/// Which regions are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegionsAsked {
    region_opt_status_contains: Vec<String>,
    max_results: u32,
}

/// A page of regions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegionsFound {
    #[serde(default)]
    regions: Vec<RegionFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RegionFound {
    region_name: String,
}

/// The same as EC2 knows it, where Account Management has no endpoint.
pub const DESCRIBE_REGIONS: Typed<Nothing, Ec2Regions> =
    Typed::new(&EC2, "DescribeRegions", &[Grant::any("ec2:DescribeRegions")]);

/// The regions that are enabled, as EC2 answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Regions {
    region_info: Vec<Ec2Region>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ec2Region {
    region_name: String,
}

impl Reader {
    /// The regions that the account has enabled, sorted; asked once.
    ///
    /// # Errors
    /// When the list, or a page of it, cannot be had.
    pub async fn enabled_regions(&self) -> Result<Vec<String>, AwsError> {
        self.list::<EnabledRegions>().await
    }

    async fn list_regions(&self) -> Result<Vec<String>, AwsError> {
        let mut names = match account_has_a_host(self.caller.partition()) {
            true => match self.regions_of_account().await {
                // A network may hide this one host and not that of EC2.
                Err(error) if error.kind == Kind::Unresolved => {
                    self.regions_of_ec2().await.map_err(|_| error)?
                }
                names => names?,
            },
            false => self.regions_of_ec2().await?,
        };
        names.sort();
        Ok(names)
    }

    async fn regions_of_account(&self) -> Result<Vec<String>, AwsError> {
        let input = RegionsAsked {
            region_opt_status_contains: vec!["ENABLED".to_owned(), "ENABLED_BY_DEFAULT".to_owned()],
            max_results: 50,
        };
        let pages = LIST_REGIONS.pages(&self.clients, self.global_region(), &input).await?;
        let regions = pages.into_iter().flat_map(|page| page.regions);
        Ok(regions.map(|region| region.region_name).collect())
    }

    async fn regions_of_ec2(&self) -> Result<Vec<String>, AwsError> {
        let answer = DESCRIBE_REGIONS.ask(&self.clients, &self.home_region, &Nothing {}).await?;
        let regions = answer.region_info.into_iter();
        Ok(regions.map(|region| region.region_name).collect())
    }
}

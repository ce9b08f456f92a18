//! The aggregator: what the rules of all regions find, in one place.

use super::wire::AGGREGATOR_ARN;
use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::CONFIG;
use crate::control::{Context, Remarks};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const DESCRIBE_AGGREGATORS: Typed<Nothing, Aggregators> = Typed::new(
    &CONFIG,
    "DescribeConfigurationAggregators",
    &[Grant::any("config:DescribeConfigurationAggregators")],
)
.paged("NextToken", "NextToken");

pub const DESCRIBE_SOURCES: Typed<SourcesAsked, Sources> = Typed::new(
    &CONFIG,
    "DescribeConfigurationAggregatorSourcesStatus",
    &[Grant::on("config:DescribeConfigurationAggregatorSourcesStatus", AGGREGATOR_ARN)],
)
.paged("NextToken", "NextToken");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Aggregators {
    #[serde(default)]
    pub configuration_aggregators: Vec<WireAggregator>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WireAggregator {
    configuration_aggregator_name: String,
    #[serde(default)]
    account_aggregation_sources: Vec<AccountSource>,
    organization_aggregation_source: Option<OrganizationSource>,
    created_by: Option<String>,
    aggregator_filters: Option<Filters>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountSource {
    pub account_ids: Vec<String>,
    #[serde(default)]
    pub all_aws_regions: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aws_regions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationSource {
    #[serde(default)]
    all_aws_regions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filters {
    resource_type: Option<Filter>,
    service_principal: Option<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    #[serde(default)]
    value: Vec<String>,
}

/// Whose sources are asked for, and in which states.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SourcesAsked {
    pub configuration_aggregator_name: String,
    pub update_status: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sources {
    #[serde(default)]
    pub aggregated_source_status_list: Vec<Source>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    pub source_id: Option<String>,
    pub aws_region: Option<String>,
    pub last_error_code: Option<String>,
}

/// An aggregator, as far as calls change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregator {
    /// The accounts, unless it is the organization.
    pub accounts: BTreeSet<String>,
    /// Whether it is all regions, those to come included.
    pub all_regions: bool,
    /// Otherwise these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub regions: BTreeSet<String>,
    /// What alone it takes in: types of resources, and services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub filters: BTreeSet<String>,
}

/// An aggregator that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregatorFound {
    pub aggregator: Aggregator,
    /// Whether it is one of the organization's accounts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_organization: bool,
    /// The service that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The sources of this account that fail, by region, with AWS's codes: of the one that does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failing: BTreeMap<String, String>,
}

impl AggregatorFound {
    pub fn read(wire: WireAggregator) -> (String, Self) {
        let organization = wire.organization_aggregation_source;
        let source = wire.account_aggregation_sources.into_iter().next();
        let source = source.unwrap_or(AccountSource {
            account_ids: Vec::new(),
            all_aws_regions: organization.as_ref().is_some_and(|own| own.all_aws_regions),
            aws_regions: Vec::new(),
        });
        let filters = wire.aggregator_filters.into_iter();
        let filters = filters.flat_map(|own| [own.resource_type, own.service_principal]);
        let aggregator = Aggregator {
            accounts: source.account_ids.into_iter().collect(),
            all_regions: source.all_aws_regions,
            regions: source.aws_regions.into_iter().collect(),
            filters: filters.flatten().flat_map(|own| own.value).collect(),
        };
        let found = Self {
            aggregator,
            is_of_organization: organization.is_some(),
            service: wire.created_by,
            failing: BTreeMap::new(),
        };
        (wire.configuration_aggregator_name, found)
    }

    /// Whether it takes in all regions of an account.
    pub fn covers(&self, account: &str) -> bool {
        let Aggregator { accounts, all_regions, filters, .. } = &self.aggregator;
        let is_in = self.is_of_organization || accounts.iter().any(|own| own == account);
        is_in && *all_regions && filters.is_empty()
    }

    fn is_own(&self) -> bool {
        !self.is_of_organization && self.service.is_none()
    }
}

/// The aggregators that calls may change.
pub fn own(live: &BTreeMap<String, AggregatorFound>) -> BTreeMap<String, Aggregator> {
    let own = live.iter().filter(|(_, found)| found.is_own());
    own.map(|(name, found)| (name.clone(), found.aggregator.clone())).collect()
}

/// What the aggregators have to become.
pub fn wanted(
    live: &BTreeMap<String, AggregatorFound>,
    context: &Context,
    say: &mut Remarks,
) -> BTreeMap<String, Aggregator> {
    let mut wanted = own(live);
    let account = &context.account;
    if let Some((name, found)) = live.iter().find(|(_, own)| own.covers(account)) {
        for (region, code) in &found.failing {
            say.finding(
                "aggregator",
                format!("the aggregator {name} gets nothing from {region}: {code}"),
                format!(
                    "see it: aws configservice describe-configuration-aggregator-sources-status \
                     --configuration-aggregator-name {name}"
                ),
            );
        }
        return wanted;
    }
    let is_free = |name: &&str| live.get(*name).is_none_or(AggregatorFound::is_own);
    let Some(name) = ["baseline", "baseline-own", "baseline-account"].into_iter().find(is_free)
    else {
        return wanted;
    };
    // What else it takes in stays: AWS replaces the list.
    let mut accounts = wanted.get(name).map(|own| own.accounts.clone()).unwrap_or_default();
    accounts.insert(account.clone());
    let whole = Aggregator {
        accounts,
        all_regions: true,
        regions: BTreeSet::new(),
        filters: BTreeSet::new(),
    };
    wanted.insert(name.to_owned(), whole);
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;
    use serde_json::{Value, json};

    fn wish(live: Value) -> Vec<String> {
        let live: BTreeMap<String, AggregatorFound> = serde_json::from_value(live).expect("live");
        let wanted = wanted(&live, &context(), &mut Remarks::default());
        let changed = wanted.iter().filter(|(name, to)| own(&live).get(*name) != Some(to));
        changed.map(|(name, _)| name.clone()).collect()
    }

    #[test]
    fn any_aggregator_that_takes_in_all_regions_will_do() {
        let own = json!({"accounts": ["111122223333"], "all_regions": true});
        let none: [&str; 0] = [];
        assert_eq!(wish(json!({})), ["baseline"]);
        assert_eq!(wish(json!({"theirs": {"aggregator": own}})), none);
        let all = json!({"accounts": [], "all_regions": true});
        let organization = json!({"aggregator": all, "is_of_organization": true});
        assert_eq!(wish(json!({"org": organization})), none);
        for narrowed in [
            json!({"accounts": ["111122223333"], "all_regions": false, "regions": ["us-east-1"]}),
            json!({"accounts": ["999999999999"], "all_regions": true}),
            json!({"accounts": ["111122223333"], "all_regions": true, "filters": ["AWS::S3::Bucket"]}),
        ] {
            assert_eq!(wish(json!({"baseline": {"aggregator": narrowed}})), ["baseline"]);
        }
    }
}

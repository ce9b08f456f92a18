//! A dashboard: whether it is on, its advanced metrics, and what else it has.

use aws_sdk_s3control::types::builders::{AccountLevelBuilder, BucketLevelBuilder};
use aws_sdk_s3control::types::{
    AccountLevel, ActivityMetrics, AdvancedCostOptimizationMetrics, AdvancedDataProtectionMetrics,
    AdvancedPerformanceMetrics, BucketLevel, DetailedStatusCodesMetrics, StorageLensConfiguration,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// The region that keeps it: its home region.
    pub region: String,
    /// Whether it is on.
    pub enabled: bool,
    /// What costs money.
    #[serde(default)]
    pub advanced: Advanced,
    /// The bucket of another account that its metrics are exported to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
    /// What else it has, by AWS's names, some of which may be of a later time than this program:
    /// a scope, an export, metrics by prefix. All of it would be lost in a write.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_carried: BTreeSet<String>,
}

/// A bucket that is not this account's, and takes the metrics of all its buckets and prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The ARN of the bucket.
    pub bucket: String,
    /// The account that it belongs to, as the dashboard says.
    pub account: String,
}

/// The advanced metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advanced {
    /// Of the account as a whole.
    pub account: Metrics,
    /// Of each bucket.
    pub buckets: Metrics,
}

/// Defines [`Metrics`] from AWS's types of them, and both levels that have them.
macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $Type:ident, $get:ident, $set:ident;)*) => {
        /// The kinds of advanced metrics; what is missing is off.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Metrics {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<bool>,)*
        }

        impl Metrics {
            const ELEMENTS: &[&str] = &[$(stringify!($Type)),*];

            /// As AWS's API has them.
            fn members(&self) -> Map<String, Value> {
                let each = [$((stringify!($Type), self.$name)),*];
                let set = each.into_iter().filter_map(|(name, on)| Some((name, on?)));
                set.map(|(name, on)| (name.to_owned(), json!({ "IsEnabled": on }))).collect()
            }
        }

        metrics!(@level AccountLevel AccountLevelBuilder: $($name $Type $get $set)*);
        metrics!(@level BucketLevel BucketLevelBuilder: $($name $Type $get $set)*);
    };
    (@level $Level:ident $Builder:ident: $($name:ident $Type:ident $get:ident $set:ident)*) => {
        impl From<&$Level> for Metrics {
            fn from(level: &$Level) -> Self {
                Self { $($name: level.$get().map($Type::is_enabled),)* }
            }
        }

        impl From<&Metrics> for $Builder {
            fn from(of: &Metrics) -> Self {
                $Level::builder()
                    $(.$set(of.$name.map(|on| $Type::builder().is_enabled(on).build())))*
            }
        }
    };
}

metrics! {
    /// Requests and bytes.
    activity: ActivityMetrics, activity_metrics, set_activity_metrics;
    /// Lifecycle rules.
    cost_optimization: AdvancedCostOptimizationMetrics,
        advanced_cost_optimization_metrics, set_advanced_cost_optimization_metrics;
    /// Encryption, replication, versioning.
    data_protection: AdvancedDataProtectionMetrics,
        advanced_data_protection_metrics, set_advanced_data_protection_metrics;
    /// How requests ended.
    status_codes: DetailedStatusCodesMetrics,
        detailed_status_codes_metrics, set_detailed_status_codes_metrics;
    /// Latencies and sizes; kept as they are, for not every region has them.
    performance: AdvancedPerformanceMetrics,
        advanced_performance_metrics, set_advanced_performance_metrics;
}

impl Advanced {
    /// Switches on what the setting `advanced` is for.
    pub fn raise(&mut self) {
        for level in [&mut self.account, &mut self.buckets] {
            *level = Metrics {
                activity: Some(true),
                cost_optimization: Some(true),
                data_protection: Some(true),
                status_codes: Some(true),
                performance: level.performance,
            };
        }
    }
}

/// The elements of a configuration that a write sends back beside the metrics, and the ARN, which
/// is never sent.
const CARRIED: [&str; 6] = [
    "StorageLensConfiguration",
    "Id",
    "AccountLevel",
    "BucketLevel",
    "IsEnabled",
    "StorageLensArn",
];

impl Dashboard {
    /// The dashboard that a region keeps, and the names of all elements that it was answered with.
    pub fn new(
        name: &str,
        region: &str,
        found: &StorageLensConfiguration,
        elements: BTreeSet<String>,
    ) -> Self {
        let level = found.account_level();
        let buckets = level.and_then(AccountLevel::bucket_level);
        let is_carried = |name: &str| CARRIED.contains(&name) || Metrics::ELEMENTS.contains(&name);
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            enabled: found.is_enabled(),
            advanced: Advanced {
                account: level.map(Metrics::from).unwrap_or_default(),
                buckets: buckets.map(Metrics::from).unwrap_or_default(),
            },
            export: export(found),
            not_carried: elements.into_iter().filter(|name| !is_carried(name)).collect(),
        }
    }

    /// It without what no call changes.
    pub fn changeable(&self) -> Self {
        Self { export: None, not_carried: BTreeSet::new(), ..self.clone() }
    }

    /// Its configuration, as AWS's API has it.
    pub fn members(&self) -> Value {
        let mut level = self.advanced.account.members();
        level.insert("BucketLevel".to_owned(), Value::Object(self.advanced.buckets.members()));
        json!({ "Id": self.name, "AccountLevel": level, "IsEnabled": self.enabled })
    }

    /// Its configuration, as the SDK sends it.
    pub fn sdk(&self) -> StorageLensConfiguration {
        let buckets = BucketLevelBuilder::from(&self.advanced.buckets).build();
        let level = AccountLevelBuilder::from(&self.advanced.account).bucket_level(buckets);
        StorageLensConfiguration::builder()
            .id(&self.name)
            .account_level(level.build())
            .is_enabled(self.enabled)
            .build()
            .expect("all members that are required are set")
    }
}

/// Where a configuration has its metrics exported to.
fn export(found: &StorageLensConfiguration) -> Option<Export> {
    let destination = found.data_export()?.s3_bucket_destination()?;
    Some(Export {
        bucket: destination.arn().to_owned(),
        account: destination.account_id().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::elements::names;

    #[test]
    fn what_no_write_sends_back_is_kept_apart() {
        let xml = "<StorageLensConfiguration><Id>x</Id><IsEnabled>true</IsEnabled>\
                   <IntAccessTiers><IsEnabled>true</IsEnabled></IntAccessTiers>\
                   </StorageLensConfiguration>";
        let found = StorageLensConfiguration::builder().id("x").is_enabled(true);
        let found = found.build().expect("it is whole");
        let dashboard = Dashboard::new("x", "us-east-1", &found, names(xml));
        let kept: Vec<String> = dashboard.not_carried.into_iter().collect();
        assert_eq!(kept, ["IntAccessTiers"]);
    }
}

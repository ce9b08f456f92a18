//! The one write, which replaces the whole configuration.

use super::dashboard::{Dashboard, Metrics};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::Context;
use aws_sdk_s3control::types::{
    AccountLevel, ActivityMetrics, AdvancedCostOptimizationMetrics, AdvancedDataProtectionMetrics,
    AdvancedPerformanceMetrics, BucketLevel, DetailedStatusCodesMetrics, StorageLensConfiguration,
};
use serde::Serialize;

/// Replaces the configuration of a dashboard.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutStorageLensConfiguration {
    config_id: String,
    account_id: String,
    storage_lens_configuration: Configuration,
    #[serde(skip)]
    region: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    id: String,
    account_level: Level,
    is_enabled: bool,
}

/// The metrics of the account, or of each bucket.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Level {
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_metrics: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_cost_optimization_metrics: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_data_protection_metrics: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detailed_status_codes_metrics: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_performance_metrics: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_level: Option<Box<Level>>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Switch {
    is_enabled: bool,
}

impl Level {
    fn new(metrics: &Metrics) -> Self {
        let switch = |on: Option<bool>| on.map(|is_enabled| Switch { is_enabled });
        Self {
            activity_metrics: switch(metrics.activity),
            advanced_cost_optimization_metrics: switch(metrics.cost_optimization),
            advanced_data_protection_metrics: switch(metrics.data_protection),
            detailed_status_codes_metrics: switch(metrics.status_codes),
            advanced_performance_metrics: switch(metrics.performance),
            bucket_level: None,
        }
    }
}

/// Fills the members that both levels have into the builder of either.
macro_rules! with_metrics {
    ($builder:expr, $level:expr) => {{
        let level = $level;
        $builder
            .set_activity_metrics(
                level
                    .activity_metrics
                    .map(|s| ActivityMetrics::builder().is_enabled(s.is_enabled).build()),
            )
            .set_advanced_cost_optimization_metrics(level.advanced_cost_optimization_metrics.map(
                |s| AdvancedCostOptimizationMetrics::builder().is_enabled(s.is_enabled).build(),
            ))
            .set_advanced_data_protection_metrics(
                level.advanced_data_protection_metrics.map(|s| {
                    AdvancedDataProtectionMetrics::builder().is_enabled(s.is_enabled).build()
                }),
            )
            .set_detailed_status_codes_metrics(
                level.detailed_status_codes_metrics.map(|s| {
                    DetailedStatusCodesMetrics::builder().is_enabled(s.is_enabled).build()
                }),
            )
            .set_advanced_performance_metrics(
                level.advanced_performance_metrics.map(|s| {
                    AdvancedPerformanceMetrics::builder().is_enabled(s.is_enabled).build()
                }),
            )
    }};
}

impl PutStorageLensConfiguration {
    /// Makes the configuration what the dashboard says.
    pub fn new(wanted: &Dashboard, context: &Context) -> Self {
        let mut account_level = Level::new(&wanted.advanced.account);
        account_level.bucket_level = Some(Box::new(Level::new(&wanted.advanced.buckets)));
        Self {
            config_id: wanted.name.clone(),
            account_id: context.account.clone(),
            storage_lens_configuration: Configuration {
                id: wanted.name.clone(),
                account_level,
                is_enabled: wanted.enabled,
            },
            region: wanted.region.clone(),
        }
    }

    fn sdk(&self) -> StorageLensConfiguration {
        let configuration = &self.storage_lens_configuration;
        let level = &configuration.account_level;
        let buckets = level.bucket_level.as_deref();
        let buckets = buckets.map(|level| with_metrics!(BucketLevel::builder(), level).build());
        let level = with_metrics!(AccountLevel::builder(), level).set_bucket_level(buckets);
        StorageLensConfiguration::builder()
            .id(&configuration.id)
            .account_level(level.build())
            .is_enabled(configuration.is_enabled)
            .build()
            .expect("all members that are required are set")
    }
}

impl Write for PutStorageLensConfiguration {
    const OPERATION: Operation = Operation::new(
        "s3control",
        "PutStorageLensConfiguration",
        &[Grant::any("s3:PutStorageLensConfiguration")],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .s3control(&self.region)
            .put_storage_lens_configuration()
            .account_id(&self.account_id)
            .config_id(&self.config_id)
            .storage_lens_configuration(self.sdk());
        sent(self, request.send().await)
    }
}

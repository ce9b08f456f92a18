//! A dashboard: whether it is on, its advanced metrics, and what else it has.

use super::Settings;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use aws_sdk_s3control::types::{AccountLevel, BucketLevel, StorageLensConfiguration};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

pub const ARN: &str = "arn:{partition}:s3:*:{account}:storage-lens/*";

pub const GET: Operation = Operation::new(
    "s3control",
    "GetStorageLensConfiguration",
    &[Grant::on("s3:GetStorageLensConfiguration", ARN)],
);

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
    /// The bucket of somebody else that its metrics are exported to.
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

/// The kinds of advanced metrics; what is missing is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Requests and bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<bool>,
    /// Lifecycle rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_optimization: Option<bool>,
    /// Encryption, replication, versioning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_protection: Option<bool>,
    /// How requests ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_codes: Option<bool>,
    /// Latencies and sizes; kept as they are, for not every region has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance: Option<bool>,
}

impl Metrics {
    fn asked_for(&mut self) -> [&mut Option<bool>; 4] {
        [
            &mut self.activity,
            &mut self.cost_optimization,
            &mut self.data_protection,
            &mut self.status_codes,
        ]
    }
}

impl Advanced {
    /// Switches on what the setting `advanced` is for.
    pub fn raise(&mut self) {
        for level in [&mut self.account, &mut self.buckets] {
            for metrics in level.asked_for() {
                *metrics = Some(true);
            }
        }
    }
}

impl Dashboard {
    /// Whether it shows, of the whole account, all that is asked for.
    pub fn does(&self, settings: &Settings) -> bool {
        let narrowed = |name: &str| self.not_carried.contains(name);
        settings.wanted(self) == *self && !narrowed("Include") && !narrowed("Exclude")
    }

    /// Forgets an export to a bucket of this account, for which the account that the dashboard names
    /// is not enough: the bucket has to be in the list.
    async fn keep_foreign_export(&mut self, reader: &Reader) -> Result<(), AwsError> {
        let Some(export) = self.export.take() else {
            return Ok(());
        };
        let buckets = reader.buckets().await?;
        let name = export.bucket.rsplit(':').next().unwrap_or_default();
        let is_own =
            export.account == reader.caller.account && buckets.iter().any(|own| own.name == name);
        self.export = (!is_own && self.enabled).then_some(export);
        Ok(())
    }

    fn new(listed: &Listed, found: &StorageLensConfiguration, elements: BTreeSet<String>) -> Self {
        let level = found.account_level();
        let buckets = level.and_then(AccountLevel::bucket_level);
        let unknown = elements.into_iter().filter(|name| !CARRIED.contains(&name.as_str()));
        Self {
            name: listed.name.clone(),
            region: listed.region.clone(),
            enabled: found.is_enabled(),
            advanced: Advanced {
                account: level.map(Metrics::from).unwrap_or_default(),
                buckets: buckets.map(Metrics::from).unwrap_or_default(),
            },
            export: export(found),
            not_carried: unknown.collect(),
        }
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

/// The metrics of a level: AWS has two types with the same members.
macro_rules! metrics_from {
    ($($level:ty),*) => {$(
        impl From<&$level> for Metrics {
            fn from(level: &$level) -> Self {
                Self {
                    activity: level.activity_metrics().map(|m| m.is_enabled()),
                    cost_optimization: level
                        .advanced_cost_optimization_metrics()
                        .map(|m| m.is_enabled()),
                    data_protection: level
                        .advanced_data_protection_metrics()
                        .map(|m| m.is_enabled()),
                    status_codes: level.detailed_status_codes_metrics().map(|m| m.is_enabled()),
                    performance: level.advanced_performance_metrics().map(|m| m.is_enabled()),
                }
            }
        }
    )*};
}

metrics_from!(AccountLevel, BucketLevel);

/// The elements of a configuration that a write sends back, and the ARN, which is never sent.
const CARRIED: [&str; 11] = [
    "StorageLensConfiguration",
    "Id",
    "AccountLevel",
    "BucketLevel",
    "ActivityMetrics",
    "AdvancedCostOptimizationMetrics",
    "AdvancedDataProtectionMetrics",
    "DetailedStatusCodesMetrics",
    "AdvancedPerformanceMetrics",
    "IsEnabled",
    "StorageLensArn",
];

/// A dashboard in the list of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The region that keeps it.
    pub region: String,
}

/// Reads a dashboard where it is kept.
pub async fn read(listed: &Listed, reader: &Reader) -> Result<Dashboard, AwsError> {
    let (clients, region) = (&reader.clients, listed.region.as_str());
    let elements = Elements::default();
    let request = clients
        .s3control(region)
        .get_storage_lens_configuration()
        .account_id(&reader.caller.account)
        .config_id(&listed.name)
        .customize()
        .interceptor(elements.clone())
        .send();
    let answer = GET.answer(clients, region, request).await?;
    match answer.storage_lens_configuration() {
        Some(found) => {
            let mut dashboard = Dashboard::new(listed, found, elements.take());
            dashboard.keep_foreign_export(reader).await?;
            Ok(dashboard)
        }
        None => Err(AwsError::unexpected(&GET, region, "the answer holds no configuration")),
    }
}

/// The names of all elements of an answer. The SDK drops in silence what it does not know, and a
/// write of the whole would then lose it.
#[derive(Clone, Debug, Default)]
struct Elements(Arc<Mutex<BTreeSet<String>>>);

impl Elements {
    fn take(self) -> BTreeSet<String> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *names)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Elements {
    fn name(&self) -> &'static str {
        "Elements"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer that broke off is an error already, and is asked for again.
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let body = context.response().body().bytes();
        let body = body.ok_or("the answer's text is not at hand")?;
        let names = element_names(&String::from_utf8_lossy(body));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(())
    }
}

/// The names of a document's elements, without their prefixes. Whatever else begins with `<` than
/// the XML declaration counts as an element that nobody knows.
fn element_names(xml: &str) -> BTreeSet<String> {
    let ends = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let starts = xml.split('<').skip(1);
    let starts = starts.filter(|rest| !rest.starts_with(['/', '?']));
    let names = starts.filter_map(|rest| rest.split(ends).next()?.rsplit(':').next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_named_whatever_it_looks_like() {
        let xml = "<?xml version=\"1.0\"?>\n<a:Outer xmlns:a=\"u\"><Empty/><Inner x=\"1\">1 &lt; 2\
                   </Inner><![CDATA[x]]></a:Outer>";
        let names: Vec<String> = element_names(xml).into_iter().collect();
        assert_eq!(names, ["![CDATA[x]]", "Empty", "Inner", "Outer"]);
    }

    #[test]
    fn what_no_write_sends_back_is_kept_apart() {
        let xml = "<StorageLensConfiguration><Id>x</Id><IsEnabled>true</IsEnabled>\
                   <IntAccessTiers><IsEnabled>true</IsEnabled></IntAccessTiers>\
                   </StorageLensConfiguration>";
        let found = StorageLensConfiguration::builder().id("x").is_enabled(true);
        let found = found.build().expect("it is whole");
        let listed = Listed { name: "x".to_owned(), region: "us-east-1".to_owned() };
        let dashboard = Dashboard::new(&listed, &found, element_names(xml));
        let kept: Vec<String> = dashboard.not_carried.into_iter().collect();
        assert_eq!(kept, ["IntAccessTiers"]);
    }
}

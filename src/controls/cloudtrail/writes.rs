//! The calls that change a trail. All but the first name it by its ARN.

use super::selectors::{Field, Selector};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, InsightSelector, InsightType,
    SourceEventCategory, Tag,
};
use serde::Serialize;
use std::collections::BTreeMap;

const TRAIL: &str = "arn:{partition}:cloudtrail:*:{account}:trail/{trail}";
const NEW_TRAIL: &str = "arn:{partition}:cloudtrail:{home_region}:{account}:trail/{new_trail}";

/// What CloudTrail answers while the policy of a bucket or key has not spread yet.
const NEW_POLICIES: &[Propagation] = &[
    Propagation::new(
        "InsufficientEncryptionPolicyException",
        "the key's policy to reach CloudTrail",
    ),
    Propagation::new(
        "InsufficientS3BucketPolicyException",
        "the bucket's policy to reach the service that delivers there",
    ),
    Propagation::new("S3BucketDoesNotExistException", "the new bucket to be known everywhere"),
];

/// What CloudTrail answers while a new trail has not spread yet.
const NEW_TRAIL_SPREADS: &[Propagation] =
    &[Propagation::new("TrailNotFoundException", "the new trail to be known everywhere")];

/// Creates a trail; it does not record yet. One that is there already as this call makes it is
/// success: an earlier try made it, whose answer was lost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTrail {
    pub name: String,
    pub s3_bucket_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sns_topic_name: Option<String>,
    pub include_global_service_events: bool,
    pub is_multi_region_trail: bool,
    pub enable_log_file_validation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(serialize_with = "as_list")]
    pub tags_list: BTreeMap<String, String>,
    #[serde(skip)]
    pub region: String,
}

fn as_list<S: serde::Serializer>(
    tags: &BTreeMap<String, String>,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_seq(tags.iter().map(|(key, value)| BTreeMap::from([("Key", key), ("Value", value)])))
}

impl Write for CreateTrail {
    const OPERATION: Operation = Operation::new(
        "cloudtrail",
        "CreateTrail",
        &[
            Grant::on("cloudtrail:CreateTrail", NEW_TRAIL),
            Grant::on("cloudtrail:AddTags", NEW_TRAIL),
        ],
    );
    const PROPAGATING: &'static [Propagation] = NEW_POLICIES;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let tags = self.tags_list.iter().map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.expect("a tag has a key")
        });
        let request = clients
            .cloudtrail(&self.region)
            .create_trail()
            .name(&self.name)
            .s3_bucket_name(&self.s3_bucket_name)
            .set_s3_key_prefix(self.s3_key_prefix.clone())
            .set_sns_topic_name(self.sns_topic_name.clone())
            .set_cloud_watch_logs_log_group_arn(self.cloud_watch_logs_log_group_arn.clone())
            .set_cloud_watch_logs_role_arn(self.cloud_watch_logs_role_arn.clone())
            .include_global_service_events(self.include_global_service_events)
            .is_multi_region_trail(self.is_multi_region_trail)
            .enable_log_file_validation(self.enable_log_file_validation)
            .set_kms_key_id(self.kms_key_id.clone())
            .set_tags_list(Some(tags.collect()));
        match sent(self, request.send().await) {
            Err(error) if error.is("TrailAlreadyExistsException") => {
                match self.is_there(clients).await {
                    true => Ok(()),
                    false => Err(AwsError {
                        message: format!("{}; created meanwhile: run it again", error.message),
                        ..error
                    }),
                }
            }
            answer => answer,
        }
    }
}

impl CreateTrail {
    /// Whether the trail is as this call makes it, and new. What follows was computed for a new
    /// trail and would replace the selectors that another one holds.
    async fn is_there(&self, clients: &Clients) -> bool {
        let request = clients
            .cloudtrail(&self.region)
            .describe_trails()
            .trail_name_list(&self.name)
            .include_shadow_trails(false);
        let Ok(answer) = request.send().await else {
            return false;
        };
        let [trail] = answer.trail_list() else {
            return false;
        };
        let is_new = trail.has_custom_event_selectors() != Some(true)
            && trail.has_insight_selectors() != Some(true);
        let key = trail.kms_key_id().filter(|key| !key.is_empty());
        let prefix = trail.s3_key_prefix().filter(|prefix| !prefix.is_empty());
        is_new
            && trail.s3_bucket_name() == Some(&self.s3_bucket_name)
            && prefix == self.s3_key_prefix.as_deref()
            && trail.include_global_service_events() == Some(self.include_global_service_events)
            && trail.is_multi_region_trail() == Some(self.is_multi_region_trail)
            && trail.log_file_validation_enabled() == Some(self.enable_log_file_validation)
            && key == self.kms_key_id.as_deref()
            && trail.sns_topic_arn() == self.sns_topic_name.as_deref()
            && trail.cloud_watch_logs_log_group_arn()
                == self.cloud_watch_logs_log_group_arn.as_deref()
    }
}

/// What a trail that writes to a log group needs on top: CloudTrail is passed the role.
pub const PASS_ROLE: Operation = Operation::new(
    "iam",
    "PassRole",
    &[Grant::on("iam:PassRole", "{logs_role}")
        .when("iam:PassedToService", "cloudtrail.amazonaws.com")],
);

/// Changes what is given of a trail; the rest stays as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTrail {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sns_topic_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_global_service_events: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_region_trail: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_log_file_validation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(skip)]
    pub region: String,
}

impl Write for UpdateTrail {
    const OPERATION: Operation =
        Operation::new("cloudtrail", "UpdateTrail", &[Grant::on("cloudtrail:UpdateTrail", TRAIL)]);
    const PROPAGATING: &'static [Propagation] = NEW_POLICIES;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .cloudtrail(&self.region)
            .update_trail()
            .name(&self.name)
            .set_s3_bucket_name(self.s3_bucket_name.clone())
            .set_s3_key_prefix(self.s3_key_prefix.clone())
            .set_sns_topic_name(self.sns_topic_name.clone())
            .set_cloud_watch_logs_log_group_arn(self.cloud_watch_logs_log_group_arn.clone())
            .set_cloud_watch_logs_role_arn(self.cloud_watch_logs_role_arn.clone())
            .set_include_global_service_events(self.include_global_service_events)
            .set_is_multi_region_trail(self.is_multi_region_trail)
            .set_enable_log_file_validation(self.enable_log_file_validation)
            .set_kms_key_id(self.kms_key_id.clone());
        sent(self, request.send().await)
    }
}

/// Replaces all event selectors.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEventSelectors {
    pub trail_name: String,
    pub advanced_event_selectors: Vec<Selector>,
    #[serde(skip)]
    pub region: String,
}

impl Write for PutEventSelectors {
    const OPERATION: Operation = Operation::new(
        "cloudtrail",
        "PutEventSelectors",
        &[Grant::on("cloudtrail:PutEventSelectors", TRAIL)],
    );
    const PROPAGATING: &'static [Propagation] = NEW_TRAIL_SPREADS;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let selectors = self.advanced_event_selectors.iter();
        let request = clients
            .cloudtrail(&self.region)
            .put_event_selectors()
            .trail_name(&self.trail_name)
            .set_advanced_event_selectors(Some(selectors.map(advanced).collect()));
        sent(self, request.send().await)
    }
}

fn advanced(selector: &Selector) -> AdvancedEventSelector {
    AdvancedEventSelector::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(selector.field_selectors.iter().map(field).collect()))
        .build()
        .expect("the list of fields is set")
}

fn field(field: &Field) -> AdvancedFieldSelector {
    let some = |values: &Vec<String>| Some(values.clone()).filter(|values| !values.is_empty());
    AdvancedFieldSelector::builder()
        .field(&field.field)
        .set_equals(some(&field.equals))
        .set_starts_with(some(&field.starts_with))
        .set_ends_with(some(&field.ends_with))
        .set_not_equals(some(&field.not_equals))
        .set_not_starts_with(some(&field.not_starts_with))
        .set_not_ends_with(some(&field.not_ends_with))
        .build()
        .expect("the field is set")
}

/// Replaces all insight selectors.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutInsightSelectors {
    pub trail_name: String,
    pub insight_selectors: Vec<Insight>,
    #[serde(skip)]
    pub region: String,
}

/// One insight selector; without categories it looks at management events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Insight {
    pub insight_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_categories: Vec<String>,
}

impl Write for PutInsightSelectors {
    const OPERATION: Operation = Operation::new(
        "cloudtrail",
        "PutInsightSelectors",
        &[Grant::on("cloudtrail:PutInsightSelectors", TRAIL)],
    );
    const PROPAGATING: &'static [Propagation] = NEW_TRAIL_SPREADS;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let selectors = self.insight_selectors.iter().map(|insight| {
            let categories = insight.event_categories.iter();
            let categories = categories.map(|name| SourceEventCategory::from(name.as_str()));
            let categories: Vec<_> = categories.collect();
            InsightSelector::builder()
                .insight_type(InsightType::from(insight.insight_type.as_str()))
                .set_event_categories(Some(categories).filter(|list| !list.is_empty()))
                .build()
        });
        let request = clients
            .cloudtrail(&self.region)
            .put_insight_selectors()
            .trail_name(&self.trail_name)
            .set_insight_selectors(Some(selectors.collect()));
        sent(self, request.send().await)
    }
}

/// Begins to record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartLogging {
    pub name: String,
    #[serde(skip)]
    pub region: String,
}

impl Write for StartLogging {
    const OPERATION: Operation = Operation::new(
        "cloudtrail",
        "StartLogging",
        &[Grant::on("cloudtrail:StartLogging", TRAIL)],
    );
    const PROPAGATING: &'static [Propagation] = NEW_TRAIL_SPREADS;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let client = clients.cloudtrail(&self.region);
        sent(self, client.start_logging().name(&self.name).send().await)
    }
}

/// Stops recording.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopLogging {
    pub name: String,
    #[serde(skip)]
    pub region: String,
}

impl Write for StopLogging {
    const OPERATION: Operation =
        Operation::new("cloudtrail", "StopLogging", &[Grant::on("cloudtrail:StopLogging", TRAIL)]);

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let client = clients.cloudtrail(&self.region);
        sent(self, client.stop_logging().name(&self.name).send().await)
    }
}

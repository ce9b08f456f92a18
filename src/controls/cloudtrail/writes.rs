//! The calls that change a trail. All but the first name it by its ARN.

use super::live::Trail;
use super::selectors::{Field, Selector};
use super::state::State;
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, InsightSelector, InsightType,
    SourceEventCategory, Tag,
};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

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
    Propagation::new("KmsKeyNotFoundException", "the new key to be known everywhere"),
    Propagation::new("S3BucketDoesNotExistException", "the new bucket to be known everywhere"),
];

/// What CloudTrail answers while a new trail has not spread yet.
const NEW_TRAIL_SPREADS: &[Propagation] =
    &[Propagation::new("TrailNotFoundException", "the new trail to be known everywhere")];

/// What a trail that writes to a log group needs on top: CloudTrail is passed the role.
pub const PASS_ROLE: Operation = Operation::new(
    "iam",
    "PassRole",
    &[Grant::on("iam:PassRole", "{logs_role}")
        .when("iam:PassedToService", "cloudtrail.amazonaws.com")],
);

/// What a trail is set to; what is missing is not sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_topic_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_global_service_events: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_multi_region_trail: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_log_file_validation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
}

impl Fields {
    fn of(trail: &Trail) -> Self {
        let (group, role) = trail.cloudwatch_logs.clone().map(|own| (own.group, own.role)).unzip();
        Self {
            s3_bucket_name: Some(trail.bucket.clone()),
            s3_key_prefix: trail.prefix.clone(),
            sns_topic_name: trail.sns_topic.clone(),
            include_global_service_events: Some(trail.global_events),
            is_multi_region_trail: Some(trail.multi_region),
            enable_log_file_validation: Some(trail.log_file_validation),
            cloud_watch_logs_log_group_arn: group,
            cloud_watch_logs_role_arn: role,
            kms_key_id: trail.kms_key.clone(),
        }
    }

    /// What differs. An empty text takes prefix or key away. Source: what Terraform's aws_cloudtrail
    /// sends. Log group and role are sent together: CloudTrail takes neither alone.
    fn change(from: &Trail, to: &Trail) -> Self {
        fn changed<T: PartialEq + Default>(from: Option<T>, to: Option<T>) -> Option<T> {
            (from != to).then(|| to.unwrap_or_default())
        }
        let has_new_logs = from.cloudwatch_logs != to.cloudwatch_logs;
        let (from, to) = (Self::of(from), Self::of(to));
        let logs = |part: Option<String>| has_new_logs.then(|| part.unwrap_or_default());
        Self {
            s3_bucket_name: changed(from.s3_bucket_name, to.s3_bucket_name),
            s3_key_prefix: changed(from.s3_key_prefix, to.s3_key_prefix),
            sns_topic_name: changed(from.sns_topic_name, to.sns_topic_name),
            include_global_service_events: changed(
                from.include_global_service_events,
                to.include_global_service_events,
            ),
            is_multi_region_trail: changed(from.is_multi_region_trail, to.is_multi_region_trail),
            enable_log_file_validation: changed(
                from.enable_log_file_validation,
                to.enable_log_file_validation,
            ),
            cloud_watch_logs_log_group_arn: logs(to.cloud_watch_logs_log_group_arn),
            cloud_watch_logs_role_arn: logs(to.cloud_watch_logs_role_arn),
            kms_key_id: changed(from.kms_key_id, to.kms_key_id),
        }
    }
}

/// A request that creates or updates a trail, with its name and fields.
macro_rules! filled {
    ($request:expr, $call:expr) => {{
        let fields = $call.fields.clone();
        $request
            .name(&$call.name)
            .set_s3_bucket_name(fields.s3_bucket_name)
            .set_s3_key_prefix(fields.s3_key_prefix)
            .set_sns_topic_name(fields.sns_topic_name)
            .set_include_global_service_events(fields.include_global_service_events)
            .set_is_multi_region_trail(fields.is_multi_region_trail)
            .set_enable_log_file_validation(fields.enable_log_file_validation)
            .set_cloud_watch_logs_log_group_arn(fields.cloud_watch_logs_log_group_arn)
            .set_cloud_watch_logs_role_arn(fields.cloud_watch_logs_role_arn)
            .set_kms_key_id(fields.kms_key_id)
    }};
}

/// How a call about a trail is sent, and what it answers while something has not spread yet.
macro_rules! sends {
    ($name:ident, $propagating:expr, |$own:ident, $client:ident| $request:expr) => {
        impl Write for $name {
            const OPERATION: Operation = Operation::new(
                "cloudtrail",
                stringify!($name),
                &[Grant::on(concat!("cloudtrail:", stringify!($name)), TRAIL)],
            );
            const PROPAGATING: &'static [Propagation] = $propagating;

            fn region(&self) -> &str {
                &self.region
            }

            async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
                let ($own, $client) = (self, clients.cloudtrail(&self.region));
                sent(self, $request.send().await)
            }
        }
    };
}

/// Creates a trail; it does not record yet. One that exists already as this call makes it is
/// success: an earlier try made it, whose answer was lost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTrail {
    name: String,
    #[serde(flatten)]
    fields: Fields,
    #[serde(serialize_with = "as_list")]
    tags_list: BTreeMap<String, String>,
    #[serde(skip)]
    region: String,
}

fn as_list<S: Serializer>(tags: &BTreeMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
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
        let request = filled!(clients.cloudtrail(&self.region).create_trail(), self);
        let request = request.set_tags_list(Some(tags.collect()));
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
    /// The call for a trail, with the tags of what is created.
    pub fn new(to: &State, tags_list: BTreeMap<String, String>) -> Self {
        let Trail { name, home_region, .. } = to.trail.clone();
        Self { name, fields: Fields::of(&to.trail), tags_list, region: home_region }
    }

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
        let [found] = answer.trail_list() else {
            return false;
        };
        let is_new = found.has_custom_event_selectors() != Some(true)
            && found.has_insight_selectors() != Some(true);
        // An alias is answered as the ARN of its key.
        let as_asked = |found: Fields| Fields {
            kms_key_id: match (found.kms_key_id, &self.fields.kms_key_id) {
                (Some(_), Some(asked)) if asked.contains("alias/") => Some(asked.clone()),
                (found, _) => found,
            },
            ..found
        };
        is_new
            && Trail::new(found).is_some_and(|(_, own)| as_asked(Fields::of(&own)) == self.fields)
    }
}

/// Changes what is given of a trail; the rest stays as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTrail {
    name: String,
    #[serde(flatten)]
    fields: Fields,
    #[serde(skip)]
    region: String,
}

impl UpdateTrail {
    /// The call that makes one trail the other, unless they are the same.
    pub fn between(from: &State, to: &State) -> Option<Self> {
        let fields = Fields::change(&from.trail, &to.trail);
        let (name, region) = (to.arn.clone(), to.trail.home_region.clone());
        (fields != Fields::default()).then_some(Self { name, fields, region })
    }
}

sends!(UpdateTrail, NEW_POLICIES, |own, client| filled!(client.update_trail(), own));

/// Replaces all event selectors.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEventSelectors {
    trail_name: String,
    advanced_event_selectors: Vec<Selector>,
    #[serde(skip)]
    region: String,
}

impl PutEventSelectors {
    /// The call for those of a trail.
    pub fn of(to: &State) -> Self {
        let advanced_event_selectors = to.selectors.clone();
        let (trail_name, region) = (to.arn.clone(), to.trail.home_region.clone());
        Self { trail_name, advanced_event_selectors, region }
    }
}

sends!(PutEventSelectors, NEW_TRAIL_SPREADS, |own, client| {
    let selectors = own.advanced_event_selectors.iter().map(advanced).collect();
    let request = client.put_event_selectors().trail_name(&own.trail_name);
    request.set_advanced_event_selectors(Some(selectors))
});

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
    trail_name: String,
    insight_selectors: Vec<Insight>,
    #[serde(skip)]
    region: String,
}

impl PutInsightSelectors {
    /// The call for those of a trail.
    pub fn of(to: &State) -> Self {
        let insight_selectors = to.insights.iter().map(Insight::from).collect();
        let (trail_name, region) = (to.arn.clone(), to.trail.home_region.clone());
        Self { trail_name, insight_selectors, region }
    }
}

/// One insight selector; without categories it looks at management events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Insight {
    insight_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_categories: Vec<String>,
}

impl From<(&String, &BTreeSet<String>)> for Insight {
    fn from((name, categories): (&String, &BTreeSet<String>)) -> Self {
        let mut event_categories: Vec<String> = categories.iter().cloned().collect();
        if event_categories == ["Management"] {
            event_categories.clear();
        }
        Self { insight_type: name.clone(), event_categories }
    }
}

sends!(PutInsightSelectors, NEW_TRAIL_SPREADS, |own, client| {
    let selectors = own.insight_selectors.iter().map(|insight| {
        let categories = insight.event_categories.iter();
        let categories = categories.map(|name| SourceEventCategory::from(name.as_str()));
        let categories: Vec<_> = categories.collect();
        InsightSelector::builder()
            .insight_type(InsightType::from(insight.insight_type.as_str()))
            .set_event_categories(Some(categories).filter(|list| !list.is_empty()))
            .build()
    });
    let request = client.put_insight_selectors().trail_name(&own.trail_name);
    request.set_insight_selectors(Some(selectors.collect()))
});

/// Begins to record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartLogging {
    pub name: String,
    #[serde(skip)]
    pub region: String,
}

sends!(StartLogging, NEW_TRAIL_SPREADS, |own, client| client.start_logging().name(&own.name));

/// Stops recording.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopLogging {
    pub name: String,
    #[serde(skip)]
    pub region: String,
}

sends!(StopLogging, &[], |own, client| client.stop_logging().name(&own.name));

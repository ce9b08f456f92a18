//! The operations of EventBridge, SNS and KMS that alerts are made of. Sources: EventBridge, SNS and
//! KMS API References.

use crate::aws::door::Typed;
use crate::aws::services::{CLOUDWATCH, EVENTS, KMS, SNS, SQS};
use crate::aws::tags::Tag;
use crate::aws::{Grant, Propagation};
use serde::{Deserialize, Serialize};

/// The rule of this control, whatever the region.
const RULE: &str = "arn:{partition}:events:*:{account}:rule/{alerts_rule}";
const TOPIC: &str = "arn:{partition}:sns:{home_region}:{account}:{alerts_topic}";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleAsked {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleFound {
    pub event_pattern: Option<String>,
    pub state: Option<String>,
    pub managed_by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetsAsked {
    pub rule: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetsFound {
    #[serde(default)]
    pub targets: Vec<TargetFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetFound {
    pub id: String,
    pub arn: String,
    pub role_arn: Option<String>,
    pub dead_letter_config: Option<DeadLetters>,
    pub input: Option<String>,
    pub input_path: Option<String>,
    pub input_transformer: Option<Transformer>,
    pub retry_policy: Option<Retries>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeadLetters {
    pub arn: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Transformer {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retries {
    pub maximum_retry_attempts: Option<u32>,
    pub maximum_event_age_in_seconds: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewRule {
    pub name: String,
    pub event_pattern: String,
    pub state: String,
    pub description: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewTargets {
    pub rule: String,
    pub targets: Vec<NewTarget>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewTarget {
    pub id: String,
    pub arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetters>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OldTargets {
    pub rule: String,
    pub ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BusAsked {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BusFound {
    pub policy: Option<String>,
    pub kms_key_identifier: Option<String>,
}

pub const DESCRIBE_RULE: Typed<RuleAsked, RuleFound> =
    Typed::new(&EVENTS, "DescribeRule", &[Grant::on("events:DescribeRule", RULE)]);
pub const LIST_TARGETS: Typed<TargetsAsked, TargetsFound> =
    Typed::new(&EVENTS, "ListTargetsByRule", &[Grant::on("events:ListTargetsByRule", RULE)])
        .paged("NextToken", "NextToken");
pub const DESCRIBE_BUS: Typed<BusAsked, BusFound> = Typed::new(
    &EVENTS,
    "DescribeEventBus",
    &[Grant::on("events:DescribeEventBus", "arn:{partition}:events:*:{account}:event-bus/default")],
);
/// What is left out of it is gone afterwards.
pub const PUT_RULE: Typed<NewRule> =
    Typed::new(&EVENTS, "PutRule", &[Grant::on("events:PutRule", RULE)]);
/// The target of a region that forwards has a role, which EventBridge assumes.
pub const PUT_TARGETS: Typed<NewTargets> = Typed::new(
    &EVENTS,
    "PutTargets",
    &[
        Grant::on("events:PutTargets", RULE),
        Grant::on("iam:PassRole", "arn:{partition}:iam::{account}:role/{service_role}")
            .when("iam:PassedToService", "events.amazonaws.com"),
    ],
)
.failing("FailedEntries");
pub const REMOVE_TARGETS: Typed<OldTargets> =
    Typed::new(&EVENTS, "RemoveTargets", &[Grant::on("events:RemoveTargets", RULE)])
        .failing("FailedEntries");

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionsAsked {
    pub topic_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionsFound {
    #[serde(default)]
    pub subscriptions: Vec<SubscriptionFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionFound {
    /// `PendingConfirmation` and `Deleted` stand where there is none.
    #[serde(default)]
    pub subscription_arn: String,
    #[serde(default)]
    pub protocol: String,
    #[serde(default)]
    pub endpoint: String,
    #[serde(default)]
    pub owner: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionAsked {
    pub subscription_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributesFound {
    #[serde(default)]
    pub attributes: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagsAsked {
    pub resource_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagsFound {
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewTopic {
    pub name: String,
    pub tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicAttribute {
    pub topic_arn: String,
    pub attribute_name: String,
    pub attribute_value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewSubscription {
    pub topic_arn: String,
    pub protocol: String,
    pub endpoint: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionAttribute {
    pub subscription_arn: String,
    pub attribute_name: String,
    pub attribute_value: String,
}

pub const LIST_SUBSCRIPTIONS: Typed<SubscriptionsAsked, SubscriptionsFound> = Typed::new(
    &SNS,
    "ListSubscriptionsByTopic",
    &[Grant::on("sns:ListSubscriptionsByTopic", TOPIC)],
)
.paged("NextToken", "NextToken");
/// A subscription is no resource of a policy: it is allowed on its topic.
pub const GET_SUBSCRIPTION: Typed<SubscriptionAsked, AttributesFound> =
    Typed::new(&SNS, "GetSubscriptionAttributes", &[Grant::any("sns:GetSubscriptionAttributes")]);
pub const LIST_TAGS: Typed<TagsAsked, TagsFound> =
    Typed::new(&SNS, "ListTagsForResource", &[Grant::on("sns:ListTagsForResource", TOPIC)]);
pub const CREATE_TOPIC: Typed<NewTopic> = Typed::new(
    &SNS,
    "CreateTopic",
    &[Grant::on("sns:CreateTopic", TOPIC), Grant::on("sns:TagResource", TOPIC)],
);
/// A topic or subscription that was made just now.
const NEW_TOPIC: &[Propagation] =
    &[Propagation::new("NotFound", "the new topic to be known everywhere")];
pub const SET_TOPIC: Typed<TopicAttribute> =
    Typed::new(&SNS, "SetTopicAttributes", &[Grant::on("sns:SetTopicAttributes", TOPIC)])
        .propagating(NEW_TOPIC);
/// A subscription that is there already stays as it is; one that waits gets its message again.
pub const SUBSCRIBE: Typed<NewSubscription> =
    Typed::new(&SNS, "Subscribe", &[Grant::on("sns:Subscribe", TOPIC)]).propagating(NEW_TOPIC);
pub const SET_SUBSCRIPTION: Typed<SubscriptionAttribute> =
    Typed::new(&SNS, "SetSubscriptionAttributes", &[Grant::any("sns:SetSubscriptionAttributes")]);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyPolicyAsked {
    pub key_id: String,
    pub policy_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyPolicyFound {
    pub policy: Option<String>,
}

pub const GET_KEY_POLICY: Typed<KeyPolicyAsked, KeyPolicyFound> = Typed::new(
    &KMS,
    "GetKeyPolicy",
    &[Grant::on("kms:GetKeyPolicy", "arn:{partition}:kms:*:{account}:key/*")],
);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewEvents {
    pub entries: Vec<NewEvent>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewEvent {
    pub source: String,
    pub detail_type: String,
    pub detail: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventsTaken {
    #[serde(default)]
    pub entries: Vec<EventTaken>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventTaken {
    pub event_id: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PatternAsked {
    pub event_pattern: String,
    pub event: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PatternSays {
    pub result: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewMessage {
    pub topic_arn: String,
    pub subject: String,
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageTaken {
    pub message_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewConfirmation {
    pub topic_arn: String,
    pub token: String,
    pub authenticate_on_unsubscribe: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Confirmed {
    pub subscription_arn: String,
}

// What a test sends; nothing of it changes how alerts are set up.
pub const PUT_EVENTS: Typed<NewEvents, EventsTaken> = Typed::new(
    &EVENTS,
    "PutEvents",
    &[Grant::on("events:PutEvents", "arn:{partition}:events:*:{account}:event-bus/default")],
);
pub const TEST_PATTERN: Typed<PatternAsked, PatternSays> =
    Typed::new(&EVENTS, "TestEventPattern", &[Grant::any("events:TestEventPattern")]);
pub const PUBLISH: Typed<NewMessage, MessageTaken> =
    Typed::new(&SNS, "Publish", &[Grant::on("sns:Publish", TOPIC)]);
/// With `AuthenticateOnUnsubscribe` the link in each mail ends nothing.
pub const CONFIRM: Typed<NewConfirmation, Confirmed> =
    Typed::new(&SNS, "ConfirmSubscription", &[Grant::on("sns:ConfirmSubscription", TOPIC)]);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricsAsked {
    pub metric_data_queries: Vec<MetricAsked>,
    /// In seconds since 1970.
    pub start_time: i64,
    pub end_time: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricAsked {
    pub id: String,
    pub metric_stat: MetricStat,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricStat {
    pub metric: Metric,
    /// In seconds.
    pub period: u32,
    pub stat: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    pub namespace: String,
    pub metric_name: String,
    pub dimensions: Vec<Dimension>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dimension {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricsFound {
    #[serde(default)]
    pub metric_data_results: Vec<MetricFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricFound {
    pub id: String,
    #[serde(default)]
    pub values: Vec<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueueAsked {
    pub queue_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueueUrl {
    pub queue_url: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueueAttributesAsked {
    pub queue_url: String,
    pub attribute_names: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewQueue {
    pub queue_name: String,
    pub attributes: NewQueueAttributes,
    #[serde(rename = "tags")]
    pub tags: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewQueueAttributes {
    pub policy: String,
    pub message_retention_period: String,
    pub sqs_managed_sse_enabled: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueuePolicy {
    pub queue_url: String,
    pub attributes: NewPolicy,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewPolicy {
    pub policy: String,
}

const QUEUE: &str = "arn:{partition}:sqs:{home_region}:{account}:{alerts_queue}";

pub const GET_METRICS: Typed<MetricsAsked, MetricsFound> =
    Typed::new(&CLOUDWATCH, "GetMetricData", &[Grant::any("cloudwatch:GetMetricData")])
        .paged("NextToken", "NextToken");
pub const GET_QUEUE: Typed<QueueAsked, QueueUrl> =
    Typed::new(&SQS, "GetQueueUrl", &[Grant::on("sqs:GetQueueUrl", QUEUE)]);
pub const GET_QUEUE_ATTRIBUTES: Typed<QueueAttributesAsked, AttributesFound> =
    Typed::new(&SQS, "GetQueueAttributes", &[Grant::on("sqs:GetQueueAttributes", QUEUE)]);
pub const CREATE_QUEUE: Typed<NewQueue> = Typed::new(
    &SQS,
    "CreateQueue",
    &[Grant::on("sqs:CreateQueue", QUEUE), Grant::on("sqs:TagQueue", QUEUE)],
);
pub const SET_QUEUE: Typed<QueuePolicy> =
    Typed::new(&SQS, "SetQueueAttributes", &[Grant::on("sqs:SetQueueAttributes", QUEUE)]);

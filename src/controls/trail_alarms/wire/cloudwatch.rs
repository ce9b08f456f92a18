//! The operations of CloudWatch, their inputs and answers. Source: CloudWatch API Reference.

use super::super::live::Alarm;
use crate::aws::door::Typed;
use crate::aws::services::CLOUDWATCH;
use crate::aws::tags::Tag;
use crate::aws::{Grant, Tags};
use crate::typed;
use serde::{Deserialize, Serialize};

/// The alarms that are made.
const ALARM: &str = "arn:{partition}:cloudwatch:*:{account}:alarm:baseline-*";

pub const DESCRIBE_ALARMS: Typed<AlarmsAsked, Alarms> =
    typed!(CLOUDWATCH, "cloudwatch", "DescribeAlarms").paged("NextToken", "NextToken");
pub const ALARMS_FOR_METRIC: Typed<OfMetric, Alarms> =
    typed!(CLOUDWATCH, "cloudwatch", "DescribeAlarmsForMetric");
pub const LIST_MUTE_RULES: Typed<RulesAsked, Rules> =
    typed!(CLOUDWATCH, "cloudwatch", "ListAlarmMuteRules").paged("NextToken", "NextToken");
pub const GET_MUTE_RULE: Typed<RuleName, Rule> = Typed::new(
    &CLOUDWATCH,
    "GetAlarmMuteRule",
    &[Grant::on(
        "cloudwatch:GetAlarmMuteRule",
        "arn:{partition}:cloudwatch:*:{account}:alarm-mute-rule:*",
    )],
);
pub const PUT_ALARM: Typed<NewAlarm> = Typed::new(
    &CLOUDWATCH,
    "PutMetricAlarm",
    &[Grant::on("cloudwatch:PutMetricAlarm", ALARM), Grant::on("cloudwatch:TagResource", ALARM)],
);
pub const DELETE_ALARMS: Typed<AlarmNames> =
    Typed::new(&CLOUDWATCH, "DeleteAlarms", &[Grant::on("cloudwatch:DeleteAlarms", ALARM)]);
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlarmsAsked {
    pub alarm_names: Vec<String>,
    pub alarm_types: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfMetric {
    pub metric_name: String,
    pub namespace: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarms {
    #[serde(default)]
    pub metric_alarms: Vec<FoundAlarm>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FoundAlarm {
    pub alarm_name: String,
    alarm_description: Option<String>,
    actions_enabled: Option<bool>,
    #[serde(rename = "OKActions", default)]
    ok_actions: Vec<String>,
    #[serde(default)]
    alarm_actions: Vec<String>,
    #[serde(default)]
    insufficient_data_actions: Vec<String>,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    period: Option<i32>,
    unit: Option<String>,
    evaluation_periods: Option<i32>,
    datapoints_to_alarm: Option<i32>,
    threshold: Option<f64>,
    comparison_operator: Option<String>,
    treat_missing_data: Option<String>,
    #[serde(default)]
    metrics: Vec<Query>,
    warm_up_configuration: Option<WarmUp>,
    evaluation_criteria: Option<Criteria>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

/// A formula, of which only that it exists matters.
#[derive(Debug, Deserialize)]
struct Query {}

/// That it waits before it looks.
#[derive(Debug, Deserialize)]
struct WarmUp {}

/// That it evaluates a query.
#[derive(Debug, Deserialize)]
struct Criteria {}

impl From<FoundAlarm> for Alarm {
    fn from(found: FoundAlarm) -> Self {
        let dimensions = found.dimensions.into_iter().map(|own| (own.name, own.value));
        Self {
            description: found.alarm_description,
            actions_enabled: found.actions_enabled != Some(false),
            actions: found.alarm_actions.into_iter().collect(),
            ok_actions: found.ok_actions.into_iter().collect(),
            no_data_actions: found.insufficient_data_actions.into_iter().collect(),
            namespace: found.namespace,
            metric: found.metric_name,
            statistic: found.statistic,
            dimensions: dimensions.collect(),
            period: found.period,
            unit: found.unit,
            evaluation_periods: found.evaluation_periods,
            datapoints: found.datapoints_to_alarm,
            threshold: found.threshold,
            comparison: found.comparison_operator.unwrap_or_default(),
            missing_data: found.treat_missing_data,
            is_special: !found.metrics.is_empty()
                || found.warm_up_configuration.is_some()
                || found.evaluation_criteria.is_some(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAlarm {
    alarm_name: String,
    alarm_description: Option<String>,
    actions_enabled: bool,
    #[serde(rename = "OKActions")]
    ok_actions: Option<Vec<String>>,
    alarm_actions: Vec<String>,
    insufficient_data_actions: Option<Vec<String>>,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    dimensions: Option<Vec<Dimension>>,
    period: Option<i32>,
    unit: Option<String>,
    evaluation_periods: Option<i32>,
    datapoints_to_alarm: Option<i32>,
    threshold: Option<f64>,
    comparison_operator: String,
    treat_missing_data: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl NewAlarm {
    /// The alarm of a name; tags are only taken of a new one.
    pub fn new(name: &str, alarm: &Alarm, tags: Option<Tags>) -> Self {
        let list = |own: &std::collections::BTreeSet<String>| {
            Some(own.iter().cloned().collect::<Vec<_>>()).filter(|own| !own.is_empty())
        };
        let dimensions = alarm.dimensions.iter();
        let dimensions =
            dimensions.map(|(name, value)| Dimension { name: name.clone(), value: value.clone() });
        let tags = tags.map(Tag::list);
        Self {
            alarm_name: name.to_owned(),
            alarm_description: alarm.description.clone(),
            actions_enabled: alarm.actions_enabled,
            ok_actions: list(&alarm.ok_actions),
            alarm_actions: alarm.actions.iter().cloned().collect(),
            insufficient_data_actions: list(&alarm.no_data_actions),
            metric_name: alarm.metric.clone(),
            namespace: alarm.namespace.clone(),
            statistic: alarm.statistic.clone(),
            dimensions: Some(dimensions.collect()).filter(|own: &Vec<Dimension>| !own.is_empty()),
            period: alarm.period,
            unit: alarm.unit.clone(),
            evaluation_periods: alarm.evaluation_periods,
            datapoints_to_alarm: alarm.datapoints,
            threshold: alarm.threshold,
            comparison_operator: alarm.comparison.clone(),
            treat_missing_data: alarm.missing_data.clone(),
            tags,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlarmNames {
    pub alarm_names: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RulesAsked {
    pub statuses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rules {
    #[serde(default)]
    pub alarm_mute_rule_summaries: Vec<RuleSummary>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleSummary {
    pub alarm_mute_rule_arn: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleName {
    pub alarm_mute_rule_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    pub mute_targets: Option<MuteTargets>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MuteTargets {
    #[serde(default)]
    pub alarm_names: Vec<String>,
}

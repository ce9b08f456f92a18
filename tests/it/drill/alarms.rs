//! Moves against the alarms on what the trail records.

use super::{Drill, Intruder};
use serde_json::{Value, json};

const LOGS: &str = "Logs_20140328.";
const GROUP: &str = "baseline-trail";
const FILTER: &str = "baseline-root_use";

fn logs(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("logs", &format!("{LOGS}{operation}"), input)
}

fn cloudwatch(intruder: &mut Intruder, operation: &str, input: Value) {
    intruder.json("monitoring", &format!("GraniteServiceVersion20100801.{operation}"), input);
}

/// A topic that somebody hears.
fn a_topic(intruder: &mut Intruder) {
    intruder.wire.sns("CreateTopic", "&Name=security");
    let topic = intruder.fill("arn:aws:sns:us-east-1:{account}:security");
    let input = format!("&TopicArn={topic}&Protocol=email&Endpoint=a@example.com");
    intruder.wire.sns("Subscribe", &input);
    intruder.admin("confirm", json!({"endpoint": "a@example.com"}));
}

/// The filter as it is, changed.
fn filter(intruder: &mut Intruder, change: impl Fn(&mut Value)) {
    let input = json!({"logGroupName": GROUP, "filterNamePrefix": FILTER});
    let mut found = logs(intruder, "DescribeMetricFilters", input)["metricFilters"][0].take();
    change(&mut found);
    logs(intruder, "PutMetricFilter", found);
}

/// The alarm as it is made, changed.
fn alarm(intruder: &mut Intruder, change: impl Fn(&mut Value)) {
    let mut input = json!({
        "AlarmName": FILTER, "Namespace": "Baseline", "MetricName": FILTER, "Statistic": "Sum",
        "Period": 300, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
        "AlarmActions": [intruder.fill("arn:aws:sns:us-east-1:{account}:security")],
    });
    change(&mut input);
    cloudwatch(intruder, "PutMetricAlarm", input);
}

pub const DRILLS: &[Drill] = &[Drill {
    control: "trail_alarms",
    // Two of fifteen are enough: the others are made alike.
    tables: "[log_bucket]\n[cloudtrail]\n[trail_alarms]\ntopic = \"security\"\nexcept = [\
             \"unauthorized_calls\", \"sign_in_without_mfa\", \"iam_changes\", \"sign_in_failures\", \
             \"key_deletion\", \"bucket_changes\", \"config_changes\", \"security_group_changes\", \
             \"network_acl_changes\", \"gateway_changes\", \"route_changes\", \"vpc_changes\", \
             \"organization_changes\"]",
    before: a_topic,
    moves: &[
        ("a filter is deleted", |intruder| {
            let input = json!({"logGroupName": GROUP, "filterName": FILTER});
            intruder.wire.json("logs", "us-east-1", &format!("{LOGS}DeleteMetricFilter"), input);
        }),
        ("a filter loses its use", |intruder| {
            filter(intruder, |own| own["filterPattern"] = json!("{ $.eventName = Nothing }"));
        }),
        ("a filter looks at one region only", |intruder| {
            filter(intruder, |own| own["fieldSelectionCriteria"] = json!("@aws.region = \"x\""));
        }),
        ("another filter floods the metric", |intruder| {
            let metric = json!({"metricName": FILTER, "metricNamespace": "Baseline",
                "metricValue": "1"});
            let input = json!({"logGroupName": GROUP, "filterName": "noise",
                "filterPattern": "{ $.eventName = * }", "metricTransformations": [metric]});
            logs(intruder, "PutMetricFilter", input);
        }),
        ("an alarm is deleted", |intruder| {
            cloudwatch(intruder, "DeleteAlarms", json!({"AlarmNames": [FILTER]}));
        }),
        ("the actions of an alarm are disabled", |intruder| {
            cloudwatch(intruder, "DisableAlarmActions", json!({"AlarmNames": [FILTER]}));
        }),
        ("an alarm waits for a thousand events", |intruder| {
            alarm(intruder, |own| own["Threshold"] = json!(1000));
        }),
        ("an alarm goes to a topic that nobody hears", |intruder| {
            let dead = intruder.fill("arn:aws:sns:us-east-1:{account}:nobody");
            alarm(intruder, |own| own["AlarmActions"] = json!([dead]));
        }),
        ("a rule mutes an alarm", |intruder| {
            let input = json!({
                "Name": "night", "MuteTargets": {"AlarmNames": [FILTER]},
                "Rule": {"Schedule": {"Expression": "cron(0 0 * * *)", "Duration": "PT24H"}},
            });
            cloudwatch(intruder, "PutAlarmMuteRule", input);
        }),
        ("the log group keeps events for a day", |intruder| {
            let input = json!({"logGroupName": GROUP, "retentionInDays": 1});
            logs(intruder, "PutRetentionPolicy", input);
        }),
        ("the account keeps all events for a day", |intruder| {
            let input = json!({
                "policyName": "short", "policyType": "RETENTION_POLICY",
                "policyDocument": "{\"RetentionInDays\": 1}",
            });
            logs(intruder, "PutAccountPolicy", input);
        }),
        ("what filters see is masked", |intruder| {
            let policy = json!({"Statement": [{
                "DataIdentifier": ["Names"], "Operation": {"Deidentify": {"MaskConfig": {}}},
            }]});
            let input = json!({"logGroupIdentifier": GROUP, "policyDocument": policy.to_string()});
            logs(intruder, "PutDataProtectionPolicy", input);
        }),
        ("the log group may be deleted", |intruder| {
            let input = json!({"logGroupIdentifier": GROUP, "deletionProtectionEnabled": false});
            logs(intruder, "PutLogGroupDeletionProtection", input);
        }),
        ("the trail writes to no log group", |intruder| {
            let input = json!({"Name": "baseline", "CloudWatchLogsLogGroupArn": "",
                "CloudWatchLogsRoleArn": ""});
            intruder.json("cloudtrail", "CloudTrail_20131101.UpdateTrail", input);
        }),
        ("the trail writes to another log group", |intruder| {
            logs(intruder, "CreateLogGroup", json!({"logGroupName": "elsewhere"}));
            let account = &intruder.account;
            let group = format!("arn:aws:logs:us-east-1:{account}:log-group:elsewhere:*");
            let role = format!("arn:aws:iam::{account}:role/baseline-trail-logs");
            let input = json!({"Name": "baseline", "CloudWatchLogsLogGroupArn": group,
                "CloudWatchLogsRoleArn": role});
            intruder.json("cloudtrail", "CloudTrail_20131101.UpdateTrail", input);
        }),
        ("the role may write nothing", |intruder| {
            let input = "&RoleName=baseline-trail-logs&PolicyName=baseline";
            intruder.wire.iam("DeleteRolePolicy", input);
        }),
        ("anybody may take the role", |intruder| {
            let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
                         %22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C\
                         %22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
            let input = format!("&RoleName=baseline-trail-logs&PolicyDocument={trust}");
            intruder.wire.iam("UpdateAssumeRolePolicy", &input);
        }),
        ("nobody hears the topic", |intruder| {
            let topic = intruder.fill("arn:aws:sns:us-east-1:{account}:security");
            intruder.wire.sns("DeleteTopic", &format!("&TopicArn={topic}"));
        }),
    ],
}];

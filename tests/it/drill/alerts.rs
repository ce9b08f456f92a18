//! Moves against what makes people hear.

use super::{Drill, Intruder, STRANGER};
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:us-east-1:{account}:baseline-alerts";
const RULE: &str = "baseline-alerts";

/// A call of SNS; it must succeed.
#[track_caller]
fn sns(intruder: &mut Intruder, operation: &str, parameters: &str) -> String {
    let parameters = intruder.fill(parameters);
    let answer = intruder.wire.sns(operation, &parameters);
    assert!(!answer.contains("<Error"), "{operation}: {answer}");
    answer
}

fn set_topic(intruder: &mut Intruder, attribute: &str, value: &str) {
    let more = format!("&TopicArn={TOPIC}&AttributeName={attribute}&AttributeValue={value}");
    sns(intruder, "SetTopicAttributes", &more);
}

#[track_caller]
fn events(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("events", &format!("AWSEvents.{operation}"), input)
}

/// The ARN of the first subscription.
fn subscription(intruder: &mut Intruder) -> String {
    let listed = sns(intruder, "ListSubscriptionsByTopic", &format!("&TopicArn={TOPIC}"));
    let arn = listed.split("<SubscriptionArn>").nth(1).and_then(|rest| rest.split('<').next());
    arn.expect("a subscription").to_owned()
}

/// The topic, with an address that has confirmed.
fn heard(intruder: &mut Intruder) {
    sns(intruder, "CreateTopic", "&Name=baseline-alerts");
    let subscriber = "&Protocol=email&Endpoint=security@example.com";
    sns(intruder, "Subscribe", &format!("&TopicArn={TOPIC}{subscriber}"));
    intruder.admin("confirm", json!({"endpoint": "security@example.com"}));
}

fn put_target(intruder: &mut Intruder, mut target: Value) {
    target["Id"] = target.get("Id").cloned().unwrap_or(json!("baseline"));
    target["Arn"] = target.get("Arn").cloned().unwrap_or(json!(intruder.fill(TOPIC)));
    events(intruder, "PutTargets", json!({"Rule": RULE, "Targets": [target]}));
}

/// Changes the pattern of the rule and nothing else of it.
fn change_pattern(intruder: &mut Intruder, change: fn(&str) -> String) {
    let rule = events(intruder, "DescribeRule", json!({"Name": RULE}));
    let before = rule["EventPattern"].as_str().expect("a pattern");
    let pattern = change(before);
    assert_ne!(pattern, before, "the move changes nothing");
    events(intruder, "PutRule", json!({"Name": RULE, "EventPattern": pattern}));
}

/// A key of the account that nobody can use.
fn disabled_key(intruder: &mut Intruder) -> String {
    let key = super::keys::new_key(intruder);
    super::keys::kms(intruder, "DisableKey", json!({"KeyId": key}));
    key
}

fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// The URL of the queue for what could not be sent.
fn queue(intruder: &mut Intruder) -> Value {
    let input = json!({"QueueName": "undelivered"});
    intruder.json("sqs", "AmazonSQS.GetQueueUrl", input)["QueueUrl"].clone()
}

const WITH_A_QUEUE: Drill = Drill {
    control: "alerts",
    tables: "[alerts]\nemail = [\"security@example.com\"]\ndead_letters = \"undelivered\"",
    before: heard,
    moves: &[
        ("what cannot be sent is lost", |intruder| {
            put_target(intruder, json!({}));
        }),
        ("what cannot be sent goes to a stranger", |intruder| {
            let arn = format!("arn:aws:sqs:us-east-1:{STRANGER}:q");
            put_target(intruder, json!({"DeadLetterConfig": {"Arn": arn}}));
        }),
        ("the queue is deleted", |intruder| {
            let input = json!({"QueueUrl": queue(intruder)});
            intruder.json("sqs", "AmazonSQS.DeleteQueue", input);
        }),
        ("the queue lets nobody send", |intruder| {
            let input = json!({"QueueUrl": queue(intruder), "Attributes": {"Policy": ""}});
            intruder.json("sqs", "AmazonSQS.SetQueueAttributes", input);
        }),
        ("the queue denies whoever sends", |intruder| {
            let queue = queue(intruder);
            let asked = json!({"QueueUrl": queue, "AttributeNames": ["Policy"]});
            let found = intruder.json("sqs", "AmazonSQS.GetQueueAttributes", asked);
            let text = found["Attributes"]["Policy"].as_str().expect("a policy");
            let mut policy: Value = serde_json::from_str(text).expect("JSON");
            let deny = json!({"Sid": "x", "Effect": "Deny", "Principal": "*",
                "Action": "sqs:*", "Resource": "*"});
            policy["Statement"].as_array_mut().expect("statements").push(deny);
            let input = json!({"QueueUrl": queue, "Attributes": {"Policy": policy.to_string()}});
            intruder.json("sqs", "AmazonSQS.SetQueueAttributes", input);
        }),
    ],
};

/// The second rule, which other controls ask for.
const WATCHES: &str = "baseline-alerts-watches";

/// Puts the second rule, changed.
fn change_watches(intruder: &mut Intruder, change: fn(&mut Value)) {
    let mut rule = events(intruder, "DescribeRule", json!({"Name": WATCHES}));
    let before = rule.clone();
    change(&mut rule);
    assert_ne!(rule, before, "the move changes nothing");
    let (pattern, state) = (rule["EventPattern"].take(), rule["State"].take());
    let input = json!({"Name": WATCHES, "EventPattern": pattern, "State": state});
    events(intruder, "PutRule", input);
}

/// Changes a text.
fn replace(own: &mut Value, from: &str, to: &str) {
    *own = json!(own.as_str().expect("a text").replace(from, to));
}

const WITH_WATCHES: Drill = Drill {
    control: "alerts",
    tables: "[log_bucket]\n[cloudtrail]\n[alerts]\nemail = [\"security@example.com\"]\n\
             [trail_alarms]\nby = \"events\"",
    before: heard,
    moves: &[
        ("the second rule is deleted", |intruder| {
            events(intruder, "RemoveTargets", json!({"Rule": WATCHES, "Ids": ["baseline"]}));
            events(intruder, "DeleteRule", json!({"Name": WATCHES}));
        }),
        ("the second rule is disabled", |intruder| {
            events(intruder, "DisableRule", json!({"Name": WATCHES}));
        }),
        ("the second rule no longer hears of reading calls", |intruder| {
            change_watches(intruder, |own| own["State"] = json!("ENABLED"));
        }),
        ("the second rule forgets one call", |intruder| {
            change_watches(intruder, |own| replace(&mut own["EventPattern"], "\"CreateVpc\",", ""));
        }),
        ("the second rule is held to one region", |intruder| {
            change_watches(intruder, |own| {
                replace(&mut own["EventPattern"], "{\"$or\"", "{\"awsRegion\":[\"x\"],\"$or\"");
            });
        }),
        ("the second rule sends to nobody", |intruder| {
            events(intruder, "RemoveTargets", json!({"Rule": WATCHES, "Ids": ["baseline"]}));
        }),
        ("the topic lets only the first rule publish", |intruder| {
            let rule = intruder.fill("arn:aws:events:us-east-1:{account}:rule/baseline-alerts");
            let only = json!({"Sid": "BaselineAlertsRule", "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
                "Resource": intruder.fill(TOPIC),
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}}});
            set_topic(intruder, "Policy", &policy(&only));
        }),
    ],
};

pub const DRILLS: &[Drill] = &[
    WITH_A_QUEUE,
    WITH_WATCHES,
    Drill {
        control: "alerts",
        tables: "[alerts]\nemail = [\"security@example.com\"]",
        before: heard,
        moves: &[
            ("the rule is disabled", |intruder| {
                events(intruder, "DisableRule", json!({"Name": RULE}));
            }),
            ("the rule sends to nobody", |intruder| {
                events(intruder, "RemoveTargets", json!({"Rule": RULE, "Ids": ["baseline"]}));
            }),
            ("the rule sends to another topic", |intruder| {
                sns(intruder, "CreateTopic", "&Name=forgotten");
                let arn = intruder.fill("arn:aws:sns:us-east-1:{account}:forgotten");
                put_target(intruder, json!({"Arn": arn}));
            }),
            ("somebody else hears from the rule", |intruder| {
                let arn = format!("arn:aws:sqs:us-east-1:{STRANGER}:q");
                put_target(intruder, json!({"Id": "x", "Arn": arn}));
            }),
            ("every message says that all is well", |intruder| {
                put_target(intruder, json!({"Input": "\"all is well\""}));
            }),
            ("messages are rewritten", |intruder| {
                let rewritten = json!({"InputTemplate": "\"nothing\""});
                put_target(intruder, json!({"InputTransformer": rewritten}));
            }),
            ("of messages one member is left", |intruder| {
                put_target(intruder, json!({"InputPath": "$.version"}));
            }),
            ("nothing is tried a second time", |intruder| {
                let once = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
                put_target(intruder, json!({"RetryPolicy": once}));
            }),
            ("messages are sent with a role that may not", |intruder| {
                let role = intruder.fill("arn:aws:iam::{account}:role/nobody");
                put_target(intruder, json!({"RoleArn": role}));
            }),
            ("only critical findings of GuardDuty are sent", |intruder| {
                change_pattern(intruder, |own| own.replace("[\">=\",4]", "[\">=\",9]"));
            }),
            ("changes of CloudTrail are not sent", |intruder| {
                change_pattern(intruder, |own| own.replace("\"cloudtrail.amazonaws.com\",", ""));
            }),
            ("sign-ins of root are looked for under another name", |intruder| {
                change_pattern(intruder, |own| own.replace("\"Root\"", "\"root\""));
            }),
            ("only test events are sent", |intruder| {
                change_pattern(intruder, |_| "{\"source\":[\"baseline.alerts\"]}".to_owned());
            }),
            ("the rule goes by the clock", |intruder| {
                let input = json!({"Name": RULE, "ScheduleExpression": "rate(1 day)"});
                events(intruder, "PutRule", input);
            }),
            ("the subscriber hears of nothing that there is", |intruder| {
                let arn = subscription(intruder);
                let more = "&AttributeName=FilterPolicy&AttributeValue={\"x\":[\"y\"]}";
                sns(
                    intruder,
                    "SetSubscriptionAttributes",
                    &format!("&SubscriptionArn={arn}{more}"),
                );
            }),
            ("the subscription is ended", |intruder| {
                let arn = subscription(intruder);
                sns(intruder, "Unsubscribe", &format!("&SubscriptionArn={arn}"));
            }),
            ("a stranger listens", |intruder| {
                let queue = format!("&Protocol=sqs&Endpoint=arn:aws:sqs:us-east-1:{STRANGER}:q");
                sns(intruder, "Subscribe", &format!("&TopicArn={TOPIC}{queue}"));
            }),
            ("a stranger may listen", |intruder| {
                let whom =
                    format!("&AWSAccountId.member.1={STRANGER}&ActionName.member.1=Subscribe");
                sns(intruder, "AddPermission", &format!("&TopicArn={TOPIC}&Label=x{whom}"));
            }),
            ("the topic lets nobody publish", |intruder| {
                let account = intruder.fill("arn:aws:iam::{account}:root");
                let only = json!({"Sid": "x", "Effect": "Allow", "Principal": {"AWS": account},
                "Action": "SNS:Publish", "Resource": intruder.fill(TOPIC)});
                set_topic(intruder, "Policy", &policy(&only));
            }),
            ("the topic denies EventBridge to publish", |intruder| {
                let topic = intruder.fill(TOPIC);
                let statements = json!([
                    {"Sid": "BaselineAlertsRule", "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
                        "Resource": topic},
                    {"Sid": "x", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
                        "Resource": topic},
                ]);
                let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
                set_topic(intruder, "Policy", &policy);
            }),
            ("the topic is encrypted with a disabled key", |intruder| {
                let key = disabled_key(intruder);
                set_topic(intruder, "KmsMasterKeyId", &key);
            }),
            ("the topic is encrypted with a key that lets no service in", |intruder| {
                let key = super::keys::new_key(intruder);
                set_topic(intruder, "KmsMasterKeyId", &key);
            }),
            ("the topic is encrypted with the key of AWS", |intruder| {
                set_topic(intruder, "KmsMasterKeyId", "alias/aws/sns");
            }),
            ("the topic is encrypted with a stranger's key", |intruder| {
                let key = format!(
                    "arn:aws:kms:us-east-1:{STRANGER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                );
                set_topic(intruder, "KmsMasterKeyId", &key);
            }),
            ("the topic is deleted", |intruder| {
                sns(intruder, "DeleteTopic", &format!("&TopicArn={TOPIC}"));
            }),
            ("the event bus is encrypted with a disabled key", |intruder| {
                let key = disabled_key(intruder);
                let input = json!({"Name": "default", "KmsKeyIdentifier": key});
                events(intruder, "UpdateEventBus", input);
            }),
        ],
    },
];

//! Moves against the budgets.

use super::{Drill, Intruder, nothing};
use serde_json::{Value, json};

fn call(intruder: &mut Intruder, operation: &str, mut input: Value) {
    input["AccountId"] = json!(intruder.account);
    intruder.json("budgets", &format!("AWSBudgetServiceGateway.{operation}"), input);
}

fn change(intruder: &mut Intruder, what: fn(&mut Value)) {
    let input = json!({"AccountId": intruder.account, "BudgetName": "monthly"});
    let answer = intruder.json("budgets", "AWSBudgetServiceGateway.DescribeBudget", input);
    let mut budget = answer["Budget"].clone();
    for output_only in ["CalculatedSpend", "LastUpdatedTime", "HealthStatus"] {
        budget.as_object_mut().expect("a budget").remove(output_only);
    }
    what(&mut budget);
    call(intruder, "UpdateBudget", json!({"NewBudget": budget}));
}

fn notification() -> Value {
    json!({
        "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80, "ThresholdType": "PERCENTAGE",
    })
}

const TOPIC: &str = "arn:aws:sns:us-east-1:{account}:alerts";

/// A call of SNS about the topic of the alerts; it must succeed.
#[track_caller]
fn sns(intruder: &mut Intruder, operation: &str, more: &str) -> String {
    let topic = intruder.fill(TOPIC);
    let answer = intruder.wire.sns(operation, &format!("&TopicArn={topic}{more}"));
    assert!(!answer.contains("<Error"), "{operation}: {answer}");
    answer
}

fn set(intruder: &mut Intruder, attribute: &str, value: &str) {
    let value = value.replace('&', "%26").replace('+', "%2B");
    let more = format!("&AttributeName={attribute}&AttributeValue={value}");
    sns(intruder, "SetTopicAttributes", &more);
}

/// The policy of the topic, with who may publish to it.
fn policy(intruder: &Intruder, service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Alerts", "Effect": "Allow", "Principal": {"Service": service},
        "Action": "SNS:Publish", "Resource": intruder.fill(TOPIC),
        "Condition": {"StringEquals": {"aws:SourceAccount": intruder.account}},
    }]})
    .to_string()
}

/// A topic that hears of budgets, with somebody who listens.
fn topic(intruder: &mut Intruder) {
    intruder.wire.sns("CreateTopic", "&Name=alerts");
    let queue = intruder.fill("&Protocol=sqs&Endpoint=arn:aws:sqs:us-east-1:{account}:alerts");
    sns(intruder, "Subscribe", &queue);
    let policy = policy(intruder, "budgets.amazonaws.com");
    set(intruder, "Policy", &policy);
}

/// A key of the account that nobody can use.
fn disabled_key(intruder: &mut Intruder) -> String {
    let answer = intruder.json("kms", "TrentService.CreateKey", json!({}));
    let id = answer["KeyMetadata"]["KeyId"].as_str().expect("an id");
    intruder.json("kms", "TrentService.DisableKey", json!({"KeyId": id}));
    id.to_owned()
}

const BY_TOPIC: Drill = Drill {
    control: "budgets",
    tables: "[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"\n\
             alerts = [{ at = \"80%\", sns = \"arn:aws:sns:us-east-1:{account}:alerts\" }]",
    before: topic,
    moves: &[
        ("the topic is deleted", |intruder| {
            sns(intruder, "DeleteTopic", "");
        }),
        ("the topic lets another service publish", |intruder| {
            let policy = policy(intruder, "events.amazonaws.com");
            set(intruder, "Policy", &policy);
        }),
        ("the topic is encrypted with a disabled key", |intruder| {
            let key = disabled_key(intruder);
            set(intruder, "KmsMasterKeyId", &key);
        }),
        ("the topic is encrypted with a stranger's key", |intruder| {
            let key = "arn:aws:kms:us-east-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab";
            set(intruder, "KmsMasterKeyId", key);
        }),
        ("the topic is encrypted with the key of AWS", |intruder| {
            set(intruder, "KmsMasterKeyId", "alias/aws/sns");
        }),
        ("nobody is subscribed any more", |intruder| {
            let listed = sns(intruder, "ListSubscriptionsByTopic", "");
            let arns = listed.split("<SubscriptionArn>").skip(1);
            let arns: Vec<&str> = arns.filter_map(|rest| rest.split('<').next()).collect();
            for arn in arns {
                intruder.wire.sns("Unsubscribe", &format!("&SubscriptionArn={arn}"));
            }
        }),
    ],
};

pub const DRILLS: &[Drill] = &[
    BY_TOPIC,
    Drill {
        control: "budgets",
        tables: "[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"\n\
             alerts = [{ at = \"80%\", email = [\"billing@example.com\"] }]",
        before: nothing,
        moves: &[
            ("the budget is deleted", |intruder| {
                call(intruder, "DeleteBudget", json!({"BudgetName": "monthly"}));
            }),
            ("the limit is raised", |intruder| {
                change(intruder, |budget| budget["BudgetLimit"]["Amount"] = json!("100000"));
            }),
            ("the alert is deleted", |intruder| {
                let input = json!({"BudgetName": "monthly", "Notification": notification()});
                call(intruder, "DeleteNotification", input);
            }),
            ("the alert goes to another address", |intruder| {
                let subscriber =
                    |address: &str| json!({"SubscriptionType": "EMAIL", "Address": address});
                let input = json!({
                    "BudgetName": "monthly", "Notification": notification(),
                    "OldSubscriber": subscriber("billing@example.com"),
                    "NewSubscriber": subscriber("nobody@example.org"),
                });
                call(intruder, "UpdateSubscriber", input);
            }),
            ("the alert waits for ten times as much", |intruder| {
                let mut late = notification();
                late["Threshold"] = json!(1000);
                let input = json!({
                    "BudgetName": "monthly", "OldNotification": notification(), "NewNotification": late,
                });
                call(intruder, "UpdateNotification", input);
            }),
            ("it counts one service", |intruder| {
                change(intruder, |budget| {
                    budget["CostFilters"] = json!({"Service": ["AWS Budgets"]})
                });
            }),
            ("it counts nothing", |intruder| {
                change(intruder, |budget| {
                    for (_, value) in budget["CostTypes"].as_object_mut().into_iter().flatten() {
                        *value = json!(false);
                    }
                });
            }),
            ("it begins in ten years", |intruder| {
                change(intruder, |budget| {
                    budget["TimePeriod"] =
                        json!({"Start": 2_100_000_000, "End": 2_200_000_000_u64});
                });
            }),
            ("it is over", |intruder| {
                change(intruder, |budget| {
                    budget["TimePeriod"] = json!({"Start": 1_500_000_000, "End": 1_600_000_000});
                });
            }),
        ],
    },
];

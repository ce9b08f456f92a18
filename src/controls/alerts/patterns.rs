//! The pattern of the rule: which events are alerts.
//!
//! It is one list of alternatives, each of which belongs to a key of the table, so that a pattern that
//! was narrowed behind the program's back shows as the key that it narrows. Source: EventBridge User
//! Guide, "Creating event patterns"; for each service the "Events reference" of EventBridge.

use super::names::{Names, ROLE, TEST_SOURCE};
use super::settings::{Settings, Severity};
use crate::floor::{AtLeast, raise_word};
use crate::managed::Managed;
use crate::settings::Ranked;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The longest pattern that EventBridge takes, in characters. Source: EventBridge API Reference,
/// PutRule.
pub const LONGEST: usize = 4096;

/// What is sent, by the keys of the table: `true`, a severity, or, where a live pattern says something
/// that no value of the key says, what it says.
pub type Sends = BTreeMap<String, Value>;

/// The key of the alternative that is there whatever the table says.
pub const TEST: &str = "test_events";

/// The key of what belongs to none.
pub const OTHER: &str = "other_events";

/// The keys, those that others depend on first.
const KEYS: [&str; 12] = [
    "guardduty",
    "macie",
    "inspector",
    "security_hub",
    "access_analyzer",
    "config_rules",
    "root",
    "sign_in_without_mfa",
    "sign_in_anomalies",
    "tampering",
    "health",
    TEST,
];

/// How EventBridge calls what CloudTrail records.
pub const API_CALL: &str = "AWS API Call via CloudTrail";

/// Events have the first; the EventBridge User Guide prints the second.
pub const SIGN_IN: [&str; 2] =
    ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"];

/// The services that watch the account, by the source of their events in CloudTrail.
const WATCHERS: [&str; 8] = [
    "access-analyzer.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "detective.amazonaws.com",
    "guardduty.amazonaws.com",
    "inspector2.amazonaws.com",
    "macie2.amazonaws.com",
    "securityhub.amazonaws.com",
];

/// What the names of calls begin with that change how they watch. What is done to single findings, and
/// what rules report, is no change of theirs.
const CHANGES: [&str; 11] = [
    "Create",
    "Decline",
    "Delete",
    "Deregister",
    "Disable",
    "Disassociate",
    "PutConfig",
    "PutDelivery",
    "PutEventSelectors",
    "Stop",
    "Update",
];

/// Security Hub's names for the products whose findings are sent by themselves.
const PRODUCTS: [(&str, &str); 3] = [
    ("guardduty", "product/aws/guardduty"),
    ("inspector", "product/aws/inspector"),
    ("macie", "product/aws/macie"),
];

/// What has to be sent, given what is: a lower severity than asked for stays, as does what no key is
/// about.
pub fn wanted(settings: &Settings, live: &Sends) -> Sends {
    let mut wanted = live.clone();
    wanted.insert(TEST.to_owned(), json!(true));
    let severities = [
        ("guardduty", &settings.guardduty),
        ("security_hub", &settings.security_hub),
        ("macie", &settings.macie),
        ("inspector", &settings.inspector),
    ];
    for (key, setting) in severities {
        set(&mut wanted, key, severity(setting, live.get(key)));
    }
    let switches = [
        ("access_analyzer", &settings.access_analyzer),
        ("config_rules", &settings.config_rules),
        ("root", &settings.root),
        ("sign_in_without_mfa", &settings.sign_in_without_mfa),
        ("sign_in_anomalies", &settings.sign_in_anomalies),
        ("tampering", &settings.tampering),
        ("health", &settings.health),
    ];
    for (key, setting) in switches {
        set(&mut wanted, key, switch(setting, live.get(key)));
    }
    wanted
}

fn set(sends: &mut Sends, key: &str, value: Option<Value>) {
    match value {
        Some(value) => sends.insert(key.to_owned(), value),
        None => sends.remove(key),
    };
}

fn severity(setting: &Managed<AtLeast<Severity>>, live: Option<&Value>) -> Option<Value> {
    match (&**setting, live) {
        (None, live) => live.cloned(),
        (Some(_), live) => raise_word(setting, live.and_then(Value::as_str)).map(Value::from),
    }
}

fn switch(setting: &Managed<AtLeast<bool>>, live: Option<&Value>) -> Option<Value> {
    match &**setting {
        None => live.cloned(),
        Some(floor) if *floor.value() => Some(json!(true)),
        Some(floor) if floor.is_exact() => None,
        Some(_) => live.cloned(),
    }
}

/// The pattern that sends this.
pub fn pattern(sends: &Sends, names: &Names) -> String {
    let alternatives = KEYS.iter().chain([&OTHER]).filter_map(|key| {
        let value = sends.get(*key)?;
        Some(alternatives(key, value, sends, names))
    });
    json!({"$or": alternatives.flatten().collect::<Vec<_>>()}).to_string()
}

/// What a live pattern sends.
pub fn sent(pattern: &str, names: &Names) -> Sends {
    let Ok(read) = serde_json::from_str::<Value>(pattern) else {
        return Sends::from([(OTHER.to_owned(), json!([pattern]))]);
    };
    let own = read.as_object().filter(|keys| keys.len() == 1);
    let list = own.and_then(|keys| keys.get("$or")?.as_array()).cloned();
    let mut left: Vec<Value> = list.unwrap_or_else(|| vec![read]);
    left.iter_mut().for_each(tidy);
    let said = |key: &str, sends: &Sends| {
        let values = values(key).into_iter();
        values.map(|value| (value.clone(), alternatives(key, &value, sends, names))).collect()
    };
    by_key(left, &KEYS, said, |own, key| key_of(own) == key)
}

/// What alternatives say, by the keys that they belong to: the value of a key whose alternatives are
/// all there, or else those that seem to have been made of them. The alternatives are tidy, and the
/// values of a key are given by what keys before it say.
pub fn by_key(
    mut left: Vec<Value>,
    keys: &[&str],
    said: impl Fn(&str, &Sends) -> Vec<(Value, Vec<Value>)>,
    is_of: impl Fn(&Value, &str) -> bool,
) -> Sends {
    let mut sends = Sends::new();
    for key in keys {
        let said = said(key, &sends).into_iter().find_map(|(value, mut wanted)| {
            wanted.iter_mut().for_each(tidy);
            let has_all = wanted.iter().all(|own| left.contains(own));
            has_all.then(|| {
                left.retain(|own| !wanted.contains(own));
                value
            })
        });
        let more: Vec<Value> = left.extract_if(.., |own| is_of(own, key)).collect();
        match (said, more.is_empty()) {
            (Some(value), true) => set(&mut sends, key, Some(value)),
            (None, false) => set(&mut sends, key, Some(json!(more))),
            (Some(value), false) => {
                set(&mut sends, key, Some(value));
                left.extend(more);
            }
            (None, true) => {}
        }
    }
    if !left.is_empty() {
        sends.insert(OTHER.to_owned(), json!(left));
    }
    sends
}

/// The values that a key may have.
fn values(key: &str) -> Vec<Value> {
    match key {
        "guardduty" | "macie" | "inspector" | "security_hub" => {
            Severity::WORDS.iter().map(|(_, word)| json!(word)).collect()
        }
        _ => vec![json!(true)],
    }
}

/// To which key an alternative belongs that is none of ours.
fn key_of(alternative: &Value) -> &'static str {
    let has = |list: &Value, text: &str| {
        list.as_array().is_some_and(|list| list.iter().any(|own| own == text))
    };
    let sources = [
        ("aws.guardduty", "guardduty"),
        ("aws.macie", "macie"),
        ("aws.inspector2", "inspector"),
        ("aws.securityhub", "security_hub"),
        ("aws.access-analyzer", "access_analyzer"),
        ("aws.config", "config_rules"),
        ("aws.signin", "sign_in_anomalies"),
        ("aws.health", "health"),
        (TEST_SOURCE, TEST),
    ];
    let source = &alternative["source"];
    if let Some((_, key)) = sources.iter().find(|(own, _)| has(source, own)) {
        return key;
    }
    let who = &alternative["detail"]["userIdentity"]["type"];
    let kind = &alternative["detail-type"];
    match () {
        () if has(who, "Root") => "root",
        () if has(who, "IAMUser") => "sign_in_without_mfa",
        () if has(kind, API_CALL) => "tampering",
        () => OTHER,
    }
}

/// The order in lists means nothing, but between an operator and its number.
pub fn tidy(pattern: &mut Value) {
    match pattern {
        Value::Object(keys) => {
            for (_, value) in keys.iter_mut().filter(|(key, _)| *key != "numeric") {
                tidy(value);
            }
            keys.sort_keys();
        }
        Value::Array(list) => {
            list.iter_mut().for_each(tidy);
            list.sort_by_key(Value::to_string);
        }
        _ => {}
    }
}

/// The alternatives of a key.
fn alternatives(key: &str, value: &Value, sends: &Sends, names: &Names) -> Vec<Value> {
    if let Some(said) = value.as_array() {
        return said.clone();
    }
    let word = value.as_str().unwrap_or_default();
    match key {
        "guardduty" => vec![json!({
            "source": ["aws.guardduty"],
            "detail-type": ["GuardDuty Finding"],
            "detail": {"severity": [{"numeric": [">=", guardduty_number(word)]}]},
        })],
        "macie" => vec![json!({
            "source": ["aws.macie"],
            "detail-type": ["Macie Finding"],
            "detail": {"severity": {"description": from(word, ["Low", "Medium", "High", "High"])}},
        })],
        "inspector" => vec![json!({
            "source": ["aws.inspector2"],
            "detail-type": ["Inspector2 Finding"],
            "detail": {
                "severity": from(word, ["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
                "status": ["ACTIVE"],
            },
        })],
        "security_hub" => security_hub(word, sends),
        "access_analyzer" => vec![json!({
            "source": ["aws.access-analyzer"],
            "detail-type": ["Access Analyzer Finding", "Internal Access Finding"],
            "detail": {"status": ["ACTIVE"]},
        })],
        "config_rules" => vec![json!({
            "source": ["aws.config"],
            "detail-type": ["Config Rules Compliance Change"],
            "detail": {
                "configRuleName": [{"anything-but": {"prefix": "securityhub-"}}],
                "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
            },
        })],
        // A service that acts for the root user names itself.
        "root" => vec![json!({
            "detail-type": [SIGN_IN[0], SIGN_IN[1], API_CALL],
            "detail": {"userIdentity": {"type": ["Root"], "invokedBy": [{"exists": false}]}},
        })],
        // Sessions of roles never say that there was MFA.
        "sign_in_without_mfa" => vec![json!({
            "detail-type": SIGN_IN,
            "detail": {
                "userIdentity": {"type": ["IAMUser"]},
                "responseElements": {"ConsoleLogin": ["Success"]},
                "additionalEventData": {"MFAUsed": ["No"]},
            },
        })],
        "sign_in_anomalies" => vec![json!({
            "source": ["aws.signin"],
            "detail-type": ["Sign-in Anomaly Alert"],
        })],
        "tampering" => tampering(names),
        // Each event comes again from a second region, and says so. Source: AWS Health User Guide,
        // "Monitoring events in AWS Health with Amazon EventBridge".
        "health" => vec![json!({
            "source": ["aws.health"],
            "detail-type": ["AWS Health Event", "AWS Health Abuse Event"],
            "detail": {
                "eventScopeCode": ["ACCOUNT_SPECIFIC", {"exists": false}],
                "backupEvent": ["false", false, {"exists": false}],
            },
        })],
        TEST => vec![json!({"source": [TEST_SOURCE]})],
        _ => Vec::new(),
    }
}

/// Source: GuardDuty User Guide, "Findings severity levels".
fn guardduty_number(word: &str) -> u8 {
    match word {
        "critical" => 9,
        "high" => 7,
        "medium" => 4,
        _ => 1,
    }
}

/// The severities from one on, of those of a service from low to critical.
fn from(word: &str, all: [&'static str; 4]) -> Vec<&'static str> {
    let first = match word {
        "critical" => 3,
        "high" => 2,
        "medium" => 1,
        _ => 0,
    };
    let mut list = all[first..].to_vec();
    list.dedup();
    list
}

/// Of both its generations. Sources: AWS Security Finding Format; OCSF, `severity` and `status`.
fn security_hub(word: &str, sends: &Sends) -> Vec<Value> {
    let others = PRODUCTS.iter().filter(|(key, _)| sends.contains_key(*key));
    let others: Vec<&str> = others.map(|(_, product)| *product).collect();
    let mut finding = json!({
        "Severity": {"Label": from(word, ["LOW", "MEDIUM", "HIGH", "CRITICAL"])},
        "Workflow": {"Status": ["NEW"]},
        "RecordState": ["ACTIVE"],
    });
    if !others.is_empty() {
        finding["ProductArn"] = json!([{"anything-but": {"suffix": others}}]);
    }
    let mut severities = from(word, ["Low", "Medium", "High", "Critical"]);
    severities.push("Fatal");
    vec![
        json!({
            "source": ["aws.securityhub"],
            "detail-type": ["Security Hub Findings - Imported"],
            "detail": {"findings": finding},
        }),
        json!({
            "source": ["aws.securityhub"],
            "detail-type": ["Findings Imported V2"],
            "detail": {"findings": {"severity": severities, "status": ["New"]}},
        }),
    ]
}

/// Changes of what watches, the alerts themselves included.
fn tampering(names: &Names) -> Vec<Value> {
    let prefixes =
        |names: &[&str]| -> Value { names.iter().map(|name| json!({"prefix": name})).collect() };
    let (topic, rules) = (&names.topic, names.rule_names());
    let mut calls = vec![
        json!({"eventSource": WATCHERS, "eventName": prefixes(&CHANGES)}),
        json!({
            "eventSource": ["events.amazonaws.com"],
            "requestParameters": {"$or": [{"name": rules}, {"rule": rules}]},
        }),
        json!({
            "eventSource": ["events.amazonaws.com"],
            "eventName": ["PutPermission", "RemovePermission"],
        }),
        json!({
            "eventSource": ["sns.amazonaws.com"],
            "requestParameters": {"$or": [
                {"topicArn": [topic]},
                {"subscriptionArn": [{"prefix": format!("{topic}:")}]},
            ]},
        }),
        json!({"eventSource": ["iam.amazonaws.com"], "requestParameters": {"roleName": [ROLE]}}),
        json!({
            "eventSource": ["kms.amazonaws.com"],
            "eventName": ["DisableKey", "ScheduleKeyDeletion"],
        }),
    ];
    if let Some(bucket) = &names.log_bucket {
        calls.push(json!({
            "eventSource": ["s3.amazonaws.com"],
            "eventName": prefixes(&["DeleteBucket", "PutBucket", "PutObjectLock"]),
            "requestParameters": {"bucketName": [bucket]},
        }));
    }
    let detail = json!({"readOnly": [false], "$or": calls});
    vec![json!({"detail-type": [API_CALL], "detail": detail})]
}

#[cfg(test)]
mod tests;

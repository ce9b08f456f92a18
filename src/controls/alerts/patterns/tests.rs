//! Patterns by what they mean, matched as EventBridge documents it.

use super::super::names::RULE;
use super::*;
use crate::control::tests::context;

fn names() -> Names {
    let mut names = table("").names(&context());
    names.log_bucket = Some("baseline-logs-111122223333-us-east-1".to_owned());
    names
}

fn table(lines: &str) -> Settings {
    toml::from_str(lines).expect("the test's settings are valid")
}

fn asked(lines: &str) -> Sends {
    wanted(&table(lines), &Sends::new())
}

/// Whether an event matches a pattern.
fn matches(pattern: &Value, event: &Value) -> bool {
    pattern.as_object().expect("a pattern").iter().all(|(key, wanted)| match wanted {
        Value::Array(list) if key == "$or" => list.iter().any(|own| matches(own, event)),
        Value::Array(list) => list.iter().any(|own| is_value(own, event.get(key))),
        wanted => match event.get(key) {
            // An alternative of absent things may still hold.
            None => matches(wanted, &Value::Null),
            Some(Value::Array(items)) => items.iter().any(|item| matches(wanted, item)),
            Some(inner) => matches(wanted, inner),
        },
    })
}

fn is_value(wanted: &Value, found: Option<&Value>) -> bool {
    let Some((operator, operand)) = wanted.as_object().and_then(|own| own.iter().next()) else {
        return found == Some(wanted);
    };
    if operator == "exists" {
        return found.is_some() == (*operand == json!(true));
    }
    let Some(found) = found else {
        return false;
    };
    let text = found.as_str().unwrap_or_default();
    match operator.as_str() {
        "prefix" => text.starts_with(operand.as_str().expect("a text")),
        "suffix" => match operand.as_array() {
            Some(list) => list.iter().any(|own| text.ends_with(own.as_str().expect("a text"))),
            None => text.ends_with(operand.as_str().expect("a text")),
        },
        "numeric" => found.as_f64() >= operand[1].as_f64(),
        "anything-but" => !is_value(operand, Some(found)),
        other => panic!("{other} is not known here"),
    }
}

fn sends(lines: &str, event: &Value) -> bool {
    let pattern = pattern(&asked(lines), &names());
    matches(&serde_json::from_str(&pattern).expect("JSON"), event)
}

fn finding(source: &str, kind: &str, detail: Value) -> Value {
    json!({"source": source, "detail-type": kind, "detail": detail})
}

fn call(source: &str, name: &str, parameters: Value) -> Value {
    let detail = json!({
        "eventSource": source, "eventName": name, "readOnly": false,
        "userIdentity": {"type": "AssumedRole"}, "requestParameters": parameters,
    });
    finding("aws.x", API_CALL, detail)
}

#[test]
fn findings_are_sent_from_their_severity_on() {
    let guardduty = |severity: f64| {
        finding("aws.guardduty", "GuardDuty Finding", json!({"severity": severity}))
    };
    assert!(sends("", &guardduty(4.0)) && !sends("", &guardduty(3.9)));
    assert!(!sends("guardduty = \"high\"", &guardduty(6.9)));
    assert!(sends("guardduty = \"low\"", &guardduty(1.0)));
    assert!(!sends("guardduty = \"unmanaged\"", &guardduty(9.0)));
    let inspector = |severity: &str, status: &str| {
        let detail = json!({"severity": severity, "status": status});
        finding("aws.inspector2", "Inspector2 Finding", detail)
    };
    assert!(
        sends("", &inspector("CRITICAL", "ACTIVE")) && !sends("", &inspector("HIGH", "ACTIVE"))
    );
    assert!(!sends("", &inspector("CRITICAL", "CLOSED")));
    let macie = |severity: &str| {
        finding("aws.macie", "Macie Finding", json!({"severity": {"description": severity}}))
    };
    assert!(sends("", &macie("Medium")) && !sends("", &macie("Low")));
    assert!(sends("macie = \"critical\"", &macie("High")));
    let analyzer =
        |kind: &str, status: &str| finding("aws.access-analyzer", kind, json!({"status": status}));
    assert!(sends("", &analyzer("Access Analyzer Finding", "ACTIVE")));
    assert!(!sends("", &analyzer("Access Analyzer Finding", "RESOLVED")));
    assert!(!sends("", &analyzer("Unused Access Finding for IAM entities", "ACTIVE")));
}

#[test]
fn what_security_hub_imports_is_sent_once() {
    let hub = |product: &str, label: &str| {
        let arn = format!("arn:aws:securityhub:us-east-1::product/aws/{product}");
        let detail = json!({"findings": [{
            "ProductArn": arn, "Severity": {"Label": label}, "Workflow": {"Status": "NEW"},
            "RecordState": "ACTIVE",
        }]});
        finding("aws.securityhub", "Security Hub Findings - Imported", detail)
    };
    assert!(sends("", &hub("securityhub", "HIGH")) && !sends("", &hub("securityhub", "MEDIUM")));
    assert!(!sends("", &hub("guardduty", "HIGH")));
    assert!(sends("guardduty = \"unmanaged\"", &hub("guardduty", "HIGH")));
    let ocsf = json!({"findings": [{"severity": "Critical", "status": "New"}]});
    assert!(sends("", &finding("aws.securityhub", "Findings Imported V2", ocsf)));
}

#[test]
fn rules_that_are_broken_are_sent_but_for_those_of_security_hub() {
    let config = |name: &str, compliance: &str| {
        let detail = json!({
            "configRuleName": name, "newEvaluationResult": {"complianceType": compliance},
        });
        finding("aws.config", "Config Rules Compliance Change", detail)
    };
    assert!(sends("", &config("s3-ssl", "NON_COMPLIANT")));
    assert!(!sends("", &config("s3-ssl", "COMPLIANT")));
    assert!(!sends("", &config("securityhub-s3-ssl", "NON_COMPLIANT")));
}

#[test]
fn sign_ins_of_root_and_without_mfa_are_sent_under_both_names() {
    let sign_in = |kind: &str, who: &str, mfa: &str| {
        let detail = json!({
            "userIdentity": {"type": who}, "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MFAUsed": mfa},
        });
        finding("aws.signin", kind, detail)
    };
    for kind in SIGN_IN {
        assert!(sends("", &sign_in(kind, "Root", "Yes")));
        assert!(sends("", &sign_in(kind, "IAMUser", "No")));
        assert!(!sends("", &sign_in(kind, "IAMUser", "Yes")));
        assert!(!sends("", &sign_in(kind, "AssumedRole", "No")));
    }
    let root = json!({"userIdentity": {"type": "Root"}, "eventName": "RunInstances"});
    assert!(sends("", &finding("aws.ec2", API_CALL, root)));
    let service =
        json!({"userIdentity": {"type": "Root", "invokedBy": "autoscaling.amazonaws.com"}});
    assert!(!sends("", &finding("aws.ec2", API_CALL, service)));
}

#[test]
fn changes_of_what_watches_are_sent_and_those_of_other_rules_and_topics_are_not() {
    let topic = "arn:aws:sns:us-east-1:111122223333:baseline-alerts";
    let seen = [
        call("cloudtrail.amazonaws.com", "StopLogging", json!({})),
        call("cloudtrail.amazonaws.com", "PutEventSelectors", json!({})),
        call("config.amazonaws.com", "PutConfigurationRecorder", json!({})),
        call("guardduty.amazonaws.com", "CreateFilter", json!({})),
        call("events.amazonaws.com", "DisableRule", json!({"name": RULE})),
        call("events.amazonaws.com", "RemoveTargets", json!({"rule": RULE})),
        call("events.amazonaws.com", "PutPermission", json!({"statementId": "x"})),
        call("sns.amazonaws.com", "SetTopicAttributes", json!({"topicArn": topic})),
        call("sns.amazonaws.com", "Unsubscribe", json!({"subscriptionArn": format!("{topic}:1")})),
        call("iam.amazonaws.com", "DeleteRolePolicy", json!({"roleName": ROLE})),
        call("kms.amazonaws.com", "DisableKey", json!({})),
        call(
            "s3.amazonaws.com",
            "PutBucketPolicy",
            json!({"bucketName": "baseline-logs-111122223333-us-east-1"}),
        ),
    ];
    for event in &seen {
        assert!(sends("", event), "{event}");
        assert!(!sends("tampering = \"unmanaged\"", event), "{event}");
    }
    for event in [
        call("events.amazonaws.com", "DisableRule", json!({"name": "another"})),
        call("sns.amazonaws.com", "Subscribe", json!({"topicArn": "arn:aws:sns:us-east-1:1:x"})),
        call("config.amazonaws.com", "PutEvaluations", json!({})),
        call("securityhub.amazonaws.com", "BatchUpdateFindings", json!({})),
        call("s3.amazonaws.com", "PutObject", json!({"bucketName": "x"})),
    ] {
        assert!(!sends("", &event), "{event}");
    }
}

#[test]
fn health_events_of_the_account_are_sent_once() {
    let health = |detail: Value| finding("aws.health", "AWS Health Event", detail);
    assert!(sends("", &health(json!({"eventScopeCode": "ACCOUNT_SPECIFIC"}))));
    assert!(sends("", &health(json!({"backupEvent": "false"}))));
    for repeated in [json!("true"), json!(true)] {
        assert!(!sends("", &health(json!({"backupEvent": repeated}))));
    }
    assert!(!sends("", &health(json!({"eventScopeCode": "PUBLIC"}))));
}

#[test]
fn test_events_always_match() {
    let off =
        ["guardduty", "security_hub", "macie", "inspector", "access_analyzer", "config_rules"];
    let lines: String = off.iter().map(|key| format!("{key} = \"unmanaged\"\n")).collect();
    assert!(sends(&lines, &finding(TEST_SOURCE, "test", json!({}))));
}

#[test]
fn a_pattern_is_read_as_the_keys_that_made_it() {
    for lines in ["", "guardduty = \"low\"\nmacie = \"critical\"", "inspector = \"unmanaged\""] {
        let sends = asked(lines);
        assert_eq!(sent(&pattern(&sends, &names()), &names()), sends, "{lines}");
    }
    let narrowed = pattern(&asked("guardduty = \"critical\""), &names());
    assert_eq!(sent(&narrowed, &names())["guardduty"], "critical");
    let odd =
        pattern(&asked(""), &names()).replace("\"numeric\":[\">=\",4]", "\"numeric\":[\"=\",5]");
    let read = sent(&odd, &names());
    assert!(read["guardduty"].is_array() && read["security_hub"] == "high", "{read:?}");
    assert_eq!(wanted(&table(""), &read), asked(""));
    let one_less = pattern(&asked(""), &names()).replace("kms.amazonaws.com", "x.amazonaws.com");
    assert!(sent(&one_less, &names())["tampering"].is_array());
    assert_eq!(sent("{\"source\":[\"x\"]}", &names())[OTHER], json!([{"source": ["x"]}]));
}

#[test]
fn a_lower_severity_stays_and_what_others_added_too() {
    let mut live = asked("guardduty = \"low\"");
    live.insert(OTHER.to_owned(), json!([{"source": ["x"]}]));
    assert_eq!(wanted(&table(""), &live), live);
    let exactly = wanted(&table("guardduty = { exactly = \"medium\" }"), &live);
    assert_eq!(exactly["guardduty"], "medium");
    let off = wanted(&table("root = { exactly = false }"), &live);
    assert!(!off.contains_key("root"));
}

#[test]
fn the_longest_pattern_fits() {
    let mut names = names();
    let long = "x".repeat(256);
    names.topic = format!("arn:aws-us-gov:sns:ap-southeast-4:111122223333:{long}");
    names.log_bucket = Some("x".repeat(63));
    let lines =
        ["guardduty", "security_hub", "macie", "inspector"].map(|key| format!("{key} = \"low\"\n"));
    let length = pattern(&asked(&lines.concat()), &names).chars().count();
    assert!(length <= LONGEST, "{length}");
}

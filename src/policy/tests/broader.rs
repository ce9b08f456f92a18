//! Denies of others that make ours needless, and those that do not.

use crate::policy::guardrails::{
    OnlyFrom, Spared, deny_elsewhere, deny_insecure_transport, deny_old_presigned, deny_old_tls,
};
use crate::policy::{Dialect, Network, Policy};
use serde_json::{Value, json};
use std::time::Duration;

const ARN: &str = "arn:aws:s3:::acme";

fn satisfied(wanted: &Value, there: Value) -> bool {
    let text = json!({"Version": "2012-10-17", "Statement": there}).to_string();
    let policy = Policy::parse(&text).expect("the test's policy is valid");
    policy.denies_all_of(wanted, Dialect::resource("aws"))
}

/// A statement of ours as others would have written it.
fn theirs(ours: &Value, keys: &[(&str, Value)]) -> Value {
    let mut statement = ours.clone();
    statement["Sid"] = json!("Theirs");
    for (key, value) in keys {
        statement[*key] = value.clone();
    }
    statement
}

fn all_satisfy(ours: &Value, there: &[(&str, Value)]) {
    for (key, value) in there {
        let statement = theirs(ours, &[(key, value.clone())]);
        assert!(satisfied(ours, statement), "{key}: {value}");
    }
}

fn none_satisfies(ours: &Value, there: &[(&str, Value)]) {
    for (key, value) in there {
        let statement = theirs(ours, &[(key, value.clone())]);
        assert!(!satisfied(ours, statement), "{key}: {value}");
    }
}

fn condition(operator: &str, key: &str, value: Value) -> (&'static str, Value) {
    ("Condition", json!({operator: {key: value}}))
}

#[test]
fn a_deny_of_plain_http_that_is_as_broad_satisfies_under_any_name() {
    let ours = deny_insecure_transport(ARN);
    all_satisfy(
        &ours,
        &[
            ("Sid", json!("Other")),
            ("Principal", json!({"AWS": ["*"]})),
            ("Action", json!(["S3:*"])),
            ("Action", json!("*")),
            ("Resource", json!("*")),
            ("Resource", json!(format!("{ARN}*"))),
            ("Resource", json!([ARN, format!("{ARN}/*"), format!("{ARN}/public/*")])),
            condition("Bool", "AWS:securetransport", json!(false)),
            condition("BoolIfExists", "aws:SecureTransport", json!("false")),
            ("Condition", json!({})),
        ],
    );
}

#[test]
fn a_deny_of_plain_http_that_spares_something_does_not_satisfy() {
    let ours = deny_insecure_transport(ARN);
    none_satisfies(
        &ours,
        &[
            ("Effect", json!("Allow")),
            ("Principal", json!({"AWS": "arn:aws:iam::111122223333:root"})),
            ("Principal", json!({"Service": "*"})),
            ("Action", json!("s3:GetObject")),
            ("Action", json!(["s3:Get*", "s3:Put*"])),
            ("Resource", json!([format!("{ARN}/*")])),
            ("Resource", json!([ARN])),
            ("Resource", json!([ARN, format!("{ARN}/public/*")])),
            ("Resource", json!("arn:*")),
            condition("Bool", "aws:SecureTransport", json!("true")),
            condition("StringEquals", "aws:SecureTransport", json!("false")),
            condition("ForAllValues:Bool", "aws:SecureTransport", json!("false")),
            (
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"a": "b"}}),
            ),
            ("Mood", json!("x")),
            ("NotPrincipal", json!({"AWS": "111122223333"})),
            ("NotAction", json!("s3:GetObject")),
        ],
    );
}

#[test]
fn a_deny_for_the_bucket_and_one_for_its_objects_satisfy_together() {
    let ours = deny_insecure_transport(ARN);
    let bucket = theirs(&ours, &[("Resource", json!(ARN))]);
    let objects = theirs(&ours, &[("Resource", json!(format!("{ARN}/*")))]);
    assert!(satisfied(&ours, json!([bucket, objects])));
    assert!(!satisfied(&ours, json!([bucket])));
}

#[test]
fn the_convenience_for_plain_http_takes_the_partition_from_the_arn() {
    let arn = "arn:aws-cn:s3:::acme";
    let text = json!({"Statement": [deny_insecure_transport(arn)]}).to_string();
    let policy = Policy::parse(&text).expect("valid");
    assert!(policy.denies_insecure_transport(arn));
    assert!(!policy.denies_insecure_transport(ARN));
}

#[test]
fn a_later_tls_satisfies_an_earlier_one_and_not_the_other_way() {
    let ours = deny_old_tls(ARN, "1.2");
    all_satisfy(
        &ours,
        &[
            condition("NumericLessThan", "s3:tlsversion", json!(1.20)),
            condition("NumericLessThan", "s3:TlsVersion", json!("1.3")),
            condition("NumericLessThanEquals", "s3:TlsVersion", json!("1.2")),
            condition("NumericLessThanIfExists", "s3:TlsVersion", json!("1.2")),
        ],
    );
    none_satisfies(
        &ours,
        &[
            condition("NumericLessThan", "s3:TlsVersion", json!("1.1")),
            condition("NumericLessThanEquals", "s3:TlsVersion", json!("1.1")),
            condition("NumericGreaterThan", "s3:TlsVersion", json!("1.3")),
            condition("NumericEquals", "s3:TlsVersion", json!("1.0")),
            condition("NumericLessThan", "s3:TlsVersion", json!(["1.2", "1.1"])),
            condition("StringEquals", "s3:TlsVersion", json!("1.2")),
        ],
    );
    assert!(!satisfied(&deny_old_tls(ARN, "1.3"), theirs(&ours, &[])));
}

#[test]
fn a_shorter_age_satisfies_a_longer_one_and_not_the_other_way() {
    let age = |minutes: u64| deny_old_presigned(ARN, Duration::from_secs(60 * minutes));
    assert!(satisfied(&age(10), theirs(&age(5), &[])));
    assert!(!satisfied(&age(5), theirs(&age(10), &[])));
    let all_requests = condition("NumericGreaterThan", "s3:signatureAge", json!(300_000));
    all_satisfy(&age(10), &[all_requests]);
}

fn only_from(networks: &[&str], spared: &[&str]) -> Value {
    let networks = networks.iter().map(|own| Network::parse(own).expect("valid"));
    let from = OnlyFrom { networks: networks.collect(), ..OnlyFrom::default() };
    let spared = Spared {
        principals: spared.iter().map(|own| (*own).to_owned()).collect(),
        accounts: Vec::new(),
    };
    deny_elsewhere(ARN, &from, &spared, "aws", "111122223333")
}

#[test]
fn fewer_networks_and_fewer_exceptions_satisfy() {
    let ours = only_from(&["203.0.113.0/24"], &["arn:aws:iam::111122223333:role/BreakGlass"]);
    let office = json!(["203.0.113.0/25"]);
    all_satisfy(
        &ours,
        &[
            condition("NotIpAddress", "aws:SourceIp", office.clone()),
            condition("NotIpAddressIfExists", "aws:SourceIp", office),
        ],
    );
    assert!(satisfied(&ours, theirs(&only_from(&["203.0.113.0/24"], &[]), &[])));
    for action in ["*", "s3:*"] {
        let mut every_action = theirs(&ours, &[("Action", json!(action))]);
        let keys = every_action.as_object_mut().expect("a table");
        keys.remove("NotAction");
        assert!(satisfied(&ours, every_action), "{action}");
    }
}

#[test]
fn more_networks_and_more_exceptions_do_not_satisfy() {
    let ours = only_from(&["203.0.113.0/24"], &[]);
    let wider = only_from(&["203.0.113.0/24", "198.51.100.0/24"], &[]);
    assert!(!satisfied(&ours, theirs(&wider, &[])));
    assert!(satisfied(&wider, theirs(&ours, &[])));
    let sparing = only_from(&["203.0.113.0/24"], &["arn:aws:iam::111122223333:role/X"]);
    assert!(!satisfied(&ours, theirs(&sparing, &[])));
    let fewer_actions =
        theirs(&ours, &[("NotAction", json!(["s3:GetObject", "s3:*BucketPolicy"]))]);
    assert!(!satisfied(&ours, fewer_actions));
}

#[test]
fn what_a_variable_stands_for_is_not_guessed() {
    let ours = deny_insecure_transport(ARN);
    let variable = condition("StringEquals", "aws:PrincipalArn", json!("${aws:PrincipalArn}"));
    none_satisfies(&ours, &[variable]);
}

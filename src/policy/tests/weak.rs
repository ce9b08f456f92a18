//! What policies give away, and what in them does not do what it seems to.

use crate::policy::{Kind, Policy, Weakness, weaknesses};
use serde_json::{Value, json};

pub(super) const ARN: &str = "arn:aws:s3:::acme";

pub(super) fn found(version: &str, statements: Value) -> Vec<Weakness> {
    let text = json!({"Version": version, "Statement": statements}).to_string();
    let policy = Policy::parse(&text).expect("the test's policy is valid");
    weaknesses(&policy, ARN, "111122223333", "aws")
}

pub(super) fn kinds(statement: Value) -> Vec<Kind> {
    let found = found("2012-10-17", json!([statement]));
    found.into_iter().map(|weakness| weakness.kind).collect()
}

pub(super) fn allow(principal: Value, condition: Value) -> Value {
    json!({"Sid": "Theirs", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme/*", "Condition": condition})
}

pub(super) fn shared(with: &[&str]) -> Vec<Kind> {
    vec![Kind::Shared(with.iter().map(|own| (*own).to_owned()).collect())]
}

#[test]
fn an_allow_for_anyone_is_public_unless_a_condition_holds_it_to_something() {
    let public = [
        json!({}),
        json!({"StringEquals": {"s3:prefix": "x"}}),
        json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
        json!({"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}),
        json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
        json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deploy"}}),
        json!({"StringLike": {"aws:userid": "*:alice"}}),
        json!({"StringEquals": {"aws:PrincipalTag/team": "data"}}),
        json!({"StringLike": {"aws:Referer": "https://example.com/*"}}),
        json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
        json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/0"}}),
        json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
    ];
    for condition in public {
        let found = kinds(allow(json!("*"), condition.clone()));
        assert!(found.contains(&Kind::Public), "{condition}");
    }
    let held = [
        json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}),
        json!({"StringEquals": {"s3:prefix": "x", "aws:PrincipalAccount": "111122223333"}}),
        json!({"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}}),
        json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
    ];
    for condition in held {
        assert_eq!(kinds(allow(json!({"AWS": "*"}), condition.clone())), [], "{condition}");
    }
}

#[test]
fn all_but_some_is_public() {
    let statement = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "444455556666"},
        "Action": "s3:*", "Resource": ARN});
    assert_eq!(kinds(statement), [Kind::Public]);
}

#[test]
fn others_are_named_with_the_statement_that_lets_them_in() {
    let of_others = [
        (json!({"AWS": "444455556666"}), json!({}), shared(&["444455556666"])),
        (
            json!({"AWS": ["111122223333", "arn:aws:iam::444455556666:role/x"]}),
            json!({}),
            shared(&["444455556666"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
            shared(&["o-exampleorgid"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:PrincipalAccount": ["111122223333", "777788889999"]}}),
            shared(&["777788889999"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"s3:DataAccessPointAccount": "444455556666"}}),
            shared(&["444455556666"]),
        ),
        (
            json!("*"),
            json!({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-exampleorgid/r-ab12/"}}),
            shared(&["o-exampleorgid"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            vec![shared(&["vpce-1"]).remove(0), Kind::RestrictsNobody],
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:userid": "AROAEXAMPLEROLEID0001:x"}}),
            shared(&["AROAEXAMPLEROLEID0001:x"]),
        ),
        (
            json!("*"),
            json!({"StringLike": {"aws:userid": "AROAEXAMPLEROLEID0001:*"}}),
            shared(&["AROAEXAMPLEROLEID0001"]),
        ),
        (
            json!("*"),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-exampleorgid/*"}}),
            shared(&["o-exampleorgid"]),
        ),
        (
            json!("*"),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/Deploy*"}}),
            shared(&["444455556666"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
            shared(&["${aws:ResourceOrgID}"]),
        ),
        (
            json!("*"),
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other"}}),
            shared(&["arn:aws:s3:::other"]),
        ),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({}),
            shared(&["cognito-identity.amazonaws.com"]),
        ),
        (json!({"CanonicalUser": "79a59df9"}), json!({}), shared(&["the canonical user 79a59df9"])),
    ];
    for (principal, condition, wanted) in of_others {
        assert_eq!(kinds(allow(principal.clone(), condition)), wanted, "{principal}");
    }
    assert_eq!(kinds(allow(json!({"AWS": "111122223333"}), json!({}))), []);
    let identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
    assert_eq!(
        kinds(allow(json!({"AWS": ["111122223333", identity]}), json!({}))),
        [Kind::Untold(vec![identity.to_owned()])]
    );
    let said = &found("2012-10-17", json!([allow(json!({"AWS": "444455556666"}), json!({}))]))[0];
    assert_eq!(said.what, "statement Theirs allows 444455556666: s3:GetObject");
}

#[test]
fn an_allow_by_address_without_a_deny_restricts_nobody_and_the_deny_is_shown() {
    let by_address = allow(
        json!({"AWS": "111122223333"}),
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),
    );
    let alone = found("2012-10-17", json!([by_address]));
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0].kind, Kind::RestrictsNobody);
    assert!(alone[0].what.contains("restricts nobody"), "{}", alone[0].what);
    assert!(alone[0].remedy.contains(r#"only_from = { networks = ["203.0.113.0/24"] }"#));
    assert!(alone[0].remedy.contains(r#""NotIpAddress":{"aws:SourceIp":["203.0.113.0/24"]}"#));

    let deny = |action: &str, resource: &str| {
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource,
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})
    };
    let closed = deny("s3:*", "arn:aws:s3:::acme/*");
    assert_eq!(found("2012-10-17", json!([by_address, closed])), []);
    for other in [deny("s3:*", ARN), deny("s3:DeleteObject", "arn:aws:s3:::acme/*")] {
        let found = found("2012-10-17", json!([by_address, other]));
        assert_eq!(found[0].kind, Kind::RestrictsNobody, "{other}");
    }
}

#[test]
fn addresses_that_no_deny_could_be_made_of_are_told_without_one() {
    for network in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/0"] {
        let statement =
            allow(json!({"AWS": "111122223333"}), json!({"IpAddress": {"aws:SourceIp": network}}));
        let found = found("2012-10-17", json!([statement]));
        assert_eq!(found[0].kind, Kind::RestrictsNobody, "{network}");
        assert!(!found[0].remedy.contains("NotIpAddress"), "{}", found[0].remedy);
    }
}

#[test]
fn an_allow_that_is_called_like_ours_is_judged_like_any_other() {
    let mut statement = allow(json!("*"), json!({}));
    statement["Sid"] = json!("BaselineReaders");
    assert_eq!(kinds(statement), [Kind::Public]);
}

#[test]
fn another_account_needs_the_allow_so_that_its_condition_restricts_it() {
    let by_address = allow(
        json!({"AWS": "444455556666"}),
        json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    );
    assert_eq!(kinds(by_address), shared(&["444455556666"]));
}

#[test]
fn a_deleted_principal_is_named_with_its_statement() {
    let deleted = allow(json!({"AWS": "AROAEXAMPLEROLEID0001"}), json!({}));
    let found = found("2012-10-17", json!([deleted]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, Kind::DeletedPrincipal("AROAEXAMPLEROLEID0001".to_owned()));
    assert!(found[0].what.contains("statement Theirs"));
}

#[test]
fn a_variable_is_found_only_where_the_version_takes_it_for_text() {
    let mut statement = allow(json!({"AWS": "111122223333"}), json!({}));
    statement["Resource"] = json!("arn:aws:s3:::acme/${aws:username}/*");
    assert_eq!(found("2008-10-17", json!([statement]))[0].kind, Kind::LiteralVariable);
    assert_eq!(found("2012-10-17", json!([statement])), []);
}

#[test]
fn an_allow_that_is_not_understood_is_not_taken_for_harmless() {
    let mut statement = allow(json!({"AWS": "111122223333"}), json!({}));
    statement["Mood"] = json!("x");
    assert_eq!(kinds(statement), [Kind::NotUnderstood]);
}

#[test]
fn a_deny_gives_nothing_away() {
    let mut statement = allow(json!("*"), json!({}));
    statement["Effect"] = json!("Deny");
    assert_eq!(kinds(statement), []);
}

#[test]
fn an_allow_by_vpc_or_endpoint_without_a_deny_restricts_nobody() {
    let by = |key: &str, value: &str| {
        allow(json!({"AWS": "111122223333"}), json!({"StringEquals": {key: value}}))
    };
    for (key, value, remedy) in [
        ("aws:SourceVpce", "vpce-1", r#"only_from = { vpc_endpoints = ["vpce-1"] }"#),
        ("aws:SourceVpc", "vpc-1", r#"only_from = { vpcs = ["vpc-1"] }"#),
    ] {
        let alone = found("2012-10-17", json!([by(key, value)]));
        assert_eq!(alone.len(), 1, "{key}");
        assert_eq!(alone[0].kind, Kind::RestrictsNobody);
        assert!(alone[0].remedy.contains(remedy), "{}", alone[0].remedy);
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": "arn:aws:s3:::acme/*", "Condition": {"StringNotEquals": {key: value}}});
        assert_eq!(found("2012-10-17", json!([by(key, value), deny])), []);
    }
}

#[test]
fn two_denies_by_address_and_by_endpoint_leave_nobody_and_one_of_both_leaves_either() {
    let deny = |condition: Value| {
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme/*",
            "Condition": condition})
    };
    let office = json!({"aws:SourceIp": "203.0.113.0/24"});
    let endpoint = json!({"aws:SourceVpce": "vpce-1"});
    let apart =
        json!([deny(json!({"NotIpAddress": office})), deny(json!({"StringNotEquals": endpoint}))]);
    let found_apart = found("2012-10-17", apart);
    assert_eq!(found_apart.len(), 1);
    assert!(found_apart[0].what.starts_with("statements #1 and #2 together deny everyone"));
    let together = deny(json!({"NotIpAddress": office, "StringNotEquals": endpoint}));
    assert_eq!(found("2012-10-17", json!([together])), []);
}

#[test]
fn actions_are_said_as_they_were_written() {
    let mut statement = allow(json!("*"), json!({}));
    let said = |statement: &Value| found("2012-10-17", json!([statement])).remove(0).what;
    statement["Action"] = json!(["s3:ListBucket", "S3:GETOBJECT"]);
    assert_eq!(said(&statement), "statement Theirs allows anyone: s3:ListBucket, S3:GETOBJECT");
    statement["NotAction"] = json!("s3:DeleteBucket");
    if let Some(keys) = statement.as_object_mut() {
        keys.remove("Action");
    }
    assert_eq!(said(&statement), "statement Theirs allows anyone: everything but s3:DeleteBucket");
}

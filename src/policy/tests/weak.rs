//! What policies give away, and what in them does not do what it seems to.

use crate::policy::{Kind, Policy, Weakness, weaknesses};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:s3:::acme";

fn found(version: &str, statements: Value) -> Vec<Weakness> {
    let text = json!({"Version": version, "Statement": statements}).to_string();
    let policy = Policy::parse(&text).expect("the test's policy is valid");
    weaknesses(&policy, ARN, "111122223333", "aws")
}

fn kinds(statement: Value) -> Vec<Kind> {
    let found = found("2012-10-17", json!([statement]));
    found.into_iter().map(|weakness| weakness.kind).collect()
}

fn allow(principal: Value, condition: Value) -> Value {
    json!({"Sid": "Theirs", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme/*", "Condition": condition})
}

fn shared(with: &[&str]) -> Vec<Kind> {
    vec![Kind::Shared(
        with.iter().map(|own| (*own).to_owned()).collect(),
    )]
}

#[test]
fn an_allow_for_anyone_is_public_unless_a_condition_holds_it_to_something() {
    let public = [
        json!({}),
        json!({"StringEquals": {"s3:prefix": "x"}}),
        json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
        json!({"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}),
        json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
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
        json!({"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:PrincipalAccount": "111122223333"}}),
        json!({"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}}),
        json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x"}}),
    ];
    for condition in held {
        assert_eq!(
            kinds(allow(json!({"AWS": "*"}), condition.clone())),
            [],
            "{condition}"
        );
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
        (
            json!({"AWS": "444455556666"}),
            json!({}),
            shared(&["444455556666"]),
        ),
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
            shared(&["vpce-1"]),
        ),
        (
            json!("*"),
            json!({"StringEquals": {"aws:userid": "AROAEXAMPLEROLEID0001:x"}}),
            shared(&["AROAEXAMPLEROLEID0001:x"]),
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
        (
            json!({"CanonicalUser": "79a59df9"}),
            json!({}),
            shared(&["the canonical user 79a59df9"]),
        ),
    ];
    for (principal, condition, wanted) in of_others {
        assert_eq!(
            kinds(allow(principal.clone(), condition)),
            wanted,
            "{principal}"
        );
    }
    let own = [
        json!({"AWS": "111122223333"}),
        json!({"Service": "cloudtrail.amazonaws.com"}),
        json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}),
        json!({"AWS": "arn:aws:iam::127311923021:root"}),
    ];
    for principal in own {
        assert_eq!(
            kinds(allow(principal.clone(), json!({}))),
            [],
            "{principal}"
        );
    }
    let said = &found(
        "2012-10-17",
        json!([allow(json!({"AWS": "444455556666"}), json!({}))]),
    )[0];
    assert_eq!(
        said.what,
        "statement Theirs allows 444455556666: s3:getobject"
    );
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
    assert!(
        alone[0].what.contains("restricts nobody"),
        "{}",
        alone[0].what
    );
    assert!(
        alone[0]
            .remedy
            .contains(r#"only_from = { networks = ["203.0.113.0/24"] }"#)
    );
    assert!(
        alone[0]
            .remedy
            .contains(r#""NotIpAddress":{"aws:SourceIp":["203.0.113.0/24"]}"#)
    );

    let deny = |action: &str, resource: &str| {
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource,
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})
    };
    let closed = deny("s3:*", "arn:aws:s3:::acme/*");
    assert_eq!(found("2012-10-17", json!([by_address, closed])), []);
    for other in [
        deny("s3:*", ARN),
        deny("s3:DeleteObject", "arn:aws:s3:::acme/*"),
    ] {
        let found = found("2012-10-17", json!([by_address, other]));
        assert_eq!(found[0].kind, Kind::RestrictsNobody, "{other}");
    }
}

#[test]
fn addresses_that_no_deny_could_be_made_of_are_told_without_one() {
    for network in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/0"] {
        let statement = allow(
            json!({"AWS": "111122223333"}),
            json!({"IpAddress": {"aws:SourceIp": network}}),
        );
        let found = found("2012-10-17", json!([statement]));
        assert_eq!(found[0].kind, Kind::RestrictsNobody, "{network}");
        assert!(
            !found[0].remedy.contains("NotIpAddress"),
            "{}",
            found[0].remedy
        );
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
    assert_eq!(
        found[0].kind,
        Kind::DeletedPrincipal("AROAEXAMPLEROLEID0001".to_owned())
    );
    assert!(found[0].what.contains("statement Theirs"));
}

#[test]
fn a_variable_is_found_only_where_the_version_takes_it_for_text() {
    let mut statement = allow(json!({"AWS": "111122223333"}), json!({}));
    statement["Resource"] = json!("arn:aws:s3:::acme/${aws:username}/*");
    assert_eq!(
        found("2008-10-17", json!([statement]))[0].kind,
        Kind::LiteralVariable
    );
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

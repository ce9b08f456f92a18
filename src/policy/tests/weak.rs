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

/// An Allow for a service, to write logs of an account or read everything.
fn serve(service: &str, action: &str, resource: &str, condition: Value) -> Value {
    let mut statement = allow(json!({"Service": service}), condition);
    statement["Action"] = json!(action);
    statement["Resource"] = json!(format!("{ARN}{resource}"));
    statement
}

#[test]
fn a_service_is_judged_by_whose_things_it_acts_for() {
    let cdn = "cloudfront.amazonaws.com";
    let trail = "cloudtrail.amazonaws.com";
    let own = |key: &str| json!({"StringEquals": {key: "111122223333"}});
    let other = |key: &str| json!({"StringEquals": {key: "444455556666"}});
    let arn = |operator: &str, arn: &str| json!({operator: {"AWS:SourceArn": arn}});
    let distribution = |account: &str| format!("arn:aws:cloudfront::{account}:distribution/E1");
    let acl = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let any = |service: &str| vec![Kind::ForAnyone(vec![service.to_owned()])];
    let for_other = |who: &str| vec![Kind::ForOthers(vec![who.to_owned()])];
    let none = Vec::new;
    let get = "s3:GetObject";
    let put = "s3:PutObject";
    let table: Vec<(&str, Value, Vec<Kind>)> = vec![
        (
            "its distribution",
            serve(cdn, get, "/*", arn("StringEquals", &distribution("111122223333"))),
            none(),
        ),
        (
            "all its distributions",
            serve(
                cdn,
                get,
                "/*",
                arn("ArnLike", "arn:aws:cloudfront::111122223333:distribution/*"),
            ),
            none(),
        ),
        ("its account", serve(cdn, get, "/*", own("aws:SourceAccount")), none()),
        (
            "another distribution",
            serve(cdn, get, "/*", arn("StringEquals", &distribution("444455556666"))),
            for_other("444455556666"),
        ),
        (
            "another account",
            serve(cdn, get, "/*", other("aws:SourceAccount")),
            for_other("444455556666"),
        ),
        (
            "whatever account",
            serve(cdn, get, "/*", arn("ArnLike", "arn:aws:cloudfront::*:distribution/*")),
            any(cdn),
        ),
        ("no condition", serve(cdn, get, "/*", json!({})), any(cdn)),
        (
            "if it exists",
            serve(
                cdn,
                get,
                "/*",
                json!({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}),
            ),
            any(cdn),
        ),
        (
            "all but one",
            serve(
                cdn,
                get,
                "/*",
                json!({"StringNotEquals": {"aws:SourceAccount": "444455556666"}}),
            ),
            any(cdn),
        ),
        (
            "an organization",
            serve(cdn, get, "/*", json!({"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}})),
            for_other("o-exampleorgid"),
        ),
        (
            "a part of one",
            serve(
                cdn,
                get,
                "/*",
                json!({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/r-1/*"}}),
            ),
            for_other("o-exampleorgid"),
        ),
        (
            "of two conditions the narrower",
            serve(
                "s3.amazonaws.com",
                put,
                "/*",
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}),
            ),
            none(),
        ),
        (
            "a bucket of whomever",
            serve("s3.amazonaws.com", put, "/*", arn("ArnLike", "arn:aws:s3:::data")),
            for_other("arn:aws:s3:::data"),
        ),
        ("the bucket itself", serve("s3.amazonaws.com", put, "/*", arn("ArnLike", ARN)), none()),
        (
            "who never comes",
            serve(
                cdn,
                get,
                "/*",
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
            ),
            none(),
        ),
        // Logs: the path tells for whom.
        ("a check of the ACL", serve(trail, "s3:GetBucketAcl", "", json!({})), none()),
        (
            "the logs of the account",
            serve(trail, put, "/AWSLogs/111122223333/*", acl.clone()),
            none(),
        ),
        (
            "logs below a prefix",
            serve(trail, put, "/audit/AWSLogs/111122223333/*", acl.clone()),
            none(),
        ),
        (
            "the logs of another account",
            serve(trail, put, "/AWSLogs/444455556666/*", acl.clone()),
            for_other("444455556666"),
        ),
        ("the logs of whomever", serve(trail, put, "/*", acl.clone()), any(trail)),
        (
            "logs of balancers",
            serve("logdelivery.elasticloadbalancing.amazonaws.com", put, "/AWSLogs/*", json!({})),
            any("logdelivery.elasticloadbalancing.amazonaws.com"),
        ),
        (
            "a path means nothing to others",
            serve(cdn, get, "/AWSLogs/111122223333/*", json!({})),
            any(cdn),
        ),
        (
            "a list, to see whether there is a bucket",
            serve("config.amazonaws.com", "s3:ListBucket", "", json!({})),
            none(),
        ),
        ("a list, to show it", serve(cdn, "s3:ListBucket", "", json!({})), any(cdn)),
        (
            "access logs come from the account only",
            serve("logging.s3.amazonaws.com", put, "/*", json!({})),
            none(),
        ),
        (
            "access logs of others",
            serve("logging.s3.amazonaws.com", put, "/*", other("aws:SourceAccount")),
            for_other("444455556666"),
        ),
        (
            "mail, as it was done once",
            serve("ses.amazonaws.com", put, "/*", own("aws:Referer")),
            none(),
        ),
        (
            "mail for another",
            serve("ses.amazonaws.com", put, "/*", other("aws:Referer")),
            for_other("444455556666"),
        ),
        ("a referer that is none", serve(cdn, get, "/*", own("aws:Referer")), any(cdn)),
    ];
    for (what, statement, wanted) in table {
        assert_eq!(kinds(statement), wanted, "{what}");
    }
    let every = allow(json!("*"), json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}));
    assert_eq!(kinds(every), any("every service"));
    let both = allow(
        json!({"Service": [cdn, "logging.s3.amazonaws.com"], "AWS": "444455556666"}),
        json!({}),
    );
    let wanted = [shared(&["444455556666"]), any(cdn)].concat();
    assert_eq!(kinds(both), wanted);
}

#[test]
fn the_account_of_a_service_is_a_stranger_unless_it_delivers_as_documented() {
    let of = |principal: &str, action: Value| {
        let mut statement = allow(json!({"AWS": principal}), json!({}));
        statement["Action"] = action;
        kinds(statement)
    };
    let put = json!("s3:PutObject");
    let documented = [
        ("arn:aws:iam::127311923021:root", put.clone()),
        ("arn:aws:iam::113285607260:root", json!(["s3:GetBucketAcl", "s3:PutObject"])),
        ("arn:aws:iam::193672423079:user/logs", json!(["s3:PutObject", "s3:GetBucketAcl"])),
        ("386209384616", json!(["s3:GetBucketAcl", "s3:GetBucketPolicy"])),
        ("arn:aws-cn:iam::193415116832:root", put.clone()),
    ];
    for (principal, action) in documented {
        assert_eq!(of(principal, action), [], "{principal}");
    }
    let strange = [
        ("arn:aws:iam::193672423079:root", json!("s3:GetObject")),
        ("arn:aws:iam::193672423079:root", put.clone()),
        ("arn:aws:iam::193672423079:user/logs", json!("s3:GetObject")),
        ("arn:aws:iam::127311923021:root", json!("s3:*")),
        ("arn:aws:iam::127311923021:user/x", put),
    ];
    for (principal, action) in strange {
        let account = &principal[13..25];
        assert_eq!(of(principal, action), shared(&[account]), "{principal}");
    }
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
fn a_service_that_is_let_in_and_kept_out_is_named_with_both_statements() {
    let delivers =
        serve("cloudtrail.amazonaws.com", "s3:PutObject", "/AWSLogs/111122223333/*", json!({}));
    let deny = |condition: Value| {
        json!({"Sid": "Office", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [ARN, "arn:aws:s3:::acme/*"], "Condition": condition})
    };
    let office = json!({"aws:SourceIp": "203.0.113.0/24"});
    let contradicts = |condition: Value| found("2012-10-17", json!([delivers, deny(condition)]));
    for condition in [
        json!({"NotIpAddress": office}),
        json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
    ] {
        let found = contradicts(condition.clone());
        assert_eq!(found.len(), 1, "{condition}");
        assert_eq!(found[0].kind, Kind::Contradiction, "{condition}");
        assert!(
            found[0].what.contains("Theirs") && found[0].what.contains("Office"),
            "{}",
            found[0].what
        );
    }
    for condition in [
        json!({"NotIpAddress": office, "Bool": {"aws:PrincipalIsAWSService": "false"}}),
        json!({"Bool": {"aws:SecureTransport": "false"}}),
        json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
        json!({"StringNotEqualsIfExists": {"aws:SourceAccount": "111122223333"}}),
    ] {
        assert_eq!(contradicts(condition.clone()), [], "{condition}");
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

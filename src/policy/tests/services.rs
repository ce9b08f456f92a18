//! Services that policies let in: whose things they act for.

use super::weak::{ARN, allow, found, kinds, shared};
use crate::policy::Kind;
use serde_json::{Value, json};

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

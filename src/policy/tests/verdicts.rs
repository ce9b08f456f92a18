//! What whole policies say to the deliveries of services.

use crate::policy::{Dialect, Fact, Match, Policy, Request, Verdict};
use serde_json::{Value, json};

const OBJECT: &str = "arn:aws:s3:::acme/AWSLogs/111122223333/x";
const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";

fn policy(statements: Value) -> Policy {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Policy::parse(&text).expect("the test's policy is valid")
}

fn delivery() -> Request {
    let service = "cloudtrail.amazonaws.com";
    Request::by_service(service, "s3:PutObject", OBJECT, "111122223333", TRAIL)
}

fn allow(condition: Value) -> Value {
    json!({"Sid": "Trail", "Effect": "Allow", "Action": "s3:PutObject", "Condition": condition,
        "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "arn:aws:s3:::acme/*"})
}

fn deny(condition: Value) -> Value {
    json!({"Sid": "Guard", "Effect": "Deny", "Action": "s3:*", "Condition": condition,
        "Principal": "*", "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]})
}

fn judged(statements: Value, request: &Request) -> Verdict {
    policy(statements).judge(request, Dialect::resource("aws"))
}

fn by(name: &str) -> String {
    name.to_owned()
}

#[test]
fn a_delivery_is_let_in_by_the_statement_that_allows_it() {
    let acl = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let of = |account: &str| json!({"StringEquals": {"aws:SourceAccount": account}});
    let with_acl = delivery().with("s3:x-amz-acl", Fact::is("bucket-owner-full-control"));
    let table = [
        (
            "its account",
            json!([allow(of("111122223333"))]),
            delivery(),
            Verdict::Allowed { by: by("Trail") },
        ),
        ("another account", json!([allow(of("444455556666"))]), delivery(), Verdict::NotAllowed),
        (
            "an ACL not known",
            json!([allow(acl.clone())]),
            delivery(),
            Verdict::CannotTell { by: by("Trail") },
        ),
        ("the ACL", json!([allow(acl)]), with_acl, Verdict::Allowed { by: by("Trail") }),
        ("nobody", json!([]), delivery(), Verdict::NotAllowed),
    ];
    for (what, statements, request, wanted) in table {
        assert_eq!(judged(statements, &request), wanted, "{what}");
    }
}

#[test]
fn a_deny_is_named_whether_it_matches_or_may_do_so() {
    let header = "s3:x-amz-server-side-encryption";
    let kms = json!({"StringNotEquals": {header: "aws:kms"}});
    let elsewhere = json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let denied = Verdict::Denied { by: by("Guard") };
    let depends = Verdict::CannotTell { by: by("Guard") };
    let table = [
        ("from no address", elsewhere, delivery(), denied.clone()),
        ("a header not known", kms.clone(), delivery(), depends),
        ("without the header", kms.clone(), delivery().with(header, Fact::Absent), denied),
        (
            "with the header",
            kms,
            delivery().with(header, Fact::is("aws:kms")),
            Verdict::Allowed { by: by("Trail") },
        ),
        (
            "plain HTTP",
            json!({"Bool": {"aws:SecureTransport": "false"}}),
            delivery(),
            Verdict::Allowed { by: by("Trail") },
        ),
    ];
    for (what, condition, request, wanted) in table {
        let statements = json!([allow(json!({})), deny(condition)]);
        assert_eq!(judged(statements, &request), wanted, "{what}");
    }
    let statements = json!([deny(json!({"StringNotEquals": {header: "aws:kms"}}))]);
    assert_eq!(judged(statements, &delivery()), Verdict::NotAllowed);
}

#[test]
fn what_keeps_out_for_certain_is_named_before_what_may() {
    let header = json!({"Null": {"s3:x-amz-acl": "true"}});
    let mut certain = deny(json!({}));
    certain["Sid"] = json!("Certain");
    let both = policy(json!([deny(header.clone()), certain]));
    let found = |policy: &Policy| policy.keeps_out(&delivery(), Dialect::resource("aws"));
    assert_eq!(found(&both), Some((by("Certain"), Match::Yes)));
    let alone = policy(json!([deny(header)]));
    assert_eq!(found(&alone), Some((by("Guard"), Match::CannotTell)));
    assert_eq!(found(&policy(json!([allow(json!({}))]))), None);
}

//! Small policies of the kinds that AWS's documentation shows, judged as a careful reader would.
//!
//! Sources: S3 User Guide, "Examples of Amazon S3 bucket policies"; CloudFront Developer Guide,
//! "Restrict access to an Amazon S3 origin"; the chapters on bucket policies of the services that
//! deliver to a bucket.

use crate::policy::{Dialect, Kind, Policy, deny_insecure_transport, weaknesses};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:s3:::acme";
const OTHER: &str = "444455556666";

fn policy(statements: Value) -> Policy {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Policy::parse(&text).expect("the test's policy is valid")
}

/// An Allow for a service: what it does, below which path, and under which condition.
fn serve(service: &str, action: Value, path: &str, condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": action,
        "Resource": format!("{ARN}{path}"), "Condition": condition})
}

/// An Allow to read objects.
fn read(principal: Value, condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": format!("{ARN}/*"), "Condition": condition})
}

/// A Deny for the bucket and its objects.
fn deny(principal: Value, condition: Value) -> Value {
    json!({"Effect": "Deny", "Principal": principal, "Action": "s3:*",
        "Resource": [ARN, format!("{ARN}/*")], "Condition": condition})
}

/// The Allow for the account by which Elastic Load Balancing delivered in us-east-1.
fn logs_of_balancers(account: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::127311923021:root"},
        "Action": "s3:PutObject", "Resource": format!("{ARN}/prefix/AWSLogs/{account}/*")})
}

fn shared(with: &str) -> Vec<Kind> {
    vec![Kind::Shared(vec![with.to_owned()])]
}

fn on_behalf_of(other: &str) -> Vec<Kind> {
    vec![Kind::ForOthers(vec![other.to_owned()])]
}

fn for_anyone(service: &str) -> Vec<Kind> {
    vec![Kind::ForAnyone(vec![service.to_owned()])]
}

/// What delivers to the bucket or reads from it.
fn of_services() -> Vec<(&'static str, Value, Vec<Kind>)> {
    let put = json!("s3:PutObject");
    let source = |arn: &str| json!({"ArnLike": {"aws:SourceArn": arn}});
    let of = |account: &str| json!({"StringEquals": {"aws:SourceAccount": account}});
    let held = |arn: &str, account: &str| json!({"ArnLike": {"aws:SourceArn": arn}, "StringEquals": {"aws:SourceAccount": account}});
    let cdn = "cloudfront.amazonaws.com";
    let own_logs = "/AWSLogs/111122223333/*";
    vec![
        (
            "an own distribution lists and reads",
            serve(
                cdn,
                json!(["s3:GetObject", "s3:ListBucket"]),
                "*",
                source("arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE"),
            ),
            vec![],
        ),
        (
            "of two distributions one is another account's",
            serve(
                cdn,
                json!("s3:GetObject"),
                "/*",
                source(&format!("arn:aws:cloudfront::{OTHER}:distribution/E2")),
            ),
            on_behalf_of(OTHER),
        ),
        (
            "a distribution may upload, and nothing says whose",
            serve(cdn, put.clone(), "/*", json!({})),
            for_anyone(cdn),
        ),
        (
            "load balancers of the account log, by the path",
            serve(
                "logdelivery.elasticloadbalancing.amazonaws.com",
                put.clone(),
                own_logs,
                json!({}),
            ),
            vec![],
        ),
        (
            "load balancers of another account log",
            serve(
                "logdelivery.elasticloadbalancing.amazonaws.com",
                put.clone(),
                &format!("/AWSLogs/{OTHER}/*"),
                json!({}),
            ),
            on_behalf_of(OTHER),
        ),
        (
            "flow logs of the account",
            serve(
                "delivery.logs.amazonaws.com",
                put.clone(),
                own_logs,
                held("arn:aws:logs:eu-west-1:111122223333:*", "111122223333"),
            ),
            vec![],
        ),
        (
            "flow logs of whatever account",
            serve("delivery.logs.amazonaws.com", put.clone(), "/*", json!({})),
            for_anyone("delivery.logs.amazonaws.com"),
        ),
        (
            "the inventory of an own bucket",
            serve("s3.amazonaws.com", put.clone(), "/*", held("arn:aws:s3:::data", "111122223333")),
            vec![],
        ),
        (
            "an inventory that is held to a bucket of another account",
            serve("s3.amazonaws.com", put.clone(), "/*", held("arn:aws:s3:::data", OTHER)),
            on_behalf_of(OTHER),
        ),
        (
            "access logs of own buckets",
            serve(
                "logging.s3.amazonaws.com",
                put.clone(),
                "/logs/*",
                held("arn:aws:s3:::data", "111122223333"),
            ),
            vec![],
        ),
        (
            "Config of the account",
            serve(
                "config.amazonaws.com",
                put.clone(),
                "/AWSLogs/111122223333/Config/*",
                of("111122223333"),
            ),
            vec![],
        ),
        (
            "the trail of an organization that the account owns",
            serve(
                "cloudtrail.amazonaws.com",
                put.clone(),
                "/AWSLogs/o-exampleorgid/*",
                source("arn:aws:cloudtrail:us-east-1:111122223333:trail/org"),
            ),
            vec![],
        ),
        (
            "the trail of an organization that another account owns",
            serve(
                "cloudtrail.amazonaws.com",
                put.clone(),
                "/AWSLogs/o-exampleorgid/*",
                source(&format!("arn:aws:cloudtrail:us-east-1:{OTHER}:trail/org")),
            ),
            on_behalf_of(OTHER),
        ),
        (
            "the trail of an organization, by the path alone",
            serve("cloudtrail.amazonaws.com", put.clone(), "/AWSLogs/o-exampleorgid/*", json!({})),
            on_behalf_of("o-exampleorgid"),
        ),
        (
            "audit logs of an own cluster",
            serve(
                "redshift.amazonaws.com",
                json!(["s3:PutObject", "s3:GetBucketAcl"]),
                "*",
                source("arn:aws:redshift:eu-west-1:111122223333:cluster:sales"),
            ),
            vec![],
        ),
        (
            "audit logs of whatever cluster",
            serve("redshift.amazonaws.com", put.clone(), "/*", json!({})),
            for_anyone("redshift.amazonaws.com"),
        ),
        (
            "what Macie found in the account",
            serve(
                "macie.amazonaws.com",
                put.clone(),
                "/*",
                held(
                    "arn:aws:macie2:eu-west-1:111122223333:export-configuration:*",
                    "111122223333",
                ),
            ),
            vec![],
        ),
        (
            "what GuardDuty found in the account",
            serve(
                "guardduty.amazonaws.com",
                put.clone(),
                "/*",
                held("arn:aws:guardduty:eu-west-1:111122223333:detector/12abc34d", "111122223333"),
            ),
            vec![],
        ),
        (
            "what GuardDuty found in another account",
            serve("guardduty.amazonaws.com", put, "/*", of(OTHER)),
            on_behalf_of(OTHER),
        ),
        (
            "any service, for the account",
            read(
                json!("*"),
                json!({"Bool": {"aws:PrincipalIsAWSService": "true"},
                    "StringEquals": {"aws:SourceAccount": "111122223333"}}),
            ),
            vec![],
        ),
    ]
}

/// Who is let in by name, by organization or from where.
fn of_people() -> Vec<(&'static str, Value, Vec<Kind>)> {
    let organization = json!({"aws:PrincipalOrgID": "o-exampleorgid"});
    let endpoint = json!({"aws:SourceVpce": "vpce-1a2b3c4d"});
    let website = vec![Kind::Public];
    let not_action = json!({"Effect": "Allow", "Principal": {"AWS": OTHER},
        "NotAction": "s3:DeleteBucket", "Resource": [ARN, format!("{ARN}/*")]});
    let not_resource = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "NotResource": format!("{ARN}/private/*")});
    let all_but_one = json!({"Effect": "Allow", "NotPrincipal": {"AWS": format!("arn:aws:iam::{OTHER}:root")},
        "Action": "s3:GetObject", "Resource": format!("{ARN}/*")});
    vec![
        ("a website", read(json!("*"), json!({})), website.clone()),
        (
            "an origin access identity",
            read(
                json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"}),
                json!({}),
            ),
            // The documentation's reader knows whose it is; its ARN does not tell.
            vec![Kind::Untold(vec![
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"
                    .to_owned(),
            ])],
        ),
        (
            "the organization",
            read(json!("*"), json!({"StringEquals": organization})),
            shared("o-exampleorgid"),
        ),
        (
            "the organization, if the caller is in one",
            read(json!("*"), json!({"StringEqualsIfExists": organization})),
            website.clone(),
        ),
        (
            "whoever is in an organization",
            read(json!("*"), json!({"Null": {"aws:PrincipalOrgID": "false"}})),
            website.clone(),
        ),
        (
            "a role of any account of the organization",
            read(
                json!("*"),
                json!({"StringEquals": organization,
                "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Reader"}}),
            ),
            shared("o-exampleorgid"),
        ),
        (
            "a part of the organization",
            read(
                json!("*"),
                json!({"ForAnyValue:StringLike":
                {"aws:PrincipalOrgPaths": "o-exampleorgid/r-ab12/ou-ab12-11111111/*"}}),
            ),
            shared("o-exampleorgid"),
        ),
        (
            "all paths are of the organization, which holds for who has none",
            read(
                json!("*"),
                json!({"ForAllValues:StringLike":
                {"aws:PrincipalOrgPaths": "o-exampleorgid/*"}}),
            ),
            website.clone(),
        ),
        (
            "another account, with the id that it was given",
            read(
                json!({"AWS": format!("arn:aws:iam::{OTHER}:root")}),
                json!({"StringEquals": {"sts:ExternalId": "12345"}}),
            ),
            shared(OTHER),
        ),
        (
            "load balancers of the account, as they once logged",
            logs_of_balancers("111122223333"),
            vec![],
        ),
        (
            "load balancers of another account, as they once logged",
            logs_of_balancers(OTHER),
            shared(OTHER),
        ),
        ("another account may do all but one thing", not_action, shared(OTHER)),
        ("everything but a folder", not_resource, website.clone()),
        ("everybody but an account", all_but_one, website.clone()),
        (
            "everybody and the account",
            read(json!({"AWS": ["111122223333", "*"]}), json!({})),
            website.clone(),
        ),
        (
            "objects with a tag",
            read(json!("*"), json!({"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})),
            website.clone(),
        ),
        (
            "presigned requests that are young",
            read(
                json!("*"),
                json!({"StringEquals": {"s3:authType": "REST-QUERY-STRING"},
                "NumericLessThan": {"s3:signatureAge": "600000"}}),
            ),
            website.clone(),
        ),
        (
            "who comes from a page",
            read(json!("*"), json!({"StringLike": {"aws:Referer": "https://www.example.com/*"}})),
            website,
        ),
        (
            "whoever comes through an endpoint",
            read(json!("*"), json!({"StringEquals": endpoint})),
            vec![shared("vpce-1a2b3c4d").remove(0), Kind::RestrictsNobody],
        ),
        (
            "whoever comes from an address",
            read(json!("*"), json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
            vec![shared("203.0.113.0/24").remove(0), Kind::RestrictsNobody],
        ),
        (
            "no deletion without MFA",
            deny(json!("*"), json!({"Null": {"aws:MultiFactorAuthAge": "true"}})),
            vec![],
        ),
        (
            "presigned requests that are old",
            deny(json!("*"), json!({"NumericGreaterThan": {"s3:signatureAge": "600000"}})),
            vec![],
        ),
        (
            "nobody but through an endpoint",
            deny(json!("*"), json!({"StringNotEquals": endpoint})),
            vec![],
        ),
        (
            "nobody but a role",
            json!({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/Admin"},
            "Action": "s3:*", "Resource": ARN}),
            vec![],
        ),
    ]
}

#[test]
fn policies_of_the_documentation_are_judged_as_their_readers_would() {
    let mut wrong = Vec::new();
    for (what, statement, wanted) in of_services().into_iter().chain(of_people()) {
        let found = weaknesses(&policy(json!([statement])), ARN, "111122223333", "aws");
        let found: Vec<Kind> = found.into_iter().map(|own| own.kind).collect();
        if found != wanted {
            wrong.push(format!("{what}: {found:?}, not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_deny_of_plain_http_counts_when_it_is_for_everyone_everything_and_everywhere() {
    let insecure = json!({"aws:SecureTransport": "false"});
    let own = |key: &str, value: Value| {
        let mut statement = deny(json!("*"), json!({"Bool": insecure}));
        statement[key] = value;
        statement
    };
    let enough = [
        own("Sid", json!("AllowSSLRequestsOnly")),
        own("Principal", json!({"AWS": "*"})),
        own("Action", json!("*")),
        own("Resource", json!("arn:aws:s3:::acme*")),
        own("Resource", json!("*")),
        own("Condition", json!({"BoolIfExists": insecure})),
        own("Condition", json!({"Bool": {"AWS:securetransport": [false]}})),
    ];
    let too_little = [
        own("Effect", json!("Allow")),
        own("Principal", json!({"AWS": "111122223333"})),
        own("Action", json!("s3:GetObject")),
        own("Action", json!(["s3:Get*", "s3:Put*"])),
        own("Resource", json!(ARN)),
        own("Resource", json!("arn:aws:s3:::acme/*")),
        own("Condition", json!({"Bool": {"aws:SecureTransport": "true"}})),
        own("Condition", json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}})),
        own(
            "Condition",
            json!({"Bool": insecure, "StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}),
        ),
    ];
    let is_enough = |statement: &Value| {
        let ours = deny_insecure_transport(ARN);
        policy(json!([statement])).denies_all_of(&ours, Dialect::resource("aws"))
    };
    for statement in &enough {
        assert!(is_enough(statement), "{statement}");
    }
    for statement in &too_little {
        assert!(!is_enough(statement), "{statement}");
    }
}

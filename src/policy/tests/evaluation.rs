//! Whether a Deny matches the caller: what is certain, what is certainly not, and what cannot be
//! told here.

use crate::policy::guardrails::{
    DefaultEncryption, OnlyFrom, Spared, deny_delete_without_mfa, deny_elsewhere,
    deny_insecure_transport, deny_old_presigned, deny_old_tls, deny_other_encryption,
    deny_presigned_v2,
};
use crate::policy::{Dialect, Fact, Match, Network, Origin, Request, Statement, evaluate};
use Match::{CannotTell, No, Yes};
use serde_json::{Value, json};
use std::time::Duration;

const ARN: &str = "arn:aws:s3:::acme";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const USER: &str = "arn:aws:iam::111122223333:user/alice";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Deploy/ci";
const BREAK_GLASS: &str = "arn:aws:sts::111122223333:assumed-role/BreakGlass/me";
const STRANGER: &str = "arn:aws:sts::444455556666:assumed-role/Deploy/ci";

fn network(text: &str) -> Network {
    Network::parse(text).expect("the test's network is valid")
}

fn at(origin: &str) -> Option<Origin> {
    origin.parse().ok()
}

fn reads(caller: &str) -> Request {
    Request::by(caller, "s3:GetObject", "arn:aws:s3:::acme/x")
}

fn with(algorithm: &str, key: Option<&str>) -> DefaultEncryption {
    DefaultEncryption { algorithm: algorithm.to_owned(), key: key.map(str::to_owned) }
}

/// The Deny of all that does not come from the office, the endpoint or the organization.
fn elsewhere(change: impl FnOnce(&mut OnlyFrom, &mut Spared)) -> Value {
    let mut from = OnlyFrom::default();
    let mut spared = Spared::default();
    change(&mut from, &mut spared);
    deny_elsewhere(ARN, &from, &spared, "aws", "111122223333")
}

fn office() -> Value {
    elsewhere(|from, _| from.networks = vec![network("203.0.113.0/24")])
}

fn sparing(principal: &str) -> Value {
    elsewhere(|from, spared| {
        from.networks = vec![network("203.0.113.0/24")];
        spared.principals = vec![principal.to_owned()];
    })
}

fn endpoint() -> Value {
    elsewhere(|from, _| from.vpc_endpoints = vec!["vpce-1a2b3c4d".to_owned()])
}

fn organization() -> Value {
    elsewhere(|from, _| from.organization = Some("o-exampleorgid".to_owned()))
}

fn deny(keys: Value) -> Value {
    let mut statement =
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    for (key, value) in keys.as_object().expect("a table") {
        statement[key] = value.clone();
    }
    statement
}

/// A Deny that spares these principals of AWS.
fn spared(principals: Value) -> Value {
    deny(json!({"Principal": null, "NotPrincipal": {"AWS": principals}}))
}

fn delivers() -> Request {
    let trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";
    let service = "cloudtrail.amazonaws.com";
    Request::by_service(service, "s3:PutObject", "arn:aws:s3:::acme/x", "111122223333", trail)
}

fn principal(principal: Value) -> Value {
    deny(json!({"Principal": principal}))
}

fn when(operator: &str, key: &str, value: Value) -> Value {
    deny(json!({"Condition": {operator: {key: value}}}))
}

#[test]
fn a_deny_matches_the_caller_or_not_or_it_cannot_be_told() {
    let inside = |caller| reads(caller).seen_from(at("203.0.113.9").as_ref());
    let outside = |caller| reads(caller).seen_from(at("198.51.100.9").as_ref());
    let through = |id| reads(SESSION).seen_from(at(id).as_ref());
    let of = |id| reads(SESSION).with("aws:PrincipalOrgID", Fact::is(id));
    let putting = |caller| Request::by(caller, "s3:PutBucketPolicy", ARN);
    let service = reads(SESSION).with("aws:ViaAWSService", Fact::is("true"));
    let role = "arn:aws:iam::111122223333:role/";
    let no_endpoint = reads(SESSION).with("aws:SourceVpce", Fact::Absent);
    let no_mfa = Fact::is("false");
    let deletes = Request::by(USER, "s3:DeleteObject", "arn:aws:s3:::acme/x");
    let table: Vec<(&str, Value, Request, Match)> = vec![
        // Where the caller comes from.
        ("inside the network", office(), inside(SESSION), No),
        ("outside the network", office(), outside(SESSION), Yes),
        ("from an address not known", office(), reads(SESSION), CannotTell),
        ("root outside the network", office(), outside(ROOT), Yes),
        ("through an endpoint, with networks only", office(), through("vpce-1a2b3c4d"), Yes),
        ("through the endpoint", endpoint(), through("vpce-1a2b3c4d"), No),
        ("through another endpoint", endpoint(), through("vpce-ffffffff"), Yes),
        ("over the internet, with endpoints only", endpoint(), inside(SESSION), Yes),
        ("through no endpoint", endpoint(), no_endpoint, Yes),
        ("through whatever", endpoint(), reads(SESSION), CannotTell),
        ("of the organization", organization(), of("o-exampleorgid"), No),
        ("of another organization", organization(), of("o-otherorgid"), Yes),
        ("of an organization not known", organization(), reads(SESSION), CannotTell),
        ("an AWS service on behalf of the caller", office(), service, No),
        (
            "the policy itself, from outside",
            office(),
            putting(SESSION).seen_from(at("198.51.100.9").as_ref()),
            No,
        ),
        ("a stranger outside", office(), outside(STRANGER), Yes),
        (
            "another bucket",
            office(),
            Request::by(SESSION, "s3:GetObject", "arn:aws:s3:::other/x")
                .seen_from(at("198.51.100.9").as_ref()),
            No,
        ),
        // Whom it spares.
        ("a role under any path", sparing(&format!("{role}*BreakGlass")), outside(BREAK_GLASS), No),
        (
            "a role of whose path nothing is known",
            sparing(&format!("{role}BreakGlass")),
            outside(BREAK_GLASS),
            CannotTell,
        ),
        (
            "another role than the one spared",
            sparing(&format!("{role}BreakGlass")),
            outside(SESSION),
            Yes,
        ),
        ("a spared role, inside", sparing(&format!("{role}BreakGlass")), inside(SESSION), No),
        ("a spared user", sparing(USER), outside(USER), No),
        (
            "another user than the one spared",
            sparing("arn:aws:iam::111122223333:user/bob"),
            outside(USER),
            Yes,
        ),
        (
            "the same role name in another account",
            sparing(&format!("{role}Deploy")),
            outside(STRANGER),
            Yes,
        ),
        // The other guardrails.
        ("a signed request over TLS", deny_insecure_transport(ARN), reads(SESSION), No),
        ("TLS 1.2 is always there", deny_old_tls(ARN, "1.2"), reads(SESSION), No),
        ("TLS 1.3 may be there", deny_old_tls(ARN, "1.3"), reads(SESSION), CannotTell),
        (
            "a request signed in a header",
            deny_old_presigned(ARN, Duration::from_secs(600)),
            reads(SESSION),
            No,
        ),
        (
            "an upload that asks for nothing",
            deny_other_encryption(ARN, &with("AES256", None)).remove(0),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x"),
            No,
        ),
        (
            "an upload that asks for KMS, to a bucket of S3's keys",
            deny_other_encryption(ARN, &with("AES256", None)).remove(0),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x")
                .with("s3:x-amz-server-side-encryption", Fact::is("aws:kms")),
            Yes,
        ),
        (
            "an upload that names no key",
            deny_other_encryption(ARN, &with("aws:kms", Some("k"))).remove(1),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x")
                .with("s3:x-amz-server-side-encryption", Fact::is("aws:kms")),
            Yes,
        ),
        (
            "an upload with the default key",
            deny_other_encryption(ARN, &with("aws:kms", Some("k"))).remove(1),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x")
                .with("s3:x-amz-server-side-encryption", Fact::is("aws:kms"))
                .with("s3:x-amz-server-side-encryption-aws-kms-key-id", Fact::is("k")),
            No,
        ),
        (
            "an upload that asks for one layer of encryption, where two are the default",
            deny_other_encryption(ARN, &with("aws:kms:dsse", Some("k"))).remove(0),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x")
                .with("s3:x-amz-server-side-encryption", Fact::is("aws:kms")),
            Yes,
        ),
        (
            "an upload with somebody's key, where that of AWS is the default",
            deny_other_encryption(ARN, &with("aws:kms", None)).remove(1),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x").with(
                "s3:x-amz-server-side-encryption-aws-kms-key-id",
                Fact::is("arn:aws:kms:us-east-1:444455556666:key/k"),
            ),
            Yes,
        ),
        (
            "a presigned request of Signature Version 2",
            deny_presigned_v2(ARN),
            reads(SESSION)
                .with("s3:authType", Fact::is("REST-QUERY-STRING"))
                .with("s3:signatureversion", Fact::is("AWS")),
            Yes,
        ),
        (
            "a presigned request of Signature Version 4",
            deny_presigned_v2(ARN),
            reads(SESSION).with("s3:authType", Fact::is("REST-QUERY-STRING")),
            No,
        ),
        (
            "an upload with a key of its own",
            deny_other_encryption(ARN, &with("AES256", None)).remove(1),
            Request::by(SESSION, "s3:PutObject", "arn:aws:s3:::acme/x")
                .with("s3:x-amz-server-side-encryption-customer-algorithm", Fact::is("AES256")),
            Yes,
        ),
        (
            "a deletion without MFA",
            deny_delete_without_mfa(ARN),
            deletes.clone().with("aws:MultiFactorAuthPresent", no_mfa),
            Yes,
        ),
        (
            "a deletion by an access key",
            deny_delete_without_mfa(ARN),
            deletes.clone().with("aws:MultiFactorAuthPresent", Fact::Absent),
            Yes,
        ),
        (
            "a deletion with MFA",
            deny_delete_without_mfa(ARN),
            deletes.clone().with("aws:MultiFactorAuthPresent", Fact::is("true")),
            No,
        ),
        ("a deletion with or without", deny_delete_without_mfa(ARN), deletes, CannotTell),
        ("reading without MFA", deny_delete_without_mfa(ARN), reads(USER), No),
        // Statements of others: whom they name.
        ("the account", principal(json!({"AWS": "111122223333"})), reads(SESSION), Yes),
        (
            "the root of the account is everybody in it",
            principal(json!({"AWS": ROOT})),
            reads(USER),
            Yes,
        ),
        ("another account", principal(json!({"AWS": "444455556666"})), reads(SESSION), No),
        (
            "the role of the session",
            principal(json!({"AWS": format!("{role}path/Deploy")})),
            reads(SESSION),
            Yes,
        ),
        ("another role", principal(json!({"AWS": format!("{role}Deploy2")})), reads(SESSION), No),
        ("the session", principal(json!({"AWS": SESSION})), reads(SESSION), Yes),
        (
            "another session",
            principal(json!({"AWS": "arn:aws:sts::111122223333:assumed-role/Deploy/x"})),
            reads(SESSION),
            No,
        ),
        (
            "a unique id",
            principal(json!({"AWS": "AROAEXAMPLEROLEID0001"})),
            reads(SESSION),
            CannotTell,
        ),
        ("a service", principal(json!({"Service": "s3.amazonaws.com"})), reads(SESSION), No),
        (
            "a canonical user",
            principal(json!({"CanonicalUser": "79a59df9"})),
            reads(SESSION),
            CannotTell,
        ),
        ("one of two", principal(json!({"AWS": ["444455556666", USER]})), reads(USER), Yes),
        (
            "all but another account",
            deny(json!({"Principal": null, "NotPrincipal": {"AWS": "444455556666"}})),
            reads(USER),
            Yes,
        ),
        (
            "all but the caller, whose account is not spared with it",
            deny(json!({"Principal": null, "NotPrincipal": {"AWS": USER}})),
            reads(USER),
            CannotTell,
        ),
        ("all but the caller and its account", spared(json!([USER, ROOT])), reads(USER), No),
        (
            "all but the caller's role and its account",
            spared(json!([format!("{role}path/Deploy"), ROOT])),
            reads(SESSION),
            No,
        ),
        (
            "all but the caller's role, whose account is not spared with it",
            spared(json!(format!("{role}Deploy"))),
            reads(SESSION),
            CannotTell,
        ),
        ("all but the root user, who asks", spared(json!(ROOT)), reads(ROOT), No),
        (
            "all but another user of the account",
            spared(json!("arn:aws:iam::111122223333:user/bob")),
            reads(USER),
            Yes,
        ),
        (
            "all but somebody deleted",
            spared(json!("AIDAEXAMPLEUSERID0001")),
            reads(USER),
            CannotTell,
        ),
        (
            "all but the service that asks",
            deny(
                json!({"Principal": null, "NotPrincipal": {"Service": "cloudtrail.amazonaws.com"}}),
            ),
            delivers(),
            No,
        ),
        (
            "all but another service",
            deny(json!({"Principal": null, "NotPrincipal": {"Service": "config.amazonaws.com"}})),
            delivers(),
            Yes,
        ),
        (
            "all but an account, where a service asks",
            spared(json!([USER, ROOT, "AIDAEXAMPLEUSERID0001"])),
            delivers(),
            Yes,
        ),
        // Statements of others: actions, resources, conditions.
        (
            "all actions but that one",
            deny(json!({"Action": null, "NotAction": ["s3:getobject", "s3:Put*"]})),
            reads(SESSION),
            No,
        ),
        (
            "all actions but others",
            deny(json!({"Action": null, "NotAction": "s3:Put*"})),
            reads(SESSION),
            Yes,
        ),
        ("another action", deny(json!({"Action": "s3:Put*"})), reads(SESSION), No),
        ("an action in another case", deny(json!({"Action": "S3:getOBJECT"})), reads(SESSION), Yes),
        (
            "an action that is not left out",
            deny(json!({"Action": null, "NotAction": "s3:Put*"})),
            reads(SESSION),
            Yes,
        ),
        (
            "a variable in a resource",
            deny(json!({"Resource": "arn:aws:s3:::acme/${aws:username}/*"})),
            reads(SESSION),
            CannotTell,
        ),
        (
            "the account of the principal",
            when("StringNotEquals", "aws:PrincipalAccount", json!("111122223333")),
            reads(SESSION),
            No,
        ),
        (
            "a key that nobody knows",
            when("StringEquals", "aws:Mood", json!("x")),
            reads(SESSION),
            CannotTell,
        ),
        (
            "an operator that nobody knows",
            when("StringSounds", "aws:PrincipalAccount", json!("x")),
            reads(SESSION),
            CannotTell,
        ),
        (
            "a key that is absent",
            when("StringEquals", "aws:SourceArn", json!("x")),
            reads(SESSION),
            No,
        ),
        (
            "a key that is absent, if it exists",
            when("StringEqualsIfExists", "aws:SourceArn", json!("x")),
            reads(SESSION),
            Yes,
        ),
        (
            "a key that is absent, negated",
            when("StringNotEquals", "aws:SourceArn", json!("x")),
            reads(SESSION),
            Yes,
        ),
        (
            "whether a key is absent",
            when("Null", "aws:SourceArn", json!("true")),
            reads(SESSION),
            Yes,
        ),
        (
            "whether a key is there",
            when("Null", "aws:SecureTransport", json!(false)),
            reads(SESSION),
            Yes,
        ),
        (
            "all values of an absent key",
            when("ForAllValues:StringEquals", "aws:CalledVia", json!("x")),
            reads(SESSION),
            Yes,
        ),
        (
            "any value of an absent key",
            when("ForAnyValue:StringEquals", "aws:CalledVia", json!("x")),
            reads(SESSION),
            No,
        ),
        (
            "a pattern",
            when("StringLike", "aws:PrincipalType", json!("Assumed*")),
            reads(SESSION),
            Yes,
        ),
        (
            "a pattern of another account's ARNs",
            when("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::444455556666:role/*")),
            reads(SESSION),
            Yes,
        ),
        (
            "a name in another case",
            when("StringEqualsIgnoreCase", "aws:username", json!("ALICE")),
            reads(USER),
            Yes,
        ),
        (
            "two conditions of which one fails",
            deny(
                json!({"Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:Mood": "x", "aws:username": "bob"}}}),
            ),
            reads(USER),
            No,
        ),
        ("a statement that is not understood", deny(json!({"Mood": 1})), reads(USER), CannotTell),
    ];
    for (name, statement, request, wanted) in table {
        let mut statement = statement;
        if statement["Principal"].is_null() {
            statement.as_object_mut().expect("a table").remove("Principal");
        }
        if statement["Action"].is_null() {
            statement.as_object_mut().expect("a table").remove("Action");
        }
        let statement = Statement::from(&statement);
        let found = evaluate(&statement, true, &request, Dialect::resource("aws"));
        assert_eq!(found, wanted, "{name}: {}", statement.text());
    }
}

#[test]
fn a_variable_is_plain_text_in_the_first_version() {
    let statement = deny(json!({"Resource": "arn:aws:s3:::acme/${aws:username}/*"}));
    let statement = Statement::from(&statement);
    let found = evaluate(&statement, false, &reads(USER), Dialect::resource("aws"));
    assert_eq!(found, No);
}

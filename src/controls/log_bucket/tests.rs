//! What the log bucket is to become, from each state it may be in.

use super::delivery::delivery_statements;
use super::retention::{RULE, own_rule, tags};
use super::*;
use crate::aws::Tags;
use crate::control::tests::context;
use crate::control::{Proposal, Standing, propose as proposal};
use crate::policy::{Policy, deny_insecure_transport};
use serde_json::json;

const NAME: &str = "baseline-logs-111122223333-us-east-1";

fn settings(text: &str) -> Settings {
    toml::from_str(text).expect("the test's settings are valid")
}

fn ours() -> Bucket {
    let context = context();
    let arn = s3::arn("aws", NAME);
    let mut policy = Policy::empty();
    policy.put(&deny_insecure_transport(&arn));
    delivery_statements(&arn, &deliveries(), &context).iter().for_each(|own| policy.put(own));
    Bucket {
        region: "us-east-1".to_owned(),
        public_access_block: s3::Flags::ON,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        encryption: Some("AES256".to_owned()),
        versioning: Some("Enabled".to_owned()),
        lifecycle: rules(vec![rule(RULE, 400)]),
        policy: Some(policy.compact()),
        tags: tags(NAME, &context),
        object_lock: s3::Whole::default(),
        logging: s3::Whole::default(),
        judged: Some(s3::Judged::default()),
    }
}

fn rule(id: &str, days: i32) -> s3::Rule {
    s3::Rule { id: Some(id.to_owned()), ..own_rule(days) }
}

fn rules(rules: Vec<s3::Rule>) -> s3::Whole<s3::Lifecycle> {
    let value = s3::Lifecycle { rules, ..s3::Lifecycle::default() };
    s3::Whole { value: Some(value), ..s3::Whole::default() }
}

fn noncurrent(days: i32) -> Option<s3::Noncurrent> {
    own_rule(days).noncurrent_version_expiration
}

fn on_a_date() -> Option<s3::Expiration> {
    Some(s3::Expiration {
        date: Some("2030-01-01T00:00:00Z".to_owned()),
        ..s3::Expiration::default()
    })
}

fn deliveries() -> Vec<Delivery> {
    let trail = Delivery::CloudTrail {
        trail: "arn:aws:cloudtrail:us-east-1:111122223333:trail/baseline".to_owned(),
        prefix: None,
    };
    let config = Delivery::Config { prefix: Some("x".to_owned()) };
    vec![trail, config]
}

fn own(bucket: Bucket) -> Live {
    Live::Own(Box::new(bucket))
}

fn propose(live: Live, text: &str) -> Proposal {
    propose_for(live, deliveries(), text)
}

fn propose_for(bucket: Live, deliveries: Vec<Delivery>, text: &str) -> Proposal {
    let place = Place::thing_in(NAME, "us-east-1");
    let seen = Seen { bucket, deliveries, access_logs: None };
    let at = At { place: &place, context: &context() };
    proposal::<LogBucket>(&settings(text), &seen, at)
}

fn calls(proposal: &Proposal) -> Vec<&'static str> {
    proposal.writes.iter().map(|write| write.operation().name).collect()
}

#[test]
fn a_new_bucket_is_private_before_anything_else() {
    let proposal = propose(Live::Absent, "");
    let wanted = [
        "CreateBucket",
        "PutPublicAccessBlock",
        "PutBucketPolicy",
        "PutBucketLifecycleConfiguration",
        "PutBucketVersioning",
    ];
    assert_eq!(calls(&proposal), wanted);
}

#[test]
fn what_was_created_is_as_wanted() {
    let proposal = propose(own(ours()), "");
    assert!(proposal.differences.is_empty(), "{:?}", proposal.differences);
    assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
}

#[test]
fn a_name_of_another_account_stops_the_run() {
    assert!(matches!(propose(Live::Taken, "").standing, Standing::Blocked(_)));
}

#[test]
fn nothing_is_deleted_in_a_bucket_that_somebody_else_made() {
    let adopted =
        Bucket { tags: Tags::new(), lifecycle: s3::Whole::default(), versioning: None, ..ours() };
    assert_eq!(calls(&propose(own(adopted), "")), ["PutBucketVersioning"]);
}

#[test]
fn logs_that_are_kept_longer_stay_so() {
    let longer = Bucket { lifecycle: rules(vec![rule(RULE, 3650)]), ..ours() };
    assert!(propose(own(longer), "").writes.is_empty());
}

#[test]
fn a_rule_of_others_that_deletes_too_early_is_a_finding() {
    let early = Bucket { lifecycle: rules(vec![rule("mine", 30), rule(RULE, 400)]), ..ours() };
    let proposal = propose(own(early), "");
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings.len(), 1);
}

#[test]
fn a_rule_of_others_that_deletes_on_a_date_or_old_versions_is_a_finding() {
    let on_a_date = s3::Rule { expiration: on_a_date(), ..rule("x", 0) };
    let versions =
        s3::Rule { noncurrent_version_expiration: noncurrent(1), expiration: None, ..rule("y", 0) };
    let early = Bucket { lifecycle: rules(vec![on_a_date, versions, rule(RULE, 400)]), ..ours() };
    assert_eq!(propose(own(early), "").findings.len(), 2);
}

#[test]
fn a_tag_of_somebody_elses_does_not_make_a_bucket_ours() {
    let tags = Tags::from([("baseline".to_owned(), "2019".to_owned())]);
    let theirs = Bucket { tags, lifecycle: s3::Whole::default(), ..ours() };
    assert!(propose(own(theirs), "").writes.is_empty());
}

#[test]
fn logs_that_are_kept_for_ever_stay_so_unless_exactly_says_otherwise() {
    let for_ever = Bucket { lifecycle: s3::Whole::default(), ..ours() };
    assert!(propose(own(for_ever.clone()), "").writes.is_empty());
    let exactly = propose(own(for_ever), "retention_days = { exactly = 30 }");
    assert_eq!(calls(&exactly), ["PutBucketLifecycleConfiguration"]);
    assert!(exactly.differences[0].loosens);
}

#[test]
fn a_creation_that_broke_off_is_finished() {
    let broken = Bucket { lifecycle: s3::Whole::default(), versioning: None, ..ours() };
    let proposal = propose(own(broken), "");
    let wanted = ["PutBucketLifecycleConfiguration", "PutBucketVersioning"];
    assert_eq!(calls(&proposal), wanted);
    assert!(proposal.differences.iter().all(|difference| !difference.loosens));
}

#[test]
fn another_delivery_gets_statements_of_its_own_and_the_first_ones_stay() {
    let other = Delivery::CloudTrail {
        trail: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/other".to_owned(),
        prefix: None,
    };
    let before = ours();
    let proposal = propose_for(own(before.clone()), vec![other], "");
    let after = &proposal.writes[0].call().input["Policy"]["Statement"];
    let before = Policy::parse(&before.policy.expect("a policy")).expect("valid");
    for statement in before.statements() {
        assert!(after.as_array().expect("a list").contains(&statement.shown()));
    }
}

#[test]
fn the_delivery_is_narrowed_to_this_account() {
    let statements = delivery_statements("arn:aws:s3:::b", &deliveries(), &context());
    for statement in &statements {
        assert!(statement["Condition"].to_string().contains("111122223333"), "{statement}");
    }
    assert_eq!(statements[4]["Resource"], "arn:aws:s3:::b/x/AWSLogs/111122223333/Config/*");
}

#[test]
fn an_own_rule_that_somebody_changed_is_a_finding_and_is_not_written_over() {
    let changed = [
        s3::Rule { noncurrent_version_expiration: noncurrent(30), ..rule(RULE, 3000) },
        s3::Rule { expiration: on_a_date(), ..rule(RULE, 400) },
        s3::Rule {
            filter: Some(s3::Filter { prefix: Some("x/".to_owned()), ..s3::Filter::default() }),
            ..rule(RULE, 30)
        },
    ];
    for rule in changed {
        let proposal = propose(own(Bucket { lifecycle: rules(vec![rule]), ..ours() }), "");
        assert!(proposal.writes.is_empty(), "{:?}", proposal.writes);
        assert_eq!(proposal.findings.len(), 1);
    }
    let theirs = Bucket { tags: Tags::new(), lifecycle: rules(vec![rule(RULE, 1)]), ..ours() };
    assert_eq!(propose(own(theirs), "").findings.len(), 1);
}

#[test]
fn what_others_let_in_already_gets_no_statement_of_ours() {
    let arn = s3::arn("aws", NAME);
    let service = serde_json::json!({"Service": "cloudtrail.amazonaws.com"});
    let mut policy = Policy::empty();
    policy.put(&deny_insecure_transport(&arn));
    for (action, resource) in
        [("s3:GetBucketAcl", arn.clone()), ("s3:PutObject", format!("{arn}/*"))]
    {
        policy.put(&serde_json::json!({"Sid": action.replace(':', ""), "Effect": "Allow",
            "Principal": service, "Action": action, "Resource": resource}));
    }
    let bucket = Bucket { policy: Some(policy.compact()), ..ours() };
    let trail = deliveries().swap_remove(0);
    let proposal = propose_for(own(bucket.clone()), vec![trail], "");
    assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
    assert_eq!(calls(&propose(own(bucket), "")), ["PutBucketPolicy"]);
}

/// The fields of the findings.
fn found(proposal: &Proposal) -> Vec<&str> {
    let findings = proposal.findings.iter();
    findings.map(|finding| finding.field.as_str()).collect()
}

fn judged(judged: s3::Judged) -> Bucket {
    Bucket { judged: Some(judged), ..ours() }
}

fn with_statement(statement: serde_json::Value) -> Bucket {
    let bucket = ours();
    let mut policy = Policy::parse(bucket.policy.as_deref().expect("a policy")).expect("valid");
    policy.put(&statement);
    Bucket { policy: Some(policy.compact()), ..bucket }
}

#[test]
fn whoever_else_gets_the_logs_is_a_finding_unless_it_is_shared_with_them() {
    let arn = format!("arn:aws:s3:::{NAME}");
    let allow = |principal: serde_json::Value| {
        json!({"Sid": "Theirs", "Effect": "Allow", "Principal": principal,
            "Action": "s3:*", "Resource": [arn, format!("{arn}/*")]})
    };
    for principal in [
        json!("*"),
        json!({"AWS": "arn:aws:iam::999999999999:root"}),
        json!({"Service": "config.amazonaws.com"}),
    ] {
        let bucket = with_statement(allow(principal.clone()));
        let proposal = propose(own(bucket.clone()), "");
        assert_eq!(found(&proposal), ["shared_with"], "{principal}");
        let what = &proposal.findings[0].what;
        assert!(what.contains("statement Theirs"), "{what}");
        assert!(proposal.writes.is_empty());
        let unmanaged = propose(own(bucket), "shared_with = \"unmanaged\"");
        assert!(unmanaged.findings.is_empty());
    }
    let known = with_statement(allow(json!({"AWS": "arn:aws:iam::999999999999:root"})));
    let shared = propose(own(known), "shared_with = [\"999999999999\"]");
    assert!(shared.findings.is_empty(), "{:?}", shared.findings);
}

#[test]
fn a_deny_that_stops_a_delivery_is_a_finding() {
    let deny = json!({"Sid": "KmsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{NAME}/*"),
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}});
    let proposal = propose(own(with_statement(deny)), "");
    assert_eq!(found(&proposal), ["statements", "statements"]);
    let what = &proposal.findings[0].what;
    assert!(what.contains("KmsOnly") && what.contains("cloudtrail"), "{what}");
}

#[test]
fn what_takes_the_logs_away_or_keeps_them_from_coming_is_a_finding() {
    let key = |state: &str| crate::aws::keys::Key {
        arn: "arn:aws:kms:us-east-1:111122223333:key/k".to_owned(),
        state: state.to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        is_of_aws: false,
    };
    let encrypted = |account: &str, key: Option<crate::aws::keys::Key>| s3::Judged {
        kms: Some(format!("arn:aws:kms:us-east-1:{account}:key/k")),
        key,
        ..s3::Judged::default()
    };
    let replica = s3::Replica {
        rule: "out".to_owned(),
        bucket: "arn:aws:s3:::elsewhere".to_owned(),
        account: Some("999999999999".to_owned()),
    };
    let moves = [
        ("encryption", encrypted("999999999999", None)),
        ("encryption", encrypted("111122223333", None)),
        ("encryption", encrypted("111122223333", Some(key("Disabled")))),
        ("encryption", encrypted("111122223333", Some(key("PendingDeletion")))),
        ("shared_with", s3::Judged { replicas: vec![replica], ..s3::Judged::default() }),
        (
            "object_lock",
            s3::Judged {
                retention: Some(s3::Retention {
                    mode: "GOVERNANCE".to_owned(),
                    days: Some(1),
                    years: None,
                }),
                ..s3::Judged::default()
            },
        ),
    ];
    for (field, seen) in moves {
        let proposal = propose(own(judged(seen.clone())), "");
        assert_eq!(found(&proposal), [field], "{seen:?}");
        assert!(proposal.writes.is_empty());
    }
    let fine = encrypted("111122223333", Some(key("Enabled")));
    assert!(propose(own(judged(fine)), "").findings.is_empty());
}

#[test]
fn an_acl_that_grants_something_keeps_nothing_else_from_being_done() {
    let classic = Bucket {
        ownership: Some("ObjectWriter".to_owned()),
        public_access_block: s3::Flags::default(),
        ..judged(s3::Judged {
            grants: vec![s3::AclGrant {
                grantee: "LogDelivery".to_owned(),
                permission: "WRITE".to_owned(),
            }],
            ..s3::Judged::default()
        })
    };
    let proposal = propose(own(classic.clone()), "");
    assert_eq!(calls(&proposal), ["PutPublicAccessBlock"]);
    assert_eq!(found(&proposal), ["ownership"]);
    let remedy = &proposal.findings[0].remedy;
    assert!(remedy.contains("logging.s3.amazonaws.com") && remedy.contains("put-bucket-acl"));
    let rest = Bucket { public_access_block: s3::Flags::ON, ..classic };
    // Nothing differs that a trail would have to wait for.
    assert!(propose(own(rest), "").differences.is_empty());
}

#[test]
fn with_mfa_delete_what_s3_would_refuse_is_a_finding() {
    let guarded = Bucket {
        versioning: Some("Suspended".to_owned()),
        lifecycle: rules(vec![rule(RULE, 30)]),
        ..judged(s3::Judged { mfa_delete: true, ..s3::Judged::default() })
    };
    let proposal = propose(own(guarded), "");
    assert!(proposal.writes.is_empty(), "{:?}", proposal.writes);
    assert_eq!(found(&proposal), ["versioning", "retention_days"]);
}

#[test]
fn a_rule_for_some_logs_says_for_which() {
    let narrowed = s3::Rule {
        filter: Some(s3::Filter { prefix: Some("AWSLogs/".to_owned()), ..s3::Filter::default() }),
        ..rule("mine", 1)
    };
    let proposal =
        propose(own(Bucket { lifecycle: rules(vec![narrowed, rule(RULE, 400)]), ..ours() }), "");
    let what = &proposal.findings[0].what;
    assert_eq!(what, "the lifecycle rule 'mine' for AWSLogs/* deletes after 1 days, before 400");
}

#[test]
fn what_an_earlier_version_saw_is_not_enough() {
    let old = Bucket { judged: None, ..ours() };
    assert!(matches!(propose(own(old), "").standing, Standing::Unknown(_)));
}

//! What becomes of policies.

use super::super::Buckets;
use super::super::live::Live;
use super::super::settings::tests::entries;
use crate::control::tests::context;
use crate::control::{Announcement, At, Context, Proposal};
use crate::controls::bucket_state::{BucketState, Ownership};
use crate::place::Place;
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3::{self, Whole};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:s3:::acme";
const THEIRS: &str = r#"{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/*"}"#;

fn live(policy: Option<&str>) -> Live {
    let policy = Some(policy.map(str::to_owned));
    Live { bucket: BucketState { policy, ..BucketState::default() }, ..Live::default() }
}

fn with(entry: &str, live: Live, context: &Context) -> Proposal {
    let entries = entries(&format!("[{{ match = [\"*\"], {entry} }}]"));
    let place = Place::thing_in("acme", "eu-west-1");
    crate::control::propose::<Buckets>(&entries, &live, At { place: &place, context })
}

fn propose(entry: &str, policy: Option<&str>) -> Proposal {
    with(entry, live(policy), &context())
}

/// A policy of these statements.
fn policy(statements: &[&str]) -> String {
    let list = statements.join(",");
    format!(r#"{{"Version":"2012-10-17","Statement":[{list}]}}"#)
}

/// The policy after the proposal's write.
fn after(proposal: &Proposal) -> Value {
    let call = proposal.writes.first().expect("a write").call();
    assert_eq!(call.operation, "PutBucketPolicy");
    call.input["Policy"].clone()
}

fn sids(policy: &Value) -> Vec<&str> {
    let list = policy["Statement"].as_array().expect("a list").iter();
    list.map(|own| own["Sid"].as_str().unwrap_or_default()).collect()
}

fn fields(proposal: &Proposal) -> Vec<(&str, bool)> {
    let differences = proposal.differences.iter();
    differences.map(|own| (own.field.as_str(), own.loosens)).collect()
}

fn is_quiet(proposal: &Proposal) -> bool {
    proposal.writes.is_empty() && proposal.differences.is_empty() && proposal.findings.is_empty()
}

#[test]
fn all_guardrails_are_put_in_with_one_write_behind_the_statements_of_others() {
    let entry = r#"ssl_only = true, minimum_tls = "1.2", presigned_max_age = "10m",
        only_from = { vpcs = ["vpc-1a2b3c4d"] }, accept_lockout = true, delete_requires_mfa = true"#
        .replace('\n', " ");
    let proposal = propose(&entry, Some(&policy(&[THEIRS])));
    assert_eq!(proposal.writes.len(), 1);
    let wanted = [
        "Theirs",
        "BaselineDenyInsecureTransport",
        "BaselineDenyOldTls",
        "BaselineDenyElsewhere",
        "BaselineDenyOldPresigned",
        "BaselineDenyPresignedV2",
        "BaselineDenyDeleteWithoutMfa",
    ];
    assert_eq!(sids(&after(&proposal)), wanted);
    let text = after(&proposal).to_string();
    assert!(is_quiet(&propose(&entry, Some(&text))));
}

#[test]
fn what_is_left_out_is_not_managed() {
    let tls = deny_insecure_transport(ARN).to_string();
    let proposal = propose(r#"minimum_tls = "1.2""#, Some(&policy(&[&tls])));
    let wanted = ["BaselineDenyInsecureTransport", "BaselineDenyOldTls"];
    assert_eq!(sids(&after(&proposal)), wanted);
}

#[test]
fn false_takes_ours_out_and_that_loosens() {
    let tls = deny_insecure_transport(ARN).to_string();
    let proposal = propose("ssl_only = false", Some(&policy(&[THEIRS, &tls])));
    assert_eq!(sids(&after(&proposal)), ["Theirs"]);
    assert_eq!(fields(&proposal), [("ssl_only", true)]);
    let theirs = tls.replace("BaselineDenyInsecureTransport", "TlsOnly");
    assert!(is_quiet(&propose("ssl_only = false", Some(&policy(&[&theirs])))));
    assert!(is_quiet(&propose("ssl_only = false", None)));
}

#[test]
fn with_its_last_statement_the_policy_goes() {
    let tls = deny_insecure_transport(ARN).to_string();
    let proposal = propose("ssl_only = false", Some(&policy(&[&tls])));
    assert_eq!(proposal.writes[0].call().operation, "DeleteBucketPolicy");
}

#[test]
fn the_log_bucket_keeps_plain_http_out_whatever_an_entry_says() {
    let tls = deny_insecure_transport(ARN).to_string();
    let context = Context { log_bucket: Some("acme".to_owned()), ..context() };
    let live = live(Some(&policy(&[&tls])));
    assert!(is_quiet(&with("ssl_only = false", live, &context)));
}

#[test]
fn a_statement_of_ours_that_somebody_weakened_is_put_right_in_its_place() {
    let weak = deny_insecure_transport(ARN).to_string().replace("\"s3:*\"", "\"s3:GetObject\"");
    let proposal = propose("ssl_only = true", Some(&policy(&[&weak, THEIRS])));
    assert_eq!(after(&proposal)["Statement"][0], deny_insecure_transport(ARN));
    assert_eq!(fields(&proposal), [("ssl_only.Action", false)]);
}

#[test]
fn a_stricter_age_and_tls_of_ours_stay() {
    let strict = propose(
        r#"presigned_max_age = "5m", minimum_tls = { version = "1.3", force = true }"#,
        None,
    );
    let text = after(&strict).to_string();
    assert!(is_quiet(&propose(r#"presigned_max_age = "10m", minimum_tls = "1.2""#, Some(&text))));
    let loose = propose(r#"presigned_max_age = "10m""#, None);
    let text = after(&loose).to_string();
    let proposal = propose(r#"presigned_max_age = "5m""#, Some(&text));
    let field = "presigned_max_age.Condition.NumericGreaterThan.s3:signatureAge";
    assert_eq!(fields(&proposal), [(field, false)]);
}

fn only_from(networks: &str) -> String {
    format!("only_from = {{ networks = [{networks}] }}, accept_lockout = true")
}

#[test]
fn a_network_more_takes_effect_and_loosens_and_one_less_does_not() {
    let (office, both) =
        (only_from("\"203.0.113.0/24\""), only_from("\"203.0.113.0/24\", \"198.51.100.0/24\""));
    let text = after(&propose(&office, None)).to_string();
    let more = propose(&both, Some(&text));
    let field = "only_from.Condition.NotIpAddress.aws:SourceIp";
    assert_eq!(fields(&more), [(field, true)]);
    let text = after(&more).to_string();
    assert_eq!(fields(&propose(&office, Some(&text))), [(field, false)]);
}

#[test]
fn a_narrower_deny_of_others_is_enough() {
    let theirs = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/25"}}}"#;
    assert!(is_quiet(&propose(&only_from("\"203.0.113.0/24\""), Some(&policy(&[theirs])))));
}

fn seen_from(origin: Option<&str>, caller: &str) -> Context {
    Context {
        seen_from: origin.map(|own| own.parse().expect("an origin")),
        caller: caller.to_owned(),
        ..context()
    }
}

#[test]
fn who_would_lock_itself_out_is_refused_unless_the_baseline_accepts_it() {
    let entry = r#"ssl_only = true, only_from = { networks = ["203.0.113.0/24"] }, break_glass = ["arn:aws:iam::{account}:role/*BreakGlass"]"#;
    let session = "arn:aws:sts::111122223333:assumed-role/Deploy/ci";
    let found = |origin, caller, entry: &str| {
        let proposal = with(entry, live(None), &seen_from(origin, caller));
        // The other guardrails are put in place all the same.
        let put = sids(&after(&proposal)).contains(&"BaselineDenyElsewhere");
        (put, proposal.findings.first().map(|own| own.what.clone()))
    };
    assert_eq!(found(Some("203.0.113.9"), session, entry), (true, None));
    let (put, what) = found(Some("198.51.100.9"), session, entry);
    assert!(
        !put && what.expect("a finding").starts_with("it would keep out arn:aws:sts::111122223333")
    );
    let (put, what) = found(Some("vpce-1a2b3c4d"), session, entry);
    assert!(!put && what.expect("a finding").starts_with("it would keep out"));
    let (put, what) = found(None, session, entry);
    assert!(!put && what.expect("a finding").starts_with("it may keep out"));
    let break_glass = "arn:aws:sts::111122223333:assumed-role/BreakGlass/me";
    assert_eq!(found(Some("198.51.100.9"), break_glass, entry), (true, None));
    let accepted = format!("{entry}, accept_lockout = true");
    assert_eq!(found(Some("198.51.100.9"), session, &accepted), (true, None));
    let told = with(&accepted, live(None), &seen_from(Some("198.51.100.9"), session)).breaks;
    let kept_out = "who makes this change, is kept out, as accept_lockout says";
    assert!(told.iter().any(|own| own.contains(kept_out)), "{told:?}");
}

#[test]
fn who_gets_in_today_is_told_before_it_ends() {
    let partner = THEIRS.replace("111122223333", "444455556666");
    let proposal = propose(&only_from("\"203.0.113.0/24\""), Some(&policy(&[&partner])));
    let note = "statement Theirs lets 444455556666 in: from then on only from where only_from says";
    assert!(proposal.notes.iter().any(|own| own == note), "{:?}", proposal.notes);
    let public = THEIRS.replace(r#"{"AWS":"111122223333"}"#, "\"*\"");
    let proposal = propose("ssl_only = true", Some(&policy(&[&public])));
    assert!(proposal.notes[0].contains("not by plain HTTP"), "{:?}", proposal.notes);
}

#[test]
fn load_balancers_that_deliver_logs_are_spared() {
    let elb = THEIRS
        .replace("111122223333", "arn:aws:iam::127311923021:root")
        .replace("s3:GetObject", "s3:PutObject");
    let proposal = propose(&only_from("\"203.0.113.0/24\""), Some(&policy(&[&elb])));
    let deny = &after(&proposal)["Statement"][1];
    let spared = &deny["Condition"]["StringNotEqualsIfExists"]["aws:PrincipalAccount"];
    assert_eq!(*spared, json!(["127311923021"]));
}

fn encrypted(algorithm: &str, key: Option<&str>) -> Live {
    let apply_server_side_encryption_by_default =
        s3::ByDefault { algorithm: algorithm.to_owned(), key: key.map(str::to_owned) };
    let value =
        s3::Encryption { apply_server_side_encryption_by_default, ..s3::Encryption::default() };
    let mut live = live(None);
    live.bucket.encryption = Some(Whole { value: Some(value), ..Whole::default() });
    live
}

#[test]
fn uploads_are_held_to_the_default_encryption() {
    let differs = |live: Live| -> Vec<Value> {
        let proposal = with("encrypted_uploads = true", live, &context());
        let statements = after(&proposal)["Statement"].clone();
        let statements = statements.as_array().cloned().unwrap_or_default();
        let different = statements.iter().map(|own| own["Condition"]["StringNotEquals"].clone());
        different.collect()
    };
    let by = |algorithm: &str| json!({"s3:x-amz-server-side-encryption": algorithm});
    let none = Value::Null;
    assert_eq!(differs(encrypted("AES256", None)), [by("AES256"), none.clone()]);
    let managed = [by("aws:kms"), none.clone(), none.clone()];
    assert_eq!(differs(encrypted("aws:kms", None)), managed);
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1a2b";
    let by_key = json!({"s3:x-amz-server-side-encryption-aws-kms-key-id": key});
    let own = [by("aws:kms"), by_key.clone(), none.clone()];
    assert_eq!(differs(encrypted("aws:kms", Some(key))), own);
    assert_eq!(differs(encrypted("aws:kms", Some("1a2b"))), own);
    let twice = [by("aws:kms:dsse"), by_key, none];
    assert_eq!(differs(encrypted("aws:kms:dsse", Some(key))), twice);
    let alias =
        with("encrypted_uploads = true", encrypted("aws:kms", Some("alias/data")), &context());
    assert!(alias.writes.is_empty());
    assert_eq!(alias.findings[0].field, "encrypted_uploads");
}

#[test]
fn a_stricter_default_is_followed_without_loosening_and_a_weaker_one_is_not() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1a2b";
    let defaults = [("AES256", None), ("aws:kms", None), ("aws:kms", Some(key))];
    let loosens = |from: usize, to: usize| {
        let live = |at: usize| encrypted(defaults[at].0, defaults[at].1);
        let first = with("encrypted_uploads = true", live(from), &context());
        let text = after(&first).to_string();
        let mut live = live(to);
        live.bucket.policy = Some(Some(text));
        let next = with("encrypted_uploads = true", live, &context());
        assert_eq!(next.writes.len(), 1, "{from} {to}");
        next.differences.iter().any(|own| own.loosens)
    };
    for (weaker, stricter) in [(0, 1), (0, 2), (1, 2)] {
        assert!(!loosens(weaker, stricter), "{weaker} {stricter}");
        assert!(loosens(stricter, weaker), "{stricter} {weaker}");
    }
}

#[test]
fn what_is_not_known_of_the_caller_is_named() {
    let session = "arn:aws:sts::111122223333:assumed-role/Deploy/ci";
    let found = |entry: &str, origin| {
        let proposal = with(entry, live(None), &seen_from(Some(origin), session));
        assert!(proposal.writes.is_empty(), "{entry}");
        let finding = proposal.findings.into_iter().next().expect("a finding");
        assert!(!finding.remedy.contains("--seen-from"), "{}", finding.remedy);
        finding.what
    };
    let organization = "only_from = { organization = \"o-exampleorgid\" }";
    assert!(found(organization, "203.0.113.9").contains("whether it is of o-exampleorgid"));
    let vpc = "only_from = { vpcs = [\"vpc-1a2b3c4d\"] }";
    assert!(found(vpc, "vpce-1a2b3c4d").contains("its VPC is among vpcs"));
    let path = "only_from = { networks = [\"203.0.113.0/24\"] }, \
                break_glass = [\"arn:aws:iam::{account}:role/ops/*\"]";
    assert!(found(path, "198.51.100.9").contains("the path of its role"));
}

#[test]
fn a_public_policy_is_not_rewritten_while_the_baseline_blocks_public_policies() {
    let public = THEIRS.replace(r#"{"AWS":"111122223333"}"#, "\"*\"");
    let live = Live { has_public_policy: true, ..live(Some(&policy(&[&public]))) };
    let announced = vec![Announcement::NoPublicPolicies];
    let blocking = Context { announced, ..context() };
    let proposal = with("ssl_only = true", live.clone(), &blocking);
    assert!(proposal.writes.is_empty());
    assert!(proposal.findings[0].what.contains("which this baseline asks for"));
    assert_eq!(with("ssl_only = true", live, &context()).writes.len(), 1);
}

#[test]
fn deleted_principals_are_a_finding_until_they_may_be_pruned() {
    let deleted = THEIRS.replace("\"111122223333\"", r#"["AROAEXAMPLEROLEID0001","111122223333"]"#);
    let text = policy(&[&deleted]);
    let refused = propose("ssl_only = true", Some(&text));
    assert!(refused.writes.is_empty());
    assert!(
        refused.findings[0].what.contains("statement Theirs")
            && refused.findings[0].remedy.contains("prune_deleted_principals = true")
    );
    let pruned = propose("ssl_only = true, prune_deleted_principals = true", Some(&text));
    assert_eq!(fields(&pruned), [("deleted_principals", false), ("ssl_only", false)]);
    assert_eq!(after(&pruned)["Statement"][0]["Principal"], json!({"AWS": ["111122223333"]}));
    assert!(is_quiet(&propose("prune_deleted_principals = true", Some(&policy(&[THEIRS])))));
}

#[test]
fn a_policy_that_s3_would_not_store_is_a_finding_with_the_numbers_and_nothing_is_sent() {
    let long = policy(&[&format!(r#"{{"Sid":"{}"}}"#, "x".repeat(20_300))]);
    let proposal = propose("ssl_only = true", Some(&long));
    assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
    assert!(proposal.findings[0].what.contains("S3 takes 20480"));
}

#[test]
fn a_public_policy_is_not_rewritten_while_public_policies_are_blocked() {
    let public = THEIRS.replace(r#"{"AWS":"111122223333"}"#, "\"*\"");
    let text = policy(&[&public]);
    let blocked = Live {
        public_policy_blocked_by: Some("its own public access block".to_owned()),
        ..live(Some(&text))
    };
    let proposal = with("ssl_only = true", blocked, &context());
    assert!(proposal.writes.is_empty());
    let what = &proposal.findings[0].what;
    assert!(
        what.contains("statement Theirs") && what.contains("its own public access block"),
        "{what}"
    );
}

#[test]
fn others_that_are_let_in_are_findings_unless_they_are_known() {
    let partner = THEIRS.replace("111122223333", "444455556666");
    let text = policy(&[&partner]);
    let found = |entry: &str| {
        let proposal = propose(entry, Some(&text));
        assert!(proposal.writes.is_empty());
        proposal.findings.into_iter().map(|own| own.what).collect::<Vec<_>>()
    };
    assert_eq!(found("shared_with = []"), ["statement Theirs allows 444455556666: s3:GetObject"]);
    assert!(found("shared_with = [\"444455556666\"]").is_empty());
    let both = partner.replace(r#""444455556666""#, r#"["444455556666", "777788889999"]"#);
    let proposal = propose("shared_with = [\"444455556666\"]", Some(&policy(&[&both])));
    let what = &proposal.findings[0].what;
    assert_eq!(what, "statement Theirs allows 777788889999: s3:GetObject");
    assert!(found("sound_policy = true").is_empty());
}

#[test]
fn statements_that_do_not_do_what_they_seem_to_are_findings() {
    let by_address = THEIRS.replace(
        r#""Resource":"arn:aws:s3:::acme/*"}"#,
        r#""Resource":"arn:aws:s3:::acme/*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#,
    );
    let proposal = propose("sound_policy = true", Some(&policy(&[&by_address])));
    assert_eq!(proposal.findings.len(), 1);
    assert_eq!(proposal.findings[0].field, "sound_policy");
    assert!(proposal.findings[0].remedy.contains("only_from"));
}

#[test]
fn what_the_plan_shows_is_by_statement() {
    let proposal = propose("ssl_only = true", Some(&policy(&[THEIRS])));
    let shown = proposal.writes[0].call().shown.expect("less than the whole policy");
    let wanted = json!({"kept": ["Theirs"], "added": [deny_insecure_transport(ARN)]});
    assert_eq!(shown["Policy"]["Statement"], wanted);
    let text = after(&proposal).to_string();
    assert!(Policy::parse(&text).is_ok());
}

#[test]
fn a_second_statement_under_a_sid_of_ours_goes() {
    let ours = deny_insecure_transport("arn:aws:s3:::acme");
    let second = THEIRS.replace("\"Theirs\"", "\"BaselineDenyInsecureTransport\"");
    let text = policy(&[&ours.to_string(), &second]);
    let proposal = propose("ssl_only = true", Some(&text));
    let field = "ssl_only.BaselineDenyInsecureTransport";
    assert_eq!(fields(&proposal), [(field, false)]);
    assert_eq!(after(&proposal)["Statement"], json!([ours]));
}

#[test]
fn who_is_shut_out_by_a_deny_is_told_before_the_write_that_would_fail() {
    let deny = |spared: &str| {
        format!(
            r#"{{"Sid":"Admins","Effect":"Deny","NotPrincipal":{{"AWS":{spared}}},"Action":"s3:Put*","Resource":"arn:aws:s3:::acme"}}"#
        )
    };
    let session = "arn:aws:sts::111122223333:assumed-role/Deploy/ci";
    let root = "arn:aws:iam::111122223333:root";
    let found = |spared: &str, caller: &str| {
        let live = live(Some(&policy(&[&deny(spared)])));
        let proposal = with("ssl_only = true", live, &seen_from(None, caller));
        assert_ne!(proposal.writes.is_empty(), proposal.findings.is_empty());
        proposal.findings.first().map(|own| own.what.clone())
    };
    let other = r#"["arn:aws:iam::111122223333:role/Admin"]"#;
    let what = found(other, session).expect("a finding");
    let denied = "statement Admins of its policy denies s3:PutBucketPolicy to";
    assert!(what.starts_with(denied) && what.contains(session), "{what}");
    // The root user can always write it, and who is spared can, too.
    assert_eq!(found(other, root), None);
    let own = format!(r#"["arn:aws:iam::111122223333:role/Deploy","{root}"]"#);
    assert_eq!(found(&own, session), None);
    // Without the account nothing is certain, which is said beside the write.
    let alone = live(Some(&policy(&[&deny(r#"["arn:aws:iam::111122223333:role/Deploy"]"#)])));
    let proposal = with("ssl_only = true", alone, &seen_from(None, session));
    assert_eq!(proposal.writes.len(), 1);
    let note = "statement Admins of its policy may deny s3:PutBucketPolicy to";
    assert!(proposal.notes.iter().any(|own| own.starts_with(note)));
}

#[test]
fn only_from_names_the_logs_that_are_delivered_by_acl() {
    let grant = |grantee: &str| s3::AclGrant {
        grantee: grantee.to_owned(),
        permission: "WRITE".to_owned(),
    };
    let cloudfront = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0";
    let told = |grantee: &str, policy: Option<&str>| {
        let mut live = live(policy);
        live.bucket.ownership = Some(Ownership { rule: None, grants: vec![grant(grantee)] });
        let from = only_from("\"203.0.113.0/24\"");
        let breaks = with(&from, live, &context()).breaks;
        breaks.iter().any(|own| own.contains("may no longer be delivered"))
    };
    assert!(told("LogDelivery", None));
    assert!(told(cloudfront, None));
    assert!(!told("AllUsers", None));
    let lets_in =
        THEIRS.replace(r#"{"AWS":"111122223333"}"#, r#"{"Service":"logging.s3.amazonaws.com"}"#);
    assert!(!told("LogDelivery", Some(&policy(&[&lets_in]))));
}

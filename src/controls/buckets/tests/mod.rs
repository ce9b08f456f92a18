//! What is proposed for buckets, from each state they may be in.

mod lifecycle;

use super::*;
use crate::control::tests::context;
use crate::control::{Prerequisite, Proposal, Standing, restore};
use serde_json::{Value, json};
use settings::tests::entries;

fn chosen(text: &str, names: &[&str]) -> Vec<String> {
    let bucket = |name: &&str| s3::Located { name: (*name).to_owned(), region: "r".to_owned() };
    let listed: Vec<s3::Located> = names.iter().map(bucket).collect();
    let facts = Facts::default().with::<s3::OwnBuckets>(&listed);
    let places = Buckets::places(&entries(text), &facts, &context()).expect("buckets are known");
    places.into_iter().filter_map(|place| place.thing).collect()
}

fn propose(entries: &Vec<Entry>, live: &Live, at: At<'_>) -> Proposal {
    crate::control::propose::<Buckets>(entries, live, at)
}

fn tls_only(policy: Option<&str>) -> Proposal {
    propose_with("[{ match = [\"*\"], ssl_only = true }]", "acme", policy)
}

fn propose_with(text: &str, bucket: &str, policy: Option<&str>) -> Proposal {
    let live = serde_json::from_value(json!({ "policy": policy })).expect("a live state");
    let place = Place::thing_in(bucket, "eu-west-1");
    propose(&entries(text), &live, At { place: &place, context: &context() })
}

#[test]
fn buckets_are_chosen_by_patterns_and_exceptions() {
    let text = "[{ match = [\"*\"], except = [\"public-*\"], ssl_only = true }]";
    assert_eq!(chosen(text, &["a", "public-x", "b.c"]), ["a", "b.c"]);
}

#[test]
fn the_last_entry_that_says_something_counts() {
    let text = "[{ match = [\"*\"], ssl_only = true }, { match = [\"old-*\"], ssl_only = false }]";
    assert_eq!(chosen(text, &["a", "old-b"]), ["a", "old-b"]);
    // What was put in by an earlier entry is to be taken out again.
    assert!(propose_with(text, "old-b", None).writes.is_empty());
    assert_eq!(propose_with(text, "a", None).writes.len(), 1);
}

#[test]
fn the_deny_comes_after_the_statements_of_others() {
    let proposal = tls_only(Some(r#"{"Version":"2008-10-17","Statement":{"Sid":"Theirs"}}"#));
    let policy = &proposal.writes[0].call().input["Policy"];
    assert_eq!(policy["Version"], "2008-10-17");
    assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
    assert_eq!(policy["Statement"][1]["Sid"], "BaselineDenyInsecureTransport");
}

#[test]
fn a_policy_that_s3_would_refuse_is_a_finding_and_nothing_is_sent() {
    let deleted = r#"{"Statement":[{"Principal":{"AWS":"AROAEXAMPLEROLEID0001"}}]}"#;
    let long = format!(r#"{{"Statement":[{{"Sid":"{}"}}]}}"#, "x".repeat(20_400));
    for policy in [deleted, long.as_str()] {
        let proposal = tls_only(Some(policy));
        assert!(proposal.writes.is_empty());
        assert_eq!(proposal.findings.len(), 1);
    }
}

#[test]
fn a_policy_that_cannot_be_read_is_unknown() {
    let standing = tls_only(Some("nonsense")).standing;
    assert!(matches!(standing, crate::control::Standing::Unknown(_)));
}

/// What is proposed for the bucket `acme` in eu-west-1, given a guardrail and what was read.
fn judged(guardrail: &str, live: Value) -> Proposal {
    let entries = entries(&format!("[{{ match = [\"*\"], {guardrail} }}]"));
    let live = serde_json::from_value(live).expect("a live state");
    let place = Place::thing_in("acme", "eu-west-1");
    propose(&entries, &live, At { place: &place, context: &context() })
}

/// The calls, and the fields of findings.
fn outcome(guardrail: &str, live: Value) -> (Vec<&'static str>, Vec<String>) {
    let proposal = judged(guardrail, live);
    assert!(matches!(proposal.standing, Standing::Own), "{proposal:?}");
    let calls = proposal.writes.iter().map(|write| write.operation().name);
    let findings = proposal.findings.into_iter().map(|finding| finding.field);
    (calls.collect(), findings.collect())
}

fn assert_left_alone(guardrail: &str, live: Value) {
    let shown = live.to_string();
    let (calls, findings) = outcome(guardrail, live);
    assert!(calls.is_empty() && findings.is_empty(), "{guardrail} {shown}: {calls:?} {findings:?}");
}

fn assert_calls(guardrail: &str, live: Value, wanted: &str) {
    let shown = live.to_string();
    assert_eq!(outcome(guardrail, live), (vec![wanted], Vec::new()), "{guardrail} {shown}");
}

fn assert_finding(guardrail: &str, live: Value) {
    let shown = live.to_string();
    let (calls, findings) = outcome(guardrail, live);
    assert!(calls.is_empty() && findings.len() == 1, "{guardrail} {shown}: {calls:?} {findings:?}");
}

fn encrypted(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Value {
    json!({"value": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, "KMSMasterKeyID": key},
        "BucketKeyEnabled": bucket_key,
    }})
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/0000-1111";

fn key(state: &str) -> Value {
    json!({"arn": KEY, "state": state, "spec": "SYMMETRIC_DEFAULT"})
}

fn versions(id: &str, days: i32) -> Value {
    json!({"ID": id, "Status": "Enabled", "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days}})
}

fn with_rules(versioning: Value, rules: Vec<Value>) -> Value {
    json!({"versioning": versioning, "lifecycle": {"value": {"Rules": rules}}})
}

#[test]
fn stricter_encryption_satisfies_and_a_key_is_written_by_arn() {
    let s3 = "encryption = \"s3\"";
    for algorithm in ["AES256", "aws:kms", "aws:kms:dsse", "aws:later"] {
        assert_left_alone(s3, json!({"encryption": encrypted(algorithm, None, false)}));
    }
    assert_calls(s3, json!({"encryption": {"value": null}}), "PutBucketEncryption");

    let kms = "encryption = { kms = \"alias/data\" }";
    let with = |encryption: Value| json!({"encryption": encryption, "key": key("Enabled")});
    for given in [KEY, "0000-1111"] {
        assert_left_alone(kms, with(encrypted("aws:kms", Some(given), false)));
        assert_left_alone(kms, with(encrypted("aws:kms:dsse", Some(given), false)));
    }
    for (algorithm, given) in [("AES256", None), ("aws:kms", None), ("aws:kms", Some("alias/data"))]
    {
        assert_calls(kms, with(encrypted(algorithm, given, false)), "PutBucketEncryption");
    }
    let twofold = judged(kms, with(encrypted("aws:kms:dsse", None, false)));
    let rules = &twofold.writes[0].call().input["ServerSideEncryptionConfiguration"]["Rules"];
    let default = &rules[0]["ApplyServerSideEncryptionByDefault"];
    assert_eq!(default["SSEAlgorithm"], "aws:kms:dsse");
}

#[test]
fn a_bucket_key_is_managed_only_when_it_is_named() {
    let asked = "encryption = { kms = \"alias/data\", bucket_key = true }";
    let with = |bucket_key| {
        json!({"encryption": encrypted("aws:kms", Some(KEY), bucket_key),
        "key": key("Enabled")})
    };
    assert_calls(asked, with(false), "PutBucketEncryption");
    assert_left_alone(asked, with(true));
    assert_left_alone("encryption = { kms = \"alias/data\" }", with(true));
}

#[test]
fn a_key_that_s3_could_not_use_is_a_finding_even_where_it_is_set() {
    let kms = "encryption = { kms = \"alias/data\" }";
    let live = encrypted("aws:kms", Some(KEY), true);
    assert_finding(kms, json!({"encryption": live, "key": null}));
    assert_finding(kms, json!({"encryption": live, "key": key("PendingDeletion")}));
    let asymmetric = json!({"arn": KEY, "state": "Enabled", "spec": "RSA_2048"});
    assert_finding(kms, json!({"encryption": live, "key": asymmetric}));
}

#[test]
fn what_a_write_would_lose_is_a_finding_and_nothing_is_sent() {
    let mut encryption = encrypted("AES256", None, false);
    encryption["unknown"] = json!(["FutureMember"]);
    let kms = "encryption = { kms = \"alias/data\" }";
    assert_finding(kms, json!({"encryption": encryption, "key": key("Enabled")}));
    assert_left_alone("encryption = \"s3\"", json!({"encryption": encryption}));
    let lifecycle = json!({"value": {"Rules": []}, "unknown": ["FutureAction"]});
    let live = json!({"lifecycle": lifecycle, "versioning": {}});
    assert_finding("abort_incomplete_uploads_days = 7", live);
}

#[test]
fn logs_that_come_only_to_plain_buckets_go_on_coming() {
    let policy = json!({"Statement": [{"Effect": "Allow", "Action": "s3:PutObject",
        "Principal": {"Service": "logging.s3.amazonaws.com"}, "Resource": "arn:aws:s3:::acme/*"}]});
    let mut live = locked(Value::Null);
    live["policy"] = json!(policy.to_string());
    let lock = "object_lock = { mode = \"governance\", days = 30, accept_irreversible = true }";
    assert_finding(lock, live);
    let key = json!({"arn": "arn:aws:kms:eu-west-1:111122223333:key/k", "state": "Enabled",
        "spec": "SYMMETRIC_DEFAULT"});
    let plain = json!({"encryption": {"value": null}, "key": key, "policy": policy.to_string()});
    assert_finding("encryption = { kms = \"alias/data\" }", plain);
}

#[test]
fn a_key_of_ones_own_given_up_for_that_of_aws_loosens() {
    let rule = |key: &str| {
        json!({"ApplyServerSideEncryptionByDefault":
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}})
    };
    let loosens = |is_of_aws: bool| {
        let key = json!({"arn": "arn:aws:kms:eu-west-1:111122223333:key/new", "state": "Enabled",
            "spec": "SYMMETRIC_DEFAULT", "is_of_aws": is_of_aws});
        let old = rule("arn:aws:kms:eu-west-1:111122223333:key/old");
        let live = json!({"encryption": {"value": old}, "key": key, "policy": null});
        let proposal = judged("encryption = { kms = \"alias/data\" }", live);
        assert_eq!(proposal.writes.len(), 1);
        proposal.differences.iter().any(|own| own.loosens)
    };
    assert!(loosens(true));
    assert!(!loosens(false));
}

#[test]
fn what_a_run_changed_and_nobody_asks_for_now_is_told_when_it_is_undone() {
    let past = |live: Value| {
        let read = |state: Value| -> Live { serde_json::from_value(state).expect("a live state") };
        Past {
            before: read(json!({"versioning": {}, "object_lock": {"value": null}})),
            after: read(
                json!({"versioning": {"status": "Enabled"}, "object_lock": {"value": null}}),
            ),
            live: read(live),
        }
    };
    let undone = |live: Value| {
        let place = Place::thing_in("acme", "eu-west-1");
        let at = At { place: &place, context: &context() };
        let proposal = restore::<Buckets>(&Vec::new(), &past(live), at);
        let fields = proposal.findings.into_iter().map(|own| own.field);
        (proposal.writes.len(), fields.collect::<Vec<_>>())
    };
    let unlocked = json!({"versioning": {"status": "Enabled"}, "object_lock": {"value": null}});
    assert_eq!(undone(unlocked), (1, vec![]));
    let unread = json!({"object_lock": {"value": null}});
    assert_eq!(undone(unread), (0, vec!["versioning".to_owned()]));
    let locked = json!({"versioning": {"status": "Enabled"},
        "object_lock": {"value": {"default": null}}});
    let (calls, findings) = undone(locked);
    assert_eq!(calls, 0);
    assert!(findings.contains(&"versioning".to_owned()), "{findings:?}");
}

#[test]
fn lifecycle_rules_come_before_versioning() {
    let (calls, _) =
        outcome("versioning = true, noncurrent_days = 30", with_rules(json!({}), vec![]));
    assert_eq!(calls, ["PutBucketLifecycleConfiguration", "PutBucketVersioning"]);
}

#[test]
fn mfa_delete_is_for_the_root_user() {
    assert_finding("mfa_delete = true", json!({"versioning": {"status": "Enabled"}}));
    let on = json!({"status": "Suspended", "mfa_delete": "Enabled"});
    assert_left_alone("mfa_delete = true", json!({"versioning": on}));
    assert_finding("versioning = true", json!({"versioning": on}));
}

fn locked(lock: Value) -> Value {
    json!({"versioning": {"status": "Enabled"}, "object_lock": {"value": lock}})
}

#[test]
fn a_longer_or_stricter_lock_satisfies_and_irreversible_steps_must_be_accepted() {
    let retention =
        |mode: &str, unit: &str, number: i32| json!({"default": {"Mode": mode, unit: number}});
    let governance = "object_lock = { mode = \"governance\", days = 30 }";
    let put = "PutObjectLockConfiguration";
    assert_left_alone(governance, locked(retention("GOVERNANCE", "Days", 30)));
    assert_left_alone(governance, locked(retention("GOVERNANCE", "Years", 1)));
    assert_left_alone(governance, locked(retention("COMPLIANCE", "Days", 90)));
    assert_calls(governance, locked(retention("GOVERNANCE", "Days", 7)), put);
    assert_calls(governance, locked(json!({"default": null})), put);
    assert_finding(governance, locked(Value::Null));
    // To lengthen what nobody can shorten is irreversible, too.
    assert_finding(governance, locked(retention("COMPLIANCE", "Days", 7)));
    let accepted = governance.replace(" }", ", accept_irreversible = true }");
    assert_calls(&accepted, locked(Value::Null), put);
    let compliance = accepted.replace("governance", "compliance");
    assert_finding(&compliance, locked(Value::Null));
    let known = compliance.replace("= true }", "= \"compliance\" }");
    assert_calls(&known, locked(Value::Null), put);
    let unversioned = json!({"versioning": {}, "object_lock": {"value": null}});
    assert_finding(&accepted, unversioned);
    // What was accepted for 30 days was not accepted for ten years.
    assert_finding(&known, locked(retention("GOVERNANCE", "Years", 10)));
    assert_calls(&known, locked(retention("GOVERNANCE", "Days", 30)), put);
    let only_root = json!({"versioning": {"status": "Suspended", "mfa_delete": "Enabled"},
        "object_lock": {"value": null}});
    let with_versioning = format!("versioning = true, {accepted}");
    let (calls, findings) = outcome(&with_versioning, only_root);
    assert_eq!((calls.len(), findings.len()), (0, 2));
}

#[test]
fn logs_go_where_s3_delivers_them() {
    let asked = "access_log = { bucket = \"logs\" }";
    let with = |logging: Value, target: Value| json!({"logging": {"value": logging}, "log_target": target});
    let there = json!({"TargetBucket": "logs", "TargetPrefix": "acme/"});
    let fit = json!({"region": "eu-west-1", "fitness": {"lets_in": true}});
    assert_left_alone(asked, with(there.clone(), fit.clone()));
    assert_calls(asked, with(Value::Null, fit.clone()), "PutBucketLogging");
    assert_finding(asked, with(Value::Null, Value::Null));
    assert_finding(asked, with(Value::Null, json!({"region": "us-east-1"})));
    for fault in ["has_retention", "requester_pays"] {
        let target = json!({"region": "eu-west-1", "fitness": {"lets_in": true, fault: true}});
        // Where logs go there already, they are not delivered: that is a finding, too.
        assert_finding(asked, with(there.clone(), target));
    }
    let closed = json!({"region": "eu-west-1", "fitness": {}});
    let proposal = judged(asked, with(Value::Null, closed));
    let target = Place::thing_in("logs", "eu-west-1");
    assert_eq!(proposal.after, [Prerequisite::at::<Buckets>(target)]);
    let mut read_by_others = there;
    read_by_others["TargetBucket"] = json!("old");
    read_by_others["TargetGrants"] = json!(1);
    assert_finding(asked, with(read_by_others, fit));
}

#[test]
fn a_bucket_of_logs_is_not_made_unfit_for_them() {
    let takes = json!({"lets_in": true});
    let kms = "encryption = { kms = \"alias/data\" }";
    assert_finding(
        kms,
        json!({"policy": null, "takes_logs": takes, "key": key("Enabled"),
            "encryption": encrypted("AES256", None, false)}),
    );
    let mut lock = locked(Value::Null);
    lock["takes_logs"] = takes;
    lock["policy"] = Value::Null;
    assert_finding(
        "object_lock = { mode = \"governance\", days = 30, accept_irreversible = true }",
        lock,
    );
}

#[test]
fn what_was_not_read_is_not_judged() {
    for guardrail in [
        "ssl_only = true",
        "public_access_block = true",
        "private = true",
        "ownership = \"enforced\"",
        "encryption = \"s3\"",
        "versioning = true",
        "noncurrent_days = 30",
        "mfa_delete = true",
        "abort_incomplete_uploads_days = 7",
        "access_log = { bucket = \"logs\" }",
        "object_lock = { mode = \"governance\", days = 30 }",
        "tags = { a = \"b\" }",
    ] {
        let standing = judged(guardrail, json!({})).standing;
        assert!(matches!(standing, Standing::Unknown(_)), "{guardrail}");
    }
}

#[test]
fn the_operations_that_are_not_asked_for_are_not_asked_permission_for() {
    let unused = Buckets::unused(&entries("[{ match = [\"*\"], ssl_only = true }]"));
    let used =
        ["GetBucketPolicy", "GetBucketPolicyStatus", "GetPublicAccessBlock", "PutBucketPolicy"];
    assert!(used.iter().all(|name| !unused.contains(name)));
    // Two operations are called GetPublicAccessBlock: of the account and of a bucket. The tags tell
    // whose a bucket is that would be changed.
    assert!(!unused.contains(&"GetBucketTagging"));
    assert_eq!(unused.len(), about::ABOUT.operations.len() - 6);
}

#[test]
fn tags_of_aws_do_not_count_and_the_51st_is_a_finding() {
    let tags = |own: usize, of_aws: usize| {
        let own = (0..own).map(|number| (format!("t{number}"), json!("x")));
        let of_aws = (0..of_aws).map(|number| (format!("aws:t{number}"), json!("x")));
        json!({"tags": own.chain(of_aws).collect::<serde_json::Map<_, _>>()})
    };
    let asked = "tags = { owner = \"data\" }";
    assert_calls(asked, tags(49, 3), "TagResource");
    assert_finding(asked, tags(50, 0));
}

#[test]
fn what_tells_the_statement_that_makes_a_bucket_public_is_permitted() {
    let uses = |guardrail: &str| {
        let entries = entries(&format!("[{{ match = [\"*\"], {guardrail} }}]"));
        !Buckets::unused(&entries).contains(&"GetBucketPolicy")
    };
    assert!(uses("private = true"));
    assert!(uses("encryption = { kms = \"alias/data\" }"));
    assert!(!uses("encryption = \"s3\""));
}

#[test]
fn who_gets_copies_and_whom_access_points_let_in_is_held_to_those_it_is_shared_with() {
    let own = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "*", "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}}}]});
    let point = json!({"Version": "2012-10-17", "Statement": [{"Sid": "In", "Effect": "Allow",
        "Principal": {"AWS": "999999999999"}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:eu-west-1:111122223333:accesspoint/way/object/*"}]});
    let live = |points: Value, replicas: Value| json!({"policy": own.to_string(), "access_points": points, "replicas": replicas});
    let points = json!([{"name": "way", "policy": point.to_string()}]);
    let replicas = json!([{"rule": "out", "bucket": "arn:aws:s3:::elsewhere",
        "account": "999999999999"}]);
    let nobody = "shared_with = []";
    assert_left_alone(nobody, live(json!([]), json!([])));
    assert_finding(nobody, live(points.clone(), json!([])));
    assert_finding(nobody, live(json!([]), replicas.clone()));
    let known = "shared_with = [\"999999999999\"]";
    assert_left_alone(known, live(points.clone(), replicas));
    let proposal = judged(nobody, live(points, json!([])));
    assert_eq!(
        proposal.findings[0].what,
        "its access point way: statement In allows 999999999999: s3:GetObject"
    );
}

#[test]
fn what_somebody_else_manages_is_changed_only_if_the_entry_says_so() {
    let live = json!({"policy": null, "owner": "terraform (by its tag ManagedBy)"});
    let left = judged("ssl_only = true", live.clone());
    assert!(matches!(left.standing, Standing::Elsewhere(_)), "{left:?}");
    assert!(left.writes.is_empty() && left.findings[0].remedy.contains("take_over = true"));
    let taken = judged("ssl_only = true, take_over = true", live.clone());
    assert_eq!(taken.writes.len(), 1);
    assert!(taken.notes[0].contains("may put it back"), "{taken:?}");
    let alone = judged("ssl_only = true", json!({"policy": null}));
    assert_eq!(alone.writes.len(), 1);
}

#[test]
fn access_logs_that_do_not_stay_are_a_finding() {
    let logs = "access_log = { bucket = \"logs\" }";
    let live = |short: Value| {
        json!({"logging": {"value": {"TargetBucket": "logs", "TargetPrefix": "acme/"}},
            "log_target": {"region": "eu-west-1", "fitness": {"lets_in": true, "short_lived": short}}})
    };
    assert_left_alone(logs, live(Value::Null));
    assert_finding(
        logs,
        live(json!("its lifecycle rule 'x' deletes them after 1 days, before 30")),
    );
}

#[test]
fn an_origin_access_identity_is_found_whichever_key_asks() {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Site", "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}]});
    let live = json!({"policy": policy.to_string()});
    assert_finding("sound_policy = true", live.clone());
    assert_finding("shared_with = []", live.clone());
    let known =
        "shared_with = [\"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1\"]";
    assert_left_alone(known, live.clone());
    let found = judged("shared_with = []", live).findings;
    assert!(found[0].what.contains("whose origin access identity"), "{found:?}");
}

#[test]
fn a_live_state_of_another_version_is_refused() {
    let read = |live: Value| serde_json::from_value::<Live>(live).is_ok();
    assert!(read(json!({"policy": null, "versioning": {}, "gone": false})));
    assert!(!read(json!({"versionning": {}})));
}

#[test]
fn an_undo_shows_the_keys_that_it_takes_back_and_without_our_rules_nothing_is_lost() {
    let tls = crate::policy::guardrails::deny_old_tls("arn:aws:s3:::acme", "1.2");
    let run = with_rules(
        json!({"status": "Enabled"}),
        vec![versions("theirs", 90), versions("baseline-noncurrent-versions", 30)],
    );
    let state = |policy: Value, live: &Value| -> Live {
        let mut live = live.clone();
        live["policy"] = policy;
        serde_json::from_value(live).expect("a live state")
    };
    let after = state(json!(json!({"Statement": [tls]}).to_string()), &run);
    let before = with_rules(json!({"status": "Enabled"}), vec![versions("theirs", 90)]);
    let past = Past { before: state(Value::Null, &before), live: after.clone(), after };
    let place = Place::thing_in("acme", "eu-west-1");
    let at = At { place: &place, context: &context() };
    let undone = restore::<Buckets>(&Vec::new(), &past, at);
    let shown: Vec<_> = undone.differences.iter().map(|d| (d.field.as_str(), d.loosens)).collect();
    let rule = "lifecycle.baseline-noncurrent-versions";
    assert_eq!(shown, [("minimum_tls", true), (rule, false)]);
    let calls: Vec<_> = undone.writes.iter().map(|write| write.operation().name).collect();
    assert_eq!(calls, ["DeleteBucketPolicy", "PutBucketLifecycleConfiguration"]);
}

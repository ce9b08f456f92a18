//! Statement guardrails: merged into policies of every shape, shown by statement, and taken out.

use super::setup::{age, create, s3};
use crate::account::{Account, block_on};
use crate::iam;
use serde_json::{Value, json};
use std::path::Path;

const HOME: &str = "us-east-1";

const ALL: &str = r#"
[[buckets]]
match = ["*"]
ssl_only = true
minimum_tls = "1.2"
only_from = { networks = ["203.0.113.0/24"], vpc_endpoints = ["vpce-1a2b3c4d"], organization = "o-exampleorgid" }
break_glass = ["arn:aws:iam::{account}:role/*BreakGlass"]
accept_lockout = true
presigned_max_age = "10m"
delete_requires_mfa = true
encrypted_uploads = true
"#;

async fn put(account: &Account, bucket: &str, policy: &str) {
    let request = s3(account, HOME).await.put_bucket_policy().bucket(bucket);
    let answer = request.policy(policy).send().await;
    answer.unwrap_or_else(|error| panic!("{bucket}: {error:?}"));
}

async fn get(account: &Account, bucket: &str) -> Option<Value> {
    let request = s3(account, HOME).await.get_bucket_policy().bucket(bucket);
    let text = request.send().await.ok()?.policy?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        single => vec![single.clone()],
    }
}

fn sids(policy: &Value) -> Vec<String> {
    let text = |own: &Value| own["Sid"].as_str().unwrap_or_default().to_owned();
    statements(policy).iter().map(text).collect()
}

/// S3 returns principals in another order each time.
fn in_order(mut policy: Value) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(list) => {
                list.iter_mut().for_each(sort);
                if list.iter().all(Value::is_string) {
                    list.sort_by_key(Value::to_string);
                }
            }
            Value::Object(table) => table.values_mut().for_each(sort),
            _ => {}
        }
    }
    sort(&mut policy);
    policy
}

#[test]
fn policies_of_every_shape_keep_their_statements_through_plan_apply_and_plan() {
    let account = Account::with(ALL);
    let folder = Path::new("tests/policies");
    let mut before = Vec::new();
    block_on(async {
        for file in std::fs::read_dir(folder).expect("the policies") {
            let path = file.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let bucket = format!("{name}-{}", account.id);
            let text = std::fs::read_to_string(&path).expect("a policy");
            create(&account, &bucket, HOME).await;
            age(&s3(&account, HOME).await, &bucket).await;
            let text = text.replace("BUCKET", &bucket);
            // A Deny that spares the account by name is to spare this one.
            let spared = format!("{}:root\"]}}", account.id);
            let text = text.replace("111122223333:root\"]}", &spared);
            put(&account, &bucket, &text).await;
            let stored = get(&account, &bucket).await.expect("a policy");
            before.push((bucket, stored));
        }
    });
    assert_eq!(before.len(), 12);
    account.assert_converges();
    block_on(async {
        for (bucket, before) in &before {
            let after = get(&account, bucket).await.expect("a policy");
            let (was, is) = (in_order(before.clone()), in_order(after));
            assert_eq!(was["Version"], is["Version"], "{bucket}");
            assert_eq!(was["Id"], is["Id"], "{bucket}");
            let (was, is) = (statements(&was), statements(&is));
            assert_eq!(was, is[..was.len()], "{bucket}");
            let ours = &is[was.len()..];
            assert!(ours.iter().all(|own| own["Effect"] == "Deny"), "{bucket}");
        }
    });
}

#[test]
fn false_takes_ours_out_and_leaves_the_rest_and_that_must_be_allowed() {
    let account = Account::with(
        "[password_policy]\nminimum_length = 14\n[[buckets]]\nmatch = [\"*\"]\nssl_only = true\nminimum_tls = \"1.2\"",
    );
    let (alone, shared) = (format!("alone-{}", account.id), format!("shared-{}", account.id));
    let theirs = json!({"Version": "2012-10-17", "Statement": {"Sid": "Theirs", "Effect": "Allow",
        "Principal": {"AWS": account.id}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{shared}/*")}});
    block_on(async {
        create(&account, &alone, HOME).await;
        create(&account, &shared, HOME).await;
        put(&account, &shared, &theirs.to_string()).await;
    });
    account.assert_converges();
    // What an entry no longer says is not managed any more.
    account.baseline(&account.in_one_region("[[buckets]]\nmatch = [\"*\"]\nssl_only = true"));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let off = "[password_policy]\nminimum_length = { exactly = 8 }\n[[buckets]]\nmatch = [\"*\"]\nssl_only = false\nminimum_tls = false";
    account.baseline(&account.in_one_region(off));
    let refused = account.run(&["apply", "--auto-approve"]).exits(6);
    // All that has to be said is told at once.
    let _ = refused
        .says(", and so would 2 places more")
        .says("--allow-loosening buckets --allow-loosening password_policy");
    let all = ["--allow-loosening", "buckets", "--allow-loosening", "password_policy"];
    let allowed = [&["apply", "--auto-approve"], &all[..]].concat();
    let _ = account.run(&allowed).exits(0);
    block_on(async {
        assert_eq!(get(&account, &alone).await, None);
        let left = get(&account, &shared).await.expect("a policy");
        assert_eq!(sids(&left), ["Theirs"]);
    });
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    account.assert_valid_requests();
}

const OFFICE: &str = "[[buckets]]\nmatch = [\"payroll-*\"]\n\
                      only_from = { networks = [\"203.0.113.0/24\"] }";

#[test]
fn nobody_locks_themselves_out_unless_the_baseline_accepts_it_for_the_bucket() {
    let account = Account::with(OFFICE);
    let bucket = format!("payroll-{}", account.id);
    block_on(create(&account, &bucket, HOME));
    let apply = |arguments: &[&str]| {
        let mut all = vec!["apply", "--auto-approve"];
        all.extend(arguments);
        account.run(&all)
    };
    let _ = apply(&[]).exits(0).says("it may keep out").says("--seen-from");
    let _ = apply(&["--seen-from", "198.51.100.9"]).exits(0).says("it would keep out");
    assert_eq!(block_on(get(&account, &bucket)), None);
    let _ = apply(&["--seen-from", "203.0.113.9"]).exits(0).says("1 change made");
    // What is there needs no second thought.
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let wider = "[[buckets]]\nmatch = [\"payroll-*\"]\naccept_lockout = true\n\
                 only_from = { networks = [\"203.0.113.0/24\", \"198.51.100.0/24\"] }";
    account.baseline(&account.in_one_region(wider));
    let refused = apply(&[]).exits(6);
    let _ = refused.says("only_from.Condition.NotIpAddress.aws:SourceIp").says("(loosens)");
    let _ = apply(&["--allow-loosening", "buckets"]).exits(0);
    let policy = block_on(get(&account, &bucket)).expect("a policy");
    let networks = &statements(&policy)[0]["Condition"]["NotIpAddress"]["aws:SourceIp"];
    assert_eq!(*networks, json!(["203.0.113.0/24", "198.51.100.0/24"]));
}

#[test]
fn a_plan_shows_what_becomes_of_statements_and_its_json_the_whole_policy() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nssl_only = true");
    let bucket = format!("a-{}", account.id);
    let theirs = json!({"Version": "2012-10-17", "Statement": {"Sid": "Theirs", "Effect": "Allow",
        "Principal": {"AWS": account.id}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")}});
    block_on(async {
        create(&account, &bucket, HOME).await;
        put(&account, &bucket, &theirs.to_string()).await;
    });
    let text = account.run(&["plan", "--calls"]).exits(0);
    let _ = text.says("\"kept\": [\"Theirs\"]").says("BaselineDenyInsecureTransport");
    let whole = account.run(&["plan", "--json"]).exits(0).json();
    let call = &whole["entries"][0]["calls"][0];
    assert_eq!(sids(&call["input"]["Policy"]), ["Theirs", "BaselineDenyInsecureTransport"]);
    assert_eq!(call["shown"]["Policy"]["Statement"]["kept"], json!(["Theirs"]));
}

#[test]
fn an_edit_between_plan_and_apply_is_not_written_over() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nssl_only = true");
    let bucket = format!("a-{}", account.id);
    block_on(create(&account, &bucket, HOME));
    let _ = account.run(&["plan", "--out", "saved.json"]).exits(0);
    let theirs = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Late", "Effect": "Allow",
        "Principal": {"AWS": account.id}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
    block_on(put(&account, &bucket, &theirs.to_string()));
    let before = account.writes().len();
    let _ = account.run(&["apply", "saved.json", "--auto-approve"]).exits(6);
    assert_eq!(account.writes().len(), before);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let policy = block_on(get(&account, &bucket)).expect("a policy");
    assert_eq!(sids(&policy), ["Late", "BaselineDenyInsecureTransport"]);
}

#[test]
fn a_deleted_role_is_named_and_pruned_where_that_is_allowed() {
    let account =
        Account::with("[[buckets]]\nmatch = [\"*\"]\nssl_only = true\nsound_policy = true");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, HOME).await;
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"AWS": account.id}, "Action": "sts:AssumeRole"}]});
        let role = iam::create_role(&account, "reader", &trust);
        let theirs = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Readers", "Effect": "Allow",
            "Principal": {"AWS": [role, account.id]}, "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
        put(&account, &bucket, &theirs.to_string()).await;
        iam::ask(&account, "DeleteRole", &[("RoleName", "reader")]);
    });
    let before = account.writes().len();
    let refused = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = refused.says("statement Readers").says("prune_deleted_principals = true");
    assert_eq!(account.writes().len(), before);
    let prune = "[[buckets]]\nmatch = [\"*\"]\nssl_only = true\nsound_policy = true\n\
                 prune_deleted_principals = true";
    account.baseline(&account.in_one_region(prune));
    account.assert_converges();
    let policy = block_on(get(&account, &bucket)).expect("a policy");
    assert_eq!(sids(&policy), ["Readers", "BaselineDenyInsecureTransport"]);
    let root = format!("arn:aws:iam::{}:root", account.id);
    assert_eq!(statements(&policy)[0]["Principal"], json!({"AWS": root}));
    // What that did is undone but for those who are no more.
    let history = account.run(&["history", "--json"]).exits(0).json();
    // Before it, one that changed nothing for the deleted role; behind it, one with nothing to do.
    let run = history["runs"][1]["began"]["run"].as_str().expect("a run").to_owned();
    let undo = ["undo", &run, "--auto-approve", "--allow-loosening", "buckets"];
    let _ = account.run(&undo).exits(0).says("deleted do not come back");
    let policy = block_on(get(&account, &bucket)).expect("a policy");
    assert_eq!(sids(&policy), ["Readers"]);
    assert_eq!(statements(&policy)[0]["Principal"], json!({"AWS": root}));
}

#[test]
fn a_public_policy_is_left_where_the_same_run_blocks_public_policies() {
    let account =
        Account::with("[public_access_block]\n[[buckets]]\nmatch = [\"*\"]\nssl_only = true");
    let bucket = |name: &str| format!("{name}-{}", account.id);
    block_on(async {
        for name in ["closed", "site"] {
            create(&account, &bucket(name), HOME).await;
        }
        let s3 = s3(&account, HOME).await;
        age(&s3, &bucket("site")).await;
        super::setup::publish(&s3, &bucket("site")).await;
    });
    // However long the policies take: the block may come before them.
    account.faults(json!([{"operation": "PutBucketPolicy", "action": "delay", "delay_ms": 700,
        "count": null}]));
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(0)
        .says("2 changes made")
        .says("the account's public access block, which this baseline asks for,");
    account.faults(json!([]));
    let site = block_on(get(&account, &bucket("site"))).expect("a policy");
    assert_eq!(sids(&site), ["Everybody"]);
    let closed = block_on(get(&account, &bucket("closed"))).expect("a policy");
    assert_eq!(sids(&closed), ["BaselineDenyInsecureTransport"]);
    let _ =
        account.run(&["drift"]).exits(2).says("statement Everybody allows anyone: s3:GetObject");
}

#[test]
fn a_public_policy_behind_a_block_is_told_before_s3_refuses_it() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nssl_only = true");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, HOME).await;
        let s3 = s3(&account, HOME).await;
        age(&s3, &bucket).await;
        super::setup::publish(&s3, &bucket).await;
        let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder();
        let block = block.block_public_policy(true).build();
        let request = s3.put_public_access_block().bucket(&bucket);
        let request = request.public_access_block_configuration(block);
        request.send().await.expect("blocked");
    });
    let before = account.writes().len();
    let refused = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = refused
        .says("statement Everybody allows anyone: s3:GetObject")
        .says("its own public access block");
    assert_eq!(account.writes().len(), before);
}

#[test]
fn statements_that_do_not_do_what_they_seem_to_are_told_with_what_does() {
    let account =
        Account::with("[[buckets]]\nmatch = [\"*\"]\nsound_policy = true\nshared_with = []");
    let bucket = format!("a-{}", account.id);
    let policy = json!({"Version": "2008-10-17", "Statement": [
        {"Sid": "Office", "Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "s3:*",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
            "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        {"Sid": "Homes", "Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "s3:*",
            "Resource": format!("arn:aws:s3:::{bucket}/${{aws:username}}/*")},
        {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "444455556666"},
            "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*")},
    ]});
    block_on(async {
        create(&account, &bucket, HOME).await;
        put(&account, &bucket, &policy.to_string()).await;
    });
    let told = account.run(&["drift"]).exits(2);
    let _ = told
        .says("statement Office opens a way in from 203.0.113.0/24 and closes none")
        .says("NotIpAddress")
        .says("statement Homes has a ${…}")
        .says("statement Partner allows 444455556666");
}

#[test]
fn logs_that_an_acl_lets_in_and_only_from_would_end_are_named_before() {
    let account = Account::with(OFFICE);
    let bucket = format!("payroll-{}", account.id);
    block_on(async {
        create(&account, &bucket, HOME).await;
        let s3 = s3(&account, HOME).await;
        age(&s3, &bucket).await;
        let group = "uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\"";
        let put = s3.put_bucket_acl().bucket(&bucket);
        let put = put.grant_write(group).grant_read_acp(group);
        put.send().await.expect("granted");
    });
    let _ = account.run(&["plan", "--seen-from", "203.0.113.9"]).exits(0).says(&format!(
        "{bucket}: the access logs of S3, which its ACL lets in, may no longer be delivered"
    ));
}

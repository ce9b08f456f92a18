//! Many buckets at once, in mixed states.

use super::setup::{age, create, publish, s3};
use crate::account::{Account, block_on};
use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};
use futures_util::future::join_all;
use serde_json::{Value, json};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-northeast-1"];

const GUARDRAILS: &str = r#"
[[buckets]]
match = ["*"]
except = ["site-*"]
ssl_only = true
public_access_block = true
ownership = "enforced"
encryption = "s3"
abort_incomplete_uploads_days = 7
access_log = { bucket = "logs-{account}-{region}" }

[[buckets]]
match = ["b-*"]
versioning = true
noncurrent_days = 30
tags = { owner = "data" }
"#;

/// Every bucket in another state than the one before.
async fn prepare(account: &Account, number: usize) {
    let region = REGIONS[number % 3];
    let kind = ["a", "b", "site"][(number / 3) % 3];
    let bucket = format!("{kind}-{number}-{}", account.id);
    create(account, &bucket, region).await;
    let s3 = s3(account, region).await;
    if number.is_multiple_of(2) {
        age(&s3, &bucket).await;
    }
    if number.is_multiple_of(4) {
        publish(&s3, &bucket).await;
    }
    if number.is_multiple_of(5) {
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
        let request = s3.put_bucket_versioning().bucket(&bucket);
        let request = request.versioning_configuration(on.build());
        request.send().await.expect("versioned");
    }
    if number.is_multiple_of(7) {
        let tag = Tag::builder().key("theirs").value("1").build().expect("a tag");
        let tags = Tagging::builder().tag_set(tag).build().expect("tags");
        let request = s3.put_bucket_tagging().bucket(&bucket).tagging(tags);
        request.send().await.expect("tagged");
    }
}

#[test]
fn fifty_buckets_in_three_regions_converge_in_one_apply() {
    let account = Account::new();
    account.baseline(&account.in_regions(&REGIONS, GUARDRAILS));
    block_on(async {
        for region in REGIONS {
            create(&account, &format!("logs-{}-{region}", account.id), region).await;
        }
        join_all((0..47).map(|number| prepare(&account, number))).await;
    });
    account.assert_converges();
    for entry in account.journal() {
        let (operation, params) = (&entry["operation"], &entry["params"]);
        let names_owner =
            ["ListBuckets", "CreateBucket"].contains(&operation.as_str().expect("a name"));
        if entry["service"] == "s3" && entry["write"] == false && !names_owner {
            assert_eq!(params["ExpectedBucketOwner"], account.id, "{entry}");
        }
    }
}

/// When S3 was asked something by the last run, in seconds, sorted.
fn asked_at(account: &Account, since: usize) -> Vec<f64> {
    let journal = account.journal();
    let of_s3 = journal[since..]
        .iter()
        .filter(|entry| ["s3", "s3control"].map(Value::from).contains(&entry["service"]));
    let mut times: Vec<f64> = of_s3.filter_map(|entry| entry["time"].as_f64()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn buckets_are_read_in_three_rounds_and_whose_those_are_that_would_change_in_a_fourth() {
    let all =
        GUARDRAILS.replace("except = [\"site-*\"]\n", "private = true\nsound_policy = true\n");
    let account = Account::new();
    account.baseline(&account.in_regions(&REGIONS, &all));
    block_on(async {
        for region in REGIONS {
            create(&account, &format!("logs-{}-{region}", account.id), region).await;
        }
        join_all([0, 3, 4, 8].map(|number| prepare(&account, number))).await;
    });
    // Every answer takes so long that what waited for one is told from what did not.
    account.faults(json!([{"action": "delay", "delay_ms": 1500, "count": null}]));
    let before = account.journal().len();
    let _ = account.run(&["plan"]).exits(0);
    let times = asked_at(&account, before);
    let operations = account.operations().split_off(before);
    let waited = times.windows(2).filter(|pair| pair[1] - pair[0] > 0.75);
    assert!(times.len() > 60, "{}", times.len());
    assert_eq!(waited.count(), 3, "{operations:?}");
}

#[test]
fn a_bucket_whose_policy_is_as_wanted_costs_one_request() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nssl_only = true");
    block_on(async {
        for number in 0..3 {
            create(&account, &format!("b-{number}-{}", account.id), "us-east-1").await;
        }
    });
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let before = account.journal().len();
    let _ = account.run(&["drift"]).exits(0);
    let operations = account.operations().split_off(before);
    let of_s3 = operations.iter().filter(|name| name.starts_with("s3:"));
    let mut of_s3: Vec<&str> = of_s3.map(String::as_str).collect();
    of_s3.sort_unstable();
    let policy = "s3:GetBucketPolicy";
    assert_eq!(of_s3, [policy, policy, policy, "s3:ListBuckets"]);
}

#[test]
fn a_guardrail_of_a_later_entry_says_where_it_came_from() {
    let account = Account::with(
        "[[buckets]]\nmatch = [\"*\"]\nssl_only = true\n[[buckets]]\nmatch = [\"b-*\"]\nversioning = true",
    );
    block_on(create(&account, &format!("b-{}", account.id), "us-east-1"));
    let run = account.run(&["plan"]).exits(0);
    let _ = run.says("asked for: ssl_only by match *; versioning by match b-*");
}

#[test]
fn forty_buckets_with_the_same_change_are_one_block_wherever_they_are_reported() {
    let account = Account::new();
    let regions = ["us-east-1", "eu-west-1"];
    let table =
        "[[buckets]]\nmatch = [\"*\"]\nabort_incomplete_uploads_days = 7\nversioning = true";
    account.baseline(&account.in_regions(&regions, table));
    let name = |number: usize| format!("data-{number:02}-{}", account.id);
    block_on(async {
        for number in 0..40 {
            create(&account, &name(number), regions[number % 2]).await;
        }
    });
    // Names that stand alone, and not in an address such as buckets@data-07.
    let named = |text: &str| {
        let words = text.split([' ', ',', '\n']);
        words.filter(|word| word.starts_with("data-")).count()
    };
    let plan = account.run(&["plan", "--out", "p.json"]).exits(0);
    let plan = plan.says("~ buckets in 40 places");
    let plan = plan.says("1. s3:PutBucketLifecycleConfiguration for each, in its own of 2 regions");
    assert_eq!(named(&plan.stdout), 40, "{}", plan.stdout);
    assert!(plan.stdout.lines().count() < 40, "{}", plan.stdout);
    let shown = account.run(&["show", "p.json", "--calls"]).exits(0);
    let _ = shown.says("\"Bucket\": \"NAME\"");
    let drift = account.run(&["drift"]).exits(2);
    assert_eq!(named(&drift.stdout), 40, "{}", drift.stdout);
    assert!(drift.stdout.lines().count() < 30, "{}", drift.stdout);
    let apply = account.run(&["apply", "p.json"]).exits(0);
    let _ = apply.says("40 changes made");
    let run =
        account.run(&["history", "--json"]).exits(0).json()["runs"][0]["began"]["run"].clone();
    let run = run.as_str().expect("the run");
    let history = account.run(&["history", run]).exits(0);
    let history = history.says("buckets in 40 places: done");
    assert_eq!(named(&history.stdout), 40, "{}", history.stdout);
    let whole = account.run(&["history", run, "--calls"]).exits(0);
    assert_eq!(whole.stdout.matches(": done (request ").count(), 80);
    let undo = account.run(&["undo", run, "--out", "u.json"]).exits(0);
    let undo = undo.says("buckets in 40 places");
    assert!(undo.stdout.lines().count() < 60, "{}", undo.stdout);
}

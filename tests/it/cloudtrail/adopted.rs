//! A trail that exists already, whoever made it.

use super::{Bench, OTHER, in_region};
use crate::account::{HOME, block_on};
use crate::emulator::emulator;
use serde_json::json;

#[test]
fn a_trail_that_is_there_is_adopted_and_keeps_what_the_baseline_leaves_out() {
    let bench = Bench::with("");
    bench.asks("");
    block_on(async {
        let create = bench.client.create_trail().name("audit");
        let create = create.s3_bucket_name(&bench.bucket).s3_key_prefix("p");
        create.send().await.expect("created");
        let before = bench.account.writes().len();
        let plan = bench.account.run(&["plan", "--json"]).exits(0).json();
        let fields: Vec<&str> = plan["entries"][0]["differences"]
            .as_array()
            .expect("differences")
            .iter()
            .filter_map(|difference| difference["field"].as_str())
            .collect();
        assert_eq!(fields, ["log_file_validation", "multi_region", "logging"]);
        bench.account.assert_converges();
        assert_eq!(
            bench.writes_since(before),
            ["cloudtrail:UpdateTrail", "cloudtrail:StartLogging"]
        );
        let trail = bench.only_trail().await;
        assert_eq!(trail.name(), Some("audit"));
        assert_eq!(trail.s3_key_prefix(), Some("p"));
        assert_eq!(trail.s3_bucket_name(), Some(&*bench.bucket));
    });
}

#[test]
fn a_trail_whose_home_is_another_region_is_changed_there() {
    let bench = Bench::with("");
    bench.asks(
        "data_events = [{ lambda = \"all\" }]\ninsights = [\"ApiErrorRateInsight\"]\nprefix = \"p\"",
    );
    block_on(async {
        bench.trail("audit", OTHER).await;
        let away = in_region(&bench.account, OTHER).await;
        let stopped = away.stop_logging().name("audit").send().await;
        stopped.expect("stopped");
    });
    let before = bench.account.writes().len();
    bench.account.assert_converges();
    let order = [
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutInsightSelectors",
        "cloudtrail:StartLogging",
    ];
    assert_eq!(bench.writes_since(before), order);
    let journal = bench.account.journal();
    let writes = journal.iter().filter(|entry| entry["write"] == json!(true)).skip(before);
    assert!(writes.into_iter().all(|entry| entry["region"] == OTHER));
}

#[test]
fn recording_that_was_stopped_is_drift_and_is_started_again() {
    let bench = Bench::with("");
    bench.account.assert_converges();
    block_on(async {
        let stop = bench.client.stop_logging().name("baseline");
        stop.send().await.expect("stopped");
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("cloudtrail  logging is false, expected true");
        let before = bench.account.writes().len();
        let _ = bench.account.run(&["apply", "--auto-approve"]).exits(0);
        assert_eq!(bench.writes_since(before), ["cloudtrail:StartLogging"]);
        assert!(bench.is_logging("baseline").await);
    });
}

#[test]
fn a_trail_that_is_recording_is_adopted_before_one_that_is_stopped() {
    let bench = Bench::with("");
    bench.asks("");
    block_on(async {
        bench.trail("aaa-old", HOME).await;
        bench.trail("zzz-live", OTHER).await;
        let stop = bench.client.stop_logging().name("aaa-old").send().await;
        stop.expect("stopped");
        let before = bench.account.operations().len();
        let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("No changes.");
        let mut asked = bench.account.operations().split_off(before);
        asked.sort();
        // The status of each of the two, and of none twice.
        assert_eq!(
            asked,
            [
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetEventSelectors",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:ListTags",
                "cloudtrail:ListTags",
                "iam:ListAccountAliases",
                "s3:GetBucketEncryption",
                "s3:GetBucketLifecycleConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketReplication",
                "s3:GetPublicAccessBlock",
                "s3:ListBuckets",
                "sts:GetCallerIdentity",
            ]
        );
        bench.asks("name = \"aaa-old\"");
        let plan = bench.account.run(&["plan"]).exits(0);
        let plan = plan.says("1 to change");
        let _ = plan.says("note: the trail zzz-live records all regions as well");
    });
}

#[test]
fn the_organizations_trail_is_enough() {
    let bench = Bench::with("data_events = [{ s3 = \"all\" }]");
    let id = &bench.account.id;
    let trail = json!({"Name": "org", "HomeRegion": OTHER});
    emulator().admin("account", json!({"account": id, "organization_trail": trail}));
    let before = bench.account.writes().len();
    bench.asks("");
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = plan.says(
        "managed by the organization's trail arn:aws:cloudtrail:eu-west-1:999999999999:trail/org",
    );
    bench.asks("data_events = [{ s3 = \"all\" }]");
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
    let _ = plan.says("does not log all data events asked for: s3");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
    // What a member may ask and is denied is not seen.
    bench.asks("");
    let denied = json!([{"operation": "GetTrailStatus", "action": "denied", "count": null}]);
    bench.account.faults(denied);
    let drift = bench.account.run(&["drift"]).exits(4);
    let _ = drift.says("allow cloudtrail:GetTrailStatus");
    bench.account.faults(json!([]));
    for (change, said) in [
        (json!({"Logging": false}), "there is no trail"),
        (
            json!({"LatestDeliveryError": "AccessDenied"}),
            "to deliver log files failed: AccessDenied",
        ),
        (
            json!({"HasCustomEventSelectors": true}),
            "whether it logs all management events cannot be verified",
        ),
    ] {
        let mut trail = json!({"Name": "org", "HomeRegion": OTHER});
        let change = change.as_object().expect("members").clone();
        trail.as_object_mut().expect("members").extend(change);
        let settings = json!({"account": id, "organization_trail": trail});
        emulator().admin("account", settings);
        let _ = bench.account.run(&["drift"]).exits(2).says(said);
    }
}

#[test]
fn switching_off_is_loosening() {
    let bench = Bench::with("");
    bench.account.assert_converges();
    bench.asks("enabled = false");
    let _ = bench
        .account
        .run(&["apply", "--auto-approve"])
        .exits(6)
        .says("--allow-loosening cloudtrail");
    let allowed = ["apply", "--auto-approve", "--allow-loosening", "cloudtrail"];
    let _ = bench.account.run(&allowed).exits(0);
    block_on(async { assert!(!bench.is_logging("baseline").await) });
}

#[test]
fn a_trail_that_a_stack_manages_is_left_alone_until_the_table_names_it() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("landing-zone", HOME).await;
        let tag = aws_sdk_cloudtrail::types::Tag::builder()
            .key("aws:cloudformation:stack-name")
            .value("landing-zone");
        let arn = bench.only_trail().await.trail_arn().expect("an ARN").to_owned();
        let tags = bench.client.add_tags().resource_id(arn);
        let tags = tags.tags_list(tag.build().expect("a tag"));
        tags.send().await.expect("tagged");
        let update = bench.client.update_trail().name("landing-zone");
        let update = update.enable_log_file_validation(false);
        update.send().await.expect("changed");
    });
    let before = bench.account.writes().len();
    let plan = bench.account.run(&["plan"]).exits(0);
    let _ = plan.says("managed by the CloudFormation stack landing-zone");
    let drift = bench.account.run(&["drift"]).exits(2);
    let _ = drift.says("the log files of the trail landing-zone cannot be validated");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
    bench.asks("name = \"landing-zone\"");
    let _ = bench.account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.writes_since(before), ["cloudtrail:UpdateTrail"]);
}

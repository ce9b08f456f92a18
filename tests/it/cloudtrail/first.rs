//! The first trail: made whole, once, whatever breaks off.

use super::Bench;
use crate::account::{Account, HOME, block_on};
use aws_sdk_cloudtrail::Client;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn a_first_trail_is_created_tagged_whole_and_recording() {
    let bench = Bench::with("");
    let before = bench.account.writes().len();
    bench.account.assert_converges();
    assert_eq!(bench.writes_since(before), ["cloudtrail:CreateTrail", "cloudtrail:StartLogging"]);
    block_on(async {
        let trail = bench.only_trail().await;
        assert_eq!(trail.name(), Some("baseline"));
        assert_eq!(trail.is_multi_region_trail(), Some(true));
        assert_eq!(trail.include_global_service_events(), Some(true));
        assert_eq!(trail.log_file_validation_enabled(), Some(true));
        assert!(bench.is_logging("baseline").await);
        let tags = bench.client.list_tags();
        let tags = tags.resource_id_list(trail.trail_arn().expect("an ARN"));
        let tags = tags.send().await.expect("read");
        let tags = tags.resource_tag_list()[0].tags_list();
        assert_eq!(tags[0].key(), "baseline");
    });
}

#[test]
fn the_log_bucket_is_made_first_and_the_trail_delivers_to_it() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\nprefix = \"audit\"");
    account.assert_converges();
    block_on(async {
        let client = Client::new(&account.sdk().await);
        let trails = client.describe_trails().send().await.expect("read");
        let bucket = format!("baseline-logs-{}-{HOME}", account.id);
        assert_eq!(trails.trail_list()[0].s3_bucket_name(), Some(&*bucket));
        assert_eq!(trails.trail_list()[0].s3_key_prefix(), Some("audit"));
    });
}

#[test]
fn an_apply_that_was_cut_off_is_finished_by_the_next() {
    let bench = Bench::with("data_events = [{ s3 = \"all\", access = \"write\" }]");
    for operation in ["PutEventSelectors", "StartLogging"] {
        let cut = json!([{"operation": operation, "action": "error", "status": 400,
                          "code": "UnsupportedOperationException", "message": "cut off"}]);
        bench.account.faults(cut);
        let _ = bench.account.run(&["apply", "--auto-approve"]).exits(3).says("cut off");
    }
    bench.account.faults(json!([]));
    bench.account.assert_converges();
    let creates = bench.account.writes();
    let creates = creates.iter().filter(|call| call.ends_with(":CreateTrail"));
    assert_eq!(creates.count(), 1);
}

#[test]
fn a_lost_answer_makes_no_second_trail_and_the_first_is_finished() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    bench.account.faults(json!([{"operation": "CreateTrail", "action": "apply_then_drop"}]));
    bench.account.assert_converges();
    block_on(async {
        bench.only_trail().await;
        assert!(bench.is_logging("baseline").await);
        assert_eq!(bench.selectors("baseline").await.len(), 2);
    });
}

#[test]
fn a_trail_that_another_hand_created_otherwise_is_not_mistaken_for_our_own() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    // Theirs comes between our look and our call: the call is held until it is there.
    let hold = json!([{"operation": "CreateTrail", "action": "delay", "delay_ms": 1500}]);
    bench.account.faults(hold);
    let before = bench.account.writes().len();
    let mut apply = bench.account.command(&["apply", "--auto-approve"]);
    let apply = apply.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let apply = apply.expect("the binary runs");
    while bench.account.writes().len() == before {
        std::thread::sleep(Duration::from_millis(20));
    }
    block_on(async {
        let theirs = bench.client.create_trail().name("baseline");
        let theirs = theirs.s3_bucket_name(&bench.bucket).send().await;
        theirs.expect("created");
    });
    let output = apply.wait_with_output().expect("it ends");
    let run = bench.account.came_to(output).exits(3);
    let _ = run.says("created meanwhile: run it again");
    let trail = block_on(bench.only_trail());
    assert_eq!(trail.is_multi_region_trail(), Some(false));
    assert_eq!(bench.writes_since(before).len(), 2, "ours and theirs");
}

#[test]
fn a_trail_that_another_hand_created_meanwhile_keeps_its_selectors() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    let exists = json!([{"operation": "CreateTrail", "action": "error", "status": 400,
                         "code": "TrailAlreadyExistsException", "message": "it exists"}]);
    bench.account.faults(exists);
    let before = bench.account.writes().len();
    let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
    let _ = apply.says("it exists; created meanwhile: run it again");
    assert_eq!(bench.writes_since(before), ["cloudtrail:CreateTrail"]);
}

#[test]
fn what_an_earlier_run_wrote_a_moment_ago_is_waited_for_as_well() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let bucket_only = ["apply", "--auto-approve", "--target", "log_bucket"];
    let _ = account.run(&bucket_only).exits(0);
    // The policy of the bucket has not reached CloudTrail yet.
    account.faults(json!([{"operation": "CreateTrail", "action": "error", "status": 403,
        "code": "InsufficientS3BucketPolicyException", "message": "not yet"}]));
    let apply = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = apply.says("waiting for the bucket's policy to reach");
}

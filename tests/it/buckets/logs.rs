//! Access logs, and the bucket that takes them.

use super::setup::{create, policy, s3};
use crate::account::{Account, block_on};
use crate::kms;
use aws_sdk_s3::types::{Payer, RequestPaymentConfiguration};
use serde_json::json;

const LOGGED: &str =
    "[[buckets]]\nmatch = [\"*\"]\naccess_log = { bucket = \"z-logs-{account}-{region}\" }";

async fn target_of(account: &Account, bucket: &str, region: &str) -> Option<(String, String)> {
    let request = s3(account, region).await.get_bucket_logging().bucket(bucket);
    let logging = request.send().await.expect("read").logging_enabled?;
    Some((logging.target_bucket, logging.target_prefix))
}

#[test]
fn buckets_log_within_their_region_and_the_target_lets_the_logs_in() {
    let account = Account::with(LOGGED);
    let id = &account.id;
    block_on(async {
        for (bucket, region) in [("a", "us-east-1"), ("b", "eu-west-1")] {
            create(&account, &format!("{bucket}-{id}"), region).await;
            create(&account, &format!("z-logs-{id}-{region}"), region).await;
        }
        account.assert_converges();
        let found = target_of(&account, &format!("b-{id}"), "eu-west-1").await;
        let wanted = (format!("z-logs-{id}-eu-west-1"), format!("b-{id}/"));
        assert_eq!(found, Some(wanted));
        let logs = format!("z-logs-{id}-us-east-1");
        assert_eq!(target_of(&account, &logs, "us-east-1").await, None);
        let policy = policy(&account, &logs, "us-east-1").await.expect("a policy");
        assert_eq!(policy["Statement"][0]["Sid"], "BaselineAccessLogDelivery");
    });
}

#[test]
fn a_target_that_cannot_take_logs_is_a_finding_and_nothing_is_sent() {
    let account = Account::with(LOGGED);
    let id = &account.id;
    let logs = format!("z-logs-{id}-us-east-1");
    block_on(create(&account, &format!("a-{id}"), "us-east-1"));
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says(&format!("the account has no bucket {logs} to log to"));
    block_on(create(&account, &logs, "eu-west-1"));
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("S3 delivers within a region only");
    block_on(async {
        let far = s3(&account, "eu-west-1").await;
        far.delete_bucket().bucket(&logs).send().await.expect("deleted");
        create(&account, &logs, "us-east-1").await;
        let payer = RequestPaymentConfiguration::builder().payer(Payer::Requester).build();
        let request = s3(&account, "us-east-1").await.put_bucket_request_payment();
        let request = request.bucket(&logs).request_payment_configuration(payer.expect("it"));
        request.send().await.expect("set");
    });
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("requesters pay for it");
    assert!(!account.writes()[before..].contains(&"s3:PutBucketLogging".to_owned()));
}

#[test]
fn a_bucket_of_logs_gets_no_key_that_would_stop_them() {
    let guardrails = "encryption = { kms = \"alias/data\" }";
    let account = Account::with(&format!("{LOGGED}\n{guardrails}"));
    let id = &account.id;
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &format!("z-logs-{id}-us-east-1"), "us-east-1").await;
    });
    kms::with_alias(&account, "alias/data");
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run
        .says("it takes the access logs of other buckets, which come only to buckets with SSE-S3");
    let _ = account.run(&["drift"]).exits(2);
    let puts = account.writes();
    let puts = puts.iter().filter(|write| *write == "s3:PutBucketEncryption");
    assert_eq!(puts.count(), 1);
}

#[test]
fn statements_of_others_in_the_target_stay() {
    let account = Account::with(LOGGED);
    let id = &account.id;
    let logs = format!("z-logs-{id}-us-east-1");
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &logs, "us-east-1").await;
        let theirs = json!({"Version": "2008-10-17", "Id": "x", "Statement": {"Sid": "Theirs",
            "Effect": "Allow", "Principal": {"AWS": id}, "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{logs}/*")}});
        let request = s3(&account, "us-east-1").await.put_bucket_policy().bucket(&logs);
        request.policy(theirs.to_string()).send().await.expect("theirs");
        account.assert_converges();
        let policy = policy(&account, &logs, "us-east-1").await.expect("a policy");
        assert_eq!(policy["Version"], "2008-10-17");
        assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
    });
}

#[test]
fn a_target_that_is_gone_does_not_take_its_sources_with_it() {
    let account = Account::with(
        "[[buckets]]\nmatch = [\"data-*\"]\nversioning = true\n\
         access_log = { bucket = \"logs-{account}\" }",
    );
    let bucket = |name: &str| format!("{name}-{}", account.id);
    block_on(async {
        create(&account, &bucket("data"), "us-east-1").await;
        create(&account, &bucket("logs"), "us-east-1").await;
    });
    // Only the target is asked who pays.
    account.faults(json!([{"operation": "GetBucketRequestPayment", "action": "error",
        "code": "NoSuchBucket", "status": 404, "count": null}]));
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift.says(&format!("the account has no bucket {}", bucket("logs"))).says("versioning");
}

//! What bucket policies are made to say.

use super::setup::{create, policy, s3};
use crate::account::{Account, block_on};
use serde_json::json;

const SSL_ONLY: &str = "[[buckets]]\nmatch = [\"*\"]\nexcept = [\"public-*\"]\nssl_only = true";

#[test]
fn buckets_of_all_regions_get_the_deny_and_exceptions_do_not() {
    let account = Account::with(SSL_ONLY);
    let id = &account.id;
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &format!("b-{id}"), "eu-west-1").await;
        create(&account, &format!("public-{id}"), "eu-west-1").await;
        account.assert_converges();
        for (bucket, region) in [("a", "us-east-1"), ("b", "eu-west-1")] {
            let policy = policy(&account, &format!("{bucket}-{id}"), region).await;
            let policy = policy.expect("a policy");
            assert_eq!(policy["Statement"][0]["Sid"], "BaselineDenyInsecureTransport");
        }
        assert!(policy(&account, &format!("public-{id}"), "eu-west-1").await.is_none());
    });
}

#[test]
fn an_equivalent_deny_under_another_name_is_left_as_it_is() {
    let account = Account::with(SSL_ONLY);
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let arn = format!("arn:aws:s3:::{bucket}");
        let theirs = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:*"],
            "Resource": [format!("{arn}/*"), arn], "Condition": {"Bool": {"aws:SecureTransport": false}},
        }]});
        let put = s3(&account, "us-east-1").await.put_bucket_policy().bucket(&bucket);
        put.policy(theirs.to_string()).send().await.expect("a policy");
    });
    let before = account.writes().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("No changes.");
    assert_eq!(account.writes().len(), before);
}

#[test]
fn a_bucket_that_may_not_be_seen_does_not_hide_the_others() {
    let account = Account::with(SSL_ONLY);
    let id = &account.id;
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &format!("b-{id}"), "eu-west-1").await;
    });
    let rule = json!({"operation": "GetBucketPolicy", "region": "eu-west-1", "action": "denied", "count": null});
    account.faults(json!([rule]));
    let run = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = run.says("s3:GetBucketPolicy").says("1 change made");
    block_on(async {
        assert!(policy(&account, &format!("a-{id}"), "us-east-1").await.is_some());
    });
}

#[test]
fn a_region_that_breaks_the_connection_does_not_stop_the_others() {
    let account = Account::with(SSL_ONLY);
    let id = &account.id;
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &format!("b-{id}"), "eu-west-1").await;
    });
    account
        .faults(json!([{"service": "s3", "region": "eu-west-1", "action": "drop", "count": null}]));
    let mut command = account.command(&["apply", "--auto-approve"]);
    command.env("AWS_MAX_ATTEMPTS", "1");
    let run = account.came_to(command.output().expect("the binary runs"));
    let _ = run.exits(4).says("unknown").says("1 change made");
}

//! The bucket that a trail delivers to, and the key that encrypts its files.

use super::{Bench, OTHER, delivery, in_region, s3};
use crate::account::{Account, block_on};
use crate::kms;
use serde_json::json;

#[test]
fn an_alias_stands_for_its_key() {
    let bench = Bench::with("");
    bench.asks(&format!("bucket = \"{}\"\nkms_key = \"alias/trail\"", bench.bucket));
    block_on(async {
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("there is no key alias/trail");
        let key = kms::with_alias(&bench.account, "alias/trail");
        bench.account.assert_converges();
        assert_eq!(bench.only_trail().await.kms_key_id(), Some(&*key.arn));
        key.disable(&bench.account);
        let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
        let _ = plan.says("cannot be used: it is Disabled");
    });
}

#[test]
fn a_bucket_that_refuses_log_files_fails_with_what_aws_says_and_later_is_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        let s3 = s3(&bench.account).await;
        let delete = s3.delete_bucket_policy().bucket(&bench.bucket);
        delete.send().await.expect("deleted");
        let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
        let _ = apply.says("InsufficientS3BucketPolicyException");
        let put = s3.put_bucket_policy().bucket(&bench.bucket);
        let put = put.policy(delivery(&bench.bucket, &bench.account.id).to_string());
        put.send().await.expect("set");
        bench.account.assert_converges();
        let delete = s3.delete_bucket_policy().bucket(&bench.bucket);
        delete.send().await.expect("deleted");
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("to deliver log files failed: AccessDenied");
    });
}

#[test]
fn a_statement_that_keeps_the_deliveries_out_is_named_before_anything_is_tried() {
    let account = Account::with("[log_bucket]\nname = \"logs-{account}\"\n[cloudtrail]");
    let bucket = format!("logs-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        s3.create_bucket().bucket(&bucket).send().await.expect("created");
        let deny = json!({"Version": "2012-10-17", "Statement": {
            "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}}});
        let put = s3.put_bucket_policy().bucket(&bucket).policy(deny.to_string());
        put.send().await.expect("set");
    });
    let _ = account.run(&["apply", "--auto-approve"]).says("statement OnlyEncrypted");
    assert!(!account.writes().contains(&"cloudtrail:CreateTrail".to_owned()));
    let _ = account.run(&["drift"]).exits(2).says("denies the deliveries of CloudTrail");
}

#[test]
fn a_key_in_another_region_than_the_bucket_is_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        let bucket = format!("eu-logs-{}", bench.account.id);
        let config = aws_sdk_s3::config::Builder::from(&bench.account.sdk().await);
        let config = config.force_path_style(true).region(aws_config::Region::new(OTHER));
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuWest1);
        let create = s3.create_bucket().bucket(&bucket);
        let create = create.create_bucket_configuration(place.build());
        create.send().await.expect("created");
        let put = s3.put_bucket_policy().bucket(&bucket);
        let put = put.policy(delivery(&bucket, &bench.account.id).to_string());
        put.send().await.expect("set");
        let away = in_region(&bench.account, OTHER).await;
        let create = away.create_trail().name("main").s3_bucket_name(&bucket);
        let create = create.is_multi_region_trail(true).include_global_service_events(true);
        create.send().await.expect("created");
        let key = kms::with_alias(&bench.account, "alias/trail");
        bench.asks("kms_key = \"alias/trail\"");
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("there is no key alias/trail in eu-west-1");
        bench.asks(&format!("kms_key = \"{}\"", key.arn));
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("the bucket of the trail is in eu-west-1");
    });
}

#[test]
fn a_key_of_another_account_is_looked_at_where_its_policy_allows_it() {
    let bench = Bench::with("");
    let theirs = Account::new();
    block_on(async {
        let key = kms::create(&theirs);
        bench.asks(&format!("bucket = \"{}\"\nkms_key = \"{}\"", bench.bucket, key.arn));
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("does not let this account look (kms:DescribeKey)");
        bench.account.assert_converges();
        key.let_in(&theirs, &[&theirs, &bench.account]);
        key.disable(&theirs);
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("cannot be used: it is Disabled");
    });
}

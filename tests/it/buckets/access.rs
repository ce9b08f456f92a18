//! Public access, ownership and what makes a bucket public.

use super::setup::{age, create, publish, s3};
use crate::account::{Account, block_on};
use aws_sdk_s3::types::BucketCannedAcl;
use serde_json::json;

fn guarded(guardrail: &str) -> Account {
    Account::with(&format!("[[buckets]]\nmatch = [\"*\"]\n{guardrail}"))
}

#[test]
fn an_old_bucket_gets_its_block_and_who_is_cut_off_is_named() {
    let account = guarded("public_access_block = true");
    let bucket = format!("site-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        age(&s3, &bucket).await;
        publish(&s3, &bucket).await;
        s3.put_bucket_acl()
            .bucket(&bucket)
            .acl(BucketCannedAcl::PublicRead)
            .send()
            .await
            .expect("an ACL");
    });
    let _ = account
        .run(&["plan"])
        .exits(0)
        .says(&format!("{bucket}: its policy is public"))
        .says(&format!("{bucket}: its ACL grants READ to everybody"));
    account.assert_converges();
    let before = account.journal().len();
    let _ = account.run(&["plan"]).exits(0);
    let mut asked = account.operations().split_off(before);
    asked.sort();
    let wanted = [
        "iam:ListAccountAliases",
        "s3:GetPublicAccessBlock",
        "s3:ListBuckets",
        "sts:GetCallerIdentity",
    ];
    assert_eq!(asked, wanted);
}

#[test]
fn who_would_be_cut_off_may_stay_unseen_and_is_said_so() {
    let account = guarded("public_access_block = true");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        age(&s3(&account, "us-east-1").await, &bucket).await;
    });
    account.faults(json!([{"operation": "GetBucketWebsite", "action": "denied", "count": null}]));
    let run = account.run(&["plan"]).exits(0);
    let _ = run.says("who would lose access could not be read: s3:GetBucketWebsite");
}

#[test]
fn the_account_wide_block_names_the_buckets_that_it_cuts_off() {
    let account = Account::with("[public_access_block]");
    let [site, fine] = ["site", "fine"].map(|name| format!("{name}-{}", account.id));
    block_on(async {
        create(&account, &fine, "eu-west-1").await;
        create(&account, &site, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        age(&s3, &site).await;
        publish(&s3, &site).await;
    });
    let run = account.run(&["plan"]).exits(0);
    let run = run.says(&format!("{site}: its policy is public"));
    assert!(!run.stdout.contains(&fine), "{}", run.stdout);
    account.assert_converges();
}

#[test]
fn acls_are_switched_off_and_those_that_grant_others_something_are_listed() {
    let account = guarded("ownership = \"enforced\"");
    let [shared, old] = ["shared", "old"].map(|name| format!("{name}-{}", account.id));
    block_on(async {
        let s3 = s3(&account, "us-east-1").await;
        for bucket in [&shared, &old] {
            create(&account, bucket, "us-east-1").await;
            age(&s3, bucket).await;
        }
        let acl = BucketCannedAcl::AuthenticatedRead;
        let request = s3.put_bucket_acl().bucket(&shared).acl(acl);
        request.send().await.expect("an ACL");
    });
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("READ to everybody with an AWS account").says("1 change made");
    assert_eq!(account.writes()[before..], ["s3:PutBucketOwnershipControls"]);
    let _ = account.run(&["drift"]).exits(2).says(&shared);
    account.assert_valid_requests();
}

/// The account is a part of the host name of S3 Control, which the emulator has none of.
fn to_the_emulator(request: &mut aws_smithy_runtime_api::client::orchestrator::HttpRequest) {
    let uri = request.uri().to_owned();
    let at = uri.find("/v2018").unwrap_or(0);
    let emulator = crate::emulator::emulator().endpoint();
    let _ = request.set_uri(format!("{emulator}{}", &uri[at..]));
}

#[test]
fn what_makes_a_bucket_public_is_a_finding_and_stays() {
    let account = guarded("private = true");
    let bucket = format!("site-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        age(&s3, &bucket).await;
        publish(&s3, &bucket).await;
        let control = aws_sdk_s3control::Client::new(&account.sdk().await);
        let half = aws_sdk_s3control::types::PublicAccessBlockConfiguration::builder();
        let half = half
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(false)
            .restrict_public_buckets(false)
            .build();
        let point = control
            .create_access_point()
            .account_id(&account.id)
            .name("open")
            .bucket(&bucket)
            .public_access_block_configuration(half.clone());
        let point = point.customize().mutate_request(to_the_emulator);
        point.send().await.expect("an access point");
        let region = aws_sdk_s3control::types::Region::builder().bucket(&bucket).build();
        let details = aws_sdk_s3control::types::CreateMultiRegionAccessPointInput::builder()
            .name("everywhere")
            .public_access_block(half)
            .regions(region.expect("a region"))
            .build();
        let point = control
            .create_multi_region_access_point()
            .account_id(&account.id)
            .client_token("once")
            .details(details.expect("details"));
        let point = point.customize().mutate_request(to_the_emulator);
        point.send().await.expect("a multi-region access point");
    });
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run
        .says("its policy makes it public: statement Everybody allows anyone: s3:GetObject")
        .says("its access point open does not block")
        .says("its access point everywhere does not block");
    assert_eq!(account.writes().len(), before);
}

#[test]
fn every_statement_that_makes_a_bucket_public_is_named_with_what_it_allows() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nprivate = true");
    let bucket = format!("site-{}", account.id);
    let allow = |sid: &str, action: &str| {
        json!({"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": action,
            "Resource": format!("arn:aws:s3:::{bucket}/*")})
    };
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        age(&s3, &bucket).await;
        let statements = [allow("Read", "s3:GetObject"), allow("Zz", "s3:Put*")];
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let put = s3.put_bucket_policy().bucket(&bucket);
        put.policy(policy.to_string()).send().await.expect("public");
    });
    let _ = account.run(&["drift"]).exits(2).says(
        "its policy makes it public: statement Read allows anyone: s3:GetObject; \
         statement Zz allows anyone: s3:Put*",
    );
}

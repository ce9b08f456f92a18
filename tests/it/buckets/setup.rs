//! Buckets of an emulated account, made and looked at behind the tool.

use crate::account::Account;
use aws_config::Region;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule,
};
use serde_json::{Value, json};

pub async fn s3(account: &Account, region: &str) -> Client {
    let config = aws_sdk_s3::config::Builder::from(&account.sdk().await)
        .force_path_style(true)
        .region(Region::new(region.to_owned()));
    Client::from_conf(config.build())
}

pub async fn create(account: &Account, bucket: &str, region: &str) {
    let place = BucketLocationConstraint::from(region);
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    let place = Some(place).filter(|_| region != "us-east-1");
    let request = s3(account, region).await.create_bucket().bucket(bucket);
    request.set_create_bucket_configuration(place).send().await.expect("created");
}

/// Makes a bucket as those of years ago: ACLs count, and nothing blocks public access.
pub async fn age(s3: &Client, bucket: &str) {
    s3.delete_public_access_block().bucket(bucket).send().await.expect("opened");
    let rule = OwnershipControlsRule::builder()
        .object_ownership(ObjectOwnership::ObjectWriter)
        .build()
        .expect("a rule");
    let controls = OwnershipControls::builder().rules(rule).build();
    let request = s3.put_bucket_ownership_controls().bucket(bucket);
    request.ownership_controls(controls.expect("controls")).send().await.expect("aged");
}

pub async fn policy(account: &Account, bucket: &str, region: &str) -> Option<Value> {
    let answer = s3(account, region).await.get_bucket_policy().bucket(bucket).send().await;
    let text = answer.ok()?.policy?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Gives everybody the objects of a bucket.
pub async fn publish(s3: &Client, bucket: &str) {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Everybody",
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
    let request = s3.put_bucket_policy().bucket(bucket);
    request.policy(policy.to_string()).send().await.expect("public");
}

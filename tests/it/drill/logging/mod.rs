//! What moves against the trail, the recorder and the bucket that they deliver to have in common.

pub mod log_bucket;
pub mod recorder;
pub mod trail;

use super::{Intruder, STRANGER};
use serde_json::{Value, json};

/// A bucket of the account beside the log bucket, as AWS documents it for CloudTrail and Config.
fn an_archive(intruder: &mut Intruder) -> String {
    let (bucket, account) = (archive(intruder), &intruder.account);
    let arn = format!("arn:aws:s3:::{bucket}");
    let acl = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let check = |service: &str| {
        json!({"Effect": "Allow", "Principal": {"Service": service},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": arn})
    };
    let write = |service: &str, rest: &str| {
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject",
            "Resource": format!("{arn}/AWSLogs/{account}/{rest}"), "Condition": acl})
    };
    let (trail, config) = ("cloudtrail.amazonaws.com", "config.amazonaws.com");
    let statements =
        json!([check(trail), write(trail, "*"), check(config), write(config, "Config/*")]);
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    intruder.s3("PUT", &format!("/{bucket}"), "");
    intruder.s3("PUT", &format!("/{bucket}?policy"), &policy);
    bucket
}

/// Lets a stranger read what is below an ARN.
fn let_in(arn: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "s3:GetObject",
        "Resource": format!("{arn}/*")})
}

/// An access point that lets a stranger in, and a policy of the bucket that leaves it to access points.
fn an_access_point(intruder: &mut Intruder, bucket: &str) {
    let arn = format!("arn:aws:s3:::{bucket}");
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": intruder.account}}});
    intruder.add_statement(bucket, open);
    let made = format!(
        "<CreateAccessPointRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">\
         <Bucket>{bucket}</Bucket></CreateAccessPointRequest>"
    );
    let answer = intruder.wire.s3control("accesspoint/way", Some(&made));
    assert!(!answer.contains("<Error>"), "{answer}");
    let point = intruder.fill("arn:aws:s3:us-east-1:{account}:accesspoint/way/object");
    let policy = json!({"Version": "2012-10-17", "Statement": [let_in(&point)]}).to_string();
    let policy = policy.replace('"', "&quot;");
    let put = format!(
        "<PutAccessPointPolicyRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">\
         <Policy>{policy}</Policy></PutAccessPointPolicyRequest>"
    );
    let answer = intruder.wire.s3control("accesspoint/way/policy", Some(&put));
    assert!(!answer.contains("<Error>"), "{answer}");
}

/// Logs become objects that take hours to read.
fn freeze(intruder: &mut Intruder, bucket: &str, more: &str) {
    let body = format!(
        "<LifecycleConfiguration>{more}<Rule><ID>cheap</ID><Status>Enabled</Status>\
         <Filter><Prefix></Prefix></Filter><Transition><Days>0</Days>\
         <StorageClass>DEEP_ARCHIVE</StorageClass></Transition></Rule></LifecycleConfiguration>"
    );
    intruder.s3("PUT", &format!("/{bucket}?lifecycle"), &body);
}

/// Nobody in the account may read what is in a bucket.
fn hide(intruder: &mut Intruder, bucket: &str) {
    let statement = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")});
    intruder.add_statement(bucket, statement);
}

fn set_topic_policy(intruder: &mut Intruder, name: &str, policy: &Value) {
    let topic = intruder.fill("&TopicArn=arn:aws:sns:us-east-1:{account}:");
    let policy = format!("{topic}{name}&AttributeName=Policy&AttributeValue={policy}");
    intruder.wire.sns("SetTopicAttributes", &policy);
}

fn delete_topic(intruder: &mut Intruder, name: &str) {
    let topic = intruder.fill("&TopicArn=arn:aws:sns:us-east-1:{account}:");
    intruder.wire.sns("DeleteTopic", &format!("{topic}{name}"));
}

/// The name of that bucket.
fn archive(intruder: &Intruder) -> String {
    intruder.fill("audit-{account}")
}

/// New logs are encrypted with a key of another account.
fn use_a_strangers_key(intruder: &mut Intruder, bucket: &str) {
    let body = format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>\
         arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555\
         </KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>\
         </ServerSideEncryptionConfiguration>"
    );
    intruder.s3("PUT", &format!("/{bucket}?encryption"), &body);
}

/// Nothing of a principal's is written into a bucket any more.
fn deny_writes(intruder: &mut Intruder, bucket: &str, principal: Value) {
    let statement = json!({"Effect": "Deny", "Principal": principal, "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")});
    intruder.add_statement(bucket, statement);
}

pub const REPLICATION: &str = "<ReplicationConfiguration>\
    <Role>arn:aws:iam::{account}:role/replication</Role><Rule><ID>x</ID><Status>Enabled</Status>\
    <Priority>1</Priority><Filter><Prefix></Prefix></Filter>\
    <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
    <Destination><Bucket>arn:aws:s3:::{bucket}</Bucket></Destination>\
    </Rule></ReplicationConfiguration>";

/// A topic that lets one service publish for this account.
fn topic_for(intruder: &mut Intruder, name: &str, service: &str) {
    intruder.wire.sns("CreateTopic", &format!("&Name={name}"));
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "SNS:Publish",
        "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": intruder.account}},
    }]});
    set_topic_policy(intruder, name, &policy);
}

//! The statements that let CloudTrail and Config deliver.

use crate::baseline::hex;
use crate::control::{Context, Delivery};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What lets CloudTrail and Config of this account deliver, and nobody else's. Sources: CloudTrail
/// User Guide, "Amazon S3 bucket policy for CloudTrail"; Config Developer Guide, "Permissions for
/// the Amazon S3 Bucket".
pub(super) fn delivery_statements(arn: &str, context: &Context) -> Vec<Value> {
    context
        .deliveries
        .iter()
        .flat_map(|delivery| statements_of(delivery, arn, context))
        .collect()
}

fn statements_of(delivery: &Delivery, arn: &str, context: &Context) -> Vec<Value> {
    let account = &context.account;
    let under = |prefix: &Option<String>, rest: &str| match prefix {
        Some(prefix) => format!(
            "{arn}/{}/AWSLogs/{account}/{rest}",
            prefix.trim_matches('/')
        ),
        None => format!("{arn}/AWSLogs/{account}/{rest}"),
    };
    let allow = |sid: &str, service: &str, action: &str, resource: &str, condition: Value| {
        json!({
            "Sid": format!("{sid}{}", fingerprint(resource, &condition)),
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": action,
            "Resource": resource,
            "Condition": {"StringEquals": condition},
        })
    };
    let acl = "bucket-owner-full-control";
    match delivery {
        Delivery::CloudTrail { trail, prefix } => {
            let service = "cloudtrail.amazonaws.com";
            let (partition, home) = (&context.partition, &context.home_region);
            let source = format!("arn:{partition}:cloudtrail:{home}:{account}:trail/{trail}");
            let write = json!({"aws:SourceArn": source, "s3:x-amz-acl": acl});
            vec![
                allow(
                    "BaselineCloudTrailAclCheck",
                    service,
                    "s3:GetBucketAcl",
                    arn,
                    json!({"aws:SourceArn": source}),
                ),
                allow(
                    "BaselineCloudTrailWrite",
                    service,
                    "s3:PutObject",
                    &under(prefix, "*"),
                    write,
                ),
            ]
        }
        Delivery::Config { prefix } => {
            let service = "config.amazonaws.com";
            let ours = json!({"aws:SourceAccount": account});
            let write = json!({"aws:SourceAccount": account, "s3:x-amz-acl": acl});
            let objects = under(prefix, "Config/*");
            vec![
                allow(
                    "BaselineConfigAclCheck",
                    service,
                    "s3:GetBucketAcl",
                    arn,
                    ours.clone(),
                ),
                allow(
                    "BaselineConfigListCheck",
                    service,
                    "s3:ListBucket",
                    arn,
                    ours,
                ),
                allow(
                    "BaselineConfigWrite",
                    service,
                    "s3:PutObject",
                    &objects,
                    write,
                ),
            ]
        }
    }
}

/// Tells deliveries apart: that of another trail, or under another prefix, gets a statement of its
/// own, and the statement of the one before stays for as long as somebody may deliver by it.
fn fingerprint(resource: &str, condition: &Value) -> String {
    hex(&Sha256::digest(format!("{resource} {condition}"))[..4])
}

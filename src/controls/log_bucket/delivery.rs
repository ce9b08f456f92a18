//! The statements that let services deliver.

use crate::control::{Context, Delivery, Exporter};
use crate::policy::Policy;
use crate::s3::{self, OWNER_HAS_ALL, Shipment};
use crate::text::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What lets services of this account deliver, and nobody else's. Sources: CloudTrail User Guide,
/// "Amazon S3 bucket policy for CloudTrail"; Config Developer Guide, "Permissions for the Amazon S3
/// Bucket"; S3 User Guide, "Permissions for log delivery".
pub(super) fn delivery_statements(
    arn: &str,
    deliveries: &[Delivery],
    context: &Context,
) -> Vec<Value> {
    let each = deliveries.iter();
    each.flat_map(|delivery| statements_of(delivery, arn, context)).collect()
}

/// What is delivered, as far as the policy of a bucket is about it.
pub(super) fn shipments<'a>(
    arn: &'a str,
    deliveries: &'a [Delivery],
    context: &'a Context,
) -> impl Iterator<Item = Shipment<'a>> {
    deliveries.iter().map(move |delivery| shipment(delivery, arn, context))
}

/// The same, without what statements of others let in already.
pub(super) fn needed_statements(
    arn: &str,
    policy: Option<&Policy>,
    deliveries: &[Delivery],
    context: &Context,
) -> Vec<Value> {
    let needed = |delivery: &Delivery| {
        let shipment = shipment(delivery, arn, context);
        let mut statements = statements_of(delivery, arn, context);
        let others = policy.map(others);
        statements.retain(|own| {
            !others.as_ref().is_some_and(|others| shipment.is_let_in_by(others, own))
        });
        statements
    };
    deliveries.iter().flat_map(needed).collect()
}

/// A policy without the statements of ours: what is left may let deliveries in as well.
fn others(policy: &Policy) -> Policy {
    let mut others = policy.clone();
    let own = policy.statements().iter().filter(|own| own.is_own());
    let sids: Vec<&str> = own.filter_map(|own| own.sid()).collect();
    for sid in sids {
        others.remove(sid);
    }
    others
}

/// What is delivered, as far as the policy of a bucket is about it.
fn shipment<'a>(delivery: &'a Delivery, arn: &'a str, context: &'a Context) -> Shipment<'a> {
    let account = &context.account;
    let (service, source, objects) = match delivery {
        Delivery::AccessLogs { prefix, .. } => (ACCESS_LOGS, None, format!("{arn}/{prefix}*")),
        Delivery::CloudTrail { trail, prefix } => {
            ("cloudtrail.amazonaws.com", Some(trail.as_str()), under(arn, prefix, account, "*"))
        }
        Delivery::Config { prefix } => {
            ("config.amazonaws.com", None, under(arn, prefix, account, "Config/*"))
        }
        Delivery::Findings { by, prefix } => {
            let objects = match prefix {
                Some(prefix) => format!("{arn}/{prefix}/*"),
                None => format!("{arn}/*"),
            };
            (by.principal(), None, objects)
        }
    };
    Shipment { service, account, source, bucket: arn, objects, key: None, now: context.now }
}

/// The service that delivers the access logs of buckets.
const ACCESS_LOGS: &str = "logging.s3.amazonaws.com";

fn under(arn: &str, prefix: &Option<String>, account: &str, rest: &str) -> String {
    match prefix {
        Some(prefix) => format!("{arn}/{}/AWSLogs/{account}/{rest}", prefix.trim_matches('/')),
        None => format!("{arn}/AWSLogs/{account}/{rest}"),
    }
}

fn statements_of(delivery: &Delivery, arn: &str, context: &Context) -> Vec<Value> {
    let shipment = shipment(delivery, arn, context);
    let service = shipment.service;
    let allow = |sid: &str, action: &str, resource: &str, condition: Value| {
        json!({
            "Sid": format!("{sid}{}", fingerprint(resource, &condition)),
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": action,
            "Resource": resource,
            "Condition": {"StringEquals": condition},
        })
    };
    let objects = &shipment.objects;
    match delivery {
        Delivery::AccessLogs { of, .. } => {
            let condition = json!({
                "StringEquals": {"aws:SourceAccount": &context.account},
                "ArnLike": {"aws:SourceArn": s3::arn(&context.partition, of)},
            });
            let mut statement =
                allow("BaselineAccessLogs", "s3:PutObject", objects, condition.clone());
            statement["Condition"] = condition;
            vec![statement]
        }
        Delivery::CloudTrail { trail, .. } => {
            let ours = json!({"aws:SourceArn": trail});
            let write = json!({"aws:SourceArn": trail, "s3:x-amz-acl": OWNER_HAS_ALL});
            vec![
                allow("BaselineCloudTrailAclCheck", "s3:GetBucketAcl", arn, ours),
                allow("BaselineCloudTrailWrite", "s3:PutObject", objects, write),
            ]
        }
        Delivery::Findings { by, .. } => {
            let account = &context.account;
            let condition = json!({
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": by.sources(&context.partition, account)},
            });
            let names = match by {
                Exporter::GuardDuty => ["BaselineGuardDutyCheck", "BaselineGuardDutyWrite"],
                Exporter::Macie => ["BaselineMacieCheck", "BaselineMacieWrite"],
            };
            let held = |sid, action, resource| {
                let mut statement = allow(sid, action, resource, condition.clone());
                statement["Condition"] = condition.clone();
                statement
            };
            vec![
                held(names[0], "s3:GetBucketLocation", arn),
                held(names[1], "s3:PutObject", objects.as_str()),
            ]
        }
        Delivery::Config { .. } => {
            let account = &context.account;
            let ours = json!({"aws:SourceAccount": account});
            let write = json!({"aws:SourceAccount": account, "s3:x-amz-acl": OWNER_HAS_ALL});
            vec![
                allow("BaselineConfigAclCheck", "s3:GetBucketAcl", arn, ours.clone()),
                allow("BaselineConfigListCheck", "s3:ListBucket", arn, ours),
                allow("BaselineConfigWrite", "s3:PutObject", objects, write),
            ]
        }
    }
}

/// Tells deliveries apart: that of another trail, or under another prefix, gets a statement of its
/// own, and the statement of the one before stays for as long as somebody may deliver by it.
fn fingerprint(resource: &str, condition: &Value) -> String {
    hex(&Sha256::digest(format!("{resource} {condition}"))[..4])
}

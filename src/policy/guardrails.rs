//! The statements of ours: each a Deny under a Sid of its own, for a bucket and its objects.
//!
//! They hold for everybody, root and other accounts included, whatever else allows the request.

use super::network::Network;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The Sid of [`deny_insecure_transport`].
pub const INSECURE_TRANSPORT: &str = "BaselineDenyInsecureTransport";
/// The Sid of [`deny_old_tls`].
pub const OLD_TLS: &str = "BaselineDenyOldTls";
/// The Sid of [`deny_elsewhere`].
pub const ELSEWHERE: &str = "BaselineDenyElsewhere";
/// The Sid of [`deny_old_presigned`].
pub const OLD_PRESIGNED: &str = "BaselineDenyOldPresigned";
/// The Sid of [`deny_presigned_v2`].
pub const PRESIGNED_V2: &str = "BaselineDenyPresignedV2";
/// The Sid of [`deny_delete_without_mfa`].
pub const DELETE_WITHOUT_MFA: &str = "BaselineDenyDeleteWithoutMfa";
/// The Sids of [`deny_other_encryption`].
pub const OTHER_ENCRYPTION: [&str; 3] =
    ["BaselineDenyOtherEncryption", "BaselineDenyOtherKeys", "BaselineDenyCustomerKeys"];

/// What [`deny_elsewhere`] leaves out, so that whoever it locks out can still mend the policy. The
/// policies of callers decide who that may be.
const POLICY_ACTIONS: [&str; 3] =
    ["s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"];

/// The Deny of requests to a bucket and its objects that are not encrypted.
pub fn deny_insecure_transport(bucket_arn: &str) -> Value {
    let condition = json!({"Bool": {"aws:SecureTransport": "false"}});
    deny(INSECURE_TRANSPORT, bucket_arn, condition)
}

/// The Deny of requests over a TLS older than a version: `1.2` or `1.3`. It does not match plain
/// HTTP, which has no version. Source: S3 User Guide, "Amazon S3 condition key examples".
pub fn deny_old_tls(bucket_arn: &str, version: &str) -> Value {
    let condition = json!({"NumericLessThan": {"s3:TlsVersion": version}});
    deny(OLD_TLS, bucket_arn, condition)
}

/// Where requests may come from: a request passes that any one of these lets pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnlyFrom {
    /// Addresses as the internet sees them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// The ids of VPC endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoints: Vec<String>,
    /// The ids of VPCs with an endpoint for S3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vpcs: Vec<String>,
    /// The id of the organization whose principals may come from anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Whom [`deny_elsewhere`] spares, wherever they come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spared {
    /// ARNs of principals, or patterns of such.
    pub principals: Vec<String>,
    /// Accounts of AWS that deliver logs.
    pub accounts: Vec<String>,
}

/// The Deny of requests that come from nowhere known.
///
/// It spares AWS services, by themselves or on behalf of a caller, the service-linked roles of the
/// account, and those named: break-glass principals and accounts that deliver logs. Requests without
/// an address, an endpoint or an organization are denied, anonymous ones too. It leaves out the
/// three actions on the policy itself. Sources: IAM User Guide, "AWS global condition context
/// keys"; "Building a data perimeter on AWS", network perimeter.
pub fn deny_elsewhere(
    bucket_arn: &str,
    from: &OnlyFrom,
    spared: &Spared,
    partition: &str,
    account: &str,
) -> Value {
    let mut condition = Map::new();
    if !from.networks.is_empty() {
        let networks: Vec<String> = from.networks.iter().map(Network::to_string).collect();
        condition.insert("NotIpAddress".to_owned(), json!({"aws:SourceIp": networks}));
    }
    let mut different = Map::new();
    let sources = [
        ("aws:SourceVpce", &from.vpc_endpoints),
        ("aws:SourceVpc", &from.vpcs),
        ("aws:PrincipalAccount", &spared.accounts),
    ];
    for (key, values) in sources {
        if !values.is_empty() {
            different.insert(key.to_owned(), json!(values));
        }
    }
    if let Some(organization) = &from.organization {
        different.insert("aws:PrincipalOrgID".to_owned(), json!(organization));
    }
    if !different.is_empty() {
        condition.insert("StringNotEqualsIfExists".to_owned(), different.into());
    }
    // Anonymous requests have neither of the two keys, and are no service's.
    let no_service = json!({"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"});
    condition.insert("BoolIfExists".to_owned(), no_service);
    let linked = format!("arn:{partition}:iam::{account}:role/aws-service-role/*");
    let mut principals = vec![linked];
    principals.extend(spared.principals.iter().cloned());
    let principals = json!({"aws:PrincipalArn": principals});
    condition.insert("ArnNotLikeIfExists".to_owned(), principals);
    json!({
        "Sid": ELSEWHERE,
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": POLICY_ACTIONS,
        "Resource": [bucket_arn, format!("{bucket_arn}/*")],
        "Condition": condition,
    })
}

/// The Deny of presigned requests whose signature is older than this. Requests that are signed in
/// a header are not matched. Source: S3 API Reference, "Bucket policy examples using condition keys".
pub fn deny_old_presigned(bucket_arn: &str, age: Duration) -> Value {
    let condition = json!({
        "StringEquals": {"s3:authType": "REST-QUERY-STRING"},
        "NumericGreaterThan": {"s3:signatureAge": age.as_millis().to_string()},
    });
    deny(OLD_PRESIGNED, bucket_arn, condition)
}

/// The Deny of presigned requests of Signature Version 2, whose age S3 does not know: it takes it for
/// 0. Source: S3 API Reference, "Signature Version 4 Authentication Specific Policy Keys".
pub fn deny_presigned_v2(bucket_arn: &str) -> Value {
    let signed = json!({"s3:authType": "REST-QUERY-STRING", "s3:signatureversion": "AWS"});
    deny(PRESIGNED_V2, bucket_arn, json!({"StringEquals": signed}))
}

/// The Deny of deletions by whoever did not sign in with MFA; access keys of users never did.
pub fn deny_delete_without_mfa(bucket_arn: &str) -> Value {
    let condition = json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}});
    let mut statement = deny(DELETE_WITHOUT_MFA, bucket_arn, condition);
    statement["Action"] = json!(["s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion"]);
    statement
}

/// What uploads that do not say otherwise are encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultEncryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The key of KMS, by its ARN; with KMS and without a key it is the one that AWS manages for S3
    /// in this account.
    pub key: Option<String>,
}

/// The key of the header that asks for an algorithm.
pub const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
/// The key of the header that asks for a key of KMS.
pub const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// The Denies of uploads that ask for another algorithm or key than the default, or bring keys of
/// their own: what an upload asks for overrides the default. Uploads that ask for nothing pass, and
/// so do those of AWS services, which deliver logs with the key they are set up with. An upload that
/// asks for KMS and names no key gets the key that AWS manages. Sources: S3 User Guide, "Setting
/// default server-side encryption behavior"; S3 API Reference, PutObject.
pub fn deny_other_encryption(bucket_arn: &str, default: &DefaultEncryption) -> Vec<Value> {
    let upload = |sid: &str, mut condition: Value| {
        condition["BoolIfExists"] = json!({"aws:PrincipalIsAWSService": "false"});
        let mut statement = deny(sid, bucket_arn, condition);
        statement["Action"] = json!("s3:PutObject");
        statement["Resource"] = json!(format!("{bucket_arn}/*"));
        statement
    };
    // A negated condition holds for an absent key, so that "is there" must be asked apart.
    let asks = |key: &str| json!({key: "false"});
    let other =
        |key: &str, value: &str| json!({"Null": asks(ALGORITHM), "StringNotEquals": {key: value}});
    let other_key = match (&default.key, default.algorithm.as_str()) {
        (Some(arn), _) => Some(other(KEY, arn)),
        // Whatever key is named is another one than that which needs no name.
        (None, "aws:kms" | "aws:kms:dsse") => Some(json!({"Null": asks(KEY)})),
        (None, _) => None,
    };
    let conditions = [
        Some(other(ALGORITHM, &default.algorithm)),
        other_key,
        Some(json!({"Null": asks(CUSTOMER)})),
    ];
    let statements = OTHER_ENCRYPTION.into_iter().zip(conditions);
    let statements = statements.filter_map(|(sid, condition)| Some(upload(sid, condition?)));
    statements.collect()
}

fn deny(sid: &str, bucket_arn: &str, condition: Value) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, format!("{bucket_arn}/*")],
        "Condition": condition,
    })
}

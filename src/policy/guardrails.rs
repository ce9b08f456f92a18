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
/// The Sid of [`deny_delete_without_mfa`].
pub const DELETE_WITHOUT_MFA: &str = "BaselineDenyDeleteWithoutMfa";
/// The Sids of [`deny_other_encryption`].
pub const OTHER_ENCRYPTION: [&str; 2] = ["BaselineDenyOtherEncryption", "BaselineDenyCustomerKeys"];

/// What [`deny_elsewhere`] leaves out, so that whoever it locks out can still mend the policy. The
/// policies of callers decide who that may be.
const POLICY_ACTIONS: [&str; 3] = [
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
];

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

/// The Deny of deletions by whoever did not sign in with MFA; access keys of users never did.
pub fn deny_delete_without_mfa(bucket_arn: &str) -> Value {
    let condition = json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}});
    let mut statement = deny(DELETE_WITHOUT_MFA, bucket_arn, condition);
    statement["Action"] = json!([
        "s3:DeleteBucket",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion"
    ]);
    statement
}

/// What uploads that do not say otherwise are encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultEncryption {
    /// Keys of S3.
    S3,
    /// The key that AWS manages for S3 in this account.
    ManagedKey,
    /// A key of KMS, by its ARN.
    Key(String),
}

/// The Denies of uploads that ask for another encryption than the default, or bring keys of their
/// own: what an upload asks for overrides the default. Uploads that ask for nothing pass, and so
/// do those of AWS services, which deliver logs with the key they are set up with. An upload that
/// asks for KMS and names no key gets the key that AWS manages. Sources: S3 User Guide, "Setting
/// default server-side encryption behavior"; S3 API Reference, PutObject.
pub fn deny_other_encryption(bucket_arn: &str, default: &DefaultEncryption) -> Vec<Value> {
    const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
    // A negated condition holds for an absent key, so that "is there" must be asked apart.
    let asks = json!({ALGORITHM: "false"});
    let (there, different) = match default {
        DefaultEncryption::S3 => (asks, json!({ALGORITHM: "AES256"})),
        DefaultEncryption::ManagedKey => (asks, json!({ALGORITHM: "aws:kms"})),
        DefaultEncryption::Key(arn) => (asks, json!({KEY: arn})),
    };
    let upload = |sid: &str, mut condition: Value| {
        condition["BoolIfExists"] = json!({"aws:PrincipalIsAWSService": "false"});
        let mut statement = deny(sid, bucket_arn, condition);
        statement["Action"] = json!("s3:PutObject");
        statement["Resource"] = json!(format!("{bucket_arn}/*"));
        statement
    };
    let [other, customer] = OTHER_ENCRYPTION;
    vec![
        upload(other, json!({"Null": there, "StringNotEquals": different})),
        upload(customer, json!({"Null": {CUSTOMER: "false"}})),
    ]
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

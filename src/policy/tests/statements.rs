//! The statements of ours, whole: what they say is what a bucket is guarded by.

use crate::policy::guardrails::{
    DefaultEncryption, OnlyFrom, Spared, deny_delete_without_mfa, deny_elsewhere,
    deny_old_presigned, deny_old_tls, deny_other_encryption, deny_presigned_v2,
};
use crate::policy::{Network, Statement};
use serde_json::{Value, json};
use std::time::Duration;

const ARN: &str = "arn:aws:s3:::acme";

#[test]
fn requests_from_elsewhere_are_denied_by_one_statement_that_spares_services_and_those_named() {
    let network = |text| Network::parse(text).expect("valid");
    let from = OnlyFrom {
        networks: vec![network("203.0.113.0/24"), network("2001:db8::/32")],
        vpc_endpoints: vec!["vpce-1a2b3c4d".to_owned()],
        vpcs: vec!["vpc-1a2b3c4d".to_owned()],
        organization: Some("o-exampleorgid".to_owned()),
    };
    let spared = Spared {
        principals: vec!["arn:aws:iam::111122223333:role/BreakGlass".to_owned()],
        accounts: vec!["127311923021".to_owned()],
    };
    let wanted = json!({
        "Sid": "BaselineDenyElsewhere",
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": ["s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"],
        "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"],
        "Condition": {
            "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]},
            "StringNotEqualsIfExists": {
                "aws:SourceVpce": ["vpce-1a2b3c4d"],
                "aws:SourceVpc": ["vpc-1a2b3c4d"],
                "aws:PrincipalAccount": ["127311923021"],
                "aws:PrincipalOrgID": "o-exampleorgid",
            },
            "BoolIfExists": {
                "aws:PrincipalIsAWSService": "false",
                "aws:ViaAWSService": "false",
            },
            "ArnNotLikeIfExists": {
                "aws:PrincipalArn": [
                    "arn:aws:iam::111122223333:role/aws-service-role/*",
                    "arn:aws:iam::111122223333:role/BreakGlass",
                ],
            },
        },
    });
    assert_eq!(deny_elsewhere(ARN, &from, &spared, "aws", "111122223333"), wanted);
}

#[test]
fn the_age_of_presigned_requests_is_in_milliseconds() {
    let statement = deny_old_presigned(ARN, Duration::from_secs(600));
    let wanted = json!({
        "StringEquals": {"s3:authType": "REST-QUERY-STRING"},
        "NumericGreaterThan": {"s3:signatureAge": "600000"},
    });
    assert_eq!(statement["Condition"], wanted);
}

#[test]
fn uploads_that_ask_for_nothing_pass_and_others_must_ask_for_the_default() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
    let [algorithm, other, customer] = <[_; 3]>::try_from(deny_other_encryption(
        ARN,
        &DefaultEncryption { algorithm: "aws:kms".to_owned(), key: Some(key.to_owned()) },
    ))
    .expect("three statements");
    let wanted = |sid: &str, different: Value| {
        json!({
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::acme/*",
            "Condition": {
                "Null": {"s3:x-amz-server-side-encryption": "false"},
                "StringNotEquals": different,
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        })
    };
    let by_algorithm = json!({"s3:x-amz-server-side-encryption": "aws:kms"});
    assert_eq!(algorithm, wanted("BaselineDenyOtherEncryption", by_algorithm));
    let by_key = json!({"s3:x-amz-server-side-encryption-aws-kms-key-id": key});
    assert_eq!(other, wanted("BaselineDenyOtherKeys", by_key));
    let wanted = json!({
        "Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    });
    assert_eq!(customer["Condition"], wanted);
}

#[test]
fn every_statement_of_ours_has_a_name_of_ours_that_s3_takes() {
    let mut statements = vec![
        deny_old_tls(ARN, "1.2"),
        deny_delete_without_mfa(ARN),
        deny_old_presigned(ARN, Duration::from_secs(1)),
        deny_presigned_v2(ARN),
    ];
    let default = DefaultEncryption { algorithm: "aws:kms".to_owned(), key: None };
    statements.extend(deny_other_encryption(ARN, &default));
    for statement in &statements {
        let statement = Statement::from(statement);
        let sid = statement.sid().unwrap_or_default();
        assert!(statement.is_own() && sid.bytes().all(|b| b.is_ascii_alphanumeric()), "{sid}");
    }
}

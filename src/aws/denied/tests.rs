//! AWS's own forms of denials.

use super::*;
use crate::aws::{Grant, Kind};

const WHO: &str = "arn:aws:iam::111122223333:user/mary";

fn denied(message: &str) -> AwsError {
    AwsError {
        kind: Kind::Denied,
        code: Some("AccessDenied".to_owned()),
        ..AwsError::unexpected(&LOOK, "eu-west-1", message)
    }
}

const LOOK: Operation = Operation::new(
    "secretsmanager",
    "GetSecretValue",
    &[Grant::on(
        "secretsmanager:GetSecretValue",
        "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}",
    )],
);

const EVERYTHING: Operation =
    Operation::new("s3", "ListBuckets", &[Grant::any("s3:ListAllMyBuckets")]);

/// Each form of the IAM User Guide: the end of the message, which policy it names, whether it is
/// an explicit deny, and a part of what is advised.
const FORMS: &[(&str, Policy, bool, &str)] = &[
    (
        "because no identity-based policy allows the s3:ListAllMyBuckets action",
        Policy::Identity,
        false,
        "`baseline permissions`",
    ),
    (
        "with an explicit deny in an identity-based policy",
        Policy::Identity,
        true,
        "take that statement out",
    ),
    (
        "because no resource-based policy allows the s3:ListAllMyBuckets action",
        Policy::Resource,
        false,
        "the policy of",
    ),
    ("with an explicit deny in a resource-based policy", Policy::Resource, true, "must exempt it"),
    (
        "because no permissions boundary allows the s3:ListAllMyBuckets action",
        Policy::Boundary,
        false,
        "permissions boundary of arn:aws:iam::111122223333:user/mary must allow",
    ),
    ("with an explicit deny in a permissions boundary", Policy::Boundary, true, "use another role"),
    (
        "because no service control policy allows the s3:ListAllMyBuckets action",
        Policy::ServiceControl,
        false,
        "does not allow s3:ListAllMyBuckets",
    ),
    (
        "with an explicit deny in a service control policy",
        Policy::ServiceControl,
        true,
        "the organization's administrators",
    ),
    (
        "because no resource control policy allows the s3:ListAllMyBuckets action",
        Policy::ResourceControl,
        false,
        "a resource control policy of the organization does not allow",
    ),
    (
        "with an explicit deny in a resource control policy",
        Policy::ResourceControl,
        true,
        "a resource control policy of the organization denies",
    ),
    (
        "because no VPC endpoint policy allows the s3:ListAllMyBuckets action",
        Policy::Endpoint,
        false,
        "VPC endpoint that the request came through must allow",
    ),
    (
        "with an explicit deny in a VPC endpoint policy",
        Policy::Endpoint,
        true,
        "run this from elsewhere",
    ),
    (
        "because no session policy allows the s3:ListAllMyBuckets action",
        Policy::Session,
        false,
        "the session policy given when the role was assumed must allow",
    ),
    (
        "with an explicit deny in a session policy",
        Policy::Session,
        true,
        "assume it without that statement",
    ),
    (
        "because no role trust policy allows the sts:AssumeRole action",
        Policy::Trust,
        false,
        "the trust policy of",
    ),
    ("with an explicit deny in the role trust policy", Policy::Trust, true, "have it changed"),
];

#[test]
fn every_form_of_the_user_guide_is_understood() {
    for (end, policy, explicit, advised) in FORMS {
        for on in ["", " on resource: arn:aws:s3:::logs"] {
            let message =
                format!("User: {WHO} is not authorized to perform: s3:ListAllMyBuckets{on} {end}");
            let said = Denial::read(&message);
            assert_eq!(said.principal, Some(WHO), "{message}");
            assert_eq!(said.action, Some("s3:ListAllMyBuckets"), "{message}");
            assert_eq!(said.resource.is_some(), !on.is_empty(), "{message}");
            assert_eq!((said.policy, said.explicit), (Some(*policy), *explicit), "{message}");
            let advice = advice(&denied(&message));
            assert!(advice.contains(advised), "{message}\n{advice}");
            assert!(advice.contains("s3:ListAllMyBuckets"), "{advice}");
        }
    }
}

#[test]
fn the_policy_that_denies_is_named_where_aws_names_it() {
    let policy = "arn:aws:organizations::444455556666:policy/o-example/service_control_policy/p-1";
    let message = format!(
        "User: {WHO} is not authorized to perform: guardduty:ListDetectors with an explicit deny \
         in a service control policy: {policy}"
    );
    assert_eq!(Denial::read(&message).policy_arn, Some(policy));
    assert!(advice(&denied(&message)).contains(policy));
}

#[test]
fn the_action_of_the_message_counts_for_it_may_be_another() {
    let message = format!(
        "User: {WHO} is not authorized to perform: iam:PassRole on resource: \
         arn:aws:iam::111122223333:role/config because no identity-based policy allows the \
         iam:PassRole action"
    );
    let wanted = "allow iam:PassRole on arn:aws:iam::111122223333:role/config; \
                  `baseline permissions` prints all that is needed";
    assert_eq!(advice(&denied(&message)), wanted);
}

#[test]
fn without_a_reason_the_advice_names_what_the_operation_needs() {
    for message in [
        "Access Denied",
        "User: arn:aws:iam::111122223333:user/mary is not authorized to access this resource",
        "",
    ] {
        let mut error = denied(message);
        error.resource = resource(&LOOK, "eu-west-1", message);
        let advice = advice(&error);
        let action = "allow secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:";
        assert!(advice.starts_with(action), "{advice}");
        assert!(advice.contains("AWS does not say which policy"), "{advice}");
    }
}

#[test]
fn an_encoded_message_is_known_for_one() {
    let message = "You are not authorized to perform this operation. Encoded authorization failure \
                   message: abcDEF123-_";
    assert!(Denial::read(message).encoded);
    let advice = advice(&denied(message));
    assert!(advice.contains("decode-authorization-message"), "{advice}");
}

#[test]
fn the_resource_is_the_messages_or_the_permissions_filled_in_as_far_as_known() {
    let said = format!("User: {WHO} is not authorized to perform: x:Y on resource: arn:aws:x:::z");
    assert_eq!(resource(&LOOK, "eu-west-1", &said).as_deref(), Some("arn:aws:x:::z"));
    let filled = resource(&LOOK, "eu-west-1", &format!("User: {WHO} is not authorized"));
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*";
    assert_eq!(filled.as_deref(), Some(arn));
    let unknown = resource(&LOOK, "cn-north-1", "Access Denied");
    let arn = "arn:aws-cn:secretsmanager:cn-north-1:*:secret:*";
    assert_eq!(unknown.as_deref(), Some(arn));
    assert_eq!(resource(&EVERYTHING, "eu-west-1", "Access Denied"), None);
}

#[test]
fn who_asks_cannot_be_left_out() {
    let denies = |action: &str| {
        let message = format!(
            "User: {WHO} is not authorized to perform: {action} with an explicit deny in a service \
             control policy"
        );
        advice(&denied(&message))
    };
    assert!(denies("guardduty:ListDetectors").contains("--exclude"));
    assert!(!denies("sts:GetCallerIdentity").contains("--exclude"));
}

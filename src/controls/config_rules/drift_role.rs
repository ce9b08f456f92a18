//! The role by which AWS Config looks for the drift of stacks.

use super::settings::Settings;
use crate::control::Context;
use crate::controls::roles::ServiceRole;
use serde_json::json;

/// The identifier of AWS's rule.
pub const IDENTIFIER: &str = "CLOUDFORMATION_STACK_DRIFT_DETECTION_CHECK";
/// Its name.
pub const RULE: &str = "cloudformation-stack-drift-detection-check";
/// The name of the role.
pub const ROLE: &str = "baseline-stack-drift";

/// What is asked of stacks. Source: CloudFormation User Guide, "Considerations when detecting drift".
const ON_STACKS: [&str; 5] = [
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
];

/// What is asked of no stack.
const BESIDE: [&str; 2] = [
    "cloudformation:BatchDescribeTypeConfigurations",
    "cloudformation:DescribeStackDriftDetectionStatus",
];

/// What reads the settings, and none of the data, of what most stacks hold.
const OF_SERVICES: [&str; 29] = [
    "autoscaling:Describe*",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudwatch:DescribeAlarms",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "ec2:Describe*",
    "elasticloadbalancing:Describe*",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "iam:GetInstanceProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "logs:DescribeLogGroups",
    "rds:Describe*",
    "s3:GetBucket*",
    "sns:GetTopicAttributes",
    "sqs:GetQueueAttributes",
];

/// The role.
pub fn role(settings: Option<&Settings>, context: &Context) -> ServiceRole {
    let Context { partition, account, .. } = context;
    let stacks = format!("arn:{partition}:cloudformation:*:{account}:stack/*");
    let more = settings.and_then(|own| own.stack_drift_reads.as_ref()).into_iter().flatten();
    let mut reads: Vec<&str> = OF_SERVICES.iter().chain(&BESIDE).copied().collect();
    reads.extend(more.map(String::as_str));
    reads.sort_unstable();
    reads.dedup();
    ServiceRole {
        name: ROLE.to_owned(),
        service: "config.amazonaws.com",
        source: None,
        says_account: true,
        purpose: "Lets AWS Config look for the drift of stacks",
        allows: vec![
            json!({"Effect": "Allow", "Action": ON_STACKS, "Resource": stacks}),
            json!({"Effect": "Allow", "Action": reads, "Resource": "*"}),
        ],
    }
}

//! The statements of a key's policy: that of the account, and those that each use needs.
//!
//! A service is held to this account by what it acts for. Sources: KMS Developer Guide, "Default key
//! policy"; CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail"; CloudWatch Logs
//! User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS"; SNS Developer Guide, "Managing
//! Amazon SNS encryption keys and costs"; EC2 Auto Scaling User Guide, "Required AWS KMS key policy
//! for use with encrypted volumes"; GuardDuty User Guide, "Exporting findings"; Macie User Guide,
//! "Storing and retaining sensitive data discovery results".

use super::settings::Use;
use crate::control::Context;
use crate::policy::{Fact, Request};
use serde_json::{Value, json};

/// The Sid of the statement that lets the account's own policies say who may use the key.
pub const ACCOUNT: &str = "BaselineAccount";
/// The Sid of the statement that keeps a deletion from coming too soon.
pub const EARLY_DELETION: &str = "BaselineDenyEarlyDeletion";

/// The Sids of what every key has, whatever it is for.
pub const ALWAYS: [&str; 2] = [ACCOUNT, EARLY_DELETION];

/// Where a key is, and whose.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Its region.
    pub region: &'a str,
    /// The account and its partition.
    pub context: &'a Context,
}

impl Owner<'_> {
    fn arn(&self, service: &str, region: &str, resource: &str) -> String {
        let Context { partition, account, .. } = self.context;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The principal of CloudWatch Logs is one of the region.
    fn logs(&self) -> String {
        let end = if self.context.partition == "aws-cn" { ".cn" } else { "" };
        format!("logs.{}.amazonaws.com{end}", self.region)
    }

    /// The roles of services that start instances in the name of the account. They need not exist: a
    /// policy that names one as a principal would be refused until it does.
    fn roles(&self) -> Vec<String> {
        let roles = [
            "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            "spot.amazonaws.com/AWSServiceRoleForEC2Spot",
            "spotfleet.amazonaws.com/AWSServiceRoleForEC2SpotFleet",
        ];
        let arn = |role| self.arn("iam", "", &format!("role/aws-service-role/{role}"));
        roles.map(arn).to_vec()
    }

    /// The statement without which the policies of the account's users and roles are void. It stands
    /// first in every policy that is made here.
    pub fn account(&self) -> Value {
        json!({
            "Sid": ACCOUNT,
            "Effect": "Allow",
            "Principal": {"AWS": self.arn("iam", "", "root")},
            "Action": "kms:*",
            "Resource": "*",
        })
    }

    /// The Deny of deletions that come sooner than so many days from when they are scheduled. Source:
    /// KMS Developer Guide, "AWS KMS condition keys", kms:ScheduleKeyDeletionPendingWindowInDays; who
    /// names no number asks for 30.
    pub fn no_early_deletion(&self, days: i32) -> Value {
        let early = json!({"kms:ScheduleKeyDeletionPendingWindowInDays": days.to_string()});
        json!({
            "Sid": EARLY_DELETION,
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "kms:ScheduleKeyDeletion",
            "Resource": "*",
            "Condition": {"NumericLessThan": early},
        })
    }

    /// What a use needs.
    pub fn needed(&self, own: Use) -> Vec<Value> {
        let account = json!({"aws:SourceAccount": self.context.account});
        let of = |services: &[&str]| match services {
            [one] => json!({"Service": one}),
            many => json!({"Service": many}),
        };
        match own {
            Use::Trail => {
                let trails = json!({"aws:SourceArn": self.arn("cloudtrail", "*", "trail/*")});
                let encrypts = json!({
                    "ArnLike": trails,
                    "StringLike": {
                        "kms:EncryptionContext:aws:cloudtrail:arn":
                            self.arn("cloudtrail", "*", "trail/*"),
                    },
                });
                let cloudtrail = of(&["cloudtrail.amazonaws.com"]);
                vec![
                    allow("BaselineTrail", &cloudtrail, &["kms:GenerateDataKey*"], &encrypts),
                    // To check the key, and where the bucket has a bucket key.
                    allow(
                        "BaselineTrailChecks",
                        &cloudtrail,
                        &["kms:Decrypt", "kms:DescribeKey"],
                        &json!({"ArnLike": trails}),
                    ),
                ]
            }
            Use::Logs => {
                let groups = self.arn("logs", self.region, "log-group:*");
                let condition =
                    json!({"StringLike": {"kms:EncryptionContext:aws:logs:arn": groups}});
                let actions =
                    ["kms:Decrypt*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
                vec![allow("BaselineLogs", &of(&[&self.logs()]), &actions, &condition)]
            }
            Use::Topics => {
                let actions = ["kms:Decrypt", "kms:GenerateDataKey*"];
                let others = [
                    "budgets.amazonaws.com",
                    "cloudwatch.amazonaws.com",
                    "config.amazonaws.com",
                    "costalerts.amazonaws.com",
                ];
                vec![
                    // EventBridge does not say for whom it publishes: a condition on that would keep it
                    // out. Source: EventBridge User Guide, "Amazon SNS topic is not invoked".
                    json!({
                        "Sid": "BaselineTopicsOfRules",
                        "Effect": "Allow",
                        "Principal": of(&["events.amazonaws.com"]),
                        "Action": actions,
                        "Resource": "*",
                    }),
                    allow("BaselineTopics", &of(&others), &actions, &equals(&account)),
                ]
            }
            Use::Ebs => {
                let ours = json!({
                    "ArnLike": {"aws:PrincipalArn": self.roles()},
                    "StringEquals": {"kms:CallerAccount": self.context.account},
                });
                let mut for_volumes = ours.clone();
                for_volumes["Bool"] = json!({"kms:GrantIsForAWSResource": "true"});
                let actions = [
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ];
                let anyone = json!({"AWS": "*"});
                vec![
                    allow("BaselineVolumes", &anyone, &actions, &ours),
                    allow("BaselineVolumesInUse", &anyone, &["kms:CreateGrant"], &for_volumes),
                ]
            }
            Use::Bucket => {
                let deliveries = json!({
                    "StringEquals": account,
                    "ArnLike": {"aws:SourceArn": self.arn("logs", self.region, "*")},
                });
                let config = of(&["config.amazonaws.com"]);
                let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
                let logs = of(&["delivery.logs.amazonaws.com"]);
                vec![
                    allow("BaselineBucketOfConfig", &config, &actions, &equals(&account)),
                    allow("BaselineBucketOfLogs", &logs, &["kms:GenerateDataKey*"], &deliveries),
                ]
            }
            Use::GuardDuty => {
                let detectors = self.arn("guardduty", "*", "detector/*");
                let condition = json!({
                    "StringEquals": account, "ArnLike": {"aws:SourceArn": detectors},
                });
                let guardduty = of(&["guardduty.amazonaws.com"]);
                vec![allow("BaselineGuardDuty", &guardduty, &["kms:GenerateDataKey"], &condition)]
            }
            Use::Macie => {
                let sources = ["export-configuration:*", "classification-job/*"];
                let sources = sources.map(|own| self.arn("macie2", "*", own));
                let condition = json!({
                    "StringEquals": account, "ArnLike": {"aws:SourceArn": sources},
                });
                let actions = ["kms:Encrypt", "kms:GenerateDataKey"];
                vec![allow("BaselineMacie", &of(&["macie.amazonaws.com"]), &actions, &condition)]
            }
        }
    }

    /// What all uses need.
    pub fn all_needed(&self, uses: impl Iterator<Item = Use>) -> Vec<Value> {
        uses.flat_map(|own| self.needed(own)).collect()
    }

    /// A request such as a use makes, for what in a policy denies it.
    pub fn request(&self, own: Use, key: &str) -> Request {
        let account = &self.context.account;
        let by = |service: &str, source: String| {
            Request::by_service(service, "kms:GenerateDataKey", key, account, &source)
        };
        let request = match own {
            Use::Trail => {
                by("cloudtrail.amazonaws.com", self.arn("cloudtrail", self.region, "trail/x"))
            }
            Use::Logs => by(&self.logs(), self.arn("logs", self.region, "log-group:x"))
                .with("aws:SourceArn", Fact::Unknown),
            Use::Topics => {
                let unknown = by("events.amazonaws.com", String::new());
                unknown.with("aws:SourceArn", Fact::Absent).with("aws:SourceAccount", Fact::Absent)
            }
            Use::Ebs => {
                let session = "assumed-role/AWSServiceRoleForAutoScaling/AutoScaling";
                let caller = self.arn("sts", "", session);
                Request::by(&caller, "kms:GenerateDataKeyWithoutPlaintext", key)
                    .with("aws:PrincipalArn", Fact::OneOf(self.roles()))
                    .with("aws:ViaAWSService", Fact::Unknown)
                    .with("aws:SourceIp", Fact::Unknown)
            }
            Use::Bucket => {
                by("config.amazonaws.com", String::new()).with("aws:SourceArn", Fact::Unknown)
            }
            Use::GuardDuty => {
                by("guardduty.amazonaws.com", self.arn("guardduty", self.region, "detector/x"))
            }
            Use::Macie => {
                let source = self.arn("macie2", self.region, "export-configuration:x");
                by("macie.amazonaws.com", source)
            }
        };
        request.at(self.context.now)
    }
}

fn equals(condition: &Value) -> Value {
    json!({"StringEquals": condition})
}

fn allow(sid: &str, principal: &Value, actions: &[&str], condition: &Value) -> Value {
    let actions = match actions {
        [one] => json!(one),
        many => json!(many),
    };
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    })
}

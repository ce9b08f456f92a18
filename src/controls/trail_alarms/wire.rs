//! The operations of CloudWatch Logs, CloudWatch and CloudTrail, their inputs and answers. Source:
//! CloudTrail API Reference; those of the others are in their files.

mod cloudwatch;
mod logs;

pub use cloudwatch::*;
pub use logs::*;

use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use serde::Serialize;

/// CloudTrail is passed the role by which it writes.
pub const PASS_ROLE: Operation = Operation::new(
    "iam",
    "PassRole",
    &[Grant::on("iam:PassRole", "arn:{partition}:iam::{account}:role/{service_role}")
        .when("iam:PassedToService", "cloudtrail.amazonaws.com")],
);

/// Has a trail write to a log group, or to none; it changes nothing else of the trail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTrail {
    /// The ARN of the trail.
    pub name: String,
    /// The ARN of the log group; empty for none.
    pub cloud_watch_logs_log_group_arn: String,
    /// The ARN of the role; empty for none.
    pub cloud_watch_logs_role_arn: String,
    /// Where the trail lives.
    #[serde(skip)]
    pub region: String,
}

impl Write for UpdateTrail {
    const OPERATION: Operation = Operation::new(
        "cloudtrail",
        "UpdateTrail",
        &[Grant::on("cloudtrail:UpdateTrail", "arn:{partition}:cloudtrail:*:{account}:trail/*")],
    );
    const PROPAGATING: &'static [Propagation] = &[
        Propagation::new(
            "InvalidCloudWatchLogsRoleArnException",
            "the new role to be known to CloudTrail",
        ),
        Propagation::new(
            "InvalidCloudWatchLogsLogGroupArnException",
            "the new log group to be known to CloudTrail",
        ),
    ];

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients.cloudtrail(&self.region).update_trail().name(&self.name);
        let request = request
            .cloud_watch_logs_log_group_arn(&self.cloud_watch_logs_log_group_arn)
            .cloud_watch_logs_role_arn(&self.cloud_watch_logs_role_arn);
        sent(self, request.send().await)
    }
}

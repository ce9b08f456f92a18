//! The writes. Both Puts replace the whole object, so they are sent all fields.

use super::channel::Channel;
use super::live::Recorder;
use super::read::RECORDER_ARN;
use super::role::{ROLE_ARN, SERVICE};
use super::wire::{WireChannel, WireRecorder};
use crate::aws::door::{Call, Typed};
use crate::aws::services::{CONFIG, IAM};
use crate::aws::tags::Tag;
use crate::aws::{Grant, Operation, Propagation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NEW_RECORDER: &str = "the new recorder to be known";

/// Makes the role that AWS Config works with. A role that exists already is success.
pub const CREATE_ROLE: Typed<NewRole> = Typed::new(
    &IAM,
    "CreateServiceLinkedRole",
    &[Grant::on("iam:CreateServiceLinkedRole", ROLE_ARN).when("iam:AWSServiceName", SERVICE)],
)
.already_when("InvalidInput", "been taken");

/// Creates or replaces the recorder. Tags are taken at its creation only.
pub const PUT_RECORDER: Typed<RecorderPut> = Typed::new(
    &CONFIG,
    "PutConfigurationRecorder",
    &[
        Grant::on("config:PutConfigurationRecorder", RECORDER_ARN),
        Grant::on("config:TagResource", RECORDER_ARN),
        Grant::on("iam:PassRole", "{role}").when("iam:PassedToService", SERVICE),
    ],
)
.propagating(&[Propagation::new("InvalidRoleException", "the new role to be known everywhere")]);

/// What giving a recorder its earlier role back needs on top.
pub const PASS_EARLIER_ROLE: Operation = Operation::new(
    "config",
    "PutConfigurationRecorder",
    &[
        Grant::on("config:PutConfigurationRecorder", RECORDER_ARN),
        Grant::on("iam:PassRole", "{earlier_role}").when("iam:PassedToService", SERVICE),
    ],
);

/// Creates or replaces the channel. AWS writes a test object into the bucket, so a bucket policy
/// that has not spread yet is refused.
pub const PUT_CHANNEL: Typed<ChannelPut> =
    Typed::new(&CONFIG, "PutDeliveryChannel", &[Grant::any("config:PutDeliveryChannel")])
        .propagating(&[
            Propagation::new(
                "InsufficientDeliveryPolicyException",
                "the bucket's policy to reach the service that delivers there",
            ),
            Propagation::new("NoAvailableConfigurationRecorderException", NEW_RECORDER),
            Propagation::new("NoSuchBucketException", "the new bucket to be known everywhere"),
        ]);

/// Starts the recorder; it needs a channel.
pub const START_RECORDER: Typed<RecorderName> = Typed::new(
    &CONFIG,
    "StartConfigurationRecorder",
    &[Grant::on("config:StartConfigurationRecorder", RECORDER_ARN)],
)
.propagating(&[
    Propagation::new("NoAvailableDeliveryChannelException", "the new delivery channel to be known"),
    Propagation::new("NoSuchConfigurationRecorderException", NEW_RECORDER),
]);

/// Stops the recorder.
pub const STOP_RECORDER: Typed<RecorderName> = Typed::new(
    &CONFIG,
    "StopConfigurationRecorder",
    &[Grant::on("config:StopConfigurationRecorder", RECORDER_ARN)],
);

/// Sets for how many days the history of a region is kept; creates the setting when it is missing.
pub const PUT_RETENTION: Typed<RetentionPut> = Typed::new(
    &CONFIG,
    "PutRetentionConfiguration",
    &[Grant::any("config:PutRetentionConfiguration")],
);

/// The service that a role is made for.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewRole {
    #[serde(rename = "AWSServiceName")]
    service: String,
}

/// A recorder to be, with the tags of a new one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecorderPut {
    configuration_recorder: WireRecorder,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

/// A channel to be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChannelPut {
    delivery_channel: WireChannel,
}

/// Which recorder is started or stopped.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecorderName {
    configuration_recorder_name: String,
}

/// For how long history is kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionPut {
    retention_period_in_days: u32,
}

pub fn create_role(region: &str) -> Call<NewRole> {
    let service = SERVICE.to_owned();
    CREATE_ROLE.call(region, NewRole { service })
}

/// The tags are those of a new recorder.
pub fn put_recorder(
    recorder: &Recorder,
    tags: BTreeMap<String, String>,
    region: &str,
) -> Call<RecorderPut> {
    let input = RecorderPut { configuration_recorder: recorder.into(), tags: Tag::list(tags) };
    PUT_RECORDER.call(region, input)
}

pub fn put_channel(channel: Channel, region: &str) -> Call<ChannelPut> {
    let delivery_channel = channel.into();
    PUT_CHANNEL.call(region, ChannelPut { delivery_channel })
}

pub fn start(name: &str, region: &str) -> Call<RecorderName> {
    START_RECORDER.call(region, RecorderName::new(name))
}

pub fn stop(name: &str, region: &str) -> Call<RecorderName> {
    STOP_RECORDER.call(region, RecorderName::new(name))
}

pub fn put_retention(days: u32, region: &str) -> Call<RetentionPut> {
    let input = RetentionPut { retention_period_in_days: days };
    PUT_RETENTION.call(region, input)
}

impl RecorderName {
    fn new(name: &str) -> Self {
        Self { configuration_recorder_name: name.to_owned() }
    }
}

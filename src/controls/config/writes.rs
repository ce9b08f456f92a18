//! The writes. Both Puts replace the whole object, so they are sent all fields.

use super::channel::Channel;
use super::recording::{Group, Record};
use super::role::{ROLE_ARN, SERVICE};
use super::state::{Override, RECORDER_ARN, Recorder};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use aws_sdk_config::types::{
    ConfigSnapshotDeliveryProperties, ConfigurationRecorder, DeliveryChannel,
    ExclusionByResourceTypes, RecordingGroup, RecordingMode, RecordingModeOverride,
    RecordingStrategy, ResourceType, Tag,
};
use aws_smithy_types::error::operation::BuildError;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Makes the role that AWS Config works with. A role that is already there is success.
#[derive(Debug, Serialize)]
pub struct CreateServiceLinkedRole {
    #[serde(rename = "AWSServiceName")]
    service: &'static str,
    #[serde(skip)]
    region: &'static str,
}

impl CreateServiceLinkedRole {
    pub fn new(region: &'static str) -> Self {
        Self {
            service: SERVICE,
            region,
        }
    }
}

impl Write for CreateServiceLinkedRole {
    const OPERATION: Operation = Operation::new(
        "iam",
        "CreateServiceLinkedRole",
        &[Grant::on("iam:CreateServiceLinkedRole", ROLE_ARN).when("iam:AWSServiceName", SERVICE)],
    );

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .iam(self.region)
            .create_service_linked_role()
            .aws_service_name(self.service);
        match sent(self, request.send().await) {
            Err(error) if error.is("InvalidInput") && error.message.contains("been taken") => {
                Ok(())
            }
            answer => answer,
        }
    }
}

/// Creates or replaces the recorder. Tags are taken at its creation only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutConfigurationRecorder {
    #[serde(serialize_with = "recorder")]
    configuration_recorder: Recorder,
    #[serde(serialize_with = "tags", skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip)]
    region: String,
}

impl PutConfigurationRecorder {
    /// The tags are those of a new recorder.
    pub fn new(recorder: Recorder, tags: BTreeMap<String, String>, region: &str) -> Self {
        Self {
            configuration_recorder: recorder,
            tags,
            region: region.to_owned(),
        }
    }
}

impl Write for PutConfigurationRecorder {
    const OPERATION: Operation = Operation::new(
        "config",
        "PutConfigurationRecorder",
        &[
            Grant::on("config:PutConfigurationRecorder", RECORDER_ARN),
            Grant::on("config:TagResource", RECORDER_ARN),
            Grant::on("iam:PassRole", "{role}").when("iam:PassedToService", SERVICE),
        ],
    );
    const SETTLING: &'static [&'static str] = &["InvalidRoleException"];

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let recorder = sdk_recorder(&self.configuration_recorder).map_err(|error| {
            AwsError::unexpected(&Self::OPERATION, &self.region, &error.to_string())
        })?;
        let tags = self.tags.iter();
        let tags: Vec<Tag> = tags
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let request = clients
            .config(&self.region)
            .put_configuration_recorder()
            .configuration_recorder(recorder)
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()));
        sent(self, request.send().await)
    }
}

/// What giving a recorder its earlier role back needs on top.
pub const PASS_EARLIER_ROLE: Operation = Operation::new(
    "config",
    "PutConfigurationRecorder",
    &[
        Grant::on("config:PutConfigurationRecorder", RECORDER_ARN),
        Grant::on("iam:PassRole", "{earlier_role}").when("iam:PassedToService", SERVICE),
    ],
);

fn strategy(group: &Group) -> &'static str {
    match group.record {
        Record::All => "ALL_SUPPORTED_RESOURCE_TYPES",
        Record::Include(_) => "INCLUSION_BY_RESOURCE_TYPES",
        Record::Exclude(_) => "EXCLUSION_BY_RESOURCE_TYPES",
    }
}

fn sdk_recorder(recorder: &Recorder) -> Result<ConfigurationRecorder, BuildError> {
    let names = |names: &BTreeSet<String>| -> Vec<ResourceType> {
        names.iter().map(|name| name.as_str().into()).collect()
    };
    let group = &recorder.group;
    let strategy = RecordingStrategy::builder().use_only(strategy(group).into());
    let types = RecordingGroup::builder()
        .all_supported(group.record == Record::All)
        .include_global_resource_types(group.global_types)
        .recording_strategy(strategy.build());
    let types = match &group.record {
        Record::All => types,
        Record::Include(list) => types.set_resource_types(Some(names(list))),
        Record::Exclude(list) => types.exclusion_by_resource_types(
            ExclusionByResourceTypes::builder()
                .set_resource_types(Some(names(list)))
                .build(),
        ),
    };
    let mode = |frequency: &String| {
        let overrides: Result<Vec<_>, _> = recorder
            .overrides
            .iter()
            .map(|other| {
                RecordingModeOverride::builder()
                    .set_description(other.description.clone())
                    .set_resource_types(Some(names(&other.types)))
                    .recording_frequency(other.frequency.as_str().into())
                    .build()
            })
            .collect();
        RecordingMode::builder()
            .recording_frequency(frequency.as_str().into())
            .set_recording_mode_overrides(Some(overrides?).filter(|list| !list.is_empty()))
            .build()
    };
    let recorder = ConfigurationRecorder::builder()
        .name(&recorder.name)
        .role_arn(&recorder.role)
        .recording_group(types.build())
        .set_recording_mode(recorder.frequency.as_ref().map(mode).transpose()?);
    Ok(recorder.build())
}

/// The recorder by AWS's parameter names.
fn recorder<S: Serializer>(recorder: &Recorder, serializer: S) -> Result<S::Ok, S::Error> {
    let group = &recorder.group;
    let mut types = json!({
        "recordingStrategy": {"useOnly": strategy(group)},
        "allSupported": group.record == Record::All,
        "includeGlobalResourceTypes": group.global_types,
    });
    match &group.record {
        Record::All => {}
        Record::Include(list) => types["resourceTypes"] = json!(list),
        Record::Exclude(list) => {
            types["exclusionByResourceTypes"] = json!({"resourceTypes": list});
        }
    }
    let mut value = json!({
        "name": recorder.name,
        "roleARN": recorder.role,
        "recordingGroup": types,
    });
    if let Some(frequency) = &recorder.frequency {
        value["recordingMode"] = json!({"recordingFrequency": frequency});
        if !recorder.overrides.is_empty() {
            let overrides = recorder.overrides.iter().map(mode_override);
            value["recordingMode"]["recordingModeOverrides"] = overrides.collect();
        }
    }
    value.serialize(serializer)
}

fn mode_override(other: &Override) -> Value {
    let mut value = json!({
        "resourceTypes": other.types,
        "recordingFrequency": other.frequency,
    });
    if let Some(description) = &other.description {
        value["description"] = json!(description);
    }
    value
}

fn tags<S: Serializer>(tags: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let tags = tags.iter();
    serializer.collect_seq(tags.map(|(key, value)| json!({"Key": key, "Value": value})))
}

/// Creates or replaces the channel. AWS writes a test object into the bucket, so a bucket policy
/// that has not spread yet is refused.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutDeliveryChannel {
    #[serde(serialize_with = "channel")]
    delivery_channel: Channel,
    #[serde(skip)]
    region: String,
}

impl PutDeliveryChannel {
    pub fn new(channel: Channel, region: &str) -> Self {
        Self {
            delivery_channel: channel,
            region: region.to_owned(),
        }
    }
}

impl Write for PutDeliveryChannel {
    const OPERATION: Operation = Operation::new(
        "config",
        "PutDeliveryChannel",
        &[Grant::any("config:PutDeliveryChannel")],
    );
    const SETTLING: &'static [&'static str] = &[
        "InsufficientDeliveryPolicyException",
        "NoAvailableConfigurationRecorderException",
        "NoSuchBucketException",
    ];

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let channel = &self.delivery_channel;
        let snapshots = channel.snapshot_frequency.as_deref().map(|word| {
            ConfigSnapshotDeliveryProperties::builder()
                .delivery_frequency(word.into())
                .build()
        });
        let channel = DeliveryChannel::builder()
            .name(&channel.name)
            .s3_bucket_name(&channel.bucket)
            .set_s3_key_prefix(channel.prefix.clone())
            .set_s3_kms_key_arn(channel.kms_key.clone())
            .set_sns_topic_arn(channel.sns_topic.clone())
            .set_config_snapshot_delivery_properties(snapshots);
        let request = clients
            .config(&self.region)
            .put_delivery_channel()
            .delivery_channel(channel.build());
        sent(self, request.send().await)
    }
}

/// The channel by AWS's parameter names.
fn channel<S: Serializer>(channel: &Channel, serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = json!({"name": channel.name, "s3BucketName": channel.bucket});
    let optional = [
        ("s3KeyPrefix", &channel.prefix),
        ("s3KmsKeyArn", &channel.kms_key),
        ("snsTopicARN", &channel.sns_topic),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            value[name] = json!(text);
        }
    }
    if let Some(word) = &channel.snapshot_frequency {
        value["configSnapshotDeliveryProperties"] = json!({"deliveryFrequency": word});
    }
    value.serialize(serializer)
}

/// Starts the recorder; it needs a channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartConfigurationRecorder {
    configuration_recorder_name: String,
    #[serde(skip)]
    region: String,
}

impl StartConfigurationRecorder {
    pub fn new(name: &str, region: &str) -> Self {
        Self {
            configuration_recorder_name: name.to_owned(),
            region: region.to_owned(),
        }
    }
}

impl Write for StartConfigurationRecorder {
    const OPERATION: Operation = Operation::new(
        "config",
        "StartConfigurationRecorder",
        &[Grant::on("config:StartConfigurationRecorder", RECORDER_ARN)],
    );
    const SETTLING: &'static [&'static str] = &[
        "NoAvailableDeliveryChannelException",
        "NoSuchConfigurationRecorderException",
    ];

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .config(&self.region)
            .start_configuration_recorder()
            .configuration_recorder_name(&self.configuration_recorder_name);
        sent(self, request.send().await)
    }
}

/// Stops the recorder.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopConfigurationRecorder {
    configuration_recorder_name: String,
    #[serde(skip)]
    region: String,
}

impl StopConfigurationRecorder {
    pub fn new(name: &str, region: &str) -> Self {
        Self {
            configuration_recorder_name: name.to_owned(),
            region: region.to_owned(),
        }
    }
}

impl Write for StopConfigurationRecorder {
    const OPERATION: Operation = Operation::new(
        "config",
        "StopConfigurationRecorder",
        &[Grant::on("config:StopConfigurationRecorder", RECORDER_ARN)],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .config(&self.region)
            .stop_configuration_recorder()
            .configuration_recorder_name(&self.configuration_recorder_name);
        sent(self, request.send().await)
    }
}

/// Sets for how many days the history of a region is kept; creates the setting when it is missing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRetentionConfiguration {
    retention_period_in_days: u32,
    #[serde(skip)]
    region: String,
}

impl PutRetentionConfiguration {
    pub fn new(days: u32, region: &str) -> Self {
        Self {
            retention_period_in_days: days,
            region: region.to_owned(),
        }
    }
}

impl Write for PutRetentionConfiguration {
    const OPERATION: Operation = Operation::new(
        "config",
        "PutRetentionConfiguration",
        &[Grant::any("config:PutRetentionConfiguration")],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        // Nobody keeps anything for millions of years.
        let days = i32::try_from(self.retention_period_in_days).unwrap_or(i32::MAX);
        let request = clients
            .config(&self.region)
            .put_retention_configuration()
            .retention_period_in_days(days);
        sent(self, request.send().await)
    }
}

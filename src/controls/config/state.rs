//! What is live: the service-linked role of the account, and recorder and channel of a region.

use super::recording::Group;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::Context;
use aws_sdk_config::types::{
    ConfigurationRecorder, ConfigurationRecorderStatus, DeliveryChannel, DeliveryChannelStatus,
    DeliveryStatus,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The service that the role belongs to, and that a recorder's role is passed to.
pub const SERVICE: &str = "config.amazonaws.com";

/// The name of the service-linked role.
const ROLE_NAME: &str = "AWSServiceRoleForConfig";

/// The name that Control Tower gives its recorder.
pub const CONTROL_TOWER: &str = "aws-controltower-BaselineConfigRecorder";

/// The service-linked role as an ARN of a grant.
pub const ROLE_ARN: &str = "arn:{partition}:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig";

pub const GET_ROLE: Operation =
    Operation::new("iam", "GetRole", &[Grant::on("iam:GetRole", ROLE_ARN)]);

pub const DESCRIBE_RECORDERS: Operation = Operation::new(
    "config",
    "DescribeConfigurationRecorders",
    &[Grant::any("config:DescribeConfigurationRecorders")],
);

pub const DESCRIBE_STATUS: Operation = Operation::new(
    "config",
    "DescribeConfigurationRecorderStatus",
    &[Grant::any("config:DescribeConfigurationRecorderStatus")],
);

pub const DESCRIBE_CHANNELS: Operation = Operation::new(
    "config",
    "DescribeDeliveryChannels",
    &[Grant::any("config:DescribeDeliveryChannels")],
);

pub const DESCRIBE_DELIVERY: Operation = Operation::new(
    "config",
    "DescribeDeliveryChannelStatus",
    &[Grant::any("config:DescribeDeliveryChannelStatus")],
);

/// The ARN of the account's service-linked role, whether or not it exists.
pub fn service_linked_role(context: &Context) -> String {
    ROLE_ARN
        .replace("{partition}", &context.partition)
        .replace("{account}", &context.account)
}

/// The ARN of whatever role of the account.
pub fn any_role(context: &Context) -> String {
    let (partition, account) = (&context.partition, &context.account);
    format!("arn:{partition}:iam::{account}:role/*")
}

/// What was read at a place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// At the place of the service-linked role.
    Role(Role),
    /// In a region.
    Region(Box<State>),
}

impl Live {
    /// What was read of the role.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Role(role) => Some(role.clone()),
            Self::Region(_) => None,
        }
    }

    /// What was read of a region.
    pub fn region(&self) -> Option<State> {
        match self {
            Self::Region(state) => Some(state.as_ref().clone()),
            Self::Role(_) => None,
        }
    }
}

/// The service-linked role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its ARN, when it exists.
    pub service_linked_role: Option<String>,
}

/// Recording in a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The recorder of the customer's.
    pub recorder: Option<Recorder>,
    /// The channel.
    pub channel: Option<Channel>,
    /// Whether the recorder runs, if there is one.
    pub recording: Option<bool>,
    /// The code of its last failure, when what it did last has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The codes of the last failures to deliver, by what was delivered last with no success.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub undelivered: BTreeMap<String, String>,
}

/// A recorder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorder {
    /// Its name.
    pub name: String,
    /// The ARN of its role.
    pub role: String,
    /// What it records.
    #[serde(flatten)]
    pub group: Group,
    /// How often, in AWS's word; `None` in an answer without it.
    pub frequency: Option<String>,
    /// Types that are recorded otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// Types that a recorder records otherwise. No setting says so: it is carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The person's own words.
    pub description: Option<String>,
    /// The types.
    pub types: BTreeSet<String>,
    /// How often, in AWS's word.
    pub frequency: String,
}

/// A delivery channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// The bucket it delivers to.
    pub bucket: String,
    /// What the keys there begin with.
    pub prefix: Option<String>,
    /// The key that encrypts what is delivered. No setting says so: it is carried over.
    pub kms_key: Option<String>,
    /// The topic that is told.
    pub sns_topic: Option<String>,
    /// How often snapshots are delivered, in AWS's word.
    pub snapshot_frequency: Option<String>,
}

impl Channel {
    /// A new channel.
    pub fn to(bucket: &str) -> Self {
        Self {
            name: "default".to_owned(),
            bucket: bucket.to_owned(),
            prefix: None,
            kms_key: None,
            sns_topic: None,
            snapshot_frequency: None,
        }
    }
}

impl Role {
    pub async fn read(reader: &Reader) -> Result<Self, AwsError> {
        let (clients, region) = (&reader.clients, reader.global_region());
        let request = clients.iam(region).get_role().role_name(ROLE_NAME).send();
        let service_linked_role = match GET_ROLE.answer(clients, region, request).await {
            Ok(answer) => answer.role.map(|role| role.arn),
            Err(error) if error.is("NoSuchEntity") => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            service_linked_role,
        })
    }
}

impl State {
    pub async fn read(reader: &Reader, region: &str) -> Result<Self, AwsError> {
        let clients = &reader.clients;
        let client = clients.config(region);
        let recorders = client.describe_configuration_recorders().send();
        let statuses = client.describe_configuration_recorder_status().send();
        let deliveries = client.describe_delivery_channel_status().send();
        let (recorders, statuses, channel, deliveries) = tokio::join!(
            DESCRIBE_RECORDERS.answer(clients, region, recorders),
            DESCRIBE_STATUS.answer(clients, region, statuses),
            Channel::read(reader, region),
            DESCRIBE_DELIVERY.answer(clients, region, deliveries),
        );
        let (recorders, statuses, channel) = (recorders?, statuses?, channel?);
        let deliveries = deliveries?;
        let mut recorders = recorders.configuration_recorders().iter();
        let recorder = recorders
            .find(|recorder| is_customers(recorder))
            .map(|recorder| Recorder::new(recorder, region))
            .transpose()?;
        let mut statuses = statuses.configuration_recorders_status().iter();
        let name = recorder.as_ref().map(|recorder| recorder.name.as_str());
        let status = statuses.find(|status| name.is_some() && status.name() == name);
        Ok(Self {
            channel,
            recording: name.map(|_| status.is_some_and(|status| status.recording())),
            failure: status.and_then(failure),
            undelivered: deliveries
                .delivery_channels_status()
                .iter()
                .flat_map(undelivered)
                .collect(),
            recorder,
        })
    }
}

impl State {
    /// Whether the recorder is the one that Control Tower keeps, and guards with its policies.
    pub fn is_control_towers(&self) -> bool {
        let recorder = self.recorder.as_ref();
        recorder.is_some_and(|recorder| recorder.name == CONTROL_TOWER)
    }
}

/// Whether a recorder is not one that a service keeps for itself or for another cloud.
fn is_customers(recorder: &ConfigurationRecorder) -> bool {
    let name = recorder.name().unwrap_or_default();
    recorder.service_principal().is_none()
        && recorder.connector_arn().is_none()
        && !name.starts_with("AWSConfigurationRecorderFor")
}

fn failure(status: &ConfigurationRecorderStatus) -> Option<String> {
    let last = status.last_status()?.as_str();
    let code = status.last_error_code().unwrap_or(last);
    last.eq_ignore_ascii_case("failure")
        .then(|| code.to_owned())
}

/// What a channel delivered last with no success, with AWS's codes.
fn undelivered(status: &DeliveryChannelStatus) -> BTreeMap<String, String> {
    let snapshot = status.config_snapshot_delivery_info();
    let history = status.config_history_delivery_info();
    let stream = status.config_stream_delivery_info();
    let last = [
        (
            "snapshot",
            snapshot.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
        (
            "history",
            history.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
        (
            "stream",
            stream.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
    ];
    let failed = |(what, last): (&str, Option<(&DeliveryStatus, Option<&str>)>)| {
        let (status, code) = last?;
        let status = status.as_str();
        status
            .eq_ignore_ascii_case("failure")
            .then(|| (what.to_owned(), code.unwrap_or(status).to_owned()))
    };
    last.into_iter().filter_map(failed).collect()
}

impl Recorder {
    fn new(recorder: &ConfigurationRecorder, region: &str) -> Result<Self, AwsError> {
        let unexpected = |text: &str| AwsError::unexpected(&DESCRIBE_RECORDERS, region, text);
        let (Some(name), Some(role)) = (recorder.name(), recorder.role_arn()) else {
            return Err(unexpected("the recorder has no name or no role"));
        };
        let group = match recorder.recording_group() {
            Some(group) => Group::try_from(group),
            None => Ok(Group::default()),
        };
        let group = group.map_err(|strategy| {
            unexpected(&format!(
                "this version of baseline does not know the recording strategy {strategy}"
            ))
        })?;
        let mode = recorder.recording_mode();
        let overrides = mode.map(|mode| mode.recording_mode_overrides());
        Ok(Self {
            name: name.to_owned(),
            role: role.to_owned(),
            group,
            frequency: mode.map(|mode| mode.recording_frequency().as_str().to_owned()),
            overrides: overrides
                .unwrap_or_default()
                .iter()
                .map(|other| Override {
                    description: other.description().map(str::to_owned),
                    types: other
                        .resource_types()
                        .iter()
                        .map(|name| name.as_str().to_owned())
                        .collect(),
                    frequency: other.recording_frequency().as_str().to_owned(),
                })
                .collect(),
        })
    }
}

impl Channel {
    /// The channel of a region, asked once: the log bucket needs to know where it delivers, too.
    pub async fn read(reader: &Reader, region: &str) -> Result<Option<Self>, AwsError> {
        let read = Box::pin(async {
            let clients = &reader.clients;
            let request = clients.config(region).describe_delivery_channels().send();
            let answer = DESCRIBE_CHANNELS.answer(clients, region, request).await?;
            let channel = answer.delivery_channels().first();
            channel
                .map(|channel| Self::new(channel, region))
                .transpose()
        });
        reader.once(&DESCRIBE_CHANNELS, region, read).await
    }

    fn new(channel: &DeliveryChannel, region: &str) -> Result<Self, AwsError> {
        let (Some(name), Some(bucket)) = (channel.name(), channel.s3_bucket_name()) else {
            let text = "the delivery channel has no name or no bucket";
            return Err(AwsError::unexpected(&DESCRIBE_CHANNELS, region, text));
        };
        let filled = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let snapshots = channel.config_snapshot_delivery_properties();
        let frequency = snapshots.and_then(|snapshots| snapshots.delivery_frequency());
        Ok(Self {
            name: name.to_owned(),
            bucket: bucket.to_owned(),
            prefix: filled(channel.s3_key_prefix()),
            kms_key: filled(channel.s3_kms_key_arn()),
            sns_topic: filled(channel.sns_topic_arn()),
            snapshot_frequency: frequency.map(|word| word.as_str().to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_config::types::{ConfigExportDeliveryInfo, ConfigStreamDeliveryInfo};

    #[test]
    fn a_delivery_that_failed_last_is_seen_with_its_code() {
        let info = |status| ConfigExportDeliveryInfo::builder().last_status(status);
        let history = info(DeliveryStatus::Failure).last_error_code("AccessDenied");
        let stream = ConfigStreamDeliveryInfo::builder().last_status(DeliveryStatus::NotApplicable);
        let status = DeliveryChannelStatus::builder()
            .config_history_delivery_info(history.build())
            .config_snapshot_delivery_info(info("FAILURE".into()).build())
            .config_stream_delivery_info(stream.build());
        let failed = [("history", "AccessDenied"), ("snapshot", "FAILURE")];
        let failed = failed.map(|(what, code)| (what.to_owned(), code.to_owned()));
        assert_eq!(undelivered(&status.build()), failed.into());
    }

    #[test]
    fn only_a_recorder_of_the_customers_counts() {
        let named = |name| ConfigurationRecorder::builder().name(name);
        assert!(is_customers(&named("default2").build()));
        let linked = named("x").service_principal("securityhub.amazonaws.com");
        assert!(!is_customers(&linked.build()));
        assert!(!is_customers(
            &named("AWSConfigurationRecorderForX").build()
        ));
    }
}

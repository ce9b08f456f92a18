//! The delivery channel of a region.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use aws_sdk_config::types::DeliveryChannel;
use serde::{Deserialize, Serialize};

pub const DESCRIBE_CHANNELS: Operation = Operation::new(
    "config",
    "DescribeDeliveryChannels",
    &[Grant::any("config:DescribeDeliveryChannels")],
);

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
    /// The key that encrypts what is delivered.
    pub kms_key: Option<String>,
    /// The topic that is told.
    pub sns_topic: Option<String>,
    /// How often snapshots are delivered, in AWS's word.
    pub snapshot_frequency: Option<String>,
}

impl Channel {
    /// Whether it delivers to the same place as another.
    pub fn delivers_as(&self, other: &Self) -> bool {
        (&self.bucket, &self.prefix) == (&other.bucket, &other.prefix)
    }

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

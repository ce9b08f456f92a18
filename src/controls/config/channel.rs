//! The delivery channel of a region.

use super::wire::WireChannel;
use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::CONFIG;
use crate::aws::{AwsError, Grant};
use serde::{Deserialize, Serialize};

pub const DESCRIBE_CHANNELS: Typed<Nothing, Channels> = Typed::new(
    &CONFIG,
    "DescribeDeliveryChannels",
    &[Grant::any("config:DescribeDeliveryChannels")],
);

/// The channels of a region: one or none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Channels {
    #[serde(default)]
    delivery_channels: Vec<WireChannel>,
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
            let answer = DESCRIBE_CHANNELS.ask(&reader.clients, region, &Nothing {});
            let channel = answer.await?.delivery_channels.into_iter().next();
            channel
                .map(WireChannel::read)
                .transpose()
                .map_err(|text| AwsError::unexpected(&DESCRIBE_CHANNELS.operation, region, &text))
        });
        reader.once(&DESCRIBE_CHANNELS.operation, region, read).await
    }
}

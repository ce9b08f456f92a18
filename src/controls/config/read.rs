//! What is asked of a region, and of what its recorder and channel rely on.

use super::channel::Channel;
use super::judge;
use super::live::{LONGEST, Region};
use super::role::{Flaw, service_linked_role};
use super::settings::Settings;
use super::status::{ChannelStatus, ChannelStatuses, RecorderStatus, RecorderStatuses};
use super::wanted::Asked;
use super::wire::WireRecorder;
use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::CONFIG;
use crate::aws::tags::Tag;
use crate::aws::{AwsError, Grant, keys};
use crate::control::owner::owner;
use crate::control::{Context, OUR_TAG};
use crate::controls::archive::Adopted;
use crate::controls::topics::{self, Publisher};
use crate::s3::KeptOut;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tags of a recorder: whose it is.
pub const LIST_TAGS: Typed<ResourceArn, Tags> = Typed::new(
    &CONFIG,
    "ListTagsForResource",
    &[Grant::on("config:ListTagsForResource", RECORDER_ARN)],
)
.paged("NextToken", "NextToken");

pub const DESCRIBE_RETENTION: Typed<Nothing, Retentions> = Typed::new(
    &CONFIG,
    "DescribeRetentionConfigurations",
    &[Grant::any("config:DescribeRetentionConfigurations")],
)
.paged("NextToken", "NextToken");

/// A recorder as an ARN of a grant.
pub const RECORDER_ARN: &str =
    "arn:{partition}:config:{region}:{account}:configuration-recorder/*/*";

pub const DESCRIBE_RECORDERS: Typed<Nothing, Recorders> = Typed::new(
    &CONFIG,
    "DescribeConfigurationRecorders",
    &[Grant::any("config:DescribeConfigurationRecorders")],
);

pub const DESCRIBE_STATUS: Typed<Nothing, RecorderStatuses> = Typed::new(
    &CONFIG,
    "DescribeConfigurationRecorderStatus",
    &[Grant::any("config:DescribeConfigurationRecorderStatus")],
);

pub const DESCRIBE_DELIVERY: Typed<Nothing, ChannelStatuses> = Typed::new(
    &CONFIG,
    "DescribeDeliveryChannelStatus",
    &[Grant::any("config:DescribeDeliveryChannelStatus")],
);

/// The recorders of a region: the customer's, and those of services.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recorders {
    #[serde(default)]
    configuration_recorders: Vec<WireRecorder>,
}

/// For how long a region keeps history, where that is set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retentions {
    #[serde(default)]
    retention_configurations: Vec<Retention>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retention {
    retention_period_in_days: u32,
}

/// Whose tags are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceArn {
    resource_arn: String,
}

/// A page of tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tags {
    #[serde(default)]
    tags: Vec<Tag>,
}

/// A region, and who reads it for a table.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub settings: &'a Settings,
    pub context: &'a Context,
    pub reader: &'a Reader,
    pub region: &'a str,
}

impl<'a> Look<'a> {
    /// What the table asks of the region.
    pub fn asked(self, is_ours: bool) -> Asked<'a> {
        let Self { settings, context, region, .. } = self;
        Asked { settings, context, region, is_ours }
    }

    /// Whether recorder and channel are managed, and not only to be stopped.
    fn manages(self) -> bool {
        *self.settings.enabled != Some(false)
    }

    /// Reads recorder and channel, and unless they are only to be stopped, what they rely on.
    pub async fn read(self) -> Result<Region, AwsError> {
        let (clients, region) = (&self.reader.clients, self.region);
        let (recorders, statuses, channel, deliveries, retention) = tokio::join!(
            found(self.reader, region),
            statuses(self.reader, region),
            Channel::read(self.reader, region),
            DESCRIBE_DELIVERY.ask(clients, region, &Nothing {}),
            self.retention(),
        );
        let (found, statuses, channel) = (recorders?, statuses?, channel?);
        let (deliveries, retention_days) = (deliveries?, retention?);
        let recorder = found.as_ref().map(WireRecorder::read).transpose();
        let recorder = recorder.map_err(|text| strange(region, &text))?;
        let mut statuses = statuses.configuration_recorders_status.iter();
        let name = recorder.as_ref().map(|recorder| recorder.name.as_str());
        let status = statuses.find(|status| name.is_some() && status.name.as_deref() == name);
        let failed = deliveries.delivery_channels_status.iter();
        let seen = Region {
            channel,
            recording: name.map(|_| status.is_some_and(|status| status.recording)),
            failure: status.and_then(RecorderStatus::failure),
            undelivered: failed.flat_map(ChannelStatus::undelivered).collect(),
            recorder,
            retention_days,
            ..Region::default()
        };
        match self.manages() {
            true => self.relied_on(seen, found.and_then(|own| own.arn)).await,
            false => Ok(seen),
        }
    }

    /// What recorder and channel rely on.
    async fn relied_on(self, seen: Region, arn: Option<String>) -> Result<Region, AwsError> {
        let Self { context, reader, region, .. } = self;
        let (recorder, channel) = (seen.recorder.as_ref(), seen.channel.as_ref());
        let (tags, flaw, is_bucket_foreign, (key_fault, is_key_hidden), siblings) = tokio::try_join!(
            tags(reader, arn.as_deref(), region),
            super::role::flaw(reader, recorder, context),
            self.is_bucket_foreign(channel),
            self.key_fault(channel),
            super::tower::Siblings::read(reader, recorder, region, context),
        )?;
        let asked = self.asked(is_of(&tags, context) || recorder.is_none());
        let wanted = asked.channel(channel);
        let archive = async {
            match channel {
                Some(channel) => Adopted::read(reader, &channel.bucket, context).await,
                None => Ok(None),
            }
        };
        let (kept_out, topic_fault) = tokio::try_join!(
            self.kept_out(&seen, wanted.as_ref()),
            self.topic_fault(&seen, wanted.as_ref())
        )?;
        let name = recorder.map(|recorder| recorder.name.as_str()).unwrap_or_default();
        let (role_fault, role_doubt) = match flaw {
            Some(Flaw::Certain(fault)) => (Some(fault), None),
            Some(Flaw::Doubt(doubt)) => (None, Some(doubt)),
            None => (None, None),
        };
        Ok(Region {
            is_ours: is_of(&tags, context),
            owner: owner(name, &tags),
            role_fault,
            role_doubt,
            is_bucket_foreign,
            key_fault,
            is_key_hidden,
            topic_fault,
            siblings,
            kept_out,
            archive: archive.await?.map(Box::new),
            ..seen
        })
    }

    /// For how many days the region keeps the history.
    async fn retention(self) -> Result<Option<u32>, AwsError> {
        if !self.manages() {
            return Ok(None);
        }
        let answer = DESCRIBE_RETENTION.ask(&self.reader.clients, self.region, &Nothing {});
        let answer = answer.await?;
        let days = answer.retention_configurations.first();
        Ok(Some(days.map_or(LONGEST, |own| own.retention_period_in_days)))
    }

    /// Judges the topic that the channel has, or is to have. AWS Config publishes by the recorder's
    /// role, unless that is the service-linked one. Source: AWS Config Developer Guide, "Permissions
    /// for the Amazon SNS Topic".
    async fn topic_fault(
        self,
        seen: &Region,
        wanted: Option<&Channel>,
    ) -> Result<Option<String>, AwsError> {
        let Self { context, reader, region, .. } = self;
        let Some(topic) = wanted.and_then(|channel| channel.sns_topic.as_ref()) else {
            return Ok(None);
        };
        let (partition, account) = (&context.partition, &context.account);
        let role = seen.recorder.as_ref().map(|recorder| &recorder.role);
        let publisher = Publisher {
            service: "config.amazonaws.com",
            of: &format!("arn:{partition}:config:{region}:{account}:*"),
            has_role: role.is_some_and(|role| *role != service_linked_role(context)),
        };
        topics::fault(topic, &publisher, context, reader).await
    }

    /// The statement that keeps deliveries out of the account's own bucket.
    async fn kept_out(
        self,
        seen: &Region,
        wanted: Option<&Channel>,
    ) -> Result<Option<KeptOut>, AwsError> {
        let is_new = |to: &&Channel| seen.channel.as_ref().is_none_or(|own| !own.delivers_as(to));
        let fails = !seen.undelivered.is_empty();
        let Some(wanted) = wanted.filter(|own| fails || is_new(own)) else {
            return Ok(None);
        };
        let buckets = self.reader.buckets().await?;
        let Some(own) = buckets.iter().find(|own| own.name == wanted.bucket) else {
            return Ok(None);
        };
        let policy = self.reader.bucket_policy(&own.name, &own.region).await?;
        Ok(policy.and_then(|text| judge::kept_out(&text, wanted, self.context)))
    }

    /// Whether a channel delivers to a bucket that the baseline does not name and that is not in the
    /// account's own list.
    async fn is_bucket_foreign(self, channel: Option<&Channel>) -> Result<bool, AwsError> {
        let context = self.context;
        let named = self.settings.bucket.as_ref().map(|name| context.fill(name));
        let is_named =
            |own: &&Channel| [&named, &context.log_bucket].contains(&&Some(own.bucket.clone()));
        let Some(channel) = channel.filter(|own| !is_named(own)) else {
            return Ok(false);
        };
        let buckets = self.reader.buckets().await?;
        Ok(!buckets.iter().any(|own| own.name == channel.bucket))
    }

    /// What is wrong with the key that the channel has, or is to have; and whether it is hidden.
    async fn key_fault(
        self,
        channel: Option<&Channel>,
    ) -> Result<(Option<String>, bool), AwsError> {
        let Self { context, reader, region, .. } = self;
        if let Some(key) = self.settings.kms_key(context) {
            let region = keys::region(&key).unwrap_or(region);
            let named = reader.named_key(&key, region).await?;
            return Ok((named.fault(), named.is_hidden));
        }
        let Some(key) = channel.and_then(|channel| channel.kms_key.as_ref()) else {
            return Ok((None, false));
        };
        let is_own = keys::owner(key).is_none_or(|account| account == context.account);
        let seen = match is_own {
            true => reader.key(key, keys::region(key).unwrap_or(region)).await?,
            false => None,
        };
        Ok((keys::fault(key, &context.account, seen.as_ref()), false))
    }

    /// Whether the recorder of the region is one that this baseline created, or is about to create.
    pub async fn is_ours(self) -> Result<bool, AwsError> {
        match found(self.reader, self.region).await? {
            None => Ok(true),
            Some(recorder) => {
                let tags = tags(self.reader, recorder.arn.as_deref(), self.region).await?;
                Ok(is_of(&tags, self.context))
            }
        }
    }
}

/// The customer's recorder of a region, asked once.
pub async fn found(reader: &Reader, region: &str) -> Result<Option<WireRecorder>, AwsError> {
    let read = Box::pin(async {
        let answer = DESCRIBE_RECORDERS.ask(&reader.clients, region, &Nothing {});
        let mut recorders = answer.await?.configuration_recorders.into_iter();
        Ok(recorders.find(is_customers))
    });
    reader.once(&DESCRIBE_RECORDERS.operation, region, read).await
}

/// The statuses of the recorders of a region, asked once.
async fn statuses(reader: &Reader, region: &str) -> Result<RecorderStatuses, AwsError> {
    let read = Box::pin(DESCRIBE_STATUS.ask(&reader.clients, region, &Nothing {}));
    reader.once(&DESCRIBE_STATUS.operation, region, read).await
}

/// The names of the recorders of a region that run.
pub async fn running(reader: &Reader, region: &str) -> Result<Vec<String>, AwsError> {
    let statuses = statuses(reader, region).await?.configuration_recorders_status.into_iter();
    Ok(statuses.filter(|own| own.recording).filter_map(|own| own.name).collect())
}

/// An answer about recorders that cannot be understood.
pub fn strange(region: &str, text: &str) -> AwsError {
    AwsError::unexpected(&DESCRIBE_RECORDERS.operation, region, text)
}

/// The tags of a recorder, asked once.
async fn tags(
    reader: &Reader,
    arn: Option<&str>,
    region: &str,
) -> Result<BTreeMap<String, String>, AwsError> {
    let Some(arn) = arn else {
        return Ok(BTreeMap::new());
    };
    let read = Box::pin(async {
        let input = ResourceArn { resource_arn: arn.to_owned() };
        let pages = LIST_TAGS.pages(&reader.clients, region, &input).await?;
        Ok(Tag::table(pages.into_iter().flat_map(|page| page.tags)))
    });
    reader.once(&LIST_TAGS.operation, arn, read).await
}

/// Whether tags say that this baseline created a thing.
fn is_of(tags: &BTreeMap<String, String>, context: &Context) -> bool {
    tags.get(OUR_TAG) == Some(&context.baseline)
}

/// Whether a recorder is not one that a service keeps for itself or for another cloud.
fn is_customers(recorder: &WireRecorder) -> bool {
    let name = recorder.name.as_deref().unwrap_or_default();
    recorder.service_principal.is_none()
        && recorder.connector_arn.is_none()
        && !name.starts_with("AWSConfigurationRecorderFor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recorder_of_the_customers_counts() {
        let named =
            |name: &str| WireRecorder { name: Some(name.to_owned()), ..WireRecorder::default() };
        assert!(is_customers(&named("default2")));
        let linked = WireRecorder {
            service_principal: Some("securityhub.amazonaws.com".to_owned()),
            ..named("x")
        };
        assert!(!is_customers(&linked));
        assert!(!is_customers(&named("AWSConfigurationRecorderForX")));
    }
}

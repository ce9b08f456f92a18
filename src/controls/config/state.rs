//! What is live: the service-linked role of the account, and recorder and channel of a region.

use super::channel::Channel;
use super::judge;
use super::recording::Group;
use super::role::{Flaw, Role, flaw, service_linked_role};
use super::settings::Settings;
use super::status::{ChannelStatus, ChannelStatuses, RecorderStatus, RecorderStatuses};
use super::tower::Siblings;
use super::wire::WireRecorder;
use super::writes::Tag;
use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::CONFIG;
use crate::aws::{AwsError, Grant, keys};
use crate::control::owner::owner;
use crate::control::{Context, OUR_TAG};
use crate::controls::archive::Adopted;
use crate::controls::topics::{self, Publisher};
use crate::s3::KeptOut;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// For how many days history is kept where nothing else is said. Source: API reference,
/// RetentionConfiguration: 7 years.
pub const LONGEST: u32 = 2557;

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
    /// For how many days history is kept; unknown in a state of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether this baseline created the recorder: its tag says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ours: bool,
    /// Who else manages the recorder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why AWS Config cannot work with the recorder's role: the end of a sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_fault: Option<String>,
    /// What may keep AWS Config from working with it: the end of a sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_doubt: Option<String>,
    /// Whether the channel delivers to a bucket that is not in the account's own list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bucket_foreign: bool,
    /// What is wrong with the key of the channel, or with that which the baseline names: the end of
    /// a sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fault: Option<String>,
    /// Whether that is a key of another account which does not let this one look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_key_hidden: bool,
    /// What keeps the topic that changes are announced to from hearing of them: the end of a sentence
    /// about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_fault: Option<String>,
    /// What else of Control Tower is seen, where the recorder bears its name.
    #[serde(default, skip_serializing_if = "Siblings::is_empty")]
    pub siblings: Siblings,
    /// The statement that keeps deliveries out of the account's own bucket where the channel is to
    /// deliver, if that is new or deliveries fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_out: Option<KeptOut>,
    /// The bucket that the channel delivers to, where that is one of the account's own beside the
    /// log bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Box<Adopted>>,
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

impl State {
    /// Reads a region: recorder and channel, and unless they are only to be stopped, what they rely
    /// on.
    pub async fn read(
        reader: &Reader,
        region: &str,
        settings: &Settings,
        context: &Context,
    ) -> Result<Self, AwsError> {
        let clients = &reader.clients;
        let (recorders, statuses, channel, deliveries, retention) = tokio::join!(
            found(reader, region),
            DESCRIBE_STATUS.ask(clients, region, &Nothing {}),
            Channel::read(reader, region),
            DESCRIBE_DELIVERY.ask(clients, region, &Nothing {}),
            retention(reader, region, settings),
        );
        let (found, statuses, channel) = (recorders?, statuses?, channel?);
        let (deliveries, retention_days) = (deliveries?, retention?);
        let recorder =
            found.as_ref().map(WireRecorder::read).transpose().map_err(|text| {
                AwsError::unexpected(&DESCRIBE_RECORDERS.operation, region, &text)
            })?;
        let mut statuses = statuses.configuration_recorders_status.iter();
        let name = recorder.as_ref().map(|recorder| recorder.name.as_str());
        let status = statuses.find(|status| name.is_some() && status.name.as_deref() == name);
        let mut state = Self {
            channel,
            recording: name.map(|_| status.is_some_and(|status| status.recording)),
            failure: status.and_then(RecorderStatus::failure),
            undelivered: deliveries
                .delivery_channels_status
                .iter()
                .flat_map(ChannelStatus::undelivered)
                .collect(),
            recorder,
            retention_days,
            ..Self::default()
        };
        if *settings.enabled != Some(false) {
            let arn = found.as_ref().and_then(|recorder| recorder.arn.as_deref());
            let recorder = state.recorder.as_ref();
            let (tags, flaw, is_bucket_foreign, key, siblings) = tokio::try_join!(
                tags(reader, arn, region),
                flaw(reader, recorder, context),
                is_bucket_foreign(reader, state.channel.as_ref(), settings, context),
                key_fault(reader, state.channel.as_ref(), region, settings, context),
                Siblings::read(reader, recorder, region, context),
            )?;
            let name = state.recorder.as_ref().map(|recorder| recorder.name.as_str());
            state.owner = owner(name.unwrap_or_default(), &tags);
            state.is_ours = is_of(&tags, context);
            match flaw {
                Some(Flaw::Certain(fault)) => state.role_fault = Some(fault),
                Some(Flaw::Doubt(doubt)) => state.role_doubt = Some(doubt),
                None => {}
            }
            state.is_bucket_foreign = is_bucket_foreign;
            (state.key_fault, state.is_key_hidden) = key;
            state.siblings = siblings;
            let (kept_out, topic_fault) = tokio::try_join!(
                state.kept_out(reader, region, settings, context),
                state.topic_fault(reader, region, settings, context)
            )?;
            (state.kept_out, state.topic_fault) = (kept_out, topic_fault);
            if let Some(channel) = &state.channel {
                let archive = Adopted::read(reader, &channel.bucket, context).await?;
                state.archive = archive.map(Box::new);
            }
        }
        Ok(state)
    }

    /// Judges the topic that the channel has, or is to have. AWS Config publishes by the recorder's
    /// role, unless that is the service-linked one. Source: AWS Config Developer Guide, "Permissions
    /// for the Amazon SNS Topic".
    async fn topic_fault(
        &self,
        reader: &Reader,
        region: &str,
        settings: &Settings,
        context: &Context,
    ) -> Result<Option<String>, AwsError> {
        let is_ours = self.is_ours || self.recorder.is_none();
        let wanted = settings.channel(self.channel.as_ref(), is_ours, region, context);
        let Some(topic) = wanted.and_then(|channel| channel.sns_topic) else {
            return Ok(None);
        };
        let (partition, account) = (&context.partition, &context.account);
        let role = self.recorder.as_ref().map(|recorder| &recorder.role);
        let publisher = Publisher {
            service: "config.amazonaws.com",
            of: &format!("arn:{partition}:config:{region}:{account}:*"),
            has_role: role.is_some_and(|role| *role != service_linked_role(context)),
        };
        topics::fault(&topic, &publisher, context, reader).await
    }

    async fn kept_out(
        &self,
        reader: &Reader,
        region: &str,
        settings: &Settings,
        context: &Context,
    ) -> Result<Option<KeptOut>, AwsError> {
        let is_ours = self.is_ours || self.recorder.is_none();
        let live = self.channel.as_ref();
        let Some(wanted) = settings.channel(live, is_ours, region, context) else {
            return Ok(None);
        };
        let is_new = live.is_none_or(|live| !live.delivers_as(&wanted));
        if !is_new && self.undelivered.is_empty() {
            return Ok(None);
        }
        let buckets = reader.buckets().await?;
        let Some(own) = buckets.iter().find(|own| own.name == wanted.bucket) else {
            return Ok(None);
        };
        let policy = reader.bucket_policy(&own.name, &own.region).await?;
        Ok(policy.and_then(|text| judge::kept_out(&text, &wanted, context)))
    }

    /// Who else manages the recorder, by its tags, else by its name.
    pub fn owned_by(&self) -> Option<String> {
        let name = self.recorder.as_ref().map(|recorder| recorder.name.as_str());
        let by_name = || owner(name.unwrap_or_default(), &BTreeMap::new());
        self.owner.clone().or_else(by_name)
    }
}

/// For how many days a region keeps the history.
async fn retention(
    reader: &Reader,
    region: &str,
    settings: &Settings,
) -> Result<Option<u32>, AwsError> {
    if *settings.enabled == Some(false) {
        return Ok(None);
    }
    let answer = DESCRIBE_RETENTION.ask(&reader.clients, region, &Nothing {});
    let answer = answer.await?;
    let days = answer.retention_configurations.first();
    let days = days.map(|own| own.retention_period_in_days);
    Ok(Some(days.unwrap_or(LONGEST)))
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
        let tags = pages.into_iter().flat_map(|page| page.tags);
        Ok(tags.map(|tag| (tag.key, tag.value)).collect())
    });
    reader.once(&LIST_TAGS.operation, arn, read).await
}

/// Whether tags say that this baseline created a thing.
fn is_of(tags: &BTreeMap<String, String>, context: &Context) -> bool {
    tags.get(OUR_TAG) == Some(&context.baseline)
}

/// Whether the recorder of a region is one that this baseline created, or is about to create.
pub async fn is_ours(reader: &Reader, region: &str, context: &Context) -> Result<bool, AwsError> {
    match found(reader, region).await? {
        None => Ok(true),
        Some(recorder) => {
            let tags = tags(reader, recorder.arn.as_deref(), region).await?;
            Ok(is_of(&tags, context))
        }
    }
}

/// Whether a channel delivers to a bucket that the baseline does not name and that is not in the
/// account's own list.
async fn is_bucket_foreign(
    reader: &Reader,
    channel: Option<&Channel>,
    settings: &Settings,
    context: &Context,
) -> Result<bool, AwsError> {
    let Some(channel) = channel else {
        return Ok(false);
    };
    let named = settings.bucket.as_ref().map(|name| context.fill(name));
    if [named.as_ref(), context.log_bucket.as_ref()].contains(&Some(&channel.bucket)) {
        return Ok(false);
    }
    let buckets = reader.buckets().await?;
    Ok(!buckets.iter().any(|own| own.name == channel.bucket))
}

/// What is wrong with the key that the channel has, or is to have; and whether it is hidden.
async fn key_fault(
    reader: &Reader,
    channel: Option<&Channel>,
    region: &str,
    settings: &Settings,
    context: &Context,
) -> Result<(Option<String>, bool), AwsError> {
    if let Some(key) = settings.kms_key(context) {
        let named = reader.named_key(&key, keys::region(&key).unwrap_or(region));
        let named = named.await?;
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

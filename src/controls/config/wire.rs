//! Recorder and channel in AWS's words, as they are answered and sent.

use super::channel::Channel;
use super::live::{Override, Recorder};
use super::recording::{Group, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A recorder. AWS answers with all members, and takes all but those that it gives itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireRecorder {
    pub name: Option<String>,
    #[serde(rename = "roleARN")]
    pub role_arn: Option<String>,
    pub recording_group: Option<WireGroup>,
    pub recording_mode: Option<Mode>,
    pub arn: Option<String>,
    /// The service that keeps the recorder for itself.
    pub service_principal: Option<String>,
    /// The connection to the other cloud that it records.
    pub connector_arn: Option<String>,
}

/// What a recorder records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireGroup {
    pub recording_strategy: Option<Strategy>,
    pub all_supported: bool,
    pub include_global_resource_types: bool,
    pub resource_types: Option<BTreeSet<String>>,
    pub exclusion_by_resource_types: Option<Exclusion>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    pub use_only: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    #[serde(default)]
    pub resource_types: BTreeSet<String>,
}

/// How often a recorder records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mode {
    recording_frequency: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recording_mode_overrides: Vec<ModeOverride>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModeOverride {
    #[serde(default)]
    resource_types: BTreeSet<String>,
    recording_frequency: String,
    description: Option<String>,
}

/// A delivery channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireChannel {
    name: Option<String>,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    s3_kms_key_arn: Option<String>,
    #[serde(rename = "snsTopicARN")]
    sns_topic_arn: Option<String>,
    config_snapshot_delivery_properties: Option<Snapshots>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshots {
    delivery_frequency: Option<String>,
}

impl WireRecorder {
    /// The recorder, or what is wrong with the answer.
    pub fn read(&self) -> Result<Recorder, String> {
        let (Some(name), Some(role)) = (&self.name, &self.role_arn) else {
            return Err("the recorder has no name or no role".to_owned());
        };
        let group = match &self.recording_group {
            Some(group) => group.read().map_err(|strategy| {
                format!("this version of baseline does not know the recording strategy {strategy}")
            })?,
            None => Group::default(),
        };
        let mode = self.recording_mode.as_ref();
        let overrides = mode.map(|mode| mode.recording_mode_overrides.iter().map(Override::from));
        Ok(Recorder {
            name: name.clone(),
            role: role.clone(),
            group,
            frequency: mode.map(|mode| mode.recording_frequency.clone()),
            overrides: overrides.into_iter().flatten().collect(),
        })
    }
}

impl WireGroup {
    /// What is recorded; the error names a strategy that this version does not know.
    pub fn read(&self) -> Result<Group, String> {
        let included = self.resource_types.clone().unwrap_or_default();
        let excluded = self.exclusion_by_resource_types.clone();
        let excluded = excluded.map(|own| own.resource_types).unwrap_or_default();
        let strategy = self.recording_strategy.as_ref();
        let strategy = strategy.and_then(|strategy| strategy.use_only.as_deref());
        let record = match strategy {
            Some(ALL) => Record::All,
            Some(INCLUSION) => Record::Include(included),
            Some(EXCLUSION) => Record::Exclude(excluded),
            Some(other) => return Err(other.to_owned()),
            None if self.all_supported => Record::All,
            None if excluded.is_empty() => Record::Include(included),
            None => Record::Exclude(excluded),
        };
        Ok(Group {
            global_types: record == Record::All && self.include_global_resource_types,
            record,
        })
    }
}

const ALL: &str = "ALL_SUPPORTED_RESOURCE_TYPES";
const INCLUSION: &str = "INCLUSION_BY_RESOURCE_TYPES";
const EXCLUSION: &str = "EXCLUSION_BY_RESOURCE_TYPES";

impl From<&Group> for WireGroup {
    fn from(group: &Group) -> Self {
        let (strategy, included, excluded) = match &group.record {
            Record::All => (ALL, None, None),
            Record::Include(types) => (INCLUSION, Some(types.clone()), None),
            Record::Exclude(types) => (EXCLUSION, None, Some(types.clone())),
        };
        Self {
            recording_strategy: Some(Strategy { use_only: Some(strategy.to_owned()) }),
            all_supported: group.record == Record::All,
            include_global_resource_types: group.global_types,
            resource_types: included,
            exclusion_by_resource_types: excluded
                .map(|resource_types| Exclusion { resource_types }),
        }
    }
}

impl From<&Recorder> for WireRecorder {
    fn from(recorder: &Recorder) -> Self {
        let overrides = recorder.overrides.iter();
        Self {
            name: Some(recorder.name.clone()),
            role_arn: Some(recorder.role.clone()),
            recording_group: Some((&recorder.group).into()),
            recording_mode: recorder.frequency.as_ref().map(|frequency| Mode {
                recording_frequency: frequency.clone(),
                recording_mode_overrides: overrides.map(ModeOverride::from).collect(),
            }),
            ..Self::default()
        }
    }
}

impl From<&Override> for ModeOverride {
    fn from(own: &Override) -> Self {
        Self {
            resource_types: own.types.clone(),
            recording_frequency: own.frequency.clone(),
            description: own.description.clone(),
        }
    }
}

impl From<&ModeOverride> for Override {
    fn from(found: &ModeOverride) -> Self {
        Self {
            description: found.description.clone(),
            types: found.resource_types.clone(),
            frequency: found.recording_frequency.clone(),
        }
    }
}

impl WireChannel {
    /// The channel, or what is wrong with the answer.
    pub fn read(self) -> Result<Channel, String> {
        let (Some(name), Some(bucket)) = (self.name, self.s3_bucket_name) else {
            return Err("the delivery channel has no name or no bucket".to_owned());
        };
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let snapshots = self.config_snapshot_delivery_properties;
        Ok(Channel {
            name,
            bucket,
            prefix: filled(self.s3_key_prefix),
            kms_key: filled(self.s3_kms_key_arn),
            sns_topic: filled(self.sns_topic_arn),
            snapshot_frequency: snapshots.and_then(|snapshots| snapshots.delivery_frequency),
        })
    }
}

impl From<Channel> for WireChannel {
    fn from(channel: Channel) -> Self {
        let snapshots =
            channel.snapshot_frequency.map(|word| Snapshots { delivery_frequency: Some(word) });
        Self {
            name: Some(channel.name),
            s3_bucket_name: Some(channel.bucket),
            s3_key_prefix: channel.prefix,
            s3_kms_key_arn: channel.kms_key,
            sns_topic_arn: channel.sns_topic,
            config_snapshot_delivery_properties: snapshots,
        }
    }
}

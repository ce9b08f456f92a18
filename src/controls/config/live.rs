//! What is live, and the part of it that calls change.

use super::channel::Channel;
use super::recording::Group;
use super::role::Role;
use super::tower::Siblings;
use crate::control::owner::owner;
use crate::controls::archive::Adopted;
use crate::s3::KeptOut;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// For how many days history is kept where nothing else is said. Source: API reference,
/// RetentionConfiguration: 7 years.
pub const LONGEST: u32 = 2557;

/// What was read at a place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// At the place of the service-linked role.
    Role(Role),
    /// In a region.
    Region(Box<Region>),
}

/// Recording in a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
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

impl Region {
    /// Who else manages the recorder, by its tags, else by its name.
    pub fn owned_by(&self) -> Option<String> {
        let name = self.recorder.as_ref().map(|recorder| recorder.name.as_str());
        let by_name = || owner(name.unwrap_or_default(), &BTreeMap::new());
        self.owner.clone().or_else(by_name)
    }
}

/// What the baseline asks for and calls change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum State {
    /// Of the service-linked role.
    Role(Role),
    /// Of a region.
    Region(Box<Recording>),
}

impl State {
    /// That of what was read.
    pub fn of(live: &Live) -> Self {
        match live {
            Live::Role(role) => Self::Role(role.clone()),
            Live::Region(region) => Self::Region(Box::new(Recording::of(region))),
        }
    }
}

/// The part of a region that calls change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The recorder.
    pub recorder: Option<Recorder>,
    /// The channel.
    pub channel: Option<Channel>,
    /// Whether the recorder runs, if there is one.
    pub recording: Option<bool>,
    /// For how many days history is kept.
    pub retention_days: Option<u32>,
}

impl Recording {
    /// That of a region.
    pub fn of(region: &Region) -> Self {
        let Region { recorder, channel, recording, retention_days, .. } = region.clone();
        Self { recorder, channel, recording, retention_days }
    }
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

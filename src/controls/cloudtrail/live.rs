//! What is read: every trail that the home region shows, and one of them whole.

use super::selectors::Selector;
use crate::aws::{Tags, keys};
use crate::controls::archive::Adopted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a proposal needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// The trails, by ARN.
    pub trails: BTreeMap<String, Trail>,
    /// The trails of an organization that cover this account, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub organization: BTreeMap<String, Covering>,
    /// The account's own trails of all regions that a stack or Control Tower manages, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub managed: BTreeMap<String, Covering>,
    /// The tags of the account's own trails, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Tags>,
    /// What trails log that have selectors of their own, by ARN, where that decides whether one is
    /// adopted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub logged: BTreeMap<String, Vec<Selector>>,
    /// Those of the buckets that trails deliver to, or are to, which are the account's own, with
    /// their regions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<String, String>,
    /// Whether the account's own trails of all regions are recording, by ARN, if there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub recording: BTreeMap<String, bool>,
    /// More about the trail that is managed.
    pub details: Option<Details>,
    /// What the baseline's key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// What keeps the topics of the trail, and of the baseline, from hearing of log files, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deaf_topics: BTreeMap<String, String>,
    /// The policy of the bucket that the trail delivers to or is to, where it decides something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The bucket that the trail delivers to or is to, where that is one of the account's own beside
    /// the log bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<Box<Adopted>>,
}

/// What is seen of a trail that covers the account and that others manage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covering {
    /// Whether it is recording; nothing when AWS does not show it to this account.
    pub logging: Option<bool>,
    /// What could not be delivered, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Delivery, String>,
    /// What it logs; nothing when AWS does not show it to this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selectors: Option<Vec<Selector>>,
}

/// A trail as it is described.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Where it lives, and where alone it can be changed.
    pub home_region: String,
    /// Where it delivers.
    pub bucket: String,
    /// Under which prefix.
    pub prefix: Option<String>,
    /// Whether log files can be validated.
    pub log_file_validation: bool,
    /// Whether it records all regions.
    pub multi_region: bool,
    /// Whether it records services that are in no region.
    pub global_events: bool,
    /// The ARN of the key that its files are encrypted with.
    pub kms_key: Option<String>,
    /// Whether it has insights.
    pub has_insights: bool,
    /// Whether it is an organization's.
    pub organization: bool,
    /// Whether it logs anything else than all management events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub custom_selectors: bool,
    /// The ARN of the topic that is notified of log files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sns_topic: Option<String>,
    /// Where events are written to besides the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudwatch_logs: Option<Logs>,
}

impl Trail {
    /// A trail that says nothing but where it delivers.
    pub fn bare(name: &str, home_region: &str, bucket: &str) -> Self {
        Self {
            name: name.to_owned(),
            home_region: home_region.to_owned(),
            bucket: bucket.to_owned(),
            prefix: None,
            log_file_validation: false,
            multi_region: false,
            global_events: false,
            kms_key: None,
            has_insights: false,
            organization: false,
            custom_selectors: false,
            sns_topic: None,
            cloudwatch_logs: None,
        }
    }
}

/// A log group of CloudWatch Logs, and the role by which CloudTrail writes to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// The ARN of the group.
    pub group: String,
    /// The ARN of the role.
    pub role: String,
}

/// More about one trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The ARN of the trail.
    pub trail: String,
    /// Whether it is recording.
    pub logging: bool,
    /// What could not be delivered, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Delivery, String>,
    /// Its event selectors; basic ones are translated.
    pub selectors: Vec<Selector>,
    /// Whether they are basic.
    pub basic: bool,
    /// Its insights, with the categories of events that they look at.
    pub insights: BTreeMap<String, BTreeSet<String>>,
    /// Its KMS key, if that is one of this account; nothing if there is no such key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<keys::Key>,
}

/// What a trail delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Log files, to its bucket.
    LogFiles,
    /// Digests, by which log files are validated.
    Digests,
    /// Events, to a log group.
    CloudwatchLogs,
    /// Notifications, to a topic.
    Notifications,
}

/// The key that a name stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The region in which it was looked for: that of the bucket, unless the name tells another.
    pub region: String,
    /// The region of the bucket. Source: CloudTrail API Reference, `KmsKeyNotFoundException`: the
    /// bucket and the key must be in the same region.
    pub bucket_region: String,
    /// What is seen of it.
    #[serde(flatten)]
    pub seen: keys::Named,
}

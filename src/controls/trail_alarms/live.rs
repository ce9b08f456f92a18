//! What is read of the log group of the trail, its filters and their alarms, and what calls change.

use super::watches::Watch;
use crate::aws::keys;
use crate::aws::roles::Role;
use crate::controls::roles::{self, RoleState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a proposal needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// The trail whose events are watched, and where they go; nothing when there is none.
    pub target: Option<Target>,
    /// Who else manages the trail or its log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The log group; nothing when it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Its metric filters, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Filter>,
    /// The alarms of this program's names, and those on the metrics of the filters, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alarms: BTreeMap<String, Alarm>,
    /// The rules that mute alarms now or later, by name, with the alarms.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mute_rules: BTreeMap<String, BTreeSet<String>>,
    /// What is wrong with topics, by ARN: the end of a sentence.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, String>,
    /// The key that the table names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The role by which the trail writes; nothing when it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The trail, and where its events go or are to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The ARN of the trail.
    pub trail: String,
    /// Where the trail lives, and with it its log group and the alarms.
    pub region: String,
    /// The name of the log group.
    pub group: String,
    /// The account of the log group.
    pub account: String,
    /// The ARN of the role by which the trail writes.
    pub role: String,
    /// Whether that is the role that this program makes.
    pub is_our_role: bool,
    /// Whether the trail writes there, rather than to no log group.
    pub is_connected: bool,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What calls change of it.
    #[serde(flatten)]
    pub state: GroupState,
    /// `STANDARD`, `INFREQUENT_ACCESS` …
    pub class: String,
    /// The policy of the account that decides how long events stay, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<String>,
    /// What of events a data protection policy hides from metric filters, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
    /// What is wrong with its key: the end of a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fault: Option<String>,
}

/// What calls change of a log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    /// For how many days events stay; nothing is without end.
    pub retention_days: Option<i32>,
    /// The ARN of its key.
    pub kms_key: Option<String>,
    /// Whether it is protected from being deleted.
    pub deletion_protection: bool,
}

/// The key that the table names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// How it is named.
    pub name: String,
    /// What is seen of it.
    #[serde(flatten)]
    pub seen: keys::Named,
}

/// A metric filter: which events it counts, and into which metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The pattern.
    pub pattern: String,
    /// What it counts into.
    pub metrics: Vec<Counter>,
    /// Whether it looks at events that were transformed before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transformed: bool,
    /// Which log groups' fields it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<String>,
    /// The dimensions by which CloudWatch splits the metric.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub split_by: BTreeSet<String>,
}

/// A metric that a filter counts into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What an event counts: a number, or a property of it.
    pub value: String,
    /// What is counted where no event matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<f64>,
    /// The dimensions, with the properties that they are taken from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The namespace of the metrics that this program makes.
pub const NAMESPACE: &str = "Baseline";

impl Filter {
    /// The filter that is made for a watch.
    pub fn of(watch: Watch) -> Self {
        let metric = Counter {
            namespace: NAMESPACE.to_owned(),
            name: watch.name(),
            value: "1".to_owned(),
            ..Counter::default()
        };
        Self { pattern: watch.pattern(), metrics: vec![metric], ..Self::default() }
    }

    /// The metric in which it counts every event of a watch; nothing if it does not.
    pub fn counts(&self, watch: Watch, is_ours: bool) -> Option<&Counter> {
        let is_plain = !self.transformed && self.criteria.is_none() && self.split_by.is_empty();
        let meets = || watch.is_met_by(&self.pattern, is_ours);
        let mut metrics = self.metrics.iter().filter(|own| own.weight().is_some());
        metrics.next().filter(|_| is_plain && meets())
    }

    /// As plans show it.
    pub fn shown(&self) -> String {
        let metrics = self.metrics.iter().map(Counter::shown);
        let mut text =
            format!("{} counted in {}", self.pattern, metrics.collect::<Vec<_>>().join(", "));
        if self.transformed {
            text.push_str(", of transformed events");
        }
        if let Some(criteria) = &self.criteria {
            text.push_str(&format!(", only where {criteria}"));
        }
        if !self.split_by.is_empty() {
            let split: Vec<&str> = self.split_by.iter().map(String::as_str).collect();
            text.push_str(&format!(", split by {}", split.join(" and ")));
        }
        text
    }
}

impl Counter {
    /// What an event counts, if that is a fixed number above 0 and the metric is not split, and nothing
    /// is counted without an event.
    pub fn weight(&self) -> Option<f64> {
        let value: f64 = self.value.parse().ok()?;
        let is_quiet = self.default.is_none_or(|default| default == 0.0);
        (value > 0.0 && value.is_finite() && self.dimensions.is_empty() && is_quiet)
            .then_some(value)
    }

    fn shown(&self) -> String {
        let mut text = format!("{}/{}", self.namespace, self.name);
        if self.value != "1" {
            text.push_str(&format!(" as {}", self.value));
        }
        if let Some(default) = self.default.filter(|own| *own != 0.0) {
            text.push_str(&format!(" (else {default})"));
        }
        if !self.dimensions.is_empty() {
            let names: Vec<&str> = self.dimensions.keys().map(String::as_str).collect();
            text.push_str(&format!(" by {}", names.join(" and ")));
        }
        text
    }
}

/// An alarm on a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// What it says to whoever gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// The ARNs of what is done when it is raised.
    pub actions: BTreeSet<String>,
    /// The same when it is over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ok_actions: BTreeSet<String>,
    /// The same when data are missing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub no_data_actions: BTreeSet<String>,
    /// The namespace of the metric; nothing for one that is computed.
    pub namespace: Option<String>,
    /// The metric.
    pub metric: Option<String>,
    /// `Sum`, `Average` …
    pub statistic: Option<String>,
    /// The dimensions of the metric.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// Seconds.
    pub period: Option<i32>,
    /// The only unit whose data count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How many periods are looked at.
    pub evaluation_periods: Option<i32>,
    /// How many of them must be beyond the threshold; nothing for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints: Option<i32>,
    /// What the statistic is compared with.
    pub threshold: Option<f64>,
    /// How: `GreaterThanThreshold` …
    pub comparison: String,
    /// What missing data mean: `notBreaching`, `missing` …
    pub missing_data: Option<String>,
    /// Whether it has something that makes it another kind of alarm: a formula, a query, a time for
    /// warming up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_special: bool,
}

/// What calls change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Where it is; no call changes it.
    pub target: Option<Target>,
    /// Whether the trail writes to the log group.
    pub is_connected: bool,
    /// The log group.
    pub group: Option<GroupState>,
    /// The role of the trail, where that is the one that this program makes.
    pub role: Option<RoleState>,
    /// The filters of this program's names.
    pub filters: BTreeMap<String, Filter>,
    /// The alarms of this program's names.
    pub alarms: BTreeMap<String, Alarm>,
}

impl Live {
    /// What calls change of it.
    pub fn state(&self) -> State {
        let target = self.target.as_ref();
        let is_own = target.is_some_and(|own| own.is_our_role);
        State {
            target: self.target.clone(),
            is_connected: target.is_some_and(|own| own.is_connected),
            group: self.group.as_ref().map(|own| own.state.clone()),
            role: self.role.as_ref().filter(|_| is_own).map(roles::state),
            filters: ours(&self.filters),
            alarms: ours(&self.alarms),
        }
    }
}

fn ours<T: Clone>(all: &BTreeMap<String, T>) -> BTreeMap<String, T> {
    let ours = all.iter().filter(|(name, _)| Watch::named(name).is_some());
    ours.map(|(name, own)| (name.clone(), own.clone())).collect()
}

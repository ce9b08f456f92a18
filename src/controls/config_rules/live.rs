//! What is live, and the part of it that calls change.

use super::aggregator::{self, Aggregator, AggregatorFound};
use super::conformance::{self, Pack, PackFound};
use super::repair::{Document, Repair};
use super::rule::{Found, Rule};
use crate::aws::roles::Role;
use crate::controls::config::Recorded;
use crate::controls::roles::{self, RoleState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was read at a place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// A role that AWS works with.
    Role(Option<Role>),
    /// A region.
    Region(Box<Region>),
}

/// The rules of a region, and what belongs to them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The recorder, without which there can be no rules.
    pub recorder: Option<Recorded>,
    /// The rules, by name.
    pub rules: BTreeMap<String, Found>,
    /// The repairs of the account's own rules, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub repairs: BTreeMap<String, RepairFound>,
    /// The documents that repairs are to run, by name; nothing for one that does not exist here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<String, Option<Document>>,
    /// What went wrong when a rule was evaluated last, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, String>,
    /// The resources that AWS does not repair, with the reason that is given, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<String, BTreeMap<String, String>>,
    /// The resources whose last repair failed, with the reason, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed_repairs: BTreeMap<String, BTreeMap<String, String>>,
    /// The conformance packs, if any is asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conformance_packs: BTreeMap<String, PackFound>,
    /// The aggregators, if one is asked for here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregators: Option<BTreeMap<String, AggregatorFound>>,
}

/// A repair that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepairFound {
    pub repair: Repair,
    /// The service that made it and manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// What the baseline asks for and calls change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum State {
    /// Of a role.
    Role(Assumed),
    /// Of a region.
    Region(Box<Rules>),
}

/// A role that AWS works with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumed {
    /// Who may assume it and what it may do, if it exists.
    pub role: Option<RoleState>,
}

/// The part of a region that calls change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rules: BTreeMap<String, Rule>,
    pub repairs: BTreeMap<String, Repair>,
    pub conformance_packs: BTreeMap<String, Pack>,
    pub aggregators: BTreeMap<String, Aggregator>,
}

impl State {
    /// That of what was read.
    pub fn of(live: &Live) -> Self {
        match live {
            Live::Role(role) => Self::Role(Assumed { role: role.as_ref().map(roles::state) }),
            Live::Region(region) => Self::Region(Box::new(Rules::of(region))),
        }
    }
}

impl Rules {
    /// Those of a region, without what others own or AWS is about to delete.
    pub fn of(region: &Region) -> Self {
        let own = |name: &str| {
            region.rules.get(name).is_some_and(|found| found.is_own(name) && !found.is_going)
        };
        let rules = region.rules.iter().filter(|(name, _)| own(name));
        let repairs = region.repairs.iter();
        let repairs = repairs.filter(|(rule, found)| own(rule) && found.service.is_none());
        let aggregators = region.aggregators.as_ref();
        Self {
            rules: rules.map(|(name, found)| (name.clone(), found.rule.clone())).collect(),
            repairs: repairs.map(|(rule, found)| (rule.clone(), found.repair.clone())).collect(),
            conformance_packs: conformance::own(&region.conformance_packs),
            aggregators: aggregators.map(aggregator::own).unwrap_or_default(),
        }
    }
}

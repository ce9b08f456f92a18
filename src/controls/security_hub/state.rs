//! What calls change, how plans show it, and the calls from one state to another.

use super::aggregation::Linking;
use super::live::{Hub, Live, product_arn, standard_arn};
use super::wire::{
    Aggregator, AggregatorUpdate, AssociationUpdate, AssociationUpdates, CREATE_AGGREGATOR,
    DELETE_AGGREGATOR, DISABLE_STANDARDS, ENABLE, ENABLE_PRODUCT, ENABLE_STANDARDS, HubUpdate,
    NewAggregator, NewHub, PAGE, Product, StandardAsked, StandardsOff, StandardsOn,
    UPDATE_AGGREGATOR, UPDATE_ASSOCIATIONS, UPDATE_HUB,
};
use crate::control::{At, Steps};
use crate::controls::config::Config;
use crate::place::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What calls change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub hub: Option<Hub>,
    /// The standards that are on.
    pub standards: BTreeSet<String>,
    /// The products that are offered, and whether their findings are taken in.
    pub products: BTreeMap<String, bool>,
    /// The controls that are off, with the standards in which they are.
    pub disabled_controls: BTreeMap<String, Disabled>,
    pub aggregation: Option<Linking>,
    /// The ARN of the aggregator, once it exists.
    pub aggregator: Option<String>,
}

/// A control that is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub standards: BTreeSet<String>,
    pub reason: Option<String>,
}

impl State {
    /// That of what was read.
    pub fn of(live: &Live) -> Self {
        let on = live.standards.iter().filter(|(_, own)| !own.is_going());
        let off = live.controls.iter().filter(|(_, own)| !own.off.is_empty());
        let disabled = off.map(|(id, own)| {
            let reason = own.off.values().flatten().next().cloned();
            let standards = own.off.keys().cloned().collect();
            (id.clone(), Disabled { standards, reason })
        });
        let aggregator = live.aggregator.as_ref().filter(|own| own.linking.is_some());
        Self {
            hub: live.hub.clone(),
            standards: on.map(|(path, _)| path.clone()).collect(),
            products: live.products.clone(),
            disabled_controls: disabled.collect(),
            aggregation: aggregator.and_then(|own| own.linking.clone()),
            aggregator: aggregator.map(|own| own.arn.clone()),
        }
    }

    /// As plans show it, by the keys of the table.
    pub fn shown(&self) -> Value {
        let mut shown = Map::new();
        let hub = self.hub.as_ref();
        shown.insert("enabled".to_owned(), hub.is_some().into());
        let auto = hub.map(|own| own.auto_enable_controls);
        shown.insert("auto_enable_controls".to_owned(), json!(auto));
        let generator = hub.and_then(|own| own.finding_generator.as_deref());
        shown.insert("finding_generator".to_owned(), json!(generator));
        shown.insert("standards".to_owned(), json!(self.standards));
        shown.insert("products".to_owned(), json!(self.products));
        let disabled = self.disabled_controls.iter();
        let disabled: Map<String, Value> =
            disabled.map(|(id, own)| (id.clone(), json!(own.standards))).collect();
        shown.insert("disabled_controls".to_owned(), disabled.into());
        let aggregation = self.aggregation.as_ref().map(|own| match own.regions.is_empty() {
            true => json!(own.mode),
            false => json!({ "mode": own.mode, "regions": own.regions }),
        });
        shown.insert("aggregation".to_owned(), json!(aggregation));
        Value::Object(shown)
    }

    /// The fields in which another state protects less than this one.
    pub fn looser(&self, to: &Self) -> Vec<String> {
        let mut looser = Vec::new();
        if !self.standards.is_subset(&to.standards) {
            looser.push("standards".to_owned());
        }
        let auto = |own: &Self| own.hub.as_ref().is_some_and(|own| own.auto_enable_controls);
        if auto(self) && !auto(to) {
            looser.push("auto_enable_controls".to_owned());
        }
        let on = self.products.iter().filter(|(_, on)| **on);
        let lost = on.filter(|(name, _)| to.products.get(*name) == Some(&false));
        looser.extend(lost.map(|(name, _)| format!("products.{name}")));
        for (id, own) in &to.disabled_controls {
            let before = self.disabled_controls.get(id);
            if before.is_none_or(|before| !own.standards.is_subset(&before.standards)) {
                looser.push(format!("disabled_controls.{id}"));
            }
        }
        if let Some(own) = &self.aggregation {
            let is_loss = to.aggregation.as_ref().is_none_or(|to| to.is_looser_than(own));
            if is_loss {
                looser.extend(["", ".mode", ".regions"].map(|end| format!("aggregation{end}")));
            }
        }
        looser
    }

    /// The calls from this state to another. A standard is checked by rules of AWS Config, which
    /// need its recorder first.
    pub fn steps(&self, to: &Self, at: At<'_>) -> Steps {
        let mut steps = self.hub_steps(to, at);
        let (region, partition) = (at.region(), at.context.partition.as_str());
        let added: Vec<&String> = to.standards.difference(&self.standards).collect();
        for batch in added.chunks(MOST_STANDARDS) {
            let requests = batch
                .iter()
                .map(|path| StandardAsked { standards_arn: standard_arn(partition, region, path) });
            let input = StandardsOn { standards_subscription_requests: requests.collect() };
            steps.call(ENABLE_STANDARDS.call(region, input));
            steps.after_at::<Config>(Place::region(region));
        }
        let removed: Vec<&String> = self.standards.difference(&to.standards).collect();
        for batch in removed.chunks(MOST_STANDARDS) {
            let account = &at.context.account;
            let arn = |path: &&String| {
                format!("arn:{partition}:securityhub:{region}:{account}:subscription/{path}")
            };
            let input =
                StandardsOff { standards_subscription_arns: batch.iter().map(arn).collect() };
            steps.call(DISABLE_STANDARDS.call(region, input));
        }
        for (name, _) in to.products.iter().filter(|(_, on)| **on) {
            if self.products.get(name) != Some(&true) {
                let input = Product { product_arn: product_arn(partition, region, name) };
                steps.call(ENABLE_PRODUCT.call(region, input));
            }
        }
        for batch in self.control_updates(to, at).chunks(PAGE as usize) {
            let input =
                AssociationUpdates { standards_control_association_updates: batch.to_vec() };
            steps.call(UPDATE_ASSOCIATIONS.call(region, input));
        }
        steps.and(self.aggregation_steps(to, region))
    }

    fn hub_steps(&self, to: &Self, at: At<'_>) -> Steps {
        let Some(hub) = &to.hub else {
            return Steps::default();
        };
        let Some(own) = &self.hub else {
            let input = NewHub {
                tags: at.context.tags(),
                enable_default_standards: false,
                control_finding_generator: hub.finding_generator.clone(),
            };
            let enable = Steps::one(ENABLE.call(at.region(), input));
            // A new hub switches new controls on.
            let off = HubUpdate { auto_enable_controls: Some(false), ..HubUpdate::default() };
            return enable.then_if(!hub.auto_enable_controls, || {
                Steps::one(UPDATE_HUB.call(at.region(), off))
            });
        };
        let auto = Some(hub.auto_enable_controls);
        let generator = hub.finding_generator.clone();
        let input = HubUpdate {
            auto_enable_controls: auto.filter(|new| *new != own.auto_enable_controls),
            control_finding_generator: generator
                .filter(|_| hub.finding_generator != own.finding_generator),
        };
        Steps::default().then_if(hub != own, || Steps::one(UPDATE_HUB.call(at.region(), input)))
    }

    /// The switches of single controls, in the standards that are on afterwards.
    fn control_updates(&self, to: &Self, at: At<'_>) -> Vec<AssociationUpdate> {
        let none = Disabled::default();
        let ids: BTreeSet<&String> =
            self.disabled_controls.keys().chain(to.disabled_controls.keys()).collect();
        let mut updates = Vec::new();
        for id in ids {
            let (was, is) = (
                self.disabled_controls.get(id).unwrap_or(&none),
                to.disabled_controls.get(id).unwrap_or(&none),
            );
            let update = |path: &String, status: &str, reason: Option<String>| AssociationUpdate {
                standards_arn: standard_arn(&at.context.partition, at.region(), path),
                security_control_id: id.clone(),
                association_status: status.to_owned(),
                updated_reason: reason,
            };
            let is_on = |path: &&String| to.standards.contains(*path);
            let off = is.standards.difference(&was.standards).filter(is_on);
            updates.extend(off.map(|path| update(path, "DISABLED", is.reason.clone())));
            let on = was.standards.difference(&is.standards).filter(is_on);
            updates.extend(on.map(|path| update(path, "ENABLED", None)));
        }
        updates
    }

    fn aggregation_steps(&self, to: &Self, region: &str) -> Steps {
        match (&self.aggregator, &to.aggregation) {
            _ if self.aggregation == to.aggregation => Steps::default(),
            (None, Some(linking)) => {
                let (region_linking_mode, regions) = (linking.mode.clone(), linking.sent());
                let input = NewAggregator { region_linking_mode, regions };
                Steps::one(CREATE_AGGREGATOR.call(region, input))
            }
            (Some(arn), Some(linking)) => {
                let input = AggregatorUpdate {
                    finding_aggregator_arn: arn.clone(),
                    region_linking_mode: linking.mode.clone(),
                    regions: linking.sent(),
                };
                Steps::one(UPDATE_AGGREGATOR.call(region, input))
            }
            (Some(arn), None) => {
                let input = Aggregator { finding_aggregator_arn: arn.clone() };
                Steps::one(DELETE_AGGREGATOR.call(region, input))
            }
            (None, None) => Steps::default(),
        }
    }
}

/// The most standards that one call takes. Source: Security Hub API Reference, BatchEnableStandards.
const MOST_STANDARDS: usize = 25;

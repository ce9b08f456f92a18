//! The calls that make roles, rules, repairs, packs and aggregators others, in the order that AWS
//! demands.

use super::live::{Rules, State};
use super::repair::Repair;
use super::rule::Rule;
use super::writes::{
    delete_aggregator, delete_pack, delete_repair, delete_rule, put_aggregator, put_pack,
    put_repairs, put_rule,
};
use super::{ConfigRules, role_named};
use crate::control::{At, Steps};
use crate::controls::config::Config;
use crate::diff::{self, Difference};
use crate::place::Place;
use std::collections::BTreeMap;

/// How many repairs one request takes.
const AT_ONCE: usize = 25;

/// From one state to another. Only an undo deletes anything.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    match (from, to) {
        (State::Region(from), State::Region(to)) => rules(from, to, at),
        (State::Role(from), State::Role(to)) => {
            let name = at.place.thing.as_deref().unwrap_or_default();
            match (role_named(None, name, at.context), &to.role) {
                (Some(role), Some(to)) => role.steps(from.role.as_ref(), to, at),
                _ => Steps::default(),
            }
        }
        _ => Steps::default(),
    }
}

fn rules(from: &Rules, to: &Rules, at: At<'_>) -> Steps {
    let mut steps = Steps::default();
    for rule in gone(&from.repairs, &to.repairs) {
        steps.call(delete_repair(rule, at));
    }
    for name in gone(&from.rules, &to.rules) {
        steps.call(delete_rule(name, at));
    }
    for (name, rule) in changed(&from.rules, &to.rules) {
        let is_new = !from.rules.contains_key(name);
        if is_new {
            steps.after_at::<Config>(Place::region(at.region()));
        }
        let role = rule.parameters.get("cloudformationRoleArn");
        wait_for(role.map(String::as_str), at, &mut steps);
        steps.call(put_rule(name, rule, is_new, at));
    }
    let repairs: Vec<(&String, &Repair)> = changed(&from.repairs, &to.repairs).collect();
    for (_, repair) in &repairs {
        wait_for(repair.role(), at, &mut steps);
    }
    for some in repairs.chunks(AT_ONCE) {
        steps.call(put_repairs(some, at));
    }
    for name in gone(&from.conformance_packs, &to.conformance_packs) {
        steps.call(delete_pack(name, at));
    }
    for (name, pack) in changed(&from.conformance_packs, &to.conformance_packs) {
        let is_new = !from.conformance_packs.contains_key(name);
        steps.after_at::<Config>(Place::region(at.region()));
        steps.call(put_pack(name, pack, is_new, at));
    }
    for name in gone(&from.aggregators, &to.aggregators) {
        steps.call(delete_aggregator(name, at));
    }
    for (name, aggregator) in changed(&from.aggregators, &to.aggregators) {
        let is_new = !from.aggregators.contains_key(name);
        steps.call(put_aggregator(name, aggregator, is_new, at));
    }
    steps
}

/// Makes calls wait for a role that this control makes.
fn wait_for(role: Option<&str>, at: At<'_>, steps: &mut Steps) {
    let name = role.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    if role_named(None, name, at.context).is_some() {
        steps.after_at::<ConfigRules>(Place::thing(name));
    }
}

fn gone<'m, T>(
    from: &'m BTreeMap<String, T>,
    to: &'m BTreeMap<String, T>,
) -> impl Iterator<Item = &'m String> {
    from.keys().filter(|name| !to.contains_key(*name))
}

fn changed<'m, T: PartialEq>(
    from: &'m BTreeMap<String, T>,
    to: &'m BTreeMap<String, T>,
) -> impl Iterator<Item = (&'m String, &'m T)> {
    to.iter().filter(|(name, own)| from.get(*name) != Some(*own))
}

/// What differs, with what protects less: rules, repairs, packs and aggregators have no order that the
/// engine knows.
pub fn differences(from: &State, to: &State) -> Vec<Difference> {
    let mut differences = diff::compare(from, to);
    let (State::Region(from), State::Region(to)) = (from, to) else {
        return differences;
    };
    let looser = looser(from, to);
    for difference in &mut differences {
        let is_of = |whole: &String| {
            let rest = difference.field.strip_prefix(whole.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        difference.loosens = looser.iter().any(is_of);
    }
    differences
}

/// The things, by field, that protect less.
fn looser(from: &Rules, to: &Rules) -> Vec<String> {
    let of = |kind: &str, name: &String| format!("{kind}.{name}");
    let mut looser: Vec<String> = Vec::new();
    looser.extend(gone(&from.rules, &to.rules).map(|name| of("rules", name)));
    looser.extend(gone(&from.repairs, &to.repairs).map(|name| of("repairs", name)));
    let packs = gone(&from.conformance_packs, &to.conformance_packs);
    looser.extend(packs.map(|name| of("conformance_packs", name)));
    looser.extend(gone(&from.aggregators, &to.aggregators).map(|name| of("aggregators", name)));
    for (name, rule) in changed(&from.rules, &to.rules) {
        if from.rules.get(name).is_some_and(|from| is_narrower(rule, from)) {
            looser.push(format!("rules.{name}.scope"));
        }
    }
    for (name, repair) in changed(&from.repairs, &to.repairs) {
        let was = from.repairs.get(name).is_some_and(|own| own.automatic);
        if was && !repair.automatic {
            looser.push(format!("repairs.{name}.automatic"));
        }
    }
    looser
}

/// Whether a rule looks at less than another.
fn is_narrower(rule: &Rule, than: &Rule) -> bool {
    let narrows = |own: &Rule| {
        own.scope.as_ref().is_some_and(|own| own.tag_key.is_some() || own.resource_id.is_some())
    };
    narrows(rule) && rule.scope != than.scope
}

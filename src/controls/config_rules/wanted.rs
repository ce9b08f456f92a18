//! What a region has to become, and what only a person can put right there.

use super::choice::{Choice, choose};
use super::documents;
use super::known;
use super::live::{Region, RepairFound, Rules};
use super::repair::Repair;
use super::rule::Rule;
use super::settings::{RepairTable, Settings};
use super::wishes::Wish;
use super::{aggregator, conformance};
use crate::control::{At, Context, Remarks};
use std::collections::BTreeMap;

/// What the region has to become.
pub fn wanted(settings: &Settings, live: &Region, at: At<'_>, say: &mut Remarks) -> Rules {
    let mut wanted = Rules::of(live);
    let region = at.region();
    let judge = Judge { settings, live, region, context: at.context };
    let can_make_rules = judge.recorder(say);
    for (name, wish) in settings.wishes(region, at.context) {
        let choice = choose(name, &wish, live);
        judge.rule(name, &wish, &choice, &mut wanted.rules, say);
        if let Some(chosen) = choice.name() {
            judge.health(chosen, say);
            judge.repair(chosen, &wish, &mut wanted.repairs, say);
        }
    }
    if !can_make_rules {
        wanted.rules.retain(|name, _| live.rules.contains_key(name));
        wanted.repairs.retain(|name, _| live.rules.contains_key(name));
    }
    if let Some(declared) = &*settings.conformance_packs {
        let packs = conformance::wanted(declared, &live.conformance_packs, say);
        wanted.conformance_packs = if can_make_rules { packs } else { wanted.conformance_packs };
    }
    if let Some(aggregators) = &live.aggregators {
        wanted.aggregators = aggregator::wanted(aggregators, at.context, say);
    }
    wanted
}

/// A region with what is asked of it.
struct Judge<'a> {
    settings: &'a Settings,
    live: &'a Region,
    region: &'a str,
    context: &'a Context,
}

impl Judge<'_> {
    /// Reports what the recorder keeps from being evaluated, and says whether rules can be made: they
    /// need one that is there, or made in the same run. Source: API reference, PutConfigRule.
    fn recorder(&self, say: &mut Remarks) -> bool {
        let wishes = self.settings.wishes(self.region, self.context);
        let asks = !wishes.is_empty() || self.settings.conformance_packs.is_some();
        let Some(recorder) = &self.live.recorder else {
            let has_one = self.context.makes_recorders();
            if asks && !has_one {
                say.finding(
                    "recorder",
                    "AWS Config has no recorder here, and without one there can be no rules",
                    "add [config] to the baseline, or set up a recorder, and apply again",
                );
            }
            return has_one || !asks;
        };
        if asks && !recorder.is_running && !self.context.makes_recorders() {
            let region = self.region;
            say.finding(
                "recorder",
                "the recorder of AWS Config is stopped, so that changes are not evaluated",
                format!(
                    "find out who stopped it; start it: aws configservice \
                     start-configuration-recorder --region {region} --configuration-recorder-name \
                     NAME, or add [config] to the baseline"
                ),
            );
        }
        for (name, wish) in &wishes {
            let Some(rule) = known::known(wish.identifier).filter(|own| own.by_changes) else {
                continue;
            };
            if rule.types().next().is_some() && !recorder.records_any(rule.types()) {
                let types: Vec<&str> = rule.types().take(3).collect();
                say.finding(
                    "recorder",
                    format!("{name} finds nothing here: {} is not recorded", types.join(", ")),
                    "have the recorder record the type (record in [config]), or leave the rule out",
                );
            }
        }
        true
    }

    /// Settles a rule.
    fn rule(
        &self,
        name: &str,
        wish: &Wish<'_>,
        choice: &Choice,
        rules: &mut BTreeMap<String, Rule>,
        say: &mut Remarks,
    ) {
        match choice {
            Choice::Adopted(other) => {
                say.note(format!("the rule {other} does what {name} is to do"));
            }
            Choice::Going => say.finding(
                "rules",
                format!("the rule {name} is being deleted, and checks nothing any more"),
                "find out who deleted it (baseline drift --who); when it is gone, apply makes it again",
            ),
            Choice::Taken => self.taken(name, wish, say),
            Choice::Own(own) => {
                let Some(found) = self.live.rules.get(own) else {
                    rules.insert(own.clone(), Rule::new(wish));
                    return;
                };
                let raised = found.rule.raised(wish);
                match found.manager.as_ref().filter(|_| raised != found.rule) {
                    Some(manager) if *self.settings.take_over != Some(true) => say.finding(
                        "rules",
                        format!("the rule {own} differs from the baseline, and {manager} manages it"),
                        format!(
                            "have it changed by {manager}, waive it, or say take_over = true in the \
                             table to change it here"
                        ),
                    ),
                    _ => {
                        rules.insert(own.clone(), raised);
                    }
                }
            }
        }
    }

    fn taken(&self, name: &str, wish: &Wish<'_>, say: &mut Remarks) {
        let Some(found) = self.live.rules.get(name) else {
            return;
        };
        let of = match (&found.service, &found.rule.owner) {
            (Some(service), _) => format!("{}, made by {service}", found.rule.identifier),
            (None, Some(owner)) => format!("{} ({owner})", found.rule.identifier),
            (None, None) => found.rule.identifier.clone(),
        };
        say.finding(
            "rules",
            format!("the rule {name} runs {of}, and not AWS's {}", wish.identifier),
            format!(
                "if nobody needs it: aws configservice delete-config-rule --region {} \
                 --config-rule-name {name}, and apply again; else give yours another name",
                self.region
            ),
        );
    }

    /// Reports a rule that does not work.
    fn health(&self, name: &str, say: &mut Remarks) {
        if let Some(failure) = self.live.failures.get(name) {
            say.finding(
                "rules",
                format!("the rule {name} could not be evaluated the last time: {failure}"),
                format!(
                    "put that right, and evaluate it again: aws configservice \
                     start-config-rules-evaluation --region {} --config-rule-names {name}",
                    self.region
                ),
            );
        }
    }

    /// Settles the repair of a rule.
    fn repair(
        &self,
        rule: &str,
        wish: &Wish<'_>,
        repairs: &mut BTreeMap<String, Repair>,
        say: &mut Remarks,
    ) {
        let live = self.live.repairs.get(rule);
        let Some(table) = wish.repair else {
            self.undeclared(rule, live, say);
            return;
        };
        let Some(name) = table.document(wish.identifier) else {
            return;
        };
        self.repair_health(rule, table, say);
        let found = self.live.documents.get(name).and_then(Option::as_ref);
        let (fault, document) = (table.fault(name, found, self.context), found);
        let Some(document) = document.filter(|_| fault.is_none()) else {
            let (what, remedy) = fault.unwrap_or_default();
            say.finding("repair", format!("{rule}: {what}"), remedy);
            return;
        };
        if let Some(service) = live.and_then(|own| own.service.as_ref()) {
            let what = format!("the repair of {rule} is one of {service}");
            say.finding("repair", what, "change it there, or leave repair out");
            return;
        }
        let mut to = table.wanted(name, document, self.context);
        if let Some(live) = live {
            let types = |own: &String| {
                known::known(wish.identifier).is_some_and(|rule| rule.types().eq([own.as_str()]))
            };
            to.resource_type = live.repair.resource_type.clone().filter(types);
        }
        if live.is_none_or(|live| live.repair != to) {
            let manager = self.live.rules.get(rule).and_then(|own| own.manager.as_ref());
            if let Some(manager) = manager.filter(|_| *self.settings.take_over != Some(true)) {
                let what = format!("the repair of {rule} differs, and {manager} manages the rule");
                say.finding("repair", what, format!("have it changed by {manager}, or waive it"));
                return;
            }
            self.announce(rule, name, table, say);
        }
        repairs.insert(rule.to_owned(), to);
    }

    /// Says what a repair will do.
    fn announce(&self, rule: &str, document: &str, table: &RepairTable, say: &mut Remarks) {
        let region = self.region;
        let known = documents::known(document);
        let does = known.map_or("runs the document on it", |own| own.does);
        let how = match table.automatic {
            true => "by itself, as soon as it is found",
            false => "when somebody starts it",
        };
        say.breaks(format!(
            "{region}: what {rule} finds noncompliant is changed by AWS {how}: {document} {does}"
        ));
        if let Some(warning) = known.and_then(|own| own.warning) {
            say.breaks(format!("{region}: {document}: {warning}"));
        }
    }

    /// Reports what is not repaired although it should be.
    fn repair_health(&self, rule: &str, table: &RepairTable, say: &mut Remarks) {
        let region = self.region;
        let excepted = self.live.exceptions.get(rule).into_iter().flatten();
        for (resource, why) in excepted.filter(|(own, _)| !table.exceptions.contains(*own)) {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            say.finding(
                "repair",
                format!(
                    "{rule}: {resource} is not repaired, for there is an exception for it{why}"
                ),
                format!(
                    "if that is right, name it in exceptions; else: aws configservice \
                     delete-remediation-exceptions --region {region} --config-rule-name {rule} \
                     --resource-keys ResourceType=TYPE,ResourceId={resource}"
                ),
            );
        }
        for (resource, why) in self.live.failed_repairs.get(rule).into_iter().flatten() {
            let why = if why.is_empty() { "AWS does not say why" } else { why.as_str() };
            say.finding(
                "repair",
                format!("{rule}: the last repair of {resource} failed: {why}"),
                format!(
                    "put that right, and start it: aws configservice start-remediation-execution \
                     --region {region} --config-rule-name {rule} --resource-keys \
                     resourceType=TYPE,resourceId={resource}"
                ),
            );
        }
    }

    /// Reports a repair that nobody asks for where it runs what a stranger may change.
    fn undeclared(&self, rule: &str, live: Option<&RepairFound>, say: &mut Remarks) {
        let Some(found) = live.filter(|own| own.service.is_none()) else {
            return;
        };
        let Repair { document, automatic, .. } = &found.repair;
        if let Some(owner) = found.repair.stranger(self.context) {
            say.finding(
                "repair",
                format!(
                    "the rule {rule} is repaired by {document}, which belongs to account {owner}"
                ),
                format!(
                    "if that is not meant to be so: aws configservice \
                     delete-remediation-configuration --region {} --config-rule-name {rule}",
                    self.region
                ),
            );
        } else if *automatic {
            say.note(format!(
                "the rule {rule} is repaired by {document}, which the baseline does not ask for"
            ));
        }
    }
}

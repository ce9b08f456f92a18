//! What a hub is to be, and what about it only you can put right.

use super::aggregation;
use super::live::{Hub, Live, Standing, standard_arn};
use super::rules;
use super::settings::Settings;
use super::state::State;
use crate::control::{At, Remarks};
use crate::floor::raise;
use crate::settings::Words;
use std::collections::BTreeSet;

/// The state that the table asks for.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let mut wanted = State::of(live);
    wanted.hub = Some(hub(settings, live.hub.as_ref()));
    wanted.aggregation = aggregation::wanted(settings, live, at, say);
    for path in settings.standards() {
        match live.not_offered.contains(path) {
            false => drop(wanted.standards.insert(path.to_owned())),
            true => say.finding(
                "standards",
                format!("the standard {path} is not offered here"),
                format!(
                    "correct its name or version, or waive it: aws securityhub describe-standards \
                     --region {}",
                    at.region()
                ),
            ),
        }
        if let Some(standing) = live.standards.get(path) {
            judge_standing(path, standing, at.region(), say);
        }
    }
    for (name, on) in &mut wanted.products {
        *on |= settings.products.as_ref().is_some_and(|own| own.contains(name));
    }
    for name in settings.products.iter().flatten().filter(|_| live.hub.is_some()) {
        if !live.products.contains_key(name) {
            say.note(format!("{name} is not offered here"));
        }
    }
    switch_off(settings, live, &mut wanted);
    judge_controls(settings, live, at, say);
    rules::judge(settings, &live.rules, at.region(), say);
    judge_parameters(settings, live, at.region(), say);
    if live.v2 {
        say.note(
            "Security Hub, the newer service, is on here too: it is another one than Security Hub \
             CSPM, with a price of its own, and is left alone",
        );
    }
    judge_manager(settings, live, at.region(), say);
    wanted
}

/// Whose it is. A hub of an organization is its administrator's: with central configuration only
/// they can change it, and no answer to a member says so before a write is refused.
fn judge_manager(settings: &Settings, live: &Live, region: &str, say: &mut Remarks) {
    let leave =
        format!("aws securityhub disassociate-from-administrator-account --region {region}");
    let administrator = live.administrator.as_deref();
    if let (Some(declared), Some(_)) = (&*settings.administrator, &live.hub) {
        declared.judge("Security Hub", &leave, administrator, say);
    }
    match administrator {
        Some(account) => say.left_to(format!("Security Hub administrator {account}")),
        None => say.owned_by(live.owner.clone(), *settings.take_over == Some(true)),
    }
}

fn hub(settings: &Settings, live: Option<&Hub>) -> Hub {
    let generator = live.and_then(|own| own.finding_generator.as_deref());
    Hub {
        // A new hub has it on. Source: Security Hub API Reference, UpdateSecurityHubConfiguration.
        auto_enable_controls: raise(
            &settings.auto_enable_controls,
            live.is_none_or(|own| own.auto_enable_controls),
        ),
        finding_generator: match &*settings.finding_generator {
            Some(asked) => Some(asked.word().to_owned()),
            None => generator.map(str::to_owned),
        },
    }
}

/// Says what a status of a standard that is on means. Source: Security Hub API Reference,
/// StandardsSubscription.
fn judge_standing(path: &str, standing: &Standing, region: &str, say: &mut Remarks) {
    let Standing { status, reason } = standing;
    let reason = reason.as_deref().unwrap_or_default();
    match (status.as_str(), reason) {
        // New controls of a standard that is on make it pending, too.
        ("READY" | "PENDING", _) => {}
        ("DELETING", _) => say.note(format!("the standard {path} is being switched off")),
        ("FAILED", _) => say.note(format!("the standard {path} could not be switched off, and is on")),
        ("INCOMPLETE", "NO_AVAILABLE_CONFIGURATION_RECORDER") => say.finding(
            "standards",
            format!("the standard {path} is on and checks little: no recorder of AWS Config is recording"),
            format!("switch AWS Config on in {region}: [config] does it"),
        ),
        ("INCOMPLETE", "MAXIMUM_NUMBER_OF_CONFIG_RULES_EXCEEDED") => say.finding(
            "standards",
            format!("the standard {path} checks in part: {region} has no room for its Config rules"),
            "delete rules of AWS Config that nobody needs, or ask AWS for a higher quota",
        ),
        _ => say.finding(
            "standards",
            format!("the standard {path} has the status {status} ({reason}), and may check nothing"),
            format!("see what is wrong with it: aws securityhub get-enabled-standards --region {region}"),
        ),
    }
}

/// Declared controls go off in every declared standard that has them: while one of these has it on,
/// it is checked. Of a standard that is not on yet it is not known which it has.
fn switch_off(settings: &Settings, live: &Live, wanted: &mut State) {
    let on = |path: &&str| live.standards.get(*path).is_some_and(|own| !own.is_going());
    let new: BTreeSet<String> = settings
        .standards()
        .filter(|path| !on(path) && wanted.standards.contains(*path))
        .map(str::to_owned)
        .collect();
    for (id, reason) in settings.disabled_controls.iter().flatten() {
        let known = live.controls.get(id);
        let on = known.map(|own| own.on.clone()).unwrap_or_default();
        let missing: BTreeSet<String> = on.union(&new).cloned().collect();
        if missing.is_empty() {
            continue;
        }
        let own = wanted.disabled_controls.entry(id.clone()).or_default();
        own.standards.extend(missing);
        own.reason = Some(reason.clone());
    }
}

/// Reports the controls that are off and not declared to be.
fn judge_controls(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) {
    let region = at.region();
    if settings.disabled_controls.is_none() {
        return;
    }
    for (id, own) in live.controls.iter().filter(|(id, _)| settings.reason(id).is_none()) {
        let standards: Vec<&str> = own.off.keys().map(String::as_str).collect();
        let updates: Vec<String> = own
            .off
            .keys()
            .map(|path| {
                let arn = standard_arn(&at.context.partition, region, path);
                format!("SecurityControlId={id},StandardsArn={arn},AssociationStatus=ENABLED")
            })
            .collect();
        let reason = own.off.values().flatten().next();
        let (why, wait) = match reason {
            Some(reason) => (format!("the reason given is \"{reason}\""), ""),
            None => (
                "no reason is given".to_owned(),
                "; one that AWS has just added goes on by itself within days",
            ),
        };
        say.finding(
            &format!("disabled_controls.{id}"),
            format!(
                "the control {id} ({}, {}) is off in {}: {why}",
                own.severity.to_lowercase(),
                own.title,
                standards.join(", ")
            ),
            format!(
                "if that is right, say so: disabled_controls = {{ \"{id}\" = \"why\" }}; else switch it \
                 on: aws securityhub batch-update-standards-control-associations \
                 --standards-control-association-updates {} --region {region}{wait}",
                updates.join(" ")
            ),
        );
    }
}

/// Reports the controls that check with other parameters than AWS's and are not declared to.
fn judge_parameters(settings: &Settings, live: &Live, region: &str, say: &mut Remarks) {
    let Some(declared) = &*settings.custom_parameters else {
        return;
    };
    for (id, names) in live.customized.iter().filter(|(id, _)| !declared.contains(*id)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        say.finding(
            &format!("custom_parameters.{id}"),
            format!("the control {id} has parameters of its own: {}", names.join(", ")),
            format!(
                "see whether it checks less by them: aws securityhub batch-get-security-controls \
                 --security-control-ids {id} --region {region}; if they are right, add {id} to \
                 custom_parameters, else put them back to DEFAULT with update-security-control"
            ),
        );
    }
}

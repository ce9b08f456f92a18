//! What a session is to be, and what keeps its findings from being seen.

use super::live::{AT_FIRST, Details, Live, Publication};
use super::settings::Settings;
use super::{Macie, State};
use crate::control::{At, Control, Exporter, Remarks};
use crate::controls::exports::Target;
use crate::floor::{raise, raise_word};

/// The state that the table asks for.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let now = Macie::state(live);
    let administrator = live.administrator.as_deref();
    if let (Some(declared), true) = (&*settings.administrator, live.details.is_some()) {
        let leave =
            format!("aws macie2 disassociate-from-administrator-account --region {}", at.region());
        declared.judge("Macie", &leave, administrator, say);
    }
    if let Some(account) = administrator {
        say.left_to(format!("Macie administrator {account}"));
    }
    match *settings.enabled {
        // One that was never enabled is not paused.
        Some(false) => return State { enabled: now.enabled.map(|_| false), ..now },
        None if now.enabled != Some(true) => return now,
        _ => {}
    }
    if let (Some(details), None) = (&live.details, administrator) {
        judge(settings, details, at, say);
    }
    State {
        enabled: Some(true),
        publishing_frequency: raise_word(
            &settings.publishing_frequency,
            now.publishing_frequency.as_deref(),
        ),
        automated_discovery: discovery(settings, live, say),
        publication: publication(settings, now.publication),
        export: export(settings, live, at, say),
    }
}

/// AWS switches discovery on in a new session; what a paused one has is not known.
fn discovery(settings: &Settings, live: &Live, say: &mut Remarks) -> Option<bool> {
    let setting = &settings.automated_discovery;
    match (&live.details, &live.session) {
        (Some(details), _) => Some(raise(setting, details.discovery)),
        (None, Some(_)) => setting.as_ref().map(|own| *own.value()),
        (None, None) => {
            let is_asked = setting.as_ref().is_some_and(|own| *own.value());
            if !is_asked {
                say.note(
                    "AWS switches automated discovery on in a new session; as it is not asked for, and \
                     costs money, it is switched off again",
                );
            }
            Some(is_asked)
        }
    }
}

fn publication(settings: &Settings, now: Option<Publication>) -> Option<Publication> {
    let live = now.unwrap_or(AT_FIRST);
    let wanted = Publication {
        policy_findings: raise(&settings.publish_policy_findings, live.policy_findings),
        sensitive_data_findings: raise(
            &settings.publish_sensitive_data_findings,
            live.sensitive_data_findings,
        ),
    };
    let is_asked = settings.publish_policy_findings.is_some()
        || settings.publish_sensitive_data_findings.is_some();
    if is_asked { Some(wanted) } else { now }
}

fn export(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<Target> {
    let own = live.details.as_ref().and_then(|details| details.export.as_ref());
    let target = own.map(|own| &own.target);
    match (&*settings.export, &live.asked) {
        (Some(asked), Some(seen)) => asked.wanted(Exporter::Macie, target, seen, at, say),
        _ => {
            if let Some(own) = own.filter(|own| !own.is_of_account) {
                let bucket = &own.target.bucket;
                say.finding(
                    "export",
                    format!(
                        "results are exported to the bucket {bucket}, which is not one of this account"
                    ),
                    format!(
                        "if that is right, say export = {{ bucket = \"{bucket}\", kms_key = \"{}\" }}; \
                         else export them elsewhere",
                        own.target.kms_key
                    ),
                );
            }
            target.cloned()
        }
    }
}

/// Reports what silences the session and is not declared. A finding that is archived reaches neither
/// EventBridge nor Security Hub. Source: Macie User Guide, "Suppressing Macie findings".
fn judge(settings: &Settings, details: &Details, at: At<'_>, say: &mut Remarks) {
    let region = at.region();
    for (name, filter) in &details.filters {
        let Some(declared) = &*settings.filters else { continue };
        let (broad, archives) =
            (if filter.is_broad { ", which is broad" } else { "" }, &filter.archives);
        let delete =
            format!("aws macie2 delete-findings-filter --id {} --region {region}", filter.id);
        match declared.contains(name) {
            true if !filter.is_broad => {}
            true => say.finding(
                "filters",
                format!("the filter {name} archives {archives}{broad}"),
                format!("narrow its criteria to particular findings, or: {delete}"),
            ),
            false => say.finding(
                "filters",
                format!(
                    "the filter {name} archives {archives}{broad}, and the baseline does not declare it"
                ),
                format!("declare it with filters = [\"{name}\"], or: {delete}"),
            ),
        }
    }
    for (name, id) in &details.allow_lists {
        if settings.allow_lists.as_ref().is_some_and(|declared| !declared.contains(name)) {
            say.finding(
                "allow_lists",
                format!(
                    "the allow list {name} exists, and the baseline does not declare it: nothing is \
                     found of what it holds"
                ),
                format!(
                    "declare it with allow_lists = [\"{name}\"], or: aws macie2 delete-allow-list --id \
                     {id} --region {region}"
                ),
            );
        }
    }
    let excluded = [
        (
            "excluded_buckets",
            &settings.excluded_buckets,
            &details.excluded_buckets,
            "automated discovery leaves out the bucket",
            "update-classification-scope",
        ),
        (
            "excluded_identifiers",
            &settings.excluded_identifiers,
            &details.excluded_identifiers,
            "automated discovery does not look for",
            "update-sensitivity-inspection-template",
        ),
    ];
    for (key, declared, found, what, command) in excluded {
        let Some(declared) = &**declared else { continue };
        for name in found.difference(declared) {
            say.finding(
                key,
                format!("{what} {name}, and the baseline does not declare that"),
                format!(
                    "declare it with {key} = [\"{name}\"], or take it back in: aws macie2 {command} \
                     --region {region}"
                ),
            );
        }
    }
}

//! A trail of others that covers the account is enough: it is judged, and left to them.

use super::choice::{Case, Covered};
use super::judge::{archive, delivery_failed, management_events};
use super::selectors;
use crate::aws::keys;
use crate::control::Remarks;
use crate::control::owner::{archive_account, is_named_by_control_tower};

/// What the trail leaves open of what the table asks for, as findings.
pub fn judge(case: Case<'_>, found: &Covered<'_>, say: &mut Remarks) {
    let Covered { trail, seen, whom, .. } = found;
    say.elsewhere(match trail.organization {
        true => whom.clone(),
        false => format!("{whom}, with the trail {}", trail.name),
    });
    if !case.settings.is_enabled() {
        return;
    }
    settings(case, found, say);
    let foreign = !case.is_own(found.arn);
    // Where the organization's trail delivers is the organization's to say.
    if !foreign && !trail.organization {
        destination(case, found, say);
        key(case, found, say);
        archive(case, found.arn, trail, !seen.errors.is_empty(), say);
    }
    events(case, found, say);
    // Its bucket and key are the organization's: which of them fails is for their owner to see.
    for (delivery, error) in &seen.errors {
        let (field, what) = delivery_failed(*delivery, &trail.name, error);
        let remedy = match foreign {
            true => "ask the management account to look at the bucket, the key and their policies",
            false => "look at the bucket, the key and their policies",
        };
        say.finding(field, what, remedy);
    }
}

/// Judges how the trail is set.
fn settings(case: Case<'_>, found: &Covered<'_>, say: &mut Remarks) {
    let (settings, trail, name) = (case.settings, found.trail, &found.trail.name);
    let ask = |what: &str| format!("ask whoever manages {name} to {what}, or waive it");
    match found.seen.logging {
        Some(true) => {}
        Some(false) => {
            say.finding("logging", format!("the trail {name} is stopped"), ask("start it"));
        }
        None => say.finding(
            "logging",
            format!("AWS does not show this account whether the trail {name} is recording"),
            "look in the management account, and waive it here",
        ),
    }
    if settings.log_file_validation(false) && !trail.log_file_validation {
        say.finding(
            "log_file_validation",
            format!("the log files of the trail {name} cannot be validated"),
            ask("switch on log file validation"),
        );
    }
    if settings.global_events(false, false) && !trail.global_events {
        say.finding(
            "global_events",
            format!("the trail {name} leaves out services that are in no region, such as IAM"),
            ask("include global events"),
        );
    }
    if settings.multi_region(false) && !trail.multi_region {
        say.finding(
            "multi_region",
            format!("the trail {name} does not record all regions"),
            ask("have it record all regions"),
        );
    }
    if settings.key().is_some() && trail.kms_key.is_none() {
        say.finding(
            "kms_key",
            format!("the log files of the trail {name} are not encrypted with a KMS key"),
            ask("encrypt them, or take kms_key out of [cloudtrail]"),
        );
    }
    if settings.insights().next().is_some() && !trail.has_insights {
        say.finding(
            "insights",
            format!("the trail {name} has no insights"),
            ask("switch them on, or take insights out of [cloudtrail]"),
        );
    }
}

/// Whether a bucket is, by its name, Control Tower's archive in another account, for its own trail.
fn is_archive(case: Case<'_>, found: &Covered<'_>) -> bool {
    let archive = archive_account(&found.trail.bucket);
    let archive = archive.filter(|_| is_named_by_control_tower(&found.trail.name));
    archive.is_some_and(|account| account != case.context.account)
}

/// Judges where a trail of this account delivers: whoever may change a trail that a stack or Control
/// Tower manages can send its files elsewhere. Control Tower's own archive is in another account, and
/// bears its name.
fn destination(case: Case<'_>, found: &Covered<'_>, say: &mut Remarks) {
    let (name, bucket) = (&found.trail.name, &found.trail.bucket);
    let is_its = is_named_by_control_tower(name) && archive_account(bucket).is_none();
    let is_own = case.live.buckets.contains_key(bucket);
    match case.settings.bucket(case.context) {
        Some(named) if named == *bucket => {}
        Some(other) => say.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, and [cloudtrail] says {other}"),
            format!("ask whoever manages {name} to have it deliver there, or correct bucket"),
        ),
        None if is_its && is_own => say.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, which is not Control Tower's archive"),
            format!(
                "if that is right, say bucket = \"{bucket}\" in [cloudtrail]; else have Control \
                 Tower put it right"
            ),
        ),
        None if is_own => {}
        None if is_archive(case, found) => say.note(format!(
            "the trail {name} delivers to {bucket}, by its name Control Tower's archive, which is not \
             in this account; bucket = \"{bucket}\" in [cloudtrail] makes any other a finding"
        )),
        None => say.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, which is no bucket of this account"),
            format!(
                "if that is the central archive, say bucket = \"{bucket}\" in [cloudtrail]; else ask \
                 whoever manages {name} to have it deliver to a bucket of this account"
            ),
        ),
    }
}

/// Judges by which key the files are encrypted.
fn key(case: Case<'_>, found: &Covered<'_>, say: &mut Remarks) {
    let name = &found.trail.name;
    let owner = found.trail.kms_key.as_deref().and_then(keys::owner);
    let is_left = case.settings.key().is_some() || is_archive(case, found);
    if let Some(other) = owner.filter(|own| *own != case.context.account && !is_left) {
        say.finding(
            "kms_key",
            format!("the files of the trail {name} are encrypted with a key of account {other}"),
            format!(
                "ask whoever manages {name} to encrypt them with a key of this account, or waive it"
            ),
        );
    }
}

/// Judges what the trail logs, as far as AWS shows it to this account.
fn events(case: Case<'_>, found: &Covered<'_>, say: &mut Remarks) {
    let (name, wishes) = (&found.trail.name, case.settings.wishes());
    let Some(logged) = &found.seen.selectors else {
        let what = match wishes.is_empty() {
            true => "all management events",
            false => "all management events and the data events asked for",
        };
        return say.finding(
            "management_events",
            format!(
                "the trail {name} has event selectors of its own, which AWS does not show this \
                 account: whether it logs {what} cannot be verified"
            ),
            "look at the event selectors in the management account, and waive it here",
        );
    };
    management_events(case.settings, name, logged, say);
    let (partition, bucket) = (&case.context.partition, &found.trail.bucket);
    let missing = selectors::unlogged(logged, &wishes, partition, bucket);
    if !missing.is_empty() {
        let kinds: Vec<&str> = missing.into_iter().collect();
        let kinds = kinds.join(", ");
        say.finding(
            "data_events",
            format!("the trail {name} does not log all data events asked for: {kinds}"),
            "have them logged there, or take data_events out of [cloudtrail]",
        );
    }
    let missing = selectors::network_unlogged(logged, case.settings.network_activity());
    if !missing.is_empty() {
        let missing = missing.join(", ");
        say.finding(
            "network_activity_events",
            format!("the trail {name} does not log all network activity of {missing}"),
            "have it logged there, or take network_activity_events out of [cloudtrail]",
        );
    }
}

//! A trail of others that covers the account is enough: it is judged, and left to them.

use super::judge::{Delivers, archive, delivery_failed, management_events};
use super::live::{Covered, Live};
use super::reads::owner;
use super::selectors;
use super::settings::Settings;
use crate::aws::keys;
use crate::control::owner::{archive_account, is_named_by_control_tower};
use crate::control::{Context, Proposal};
use std::collections::BTreeMap;

/// What the trail leaves open of what the table asks for, as findings.
pub fn covered(
    settings: &Settings,
    found: &Covered<'_>,
    live: &Live,
    context: &Context,
) -> Proposal {
    let Covered { trail, seen, whom, .. } = found;
    let foreign = owner(found.arn) != context.account;
    let mut proposal = Proposal::elsewhere(match trail.organization {
        true => whom.clone(),
        false => format!("{whom}, with the trail {}", trail.name),
    });
    if !settings.is_enabled() {
        return proposal;
    }
    let name = &trail.name;
    let ask = |what: &str| format!("ask whoever manages {} to {what}, or waive it", trail.name);
    match seen.logging {
        Some(true) => {}
        Some(false) => {
            proposal.finding("logging", format!("the trail {name} is stopped"), ask("start it"))
        }
        None => proposal.finding(
            "logging",
            format!("AWS does not show this account whether the trail {name} is recording"),
            "look in the management account, and waive it here",
        ),
    }
    if settings.log_file_validation(false) && !trail.log_file_validation {
        proposal.finding(
            "log_file_validation",
            format!("the log files of the trail {name} cannot be validated"),
            ask("switch on log file validation"),
        );
    }
    if settings.global_events(false, false) && !trail.global_events {
        proposal.finding(
            "global_events",
            format!("the trail {name} leaves out services that are in no region, such as IAM"),
            ask("include global events"),
        );
    }
    if settings.multi_region(false) && !trail.multi_region {
        proposal.finding(
            "multi_region",
            format!("the trail {name} does not record all regions"),
            ask("have it record all regions"),
        );
    }
    if settings.key().is_some() && trail.kms_key.is_none() {
        proposal.finding(
            "kms_key",
            format!("the log files of the trail {name} are not encrypted with a KMS key"),
            ask("encrypt them, or take kms_key out of [cloudtrail]"),
        );
    }
    if settings.insights().next().is_some() && !trail.has_insights {
        proposal.finding(
            "insights",
            format!("the trail {name} has no insights"),
            ask("switch them on, or take insights out of [cloudtrail]"),
        );
    }
    // Where the organization's trail delivers is the organization's to say.
    if !foreign && !trail.organization {
        destination(&mut proposal, settings, found, &live.buckets, context);
        let delivers = Delivers {
            arn: found.arn,
            bucket: &trail.bucket,
            prefix: trail.prefix.as_deref(),
            key: trail.kms_key.as_deref(),
        };
        archive(&mut proposal, delivers, !seen.errors.is_empty(), live, context);
    }
    events(&mut proposal, settings, found, context);
    // Its bucket and key are the organization's: which of them fails is for their owner to see.
    for (delivery, error) in &seen.errors {
        let (field, what) = delivery_failed(*delivery, name, error);
        let remedy = match foreign {
            true => "ask the management account to look at the bucket, the key and their policies",
            false => "look at the bucket, the key and their policies",
        };
        proposal.finding(field, what, remedy);
    }
    proposal
}

/// Judges where a trail of this account delivers, and by which key: whoever may change a trail that
/// a stack or Control Tower manages can send its files elsewhere. Control Tower's own archive is in
/// another account, and bears its name.
fn destination(
    proposal: &mut Proposal,
    settings: &Settings,
    found: &Covered<'_>,
    buckets: &BTreeMap<String, String>,
    context: &Context,
) {
    let (name, bucket) = (&found.trail.name, &found.trail.bucket);
    let named = settings.bucket(context);
    let is_said = named.as_ref() == Some(bucket);
    let is_its = is_named_by_control_tower(name);
    let archive = archive_account(bucket).filter(|_| is_its);
    let is_archive = archive.is_some_and(|account| account != context.account);
    let is_own = buckets.contains_key(bucket);
    if let Some(other) = named.filter(|other| other != bucket) {
        proposal.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, and [cloudtrail] says {other}"),
            format!("ask whoever manages {name} to have it deliver there, or correct bucket"),
        );
    } else if is_its && archive.is_none() && is_own && !is_said {
        proposal.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, which is not Control Tower's archive"),
            format!(
                "if that is right, say bucket = \"{bucket}\" in [cloudtrail]; else have Control \
                 Tower put it right"
            ),
        );
    } else if is_archive && !is_own && !is_said {
        proposal.note(format!(
            "the trail {name} delivers to {bucket}, by its name Control Tower's archive, which is not \
             in this account; bucket = \"{bucket}\" in [cloudtrail] makes any other a finding"
        ));
    } else if !is_said && !is_own {
        proposal.finding(
            "bucket",
            format!("the trail {name} delivers to {bucket}, which is no bucket of this account"),
            format!(
                "if that is the central archive, say bucket = \"{bucket}\" in [cloudtrail]; else ask \
                 whoever manages {name} to have it deliver to a bucket of this account"
            ),
        );
    }
    let key = found.trail.kms_key.as_deref();
    if let Some(other) = key.and_then(keys::owner).filter(|own| *own != context.account)
        && !is_archive
        && settings.key().is_none()
    {
        proposal.finding(
            "kms_key",
            format!("the files of the trail {name} are encrypted with a key of account {other}"),
            format!(
                "ask whoever manages {name} to encrypt them with a key of this account, or waive it"
            ),
        );
    }
}

/// Judges what the trail logs, as far as AWS shows it to this account.
fn events(proposal: &mut Proposal, settings: &Settings, found: &Covered<'_>, context: &Context) {
    let name = &found.trail.name;
    let Some(logged) = &found.seen.selectors else {
        let what = match settings.wishes().is_empty() {
            true => "all management events",
            false => "all management events and the data events asked for",
        };
        return proposal.finding(
            "management_events",
            format!(
                "the trail {name} has event selectors of its own, which AWS does not show this \
                 account: whether it logs {what} cannot be verified"
            ),
            "look at the event selectors in the management account, and waive it here",
        );
    };
    management_events(proposal, settings, name, logged);
    let bucket = &found.trail.bucket;
    let missing = selectors::unlogged(logged, &settings.wishes(), &context.partition, bucket);
    if !missing.is_empty() {
        let kinds: Vec<&str> = missing.into_iter().collect();
        proposal.finding(
            "data_events",
            format!(
                "the trail {name} does not log all data events asked for: {}",
                kinds.join(", ")
            ),
            "have them logged there, or take data_events out of [cloudtrail]",
        );
    }
}

//! Old versions, and what becomes of them and of uploads that broke off: versioning and the lifecycle
//! rules of our own, put among those of others.

use super::guardrail::{Judgement, Judging};
use crate::floor::{AtLeast, AtMost};
use crate::s3::{self, Lifecycle, Rule, Versioning, Whole};

/// The rule that deletes old versions.
pub(super) const VERSIONS: &str = "baseline-noncurrent-versions";
/// The rule that deletes the parts of unfinished uploads.
pub(super) const UPLOADS: &str = "baseline-incomplete-uploads";

/// The lifecycle rules come before versioning: an apply that is cut off leaves no bucket that keeps
/// every version for ever.
pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    lifecycle(judging)?;
    versioning(judging)
}

fn versioning(judging: &mut Judging<'_>) -> Judgement {
    if judging.wanted.versioning.is_none() && judging.wanted.mfa_delete.is_none() {
        return Ok(());
    }
    let versioning = judging.read(&judging.live.bucket.versioning, &s3::GET_VERSIONING)?;
    if judging.wanted.mfa_delete.is_some() && !versioning.has_mfa_delete() {
        judging.say.finding(
            "mfa_delete",
            "versions can be deleted without MFA",
            "as the root user with MFA: aws s3api put-bucket-versioning --mfa … \
             --versioning-configuration Status=Enabled,MFADelete=Enabled",
        );
    }
    if judging.wanted.versioning.is_none() || versioning.is_enabled() {
        return Ok(());
    }
    if versioning.has_mfa_delete() {
        judging.say.finding(
            "versioning",
            "versioning is suspended, and MFA delete lets only the root user change that",
            "switch versioning on as the root user with MFA",
        );
        return Ok(());
    }
    let status = Some("Enabled".to_owned());
    judging.to.versioning = Some(Versioning { status, ..versioning.clone() });
    let rules = judging.live.bucket.lifecycle.as_ref();
    let rules = rules.and_then(|own| own.value.as_ref());
    let ending = rules.map(rules_that_end).unwrap_or_default().join(", ");
    if !ending.is_empty() && judging.wanted.noncurrent_days.is_none() {
        judging.say.breaks(format!(
            "{}: with versioning, lifecycle rules ({ending}) only hide what they deleted until now: \
             it stays and is paid for, unless noncurrent_days is asked for",
            judging.bucket
        ));
    }
    Ok(())
}

fn lifecycle(judging: &mut Judging<'_>) -> Judgement {
    let live = judging.live;
    let wanted = judging.wanted;
    if wanted.noncurrent_days.is_none() && wanted.abort_incomplete_uploads_days.is_none() {
        return Ok(());
    }
    let whole = judging.read(&live.bucket.lifecycle, &s3::GET_LIFECYCLE)?;
    let versioning = judging.read(&live.bucket.versioning, &s3::GET_VERSIONING)?;
    let mut rules = whole.value.clone().unwrap_or_default();
    let mut ours = Vec::new();
    if let Some(days) = wanted.noncurrent_days {
        let rule = noncurrent(judging, days, &rules, versioning);
        ours.extend(rule.map(|rule| ("noncurrent_days", rule)));
    }
    if let Some(days) = wanted.abort_incomplete_uploads_days {
        let rule = uploads(judging, days, &rules);
        ours.extend(rule.map(|rule| ("abort_incomplete_uploads_days", rule)));
    }
    let Some((first, _)) = ours.first() else {
        return Ok(());
    };
    // One control writes the rules of a bucket; that one may be about to.
    if judging.is_log_bucket() {
        for (field, _) in ours {
            judging.say.finding(
                field,
                "no lifecycle rule of the log bucket does that, and they are left to [log_bucket]",
                "add such a rule by hand, or leave the log bucket out with except",
            );
        }
        return Ok(());
    }
    let field = *first;
    ours.into_iter().for_each(|(_, rule)| rules.put(rule));
    if !judging.finding_if(field, obstacle(whole, versioning, rules.rules.len())) {
        judging.to.lifecycle = Some(Whole { value: Some(rules), ..Whole::default() });
    }
    Ok(())
}

/// Why the rules may not be written.
fn obstacle(
    whole: &Whole<Lifecycle>,
    versioning: &Versioning,
    count: usize,
) -> Option<(String, String)> {
    if versioning.has_mfa_delete() {
        let what = "it has MFA delete: S3 takes no lifecycle rules for it".to_owned();
        return Some((what, "leave it out with except".to_owned()));
    }
    if count > s3::MOST_RULES {
        let most = s3::MOST_RULES;
        let what = format!("it would have {count} lifecycle rules; S3 takes {most}");
        return Some((what, "take out some rules by hand".to_owned()));
    }
    whole.refusal("lifecycle configuration")
}

/// The rule that has to be put so that old versions are kept for long enough and then deleted. Where
/// they are kept for ever now, only `exactly` begins to delete them, unless there are none yet.
fn noncurrent(
    judging: &mut Judging<'_>,
    wanted: &AtLeast<i32>,
    rules: &Lifecycle,
    versioning: &Versioning,
) -> Option<Rule> {
    let floor = *wanted.value();
    let mut is_deleted = false;
    let is_exact = wanted.is_exact();
    for rule in rules.enabled().filter(|rule| rule.name() != VERSIONS) {
        let Some(days) = rule.noncurrent_days() else {
            continue;
        };
        is_deleted |= !rule.is_narrowed();
        if is_exact && !rule.is_narrowed() && days > floor {
            let name = rule.name();
            judging.say.finding(
                "noncurrent_days",
                format!("the lifecycle rule '{name}' deletes old versions after {days} days, not {floor}"),
                "lower or remove that rule",
            );
        }
        if days < floor {
            let name = rule.name();
            judging.say.finding(
                "noncurrent_days",
                format!("the lifecycle rule '{name}' deletes old versions after {days} days, before {floor}"),
                "raise or remove that rule, or lower noncurrent_days",
            );
        }
    }
    if is_deleted {
        return None;
    }
    let own = rules.rule(VERSIONS);
    if own.is_some_and(|own| own.is_narrowed() || own.noncurrent_days().is_none()) {
        judging.say.finding(
            "noncurrent_days",
            format!("somebody has changed the lifecycle rule '{VERSIONS}'"),
            "remove that rule: it is then put again",
        );
        return None;
    }
    let kept_for = own.filter(|own| own.is_enabled()).and_then(Rule::noncurrent_days);
    let days = match kept_for {
        Some(days) => wanted.settle(days),
        None if versioning.status.is_none() => floor,
        None => wanted.settle(i32::MAX),
    };
    if days == i32::MAX {
        judging.say.note(format!(
            "old versions are kept for ever; noncurrent_days = {{ exactly = {floor} }} begins to \
             delete them"
        ));
        return None;
    }
    // What somebody has added to the rule stays in it.
    let mut rule = own.cloned().unwrap_or_else(|| Rule::named(VERSIONS));
    rule.status = Rule::named(VERSIONS).status;
    let expiration = rule.noncurrent_version_expiration.get_or_insert_default();
    expiration.noncurrent_days = Some(days);
    (kept_for != Some(days)).then_some(rule)
}

/// The rule that has to be put so that unfinished uploads do not stay for longer.
fn uploads(judging: &mut Judging<'_>, wanted: &AtMost<i32>, rules: &Lifecycle) -> Option<Rule> {
    let whole = || rules.enabled().filter(|rule| !rule.is_narrowed());
    let others = whole().filter(|rule| rule.name() != UPLOADS);
    let shorter = others
        .filter_map(|rule| Some((rule.name(), rule.abort_days()?)))
        .find(|(_, days)| wanted.is_exact() && days < wanted.value());
    let own = rules.rule(UPLOADS);
    let found = match (shorter, own) {
        (Some((name, days)), _) => Some((
            format!(
                "the lifecycle rule '{name}' deletes unfinished uploads after {days} days, before {}",
                wanted.value()
            ),
            "raise or remove that rule, or lower abort_incomplete_uploads_days",
        )),
        (None, Some(own)) if own.is_narrowed() => Some((
            format!("somebody has changed the lifecycle rule '{UPLOADS}'"),
            "remove that rule: it is then put again",
        )),
        _ => None,
    };
    if let Some((what, remedy)) = found {
        judging.say.finding("abort_incomplete_uploads_days", what, remedy);
        return None;
    }
    let shortest = whole().filter_map(Rule::abort_days).min();
    let days = wanted.settle(shortest);
    // What somebody has added to the rule stays in it.
    let mut rule = own.cloned().unwrap_or_else(|| Rule::named(UPLOADS));
    rule.status = Rule::named(UPLOADS).status;
    let abort = rule.abort_incomplete_multipart_upload.get_or_insert_default();
    abort.days_after_initiation = Some(days);
    (shortest != Some(days)).then_some(rule)
}

/// Rules that delete objects, where none deletes old versions: with versioning on, they delete
/// nothing any more. Source: S3 User Guide, "Lifecycle configuration elements", expiration.
fn rules_that_end(rules: &Lifecycle) -> Vec<&str> {
    let deletes_versions = |rule: &Rule| !rule.is_narrowed() && rule.noncurrent_days().is_some();
    if rules.enabled().any(deletes_versions) {
        return Vec::new();
    }
    let deletes = |rule: &&Rule| {
        let expiration = rule.expiration.as_ref();
        expiration.is_some_and(|own| own.days.is_some() || own.date.is_some())
    };
    rules.enabled().filter(deletes).map(Rule::name).collect()
}

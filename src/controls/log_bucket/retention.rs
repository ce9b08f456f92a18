//! For how long logs stay: by the lifecycle rule of this control, and by those of others.

use super::Settings;
use crate::aws::Tags;
use crate::control::{Context, Past, Remarks};
use crate::floor::raise;
use crate::s3::{self, Bucket, Lifecycle, Rule, Whole};

/// The tag on a bucket that this control created; its value is the name of the bucket.
const CREATED_TAG: &str = "baseline:log-bucket";

/// The lifecycle rule of this control.
pub(super) const RULE: &str = "baseline-retention";

/// The tags of a bucket that this control creates: by the last it knows it for its own.
pub(super) fn tags(name: &str, context: &Context) -> Tags {
    let mut tags = context.tags();
    tags.insert(CREATED_TAG.to_owned(), name.to_owned());
    tags
}

/// Whether this control created the bucket: the tag names the bucket itself.
pub(super) fn is_ours(name: &str, bucket: &Bucket) -> bool {
    bucket.tags.get(CREATED_TAG).map(String::as_str) == Some(name)
}

/// Whether the creation of the bucket broke off before its last call.
fn is_unfinished(settings: &Settings, name: &str, bucket: &Bucket) -> bool {
    let has_rule = bucket.rules().rule(RULE).is_some();
    let versions = settings.wants_versioning();
    is_ours(name, bucket) && versions && bucket.versioning.is_none() && !has_rule
}

/// The rule that deletes logs, and old versions of them, after some days, and the parts of uploads
/// that were never finished.
pub(super) fn own_rule(days: i32) -> Rule {
    Rule {
        expiration: Some(s3::Expiration { days: Some(days), ..s3::Expiration::default() }),
        noncurrent_version_expiration: Some(s3::Noncurrent {
            noncurrent_days: Some(days),
            ..s3::Noncurrent::default()
        }),
        abort_incomplete_multipart_upload: Some(s3::Abort { days_after_initiation: Some(7) }),
        ..Rule::named(RULE)
    }
}

/// Whether a rule is this control's, as it wrote it: nobody has changed its shape.
fn is_own_rule(name: &str, bucket: &Bucket, rule: &Rule) -> bool {
    is_ours(name, bucket)
        && rule.name() == RULE
        && rule.expiration_days() == rule.noncurrent_days()
        && !rule.expires_on_date()
        && !rule.is_narrowed()
}

/// After how many days this control's own rule deletes logs, and old versions of them.
pub(super) fn kept_for(name: &str, bucket: &Bucket) -> Option<i32> {
    let rules = bucket.rules();
    let mut enabled = rules.enabled();
    enabled.find(|rule| is_own_rule(name, bucket, rule))?.expiration_days()
}

/// After how many days that is to be. No rule keeps logs for ever, which is more than any number
/// of days: only `exactly` begins to delete them.
pub(super) fn retention(settings: &Settings, name: &str, bucket: &Bucket) -> Option<i32> {
    let wanted = &settings.retention_days;
    match (is_ours(name, bucket), kept_for(name, bucket)) {
        (false, days) => days,
        (true, Some(days)) => Some(raise(wanted, days)),
        (true, None) if is_unfinished(settings, name, bucket) => settings.days(),
        (true, None) => Some(raise(wanted, i32::MAX)).filter(|days| *days != i32::MAX),
    }
}

/// The lifecycle rules, with ours as it is to be.
pub(super) fn rules(settings: &Settings, name: &str, bucket: &Bucket) -> Whole<Lifecycle> {
    let mut lifecycle = bucket.lifecycle.clone();
    let days = retention(settings, name, bucket);
    if let Some(days) = days.filter(|days| kept_for(name, bucket) != Some(*days)) {
        lifecycle.value.get_or_insert_default().put(own_rule(days));
    }
    lifecycle
}

/// The lifecycle rules that an undo puts back. It deletes no logs: they are kept as now where they
/// were kept for less before.
pub(super) fn rules_before(
    name: &str,
    buckets: &Past<Bucket>,
    say: &mut Remarks,
) -> Whole<Lifecycle> {
    let mut lifecycle = buckets.live.lifecycle.clone();
    let past = buckets.map(|bucket| kept_for(name, bucket));
    let wanted = say.put_back_part("retention_days", &past);
    if past.live == wanted {
        return lifecycle;
    }
    if let Some((what, remedy)) = lifecycle.refusal("lifecycle configuration") {
        say.finding("retention_days", what, remedy);
        return lifecycle;
    }
    let mut rules = buckets.live.rules();
    match wanted {
        Some(days) if past.live.is_none_or(|now| days < now) => say.finding(
            "retention_days",
            format!(
                "before the run logs were deleted after {days} days; an undo deletes no logs, so \
                 they are kept as now"
            ),
            format!(
                "if they may go: retention_days = {{ exactly = {days} }} in [log_bucket], and apply"
            ),
        ),
        Some(days) => rules.put(own_rule(days)),
        None => rules = rules.without(RULE),
    }
    lifecycle.value = Some(rules);
    lifecycle
}

/// Rules that delete logs too early and are others', or that others have changed, are theirs to
/// put right.
pub(super) fn judge_other_rules(
    say: &mut Remarks,
    settings: &Settings,
    name: &str,
    bucket: &Bucket,
) {
    let Some(wanted) = settings.days() else {
        return;
    };
    let rules = bucket.rules();
    for rule in rules.enabled().filter(|rule| !is_own_rule(name, bucket, rule)) {
        let early = |days: Option<i32>| days.filter(|days| *days < wanted);
        let what = match (early(rule.expiration_days()), early(rule.noncurrent_days())) {
            _ if rule.expires_on_date() => "deletes on a date".to_owned(),
            (Some(days), _) => format!("deletes after {days} days, before {wanted}"),
            (None, Some(days)) => {
                format!("deletes old versions after {days} days, before {wanted}")
            }
            (None, None) => continue,
        };
        let which = rule.about().map_or_else(String::new, |about| format!(" for {about}"));
        say.finding(
            "retention_days",
            format!("the lifecycle rule '{}'{which} {what}", rule.name()),
            "raise or remove that rule, or lower retention_days",
        );
    }
}

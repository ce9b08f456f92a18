//! What tells two states of the log bucket apart, and the calls between them.

use super::LogBucket;
use super::retention::{RULE, kept_for};
use crate::control::{At, Steps};
use crate::controls::bucket_state::{self, BucketState, parsed, policy_differences, target};
use crate::diff::{Difference, compare};
use crate::place::Place;
use crate::s3::{self, Bucket, Flags, Whole};
use serde_json::{Value, json};

/// Versioning comes last: a bucket of ours that never had it is one whose creation broke off.
pub(super) fn steps(from: Option<&Bucket>, to: Option<&Bucket>, at: At<'_>) -> Steps {
    let mut steps = calls(from, to, at);
    let logging = |own: Option<&Bucket>| own.and_then(|own| own.logging.value.clone());
    if let Some(logging) = logging(to).filter(|own| logging(from).as_ref() != Some(own)) {
        // The bucket that takes its access logs may be one that the same apply makes.
        let home = &at.context.home_region;
        steps.after_at::<LogBucket>(Place::thing_in(logging.target_bucket, home));
    }
    steps
}

fn calls(from: Option<&Bucket>, to: Option<&Bucket>, at: At<'_>) -> Steps {
    let between = |from: &Bucket, to: &Bucket| {
        bucket_state::steps(&BucketState::from(from), &BucketState::from(to), at)
    };
    match (from, to) {
        (Some(from), Some(to)) => between(from, to),
        (None, Some(to)) => {
            let target = target(at);
            let (policy, versioning, lifecycle) = (None, None, Whole::default());
            let (object_lock, logging) = (Whole::default(), Whole::default());
            let new = Bucket { policy, versioning, lifecycle, object_lock, logging, ..to.clone() };
            // It is private before anything else.
            Steps::one(s3::CreateBucket::new(&target.bucket, &to.region, to.tags.clone()))
                .then(s3::PutPublicAccessBlock::with(target, to.public_access_block))
                .and(between(&new, to))
        }
        (_, None) => Steps::default(),
    }
}

pub(super) fn differences(
    from: Option<&Bucket>,
    to: Option<&Bucket>,
    at: At<'_>,
) -> Vec<Difference> {
    let other = |own: Option<&Bucket>| own.is_some_and(|own| own.public_access_block == Flags::ON);
    let is_whole = other(from) || other(to);
    let shape = |own: Option<&Bucket>| own.map(|own| shape(own, is_whole, at));
    let mut found = compare(&shape(from), &shape(to));
    let policy = |own: Option<&Bucket>| {
        parsed(own.and_then(|own| own.policy.as_deref()), at).unwrap_or_default()
    };
    found.extend(policy_differences(policy(from).as_ref(), policy(to).as_ref(), at));
    for own in &mut found {
        match from.zip(to) {
            Some((from, to)) => own.loosens |= is_looser(own, from, to),
            None if from.is_none() => own.before = Value::Null,
            None => own.after = Value::Null,
        }
        // Without the rule logs are kept for ever, which is no shorter retention.
        if own.field == "retention_days" && own.after.is_null() {
            own.field = format!("rules.{RULE}");
        }
    }
    found
}

/// The bucket as plans show it, without its policy.
fn shape(own: &Bucket, is_whole: bool, at: At<'_>) -> Value {
    let block = own.public_access_block;
    json!({
        "region": own.region,
        "tags": own.tags,
        "public_access_block": if is_whole { json!(block == Flags::ON) } else { json!(block) },
        "ownership": own.ownership,
        "encryption": own.encryption,
        "versioning": own.versioning.as_deref() == Some("Enabled"),
        "access_log": own.logging.value.as_ref().map(|own| {
            format!("{}/{}", own.target_bucket, own.target_prefix)
        }),
        "object_lock": own.object_lock.value.as_ref().map(|lock| match &lock.default {
            Some(default) => format!("{} {} days", default.mode, default.in_days()),
            None => "on".to_owned(),
        }),
        "retention_days": kept_for(at.place.thing.as_deref().unwrap_or_default(), own),
    })
}

/// Whether a change protects less. To begin to delete logs does, unless nothing was delivered yet.
fn is_looser(own: &Difference, from: &Bucket, to: &Bucket) -> bool {
    match own.field.split('.').next().unwrap_or_default() {
        "public_access_block" | "versioning" => own.after == false,
        "access_log" => own.after.is_null(),
        "ownership" => own.before == s3::ENFORCED,
        "retention_days" => {
            let is_new = from.versioning.is_none() && to.versioning.is_some();
            own.before.is_null() && !is_new
        }
        _ => false,
    }
}

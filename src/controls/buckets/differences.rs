//! What tells two states of a bucket apart, by the keys of the guardrails.

use super::live::Live;
use super::versions::{UPLOADS, VERSIONS};
use crate::control::At;
use crate::controls::bucket_state::{BucketState, beyond, parsed, policy_differences};
use crate::diff::{Difference, compare};
use crate::s3::{self, Retention, Rule};
use serde_json::{Map, Value, json};

/// The differences, in the order of the calls.
pub(super) fn differences(from: &Live, to: &Live, at: At<'_>) -> Vec<Difference> {
    let policy = |own: &Live| {
        let text = own.bucket.policy.as_ref().and_then(Option::as_deref);
        parsed(text, at).unwrap_or_default()
    };
    let mut found = policy_differences(policy(from).as_ref(), policy(to).as_ref(), at);
    for own in compare(&shown(&from.bucket), &shown(&to.bucket)) {
        let loosens = is_looser(&own, from, to);
        found.push(of_rules(Difference { loosens, ..own }));
    }
    for own in found.iter_mut().filter(|own| own.field == "tags") {
        let none = Default::default();
        let [now, then] = [from, to].map(|own| own.bucket.tags.as_ref().unwrap_or(&none));
        (own.before, own.after) = (json!(beyond(now, then)), json!(beyond(then, now)));
    }
    found
}

/// A state by the keys of the baseline, without the policy.
fn shown(own: &BucketState) -> Value {
    let encryption = own.encryption.as_ref().and_then(|own| own.value.as_ref());
    let logging = own.logging.as_ref().and_then(|own| own.value.as_ref());
    let lock = own.object_lock.as_ref().map(|own| own.value.as_ref());
    json!({
        "public_access_block": own.public_access_block,
        "encryption": encryption.map(|own| {
            let s3::ByDefault { algorithm, key } = &own.apply_server_side_encryption_by_default;
            json!({"algorithm": algorithm, "kms": key, "bucket_key": own.bucket_key_enabled})
        }),
        "noncurrent_days": own_rule(own, VERSIONS).and_then(Rule::noncurrent_days),
        "abort_incomplete_uploads_days": own_rule(own, UPLOADS).and_then(Rule::abort_days),
        "lifecycle": rules_of_others(own),
        "versioning": own.versioning.as_ref().map(|own| &own.status),
        "object_lock": lock.map(|lock| {
            let default = lock.and_then(|own| own.default.as_ref());
            let (mode, days) = (default.map(|own| &own.mode), default.map(Retention::in_days));
            json!({"enabled": lock.is_some(), "mode": mode, "days": days})
        }),
        // As a list, which is one field whatever the tags are called.
        "tags": own.tags.iter().flatten().collect::<Vec<_>>(),
        "access_log": logging.map(|own| {
            json!({"bucket": own.target_bucket, "prefix": own.target_prefix})
        }),
        "ownership": own.ownership.as_ref().map(|own| &own.rule),
    })
}

fn own_rule<'a>(own: &'a BucketState, name: &str) -> Option<&'a Rule> {
    let rules = own.lifecycle.as_ref()?.value.as_ref()?;
    rules.rule(name).filter(|rule| rule.is_enabled())
}

fn rules_of_others(own: &BucketState) -> Map<String, Value> {
    let rules = own.lifecycle.iter().filter_map(|own| own.value.as_ref());
    let rules = rules.flat_map(|own| &own.rules);
    let others = rules.filter(|rule| ![VERSIONS, UPLOADS].contains(&rule.name()));
    others.map(|rule| (rule.name().to_owned(), json!(rule))).collect()
}

/// Without a rule of ours objects are kept for ever, which is no shorter time.
fn of_rules(own: Difference) -> Difference {
    let rule = match own.field.as_str() {
        "noncurrent_days" => VERSIONS,
        "abort_incomplete_uploads_days" => UPLOADS,
        _ => return own,
    };
    match own.after.is_null() {
        true => Difference { field: format!("lifecycle.{rule}"), ..own },
        false => own,
    }
}

/// Whether a change protects less, where the direction of the setting does not tell.
fn is_looser(own: &Difference, from: &Live, to: &Live) -> bool {
    let (before, after) = (&own.before, &own.after);
    match own.field.as_str() {
        "encryption.algorithm" => strength(after) < strength(before),
        // A key of one's own given up for one that AWS manages.
        "encryption.kms" => {
            let key = to.key.as_ref().and_then(Option::as_ref);
            let is_of_aws = key.is_some_and(|own| own.is_of_aws && *after == json!(own.arn));
            !before.is_null() && (after.is_null() || is_of_aws)
        }
        // Versions that were kept for longer are gone after that.
        "noncurrent_days" => {
            let versioning = from.bucket.versioning.as_ref();
            let has_versions = versioning.is_some_and(|own| own.status.is_some());
            let days = after.as_i64().filter(|_| has_versions);
            days.is_some_and(|days| before.as_i64().is_none_or(|before| days < before))
        }
        "versioning" => before == "Enabled",
        "ownership" => before == s3::ENFORCED,
        "access_log.bucket" => after.is_null(),
        field => field.starts_with("public_access_block.") && *after == false,
    }
}

fn strength(algorithm: &Value) -> Option<usize> {
    ["AES256", "aws:kms", "aws:kms:dsse"].iter().position(|own| algorithm == own)
}

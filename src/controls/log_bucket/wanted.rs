//! What the log bucket is to be: from nothing, and from what is there.

use super::delivery::{delivery_statements, needed_statements};
use super::guards::{access_log, object_lock};
use super::retention::{is_ours, judge_other_rules, own_rule, rules, tags};
use super::{Live, Seen, Settings, promise};
use crate::aws::AwsError;
use crate::control::owner::owner;
use crate::control::{At, Context, Delivery, Remarks, ToBe};
use crate::controls::bucket_state::parsed;
use crate::policy::{Dialect, Policy, deny_insecure_transport};
use crate::s3::{self, Bucket, Judged, Lifecycle, Whole};
use serde_json::Value;

/// The bucket that the table asks for. A name that belongs to another account, or to a bucket of
/// another region, stops the whole run: what the baseline has delivered would go there.
pub(super) fn wanted(
    settings: &Settings,
    seen: &Seen,
    at: At<'_>,
    say: &mut Remarks,
) -> Option<Bucket> {
    let (name, home) = (at.place.thing.as_deref().unwrap_or_default(), &at.context.home_region);
    if let Live::Own(bucket) = &seen.bucket
        && settings.takes_access_logs(name, at.context)
        && !is_ours(name, bucket)
    {
        // Somebody else's bucket for access logs: whether it can take them is judged where they come
        // from.
        return seen.bucket.own();
    }
    match &seen.bucket {
        Live::Absent => {
            let mut bucket = created(settings, name, &seen.deliveries, at.context);
            guard(settings, name, seen, &mut bucket, at, say);
            let policy = bucket.policy.as_deref().map(Policy::parse).and_then(Result::ok);
            withhold_refused(policy.as_ref(), say);
            return Some(bucket);
        }
        Live::Taken => say.blocked(format!(
            "the bucket name {name} belongs to another account: choose another `name` in \
             [log_bucket]"
        )),
        Live::Own(bucket) if bucket.region != *home => say.blocked(format!(
            "the bucket {name} is in {}, not in the home region {home}: choose another `name` in \
             [log_bucket]",
            bucket.region
        )),
        Live::Own(bucket) => {
            say.owned_by(owner(name, &bucket.tags), *settings.take_over == Some(true));
            match raised(settings, name, bucket, &seen.deliveries, at, say) {
                Ok(mut raised) => {
                    guard(settings, name, seen, &mut raised, at, say);
                    return Some(raised);
                }
                Err(error) => say.unknown(error),
            }
        }
    }
    seen.bucket.own()
}

/// What the table asks for besides: access logs and object lock.
fn guard(
    settings: &Settings,
    name: &str,
    seen: &Seen,
    bucket: &mut Bucket,
    at: At<'_>,
    say: &mut Remarks,
) {
    if settings.takes_access_logs(name, at.context) {
        return;
    }
    if settings.access_log.is_some() && seen.access_logs.is_none() {
        let text = "the snapshot was taken with another baseline: its access logs are not in it";
        say.unknown(AwsError::unexpected(&s3::GET_LOGGING, &bucket.region, text));
    }
    bucket.logging = access_log(settings, name, seen, at, say);
    bucket.object_lock = object_lock(settings, name, bucket, &seen.deliveries, at.context, say);
}

/// What other controls ask of the log bucket in the same run is asked of what it will be, so that one
/// apply is enough.
impl ToBe for Settings {
    fn to_be(
        &self,
        name: &str,
        now: Option<&Bucket>,
        deliveries: &[Delivery],
        context: &Context,
    ) -> Bucket {
        match now {
            None => created(self, name, deliveries, context),
            Some(bucket) => Bucket { lifecycle: rules(self, name, bucket), ..bucket.clone() },
        }
    }
}

fn created(settings: &Settings, name: &str, deliveries: &[Delivery], context: &Context) -> Bucket {
    let arn = s3::arn(&context.partition, name);
    let mut policy = Policy::empty();
    policy.put(&deny_insecure_transport(&arn));
    for statement in delivery_statements(&arn, deliveries, context) {
        policy.put(&statement);
    }
    let rules = settings
        .days()
        .map(|days| Lifecycle { rules: vec![own_rule(days)], ..Lifecycle::default() });
    Bucket {
        region: context.home_region.clone(),
        public_access_block: s3::Flags::ON,
        ownership: Some(s3::ENFORCED.to_owned()),
        // What every new bucket has.
        encryption: Some("AES256".to_owned()),
        versioning: settings.wants_versioning().then(|| "Enabled".to_owned()),
        lifecycle: Whole { value: rules, ..Whole::default() },
        policy: Some(policy.text()),
        tags: tags(name, context),
        object_lock: Whole::default(),
        logging: Whole::default(),
        judged: Some(Judged::default()),
    }
}

/// What is there is brought up to what is asked for, and what apply cannot put right is judged.
fn raised(
    settings: &Settings,
    name: &str,
    bucket: &Bucket,
    deliveries: &[Delivery],
    at: At<'_>,
    say: &mut Remarks,
) -> Result<Bucket, AwsError> {
    let judged = bucket.judged.as_ref().ok_or_else(|| {
        let text =
            "it was looked at by an earlier version, which did not see who else gets the logs";
        AwsError::unexpected(&s3::GET_REPLICATION, &bucket.region, text)
    })?;
    let before = parsed(bucket.policy.as_deref(), at)?;
    let policy = policy(name, before.as_ref(), deliveries, at);
    let ownership = ownership(name, bucket, judged, say);
    let is_tls_only = |own: &Policy| own.denies_insecure_transport(&arn(name, at));
    if !before.as_ref().is_some_and(is_tls_only) || ownership != bucket.ownership {
        say.note("who uses it by plain HTTP or by ACLs is refused from then on");
    }
    let mut raised = Bucket {
        public_access_block: s3::Flags::ON,
        ownership,
        encryption: bucket.encryption.clone().or_else(|| Some("AES256".to_owned())),
        ..bucket.clone()
    };
    if let Some(policy) = policy {
        withhold_refused(Some(&policy), say);
        raised.policy = Some(policy.text());
    }
    versions(settings, name, bucket, judged, &mut raised, say);
    judge_other_rules(say, settings, name, bucket);
    promise::judge(say, settings, name, (bucket, judged), deliveries, at.context);
    Ok(raised)
}

fn arn(name: &str, at: At<'_>) -> String {
    s3::arn(&at.context.partition, name)
}

/// The policy with what it lacks; nothing if it lacks nothing.
fn policy(
    name: &str,
    before: Option<&Policy>,
    deliveries: &[Delivery],
    at: At<'_>,
) -> Option<Policy> {
    let arn = arn(name, at);
    let dialect = Dialect::resource(&at.context.partition);
    let lacks = |own: &Value| !before.is_some_and(|policy| policy.says(own, dialect));
    let mut missing = needed_statements(&arn, before, deliveries, at.context);
    missing.retain(lacks);
    if !before.is_some_and(|policy| policy.denies_insecure_transport(&arn)) {
        missing.insert(0, deny_insecure_transport(&arn));
    }
    let mut policy = before.cloned().unwrap_or_else(Policy::empty);
    missing.iter().for_each(|statement| policy.put(statement));
    (!missing.is_empty()).then_some(policy)
}

/// Without its policy the bucket would let in too many, or too few: then nothing else is changed.
fn withhold_refused(policy: Option<&Policy>, say: &mut Remarks) {
    if let Some((what, remedy)) = policy.and_then(s3::refusal) {
        say.finding("statements", what, remedy);
        say.withhold();
    }
}

/// ACLs are switched off, unless the ACL grants something, which S3 refuses to end that way.
fn ownership(name: &str, bucket: &Bucket, judged: &Judged, say: &mut Remarks) -> Option<String> {
    let is_enforced = bucket.ownership.as_deref() == Some(s3::ENFORCED);
    match s3::acl_in_the_way(name, &judged.grants).filter(|_| !is_enforced) {
        None => Some(s3::ENFORCED.to_owned()),
        Some((what, remedy)) => {
            say.finding("ownership", what, remedy);
            bucket.ownership.clone()
        }
    }
}

/// Versions, and for how long they and the logs are kept. With MFA delete S3 changes neither.
fn versions(
    settings: &Settings,
    name: &str,
    bucket: &Bucket,
    judged: &Judged,
    raised: &mut Bucket,
    say: &mut Remarks,
) {
    let versioning = settings.wants_versioning() && bucket.versioning.as_deref() != Some("Enabled");
    let rules = rules(settings, name, bucket);
    let differing = [("versioning", versioning), ("retention_days", rules != bucket.lifecycle)];
    if judged.mfa_delete {
        for (field, _) in differing.into_iter().filter(|(_, differs)| *differs) {
            say.finding(
                field,
                "it has MFA delete: only the root user changes its versioning, and S3 takes no \
                 lifecycle rules for it",
                "switch versioning on, or MFA delete off, as the root user with MFA: aws s3api \
                 put-bucket-versioning --mfa …",
            );
        }
        return;
    }
    if versioning {
        raised.versioning = Some("Enabled".to_owned());
    }
    if rules != bucket.lifecycle
        && let Some((what, remedy)) = bucket.lifecycle.refusal("lifecycle configuration")
    {
        say.finding("retention_days", what, remedy);
        say.withhold();
    }
    raised.lifecycle = rules;
}

//! What makes a bucket the log bucket: from nothing, and from what is there.

use super::Settings;
use super::delivery::{delivery_statements, needed_statements};
use super::promise;
use crate::aws::Tags;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::aws::{AwsError, Operation};
use crate::control::{Context, Delivery, Proposal, Standing};
use crate::floor::raise as raised;
use crate::policy::{Dialect, Policy, deny_insecure_transport};
use crate::s3::{self, Bucket, Judged, Lifecycle, Rule};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The tag on a bucket that this control created; its value is the name of the bucket.
const CREATED_TAG: &str = "baseline:log-bucket";

/// The lifecycle rule of this control.
pub(super) const RULE: &str = "baseline-retention";

/// The bucket as it is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Shape {
    region: String,
    tags: Tags,
    public_access_block: bool,
    ownership: Option<String>,
    encryption: Option<String>,
    versioning: bool,
    retention_days: Option<i32>,
    ssl_only: bool,
    statements: BTreeSet<String>,
}

/// The tags of a bucket that this control creates: by the last it knows it for its own.
pub(super) fn tags(name: &str, context: &Context) -> Tags {
    let mut tags = context.tags();
    tags.insert(CREATED_TAG.to_owned(), name.to_owned());
    tags
}

/// Versioning comes last: a bucket of ours that never had it is one whose creation broke off.
pub(super) fn create(
    settings: &Settings,
    name: &str,
    deliveries: &[Delivery],
    context: &Context,
) -> Proposal {
    let arn = s3::arn(&context.partition, name);
    let mut statements = vec![deny_insecure_transport(&arn)];
    statements.extend(delivery_statements(&arn, deliveries, context));
    let (days, versioning) = (settings.days(), settings.wants_versioning());
    let wanted = Shape {
        region: context.home_region.clone(),
        tags: tags(name, context),
        public_access_block: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        // What every new bucket has.
        encryption: Some("AES256".to_owned()),
        versioning,
        retention_days: days,
        ssl_only: true,
        statements: sids(&statements),
    };
    let mut proposal = Proposal::between(&None, &Some(wanted));
    let target = target(name, &context.home_region, context);
    proposal.call(s3::CreateBucket::new(name, &context.home_region, tags(name, context)));
    proposal.call(s3::PutPublicAccessBlock::on(target.clone()));
    put_policy(&mut proposal, target.clone(), None, statements);
    if let Some(days) = days {
        proposal.call(s3::PutBucketLifecycle::with(
            target.clone(),
            Lifecycle::default(),
            vec![own_rule(days)],
        ));
    }
    if versioning {
        proposal.call(s3::PutBucketVersioning::on(target));
    }
    proposal
}

/// What is there is brought up to what is asked for, and what apply cannot put right is judged.
pub(super) fn raise(
    settings: &Settings,
    name: &str,
    bucket: &Bucket,
    deliveries: &[Delivery],
    context: &Context,
) -> Proposal {
    let Some(judged) = &bucket.judged else {
        let text =
            "it was looked at by an earlier version, which did not see who else gets the logs";
        return unknown(&s3::GET_REPLICATION, bucket, text);
    };
    let seen = (bucket, judged);
    let mut proposal = raise_settings(settings, name, seen, deliveries, context);
    if matches!(proposal.standing, Standing::Own) {
        judge_other_rules(&mut proposal, settings, name, bucket);
        promise::judge(&mut proposal, settings, name, seen, deliveries, context);
    }
    proposal
}

fn unknown(operation: &Operation, bucket: &Bucket, text: &str) -> Proposal {
    Proposal::unknown(AwsError::unexpected(operation, &bucket.region, text))
}

fn raise_settings(
    settings: &Settings,
    name: &str,
    (bucket, judged): (&Bucket, &Judged),
    deliveries: &[Delivery],
    context: &Context,
) -> Proposal {
    let arn = s3::arn(&context.partition, name);
    let policy = match bucket.policy.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(cause) => {
            let text = format!("its policy cannot be read: {cause}");
            return unknown(&GET_BUCKET_POLICY, bucket, &text);
        }
    };
    let dialect = Dialect::resource(&context.partition);
    let has = |statement: &Value| {
        let policy = policy.as_ref();
        policy.is_some_and(|policy| policy.says(statement, dialect))
    };
    let is_tls_only = policy.as_ref().is_some_and(|policy| policy.denies_insecure_transport(&arn));
    let delivery = needed_statements(&arn, policy.as_ref(), deliveries, context);
    let mut missing: Vec<Value> = delivery.iter().filter(|own| !has(own)).cloned().collect();

    let kept_for = kept_for(name, bucket);
    let retention_days = retention(settings, name, bucket);
    let live = Shape {
        region: bucket.region.clone(),
        tags: bucket.tags.clone(),
        public_access_block: bucket.public_access_block == s3::Flags::ON,
        ownership: bucket.ownership.clone(),
        encryption: bucket.encryption.clone(),
        versioning: bucket.versioning.as_deref() == Some("Enabled"),
        retention_days: kept_for,
        ssl_only: is_tls_only,
        statements: sids(delivery.iter().filter(|own| has(own))),
    };
    let stands = Standstill::of(name, bucket, judged);
    let wanted = Shape {
        public_access_block: true,
        ownership: match stands.ownership {
            Some(_) => live.ownership.clone(),
            None => Some(s3::ENFORCED.to_owned()),
        },
        encryption: bucket.encryption.clone().or_else(|| Some("AES256".to_owned())),
        versioning: live.versioning || (settings.wants_versioning() && !judged.mfa_delete),
        retention_days: match judged.mfa_delete {
            true => live.retention_days,
            false => retention_days,
        },
        ssl_only: true,
        statements: sids(&delivery),
        ..live.clone()
    };
    let mut proposal = Proposal::between(&live, &wanted);
    if let Some((what, remedy)) = stands.ownership {
        proposal.finding("ownership", what, remedy);
    }
    if let Some((what, remedy)) = stands.mfa_delete {
        if settings.wants_versioning() && !live.versioning {
            proposal.finding("versioning", what.clone(), remedy.clone());
        }
        if wanted.retention_days != retention_days {
            proposal.finding("retention_days", what, remedy);
        }
    }
    if wanted.ssl_only != live.ssl_only || wanted.ownership != live.ownership {
        proposal.note("who uses it by plain HTTP or by ACLs is refused from then on");
    }
    if !is_tls_only {
        missing.insert(0, deny_insecure_transport(&arn));
    }
    let target = target(name, &bucket.region, context);
    if !missing.is_empty() {
        let found = proposal.findings.len();
        put_policy(&mut proposal, target.clone(), policy.as_ref(), missing);
        if proposal.findings.len() > found {
            return proposal;
        }
    }
    if !live.public_access_block {
        proposal.call(s3::PutPublicAccessBlock::on(target.clone()));
    }
    if live.encryption != wanted.encryption {
        proposal.call(s3::PutBucketEncryption::with(target.clone(), s3::Encryption::default()));
    }
    if let Some(days) =
        wanted.retention_days.filter(|_| live.retention_days != wanted.retention_days)
    {
        if let Some((what, remedy)) = bucket.lifecycle.refusal("lifecycle configuration") {
            proposal.writes.clear();
            proposal.finding("retention_days", what, remedy);
            return proposal;
        }
        proposal.call(s3::PutBucketLifecycle::with(
            target.clone(),
            bucket.rules(),
            vec![own_rule(days)],
        ));
        let begins_to_delete =
            live.retention_days.is_none() && !is_unfinished(settings, name, bucket);
        if begins_to_delete {
            let field = proposal.differences.iter_mut().find(|d| d.field == "retention_days");
            field.into_iter().for_each(|difference| difference.loosens = true);
        }
    }
    if live.versioning != wanted.versioning {
        proposal.call(s3::PutBucketVersioning::on(target.clone()));
    }
    if live.ownership != wanted.ownership {
        proposal.call(s3::PutBucketOwnershipControls::on(target));
    }
    proposal
}

/// What S3 would refuse to change as things are: what is wrong, and what to do.
struct Standstill {
    ownership: Option<(String, String)>,
    mfa_delete: Option<(String, String)>,
}

impl Standstill {
    fn of(name: &str, bucket: &Bucket, judged: &Judged) -> Self {
        let is_enforced = bucket.ownership.as_deref() == Some(s3::ENFORCED);
        let acl = s3::acl_in_the_way(name, &judged.grants);
        let mfa = judged.mfa_delete.then(|| {
            let what = "it has MFA delete: only the root user changes its versioning, and S3 takes no \
                        lifecycle rules for it";
            let remedy = "switch versioning on, or MFA delete off, as the root user with MFA: aws s3api \
                          put-bucket-versioning --mfa …";
            (what.to_owned(), remedy.to_owned())
        });
        Self { ownership: acl.filter(|_| !is_enforced), mfa_delete: mfa }
    }
}

/// Whether this control created the bucket: the tag names the bucket itself.
fn is_ours(name: &str, bucket: &Bucket) -> bool {
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
        (true, Some(days)) => Some(raised(wanted, days)),
        (true, None) if is_unfinished(settings, name, bucket) => settings.days(),
        (true, None) => Some(raised(wanted, i32::MAX)).filter(|days| *days != i32::MAX),
    }
}

/// Rules that delete logs too early and are others', or that others have changed, are theirs to
/// put right.
fn judge_other_rules(proposal: &mut Proposal, settings: &Settings, name: &str, bucket: &Bucket) {
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
        proposal.finding(
            "retention_days",
            format!("the lifecycle rule '{}'{which} {what}", rule.name()),
            "raise or remove that rule, or lower retention_days",
        );
    }
}

fn sids<'a>(statements: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let sid = |own: &Value| own["Sid"].as_str().unwrap_or_default().to_owned();
    statements.into_iter().map(sid).collect()
}

/// Appends the write of the policy, or says why S3 would refuse it.
fn put_policy(
    proposal: &mut Proposal,
    target: s3::Target,
    before: Option<&Policy>,
    statements: Vec<Value>,
) {
    let write = s3::PutBucketPolicy::with(target, before, statements);
    match s3::refusal(write.policy()) {
        Some((what, remedy)) => proposal.finding("statements", what, remedy),
        None => proposal.call(write),
    }
}

pub(super) fn target(name: &str, region: &str, context: &Context) -> s3::Target {
    s3::Target {
        bucket: name.to_owned(),
        expected_bucket_owner: context.account.clone(),
        region: region.to_owned(),
    }
}

//! The bucket that the trail and the recorder deliver to.
//!
//! A bucket that this control created has its tag from the first moment, and all settings apply to
//! it. A bucket of that name which somebody else in the account made is adopted: its protections
//! are raised, but nothing is set up in it that would delete logs.

mod delivery;

use crate::aws::facts::{GET_BUCKET_POLICY, Reader};
use crate::aws::{AwsError, Facts, Grant, Kind, Operation, Write};
use crate::baseline::{Problems, Tags};
use crate::control::{
    About, Context, Control, Cost, Need, OUR_TAG, Proposal, Reference, Scope, Setting, Standing,
    Stricter,
};
use crate::floor::AtLeast;
use crate::place::Place;
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3::{self, Bucket};
use delivery::delivery_statements;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// The control.
pub struct LogBucket;

/// The name of the bucket when the baseline gives none.
pub const DEFAULT_NAME: &str = "baseline-logs-{account}-{region}";

/// The lifecycle rule of this control.
const RULE: &str = "baseline-retention";

const HEAD: Operation = Operation::new(
    "s3",
    "HeadBucket",
    &[Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}")],
);

/// The table `[log_bucket]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    name: String,
    retention_days: AtLeast<i32>,
    versioning: AtLeast<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.to_owned(),
            retention_days: AtLeast::new(400),
            versioning: AtLeast::new(true),
        }
    }
}

/// Whose the name is, and what the bucket is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// Nobody has a bucket of this name.
    Absent,
    /// Another account has it.
    Taken,
    /// It is the account's.
    Own(Bucket),
}

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

impl Control for LogBucket {
    type Settings = Settings;
    type Live = Live;

    const ABOUT: About = About {
        name: "log_bucket",
        title: "private bucket for the logs of CloudTrail and Config",
        why: "Logs that anybody can read, change or delete are worth little. The bucket is private, \
              versioned, encrypted, refuses plain HTTP, and lets only CloudTrail and Config of this \
              account write.",
        scope: Scope::Account,
        needs: &[Need::Buckets],
        settings: &[
            Setting::new(
                "name",
                "\"baseline-logs-{account}-{region}\"",
                "Its name; {account} and {region} (the home region) are filled in.",
            ),
            Setting::new(
                "retention_days",
                "400",
                "Days that logs are kept at least. A bucket created by baseline deletes them after that; in one that was there before, nothing is deleted that was not before.",
            )
            .stricter(Stricter::Higher),
            Setting::new("versioning", "true", "Whether overwritten and deleted logs stay as old versions.")
                .stricter(Stricter::Higher),
        ],
        satisfies: &[
            Reference::fsbp("S3.2", "no public read of the logs"),
            Reference::fsbp("S3.3", "no public write to the logs"),
            Reference::fsbp("S3.5", "TLS-only requests to the logs"),
            Reference::fsbp("S3.8", "log bucket blocks public access"),
            Reference::fsbp("S3.12", "log bucket without ACLs"),
            Reference::fsbp("S3.13", "log bucket with lifecycle rules"),
            Reference::nist_csf("Protect", "logs are protected"),
            Reference::well_architected("SEC 8", "protect stored data"),
        ],
        cost: Cost::Paid("S3 storage and requests: about 0.023 USD per GB and month"),
        operations: &[
            HEAD,
            s3::GET_PUBLIC_ACCESS_BLOCK,
            s3::GET_OWNERSHIP,
            s3::GET_ENCRYPTION,
            s3::GET_VERSIONING,
            s3::GET_LIFECYCLE,
            s3::GET_TAGGING,
            GET_BUCKET_POLICY,
            s3::CreateBucket::OPERATION,
            s3::PutPublicAccessBlock::OPERATION,
            s3::PutBucketOwnershipControls::OPERATION,
            s3::PutBucketEncryption::OPERATION,
            s3::PutBucketVersioning::OPERATION,
            s3::PutBucketLifecycle::OPERATION,
            s3::PutBucketPolicy::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        let sample = settings
            .name
            .replace("{account}", "111122223333")
            .replace("{region}", "x");
        if !is_bucket_name(&sample) {
            let text = "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens; \
                        {account} and {region} are filled in";
            problems.setting("name", text);
        }
        if *settings.retention_days.value() < 1 {
            problems.setting("retention_days", "S3 counts in whole days, from 1 up");
        }
    }

    fn places(settings: &Settings, _: &Facts, context: &Context) -> Result<Vec<Place>, AwsError> {
        Ok(vec![Place::thing_in(
            context.fill(&settings.name),
            &context.home_region,
        )])
    }

    async fn read(
        _: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let name = place.thing.as_deref().unwrap_or_default();
        let listed = reader.buckets().await?;
        match listed.iter().find(|bucket| bucket.name == name) {
            Some(bucket) => Ok(Live::Own(s3::read(reader, name, &bucket.region).await?)),
            None => read_unlisted(reader, name).await,
        }
    }

    fn propose(settings: &Settings, place: &Place, live: Live, context: &Context) -> Proposal {
        let name = place.thing.as_deref().unwrap_or_default();
        match live {
            Live::Taken => blocked(format!(
                "the bucket name {name} belongs to another account: choose another `name` in \
                 [log_bucket]"
            )),
            Live::Own(bucket) if bucket.region != context.home_region => blocked(format!(
                "the bucket {name} is in {}, not in the home region {}: choose another `name` in \
                 [log_bucket]",
                bucket.region, context.home_region
            )),
            Live::Absent => create(settings, name, context),
            Live::Own(bucket) => raise(settings, name, &bucket, context),
        }
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        vec![("bucket", vec![context.fill(&settings.name)])]
    }
}

fn blocked(why: String) -> Proposal {
    Proposal {
        standing: Standing::Blocked(why),
        ..Proposal::default()
    }
}

/// Source: S3 User Guide, "General purpose bucket naming rules".
pub(super) fn is_bucket_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
}

/// Tells a free name from one that another account has, and from a bucket that the list does not
/// show yet.
async fn read_unlisted(reader: &Reader, name: &str) -> Result<Live, AwsError> {
    let (clients, region) = (&reader.clients, reader.home_region.as_str());
    let request = clients
        .s3(region)
        .head_bucket()
        .bucket(name)
        .expected_bucket_owner(&reader.caller.account)
        .send();
    match HEAD.answer(clients, region, request).await {
        Ok(_) => Ok(Live::Own(s3::read(reader, name, region).await?)),
        Err(error) if error.is("NotFound") || error.is("NoSuchBucket") => Ok(Live::Absent),
        // The account's own buckets are in the list, so a refusal or a redirect is another's.
        Err(error) if error.kind == Kind::Denied || error.is("PermanentRedirect") => {
            Ok(Live::Taken)
        }
        Err(error) if error.message.contains("301") || error.message.contains("400") => {
            Ok(Live::Taken)
        }
        Err(error) => Err(error),
    }
}

fn create(settings: &Settings, name: &str, context: &Context) -> Proposal {
    let arn = s3::arn(&context.partition, name);
    let mut statements = vec![deny_insecure_transport(&arn)];
    statements.extend(delivery_statements(&arn, context));
    let wanted = Shape {
        region: context.home_region.clone(),
        tags: context.tags(),
        public_access_block: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        encryption: Some("AES256".to_owned()),
        versioning: *settings.versioning.value(),
        retention_days: Some(*settings.retention_days.value()),
        ssl_only: true,
        statements: sids(&statements),
    };
    let mut proposal = Proposal::between(&None, &Some(wanted));
    let target = target(name, &context.home_region, context);
    proposal.call(s3::CreateBucket::new(
        name,
        &context.home_region,
        context.tags(),
    ));
    proposal.call(s3::PutPublicAccessBlock::on(target.clone()));
    proposal.call(s3::PutBucketEncryption::on(target.clone()));
    put_policy(&mut proposal, target.clone(), None, statements);
    if *settings.versioning.value() {
        proposal.call(s3::PutBucketVersioning::on(target.clone()));
    }
    let days = *settings.retention_days.value();
    proposal.call(s3::PutBucketLifecycle::expire(
        target,
        RULE,
        days,
        Vec::new(),
    ));
    proposal
}

fn raise(settings: &Settings, name: &str, bucket: &Bucket, context: &Context) -> Proposal {
    let arn = s3::arn(&context.partition, name);
    let policy = match bucket.policy.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(cause) => {
            let text = format!("its policy cannot be read: {cause}");
            return Proposal::unknown(AwsError::unexpected(
                &GET_BUCKET_POLICY,
                &bucket.region,
                &text,
            ));
        }
    };
    let has = |statement: &Value| policy.as_ref().is_some_and(|policy| policy.says(statement));
    let is_tls_only = policy
        .as_ref()
        .is_some_and(|policy| policy.denies_insecure_transport(&arn));
    let delivery = delivery_statements(&arn, context);
    let mut missing: Vec<Value> = delivery.iter().filter(|own| !has(own)).cloned().collect();

    let ours = bucket.tags.contains_key(OUR_TAG);
    let kept_for = kept_for(bucket);
    let retention_days = match ours {
        true => Some(settings.retention_days.settle(kept_for.unwrap_or(0))),
        false => kept_for,
    };
    let live = Shape {
        region: bucket.region.clone(),
        tags: bucket.tags.clone(),
        public_access_block: bucket.public_access_block,
        ownership: bucket.ownership.clone(),
        encryption: bucket.encryption.clone(),
        versioning: bucket.versioning.as_deref() == Some("Enabled"),
        retention_days: kept_for,
        ssl_only: is_tls_only,
        statements: sids(delivery.iter().filter(|own| has(own))),
    };
    let wanted = Shape {
        public_access_block: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        encryption: bucket
            .encryption
            .clone()
            .or_else(|| Some("AES256".to_owned())),
        versioning: live.versioning || *settings.versioning.value(),
        retention_days,
        ssl_only: true,
        statements: sids(&delivery),
        ..live.clone()
    };
    let mut proposal = Proposal::between(&live, &wanted);
    if !is_tls_only {
        missing.insert(0, deny_insecure_transport(&arn));
    }
    let target = target(name, &bucket.region, context);
    if !missing.is_empty() {
        put_policy(&mut proposal, target.clone(), policy.as_ref(), missing);
        if !proposal.findings.is_empty() {
            return proposal;
        }
    }
    if !live.public_access_block {
        proposal.call(s3::PutPublicAccessBlock::on(target.clone()));
    }
    if live.ownership != wanted.ownership {
        proposal.call(s3::PutBucketOwnershipControls::on(target.clone()));
    }
    if live.encryption != wanted.encryption {
        proposal.call(s3::PutBucketEncryption::on(target.clone()));
    }
    if live.versioning != wanted.versioning {
        proposal.call(s3::PutBucketVersioning::on(target.clone()));
    }
    if let Some(days) = wanted
        .retention_days
        .filter(|_| live.retention_days != wanted.retention_days)
    {
        let others = bucket.rules.iter().filter(|rule| rule.id != RULE);
        let others = others.map(|rule| rule.id.clone()).collect();
        proposal.call(s3::PutBucketLifecycle::expire(target, RULE, days, others));
    }
    judge_other_rules(&mut proposal, settings, bucket);
    proposal
}

/// After how many days this control's own rule deletes logs.
fn kept_for(bucket: &Bucket) -> Option<i32> {
    let own = bucket
        .rules
        .iter()
        .find(|rule| rule.id == RULE && rule.enabled);
    own.and_then(|rule| rule.expiration_days)
}

/// Rules of others that delete logs too early are theirs to change.
fn judge_other_rules(proposal: &mut Proposal, settings: &Settings, bucket: &Bucket) {
    let wanted = *settings.retention_days.value();
    for rule in bucket
        .rules
        .iter()
        .filter(|rule| rule.id != RULE && rule.enabled)
    {
        if let Some(days) = rule.expiration_days.filter(|days| *days < wanted) {
            proposal.finding(
                "retention_days",
                format!(
                    "the lifecycle rule '{}' deletes after {days} days, before {wanted}",
                    rule.id
                ),
                "raise or remove that rule, or lower retention_days",
            );
        }
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

fn target(name: &str, region: &str, context: &Context) -> s3::Target {
    s3::Target {
        bucket: name.to_owned(),
        expected_bucket_owner: context.account.clone(),
        region: region.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Delivery;
    use crate::control::tests::context;

    const NAME: &str = "baseline-logs-111122223333-us-east-1";

    fn settings(text: &str) -> Settings {
        toml::from_str(text).expect("the test's settings are valid")
    }

    fn ours() -> Bucket {
        let context = delivering();
        let arn = s3::arn("aws", NAME);
        let mut policy = Policy::empty();
        policy.put(&deny_insecure_transport(&arn));
        delivery_statements(&arn, &context)
            .iter()
            .for_each(|own| policy.put(own));
        Bucket {
            region: "us-east-1".to_owned(),
            public_access_block: true,
            ownership: Some("BucketOwnerEnforced".to_owned()),
            encryption: Some("AES256".to_owned()),
            versioning: Some("Enabled".to_owned()),
            rules: vec![rule(RULE, 400)],
            policy: Some(policy.compact()),
            tags: context.tags(),
        }
    }

    fn rule(id: &str, days: i32) -> s3::Rule {
        s3::Rule {
            id: id.to_owned(),
            enabled: true,
            expiration_days: Some(days),
        }
    }

    fn delivering() -> Context {
        let trail = Delivery::CloudTrail {
            trail: "baseline".to_owned(),
            prefix: None,
        };
        let config = Delivery::Config {
            prefix: Some("x".to_owned()),
        };
        Context {
            deliveries: vec![trail, config],
            ..context()
        }
    }

    fn propose(live: Live, text: &str) -> Proposal {
        let place = Place::thing_in(NAME, "us-east-1");
        LogBucket::propose(&settings(text), &place, live, &delivering())
    }

    fn calls(proposal: &Proposal) -> Vec<&'static str> {
        proposal
            .writes
            .iter()
            .map(|write| write.operation().name)
            .collect()
    }

    #[test]
    fn a_new_bucket_is_private_before_anything_else() {
        let proposal = propose(Live::Absent, "");
        let wanted = [
            "CreateBucket",
            "PutPublicAccessBlock",
            "PutBucketEncryption",
            "PutBucketPolicy",
            "PutBucketVersioning",
            "PutBucketLifecycleConfiguration",
        ];
        assert_eq!(calls(&proposal), wanted);
    }

    #[test]
    fn what_was_created_is_as_wanted() {
        let proposal = propose(Live::Own(ours()), "");
        assert!(
            proposal.differences.is_empty(),
            "{:?}",
            proposal.differences
        );
        assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
    }

    #[test]
    fn a_name_of_another_account_stops_the_run() {
        assert!(matches!(
            propose(Live::Taken, "").standing,
            Standing::Blocked(_)
        ));
    }

    #[test]
    fn nothing_is_deleted_in_a_bucket_that_somebody_else_made() {
        let adopted = Bucket {
            tags: Tags::new(),
            rules: Vec::new(),
            versioning: None,
            ..ours()
        };
        assert_eq!(
            calls(&propose(Live::Own(adopted), "")),
            ["PutBucketVersioning"]
        );
    }

    #[test]
    fn logs_that_are_kept_longer_stay_so() {
        let longer = Bucket {
            rules: vec![rule(RULE, 3650)],
            ..ours()
        };
        assert!(propose(Live::Own(longer), "").writes.is_empty());
    }

    #[test]
    fn a_rule_of_others_that_deletes_too_early_is_a_finding() {
        let early = Bucket {
            rules: vec![rule("mine", 30), rule(RULE, 400)],
            ..ours()
        };
        let proposal = propose(Live::Own(early), "");
        assert!(proposal.writes.is_empty());
        assert_eq!(proposal.findings.len(), 1);
    }

    #[test]
    fn the_delivery_is_narrowed_to_this_account() {
        let statements = delivery_statements("arn:aws:s3:::b", &delivering());
        for statement in &statements {
            assert!(
                statement["Condition"].to_string().contains("111122223333"),
                "{statement}"
            );
        }
        assert_eq!(
            statements[4]["Resource"],
            "arn:aws:s3:::b/x/AWSLogs/111122223333/Config/*"
        );
    }
}

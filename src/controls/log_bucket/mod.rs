//! The bucket that the trail and the recorder deliver to.
//!
//! A bucket that this control created has its tag from the first moment, and all settings apply to
//! it. A bucket of that name which somebody else in the account made is adopted: its protections
//! are raised, but nothing is set up in it that would delete logs.

mod delivery;

use crate::aws::facts::{GET_BUCKET_POLICY, Reader};
use crate::aws::{AwsError, Facts, Grant, Operation, Write};
use crate::baseline::{Problems, Tags};
use crate::control::{
    About, Context, Control, Cost, Need, Proposal, Reference, Scope, Setting, Standing, Stricter,
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

/// The tag on a bucket that this control created; its value is the name of the bucket.
const CREATED_TAG: &str = "baseline:log-bucket";

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
    let _turn = clients.turn(HEAD.service, region).await;
    let error = match request.await {
        Ok(_) => return Ok(Live::Own(s3::read(reader, name, region).await?)),
        Err(error) => error,
    };
    // S3 tells the region of a bucket that exists, even to those who may not use it; the account's
    // own buckets are in the list, so this one is another's.
    let exists = error.raw_response().is_some_and(|raw| {
        let refused = matches!(raw.status().as_u16(), 301 | 403);
        refused && raw.headers().get("x-amz-bucket-region").is_some()
    });
    let error = AwsError::new(&HEAD, region, error);
    match exists {
        true => Ok(Live::Taken),
        false if error.is("NotFound") || error.is("NoSuchBucket") => Ok(Live::Absent),
        false => Err(error),
    }
}

/// The tags of a bucket that this control creates: by the last it knows it for its own.
fn tags(name: &str, context: &Context) -> Tags {
    let mut tags = context.tags();
    tags.insert(CREATED_TAG.to_owned(), name.to_owned());
    tags
}

/// Versioning comes last: a bucket of ours that never had it is one whose creation broke off.
fn create(settings: &Settings, name: &str, context: &Context) -> Proposal {
    let arn = s3::arn(&context.partition, name);
    let mut statements = vec![deny_insecure_transport(&arn)];
    statements.extend(delivery_statements(&arn, context));
    let (days, versioning) = (
        *settings.retention_days.value(),
        *settings.versioning.value(),
    );
    let wanted = Shape {
        region: context.home_region.clone(),
        tags: tags(name, context),
        public_access_block: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        // What every new bucket has.
        encryption: Some("AES256".to_owned()),
        versioning,
        retention_days: Some(days),
        ssl_only: true,
        statements: sids(&statements),
    };
    let mut proposal = Proposal::between(&None, &Some(wanted));
    let target = target(name, &context.home_region, context);
    proposal.call(s3::CreateBucket::new(
        name,
        &context.home_region,
        tags(name, context),
    ));
    proposal.call(s3::PutPublicAccessBlock::on(target.clone()));
    put_policy(&mut proposal, target.clone(), None, statements);
    proposal.call(s3::PutBucketLifecycle::expire(
        target.clone(),
        RULE,
        days,
        Vec::new(),
    ));
    if versioning {
        proposal.call(s3::PutBucketVersioning::on(target));
    }
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

    let kept_for = kept_for(bucket);
    let retention_days = retention(settings, name, bucket);
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
    if wanted.ssl_only != live.ssl_only || wanted.ownership != live.ownership {
        proposal.note("who uses it by plain HTTP or by ACLs is refused from then on");
    }
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
    if live.encryption != wanted.encryption {
        proposal.call(s3::PutBucketEncryption::on(target.clone()));
    }
    if let Some(days) = wanted
        .retention_days
        .filter(|_| live.retention_days != wanted.retention_days)
    {
        let others = bucket.rules.iter().filter(|rule| rule.id != RULE);
        let others = others.map(|rule| rule.id.clone()).collect();
        proposal.call(s3::PutBucketLifecycle::expire(
            target.clone(),
            RULE,
            days,
            others,
        ));
        let begins_to_delete =
            live.retention_days.is_none() && !is_unfinished(settings, name, bucket);
        if begins_to_delete {
            let field = proposal
                .differences
                .iter_mut()
                .find(|d| d.field == "retention_days");
            field
                .into_iter()
                .for_each(|difference| difference.loosens = true);
        }
    }
    if live.versioning != wanted.versioning {
        proposal.call(s3::PutBucketVersioning::on(target.clone()));
    }
    // The one that S3 may refuse, while ACLs of the bucket grant something to others.
    if live.ownership != wanted.ownership {
        proposal.call(s3::PutBucketOwnershipControls::on(target));
    }
    judge_other_rules(&mut proposal, settings, bucket);
    proposal
}

/// Whether this control created the bucket: the tag names the bucket itself.
fn is_ours(name: &str, bucket: &Bucket) -> bool {
    bucket.tags.get(CREATED_TAG).map(String::as_str) == Some(name)
}

/// Whether the creation of the bucket broke off before its last call.
fn is_unfinished(settings: &Settings, name: &str, bucket: &Bucket) -> bool {
    let has_rule = bucket.rules.iter().any(|rule| rule.id == RULE);
    let versions = *settings.versioning.value();
    is_ours(name, bucket) && versions && bucket.versioning.is_none() && !has_rule
}

/// After how many days this control's own rule deletes logs, or old versions of them.
fn kept_for(bucket: &Bucket) -> Option<i32> {
    let own = bucket
        .rules
        .iter()
        .find(|rule| rule.id == RULE && rule.enabled)?;
    own.expiration_days
        .into_iter()
        .chain(own.noncurrent_days)
        .min()
}

/// After how many days that is to be. No rule keeps logs for ever, which is more than any number
/// of days: only `exactly` begins to delete them.
fn retention(settings: &Settings, name: &str, bucket: &Bucket) -> Option<i32> {
    let wanted = &settings.retention_days;
    match (is_ours(name, bucket), kept_for(bucket)) {
        (false, days) => days,
        (true, Some(days)) => Some(wanted.settle(days)),
        (true, None) if is_unfinished(settings, name, bucket) => Some(*wanted.value()),
        (true, None) => Some(wanted.settle(i32::MAX)).filter(|days| *days != i32::MAX),
    }
}

/// Rules of others that delete logs too early are theirs to change.
fn judge_other_rules(proposal: &mut Proposal, settings: &Settings, bucket: &Bucket) {
    let wanted = *settings.retention_days.value();
    for rule in bucket
        .rules
        .iter()
        .filter(|rule| rule.id != RULE && rule.enabled)
    {
        let early = |days: Option<i32>| days.filter(|days| *days < wanted);
        let what = match (early(rule.expiration_days), early(rule.noncurrent_days)) {
            _ if rule.expires_on_date => "deletes on a date".to_owned(),
            (Some(days), _) => format!("deletes after {days} days, before {wanted}"),
            (None, Some(days)) => {
                format!("deletes old versions after {days} days, before {wanted}")
            }
            (None, None) => continue,
        };
        proposal.finding(
            "retention_days",
            format!("the lifecycle rule '{}' {what}", rule.id),
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
            tags: tags(NAME, &context),
        }
    }

    fn rule(id: &str, days: i32) -> s3::Rule {
        s3::Rule {
            id: id.to_owned(),
            enabled: true,
            expiration_days: Some(days),
            noncurrent_days: None,
            expires_on_date: false,
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
            "PutBucketPolicy",
            "PutBucketLifecycleConfiguration",
            "PutBucketVersioning",
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
    fn a_rule_of_others_that_deletes_on_a_date_or_old_versions_is_a_finding() {
        let on_a_date = s3::Rule {
            expires_on_date: true,
            expiration_days: None,
            ..rule("x", 0)
        };
        let versions = s3::Rule {
            noncurrent_days: Some(1),
            expiration_days: None,
            ..rule("y", 0)
        };
        let early = Bucket {
            rules: vec![on_a_date, versions, rule(RULE, 400)],
            ..ours()
        };
        assert_eq!(propose(Live::Own(early), "").findings.len(), 2);
    }

    #[test]
    fn a_tag_of_somebody_elses_does_not_make_a_bucket_ours() {
        let tags = Tags::from([("baseline".to_owned(), "2019".to_owned())]);
        let theirs = Bucket {
            tags,
            rules: Vec::new(),
            ..ours()
        };
        assert!(propose(Live::Own(theirs), "").writes.is_empty());
    }

    #[test]
    fn logs_that_are_kept_for_ever_stay_so_unless_exactly_says_otherwise() {
        let for_ever = Bucket {
            rules: Vec::new(),
            ..ours()
        };
        assert!(propose(Live::Own(for_ever.clone()), "").writes.is_empty());
        let exactly = propose(Live::Own(for_ever), "retention_days = { exactly = 30 }");
        assert_eq!(calls(&exactly), ["PutBucketLifecycleConfiguration"]);
        assert!(exactly.differences[0].loosens);
    }

    #[test]
    fn a_creation_that_broke_off_is_finished() {
        let broken = Bucket {
            rules: Vec::new(),
            versioning: None,
            ..ours()
        };
        let proposal = propose(Live::Own(broken), "");
        let wanted = ["PutBucketLifecycleConfiguration", "PutBucketVersioning"];
        assert_eq!(calls(&proposal), wanted);
        assert!(
            proposal
                .differences
                .iter()
                .all(|difference| !difference.loosens)
        );
    }

    #[test]
    fn another_delivery_gets_statements_of_its_own_and_the_first_ones_stay() {
        let other = Delivery::CloudTrail {
            trail: "other".to_owned(),
            prefix: None,
        };
        let context = Context {
            deliveries: vec![other],
            ..delivering()
        };
        let place = Place::thing_in(NAME, "us-east-1");
        let before = ours();
        let proposal =
            LogBucket::propose(&settings(""), &place, Live::Own(before.clone()), &context);
        let after = &proposal.writes[0].call().input["Policy"]["Statement"];
        let before = Policy::parse(&before.policy.expect("a policy")).expect("valid");
        for statement in before.statements() {
            assert!(after.as_array().expect("a list").contains(statement));
        }
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

//! The bucket that the trail and the recorder deliver to.
//!
//! A bucket that this control created has its tag from the first moment, and all settings apply to
//! it. A bucket of that name which somebody else in the account made is adopted: its protections
//! are raised, but nothing is set up in it that would delete logs.

mod delivery;
mod guards;
mod promise;
mod read;
mod restore;
mod retention;
mod steps;
mod wanted;

pub(super) use read::look;

use crate::aws::facts::{GET_BUCKET_POLICY, Reader};
use crate::aws::{AwsError, Facts, Operation, Write, keys};
use crate::control::owner::TAKE_OVER;
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Delivery, Past, Places, Reference, Remarks,
    Steps,
};
use crate::controls::buckets::{AccessLog, LockAsked};
use crate::diff::Difference;
use crate::document::Problems;
use crate::floor::AtLeast;
use crate::managed::Managed;
use crate::place::Place;
use crate::s3::{self, Bucket};
use crate::settings;
use crate::settings::Takes;
use read::HEAD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The control.
pub struct LogBucket;

settings! {
    /// The table `[log_bucket]`.
    pub struct Settings {
        /// Its name; `{account}` and `{region}` (the home region) are filled in.
        #[example("\"acme-logs-{account}\"")]
        name: String = "baseline-logs-{account}-{region}",

        /// Days that logs are kept at least. A bucket created by baseline deletes them after that;
        /// in one that was there before, nothing is deleted that was not before.
        #[range(1..=i64::MAX)]
        retention_days: Managed<AtLeast<i32>> = 400,

        /// Whether overwritten and deleted logs stay as old versions.
        versioning: Managed<AtLeast<bool>> = true,

        /// Accounts, organizations and whatever else a statement names that its policy may let in,
        /// beside this account, and to whom it may be replicated: accounts, or buckets by ARN.
        /// Whoever else gets the logs is a finding, with the statement or the rule.
        #[example("[\"999999999999\"]")]
        shared_with: Managed<BTreeSet<String>> = [],

        /// Where the access logs of the bucket itself go: to another bucket of the home region. It is
        /// created where there is none; the policy of one that was there before has to let S3 deliver,
        /// and `[[buckets]]` lets access logs into a bucket that it has others log to.
        #[costs]
        #[example("{ bucket = \"baseline-access-logs-{account}-{region}\" }")]
        access_log: Managed<AccessLog> = unmanaged,

        /// For how long new logs can be neither deleted nor overwritten. It can never be switched off
        /// again, and AWS Config does not deliver where new objects are locked.
        #[costs]
        #[example("{ mode = \"governance\", days = 30, accept_irreversible = true }")]
        object_lock: Managed<LockAsked> = unmanaged,

        #[says(TAKE_OVER)]
        take_over: Managed<bool> = false,
    }
}

impl Settings {
    /// How long logs are kept at least.
    fn days(&self) -> Option<i32> {
        self.retention_days.as_ref().map(|days| *days.value())
    }

    /// Whether versioning is to be on.
    fn wants_versioning(&self) -> bool {
        self.versioning.as_ref().is_some_and(|floor| *floor.value())
    }

    /// The bucket that takes the access logs of the log bucket, if that is another, and what S3 delivers
    /// there.
    fn access_log_bucket(&self, context: &Context) -> Option<(String, Delivery)> {
        let (account, home) = (&context.account, &context.home_region);
        let (log, of) = (self.access_log.as_ref()?, context.fill(&self.name));
        let (bucket, prefix) = (log.target(account, home), log.prefix(&of, account, home));
        (bucket != of).then_some((bucket, Delivery::AccessLogs { of, prefix }))
    }

    /// Whether a place is the bucket for the access logs of the log bucket.
    fn takes_access_logs(&self, name: &str, context: &Context) -> bool {
        self.access_log_bucket(context).is_some_and(|(own, _)| own == name)
    }
}

/// What is at the place, and what will be delivered there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What is there.
    pub bucket: Live,
    /// What will be delivered.
    pub deliveries: Vec<Delivery>,
    /// Where its own access logs go and are to go, if the table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<guards::AccessLogs>,
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
    Own(Box<Bucket>),
}

impl Live {
    fn own(&self) -> Option<Bucket> {
        match self {
            Self::Own(bucket) => Some(bucket.as_ref().clone()),
            Self::Absent | Self::Taken => None,
        }
    }
}

impl Control for LogBucket {
    type Settings = Settings;
    type Live = Seen;
    type State = Option<Bucket>;

    const FIELDS: &'static [&'static str] = &[
        "encryption",
        "ownership",
        "public_access_block",
        "region",
        "rules",
        "ssl_only",
        "statements",
        "tags",
    ];
    const ABOUT: About = About {
        name: "log_bucket",
        title: "private bucket for the logs of CloudTrail and Config",
        why: "Logs that anybody can read, change or delete are worth little. The bucket is private, \
              versioned, encrypted, refuses plain HTTP, and lets only CloudTrail and Config of this \
              account write.",
        places: Places::one::<s3::OwnBuckets>(),
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("3.4", "requests to the logs are logged, with access_log"),
            Reference::cis7("4.4", "requests to the logs are logged, with access_log"),
            Reference::fsbp("CloudTrail.7", "requests to the logs are logged, with access_log"),
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
            s3::GET_ACL,
            s3::GET_REPLICATION,
            s3::GET_OBJECT_LOCK,
            keys::DESCRIBE_KEY.operation,
            s3::LIST_ACCESS_POINTS,
            s3::GET_ACCESS_POINT_POLICY,
            GET_BUCKET_POLICY,
            s3::GET_LOGGING,
            s3::GET_REQUEST_PAYMENT,
            s3::CreateBucket::OPERATION,
            s3::PutPublicAccessBlock::OPERATION,
            s3::PutBucketOwnershipControls::OPERATION,
            s3::PutBucketEncryption::OPERATION,
            s3::PutBucketVersioning::OPERATION,
            s3::PutBucketLifecycle::OPERATION,
            s3::PutBucketPolicy::OPERATION,
            s3::PutBucketLogging::OPERATION,
            s3::PutObjectLock::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        let sample = settings.name.replace("{account}", "111122223333").replace("{region}", "x");
        if !s3::is_bucket_name(&sample) {
            let text = "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens; \
                        {account} and {region} are filled in";
            problems.setting("name", text);
        }
        problems.known_by("name", "the log bucket", &settings.name);
        if let Some(log) = &*settings.access_log
            && !s3::is_bucket_name(&log.target("111122223333", "x"))
        {
            problems.setting("access_log.bucket", "this is not the name of a bucket");
        }
        s3::check_shared_with(settings.shared_with.iter().flatten(), |text| {
            problems.setting("shared_with", text);
        });
    }

    fn places(settings: &Settings, _: &Facts, context: &Context) -> Result<Vec<Place>, AwsError> {
        let access_logs = settings.access_log_bucket(context).map(|(name, _)| name);
        let names = [context.fill(&settings.name)].into_iter().chain(access_logs);
        Ok(names.map(|name| Place::thing_in(name, &context.home_region)).collect())
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Seen, AwsError> {
        let name = place.thing.as_deref().unwrap_or_default();
        if let Some((_, delivery)) =
            settings.access_log_bucket(context).filter(|(own, _)| own == name)
        {
            let (bucket, deliveries) = (look(reader, name).await?, vec![delivery]);
            return Ok(Seen { bucket, deliveries, access_logs: None });
        }
        let (mut bucket, deliveries, access_logs) = tokio::try_join!(
            look(reader, name),
            context.deliveries(reader),
            settings.access_logs(name, context, reader),
        )?;
        if let (Live::Own(bucket), Some(logs)) = (&mut bucket, &access_logs) {
            bucket.logging = logs.now();
        }
        Ok(Seen { bucket, deliveries, access_logs })
    }

    fn state(seen: &Seen) -> Option<Bucket> {
        seen.bucket.own()
    }

    fn wanted(settings: &Settings, seen: &Seen, at: At<'_>, say: &mut Remarks) -> Option<Bucket> {
        wanted::wanted(settings, seen, at, say)
    }

    fn differences(from: &Option<Bucket>, to: &Option<Bucket>, at: At<'_>) -> Vec<Difference> {
        steps::differences(from.as_ref(), to.as_ref(), at)
    }

    fn steps(from: &Option<Bucket>, to: &Option<Bucket>, at: At<'_>) -> Steps {
        steps::steps(from.as_ref(), to.as_ref(), at)
    }

    fn restored(_: &Settings, past: &Past<Seen>, at: At<'_>, say: &mut Remarks) -> Option<Bucket> {
        restore::restored(past, at, say)
    }

    fn announces(settings: &Arc<Settings>, context: &Context) -> Vec<Announcement> {
        let name = context.fill(&settings.name);
        vec![Announcement::LogBucket { name, to_be: settings.clone() }]
    }

    const RESTORES: &'static [Operation] = &[
        s3::DeleteBucketPolicy::OPERATION,
        s3::DeleteBucketLifecycle::OPERATION,
        s3::DeleteBucketOwnershipControls::OPERATION,
    ];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let home = &context.home_region;
        let log = settings.access_log.as_ref().map(|own| own.target(&context.account, home));
        vec![
            ("bucket", [context.fill(&settings.name)].into_iter().chain(log).collect()),
            ("key_account", vec![context.account.clone()]),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if settings.access_log.is_none() {
            unused.extend([
                s3::GET_LOGGING.name,
                s3::GET_REQUEST_PAYMENT.name,
                s3::PutBucketLogging::OPERATION.name,
            ]);
        }
        if settings.object_lock.is_none() {
            unused.push(s3::PutObjectLock::OPERATION.name);
        }
        unused
    }
}

#[cfg(test)]
mod tests;

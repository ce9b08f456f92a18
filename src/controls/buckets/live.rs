//! What is read of a bucket: what its settings ask for, and nothing else.

use super::settings::{Entry, Wanted};
use super::values::Encryption;
use crate::aws::facts::Reader;
use crate::aws::keys::Key;
use crate::aws::{AwsError, Tags};
use crate::control::Context;
use crate::control::owner::owner;
use crate::controls::bucket_state::{BucketState, Ownership};
use crate::controls::log_bucket;
use crate::json::present;
use crate::place::Place;
use crate::policy::Policy;
use crate::s3::{
    self, AccessPoint, Asked, Exposure, Flags, Lifecycle, LogTarget, Replica, Source, Versioning,
    Whole,
};
use futures_util::future;
use serde::{Deserialize, Serialize};

/// What was read of a bucket. A field that is missing was not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// Its settings.
    #[serde(flatten)]
    pub(super) bucket: BucketState,
    /// Whether its policy is public to S3; only read where the policy may have to be written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_public_policy: bool,
    /// What keeps S3 from storing that again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) public_policy_blocked_by: Option<String>,
    /// What makes it public; only read where that would end or must not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exposure: Option<Exposure>,
    /// Why that could not be seen, where nothing is judged by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exposure_unseen: Option<AwsError>,
    /// The policies of its access points, where its own leaves it to them who gets in and it is asked
    /// who does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) access_points: Vec<AccessPoint>,
    /// The replication rules that copy it out of the account, where that is asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) replicas: Vec<Replica>,
    /// Who else manages it; only read where something of it would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// Its access points without a whole block of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) open_access_points: Option<Vec<String>>,
    /// The KMS key that is asked for, if there is one; where none is asked for, the one there is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) key: Option<Option<Key>>,
    /// What was seen of the bucket that they are to go to; nothing if the account has none of that
    /// name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) log_target: Option<Option<Target>>,
    /// What was seen of it as a bucket that takes the logs of others; missing where it takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) takes_logs: Option<LogTarget>,
    /// Whether it is the log bucket, which does not exist yet: all this is what it will be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) to_be: bool,
    /// Whether it was deleted after the buckets were listed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
}

impl Live {
    /// The bucket that the access logs go to, if it has to let them in first.
    pub(super) fn closed_target(&self) -> Option<Place> {
        let logging = self.bucket.logging.as_ref()?.value.as_ref()?;
        let target = self.log_target.as_ref()?.as_ref()?;
        let lets_in = target.fitness.as_ref().is_some_and(|own| own.lets_in);
        (!lets_in).then(|| Place::thing_in(&logging.target_bucket, &target.region))
    }
}

/// The bucket that logs are to go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// Its region.
    pub region: String,
    /// Whether it is fit; not looked at in another region, where it cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitness: Option<LogTarget>,
    /// The buckets that log to each other in a circle, from the target on; none where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub circle: Vec<String>,
}

/// Reads a bucket: all that is asked for side by side, in the bucket's own region.
///
/// # Errors
/// When a setting that is asked for could not be seen; that the bucket is gone is no error.
pub(super) async fn read(
    entries: &[Entry],
    bucket: &str,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let asked = Asked { reader, bucket, region };
    let looking = Looking {
        entries,
        wanted: Wanted::of(entries, bucket),
        asked,
        context,
        partition: &context.partition,
    };
    if let Some(created) = Box::pin(looking.created()).await? {
        return Box::pin(looking.as_created(created)).await;
    }
    match Box::pin(looking.all()).await {
        Err(error) if error.is("NoSuchBucket") => Ok(Live { gone: true, ..Live::default() }),
        answer => answer,
    }
}

/// Who else manages a bucket of which something would change: its tags say it, and are read only then.
/// Tags that the baseline itself puts there are nobody else's.
///
/// # Errors
/// When they could not be seen.
pub(super) async fn manager(
    entries: &[Entry],
    bucket: &str,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<Option<String>, AwsError> {
    let asked = Asked { reader, bucket, region };
    let mut tags = asked.tags().await?;
    let wanted = Wanted::of(entries, bucket).tags;
    tags.retain(|key, value| {
        let is_ours = |own: &Tags| own.get(key) == Some(value);
        !wanted.is_some_and(is_ours) && !is_ours(&context.tags)
    });
    Ok(owner(bucket, &tags))
}

struct Looking<'a> {
    entries: &'a [Entry],
    wanted: Wanted<'a>,
    asked: Asked<'a>,
    context: &'a Context,
    partition: &'a str,
}

/// Reads what is asked for. Boxed then, and not made otherwise: the reads are large, and many buckets
/// are looked at side by side.
async fn when<T, R>(asked_for: bool, read: impl FnOnce() -> R) -> Result<Option<T>, AwsError>
where
    R: Future<Output = Result<T, AwsError>>,
{
    match asked_for {
        true => Box::pin(read()).await.map(Some),
        false => Ok(None),
    }
}

impl Looking<'_> {
    async fn all(&self) -> Result<Live, AwsError> {
        let (wanted, asked) = (&self.wanted, &self.asked);
        let Asked { reader, bucket, region } = *asked;
        let takes_logs = Box::pin(self.takes_logs_of()).await?;
        // All side by side: some ask twice, none three times.
        let access = future::join4(
            self.policy(takes_logs.is_some()),
            self.public_access(),
            when(wanted.reads_ownership(), || self.ownership()),
            when(wanted.private.is_some(), || s3::open_access_points(reader, bucket, region)),
        );
        let storage = async {
            tokio::join!(
                when(wanted.reads_encryption(), || asked.encryption()),
                when(wanted.encryption.is_some(), || self.key()),
                self.versions(),
                when(wanted.object_lock.is_some(), || asked.object_lock()),
                when(wanted.tags.is_some(), || asked.tags()),
            )
        };
        let shared = future::join(
            when(wanted.shared_with.is_some(), || asked.replicas_elsewhere()),
            when(wanted.shared_with.is_some(), || asked.policy_and_access_points()),
        );
        let logs = future::join3(
            when(wanted.access_log.is_some(), || asked.logging()),
            when(wanted.access_log.is_some(), || self.log_target()),
            self.as_log_target(takes_logs),
        );
        let (access, storage, shared, logs) = tokio::join!(access, storage, Box::pin(shared), logs);
        let (policy, (has_public_policy, public_policy_blocked_by)) = access.0?;
        let (public_access_block, exposure, exposure_unseen) = access.1?;
        let (versioning, lifecycle) = storage.2?;
        let bucket = BucketState {
            policy,
            public_access_block,
            encryption: storage.0?,
            lifecycle,
            versioning,
            object_lock: storage.3?,
            tags: storage.4?,
            logging: logs.0?,
            ownership: access.2?,
        };
        Ok(Live {
            bucket,
            has_public_policy,
            public_policy_blocked_by,
            exposure,
            exposure_unseen,
            open_access_points: access.3?,
            replicas: shared.0?.unwrap_or_default(),
            access_points: shared.1?.map(|(_, points)| points).unwrap_or_default(),
            key: storage.1?,
            log_target: logs.1?,
            takes_logs: logs.2?,
            ..Live::default()
        })
    }

    /// The policy; and, if it is to be written, whether it is public and what would keep S3 from
    /// storing it again. That this cannot be seen is no error: then S3 will say so.
    async fn policy(
        &self,
        takes_logs: bool,
    ) -> Result<(Option<Option<String>>, (bool, Option<String>)), AwsError> {
        let Asked { reader, bucket, region } = self.asked;
        let is_written = self.wanted.writes_policy() || takes_logs;
        let is_told = self.wanted.reads_policy() || self.wanted.ends_deliveries();
        if !is_written && !is_told && !self.may_be_public().await? {
            return Ok((None, (false, None)));
        }
        let text = reader.bucket_policy(bucket, region).await?;
        let policy = text.as_deref().and_then(|text| Policy::parse(text).ok());
        let may_be_public = policy.is_some_and(|own| own.allows_anyone(self.partition));
        let public = match is_written && may_be_public {
            true => Box::pin(self.public_policy()).await,
            false => (false, None),
        };
        Ok((Some(text), public))
    }

    /// The versioning; and the lifecycle rules if they are asked for, or would mean something else
    /// once versioning is switched on.
    async fn versions(&self) -> Result<(Option<Versioning>, Option<Whole<Lifecycle>>), AwsError> {
        let asked = &self.asked;
        if self.wanted.reads_rules() {
            let (versioning, rules) = tokio::join!(asked.versioning(), self.rules());
            return Ok((Some(versioning?), Some(rules?)));
        }
        let versioning = when(self.wanted.reads_versioning(), || asked.versioning()).await?;
        let is_on = versioning.as_ref().is_some_and(Versioning::is_enabled);
        let turns_on = self.wanted.versioning.is_some() && !is_on;
        Ok((versioning, when(turns_on, || asked.lifecycle()).await?))
    }

    /// Whether it is asked for that the bucket is private, and its block does not see to that: then
    /// the statement that makes it public is to be told.
    async fn may_be_public(&self) -> Result<bool, AwsError> {
        Ok(self.wanted.private.is_some() && self.asked.public_access_block().await? != Flags::ON)
    }

    async fn public_policy(&self) -> (bool, Option<String>) {
        let (is_public, own, account) = tokio::join!(
            self.asked.has_public_policy(),
            self.asked.public_access_block(),
            s3::account_public_access_block(self.asked.reader),
        );
        let blocks =
            |flags: Result<Flags, AwsError>| flags.is_ok_and(|own| own.block_public_policy);
        let is_public = is_public.unwrap_or(false);
        let blocked_by = match (is_public, blocks(own), blocks(account)) {
            (true, true, _) => Some("its own public access block".to_owned()),
            (true, false, true) => Some("the account's public access block".to_owned()),
            _ => None,
        };
        (is_public, blocked_by)
    }

    /// The block; what it would cut off where it is not whole; and why that could not be seen, which
    /// is an error only where it is judged.
    async fn public_access(
        &self,
    ) -> Result<(Option<Flags>, Option<Exposure>, Option<AwsError>), AwsError> {
        let is_judged = self.wanted.private.is_some();
        if !self.wanted.reads_public_access() {
            return Ok((None, None, None));
        }
        let block = self.asked.public_access_block().await?;
        if block == Flags::ON {
            return Ok((Some(block), None, None));
        }
        match Box::pin(self.asked.exposure()).await {
            Ok(exposure) => Ok((Some(block), Some(exposure), None)),
            Err(error) if is_judged || error.is("NoSuchBucket") => Err(error),
            Err(error) => Ok((Some(block), None, Some(error))),
        }
    }

    async fn ownership(&self) -> Result<Ownership, AwsError> {
        let (rule, grants) = self.asked.ownership_and_grants().await?;
        Ok(Ownership { rule, grants })
    }

    async fn key(&self) -> Result<Option<Key>, AwsError> {
        let Some(Encryption::Kms(kms)) = self.wanted.encryption else {
            return self.asked.default_key().await;
        };
        let Asked { reader, region, .. } = self.asked;
        let name = kms.key(&reader.caller.account, region);
        // A key of another region cannot be used, and asking here for it is refused.
        match name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)) {
            Some(other) if other != region => Ok(None),
            _ => reader.key(&name, region).await,
        }
    }

    async fn log_target(&self) -> Result<Option<Target>, AwsError> {
        let Some(log) = self.wanted.access_log else {
            return Ok(None);
        };
        let Asked { reader, bucket, region } = self.asked;
        let account = &reader.caller.account;
        let name = log.target(account, region);
        let listed = reader.buckets().await?;
        let Some(target) = listed.into_iter().find(|own| own.name == name) else {
            // The log bucket lets the logs in as soon as it exists and is asked to.
            let home = &self.context.home_region;
            let is_to_be = self.context.log_bucket.as_ref() == Some(&name) && region == home;
            return Ok(is_to_be.then(|| Target {
                region: region.to_owned(),
                fitness: Some(LogTarget::default()),
                circle: Vec::new(),
            }));
        };
        let mut fitness = None;
        if target.region == region {
            let asked = Asked { bucket: &name, ..self.asked };
            let source = (bucket.to_owned(), log.prefix(bucket, account, region));
            let arn = s3::arn(self.partition, &name);
            fitness = match Box::pin(asked.log_target(&arn, &[source], self.context.now)).await {
                // It is the target that is gone, not this bucket.
                Err(error) if error.is("NoSuchBucket") => return Ok(None),
                fitness => Some(fitness?),
            };
        }
        let circle = Box::pin(self.circle(&name)).await?;
        let region = target.region;
        Ok(Some(Target { region, fitness, circle }))
    }

    /// The buckets whose logs this one takes, if the baseline has it take any.
    async fn takes_logs_of(&self) -> Result<Option<Vec<Source>>, AwsError> {
        let Asked { reader, bucket, region } = self.asked;
        let account = reader.caller.account.as_str();
        let is_target =
            |entry: &Entry| entry.log_target(account, region).as_deref() == Some(bucket);
        if !self.entries.iter().any(is_target) {
            return Ok(None);
        }
        let listed = reader.buckets().await?;
        let neighbours = listed.iter().filter(|own| own.region == region).map(|own| &own.name);
        // The log bucket that an apply is to create logs like any other.
        let to_be = self.context.log_bucket.as_ref().filter(|name| {
            region == self.context.home_region && listed.iter().all(|own| own.name != **name)
        });
        let sources: Vec<Source> = neighbours
            .chain(to_be)
            .filter(|name| *name != bucket)
            .filter_map(|name| {
                let log = Wanted::of(self.entries, name).access_log?;
                let is_here = log.target(account, region) == bucket;
                is_here.then(|| (name.clone(), log.prefix(name, account, region)))
            })
            .collect();
        Ok(Some(sources).filter(|sources| !sources.is_empty()))
    }

    async fn as_log_target(
        &self,
        takes_logs_of: Option<Vec<Source>>,
    ) -> Result<Option<LogTarget>, AwsError> {
        let Some(sources) = takes_logs_of else {
            return Ok(None);
        };
        let arn = s3::arn(self.partition, self.asked.bucket);
        Box::pin(self.asked.log_target(&arn, &sources, self.context.now)).await.map(Some)
    }

    /// The log bucket as it will be created, if this is its name and nobody has it yet.
    async fn created(&self) -> Result<Option<s3::Bucket>, AwsError> {
        let Asked { reader, bucket, .. } = self.asked;
        if self.context.log_bucket.as_deref() != Some(bucket) {
            return Ok(None);
        }
        let listed = reader.buckets().await?;
        if listed.iter().any(|own| own.name == bucket) {
            return Ok(None);
        }
        // A bucket that was just created may not be in the list.
        if let log_bucket::Live::Own(_) = log_bucket::look(reader, bucket).await? {
            return Ok(None);
        }
        let deliveries = self.context.deliveries(reader).await?;
        Ok(self.context.bucket_to_be(bucket, None, &deliveries))
    }

    /// What will be read of the log bucket once it is created: what is asked for, and nothing else.
    async fn as_created(&self, bucket: s3::Bucket) -> Result<Live, AwsError> {
        let wanted = &self.wanted;
        let is_kms = matches!(wanted.encryption, Some(Encryption::Kms(_)));
        let takes_logs = self.takes_logs_of().await?.is_some();
        let reads_policy = wanted.reads_policy() || takes_logs || wanted.ends_deliveries();
        let logs = wanted.access_log.is_some();
        let all = BucketState::from(&bucket);
        let settings = BucketState {
            policy: all.policy.filter(|_| reads_policy),
            public_access_block: all.public_access_block.filter(|_| wanted.reads_public_access()),
            encryption: all.encryption.filter(|_| wanted.reads_encryption()),
            lifecycle: all.lifecycle.filter(|_| wanted.reads_rules()),
            versioning: all.versioning.filter(|_| wanted.reads_versioning()),
            object_lock: wanted.object_lock.map(|_| Whole::default()),
            tags: wanted.tags.map(|_| bucket.tags),
            logging: logs.then(Whole::default),
            ownership: all.ownership.filter(|_| wanted.reads_ownership()),
        };
        Ok(Live {
            bucket: settings,
            open_access_points: wanted.private.map(|_| Vec::new()),
            key: when(is_kms, || self.key()).await?,
            log_target: when(logs, || self.log_target()).await?,
            takes_logs: takes_logs.then(LogTarget::default),
            to_be: true,
            ..Live::default()
        })
    }

    /// The lifecycle rules; of the log bucket those that it will have, for one control writes them.
    async fn rules(&self) -> Result<Whole<Lifecycle>, AwsError> {
        let Asked { reader, bucket, region } = self.asked;
        if self.context.log_bucket.as_deref() != Some(bucket) {
            return self.asked.lifecycle().await;
        }
        let now = Box::pin(s3::read(reader, bucket, region)).await?;
        let to_be = self.context.bucket_to_be(bucket, Some(&now), &[]);
        Ok(to_be.unwrap_or(now).lifecycle)
    }

    /// The buckets that log to each other in a circle, if the access logs of this one end up in one:
    /// as the baseline asks, and as they are where it does not.
    async fn circle(&self, target: &str) -> Result<Vec<String>, AwsError> {
        let Asked { reader, bucket, .. } = self.asked;
        let listed = reader.buckets().await?;
        let mut path = vec![bucket.to_owned(), target.to_owned()];
        // Longer chains than this are nobody's mistake.
        while path.len() < 10 {
            let last = path[path.len() - 1].clone();
            let Some(own) = listed.iter().find(|own| own.name == last) else {
                break;
            };
            let account = reader.caller.account.as_str();
            let next = match Wanted::of(self.entries, &last).access_log {
                // What would log to itself is left as it is.
                Some(log) if log.target(account, &own.region) == last => None,
                Some(log) => Some(log.target(account, &own.region)),
                None => {
                    let asked = Asked { bucket: &last, region: &own.region, ..self.asked };
                    let logging = asked.logging().await?.value;
                    logging.map(|own| own.target_bucket)
                }
            };
            match next {
                None => break,
                Some(next) => match path.iter().position(|known| *known == next) {
                    Some(at) => return Ok(path.split_off(at)),
                    None => path.push(next),
                },
            }
        }
        Ok(Vec::new())
    }
}

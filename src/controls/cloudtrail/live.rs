//! What is read: every trail that the home region shows, and one of them whole.

use super::DEFAULT_TRAIL;
use super::reads::{
    TAGS_AT_ONCE, covering_trail, describe_trails, details, is_logging, list_tags, owner,
    selectors, status,
};
use super::selectors::Selector;
use super::settings::Settings;
use super::state::Logs;
use crate::aws::Tags;
use crate::aws::facts::Reader;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, keys};
use crate::control::owner::{CONTROL_TOWER, owner as manager};
use crate::control::{Context, OUR_TAG};
use crate::controls::archive::Adopted;
use crate::controls::topics::{self, Publisher};
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a proposal needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// The trails, by ARN.
    pub trails: BTreeMap<String, Trail>,
    /// The trails of an organization that cover this account, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub organization: BTreeMap<String, Covering>,
    /// The account's own trails of all regions that a stack or Control Tower manages, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub managed: BTreeMap<String, Covering>,
    /// The tags of the account's own trails, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Tags>,
    /// What trails log that have selectors of their own, by ARN, where that decides whether one is
    /// adopted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub logged: BTreeMap<String, Vec<Selector>>,
    /// Those of the buckets that trails deliver to, or are to, which are the account's own, with
    /// their regions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub buckets: BTreeMap<String, String>,
    /// Whether the account's own trails of all regions are recording, by ARN, if there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub recording: BTreeMap<String, bool>,
    /// More about the trail that is managed.
    pub details: Option<Details>,
    /// What the baseline's key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// What keeps the topics of the trail, and of the baseline, from hearing of log files, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deaf_topics: BTreeMap<String, String>,
    /// The policy of the bucket that the trail delivers to or is to, where it decides something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The bucket that the trail delivers to or is to, where that is one of the account's own beside
    /// the log bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<Box<Adopted>>,
}

/// What is seen of a trail that covers the account and that others manage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covering {
    /// Whether it is recording; nothing when AWS does not show it to this account.
    pub logging: Option<bool>,
    /// What could not be delivered, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Delivery, String>,
    /// What it logs; nothing when AWS does not show it to this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selectors: Option<Vec<Selector>>,
}

/// A trail as it is described.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Where it lives, and where alone it can be changed.
    pub home_region: String,
    /// Where it delivers.
    pub bucket: String,
    /// Under which prefix.
    pub prefix: Option<String>,
    /// Whether log files can be validated.
    pub log_file_validation: bool,
    /// Whether it records all regions.
    pub multi_region: bool,
    /// Whether it records services that are in no region.
    pub global_events: bool,
    /// The ARN of the key that its files are encrypted with.
    pub kms_key: Option<String>,
    /// Whether it has insights.
    pub has_insights: bool,
    /// Whether it is an organization's.
    pub organization: bool,
    /// Whether it logs anything else than all management events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub custom_selectors: bool,
    /// The ARN of the topic that is notified of log files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sns_topic: Option<String>,
    /// Where events are written to besides the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudwatch_logs: Option<Logs>,
}

/// More about one trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The ARN of the trail.
    pub trail: String,
    /// Whether it is recording.
    pub logging: bool,
    /// What could not be delivered, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Delivery, String>,
    /// Its event selectors; basic ones are translated.
    pub selectors: Vec<Selector>,
    /// Whether they are basic.
    pub basic: bool,
    /// Its insights, with the categories of events that they look at.
    pub insights: BTreeMap<String, BTreeSet<String>>,
    /// Its KMS key, if that is one of this account; nothing if there is no such key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<keys::Key>,
}

/// What a trail delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Log files, to its bucket.
    LogFiles,
    /// Digests, by which log files are validated.
    Digests,
    /// Events, to a log group.
    CloudwatchLogs,
    /// Notifications, to a topic.
    Notifications,
}

/// The key that a name stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The region in which it was looked for: that of the bucket, unless the name tells another.
    pub region: String,
    /// The region of the bucket. Source: CloudTrail API Reference, `KmsKeyNotFoundException`: the
    /// bucket and the key must be in the same region.
    pub bucket_region: String,
    /// What is seen of it.
    #[serde(flatten)]
    pub seen: keys::Named,
}

impl Live {
    /// What is read, once however many ask: the log bucket needs to know who delivers, too.
    pub async fn once(
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let read = Box::pin(Self::read(settings, context, reader));
        reader.once(&DESCRIBE_TRAILS, "all of it", read).await
    }

    /// Reads the bucket that the trail delivers to, or is to: its own, beside the log bucket. What is
    /// seen of it decides nothing about what is delivered to the log bucket.
    pub async fn with_archive(
        mut self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let bucket = match self.covered(settings, context) {
            Some(found) => Some(found.trail.bucket.clone()),
            None => self.destinations(settings, context).1,
        };
        let is_own = |name: &String| settings.is_enabled() && self.buckets.contains_key(name);
        if let Some(name) = bucket.filter(is_own) {
            let archive = Adopted::read(reader, &name, context).await?;
            self.archive = archive.map(Box::new);
        }
        Ok(self)
    }

    /// Reads all of it. Nothing is asked twice.
    async fn read(
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let mut live = Self { trails: describe_trails(reader).await?, ..Self::default() };
        let covering = live.trails.iter().filter(|(arn, trail)| {
            let foreign = owner(arn) != context.account;
            trail.organization
                && trail.multi_region
                && (foreign || !settings.manages_organization())
        });
        let covering = covering.map(|(arn, trail)| async move {
            (arn.clone(), covering_trail(arn, trail, context, reader).await)
        });
        let mut unseen = None;
        for (arn, seen) in join_all(covering).await {
            let seen = seen.or_else(|error| {
                unseen.get_or_insert(error);
                Ok::<_, AwsError>(Covering::default())
            });
            live.organization.insert(arn, seen?);
        }
        if live.organization.values().any(|own| own.logging == Some(true)) {
            return unseen.map_or(Ok(live), Err);
        }
        live.read_own(settings, context, reader).await?;
        // Where a trail of the account's own is judged, it does not depend on the organization's.
        match unseen {
            Some(error) if live.details.is_none() => Err(error),
            _ => Ok(live),
        }
    }

    /// Reads the account's own trails: whose they are, which is meant, and that one whole.
    async fn read_own(
        &mut self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<(), AwsError> {
        self.tags = self.read_tags(settings, context, reader).await?;
        let managed = self.own(settings, context).filter(|(arn, trail)| {
            (trail.multi_region || settings.name.as_ref() == Some(&trail.name))
                && self.left_to(arn, trail, settings).is_some()
        });
        let managed = managed.map(|(arn, trail)| async move {
            let seen = covering_trail(arn, trail, context, reader).await?;
            Ok::<_, AwsError>((arn.clone(), seen))
        });
        let logged = self.own(settings, context).filter(|(arn, trail)| {
            trail.custom_selectors
                && self.left_to(arn, trail, settings).is_none()
                && !self.is_meant(arn, trail, settings, context)
        });
        let logged = logged.map(|(arn, trail)| async move {
            let seen = selectors(arn, trail, context, reader).await?;
            Ok::<_, AwsError>((arn.clone(), seen.0))
        });
        let buckets = self.read_buckets(settings, context, reader);
        let (managed, logged, buckets) =
            tokio::try_join!(try_join_all(managed), try_join_all(logged), buckets)?;
        self.managed = managed.into_iter().collect();
        self.logged = logged.into_iter().collect();
        self.buckets = buckets;
        let mut statuses = self.statuses(settings, context, reader).await?;
        let recording = statuses.iter().map(|(arn, status)| {
            let region = self.trails.get(arn).map_or("", |trail| &trail.home_region);
            Ok((arn.clone(), is_logging(status, region)?))
        });
        self.recording = recording.collect::<Result<_, AwsError>>()?;
        if self.covered(settings, context).is_some() {
            return Ok(());
        }
        if let Some((arn, trail)) = self.chosen(settings, context) {
            let status = statuses.remove(arn);
            self.details = Some(details(arn, trail, status, context, reader).await?);
        }
        let (key, policy, deaf_topics) = tokio::try_join!(
            self.read_key(settings, context, reader),
            self.read_policy(settings, context, reader),
            self.read_topics(settings, context, reader)
        )?;
        (self.key, self.policy, self.deaf_topics) = (key, policy, deaf_topics);
        Ok(())
    }

    /// The trails of the account's own, and that of the organization where the table manages it.
    fn own<'a>(
        &'a self,
        settings: &Settings,
        context: &Context,
    ) -> impl Iterator<Item = (&'a String, &'a Trail)> {
        let organization = settings.manages_organization();
        let account = context.account.clone();
        self.trails.iter().filter(move |(arn, trail)| {
            owner(arn) == account && (organization || !trail.organization)
        })
    }

    /// Who else manages a trail of the account, unless the table says that it is changed all the
    /// same. What Control Tower manages never is.
    pub fn left_to(&self, arn: &str, trail: &Trail, settings: &Settings) -> Option<String> {
        let none = Tags::new();
        // Its name is enough to leave it alone, whatever else its tags say.
        let by_tags = || manager(&trail.name, self.tags.get(arn).unwrap_or(&none));
        let whom = manager(&trail.name, &none).or_else(by_tags)?;
        (whom == CONTROL_TOWER || !settings.takes_over(&trail.name)).then_some(whom)
    }

    /// Whether this baseline created a trail: by its tag, or the name that it gives.
    pub fn is_ours(&self, arn: &str, trail: &Trail, context: &Context) -> bool {
        let tags = self.tags.get(arn);
        let tag = tags.and_then(|tags| tags.get(OUR_TAG));
        tag == Some(&context.baseline) || trail.name == DEFAULT_TRAIL
    }

    /// Whether a trail is the one that is meant, whatever it logs.
    fn is_meant(&self, arn: &str, trail: &Trail, settings: &Settings, context: &Context) -> bool {
        settings.name.as_ref() == Some(&trail.name) || self.is_ours(arn, trail, context)
    }

    /// Whether a trail can be the account's audit trail: it logs management events, and delivers
    /// to a bucket of the account, or to the one that the table names.
    fn is_audit(&self, arn: &str, trail: &Trail, settings: &Settings, context: &Context) -> bool {
        let logs = || match self.logged.get(arn) {
            Some(selectors) => super::selectors::logs_any_management(selectors),
            None => true,
        };
        let delivers_here = || {
            let named = settings.bucket(context);
            // Where there is no bucket to create one beside it, it is judged, and that found.
            !settings.is_enabled()
                || named.as_ref() == Some(&trail.bucket)
                || self.buckets.contains_key(&trail.bucket)
                || settings.delivers_to(None, true, context).is_none()
        };
        self.is_meant(arn, trail, settings, context) || (logs() && delivers_here())
    }

    /// What keeps topics from hearing of the trail: the one that it has, and the one that the table
    /// names.
    async fn read_topics(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        if !settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let chosen = self.chosen(settings, context);
        let new = settings.name.as_deref().unwrap_or(DEFAULT_TRAIL);
        let name = chosen.map_or(new, |(_, trail)| &trail.name);
        let (partition, account) = (&context.partition, &context.account);
        let region = chosen.map_or(&context.home_region, |(_, trail)| &trail.home_region);
        let of = format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}");
        let publisher =
            &Publisher { service: "cloudtrail.amazonaws.com", of: &of, has_role: false };
        let own = chosen.and_then(|(_, trail)| trail.sns_topic.clone());
        let topics: BTreeSet<String> = own.into_iter().chain(settings.sns_topic(context)).collect();
        let faults = topics.into_iter().map(|topic| async move {
            let fault = topics::fault(&topic, publisher, context, reader).await?;
            Ok(fault.map(|fault| (topic, fault)))
        });
        Ok(try_join_all(faults).await?.into_iter().flatten().collect())
    }

    /// The account's own trails that may be meant, by the table or because they are audit trails.
    pub fn candidates<'a>(
        &'a self,
        settings: &Settings,
        context: &Context,
    ) -> Vec<(&'a String, &'a Trail)> {
        let own = self.own(settings, context).filter(|(arn, trail)| {
            let named = settings.name.as_ref().is_none_or(|name| *name == trail.name);
            named
                && self.left_to(arn, trail, settings).is_none()
                && self.is_audit(arn, trail, settings, context)
        });
        own.collect()
    }

    async fn read_tags(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<BTreeMap<String, Tags>, AwsError> {
        let mut regions: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for (arn, trail) in self.own(settings, context) {
            regions.entry(&trail.home_region).or_default().push(arn);
        }
        let requests = regions.iter().flat_map(|(region, arns)| {
            arns.chunks(TAGS_AT_ONCE).map(|arns| list_tags(region, arns, reader))
        });
        Ok(try_join_all(requests).await?.into_iter().flatten().collect())
    }

    /// The buckets of trails that are the account's own, with their regions.
    async fn read_buckets(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        if !settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let target = settings.delivers_to(None, true, context);
        let named: BTreeSet<&String> =
            self.own(settings, context).map(|(_, trail)| &trail.bucket).chain(&target).collect();
        if named.is_empty() {
            return Ok(BTreeMap::new());
        }
        let listed = reader.buckets().await?.into_iter();
        let ours = listed.filter(|bucket| named.contains(&bucket.name));
        Ok(ours.map(|bucket| (bucket.name, bucket.region)).collect())
    }

    /// Where the trail delivers, or is to: its bucket now, and the one wanted.
    fn destinations(
        &self,
        settings: &Settings,
        context: &Context,
    ) -> (Option<&Trail>, Option<String>) {
        let chosen = self.chosen(settings, context);
        let ours = chosen.is_none_or(|(arn, trail)| self.is_ours(arn, trail, context));
        let live = chosen.map(|(_, trail)| trail.bucket.as_str());
        let wanted = settings.delivers_to(live, ours, context);
        (chosen.map(|(_, trail)| trail), wanted)
    }

    async fn read_key(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Option<Key>, AwsError> {
        let Some(name) = settings.key() else {
            return Ok(None);
        };
        let (trail, bucket) = self.destinations(settings, context);
        let bucket_region = bucket.and_then(|bucket| self.buckets.get(&bucket).cloned());
        let home = trail.map_or(&context.home_region, |trail| &trail.home_region);
        let bucket_region = bucket_region.unwrap_or_else(|| home.clone());
        let region = name.region().unwrap_or(&bucket_region).to_owned();
        let seen = reader.named_key(name.text, &region).await?;
        Ok(Some(Key { name: name.text.to_owned(), region, bucket_region, seen }))
    }

    /// The policy of the account's own bucket where the trail is to deliver, if that is new or
    /// deliveries fail.
    async fn read_policy(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Option<String>, AwsError> {
        let (trail, bucket) = self.destinations(settings, context);
        let Some((bucket, region)) = bucket.and_then(|name| self.buckets.get_key_value(&name))
        else {
            return Ok(None);
        };
        let is_new = trail.is_none_or(|trail| trail.bucket != *bucket);
        let fails = self.details.as_ref().is_some_and(|own| {
            own.errors.contains_key(&Delivery::LogFiles)
                || own.errors.contains_key(&Delivery::Digests)
        });
        match settings.is_enabled() && (is_new || fails) {
            true => reader.bucket_policy(bucket, region).await,
            false => Ok(None),
        }
    }

    /// How the account's own trails of all regions are, if there are several: AWS bills every one
    /// that is recording, so a stopped one is not started beside it.
    async fn statuses(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<BTreeMap<String, GetTrailStatusOutput>, AwsError> {
        let own = self
            .own(settings, context)
            .filter(|(arn, trail)| trail.multi_region && !self.managed.contains_key(*arn));
        let own: Vec<(&String, &Trail)> = own.collect();
        if own.len() < 2 || !settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let statuses = own.into_iter().map(|(arn, trail)| async move {
            match (status(arn, &trail.home_region, reader).await, settings.name.as_ref()) {
                (Ok(status), _) => Ok(Some((arn.clone(), status))),
                // The choice does not depend on it.
                (Err(_), Some(name)) if *name != trail.name => Ok(None),
                (Err(error), _) => Err(error),
            }
        });
        Ok(try_join_all(statuses).await?.into_iter().flatten().collect())
    }

    /// The account's own trail that the baseline means.
    pub fn chosen(&self, settings: &Settings, context: &Context) -> Option<(&str, &Trail)> {
        super::state::chosen(settings, context, self)
    }

    /// The trail of others that covers this account: one that is recording, before what would have
    /// to be extended; one that this account cannot see recording only where there is none of its
    /// own to judge. A trail that the table names and that Control Tower manages is left to it.
    pub fn covered(&self, settings: &Settings, context: &Context) -> Option<Covered<'_>> {
        let organization = |logging: Option<bool>| {
            let mut all = self.organization.iter();
            let (arn, seen) = all.find(|(_, seen)| seen.logging == logging)?;
            let (arn, trail) = self.trails.get_key_value(arn)?;
            let whom = format!("the organization's trail {arn}");
            Some(Covered { arn, trail, seen, whom })
        };
        let managed = || {
            let mut all = self.managed.iter().filter_map(|(arn, seen)| {
                let (arn, trail) = self.trails.get_key_value(arn)?;
                let whom = self.left_to(arn, trail, settings)?;
                Some(Covered { arn, trail, seen, whom })
            });
            all.find(|own| match &*settings.name {
                Some(name) => *name == own.trail.name,
                None => own.trail.multi_region && own.seen.logging == Some(true),
            })
        };
        let chosen = self.chosen(settings, context);
        organization(Some(true))
            .or_else(|| match chosen {
                Some((_, trail)) if trail.multi_region => None,
                _ => managed(),
            })
            .or_else(|| match chosen {
                Some(_) => None,
                None => organization(None),
            })
    }
}

/// A trail of others that covers the account.
#[derive(Debug)]
pub struct Covered<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// As it is described.
    pub trail: &'a Trail,
    /// What else is seen of it.
    pub seen: &'a Covering,
    /// Whose it is, in words.
    pub whom: String,
}

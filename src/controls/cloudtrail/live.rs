//! What is read: every trail that the home region shows, and one of them whole.

use super::selectors::{Basic, Field, Selector};
use super::settings::Settings;
use super::state::Logs;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, keys};
use crate::baseline::{DEFAULT_TRAIL, Tags};
use crate::control::owner::{CONTROL_TOWER, owner as manager};
use crate::control::{Context, OUR_TAG};
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector};
use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The trails that a region shows: its own, and the shadows of those that cover all regions.
pub const DESCRIBE_TRAILS: Operation = Operation::new(
    "cloudtrail",
    "DescribeTrails",
    &[Grant::any("cloudtrail:DescribeTrails")],
);

/// Also asked of the organization's trail, which belongs to another account.
pub const GET_TRAIL_STATUS: Operation = Operation::new(
    "cloudtrail",
    "GetTrailStatus",
    &[Grant::on(
        "cloudtrail:GetTrailStatus",
        "arn:{partition}:cloudtrail:*:*:trail/*",
    )],
);

/// Of the trail that is managed, of those that may be, and of those that cover the account.
pub const GET_EVENT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetEventSelectors",
    &[Grant::on(
        "cloudtrail:GetEventSelectors",
        "arn:{partition}:cloudtrail:*:*:trail/*",
    )],
);

/// Of the account's own trails: which of them this baseline created, and which a stack did.
pub const LIST_TAGS: Operation = Operation::new(
    "cloudtrail",
    "ListTags",
    &[Grant::on(
        "cloudtrail:ListTags",
        "arn:{partition}:cloudtrail:*:{account}:trail/*",
    )],
);

/// The most trails whose tags one request asks for. Source: CloudTrail API Reference, `ListTags`.
const TAGS_AT_ONCE: usize = 20;

/// What CloudTrail answers a member that asks of the organization's trail what only the management
/// account may read. Sources: cloud-custodian#6394 and steampipe-plugin-aws#577, on
/// `GetEventSelectors`; `GetTrailStatus` is documented to take the ARN of the organization's trail.
const OWNERS_ONLY: &[&str] = &["TrailNotFoundException", "CloudTrailARNInvalidException"];

/// Of one trail that has some.
pub const GET_INSIGHT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetInsightSelectors",
    &[Grant::on(
        "cloudtrail:GetInsightSelectors",
        "arn:{partition}:cloudtrail:*:{account}:trail/{trail}",
    )],
);

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
    /// The policy of the bucket that the trail delivers to or is to, where it decides something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
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
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The region in which it was looked for: that of the bucket, unless the name tells another.
    pub region: String,
    /// The region of the bucket. Source: CloudTrail API Reference, `KmsKeyNotFoundException`: the
    /// bucket and the key must be in the same region.
    pub bucket_region: String,
    /// The key; nothing when there is none, and for the ARN of another account's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<keys::Key>,
}

impl Trail {
    fn new(trail: &aws_sdk_cloudtrail::types::Trail) -> Option<(String, Self)> {
        let arn = trail.trail_arn()?.to_owned();
        let home_region = trail.home_region().or_else(|| arn.split(':').nth(3))?;
        let filled = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let group = filled(trail.cloud_watch_logs_log_group_arn());
        let described = Self {
            name: trail.name()?.to_owned(),
            home_region: home_region.to_owned(),
            bucket: trail.s3_bucket_name()?.to_owned(),
            prefix: trail
                .s3_key_prefix()
                .filter(|prefix| !prefix.is_empty())
                .map(str::to_owned),
            log_file_validation: trail.log_file_validation_enabled().unwrap_or(false),
            multi_region: trail.is_multi_region_trail().unwrap_or(false),
            global_events: trail.include_global_service_events().unwrap_or(false),
            kms_key: trail
                .kms_key_id()
                .filter(|key| !key.is_empty())
                .map(str::to_owned),
            has_insights: trail.has_insight_selectors().unwrap_or(false),
            organization: trail.is_organization_trail().unwrap_or(false),
            custom_selectors: trail.has_custom_event_selectors() != Some(false),
            sns_topic: filled(trail.sns_topic_arn()),
            cloudwatch_logs: group.map(|group| Logs {
                group,
                role: filled(trail.cloud_watch_logs_role_arn()).unwrap_or_default(),
            }),
        };
        Some((arn, described))
    }
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

    /// Reads all of it. Nothing is asked twice.
    async fn read(
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let mut live = Self {
            trails: describe_trails(reader).await?,
            ..Self::default()
        };
        let covering = live.trails.iter().filter(|(arn, trail)| {
            let foreign = owner(arn) != context.account;
            trail.organization
                && trail.multi_region
                && (foreign || !settings.manages_organization())
        });
        let covering = covering.map(|(arn, trail)| async move {
            (
                arn.clone(),
                covering_trail(arn, trail, context, reader).await,
            )
        });
        let mut unseen = None;
        for (arn, seen) in join_all(covering).await {
            let seen = seen.or_else(|error| {
                unseen.get_or_insert(error);
                Ok::<_, AwsError>(Covering::default())
            });
            live.organization.insert(arn, seen?);
        }
        if live
            .organization
            .values()
            .any(|own| own.logging == Some(true))
        {
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
        let (key, policy) = tokio::try_join!(
            self.read_key(settings, context, reader),
            self.read_policy(settings, context, reader)
        )?;
        (self.key, self.policy) = (key, policy);
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

    /// The account's own trails that may be meant, by the table or because they are audit trails.
    pub fn candidates<'a>(
        &'a self,
        settings: &Settings,
        context: &Context,
    ) -> Vec<(&'a String, &'a Trail)> {
        let own = self.own(settings, context).filter(|(arn, trail)| {
            let named = settings
                .name
                .as_ref()
                .is_none_or(|name| *name == trail.name);
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
            arns.chunks(TAGS_AT_ONCE)
                .map(|arns| list_tags(region, arns, reader))
        });
        Ok(try_join_all(requests)
            .await?
            .into_iter()
            .flatten()
            .collect())
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
        let named: BTreeSet<&String> = self
            .own(settings, context)
            .map(|(_, trail)| &trail.bucket)
            .chain(&target)
            .collect();
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
        let found = match name.is_foreign_key(&context.account) {
            true => None,
            false => reader.key(name.text, &region).await?,
        };
        Ok(Some(Key {
            name: name.text.to_owned(),
            region,
            bucket_region,
            found,
        }))
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
            match (
                status(arn, &trail.home_region, reader).await,
                settings.name.as_ref(),
            ) {
                (Ok(status), _) => Ok(Some((arn.clone(), status))),
                // The choice does not depend on it.
                (Err(_), Some(name)) if *name != trail.name => Ok(None),
                (Err(error), _) => Err(error),
            }
        });
        Ok(try_join_all(statuses)
            .await?
            .into_iter()
            .flatten()
            .collect())
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
            Some(Covered {
                arn,
                trail,
                seen,
                whom,
            })
        };
        let managed = || {
            let mut all = self.managed.iter().filter_map(|(arn, seen)| {
                let (arn, trail) = self.trails.get_key_value(arn)?;
                let whom = self.left_to(arn, trail, settings)?;
                Some(Covered {
                    arn,
                    trail,
                    seen,
                    whom,
                })
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

/// The account in an ARN.
pub fn owner(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

async fn describe_trails(reader: &Reader) -> Result<BTreeMap<String, Trail>, AwsError> {
    let (clients, region) = (&reader.clients, reader.home_region.as_str());
    let request = clients
        .cloudtrail(region)
        .describe_trails()
        .include_shadow_trails(true)
        .send();
    let answer = DESCRIBE_TRAILS.answer(clients, region, request).await?;
    let trails = answer.trail_list().iter().map(|trail| {
        Trail::new(trail).ok_or_else(|| {
            let text = "the answer holds a trail without name, ARN, region or bucket";
            AwsError::unexpected(&DESCRIBE_TRAILS, region, text)
        })
    });
    trails.collect()
}

async fn list_tags(
    region: &str,
    arns: &[&String],
    reader: &Reader,
) -> Result<Vec<(String, Tags)>, AwsError> {
    let clients = &reader.clients;
    let arns = arns.iter().map(|arn| (*arn).clone()).collect();
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let request = clients.cloudtrail(region).list_tags();
        let request = request.set_resource_id_list(Some(Vec::clone(&arns)));
        let request = request.set_next_token(next).send();
        let page = LIST_TAGS.answer(clients, region, request).await?;
        for resource in page.resource_tag_list() {
            let tags = resource.tags_list().iter().map(|tag| {
                let value = tag.value().unwrap_or_default().to_owned();
                (tag.key().to_owned(), value)
            });
            let arn = resource.resource_id().unwrap_or_default().to_owned();
            found.push((arn, tags.collect()));
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// What can be seen of a trail that others manage: AWS shows a member less of the organization's.
async fn covering_trail(
    arn: &str,
    trail: &Trail,
    context: &Context,
    reader: &Reader,
) -> Result<Covering, AwsError> {
    let shown = |error: &AwsError| {
        owner(arn) == context.account || !OWNERS_ONLY.iter().any(|code| error.is(code))
    };
    let logging = async {
        match status(arn, &trail.home_region, reader).await {
            Ok(status) => Ok((status.is_logging(), delivery_errors(&status))),
            Err(error) if shown(&error) => Err(error),
            Err(_) => Ok((None, BTreeMap::new())),
        }
    };
    let selectors = async {
        if !trail.custom_selectors {
            return Ok(Some(vec![Selector::management()]));
        }
        match selectors(arn, trail, context, reader).await {
            Ok((selectors, _)) => Ok(Some(selectors)),
            Err(error) if shown(&error) => Err(error),
            Err(_) => Ok(None),
        }
    };
    let ((logging, errors), selectors) = tokio::try_join!(logging, selectors)?;
    Ok(Covering {
        logging,
        errors,
        selectors,
    })
}

async fn selectors(
    arn: &str,
    trail: &Trail,
    context: &Context,
    reader: &Reader,
) -> Result<(Vec<Selector>, bool), AwsError> {
    let (clients, region) = (&reader.clients, trail.home_region.as_str());
    let client = clients.cloudtrail(region);
    let request = client.get_event_selectors().trail_name(arn).send();
    let answer = GET_EVENT_SELECTORS.answer(clients, region, request).await?;
    read_selectors(&answer, &context.partition)
        .map_err(|text| AwsError::unexpected(&GET_EVENT_SELECTORS, region, &text))
}

fn delivery_errors(status: &GetTrailStatusOutput) -> BTreeMap<Delivery, String> {
    let errors = [
        (Delivery::LogFiles, status.latest_delivery_error()),
        (Delivery::Digests, status.latest_digest_delivery_error()),
        (
            Delivery::CloudwatchLogs,
            status.latest_cloud_watch_logs_delivery_error(),
        ),
        (Delivery::Notifications, status.latest_notification_error()),
    ];
    let errors = errors.into_iter().filter_map(|(delivery, error)| {
        let error = error.filter(|error| !error.is_empty())?;
        Some((delivery, error.to_owned()))
    });
    errors.collect()
}

async fn status(
    arn: &str,
    region: &str,
    reader: &Reader,
) -> Result<GetTrailStatusOutput, AwsError> {
    let clients = &reader.clients;
    let client = clients.cloudtrail(region);
    let request = client.get_trail_status().name(arn).send();
    GET_TRAIL_STATUS.answer(clients, region, request).await
}

fn is_logging(status: &GetTrailStatusOutput, region: &str) -> Result<bool, AwsError> {
    status.is_logging().ok_or_else(|| {
        let text = "the answer does not say whether the trail is logging";
        AwsError::unexpected(&GET_TRAIL_STATUS, region, text)
    })
}

async fn details(
    arn: &str,
    trail: &Trail,
    known: Option<GetTrailStatusOutput>,
    context: &Context,
    reader: &Reader,
) -> Result<Details, AwsError> {
    let region = trail.home_region.as_str();
    let status = async {
        match known {
            Some(status) => Ok(status),
            None => status(arn, region, reader).await,
        }
    };
    let insights = async {
        match trail.has_insights {
            true => insights(arn, region, reader).await,
            false => Ok(BTreeMap::new()),
        }
    };
    let key = async {
        match &trail.kms_key {
            Some(key) if keys::owner(key).is_none_or(|owner| owner == context.account) => {
                let region = keys::region(key).unwrap_or(region);
                reader.key(key, region).await
            }
            _ => Ok(None),
        }
    };
    let selectors = selectors(arn, trail, context, reader);
    let (status, (selectors, basic), insights, key) =
        tokio::try_join!(status, selectors, insights, key)?;
    Ok(Details {
        trail: arn.to_owned(),
        logging: is_logging(&status, region)?,
        errors: delivery_errors(&status),
        selectors,
        basic,
        insights,
        key,
    })
}

async fn insights(
    arn: &str,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
    let clients = &reader.clients;
    let client = clients.cloudtrail(region);
    let request = client.get_insight_selectors().trail_name(arn).send();
    let answer = match GET_INSIGHT_SELECTORS.answer(clients, region, request).await {
        Ok(answer) => answer,
        Err(error) if error.is("InsightNotEnabledException") => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for selector in answer.insight_selectors() {
        let Some(kind) = selector.insight_type() else {
            continue;
        };
        let categories = found.entry(kind.as_str().to_owned()).or_default();
        let named = selector.event_categories().iter();
        categories.extend(named.map(|category| category.as_str().to_owned()));
        // Without categories it looks at management events.
        if categories.is_empty() {
            categories.insert("Management".to_owned());
        }
    }
    Ok(found)
}

fn read_selectors(
    answer: &GetEventSelectorsOutput,
    partition: &str,
) -> Result<(Vec<Selector>, bool), String> {
    if !answer.advanced_event_selectors().is_empty() {
        let advanced = answer.advanced_event_selectors().iter();
        return Ok((advanced.map(Selector::from).collect(), false));
    }
    let mut selectors = Vec::new();
    for basic in answer.event_selectors() {
        selectors.extend(Basic::from(basic).translate(partition)?);
    }
    Ok((selectors, true))
}

impl From<&AdvancedEventSelector> for Selector {
    fn from(selector: &AdvancedEventSelector) -> Self {
        Self {
            name: selector.name().map(str::to_owned),
            field_selectors: selector.field_selectors().iter().map(Field::from).collect(),
        }
    }
}

impl From<&AdvancedFieldSelector> for Field {
    fn from(field: &AdvancedFieldSelector) -> Self {
        Self {
            field: field.field().to_owned(),
            equals: field.equals().to_vec(),
            starts_with: field.starts_with().to_vec(),
            ends_with: field.ends_with().to_vec(),
            not_equals: field.not_equals().to_vec(),
            not_starts_with: field.not_starts_with().to_vec(),
            not_ends_with: field.not_ends_with().to_vec(),
        }
    }
}

impl From<&EventSelector> for Basic {
    fn from(selector: &EventSelector) -> Self {
        let resources = selector.data_resources().iter();
        Self {
            access: selector
                .read_write_type()
                .map_or("All", |access| access.as_str())
                .to_owned(),
            management: selector.include_management_events().unwrap_or(true),
            excluded: selector.exclude_management_event_sources().to_vec(),
            resources: resources
                .map(|resource| {
                    let name = resource.r#type().unwrap_or_default().to_owned();
                    (name, resource.values().to_vec())
                })
                .collect(),
        }
    }
}

//! Who is asked what: all trails, whose they are, which is meant, and that one whole.

use super::answers::{TAGS_AT_ONCE, is_logging};
use super::choice::Case;
use super::live::{Covering, Delivery, Key, Live, Trail};
use super::selectors::Selector;
use super::settings::Settings;
use crate::aws::facts::Reader;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Tags, keys};
use crate::control::Context;
use crate::controls::archive::Adopted;
use crate::controls::topics::{self, Publisher};
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use futures_util::future::{join_all, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

/// A table, and who reads for it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub settings: &'a Settings,
    pub context: &'a Context,
    pub reader: &'a Reader,
}

impl<'a> Look<'a> {
    /// What is read, once however many ask: the log bucket needs to know who delivers, too.
    pub async fn once(self) -> Result<Live, AwsError> {
        self.reader.once(&DESCRIBE_TRAILS, "all of it", Box::pin(self.read())).await
    }

    /// What was read, with the table that it is judged by.
    pub fn case(self, live: &'a Live) -> Case<'a> {
        Case { settings: self.settings, live, context: self.context }
    }

    /// Reads the bucket that the trail delivers to, or is to: its own, beside the log bucket. What is
    /// seen of it decides nothing about what is delivered to the log bucket.
    pub async fn with_archive(self, live: Live) -> Result<Live, AwsError> {
        let case = self.case(&live);
        let bucket = match case.covered() {
            Some(found) => Some(found.trail.bucket.clone()),
            None => case.destination(),
        };
        let is_own = |name: &String| self.settings.is_enabled() && live.buckets.contains_key(name);
        let archive = match bucket.filter(is_own) {
            Some(name) => Adopted::read(self.reader, &name, self.context).await?,
            None => None,
        };
        Ok(Live { archive: archive.map(Box::new), ..live })
    }

    /// Reads all of it. Nothing is asked twice.
    async fn read(self) -> Result<Live, AwsError> {
        let mut live = Live { trails: self.trails().await?, ..Live::default() };
        let unseen = self.read_organization(&mut live).await;
        if live.organization.values().any(|own| own.logging == Some(true)) {
            return unseen.map_or(Ok(live), Err);
        }
        self.read_own(&mut live).await?;
        // Where a trail of the account's own is judged, it does not depend on the organization's.
        match unseen {
            Some(error) if live.details.is_none() => Err(error),
            _ => Ok(live),
        }
    }

    /// Reads the trails of an organization that cover the account; why one of them could not be seen.
    async fn read_organization(self, live: &mut Live) -> Option<AwsError> {
        let is_left = |arn: &str| {
            !self.settings.manages_organization() || keys::owner(arn) != Some(&self.context.account)
        };
        let covering = live.trails.iter();
        let covering = covering.filter(|(_, trail)| trail.organization && trail.multi_region);
        let covering = covering
            .filter(|(arn, _)| is_left(arn))
            .map(|(arn, trail)| async move { (arn.clone(), self.covering(arn, trail).await) });
        let mut unseen = None;
        for (arn, seen) in join_all(covering).await {
            let seen = seen.unwrap_or_else(|error| {
                unseen.get_or_insert(error);
                Covering::default()
            });
            live.organization.insert(arn, seen);
        }
        unseen
    }

    /// Reads the account's own trails: whose they are, which is meant, and that one whole.
    async fn read_own(self, live: &mut Live) -> Result<(), AwsError> {
        live.tags = self.tags(live).await?;
        let (managed, logged, buckets) =
            tokio::try_join!(self.managed(live), self.logged(live), self.buckets(live))?;
        (live.managed, live.logged, live.buckets) = (managed, logged, buckets);
        let mut statuses = self.statuses(live).await?;
        for (arn, status) in &statuses {
            let region = live.trails.get(arn).map_or("", |trail| &trail.home_region);
            live.recording.insert(arn.clone(), is_logging(status, region)?);
        }
        if self.case(live).covered().is_some() {
            return Ok(());
        }
        if let Some((arn, trail)) = self.case(live).chosen() {
            let status = statuses.remove(arn);
            live.details = Some(self.details(arn, trail, status).await?);
        }
        let (key, policy, deaf_topics) =
            tokio::try_join!(self.key(live), self.policy(live), self.deaf_topics(live))?;
        (live.key, live.policy, live.deaf_topics) = (key, policy, deaf_topics);
        Ok(())
    }

    async fn tags(self, live: &Live) -> Result<BTreeMap<String, Tags>, AwsError> {
        let mut regions: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for (arn, trail) in self.case(live).own() {
            regions.entry(&trail.home_region).or_default().push(arn);
        }
        let requests = regions.iter().flat_map(|(region, arns)| {
            arns.chunks(TAGS_AT_ONCE).map(|arns| self.list_tags(region, arns))
        });
        Ok(try_join_all(requests).await?.into_iter().flatten().collect())
    }

    /// What is seen of the trails that others manage, where they cover the account or are named.
    async fn managed(self, live: &Live) -> Result<BTreeMap<String, Covering>, AwsError> {
        let case = self.case(live);
        let managed = case.own().filter(|(arn, trail)| {
            (trail.multi_region || self.settings.name.as_ref() == Some(&trail.name))
                && case.left_to(arn, trail).is_some()
        });
        let seen = managed
            .map(|(arn, trail)| async { Ok((arn.clone(), self.covering(arn, trail).await?)) });
        Ok(try_join_all(seen).await?.into_iter().collect())
    }

    /// What the trails log that may be meant for it.
    async fn logged(self, live: &Live) -> Result<BTreeMap<String, Vec<Selector>>, AwsError> {
        let case = self.case(live);
        let logged = case.own().filter(|(arn, trail)| {
            let is_decided = case.left_to(arn, trail).is_some() || case.is_meant(arn, trail);
            trail.custom_selectors && !is_decided
        });
        let seen = logged
            .map(|(arn, trail)| async { Ok((arn.clone(), self.selectors(arn, trail).await?.0)) });
        Ok(try_join_all(seen).await?.into_iter().collect())
    }

    /// The buckets of trails that are the account's own, with their regions.
    async fn buckets(self, live: &Live) -> Result<BTreeMap<String, String>, AwsError> {
        let target = self.settings.delivers_to(None, true, self.context);
        let own = self.case(live).own().map(|(_, trail)| &trail.bucket);
        let named: BTreeSet<&String> = own.chain(&target).collect();
        if named.is_empty() || !self.settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let listed = self.reader.buckets().await?.into_iter();
        let ours = listed.filter(|bucket| named.contains(&bucket.name));
        Ok(ours.map(|bucket| (bucket.name, bucket.region)).collect())
    }

    /// How the account's own trails of all regions are, if there are several: AWS bills every one
    /// that is recording, so a stopped one is not started beside it.
    async fn statuses(
        self,
        live: &Live,
    ) -> Result<BTreeMap<String, GetTrailStatusOutput>, AwsError> {
        let own = self.case(live).own();
        let own = own.filter(|(arn, own)| own.multi_region && !live.managed.contains_key(*arn));
        let own: Vec<(&String, &Trail)> = own.collect();
        if own.len() < 2 || !self.settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let statuses = own.into_iter().map(|(arn, trail)| async move {
            match (self.status(arn, &trail.home_region).await, self.settings.name.as_ref()) {
                (Ok(status), _) => Ok(Some((arn.clone(), status))),
                // The choice does not depend on it.
                (Err(_), Some(name)) if *name != trail.name => Ok(None),
                (Err(error), _) => Err(error),
            }
        });
        Ok(try_join_all(statuses).await?.into_iter().flatten().collect())
    }

    async fn key(self, live: &Live) -> Result<Option<Key>, AwsError> {
        let Some(name) = self.settings.key() else {
            return Ok(None);
        };
        let case = self.case(live);
        let home = case.chosen().map_or(&self.context.home_region, |(_, own)| &own.home_region);
        let bucket_region = case.destination().and_then(|bucket| live.buckets.get(&bucket));
        let bucket_region = bucket_region.unwrap_or(home).clone();
        let region = keys::region(name).unwrap_or(&bucket_region).to_owned();
        let seen = self.reader.named_key(name, &region).await?;
        Ok(Some(Key { name: name.to_owned(), region, bucket_region, seen }))
    }

    /// The policy of the account's own bucket where the trail is to deliver, if that is new or
    /// deliveries fail.
    async fn policy(self, live: &Live) -> Result<Option<String>, AwsError> {
        let case = self.case(live);
        let bucket = case.destination().and_then(|name| live.buckets.get_key_value(&name));
        let Some((bucket, region)) = bucket.filter(|_| self.settings.is_enabled()) else {
            return Ok(None);
        };
        let is_new = case.chosen().is_none_or(|(_, trail)| trail.bucket != *bucket);
        let mut errors = live.details.iter().flat_map(|own| own.errors.keys());
        match is_new || errors.any(|own| [Delivery::LogFiles, Delivery::Digests].contains(own)) {
            true => self.reader.bucket_policy(bucket, region).await,
            false => Ok(None),
        }
    }

    /// What keeps topics from hearing of the trail: the one that it has, and the one that the table
    /// names.
    async fn deaf_topics(self, live: &Live) -> Result<BTreeMap<String, String>, AwsError> {
        if !self.settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let case = self.case(live);
        let chosen = case.chosen();
        let of = chosen.map_or_else(|| case.new_arn(), |(arn, _)| arn.clone());
        let service = "cloudtrail.amazonaws.com";
        let publisher = &Publisher { service, of: &of, has_role: false };
        let own = chosen.and_then(|(_, trail)| trail.sns_topic.clone());
        let named = self.settings.sns_topic(self.context);
        let topics: BTreeSet<String> = own.into_iter().chain(named).collect();
        let faults = topics.into_iter().map(|topic| async move {
            let fault = topics::fault(&topic, publisher, self.context, self.reader).await?;
            Ok(fault.map(|fault| (topic, fault)))
        });
        Ok(try_join_all(faults).await?.into_iter().flatten().collect())
    }
}

//! Who is asked what: the trail, then its log group with filters, alarms, role and topic side by side.

use super::live::{Group, GroupState, Key, Live, Target};
use super::masking;
use super::settings::Settings;
use super::watches::Watch;
use super::wire::{
    ACCOUNT_POLICIES, ALARMS_FOR_METRIC, AlarmsAsked, DESCRIBE_ALARMS, DESCRIBE_FILTERS,
    DESCRIBE_GROUPS, FoundGroup, GET_MUTE_RULE, GET_PROTECTION, GroupsAsked, Identified,
    LIST_MUTE_RULES, LIST_TAGS, OfGroup, OfMetric, PoliciesAsked, Resource, RuleName, RulesAsked,
};
use crate::aws::facts::Reader;
use crate::aws::{AwsError, keys, roles};
use crate::control::owner::owner;
use crate::control::{Context, Recorded};
use crate::controls::topics::{self, Publisher};
use futures_util::future::{OptionFuture, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

/// A table, and who reads for it.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub settings: &'a Settings,
    pub context: &'a Context,
    pub reader: &'a Reader,
}

/// The code of a log group that does not exist.
const NO_GROUP: &str = "ResourceNotFoundException";

impl Look<'_> {
    /// Reads all of it.
    pub async fn read(self) -> Result<Live, AwsError> {
        let Some(trail) = self.trail().await? else {
            return Ok(Live::default());
        };
        let target = self.target(&trail);
        let mut live = Live { owner: trail.owner, ..Live::default() };
        let is_by_events = self.settings.is_by_events();
        if is_by_events || target.account != self.context.account {
            live.target = Some(target);
            return Ok(live);
        }
        let (group, filters, alarms, mute_rules, topics, key, role) = tokio::try_join!(
            self.group(&target),
            self.filters(&target),
            self.alarms(&target.region),
            self.mute_rules(&target.region),
            self.topics(&target.region),
            self.key(&target.region),
            self.reader.role(roles::name(&target.role)),
        )?;
        (live.filters, live.alarms, live.mute_rules) = (filters, alarms, mute_rules);
        (live.topics, live.key, live.role) = (topics, key, role);
        if let Some((group, tags)) = group {
            live.group = Some(group);
            live.owner = live.owner.or_else(|| owner(&target.group, &tags));
        }
        let more = self.alarms_of_others(&live, &target.region).await?;
        live.alarms.extend(more);
        live.target = Some(target);
        Ok(live)
    }

    /// The trail that the baseline looks after, or else the account's own one of all regions.
    async fn trail(self) -> Result<Option<Recorded>, AwsError> {
        if let Some(records) = self.context.records() {
            return records.trail(self.context, self.reader).await;
        }
        let trails = self.reader.trails().await?;
        let own = trails.iter().filter(|trail| {
            let is_own = trail.trail_arn().and_then(keys::owner) == Some(&self.context.account);
            is_own && trail.is_multi_region_trail() == Some(true)
        });
        let chosen = own.min_by_key(|trail| {
            let is_elsewhere = trail.home_region() != Some(&self.context.home_region);
            (trail.cloud_watch_logs_log_group_arn().is_none(), is_elsewhere, trail.name())
        });
        Ok(chosen.map(|trail| {
            let text = |own: Option<&str>| own.unwrap_or_default().to_owned();
            let group = trail.cloud_watch_logs_log_group_arn().map(str::to_owned);
            let logs = group.map(|group| (group, text(trail.cloud_watch_logs_role_arn())));
            Recorded {
                arn: text(trail.trail_arn()),
                region: text(trail.home_region()),
                logs,
                owner: None,
            }
        }))
    }

    /// Where its events go, or are to go.
    fn target(self, trail: &Recorded) -> Target {
        let Self { settings, context, .. } = self;
        let Context { partition, account, .. } = context;
        let our_role = format!("arn:{partition}:iam::{account}:role/{}", settings.role);
        let (trail_arn, region) = (trail.arn.clone(), trail.region.clone());
        match &trail.logs {
            Some((group, role)) => Target {
                trail: trail_arn,
                region,
                group: group_of(group).to_owned(),
                account: keys::owner(group).unwrap_or_default().to_owned(),
                role: role.clone(),
                is_our_role: *role == our_role,
                is_connected: true,
            },
            None => Target {
                trail: trail_arn,
                region,
                group: settings.group(context),
                account: account.clone(),
                role: our_role,
                is_our_role: true,
                is_connected: false,
            },
        }
    }

    /// The log group, with its tags.
    async fn group(
        self,
        target: &Target,
    ) -> Result<Option<(Group, BTreeMap<String, String>)>, AwsError> {
        let (clients, region) = (&self.reader.clients, &target.region);
        let input = GroupsAsked { log_group_name_prefix: target.group.clone() };
        // The shortest name comes first, and is the whole one.
        let (pages, _) = DESCRIBE_GROUPS.first_pages(clients, region, &input, 1).await?;
        let mut found = pages.into_iter().flat_map(|page| page.log_groups);
        let Some(found) = found.find(|own| own.log_group_name == target.group) else {
            return Ok(None);
        };
        let arn = target.group_arn(&self.context.partition);
        let tags = async { LIST_TAGS.ask(clients, region, &Resource { resource_arn: arn }).await };
        let (tags, masked, key_fault) =
            tokio::try_join!(tags, self.masked(&found, target), self.key_fault(&found, region))?;
        let state = GroupState {
            retention_days: found.retention_in_days,
            kms_key: found.kms_key_id,
            deletion_protection: found.deletion_protection_enabled == Some(true),
        };
        let class = found.log_group_class.unwrap_or_else(|| STANDARD.to_owned());
        let retention_policy = found.retention_policy_name;
        Ok(Some((Group { state, class, retention_policy, masked, key_fault }, tags.tags)))
    }

    async fn masked(self, found: &FoundGroup, target: &Target) -> Result<Option<String>, AwsError> {
        let (clients, region) = (&self.reader.clients, &target.region);
        let is_masked = found.data_protection_status.as_deref() == Some("ACTIVATED");
        let own = OptionFuture::from(is_masked.then_some(async {
            let input = Identified { log_group_identifier: target.group.clone() };
            GET_PROTECTION.ask(clients, region, &input).await
        }));
        let mut inherited = found.inherited_properties.iter();
        let is_inherited = inherited.any(|own| own == "ACCOUNT_DATA_PROTECTION");
        let inherited = OptionFuture::from(is_inherited.then_some(async {
            let input = PoliciesAsked { policy_type: "DATA_PROTECTION_POLICY".to_owned() };
            ACCOUNT_POLICIES.ask(clients, region, &input).await
        }));
        let (own, inherited) = tokio::join!(own, inherited);
        let (own, inherited) = (own.transpose()?, inherited.transpose()?);
        let inherited = inherited.into_iter().flat_map(|own| own.account_policies);
        let documents = own.into_iter().chain(inherited).filter_map(|own| own.policy_document);
        Ok(masking::masked(documents))
    }

    async fn key_fault(self, found: &FoundGroup, region: &str) -> Result<Option<String>, AwsError> {
        let Some(key) = &found.kms_key_id else {
            return Ok(None);
        };
        let is_own = keys::owner(key).is_none_or(|owner| owner == self.context.account);
        let seen = match is_own {
            true => self.reader.key(key, keys::region(key).unwrap_or(region)).await?,
            false => None,
        };
        Ok(keys::fault(key, &self.context.account, seen.as_ref()))
    }

    async fn filters(
        self,
        target: &Target,
    ) -> Result<BTreeMap<String, super::live::Filter>, AwsError> {
        let input = OfGroup { log_group_name: target.group.clone() };
        let pages = DESCRIBE_FILTERS.pages(&self.reader.clients, &target.region, &input).await;
        let pages = match pages {
            Err(error) if error.is(NO_GROUP) => return Ok(BTreeMap::new()),
            pages => pages?,
        };
        let found = pages.into_iter().flat_map(|page| page.metric_filters);
        Ok(found.map(|own| (own.filter_name.clone(), own.into())).collect())
    }

    /// The alarms of this program's names.
    async fn alarms(self, region: &str) -> Result<BTreeMap<String, super::live::Alarm>, AwsError> {
        let input = AlarmsAsked {
            alarm_names: self.settings.watches().map(Watch::name).collect(),
            alarm_types: vec!["MetricAlarm".to_owned()],
        };
        if input.alarm_names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let pages = DESCRIBE_ALARMS.pages(&self.reader.clients, region, &input).await?;
        let found = pages.into_iter().flat_map(|page| page.metric_alarms);
        Ok(found.map(|own| (own.alarm_name.clone(), own.into())).collect())
    }

    /// The alarms of others on what filters count, where ours do not watch it.
    async fn alarms_of_others(
        self,
        live: &Live,
        region: &str,
    ) -> Result<BTreeMap<String, super::live::Alarm>, AwsError> {
        let mut metrics = BTreeSet::new();
        for watch in self.settings.watches() {
            let counted = live.filters.iter().filter_map(|(name, own)| {
                own.counts(watch, *name == watch.name()).filter(|_| *name != watch.name())
            });
            metrics.extend(counted.map(|own| (own.namespace.clone(), own.name.clone())));
        }
        let asked = metrics.into_iter().map(|(namespace, metric_name)| async move {
            let input = OfMetric { metric_name, namespace };
            ALARMS_FOR_METRIC.ask(&self.reader.clients, region, &input).await
        });
        let found = try_join_all(asked).await?.into_iter().flat_map(|own| own.metric_alarms);
        Ok(found.map(|own| (own.alarm_name.clone(), own.into())).collect())
    }

    /// The rules by which alarms do nothing, now or later, with the alarms.
    async fn mute_rules(
        self,
        region: &str,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
        let clients = &self.reader.clients;
        let input = RulesAsked { statuses: vec!["ACTIVE".to_owned(), "SCHEDULED".to_owned()] };
        let pages = LIST_MUTE_RULES.pages(clients, region, &input).await?;
        let rules = pages.into_iter().flat_map(|page| page.alarm_mute_rule_summaries);
        let rules = rules.map(|rule| async move {
            let arn = rule.alarm_mute_rule_arn;
            let name = arn.rsplit_once(":alarm-mute-rule:").map_or(arn.as_str(), |(_, name)| name);
            let input = RuleName { alarm_mute_rule_name: name.to_owned() };
            let found = GET_MUTE_RULE.ask(clients, region, &input).await?;
            let alarms = found.mute_targets.map(|own| own.alarm_names).unwrap_or_default();
            Ok((input.alarm_mute_rule_name, alarms.into_iter().collect()))
        });
        Ok(try_join_all(rules).await?.into_iter().collect())
    }

    /// What is wrong with the topic of the table. That of the account's alerts is judged by whoever
    /// makes it.
    async fn topics(self, region: &str) -> Result<BTreeMap<String, String>, AwsError> {
        let Self { settings, context, reader } = self;
        let Some(topic) = settings.topic(region, context) else {
            return Ok(BTreeMap::new());
        };
        if keys::region(&topic) != Some(region) {
            let fault = format!("is in another region, and alarms of {region} do not reach it");
            return Ok(BTreeMap::from([(topic, fault)]));
        }
        let Context { partition, account, .. } = context;
        let of = format!(
            "arn:{partition}:cloudwatch:{region}:{account}:alarm:{}",
            Watch::RootUse.name()
        );
        let publisher =
            &Publisher { service: "cloudwatch.amazonaws.com", of: &of, has_role: false };
        let is_judged = keys::owner(&topic) == Some(account) && !context.sends_alerts_to(&topic);
        let fault = topics::fault(&topic, publisher, context, reader).await?;
        let found = match (is_judged, &fault) {
            (true, None) => reader.topic(&topic).await?,
            _ => None,
        };
        let unheard = found.filter(|own| own.confirmed == 0);
        let unheard = unheard.map(|_| "has no confirmed subscriber".to_owned());
        Ok(fault.or(unheard).map(|fault| (topic, fault)).into_iter().collect())
    }

    async fn key(self, region: &str) -> Result<Option<Key>, AwsError> {
        let Some(name) = self.settings.key() else {
            return Ok(None);
        };
        let seen = self.reader.named_key(name, keys::region(name).unwrap_or(region)).await?;
        Ok(Some(Key { name: name.to_owned(), seen }))
    }
}

/// The class of log groups that have metric filters.
pub const STANDARD: &str = "STANDARD";

/// The name of a log group in its ARN, which may end in `:*`.
fn group_of(arn: &str) -> &str {
    let name = arn.split_once(":log-group:").map_or(arn, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

impl Target {
    /// The ARN of the log group, without a star.
    pub fn group_arn(&self, partition: &str) -> String {
        let Self { region, account, group, .. } = self;
        format!("arn:{partition}:logs:{region}:{account}:log-group:{group}")
    }
}

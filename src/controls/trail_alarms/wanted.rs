//! What the log group, its filters and their alarms are to become, and what only you can put right.

use super::alarm::Duty;
use super::live::{Alarm, Counter, Filter, Group, GroupState, Live, State, Target};
use super::read::STANDARD;
use super::settings::Settings;
use super::watches::Watch;
use crate::aws::{keys, roles};
use crate::control::{At, Context, Remarks};
use crate::controls::roles::{ServiceRole, trust_fault};
use crate::pattern::Pattern;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A place that is judged.
struct Case<'a> {
    settings: &'a Settings,
    live: &'a Live,
    target: &'a Target,
    at: At<'a>,
}

/// The state that the table asks for.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let now = live.state();
    let Some(target) = &live.target else {
        say.finding(
            "trail",
            "there is no trail of all regions whose events could be watched",
            "add [cloudtrail] to the baseline",
        );
        return now;
    };
    let Target { account, group, .. } = target;
    if *account != at.context.account {
        elsewhere(live, target, say);
        return now;
    }
    if let (Some(owner), false) = (&live.owner, target.is_connected) {
        say.finding(
            "trail",
            format!("the trail {}, which {owner} manages, writes to no log group", target.trail),
            format!("have {owner} connect it to a log group, or watch by EventBridge: [alerts]"),
        );
        say.elsewhere(owner.clone());
        return now;
    }
    let case = Case { settings, live, target, at };
    let mut wanted = now;
    wanted.is_connected = true;
    wanted.group = Some(case.group(say));
    case.role(&mut wanted, say);
    let has_class = live.group.as_ref().is_none_or(|own| own.class == STANDARD);
    if has_class {
        case.watches(&mut wanted, say);
        case.muted(&wanted, say);
        case.drowned(&wanted, say);
    } else {
        say.finding(
            "group",
            format!(
                "the log group {group} is of the class {}, which has no metric filters",
                live.group.as_ref().map_or("", |own| &own.class)
            ),
            format!(
                "the class cannot be changed: have the trail write to another log group, with group \
                 in [trail_alarms] and aws cloudtrail update-trail --name {} \
                 --cloud-watch-logs-log-group-arn '' --cloud-watch-logs-role-arn ''",
                target.trail
            ),
        );
    }
    say.owned_by(live.owner.clone(), settings.takes_over());
    wanted
}

/// The trail of an organization writes to a log group of its own account.
fn elsewhere(live: &Live, target: &Target, say: &mut Remarks) {
    let Target { group, account, trail, .. } = target;
    say.note(format!(
        "the trail {trail} writes to the log group {group} of account {account}: filters and alarms \
         have to be there"
    ));
    say.elsewhere(live.owner.clone().unwrap_or_else(|| format!("account {account}")));
}

/// The role by which CloudTrail writes.
pub fn service_role(target: &Target, context: &Context) -> ServiceRole {
    let streams = format!("{}:log-stream:*", target.group_arn(&context.partition));
    ServiceRole {
        name: roles::name(&target.role).to_owned(),
        service: SERVICE,
        source: Some(target.trail.clone()),
        says_account: true,
        purpose: "CloudTrail writes events to CloudWatch Logs",
        allows: vec![json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", PUT_EVENTS],
            "Resource": streams,
        })],
    }
}

const SERVICE: &str = "cloudtrail.amazonaws.com";
const PUT_EVENTS: &str = "logs:PutLogEvents";

impl Case<'_> {
    /// The log group: created, or raised and judged.
    fn group(&self, say: &mut Remarks) -> GroupState {
        let Self { settings, live, target, .. } = *self;
        let key = self.key(say);
        let Some(found) = &live.group else {
            return GroupState {
                retention_days: settings.new_retention(),
                kms_key: key,
                deletion_protection: settings.protection(false),
            };
        };
        self.judge_group(found, say);
        let now = &found.state;
        let is_overridden = found.retention_policy.is_some();
        let retention_days = settings.retention(now.retention_days);
        if let Some(policy) =
            found.retention_policy.as_ref().filter(|_| retention_days != now.retention_days)
        {
            say.finding(
                "retention_days",
                format!(
                    "events in the log group {} stay for {} days: the account's retention policy \
                     {policy} decides that, and overrides what the log group says",
                    target.group,
                    now.retention_days.unwrap_or_default()
                ),
                format!(
                    "change or delete it: aws logs delete-account-policy --policy-type \
                     RETENTION_POLICY --policy-name {policy} --region {}",
                    target.region
                ),
            );
        }
        GroupState {
            retention_days: if is_overridden { now.retention_days } else { retention_days },
            kms_key: key.or_else(|| now.kms_key.clone()),
            deletion_protection: settings.protection(now.deletion_protection),
        }
    }

    /// The ARN of the key that the table names, if it can be used.
    fn key(&self, say: &mut Remarks) -> Option<String> {
        let key = self.live.key.as_ref()?;
        let region = keys::region(&key.name).filter(|own| *own != self.target.region);
        // A key that the baseline makes need not exist yet, so it is named as the table names it.
        let found = key.seen.found.as_ref();
        let is_made = self.at.context.makes_key(&key.name, &self.target.region);
        if is_made && found.is_none_or(|own| own.fault().is_none()) {
            let now = self.live.group.as_ref().and_then(|own| own.state.kms_key.clone());
            let is_on = now.is_some() && now == found.map(|own| own.arn.clone());
            return if is_on { now } else { Some(key.name.clone()) };
        }
        let fault = match region {
            Some(region) => Some(format!("is in {region}, and not in {}", self.target.region)),
            None => key.seen.fault(),
        };
        if let Some(fault) = fault {
            say.finding(
                "kms_key",
                format!("the key {} cannot encrypt the log group: it {fault}", key.name),
                "enable or create it, or name another in [trail_alarms] kms_key",
            );
            return None;
        }
        if key.seen.is_hidden {
            say.note(keys::hidden(&key.name));
        }
        key.seen.found.as_ref().map(|own| own.arn.clone()).or_else(|| Some(key.name.clone()))
    }

    fn judge_group(&self, found: &Group, say: &mut Remarks) {
        let Target { group, region, .. } = self.target;
        if let Some(masked) = &found.masked {
            say.finding(
                "group",
                format!(
                    "a data protection policy masks {masked} in the log group {group}: metric filters \
                     and those who investigate do not see it"
                ),
                format!(
                    "take the masking out of the policy, or delete it: aws logs \
                     delete-data-protection-policy --log-group-identifier {group} --region {region}"
                ),
            );
        }
        let is_replaced = self.live.key.is_some();
        if let Some(fault) = found.key_fault.as_ref().filter(|_| !is_replaced) {
            let key = found.state.kms_key.as_deref().unwrap_or_default();
            say.finding(
                "kms_key",
                format!("the key {key}, which encrypts the log group {group}, {fault}"),
                "without it no event is written: enable it, or name the key that is wanted in \
                 [trail_alarms] kms_key",
            );
        }
    }

    /// The role: ours is made and put right, another one is judged.
    fn role(&self, wanted: &mut State, say: &mut Remarks) {
        let Self { live, target, at, .. } = *self;
        let role = service_role(target, at.context);
        if target.is_our_role {
            wanted.role = Some(role.wanted(live.role.as_ref(), at, "role", say));
            return;
        }
        if let Some(fault) = self.role_fault() {
            say.finding(
                "role",
                format!(
                    "the role {}, by which the trail writes to the log group, {fault}",
                    target.role
                ),
                "put the role right, or name another: cloudwatch_logs in [cloudtrail]",
            );
        }
    }

    fn role_fault(&self) -> Option<String> {
        let Some(role) = &self.live.role else {
            return Some("does not exist".to_owned());
        };
        let context = self.at.context;
        let source = &self.target.trail;
        if let Some(fault) = trust_fault(&role.trust, SERVICE, source, &role.arn, context) {
            return Some(fault);
        }
        let Target { region, account, .. } = self.target;
        let group = self.target.group_arn(&context.partition);
        let stream = format!("{group}:log-stream:{account}_CloudTrail_{region}");
        let inline = role.inline.values();
        let allows: Vec<Option<bool>> = inline.map(|own| may_write(own, &stream)).collect();
        let is_denied = allows.contains(&Some(false));
        let is_allowed = allows.contains(&Some(true)) || !role.attached.is_empty();
        (is_denied || !is_allowed).then(|| format!("may not write there ({PUT_EVENTS})"))
    }

    /// The filters and alarms.
    fn watches(&self, wanted: &mut State, say: &mut Remarks) {
        let topic = self.settings.alarm_topic(&self.target.region, self.at.context);
        for watch in self.settings.watches() {
            let counting = self.counting(watch);
            let is_watched = |counter: &Counter| {
                topic.as_ref().is_some_and(|topic| self.is_watched(watch, counter, topic))
            };
            if counting.iter().any(|(_, counter)| is_watched(counter)) {
                continue;
            }
            let name = watch.name();
            let made = Filter::of(watch);
            let counter = match counting.first() {
                Some((_, counter)) => (*counter).clone(),
                None => {
                    let counter = made.metrics.first().cloned().unwrap_or_default();
                    wanted.filters.insert(name.clone(), made);
                    counter
                }
            };
            let Some(topic) = &topic else {
                continue;
            };
            let duty = self.duty(watch, &counter, topic);
            self.reasons(&duty, say);
            let ours = self.live.alarms.get(&name);
            if ours.is_none_or(|own| duty.fault(own).is_some()) {
                wanted.alarms.insert(name, duty.alarm(ours));
            }
        }
        self.judge_topic(topic.as_deref(), say);
    }

    /// The filters that count all of it, ours first, with the metrics in which they do.
    fn counting(&self, watch: Watch) -> Vec<(&String, &Counter)> {
        let ours = watch.name();
        let filters = self.live.filters.iter();
        let counting =
            filters.filter_map(|(name, own)| Some((name, own.counts(watch, *name == ours)?)));
        let mut counting: Vec<(&String, &Counter)> = counting.collect();
        counting.sort_by_key(|(name, _)| **name != ours);
        counting
    }

    fn duty<'d>(&self, watch: Watch, metric: &'d Counter, topic: &'d str) -> Duty<'d> {
        Duty { watch, metric, events: self.settings.threshold(watch), topic }
    }

    fn is_watched(&self, watch: Watch, counter: &Counter, topic: &str) -> bool {
        let duty = self.duty(watch, counter, topic);
        self.live.alarms.values().any(|own| duty.fault(own).is_none())
    }

    /// Notes why the alarms of others on the metric are not enough.
    fn reasons(&self, duty: &Duty<'_>, say: &mut Remarks) {
        for (name, alarm) in self.alarms_on(duty.metric) {
            if let Some(fault) = duty.fault(alarm).filter(|_| Watch::named(name).is_none()) {
                say.note(format!("the alarm {name} {fault}"));
            }
        }
    }

    fn alarms_on(&self, counter: &Counter) -> impl Iterator<Item = (&String, &Alarm)> {
        self.live.alarms.iter().filter(move |(_, own)| {
            own.namespace.as_ref() == Some(&counter.namespace)
                && own.metric.as_ref() == Some(&counter.name)
        })
    }

    fn judge_topic(&self, topic: Option<&str>, say: &mut Remarks) {
        let Some(topic) = topic else {
            let region = &self.target.region;
            return say.finding(
                "topic",
                format!("no topic in {region} is named that the alarms could go to"),
                "add topic to [trail_alarms], or [alerts] to the baseline",
            );
        };
        if let Some(fault) = self.live.topics.get(topic) {
            say.finding(
                "topic",
                format!("the alarms go to {topic}, which {fault}"),
                "put the topic right, or name another in [trail_alarms] topic",
            );
        }
    }

    /// Reports the rules that mute an alarm that is relied on.
    fn muted(&self, wanted: &State, say: &mut Remarks) {
        for (rule, alarms) in &self.live.mute_rules {
            let is_relied_on = |name: &&String| {
                let is_ours = wanted.alarms.contains_key(*name);
                is_ours || self.live.alarms.get(*name).is_some_and(|own| self.is_of_a_watch(own))
            };
            let muted: Vec<&str> = alarms.iter().filter(is_relied_on).map(String::as_str).collect();
            if !muted.is_empty() {
                say.finding(
                    "mute_rules",
                    format!("the rule {rule} mutes the alarms {}", muted.join(", ")),
                    format!(
                        "delete it: aws cloudwatch delete-alarm-mute-rule --alarm-mute-rule-name {rule} \
                         --region {}",
                        self.target.region
                    ),
                );
            }
        }
    }

    /// Reports the filters that count something else into a metric that is relied on: an alarm that is
    /// raised by what happens all day announces nothing new.
    fn drowned(&self, wanted: &State, say: &mut Remarks) {
        let metric = |own: &Counter| (own.namespace.clone(), own.name.clone());
        let counting = |watch| {
            let counting = self.counting(watch).into_iter();
            counting.map(|(name, own)| (name.clone(), metric(own))).collect::<Vec<_>>()
        };
        let relied_on: BTreeSet<_> = self.settings.watches().flat_map(counting).collect();
        let ours = wanted.filters.values().flat_map(|own| &own.metrics).map(metric);
        let metrics: BTreeSet<_> =
            relied_on.iter().map(|(_, own)| own.clone()).chain(ours).collect();
        for (name, filter) in &self.live.filters {
            let is_replaced = wanted.filters.get(name).is_some_and(|own| own != filter);
            let mut others = filter.metrics.iter().map(metric).filter(|own| {
                metrics.contains(own) && !relied_on.contains(&(name.clone(), own.clone()))
            });
            let Some((namespace, metric)) = others.next().filter(|_| !is_replaced) else {
                continue;
            };
            let Target { group, region, .. } = self.target;
            say.finding(
                "filters",
                format!(
                    "the filter {name} counts other events into {namespace}/{metric} as well, so that \
                     its alarm may never end and announce nothing new"
                ),
                format!(
                    "delete it, or have it count elsewhere: aws logs delete-metric-filter \
                     --log-group-name {group} --filter-name {name} --region {region}"
                ),
            );
        }
    }

    fn is_of_a_watch(&self, alarm: &Alarm) -> bool {
        let mut metrics = self.live.filters.values().flat_map(|own| &own.metrics);
        metrics.any(|own| {
            alarm.namespace.as_ref() == Some(&own.namespace)
                && alarm.metric.as_ref() == Some(&own.name)
        })
    }
}

/// Whether a policy of a role lets it write events to a stream or forbids it; nothing if it says
/// neither.
fn may_write(document: &str, stream: &str) -> Option<bool> {
    let document: Value = serde_json::from_str(document).ok()?;
    let list = |own: &Value| match own {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let any = |patterns: &Value, text: &str| {
        list(patterns).iter().filter_map(Value::as_str).any(|own| {
            let pattern = Pattern::try_from(own.to_ascii_lowercase());
            pattern.is_ok_and(|own| own.matches(&text.to_ascii_lowercase()))
        })
    };
    let statements = list(&document["Statement"]);
    let about = statements
        .iter()
        .filter(|own| any(&own["Action"], PUT_EVENTS) && any(&own["Resource"], stream));
    about.map(|own| own["Effect"] == "Allow").reduce(|one, other| one && other)
}

//! The table `[trail_alarms]`, and what is wrong with it.

use super::watches::Watch;
use crate::control::Context;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost};
use crate::managed::Managed;
use crate::settings;
use crate::settings::Words;
use crate::words;
use std::collections::{BTreeMap, BTreeSet};

settings! {
    /// The table `[trail_alarms]`.
    pub struct Settings {
        /// By what: `"alarms"` on metrics that filters on a log group count, or `"events"`, which a rule
        /// of `[alerts]` in every region sends, each by itself, within seconds and for less. Auditors'
        /// tools that look for filters and alarms do not find those.
        pub by: Managed<By> = "alarms",

        /// What needs no alarm.
        #[example("[\"organization_changes\"]")]
        except: Managed<BTreeSet<Watch>> = [],

        /// How many events within five minutes raise an alarm. An alarm that is raised by fewer
        /// satisfies it.
        #[range(1..=100_000)]
        threshold: Managed<AtMost<i32>> = 1,

        /// The same for some of the alarms, by their names.
        #[example("{ unauthorized_calls = 10 }")]
        thresholds: Managed<BTreeMap<String, i32>> = {},

        /// The topic that the alarms go to, in the region of the trail: its name or ARN. Unmanaged, it
        /// is that of `[alerts]`.
        #[example("\"security\"", "\"arn:aws:sns:{region}:{account}:security\"")]
        topic: Managed<String> = unmanaged,

        /// The log group that is created where the trail writes to none. One that the trail writes to
        /// is used as it is.
        #[example("\"cloudtrail\"")]
        group: String = "baseline-trail",

        /// The role that is created for it, by which CloudTrail writes.
        #[example("\"cloudtrail-logs\"")]
        pub role: String = "baseline-trail-logs",

        /// Days that events stay in the log group at least. Without end satisfies it.
        #[costs]
        retention_days: Managed<AtLeast<i32>> = 365,

        /// The KMS key that the log group is encrypted with: alias, id or ARN, in its region. Its policy
        /// must let CloudWatch Logs of the region use it.
        #[breaks("who reads the log group must be allowed to decrypt with the key")]
        #[example("\"alias/logs\"")]
        kms_key: Managed<String> = unmanaged,

        /// Whether the log group is protected from being deleted.
        deletion_protection: Managed<AtLeast<bool>> = true,

        #[says(TAKE_OVER)]
        take_over: Managed<bool> = false,
    }
}

words! {
    /// By what is watched.
    pub enum By {
        /// A log group with filters and alarms.
        Alarms = "alarms",
        /// A rule of EventBridge.
        Events = "events",
    }
}

/// The retentions that a log group takes, in days. Source: CloudWatch Logs API Reference,
/// `PutRetentionPolicy`.
const RETENTIONS: [i32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

impl Settings {
    /// Whether what is watched is sent event by event.
    pub fn is_by_events(&self) -> bool {
        *self.by == Some(By::Events)
    }

    /// What is watched.
    pub fn watches(&self) -> impl Iterator<Item = Watch> {
        let is_left_out =
            |watch: &Watch| self.except.as_ref().is_some_and(|own| own.contains(watch));
        Watch::all().filter(move |watch| !is_left_out(watch))
    }

    /// How many events raise an alarm at most; nothing where the table leaves that open.
    pub fn threshold(&self, watch: Watch) -> Option<i32> {
        let own = self.thresholds.as_ref().and_then(|own| own.get(watch.word())).copied();
        own.or_else(|| self.threshold.as_ref().map(|own| *own.value()))
    }

    /// The ARN of the topic that the table names.
    pub fn topic(&self, region: &str, context: &Context) -> Option<String> {
        let name = context.fill(self.topic.as_deref()?);
        let Context { partition, account, .. } = context;
        Some(match name.starts_with("arn:") {
            true => name,
            false => format!("arn:{partition}:sns:{region}:{account}:{name}"),
        })
    }

    /// The topic that the alarms of a region go to.
    pub fn alarm_topic(&self, region: &str, context: &Context) -> Option<String> {
        let alerts = || context.alerts_in(region).map(|alerts| alerts.topic.clone());
        self.topic(region, context).or_else(alerts)
    }

    /// The log group that is created.
    pub fn group(&self, context: &Context) -> String {
        context.fill(&self.group)
    }

    /// How long events have to stay; nothing is without end.
    pub fn retention(&self, live: Option<i32>) -> Option<i32> {
        match (&*self.retention_days, live) {
            (None, live) => live,
            (Some(floor), None) => floor.is_exact().then(|| *floor.value()),
            (Some(floor), Some(live)) => Some(floor.settle(live)),
        }
    }

    /// The same for a new log group.
    pub fn new_retention(&self) -> Option<i32> {
        self.retention_days.as_ref().map(|floor| *floor.value())
    }

    /// The key of the log group.
    pub fn key(&self) -> Option<&str> {
        self.kms_key.as_deref()
    }

    /// Whether the log group has to be protected.
    pub fn protection(&self, live: bool) -> bool {
        crate::floor::raise(&self.deletion_protection, live)
    }

    /// Whether what others manage is changed all the same.
    pub fn takes_over(&self) -> bool {
        *self.take_over == Some(true)
    }

    /// Whether these keys are managed: retention, deletion protection.
    pub fn manages(&self) -> (bool, bool) {
        (self.retention_days.is_some(), self.deletion_protection.is_some())
    }

    /// What AWS would refuse or nobody could mean.
    pub fn check(&self, problems: &mut Problems) {
        problems.known_by("group", "the log group", &self.group);
        problems.known_by("role", "the role", &self.role);
        for (name, number) in self.thresholds.iter().flatten() {
            let path = format!("thresholds.{name}");
            let known: Vec<&str> = Watch::all().map(Words::word).collect();
            if !known.contains(&name.as_str()) {
                let hint = crate::document::did_you_mean(name, &known);
                let hint = hint.unwrap_or_else(|| known.join(", "));
                problems.setting(&path, format!("'{name}' is not an alarm; {hint}"));
            } else if *number < 1 {
                problems.setting(&path, "an alarm is raised by one event or more");
            }
        }
        if self.is_by_events() && self.thresholds.as_ref().is_some_and(|own| !own.is_empty()) {
            let text = "with by = \"events\" each event is sent by itself, and nothing is counted";
            problems.setting("thresholds", text);
        }
        if let Some(days) = self.new_retention().filter(|days| !RETENTIONS.contains(days)) {
            let nearest = RETENTIONS.iter().find(|own| **own > days).unwrap_or(&3653);
            let text =
                format!("a log group cannot keep events for {days} days; the next is {nearest}");
            problems.setting("retention_days", text);
        }
        if !is_group(&self.group) {
            let text = "a log group's name has 1 to 512 letters, digits and . _ - / # characters";
            problems.setting("group", text);
        }
        if !is_role(&self.role) {
            let text = "a role's name has 1 to 64 letters, digits and + = , . @ _ - characters";
            problems.setting("role", text);
        }
    }
}

/// Source: CloudWatch Logs API Reference, `CreateLogGroup`.
fn is_group(name: &str) -> bool {
    let filled = name.replace("{account}", "1").replace("{region}", "r");
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    (1..=512).contains(&filled.len()) && filled.chars().all(known)
}

/// Source: IAM API Reference, `CreateRole`.
fn is_role(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(known)
}

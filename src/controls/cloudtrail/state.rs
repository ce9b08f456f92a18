//! A trail as it is and as it is to become, and which trail is meant.

use super::live::{Details, Live, Trail};
use super::selectors::{self, Selector};
use super::settings::Settings;
use crate::control::Context;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A log group of CloudWatch Logs, and the role by which CloudTrail writes to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// The ARN of the group.
    pub group: String,
    /// The ARN of the role.
    pub role: String,
}

/// What a trail is or is to become.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Its name.
    pub name: String,
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
    /// The ARN of the topic that is notified of log files.
    #[serde(default)]
    pub sns_topic: Option<String>,
    /// Where events are written to besides the bucket.
    #[serde(default)]
    pub cloudwatch_logs: Option<Logs>,
    /// What it logs.
    pub selectors: Vec<Selector>,
    /// Its insights, with the categories of events that they look at.
    pub insights: BTreeMap<String, BTreeSet<String>>,
    /// Whether it is recording.
    pub logging: bool,
}

/// A state as differences show it.
#[derive(Serialize)]
pub struct View<'a> {
    name: &'a str,
    bucket: &'a str,
    prefix: Option<&'a str>,
    log_file_validation: bool,
    multi_region: bool,
    global_events: bool,
    kms_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_logs: Option<&'a Logs>,
    management_events: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    data_events: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    insights: BTreeSet<String>,
    logging: bool,
}

impl State {
    /// A trail as it was read.
    pub fn of(trail: &Trail, details: &Details) -> Self {
        Self {
            name: trail.name.clone(),
            bucket: trail.bucket.clone(),
            prefix: trail.prefix.clone(),
            log_file_validation: trail.log_file_validation,
            multi_region: trail.multi_region,
            global_events: trail.global_events,
            kms_key: trail.kms_key.clone(),
            sns_topic: trail.sns_topic.clone(),
            cloudwatch_logs: trail.cloudwatch_logs.clone(),
            selectors: details.selectors.clone(),
            insights: details.insights.clone(),
            logging: details.logging,
        }
    }

    /// What `CreateTrail` leaves behind: a trail that logs management events and is not started.
    pub fn at_first(name: &str, bucket: &str) -> Self {
        Self {
            name: name.to_owned(),
            bucket: bucket.to_owned(),
            prefix: None,
            log_file_validation: false,
            multi_region: false,
            global_events: false,
            kms_key: None,
            sns_topic: None,
            cloudwatch_logs: None,
            selectors: vec![Selector::management()],
            insights: BTreeMap::new(),
            logging: false,
        }
    }

    /// What the baseline asks it to become; `ours` is whether this baseline created it, or is to.
    pub fn wanted(
        &self,
        settings: &Settings,
        key: Option<&str>,
        ours: bool,
        context: &Context,
    ) -> Self {
        if !settings.is_enabled() {
            return Self { logging: false, ..self.clone() };
        }
        let multi_region = settings.multi_region(self.multi_region);
        let bucket = settings.delivers_to(Some(&self.bucket), ours, context);
        let bucket = bucket.unwrap_or_else(|| self.bucket.clone());
        let (wishes, partition) = (settings.wishes(), &context.partition);
        let selectors = selectors::wanted(&self.selectors, &wishes, partition, &bucket);
        let mut insights = self.insights.clone();
        for insight in settings.insights() {
            let categories = insights.entry(insight.as_str().to_owned()).or_default();
            categories.insert("Management".to_owned());
        }
        Self {
            name: self.name.clone(),
            bucket,
            prefix: settings.prefix(self.prefix.as_deref(), ours),
            log_file_validation: settings.log_file_validation(self.log_file_validation),
            multi_region,
            global_events: settings.global_events(self.global_events, multi_region),
            kms_key: key.map(str::to_owned).or_else(|| self.kms_key.clone()),
            sns_topic: settings.sns_topic(context).or_else(|| self.sns_topic.clone()),
            cloudwatch_logs: settings
                .cloudwatch_logs(context)
                .or_else(|| self.cloudwatch_logs.clone()),
            selectors,
            insights,
            logging: settings.logging(self.logging),
        }
    }

    /// The same in words.
    pub fn view(&self) -> View<'_> {
        let insights = self.insights.iter().flat_map(|(name, categories)| {
            categories.iter().map(move |category| match category.as_str() {
                "Management" => name.clone(),
                other => format!("{name} of {other} events"),
            })
        });
        View {
            name: &self.name,
            bucket: &self.bucket,
            prefix: self.prefix.as_deref(),
            log_file_validation: self.log_file_validation,
            multi_region: self.multi_region,
            global_events: self.global_events,
            kms_key: self.kms_key.as_deref(),
            sns_topic: self.sns_topic.as_deref(),
            cloudwatch_logs: self.cloudwatch_logs.as_ref(),
            management_events: selectors::management_events(&self.selectors),
            data_events: selectors::data_events(&self.selectors),
            insights: insights.collect(),
            logging: self.logging,
        }
    }
}

/// The account's own trail that the baseline means: the one it names, or the one to adopt. It
/// prefers what covers all regions, then what is recording, then what delivers to our bucket, then
/// what this baseline created. Which one is to be stopped does not depend on what is recording:
/// else the next one would be stopped as well.
pub fn chosen<'a>(
    settings: &Settings,
    context: &Context,
    live: &'a Live,
) -> Option<(&'a str, &'a Trail)> {
    let best = live.candidates(settings, context).into_iter().min_by_key(|(arn, trail)| {
        (
            // Ours stays the one that is meant, however it was weakened: else whoever starts
            // another could stop ours unseen.
            !live.is_ours(arn, trail, context),
            !trail.multi_region,
            settings.is_enabled() && live.recording.get(*arn) == Some(&false),
            context.log_bucket.as_ref() != Some(&trail.bucket),
            &trail.name,
            trail.home_region != context.home_region,
            *arn,
        )
    });
    best.map(|(arn, trail)| (arn.as_str(), trail))
}

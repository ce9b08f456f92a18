//! The trail as it is and as it is to become.

use super::live::{Live, Trail};
use super::selectors::{self, Selector};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a trail is or is to become.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Its ARN.
    pub arn: String,
    /// What it is set to.
    #[serde(flatten)]
    pub trail: Trail,
    /// What it logs.
    pub selectors: Vec<Selector>,
    /// Its insights, with the categories of events that they look at.
    pub insights: BTreeMap<String, BTreeSet<String>>,
    /// Whether it is recording.
    pub logging: bool,
}

impl Live {
    /// The trail that was read whole.
    pub fn state(&self) -> Option<State> {
        let details = self.details.as_ref()?;
        Some(State {
            arn: details.trail.clone(),
            trail: self.trails.get(&details.trail)?.clone(),
            selectors: details.selectors.clone(),
            insights: details.insights.clone(),
            logging: details.logging,
        })
    }
}

impl State {
    /// What `CreateTrail` leaves behind: a trail that logs management events and is not started.
    pub fn created(arn: String, trail: Trail) -> Self {
        let selectors = vec![Selector::management()];
        Self { arn, trail, selectors, insights: BTreeMap::new(), logging: false }
    }

    /// Whether it delivers to the same place as another.
    pub fn delivers_as(&self, other: &Self) -> bool {
        let place = |own: &Self| (own.trail.bucket.clone(), own.trail.prefix.clone());
        place(self) == place(other)
    }

    /// As plans show it: selectors and insights in words.
    pub fn shown(&self) -> Value {
        let Trail { name, bucket, prefix, .. } = &self.trail;
        let insights = self.insights.iter().flat_map(|(name, categories)| {
            categories.iter().map(move |category| match category.as_str() {
                "Management" => name.clone(),
                other => format!("{name} of {other} events"),
            })
        });
        let some = |set: BTreeSet<String>| Some(set).filter(|set| !set.is_empty());
        json!({
            "name": name,
            "bucket": bucket,
            "prefix": prefix,
            "log_file_validation": self.trail.log_file_validation,
            "multi_region": self.trail.multi_region,
            "global_events": self.trail.global_events,
            "kms_key": self.trail.kms_key,
            "sns_topic": self.trail.sns_topic,
            "cloudwatch_logs": self.trail.cloudwatch_logs,
            "management_events": selectors::management_events(&self.selectors),
            "data_events": some(selectors::data_events(&self.selectors)),
            "network_activity_events": some(selectors::network_activity(&self.selectors)),
            "insights": some(insights.collect()),
            "logging": self.logging,
        })
    }
}

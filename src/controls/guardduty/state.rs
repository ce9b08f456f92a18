//! What is live: the detector of a region, what silences it, and who else decides about it.

use super::export::{self, Exported};
use super::features::{FOUNDATION, Feature};
use super::lists::silencing;
use super::silencing::Silencing;
use super::writes::DETECTOR_ARN;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::owner::owner;
use crate::controls::exports::Seen;
use aws_sdk_guardduty::operation::get_detector::GetDetectorOutput;
use aws_sdk_guardduty::types::{Administrator, DetectorFeatureConfigurationResult, FeatureStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub const LIST: Operation =
    Operation::new("guardduty", "ListDetectors", &[Grant::any("guardduty:ListDetectors")]);

pub const GET: Operation =
    Operation::new("guardduty", "GetDetector", &[Grant::on("guardduty:GetDetector", DETECTOR_ARN)]);

pub const GET_ADMINISTRATOR: Operation = Operation::new(
    "guardduty",
    "GetAdministratorAccount",
    &[Grant::any("guardduty:GetAdministratorAccount")],
);

/// The tag that says how far the run that created a detector came with it. AWS switches on what
/// CreateDetector does not name, so a run that ends before the next call must leave a trace.
pub const STATE: &str = "baseline-state";
/// Its value until the features are as declared.
pub const UNFINISHED: &str = "unfinished";
/// Its value from then on.
pub const FINISHED: &str = "finished";

/// GuardDuty in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The detector, if there is one.
    pub detector: Option<Detector>,
    /// Its id.
    pub id: Option<String>,
    /// The account that administers it.
    pub administrator: Option<String>,
    /// The features that a policy of the organization decides.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub by_policy: BTreeSet<String>,
    /// Whether the detector was created by a run that did not come to configuring it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
    /// The stack that manages the detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What keeps findings from being seen.
    #[serde(default, skip_serializing_if = "Silencing::is_empty")]
    pub silencing: Silencing,
    /// What decides about the export that the table asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Seen>,
}

/// The part of it that calls change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The id of the detector, if there is one.
    pub id: Option<String>,
    /// The detector.
    pub detector: Option<Detector>,
    /// [`Live::unfinished`].
    pub unfinished: bool,
    /// Where findings are exported to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Exported>,
}

impl State {
    /// That of what was read.
    pub fn of(live: &Live) -> Self {
        let Live { id, detector, unfinished, .. } = live.clone();
        Self { id, detector, unfinished, export: export::first(&live.silencing) }
    }

    /// As plans show it: of a detector that is not finished no feature is as anybody asked for it.
    pub fn shown(&self) -> Value {
        let mut shown = match &self.detector {
            Some(own) if self.unfinished => json!({"enabled": own.enabled, "unfinished": true}),
            detector => crate::diff::to_value(detector),
        };
        if let (Some(own), true) = (&self.export, shown.is_object()) {
            shown["export"] = json!(own.target);
        }
        shown
    }
}

/// A detector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// Whether it runs; if not, it is suspended.
    pub enabled: bool,
    /// How often changed findings are published, in AWS's word.
    pub publishing_frequency: Option<String>,
    /// What can be switched, by AWS's names. What a region does not offer is missing.
    pub features: BTreeMap<String, Feature>,
}

impl From<&GetDetectorOutput> for Detector {
    fn from(found: &GetDetectorOutput) -> Self {
        let frequency = found.finding_publishing_frequency();
        Self {
            enabled: found.status().is_some_and(|s| s.as_str() == "ENABLED"),
            publishing_frequency: frequency.map(|word| word.as_str().to_owned()),
            features: found
                .features()
                .iter()
                .filter_map(|feature| Some((name(feature)?.to_owned(), Feature::from(feature))))
                .collect(),
        }
    }
}

/// The name of a feature that can be switched.
fn name(feature: &DetectorFeatureConfigurationResult) -> Option<&str> {
    let name = feature.name()?.as_str();
    (!FOUNDATION.contains(&name)).then_some(name)
}

impl From<&DetectorFeatureConfigurationResult> for Feature {
    fn from(feature: &DetectorFeatureConfigurationResult) -> Self {
        let is_on = |status: Option<&FeatureStatus>| status == Some(&FeatureStatus::Enabled);
        let parts = feature.additional_configuration().iter();
        Self {
            enabled: is_on(feature.status()),
            additional: parts
                .filter_map(|part| Some((part.name()?.as_str().to_owned(), is_on(part.status()))))
                .collect(),
        }
    }
}

/// Whether a policy of the organization decides a feature or a part of it.
fn is_by_policy(feature: &DetectorFeatureConfigurationResult) -> bool {
    let mut parts = feature.additional_configuration().iter();
    feature.managed_by().is_some() || parts.any(|part| part.managed_by().is_some())
}

/// The account that administers the detector. One that has invited, or has let go, does not.
fn in_charge(administrator: &Administrator) -> Option<String> {
    let status = administrator.relationship_status().unwrap_or_default();
    let is_in_charge = ["Enabled", "Paused"].iter().any(|name| status.eq_ignore_ascii_case(name));
    administrator.account_id().filter(|_| is_in_charge).map(str::to_owned)
}

/// Reads a region; what silences the detector only where it is asked for and the account's own.
pub async fn read(reader: &Reader, region: &str, silenced: bool) -> Result<Live, AwsError> {
    let clients = &reader.clients;
    let client = clients.guardduty(region);
    let request = client.list_detectors().send();
    let detectors = LIST.answer(clients, region, request).await?;
    let Some(id) = detectors.detector_ids().first() else {
        return Ok(Live::default());
    };
    let detector = client.get_detector().detector_id(id).send();
    let administrator = client.get_administrator_account().detector_id(id).send();
    let (detector, administrator) = tokio::join!(
        GET.answer(clients, region, detector),
        GET_ADMINISTRATOR.answer(clients, region, administrator),
    );
    let (detector, administrator) = (detector?, administrator?);
    let administrator = administrator.administrator().and_then(in_charge);
    let silencing = match silenced && administrator.is_none() {
        true => silencing(reader, id, region).await?,
        false => Silencing::default(),
    };
    let features = detector.features().iter();
    let tags: BTreeMap<String, String> = detector
        .tags()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Ok(Live {
        by_policy: features
            .filter(|feature| is_by_policy(feature))
            .filter_map(|feature| name(feature).map(str::to_owned))
            .collect(),
        detector: Some(Detector::from(&detector)),
        id: Some(id.clone()),
        administrator,
        unfinished: tags.get(STATE).is_some_and(|state| state == UNFINISHED),
        owner: owner("", &tags),
        silencing,
        asked: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_account_in_charge_administers() {
        let status = |status| {
            let administrator = Administrator::builder().account_id("1");
            in_charge(&administrator.relationship_status(status).build())
        };
        assert_eq!(status("Enabled").as_deref(), Some("1"));
        assert_eq!(status("Removed"), None);
    }
}

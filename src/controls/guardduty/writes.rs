//! The writes. AWS changes of a detector what is sent and nothing else.

use super::features::{EKS_RUNTIME, Feature, RUNTIME};
use super::state::{Detector, FINISHED, GET, LIST, STATE, UNFINISHED};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::Context;
use crate::model::KNOWN_AFTER;
use aws_sdk_guardduty::types::{DetectorAdditionalConfiguration, DetectorFeatureConfiguration};
use serde::{Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

pub const DETECTOR_ARN: &str = "arn:{partition}:guardduty:{region}:{account}:detector/*";

const ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty";
const MALWARE_ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/malware-protection.guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDutyMalwareProtection";

/// GuardDuty makes its own roles, in the name of the caller.
const OWN_ROLE: Grant = Grant::on("iam:CreateServiceLinkedRole", ROLE)
    .when("iam:AWSServiceName", "guardduty.amazonaws.com");
const OWN_MALWARE_ROLE: Grant = Grant::on("iam:CreateServiceLinkedRole", MALWARE_ROLE)
    .when("iam:AWSServiceName", "malware-protection.guardduty.amazonaws.com");

/// A feature in a request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureInput {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_configuration: Vec<PartInput>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PartInput {
    name: String,
    status: &'static str,
}

fn status(enabled: bool) -> &'static str {
    match enabled {
        true => "ENABLED",
        false => "DISABLED",
    }
}

impl FeatureInput {
    /// The feature with all that belongs to it; of one that is off nothing else is said.
    pub fn new(name: &str, feature: &Feature) -> Self {
        let parts = feature.additional.iter().filter(|_| feature.enabled);
        Self {
            name: name.to_owned(),
            status: status(feature.enabled),
            additional_configuration: parts
                .map(|(name, enabled)| PartInput { name: name.clone(), status: status(*enabled) })
                .collect(),
        }
    }

    /// What makes a live feature another: the same, and the parts that go off together with it.
    pub fn change(name: &str, live: &Feature, wanted: &Feature) -> Self {
        let goes_off = |part: &&String| {
            !wanted.enabled
                && live.additional.get(*part) == Some(&true)
                && wanted.additional.get(*part) == Some(&false)
        };
        let parts = wanted.additional.keys().filter(goes_off);
        let parts = parts.map(|part| PartInput { name: part.clone(), status: status(false) });
        let mut input = Self::new(name, wanted);
        input.additional_configuration.extend(parts);
        input
    }

    fn sdk(&self) -> DetectorFeatureConfiguration {
        let parts = self.additional_configuration.iter().map(|part| {
            DetectorAdditionalConfiguration::builder()
                .name(part.name.as_str().into())
                .status(part.status.into())
                .build()
        });
        let parts: Vec<_> = parts.collect();
        DetectorFeatureConfiguration::builder()
            .name(self.name.as_str().into())
            .status(self.status.into())
            .set_additional_configuration(Some(parts).filter(|parts| !parts.is_empty()))
            .build()
    }
}

/// Splits features into requests: AWS refuses one that names both kinds of runtime monitoring. The
/// one that is switched on comes first.
pub fn requests(features: Vec<FeatureInput>) -> Vec<Vec<FeatureInput>> {
    let has = |name| features.iter().any(|feature| feature.name == name);
    if !(has(RUNTIME) && has(EKS_RUNTIME)) {
        return vec![features];
    }
    let (eks, others): (Vec<_>, Vec<_>) =
        features.into_iter().partition(|feature| feature.name == EKS_RUNTIME);
    match eks.iter().any(|feature| feature.status == status(true)) {
        true => vec![eks, others],
        false => vec![others, eks],
    }
}

/// Creates the detector. One that is already there is success: the next call looks at it.
///
/// It names no feature, because what AWS answers about one that the region lacks is not documented,
/// and no region may stay without a detector for that. AWS switches the features on, save runtime
/// monitoring; the next calls switch off what is not declared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDetector {
    enable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding_publishing_frequency: Option<String>,
    tags: BTreeMap<String, String>,
    #[serde(skip)]
    region: String,
}

impl CreateDetector {
    /// A detector with these tags and that of one that is not yet configured.
    pub fn new(
        frequency: Option<String>,
        mut tags: BTreeMap<String, String>,
        region: &str,
    ) -> Self {
        tags.insert(STATE.to_owned(), UNFINISHED.to_owned());
        Self {
            enable: true,
            finding_publishing_frequency: frequency,
            tags,
            region: region.to_owned(),
        }
    }
}

impl Write for CreateDetector {
    const OPERATION: Operation = Operation::new(
        "guardduty",
        "CreateDetector",
        &[
            Grant::any("guardduty:CreateDetector"),
            Grant::on("guardduty:TagResource", DETECTOR_ARN),
            Grant::on("iam:GetRole", ROLE),
            OWN_ROLE,
            Grant::on("iam:GetRole", MALWARE_ROLE),
            OWN_MALWARE_ROLE,
        ],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let frequency = self.finding_publishing_frequency.as_deref();
        let request = clients
            .guardduty(&self.region)
            .create_detector()
            .enable(self.enable)
            .set_finding_publishing_frequency(frequency.map(Into::into))
            .set_tags(Some(self.tags.clone().into_iter().collect()));
        match sent(self, request.send().await) {
            Err(error)
                if error.is("BadRequestException")
                    && error.message.contains("detector already exists") =>
            {
                Ok(())
            }
            answer => answer,
        }
    }
}

/// How often the list is asked for a detector that was created a moment ago: for some 15 seconds.
const LOOKS: u32 = 12;

/// The id of the detector of a region, which exists: CreateDetector comes before. A list that lags
/// behind is asked again, for a detector that is not configured costs money.
pub async fn listed(clients: &Clients, region: &str) -> Result<String, AwsError> {
    for look in 0..LOOKS {
        let detectors = clients.guardduty(region).list_detectors().send().await;
        let detectors = detectors.map_err(|error| AwsError::new(&LIST, region, error))?;
        if let Some(id) = detectors.detector_ids().first() {
            return Ok(id.clone());
        }
        tokio::time::sleep(Duration::from_millis(200) * (look + 1)).await;
    }
    let text = "the detector that was created is not in the list yet: run it again";
    Err(AwsError::unexpected(&LIST, region, text))
}

/// The detector of a region that a run has created and not yet configured: its id and features.
/// The writes below come after CreateDetector, which does not tell them the id.
async fn unfinished(
    clients: &Clients,
    region: &str,
) -> Result<Option<(String, BTreeMap<String, Feature>)>, AwsError> {
    let id = &listed(clients, region).await?;
    let client = clients.guardduty(region);
    let detector = client.get_detector().detector_id(id).send().await;
    let detector = detector.map_err(|error| AwsError::new(&GET, region, error))?;
    let is_ours =
        detector.tags().and_then(|tags| tags.get(STATE)).is_some_and(|state| state == UNFINISHED);
    let features = Detector::from(&detector).features;
    Ok(is_ours.then(|| (id.clone(), features)))
}

/// Gives a detector that the call before has created the features that are declared, and switches
/// off the others: by name, once it is known which features came up in the region. A detector that
/// somebody else created meanwhile is left as it is.
#[derive(Debug)]
pub struct FinishDetector {
    declared: BTreeMap<String, Feature>,
    region: String,
}

impl FinishDetector {
    /// What is declared, for the detector of a region.
    pub fn new(declared: BTreeMap<String, Feature>, region: &str) -> Self {
        Self { declared, region: region.to_owned() }
    }
}

impl Serialize for FinishDetector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wanted = self.declared.iter().filter(|(_, own)| own.enabled);
        let wanted = wanted.map(|(name, own)| FeatureInput::new(name, own));
        let others = FeatureInput {
            name: KNOWN_AFTER.to_owned(),
            status: status(false),
            additional_configuration: Vec::new(),
        };
        let features: Vec<_> = wanted.chain([others]).collect();
        json!({"DetectorId": KNOWN_AFTER, "Features": features}).serialize(serializer)
    }
}

impl Write for FinishDetector {
    const OPERATION: Operation = UpdateDetector::OPERATION;

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let Some((id, features)) = unfinished(clients, &self.region).await? else {
            return Ok(());
        };
        let mut update = UpdateDetector::new(&id, &self.region);
        update.features = at_first(&self.declared, &features);
        match update.features.is_empty() {
            true => Ok(()),
            false => Write::send(&update, clients).await,
        }
    }
}

/// The features of a new detector: those of the region, each as it is declared, and off where it
/// is not. Only one kind of runtime monitoring may be named; the other is off in a new detector, or
/// covered by the first.
pub fn at_first(
    declared: &BTreeMap<String, Feature>,
    offered: &BTreeMap<String, Feature>,
) -> Vec<FeatureInput> {
    let wants = |name: &str| declared.get(name).is_some_and(|own| own.enabled);
    let unnamed = match wants(EKS_RUNTIME) || !offered.contains_key(RUNTIME) {
        true => RUNTIME,
        false => EKS_RUNTIME,
    };
    let named = offered.iter().filter(|(name, _)| **name != unnamed);
    named
        .map(|(name, live)| {
            let mut feature = declared.get(name).cloned().unwrap_or_default();
            feature.additional.retain(|part, _| live.additional.contains_key(part));
            FeatureInput::new(name, &feature)
        })
        .collect()
}

/// Says by its tag that a detector is configured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MarkFinished {
    resource_arn: String,
    tags: BTreeMap<&'static str, &'static str>,
    /// What the ARN of a detector of the region begins with.
    #[serde(skip)]
    arns: String,
    #[serde(skip)]
    region: String,
}

impl MarkFinished {
    /// For the detector of a region; without an id for the one that the calls before create.
    pub fn new(id: Option<&str>, region: &str, context: &Context) -> Self {
        let (partition, account) = (&context.partition, &context.account);
        let arns = format!("arn:{partition}:guardduty:{region}:{account}:detector/");
        Self {
            resource_arn: match id {
                Some(id) => format!("{arns}{id}"),
                None => KNOWN_AFTER.to_owned(),
            },
            tags: BTreeMap::from([(STATE, FINISHED)]),
            arns,
            region: region.to_owned(),
        }
    }
}

impl Write for MarkFinished {
    const OPERATION: Operation = Operation::new(
        "guardduty",
        "TagResource",
        &[Grant::on("guardduty:TagResource", DETECTOR_ARN)],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let arn = match self.resource_arn.as_str() {
            KNOWN_AFTER => match unfinished(clients, &self.region).await? {
                Some((id, _)) => format!("{}{id}", self.arns),
                None => return Ok(()),
            },
            arn => arn.to_owned(),
        };
        let request =
            clients.guardduty(&self.region).tag_resource().resource_arn(arn).tags(STATE, FINISHED);
        sent(self, request.send().await)
    }
}

/// Changes the detector.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateDetector {
    detector_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding_publishing_frequency: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<FeatureInput>,
    #[serde(skip)]
    region: String,
}

impl UpdateDetector {
    /// A call that changes nothing yet.
    pub fn new(id: &str, region: &str) -> Self {
        Self {
            detector_id: id.to_owned(),
            enable: None,
            finding_publishing_frequency: None,
            features: Vec::new(),
            region: region.to_owned(),
        }
    }
}

impl Write for UpdateDetector {
    const OPERATION: Operation = Operation::new(
        "guardduty",
        "UpdateDetector",
        &[
            Grant::on("guardduty:UpdateDetector", DETECTOR_ARN),
            Grant::on("iam:GetRole", MALWARE_ROLE),
            OWN_MALWARE_ROLE,
        ],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let features: Vec<_> = self.features.iter().map(FeatureInput::sdk).collect();
        let frequency = self.finding_publishing_frequency.as_deref();
        let request = clients
            .guardduty(&self.region)
            .update_detector()
            .detector_id(&self.detector_id)
            .set_enable(self.enable)
            .set_finding_publishing_frequency(frequency.map(Into::into))
            .set_features(Some(features).filter(|features| !features.is_empty()));
        sent(self, request.send().await)
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::Declared;
    use super::*;

    fn input(name: &str, enabled: bool) -> FeatureInput {
        let feature = Feature { enabled, ..Feature::default() };
        FeatureInput::new(name, &feature)
    }

    fn names(features: &[FeatureInput]) -> Vec<&str> {
        features.iter().map(|feature| feature.name.as_str()).collect()
    }

    #[test]
    fn both_kinds_of_runtime_monitoring_go_in_two_requests_the_protecting_one_first() {
        let split = |eks: bool| {
            let features = ["S3_DATA_EVENTS", RUNTIME].map(|name| input(name, !eks));
            let features = [&features[..], &[input(EKS_RUNTIME, eks)]].concat();
            let requests = requests(features);
            requests.iter().map(|r| names(r).join(" ")).collect::<Vec<_>>()
        };
        let others = "S3_DATA_EVENTS RUNTIME_MONITORING";
        assert_eq!(split(true), [EKS_RUNTIME, others]);
        assert_eq!(split(false), [others, EKS_RUNTIME]);
    }

    #[test]
    fn what_belongs_to_a_feature_goes_off_together_with_it() {
        let feature = |enabled, agent, addon| Feature {
            enabled,
            additional: BTreeMap::from([
                ("EC2_AGENT_MANAGEMENT".to_owned(), agent),
                ("EKS_ADDON_MANAGEMENT".to_owned(), addon),
            ]),
        };
        let change = |live, wanted| {
            let input = FeatureInput::change(RUNTIME, &live, &wanted);
            let parts = input.additional_configuration.into_iter();
            parts.map(|part| format!("{} {}", part.name, part.status)).collect::<Vec<_>>()
        };
        let off = feature(false, false, true);
        let parts = change(feature(true, true, true), off.clone());
        assert_eq!(parts, ["EC2_AGENT_MANAGEMENT DISABLED"]);
        assert!(change(off.clone(), off).is_empty());
    }

    #[test]
    fn a_new_detector_is_told_of_the_features_of_its_region_and_of_one_runtime_monitoring() {
        let named = |declared: &str, offered: &[&str]| {
            let declared: BTreeMap<String, Declared> =
                toml::from_str(declared).expect("the test's TOML is valid");
            let declared = declared.iter().map(|(name, own)| (name.clone(), own.at_first()));
            let declared = declared.collect();
            let offered = offered.iter();
            let offered = offered.map(|name| ((*name).to_owned(), Feature::default()));
            let inputs = at_first(&declared, &offered.collect()).into_iter();
            inputs.map(|own| format!("{} {}", own.name, own.status)).collect::<Vec<_>>()
        };
        let all = ["S3_DATA_EVENTS", RUNTIME, EKS_RUNTIME, "NEW"];
        let s3 = "S3_DATA_EVENTS = true\nAI_ANALYST = true";
        let wanted = ["NEW DISABLED", "RUNTIME_MONITORING DISABLED", "S3_DATA_EVENTS ENABLED"];
        assert_eq!(named(s3, &all), wanted);
        let eks = named("EKS_RUNTIME_MONITORING = true", &all);
        assert_eq!(eks[0], "EKS_RUNTIME_MONITORING ENABLED");
        assert!(!eks.iter().any(|own| own.starts_with(RUNTIME)), "{eks:?}");
        assert_eq!(named("", &[EKS_RUNTIME]), ["EKS_RUNTIME_MONITORING DISABLED"]);
        assert!(named(s3, &[]).is_empty());
    }
}

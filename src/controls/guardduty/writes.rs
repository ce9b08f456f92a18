//! The writes. AWS changes of a detector what is sent and nothing else.

use super::features::{EKS_RUNTIME, Feature, RUNTIME};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use aws_sdk_guardduty::operation::create_detector::CreateDetectorOutput;
use aws_sdk_guardduty::types::{DetectorAdditionalConfiguration, DetectorFeatureConfiguration};
use serde::Serialize;
use std::collections::BTreeMap;

pub const DETECTOR_ARN: &str = "arn:{partition}:guardduty:{region}:{account}:detector/*";

const ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty";
const MALWARE_ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/malware-protection.guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDutyMalwareProtection";

/// GuardDuty makes its own roles, in the name of the caller.
const OWN_ROLE: Grant = Grant::on("iam:CreateServiceLinkedRole", ROLE)
    .when("iam:AWSServiceName", "guardduty.amazonaws.com");
const OWN_MALWARE_ROLE: Grant = Grant::on("iam:CreateServiceLinkedRole", MALWARE_ROLE).when(
    "iam:AWSServiceName",
    "malware-protection.guardduty.amazonaws.com",
);

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
                .map(|(name, enabled)| PartInput {
                    name: name.clone(),
                    status: status(*enabled),
                })
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
        let parts = parts.map(|part| PartInput {
            name: part.clone(),
            status: status(false),
        });
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
    let (eks, others): (Vec<_>, Vec<_>) = features
        .into_iter()
        .partition(|feature| feature.name == EKS_RUNTIME);
    match eks.iter().any(|feature| feature.status == status(true)) {
        true => vec![eks, others],
        false => vec![others, eks],
    }
}

/// Creates the detector. One that is already there is success. A feature to switch off that the
/// region does not have is left out, and the call is repeated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateDetector {
    enable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding_publishing_frequency: Option<String>,
    features: Vec<FeatureInput>,
    tags: BTreeMap<String, String>,
    #[serde(skip)]
    region: String,
}

impl CreateDetector {
    pub fn new(
        frequency: Option<String>,
        features: Vec<FeatureInput>,
        tags: BTreeMap<String, String>,
        region: &str,
    ) -> Self {
        Self {
            enable: true,
            finding_publishing_frequency: frequency,
            features,
            tags,
            region: region.to_owned(),
        }
    }

    async fn send_with(
        &self,
        features: &[FeatureInput],
        clients: &Clients,
    ) -> Result<(), AwsError> {
        let features: Vec<_> = features.iter().map(FeatureInput::sdk).collect();
        let frequency = self.finding_publishing_frequency.as_deref();
        let request = clients
            .guardduty(&self.region)
            .create_detector()
            .enable(self.enable)
            .set_finding_publishing_frequency(frequency.map(Into::into))
            .set_features(Some(features))
            .set_tags(Some(self.tags.clone().into_iter().collect()));
        let answer = request.send().await;
        let left_out = match &answer {
            Ok(answer) => unprocessed(answer),
            Err(_) => None,
        };
        sent(self, answer)?;
        match left_out {
            Some(what) => Err(AwsError::unexpected(&Self::OPERATION, &self.region, &what)),
            None => Ok(()),
        }
    }
}

/// What a detector was created without: the answer is a success all the same.
fn unprocessed(answer: &CreateDetectorOutput) -> Option<String> {
    let sources = answer.unprocessed_data_sources()?;
    let malware = sources
        .malware_protection()?
        .scan_ec2_instance_with_findings()?;
    let reason = malware
        .ebs_volumes()
        .and_then(|volumes| volumes.reason())
        .unwrap_or("AWS gives no reason");
    Some(format!(
        "the detector is there, but without malware scans of volumes: {reason}"
    ))
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
        let mut features = self.features.clone();
        loop {
            let Err(error) = self.send_with(&features, clients).await else {
                return Ok(());
            };
            if !error.is("BadRequestException") {
                return Err(error);
            }
            if error.message.contains("detector already exists") {
                return Ok(());
            }
            match refused(&features, &error.message) {
                Some(at) => features.remove(at),
                None => return Err(error),
            };
        }
    }
}

/// How a refusal says that a region does not have a feature.
const NOT_HERE: [&str; 4] = [
    "not available",
    "unavailable",
    "not supported",
    "unsupported",
];

/// The feature that a refusal says the region does not have; the read-back notes it as not offered.
/// Any other refusal stands: AWS switches on what it is not told about. One name is part of
/// another, so the longest counts.
fn refused(features: &[FeatureInput], message: &str) -> Option<usize> {
    let lower = message.to_lowercase();
    let of_the_region = lower.contains("region");
    if !of_the_region || !NOT_HERE.iter().any(|text| lower.contains(text)) {
        return None;
    }
    let named = features.iter().enumerate();
    let named = named.filter(|(_, feature)| message.contains(&feature.name));
    named
        .max_by_key(|(_, feature)| feature.name.len())
        .map(|(at, _)| at)
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
    use super::*;

    fn input(name: &str, enabled: bool) -> FeatureInput {
        let feature = Feature {
            enabled,
            ..Feature::default()
        };
        FeatureInput::new(name, &feature)
    }

    fn names(features: &[FeatureInput]) -> Vec<&str> {
        features
            .iter()
            .map(|feature| feature.name.as_str())
            .collect()
    }

    #[test]
    fn a_detector_that_was_made_without_a_source_is_no_success() {
        use aws_sdk_guardduty::types as sdk;
        let whole = CreateDetectorOutput::builder().detector_id("d").build();
        assert_eq!(unprocessed(&whole), None);
        let volumes = sdk::EbsVolumesResult::builder().reason("no role").build();
        let scan = sdk::ScanEc2InstanceWithFindingsResult::builder().ebs_volumes(volumes);
        let malware = sdk::MalwareProtectionConfigurationResult::builder()
            .scan_ec2_instance_with_findings(scan.build());
        let sources = sdk::UnprocessedDataSourcesResult::builder()
            .malware_protection(malware.build())
            .build();
        let part = CreateDetectorOutput::builder()
            .unprocessed_data_sources(sources)
            .build();
        let text = "the detector is there, but without malware scans of volumes: no role";
        assert_eq!(unprocessed(&part).as_deref(), Some(text));
    }

    #[test]
    fn both_kinds_of_runtime_monitoring_go_in_two_requests_the_protecting_one_first() {
        let split = |eks: bool| {
            let features = ["S3_DATA_EVENTS", RUNTIME].map(|name| input(name, !eks));
            let features = [&features[..], &[input(EKS_RUNTIME, eks)]].concat();
            let requests = requests(features);
            requests
                .iter()
                .map(|r| names(r).join(" "))
                .collect::<Vec<_>>()
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
            parts
                .map(|part| format!("{} {}", part.name, part.status))
                .collect::<Vec<_>>()
        };
        let off = feature(false, false, true);
        let parts = change(feature(true, true, true), off.clone());
        assert_eq!(parts, ["EC2_AGENT_MANAGEMENT DISABLED"]);
        assert!(change(off.clone(), off).is_empty());
    }

    #[test]
    fn a_refusal_names_the_feature_that_the_region_lacks() {
        let features = [input(RUNTIME, true), input(EKS_RUNTIME, false)];
        let text = "the feature EKS_RUNTIME_MONITORING is not available in this region";
        assert_eq!(refused(&features, text), Some(1));
        assert_eq!(refused(&features, "an invalid value"), None);
    }

    #[test]
    fn any_other_refusal_of_a_feature_stands() {
        let features = [input(RUNTIME, true), input(EKS_RUNTIME, false)];
        let wrong = "the value of EKS_RUNTIME_MONITORING is invalid";
        assert_eq!(refused(&features, wrong), None);
        // Not of the region: leaving the feature out would let AWS switch it on.
        let elsewhere = "EKS_RUNTIME_MONITORING is not supported for this account";
        assert_eq!(refused(&features, elsewhere), None);
    }
}

//! The export of findings: where the detector of a region publishes them, and the calls that set it up.
//!
//! In practice a detector has one destination. GuardDuty tries it before it is published to, so that
//! bucket and key must let it in first. Source: GuardDuty User Guide, "Exporting findings".

use super::silencing::{self, Silencing};
use super::writes::{DETECTOR_ARN, listed};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::{At, Context, Steps};
use crate::controls::exports::{Target, key_arn};
use crate::model::KNOWN_AFTER;
use crate::s3;
use aws_sdk_guardduty::types::{DestinationProperties, DestinationType};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

/// An export, as calls change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// Its id; nothing for one that is to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it goes.
    pub target: Target,
}

impl From<&silencing::Export> for Exported {
    fn from(own: &silencing::Export) -> Self {
        let name = own.destination.rsplit(":::").next().unwrap_or_default();
        let (bucket, prefix) = name.split_once('/').unwrap_or((name, ""));
        let prefix = prefix.trim_matches('/');
        let target = Target {
            bucket: bucket.to_owned(),
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            kms_key: own.key.clone().unwrap_or_default(),
            expected_owner: own.expected_owner.clone(),
        };
        Self { id: Some(own.id.clone()), target }
    }
}

/// The export that is changed if another is asked for.
pub fn first(silencing: &Silencing) -> Option<Exported> {
    silencing.exports.first().map(Exported::from)
}

/// The calls that make one export another; none takes it away.
pub fn steps(
    detector: Option<&str>,
    from: Option<&Exported>,
    to: Option<&Exported>,
    at: At<'_>,
) -> Steps {
    let mut steps = Steps::default();
    let Some(to) = to.filter(|to| from != Some(*to)) else {
        return steps;
    };
    to.target.before(&mut steps, at);
    let put = Put::new(detector, to, at);
    match &to.id {
        Some(_) => steps.call(UpdateDestination(put)),
        None => steps.call(CreateDestination(put)),
    }
    steps
}

/// What both calls say.
#[derive(Debug)]
struct Put {
    detector: Option<String>,
    id: Option<String>,
    target: Target,
    destination: String,
    shown_key: String,
    home_region: String,
    region: String,
}

impl Put {
    fn new(detector: Option<&str>, to: &Exported, at: At<'_>) -> Self {
        let Context { partition, home_region, .. } = at.context;
        let bucket = s3::arn(partition, &to.target.bucket);
        let prefix = to.target.prefix.as_ref();
        Self {
            detector: detector.map(str::to_owned),
            id: to.id.clone(),
            destination: prefix.map_or(bucket.clone(), |prefix| format!("{bucket}/{prefix}/")),
            shown_key: to.target.shown_key(at.context),
            target: to.target.clone(),
            home_region: home_region.clone(),
            region: at.region().to_owned(),
        }
    }

    async fn detector(&self, clients: &Clients) -> Result<String, AwsError> {
        match &self.detector {
            Some(id) => Ok(id.clone()),
            None => listed(clients, &self.region).await,
        }
    }

    async fn properties(&self, clients: &Clients) -> Result<DestinationProperties, AwsError> {
        let key = key_arn(&self.target.kms_key, &self.home_region, clients).await?;
        Ok(DestinationProperties::builder()
            .destination_arn(&self.destination)
            .kms_key_arn(key)
            .set_expected_bucket_owner(self.target.expected_owner.clone())
            .build())
    }
}

impl Serialize for Put {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut properties =
            json!({"DestinationArn": self.destination, "KmsKeyArn": self.shown_key});
        if let Some(owner) = &self.target.expected_owner {
            properties["ExpectedBucketOwner"] = json!(owner);
        }
        let mut shown = json!({
            "DetectorId": self.detector.as_deref().unwrap_or(KNOWN_AFTER),
            "DestinationProperties": properties,
        });
        match &self.id {
            Some(id) => shown["DestinationId"] = json!(id),
            None => shown["DestinationType"] = json!("S3"),
        }
        shown.serialize(serializer)
    }
}

/// Sets up an export.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct CreateDestination(Put);

/// Exports to another place, or with another key.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct UpdateDestination(Put);

impl Write for CreateDestination {
    const OPERATION: Operation = Operation::new(
        "guardduty",
        "CreatePublishingDestination",
        &[Grant::on("guardduty:CreatePublishingDestination", DETECTOR_ARN)],
    );

    fn region(&self) -> &str {
        &self.0.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let own = &self.0;
        let request = clients
            .guardduty(&own.region)
            .create_publishing_destination()
            .detector_id(own.detector(clients).await?)
            .destination_type(DestinationType::S3)
            .destination_properties(own.properties(clients).await?);
        sent(self, request.send().await)
    }
}

impl Write for UpdateDestination {
    const OPERATION: Operation = Operation::new(
        "guardduty",
        "UpdatePublishingDestination",
        &[Grant::on("guardduty:UpdatePublishingDestination", DETECTOR_ARN)],
    );

    fn region(&self) -> &str {
        &self.0.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let own = &self.0;
        let request = clients
            .guardduty(&own.region)
            .update_publishing_destination()
            .detector_id(own.detector(clients).await?)
            .set_destination_id(own.id.clone())
            .destination_properties(own.properties(clients).await?);
        sent(self, request.send().await)
    }
}

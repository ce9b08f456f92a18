//! The calls that make a session another.

use super::State;
use super::live::AT_FIRST;
use super::wire::{
    ENABLE, ExportConfiguration, NewDiscovery, NewExport, NewPublication, NewSession,
    PublicationMembers, S3Destination, SET_DISCOVERY, SET_EXPORT, SET_PUBLICATION, UPDATE,
};
use crate::aws::{AnyWrite, AwsError, Call, Clients, Operation, Propagation, Receipt};
use crate::control::{At, Steps};
use crate::controls::exports::{Target, key_arn};
use futures_util::future::BoxFuture;
use std::any::Any;
use std::fmt;

/// From one state to another: first the session, for without it nothing else is answered.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    let (mut steps, region) = (Steps::default(), at.region());
    let frequency = to.publishing_frequency.clone();
    let status = |on: bool| if on { "ENABLED" } else { "PAUSED" }.to_owned();
    match (from.enabled, to.enabled) {
        (None, Some(on)) => {
            let status = Some(status(on));
            let input = NewSession { finding_publishing_frequency: frequency, status };
            steps.call(ENABLE.call(region, input));
        }
        (was, Some(on)) => {
            let status = (was != Some(on)).then(|| status(on));
            let frequency =
                frequency.filter(|_| from.publishing_frequency != to.publishing_frequency);
            if status.is_some() || frequency.is_some() {
                let input = NewSession { finding_publishing_frequency: frequency, status };
                steps.call(UPDATE.call(region, input));
            }
        }
        (_, None) => {}
    }
    // A paused session takes nothing else.
    if to.enabled != Some(true) {
        return steps;
    }
    // Whether it comes on with a new session has changed over time, so that it is always said.
    if let Some(on) = to.automated_discovery.filter(|on| from.automated_discovery != Some(*on)) {
        let status = if on { "ENABLED" } else { "DISABLED" }.to_owned();
        steps.call(SET_DISCOVERY.call(region, NewDiscovery { status }));
    }
    let published = match from.enabled {
        None => Some(AT_FIRST),
        Some(_) => from.publication,
    };
    if let Some(own) = to.publication.filter(|own| published != Some(*own)) {
        let security_hub_configuration = PublicationMembers {
            publish_classification_findings: own.sensitive_data_findings,
            publish_policy_findings: own.policy_findings,
        };
        steps.call(SET_PUBLICATION.call(region, NewPublication { security_hub_configuration }));
    }
    if from.export != to.export {
        if let Some(target) = &to.export {
            target.before(&mut steps, at);
        }
        steps.call(PutExport::new(to.export.clone(), at));
    }
    steps
}

/// Sets where results are exported to; without a target they are exported no more.
struct PutExport {
    target: Option<Target>,
    /// The ARN of the key, as far as it is known.
    shown_key: String,
    home_region: String,
    region: String,
}

impl PutExport {
    fn new(target: Option<Target>, at: At<'_>) -> Self {
        let shown_key = target.as_ref().map(|own| own.shown_key(at.context));
        Self {
            target,
            shown_key: shown_key.unwrap_or_default(),
            home_region: at.context.home_region.clone(),
            region: at.region().to_owned(),
        }
    }

    fn with_key(&self, kms_key_arn: String) -> impl AnyWrite + use<> {
        let s3_destination = self.target.as_ref().map(|own| S3Destination {
            bucket_name: own.bucket.clone(),
            key_prefix: own.prefix.as_ref().map(|prefix| format!("{prefix}/")),
            expected_bucket_owner: own.expected_owner.clone(),
            kms_key_arn,
        });
        let configuration = ExportConfiguration { s3_destination };
        SET_EXPORT.call(&self.region, NewExport { configuration })
    }
}

impl fmt::Debug for PutExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "macie2:PutClassificationExportConfiguration in {}", self.region)
    }
}

impl AnyWrite for PutExport {
    fn call(&self) -> Call {
        self.with_key(self.shown_key.clone()).call()
    }

    fn operation(&self) -> &'static Operation {
        const { &SET_EXPORT.operation }
    }

    fn propagating(&self) -> &'static [Propagation] {
        &[]
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(async move {
            let key = match &self.target {
                Some(own) => key_arn(&own.kms_key, &self.home_region, clients).await?,
                None => String::new(),
            };
            self.with_key(key).send(clients).await
        })
    }

    fn merge(&mut self, _later: &dyn AnyWrite) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

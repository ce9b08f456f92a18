//! SNS topics that things are announced to: alerts, finished log files, changes of configuration.

use super::AwsError;
use super::door::Typed;
use super::facts::Reader;
use super::services::SNS;
use super::{Grant, keys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Reads a topic by its ARN.
pub const GET_TOPIC: Typed<TopicArn, Attributes> = Typed::new(
    &SNS,
    "GetTopicAttributes",
    &[Grant::on("sns:GetTopicAttributes", "arn:{partition}:sns:*:{account}:*")],
);

/// Which topic is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicArn {
    topic_arn: String,
}

/// What SNS answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    attributes: BTreeMap<String, String>,
}

/// A topic as SNS knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Who may publish to it, and subscribe: a policy document.
    pub policy: String,
    /// The KMS key that encrypts it, by alias, id or ARN.
    pub key: Option<String>,
    /// How many endpoints have confirmed that they want to hear from it.
    pub confirmed: u64,
}

impl Reader {
    /// The topic of an ARN, asked once however many rely on it; `None` when there is none.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn topic(&self, arn: &str) -> Result<Option<Topic>, AwsError> {
        let region = keys::region(arn).unwrap_or_default();
        let read = Box::pin(async {
            let input = TopicArn { topic_arn: arn.to_owned() };
            match GET_TOPIC.ask(&self.clients, region, &input).await {
                Ok(Attributes { mut attributes }) => Ok(Some(Topic {
                    policy: attributes.remove("Policy").unwrap_or_default(),
                    key: attributes.remove("KmsMasterKeyId").filter(|key| !key.is_empty()),
                    confirmed: attributes
                        .get("SubscriptionsConfirmed")
                        .and_then(|count| count.parse().ok())
                        .unwrap_or_default(),
                })),
                // "NotFound" on the wire; the API Reference says NotFoundException.
                Err(error) if error.is("NotFound") || error.is("NotFoundException") => Ok(None),
                Err(error) => Err(error),
            }
        });
        self.once(&GET_TOPIC.operation, arn, read).await
    }
}

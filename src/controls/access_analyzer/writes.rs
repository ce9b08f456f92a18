//! The one write.

use super::live::ACCOUNT;
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use serde::Serialize;
use std::collections::BTreeMap;

pub const ANALYZER_ARN: &str = "arn:{partition}:access-analyzer:{region}:{account}:analyzer/*";

const ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer";

/// Creates an analyzer. One of the account that is there by now, under this or another name, is
/// adopted: the read-back finds it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAnalyzer {
    analyzer_name: String,
    r#type: &'static str,
    tags: BTreeMap<String, String>,
    #[serde(skip)]
    region: String,
}

impl CreateAnalyzer {
    pub fn new(
        name: &str,
        zone: &'static str,
        tags: BTreeMap<String, String>,
        region: &str,
    ) -> Self {
        Self {
            analyzer_name: name.to_owned(),
            r#type: zone,
            tags,
            region: region.to_owned(),
        }
    }
}

impl Write for CreateAnalyzer {
    const OPERATION: Operation = Operation::new(
        "accessanalyzer",
        "CreateAnalyzer",
        &[
            Grant::on("access-analyzer:CreateAnalyzer", ANALYZER_ARN),
            Grant::on("access-analyzer:TagResource", ANALYZER_ARN),
            Grant::on("iam:CreateServiceLinkedRole", ROLE)
                .when("iam:AWSServiceName", "access-analyzer.amazonaws.com"),
        ],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .accessanalyzer(&self.region)
            .create_analyzer()
            .analyzer_name(&self.analyzer_name)
            .r#type(self.r#type.into())
            .set_tags(Some(self.tags.clone().into_iter().collect()));
        match sent(self, request.send().await) {
            Err(error) if error.is("ConflictException") => Ok(()),
            // The account may have one; an organization may have had its fill of others.
            Err(error) if error.is("ServiceQuotaExceededException") && self.r#type == ACCOUNT => {
                Ok(())
            }
            answer => answer,
        }
    }
}

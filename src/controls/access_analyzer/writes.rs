//! The one write.

use super::live::ACCOUNT;
use crate::aws::Grant;
use crate::aws::door::{Call, Typed};
use crate::aws::services::ACCESS_ANALYZER;
use crate::control::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const ANALYZER_ARN: &str = "arn:{partition}:access-analyzer:{region}:{account}:analyzer/*";

const ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer";

/// Creates an analyzer of the organization, which may have had its fill of others.
const CREATE_OF_ORGANIZATION: Typed<NewAnalyzer> = Typed::rest(
    &ACCESS_ANALYZER,
    "CreateAnalyzer",
    "PUT /analyzer",
    &[
        Grant::on("access-analyzer:CreateAnalyzer", ANALYZER_ARN),
        Grant::on("access-analyzer:TagResource", ANALYZER_ARN),
        Grant::on("iam:CreateServiceLinkedRole", ROLE)
            .when("iam:AWSServiceName", "access-analyzer.amazonaws.com"),
    ],
)
.token("clientToken")
.already(&["ConflictException"]);

/// The same of the account. One that exists by now, under this or another name, is adopted: the
/// read-back finds it. The quota says that there is one, for more there may not be.
pub const CREATE: Typed<NewAnalyzer> =
    CREATE_OF_ORGANIZATION.already(&["ConflictException", "ServiceQuotaExceededException"]);

/// The analyzer that is created where there is none to adopt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct New {
    /// Its name.
    pub name: String,
    /// Its type, in AWS's word.
    pub r#type: String,
}

/// It as it is sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAnalyzer {
    analyzer_name: String,
    r#type: String,
    tags: BTreeMap<String, String>,
}

/// The call that creates it.
pub fn create(new: &New, at: At<'_>) -> Call<NewAnalyzer> {
    let New { name: analyzer_name, r#type } = new.clone();
    let create = if r#type == ACCOUNT { &CREATE } else { &CREATE_OF_ORGANIZATION };
    create.call(at.region(), NewAnalyzer { analyzer_name, r#type, tags: at.context.tags() })
}

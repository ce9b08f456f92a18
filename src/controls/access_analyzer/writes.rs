//! The one write.

use super::live::ACCOUNT;
use crate::aws::Grant;
use crate::aws::door::{Call, Typed};
use crate::aws::services::ACCESS_ANALYZER;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const ANALYZER_ARN: &str = "arn:{partition}:access-analyzer:{region}:{account}:analyzer/*";

const ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer";

const GRANTS: &[Grant] = &[
    Grant::on("access-analyzer:CreateAnalyzer", ANALYZER_ARN),
    Grant::on("access-analyzer:TagResource", ANALYZER_ARN),
    Grant::on("iam:CreateServiceLinkedRole", ROLE)
        .when("iam:AWSServiceName", "access-analyzer.amazonaws.com"),
];

/// Creates an analyzer of the account. One that exists by now, under this or another name, is
/// adopted: the read-back finds it. The quota says that there is one, for more there may not be.
pub const CREATE: Typed<NewAnalyzer> =
    Typed::rest(&ACCESS_ANALYZER, "CreateAnalyzer", "PUT /analyzer", GRANTS)
        .token("clientToken")
        .already(&["ConflictException", "ServiceQuotaExceededException"]);

/// The same of the organization, which may have had its fill of others.
const CREATE_OF_ORGANIZATION: Typed<NewAnalyzer> =
    Typed::rest(&ACCESS_ANALYZER, "CreateAnalyzer", "PUT /analyzer", GRANTS)
        .token("clientToken")
        .already(&["ConflictException"]);

/// A new analyzer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAnalyzer {
    analyzer_name: String,
    r#type: String,
    tags: BTreeMap<String, String>,
}

/// The call that creates an analyzer.
pub fn create(
    name: &str,
    zone: &str,
    tags: BTreeMap<String, String>,
    region: &str,
) -> Call<NewAnalyzer> {
    let new = NewAnalyzer { analyzer_name: name.to_owned(), r#type: zone.to_owned(), tags };
    match zone {
        ACCOUNT => CREATE.call(region, new),
        _ => CREATE_OF_ORGANIZATION.call(region, new),
    }
}

//! The operations of Inspector, their inputs and answers. Source: Inspector2 API Reference.

use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::INSPECTOR;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub accounts: Vec<AccountState>,
    #[serde(default)]
    pub failed_accounts: Vec<Failed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    pub error_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountState {
    pub state: ScanState,
    pub resource_state: ResourceState,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceState {
    pub ec2: ScanState,
    pub ecr: ScanState,
    pub lambda: Option<ScanState>,
    pub lambda_code: Option<ScanState>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanState {
    pub status: String,
    /// Present where nothing is wrong, too.
    pub error_code: Option<String>,
}

impl ScanState {
    /// Whether it scans, or will in a few minutes.
    pub fn is_on(&self) -> bool {
        matches!(self.status.as_str(), "ENABLED" | "ENABLING")
    }

    pub fn is_suspended(&self) -> bool {
        matches!(self.status.as_str(), "SUSPENDED" | "SUSPENDING")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationFound {
    pub ecr_configuration: Option<EcrFound>,
    pub ec2_configuration: Option<Ec2Found>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcrFound {
    pub rescan_duration_state: Option<RescanFound>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RescanFound {
    pub rescan_duration: Option<String>,
    pub pull_date_rescan_duration: Option<String>,
    pub pull_date_rescan_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Found {
    pub scan_mode_state: Option<ScanModeFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanModeFound {
    pub scan_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct DeepInspection {
    pub status: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct FiltersAsked {
    pub action: String,
}

#[derive(Debug, Deserialize)]
pub struct Filters {
    pub filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
pub struct Filter {
    pub arn: String,
    pub name: String,
    pub criteria: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegated {
    pub delegated_admin: Option<DelegatedAdmin>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DelegatedAdmin {
    pub account_id: Option<String>,
    pub relationship_status: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scans {
    pub resource_types: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecr_configuration: Option<NewEcr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2_configuration: Option<NewEc2>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEcr {
    pub rescan_duration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_date_rescan_duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_date_rescan_mode: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEc2 {
    pub scan_mode: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDeepInspection {
    pub activate_deep_inspection: bool,
}

/// Inspector makes its roles in the name of the caller.
const ROLE: Grant = Grant::on(
    "iam:CreateServiceLinkedRole",
    "arn:{partition}:iam::{account}:role/aws-service-role/inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2",
)
.when("iam:AWSServiceName", "inspector2.amazonaws.com");
const AGENTLESS_ROLE: Grant = Grant::on(
    "iam:CreateServiceLinkedRole",
    "arn:{partition}:iam::{account}:role/aws-service-role/agentless.inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2Agentless",
)
.when("iam:AWSServiceName", "agentless.inspector2.amazonaws.com");

// Save filters, nothing of Inspector can be named in a policy (Service Authorization Reference).
pub const GET_STATUS: Typed<Nothing, Status> = Typed::rest(
    &INSPECTOR,
    "BatchGetAccountStatus",
    "POST /status/batch/get",
    &[Grant::any("inspector2:BatchGetAccountStatus")],
);
pub const GET_ADMINISTRATOR: Typed<Nothing, Delegated> = Typed::rest(
    &INSPECTOR,
    "GetDelegatedAdminAccount",
    "POST /delegatedadminaccounts/get",
    &[Grant::any("inspector2:GetDelegatedAdminAccount")],
);
pub const GET_CONFIGURATION: Typed<Nothing, ConfigurationFound> = Typed::rest(
    &INSPECTOR,
    "GetConfiguration",
    "POST /configuration/get",
    &[Grant::any("inspector2:GetConfiguration")],
);
pub const GET_DEEP_INSPECTION: Typed<Nothing, DeepInspection> = Typed::rest(
    &INSPECTOR,
    "GetEc2DeepInspectionConfiguration",
    "POST /ec2deepinspectionconfiguration/get",
    &[Grant::any("inspector2:GetEc2DeepInspectionConfiguration")],
);
pub const LIST_FILTERS: Typed<FiltersAsked, Filters> = Typed::rest(
    &INSPECTOR,
    "ListFilters",
    "POST /filters/list",
    &[Grant::any("inspector2:ListFilters")],
)
.paged("nextToken", "nextToken");
pub const ENABLE: Typed<Scans> = Typed::rest(
    &INSPECTOR,
    "Enable",
    "POST /enable",
    &[Grant::any("inspector2:Enable"), ROLE, AGENTLESS_ROLE],
)
.token("clientToken");
pub const DISABLE: Typed<Scans> =
    Typed::rest(&INSPECTOR, "Disable", "POST /disable", &[Grant::any("inspector2:Disable")]);
pub const UPDATE_CONFIGURATION: Typed<NewConfiguration> = Typed::rest(
    &INSPECTOR,
    "UpdateConfiguration",
    "POST /configuration/update",
    &[Grant::any("inspector2:UpdateConfiguration")],
);
pub const UPDATE_DEEP_INSPECTION: Typed<NewDeepInspection> = Typed::rest(
    &INSPECTOR,
    "UpdateEc2DeepInspectionConfiguration",
    "POST /ec2deepinspectionconfiguration/update",
    &[Grant::any("inspector2:UpdateEc2DeepInspectionConfiguration")],
);

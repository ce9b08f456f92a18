//! The operations of Macie, their inputs and answers. Source: Macie API Reference.

use crate::aws::door::{Nothing, Typed};
use crate::aws::services::MACIE;
use crate::aws::{AwsError, Grant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionFound {
    pub status: Option<String>,
    pub finding_publishing_frequency: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding_publishing_frequency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct AdministratorFound {
    pub administrator: Option<Invitation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub account_id: Option<String>,
    pub relationship_status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryFound {
    pub status: Option<String>,
    pub classification_scope_id: Option<String>,
    pub sensitivity_inspection_template_id: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct NewDiscovery {
    pub status: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportFound {
    pub configuration: Option<ExportConfiguration>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct NewExport {
    pub configuration: ExportConfiguration,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_destination: Option<S3Destination>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Destination {
    pub bucket_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    pub kms_key_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_bucket_owner: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationFound {
    pub security_hub_configuration: Option<PublicationMembers>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPublication {
    pub security_hub_configuration: PublicationMembers,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationMembers {
    pub publish_classification_findings: bool,
    pub publish_policy_findings: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Id {
    pub id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FiltersFound {
    #[serde(default)]
    pub findings_filter_list_items: Vec<FilterListed>,
}

#[derive(Debug, Deserialize)]
pub struct FilterListed {
    pub id: String,
    pub name: String,
    pub action: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterFound {
    pub finding_criteria: Option<Criteria>,
}

#[derive(Debug, Deserialize)]
pub struct Criteria {
    #[serde(default)]
    pub criterion: BTreeMap<String, Criterion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Criterion {
    #[serde(default)]
    pub eq: Vec<String>,
    #[serde(default)]
    pub eq_exact_match: Vec<String>,
    #[serde(default)]
    pub neq: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowListsFound {
    #[serde(default)]
    pub allow_lists: Vec<AllowListed>,
}

#[derive(Debug, Deserialize)]
pub struct AllowListed {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct ScopeFound {
    pub s3: Option<ScopeOfS3>,
}

#[derive(Debug, Deserialize)]
pub struct ScopeOfS3 {
    pub excludes: Excludes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Excludes {
    #[serde(default)]
    pub bucket_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct TemplateFound {
    pub excludes: Option<ExcludedIdentifiers>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExcludedIdentifiers {
    #[serde(default)]
    pub managed_data_identifier_ids: Vec<String>,
}

/// How Macie answers every operation where it was never enabled, or was disabled: with the code of a
/// denial. Only the text tells the two apart, and a denial never has this one.
const NOT_ENABLED: &str = "Macie is not enabled";

/// Whether an error says that Macie is off, and not that the caller may not look.
pub fn is_not_enabled(error: &AwsError) -> bool {
    error.is("AccessDeniedException") && error.message.trim_end_matches('.') == NOT_ENABLED
}

/// Macie makes its role in the name of the caller.
const ROLE: Grant = Grant::on(
    "iam:CreateServiceLinkedRole",
    "arn:{partition}:iam::{account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie",
)
.when("iam:AWSServiceName", "macie.amazonaws.com");

// Of what is used here only filters can be named in a policy (Service Authorization Reference).
pub const GET_SESSION: Typed<Nothing, SessionFound> =
    Typed::rest(&MACIE, "GetMacieSession", "GET /macie", &[Grant::any("macie2:GetMacieSession")]);
pub const GET_ADMINISTRATOR: Typed<Nothing, AdministratorFound> = Typed::rest(
    &MACIE,
    "GetAdministratorAccount",
    "GET /administrator",
    &[Grant::any("macie2:GetAdministratorAccount")],
);
pub const GET_DISCOVERY: Typed<Nothing, DiscoveryFound> = Typed::rest(
    &MACIE,
    "GetAutomatedDiscoveryConfiguration",
    "GET /automated-discovery/configuration",
    &[Grant::any("macie2:GetAutomatedDiscoveryConfiguration")],
);
pub const GET_EXPORT: Typed<Nothing, ExportFound> = Typed::rest(
    &MACIE,
    "GetClassificationExportConfiguration",
    "GET /classification-export-configuration",
    &[Grant::any("macie2:GetClassificationExportConfiguration")],
);
pub const GET_PUBLICATION: Typed<Nothing, PublicationFound> = Typed::rest(
    &MACIE,
    "GetFindingsPublicationConfiguration",
    "GET /findings-publication-configuration",
    &[Grant::any("macie2:GetFindingsPublicationConfiguration")],
);
pub const LIST_FILTERS: Typed<Nothing, FiltersFound> = Typed::rest(
    &MACIE,
    "ListFindingsFilters",
    "GET /findingsfilters?nextToken={nextToken}",
    &[Grant::any("macie2:ListFindingsFilters")],
)
.paged("nextToken", "nextToken");
pub const GET_FILTER: Typed<Id, FilterFound> = Typed::rest(
    &MACIE,
    "GetFindingsFilter",
    "GET /findingsfilters/{id}",
    &[Grant::on(
        "macie2:GetFindingsFilter",
        "arn:{partition}:macie2:{region}:{account}:findings-filter/*",
    )],
);
pub const LIST_ALLOW_LISTS: Typed<Nothing, AllowListsFound> = Typed::rest(
    &MACIE,
    "ListAllowLists",
    "GET /allow-lists?nextToken={nextToken}",
    &[Grant::any("macie2:ListAllowLists")],
)
.paged("nextToken", "nextToken");
pub const GET_SCOPE: Typed<Id, ScopeFound> = Typed::rest(
    &MACIE,
    "GetClassificationScope",
    "GET /classification-scopes/{id}",
    &[Grant::any("macie2:GetClassificationScope")],
);
pub const GET_TEMPLATE: Typed<Id, TemplateFound> = Typed::rest(
    &MACIE,
    "GetSensitivityInspectionTemplate",
    "GET /templates/sensitivity-inspections/{id}",
    &[Grant::any("macie2:GetSensitivityInspectionTemplate")],
);
pub const ENABLE: Typed<NewSession> =
    Typed::rest(&MACIE, "EnableMacie", "POST /macie", &[Grant::any("macie2:EnableMacie"), ROLE])
        .token("clientToken")
        .already(&["ConflictException"]);
pub const UPDATE: Typed<NewSession> = Typed::rest(
    &MACIE,
    "UpdateMacieSession",
    "PATCH /macie",
    &[Grant::any("macie2:UpdateMacieSession")],
);
pub const SET_DISCOVERY: Typed<NewDiscovery> = Typed::rest(
    &MACIE,
    "UpdateAutomatedDiscoveryConfiguration",
    "PUT /automated-discovery/configuration",
    &[Grant::any("macie2:UpdateAutomatedDiscoveryConfiguration")],
);
pub const SET_EXPORT: Typed<NewExport> = Typed::rest(
    &MACIE,
    "PutClassificationExportConfiguration",
    "PUT /classification-export-configuration",
    &[Grant::any("macie2:PutClassificationExportConfiguration")],
);
pub const SET_PUBLICATION: Typed<NewPublication> = Typed::rest(
    &MACIE,
    "PutFindingsPublicationConfiguration",
    "PUT /findings-publication-configuration",
    &[Grant::any("macie2:PutFindingsPublicationConfiguration")],
)
.token("clientToken");

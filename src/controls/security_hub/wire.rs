//! The operations of Security Hub CSPM, their inputs and answers. Source: Security Hub API Reference.

use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::SECURITY_HUB;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most that is asked for in one page, and the most controls in one batch.
pub const PAGE: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HubFound {
    pub hub_arn: String,
    pub auto_enable_controls: Option<bool>,
    pub control_finding_generator: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HubV2Found {
    #[serde(rename = "HubV2Arn")]
    pub arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdministratorFound {
    pub administrator: Option<Invitation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Invitation {
    pub account_id: Option<String>,
    pub member_status: Option<String>,
}

/// How many are asked for at once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Page {
    pub max_results: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscriptions {
    pub standards_subscriptions: Vec<SubscriptionFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionFound {
    pub standards_arn: String,
    pub standards_status: String,
    pub standards_status_reason: Option<StatusReason>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusReason {
    pub status_reason_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StandardsFound {
    #[serde(default)]
    pub standards: Vec<StandardFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StandardFound {
    pub standards_arn: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DefinitionsAsked {
    pub standards_arn: String,
    pub max_results: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Definitions {
    pub security_control_definitions: Vec<Definition>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Definition {
    pub security_control_id: String,
    pub title: String,
    pub severity_rating: String,
    pub current_region_availability: String,
    /// What of it can be customized.
    pub customizable_properties: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationsAsked {
    pub standards_control_association_ids: Vec<AssociationId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationId {
    pub security_control_id: String,
    pub standards_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Associations {
    pub standards_control_association_details: Vec<Association>,
    #[serde(default)]
    pub unprocessed_associations: Vec<Unprocessed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Association {
    pub security_control_id: String,
    pub association_status: String,
    pub updated_reason: Option<String>,
    pub standards_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Unprocessed {
    pub error_code: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ControlsAsked {
    pub security_control_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Controls {
    pub security_controls: Vec<ControlFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ControlFound {
    pub security_control_id: String,
    pub parameters: Option<BTreeMap<String, Parameter>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    pub value_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProductsOn {
    #[serde(default)]
    pub product_subscriptions: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Product {
    pub product_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProductsFound {
    pub products: Vec<Product>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RulesFound {
    #[serde(default)]
    pub automation_rules_metadata: Vec<RuleListed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleListed {
    pub rule_arn: String,
    pub rule_status: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RulesAsked {
    pub automation_rules_arns: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RulesRead {
    #[serde(default)]
    pub rules: Vec<RuleFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleFound {
    pub rule_arn: String,
    pub rule_name: Option<String>,
    pub criteria: Option<Criteria>,
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// The criteria that can keep a rule to a few findings.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Criteria {
    pub id: Option<Vec<Filter>>,
    pub title: Option<Vec<Filter>>,
    pub generator_id: Option<Vec<Filter>>,
    pub compliance_security_control_id: Option<Vec<Filter>>,
    pub resource_id: Option<Vec<Filter>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    pub value: Option<String>,
    pub comparison: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Action {
    pub finding_fields_update: Option<FieldsUpdate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldsUpdate {
    pub workflow: Option<Workflow>,
    pub severity: Option<Severity>,
    pub verification_state: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Workflow {
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Severity {
    pub label: Option<String>,
    pub normalized: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Aggregators {
    #[serde(default)]
    pub finding_aggregators: Vec<AggregatorListed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorListed {
    pub finding_aggregator_arn: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Aggregator {
    pub finding_aggregator_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorFound {
    pub region_linking_mode: Option<String>,
    #[serde(default)]
    pub regions: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    pub resource_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagsFound {
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewHub {
    pub tags: BTreeMap<String, String>,
    pub enable_default_standards: bool,
    pub control_finding_generator: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HubUpdate {
    pub auto_enable_controls: Option<bool>,
    pub control_finding_generator: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StandardsOn {
    pub standards_subscription_requests: Vec<StandardAsked>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StandardAsked {
    pub standards_arn: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StandardsOff {
    pub standards_subscription_arns: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationUpdates {
    pub standards_control_association_updates: Vec<AssociationUpdate>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationUpdate {
    pub standards_arn: String,
    pub security_control_id: String,
    pub association_status: String,
    pub updated_reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAggregator {
    pub region_linking_mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorUpdate {
    pub finding_aggregator_arn: String,
    pub region_linking_mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
}

const HUB: &str = "arn:{partition}:securityhub:{region}:{account}:hub/default";
const AGGREGATOR: &str = "arn:{partition}:securityhub:*:{account}:finding-aggregator/*";

/// Security Hub makes its role in the name of the caller.
const ROLE: Grant = Grant::on(
    "iam:CreateServiceLinkedRole",
    "arn:{partition}:iam::{account}:role/aws-service-role/securityhub.amazonaws.com/AWSServiceRoleForSecurityHub",
)
.when("iam:AWSServiceName", "securityhub.amazonaws.com");

pub const DESCRIBE_HUB: Typed<Nothing, HubFound> = Typed::rest(
    &SECURITY_HUB,
    "DescribeHub",
    "GET /accounts",
    &[Grant::on("securityhub:DescribeHub", HUB)],
);
pub const DESCRIBE_V2: Typed<Nothing, HubV2Found> = Typed::rest(
    &SECURITY_HUB,
    "DescribeSecurityHubV2",
    "GET /hubv2",
    &[Grant::any("securityhub:DescribeSecurityHubV2")],
);
pub const GET_ADMINISTRATOR: Typed<Nothing, AdministratorFound> = Typed::rest(
    &SECURITY_HUB,
    "GetAdministratorAccount",
    "GET /administrator",
    &[Grant::any("securityhub:GetAdministratorAccount")],
);
pub const GET_STANDARDS: Typed<Page, Subscriptions> = Typed::rest(
    &SECURITY_HUB,
    "GetEnabledStandards",
    "POST /standards/get",
    &[Grant::any("securityhub:GetEnabledStandards")],
)
.paged("NextToken", "NextToken");
pub const DESCRIBE_STANDARDS: Typed<Page, StandardsFound> = Typed::rest(
    &SECURITY_HUB,
    "DescribeStandards",
    "GET /standards?MaxResults={MaxResults}&NextToken={NextToken}",
    &[Grant::any("securityhub:DescribeStandards")],
)
.paged("NextToken", "NextToken");
pub const LIST_DEFINITIONS: Typed<DefinitionsAsked, Definitions> = Typed::rest(
    &SECURITY_HUB,
    "ListSecurityControlDefinitions",
    "GET /securityControls/definitions?StandardsArn={StandardsArn}&MaxResults={MaxResults}&NextToken={NextToken}",
    &[Grant::any("securityhub:ListSecurityControlDefinitions")],
)
.paged("NextToken", "NextToken");
pub const GET_ASSOCIATIONS: Typed<AssociationsAsked, Associations> = Typed::rest(
    &SECURITY_HUB,
    "BatchGetStandardsControlAssociations",
    "POST /associations/batchGet",
    &[Grant::any("securityhub:BatchGetStandardsControlAssociations")],
);
pub const GET_CONTROLS: Typed<ControlsAsked, Controls> = Typed::rest(
    &SECURITY_HUB,
    "BatchGetSecurityControls",
    "POST /securityControls/batchGet",
    &[Grant::any("securityhub:BatchGetSecurityControls")],
);
pub const LIST_PRODUCTS: Typed<Page, ProductsOn> = Typed::rest(
    &SECURITY_HUB,
    "ListEnabledProductsForImport",
    "GET /productSubscriptions?MaxResults={MaxResults}&NextToken={NextToken}",
    &[Grant::any("securityhub:ListEnabledProductsForImport")],
)
.paged("NextToken", "NextToken");
pub const DESCRIBE_PRODUCT: Typed<Product, ProductsFound> = Typed::rest(
    &SECURITY_HUB,
    "DescribeProducts",
    "GET /products?ProductArn={ProductArn}&NextToken={NextToken}",
    &[Grant::any("securityhub:DescribeProducts")],
)
.paged("NextToken", "NextToken");
pub const LIST_RULES: Typed<Page, RulesFound> = Typed::rest(
    &SECURITY_HUB,
    "ListAutomationRules",
    "GET /automationrules/list?MaxResults={MaxResults}&NextToken={NextToken}",
    &[Grant::any("securityhub:ListAutomationRules")],
)
.paged("NextToken", "NextToken");
pub const GET_RULES: Typed<RulesAsked, RulesRead> = Typed::rest(
    &SECURITY_HUB,
    "BatchGetAutomationRules",
    "POST /automationrules/get",
    &[Grant::any("securityhub:BatchGetAutomationRules")],
);
pub const LIST_AGGREGATORS: Typed<Nothing, Aggregators> = Typed::rest(
    &SECURITY_HUB,
    "ListFindingAggregators",
    "GET /findingAggregator/list?NextToken={NextToken}",
    &[Grant::any("securityhub:ListFindingAggregators")],
)
.paged("NextToken", "NextToken");
pub const GET_AGGREGATOR: Typed<Aggregator, AggregatorFound> = Typed::rest(
    &SECURITY_HUB,
    "GetFindingAggregator",
    "GET /findingAggregator/get/{FindingAggregatorArn+}",
    &[Grant::on("securityhub:GetFindingAggregator", AGGREGATOR)],
);
pub const LIST_TAGS: Typed<Resource, TagsFound> = Typed::rest(
    &SECURITY_HUB,
    "ListTagsForResource",
    "GET /tags/{ResourceArn}",
    &[Grant::on("securityhub:ListTagsForResource", HUB)],
);
/// Another member of the organization may have been there first: then it is on already.
pub const ENABLE: Typed<NewHub> = Typed::rest(
    &SECURITY_HUB,
    "EnableSecurityHub",
    "POST /accounts",
    &[
        Grant::on("securityhub:EnableSecurityHub", HUB),
        Grant::on("securityhub:TagResource", HUB),
        ROLE,
    ],
)
.already(&["ResourceConflictException"]);
pub const UPDATE_HUB: Typed<HubUpdate> = Typed::rest(
    &SECURITY_HUB,
    "UpdateSecurityHubConfiguration",
    "PATCH /accounts",
    &[Grant::any("securityhub:UpdateSecurityHubConfiguration")],
);
pub const ENABLE_STANDARDS: Typed<StandardsOn> = Typed::rest(
    &SECURITY_HUB,
    "BatchEnableStandards",
    "POST /standards/register",
    &[Grant::any("securityhub:BatchEnableStandards")],
);
pub const DISABLE_STANDARDS: Typed<StandardsOff> = Typed::rest(
    &SECURITY_HUB,
    "BatchDisableStandards",
    "POST /standards/deregister",
    &[Grant::any("securityhub:BatchDisableStandards")],
);
pub const UPDATE_ASSOCIATIONS: Typed<AssociationUpdates> = Typed::rest(
    &SECURITY_HUB,
    "BatchUpdateStandardsControlAssociations",
    "PATCH /associations",
    &[
        Grant::any("securityhub:BatchUpdateStandardsControlAssociations"),
        // The operation asks for the older one as well. Source: Security Hub User Guide, "Disabling
        // controls".
        Grant::any("securityhub:UpdateStandardsControl"),
    ],
);
pub const ENABLE_PRODUCT: Typed<Product> = Typed::rest(
    &SECURITY_HUB,
    "EnableImportFindingsForProduct",
    "POST /productSubscriptions",
    &[Grant::any("securityhub:EnableImportFindingsForProduct")],
)
.already(&["ResourceConflictException"]);
pub const CREATE_AGGREGATOR: Typed<NewAggregator> = Typed::rest(
    &SECURITY_HUB,
    "CreateFindingAggregator",
    "POST /findingAggregator/create",
    &[Grant::any("securityhub:CreateFindingAggregator")],
);
pub const UPDATE_AGGREGATOR: Typed<AggregatorUpdate> = Typed::rest(
    &SECURITY_HUB,
    "UpdateFindingAggregator",
    "PATCH /findingAggregator/update",
    &[Grant::on("securityhub:UpdateFindingAggregator", AGGREGATOR)],
);
pub const DELETE_AGGREGATOR: Typed<Aggregator> = Typed::rest(
    &SECURITY_HUB,
    "DeleteFindingAggregator",
    "DELETE /findingAggregator/delete/{FindingAggregatorArn+}",
    &[Grant::on("securityhub:DeleteFindingAggregator", AGGREGATOR)],
);

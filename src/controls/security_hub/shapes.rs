//! The inputs and answers of the operations. Source: Security Hub API Reference.

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

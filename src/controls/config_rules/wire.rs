//! What AWS is asked and answers, in its own words. Source: AWS Config API Reference.

use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::{CONFIG, SSM};
use crate::aws::tags::Tag;
use crate::controls::config_rules::repair::WireRepair;
use serde::{Deserialize, Serialize};

pub const RULE_ARN: &str = "arn:{partition}:config:{region}:{account}:config-rule/*";
pub const REPAIR_ARN: &str =
    "arn:{partition}:config:{region}:{account}:remediation-configuration/*";
pub const AGGREGATOR_ARN: &str = "arn:{partition}:config:{region}:{account}:config-aggregator/*";
/// AWS's own documents belong to no account.
const DOCUMENT_ARN: &str = "arn:{partition}:ssm:{region}:*:document/{document}";

pub const DESCRIBE_RULES: Typed<Nothing, Rules> =
    Typed::new(&CONFIG, "DescribeConfigRules", &[Grant::any("config:DescribeConfigRules")])
        .paged("NextToken", "NextToken");

pub const DESCRIBE_EVALUATIONS: Typed<RuleNames, Evaluations> = Typed::new(
    &CONFIG,
    "DescribeConfigRuleEvaluationStatus",
    &[Grant::any("config:DescribeConfigRuleEvaluationStatus")],
)
.paged("NextToken", "NextToken");

pub const DESCRIBE_REPAIRS: Typed<RuleNames, Repairs> = Typed::new(
    &CONFIG,
    "DescribeRemediationConfigurations",
    &[Grant::on("config:DescribeRemediationConfigurations", REPAIR_ARN)],
);

/// AWS's model does not say that it comes in pages, and it does.
pub const DESCRIBE_EXCEPTIONS: Typed<ExceptionsOfRule, Exceptions> = Typed::new(
    &CONFIG,
    "DescribeRemediationExceptions",
    &[Grant::any("config:DescribeRemediationExceptions")],
);

pub const DESCRIBE_EXECUTIONS: Typed<OfRule, Executions> = Typed::new(
    &CONFIG,
    "DescribeRemediationExecutionStatus",
    &[Grant::on("config:DescribeRemediationExecutionStatus", REPAIR_ARN)],
)
.paged("NextToken", "NextToken");

pub const DESCRIBE_DOCUMENT: Typed<DocumentName, DocumentFound> =
    Typed::new(&SSM, "DescribeDocument", &[Grant::on("ssm:DescribeDocument", DOCUMENT_ARN)]);

/// The tags of a rule: whose it is.
pub const LIST_RULE_TAGS: Typed<ResourceArn, Tags> = Typed::new(
    &CONFIG,
    "ListTagsForResource",
    &[Grant::on("config:ListTagsForResource", RULE_ARN)],
)
.paged("NextToken", "NextToken");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rules {
    #[serde(default)]
    pub config_rules: Vec<WireRule>,
}

/// A rule as AWS answers it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WireRule {
    pub config_rule_name: Option<String>,
    pub config_rule_arn: Option<String>,
    pub description: Option<String>,
    pub scope: Option<Scope>,
    pub source: Source,
    pub input_parameters: Option<String>,
    pub maximum_execution_frequency: Option<String>,
    pub config_rule_state: Option<String>,
    pub created_by: Option<String>,
    #[serde(default)]
    pub evaluation_modes: Vec<Mode>,
    pub rule_evaluation_visibility: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Scope {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compliance_resource_types: Vec<String>,
    pub tag_key: Option<String>,
    pub tag_value: Option<String>,
    pub compliance_resource_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_principals: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    pub owner: String,
    pub source_identifier: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mode {
    pub mode: Option<String>,
}

/// Up to 25 rules by their names.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleNames {
    pub config_rule_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluations {
    #[serde(default)]
    pub config_rules_evaluation_status: Vec<Evaluation>,
}

/// How a rule was evaluated last; the times are in seconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluation {
    pub config_rule_name: Option<String>,
    pub last_successful_invocation_time: Option<f64>,
    pub last_failed_invocation_time: Option<f64>,
    pub last_successful_evaluation_time: Option<f64>,
    pub last_failed_evaluation_time: Option<f64>,
    pub last_error_code: Option<String>,
    pub last_error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Repairs {
    #[serde(default)]
    pub remediation_configurations: Vec<WireRepair>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfRule {
    pub config_rule_name: String,
}

/// Whose exceptions are asked for, and from where on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExceptionsOfRule {
    pub config_rule_name: String,
    pub limit: u32,
    pub next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Exceptions {
    #[serde(default)]
    pub remediation_exceptions: Vec<Exception>,
    pub next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Exception {
    pub resource_id: String,
    pub message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Executions {
    #[serde(default)]
    pub remediation_execution_statuses: Vec<Execution>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Execution {
    pub resource_key: Option<ResourceKey>,
    pub state: Option<String>,
    #[serde(default)]
    pub step_details: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceKey {
    pub resource_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    pub error_message: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DocumentName {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DocumentFound {
    pub document: WireDocument,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WireDocument {
    pub hash: Option<String>,
    pub owner: Option<String>,
    pub status: Option<String>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub document_type: Option<String>,
    pub default_version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    pub name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceArn {
    pub resource_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tags {
    #[serde(default)]
    pub tags: Vec<Tag>,
}

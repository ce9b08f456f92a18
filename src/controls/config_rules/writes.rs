//! The writes. Each Put replaces the whole object, so it is sent all fields.

use super::aggregator::{AccountSource, Aggregator};
use super::conformance::{InputParameter, PACK_ARN, Pack, PackScope, PackSource};
use super::repair::{Repair, WireRepair};
use super::rule::{OF_AWS, Rule};
use super::wire::{AGGREGATOR_ARN, Mode, REPAIR_ARN, RULE_ARN, Scope, Source};
use crate::aws::door::{Call, Typed};
use crate::aws::services::CONFIG;
use crate::aws::tags::Tag;
use crate::aws::{Grant, Propagation};
use crate::control::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Creates or replaces a rule. Tags are taken at its creation only.
pub const PUT_RULE: Typed<RulePut> = Typed::new(
    &CONFIG,
    "PutConfigRule",
    &[Grant::on("config:PutConfigRule", RULE_ARN), Grant::on("config:TagResource", RULE_ARN)],
)
.propagating(&[
    Propagation::new("NoAvailableConfigurationRecorderException", "the new recorder to be known"),
    Propagation::new("ResourceInUseException", "AWS to be done with the rule"),
    Propagation::new("InsufficientPermissionsException", "the new role to be known everywhere"),
]);

pub const DELETE_RULE: Typed<RuleName> =
    Typed::new(&CONFIG, "DeleteConfigRule", &[Grant::on("config:DeleteConfigRule", RULE_ARN)])
        .already(&["NoSuchConfigRuleException"])
        .propagating(&[Propagation::new("ResourceInUseException", "AWS to be done with the rule")]);

/// Creates or replaces repairs: up to 25.
pub const PUT_REPAIRS: Typed<RepairsPut> = Typed::new(
    &CONFIG,
    "PutRemediationConfigurations",
    &[
        Grant::on("config:PutRemediationConfigurations", REPAIR_ARN),
        Grant::on("iam:PassRole", "{role}").when("iam:PassedToService", "ssm.amazonaws.com"),
    ],
)
.failing("FailedBatches")
.propagating(&[Propagation::new(
    "InsufficientPermissionsException",
    "the new role to be known everywhere",
)]);

pub const DELETE_REPAIR: Typed<RuleName> = Typed::new(
    &CONFIG,
    "DeleteRemediationConfiguration",
    &[Grant::on("config:DeleteRemediationConfiguration", REPAIR_ARN)],
)
.already(&["NoSuchRemediationConfigurationException"])
.propagating(&[Propagation::new("RemediationInProgressException", "the repairs under way")]);

/// The role by which AWS makes the rules of packs.
const PACKS_ROLE: &str = "arn:{partition}:iam::{account}:role/aws-service-role/config-conforms.amazonaws.com/AWSServiceRoleForConfigConforms";

pub const PUT_PACK: Typed<PackPut> = Typed::new(
    &CONFIG,
    "PutConformancePack",
    &[
        Grant::on("config:PutConformancePack", PACK_ARN),
        Grant::on("config:TagResource", PACK_ARN),
        Grant::on("iam:CreateServiceLinkedRole", PACKS_ROLE)
            .when("iam:AWSServiceName", "config-conforms.amazonaws.com"),
    ],
)
.propagating(&[Propagation::new("ResourceInUseException", "AWS to be done with the pack")]);

pub const DELETE_PACK: Typed<PackName> = Typed::new(
    &CONFIG,
    "DeleteConformancePack",
    &[Grant::on("config:DeleteConformancePack", PACK_ARN)],
)
.already(&["NoSuchConformancePackException"])
.propagating(&[Propagation::new("ResourceInUseException", "AWS to be done with the pack")]);

pub const PUT_AGGREGATOR: Typed<AggregatorPut> = Typed::new(
    &CONFIG,
    "PutConfigurationAggregator",
    &[
        Grant::on("config:PutConfigurationAggregator", AGGREGATOR_ARN),
        Grant::on("config:TagResource", AGGREGATOR_ARN),
    ],
);

pub const DELETE_AGGREGATOR: Typed<AggregatorName> = Typed::new(
    &CONFIG,
    "DeleteConfigurationAggregator",
    &[Grant::on("config:DeleteConfigurationAggregator", AGGREGATOR_ARN)],
)
.already(&["NoSuchConfigurationAggregatorException"]);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RulePut {
    config_rule: NewRule,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewRule {
    config_rule_name: String,
    description: Option<String>,
    scope: Option<Scope>,
    source: Source,
    /// A document of JSON, as a text.
    input_parameters: Option<String>,
    maximum_execution_frequency: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evaluation_modes: Vec<Mode>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleName {
    config_rule_name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepairsPut {
    remediation_configurations: Vec<WireRepair>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PackPut {
    conformance_pack_name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conformance_pack_input_parameters: Vec<InputParameter>,
    source: Option<PackSource>,
    scope: Option<PackScope>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PackName {
    conformance_pack_name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorPut {
    configuration_aggregator_name: String,
    account_aggregation_sources: Vec<AccountSource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AggregatorName {
    configuration_aggregator_name: String,
}

/// Our tags, for what is new.
fn tags(is_new: bool, at: At<'_>) -> Vec<Tag> {
    Tag::list(if is_new { at.context.tags() } else { BTreeMap::new() })
}

pub fn put_rule(name: &str, rule: &Rule, is_new: bool, at: At<'_>) -> Call<RulePut> {
    let parameters = (!rule.parameters.is_empty()).then(|| crate::diff::to_value(&rule.parameters));
    let scope = rule.scope.as_ref().map(|own| Scope {
        compliance_resource_types: own.resource_types.iter().cloned().collect(),
        tag_key: own.tag_key.clone(),
        tag_value: own.tag_value.clone(),
        compliance_resource_id: own.resource_id.clone(),
        service_principals: Vec::new(),
    });
    let modes = rule.modes.iter().flatten().cloned();
    let config_rule = NewRule {
        config_rule_name: name.to_owned(),
        description: rule.description.clone(),
        scope,
        source: Source {
            owner: rule.owner.clone().unwrap_or_else(|| OF_AWS.to_owned()),
            source_identifier: Some(rule.identifier.clone()),
        },
        input_parameters: parameters.map(|own| own.to_string()),
        maximum_execution_frequency: rule.frequency.clone(),
        evaluation_modes: modes.map(|mode| Mode { mode: Some(mode) }).collect(),
    };
    PUT_RULE.call(at.region(), RulePut { config_rule, tags: tags(is_new, at) })
}

pub fn delete_rule(name: &str, at: At<'_>) -> Call<RuleName> {
    DELETE_RULE.call(at.region(), RuleName { config_rule_name: name.to_owned() })
}

pub fn put_repairs(repairs: &[(&String, &Repair)], at: At<'_>) -> Call<RepairsPut> {
    let repairs = repairs.iter().map(|(rule, repair)| WireRepair::of(rule, repair));
    PUT_REPAIRS.call(at.region(), RepairsPut { remediation_configurations: repairs.collect() })
}

pub fn delete_repair(rule: &str, at: At<'_>) -> Call<RuleName> {
    DELETE_REPAIR.call(at.region(), RuleName { config_rule_name: rule.to_owned() })
}

pub fn put_pack(name: &str, pack: &Pack, is_new: bool, at: At<'_>) -> Call<PackPut> {
    let parameters = pack.parameters.iter().map(|(name, value)| InputParameter {
        parameter_name: name.clone(),
        parameter_value: value.clone(),
    });
    let scope = pack
        .tag_key
        .as_ref()
        .map(|key| PackScope { tag_key: Some(key.clone()), tag_value: pack.tag_value.clone() });
    let identifier = pack.identifier.clone();
    let input = PackPut {
        conformance_pack_name: name.to_owned(),
        conformance_pack_input_parameters: parameters.collect(),
        source: identifier.map(|source_identifier| PackSource { source_identifier }),
        scope,
        tags: tags(is_new, at),
    };
    PUT_PACK.call(at.region(), input)
}

pub fn delete_pack(name: &str, at: At<'_>) -> Call<PackName> {
    DELETE_PACK.call(at.region(), PackName { conformance_pack_name: name.to_owned() })
}

pub fn put_aggregator(
    name: &str,
    aggregator: &Aggregator,
    is_new: bool,
    at: At<'_>,
) -> Call<AggregatorPut> {
    let source = AccountSource {
        account_ids: aggregator.accounts.iter().cloned().collect(),
        all_aws_regions: aggregator.all_regions,
        aws_regions: aggregator.regions.iter().cloned().collect(),
    };
    let input = AggregatorPut {
        configuration_aggregator_name: name.to_owned(),
        account_aggregation_sources: vec![source],
        tags: tags(is_new, at),
    };
    PUT_AGGREGATOR.call(at.region(), input)
}

pub fn delete_aggregator(name: &str, at: At<'_>) -> Call<AggregatorName> {
    let input = AggregatorName { configuration_aggregator_name: name.to_owned() };
    DELETE_AGGREGATOR.call(at.region(), input)
}

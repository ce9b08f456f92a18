//! The operations of CloudWatch Logs, their inputs and answers. Source: CloudWatch Logs API Reference.

use super::super::live::{Counter, Filter};
use crate::aws::door::{Call, Nothing, Typed};
use crate::aws::keys::{DESCRIBE_KEY, KeyId};
use crate::aws::services::LOGS;
use crate::aws::{AnyWrite, AwsError, Clients, Grant, Operation, Propagation, Receipt, Tags};
use crate::model::KNOWN_AFTER;
use crate::typed;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;

/// Whatever log group of the account, as the ARN of a grant: a trail may write to any.
const GROUP: &str = "arn:{partition}:logs:*:{account}:log-group:*";
/// The log group that is made.
const NEW_GROUP: &str = "arn:{partition}:logs:*:{account}:log-group:{group}*";

pub const DESCRIBE_GROUPS: Typed<GroupsAsked, Groups> =
    Typed::new(&LOGS, "DescribeLogGroups", &[Grant::any("logs:DescribeLogGroups")])
        .paged("nextToken", "nextToken");
pub const DESCRIBE_FILTERS: Typed<OfGroup, Filters> =
    Typed::new(&LOGS, "DescribeMetricFilters", &[Grant::on("logs:DescribeMetricFilters", GROUP)])
        .paged("nextToken", "nextToken");
pub const LIST_TAGS: Typed<Resource, TagsFound> =
    Typed::new(&LOGS, "ListTagsForResource", &[Grant::on("logs:ListTagsForResource", GROUP)]);
pub const GET_PROTECTION: Typed<Identified, Document> = Typed::new(
    &LOGS,
    "GetDataProtectionPolicy",
    &[Grant::on("logs:GetDataProtectionPolicy", GROUP)],
);
pub const ACCOUNT_POLICIES: Typed<PoliciesAsked, Policies> =
    typed!(LOGS, "logs", "DescribeAccountPolicies");

/// Makes a log group. That there is one is a success: the place is read again after the calls.
pub const CREATE_GROUP: Typed<NewGroup> = Typed::new(
    &LOGS,
    "CreateLogGroup",
    &[Grant::on("logs:CreateLogGroup", NEW_GROUP), Grant::on("logs:TagResource", NEW_GROUP)],
)
.already(&["ResourceAlreadyExistsException"]);
pub const PUT_RETENTION: Typed<Retention> =
    Typed::new(&LOGS, "PutRetentionPolicy", &[Grant::on("logs:PutRetentionPolicy", GROUP)]);
pub const DELETE_RETENTION: Typed<OfGroup> =
    Typed::new(&LOGS, "DeleteRetentionPolicy", &[Grant::on("logs:DeleteRetentionPolicy", GROUP)]);
pub const ASSOCIATE_KEY: Typed<KeyOfGroup> =
    Typed::new(&LOGS, "AssociateKmsKey", &[Grant::on("logs:AssociateKmsKey", GROUP)]);
pub const DISASSOCIATE_KEY: Typed<OfGroup> =
    Typed::new(&LOGS, "DisassociateKmsKey", &[Grant::on("logs:DisassociateKmsKey", GROUP)]);
pub const PUT_PROTECTION: Typed<Protection> = Typed::new(
    &LOGS,
    "PutLogGroupDeletionProtection",
    &[Grant::on("logs:PutLogGroupDeletionProtection", GROUP)],
);
pub const PUT_FILTER: Typed<NewFilter> =
    Typed::new(&LOGS, "PutMetricFilter", &[Grant::on("logs:PutMetricFilter", GROUP)]);
pub const DELETE_FILTER: Typed<FilterName> =
    Typed::new(&LOGS, "DeleteMetricFilter", &[Grant::on("logs:DeleteMetricFilter", GROUP)]);

/// Encrypts a log group with a key of the account that the same run may make: by its alias, for
/// CloudWatch Logs takes nothing but the ARN of a key.
#[derive(Debug)]
pub struct AssociateMadeKey {
    /// The log group.
    pub group: String,
    /// The alias of the key.
    pub alias: String,
    /// Where both are.
    pub region: String,
}

impl AssociateMadeKey {
    fn with(&self, kms_key_id: String) -> Call<KeyOfGroup, Nothing> {
        let input = KeyOfGroup { log_group_name: self.group.clone(), kms_key_id };
        ASSOCIATE_KEY.call(&self.region, input)
    }
}

impl AnyWrite for AssociateMadeKey {
    fn call(&self) -> crate::aws::Call {
        self.with(KNOWN_AFTER.to_owned()).call()
    }

    fn operation(&self) -> &'static Operation {
        &ASSOCIATE_KEY.operation
    }

    fn propagating(&self) -> &'static [Propagation] {
        &[]
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(async move {
            let found = DESCRIBE_KEY.ask(clients, &self.region, &KeyId::of(&self.alias)).await?;
            self.with(found.key_metadata.arn).send(clients).await
        })
    }

    fn merge(&mut self, _: &dyn AnyWrite) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsAsked {
    pub log_group_name_prefix: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    #[serde(default)]
    pub log_groups: Vec<FoundGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundGroup {
    pub log_group_name: String,
    pub retention_in_days: Option<i32>,
    pub kms_key_id: Option<String>,
    pub log_group_class: Option<String>,
    pub deletion_protection_enabled: Option<bool>,
    pub retention_policy_name: Option<String>,
    pub data_protection_status: Option<String>,
    #[serde(default)]
    pub inherited_properties: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfGroup {
    pub log_group_name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub resource_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsFound {
    #[serde(default)]
    pub tags: Tags,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identified {
    pub log_group_identifier: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub policy_document: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoliciesAsked {
    pub policy_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policies {
    #[serde(default)]
    pub account_policies: Vec<Document>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filters {
    #[serde(default)]
    pub metric_filters: Vec<FoundFilter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundFilter {
    pub filter_name: String,
    #[serde(default)]
    pub filter_pattern: String,
    #[serde(default)]
    pub metric_transformations: Vec<Transformation>,
    pub apply_on_transformed_logs: Option<bool>,
    pub field_selection_criteria: Option<String>,
    #[serde(default)]
    pub emit_system_field_dimensions: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transformation {
    metric_name: String,
    metric_namespace: String,
    metric_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

impl From<Transformation> for Counter {
    fn from(found: Transformation) -> Self {
        Self {
            namespace: found.metric_namespace,
            name: found.metric_name,
            value: found.metric_value,
            default: found.default_value,
            dimensions: found.dimensions,
            unit: found.unit.filter(|unit| unit != "None"),
        }
    }
}

impl From<&Counter> for Transformation {
    fn from(own: &Counter) -> Self {
        Self {
            metric_name: own.name.clone(),
            metric_namespace: own.namespace.clone(),
            metric_value: own.value.clone(),
            default_value: own.default,
            dimensions: own.dimensions.clone(),
            unit: own.unit.clone(),
        }
    }
}

impl From<FoundFilter> for Filter {
    fn from(found: FoundFilter) -> Self {
        Self {
            pattern: found.filter_pattern,
            metrics: found.metric_transformations.into_iter().map(Counter::from).collect(),
            transformed: found.apply_on_transformed_logs == Some(true),
            criteria: found.field_selection_criteria.filter(|own| !own.is_empty()),
            split_by: found.emit_system_field_dimensions.into_iter().collect(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewGroup {
    pub log_group_name: String,
    pub kms_key_id: Option<String>,
    pub deletion_protection_enabled: Option<bool>,
    pub tags: Tags,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    pub log_group_name: String,
    pub retention_in_days: i32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyOfGroup {
    pub log_group_name: String,
    pub kms_key_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protection {
    pub log_group_identifier: String,
    pub deletion_protection_enabled: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFilter {
    log_group_name: String,
    filter_name: String,
    filter_pattern: String,
    metric_transformations: Vec<Transformation>,
    apply_on_transformed_logs: Option<bool>,
    field_selection_criteria: Option<String>,
    emit_system_field_dimensions: Option<Vec<String>>,
}

impl NewFilter {
    /// The filter of a name for a log group. What is not given is taken away: it replaces the whole.
    pub fn new(group: &str, name: &str, filter: &Filter) -> Self {
        let split_by: Vec<String> = filter.split_by.iter().cloned().collect();
        Self {
            log_group_name: group.to_owned(),
            filter_name: name.to_owned(),
            filter_pattern: filter.pattern.clone(),
            metric_transformations: filter.metrics.iter().map(Transformation::from).collect(),
            apply_on_transformed_logs: filter.transformed.then_some(true),
            field_selection_criteria: filter.criteria.clone(),
            emit_system_field_dimensions: Some(split_by).filter(|own| !own.is_empty()),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterName {
    pub log_group_name: String,
    pub filter_name: String,
}

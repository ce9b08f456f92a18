//! The operations of Glue and Athena, their inputs and answers. Sources: Glue and Athena API
//! References.

use crate::aws::Grant;
use crate::aws::door::Typed;
use crate::aws::services::{ATHENA, GLUE};
use crate::aws::tags::Tag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DatabaseFound {
    pub database: Database,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Database {
    pub target_database: Option<Target>,
}

/// What a link stands for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    pub catalog_id: Option<String>,
    pub database_name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableAsked {
    pub database_name: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableAnswer {
    pub table: TableFound,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableFound {
    pub table_type: Option<String>,
    pub parameters: Option<BTreeMap<String, String>>,
    pub partition_keys: Option<Vec<Column>>,
    pub storage_descriptor: Option<StorageFound>,
    pub target_table: Option<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StorageFound {
    pub columns: Option<Vec<Column>>,
    pub location: Option<String>,
    pub additional_locations: Option<Vec<String>>,
    pub input_format: Option<String>,
    pub output_format: Option<String>,
    pub serde_info: Option<SerdeFound>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SerdeFound {
    pub serialization_library: Option<String>,
    pub parameters: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Column {
    pub name: String,
    pub r#type: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewDatabase {
    pub database_input: DatabaseInput,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DatabaseInput {
    pub name: String,
    pub description: String,
    pub parameters: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewTable {
    pub database_name: String,
    pub table_input: TableInput,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableInput {
    pub name: String,
    pub description: String,
    pub table_type: String,
    pub parameters: BTreeMap<String, String>,
    pub partition_keys: Vec<Column>,
    pub storage_descriptor: Storage,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Storage {
    pub columns: Vec<Column>,
    pub location: String,
    pub input_format: String,
    pub output_format: String,
    pub serde_info: Serde,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Serde {
    pub serialization_library: String,
    pub parameters: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupAsked {
    pub work_group: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupAnswer {
    pub work_group: GroupFound,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupFound {
    pub state: Option<String>,
    pub configuration: Option<Configuration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Configuration {
    pub result_configuration: Option<ResultsFound>,
    pub managed_query_results_configuration: Option<Managed>,
    pub enforce_work_group_configuration: Option<bool>,
    pub publish_cloud_watch_metrics_enabled: Option<bool>,
    pub bytes_scanned_cutoff_per_query: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResultsFound {
    pub output_location: Option<String>,
    pub encryption_configuration: Option<Encryption>,
    pub expected_bucket_owner: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Encryption {
    pub encryption_option: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

/// Results that AWS keeps.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Managed {
    pub enabled: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewGroup {
    pub name: String,
    pub description: String,
    pub configuration: NewConfiguration,
    pub tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewConfiguration {
    pub result_configuration: Results,
    pub enforce_work_group_configuration: bool,
    pub publish_cloud_watch_metrics_enabled: bool,
    pub bytes_scanned_cutoff_per_query: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Results {
    pub output_location: String,
    pub encryption_configuration: Encryption,
    pub expected_bucket_owner: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupUpdate {
    pub work_group: String,
    pub configuration_updates: Updates,
    pub state: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Updates {
    pub enforce_work_group_configuration: bool,
    pub result_configuration_updates: Results,
    pub managed_query_results_configuration_updates: Option<Managed>,
    pub publish_cloud_watch_metrics_enabled: bool,
    pub bytes_scanned_cutoff_per_query: Option<i64>,
    pub remove_bytes_scanned_cutoff_per_query: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Resource {
    #[serde(rename = "ResourceARN")]
    pub arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tags {
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryIds {
    #[serde(default)]
    pub named_query_ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueriesAsked {
    pub named_query_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueriesFound {
    #[serde(default)]
    pub named_queries: Vec<QueryFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryFound {
    pub name: String,
    pub database: String,
    pub query_string: String,
    pub named_query_id: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewQuery {
    pub name: String,
    pub description: String,
    pub database: String,
    pub query_string: String,
    pub work_group: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryUpdate {
    pub named_query_id: String,
    pub name: String,
    pub description: String,
    pub query_string: String,
}

// Glue asks for the catalog and what is above a thing, too. Source: Service Authorization Reference,
// AWS Glue.
const CATALOG: &str = "arn:{partition}:glue:{query_region}:{account}:catalog";
const DATABASE: &str = "arn:{partition}:glue:{query_region}:{account}:database/{database}";
const TABLES: &str = "arn:{partition}:glue:{query_region}:{account}:table/{database}/*";
const GROUP: &str = "arn:{partition}:athena:{query_region}:{account}:workgroup/{workgroup}";

macro_rules! on_tables {
    ($action:literal) => {
        &[Grant::on($action, CATALOG), Grant::on($action, DATABASE), Grant::on($action, TABLES)]
    };
}

pub const GET_DATABASE: Typed<Named, DatabaseFound> = Typed::new(
    &GLUE,
    "GetDatabase",
    &[Grant::on("glue:GetDatabase", CATALOG), Grant::on("glue:GetDatabase", DATABASE)],
);
pub const GET_TABLE: Typed<TableAsked, TableAnswer> =
    Typed::new(&GLUE, "GetTable", on_tables!("glue:GetTable"));
/// What was made by an attempt whose answer was lost is there: whether it is as wanted is read after.
const EXISTS: &[&str] = &["AlreadyExistsException"];

pub const CREATE_DATABASE: Typed<NewDatabase> = Typed::new(
    &GLUE,
    "CreateDatabase",
    &[Grant::on("glue:CreateDatabase", CATALOG), Grant::on("glue:CreateDatabase", DATABASE)],
)
.already(EXISTS);
pub const CREATE_TABLE: Typed<NewTable> =
    Typed::new(&GLUE, "CreateTable", on_tables!("glue:CreateTable")).already(EXISTS);
/// Replaces the whole definition.
pub const UPDATE_TABLE: Typed<NewTable> =
    Typed::new(&GLUE, "UpdateTable", on_tables!("glue:UpdateTable"));

pub const GET_GROUP: Typed<GroupAsked, GroupAnswer> =
    Typed::new(&ATHENA, "GetWorkGroup", &[Grant::on("athena:GetWorkGroup", GROUP)]);
pub const LIST_TAGS: Typed<Resource, Tags> =
    Typed::new(&ATHENA, "ListTagsForResource", &[Grant::on("athena:ListTagsForResource", GROUP)])
        .paged("NextToken", "NextToken");
pub const LIST_QUERIES: Typed<GroupAsked, QueryIds> =
    Typed::new(&ATHENA, "ListNamedQueries", &[Grant::on("athena:ListNamedQueries", GROUP)])
        .paged("NextToken", "NextToken");
pub const GET_QUERIES: Typed<QueriesAsked, QueriesFound> =
    Typed::new(&ATHENA, "BatchGetNamedQuery", &[Grant::on("athena:BatchGetNamedQuery", GROUP)]);
pub const CREATE_GROUP: Typed<NewGroup> = Typed::new(
    &ATHENA,
    "CreateWorkGroup",
    &[Grant::on("athena:CreateWorkGroup", GROUP), Grant::on("athena:TagResource", GROUP)],
)
.already_when("InvalidRequestException", "already created");
pub const UPDATE_GROUP: Typed<GroupUpdate> =
    Typed::new(&ATHENA, "UpdateWorkGroup", &[Grant::on("athena:UpdateWorkGroup", GROUP)]);
pub const CREATE_QUERY: Typed<NewQuery> =
    Typed::new(&ATHENA, "CreateNamedQuery", &[Grant::on("athena:CreateNamedQuery", GROUP)])
        .token("ClientRequestToken");
pub const UPDATE_QUERY: Typed<QueryUpdate> =
    Typed::new(&ATHENA, "UpdateNamedQuery", &[Grant::on("athena:UpdateNamedQuery", GROUP)]);

/// The most named queries that one answer holds. Source: Athena API Reference, BatchGetNamedQuery.
pub const MOST_QUERIES: usize = 50;

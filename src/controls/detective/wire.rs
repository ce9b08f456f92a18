//! The operations of Detective, their inputs and answers. Source: Detective API Reference.

use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::DETECTIVE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Graphs {
    #[serde(default)]
    pub graph_list: Vec<GraphFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GraphFound {
    pub arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Invitations {
    #[serde(default)]
    pub invitations: Vec<Invitation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Invitation {
    pub graph_arn: Option<String>,
    pub administrator_id: Option<String>,
    pub status: String,
    pub disabled_reason: Option<String>,
    pub invitation_type: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfGraph {
    pub graph_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Packages {
    #[serde(default)]
    pub datasource_packages: BTreeMap<String, PackageFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PackageFound {
    pub datasource_package_ingest_state: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Members {
    #[serde(default)]
    pub member_details: Vec<MemberFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MemberFound {
    pub account_id: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewGraph {
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Start {
    pub graph_arn: String,
    pub datasource_packages: Vec<String>,
}

const GRAPH: &str = "arn:{partition}:detective:{region}:{account}:graph:*";

/// Detective makes its role in the name of the caller.
const ROLE: Grant = Grant::on(
    "iam:CreateServiceLinkedRole",
    "arn:{partition}:iam::{account}:role/aws-service-role/detective.amazonaws.com/AWSServiceRoleForDetective",
)
.when("iam:AWSServiceName", "detective.amazonaws.com");

pub const LIST_GRAPHS: Typed<Nothing, Graphs> = Typed::rest(
    &DETECTIVE,
    "ListGraphs",
    "POST /graphs/list",
    &[Grant::any("detective:ListGraphs")],
)
.paged("NextToken", "NextToken");
pub const LIST_INVITATIONS: Typed<Nothing, Invitations> = Typed::rest(
    &DETECTIVE,
    "ListInvitations",
    "POST /invitations/list",
    &[Grant::any("detective:ListInvitations")],
)
.paged("NextToken", "NextToken");
pub const LIST_PACKAGES: Typed<OfGraph, Packages> = Typed::rest(
    &DETECTIVE,
    "ListDatasourcePackages",
    "POST /graph/datasources/list",
    &[Grant::on("detective:ListDatasourcePackages", GRAPH)],
)
.paged("NextToken", "NextToken");
pub const LIST_MEMBERS: Typed<OfGraph, Members> = Typed::rest(
    &DETECTIVE,
    "ListMembers",
    "POST /graph/members/list",
    &[Grant::on("detective:ListMembers", GRAPH)],
)
.paged("NextToken", "NextToken");
/// A second call answers with the graph that is there.
pub const CREATE: Typed<NewGraph> = Typed::rest(
    &DETECTIVE,
    "CreateGraph",
    "POST /graph",
    &[Grant::any("detective:CreateGraph"), Grant::any("detective:TagResource"), ROLE],
);
/// Starts packages; none can be stopped.
pub const START: Typed<Start> = Typed::rest(
    &DETECTIVE,
    "UpdateDatasourcePackages",
    "POST /graph/datasources/update",
    &[Grant::on("detective:UpdateDatasourcePackages", GRAPH)],
);

//! The operations of Security Hub CSPM. Source: Security Hub API Reference.

pub use super::shapes::*;

use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::SECURITY_HUB;

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
)
// An account has one: an attempt whose answer was lost made it. Whether it is as wanted is read after.
.already(&["LimitExceededException"]);
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

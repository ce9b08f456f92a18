//! The role that AWS Config works with: the service-linked one, or a customer's, and what it may do.

use super::live::Recorder;
use crate::aws::door::Typed;
use crate::aws::facts::Reader;
use crate::aws::services::IAM;
use crate::aws::{AwsError, Grant, keys};
use crate::control::Context;
use crate::place::Place;
use crate::policy::{self, Dialect, Match, Policy, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The service that the role belongs to, and that a recorder's role is passed to.
pub const SERVICE: &str = "config.amazonaws.com";

/// The name of the service-linked role.
const ROLE_NAME: &str = "AWSServiceRoleForConfig";

/// The service-linked role as an ARN of a grant.
pub const ROLE_ARN: &str = "arn:{partition}:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig";

pub const GET_ROLE: Typed<RoleName, RoleFound> =
    Typed::new(&IAM, "GetRole", &[Grant::on("iam:GetRole", ROLE_ARN)]);

/// The role of a recorder, whichever it is.
pub const GET_RECORDER_ROLE: Typed<RoleName, RoleFound> = Typed::new(
    &IAM,
    "GetRole",
    &[Grant::on("iam:GetRole", "arn:{partition}:iam::{account}:role/*")],
);

/// AWS's and the customer's policies that are attached to a recorder's role.
pub const LIST_ATTACHED: Typed<PoliciesAsked, Attached> = Typed::new(
    &IAM,
    "ListAttachedRolePolicies",
    &[Grant::on("iam:ListAttachedRolePolicies", "arn:{partition}:iam::{account}:role/*")],
)
.paged("Marker", "Marker");

/// The policies that are part of a recorder's role.
pub const LIST_INLINE: Typed<PoliciesAsked, Inline> = Typed::new(
    &IAM,
    "ListRolePolicies",
    &[Grant::on("iam:ListRolePolicies", "arn:{partition}:iam::{account}:role/*")],
)
.paged("Marker", "Marker");

/// Which role is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleName {
    role_name: String,
}

/// What IAM answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleFound {
    role: SeenRole,
}

/// Whose policies are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PoliciesAsked {
    role_name: String,
    max_items: u32,
}

/// A page of policies that are attached.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attached {
    #[serde(default)]
    attached_policies: Vec<AttachedPolicy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_arn: String,
}

/// A page of the names of a role's own policies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Inline {
    #[serde(default)]
    policy_names: Vec<String>,
}

/// The place of the service-linked role, which the recorders of all regions share.
pub fn role_place() -> Place {
    Place::thing("service-linked-role")
}

/// The ARN of the account's service-linked role, whether or not it exists.
pub fn service_linked_role(context: &Context) -> String {
    ROLE_ARN.replace("{partition}", &context.partition).replace("{account}", &context.account)
}

/// The ARN of whatever role of the account.
pub fn any_role(context: &Context) -> String {
    let (partition, account) = (&context.partition, &context.account);
    format!("arn:{partition}:iam::{account}:role/*")
}

/// The service-linked role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its ARN, when it exists.
    pub service_linked_role: Option<String>,
}

/// A role as IAM knows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SeenRole {
    arn: String,
    /// The trust policy, percent-encoded.
    #[serde(default)]
    assume_role_policy_document: String,
    permissions_boundary: Option<Boundary>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    permissions_boundary_arn: Option<String>,
}

impl SeenRole {
    /// The ARN of its permissions boundary.
    fn boundary(&self) -> Option<&str> {
        let boundary = self.permissions_boundary.as_ref()?;
        boundary.permissions_boundary_arn.as_deref()
    }
}

/// A role by its name, asked once however many recorders have it; `None` where there is none.
async fn role(
    reader: &Reader,
    operation: &'static Typed<RoleName, RoleFound>,
    name: &str,
) -> Result<Option<SeenRole>, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let input = RoleName { role_name: name.to_owned() };
    let read = async {
        match operation.ask(clients, region, &input).await {
            Ok(answer) => Ok(Some(answer.role)),
            Err(error) if error.is("NoSuchEntity") => Ok(None),
            Err(error) => Err(error),
        }
    };
    reader.once(&operation.operation, name, read).await
}

impl Role {
    pub async fn read(reader: &Reader) -> Result<Self, AwsError> {
        let found = role(reader, &GET_ROLE, ROLE_NAME).await?;
        Ok(Self { service_linked_role: found.map(|role| role.arn) })
    }
}

/// What keeps AWS Config from working with a role, or may do so: the end of a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It certainly does.
    Certain(String),
    /// That cannot be told here.
    Doubt(String),
}

/// What is wrong with a recorder's role.
pub async fn flaw(
    reader: &Reader,
    recorder: Option<&Recorder>,
    context: &Context,
) -> Result<Option<Flaw>, AwsError> {
    let Some(recorder) = recorder else {
        return Ok(None);
    };
    let arn = &recorder.role;
    if let Some(other) = keys::owner(arn).filter(|other| *other != context.account) {
        return Ok(Some(Flaw::Certain(format!("belongs to account {other}"))));
    }
    let name = arn.rsplit('/').next().unwrap_or(arn);
    if *arn == service_linked_role(context) {
        // AWS writes trust and permissions of its own roles, and nobody else can.
        let found = role(reader, &GET_ROLE, name).await?;
        let missing = || Flaw::Certain("does not exist".to_owned());
        return Ok(found.is_none().then(missing));
    }
    let Some(found) = role(reader, &GET_RECORDER_ROLE, name).await? else {
        return Ok(Some(Flaw::Certain("does not exist".to_owned())));
    };
    if let Some(fault) =
        trust_fault(&found.assume_role_policy_document, arn, &reader.home_region, context)
    {
        return Ok(Some(Flaw::Certain(fault)));
    }
    let arns =
        |page: Attached| page.attached_policies.into_iter().map(|own| own.policy_arn).collect();
    let (attached, inline) = tokio::try_join!(
        policies(reader, &LIST_ATTACHED, name, arns),
        policies(reader, &LIST_INLINE, name, |page| page.policy_names),
    )?;
    Ok(rights(&attached, &inline, found.boundary()))
}

/// The policies of a role, of one kind.
async fn policies<O: DeserializeOwned + Send>(
    reader: &Reader,
    list: &'static Typed<PoliciesAsked, O>,
    role: &str,
    names: fn(O) -> Vec<String>,
) -> Result<Vec<String>, AwsError> {
    let input = PoliciesAsked { role_name: role.to_owned(), max_items: MOST_POLICIES };
    let read = async {
        let pages = list.pages(&reader.clients, reader.global_region(), &input).await?;
        Ok(pages.into_iter().flat_map(names).collect())
    };
    reader.once(&list.operation, role, read).await
}

/// More than a role may have. Source: IAM User Guide, "IAM and AWS STS quotas".
const MOST_POLICIES: u32 = 1000;

/// AWS's own policies that let a role read whatever AWS Config records: its own, the one before
/// that, and the one for everything. Source: AWS Config Developer Guide, "AWS managed policies for AWS
/// Config".
const ENOUGH: [&str; 3] =
    ["service-role/AWS_ConfigRole", "service-role/AWSConfigRole", "AdministratorAccess"];

/// AWS's own policy that denies everything, or as a boundary allows nothing.
const NOTHING: &str = "AWSDenyAll";

/// The name of one of AWS's own policies, with its path.
fn of_aws(arn: &str) -> Option<&str> {
    arn.split_once(":iam::aws:policy/").map(|(_, name)| name)
}

/// What a role's policies and boundary make of it. What policies of the customer's own allow is not
/// read.
fn rights(attached: &[String], inline: &[String], boundary: Option<&str>) -> Option<Flaw> {
    let is_of_aws =
        |arn: &String, names: &[&str]| of_aws(arn).is_some_and(|name| names.contains(&name));
    if attached.iter().any(|arn| is_of_aws(arn, &[NOTHING])) {
        let text = format!("has the policy {NOTHING}, which denies it everything");
        return Some(Flaw::Certain(text));
    }
    if boundary.and_then(of_aws) == Some(NOTHING) {
        let text = format!("has the permissions boundary {NOTHING}, which allows it nothing");
        return Some(Flaw::Certain(text));
    }
    if attached.is_empty() && inline.is_empty() {
        let text = "has no policy, so that it may read nothing".to_owned();
        return Some(Flaw::Certain(text));
    }
    let untold = "whether it may read all that is recorded is not judged here";
    if let Some(boundary) = boundary.filter(|own| of_aws(own) != Some("AdministratorAccess")) {
        let text = format!("has the permissions boundary {boundary}: {untold}");
        return Some(Flaw::Doubt(text));
    }
    if !attached.iter().any(|arn| is_of_aws(arn, &ENOUGH)) {
        let names: Vec<&str> = attached.iter().chain(inline).map(String::as_str).collect();
        let names = names.join(", ");
        let text = format!("has not AWS's policy AWS_ConfigRole, but {names}: {untold}");
        return Some(Flaw::Doubt(text));
    }
    None
}

/// Why a trust policy, as IAM answers it, keeps AWS Config from assuming a role. What the policy
/// makes depend on something that is not known here is taken to let it in: a failure would show in
/// the recorder's status.
fn trust_fault(document: &str, role: &str, region: &str, context: &Context) -> Option<String> {
    let fault = || Some(format!("does not let {SERVICE} assume it"));
    let Some(Ok(policy)) = decoded(document).map(|text| Policy::parse(&text)) else {
        return fault();
    };
    let (partition, account) = (&context.partition, &context.account);
    // Source: AWS Config Developer Guide, "Permissions for the IAM role": aws:SourceArn is compared
    // with an ARN of Config in the account.
    let source = format!("arn:{partition}:config:{region}:{account}:*");
    let request = Request::by_service(SERVICE, "sts:AssumeRole", role, account, &source)
        .with("aws:SourceArn", policy::Fact::Unknown)
        .at(context.now);
    let matches = |statement| {
        let dialect = Dialect::trust(partition);
        policy::evaluate(statement, policy.has_variables(), &request, dialect)
    };
    let mut statements = policy.statements().iter();
    let denied = statements.any(|own| own.denies() && matches(own) == Match::Yes);
    let mut statements = policy.statements().iter();
    let allowed = statements.any(|own| own.allows() && matches(own) != Match::No);
    match allowed && !denied {
        true => None,
        false => fault(),
    }
}

/// A policy document without IAM's percent encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)? * 16 + digit(low)?;
                bytes.push(u8::try_from(byte).ok()?);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    fn fault(document: &str) -> Option<String> {
        let role = "arn:aws:iam::111122223333:role/config";
        trust_fault(document, role, "us-east-1", &context())
    }

    #[test]
    fn a_trust_policy_lets_config_in_or_is_a_fault() {
        let trust = |effect: &str, principal: &str, condition: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"sts:AssumeRole"{condition}}}]}}"#
            )
        };
        let config = r#"{"Service":["config.amazonaws.com","ssm.amazonaws.com"]}"#;
        assert_eq!(fault(&trust("Allow", config, "")), None);
        let own = r#","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#;
        assert_eq!(fault(&trust("Allow", config, own)), None);
        let arn = r#","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:config:*:111122223333:*"}}"#;
        assert_eq!(fault(&trust("Allow", config, arn)), None);
        let foreign = r#","Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}"#;
        assert!(fault(&trust("Allow", config, foreign)).is_some());
        let other = r#"{"Service":"ec2.amazonaws.com"}"#;
        assert!(fault(&trust("Allow", other, "")).is_some());
        assert!(fault(&trust("Deny", config, "")).is_some());
        assert!(fault("no policy").is_some());
        let encoded = trust("Allow", config, "").replace('"', "%22").replace('{', "%7B");
        assert_eq!(fault(&encoded), None);
    }

    #[test]
    fn a_role_that_may_do_nothing_is_a_flaw_and_one_with_policies_of_others_a_doubt() {
        let of_aws = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
        let config = of_aws("service-role/AWS_ConfigRole");
        let custom = "arn:aws:iam::111122223333:policy/config".to_owned();
        let judged = |attached: &[&String], inline: &[&str], boundary: Option<&str>| {
            let attached: Vec<String> = attached.iter().map(|own| (*own).clone()).collect();
            let inline: Vec<String> = inline.iter().map(|&own| own.to_owned()).collect();
            match rights(&attached, &inline, boundary) {
                None => "fine",
                Some(Flaw::Certain(_)) => "flaw",
                Some(Flaw::Doubt(_)) => "doubt",
            }
        };
        let (all, none) = (of_aws("AdministratorAccess"), of_aws("AWSDenyAll"));
        assert_eq!(judged(&[&config], &[], None), "fine");
        assert_eq!(judged(&[&all, &custom], &["more"], Some(&all)), "fine");
        assert_eq!(judged(&[], &[], None), "flaw");
        assert_eq!(judged(&[&config, &none], &[], None), "flaw");
        assert_eq!(judged(&[&config], &[], Some(&none)), "flaw");
        assert_eq!(judged(&[&config], &[], Some(&custom)), "doubt");
        assert_eq!(judged(&[&custom], &[], None), "doubt");
        assert_eq!(judged(&[], &["inline"], None), "doubt");
    }
}

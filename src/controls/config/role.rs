//! The role that AWS Config works with: the service-linked one, or a customer's, and what it may do.

use super::live::Recorder;
use crate::aws::door::Typed;
use crate::aws::facts::Reader;
use crate::aws::roles::{self, RoleFound, RoleName};
use crate::aws::services::IAM;
use crate::aws::{AwsError, Grant, keys};
use crate::control::Context;
use crate::controls::roles::trust_fault;
use crate::place::Place;
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
pub const GET_RECORDER_ROLE: Typed<RoleName, RoleFound> = roles::GET_ROLE;

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

impl Role {
    pub async fn read(reader: &Reader) -> Result<Self, AwsError> {
        let found = reader.described_role(&GET_ROLE, ROLE_NAME).await?;
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
    let name = roles::name(arn);
    if *arn == service_linked_role(context) {
        // AWS writes trust and permissions of its own roles, and nobody else can.
        let found = reader.described_role(&GET_ROLE, name).await?;
        let missing = || Flaw::Certain("does not exist".to_owned());
        return Ok(found.is_none().then(missing));
    }
    let Some(found) = reader.described_role(&GET_RECORDER_ROLE, name).await? else {
        return Ok(Some(Flaw::Certain("does not exist".to_owned())));
    };
    // Source: AWS Config Developer Guide, "Permissions for the IAM role": aws:SourceArn is compared
    // with an ARN of Config in the account.
    let (partition, account, region) = (&context.partition, &context.account, &reader.home_region);
    let source = format!("arn:{partition}:config:{region}:{account}:*");
    if let Some(fault) = trust_fault(&found.trust, SERVICE, &source, arn, context) {
        return Ok(Some(Flaw::Certain(fault)));
    }
    let (attached, inline) =
        tokio::try_join!(reader.attached_policies(name), reader.inline_policies(name))?;
    let (attached, inline) = (attached.unwrap_or_default(), inline.unwrap_or_default());
    Ok(rights(&attached, &inline, found.boundary.as_deref()))
}

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

#[cfg(test)]
mod tests {
    use super::*;

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

//! IAM roles that services work with: who may assume them, and what they may do.

use super::door::Typed;
use super::facts::Reader;
use super::services::IAM;
use super::tags::Tag;
use super::{AwsError, Grant, Tags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whatever role of the account, as the ARN of a grant.
pub const ANY_ROLE: &str = "arn:{partition}:iam::{account}:role/*";

/// Reads a role by its name.
pub const GET_ROLE: Typed<RoleName, RoleFound> =
    Typed::new(&IAM, "GetRole", &[Grant::on("iam:GetRole", ANY_ROLE)]);

/// AWS's and the customer's policies that are attached to a role.
pub const LIST_ATTACHED: Typed<PoliciesAsked, Attached> = Typed::new(
    &IAM,
    "ListAttachedRolePolicies",
    &[Grant::on("iam:ListAttachedRolePolicies", ANY_ROLE)],
)
.paged("Marker", "Marker");

/// The names of the policies that are part of a role.
pub const LIST_INLINE: Typed<PoliciesAsked, Inline> =
    Typed::new(&IAM, "ListRolePolicies", &[Grant::on("iam:ListRolePolicies", ANY_ROLE)])
        .paged("Marker", "Marker");

/// Reads a policy that is part of a role.
pub const GET_POLICY: Typed<PolicyName, PolicyFound> =
    Typed::new(&IAM, "GetRolePolicy", &[Grant::on("iam:GetRolePolicy", ANY_ROLE)]);

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
    role: WireRole,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRole {
    arn: String,
    /// Percent-encoded.
    #[serde(default)]
    assume_role_policy_document: String,
    permissions_boundary: Option<Boundary>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    permissions_boundary_arn: Option<String>,
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

/// Which policy of which role is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyName {
    role_name: String,
    policy_name: String,
}

/// A policy that is part of a role.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyFound {
    /// Percent-encoded.
    policy_document: String,
}

/// A role as it is described, without its policies.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its ARN.
    pub arn: String,
    /// Who may assume it: a policy document.
    pub trust: String,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A role with its policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Who may assume it: a policy document.
    pub trust: String,
    /// The policies that are part of it, by name: policy documents.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, String>,
    /// The ARNs of the policies that are attached.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached: BTreeSet<String>,
    /// The ARN of its permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: Tags,
}

/// The name of a role in its ARN, without its path.
pub fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl Reader {
    /// A role by its name, asked once however many rely on it; `None` where there is none. The
    /// operation is [`GET_ROLE`], or the same with narrower grants.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn described_role(
        &self,
        operation: &'static Typed<RoleName, RoleFound>,
        name: &str,
    ) -> Result<Option<Described>, AwsError> {
        let (clients, region) = (&self.clients, self.global_region());
        let input = RoleName { role_name: name.to_owned() };
        let read = async {
            match operation.ask(clients, region, &input).await {
                Ok(answer) => Ok(Some(answer.role.into())),
                Err(error) if error.is(NO_SUCH) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.once(&operation.operation, name, read).await
    }

    /// The ARNs of the policies that are attached to a role; `None` where there is no such role.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn attached_policies(&self, role: &str) -> Result<Option<Vec<String>>, AwsError> {
        let arns =
            |page: Attached| page.attached_policies.into_iter().map(|own| own.policy_arn).collect();
        self.policies(&LIST_ATTACHED, role, arns).await
    }

    /// The names of the policies that are part of a role; `None` where there is no such role.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn inline_policies(&self, role: &str) -> Result<Option<Vec<String>>, AwsError> {
        self.policies(&LIST_INLINE, role, |page| page.policy_names).await
    }

    async fn policies<O: DeserializeOwned + Send>(
        &self,
        list: &'static Typed<PoliciesAsked, O>,
        role: &str,
        names: fn(O) -> Vec<String>,
    ) -> Result<Option<Vec<String>>, AwsError> {
        let input = PoliciesAsked { role_name: role.to_owned(), max_items: MOST_POLICIES };
        let read = async {
            match list.pages(&self.clients, self.global_region(), &input).await {
                Ok(pages) => Ok(Some(pages.into_iter().flat_map(names).collect())),
                Err(error) if error.is(NO_SUCH) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.once(&list.operation, role, read).await
    }

    /// A policy that is part of a role; `None` where there is none of this name.
    async fn inline_policy(&self, role: &str, name: &str) -> Result<Option<String>, AwsError> {
        let (clients, region) = (&self.clients, self.global_region());
        let input = PolicyName { role_name: role.to_owned(), policy_name: name.to_owned() };
        let read = async {
            match GET_POLICY.ask(clients, region, &input).await {
                Ok(found) => Ok(Some(plain(found.policy_document))),
                Err(error) if error.is(NO_SUCH) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.once(&GET_POLICY.operation, &format!("{name} of {role}"), read).await
    }

    /// A role with all its policies, by name: two rounds, however many they are.
    ///
    /// # Errors
    /// When any of it could not be seen.
    pub async fn role(&self, name: &str) -> Result<Option<Role>, AwsError> {
        let inline = async {
            let names = self.inline_policies(name).await?.unwrap_or_default();
            let each = names.into_iter().map(|policy| async {
                let document = self.inline_policy(name, &policy).await?;
                Ok(document.map(|document| (policy, document)))
            });
            let all = futures_util::future::try_join_all(each).await?;
            Ok(all.into_iter().flatten().collect())
        };
        let (found, attached, inline) = tokio::try_join!(
            self.described_role(&GET_ROLE, name),
            self.attached_policies(name),
            inline,
        )?;
        Ok(found.map(|Described { arn, trust, boundary, tags }| Role {
            arn,
            trust,
            inline,
            attached: attached.unwrap_or_default().into_iter().collect(),
            boundary,
            tags,
        }))
    }
}

impl From<WireRole> for Described {
    fn from(found: WireRole) -> Self {
        let boundary = found.permissions_boundary;
        Self {
            arn: found.arn,
            trust: plain(found.assume_role_policy_document),
            boundary: boundary.and_then(|own| own.permissions_boundary_arn),
            tags: Tag::table(found.tags),
        }
    }
}

/// The code of a role or policy that does not exist.
const NO_SUCH: &str = "NoSuchEntity";

/// More than a role may have. Source: IAM User Guide, "IAM and AWS STS quotas".
const MOST_POLICIES: u32 = 1000;

/// A policy document without IAM's percent encoding; as it came, where that is broken.
fn plain(text: String) -> String {
    decoded(&text).unwrap_or(text)
}

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

    #[test]
    fn documents_come_percent_encoded() {
        assert_eq!(plain("%7B%22Version%22:1%7D".to_owned()), r#"{"Version":1}"#);
        assert_eq!(plain("50 % of it".to_owned()), "50 % of it");
        assert_eq!(name("arn:aws:iam::111122223333:role/service/trail"), "trail");
    }
}

//! Whose fault a denial is: what AWS's message says about action, resource and the policy that
//! decided, and what helps then.
//!
//! Source: IAM User Guide, "Troubleshoot access denied error messages". Not every service says so
//! much, and calls into another organization say nothing: nothing but the advice hangs on it.

use super::{AwsError, Kind, Operation, regions};

/// The policies that may decide about a request, as AWS's messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Of the caller: user, group or role.
    Identity,
    /// Of the thing: bucket, key, secret.
    Resource,
    /// The most that the caller's own policies may allow.
    Boundary,
    /// Of the organization, for the callers in its accounts.
    ServiceControl,
    /// Of the organization, for the things in its accounts.
    ResourceControl,
    /// Of the VPC endpoint that the request came through.
    Endpoint,
    /// Given when the role was assumed.
    Session,
    /// Of a role: who may assume it.
    Trust,
}

const NAMES: &[(&str, Policy)] = &[
    ("service control policy", Policy::ServiceControl),
    ("resource control policy", Policy::ResourceControl),
    ("permissions boundary", Policy::Boundary),
    ("vpc endpoint policy", Policy::Endpoint),
    ("session policy", Policy::Session),
    ("role trust policy", Policy::Trust),
    ("resource-based policy", Policy::Resource),
    ("identity-based policy", Policy::Identity),
];

/// What a message says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Denial<'m> {
    /// Who asked: an ARN.
    pub principal: Option<&'m str>,
    /// The IAM action: not always that of the operation, for some need others besides.
    pub action: Option<&'m str>,
    /// What it was asked on: an ARN, perhaps with a wildcard.
    pub resource: Option<&'m str>,
    /// The kind of policy that decided.
    pub policy: Option<Policy>,
    /// Whether a statement denies; otherwise none allows.
    pub explicit: bool,
    /// The ARN of the policy that denies.
    pub policy_arn: Option<&'m str>,
    /// Whether the rest is told in an encoded message.
    pub encoded: bool,
}

impl<'m> Denial<'m> {
    /// Reads a message of AWS.
    pub fn read(message: &'m str) -> Self {
        let lower = message.to_ascii_lowercase();
        let policy = NAMES
            .iter()
            .filter_map(|(name, policy)| Some((lower.find(name)?, *policy)))
            .min_by_key(|(at, _)| *at)
            .map(|(_, policy)| policy);
        Self {
            principal: word_after(message, "User: ").or_else(|| word_after(message, "Principal: ")),
            action: word_after(message, "not authorized to perform: ").filter(|w| w.contains(':')),
            resource: word_after(message, "on resource: "),
            policy,
            explicit: lower.contains("explicit deny"),
            policy_arn: word_after(message, "policy: ").filter(|word| word.starts_with("arn:")),
            encoded: lower.contains("encoded authorization failure message"),
        }
    }
}

/// The word that follows a text, without the punctuation around it.
fn word_after<'m>(message: &'m str, text: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(text)?;
    let word = rest.split_whitespace().next()?;
    let word = word.trim_matches(|c| matches!(c, '"' | '\'' | ',' | ';' | '.' | '(' | ')'));
    (!word.is_empty()).then_some(word)
}

/// What a denied operation was asked on: as the message says, else the ARN that the operation's
/// own permission is needed on, with a `*` for what is not known.
pub fn resource(operation: &Operation, region: &str, message: &str) -> Option<String> {
    let said = Denial::read(message);
    if let Some(resource) = said.resource {
        return Some(resource.to_owned());
    }
    let needed = operation.grants.first()?.resource;
    if needed == "*" {
        return None;
    }
    let mut principal = said.principal.unwrap_or_default().split(':');
    let partition = principal.nth(1).unwrap_or(regions::partition_of(region).name);
    let account = principal.nth(2).unwrap_or("*");
    let arn = needed
        .replace("{partition}", partition)
        .replace("{region}", region)
        .replace("{home_region}", region)
        .replace("{account}", account);
    let mut parts = arn.split('{');
    let mut known = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        known.push('*');
        known.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    Some(known)
}

impl AwsError {
    /// Whether a service control policy of the organization denies it explicitly: no policy of this
    /// account can allow it.
    pub fn is_closed_by_organization(&self) -> bool {
        let said = Denial::read(&self.message);
        self.kind == Kind::Denied && said.explicit && said.policy == Some(Policy::ServiceControl)
    }
}

/// What to do about a denial.
pub fn advice(error: &AwsError) -> String {
    let lower = error.message.to_ascii_lowercase();
    if lower.contains("blockpublicpolicy") {
        return "the policy that the bucket has is public, and S3 refuses to store it again while \
                public policies are blocked: take the public statement out of it first"
            .to_owned();
    }
    let said = Denial::read(&error.message);
    let action = said.action.unwrap_or(&error.action);
    let own = error.resource.as_deref().filter(|_| action == error.action);
    let resource = said.resource.or(own);
    let what = match resource {
        Some(resource) if resource != "*" => format!("{action} on {resource}"),
        _ => action.to_owned(),
    };
    let caller = said.principal.unwrap_or("the caller");
    let its_name = match said.policy_arn {
        Some(arn) => format!(" ({arn})"),
        None => String::new(),
    };
    let Some(policy) = said.policy else {
        return unsaid(error, &what, &said);
    };
    let thing = resource.unwrap_or("the resource");
    match (policy, said.explicit) {
        (Policy::Identity, false) => {
            format!("allow {what}; `baseline permissions` prints all that is needed")
        }
        (Policy::Identity, true) => format!(
            "a policy of {caller}{its_name} denies {what}: take that statement out or narrow it; \
             allowing it elsewhere does not help"
        ),
        (Policy::Resource, false) => {
            format!("the policy of {thing} must allow {action} to {caller}")
        }
        (Policy::Resource, true) => format!(
            "the policy of {thing}{its_name} denies {action} to {caller}: whoever manages that \
             policy must exempt it"
        ),
        (Policy::Boundary, false) => {
            format!("the permissions boundary of {caller} must allow {what}")
        }
        (Policy::Boundary, true) => format!(
            "the permissions boundary of {caller}{its_name} denies {what}: have it changed, or use \
             another role"
        ),
        (Policy::ServiceControl, explicit) => {
            organization("service", explicit, &its_name, &what, caller)
        }
        (Policy::ResourceControl, explicit) => {
            organization("resource", explicit, &its_name, &what, caller)
        }
        (Policy::Endpoint, false) => {
            format!(
                "the policy of the VPC endpoint that the request came through must allow {what}"
            )
        }
        (Policy::Endpoint, true) => format!(
            "the policy of the VPC endpoint that the request came through{its_name} denies {what}: \
             have it changed, or run this from elsewhere"
        ),
        (Policy::Session, false) => {
            format!("the session policy given when the role was assumed must allow {what}")
        }
        (Policy::Session, true) => format!(
            "the session policy given when the role was assumed{its_name} denies {what}: assume it \
             without that statement"
        ),
        (Policy::Trust, false) => {
            format!("the trust policy of {thing} must allow {caller} {action}")
        }
        (Policy::Trust, true) => {
            format!("the trust policy of {thing} denies {action} to {caller}: have it changed")
        }
    }
}

/// A policy of the organization: nobody in the account can change it.
fn organization(kind: &str, explicit: bool, name: &str, what: &str, caller: &str) -> String {
    let does = match explicit {
        true => "denies",
        false => "does not allow",
    };
    // Nothing can be asked without knowing whose account it is.
    let or_else = match what.starts_with("sts:") {
        true => "",
        false => ", or leave it out with --exclude",
    };
    format!(
        "a {kind} control policy of the organization{name} {does} {what}: nothing in this account \
         changes that; ask the organization's administrators to exempt {caller}{or_else}"
    )
}

/// A message that names no policy.
fn unsaid(error: &AwsError, what: &str, said: &Denial<'_>) -> String {
    if error.is("MethodNotAllowed") {
        return format!(
            "{what} is allowed, but not from this account: the bucket belongs to another"
        );
    }
    if said.encoded {
        return format!(
            "allow {what}; what AWS says of it is read with: aws sts \
             decode-authorization-message --encoded-message TEXT"
        );
    }
    format!(
        "allow {what}; AWS does not say which policy refused: when `baseline permissions` is all \
         allowed, look at permissions boundary, organization and VPC endpoint"
    )
}

#[cfg(test)]
mod tests;

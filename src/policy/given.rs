//! Whom an Allow lets in, and what the sentence about it says.

use super::condition::{Family, Operand};
use super::document::Statement;
use super::legacy;
use super::meaning::{Meaning, Principal, Scope};
use super::narrowing::{Held, insists, narrowed_to};
use super::principals::account_of;
use super::services::{acts_for, by_path};
use super::weaknesses::{Bucket, Kind};
use std::collections::BTreeSet;

/// What a statement allows, to be said after whom it allows it.
pub(super) struct Given<'a> {
    pub name: &'a str,
    pub meaning: &'a Meaning,
    /// What it allows, as it was written.
    pub actions: String,
    pub bucket: Bucket<'a>,
}

impl Given<'_> {
    /// Who is let in by name, if it is not the account.
    pub fn people(&self, add: &mut impl FnMut(Kind, String, String)) {
        let (name, actions) = (self.name, &self.actions);
        match audience(self.meaning, self.bucket.account) {
            Held::Anyone => add(
                Kind::Public,
                format!("statement {name} allows anyone: {actions}"),
                "name the principals, or remove the statement".to_owned(),
            ),
            Held::To(others) => {
                let others: Vec<String> = others.into_iter().collect();
                let what = format!("statement {name} allows {}: {actions}", others.join(", "));
                let remedy = "remove it, or add them to shared_with if that is meant".to_owned();
                add(Kind::Shared(others), what, remedy);
            }
            Held::Nobody => {}
        }
    }

    /// The origin access identities of CloudFront that are let in: nothing in their ARNs tells the
    /// account that has them. Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon
    /// S3 origin", origin access identity (legacy).
    pub fn identities(&self, add: &mut impl FnMut(Kind, String, String)) {
        let (name, actions) = (self.name, &self.actions);
        let Some(Scope::Only(principals)) = &self.meaning.principals else {
            return;
        };
        let identity = |own: &Principal| match own {
            Principal::One(kind, id) if kind == "AWS" && is_origin_access_identity(id) => {
                Some(id.clone())
            }
            _ => None,
        };
        let identities: Vec<String> = principals.iter().filter_map(identity).collect();
        if !identities.is_empty() {
            let what = format!(
                "statement {name} allows {}: {actions}; whose origin access identity that is, the \
                 policy does not tell",
                identities.join(", ")
            );
            let remedy = "if it is one of this account (CloudFront console, Security, Origin access), \
                          add it to shared_with, or let the distribution in by an origin access \
                          control, which names it; else remove it";
            add(Kind::Untold(identities), what, remedy.to_owned());
        }
    }

    /// For whom the services act that are let in, if it is not the account.
    pub fn services(&self, add: &mut impl FnMut(Kind, String, String)) {
        let (name, actions, account) = (self.name, &self.actions, self.bucket.account);
        let mut for_anyone = Vec::new();
        for service in services_of(self.meaning) {
            match acts_for(&service, self.meaning, self.bucket) {
                Held::Anyone => for_anyone.push(service),
                Held::To(others) => {
                    let others: Vec<String> = others.into_iter().collect();
                    let what = format!(
                        "statement {name} allows {service} on behalf of {}: {actions}",
                        others.join(", ")
                    );
                    let remedy =
                        "remove it, or add them to shared_with if that is meant".to_owned();
                    add(Kind::ForOthers(others), what, remedy);
                }
                Held::Nobody => {}
            }
        }
        if !for_anyone.is_empty() {
            let what = format!(
                "statement {name} allows {} on behalf of any account of AWS: {actions}",
                for_anyone.join(", ")
            );
            let remedy = format!(
                "hold it to what it acts for, with a condition on aws:SourceArn or \
                 {{\"StringEquals\": {{\"aws:SourceAccount\": \"{account}\"}}}}, or add the service to \
                 shared_with if that is meant"
            );
            add(Kind::ForAnyone(for_anyone), what, remedy);
        }
    }
}

/// The actions of a statement as they were written.
pub(super) fn actions(statement: &Statement) -> String {
    let list = |key: &str| {
        let own = statement.get(key)?;
        Some(own.texts().collect::<Vec<_>>().join(", "))
    };
    match (list("Action"), list("NotAction")) {
        (Some(actions), _) => actions,
        (None, Some(spared)) => format!("everything but {spared}"),
        (None, None) => "nothing".to_owned(),
    }
}

/// Who besides the account is allowed, services left out.
fn audience(meaning: &Meaning, account: &str) -> Held {
    let Some(Scope::Only(principals)) = &meaning.principals else {
        return Held::Anyone;
    };
    let delivers = match &meaning.actions {
        Scope::Only(actions) => legacy::only_deliver(actions.iter().map(String::as_str)),
        Scope::AllBut(_) => false,
    };
    let mut others = BTreeSet::new();
    for principal in principals {
        match principal {
            Principal::Anyone if is_for_services(meaning) => {}
            Principal::Anyone => match narrowed_to(meaning, account) {
                Held::Anyone => return Held::Anyone,
                Held::To(list) => others.extend(list),
                Held::Nobody => {}
            },
            Principal::One(kind, id) => match (kind.as_str(), account_of(id)) {
                // AWS delivers: the path may tell for whom.
                ("AWS", Some(_)) if delivers && legacy::account(id).is_some() => {
                    if let Held::To(owners) = by_path(meaning) {
                        others.extend(owners);
                    }
                }
                ("AWS" | "Federated", Some(id)) => {
                    others.insert(id.to_owned());
                }
                ("Federated", None) => {
                    others.insert(id.clone());
                }
                ("CanonicalUser", _) => {
                    others.insert(format!("the canonical user {id}"));
                }
                // A service, an origin access identity of CloudFront (which is judged by itself), a
                // deleted user.
                _ => {}
            },
        }
    }
    Held::To(others).without(|own| own == account)
}

/// The services among the principals; a statement for anyone may be held to services by its
/// conditions.
fn services_of(meaning: &Meaning) -> Vec<String> {
    let Some(Scope::Only(principals)) = &meaning.principals else {
        return Vec::new();
    };
    let service = |own: &Principal| match own {
        Principal::Anyone if is_for_services(meaning) => Some("every service".to_owned()),
        Principal::One(kind, name) if kind == "Service" => Some(name.clone()),
        _ => None,
    };
    principals.iter().filter_map(service).collect()
}

/// Whether a principal is an origin access identity of CloudFront.
fn is_origin_access_identity(principal: &str) -> bool {
    let is_of_cloudfront = principal.split(':').nth(4) == Some("cloudfront");
    principal.starts_with("arn:") && is_of_cloudfront
}

/// Whether the conditions let in nobody but services of AWS.
fn is_for_services(meaning: &Meaning) -> bool {
    let mut conditions = meaning.conditions.iter();
    conditions.any(|((operator, key), values)| match key.name() {
        "aws:principalisawsservice" => {
            let is_true = |own: &Operand| own.text() == Some("true");
            operator.family == Family::Bool && !operator.if_exists && values.iter().all(is_true)
        }
        "aws:principalservicename" => insists(operator),
        _ => false,
    })
}

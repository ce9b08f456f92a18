//! Statements of one policy that undo each other.
//!
//! A negated condition holds where its key is absent. A service comes from no address and through no
//! VPC endpoint, and no request has both an address and an endpoint, so that such a Deny keeps out
//! more than it seems to. Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and
//! "AWS global condition context keys".

use super::document::{Policy, Statement};
use super::evaluate::Match;
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::narrowing::is_address;
use super::origins::denies_by_origin;
use super::request::{Fact, Request};
use super::weaknesses::{Bucket, Kind, Weakness};

/// The services that are let in and kept out, and the Denies that leave nobody.
pub(super) fn contradictions(
    policy: &Policy,
    bucket: Bucket<'_>,
    dialect: Dialect<'_>,
) -> Vec<Weakness> {
    let mut found = Vec::new();
    let mut add = |statement: String, what: String, remedy: &str| {
        found.push(Weakness {
            kind: Kind::Contradiction,
            statement,
            what,
            remedy: remedy.to_owned(),
        });
    };
    for (index, own) in policy.statements().iter().enumerate() {
        if let Some((service, by)) = kept_out(policy, own, bucket, dialect) {
            let name = policy.name_of(index);
            let what = format!(
                "statement {name} lets {service} in, and statement {by} keeps it out: a service \
                 comes from no address, VPC endpoint or organization"
            );
            add(
                name,
                what,
                "let that Deny spare services, with BoolIfExists aws:PrincipalIsAWSService false, or remove the Allow",
            );
        }
    }
    if let Some((one, other)) = leave_nobody(policy, dialect) {
        let what = format!(
            "statements {one} and {other} together deny everyone: no request has both an address \
             and a VPC endpoint"
        );
        add(
            one,
            what,
            "put both conditions into one Deny, which then matches who comes from neither",
        );
    }
    found
}

/// A service that a statement lets in, and the Deny that keeps it out of all that it is let in for.
fn kept_out(
    policy: &Policy,
    allow: &Statement,
    bucket: Bucket<'_>,
    dialect: Dialect<'_>,
) -> Option<(String, String)> {
    if !allow.allows() {
        return None;
    }
    let meaning = Meaning::of(allow.json(), policy.has_variables(), dialect)?;
    let (Some(Scope::Only(principals)), Scope::Only(actions), Some(Scope::Only(resources))) =
        (&meaning.principals, &meaning.actions, &meaning.resources)
    else {
        return None;
    };
    let services = principals.iter().filter_map(|own| match own {
        Principal::One(kind, name) if kind == "Service" => Some(name),
        _ => None,
    });
    let is_exact = |text: &&String| !text.contains(['?', '$']);
    for service in services {
        let requests: Vec<Request> = actions
            .iter()
            .filter(|own| is_exact(own) && !own.contains('*'))
            .flat_map(|action| resources.iter().map(move |arn| (action, arn)))
            .filter(|(_, arn)| is_exact(arn))
            .map(|(action, arn)| {
                let resource = arn.replace('*', "x");
                Request::by_service(service, action, &resource, bucket.account, "")
                    .with("aws:SourceArn", Fact::Unknown)
            })
            .collect();
        let denied = requests.iter().map(|own| policy.keeps_out(own, dialect));
        let denied: Option<Vec<String>> = denied
            .map(|found| found.filter(|(_, sure)| *sure == Match::Yes).map(|(by, _)| by))
            .collect();
        if let Some(by) = denied.and_then(|list| list.into_iter().next()) {
            return Some((service.clone(), by));
        }
    }
    None
}

/// Two Denies for anyone, one of who has no address and one of who has no endpoint, for the same
/// requests.
fn leave_nobody(policy: &Policy, dialect: Dialect<'_>) -> Option<(String, String)> {
    let denies: Vec<(String, Meaning, bool)> = policy
        .statements()
        .iter()
        .enumerate()
        .filter_map(|(index, own)| {
            let meaning = Meaning::of(own.json(), policy.has_variables(), dialect)?;
            let is_for_anyone = matches!(&meaning.principals,
                Some(Scope::Only(list)) if list.contains(&Principal::Anyone));
            let [(_, key)] = meaning.conditions.keys().collect::<Vec<_>>()[..] else {
                return None;
            };
            let by_address = is_address(key);
            let counts = meaning.denies && is_for_anyone && denies_by_origin(&meaning);
            counts.then(|| (policy.name_of(index), meaning, by_address))
        })
        .collect();
    let pairs = denies.iter().flat_map(|one| denies.iter().map(move |other| (one, other)));
    let mut pairs = pairs.filter(|(one, other)| {
        one.2
            && !other.2
            && one.1.actions == other.1.actions
            && one.1.resources == other.1.resources
    });
    pairs.next().map(|(one, other)| (one.0.clone(), other.0.clone()))
}

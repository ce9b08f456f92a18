//! An Allow for where requests come from, which restricts nobody: it opens a way in and closes none.

use super::condition::{Operand, Operator};
use super::document::Policy;
use super::effect::is_for_all_of;
use super::guardrails::{OnlyFrom, Spared, deny_elsewhere};
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::narrowing::{insists, is_origin};
use super::network::Network;
use super::principals::account_of;
use super::weaknesses::Bucket;

/// What is wrong with an Allow that seems to restrict where requests come from, and what to do.
pub(super) fn restricts_nobody(
    policy: &Policy,
    name: &str,
    allow: &Meaning,
    bucket: Bucket<'_>,
    dialect: Dialect<'_>,
) -> Option<(String, String)> {
    if !seems_to_restrict(allow, bucket.account) || denies_elsewhere(policy, allow, dialect) {
        return None;
    }
    let from = from(allow);
    let mut list: Vec<String> = from.networks.iter().map(Network::to_string).collect();
    list.extend(from.vpc_endpoints.iter().chain(&from.vpcs).cloned());
    let from_where = match list.is_empty() {
        true => "some addresses".to_owned(),
        false => list.join(", "),
    };
    let what = format!(
        "statement {name} opens a way in from {from_where} and closes none: an Allow restricts \
         nobody, and whoever in the account is allowed by IAM comes in from anywhere"
    );
    // A Deny that S3 never, or always, takes to match would keep out nobody, or everybody.
    let serves = |own: &Network| !own.is_broad() && !own.is_private();
    if list.is_empty() || !from.networks.iter().all(serves) {
        let remedy = "if nobody may come from elsewhere, say with only_from where on the internet \
                      they come from";
        return Some((what, remedy.to_owned()));
    }
    let asked: Vec<String> = [
        ("networks", networks(&from)),
        ("vpc_endpoints", from.vpc_endpoints.clone()),
        ("vpcs", from.vpcs.clone()),
    ]
    .into_iter()
    .filter(|(_, list)| !list.is_empty())
    .map(|(key, list)| format!("{key} = {list:?}"))
    .collect();
    let (arn, account, partition) = (bucket.arn, bucket.account, dialect.partition);
    let deny = deny_elsewhere(arn, &from, &Spared::default(), partition, account);
    let remedy = format!(
        "if nobody may come from elsewhere, say so with only_from = {{ {} }}, which adds: {deny}",
        asked.join(", ")
    );
    Some((what, remedy))
}

fn networks(from: &OnlyFrom) -> Vec<String> {
    from.networks.iter().map(Network::to_string).collect()
}

/// Whether an Allow is for requests from somewhere, and for principals that need no Allow here: those
/// of the account come in by their own policies.
fn seems_to_restrict(meaning: &Meaning, account: &str) -> bool {
    let own = |principal: &Principal| match principal {
        Principal::Anyone => true,
        Principal::One(kind, id) => kind == "AWS" && account_of(id) == Some(account),
    };
    let mut keys = meaning.conditions.keys();
    keys.any(|(operator, key)| is_origin(key) && insists(operator))
        && match &meaning.principals {
            Some(Scope::Only(principals)) => principals.iter().any(own),
            Some(Scope::AllBut(_)) | None => true,
        }
}

/// Whether some Deny is for the same requests from elsewhere.
fn denies_elsewhere(policy: &Policy, allow: &Meaning, dialect: Dialect<'_>) -> bool {
    let statements = policy.statements().iter();
    let meanings =
        statements.filter_map(|own| Meaning::of(own.json(), policy.has_variables(), dialect));
    meanings.filter(|own| own.denies && is_for_all_of(own, allow)).any(|own| denies_by_origin(&own))
}

/// Whether a condition of a Deny is that a request comes from elsewhere.
pub(super) fn denies_by_origin(deny: &Meaning) -> bool {
    let narrow = |own: &Operand| match own {
        Operand::Network(own) => !own.is_broad(),
        own => own.text().is_some_and(|text| text != "*"),
    };
    deny.conditions.iter().any(|((operator, key), values)| {
        is_origin(key) && is_elsewhere(operator) && values.iter().all(narrow)
    })
}

/// Whether an operator holds for what is not among its values, an absent key included.
fn is_elsewhere(operator: &Operator) -> bool {
    operator.is_negated() && operator.quantifier.is_none()
}

/// Where an Allow lets requests come from.
fn from(allow: &Meaning) -> OnlyFrom {
    let mut from = OnlyFrom::default();
    let origins = allow.conditions.iter();
    let origins = origins.filter(|((operator, key), _)| is_origin(key) && insists(operator));
    for ((_, key), values) in origins {
        for value in values {
            match (value, key.name()) {
                (Operand::Network(network), _) => from.networks.push(*network),
                (Operand::Text(id), "aws:sourcevpce") => from.vpc_endpoints.push(id.clone()),
                (Operand::Text(id), "aws:sourcevpc") => from.vpcs.push(id.clone()),
                _ => {}
            }
        }
    }
    from
}

//! What a policy gives away, and what in it does not do what it seems to.

use super::condition::{Family, Key, Operand, Operator, Quantifier, Test};
use super::document::{Policy, Statement};
use super::effect::is_for_all_of;
use super::elb;
use super::guardrails::{OnlyFrom, Spared, deny_elsewhere};
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::network::Network;
use super::principals::account_of;
use std::collections::BTreeSet;

/// Something in a policy that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// What kind of thing.
    pub kind: Kind,
    /// The statement, by its Sid or number.
    pub statement: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The kinds of weakness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anyone may.
    Public,
    /// Others than the account may: ids of accounts and organizations, or what else names them.
    Shared(Vec<String>),
    /// An Allow for some addresses, without a Deny for the others.
    RestrictsNobody,
    /// A user or role that was deleted: its id.
    DeletedPrincipal(String),
    /// A `${…}` that the version of the policy takes for plain text.
    LiteralVariable,
    /// An Allow that is not understood here.
    NotUnderstood,
}

/// What a policy of a bucket gives away, and what in it does not do what it seems to.
pub fn weaknesses(
    policy: &Policy,
    bucket_arn: &str,
    account: &str,
    partition: &str,
) -> Vec<Weakness> {
    let dialect = Dialect::resource(partition);
    let mut found = Vec::new();
    for (index, statement) in policy.statements().iter().enumerate() {
        let name = policy.name_of(index);
        // A Deny of ours is known to do what it says; an Allow may only be called like ours.
        if statement.is_own() && statement.denies() {
            continue;
        }
        let meaning = Meaning::of(statement.json(), policy.has_variables(), dialect);
        let mut add = |kind: Kind, what: String, remedy: String| {
            let statement = name.clone();
            found.push(Weakness {
                kind,
                statement,
                what,
                remedy,
            });
        };
        if statement.allows() {
            match &meaning {
                Some(meaning) => {
                    give_away(meaning, &name, account, &mut add);
                    if seems_to_restrict(meaning, account)
                        && !denies_other_addresses(policy, meaning, dialect)
                    {
                        let from = networks(meaning);
                        let (what, remedy) =
                            restricts_nobody(&name, from, bucket_arn, account, partition);
                        add(Kind::RestrictsNobody, what, remedy);
                    }
                }
                None => add(
                    Kind::NotUnderstood,
                    format!("statement {name} allows something in a way that is not understood"),
                    "see for whom and for what it is, and write it plainly".to_owned(),
                ),
            }
        }
        if has_literal_variable(policy, statement) {
            add(
                Kind::LiteralVariable,
                format!(
                    "statement {name} has a ${{…}}, which a policy of version {} takes for plain text",
                    policy.version()
                ),
                "write the text that is meant, or set the policy's Version to 2012-10-17"
                    .to_owned(),
            );
        }
    }
    for deleted in policy.deleted_principals() {
        found.push(Weakness {
            what: format!(
                "statement {} names {}, a deleted user or role; S3 refuses to store that again",
                deleted.statement, deleted.id
            ),
            remedy: "set prune_deleted_principals = true, or take it out of the policy by hand"
                .to_owned(),
            kind: Kind::DeletedPrincipal(deleted.id),
            statement: deleted.statement,
        });
    }
    found
}

impl Policy {
    /// Whether some statement allows something to anyone, under whatever conditions: only such a
    /// policy can be one that S3 takes for public.
    pub fn allows_anyone(&self, partition: &str) -> bool {
        let dialect = Dialect::resource(partition);
        let allowing = self.statements().iter().filter(|own| own.allows());
        let mut meanings =
            allowing.map(|own| Meaning::of(own.json(), self.has_variables(), dialect));
        meanings.any(|meaning| match meaning.and_then(|own| own.principals) {
            Some(Scope::Only(principals)) => principals.contains(&Principal::Anyone),
            Some(Scope::AllBut(_)) | None => true,
        })
    }
}

/// Whether a statement of a policy that does not have variables has one.
fn has_literal_variable(policy: &Policy, statement: &Statement) -> bool {
    let has_one = |text: &str| text.find("${").is_some_and(|at| text[at..].contains('}'));
    !policy.has_variables() && statement.json().any_text(&has_one)
}

fn give_away(
    meaning: &Meaning,
    name: &str,
    account: &str,
    add: &mut impl FnMut(Kind, String, String),
) {
    let actions = match &meaning.actions {
        Scope::Only(actions) => actions
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        Scope::AllBut(_) => "nearly everything".to_owned(),
    };
    match audience(meaning, account) {
        None => add(
            Kind::Public,
            format!("statement {name} allows anyone: {actions}"),
            "name the principals, or remove the statement".to_owned(),
        ),
        Some(others) if !others.is_empty() => {
            let others: Vec<String> = others.into_iter().collect();
            let what = format!("statement {name} allows {}: {actions}", others.join(", "));
            let remedy = "remove it, or add them to shared_with if that is meant".to_owned();
            add(Kind::Shared(others), what, remedy);
        }
        Some(_) => {}
    }
}

/// Who besides the account is allowed; nothing when anyone is.
fn audience(meaning: &Meaning, account: &str) -> Option<BTreeSet<String>> {
    let principals = match meaning.principals.as_ref()? {
        Scope::Only(principals) => principals,
        Scope::AllBut(_) => return None,
    };
    let narrowed = narrowed_to(meaning, account);
    let mut others = BTreeSet::new();
    for principal in principals {
        match principal {
            Principal::Anyone => others.extend(narrowed.clone()?),
            Principal::One(kind, id) => match (kind.as_str(), account_of(id)) {
                ("AWS" | "Federated", Some(id)) => {
                    others.insert(id.to_owned());
                }
                ("Federated", None) => {
                    others.insert(id.clone());
                }
                ("CanonicalUser", _) => {
                    others.insert(format!("the canonical user {id}"));
                }
                // A service, an origin access identity of CloudFront, a deleted user.
                _ => {}
            },
        }
    }
    others.retain(|id| id != account && !elb::ACCOUNTS.contains(&id.as_str()));
    Some(others)
}

/// To whom the conditions narrow an Allow for anyone: to these accounts, organizations, networks,
/// endpoints and whatever else the conditions name, or not at all. Source for what narrows: S3 User
/// Guide, "The meaning of public".
fn narrowed_to(meaning: &Meaning, account: &str) -> Option<BTreeSet<String>> {
    let mut narrowed: Option<BTreeSet<String>> = None;
    for ((operator, key), values) in &meaning.conditions {
        let is_address = is_source_address(key);
        let fixed = |own: &Operand| match own {
            Operand::Text(text) => !is_address && !text.contains(['*', '?', '$']),
            Operand::Network(network) => is_address && !network.is_broad(),
            _ => false,
        };
        if !insists(operator) || values.is_empty() || !values.iter().all(fixed) {
            continue;
        }
        let who = |own: &Operand| match own {
            Operand::Network(network) => network.to_string(),
            own => who(key.name(), own.text().unwrap_or_default()),
        };
        if !is_address && !NARROWING.contains(&key.name()) {
            continue;
        }
        let to: BTreeSet<String> = values.iter().map(who).collect();
        // All conditions must hold: who is kept out by any of them is out.
        let others = |list: &BTreeSet<String>| list.iter().filter(|own| *own != account).count();
        narrowed = Some(match narrowed {
            Some(before) if others(&before) <= others(&to) => before,
            _ => to,
        });
    }
    narrowed
}

/// The condition keys that hold an Allow for anyone to somebody, beside those of addresses.
const NARROWING: [&str; 14] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Who is let in by a value of a condition key: an account or organization where the value tells it.
fn who(key: &str, value: &str) -> String {
    let whom = match key {
        "aws:principalorgpaths" => value.split('/').next(),
        _ if key.ends_with("arn") || key.ends_with("key-id") => account_of(value),
        _ => None,
    };
    whom.unwrap_or(value).to_owned()
}

/// Whether an operator lets nothing pass but its values.
fn insists(operator: &Operator) -> bool {
    operator.test == Test::Equal
        && !operator.if_exists
        && operator.quantifier != Some(Quantifier::All)
        && matches!(
            operator.family,
            Family::Text
                | Family::TextIgnoringCase
                | Family::Pattern
                | Family::Arn
                | Family::Address
        )
}

fn is_source_address(key: &Key) -> bool {
    ["aws:sourceip", "aws:vpcsourceip"].contains(&key.name())
}

/// Whether an Allow is for requests from some addresses, and for principals that need no Allow here:
/// those of the account come in by their own policies.
fn seems_to_restrict(meaning: &Meaning, account: &str) -> bool {
    let own = |principal: &Principal| match principal {
        Principal::Anyone => true,
        Principal::One(kind, id) => kind == "AWS" && account_of(id) == Some(account),
    };
    let by_address = meaning
        .conditions
        .keys()
        .any(|(operator, key)| is_source_address(key) && insists(operator));
    by_address
        && match &meaning.principals {
            Some(Scope::Only(principals)) => principals.iter().any(own),
            Some(Scope::AllBut(_)) | None => true,
        }
}

/// Whether some Deny is for the same requests from other addresses.
fn denies_other_addresses(policy: &Policy, allow: &Meaning, dialect: Dialect<'_>) -> bool {
    let statements = policy.statements().iter();
    let meanings =
        statements.filter_map(|own| Meaning::of(own.json(), policy.has_variables(), dialect));
    let narrow = |own: &Operand| matches!(own, Operand::Network(own) if !own.is_broad());
    let by_address = |deny: &Meaning| {
        deny.conditions.iter().any(|((operator, key), values)| {
            is_source_address(key)
                && operator.family == Family::Address
                && operator.is_negated()
                && values.iter().all(narrow)
        })
    };
    meanings
        .filter(|own| own.denies && is_for_all_of(own, allow))
        .any(|own| by_address(&own))
}

fn networks(meaning: &Meaning) -> Vec<Network> {
    let by_address = meaning
        .conditions
        .iter()
        .filter(|((operator, key), _)| is_source_address(key) && insists(operator));
    let values = by_address.flat_map(|(_, values)| values);
    let network = |own: &Operand| match own {
        Operand::Network(network) => Some(*network),
        _ => None,
    };
    values.filter_map(network).collect()
}

fn restricts_nobody(
    name: &str,
    networks: Vec<Network>,
    bucket_arn: &str,
    account: &str,
    partition: &str,
) -> (String, String) {
    let list: Vec<String> = networks.iter().map(Network::to_string).collect();
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
    if networks.is_empty() || !networks.iter().all(serves) {
        let remedy = "if nobody may come from elsewhere, say with only_from where on the internet \
                      they come from";
        return (what, remedy.to_owned());
    }
    let from = OnlyFrom {
        networks,
        ..OnlyFrom::default()
    };
    let deny = deny_elsewhere(bucket_arn, &from, &Spared::default(), partition, account);
    let remedy = format!(
        "if nobody may come from elsewhere, say so with only_from = {{ networks = {list:?} }}, \
         which adds: {deny}"
    );
    (what, remedy)
}

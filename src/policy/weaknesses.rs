//! What a policy gives away, and what in it does not do what it seems to.

use super::condition::{Family, Key, Operand, Operator, Quantifier, Test};
use super::document::{Policy, Statement};
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
        if statement.is_own() {
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
                        && !denies_other_addresses(policy, dialect)
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
    let narrowed = narrowed_to(meaning);
    let mut others = BTreeSet::new();
    for principal in principals {
        match principal {
            Principal::Anyone => others.extend(narrowed.clone()?),
            Principal::One(kind, id) => match (kind.as_str(), account_of(id)) {
                ("AWS" | "Federated", Some(id)) => {
                    others.insert(id.to_owned());
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

/// To whom the conditions narrow an Allow for anyone: to these, to nobody outside a place, or not at
/// all. Source: S3 User Guide, "The meaning of public".
fn narrowed_to(meaning: &Meaning) -> Option<BTreeSet<String>> {
    let mut narrowed: Option<BTreeSet<String>> = None;
    for ((operator, key), values) in &meaning.conditions {
        let fixed = |own: &Operand| match own {
            Operand::Text(text) => !text.contains(['*', '?', '$']),
            Operand::Network(network) => !network.is_broad(),
            _ => false,
        };
        if !insists(operator) || values.is_empty() || !values.iter().all(fixed) {
            continue;
        }
        let texts = || values.iter().filter_map(Operand::text);
        let to = match key.name() {
            "aws:principalorgid"
            | "aws:principalaccount"
            | "aws:sourceaccount"
            | "aws:sourceowner"
            | "aws:sourceorgid" => texts().map(str::to_owned).collect(),
            "aws:principalarn" | "aws:sourcearn" => {
                let accounts = texts().filter_map(account_of);
                accounts.map(str::to_owned).collect()
            }
            "aws:sourceip"
            | "aws:vpcsourceip"
            | "aws:sourcevpc"
            | "aws:sourcevpce"
            | "aws:userid"
            | "aws:principalorgpaths"
            | "s3:dataaccesspointaccount"
            | "s3:dataaccesspointarn"
            | "s3:x-amz-server-side-encryption-aws-kms-key-id" => BTreeSet::new(),
            _ => continue,
        };
        // All conditions must hold: whoever any of them keeps out is out.
        narrowed = Some(match narrowed {
            Some(before) if before.len() <= to.len() => before,
            _ => to,
        });
    }
    narrowed
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

/// Whether some Deny is for requests from other addresses.
fn denies_other_addresses(policy: &Policy, dialect: Dialect<'_>) -> bool {
    let statements = policy.statements().iter();
    let meanings =
        statements.filter_map(|own| Meaning::of(own.json(), policy.has_variables(), dialect));
    let by_address = |(operator, key): &(Operator, Key)| {
        is_source_address(key) && operator.family == Family::Address && operator.is_negated()
    };
    meanings
        .filter(|own| own.denies)
        .any(|own| own.conditions.keys().any(by_address))
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
    let what = format!(
        "statement {name} opens a way in from {} and closes none: an Allow restricts nobody, and \
         whoever in the account is allowed by IAM comes in from anywhere",
        list.join(", ")
    );
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

//! What a statement says, whatever its spelling: to compare statements, never to rewrite them.
//!
//! Two statements with equal meanings say the same. Wherever it is not documented that two
//! spellings do, they count as different.

use super::condition::{self, Conditions};
use super::json::Json;
use std::collections::{BTreeMap, BTreeSet};

/// How policies of a kind of resource are read.
#[derive(Clone, Copy, Debug)]
pub struct Dialect<'a> {
    /// The partition, for the ARNs of accounts: `aws`, `aws-cn` …
    pub partition: &'a str,
    /// Whether `"*"` and `{"AWS": "*"}` are the same principals. They are in policies of resources,
    /// and not in the trust policies of roles. Source: IAM User Guide, "AWS JSON policy elements:
    /// Principal".
    pub anyone_is_aws: bool,
}

impl<'a> Dialect<'a> {
    /// Policies of buckets, topics, keys and other resources.
    pub fn resource(partition: &'a str) -> Self {
        Self { partition, anyone_is_aws: true }
    }

    /// Trust policies of roles.
    pub fn trust(partition: &'a str) -> Self {
        Self { partition, anyone_is_aws: false }
    }
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Meaning {
    pub denies: bool,
    pub principals: Option<Scope<Principal>>,
    /// In lower case: names of actions are not case-sensitive.
    pub actions: Scope<String>,
    pub resources: Option<Scope<String>>,
    pub conditions: Conditions,
    /// Whether a `${…}` in it stands for something of the request.
    pub has_variables: bool,
    /// Keys that nobody knows, as they were written.
    pub unknown: BTreeMap<String, Json>,
}

/// These, or all but these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope<T> {
    Only(BTreeSet<T>),
    AllBut(BTreeSet<T>),
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Principal {
    Anyone,
    /// Of a kind, as `AWS` or `Service`: accounts by the ARN of their root.
    One(String, String),
}

impl Meaning {
    /// The meaning of a statement; `None` when there is something in it that is not understood.
    pub fn of(statement: &Json, has_variables: bool, dialect: Dialect<'_>) -> Option<Self> {
        let meaning = Self::with_unknown(statement, has_variables, dialect)?;
        meaning.unknown.is_empty().then_some(meaning)
    }

    /// The same, where keys that nobody knows are compared and not judged.
    pub fn with_unknown(
        statement: &Json,
        has_variables: bool,
        dialect: Dialect<'_>,
    ) -> Option<Self> {
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        if statement.repeats_a_key() {
            return None;
        }
        let unknown = statement.table()?.iter();
        let unknown = unknown.filter(|(key, _)| !known.contains(&key.as_str()));
        let denies = match statement.get("Effect")?.text()? {
            "Deny" => true,
            "Allow" => false,
            _ => return None,
        };
        if statement.get("Sid").is_some_and(|sid| sid.text().is_none()) {
            return None;
        }
        let lower = |texts: BTreeSet<String>| {
            let lower = texts.into_iter().map(|text| text.to_ascii_lowercase());
            lower.collect::<BTreeSet<_>>()
        };
        let actions = |own: &Json| texts(own).map(lower);
        let actions = scope(statement, "Action", "NotAction", actions)??;
        let conditions = match statement.get("Condition") {
            Some(conditions) => condition::parse(conditions)?,
            None => Conditions::new(),
        };
        Some(Self {
            denies,
            principals: scope(statement, "Principal", "NotPrincipal", |own| {
                principals(own, dialect)
            })?,
            actions,
            resources: scope(statement, "Resource", "NotResource", texts)?,
            conditions,
            has_variables: has_variables && statement.any_text(&|text| text.contains("${")),
            unknown: unknown.cloned().collect(),
        })
    }
}

/// One of two keys that exclude each other. The outer `None` is a statement not understood, the
/// inner one a statement that has neither.
fn scope<T>(
    statement: &Json,
    only: &str,
    all_but: &str,
    read: impl Fn(&Json) -> Option<BTreeSet<T>>,
) -> Option<Option<Scope<T>>> {
    match (statement.get(only), statement.get(all_but)) {
        (Some(_), Some(_)) => None,
        (Some(own), None) => Some(Some(Scope::Only(read(own)?))),
        (None, Some(own)) => Some(Some(Scope::AllBut(read(own)?))),
        (None, None) => Some(None),
    }
}

fn texts(value: &Json) -> Option<BTreeSet<String>> {
    let items = value.items().iter();
    items.map(|item| item.text().map(str::to_owned)).collect()
}

fn principals(value: &Json, dialect: Dialect<'_>) -> Option<BTreeSet<Principal>> {
    let mut found = BTreeSet::new();
    let kinds = match value {
        Json::Text(text) if text == "*" => return Some(BTreeSet::from([Principal::Anyone])),
        Json::Table(kinds) => kinds,
        _ => return None,
    };
    for (kind, list) in kinds {
        for item in list.items() {
            // An account id may be written as a number, unless it begins with a zero.
            let text = match item {
                Json::Text(text) => text,
                Json::Number(digits) if is_account_id(digits) => digits,
                _ => return None,
            };
            found.insert(match kind.as_str() {
                "AWS" if text == "*" && dialect.anyone_is_aws => Principal::Anyone,
                "AWS" if is_account_id(text) => {
                    let root = format!("arn:{}:iam::{text}:root", dialect.partition);
                    Principal::One(kind.clone(), root)
                }
                _ => Principal::One(kind.clone(), text.clone()),
            });
        }
    }
    Some(found)
}

/// Whether a text is the id of an account.
pub(super) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

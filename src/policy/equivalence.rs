//! Whether policies say the same in other words: to see that nothing differs, never to rewrite.
//!
//! S3 returns principals in another order each time, writes account ids as ARNs and lists of one
//! as their element. None of that is a difference. What is not known to be the same is different.

use super::document::{Policy, Statement};
use super::json::Json;
use super::meaning::{Dialect, Meaning};

/// Whether two policies have the same version, the same statements under the same Sids, as often,
/// in whatever order, and the same other keys.
pub fn are_equivalent(one: &Policy, other: &Policy, dialect: Dialect<'_>) -> bool {
    one.version() == other.version()
        && same_elements(rest(one), rest(other))
        && same_elements(statements(one, dialect), statements(other, dialect))
}

/// What a statement says.
#[derive(Debug, PartialEq)]
pub(super) enum Said<'a> {
    Understood(Box<Meaning>),
    /// It equals only itself.
    Not(&'a Json, bool),
}

impl<'a> Said<'a> {
    /// `has_variables` is whether the version of its policy has them.
    pub fn by(statement: &'a Statement, has_variables: bool, dialect: Dialect<'_>) -> Self {
        match Meaning::with_unknown(statement.json(), has_variables, dialect) {
            Some(meaning) => Self::Understood(Box::new(meaning)),
            None => Self::Not(statement.json(), has_variables),
        }
    }
}

impl Policy {
    /// Whether a statement of this policy says the same as one of our own.
    pub fn same(&self, live: &Statement, wanted: &Statement, dialect: Dialect<'_>) -> bool {
        let live = Said::by(live, self.has_variables(), dialect);
        live == Said::by(wanted, true, dialect)
    }

    /// Whether some statement, under whatever Sid, says the same as this one of our own.
    pub fn says(&self, wanted: &serde_json::Value, dialect: Dialect<'_>) -> bool {
        let wanted = Statement::from(wanted);
        let wanted = Said::by(&wanted, true, dialect);
        statements(self, dialect).iter().any(|(_, said)| *said == wanted)
    }
}

/// The Sids of the statements, and what they say.
fn statements<'a>(policy: &'a Policy, dialect: Dialect<'_>) -> Vec<(Option<&'a str>, Said<'a>)> {
    let variables = policy.has_variables();
    let statements = policy.statements().iter();
    statements.map(|own| (own.sid(), Said::by(own, variables, dialect))).collect()
}

/// The keys beside the statements and the version.
fn rest(policy: &Policy) -> Vec<&(String, Json)> {
    let entries = policy.entries().iter();
    entries.filter(|(key, _)| key != "Version").collect()
}

/// Whether two lists have the same elements, each as often, in whatever order.
fn same_elements<T: PartialEq>(one: Vec<T>, mut other: Vec<T>) -> bool {
    let mut take = |item: &T| {
        let at = other.iter().position(|candidate| candidate == item);
        at.map(|at| other.swap_remove(at)).is_some()
    };
    one.iter().all(&mut take) && other.is_empty()
}

//! Whether a statement matches a request, judged here with what is known of the request.
//!
//! Not everything is known: the address that S3 sees, the path of the role behind a session. What
//! depends on that is neither a yes nor a no. Source: IAM User Guide, "Policy evaluation logic" and
//! "IAM JSON policy elements: Condition operators".

use super::condition::{Decimal, Family, Key, Operand, Operator, Quantifier, Test};
use super::document::Statement;
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::moment::Moment;
use super::network::Network;
use super::pattern::{covers, matches, meet};
use super::request::{Caller, Fact, Request};
use std::collections::BTreeSet;

/// Whether a statement matches a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That depends on what is not known here.
    CannotTell,
}

impl Match {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::CannotTell => Self::CannotTell,
        }
    }

    fn all(mut each: impl Iterator<Item = Self>) -> Self {
        each.try_fold(Self::Yes, |so_far, own| match (so_far, own) {
            (_, Self::No) => Err(Self::No),
            (Self::Yes, own) => Ok(own),
            _ => Ok(Self::CannotTell),
        })
        .unwrap_or_else(|no| no)
    }

    fn any(each: impl Iterator<Item = Self>) -> Self {
        Self::all(each.map(Self::not)).not()
    }

    /// What holds for each of several possibilities, if it is the same for all.
    fn agreed(mut each: impl Iterator<Item = Self>) -> Self {
        let first = each.next().unwrap_or(Self::CannotTell);
        match each.all(|own| own == first) {
            true => first,
            false => Self::CannotTell,
        }
    }
}

/// Whether a statement matches a request. `has_variables` is whether the version of its policy
/// gives `${…}` a meaning.
pub fn evaluate(
    statement: &Statement,
    has_variables: bool,
    request: &Request,
    dialect: Dialect<'_>,
) -> Match {
    let Some(meaning) = Meaning::of(statement.json(), has_variables, dialect) else {
        return Match::CannotTell;
    };
    let is_variable = |text: &str| meaning.has_variables && text.contains("${");
    let matched = |pattern: &String, text: &str| match is_variable(pattern) {
        true => Match::CannotTell,
        false => Match::of(matches(pattern, text)),
    };
    let among = |scope: &Scope<String>, text: &str| match scope {
        Scope::Only(list) => Match::any(list.iter().map(|own| matched(own, text))),
        Scope::AllBut(list) => Match::any(list.iter().map(|own| matched(own, text))).not(),
    };
    let principal = meaning.principals.as_ref();
    let resource = meaning.resources.as_ref();
    let conditions = meaning.conditions.iter().map(|((operator, key), values)| {
        let uncertain = values.iter().any(|own| own.text().is_some_and(is_variable));
        match uncertain {
            true => Match::CannotTell,
            false => condition(operator, values, &request.fact(key)),
        }
    });
    let rest = [
        principal.map_or(Match::Yes, |own| named(own, &request.caller)),
        among(&meaning.actions, &request.action.to_ascii_lowercase()),
        resource.map_or(Match::Yes, |own| among(own, &request.resource)),
    ];
    Match::all(rest.into_iter().chain(conditions))
}

fn named(scope: &Scope<Principal>, caller: &Caller) -> Match {
    match scope {
        Scope::Only(list) => Match::any(list.iter().map(|own| is_caller(own, caller))),
        Scope::AllBut(list) if list.contains(&Principal::Anyone) => Match::No,
        Scope::AllBut(list) => match Match::any(list.iter().map(|own| is_caller(own, caller))) {
            Match::Yes if caller.is_account_spared(list) == Match::Yes => Match::No,
            Match::No => Match::Yes,
            _ => Match::CannotTell,
        },
    }
}

fn is_caller(principal: &Principal, caller: &Caller) -> Match {
    match principal {
        Principal::Anyone => Match::Yes,
        Principal::One(kind, arn) if kind == "AWS" => caller.is(arn),
        Principal::One(kind, name) if kind == "Service" => Match::of(caller.is_service(name)),
        Principal::One(kind, _) if kind == "Federated" => Match::No,
        Principal::One(kind, _) if kind == "CanonicalUser" && caller.is_a_service() => Match::No,
        Principal::One(..) => Match::CannotTell,
    }
}

fn condition(operator: &Operator, values: &BTreeSet<Operand>, fact: &Fact) -> Match {
    if operator.family == Family::Null {
        return is_absent(values, fact);
    }
    let passes = |value: &str| passes(operator, values, value);
    match (fact, operator.quantifier) {
        (Fact::Unknown, _) => Match::CannotTell,
        (Fact::Absent, Some(Quantifier::All)) => Match::Yes,
        (Fact::Absent, Some(Quantifier::Any)) => Match::No,
        (Fact::Absent, None) => Match::of(operator.if_exists || operator.is_negated()),
        (Fact::Values(list), Some(Quantifier::All)) => Match::all(list.iter().map(|v| passes(v))),
        (Fact::Values(list), Some(Quantifier::Any)) => Match::any(list.iter().map(|v| passes(v))),
        (Fact::Values(list), None) => match list.as_slice() {
            [only] => passes(only),
            _ => Match::CannotTell,
        },
        (Fact::OneOf(list), _) => Match::agreed(list.iter().map(|value| passes(value))),
    }
}

/// The operator `Null`: whether a key is absent.
fn is_absent(values: &BTreeSet<Operand>, fact: &Fact) -> Match {
    let asked: Vec<Option<&str>> = values.iter().map(Operand::text).collect();
    match (asked.as_slice(), fact) {
        (_, Fact::Unknown) => Match::CannotTell,
        ([Some("true")], fact) => Match::of(*fact == Fact::Absent),
        ([Some("false")], fact) => Match::of(*fact != Fact::Absent),
        _ => Match::CannotTell,
    }
}

/// Whether a value of the request passes: one of the condition's values for plain operators, none
/// of them for negated ones.
fn passes(operator: &Operator, values: &BTreeSet<Operand>, value: &str) -> Match {
    let any = Match::any(values.iter().map(|own| holds(operator, own, value)));
    if operator.is_negated() { any.not() } else { any }
}

fn holds(operator: &Operator, own: &Operand, value: &str) -> Match {
    match (&operator.family, own) {
        (Family::Text, Operand::Text(own)) => same(own, value),
        (Family::TextIgnoringCase, Operand::Text(own)) => {
            same(&own.to_lowercase(), &value.to_lowercase())
        }
        (Family::Pattern, Operand::Text(own)) => like(own, value),
        (Family::Arn, Operand::Text(own)) => arn_like(own, value),
        (Family::Bool, Operand::Text(own)) if own == "true" || own == "false" => {
            Match::of(own == value)
        }
        (Family::Address, Operand::Network(own)) => match Network::parse(value) {
            Some(address) => Match::of(own.contains(&address)),
            None => Match::CannotTell,
        },
        (Family::Number, Operand::Number(own)) => match Decimal::parse(value) {
            Some(value) => Match::of(match operator.test {
                Test::Equal | Test::Different => value == *own,
                Test::Less => value < *own,
                Test::LessOrEqual => value <= *own,
                Test::Greater => value > *own,
                Test::GreaterOrEqual => value >= *own,
            }),
            None => Match::CannotTell,
        },
        (Family::Date, Operand::Text(own) | Operand::Written(own)) => {
            match Moment::compare(value, own) {
                Some(order) => Match::of(match operator.test {
                    Test::Equal | Test::Different => order.is_eq(),
                    Test::Less => order.is_lt(),
                    Test::LessOrEqual => order.is_le(),
                    Test::Greater => order.is_gt(),
                    Test::GreaterOrEqual => order.is_ge(),
                }),
                None => Match::CannotTell,
            }
        }
        _ => Match::CannotTell,
    }
}

/// Whether a text is a value; a `*` in the value stands for what is not known of it.
fn same(own: &str, value: &str) -> Match {
    match value.contains('*') {
        true if meet(value, own) => Match::CannotTell,
        _ => Match::of(own == value),
    }
}

fn like(pattern: &str, value: &str) -> Match {
    match (covers(pattern, value), meet(pattern, value)) {
        (true, _) => Match::Yes,
        (false, true) if value.contains('*') => Match::CannotTell,
        (false, _) => Match::No,
    }
}

/// Each of the six parts of an ARN is compared by itself.
fn arn_like(pattern: &str, value: &str) -> Match {
    let parts = |arn: &str| -> Vec<String> { arn.splitn(6, ':').map(str::to_owned).collect() };
    let (pattern, value) = (parts(pattern), parts(value));
    // Only services assume the roles below this path, and no service calls this program.
    if pattern.last().is_some_and(|own| own.starts_with("role/aws-service-role/"))
        && value.last().is_some_and(|own| own.starts_with("role/*/"))
    {
        return Match::No;
    }
    match pattern.len() == 6 && value.len() == 6 {
        true => Match::all(pattern.iter().zip(&value).map(|(own, part)| like(own, part))),
        false => Match::CannotTell,
    }
}

impl Request {
    fn fact(&self, key: &Key) -> Fact {
        self.facts.get(key.name()).cloned().unwrap_or(Fact::Unknown)
    }
}

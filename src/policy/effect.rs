//! Whether a policy already denies what a statement of ours would deny, under whatever Sid.
//!
//! A broader Deny satisfies: for more principals, actions or resources, or under fewer or wider
//! conditions. The question is only ever answered with yes where that is certain; a Deny that is
//! not recognised costs a statement more and nothing else.

use super::condition::{Conditions, Family, Key, Operand, Operator, Test};
use super::document::{Policy, Statement};
use super::guardrails::deny_insecure_transport;
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::pattern::{covers, covers_arn, meet};
use std::collections::BTreeSet;

impl Policy {
    /// Whether every request that this Deny of ours matches is denied by the statements there are:
    /// each of its actions on each of its resources by one of them.
    pub fn denies_all_of(&self, wanted: impl Into<Statement>, dialect: Dialect<'_>) -> bool {
        let wanted: Statement = wanted.into();
        let Some(wanted) = Meaning::of(wanted.json(), true, dialect) else {
            return false;
        };
        let statements = self.statements().iter();
        let denies =
            statements.filter_map(|own| Meaning::of(own.json(), self.has_variables(), dialect));
        let denies: Vec<Meaning> = denies.filter(|own| own.denies).collect();
        parts(&wanted).iter().all(|part| denies.iter().any(|own| is_broader(own, part)))
    }
}

impl Policy {
    /// Whether all requests to a bucket and its objects that are not encrypted are denied.
    pub fn denies_insecure_transport(&self, bucket_arn: &str) -> bool {
        let partition = bucket_arn.split(':').nth(1).unwrap_or_default();
        self.denies_all_of(&deny_insecure_transport(bucket_arn), Dialect::resource(partition))
    }
}

/// A statement for each pair of action and resource; what is said by exclusion stays whole.
fn parts(meaning: &Meaning) -> Vec<Meaning> {
    let each = |scope: &Scope<String>| match scope {
        Scope::Only(items) => {
            let single = items.iter().map(|item| Scope::Only(BTreeSet::from([item.clone()])));
            single.collect()
        }
        whole => vec![whole.clone()],
    };
    let actions = each(&meaning.actions);
    let resources: Vec<Option<Scope<String>>> = match &meaning.resources {
        Some(resources) => each(resources).into_iter().map(Some).collect(),
        None => vec![None],
    };
    let pairs = actions.iter().flat_map(|actions| {
        resources.iter().map(|resources| Meaning {
            actions: actions.clone(),
            resources: resources.clone(),
            ..meaning.clone()
        })
    });
    pairs.collect()
}

fn is_broader(wide: &Meaning, narrow: &Meaning) -> bool {
    // What a variable stands for is not known here.
    !wide.has_variables
        && !narrow.has_variables
        && is_for_all_of(wide, narrow)
        && are_implied(&wide.conditions, &narrow.conditions)
}

/// Whether a statement is for all principals, actions and resources of another one, whatever the
/// conditions.
pub(super) fn is_for_all_of(wide: &Meaning, narrow: &Meaning) -> bool {
    let resources = match (&wide.resources, &narrow.resources) {
        (Some(wide), Some(narrow)) => includes(wide, narrow, covers_arn),
        (wide, narrow) => wide == narrow,
    };
    takes_in(&wide.principals, &narrow.principals)
        && (covers_all_of_s3(wide, narrow) || includes(&wide.actions, &narrow.actions, covers))
        && resources
}

/// Whether the wider statement is for every action that there is on buckets and objects, and the
/// narrower one for nothing else.
fn covers_all_of_s3(wide: &Meaning, narrow: &Meaning) -> bool {
    let is_s3 = |arn: &String| {
        let mut parts = arn.split(':');
        parts.next() == Some("arn") && parts.nth(1) == Some("s3")
    };
    let every = matches!(&wide.actions, Scope::Only(actions) if actions.contains("s3:*"));
    every && matches!(&narrow.resources, Some(Scope::Only(arns)) if arns.iter().all(is_s3))
}

fn takes_in(wide: &Option<Scope<Principal>>, narrow: &Option<Scope<Principal>>) -> bool {
    match (wide, narrow) {
        (Some(Scope::Only(wide)), _) if wide.contains(&Principal::Anyone) => true,
        (Some(Scope::Only(wide)), Some(Scope::Only(narrow))) => narrow.is_subset(wide),
        _ => wide == narrow,
    }
}

/// Whether one scope of patterns includes another.
fn includes(
    wide: &Scope<String>,
    narrow: &Scope<String>,
    covers: impl Fn(&str, &str) -> bool,
) -> bool {
    let covered = |list: &BTreeSet<String>, item: &String| list.iter().any(|own| covers(own, item));
    match (wide, narrow) {
        (Scope::Only(wide), Scope::Only(narrow)) => narrow.iter().all(|item| covered(wide, item)),
        (Scope::Only(wide), Scope::AllBut(_)) => wide.contains("*"),
        (Scope::AllBut(spared), Scope::Only(narrow)) => {
            narrow.iter().all(|item| !spared.iter().any(|own| meet(own, item)))
        }
        (Scope::AllBut(spared), Scope::AllBut(narrow)) => {
            spared.iter().all(|item| covered(narrow, item))
        }
    }
}

/// Whether every condition of the wider statement holds whenever all of the narrower one do.
fn are_implied(wide: &Conditions, narrow: &Conditions) -> bool {
    wide.iter().all(|wide| narrow.iter().any(|narrow| implies(narrow, wide)))
}

type Condition<'a> = (&'a (Operator, Key), &'a BTreeSet<Operand>);

fn implies(narrow: Condition<'_>, wide: Condition<'_>) -> bool {
    let ((narrow_operator, narrow_key), narrow_values) = narrow;
    let ((wide_operator, wide_key), wide_values) = wide;
    if narrow == wide {
        return true;
    }
    let (one, other) = (narrow_operator, wide_operator);
    let alike = narrow_key == wide_key
        && one.family == other.family
        && one.quantifier.is_none()
        && other.quantifier.is_none()
        // A negated operator holds for an absent key either way.
        && (one.is_negated() || other.if_exists || !one.if_exists);
    if !alike {
        return false;
    }
    let known =
        |list: &BTreeSet<Operand>, value: &Operand| list.iter().any(|own| holds(own, value));
    match (&one.family, one.test, other.test) {
        (Family::Unknown(_) | Family::Null | Family::Binary | Family::Date, ..) => false,
        (_, Test::Equal, Test::Equal) => {
            narrow_values.iter().all(|value| known(wide_values, value))
        }
        (_, Test::Different, Test::Different) => {
            wide_values.iter().all(|value| known(narrow_values, value))
        }
        (Family::Number, Test::Less | Test::LessOrEqual, Test::Less | Test::LessOrEqual) => {
            bounds(narrow_values, wide_values).is_some_and(|(narrow, wide)| {
                narrow < wide || (narrow == wide && reaches(one.test, other.test))
            })
        }
        (
            Family::Number,
            Test::Greater | Test::GreaterOrEqual,
            Test::Greater | Test::GreaterOrEqual,
        ) => bounds(narrow_values, wide_values).is_some_and(|(narrow, wide)| {
            narrow > wide || (narrow == wide && reaches(one.test, other.test))
        }),
        _ => false,
    }
}

/// Whether one value of a condition takes in another: a network what is within it, everything else
/// only itself.
fn holds(wide: &Operand, narrow: &Operand) -> bool {
    match (wide, narrow) {
        (Operand::Network(wide), Operand::Network(narrow)) => wide.contains(narrow),
        _ => wide == narrow,
    }
}

/// The limits of two conditions that have one each.
fn bounds<'a>(
    narrow: &'a BTreeSet<Operand>,
    wide: &'a BTreeSet<Operand>,
) -> Option<(&'a Operand, &'a Operand)> {
    let single = |values: &'a BTreeSet<Operand>| {
        let number = values.first().filter(|own| matches!(own, Operand::Number(_)));
        number.filter(|_| values.len() == 1)
    };
    Some((single(narrow)?, single(wide)?))
}

/// Whether a limit itself is in the wider condition if it is in the narrower one.
fn reaches(narrow: Test, wide: Test) -> bool {
    let or_equal = |test| matches!(test, Test::LessOrEqual | Test::GreaterOrEqual);
    or_equal(wide) || !or_equal(narrow)
}

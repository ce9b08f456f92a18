//! To whom the conditions of an Allow hold it.
//!
//! Source for what narrows: S3 User Guide, "The meaning of public"; beyond it, a pattern counts where
//! its account or organization is written out.

use super::condition::{Family, Key, Operand, Operator, Quantifier, Test};
use super::meaning::Meaning;
use super::principals::account_of;
use std::collections::BTreeSet;

/// To whom something is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is not held to anybody.
    Anyone,
    /// To these: accounts, organizations, or what else names them.
    To(BTreeSet<String>),
    /// Nobody is let in.
    Nobody,
}

impl Held {
    /// Without those who are let in anyway.
    pub fn without(self, is_own: impl Fn(&str) -> bool) -> Self {
        match self {
            Self::To(mut list) => {
                list.retain(|own| !is_own(own));
                match list.is_empty() {
                    true => Self::Nobody,
                    false => Self::To(list),
                }
            }
            other => other,
        }
    }
}

/// To whom all conditions together hold an Allow; `of` says it of each, and nothing for one that
/// holds it to nobody in particular.
pub(super) fn held_by(
    meaning: &Meaning,
    account: &str,
    of: impl Fn(&Operator, &Key, &BTreeSet<Operand>) -> Option<Held>,
) -> Held {
    let conditions = meaning.conditions.iter();
    let each = conditions.filter_map(|((operator, key), values)| of(operator, key, values));
    // All must hold: who is kept out by any of them is out.
    let others = |held: &Held| match held {
        Held::Nobody => 0,
        Held::To(list) => list.iter().filter(|own| *own != account).count(),
        Held::Anyone => usize::MAX,
    };
    each.min_by_key(others).unwrap_or(Held::Anyone)
}

/// To whom the conditions hold an Allow for anyone: to these accounts, organizations, networks,
/// endpoints and whatever else they name.
pub(super) fn narrowed_to(meaning: &Meaning, account: &str) -> Held {
    held_by(meaning, account, |operator, key, values| {
        let is_known = is_address(key) || NARROWING.contains(&key.name());
        if !is_known || !insists(operator) || values.is_empty() {
            return None;
        }
        let named = |own: &Operand| whose(operator, key, own, account);
        let named: Option<BTreeSet<String>> = values.iter().map(named).collect();
        named.map(Held::To)
    })
}

/// The condition keys that hold an Allow for anyone to somebody, beside those of addresses.
const NARROWING: [&str; 16] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Who is let in by a value of a condition key: an account or organization where the value tells it.
/// Nothing where it may be whoever.
pub(super) fn whose(
    operator: &Operator,
    key: &Key,
    value: &Operand,
    account: &str,
) -> Option<String> {
    let text = match value {
        Operand::Network(network) => return (!network.is_broad()).then(|| network.to_string()),
        value => value.text()?,
    };
    if is_address(key) {
        return None;
    }
    let is_pattern = matches!(operator.family, Family::Pattern | Family::Arn);
    let is_open = |text: &str| text.contains('$') || (is_pattern && text.contains(['*', '?']));
    let known = match key.name() {
        // What owns the bucket owns the request.
        _ if text.eq_ignore_ascii_case("${aws:ResourceAccount}") => Some(account),
        _ if text.eq_ignore_ascii_case("${aws:ResourceOrgID}") => return Some(text.to_owned()),
        "aws:principalorgpaths" | "aws:sourceorgpaths" => text.split('/').next(),
        // The sessions of a role.
        "aws:userid" if is_open(text) => text.split(':').next(),
        name if name.ends_with("arn") || name.ends_with("key-id") => {
            account_of(text).or(Some(text))
        }
        _ => Some(text),
    };
    known.filter(|own| !is_open(own) && !own.is_empty()).map(str::to_owned)
}

/// Whether an operator lets nothing pass but its values.
pub(super) fn insists(operator: &Operator) -> bool {
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

/// Whether a key is the address that a request comes from.
pub(super) fn is_address(key: &Key) -> bool {
    ["aws:sourceip", "aws:vpcsourceip"].contains(&key.name())
}

/// Whether a key tells where a request comes from: the address, or the VPC or its endpoint.
pub(super) fn is_origin(key: &Key) -> bool {
    is_address(key) || ["aws:sourcevpc", "aws:sourcevpce"].contains(&key.name())
}

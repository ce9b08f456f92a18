//! The policy of a bucket: what tells two apart, and the one write that leads from one to the other.

use super::{BucketState, changed, parsed, target};
use crate::control::{At, Steps};
use crate::diff::{self, Difference};
use crate::policy::guardrails::{
    ALGORITHM, DELETE_WITHOUT_MFA, ELSEWHERE, INSECURE_TRANSPORT, KEY, OLD_PRESIGNED, OLD_TLS,
    OTHER_ENCRYPTION, PRESIGNED_V2,
};
use crate::policy::{Dialect, Policy, Statement};
use crate::s3;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A guardrail that is a statement of ours, or several.
struct Guardrail {
    /// The key of the baseline.
    field: &'static str,
    sids: &'static [&'static str],
    /// What plans show where there is none.
    off: Value,
}

/// In the order in which plans show them.
static GUARDRAILS: [Guardrail; 7] = [
    guardrail("ssl_only", &[INSECURE_TRANSPORT], Value::Bool(false)),
    guardrail("minimum_tls", &[OLD_TLS], Value::Null),
    guardrail("only_from", &[ELSEWHERE], Value::Null),
    guardrail("presigned_max_age", &[OLD_PRESIGNED, PRESIGNED_V2], Value::Null),
    guardrail("delete_requires_mfa", &[DELETE_WITHOUT_MFA], Value::Bool(false)),
    guardrail("encrypted_uploads", &OTHER_ENCRYPTION, Value::Bool(false)),
    guardrail("takes_access_logs", &[s3::ACCESS_LOGS], Value::Bool(false)),
];

const fn guardrail(field: &'static str, sids: &'static [&'static str], off: Value) -> Guardrail {
    Guardrail { field, sids, off }
}

pub(super) fn steps(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let wanted = changed(&from.policy, &to.policy)?;
    let read = |text: &Option<String>| parsed(text.as_deref(), at).ok();
    let before = read(from.policy.as_ref()?)?;
    Some(match read(wanted)? {
        Some(policy) => {
            Steps::one(s3::PutBucketPolicy::between(target(at), before.as_ref(), policy))
        }
        None => Steps::one(s3::DeleteBucketPolicy { target: target(at) }),
    })
}

/// What tells two policies apart, by the guardrails that are statements; the other statements of
/// ours, and those of others that changed, by their names.
pub(in super::super) fn differences(
    from: Option<&Policy>,
    to: Option<&Policy>,
    at: At<'_>,
) -> Vec<Difference> {
    let [mut from, to] = [from, to].map(|own| own.cloned().unwrap_or_else(Policy::empty));
    let ids = |policy: &Policy| -> Vec<String> {
        policy.deleted_principals().into_iter().map(|own| own.id).collect()
    };
    let mut found = differs("deleted_principals", json!(ids(&from)), json!(ids(&to)), false);
    if !found.is_empty() {
        from.prune_deleted_principals();
    }
    let between = Between { from, to, dialect: Dialect::resource(&at.context.partition) };
    found.extend(GUARDRAILS.iter().flat_map(|own| between.guardrail(own)));
    found.extend(between.others());
    found
}

struct Between<'a> {
    from: Policy,
    to: Policy,
    dialect: Dialect<'a>,
}

impl Between<'_> {
    fn guardrail(&self, own: &Guardrail) -> Vec<Difference> {
        let Guardrail { field, sids, off } = own;
        let of = |policy: &Policy| -> Vec<Value> {
            let found = sids.iter().filter_map(|sid| policy.with_sid(sid));
            found.map(Statement::shown).collect()
        };
        let (now, then) = (of(&self.from), of(&self.to));
        match (now.first(), then.first()) {
            (None, None) => Vec::new(),
            (None, Some(new)) => differs(field, off.clone(), said(field, new), false),
            (Some(old), None) => {
                let before = if off.is_null() { old.clone() } else { json!(true) };
                differs(field, before, off.clone(), true)
            }
            (Some(_), Some(new)) => {
                let mut found = Vec::new();
                for other in sids.iter().flat_map(|sid| self.statement(own, sid, new)) {
                    if !found.contains(&other) {
                        found.push(other);
                    }
                }
                found
            }
        }
    }

    /// What tells the statements of one Sid apart, where others of the guardrail stay.
    fn statement(&self, own: &Guardrail, sid: &str, first: &Value) -> Vec<Difference> {
        let field = own.field;
        let of = |policy: &Policy| -> Vec<Value> {
            let same = policy.statements().iter().filter(|own| own.sid() == Some(sid));
            same.map(Statement::shown).collect()
        };
        let (now, then) = (of(&self.from), of(&self.to));
        let Some(wanted) = then.first() else {
            // It has become needless, or is less.
            let live = now.first().cloned().unwrap_or_default();
            return differs(&format!("{field}.{sid}"), live, Value::Null, true);
        };
        let Some(live) = now.first() else {
            return differs(field, own.off.clone(), said(field, first), false);
        };
        let second = now.get(1).filter(|_| then.len() == 1).cloned().unwrap_or_default();
        let mut found = differs(&format!("{field}.{sid}"), second, Value::Null, false);
        let loosens = !is_as_strict(wanted, live, self.dialect);
        found.extend(diff::compare(live, wanted).into_iter().map(|key| Difference {
            field: format!("{field}.{}", key.field),
            loosens,
            ..key
        }));
        found
    }

    /// Without one of ours a service may no longer deliver.
    fn others(&self) -> Vec<Difference> {
        let is_guardrail = |sid: &str| GUARDRAILS.iter().any(|own| own.sids.contains(&sid));
        let names = |policy: &Policy, other: &Policy| -> Vec<String> {
            let text = |own: &Statement| own.shown();
            let statements = policy.statements().iter().enumerate();
            statements
                .filter(|(_, own)| !own.sid().is_some_and(is_guardrail))
                .filter(|(_, own)| {
                    own.is_own() || !other.statements().iter().any(|o| text(o) == text(own))
                })
                .map(|(at, _)| policy.name_of(at))
                .collect()
        };
        let (now, then) = (names(&self.from, &self.to), names(&self.to, &self.from));
        let loosens = now.iter().any(|name| !then.contains(name));
        differs("statements", json!(now), json!(then), loosens)
    }
}

fn differs(field: &str, before: Value, after: Value, loosens: bool) -> Vec<Difference> {
    let difference = Difference { loosens, ..Difference::new(field, before, after) };
    let is_one = difference.before != difference.after;
    is_one.then_some(difference).into_iter().collect()
}

/// What a statement of ours says, by the value of its key.
fn said(field: &str, statement: &Value) -> Value {
    let condition = &statement["Condition"];
    match field {
        "minimum_tls" => condition["NumericLessThan"]["s3:TlsVersion"].clone(),
        "presigned_max_age" => {
            let age = condition["NumericGreaterThan"]["s3:signatureAge"].as_str();
            let age = age.and_then(|age| age.parse().ok()).map(Duration::from_millis);
            json!(age.map(|age| humantime::format_duration(age).to_string()))
        }
        "only_from" => only_from(condition),
        _ => json!(true),
    }
}

fn only_from(condition: &Value) -> Value {
    let different = &condition["StringNotEqualsIfExists"];
    // The first principal is the service-linked roles, which are always spared.
    let spared = condition["ArnNotLikeIfExists"]["aws:PrincipalArn"].as_array();
    let named: Vec<&Value> = spared.into_iter().flatten().skip(1).collect();
    let said = [
        ("networks", condition["NotIpAddress"]["aws:SourceIp"].clone()),
        ("vpc_endpoints", different["aws:SourceVpce"].clone()),
        ("vpcs", different["aws:SourceVpc"].clone()),
        ("organization", different["aws:PrincipalOrgID"].clone()),
        ("break_glass", if named.is_empty() { Value::Null } else { json!(named) }),
    ];
    let said = said.into_iter().filter(|(_, value)| !value.is_null());
    said.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// Whether a statement denies all that another one does, as far as both are for one default
/// encryption.
fn is_as_strict(statement: &Value, other: &Value, dialect: Dialect<'_>) -> bool {
    let other = match rank(statement).zip(rank(other)) {
        Some((own, other)) if own < other => return false,
        Some(_) => of_default(other, statement),
        None => other.clone(),
    };
    let mut alone = Policy::empty();
    alone.put(statement);
    alone.denies_all_of(&other, dialect)
}

/// How strict a Deny of other encryption is: neither of two denies all that the other one does, for
/// each is for one default. The order of the algorithms, and a key of one's own over that of AWS.
fn rank(statement: &Value) -> Option<usize> {
    let condition = &statement["Condition"];
    match condition["StringNotEquals"][ALGORITHM].as_str() {
        Some(algorithm) => {
            let weaker_first = ["AES256", "aws:kms", "aws:kms:dsse"];
            weaker_first.iter().position(|own| *own == algorithm)
        }
        None if condition["StringNotEquals"][KEY].is_string() => Some(1),
        None if condition["Null"][KEY].is_string() => Some(0),
        None => None,
    }
}

/// A Deny of other encryption as it would be for the default of another one.
fn of_default(statement: &Value, other: &Value) -> Value {
    let mut statement = statement.clone();
    for operator in ["Null", "StringNotEquals"] {
        match other["Condition"].get(operator) {
            Some(values) => statement["Condition"][operator] = values.clone(),
            None => {
                if let Some(condition) = statement["Condition"].as_object_mut() {
                    condition.shift_remove(operator);
                }
            }
        }
    }
    statement
}

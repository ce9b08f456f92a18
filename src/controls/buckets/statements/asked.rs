//! The guardrails that are statements, as the entries ask for them.

use super::super::encryption;
use super::super::guardrail::{Judging, Unread};
use super::super::guards::Guard;
use super::super::settings::Wanted;
use crate::policy::Policy;
use crate::policy::guardrails::{
    DELETE_WITHOUT_MFA, ELSEWHERE, INSECURE_TRANSPORT, OLD_PRESIGNED, OLD_TLS, OTHER_ENCRYPTION,
    PRESIGNED_V2, Spared, deny_delete_without_mfa, deny_elsewhere, deny_insecure_transport,
    deny_old_presigned, deny_old_tls, deny_other_encryption, deny_presigned_v2,
};
use serde_json::{Value, json};

/// A guardrail of one statement, or two.
pub(super) struct Own {
    /// The key of the baseline.
    pub setting: &'static str,
    /// The Sids of its statements.
    pub sids: Vec<&'static str>,
    /// The statements; none when it is taken back.
    pub statements: Vec<Value>,
    /// What the plan says it was and will be, when it was not there.
    pub before: Value,
    pub after: Value,
    /// Whether a statement of ours must say just this, so that a stricter one is put right, too: of
    /// a list that has grown, the new part is to take effect.
    pub exactly: bool,
}

/// Whether any is asked for, or taken back.
pub(super) fn asks(wanted: &Wanted<'_>) -> bool {
    wanted.ssl_only.is_some()
        || wanted.minimum_tls.is_some()
        || wanted.only_from.is_some()
        || wanted.presigned_max_age.is_some()
        || wanted.delete_requires_mfa.is_some()
        || wanted.encrypted_uploads.is_some()
}

/// All that are asked for, or taken back.
pub(super) fn all(judging: &mut Judging<'_>, policy: Option<&Policy>) -> Result<Vec<Own>, Unread> {
    let (wanted, arn) = (judging.wanted, judging.arn());
    let mut all = Vec::new();
    let switch = |on: bool, statement: Value| match on {
        true => vec![statement],
        false => Vec::new(),
    };
    let own = |setting, sid, statements, before, after| Own {
        setting,
        sids: vec![sid],
        statements,
        before,
        after,
        exactly: false,
    };
    if let Some(guard) = wanted.ssl_only {
        let is_on = matches!(guard, Guard::On(_)) || judging.is_log_bucket();
        let statements = switch(is_on, deny_insecure_transport(&arn));
        let (off, on) = (json!(!is_on), json!(is_on));
        all.push(own("ssl_only", INSECURE_TRANSPORT, statements, off, on));
    }
    if let Some(guard) = wanted.minimum_tls {
        let version = guard.on().map(|own| own.version.as_str());
        let statements = version.map(|version| deny_old_tls(&arn, version));
        let statements = statements.into_iter().collect();
        all.push(own("minimum_tls", OLD_TLS, statements, Value::Null, json!(version)));
    }
    if let Some(guard) = wanted.only_from {
        all.push(only_from(judging, guard.on(), policy));
    }
    if let Some(guard) = wanted.presigned_max_age {
        let age = guard.on().map(|own| own.0);
        let statements = |age| vec![deny_old_presigned(&arn, age), deny_presigned_v2(&arn)];
        all.push(Own {
            setting: "presigned_max_age",
            sids: vec![OLD_PRESIGNED, PRESIGNED_V2],
            statements: age.map(statements).unwrap_or_default(),
            before: Value::Null,
            after: json!(age.map(|age| humantime::format_duration(age).to_string())),
            exactly: false,
        });
    }
    if let Some(guard) = wanted.delete_requires_mfa {
        let is_on = matches!(guard, Guard::On(_));
        let statements = switch(is_on, deny_delete_without_mfa(&arn));
        let (off, on) = (json!(!is_on), json!(is_on));
        all.push(own("delete_requires_mfa", DELETE_WITHOUT_MFA, statements, off, on));
    }
    if let Some(guard) = wanted.encrypted_uploads {
        all.extend(encrypted_uploads(judging, matches!(guard, Guard::On(_)))?);
    }
    Ok(all)
}

fn only_from(
    judging: &Judging<'_>,
    from: Option<&crate::policy::guardrails::OnlyFrom>,
    policy: Option<&Policy>,
) -> Own {
    let context = judging.context;
    let break_glass = judging.wanted.break_glass.map(Vec::as_slice);
    let principals = break_glass.unwrap_or_default().iter();
    let spared = Spared {
        principals: principals.map(|own| context.fill(own)).collect(),
        accounts: policy.map(Policy::delivering_accounts).unwrap_or_default(),
    };
    let (partition, account) = (&context.partition, &context.account);
    let statement =
        from.map(|from| deny_elsewhere(&judging.arn(), from, &spared, partition, account));
    let mut after = json!(from);
    if from.is_some() && !spared.principals.is_empty() {
        after["break_glass"] = json!(spared.principals);
    }
    Own {
        setting: "only_from",
        sids: vec![ELSEWHERE],
        statements: statement.into_iter().collect(),
        before: Value::Null,
        after,
        exactly: true,
    }
}

/// What uploads may ask for depends on what the default will be.
fn encrypted_uploads(judging: &mut Judging<'_>, is_on: bool) -> Result<Option<Own>, Unread> {
    let statements = match is_on {
        false => Vec::new(),
        true => match encryption::by_default(judging)? {
            Ok(default) => deny_other_encryption(&judging.arn(), &default),
            Err((what, remedy)) => {
                judging.proposal.finding("encrypted_uploads", what, remedy);
                return Ok(None);
            }
        },
    };
    Ok(Some(Own {
        setting: "encrypted_uploads",
        sids: OTHER_ENCRYPTION.to_vec(),
        statements,
        before: json!(!is_on),
        after: json!(is_on),
        exactly: true,
    }))
}

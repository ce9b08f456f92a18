//! The guardrails that are statements, as the entries ask for them.

use super::super::encryption;
use super::super::guardrail::Judging;
use crate::aws::AwsError;
use crate::policy::Policy;
use crate::policy::guardrails::{
    DELETE_WITHOUT_MFA, ELSEWHERE, INSECURE_TRANSPORT, OLD_PRESIGNED, OLD_TLS, OTHER_ENCRYPTION,
    OnlyFrom, PRESIGNED_V2, Spared, deny_delete_without_mfa, deny_elsewhere,
    deny_insecure_transport, deny_old_presigned, deny_old_tls, deny_other_encryption,
    deny_presigned_v2,
};
use serde_json::Value;

/// A guardrail of one statement, or two.
pub(super) struct Own {
    /// The key of the baseline.
    pub setting: &'static str,
    /// The Sids of its statements.
    pub sids: Vec<&'static str>,
    /// The statements; none when it is taken back.
    pub statements: Vec<Value>,
    /// Whether a statement of ours must say just this, so that a stricter one is put right, too: of
    /// a list that has grown, the new part is to take effect.
    pub exactly: bool,
}

/// All that are asked for, or taken back.
///
/// # Errors
/// When one depends on something that was not read.
pub(super) fn all(
    judging: &mut Judging<'_>,
    policy: Option<&Policy>,
) -> Result<Vec<Own>, AwsError> {
    let (wanted, arn) = (judging.wanted, judging.arn());
    let own = |setting, sids: &[&'static str], statements: Option<Vec<Value>>| Own {
        setting,
        sids: sids.to_vec(),
        statements: statements.unwrap_or_default(),
        exactly: false,
    };
    let mut all = Vec::new();
    if let Some(guard) = wanted.ssl_only {
        let is_on = guard.on().is_some() || judging.is_log_bucket();
        let statements = is_on.then(|| vec![deny_insecure_transport(&arn)]);
        all.push(own("ssl_only", &[INSECURE_TRANSPORT], statements));
    }
    if let Some(guard) = wanted.minimum_tls {
        let statements = guard.on().map(|own| vec![deny_old_tls(&arn, own.version.as_str())]);
        all.push(own("minimum_tls", &[OLD_TLS], statements));
    }
    if let Some(guard) = wanted.only_from {
        let statements = guard.on().map(|from| vec![only_from(judging, from, policy)]);
        all.push(Own { exactly: true, ..own("only_from", &[ELSEWHERE], statements) });
    }
    if let Some(guard) = wanted.presigned_max_age {
        let statements =
            guard.on().map(|age| vec![deny_old_presigned(&arn, age.0), deny_presigned_v2(&arn)]);
        all.push(own("presigned_max_age", &[OLD_PRESIGNED, PRESIGNED_V2], statements));
    }
    if let Some(guard) = wanted.delete_requires_mfa {
        let statements = guard.on().map(|_| vec![deny_delete_without_mfa(&arn)]);
        all.push(own("delete_requires_mfa", &[DELETE_WITHOUT_MFA], statements));
    }
    if let Some(guard) = wanted.encrypted_uploads {
        let statements = match guard.on().map(|_| encryption::by_default(judging)).transpose()? {
            None => None,
            Some(Ok(default)) => Some(deny_other_encryption(&arn, &default)),
            Some(Err((what, remedy))) => {
                judging.say.finding("encrypted_uploads", what, remedy);
                return Ok(all);
            }
        };
        let setting = own("encrypted_uploads", &OTHER_ENCRYPTION, statements);
        all.push(Own { exactly: true, ..setting });
    }
    Ok(all)
}

fn only_from(judging: &Judging<'_>, from: &OnlyFrom, policy: Option<&Policy>) -> Value {
    let context = judging.context;
    let principals = judging.wanted.break_glass.into_iter().flatten();
    let spared = Spared {
        principals: principals.map(|own| context.fill(own)).collect(),
        accounts: policy.map(Policy::delivering_accounts).unwrap_or_default(),
    };
    deny_elsewhere(&judging.arn(), from, &spared, &context.partition, &context.account)
}

//! What the policy of a bucket is to say: statements of our own, merged into those of others.

use super::live::Live;
use super::settings::Wanted;
use crate::control::Proposal;
use crate::diff::Difference;
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3;
use serde_json::{Value, json};

/// The policy that was read, if a statement is asked for.
///
/// # Errors
/// Why it cannot be judged: it is no policy, or it was not asked for when the account was looked at.
pub(super) fn policy(wanted: &Wanted<'_>, live: &Live) -> Result<Option<Policy>, String> {
    match &live.policy {
        None if wanted.ssl_only.is_some() => Err("its policy was not asked for".to_owned()),
        Some(Some(text)) => match Policy::parse(text) {
            Ok(policy) => Ok(Some(policy)),
            Err(cause) => Err(format!("its policy cannot be read: {cause}")),
        },
        _ => Ok(None),
    }
}

/// Proposes the statements that are missing, in one write.
pub(super) fn propose(
    wanted: &Wanted<'_>,
    policy: Option<&Policy>,
    arn: &str,
    target: &s3::Target,
    proposal: &mut Proposal,
) {
    let mut missing: Vec<Value> = Vec::new();
    let is_tls_only = policy.is_some_and(|own| own.denies_insecure_transport(arn));
    if wanted.ssl_only.is_some() && !is_tls_only {
        let difference = Difference::new("ssl_only", json!(false), json!(true));
        proposal.differences.push(difference);
        missing.push(deny_insecure_transport(arn));
    }
    if missing.is_empty() {
        return;
    }
    let write = s3::PutBucketPolicy::with(target.clone(), policy, missing);
    match s3::refusal(write.policy()) {
        Some((what, remedy)) => proposal.finding("ssl_only", what, remedy),
        None => proposal.call(write),
    }
}

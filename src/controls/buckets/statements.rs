//! What the policy of a bucket is to say: statements of our own, merged into those of others.

use super::guardrail::{Judging, Unread};
use crate::aws::AwsError;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3;
use serde_json::Value;

/// Proposes the statements that are missing, in one write.
pub(super) fn propose(judging: &mut Judging<'_>) -> Result<(), Unread> {
    let (wanted, live) = (judging.wanted, judging.live);
    if wanted.ssl_only.is_none() && live.takes_logs.is_none() {
        return Ok(());
    }
    let policy = judging.read(&live.policy, &GET_BUCKET_POLICY)?.as_deref();
    let policy = match policy.map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(cause) => {
            let text = format!("its policy cannot be read: {cause}");
            let error = AwsError::unexpected(&GET_BUCKET_POLICY, judging.region, &text);
            judging.proposal = crate::control::Proposal::unknown(error);
            return Ok(());
        }
    };
    let arn = judging.arn();
    let mut missing: Vec<(&str, Value)> = Vec::new();
    let is_tls_only = policy
        .as_ref()
        .is_some_and(|own| own.denies_insecure_transport(&arn));
    if wanted.ssl_only.is_some() && !is_tls_only {
        missing.push(("ssl_only", deny_insecure_transport(&arn)));
    }
    if live.takes_logs.as_ref().is_some_and(|own| !own.lets_in) {
        let statement = s3::delivery_statement(&arn, &judging.context.account);
        missing.push(("takes_access_logs", statement));
    }
    let Some((first, _)) = missing.first() else {
        return Ok(());
    };
    let statements = missing
        .iter()
        .map(|(_, statement)| statement.clone())
        .collect();
    let write = s3::PutBucketPolicy::with(judging.target(), policy.as_ref(), statements);
    if let Some((what, remedy)) = s3::refusal(write.policy()) {
        judging.proposal.finding(first, what, remedy);
        return Ok(());
    }
    for (field, _) in missing {
        judging.differs(field, false, true);
    }
    judging.proposal.call(write);
    Ok(())
}

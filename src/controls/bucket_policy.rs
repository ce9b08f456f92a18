//! What puts back the policy of a bucket.

use crate::aws::AwsError;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::control::{Past, Proposal};
use crate::diff::Difference;
use crate::policy::{Dialect, Policy};
use crate::s3::{self, DeleteBucketPolicy, PutBucketPolicy, Target};
use serde_json::json;

/// What puts back the policy of a bucket, given its texts: the statements that a run put in go, and
/// those that they took the place of come back. Statements that others added since stay.
pub fn restore_policy(target: Target, arn: &str, past: &Past<Option<String>>) -> Proposal {
    let parse = |text: &Option<String>| text.as_deref().map(Policy::parse).transpose();
    let policies = past.map(parse);
    let (before, after, live) = match (policies.before, policies.after, policies.live) {
        (Ok(before), Ok(after), Ok(live)) => (before, after, live),
        (Err(cause), ..) | (_, Err(cause), _) | (.., Err(cause)) => {
            let text = format!("its policy cannot be read: {cause}");
            let error = AwsError::unexpected(&GET_BUCKET_POLICY, &target.region, &text);
            return Proposal::unknown(error);
        }
    };
    let mut proposal = Proposal::fine();
    // S3 stores no policy with a user or role that was deleted.
    let mut before = before;
    if let Some(policy) = before.as_mut().filter(|own| !own.deleted_principals().is_empty()) {
        policy.prune_deleted_principals();
        proposal.note("users and roles that were deleted do not come back into its policy");
    }
    let past = Past { before, after, live };
    let partition = arn.split(':').nth(1).unwrap_or_default();
    let dialect = Dialect::resource(partition);
    let undone = Policy::undo(&past, dialect);
    for sid in undone.moved {
        proposal.finding(
            "statements",
            format!("the statement {sid} was changed again after that run, and is left as it is"),
            "put it back by hand if that is wanted: S3 console, the bucket, Permissions",
        );
    }
    if !undone.differs {
        return proposal;
    }
    if let Some((what, remedy)) = undone.policy.as_ref().and_then(s3::refusal) {
        proposal.finding("statements", what, remedy);
        return proposal;
    }
    proposal.differences = differences(past.live.as_ref(), undone.policy.as_ref(), arn, dialect);
    match undone.policy {
        Some(policy) => {
            let write = PutBucketPolicy::back_to(target, past.live.as_ref(), policy);
            proposal.call(write);
        }
        None => proposal.call(DeleteBucketPolicy { target }),
    }
    proposal
}

/// A policy without one of its statements denies less, or lets a service deliver no longer.
fn differences(
    now: Option<&Policy>,
    wanted: Option<&Policy>,
    arn: &str,
    dialect: Dialect<'_>,
) -> Vec<Difference> {
    let tls = |policy: Option<&Policy>| policy.is_some_and(|p| p.denies_insecure_transport(arn));
    let names = |policy: Option<&Policy>| policy.map(Policy::names).unwrap_or_default();
    let none = Policy::empty();
    let is_no_looser = wanted.unwrap_or(&none).is_no_looser_than(now.unwrap_or(&none), dialect);
    let is_tls_only = [tls(now), tls(wanted)];
    let fields = [
        ("ssl_only", is_tls_only.map(|own| json!(own))),
        ("statements", [json!(names(now)), json!(names(wanted))]),
    ];
    fields
        .into_iter()
        .filter(|(field, _)| *field != "ssl_only" || is_tls_only[0] != is_tls_only[1])
        .map(|(field, [now, wanted])| Difference {
            loosens: !is_no_looser,
            ..Difference::new(field, now, wanted)
        })
        .collect()
}

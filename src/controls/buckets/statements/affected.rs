//! Who gets in today, as far as the policy tells, and would not, or not so, any more.

use super::super::guardrail::Judging;
use crate::policy::{Kind, Policy, weaknesses};
use crate::s3::AclGrant;
use std::collections::BTreeSet;

/// A note for each statement of others that lets somebody in whom the new Denies may refuse.
pub(super) fn notes(judging: &Judging<'_>, policy: &Policy, fields: &[String]) -> Vec<String> {
    let changes = |setting: &str| changes(fields, setting);
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let mut notes = Vec::new();
    for found in weaknesses(policy, &judging.arn(), account, partition) {
        let who = match &found.kind {
            Kind::Public => "anyone".to_owned(),
            Kind::Shared(others) => others.join(", "),
            _ => continue,
        };
        let statement = &found.statement;
        if changes("only_from") {
            notes.push(format!(
                "statement {statement} lets {who} in: from then on only from where only_from says"
            ));
        } else if changes("ssl_only") && found.kind == Kind::Public {
            notes.push(format!(
                "statement {statement} lets anyone in: from then on not by plain HTTP, as the \
                 endpoints of websites are"
            ));
        }
    }
    notes
}

/// The deliveries of logs by the ACL of the bucket that `only_from` may end: they come from no address
/// or endpoint, and the group and the account that deliver so are no principals of services.
pub(super) fn deliveries_by_acl(
    judging: &Judging<'_>,
    policy: &Policy,
    fields: &[String],
) -> Vec<String> {
    let grants = judging.live.bucket.ownership.iter().flat_map(|own| &own.grants);
    if !changes(fields, "only_from") {
        return Vec::new();
    }
    let writes = |grant: &&AclGrant| ["WRITE", "FULL_CONTROL"].contains(&grant.permission.as_str());
    let access_logs = "the access logs of S3";
    let kinds: BTreeSet<&str> = grants
        .filter(writes)
        .filter_map(|grant| match grant {
            own if own.is_log_delivery() => Some(access_logs),
            own if own.is_cloudfront_logs() => Some("the standard logs of CloudFront"),
            _ => None,
        })
        .filter(|kind| *kind != access_logs || !policy.lets_in_access_logs())
        .collect();
    let bucket = judging.bucket;
    let sentence = |kind: &str| {
        format!(
            "{bucket}: {kind}, which its ACL lets in, may no longer be delivered: let the service in \
             by the policy instead, before"
        )
    };
    kinds.into_iter().map(sentence).collect()
}

fn changes(fields: &[String], setting: &str) -> bool {
    let below = format!("{setting}.");
    let mut fields = fields.iter();
    fields.any(|own| own == setting || own.starts_with(&below))
}

//! What the policy of a bucket is to say: statements of our own, merged into those of others, in one
//! write.

mod affected;
mod asked;
mod lockout;
mod settle;

use super::guardrail::{Judging, Unread};
use super::settings::Wanted;
use crate::aws::AwsError;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::policy::{Dialect, Kind, Policy, Statement, weaknesses};
use crate::s3::{self, Edit};
use lockout::Shut;
use settle::Settling;

/// Proposes what is missing, and takes out what is taken back.
pub(super) fn propose(judging: &mut Judging<'_>) -> Result<(), Unread> {
    let prune = judging.wanted.prune_deleted_principals.is_some();
    if !asked::asks(judging.wanted) && judging.live.takes_logs.is_none() && !prune {
        return Ok(());
    }
    let Some(before) = policy(judging)? else {
        return Ok(());
    };
    let dialect = Dialect::resource(&judging.context.partition);
    let mut settling = Settling::of(before.as_ref(), dialect);
    if prune {
        settling.prune();
    }
    for own in asked::all(judging, before.as_ref())? {
        let locked_out =
            settling.settle(&own, |statement| lockout::refusal(judging, statement, dialect));
        if let Some((what, remedy)) = locked_out {
            judging.proposal.finding(own.setting, what, remedy);
        }
    }
    if judging.live.takes_logs.as_ref().is_some_and(|own| !own.lets_in) {
        let statement = s3::delivery_statement(&judging.arn(), &judging.context.account);
        settling.put("takes_access_logs", false.into(), true.into(), statement);
    }
    write(judging, before.as_ref(), settling);
    Ok(())
}

/// Whether the policy may have to be written.
pub(super) fn writes_policy(wanted: &Wanted<'_>) -> bool {
    asked::asks(wanted) || wanted.prune_deleted_principals.is_some()
}

/// Whether the policy must be read.
pub(super) fn reads_policy(wanted: &Wanted<'_>) -> bool {
    writes_policy(wanted) || wanted.shared_with.is_some() || wanted.sound_policy.is_some()
}

/// Whether the default encryption must be read, which uploads are held to.
pub(super) fn reads_encryption(wanted: &Wanted<'_>) -> bool {
    wanted.encrypted_uploads.is_some_and(|own| own.on().is_some())
}

/// Whether the ACL must be read, by which logs may be delivered that would end.
pub(super) fn reads_ownership(wanted: &Wanted<'_>) -> bool {
    wanted.only_from.is_some_and(|own| own.on().is_some())
}

/// The policy, if there is one; the outer nothing is one that cannot be read, which is told.
pub(super) fn policy(judging: &mut Judging<'_>) -> Result<Option<Option<Policy>>, Unread> {
    let text = judging.read(&judging.live.policy, &GET_BUCKET_POLICY)?;
    match text.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => Ok(Some(policy)),
        Err(cause) => {
            let text = format!("its policy cannot be read: {cause}");
            let error = AwsError::unexpected(&GET_BUCKET_POLICY, judging.region, &text);
            judging.proposal = crate::control::Proposal::unknown(error);
            Ok(None)
        }
    }
}

/// The one write, unless S3 would refuse it.
fn write(judging: &mut Judging<'_>, before: Option<&Policy>, settling: Settling<'_>) {
    let Some(first) = settling.differences.first() else {
        return;
    };
    let field = first.field.split('.').next().unwrap_or_default().to_owned();
    match before.and_then(|policy| lockout::shuts_out(judging, policy)) {
        Some(Shut::Out(what, remedy)) => return judging.proposal.finding(&field, what, remedy),
        Some(Shut::Perhaps(note)) => judging.proposal.note(note),
        None => {}
    }
    if settling.policy.is_empty() {
        judging.proposal.differences.extend(settling.differences);
        let target = judging.target();
        return judging.proposal.call(s3::DeleteBucketPolicy { target });
    }
    let write = s3::PutBucketPolicy::edited(judging.target(), before, settling.edits.clone());
    match s3::refusal(write.policy()).or_else(|| public(judging, write.policy())) {
        Some((what, remedy)) => judging.proposal.finding(&field, what, remedy),
        None => {
            let fields = settling.differences.iter().filter(|own| !own.loosens);
            let fields: Vec<String> = fields.map(|own| own.field.clone()).collect();
            let dialect = Dialect::resource(&judging.context.partition);
            let put = settling.edits.iter().filter_map(|edit| match edit {
                Edit::Put(statement) => Some(Statement::from(statement)),
                _ => None,
            });
            let warnings: Vec<String> =
                put.filter_map(|own| lockout::warning(judging, &own, dialect)).collect();
            warnings.into_iter().for_each(|text| judging.proposal.breaks(text));
            let notes = before.map(|policy| affected::notes(judging, policy, &fields));
            let ended = affected::deliveries_by_acl(judging, write.policy(), &fields);
            ended.into_iter().for_each(|text| judging.proposal.breaks(text));
            judging.proposal.notes.extend(notes.into_iter().flatten());
            judging.proposal.differences.extend(settling.differences);
            judging.proposal.call(write);
        }
    }
}

/// S3 judges a policy whole: with public policies blocked it stores no public one, however harmless
/// what was added to it.
fn public(judging: &Judging<'_>, policy: &Policy) -> Option<(String, String)> {
    let soon = "the account's public access block, which this baseline asks for,";
    let blocked_by = match &judging.live.public_policy_blocked_by {
        Some(blocked_by) => blocked_by,
        // Both may be changed in one run, side by side.
        None if judging.live.has_public_policy && judging.context.blocks_public_policies() => soon,
        None => return None,
    };
    let by = public_statement(judging, policy);
    let what = format!(
        "its policy is public{by}, and {blocked_by} lets S3 store no public policy, whatever else \
         changes in it"
    );
    Some((what, "take out of its policy what is for everybody".to_owned()))
}

/// By which of its statements the policy of the bucket is public, as far as that can be told here:
/// the end of a sentence.
pub(super) fn public_by(judging: &mut Judging<'_>) -> Result<String, Unread> {
    let policy = policy(judging)?.flatten();
    Ok(policy.map_or_else(String::new, |policy| public_statement(judging, &policy)))
}

fn public_statement(judging: &Judging<'_>, policy: &Policy) -> String {
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let found = weaknesses(policy, &judging.arn(), account, partition);
    let public = found.into_iter().filter(|own| own.kind == Kind::Public);
    let said: Vec<String> = public.map(|own| own.what).collect();
    match said.is_empty() {
        true => String::new(),
        false => format!(": {}", said.join("; ")),
    }
}

#[cfg(test)]
mod tests;

//! What the policy of a bucket is to say: statements of our own, merged into those of others, in one
//! write.

mod affected;
mod asked;
mod lockout;
mod settle;

use super::guardrail::{Judgement, Judging};
use crate::aws::AwsError;
use crate::controls::bucket_state::policy_differences;
use crate::policy::{Dialect, Kind, Policy, weaknesses};
use crate::s3;
use lockout::Shut;
use settle::settle;

/// Proposes what is missing, and takes out what is taken back.
pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    if !judging.wanted.writes_policy() && judging.live.takes_logs.is_none() {
        return Ok(());
    }
    let before = judging.policy()?;
    let dialect = Dialect::resource(&judging.context.partition);
    let mut policy = before.clone().unwrap_or_else(Policy::empty);
    if judging.wanted.prune_deleted_principals.is_some() {
        policy.prune_deleted_principals();
    }
    for own in asked::all(judging, before.as_ref())? {
        let refusal = settle(&mut policy, &own, dialect, |statement| {
            lockout::refusal(judging, statement, dialect)
        });
        judging.finding_if(own.setting, refusal);
    }
    if judging.live.takes_logs.as_ref().is_some_and(|own| !own.lets_in) {
        policy.put(&s3::delivery_statement(&judging.arn(), &judging.context.account));
    }
    become_policy(judging, before.as_ref(), policy);
    Ok(())
}

/// What the policy becomes, unless S3 would refuse it.
fn become_policy(judging: &mut Judging<'_>, before: Option<&Policy>, after: Policy) {
    let kept = Some(&after).filter(|own| !own.is_empty());
    let differences = policy_differences(before, kept, judging.at);
    let Some(first) = differences.first() else {
        return;
    };
    let field = first.field.split('.').next().unwrap_or_default();
    match before.and_then(|policy| lockout::shuts_out(judging, policy)) {
        Some(Shut::Out(what, remedy)) => return judging.say.finding(field, what, remedy),
        Some(Shut::Perhaps(note)) => judging.say.note(note),
        None => {}
    }
    let refusal = kept.and_then(|own| s3::refusal(own).or_else(|| public(judging, own)));
    if judging.finding_if(field, refusal) {
        return;
    }
    if kept.is_some() {
        let fields = differences.into_iter().filter(|own| !own.loosens).map(|own| own.field);
        report_effects(judging, before, &after, &fields.collect::<Vec<_>>());
    }
    judging.to.policy = Some(kept.map(Policy::text));
}

/// Whom the new statements may refuse.
fn report_effects(
    judging: &mut Judging<'_>,
    before: Option<&Policy>,
    after: &Policy,
    fields: &[String],
) {
    let old: Vec<&str> =
        before.into_iter().flat_map(Policy::statements).map(|own| own.text()).collect();
    let new = after.statements().iter().filter(|own| !old.contains(&own.text()));
    let mut breaks: Vec<String> = new.filter_map(|own| lockout::warning(judging, own)).collect();
    breaks.extend(affected::deliveries_by_acl(judging, after, fields));
    let notes = before.map(|policy| affected::notes(judging, policy, fields));
    judging.say.breaks.extend(breaks);
    judging.say.notes.extend(notes.into_iter().flatten());
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
pub(super) fn public_by(judging: &Judging<'_>) -> Result<String, AwsError> {
    Ok(judging.policy()?.map_or_else(String::new, |policy| public_statement(judging, &policy)))
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

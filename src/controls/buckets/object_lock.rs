//! Object lock. It can never be switched off again, so a person must have said that they know.

use super::guardrail::{Judgement, Judging};
use super::values::{Accept, Mode};
use crate::aws::AwsError;
use crate::s3::{self, ObjectLock, Whole};

pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    let Some(wanted) = judging.wanted.object_lock else {
        return Ok(());
    };
    let live = judging.live;
    let whole = judging.read(&live.bucket.object_lock, &s3::GET_OBJECT_LOCK)?;
    let lock = whole.value.as_ref();
    let before = lock.and_then(|lock| lock.default.as_ref());
    let is_compliance = before.is_some_and(|own| own.mode != Mode::Governance.word());
    let is_long = before.is_some_and(|own| own.in_days() >= wanted.days);
    if is_long && (is_compliance || wanted.mode == Mode::Governance) {
        return Ok(());
    }
    let mut after = wanted.retention();
    if is_compliance {
        after.mode = before.map(|own| own.mode.clone()).unwrap_or_default();
    }
    if let Some(before) = before.filter(|_| is_long) {
        (after.days, after.years) = (before.days, before.years);
    }
    let becomes_compliance = after.mode == Mode::Compliance.word();
    if becomes_compliance && !is_compliance && after.in_days() > wanted.days {
        let days = after.in_days();
        judging.say.finding(
            "object_lock",
            format!(
                "new objects are locked for {days} days, which in compliance mode nobody could \
                 shorten, and {} are asked for",
                wanted.days
            ),
            format!("say days = {days} if that is meant, or shorten the retention by hand first"),
        );
        return Ok(());
    }
    let needed = match (lock, becomes_compliance) {
        (_, true) => Accept::Compliance,
        (None, false) => Accept::Lock,
        (Some(_), false) => Accept::Nothing,
    };
    let obstacle =
        obstacle(judging, wanted.accept_irreversible, needed)?.or(whole.refusal("object lock"));
    if judging.finding_if("object_lock", obstacle) {
        return Ok(());
    }
    let cannot = match needed {
        Accept::Compliance => {
            "nobody, not even the root user, can delete or shorten what is locked"
        }
        Accept::Lock => "object lock can never be switched off again",
        Accept::Nothing => "new objects cannot be deleted or overwritten until their time is over",
    };
    judging.say.breaks(format!("{}: {cannot}", judging.bucket));
    let lock = ObjectLock { default: Some(after) };
    judging.to.object_lock = Some(Whole { value: Some(lock), ..Whole::default() });
    Ok(())
}

fn obstacle(
    judging: &Judging<'_>,
    accepted: Accept,
    needed: Accept,
) -> Result<Option<(String, String)>, AwsError> {
    let except = format!("leave it out: except = [\"{}\"]", judging.bucket);
    let found = |what: &str, remedy: &str| Ok(Some((what.to_owned(), remedy.to_owned())));
    if let Some(logs) = judging.plain_logs() {
        let what = format!("it takes {logs}, which do not come where new objects are locked");
        return found(&what, &except);
    }
    if let Some(service) = judging.context.stopped_by_object_lock(judging.bucket) {
        let what = format!("{service} delivers to it, and does not where new objects are locked");
        return found(&what, &except);
    }
    let versioning = judging.read(&judging.live.bucket.versioning, &s3::GET_VERSIONING)?;
    if !versioning.is_enabled() && versioning.has_mfa_delete() {
        return found(
            "object lock needs versioning, which only the root user can switch on: it has MFA delete",
            "switch versioning on as the root user with MFA",
        );
    }
    if !versioning.is_enabled() && judging.wanted.versioning.is_none() {
        return found("object lock needs versioning", "ask for it: versioning = true");
    }
    match needed {
        _ if accepted >= needed => Ok(None),
        Accept::Compliance => found(
            "locks in compliance mode cannot be shortened by anybody",
            "if that is meant, say object_lock = { …, accept_irreversible = \"compliance\" }",
        ),
        _ => found(
            "object lock is off, and can never be switched off again once it is on",
            "if that is meant, say object_lock = { …, accept_irreversible = true }",
        ),
    }
}

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
    let Some((after, needed)) = wanted.raised(lock) else {
        return Ok(());
    };
    let becomes_compliance = needed == Accept::Compliance;
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
    let obstacle =
        obstacle(judging, wanted.accept_irreversible, needed)?.or(whole.refusal("object lock"));
    if judging.finding_if("object_lock", obstacle) {
        return Ok(());
    }
    let cannot = needed.cannot();
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
    match accepted.lacks(needed) {
        Some((what, remedy)) => found(what, remedy),
        None => Ok(None),
    }
}

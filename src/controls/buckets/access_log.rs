//! Access logs: where they go, and whether S3 would deliver them there.

use super::guardrail::{Judgement, Judging};
use super::live::Target;
use crate::s3::{self, Logging, Whole};

pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    let Some(log) = judging.wanted.access_log else {
        return Ok(());
    };
    let (account, region) = (&judging.context.account, judging.region);
    let name = log.target(account, region);
    // Logs of what is written to a bucket of logs would never end.
    if name == judging.bucket {
        judging.say.note("it takes the access logs, so its own requests are not logged");
        return Ok(());
    }
    let prefix = log.prefix(judging.bucket, account, region);
    let live = judging.live;
    let whole = judging.read(&live.bucket.logging, &s3::GET_LOGGING)?;
    let target = judging.read(&live.log_target, &s3::GET_REQUEST_PAYMENT)?.as_ref();
    let before = whole.value.as_ref();
    let is_there =
        before.is_some_and(|own| own.target_bucket == name && own.target_prefix == prefix);
    let obstacle = obstacle(&name, target, region).or_else(|| circle(target));
    if judging.finding_if("access_log", obstacle) {
        return Ok(());
    }
    let fitness = target.and_then(|own| own.fitness.as_ref());
    if let Some(rule) = fitness.and_then(|own| own.short_lived.as_ref()) {
        judging.say.finding(
            "access_log",
            format!("its access logs do not stay in {name}: {rule}"),
            format!("raise or remove that rule of {name}, or name another bucket"),
        );
    }
    let lost = || whole.refusal("logging").or_else(|| lost_grants(before));
    if is_there || judging.finding_if("access_log", lost()) {
        return Ok(());
    }
    let logging = Logging {
        target_bucket: name,
        target_prefix: prefix,
        target_object_key_format: before.and_then(|own| own.target_object_key_format.clone()),
        grants: 0,
    };
    judging.to.logging = Some(Whole { value: Some(logging), ..Whole::default() });
    Ok(())
}

/// Buckets that log to each other: each log is a request that is logged, without end. Source: S3 User
/// Guide, "Enabling Amazon S3 server access logging".
fn circle(target: Option<&Target>) -> Option<(String, String)> {
    let circle = target.map(|own| own.circle.as_slice()).unwrap_or_default();
    let first = circle.first()?;
    let path = circle.join(" to ");
    Some((
        format!("its access logs end in a circle, {path} to {first}: each log makes another, without end"),
        "have one bucket take the logs whose own requests are logged nowhere: leave it out with except, \
         or take its logging away"
            .to_owned(),
    ))
}

/// What keeps S3 from delivering.
fn obstacle(name: &str, target: Option<&Target>, region: &str) -> Option<(String, String)> {
    let Some(target) = target else {
        let what = format!("the account has no bucket {name} to log to");
        return Some((what, "make that bucket, or name another".to_owned()));
    };
    let Some(fitness) = &target.fitness else {
        let what = format!(
            "it is in {region} and {name} in {}: S3 delivers within a region only",
            target.region
        );
        let remedy = "name one bucket for each region, with {region} in its name";
        return Some((what, remedy.to_owned()));
    };
    let faults = fitness.faults();
    (!faults.is_empty()).then(|| {
        let what = format!("{name} cannot take access logs: {}", faults.join("; "));
        (what, format!("put {name} right, or name another bucket"))
    })
}

/// Who was given the logs by ACL would lose them.
fn lost_grants(before: Option<&Logging>) -> Option<(String, String)> {
    let grants = before.map_or(0, |own| own.grants);
    (grants > 0).then(|| {
        let what = format!("its logs are given to {grants} others by ACL, who would lose them");
        (what, "change where it logs to by hand".to_owned())
    })
}

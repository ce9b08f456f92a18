//! What the trail is to become: one that is adopted, or a new one.

use super::answers::GET_EVENT_SELECTORS;
use super::choice::{Case, Covered};
use super::covered;
use super::judge::{Judged, archive, destination, wanted_key};
use super::live::{Details, Trail};
use super::selectors::{self, Selector};
use super::state::State;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, keys};
use crate::control::{Delivery, Recorded, Remarks};

/// The most trails that a region takes; those of other regions that it shows are counted. Source:
/// CloudTrail User Guide, "Quotas in AWS CloudTrail".
const MOST_TRAILS: usize = 5;

/// The trail that the table asks for.
pub fn wanted(case: Case<'_>, say: &mut Remarks) -> Option<State> {
    let Case { settings, live, .. } = case;
    let now = live.state();
    if let Some(found) = case.covered() {
        covered::judge(case, &found, say);
        return now;
    }
    if case.chosen().map(|(arn, _)| arn) != live.details.as_ref().map(|own| &own.trail) {
        say.unknown(other_settings(case, "the trail"));
        return now;
    }
    if settings.key() != live.key.as_ref().map(|key| key.name.as_str()) {
        say.unknown(other_settings(case, "the key"));
        return now;
    }
    let wanted = match (now, &live.details) {
        (Some(now), Some(details)) => Some(adopted(case, now, details, say)),
        _ if settings.creates() => created(case, say),
        _ => None,
    };
    if let Some(Err((what, remedy))) = wanted_key(case) {
        say.finding("kms_key", what, remedy);
    }
    if let Some(key) = live.key.as_ref().filter(|own| own.seen.is_hidden) {
        say.note(keys::hidden(&key.name));
    }
    copies(case, say);
    wanted
}

/// What the trail will deliver to the log bucket.
pub fn delivery(case: Case<'_>) -> Option<Delivery> {
    let Case { settings, live, context } = case;
    if !settings.is_enabled() || case.covered().is_some() {
        return None;
    }
    let wanted = match case.chosen() {
        Some(_) => asked(case, &live.state()?, None),
        None if settings.creates() => asked(case, &first(case)?, None),
        None => return None,
    };
    let Trail { bucket, prefix, .. } = wanted.trail;
    let to_us = context.log_bucket.as_ref() == Some(&bucket);
    to_us.then_some(Delivery::CloudTrail { trail: wanted.arn, prefix })
}

/// The trail that records the account, as it will be.
pub fn recorded(case: Case<'_>) -> Option<Recorded> {
    let Case { settings, live, .. } = case;
    if !settings.is_enabled() {
        return None;
    }
    let (arn, trail, owner) = match (case.covered(), case.chosen()) {
        (Some(found), _) => (found.arn.to_owned(), found.trail.clone(), Some(found.whom)),
        (None, Some(_)) => {
            let State { arn, trail, .. } = asked(case, &live.state()?, None);
            (arn, trail, None)
        }
        (None, None) if settings.creates() => {
            let State { arn, trail, .. } = asked(case, &first(case)?, None);
            (arn, trail, None)
        }
        (None, None) => return None,
    };
    let logs = trail.cloudwatch_logs.map(|own| (own.group, own.role));
    Some(Recorded { arn, region: trail.home_region, logs, owner })
}

/// A trail as `CreateTrail` would leave it, if there is a bucket that it can deliver to.
fn first(case: Case<'_>) -> Option<State> {
    let Case { settings, context, .. } = case;
    let bucket = settings.delivers_to(None, true, context)?;
    let trail = Trail::bare(settings.new_name(), &context.home_region, &bucket);
    Some(State::created(case.new_arn(), trail))
}

/// What the baseline asks a trail to become.
fn asked(case: Case<'_>, now: &State, key: Option<String>) -> State {
    let Case { settings, context, .. } = case;
    if !settings.is_enabled() {
        return State { logging: false, ..now.clone() };
    }
    let own = &now.trail;
    let ours = case.live.details.is_none() || case.is_ours(&now.arn, own);
    let multi_region = settings.multi_region(own.multi_region);
    let bucket = settings.delivers_to(Some(&own.bucket), ours, context);
    let bucket = bucket.unwrap_or_else(|| own.bucket.clone());
    let (wishes, partition) = (settings.wishes(), &context.partition);
    let selectors = selectors::wanted(&now.selectors, &wishes, partition, &bucket);
    let selectors = selectors::with_network(selectors, settings.network_activity());
    let mut insights = now.insights.clone();
    for insight in settings.insights() {
        let categories = insights.entry(insight.as_str().to_owned()).or_default();
        categories.insert("Management".to_owned());
    }
    let logs = settings.cloudwatch_logs(context);
    let trail = Trail {
        bucket,
        prefix: settings.prefix(own.prefix.as_deref(), ours),
        log_file_validation: settings.log_file_validation(own.log_file_validation),
        multi_region,
        global_events: settings.global_events(own.global_events, multi_region),
        kms_key: key.or_else(|| own.kms_key.clone()),
        sns_topic: settings.sns_topic(context).or_else(|| own.sns_topic.clone()),
        cloudwatch_logs: logs.or_else(|| own.cloudwatch_logs.clone()),
        ..own.clone()
    };
    let logging = settings.logging(now.logging);
    State { arn: now.arn.clone(), trail, selectors, insights, logging }
}

/// A snapshot that was taken for another table.
fn other_settings(case: Case<'_>, what: &str) -> AwsError {
    let text = format!("the snapshot was taken with another baseline: {what} is not in it");
    AwsError::unexpected(&DESCRIBE_TRAILS, &case.context.home_region, &text)
}

/// Notes the other trails that record all regions, and the organization's.
fn copies(case: Case<'_>, say: &mut Remarks) {
    let Case { settings, live, .. } = case;
    if let Some(details) = live.details.as_ref().filter(|_| settings.is_enabled()) {
        let recording = live.recording.iter().filter(|(arn, on)| **on && **arn != details.trail);
        for trail in recording.filter_map(|(arn, _)| live.trails.get(arn)) {
            let text = "records all regions as well: AWS bills a second copy of management events";
            say.note(format!("the trail {} {text}", trail.name));
        }
    }
    for (arn, seen) in &live.organization {
        match seen.logging {
            Some(false) => {
                say.note("a trail of the organization covers this account, but it is stopped");
            }
            None => say.note(format!(
                "the organization's trail {arn} covers this account as well; whether it is \
                 recording cannot be seen from here. If it is, AWS bills a second copy of \
                 management events"
            )),
            Some(true) => {}
        }
    }
}

fn created(case: Case<'_>, say: &mut Remarks) -> Option<State> {
    let Case { live, context, .. } = case;
    let Some(first) = first(case) else {
        no_bucket(case, say);
        return None;
    };
    if live.trails.len() >= MOST_TRAILS {
        let region = &context.home_region;
        say.finding(
            "name",
            format!("there is no audit trail, and {region} has {MOST_TRAILS} trails, the most that AWS allows"),
            "delete a trail that is not needed, or name one of them in [cloudtrail] name",
        );
        return None;
    }
    let wanted = asked(case, &first, wanted_key(case).and_then(Result::ok));
    if let Some((what, remedy)) = destination(case, &wanted) {
        say.finding("bucket", what, remedy);
        return None;
    }
    archive(case, &wanted.arn, &wanted.trail, true, say);
    not_adopted(case, say);
    Some(wanted)
}

/// Reports that a new trail could deliver nowhere; one that is stopped may be what there is to start.
fn no_bucket(case: Case<'_>, say: &mut Remarks) {
    let mut stopped = case.managed().filter(|own| own.seen.logging == Some(false));
    let (what, remedy) = match stopped.next() {
        Some(own) => (
            format!("{}, and no bucket exists that a new trail could deliver to", is_stopped(&own)),
            format!("have {} started by {}, or ", own.trail.name, own.whom),
        ),
        None => (
            "there is no trail, and no bucket that a new one could deliver to".to_owned(),
            String::new(),
        ),
    };
    let add = "add [log_bucket] to the baseline, or bucket to [cloudtrail]";
    say.finding("bucket", what, format!("{remedy}{add}"));
}

fn is_stopped(Covered { trail, whom, .. }: &Covered<'_>) -> String {
    format!("the trail {}, which {whom} manages, is stopped", trail.name)
}

/// Says of the account's trails of all regions why a new one is created beside them.
fn not_adopted(case: Case<'_>, say: &mut Remarks) {
    for own in case.managed().filter(|own| own.seen.logging == Some(false)) {
        say.note(is_stopped(&own));
    }
    let trails = case
        .live
        .trails
        .iter()
        .filter(|(arn, trail)| trail.multi_region && !trail.organization && case.is_own(arn));
    for (arn, trail) in trails {
        let is_elsewhere = case.settings.name.is_none()
            && case.left_to(arn, trail).is_none()
            && !case.live.buckets.contains_key(&trail.bucket);
        if is_elsewhere {
            foreign_bucket(trail, "if nobody knows it, delete the trail", say);
        }
        let text = "covers all regions too: while both record, AWS bills a second copy of management events";
        say.note(format!("the trail {} {text}", trail.name));
    }
}

/// Reports that whoever owns a bucket has the logs.
pub fn foreign_bucket(trail: &Trail, or_else: &str, say: &mut Remarks) {
    let Trail { name, bucket, .. } = trail;
    say.finding(
        "bucket",
        format!(
            "the trail {name} delivers to bucket {bucket}, which is not one of this account: whoever \
             owns it has the logs"
        ),
        format!(
            "if that is your log archive, write bucket = \"{bucket}\" into [cloudtrail]; {or_else}"
        ),
    );
}

fn adopted(case: Case<'_>, now: State, details: &Details, say: &mut Remarks) -> State {
    let key = wanted_key(case).and_then(Result::ok);
    let mut wanted = asked(case, &now, key);
    let kept_out = match wanted.delivers_as(&now) {
        true => None,
        false => destination(case, &wanted),
    };
    if kept_out.is_some() {
        let Trail { bucket, prefix, .. } = now.trail.clone();
        (wanted.trail.bucket, wanted.trail.prefix) = (bucket, prefix);
    }
    let values = selectors::values(&wanted.selectors);
    let too_many = values > selectors::MOST_VALUES;
    if too_many {
        wanted.selectors = now.selectors.clone();
    }
    let writes_selectors = wanted.selectors != now.selectors;
    let mut fields = now.selectors.iter().flat_map(|own| &own.field_selectors);
    if writes_selectors && fields.any(|field| field.is_blank()) {
        let text = "an event selector has a condition that this version of baseline cannot read, \
                    and would lose";
        let region = &now.trail.home_region;
        say.unknown(AwsError::unexpected(&GET_EVENT_SELECTORS, region, text));
        return now;
    }
    if !wanted.delivers_as(&now) {
        say.note("log files delivered so far stay where they are; new ones go elsewhere");
    }
    if let Some((what, remedy)) = kept_out {
        say.finding("bucket", what, remedy);
    }
    if too_many {
        let most = selectors::MOST_VALUES;
        say.finding(
            "data_events",
            format!("the event selectors would hold {values} values; a trail takes {most}"),
            "ask for all instead of single names, or take out event selectors by hand",
        );
    }
    if case.settings.is_enabled() {
        Judged { case, now: &now, wanted: &wanted, details }.judge(say);
    }
    if writes_selectors && details.basic && now.selectors != [Selector::management()] {
        say.note("its basic event selectors become advanced ones that log the same");
    }
    wanted
}

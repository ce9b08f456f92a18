//! What would make the trail match.

use super::DEFAULT_TRAIL;
use super::covered::covered;
use super::judge::{
    Delivers, archive, deliveries, destination, live_key, management_events, own_events, wanted_key,
};
use super::live::{Details, Live, Trail};
use super::reads;
use super::selectors::{self, Selector};
use super::settings::Settings;
use super::state::State;
use super::writes::{
    CreateTrail, Insight, PutEventSelectors, PutInsightSelectors, StartLogging, StopLogging,
    UpdateTrail,
};
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, keys};
use crate::control::{self, Context, Proposal};
use crate::controls::log_bucket::LogBucket;

/// The most trails that a region takes; those of other regions that it shows are counted. Source:
/// CloudTrail User Guide, "Quotas in AWS CloudTrail".
const MOST_TRAILS: usize = 5;

/// Differences, calls and findings.
pub fn propose(settings: &Settings, live: &Live, context: &Context) -> Proposal {
    if let Some(found) = live.covered(settings, context) {
        return covered(settings, &found, live, context);
    }
    let found = match (live.chosen(settings, context), &live.details) {
        (Some((arn, trail)), Some(details)) if details.trail == arn => Some((trail, details)),
        (None, None) => None,
        _ => return other_settings("the trail", context),
    };
    if settings.key().map(|key| key.text) != live.key.as_ref().map(|key| key.name.as_str()) {
        return other_settings("the key", context);
    }
    let mut proposal = match found {
        Some((trail, details)) => adopt(settings, trail, details, live, context),
        None if settings.creates() => create(settings, live, context),
        None => Proposal::fine(),
    };
    if let Some(Err((what, remedy))) = wanted_key(live) {
        proposal.finding("kms_key", what, remedy);
    }
    if let Some(key) = live.key.as_ref().filter(|own| own.seen.is_hidden) {
        proposal.note(keys::hidden(&key.name));
    }
    if let Some((_, details)) = found
        && settings.is_enabled()
    {
        second_copies(&mut proposal, live, &details.trail);
    }
    for (arn, seen) in &live.organization {
        match seen.logging {
            Some(false) => {
                proposal.note("a trail of the organization covers this account, but it is stopped")
            }
            None => proposal.note(format!(
                "the organization's trail {arn} covers this account as well; whether it is \
                 recording cannot be seen from here. If it is, AWS bills a second copy of \
                 management events"
            )),
            Some(true) => {}
        }
    }
    proposal
}

/// What the trail will deliver to the log bucket.
pub fn delivery(settings: &Settings, live: &Live, context: &Context) -> Option<control::Delivery> {
    let creates = settings.creates() || live.chosen(settings, context).is_some();
    if !settings.is_enabled() || !creates || live.covered(settings, context).is_some() {
        return None;
    }
    let (arn, wanted) = match (live.chosen(settings, context), &live.details) {
        (Some((arn, trail)), Some(details)) => {
            let ours = live.is_ours(arn, trail, context);
            let wanted = State::of(trail, details).wanted(settings, None, ours, context);
            (arn.to_owned(), wanted)
        }
        (Some(_), None) => return None,
        (None, _) => {
            let bucket = settings.delivers_to(None, true, context)?;
            let name = settings.name.as_deref().unwrap_or(DEFAULT_TRAIL);
            let wanted = State::at_first(name, &bucket).wanted(settings, None, true, context);
            (new_arn(name, context), wanted)
        }
    };
    let to_us = context.log_bucket.as_ref() == Some(&wanted.bucket);
    to_us.then_some(control::Delivery::CloudTrail { trail: arn, prefix: wanted.prefix })
}

/// The ARN of a trail that is to be created.
fn new_arn(name: &str, context: &Context) -> String {
    let (partition, region, account) = (&context.partition, &context.home_region, &context.account);
    format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")
}

/// Tells of the account's other trails that record all regions.
fn second_copies(proposal: &mut Proposal, live: &Live, chosen: &str) {
    let recording = live.recording.iter().filter(|(arn, on)| **on && *arn != chosen);
    for trail in recording.filter_map(|(arn, _)| live.trails.get(arn)) {
        let text = "records all regions as well: AWS bills a second copy of management events";
        proposal.note(format!("the trail {} {text}", trail.name));
    }
}

/// A snapshot that was taken for another table.
fn other_settings(what: &str, context: &Context) -> Proposal {
    let text = format!("the snapshot was taken with another baseline: {what} is not in it");
    let region = &context.home_region;
    Proposal::unknown(AwsError::unexpected(&DESCRIBE_TRAILS, region, &text))
}

fn create(settings: &Settings, live: &Live, context: &Context) -> Proposal {
    let mut proposal = Proposal::fine();
    let Some(bucket) = settings.delivers_to(None, true, context) else {
        let stopped = stopped(settings, live);
        let what = match stopped.first() {
            Some(first) => format!(
                "{}, and there is no bucket that a new trail could deliver to",
                stopped_in_words(first)
            ),
            None => "there is no trail, and no bucket that a new one could deliver to".to_owned(),
        };
        let remedy = match stopped.first() {
            Some((trail, whom)) => format!(
                "have {} started by {whom}, or add [log_bucket] to the baseline, or bucket to \
                 [cloudtrail]",
                trail.name
            ),
            None => "add [log_bucket] to the baseline, or bucket to [cloudtrail]".to_owned(),
        };
        proposal.finding("bucket", what, remedy);
        return proposal;
    };
    if live.trails.len() >= MOST_TRAILS {
        let region = &context.home_region;
        proposal.finding(
            "name",
            format!("there is no audit trail, and {region} has {MOST_TRAILS} trails, the most that AWS allows"),
            "delete a trail that is not needed, or name one of them in [cloudtrail] name",
        );
        return proposal;
    }
    let key = wanted_key(live).and_then(Result::ok);
    let name = settings.name.as_deref().unwrap_or(DEFAULT_TRAIL);
    let first = State::at_first(name, &bucket);
    let wanted = first.wanted(settings, key.as_deref(), true, context);
    let (region, arn) = (&context.home_region, new_arn(name, context));
    if let Some((what, remedy)) = destination(&arn, &wanted, live, context) {
        proposal.finding("bucket", what, remedy);
        return proposal;
    }
    proposal = Proposal::between(&None, &Some(wanted.view()));
    let logs = wanted.cloudwatch_logs.clone();
    proposal.call(CreateTrail {
        name: wanted.name.clone(),
        s3_bucket_name: wanted.bucket.clone(),
        s3_key_prefix: wanted.prefix.clone(),
        sns_topic_name: wanted.sns_topic.clone(),
        include_global_service_events: wanted.global_events,
        is_multi_region_trail: wanted.multi_region,
        enable_log_file_validation: wanted.log_file_validation,
        cloud_watch_logs_log_group_arn: logs.as_ref().map(|own| own.group.clone()),
        cloud_watch_logs_role_arn: logs.map(|own| own.role),
        kms_key_id: wanted.kms_key.clone(),
        tags_list: context.tags(),
        region: region.clone(),
    });
    let what = Target { arn: &arn, region };
    what.fill(&mut proposal, &first, &wanted);
    wait_for_bucket(&mut proposal, &wanted, context);
    let trail = Delivers::of(&arn, &wanted);
    archive(&mut proposal, trail, true, live, context);
    not_adopted(&mut proposal, settings, live, context);
    proposal
}

/// The account's own trails of all regions that are stopped, and who manages them.
fn stopped<'a>(settings: &Settings, live: &'a Live) -> Vec<(&'a Trail, String)> {
    let stopped = live.managed.iter().filter_map(|(arn, seen)| {
        let trail = live.trails.get(arn)?;
        let whom = live.left_to(arn, trail, settings)?;
        (seen.logging == Some(false)).then_some((trail, whom))
    });
    stopped.collect()
}

fn stopped_in_words((trail, whom): &(&Trail, String)) -> String {
    format!("the trail {}, which {whom} manages, is stopped", trail.name)
}

/// Says of the account's trails of all regions why a new one is created beside them.
fn not_adopted(proposal: &mut Proposal, settings: &Settings, live: &Live, context: &Context) {
    for found in stopped(settings, live) {
        proposal.note(stopped_in_words(&found));
    }
    let trails = live.trails.iter().filter(|(arn, trail)| {
        let foreign = reads::owner(arn) != context.account;
        trail.multi_region && !trail.organization && !foreign
    });
    for (arn, trail) in trails {
        let (name, bucket) = (&trail.name, &trail.bucket);
        let is_elsewhere = settings.name.is_none()
            && live.left_to(arn, trail, settings).is_none()
            && !live.buckets.contains_key(bucket);
        if is_elsewhere {
            proposal.finding(
                "bucket",
                format!(
                    "the trail {name} delivers to bucket {bucket}, which is not one of this \
                     account: whoever owns it has the logs"
                ),
                format!(
                    "if that is your log archive, write bucket = \"{bucket}\" into [cloudtrail]; \
                     if nobody knows it, delete the trail"
                ),
            );
        }
        let text = "covers all regions too: while both record, AWS bills a second copy of management events";
        proposal.note(format!("the trail {name} {text}"));
    }
}

fn adopt(
    settings: &Settings,
    trail: &Trail,
    details: &Details,
    live: &Live,
    context: &Context,
) -> Proposal {
    let arn = details.trail.as_str();
    let ours = live.is_ours(arn, trail, context);
    let before = State::of(trail, details);
    let key = wanted_key(live).and_then(Result::ok);
    let mut wanted = before.wanted(settings, key.as_deref(), ours, context);
    let is_moved =
        |wanted: &State| (&wanted.bucket, &wanted.prefix) != (&before.bucket, &before.prefix);
    let kept_out = match is_moved(&wanted) {
        true => destination(arn, &wanted, live, context),
        false => None,
    };
    if kept_out.is_some() {
        (wanted.bucket, wanted.prefix) = (before.bucket.clone(), before.prefix.clone());
    }
    let values = selectors::values(&wanted.selectors);
    let too_many = values > selectors::MOST_VALUES;
    if too_many {
        wanted.selectors = before.selectors.clone();
    }
    let writes_selectors = wanted.selectors != before.selectors;
    let mut fields = before.selectors.iter().flat_map(|s| &s.field_selectors);
    if writes_selectors && fields.any(|field| field.is_blank()) {
        let text = "an event selector has a condition that this version of baseline cannot read, \
                    and would lose";
        let operation = &reads::GET_EVENT_SELECTORS;
        return Proposal::unknown(AwsError::unexpected(operation, &trail.home_region, text));
    }
    let mut proposal = Proposal::between(&before.view(), &wanted.view());
    let what = Target { arn, region: &trail.home_region };
    what.update(&mut proposal, &before, &wanted);
    if proposal.touches(&["bucket", "prefix"]) {
        wait_for_bucket(&mut proposal, &wanted, context);
        proposal.note("log files delivered so far stay where they are; new ones go elsewhere");
    }
    what.fill(&mut proposal, &before, &wanted);
    if let Some((what, remedy)) = kept_out {
        proposal.finding("bucket", what, remedy);
    }
    if too_many {
        let most = selectors::MOST_VALUES;
        proposal.finding(
            "data_events",
            format!("the event selectors would hold {values} values; a trail takes {most}"),
            "ask for all instead of single names, or take out event selectors by hand",
        );
    }
    if settings.is_enabled() {
        kept_bucket(&mut proposal, settings, &before, &wanted, live, context);
        live_key(&mut proposal, settings, &wanted, details, live, context);
        topic(&mut proposal, settings, &wanted, live, context);
        management_events(&mut proposal, settings, &wanted.name, &wanted.selectors);
        own_events(&mut proposal, settings, &wanted, context);
        deliveries(&mut proposal, arn, &wanted, details, live, context);
        let fails = proposal.findings.iter().any(|own| own.field == "bucket");
        let trail = Delivers::of(arn, &wanted);
        archive(&mut proposal, trail, fails, live, context);
    }
    if writes_selectors && details.basic && before.selectors != [Selector::management()] {
        proposal.note("its basic event selectors become advanced ones that log the same");
    }
    proposal
}

/// Judges a bucket that the trail keeps and that the table does not name: it has to be one of this
/// account, for whoever owns it has the logs.
fn kept_bucket(
    proposal: &mut Proposal,
    settings: &Settings,
    before: &State,
    wanted: &State,
    live: &Live,
    context: &Context,
) {
    let State { name, bucket, .. } = wanted;
    if before.bucket != *bucket || settings.bucket(context).is_some() {
        return;
    }
    match &context.log_bucket {
        Some(own) if own == bucket => {}
        _ if !live.buckets.contains_key(bucket) => proposal.finding(
            "bucket",
            format!(
                "the trail {name} delivers to bucket {bucket}, which is not one of this account: \
                 whoever owns it has the logs"
            ),
            format!(
                "if that is your log archive, write bucket = \"{bucket}\" into [cloudtrail]; \
                 else name a bucket of this account there"
            ),
        ),
        Some(_) => proposal.note(format!(
            "the trail {name} was there before: it goes on delivering to {bucket}, a bucket of \
             this account"
        )),
        None => {}
    }
}

/// Judges a topic that the table does not name: whoever owns it is notified of every log file.
fn topic(
    proposal: &mut Proposal,
    settings: &Settings,
    wanted: &State,
    live: &Live,
    context: &Context,
) {
    let Some(topic) = &wanted.sns_topic else {
        return;
    };
    if let Some(fault) = live.deaf_topics.get(topic) {
        let name = &wanted.name;
        proposal.finding(
            "sns_topic",
            format!("the trail {name} notifies {topic}, which {fault}"),
            "put the topic right, or name another in [cloudtrail] sns_topic",
        );
    }
    let foreign = reads::owner(topic) != context.account;
    if foreign && settings.sns_topic(context).is_none() {
        let name = &wanted.name;
        proposal.finding(
            "sns_topic",
            format!("the trail {name} notifies {topic}, a topic of another account"),
            "if that is wanted, name it in [cloudtrail] sns_topic; else take it off the trail",
        );
    }
}

/// A trail is created or redirected only when its bucket is ready.
fn wait_for_bucket(proposal: &mut Proposal, wanted: &State, context: &Context) {
    if context.log_bucket.as_ref() == Some(&wanted.bucket) {
        proposal.after::<LogBucket>();
    }
}

/// The trail that calls are about.
pub struct Target<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Its home region.
    pub region: &'a str,
}

impl Target<'_> {
    /// Sends what differs of the trail itself. An empty text takes prefix or key away. Source: what
    /// Terraform's aws_cloudtrail sends.
    pub fn update(&self, proposal: &mut Proposal, before: &State, wanted: &State) {
        let fields = [
            "bucket",
            "prefix",
            "log_file_validation",
            "multi_region",
            "global_events",
            "kms_key",
            "sns_topic",
            "cloudwatch_logs",
        ];
        if !proposal.touches(&fields) {
            return;
        }
        fn changed<T: PartialEq + Clone>(before: &T, wanted: &T) -> Option<T> {
            (before != wanted).then(|| wanted.clone())
        }
        let logs = changed(&before.cloudwatch_logs, &wanted.cloudwatch_logs);
        let logs = logs.map(|own| own.map_or_else(Default::default, |own| (own.group, own.role)));
        let (group, role) = logs.unzip();
        proposal.call(UpdateTrail {
            name: self.arn.to_owned(),
            s3_bucket_name: changed(&before.bucket, &wanted.bucket),
            s3_key_prefix: changed(&before.prefix, &wanted.prefix).map(Option::unwrap_or_default),
            sns_topic_name: changed(&before.sns_topic, &wanted.sns_topic)
                .map(Option::unwrap_or_default),
            cloud_watch_logs_log_group_arn: group,
            cloud_watch_logs_role_arn: role,
            include_global_service_events: changed(&before.global_events, &wanted.global_events),
            is_multi_region_trail: changed(&before.multi_region, &wanted.multi_region),
            enable_log_file_validation: changed(
                &before.log_file_validation,
                &wanted.log_file_validation,
            ),
            kms_key_id: changed(&before.kms_key, &wanted.kms_key).map(Option::unwrap_or_default),
            region: self.region.to_owned(),
        });
    }

    /// Sends what differs of what a trail holds; recording begins last.
    pub fn fill(&self, proposal: &mut Proposal, before: &State, wanted: &State) {
        let (arn, region) = (self.arn.to_owned(), self.region.to_owned());
        if before.selectors != wanted.selectors {
            proposal.call(PutEventSelectors {
                trail_name: arn.clone(),
                advanced_event_selectors: wanted.selectors.clone(),
                region: region.clone(),
            });
        }
        if before.insights != wanted.insights {
            let selectors = wanted.insights.iter().map(|(name, categories)| Insight {
                insight_type: name.clone(),
                event_categories: match categories.iter().eq(["Management"]) {
                    true => Vec::new(),
                    false => categories.iter().cloned().collect(),
                },
            });
            proposal.call(PutInsightSelectors {
                trail_name: arn.clone(),
                insight_selectors: selectors.collect(),
                region: region.clone(),
            });
        }
        match (before.logging, wanted.logging) {
            (false, true) => proposal.call(StartLogging { name: arn, region }),
            (true, false) => proposal.call(StopLogging { name: arn, region }),
            _ => {}
        }
    }
}

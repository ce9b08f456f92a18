//! What would make the trail match.

use super::live::{self, Delivery, Details, Live, Trail};
use super::selectors::{self, Coverage, Selector};
use super::settings::{KeyName, Settings};
use super::state::State;
use super::writes::{
    CreateTrail, Insight, PutEventSelectors, PutInsightSelectors, StartLogging, StopLogging,
    UpdateTrail,
};
use crate::aws::AwsError;
use crate::baseline::DEFAULT_TRAIL;
use crate::control::{self, Context, Proposal};

/// Differences, calls and findings.
pub fn propose(settings: &Settings, live: &Live, context: &Context) -> Proposal {
    if let Some((arn, trail, logging)) = live.covered(settings, context) {
        return covered(settings, arn, trail, logging);
    }
    let found = match (live.chosen(settings, context), &live.details) {
        (Some((arn, trail)), Some(details)) if details.trail == arn => Some((trail, details)),
        (None, None) => None,
        _ => return other_settings("the trail", context),
    };
    let key = match Key::find(settings, live) {
        Some(key) => key,
        None => return other_settings("the key", context),
    };
    let mut proposal = match found {
        Some((trail, details)) => adopt(settings, trail, details, &key, context),
        None if settings.creates() => create(settings, live, &key, context),
        None => Proposal::fine(),
    };
    key.report(&mut proposal, context);
    if let Some((_, details)) = found
        && settings.is_enabled()
    {
        second_copies(&mut proposal, live, &details.trail);
    }
    for on in live.organization.values() {
        match on {
            Some(false) => {
                proposal.note("a trail of the organization covers this account, but it is stopped")
            }
            None => proposal.note(
                "a trail of the organization covers this account as well; whether it is recording \
                 cannot be seen from here. If it is, AWS bills a second copy of management events",
            ),
            Some(true) => {}
        }
    }
    proposal
}

/// What the trail will deliver to the log bucket.
pub fn delivery(settings: &Settings, live: &Live, context: &Context) -> Option<control::Delivery> {
    if !settings.is_enabled() || live.covered(settings, context).is_some() {
        return None;
    }
    let (arn, wanted) = match (live.chosen(settings, context), &live.details) {
        (Some((arn, trail)), Some(details)) => {
            let wanted = State::of(trail, details).wanted(settings, None, context);
            (arn.to_owned(), wanted)
        }
        (Some(_), None) => return None,
        (None, _) => {
            let bucket = settings.bucket.as_ref().map(|name| context.fill(name));
            let bucket = bucket.or_else(|| context.log_bucket.clone())?;
            let name = settings.name.as_deref().unwrap_or(DEFAULT_TRAIL);
            let wanted = State::at_first(name, &bucket).wanted(settings, None, context);
            (new_arn(name, context), wanted)
        }
    };
    let to_us = context.log_bucket.as_ref() == Some(&wanted.bucket);
    to_us.then_some(control::Delivery::CloudTrail {
        trail: arn,
        prefix: wanted.prefix,
    })
}

/// The ARN of a trail that is to be created.
fn new_arn(name: &str, context: &Context) -> String {
    let (partition, region, account) = (&context.partition, &context.home_region, &context.account);
    format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")
}

/// Tells of the account's other trails that record all regions.
fn second_copies(proposal: &mut Proposal, live: &Live, chosen: &str) {
    let recording = live
        .recording
        .iter()
        .filter(|(arn, on)| **on && *arn != chosen);
    for trail in recording.filter_map(|(arn, _)| live.trails.get(arn)) {
        let text = "records all regions as well: AWS bills a second copy of management events";
        proposal.note(format!("the trail {} {text}", trail.name));
    }
}

/// The organization's trail is enough; what it leaves open is told.
fn covered(settings: &Settings, arn: &str, trail: &Trail, logging: Option<bool>) -> Proposal {
    let mut proposal = Proposal::elsewhere(format!("the organization's trail {arn}"));
    if logging.is_none() {
        proposal.note("whether it is recording cannot be seen from this account");
    }
    if !settings.is_enabled() {
        return proposal;
    }
    if !settings.wishes().is_empty() {
        proposal.note("whether it logs the data events asked for is the organization's to see");
    }
    if settings.log_file_validation(false) && !trail.log_file_validation {
        proposal.finding(
            "log_file_validation",
            "the log files of the organization's trail cannot be validated",
            "ask the organization to switch on log file validation",
        );
    }
    if settings.insights().next().is_some() && !trail.has_insights {
        proposal.finding(
            "insights",
            "the organization's trail has no insights",
            "ask the organization to switch them on, or take insights out of [cloudtrail]",
        );
    }
    proposal
}

/// A snapshot that was taken for another table.
fn other_settings(what: &str, context: &Context) -> Proposal {
    let text = format!("the snapshot was taken with another baseline: {what} is not in it");
    let region = &context.home_region;
    Proposal::unknown(AwsError::unexpected(&live::DESCRIBE_TRAILS, region, &text))
}

/// The key that the baseline asks for.
enum Key<'a> {
    Unmanaged,
    Usable(&'a str),
    Missing(&'a str),
    Unusable(&'a str, &'a str),
}

impl<'a> Key<'a> {
    /// `None` when the live state does not tell.
    fn find(settings: &'a Settings, live: &'a Live) -> Option<Self> {
        let Some(key) = settings.key() else {
            return Some(Self::Unmanaged);
        };
        let name = key.text;
        if key.is_key_arn() {
            return Some(Self::Usable(name));
        }
        let key = live.key.as_ref().filter(|key| key.name == name)?;
        Some(match (key.arn.as_deref(), key.state.as_deref()) {
            (None, _) => Self::Missing(name),
            (Some(arn), None | Some("Enabled")) => Self::Usable(arn),
            (Some(arn), Some(state)) => Self::Unusable(arn, state),
        })
    }

    fn arn(&self) -> Option<&'a str> {
        match self {
            Self::Usable(arn) => Some(arn),
            _ => None,
        }
    }

    fn report(&self, proposal: &mut Proposal, context: &Context) {
        let region = |name| {
            KeyName::parse(name)
                .region()
                .unwrap_or(&context.home_region)
        };
        match self {
            Self::Unmanaged | Self::Usable(_) => {}
            Self::Missing(name) => proposal.finding(
                "kms_key",
                format!("there is no key {name} in {}", region(name)),
                "create it in the region of the bucket, with a policy that lets CloudTrail use \
                 it; or correct kms_key",
            ),
            Self::Unusable(arn, state) => proposal.finding(
                "kms_key",
                format!("the key {arn} cannot be used: its state is {state}"),
                "enable it, or name another in kms_key",
            ),
        }
    }
}

fn create(settings: &Settings, live: &Live, key: &Key<'_>, context: &Context) -> Proposal {
    let bucket = settings.bucket.as_ref().map(|name| context.fill(name));
    let Some(bucket) = bucket.or_else(|| context.log_bucket.clone()) else {
        let mut proposal = Proposal::fine();
        proposal.finding(
            "bucket",
            "there is no trail, and no bucket that a new one could deliver to",
            "add [log_bucket] to the baseline, or bucket to [cloudtrail]",
        );
        return proposal;
    };
    let name = settings.name.as_deref().unwrap_or(DEFAULT_TRAIL);
    let first = State::at_first(name, &bucket);
    let wanted = first.wanted(settings, key.arn(), context);
    let (region, arn) = (&context.home_region, new_arn(name, context));
    let mut proposal = Proposal::between(&None, &Some(wanted.view()));
    proposal.call(CreateTrail {
        name: wanted.name.clone(),
        s3_bucket_name: wanted.bucket.clone(),
        s3_key_prefix: wanted.prefix.clone(),
        include_global_service_events: wanted.global_events,
        is_multi_region_trail: wanted.multi_region,
        enable_log_file_validation: wanted.log_file_validation,
        kms_key_id: wanted.kms_key.clone(),
        tags_list: context.tags(),
        region: region.clone(),
    });
    let what = Target { arn: &arn, region };
    what.fill(&mut proposal, &first, &wanted);
    wait_for_bucket(&mut proposal, &wanted, context);
    let other = live.trails.values().find(|trail| trail.multi_region);
    if let Some(other) = other {
        let text = "already records all regions: AWS bills a second copy of management events";
        proposal.note(format!("the trail {} {text}", other.name));
    }
    proposal
}

fn adopt(
    settings: &Settings,
    trail: &Trail,
    details: &Details,
    key: &Key<'_>,
    context: &Context,
) -> Proposal {
    let before = State::of(trail, details);
    let mut wanted = before.wanted(settings, key.arn(), context);
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
        let operation = &live::GET_EVENT_SELECTORS;
        return Proposal::unknown(AwsError::unexpected(operation, &trail.home_region, text));
    }
    let mut proposal = Proposal::between(&before.view(), &wanted.view());
    let what = Target {
        arn: &details.trail,
        region: &trail.home_region,
    };
    what.update(&mut proposal, &before, &wanted);
    if proposal.touches(&["bucket", "prefix"]) {
        wait_for_bucket(&mut proposal, &wanted, context);
        proposal.note("log files delivered so far stay where they are; new ones go elsewhere");
    }
    what.fill(&mut proposal, &before, &wanted);
    if too_many {
        let most = selectors::MOST_VALUES;
        proposal.finding(
            "data_events",
            format!("the event selectors would hold {values} values; a trail takes {most}"),
            "ask for all instead of single names, or take out event selectors by hand",
        );
    }
    if settings.is_enabled() {
        management_events(&mut proposal, &wanted);
        deliveries(&mut proposal, &wanted, details);
    }
    if writes_selectors && details.basic && before.selectors != [Selector::management()] {
        proposal.note("its basic event selectors become advanced ones that log the same");
    }
    proposal
}

/// Management events that are logged only in part are told. Conditions are somebody's choice, and
/// taken out by a person.
fn management_events(proposal: &mut Proposal, wanted: &State) {
    let logged = selectors::management_events(&wanted.selectors);
    let logged: Vec<String> = logged.into_iter().collect();
    let logged = match logged.is_empty() {
        true => "none".to_owned(),
        false => logged.join("; "),
    };
    match selectors::coverage(&wanted.selectors) {
        Coverage::Whole => {}
        Coverage::WithoutBusySources => {
            let text = "management events are logged only in part, and that is left alone";
            proposal.note(format!("{text}: {logged}"));
        }
        Coverage::Partly => proposal.finding(
            "management_events",
            format!(
                "the trail {} logs management events only in part: {logged}",
                wanted.name
            ),
            "let it log all reads and writes: CloudTrail console, the trail, Management events, \
             Edit",
        ),
    }
}

/// A trail is created or redirected only when its bucket is ready.
fn wait_for_bucket(proposal: &mut Proposal, wanted: &State, context: &Context) {
    if context.log_bucket.as_ref() == Some(&wanted.bucket) {
        proposal.after.push(("log_bucket", None));
    }
}

/// What could not be delivered is told: a trail may look right and its files not arrive.
fn deliveries(proposal: &mut Proposal, wanted: &State, details: &Details) {
    let State { name, bucket, .. } = wanted;
    for (delivery, error) in &details.errors {
        let (field, what, remedy) = match delivery {
            Delivery::LogFiles => (
                "bucket",
                "log files",
                format!(
                    "check that bucket {bucket} exists and that its policy, and that of the key, \
                     let CloudTrail write"
                ),
            ),
            Delivery::Digests => (
                "log_file_validation",
                "digests",
                format!(
                    "check that the policy of bucket {bucket}, and that of the key, let \
                     CloudTrail write"
                ),
            ),
            Delivery::CloudwatchLogs => (
                "cloudwatch_logs",
                "events to CloudWatch Logs",
                "check that the log group and the role of the trail exist, and that the role may \
                 write"
                    .to_owned(),
            ),
        };
        let what = format!("the last try of trail {name} to deliver {what} failed: {error}");
        proposal.finding(field, what, remedy);
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
        ];
        if !proposal.touches(&fields) {
            return;
        }
        fn changed<T: PartialEq + Clone>(before: &T, wanted: &T) -> Option<T> {
            (before != wanted).then(|| wanted.clone())
        }
        proposal.call(UpdateTrail {
            name: self.arn.to_owned(),
            s3_bucket_name: changed(&before.bucket, &wanted.bucket),
            s3_key_prefix: changed(&before.prefix, &wanted.prefix).map(Option::unwrap_or_default),
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

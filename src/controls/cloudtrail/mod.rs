//! The trail that records what is done in the account.
//!
//! A trail that is there is adopted: what the baseline leaves out stays as it is. A trail of the
//! organization that already records the account is enough.

mod live;
mod selectors;
mod settings;
mod writes;

use crate::aws::facts::{Facts, Reader};
use crate::aws::{AwsError, Write};
use crate::baseline::{DEFAULT_TRAIL, Problems};
use crate::control::{
    About, Context, Control, Cost, Proposal, Reference, Scope, Setting, Standard, Stricter,
};
use crate::place::Place;
use live::{Delivery, Details, Live, Trail, owner};
use selectors::Selector;
use serde::Serialize;
use settings::{KeyName, Settings};
use std::collections::{BTreeMap, BTreeSet};
use writes::{
    CreateTrail, Insight, PutEventSelectors, PutInsightSelectors, StartLogging, StopLogging,
    UpdateTrail,
};

/// The control.
pub struct Cloudtrail;

/// What a trail is or is to become.
#[derive(Clone, Debug)]
struct State {
    name: String,
    bucket: String,
    prefix: Option<String>,
    log_file_validation: bool,
    multi_region: bool,
    global_events: bool,
    kms_key: Option<String>,
    selectors: Vec<Selector>,
    insights: BTreeMap<String, BTreeSet<String>>,
    logging: bool,
}

/// A state as differences show it.
#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    bucket: &'a str,
    prefix: Option<&'a str>,
    log_file_validation: bool,
    multi_region: bool,
    global_events: bool,
    kms_key: Option<&'a str>,
    management_events: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    data_events: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    insights: BTreeSet<String>,
    logging: bool,
}

impl State {
    fn of(trail: &Trail, details: &Details) -> Self {
        Self {
            name: trail.name.clone(),
            bucket: trail.bucket.clone(),
            prefix: trail.prefix.clone(),
            log_file_validation: trail.log_file_validation,
            multi_region: trail.multi_region,
            global_events: trail.global_events,
            kms_key: trail.kms_key.clone(),
            selectors: details.selectors.clone(),
            insights: details.insights.clone(),
            logging: details.logging,
        }
    }

    /// What `CreateTrail` leaves behind: a trail that logs management events and is not started.
    fn at_first(name: &str, bucket: &str) -> Self {
        Self {
            name: name.to_owned(),
            bucket: bucket.to_owned(),
            prefix: None,
            log_file_validation: false,
            multi_region: false,
            global_events: false,
            kms_key: None,
            selectors: vec![Selector::management()],
            insights: BTreeMap::new(),
            logging: false,
        }
    }

    fn wanted(&self, settings: &Settings, key: Option<&str>, context: &Context) -> Self {
        if !settings.is_enabled() {
            return Self {
                logging: false,
                ..self.clone()
            };
        }
        let multi_region = settings.multi_region(self.multi_region);
        let bucket = settings.bucket.as_ref().map(|name| context.fill(name));
        let mut insights = self.insights.clone();
        for insight in &settings.insights {
            let categories = insights.entry(insight.as_str().to_owned()).or_default();
            categories.insert("Management".to_owned());
        }
        Self {
            name: self.name.clone(),
            bucket: bucket.unwrap_or_else(|| self.bucket.clone()),
            prefix: settings.prefix.clone().or_else(|| self.prefix.clone()),
            log_file_validation: settings.log_file_validation(self.log_file_validation),
            multi_region,
            global_events: settings.global_events(self.global_events, multi_region),
            kms_key: key.map(str::to_owned).or_else(|| self.kms_key.clone()),
            selectors: selectors::wanted(&self.selectors, &settings.wishes(), &context.partition),
            insights,
            logging: true,
        }
    }

    fn view(&self) -> View<'_> {
        let insights = self.insights.iter().flat_map(|(name, categories)| {
            categories
                .iter()
                .map(move |category| match category.as_str() {
                    "Management" => name.clone(),
                    other => format!("{name} of {other} events"),
                })
        });
        View {
            name: &self.name,
            bucket: &self.bucket,
            prefix: self.prefix.as_deref(),
            log_file_validation: self.log_file_validation,
            multi_region: self.multi_region,
            global_events: self.global_events,
            kms_key: self.kms_key.as_deref(),
            management_events: selectors::management_events(&self.selectors),
            data_events: selectors::data_events(&self.selectors),
            insights: insights.collect(),
            logging: self.logging,
        }
    }
}

/// The account's own trail that the baseline means: the one it names, or the one to adopt. It
/// prefers what records all regions, then what delivers to our bucket, then our own name.
fn chosen<'a>(
    settings: &Settings,
    context: &Context,
    trails: &'a BTreeMap<String, Trail>,
) -> Option<(&'a str, &'a Trail)> {
    let own = trails
        .iter()
        .filter(|(arn, _)| owner(arn) == context.account);
    let meant = own.filter(|(_, trail)| match &settings.name {
        Some(name) => trail.name == *name,
        None => true,
    });
    let best = meant.min_by_key(|(arn, trail)| {
        (
            !trail.multi_region,
            context.log_bucket.as_ref() != Some(&trail.bucket),
            trail.name != DEFAULT_TRAIL,
            &trail.name,
            trail.home_region != context.home_region,
            *arn,
        )
    });
    best.map(|(arn, trail)| (arn.as_str(), trail))
}

impl Control for Cloudtrail {
    type Settings = Settings;
    type Live = Live;

    const ABOUT: About = About {
        name: "cloudtrail",
        title: "trail of what is done in the account",
        why: "Without a trail nobody can say afterwards who did what. One trail records all \
              regions and the global services, its log files can be validated, and it is really \
              recording: a trail can look right and be stopped.",
        scope: Scope::Account,
        needs: &[],
        settings: &[
            Setting::new(
                "enabled",
                "true",
                "Whether the trail records. false stops it and changes nothing else.",
            )
            .shown_as("logging")
            .stricter(Stricter::Higher),
            Setting::new(
                "name",
                "the trail that is there, else \"baseline\"",
                "The trail. One of that name is adopted, or created.",
            ),
            Setting::new(
                "bucket",
                "that of the trail, else of [log_bucket]",
                "The bucket it delivers to; {account} and {region} may stand in it.",
            ),
            Setting::new(
                "prefix",
                "not managed",
                "What comes before AWSLogs/ in the names of log files.",
            ),
            Setting::new(
                "log_file_validation",
                "true",
                "Whether digests are delivered by which log files can be validated.",
            )
            .stricter(Stricter::Higher),
            Setting::new("multi_region", "true", "Whether all regions are recorded.")
                .stricter(Stricter::Higher),
            Setting::new(
                "global_events",
                "true",
                "Whether services that are in no region are recorded, such as IAM.",
            )
            .stricter(Stricter::Higher),
            Setting::new(
                "kms_key",
                "not managed",
                "The KMS key that log files are encrypted with: alias, id or ARN. It must be in \
                 the region of the bucket, and its policy must let CloudTrail use it.",
            )
            .breaks("who reads the log files must be allowed to decrypt with the key"),
            Setting::new(
                "data_events",
                "none",
                "Data events logged besides management events: a list of { s3 = \"all\" }, \
                 { s3 = [buckets] }, { lambda = … } or { dynamodb = … } with \"all\" or ARNs; and \
                 access = \"read\", \"write\" or \"all\". What is logged already stays.",
            )
            .stricter(Stricter::More),
            Setting::new(
                "insights",
                "none",
                "Unusual activity that is looked for: \"ApiCallRateInsight\", \
                 \"ApiErrorRateInsight\". Others stay.",
            )
            .stricter(Stricter::More),
        ],
        satisfies: &[
            Reference {
                standard: Standard::Cis3,
                id: "3.1",
                label: "trail covers every region",
            },
            Reference {
                standard: Standard::Cis3,
                id: "3.2",
                label: "log files are tamper-evident",
            },
            Reference {
                standard: Standard::Cis3,
                id: "3.5",
                label: "logs encrypted with a KMS key, with kms_key",
            },
            Reference {
                standard: Standard::Cis3,
                id: "3.8",
                label: "S3 object writes recorded, with data_events",
            },
            Reference {
                standard: Standard::Cis3,
                id: "3.9",
                label: "S3 object reads recorded, with data_events",
            },
            Reference {
                standard: Standard::Cis7,
                id: "4.1",
                label: "trail covers every region",
            },
            Reference {
                standard: Standard::Cis7,
                id: "4.2",
                label: "log files are tamper-evident",
            },
            Reference {
                standard: Standard::Cis7,
                id: "4.5",
                label: "logs encrypted with a KMS key, with kms_key",
            },
            Reference {
                standard: Standard::Cis7,
                id: "4.8",
                label: "S3 object writes recorded, with data_events",
            },
            Reference {
                standard: Standard::Cis7,
                id: "4.9",
                label: "S3 object reads recorded, with data_events",
            },
            Reference {
                standard: Standard::Fsbp,
                id: "CloudTrail.1",
                label: "trail covers every region",
            },
            Reference {
                standard: Standard::Fsbp,
                id: "CloudTrail.2",
                label: "logs encrypted with a KMS key, with kms_key",
            },
            Reference {
                standard: Standard::Fsbp,
                id: "CloudTrail.4",
                label: "log files are tamper-evident",
            },
            Reference {
                standard: Standard::NistCsf,
                id: "Detect",
                label: "activity is recorded",
            },
            Reference {
                standard: Standard::WellArchitected,
                id: "SEC 4",
                label: "events are recorded",
            },
        ],
        cost: Cost::Paid(
            "the first copy of management events is free; of 100,000 events each further copy is \
             2.00 USD, data events are 0.10 USD and insights 0.35 USD; S3 stores the log files",
        ),
        operations: &[
            live::DESCRIBE_TRAILS,
            live::GET_TRAIL_STATUS,
            live::GET_EVENT_SELECTORS,
            live::GET_INSIGHT_SELECTORS,
            live::DESCRIBE_KEY,
            CreateTrail::OPERATION,
            UpdateTrail::OPERATION,
            PutEventSelectors::OPERATION,
            PutInsightSelectors::OPERATION,
            StartLogging::OPERATION,
            StopLogging::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    fn places(_: &Settings, _: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        Ok(vec![Place::account()])
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        Live::read(settings, context, reader).await
    }

    fn propose(settings: &Settings, _: &Place, live: Live, context: &Context) -> Proposal {
        if let Some((arn, trail, logging)) = live.covered() {
            return covered(settings, arn, trail, logging);
        }
        let found = match (chosen(settings, context, &live.trails), &live.details) {
            (Some((arn, trail)), Some(details)) if details.trail == arn => Some((trail, details)),
            (None, None) => None,
            _ => return other_settings("the trail", context),
        };
        let key = match Key::find(settings, &live) {
            Some(key) => key,
            None => return other_settings("the key", context),
        };
        let mut proposal = match found {
            Some((trail, details)) => adopt(settings, trail, details, &key, context),
            None if settings.is_enabled() => create(settings, &live, &key, context),
            None => Proposal::fine(),
        };
        key.report(&mut proposal, context);
        if live.organization.values().any(|on| *on == Some(false)) {
            proposal.note("a trail of the organization covers this account, but it is stopped");
        }
        proposal
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let key = settings.key();
        let region = key.and_then(KeyName::region);
        let account = key.and_then(KeyName::account);
        let name = settings.name.as_deref();
        vec![
            ("trail", name.map(str::to_owned).into_iter().collect()),
            ("new_trail", vec![name.unwrap_or(DEFAULT_TRAIL).to_owned()]),
            (
                "key_region",
                vec![region.unwrap_or(&context.home_region).to_owned()],
            ),
            (
                "key_account",
                vec![account.unwrap_or(&context.account).to_owned()],
            ),
            (
                "key",
                key.and_then(KeyName::id)
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            ),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        let key = settings.key();
        if key.is_none_or(KeyName::is_key_arn) {
            unused.push(live::DESCRIBE_KEY.name);
        }
        if settings.is_enabled() {
            unused.push(StopLogging::OPERATION.name);
        } else {
            unused.extend([
                CreateTrail::OPERATION.name,
                UpdateTrail::OPERATION.name,
                PutEventSelectors::OPERATION.name,
                StartLogging::OPERATION.name,
            ]);
        }
        if settings.insights.is_empty() || !settings.is_enabled() {
            unused.push(PutInsightSelectors::OPERATION.name);
        }
        unused
    }
}

/// The organization's trail is enough; what it leaves open is told.
fn covered(settings: &Settings, arn: &str, trail: &Trail, logging: Option<bool>) -> Proposal {
    let mut proposal = Proposal::elsewhere(format!("the organization's trail {arn}"));
    if logging.is_none() {
        proposal.note("whether it is recording cannot be seen from this account");
    }
    if settings.log_file_validation(false) && !trail.log_file_validation {
        proposal.note("its log files cannot be validated; only the organization can change that");
    }
    if !settings.wishes().is_empty() {
        proposal.note("whether it logs the data events asked for is the organization's to see");
    }
    if !settings.insights.is_empty() && !trail.has_insights {
        proposal.note("it has no insights; only the organization can change that");
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
    let (partition, region, account) = (&context.partition, &context.home_region, &context.account);
    let arn = format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}");
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
        proposal.note("log files delivered so far stay where they are; new ones go elsewhere");
    }
    what.fill(&mut proposal, &before, &wanted);
    wait_for_bucket(&mut proposal, &wanted, context);
    if too_many {
        let most = selectors::MOST_VALUES;
        proposal.finding(
            "data_events",
            format!("the event selectors would hold {values} values; a trail takes {most}"),
            "ask for all instead of single names, or take out event selectors by hand",
        );
    }
    if settings.is_enabled() {
        let selectors = &wanted.selectors;
        let management = selectors::management_events(selectors);
        if !management.contains("all") {
            let logged: Vec<String> = management.into_iter().collect();
            let logged = logged.join("; ");
            let text = "management events are logged only in part, and that is left alone";
            proposal.note(format!("{text}: {logged}"));
        }
        deliveries(&mut proposal, &wanted, details);
    }
    if writes_selectors && details.basic && before.selectors != [Selector::management()] {
        proposal.note("its basic event selectors become advanced ones that log the same");
    }
    proposal
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
struct Target<'a> {
    arn: &'a str,
    region: &'a str,
}

impl Target<'_> {
    /// Sends what differs of the trail itself.
    fn update(&self, proposal: &mut Proposal, before: &State, wanted: &State) {
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
            s3_key_prefix: changed(&before.prefix, &wanted.prefix).flatten(),
            include_global_service_events: changed(&before.global_events, &wanted.global_events),
            is_multi_region_trail: changed(&before.multi_region, &wanted.multi_region),
            enable_log_file_validation: changed(
                &before.log_file_validation,
                &wanted.log_file_validation,
            ),
            kms_key_id: changed(&before.kms_key, &wanted.kms_key).flatten(),
            region: self.region.to_owned(),
        });
    }

    /// Sends what differs of what a trail holds; recording begins last.
    fn fill(&self, proposal: &mut Proposal, before: &State, wanted: &State) {
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

#[cfg(test)]
mod tests;

//! What is judged of a trail and cannot, or must not, be put right by a call.

use super::live::{Delivery, Details, Live};
use super::selectors::{self, Selector};
use super::settings::Settings;
use super::state::State;
use crate::aws::keys;
use crate::control::Context;
use crate::control::Proposal;
use crate::policy::Policy;
use crate::s3::{self, KeptOut, Shipment};

/// What is wrong, and what to do.
pub type Fault = (String, String);

/// The ARN of the key that the table names, or what is wrong with it. One of another account that
/// does not let this account look is accepted as asked for.
pub fn wanted_key(live: &Live) -> Option<Result<String, Fault>> {
    let key = live.key.as_ref()?;
    let (name, region) = (key.name.as_str(), &key.region);
    if region != &key.bucket_region {
        let bucket_region = &key.bucket_region;
        return Some(Err((
            format!("the key {name} is in {region}, the bucket of the trail is in {bucket_region}"),
            format!("name a key in {bucket_region}: CloudTrail takes no other"),
        )));
    }
    let faulty = |arn: &str, fault: String| {
        Err((
            format!("the key {arn} cannot be used: it {fault}"),
            "enable it, or name another in kms_key".to_owned(),
        ))
    };
    Some(match (&key.seen.found, key.seen.fault()) {
        (Some(found), Some(fault)) => faulty(&found.arn, fault),
        (Some(found), None) => Ok(found.arn.clone()),
        (None, None) => Ok(name.to_owned()),
        (None, Some(_)) => Err((
            format!("there is no key {name} in {region}"),
            "create it in the region of the bucket, with a policy that lets CloudTrail use it; or \
             correct kms_key"
                .to_owned(),
        )),
    })
}

/// Judges the key that the trail keeps. What is asked for is judged by itself.
pub fn live_key(
    proposal: &mut Proposal,
    settings: &Settings,
    wanted: &State,
    details: &Details,
    live: &Live,
    context: &Context,
) {
    let Some(arn) = &wanted.kms_key else {
        return;
    };
    let found = live.key.as_ref().and_then(|key| key.seen.found.as_ref());
    let is_asked = settings.key().is_some_and(|asked| asked.text == arn.as_str())
        || found.is_some_and(|found| found.arn == *arn);
    if is_asked || proposal.touches(&["kms_key"]) {
        return;
    }
    if let Some(fault) = keys::fault(arn, &context.account, details.key.as_ref()) {
        proposal.finding(
            "kms_key",
            format!(
                "the key {arn}, which encrypts the log files of trail {}, {fault}",
                wanted.name
            ),
            "without it nothing is delivered, or others decide who reads it: enable it, or name \
             the key that is wanted in [cloudtrail] kms_key",
        );
    }
}

/// Management events that are logged only in part. Conditions are somebody's choice, and taken out
/// by a person; what AWS offers to leave out is left out only if the baseline says so.
pub fn management_events(
    proposal: &mut Proposal,
    settings: &Settings,
    name: &str,
    logged: &[Selector],
) {
    let remedy = "let it log all reads and writes: CloudTrail console, the trail, Management events, \
                  Edit";
    match selectors::left_out(logged) {
        Some(sources) => {
            let mut hidden = sources;
            hidden.retain(|source| !settings.may_leave_out(source));
            if hidden.is_empty() {
                return;
            }
            let named: Vec<String> = hidden.iter().map(|source| format!("\"{source}\"")).collect();
            let hidden: Vec<String> = hidden.into_iter().collect();
            let is_offered =
                hidden.iter().all(|own| selectors::BUSY_SOURCES.contains(&own.as_str()));
            let or_accept = match is_offered {
                true => format!(
                    "; or say management_events_except = [{}] in [cloudtrail]",
                    named.join(", ")
                ),
                false => String::new(),
            };
            proposal.finding(
                "management_events",
                format!(
                    "the trail {name} leaves out the management events of {}",
                    hidden.join(" and ")
                ),
                format!("{remedy}{or_accept}"),
            );
        }
        None => {
            let words: Vec<String> = selectors::management_events(logged).into_iter().collect();
            let words = match words.is_empty() {
                true => "none".to_owned(),
                false => words.join("; "),
            };
            proposal.finding(
                "management_events",
                format!("the trail {name} logs management events only in part: {words}"),
                remedy,
            );
        }
    }
}

/// Says that the trail logs what it delivers itself, where all objects are asked for.
pub fn own_events(proposal: &mut Proposal, settings: &Settings, wanted: &State, context: &Context) {
    let asks_all = settings.wishes().iter().any(|wish| wish.is_all_objects());
    let (bucket, partition) = (&wanted.bucket, &context.partition);
    if asks_all && selectors::logs_own_deliveries(&wanted.selectors, partition, bucket) {
        proposal.note(format!(
            "each delivery to bucket {bucket} is itself logged as a data event, delivered and \
             billed: an event selector that leaves the bucket out ends that"
        ));
    }
}

/// What the policy of the account's own bucket would keep out of what the trail delivers there.
pub fn destination(arn: &str, wanted: &State, live: &Live, context: &Context) -> Option<Fault> {
    let kept_out = kept_out(arn, wanted, live, context)?;
    Some(kept_out.in_words(&wanted.bucket, "CloudTrail"))
}

fn kept_out(arn: &str, wanted: &State, live: &Live, context: &Context) -> Option<KeptOut> {
    // What cannot be parsed is found where the bucket is judged.
    let policy = Policy::parse(live.policy.as_deref()?).ok()?;
    let bucket = s3::arn(&context.partition, &wanted.bucket);
    Delivers::of(arn, wanted).shipment(&bucket, context).kept_out_by(&policy)
}

/// Where a trail delivers, and how.
#[derive(Clone, Copy, Debug)]
pub struct Delivers<'a> {
    /// The ARN of the trail.
    pub arn: &'a str,
    /// Its bucket.
    pub bucket: &'a str,
    /// What stands before `AWSLogs/`.
    pub prefix: Option<&'a str>,
    /// The ARN of the key of its log files.
    pub key: Option<&'a str>,
}

impl<'a> Delivers<'a> {
    /// Of a trail as it is to become.
    pub fn of(arn: &'a str, wanted: &'a State) -> Self {
        Self {
            arn,
            bucket: &wanted.bucket,
            prefix: wanted.prefix.as_deref(),
            key: wanted.kms_key.as_deref(),
        }
    }

    /// What it delivers, to a bucket by its ARN.
    fn shipment(self, bucket: &'a str, context: &'a Context) -> Shipment<'a> {
        let prefix = self.prefix.map(|prefix| format!("{prefix}/"));
        let (prefix, account) = (prefix.unwrap_or_default(), &context.account);
        Shipment {
            service: "cloudtrail.amazonaws.com",
            account,
            source: Some(self.arn),
            objects: format!("{bucket}/{prefix}AWSLogs/{account}/*"),
            bucket,
            key: self.key,
            now: context.now,
        }
    }
}

/// Judges the bucket of this account, beside the log bucket, that a trail delivers to. `fails` is
/// whether it is told already that it does not, and why.
pub fn archive(
    proposal: &mut Proposal,
    trail: Delivers<'_>,
    fails: bool,
    live: &Live,
    context: &Context,
) {
    let adopted = live.archive.as_deref();
    if let Some(own) = adopted.filter(|own| own.name == trail.bucket) {
        let bucket = s3::arn(&context.partition, &own.name);
        let shipment = trail.shipment(&bucket, context);
        own.judge(proposal, "bucket", shipment, fails, context);
    }
}

/// What could not be delivered is a finding: a trail may look right and its files not arrive.
pub fn deliveries(
    proposal: &mut Proposal,
    arn: &str,
    wanted: &State,
    details: &Details,
    live: &Live,
    context: &Context,
) {
    let State { name, bucket, .. } = wanted;
    for (delivery, error) in &details.errors {
        let (field, what) = delivery_failed(*delivery, name, error);
        let remedy = match delivery {
            Delivery::LogFiles => format!(
                "check that bucket {bucket} exists and that its policy, and that of the key, let \
                 CloudTrail write"
            ),
            Delivery::Digests => format!(
                "check that the policy of bucket {bucket}, and that of the key, let CloudTrail \
                 write"
            ),
            Delivery::CloudwatchLogs => {
                "check that the log group and the role of the trail exist, \
                                         and that the role may write"
                    .to_owned()
            }
            Delivery::Notifications => "check that the topic of the trail exists and that its \
                                        policy lets CloudTrail publish"
                .to_owned(),
        };
        let to_bucket = matches!(delivery, Delivery::LogFiles | Delivery::Digests);
        // The last try was to where the trail delivers no longer.
        if to_bucket && proposal.touches(&["bucket", "prefix"]) {
            continue;
        }
        match kept_out(arn, wanted, live, context).filter(|_| to_bucket) {
            Some(kept_out) => {
                let (why, remedy) = kept_out.in_words(bucket, "CloudTrail");
                proposal.finding(field, format!("{what}; {why}"), remedy);
            }
            None => proposal.finding(field, what, remedy),
        }
    }
}

/// The field, and what is wrong, when the last try to deliver something failed.
pub fn delivery_failed(delivery: Delivery, name: &str, error: &str) -> (&'static str, String) {
    let (field, what) = match delivery {
        Delivery::LogFiles => ("bucket", "log files"),
        Delivery::Digests => ("log_file_validation", "digests"),
        Delivery::CloudwatchLogs => ("cloudwatch_logs", "events to CloudWatch Logs"),
        Delivery::Notifications => ("sns_topic", "notifications"),
    };
    let what = format!("the last try of trail {name} to deliver {what} failed: {error}");
    (field, what)
}

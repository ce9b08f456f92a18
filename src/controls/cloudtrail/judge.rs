//! What is judged of a trail and cannot, or must not, be put right by a call.

use super::choice::Case;
use super::live::{Delivery, Details, Trail};
use super::selectors::{self, Selector};
use super::settings::Settings;
use super::state::State;
use super::wanted::foreign_bucket;
use crate::aws::keys;
use crate::control::{Context, Remarks};
use crate::policy::Policy;
use crate::s3::{self, KeptOut, Shipment};

/// What is wrong, and what to do.
pub type Fault = (String, String);

/// The ARN of the key that the table names, or what is wrong with it. One of another account that
/// does not let this account look is accepted as asked for, and so is one that the same run makes.
pub fn wanted_key(case: Case<'_>) -> Option<Result<String, Fault>> {
    let key = case.live.key.as_ref()?;
    let (name, region, bucket_region) = (&key.name, &key.region, &key.bucket_region);
    if region != bucket_region {
        return Some(Err((
            format!("the key {name} is in {region}, the bucket of the trail is in {bucket_region}"),
            format!("name a key in {bucket_region}: CloudTrail takes no other"),
        )));
    }
    let now = case.chosen().and_then(|(_, own)| own.kms_key.as_deref());
    let asked = crate::controls::keys::asked(name, &key.seen, now, region, case.context);
    Some(asked.map_err(|fault| {
        match &key.seen.found {
        Some(found) => (
            format!("the key {} cannot be used: it {fault}", found.arn),
            "enable it, or name another in kms_key".to_owned(),
        ),
        None => (
            format!("there is no key {name} in {region}"),
            "create it in the region of the bucket, with a policy that lets CloudTrail use it; or \
             correct kms_key"
                .to_owned(),
        ),
    }
    }))
}

/// A trail that is kept: as it is, and as it is to become.
pub struct Judged<'a> {
    pub case: Case<'a>,
    pub now: &'a State,
    pub wanted: &'a State,
    pub details: &'a Details,
}

impl Judged<'_> {
    /// All of it.
    pub fn judge(&self, say: &mut Remarks) {
        let Self { case, wanted, .. } = *self;
        self.bucket(say);
        self.key(say);
        self.topic(say);
        management_events(case.settings, &wanted.trail.name, &wanted.selectors, say);
        self.own_events(say);
        self.deliveries(say);
        let fails = say.findings.iter().any(|own| own.field == "bucket");
        archive(case, &wanted.arn, &wanted.trail, fails, say);
    }

    /// Judges a bucket that the trail keeps and that the table does not name: it has to be one of
    /// this account, for whoever owns it has the logs.
    fn bucket(&self, say: &mut Remarks) {
        let Case { settings, live, context } = self.case;
        let Trail { name, bucket, .. } = &self.wanted.trail;
        let log_bucket = context.log_bucket.as_ref();
        let is_moved = self.now.trail.bucket != *bucket;
        if is_moved || settings.bucket(context).is_some() || log_bucket == Some(bucket) {
            return;
        }
        if !live.buckets.contains_key(bucket) {
            foreign_bucket(&self.wanted.trail, "else name a bucket of this account there", say);
        } else if log_bucket.is_some() {
            say.note(format!(
                "the trail {name} was there before: it goes on delivering to {bucket}, a bucket of \
                 this account"
            ));
        }
    }

    /// Judges the key that the trail keeps. What is asked for is judged by itself.
    fn key(&self, say: &mut Remarks) {
        let Case { settings, live, context } = self.case;
        let Trail { name, kms_key, .. } = &self.wanted.trail;
        let Some(arn) = kms_key.as_ref().filter(|_| *kms_key == self.now.trail.kms_key) else {
            return;
        };
        let found = live.key.as_ref().and_then(|key| key.seen.found.as_ref());
        let is_asked = settings.key() == Some(arn) || found.is_some_and(|own| own.arn == *arn);
        let fault = keys::fault(arn, &context.account, self.details.key.as_ref());
        if let Some(fault) = fault.filter(|_| !is_asked) {
            say.finding(
                "kms_key",
                format!("the key {arn}, which encrypts the log files of trail {name}, {fault}"),
                "without it nothing is delivered, or others decide who reads it: enable it, or name \
                 the key that is wanted in [cloudtrail] kms_key",
            );
        }
    }

    /// Judges a topic that the table does not name: whoever owns it is notified of every log file.
    fn topic(&self, say: &mut Remarks) {
        let Case { settings, live, context } = self.case;
        let name = &self.wanted.trail.name;
        let Some(topic) = &self.wanted.trail.sns_topic else {
            return;
        };
        if let Some(fault) = live.deaf_topics.get(topic) {
            say.finding(
                "sns_topic",
                format!("the trail {name} notifies {topic}, which {fault}"),
                "put the topic right, or name another in [cloudtrail] sns_topic",
            );
        }
        if !self.case.is_own(topic) && settings.sns_topic(context).is_none() {
            say.finding(
                "sns_topic",
                format!("the trail {name} notifies {topic}, a topic of another account"),
                "if that is wanted, name it in [cloudtrail] sns_topic; else take it off the trail",
            );
        }
    }

    /// Says that the trail logs what it delivers itself, where all objects are asked for.
    fn own_events(&self, say: &mut Remarks) {
        let Case { settings, context, .. } = self.case;
        let State { trail, selectors, .. } = self.wanted;
        let (bucket, partition) = (&trail.bucket, &context.partition);
        let asks_all = settings.wishes().iter().any(|wish| wish.is_all_objects());
        if asks_all && selectors::logs_own_deliveries(selectors, partition, bucket) {
            say.note(format!(
                "each delivery to bucket {bucket} is itself logged as a data event, delivered and \
                 billed: an event selector that leaves the bucket out ends that"
            ));
        }
    }

    /// What could not be delivered is a finding: a trail may look right and its files not arrive.
    fn deliveries(&self, say: &mut Remarks) {
        let Trail { name, bucket, .. } = &self.wanted.trail;
        for (delivery, error) in &self.details.errors {
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
                Delivery::CloudwatchLogs => "check that the log group and the role of the trail \
                                             exist, and that the role may write"
                    .to_owned(),
                Delivery::Notifications => "check that the topic of the trail exists and that its \
                                            policy lets CloudTrail publish"
                    .to_owned(),
            };
            let to_bucket = matches!(delivery, Delivery::LogFiles | Delivery::Digests);
            // The last try was to where the trail delivers no longer.
            if to_bucket && !self.wanted.delivers_as(self.now) {
                continue;
            }
            match kept_out(self.case, self.wanted).filter(|_| to_bucket) {
                Some(kept_out) => {
                    let (why, remedy) = kept_out.in_words(bucket, "CloudTrail");
                    say.finding(field, format!("{what}; {why}"), remedy);
                }
                None => say.finding(field, what, remedy),
            }
        }
    }
}

/// Management events that are logged only in part. Conditions are somebody's choice, and taken out
/// by a person; what AWS offers to leave out is left out only if the baseline says so.
pub fn management_events(settings: &Settings, name: &str, logged: &[Selector], say: &mut Remarks) {
    let remedy = "let it log all reads and writes: CloudTrail console, the trail, Management events, \
                  Edit";
    let Some(mut hidden) = selectors::left_out(logged) else {
        let words: Vec<String> = selectors::management_events(logged).into_iter().collect();
        let words = if words.is_empty() { "none".to_owned() } else { words.join("; ") };
        let what = format!("the trail {name} logs management events only in part: {words}");
        return say.finding("management_events", what, remedy);
    };
    hidden.retain(|source| !settings.may_leave_out(source));
    if hidden.is_empty() {
        return;
    }
    let named: Vec<String> = hidden.iter().map(|source| format!("\"{source}\"")).collect();
    let is_offered = hidden.iter().all(|own| selectors::BUSY_SOURCES.contains(&own.as_str()));
    let or_accept = match is_offered {
        true => {
            format!("; or say management_events_except = [{}] in [cloudtrail]", named.join(", "))
        }
        false => String::new(),
    };
    let hidden = hidden.into_iter().collect::<Vec<_>>().join(" and ");
    let what = format!("the trail {name} leaves out the management events of {hidden}");
    say.finding("management_events", what, format!("{remedy}{or_accept}"));
}

/// What the policy of the account's own bucket would keep out of what the trail delivers there.
pub fn destination(case: Case<'_>, wanted: &State) -> Option<Fault> {
    let kept_out = kept_out(case, wanted)?;
    Some(kept_out.in_words(&wanted.trail.bucket, "CloudTrail"))
}

fn kept_out(case: Case<'_>, wanted: &State) -> Option<KeptOut> {
    // What cannot be parsed is found where the bucket is judged.
    let policy = Policy::parse(case.live.policy.as_deref()?).ok()?;
    let bucket = s3::arn(&case.context.partition, &wanted.trail.bucket);
    shipment(&wanted.arn, &wanted.trail, &bucket, case.context).kept_out_by(&policy)
}

/// What a trail delivers, to a bucket by its ARN.
fn shipment<'a>(
    arn: &'a str,
    trail: &'a Trail,
    bucket: &'a str,
    context: &'a Context,
) -> Shipment<'a> {
    let prefix = trail.prefix.as_ref().map(|prefix| format!("{prefix}/"));
    let (prefix, account) = (prefix.unwrap_or_default(), &context.account);
    Shipment {
        service: "cloudtrail.amazonaws.com",
        account,
        source: Some(arn),
        objects: format!("{bucket}/{prefix}AWSLogs/{account}/*"),
        bucket,
        key: trail.kms_key.as_deref(),
        now: context.now,
    }
}

/// Judges the bucket of this account, beside the log bucket, that a trail delivers to. `fails` is
/// whether it is reported already that it does not, and why.
pub fn archive(case: Case<'_>, arn: &str, trail: &Trail, fails: bool, say: &mut Remarks) {
    if let Some(own) = case.live.archive.as_ref().filter(|own| own.name == trail.bucket) {
        let bucket = s3::arn(&case.context.partition, &own.name);
        let shipment = shipment(arn, trail, &bucket, case.context);
        own.judge("bucket", shipment, fails, case.context, say);
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

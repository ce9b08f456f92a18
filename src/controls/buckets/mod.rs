//! Guardrails for buckets chosen by name.
//!
//! Each guardrail has a file: it judges what was read of a bucket and adds what has to change. One
//! that cannot be put right is a finding and keeps the others from nothing.

mod about;
mod access;
mod access_log;
mod differences;
mod encryption;
mod guardrail;
mod guards;
mod live;
mod needs;
mod object_lock;
mod policy_findings;
mod settings;
mod statements;
mod tags;
mod values;
mod versions;

pub(super) use values::{AccessLog, ObjectLock as LockAsked};

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Facts, Operation, Write};
use crate::control::{
    About, Announcement, At, Context, Control, Past, Remarks, Shares, Source, Steps, propose,
};
use crate::controls::bucket_state::{self, Undo};
use crate::controls::log_bucket::LogBucket;
use crate::diff::Difference;
use crate::document::Problems;
use crate::place::Place;
use crate::s3;
use guardrail::{Judgement, Judging};
use live::Live;
use settings::{Entry, Wanted};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The control.
pub struct Buckets;

impl Control for Buckets {
    type Settings = Vec<Entry>;
    type Live = Live;
    type State = Live;

    const FIELDS: &'static [&'static str] =
        &["deleted_principals", "lifecycle", "policy", "takes_access_logs"];
    const ABOUT: About = about::ABOUT;

    fn check(entries: &Vec<Entry>, problems: &mut Problems) {
        for (number, entry) in entries.iter().enumerate() {
            settings::check(number, entry, problems);
        }
    }

    /// The buckets that take logs come first: those that are logged may have to wait for them.
    fn places(
        entries: &Vec<Entry>,
        facts: &Facts,
        context: &Context,
    ) -> Result<Vec<Place>, AwsError> {
        let buckets = facts.list::<s3::OwnBuckets>()?.unwrap_or_default();
        let mut targets = BTreeSet::new();
        let mut asked_for = BTreeSet::new();
        let to_be = log_bucket_to_be(entries, &buckets, context);
        targets.extend(to_be.as_ref().and_then(|place| {
            let (name, region) = name_and_region(place);
            let log = Wanted::of(entries, name).access_log?;
            Some(log.target(&context.account, region)).filter(|target| target != name)
        }));
        for bucket in buckets.iter().filter(|own| !is_directory_bucket(&own.name)) {
            let wanted = Wanted::of(entries, &bucket.name);
            if !wanted.is_nothing() {
                asked_for.insert(&bucket.name);
            }
            let target = wanted.access_log.map(|log| log.target(&context.account, &bucket.region));
            targets.extend(target.filter(|target| *target != bucket.name));
        }
        let (first, rest): (Vec<_>, Vec<_>) =
            buckets.iter().partition(|bucket| targets.contains(&bucket.name));
        let rest = rest.into_iter().filter(|bucket| asked_for.contains(&bucket.name));
        let place = |bucket: &s3::Located| Place::thing_in(&bucket.name, &bucket.region);
        // What takes the logs comes before what logs to it, also where one of them is yet to be.
        let is_target = |place: &Place| targets.contains(name_and_region(place).0);
        let (to_be_first, to_be_later) = match to_be {
            Some(place) if is_target(&place) => (Some(place), None),
            place => (None, place),
        };
        let first = to_be_first.into_iter().chain(first.into_iter().map(place));
        let rest = to_be_later.into_iter().chain(rest.map(place));
        Ok(first.chain(rest).collect())
    }

    async fn read(
        entries: &Vec<Entry>,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (name, region) = name_and_region(place);
        let mut live = live::read(entries, name, region, context, reader).await?;
        let at = At { place, context };
        let changes = || !propose::<Self>(entries, &live, at).writes.is_empty();
        if !live.to_be && !live.gone && changes() {
            live.owner = live::manager(entries, name, region, context, reader).await?;
        }
        Ok(live)
    }

    fn state(live: &Live) -> Live {
        live.clone()
    }

    fn wanted(entries: &Vec<Entry>, live: &Live, at: At<'_>, say: &mut Remarks) -> Live {
        let (bucket, _) = name_and_region(at.place);
        let wanted = Wanted::of(entries, bucket);
        say.owned_by(live.owner.clone(), wanted.take_over.is_some());
        judged(entries, &wanted, live, at, say).unwrap_or_else(|error| {
            *say = Remarks::default();
            say.unknown(error);
            live.clone()
        })
    }

    fn differences(from: &Live, to: &Live, at: At<'_>) -> Vec<Difference> {
        differences::differences(from, to, at)
    }

    fn steps(from: &Live, to: &Live, at: At<'_>) -> Steps {
        let mut steps = bucket_state::steps(&from.bucket, &to.bucket, at);
        if from.bucket.logging != to.bucket.logging {
            to.closed_target().into_iter().for_each(|place| steps.after_at::<Self>(place));
        }
        if to.to_be {
            steps.after::<LogBucket>();
        }
        steps
    }

    fn restored(_: &Vec<Entry>, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> Live {
        let bucket = Undo::of(past.map(|live| live.bucket.clone()), at, say).all();
        Live { bucket, ..past.live.clone() }
    }

    const RESTORES: &'static [Operation] = &[
        s3::DeleteBucketPolicy::OPERATION,
        s3::DeleteBucketLifecycle::OPERATION,
        s3::DeleteBucketOwnershipControls::OPERATION,
        s3::UntagResource::OPERATION,
    ];

    fn names(entries: &Vec<Entry>, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let mut accounts = BTreeSet::from([context.account.clone()]);
        accounts.extend(entries.iter().filter_map(settings::account_of_key));
        vec![("key_account", accounts.into_iter().collect())]
    }

    fn names_for(
        entries: &Vec<Entry>,
        context: &Context,
        operation: &str,
    ) -> Vec<(&'static str, Vec<String>)> {
        let mut names = Self::names(entries, context);
        names.push(("bucket", about::buckets_of(entries, operation, context)));
        names
    }

    fn unused(entries: &Vec<Entry>) -> Vec<&'static str> {
        let used = about::used(entries);
        let is_used = |name: &str| used.iter().any(|own| own.name == name);
        let all = about::ABOUT.operations.iter().map(|own| own.name);
        all.filter(|name| !is_used(name)).collect()
    }

    fn announces(entries: &Arc<Vec<Entry>>, _: &Context) -> Vec<Announcement> {
        vec![Announcement::Shares(entries.clone())]
    }

    fn idle(entries: &Vec<Entry>, facts: &Facts, context: &Context) -> Vec<String> {
        let Ok(Some(buckets)) = facts.list::<s3::OwnBuckets>() else {
            return Vec::new();
        };
        let listed = buckets.iter().map(|bucket| bucket.name.as_str());
        let names: Vec<&str> = listed.chain(context.log_bucket.as_deref()).collect();
        let is_idle = |entry: &&Entry| {
            let is_for_all = entry.matches.iter().any(|own| own.as_str() == "*");
            !is_for_all && !names.iter().any(|name| entry.covers(name))
        };
        let sentence = |entry: &Entry| {
            let patterns: Vec<&str> = entry.matches.iter().map(|own| own.as_str()).collect();
            format!("[[buckets]] match {}: no bucket of the account", patterns.join(" "))
        };
        entries.iter().filter(is_idle).map(sentence).collect()
    }

    fn sources(entries: &Vec<Entry>, bucket: &str) -> Option<Vec<Source>> {
        let said = Wanted::of(entries, bucket).said_by.into_iter();
        Some(said.map(|(setting, entry)| Source { setting, entry }).collect())
    }
}

/// What the guardrails make of a bucket, whoever manages it.
///
/// # Errors
/// When one of them cannot be judged.
fn judged(
    entries: &[Entry],
    wanted: &Wanted<'_>,
    live: &Live,
    at: At<'_>,
    say: &mut Remarks,
) -> Result<Live, AwsError> {
    if live.gone {
        say.note("the bucket was deleted while the account was looked at");
        return Ok(live.clone());
    }
    let ((bucket, region), context) = (name_and_region(at.place), at.context);
    let to = live.bucket.clone();
    let mut judging = Judging { wanted, live, at, context, bucket, region, to, say };
    for judge in GUARDRAILS {
        judge(&mut judging)?;
    }
    let (to, say) = (judging.to, judging.say);
    let differs = to != live.bucket;
    match (live.to_be, differs) {
        (true, true) => say.note(
            "the log bucket does not exist yet: this is what it is asked beside [log_bucket]",
        ),
        (true, false) => say.note("it does not exist yet: [log_bucket] creates it this way"),
        (false, _) => {}
    }
    if differs || !say.findings.is_empty() {
        say.notes.extend(wanted.sources(entries));
    }
    Ok(Live { bucket: to, ..live.clone() })
}

impl Shares for Vec<Entry> {
    fn shared_with(&self, bucket: &str) -> BTreeSet<String> {
        Wanted::of(self, bucket).shared_with.cloned().unwrap_or_default()
    }
}

type Guardrail = fn(&mut Judging<'_>) -> Judgement;

/// In the order of their calls.
const GUARDRAILS: &[Guardrail] = &[
    statements::propose,
    access::public_access_block,
    access::private,
    policy_findings::propose,
    encryption::propose,
    versions::propose,
    object_lock::propose,
    tags::propose,
    access_log::propose,
    access::ownership,
];

/// The log bucket, if it does not exist yet and something is asked of it. It comes before all buckets
/// that may log to it.
fn log_bucket_to_be(entries: &[Entry], listed: &[s3::Located], context: &Context) -> Option<Place> {
    let name = context.log_bucket.as_ref()?;
    let region = &context.home_region;
    let exists = listed.iter().any(|bucket| bucket.name == *name);
    let takes_logs = |bucket: &s3::Located| {
        let log = Wanted::of(entries, &bucket.name).access_log;
        bucket.region == *region
            && log.is_some_and(|log| log.target(&context.account, region) == *name)
    };
    let is_asked = !Wanted::of(entries, name).is_nothing() || listed.iter().any(takes_logs);
    (!exists && is_asked).then(|| Place::thing_in(name, region))
}

/// Directory buckets have none of these settings. Source: S3 User Guide, "Directory bucket naming
/// rules".
fn is_directory_bucket(name: &str) -> bool {
    name.ends_with("--x-s3")
}

fn name_and_region(place: &Place) -> (&str, &str) {
    (place.thing.as_deref().unwrap_or_default(), place.region.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests;

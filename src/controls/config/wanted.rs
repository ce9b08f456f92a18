//! What the table makes of the role, and of recorder and channel of a region.

use super::channel::Channel;
use super::judge::judge;
use super::live::{LONGEST, Recorder, Recording, Region};
use super::recording::{GlobalTypes, Group, Record, Wish};
use super::regions::{iam_region, records_iam};
use super::role::service_linked_role;
use super::settings::{Frequency, Settings};
use crate::control::{Context, Remarks};
use crate::floor::{AtLeast, raise_word};

/// What the table asks of a region.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub settings: &'a Settings,
    pub context: &'a Context,
    pub region: &'a str,
    /// Whether this baseline created what is there, or is about to.
    pub is_ours: bool,
}

/// The state that the table asks for.
pub fn wanted(asked: Asked<'_>, live: &Region, say: &mut Remarks) -> Recording {
    let now = Recording::of(live);
    match *asked.settings.enabled {
        Some(false) => Recording { recording: now.recording.map(|_| false), ..now },
        None if now.recorder.is_none() => now,
        _ => on(asked, live, &now, say).unwrap_or(now),
    }
}

/// With a recorder and a channel; nothing where there is nothing to record or nowhere to deliver.
fn on(asked: Asked<'_>, live: &Region, now: &Recording, say: &mut Remarks) -> Option<Recording> {
    let settings = asked.settings;
    let Some(recorder) = asked.recorder(now.recorder.as_ref()) else {
        match asked.misses_global() {
            true => missing_global(asked, say),
            false => say.note("only types of IAM are listed; they are recorded in one region"),
        }
        return None;
    };
    let Some(mut channel) = asked.channel(now.channel.as_ref()) else {
        let remedy = "add [log_bucket] to the baseline, or name a bucket in [config]";
        say.finding("bucket", "there is no bucket to deliver to", remedy);
        return None;
    };
    if settings.kms_key.is_some() && live.key_fault.is_some() {
        // Nothing could be delivered with it: that is a finding.
        channel.kms_key = now.channel.as_ref().and_then(|own| own.kms_key.clone());
    }
    remark(asked, live, &recorder, say);
    judge(asked, live, &recorder, &channel, say);
    if asked.misses_global() {
        missing_global(asked, say);
    }
    if let Some(kept_out) = &live.kept_out {
        let (what, remedy) = kept_out.in_words(&channel.bucket, "AWS Config");
        say.finding("channel.bucket", what, remedy);
        if now.channel.as_ref().is_none_or(|own| !own.delivers_as(&channel)) {
            // AWS Config tries to write before it takes a channel, and starts no recorder without one.
            say.withhold();
        }
    }
    Some(Recording {
        recorder: Some(recorder),
        channel: Some(channel),
        recording: settings.enabled.or(now.recording),
        retention_days: asked.retention(now.retention_days),
    })
}

/// Reports in the home region that no region of the baseline can record the types of IAM.
fn missing_global(Asked { region, context, .. }: Asked<'_>, say: &mut Remarks) {
    if region == context.home_region {
        let also = context.global_region();
        say.finding(
            "global_types",
            "users, groups, roles and policies of IAM are recorded nowhere: no region of the \
             baseline can record them",
            format!("add {also} to regions in [account], or say global_types = \"none\""),
        );
    }
}

/// Says what is good to know of a recorder, and what has failed.
fn remark(asked: Asked<'_>, live: &Region, wanted: &Recorder, say: &mut Remarks) {
    let Asked { settings, context, region, .. } = asked;
    if live.recording == Some(true) {
        failures(region, live, say);
    }
    let rare = asked.recorded_daily(wanted);
    if !rare.is_empty() {
        let types = rare.join(", ");
        say.finding(
            "recorder.overrides",
            format!("an override of the recorder has {types} recorded daily"),
            "take the override out of the recorder, or ask for frequency = \"daily\"",
        );
    }
    if live.owned_by().is_some() {
        return;
    }
    let iam_region = iam_region(context);
    if wanted.group.has_global() && iam_region != Some(region) && records_iam(region, context) {
        say.note(format!(
            "types of IAM are recorded here as well as in {}, and charged for twice; only an exact \
             `record` ends that",
            iam_region.unwrap_or("the home region")
        ));
    }
    if settings.role.is_none() && wanted.role != service_linked_role(context) {
        let role = &wanted.role;
        say.note(format!(
            "the recorder keeps its role {role}; Config.1 of AWS FSBP asks for role = \
             \"service-linked\""
        ));
    }
}

fn failures(region: &str, live: &Region, say: &mut Remarks) {
    if let Some(code) = &live.failure {
        let remedy = format!(
            "look at the recorder's role and the bucket's policy, with `aws configservice \
             describe-configuration-recorder-status --region {region}`"
        );
        say.finding("recording", format!("recording fails: {code}"), remedy);
    }
    for (what, code) in &live.undelivered {
        let remedy = format!(
            "look at the bucket, its policy and the topic, with `aws configservice \
             describe-delivery-channel-status --region {region}`"
        );
        say.finding("channel", format!("delivery of the {what} fails: {code}"), remedy);
    }
}

impl Asked<'_> {
    /// The frequency that is asked for: what the baseline created was continuous.
    fn frequency(self) -> Option<AtLeast<Frequency>> {
        let frequency = &self.settings.frequency;
        let is_kept = self.is_ours && !frequency.is_left_alone();
        let created = is_kept.then(|| AtLeast::new(Frequency::Continuous));
        frequency.as_ref().cloned().or(created)
    }

    /// For how many days history is to be kept: what the baseline created keeps it for as long as
    /// AWS does.
    fn retention(self, live: Option<u32>) -> Option<u32> {
        let (days, live) = (&self.settings.retention_days, live?);
        Some(match &**days {
            Some(floor) => floor.settle(live),
            None if self.is_ours && !days.is_left_alone() => LONGEST,
            None => live,
        })
    }

    /// The types that are asked for continuously and that an override has recorded daily.
    fn recorded_daily(self, recorder: &Recorder) -> Vec<&str> {
        let frequency = self.frequency();
        if frequency.as_ref().map(AtLeast::value) != Some(&Frequency::Continuous) {
            return Vec::new();
        }
        let with_global = self.with_global(None);
        let asked = self.settings.record.as_ref();
        let asked = asked.and_then(|wish| wish.settle(with_global, None));
        let is_asked = |name: &&String| {
            let record = Record::Include([(*name).clone()].into());
            let one = Group { record, global_types: false };
            asked.as_ref().is_some_and(|asked| asked.covers(&one))
        };
        let overrides = recorder.overrides.iter();
        let daily = overrides.filter(|other| other.frequency == "DAILY");
        daily.flat_map(|other| &other.types).filter(is_asked).map(String::as_str).collect()
    }

    /// Whether the types of IAM are to be recorded in the region.
    fn with_global(self, live: Option<&Group>) -> bool {
        let is_chosen = iam_region(self.context) == Some(self.region);
        match &*self.settings.global_types {
            Some(GlobalTypes::Home) => is_chosen,
            Some(GlobalTypes::None) => false,
            None => live.map_or(is_chosen, Group::has_global),
        }
    }

    /// Whether the types of IAM are asked for and no region of the baseline can record them.
    fn misses_global(self) -> bool {
        let asked = match &*self.settings.record {
            Some(wish) => wish.settle(true, None),
            None => Some(Group { record: Record::All, global_types: true }),
        };
        *self.settings.global_types == Some(GlobalTypes::Home)
            && asked.is_some_and(|asked| asked.has_global())
            && iam_region(self.context).is_none()
    }

    /// What the recorder is to be; `None` when there is nothing to record in the region.
    fn recorder(self, live: Option<&Recorder>) -> Option<Recorder> {
        let Self { settings, context, .. } = self;
        let group = live.map(|recorder| &recorder.group);
        let with_global = self.with_global(group);
        let group = match (&*settings.record, group) {
            (Some(wish), group) => wish.settle(with_global, group)?,
            (None, Some(group)) => group.clone(),
            (None, None) => Wish::All.settle(with_global, None)?,
        };
        let Some(live) = live else {
            let frequency = raise_word(&self.frequency(), None);
            return Some(Recorder {
                name: "default".to_owned(),
                role: settings.role_arn(context),
                group,
                frequency: frequency.or_else(|| Some("CONTINUOUS".to_owned())),
                overrides: Vec::new(),
            });
        };
        let is_kept = self.is_ours && !settings.role.is_left_alone();
        let role = match settings.role.is_some() || is_kept {
            true => settings.role_arn(context),
            false => live.role.clone(),
        };
        let frequency = raise_word(&self.frequency(), live.frequency.as_deref());
        Some(Recorder { role, group, frequency, ..live.clone() })
    }

    /// What the channel is to be; `None` when nobody says where to deliver. What belongs to a
    /// recorder that the baseline created delivers where the file says; any other keeps what the
    /// file does not say.
    pub fn channel(self, live: Option<&Channel>) -> Option<Channel> {
        let Self { settings, context, region, is_ours } = self;
        let given = settings.bucket.as_ref().map(|name| context.fill(name));
        let is_said = given.is_some() || context.log_bucket.is_some();
        let follows = |is_left_alone: bool| is_ours && is_said && !is_left_alone;
        let kept = live.filter(|_| !follows(settings.bucket.is_left_alone()));
        let kept = kept.map(|channel| channel.bucket.clone());
        let bucket = given.or(kept).or_else(|| context.log_bucket.clone())?;
        // A topic must be in the region of the recorder, so its ARN is filled with that.
        let topic = settings.sns_topic.as_ref();
        let topic = topic.map(|arn| context.fill(&arn.replace("{region}", region)));
        let live = live.cloned().unwrap_or_else(|| Channel::to(&bucket));
        let snapshots = live.snapshot_frequency.as_deref();
        let kept = live.prefix.filter(|_| !follows(settings.prefix.is_left_alone()));
        let prefix = (*settings.prefix).clone().or(kept);
        Some(Channel {
            snapshot_frequency: raise_word(&settings.snapshot_frequency, snapshots),
            bucket,
            prefix: prefix.filter(|prefix| !prefix.is_empty()),
            kms_key: settings.kms_key(context).or(live.kms_key),
            sns_topic: topic.or(live.sns_topic),
            ..live
        })
    }
}

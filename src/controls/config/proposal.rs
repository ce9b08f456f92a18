//! What would make recorder, channel and role match.

use super::role::{Role, service_linked_role};
use super::settings::{self, Settings, records_iam};
use super::state::{Recorder, State};
use super::writes::{create_role, put_channel, put_recorder, put_retention, start, stop};
use super::{Config, judge};
use crate::control::{Context, Proposal};
use crate::controls::log_bucket::LogBucket;
use crate::place::Place;

/// The place of the service-linked role, which the recorders of all regions share.
pub fn role_place() -> Place {
    Place::thing("service-linked-role")
}

pub fn propose_role(live: Role, context: &Context) -> Proposal {
    let wanted = Role { service_linked_role: Some(service_linked_role(context)) };
    match &live.service_linked_role {
        Some(_) => Proposal::fine(),
        None => {
            let mut proposal = Proposal::between(&live, &wanted);
            proposal.call(create_role(context.global_region()));
            proposal.only_for_others = true;
            proposal
        }
    }
}

pub fn propose_off(live: State, region: &str) -> Proposal {
    let wanted = State { recording: live.recording.map(|_| false), ..live.clone() };
    let mut proposal = Proposal::between(&live, &wanted);
    if let (Some(true), Some(recorder)) = (live.recording, &live.recorder) {
        proposal.call(stop(&recorder.name, region));
    }
    proposal
}

pub fn propose_on(settings: &Settings, live: State, region: &str, context: &Context) -> Proposal {
    // What is about to be created is the baseline's own as well.
    let is_ours = live.is_ours || live.recorder.is_none();
    let Some(recorder) = settings.recorder(live.recorder.as_ref(), is_ours, region, context) else {
        let mut proposal = Proposal::fine();
        match settings.misses_global(context) {
            true => tell_missing_global(&mut proposal, region, context),
            false => {
                proposal.note("only types of IAM are listed; they are recorded in one region");
            }
        }
        return proposal;
    };
    let Some(mut channel) = settings.channel(live.channel.as_ref(), is_ours, region, context)
    else {
        let mut proposal = Proposal::fine();
        let remedy = "add [log_bucket] to the baseline, or name a bucket in [config]";
        proposal.finding("bucket", "there is no bucket to deliver to", remedy);
        return proposal;
    };
    if settings.kms_key.is_some() && live.key_fault.is_some() {
        // Nothing could be delivered with it: that is a finding.
        channel.kms_key = live.channel.as_ref().and_then(|own| own.kms_key.clone());
    }
    let wanted = State {
        recorder: Some(recorder.clone()),
        channel: Some(channel.clone()),
        recording: settings.enabled.or(live.recording),
        retention_days: settings.retention(live.retention_days, is_ours),
        ..live.clone()
    };
    let mut proposal = Proposal::between(&live, &wanted);
    mark_loosening(&mut proposal, live.recorder.as_ref(), &recorder);
    let started = start(&recorder.name, region);
    remark(&mut proposal, settings, &live, &recorder, region, context);
    let kept = (&recorder, &channel);
    judge::judge(&mut proposal, settings, &live, kept, context);
    if settings.misses_global(context) {
        tell_missing_global(&mut proposal, region, context);
    }
    if proposal.touches(&["recorder"]) {
        let keeps_role = live.recorder.as_ref().is_some_and(|own| own.role == recorder.role);
        if recorder.role == service_linked_role(context) && !keeps_role {
            proposal.after_at::<Config>(role_place());
        }
        let tags = match &live.recorder {
            Some(_) => Default::default(),
            None => context.tags(),
        };
        proposal.call(put_recorder(&recorder, tags, region));
    }
    let is_new = live.channel.as_ref().is_none_or(|own| !own.delivers_as(&channel));
    if let Some(kept_out) = &live.kept_out {
        let (what, remedy) = kept_out.in_words(&channel.bucket, "AWS Config");
        proposal.finding("channel.bucket", what, remedy);
        if is_new {
            // AWS Config tries to write before it takes a channel, and starts no recorder without one.
            proposal.writes.clear();
            proposal.after.clear();
            return proposal;
        }
    }
    if proposal.touches(&["channel"]) {
        if Some(&channel.bucket) == context.log_bucket.as_ref() {
            proposal.after::<LogBucket>();
        }
        proposal.call(put_channel(channel, region));
    }
    if proposal.touches(&["recording"]) {
        proposal.call(started);
    }
    if let (true, Some(days)) = (proposal.touches(&["retention_days"]), wanted.retention_days) {
        proposal.call(put_retention(days, region));
    }
    proposal
}

/// Says in the home region that no region of the baseline can record the types of IAM.
fn tell_missing_global(proposal: &mut Proposal, region: &str, context: &Context) {
    if region == context.home_region {
        let also = context.global_region();
        proposal.finding(
            "global_types",
            "users, groups, roles and policies of IAM are recorded nowhere: no region of the \
             baseline can record them",
            format!("add {also} to regions in [account], or say global_types = \"none\""),
        );
    }
}

/// Marks that less would be recorded: the shapes of what is recorded have no order that the engine
/// knows.
pub fn mark_loosening(proposal: &mut Proposal, live: Option<&Recorder>, wanted: &Recorder) {
    if live.is_some_and(|live| !wanted.group.covers(&live.group)) {
        let records = |field: &str| field.starts_with("recorder.record");
        for difference in &mut proposal.differences {
            difference.loosens |= records(&difference.field);
        }
    }
}

/// Says what is good to know of a recorder, and what has failed.
fn remark(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    wanted: &Recorder,
    region: &str,
    context: &Context,
) {
    if let (Some(true), Some(code)) = (live.recording, &live.failure) {
        let remedy = format!(
            "look at the recorder's role and the bucket's policy, with `aws configservice \
             describe-configuration-recorder-status --region {region}`"
        );
        proposal.finding("recording", format!("recording fails: {code}"), remedy);
    }
    if live.recording == Some(true) {
        for (what, code) in &live.undelivered {
            let remedy = format!(
                "look at the bucket, its policy and the topic, with `aws configservice \
                 describe-delivery-channel-status --region {region}`"
            );
            let text = format!("delivery of the {what} fails: {code}");
            proposal.finding("channel", text, remedy);
        }
    }
    let rare = settings.recorded_daily(wanted, live.is_ours, region, context);
    if !rare.is_empty() {
        let types = rare.join(", ");
        proposal.finding(
            "recorder.overrides",
            format!("an override of the recorder has {types} recorded daily"),
            "take the override out of the recorder, or ask for frequency = \"daily\"",
        );
    }
    if live.owned_by().is_some() {
        return;
    }
    let iam_region = settings::iam_region(context);
    if wanted.group.has_global() && iam_region != Some(region) && records_iam(region, context) {
        proposal.note(format!(
            "types of IAM are recorded here as well as in {}, and charged for twice; only an exact \
             `record` ends that",
            iam_region.unwrap_or("the home region")
        ));
    }
    if settings.role.is_none() && wanted.role != service_linked_role(context) {
        let role = &wanted.role;
        proposal.note(format!(
            "the recorder keeps its role {role}; Config.1 of AWS FSBP asks for role = \
             \"service-linked\""
        ));
    }
}

//! The calls that make role, recorder and channel others, in the order that AWS demands.

use super::Config;
use super::live::{Recorder, Recording, State};
use super::role::{role_place, service_linked_role};
use super::writes::{create_role, put_channel, put_recorder, put_retention, start, stop};
use crate::control::{At, Steps};
use crate::controls::log_bucket::LogBucket;

/// From one state to another. Nothing is ever deleted.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    match (from, to) {
        (State::Role(_), _) | (_, State::Role(_)) => {
            Steps::default().then(create_role(at.context.global_region()))
        }
        (State::Region(from), State::Region(to)) => recording(from, to, at),
    }
}

fn recording(from: &Recording, to: &Recording, at: At<'_>) -> Steps {
    let (region, mut steps) = (at.region(), Steps::default());
    if let Some(recorder) = to.recorder.as_ref().filter(|_| from.recorder != to.recorder) {
        put(from.recorder.as_ref(), recorder, at, &mut steps);
    }
    if let Some(channel) = to.channel.clone().filter(|_| from.channel != to.channel) {
        if Some(&channel.bucket) == at.context.log_bucket.as_ref() {
            steps.after::<LogBucket>();
        }
        steps.call(put_channel(channel, region));
    }
    let name = to.recorder.as_ref().map(|own| own.name.as_str());
    match (name, to.recording.filter(|_| from.recording != to.recording)) {
        (Some(name), Some(true)) => steps.call(start(name, region)),
        (Some(name), Some(false)) => steps.call(stop(name, region)),
        _ => {}
    }
    if let Some(days) = to.retention_days.filter(|_| from.retention_days != to.retention_days) {
        steps.call(put_retention(days, region));
    }
    steps
}

fn put(from: Option<&Recorder>, to: &Recorder, at: At<'_>, steps: &mut Steps) {
    let keeps_role = from.is_some_and(|own| own.role == to.role);
    if to.role == service_linked_role(at.context) && !keeps_role {
        steps.after_at::<Config>(role_place());
    }
    let tags = if from.is_none() { at.context.tags() } else { Default::default() };
    steps.call(put_recorder(to, tags, at.region()));
}

/// Whether less would be recorded: the shapes of what is recorded have no order that the engine
/// knows.
pub fn looser(from: &State, to: &State) -> Vec<String> {
    let group = |state: &State| match state {
        State::Region(own) => own.recorder.as_ref().map(|own| own.group.clone()),
        State::Role(_) => None,
    };
    match (group(from), group(to)) {
        (Some(from), Some(to)) if !to.covers(&from) => {
            let fields = ["record", "record.include", "record.exclude"];
            fields.map(|field| format!("recorder.{field}")).into()
        }
        _ => Vec::new(),
    }
}

//! The calls that make a trail another.

use super::selectors;
use super::state::State;
use super::writes::{
    CreateTrail, PutEventSelectors, PutInsightSelectors, StartLogging, StopLogging, UpdateTrail,
};
use crate::control::{At, Steps};
use crate::controls::keys::{Keys, made_as};
use crate::controls::log_bucket::LogBucket;

/// From one state to another; recording begins last. A trail is never deleted.
pub fn steps(from: Option<&State>, to: &State, at: At<'_>) -> Steps {
    let mut steps = Steps::default();
    if from.is_none_or(|from| !from.delivers_as(to))
        && at.context.log_bucket.as_ref() == Some(&to.trail.bucket)
    {
        // It is created or redirected only when its bucket is ready.
        steps.after::<LogBucket>();
    }
    let key = to.trail.kms_key.as_deref();
    let key = key.filter(|key| from.is_none_or(|own| own.trail.kms_key.as_deref() != Some(*key)));
    if let Some(place) = key.and_then(|key| made_as(key, &to.trail.home_region, at.context)) {
        steps.after_at::<Keys>(place);
    }
    match from {
        None => {
            steps.call(CreateTrail::new(to, at.context.tags()));
            fill(&State::created(to.arn.clone(), to.trail.clone()), to, steps)
        }
        Some(from) => {
            if let Some(update) = UpdateTrail::between(from, to) {
                steps.call(update);
            }
            fill(from, to, steps)
        }
    }
}

/// What a trail holds.
fn fill(from: &State, to: &State, mut steps: Steps) -> Steps {
    if from.selectors != to.selectors {
        steps.call(PutEventSelectors::of(to));
    }
    if from.insights != to.insights {
        steps.call(PutInsightSelectors::of(to));
    }
    let (name, region) = (to.arn.clone(), to.trail.home_region.clone());
    match (from.logging, to.logging) {
        (false, true) => steps.call(StartLogging { name, region }),
        (true, false) => steps.call(StopLogging { name, region }),
        _ => {}
    }
    steps
}

/// What protects less and belongs to no setting that has a stricter side.
pub fn looser(from: &State, to: &State) -> Vec<String> {
    let logged = |state: &State| selectors::management_events(&state.selectors);
    let network = |state: &State| selectors::network_activity(&state.selectors);
    let is_whole = selectors::logs_all_management(&to.selectors);
    let looser = [
        ("kms_key", to.trail.kms_key.is_none()),
        ("cloudwatch_logs.group", to.trail.cloudwatch_logs.is_none()),
        ("cloudwatch_logs.role", to.trail.cloudwatch_logs.is_none()),
        ("network_activity_events", !network(to).is_superset(&network(from))),
        ("management_events", !is_whole && !logged(to).is_superset(&logged(from))),
    ];
    let looser = looser.into_iter().filter(|(_, is_looser)| *is_looser);
    looser.map(|(field, _)| field.to_owned()).collect()
}

//! The calls that make a detector another.

use super::export;
use super::state::{Detector, State};
use super::writes::{
    CreateDetector, FeatureInput, FinishDetector, MarkFinished, UpdateDetector, at_first, requests,
};
use crate::control::{At, Steps};

/// From one state to another.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    let exports = export::steps(from.id.as_deref(), from.export.as_ref(), to.export.as_ref(), at);
    of_detector(from, to, at).and(exports)
}

fn of_detector(from: &State, to: &State, at: At<'_>) -> Steps {
    match (&from.id, &from.detector, &to.detector) {
        (None, _, Some(new)) => create(new, at),
        (Some(id), Some(own), Some(to_be)) if from.unfinished && !to.unfinished => {
            finish(id, own, to_be, at)
        }
        (Some(id), Some(own), Some(to_be)) if own != to_be => change(id, own, to_be, at),
        _ => Steps::default(),
    }
}

fn create(new: &Detector, at: At<'_>) -> Steps {
    let (region, frequency) = (at.region(), new.publishing_frequency.clone());
    Steps::default()
        .then(CreateDetector::new(frequency, at.context.tags(), region))
        .then(FinishDetector::new(new.features.clone(), region))
        .then(MarkFinished::new(None, region, at.context))
}

fn finish(id: &str, own: &Detector, to_be: &Detector, at: At<'_>) -> Steps {
    let mut update = UpdateDetector::new(id, at.region());
    update.enable = (!own.enabled).then_some(true);
    update.finding_publishing_frequency = new_frequency(own, to_be);
    update.features = at_first(&to_be.features, &own.features);
    Steps::default().then(update).then(MarkFinished::new(Some(id), at.region(), at.context))
}

fn new_frequency(own: &Detector, to_be: &Detector) -> Option<String> {
    to_be
        .publishing_frequency
        .clone()
        .filter(|_| own.publishing_frequency != to_be.publishing_frequency)
}

/// Calls that say what differs and no more.
fn change(id: &str, own: &Detector, to_be: &Detector, at: At<'_>) -> Steps {
    let differing = to_be.features.iter();
    let differing = differing.filter(|(name, feature)| own.features.get(*name) != Some(*feature));
    let differing = differing.map(|(name, feature)| match own.features.get(name) {
        Some(before) => FeatureInput::change(name, before, feature),
        None => FeatureInput::new(name, feature),
    });
    let mut steps = Steps::default();
    for (number, features) in requests(differing.collect()).into_iter().enumerate() {
        let mut update = UpdateDetector::new(id, at.region());
        if number == 0 {
            update.enable = (own.enabled != to_be.enabled).then_some(to_be.enabled);
            update.finding_publishing_frequency = new_frequency(own, to_be);
        }
        update.features = features;
        steps.call(update);
    }
    steps
}

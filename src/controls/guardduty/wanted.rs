//! What a detector is to be: one that is new, unfinished, different, or to be suspended.

use super::export::{Exported, first};
use super::settings::{Settings, Settled};
use super::state::{Detector, Live, State};
use crate::control::{At, Exporter, Remarks};
use crate::floor::raise_word;

/// The state that the table asks for.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let is_off = *settings.enabled == Some(false);
    let detector = match &live.detector {
        Some(own) if is_off => Some(Detector { enabled: false, ..own.clone() }),
        Some(own) if live.unfinished => {
            say.note("an earlier run created the detector and did not come to its features");
            Some(at_first(settings, own.publishing_frequency.as_deref()))
        }
        Some(own) => Some(changed(settings, own, live, say)),
        None if *settings.enabled == Some(true) => {
            say.note(
                "AWS switches features on in a new detector; those that are not declared are \
                 switched off again at once, by name, for they cost money",
            );
            Some(at_first(settings, None))
        }
        None => None,
    };
    // A member's findings are exported by its administrator.
    let runs = detector.as_ref().is_some_and(|own| own.enabled);
    let will_run = runs && live.administrator.is_none();
    State {
        id: live.id.clone(),
        detector,
        unfinished: live.unfinished && is_off,
        export: if will_run { export(settings, live, at, say) } else { first(&live.silencing) },
    }
}

/// The export that is asked for; one that is as asked does, whatever others there are.
fn export(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<Exported> {
    let now = first(&live.silencing);
    let (Some(asked), Some(seen)) = (&*settings.export, &live.asked) else {
        return now;
    };
    let all = live.silencing.exports.iter().map(Exported::from);
    let bucket = asked.bucket(at.region(), at.context);
    let there = all.into_iter().find(|own| Some(&own.target.bucket) == bucket.as_ref());
    let live = there.as_ref().or(now.as_ref()).map(|own| &own.target);
    let target = asked.wanted(Exporter::GuardDuty, live, seen, at, say)?;
    match there.filter(|own| own.target == target) {
        Some(_) => now,
        None => Some(Exported { id: now.and_then(|own| own.id), target }),
    }
}

/// What a new detector is to be.
fn at_first(settings: &Settings, live_frequency: Option<&str>) -> Detector {
    let declared = settings.features.iter().flatten();
    Detector {
        enabled: true,
        publishing_frequency: raise_word(&settings.publishing_frequency, live_frequency),
        features: declared.map(|(name, declared)| (name.clone(), declared.at_first())).collect(),
    }
}

fn changed(settings: &Settings, own: &Detector, live: &Live, say: &mut Remarks) -> Detector {
    let Settled { features, notes, kept_off } = settings.settle(own, &live.by_policy);
    say.notes.extend(notes);
    for name in kept_off {
        say.finding(
            &format!("features.{name}"),
            format!("a policy of the organization keeps {name} off, or a part of it"),
            "ask the organization's administrators to switch it on, or take it out of the baseline",
        );
    }
    let frequency = own.publishing_frequency.as_deref();
    Detector {
        enabled: settings.enabled.unwrap_or(own.enabled),
        publishing_frequency: raise_word(&settings.publishing_frequency, frequency),
        features,
    }
}

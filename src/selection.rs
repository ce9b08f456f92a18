//! Which places a run is about: `--target` and `--exclude`.

use crate::aws::Facts;
use crate::baseline::Baseline;
use crate::control::Context;
use crate::controls;
use crate::error::Error;
use crate::place::Place;
use serde::{Deserialize, Serialize};

/// The places chosen on the command line; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only these: `control` or `control@place`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    /// Not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

impl Selection {
    /// Checks that every name is that of a control.
    ///
    /// # Errors
    /// A control that does not exist, with the names of those that do.
    pub fn new(target: Vec<String>, exclude: Vec<String>) -> Result<Self, Error> {
        for pattern in target.iter().chain(&exclude) {
            let (control, _) = split(pattern);
            if controls::find(control).is_none() {
                return Err(Error::failed(format!("no control named '{control}'"))
                    .hint(controls::named_like(control)));
            }
        }
        Ok(Self { target, exclude })
    }

    /// Checks that every place that is named is one of the baseline's: a misspelt one would never be
    /// read, and count as compliant.
    ///
    /// # Errors
    /// A control that the baseline does not have, or a place that the control does not have.
    pub fn check(
        &self,
        baseline: &Baseline,
        facts: &Facts,
        context: &Context,
    ) -> Result<(), Error> {
        for pattern in self.target.iter().chain(&self.exclude) {
            let (name, at) = split(pattern);
            let control = baseline.controls.iter().find(|control| control.about().name == name);
            let Some(control) = control else {
                if !self.target.contains(pattern) {
                    continue; // A control that the baseline does not have need not be excluded.
                }
                let path = baseline.path.display();
                return Err(Error::failed(format!("{path} has no [{name}]")));
            };
            // The plan reports why the places are not known.
            let Ok(places) = control.places(facts, context) else {
                continue;
            };
            let here =
                |place: &&Place| [place.thing.as_deref(), place.region.as_deref()].contains(&at);
            if at.is_some() && !places.iter().any(|place| here(&place)) {
                let known: Vec<&str> = places.iter().filter_map(Place::label).take(20).collect();
                return Err(Error::failed(format!("{pattern} matches nothing in this baseline"))
                    .hint(format!("places of {name}: {}", known.join(", "))));
            }
        }
        Ok(())
    }

    /// Whether all places are chosen.
    pub fn is_all(&self) -> bool {
        self.target.is_empty() && self.exclude.is_empty()
    }

    /// Whether any place of a control may be chosen.
    pub fn takes_any_of(&self, control: &str) -> bool {
        let targeted = |pattern: &String| split(pattern).0 == control;
        let excluded = |pattern: &String| split(pattern) == (control, None);
        (self.target.is_empty() || self.target.iter().any(targeted))
            && !self.exclude.iter().any(excluded)
    }

    /// Whether a place is chosen: by its thing or its region.
    pub fn takes(&self, control: &str, place: &Place) -> bool {
        let covers = |pattern: &String| {
            let (name, at) = split(pattern);
            let here = [place.thing.as_deref(), place.region.as_deref()];
            name == control && (at.is_none() || here.contains(&at))
        };
        (self.target.is_empty() || self.target.iter().any(covers))
            && !self.exclude.iter().any(covers)
    }
}

fn split(pattern: &str) -> (&str, Option<&str>) {
    match pattern.split_once('@') {
        Some((control, place)) => (control, Some(place)),
        None => (pattern, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(target: &[&str], exclude: &[&str]) -> Selection {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Selection { target: owned(target), exclude: owned(exclude) }
    }

    #[test]
    fn a_place_is_chosen_by_control_thing_or_region() {
        let bucket = Place::thing_in("logs", "eu-west-1");
        assert!(selection(&[], &[]).takes("buckets", &bucket));
        assert!(selection(&["buckets"], &[]).takes("buckets", &bucket));
        assert!(selection(&["buckets@logs"], &[]).takes("buckets", &bucket));
        assert!(selection(&["buckets@eu-west-1"], &[]).takes("buckets", &bucket));
        assert!(!selection(&["buckets@other"], &[]).takes("buckets", &bucket));
        assert!(!selection(&["config"], &[]).takes("buckets", &bucket));
        assert!(!selection(&[], &["buckets@logs"]).takes("buckets", &bucket));
    }

    #[test]
    fn an_excluded_control_is_not_read() {
        assert!(!selection(&[], &["config"]).takes_any_of("config"));
        assert!(selection(&[], &["config@eu-west-1"]).takes_any_of("config"));
    }
}

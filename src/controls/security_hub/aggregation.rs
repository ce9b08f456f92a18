//! Cross-Region aggregation: whose findings are copied to the home region.

use super::live::{Aggregated, Live};
use super::settings::{Aggregation, Settings};
use crate::aws::{RegionName, keys};
use crate::control::{At, Remarks};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which regions are linked, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linking {
    pub mode: String,
    /// Those that the mode is about.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub regions: BTreeSet<String>,
}

const ALL: &str = "ALL_REGIONS";
const EXCEPT: &str = "ALL_REGIONS_EXCEPT_SPECIFIED";
const SPECIFIED: &str = "SPECIFIED_REGIONS";
const NONE: &str = "NO_REGIONS";

impl Linking {
    fn new(mode: &str, regions: BTreeSet<String>) -> Self {
        Self { mode: mode.to_owned(), regions }
    }

    /// The regions as they are sent: none where the mode takes none.
    pub fn sent(&self) -> Option<Vec<String>> {
        (!self.regions.is_empty()).then(|| self.regions.iter().cloned().collect())
    }

    /// Whether it leaves out a region that another links.
    pub fn is_looser_than(&self, other: &Self) -> bool {
        match (self.mode.as_str(), other.mode.as_str()) {
            (ALL, _) | (_, NONE) => false,
            (EXCEPT, EXCEPT) => !self.regions.is_subset(&other.regions),
            (EXCEPT, SPECIFIED) => !self.regions.is_disjoint(&other.regions),
            (SPECIFIED, SPECIFIED) => !self.regions.is_superset(&other.regions),
            (_, ALL | EXCEPT) => true,
            (_, SPECIFIED) => !other.regions.is_empty(),
            (mode, other) => mode != other,
        }
    }
}

impl Aggregation {
    /// What the linking has to become: as it is where it links all that is asked for.
    fn settle(&self, live: Option<&Linking>, home: &str) -> Linking {
        let Self::Regions(declared) = self else {
            return Linking::new(ALL, BTreeSet::new());
        };
        // The home region is linked with itself.
        let declared = declared.iter().map(RegionName::as_str).filter(|own| *own != home);
        let mut declared: BTreeSet<String> = declared.map(str::to_owned).collect();
        match live {
            Some(own) if own.mode == ALL => own.clone(),
            Some(own) if own.mode == EXCEPT => {
                let left: BTreeSet<String> = own.regions.difference(&declared).cloned().collect();
                let mode = if left.is_empty() { ALL } else { EXCEPT };
                Linking::new(mode, left)
            }
            Some(own) if own.mode == SPECIFIED => {
                declared.extend(own.regions.iter().cloned());
                Linking::new(SPECIFIED, declared)
            }
            _ => Linking::new(SPECIFIED, declared),
        }
    }
}

/// What the linking has to become in the home region; elsewhere, and where another region is the
/// home of findings, it is left as it is.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<Linking> {
    let home = at.context.home_region.as_str();
    let own = live.aggregator.as_ref();
    let linking = own.and_then(|own| own.linking.clone());
    let Some(aggregation) = settings.aggregation.as_ref().filter(|_| at.region() == home) else {
        return linking;
    };
    match own {
        Some(Aggregated { arn, linking: None }) => {
            let other = keys::region(arn).unwrap_or_default();
            say.finding(
                "aggregation",
                format!("findings are copied to {other}, and not to the home region {home}"),
                format!(
                    "AWS cannot move that: say home_region = \"{other}\", or delete it and apply \
                     again: aws securityhub delete-finding-aggregator --finding-aggregator-arn {arn} \
                     --region {other}"
                ),
            );
            None
        }
        _ => Some(aggregation.settle(linking.as_ref(), home)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linking(mode: &str, regions: &[&str]) -> Linking {
        Linking::new(mode, regions.iter().map(|own| (*own).to_owned()).collect())
    }

    #[test]
    fn what_links_more_satisfies_and_nothing_that_is_linked_is_given_up() {
        let asked: Aggregation = crate::settings::value("[\"eu-west-1\", \"us-east-1\"]");
        let settle = |live: &Linking| asked.settle(Some(live), "us-east-1");
        let all = linking(ALL, &[]);
        assert_eq!(settle(&all), all);
        assert_eq!(settle(&linking(NONE, &[])), linking(SPECIFIED, &["eu-west-1"]));
        let more = linking(SPECIFIED, &["eu-west-1", "eu-north-1"]);
        assert_eq!(settle(&linking(SPECIFIED, &["eu-north-1"])), more);
        assert_eq!(settle(&linking(EXCEPT, &["eu-west-1"])), all);
        let except = linking(EXCEPT, &["eu-north-1"]);
        assert_eq!(settle(&except), except);
        assert_eq!(Aggregation::All.settle(Some(&more), "us-east-1"), all);
    }

    #[test]
    fn a_region_that_is_no_longer_linked_is_a_loss() {
        let (all, none) = (linking(ALL, &[]), linking(NONE, &[]));
        let some = linking(SPECIFIED, &["eu-west-1"]);
        let but = linking(EXCEPT, &["eu-west-1"]);
        for (from, to) in
            [(&all, &none), (&all, &some), (&all, &but), (&some, &but), (&some, &none)]
        {
            assert!(to.is_looser_than(from), "{from:?} -> {to:?}");
            assert!(
                !from.is_looser_than(to) || (from == &some && to == &but),
                "{from:?} -> {to:?}"
            );
        }
    }
}

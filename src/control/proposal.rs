//! What a control proposes for a place.

use super::{Control, Past, Remarks};
use crate::aws::{AnyWrite, AwsError};
use crate::diff::Difference;
use crate::model::Finding;
use crate::place::Place;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a control proposes for a place.
#[derive(Debug, Default)]
pub struct Proposal {
    /// Whose the place is, and whether it could be judged.
    pub standing: Standing,
    /// What would change, in the order of the fields.
    pub differences: Vec<Difference>,
    /// The writes that do it, in order.
    pub writes: Vec<Box<dyn AnyWrite>>,
    /// What only a person can put right.
    pub findings: Vec<Finding>,
    /// What there was to put back and does not exist any more.
    pub gone: Option<String>,
    /// What is good to know; never a reason to act.
    pub notes: Vec<String>,
    /// What stops working by it that only this place knows: who reads it now. Each sentence names
    /// the place.
    pub breaks: Vec<String>,
    /// What must have succeeded before.
    pub after: Vec<Prerequisite>,
    /// Whether it is made only for changes of other places that need it first: without one it is
    /// left out of the plan.
    pub only_for_others: bool,
}

/// A control, or one place of it, whose changes must have succeeded before another's are made. It is
/// named by its type, so that none is waited for that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    control: &'static str,
    place: Option<Place>,
}

impl Prerequisite {
    /// All places of a control.
    pub fn all_of<C: Control>() -> Self {
        Self { control: C::ABOUT.name, place: None }
    }

    /// One place of a control.
    pub fn at<C: Control>(place: Place) -> Self {
        Self { control: C::ABOUT.name, place: Some(place) }
    }

    /// The control.
    pub fn control(&self) -> &'static str {
        self.control
    }

    /// The place; `None` for all places of the control.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Whether a place of a control is waited for.
    pub fn covers(&self, control: &str, place: &Place) -> bool {
        self.control == control && self.place.as_ref().is_none_or(|own| own == place)
    }
}

/// Whose a place is.
#[derive(Debug, Default)]
pub enum Standing {
    /// The account's own.
    #[default]
    Own,
    /// Owned elsewhere: by whom or what.
    Elsewhere(String),
    /// The region does not have it: what.
    NotOffered(String),
    /// Seen, but not enough of it to judge.
    Unknown(AwsError),
    /// In the way of the whole run: nothing may be written before a person decides.
    Blocked(String),
}

impl Proposal {
    /// Leaves the place to whoever manages it: nothing is written, and what differs is a finding,
    /// for the account is as unprotected as if it were its own.
    pub fn left_to(self, whom: &str) -> Self {
        let remedy = format!("ask {whom} to change it, or waive it");
        self.left_with(whom, remedy)
    }

    /// The same with another remedy.
    pub(super) fn left_with(mut self, whom: &str, remedy: String) -> Self {
        if let Some(difference) = self.differences.first() {
            let field = difference.field.clone();
            let what = format!("it differs from the baseline, and {whom} manages it");
            self.findings.push(Finding { field, what, remedy });
        }
        Self {
            standing: Standing::Elsewhere(whom.to_owned()),
            writes: Vec::new(),
            after: Vec::new(),
            ..self
        }
    }

    /// Leaves what would put a state back to you.
    pub fn by_hand<T: Serialize + DeserializeOwned + Clone>(past: &Past<T>) -> Self {
        let mut say = Remarks::default();
        say.by_hand(past);
        say.with(Self::default())
    }
}

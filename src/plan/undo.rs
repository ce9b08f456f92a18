//! Putting back what a run changed: a plan whose goal is not the baseline but an earlier state.

use crate::control::{Configured, Context, Past, Proposal};
use crate::journal::Run;
use crate::place::{Address, Place};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a plan is to bring about.
#[derive(Clone, Debug)]
pub enum Goal {
    /// What the baseline asks for.
    Baseline,
    /// What was there before a run.
    Undo(Undo),
}

/// A run that is to be undone.
#[derive(Clone, Debug)]
pub struct Undo {
    /// Its name.
    pub run: String,
    /// The places that it changed.
    pub places: BTreeMap<Address, Left>,
}

/// A place before and after a run.
#[derive(Clone, Debug)]
pub struct Left {
    /// The live state before.
    pub before: Value,
    /// The live state afterwards; nothing if the run broke off and nobody has looked since.
    pub after: Option<Value>,
}

impl Undo {
    /// What a run changed; where it broke off, the runs after it tell what it left.
    pub fn of(run: &Run, later: &[Run]) -> Self {
        let left = |address: &Address| {
            let seen_first = |run: &Run| {
                let changed = run.changes.iter().find(|change| change.address == *address);
                let before = changed.map(|change| change.before.clone());
                before.or_else(|| run.seen.get(address).cloned())
            };
            later.iter().find_map(seen_first)
        };
        let places = run.changes.iter().map(|change| {
            let left = Left {
                before: change.before.clone(),
                after: change.after.clone().or_else(|| left(&change.address)),
            };
            (change.address.clone(), left)
        });
        Self { run: run.began.run.clone(), places: places.collect() }
    }

    /// What puts a place back. Only what the run changed is put back, and only where it is still as
    /// the run left it.
    ///
    /// # Errors
    /// When a state is not one of this control's.
    pub fn propose(
        &self,
        control: &dyn Configured,
        place: &Place,
        live: &Value,
        context: &Context,
    ) -> Result<Proposal, String> {
        let Some(left) = self.places.get(&Address::new(control.about().name, place)) else {
            return Ok(Proposal::default());
        };
        let past = Past { before: &left.before, after: left.after.as_ref().unwrap_or(live), live };
        if past.before == past.after {
            return Ok(Proposal::default());
        }
        let mut proposal = control.restore(place, &past, context)?;
        if left.after.is_none() {
            let note = "the run broke off here: what is live now is taken for what it left behind";
            proposal.notes.push(note.to_owned());
        }
        Ok(proposal)
    }
}

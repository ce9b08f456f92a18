//! The one way from two states to a proposal: for the baseline, and for an undo.

use super::{Context, Control, Past, Proposal, Standing};
use crate::aws::AnyWrite;
use crate::place::Place;

/// A place that is judged, with what is known around it.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The place.
    pub place: &'a Place,
    /// The account and the baseline.
    pub context: &'a Context,
}

impl At<'_> {
    /// The region that is asked: the place's own, or the one of global services.
    pub fn region(&self) -> &str {
        let own = self.place.region.as_deref();
        own.unwrap_or_else(|| self.context.global_region())
    }
}

/// Writes in the order in which they are made.
#[derive(Debug, Default)]
pub struct Steps(Vec<Box<dyn AnyWrite>>);

impl Steps {
    /// With one more write.
    #[must_use]
    pub fn then(mut self, write: impl AnyWrite + 'static) -> Self {
        self.0.push(Box::new(write));
        self
    }

    /// With one more write, if something holds.
    #[must_use]
    pub fn then_if(self, holds: bool, write: impl FnOnce() -> Self) -> Self {
        if !holds {
            return self;
        }
        let Self(more) = write();
        Self(self.0.into_iter().chain(more).collect())
    }
}

/// What brings the live state to what the baseline asks for.
pub fn propose<C: Control>(settings: &C::Settings, live: &C::Live, at: At<'_>) -> Proposal {
    let mut said = Proposal::default();
    let wanted = C::wanted(settings, live, at, &mut said);
    between::<C>(&C::state(live), &wanted, at, said)
}

/// What puts a state back to what it was before a run: the same walk with other ends. Where there
/// are no calls for it, that is left to a person.
pub fn restore<C: Control>(past: &Past<C::Live>, at: At<'_>) -> Proposal {
    let past = past.map(C::state);
    let (merged, back) = past.put_back();
    let mut said = Proposal { findings: merged.findings, ..Proposal::default() };
    let back = C::restored(&past, back, &mut said);
    let proposal = between::<C>(&past.live, &back, at, said);
    match proposal.writes.is_empty() && !proposal.differences.is_empty() {
        true => Proposal::by_hand(&past),
        false => proposal,
    }
}

fn between<C: Control>(from: &C::State, to: &C::State, at: At<'_>, said: Proposal) -> Proposal {
    let mut differences = crate::diff::compare(from, to);
    for difference in &mut differences {
        difference.loosens = said.loosens.contains(&difference.field);
    }
    // What others own is compared and named, and never written.
    let is_own = matches!(said.standing, Standing::Own);
    let Steps(writes) = match is_own && !differences.is_empty() {
        true => C::steps(from, to, at),
        false => Steps::default(),
    };
    Proposal { differences, writes, ..said }
}

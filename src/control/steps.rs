//! The one way from two states to a proposal: for the baseline, and for an undo.

use super::{Context, Control, Past, Prerequisite, Proposal, Remarks};
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

/// Writes in the order in which they are made, and what must come before them.
#[derive(Debug, Default)]
pub struct Steps {
    writes: Vec<Box<dyn AnyWrite>>,
    after: Vec<Prerequisite>,
}

impl Steps {
    /// Appends a write.
    pub fn call(&mut self, write: impl AnyWrite + 'static) {
        self.writes.push(Box::new(write));
    }

    /// Makes them wait for the changes of all places of a control.
    pub fn after<C: Control>(&mut self) {
        self.after.push(Prerequisite::all_of::<C>());
    }

    /// Makes them wait for the changes of one place of a control.
    pub fn after_at<C: Control>(&mut self, place: Place) {
        self.after.push(Prerequisite::at::<C>(place));
    }

    /// Makes them wait for the topic of the account's alerts, if the baseline has one: for steps that
    /// have something sent there.
    pub fn after_alerts(&mut self, context: &Context) {
        self.after.extend(context.alerts().map(|alerts| alerts.made_by.clone()));
    }

    /// One write.
    pub fn one(write: impl AnyWrite + 'static) -> Self {
        Self::default().then(write)
    }

    /// With more steps.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.writes.extend(more.writes);
        self.after.extend(more.after);
        self
    }

    /// With one more write.
    #[must_use]
    pub fn then(mut self, write: impl AnyWrite + 'static) -> Self {
        self.call(write);
        self
    }

    /// The operations that are called, in order.
    #[cfg(test)]
    pub fn operations(&self) -> Vec<&'static str> {
        self.writes.iter().map(|write| write.operation().name).collect()
    }

    /// With more steps, if something holds.
    #[must_use]
    pub fn then_if(self, holds: bool, more: impl FnOnce() -> Self) -> Self {
        if holds { self.and(more()) } else { self }
    }
}

/// What brings the live state to what the baseline asks for.
pub fn propose<C: Control>(settings: &C::Settings, live: &C::Live, at: At<'_>) -> Proposal {
    let mut say = Remarks::default();
    let wanted = C::wanted(settings, live, at, &mut say);
    between::<C>(&C::state(live), &wanted, at, say)
}

/// What puts a state back to what it was before a run: the same walk with other ends. Where there
/// are no calls for it, that is left to a person.
pub fn restore<C: Control>(settings: &C::Settings, past: &Past<C::Live>, at: At<'_>) -> Proposal {
    let mut say = Remarks::default();
    let back = C::restored(settings, past, at, &mut say);
    let may_call = say.allow_calls();
    let proposal = between::<C>(&C::state(&past.live), &back, at, say);
    // An undo goes backwards, change by change: what a place needed first is not undone yet.
    let proposal = Proposal { after: Vec::new(), ..proposal };
    match may_call && proposal.writes.is_empty() && !proposal.differences.is_empty() {
        true => Proposal::by_hand(&past.map(C::state)),
        false => proposal,
    }
}

fn between<C: Control>(from: &C::State, to: &C::State, at: At<'_>, say: Remarks) -> Proposal {
    let differences = C::differences(from, to, at);
    let Steps { writes, after } = match say.allow_calls() && !differences.is_empty() {
        true => C::steps(from, to, at),
        false => Steps::default(),
    };
    say.with(Proposal { differences, writes, after, ..Proposal::default() })
}

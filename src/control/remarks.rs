//! What is to be said of a place beside what would change there.

use super::{Proposal, Standing};
use crate::aws::AwsError;
use crate::diff::Difference;
use crate::merge::{Moved, Past};
use crate::model::Finding;
use crate::text::one_line;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is to be said of a place beside what would change there.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Whose the place is, and whether it could be judged.
    pub standing: Standing,
    /// What only a person can put right.
    pub findings: Vec<Finding>,
    /// What is good to know; never a reason to act.
    pub notes: Vec<String>,
    /// What stops working by the change that only this place knows. Each sentence names the place.
    pub breaks: Vec<String>,
    /// What there was to put back and does not exist any more.
    pub gone: Option<String>,
    /// Whether the change is made only for changes of other places that need it first: without one
    /// it is left out of the plan.
    pub only_for_others: bool,
    is_withheld: bool,
    manager: Option<Manager>,
}

/// Who else manages a place.
#[derive(Debug)]
enum Manager {
    /// They alone can change it.
    Alone(String),
    /// Theirs, unless the baseline takes it over.
    Unless { whom: String, take_over: bool },
}

impl Remarks {
    /// The place is somebody else's.
    pub fn elsewhere(&mut self, whom: impl Into<String>) {
        self.standing = Standing::Elsewhere(whom.into());
    }

    /// The place could not be judged.
    pub fn unknown(&mut self, error: AwsError) {
        self.standing = Standing::Unknown(error);
    }

    /// Nothing may be written in the whole run before you decide.
    pub fn blocked(&mut self, why: impl Into<String>) {
        self.standing = Standing::Blocked(why.into());
    }

    /// Adds a finding.
    pub fn finding(&mut self, field: &str, what: impl Into<String>, remedy: impl Into<String>) {
        let (field, what, remedy) = (field.to_owned(), what.into(), remedy.into());
        self.findings.push(Finding { field, what, remedy });
    }

    /// Adds a note.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Adds something that stops working.
    pub fn breaks(&mut self, what: impl Into<String>) {
        self.breaks.push(what.into());
    }

    /// Shows what differs and makes no call for it: a finding says why.
    pub fn withhold(&mut self) {
        self.is_withheld = true;
    }

    /// Leaves the place to whoever alone can change it: what differs is a finding, for the account is
    /// as unprotected as if it were its own.
    pub fn left_to(&mut self, whom: impl Into<String>) {
        self.manager = Some(Manager::Alone(whom.into()));
    }

    /// Leaves the place to its manager, if it has one, unless the baseline says `take_over = true`.
    pub fn owned_by(&mut self, owner: Option<String>, take_over: bool) {
        if let Some(whom) = owner {
            self.manager = Some(Manager::Unless { whom, take_over });
        }
    }

    /// The state that an undo puts back: what the run changed goes back, and what somebody has changed
    /// again since is left as it is, and is a finding.
    pub fn put_back<T: Serialize + DeserializeOwned + Clone>(&mut self, past: &Past<T>) -> T {
        self.merged(past, |field| if field.is_empty() { "everything".to_owned() } else { field })
    }

    /// The same of a part of the state, which is shown as one field.
    pub fn put_back_part<T>(&mut self, field: &str, past: &Past<T>) -> T
    where
        T: Serialize + DeserializeOwned + Clone,
    {
        self.merged(past, |_| field.to_owned())
    }

    fn merged<T>(&mut self, past: &Past<T>, shown: impl Fn(String) -> String) -> T
    where
        T: Serialize + DeserializeOwned + Clone,
    {
        let (wanted, moved) = past.merged();
        for Moved { field, before } in moved {
            self.finding(
                &shown(field),
                "it was changed again after that run, and is left as it is",
                format!(
                    "put it back by hand if that is wanted: before the run it was {}",
                    one_line(&before)
                ),
            );
        }
        wanted
    }

    /// Leaves what would put a state back to you: a finding for each field.
    pub fn by_hand<T: Serialize + DeserializeOwned + Clone>(&mut self, past: &Past<T>) {
        let back = self.put_back(past);
        for Difference { field, before, after, .. } in crate::diff::compare(&past.live, &back) {
            let (now, was) = (one_line(&before), one_line(&after));
            let what = match after.is_null() {
                true => format!("it is {now}, and did not exist before"),
                false => format!("it is {now}, and was {was}"),
            };
            let remedy = "baseline does not put this back by itself: do it by hand if you want it";
            self.finding(&field, what, remedy);
        }
    }

    /// Whether calls may be made for what differs.
    pub(super) fn allow_calls(&self) -> bool {
        let is_alone = matches!(self.manager, Some(Manager::Alone(_)));
        matches!(self.standing, Standing::Own) && !self.is_withheld && !is_alone
    }

    /// The proposal with these remarks.
    pub(super) fn with(self, mut proposal: Proposal) -> Proposal {
        proposal.standing = self.standing;
        proposal.findings.extend(self.findings);
        proposal.notes.extend(self.notes);
        proposal.breaks.extend(self.breaks);
        proposal.gone = self.gone;
        proposal.only_for_others = self.only_for_others;
        match self.manager {
            None => proposal,
            Some(Manager::Alone(whom)) => proposal.left_to(&whom),
            Some(Manager::Unless { whom, take_over }) => proposal.owned_by(Some(whom), take_over),
        }
    }
}

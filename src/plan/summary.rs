//! Counts what a plan holds: by verdict, by what a change does, by control.

use super::{Call, Entry, Plan, Verdict};
use crate::aws::creates;
use crate::control::Scope;
use crate::controls;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a plan holds, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// How many places there are of each verdict.
    pub verdicts: Verdicts,
    /// How many changes there are of each kind.
    pub actions: Actions,
    /// The same for each control, in the order of the plan.
    pub controls: Vec<ControlSummary>,
}

/// The counts of one control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlSummary {
    /// The control.
    pub control: String,
    /// How many of its places there are of each verdict.
    pub verdicts: Verdicts,
    /// How many of its changes there are of each kind.
    pub actions: Actions,
}

/// How many places there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdicts {
    /// Places that match.
    pub ok: usize,
    /// Places to change.
    pub change: usize,
    /// Places with findings, whether or not something changes there too.
    pub finding: usize,
    /// Places that could not be read.
    pub unknown: usize,
    /// Places owned by the organization.
    pub elsewhere: usize,
    /// Places whose region does not have the service.
    pub not_offered: usize,
    /// Places that block the run.
    pub blocked: usize,
    /// Places that may differ for a while.
    pub waived: usize,
}

/// How many changes there are of each kind. Each is counted once under what it does, and again if
/// it loosens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// Changes that create something.
    pub create: usize,
    /// Changes to something that exists.
    pub change: usize,
    /// Changes that take away all that differs.
    pub remove: usize,
    /// Changes after which something protects less.
    pub loosen: usize,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Creates something that does not exist.
    Create,
    /// Changes something that exists.
    Change,
    /// Takes away all that differs.
    Remove,
}

impl Entry {
    /// What the change does; `None` where nothing is changed.
    pub fn action(&self) -> Option<Action> {
        match self.verdict {
            Verdict::Change if self.is_new() => Some(Action::Create),
            Verdict::Change if self.differences.iter().all(|own| own.after.is_null()) => {
                Some(Action::Remove)
            }
            Verdict::Change => Some(Action::Change),
            _ => None,
        }
    }

    /// Whether nothing exists yet. What is matched by its name exists, though a setting of it may
    /// not.
    pub fn is_new(&self) -> bool {
        let control = controls::find(&self.control);
        let exists = control.is_some_and(|own| own.about.places.scope == Scope::Matches);
        let had_nothing = self.differences.iter().all(|own| own.before.is_null());
        !exists && had_nothing && self.begins_to_exist()
    }

    /// Whether what differs is a thing as a whole, and not a part that one which exists lacks: a key
    /// of a trail, an alert of a budget.
    fn begins_to_exist(&self) -> bool {
        let fields = self.differences.iter().map(|own| own.field.as_str());
        let parts: BTreeSet<&str> =
            fields.map(|own| own.split('.').next().unwrap_or(own)).collect();
        let is_whole = self.differences.iter().any(|own| !own.field.contains('.'));
        let makes = |call: &Call| creates(&call.operation);
        parts.len() > 1 || (is_whole && self.calls.first().is_some_and(makes))
    }
}

impl Plan {
    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for entry in &self.entries {
            summary.verdicts.add(entry);
            summary.actions.add(entry);
            let of_control = summary.of(&entry.control);
            of_control.verdicts.add(entry);
            of_control.actions.add(entry);
        }
        summary
    }
}

impl Summary {
    fn of(&mut self, control: &str) -> &mut ControlSummary {
        let known = self.controls.iter().position(|own| own.control == control);
        let at = known.unwrap_or_else(|| {
            self.controls
                .push(ControlSummary { control: control.to_owned(), ..ControlSummary::default() });
            self.controls.len() - 1
        });
        &mut self.controls[at]
    }
}

impl Verdicts {
    fn add(&mut self, entry: &Entry) {
        match entry.verdict {
            Verdict::Ok => self.ok += 1,
            Verdict::Change => self.change += 1,
            // Counted below: a place that is changed may have one too.
            Verdict::Finding => {}
            Verdict::Unknown => self.unknown += 1,
            Verdict::Elsewhere => self.elsewhere += 1,
            Verdict::NotOffered => self.not_offered += 1,
            Verdict::Blocked => self.blocked += 1,
            Verdict::Waived => self.waived += 1,
        }
        self.finding += usize::from(entry.has_finding());
    }

    /// Whether anything is left to do, to decide or to read.
    pub fn has_news(&self) -> bool {
        self.change + self.finding + self.unknown + self.blocked > 0
    }
}

impl Actions {
    fn add(&mut self, entry: &Entry) {
        match entry.action() {
            Some(Action::Create) => self.create += 1,
            Some(Action::Change) => self.change += 1,
            Some(Action::Remove) => self.remove += 1,
            None => return,
        }
        self.loosen += usize::from(entry.loosens());
    }
}

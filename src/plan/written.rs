//! What applies wrote and the baseline has no key for: drift guards it all the same.
//!
//! A control writes more than its keys name: the classes of characters of a first password policy,
//! the frequency of a new recorder, the destination of a new trail. Whoever weakens that leaves
//! nothing that differs from the baseline. The journals say what an apply wrote, so what protects
//! less since is a finding.

use super::build::Draft;
use super::{Finding, Verdict};
use crate::baseline::Baseline;
use crate::control::{Configured, Context, Past, Standing};
use crate::diff::Difference;
use crate::journal::{Head, Run};
use crate::observe::{Observation, Observed};
use crate::place::Address;
use crate::risk;
use crate::text::one_line;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the applies to an account wrote, by place: of each field, what the last one left.
#[derive(Debug, Default)]
pub struct Written {
    places: BTreeMap<Address, Vec<Mark>>,
    /// Fields that a later run than those not yet heard of has written or put back.
    settled: BTreeMap<Address, BTreeSet<String>>,
    /// The oldest reading so far of the places that a run left without looking at them again.
    seen_later: BTreeMap<Address, Value>,
}

/// What one run left at a place.
#[derive(Debug)]
struct Mark {
    run: String,
    fields: BTreeSet<String>,
    left: Value,
}

impl Written {
    /// Reads the journals that say something about a write, newest first. `heads` are oldest first.
    ///
    /// # Errors
    /// When a journal cannot be read: what was written is not known then.
    pub fn of(heads: &[Head]) -> Result<Self, crate::error::Error> {
        let mut written = Self::default();
        let is_broken = |head: &Head| !head.has_finished();
        // A run that was killed did not look again at what it wrote; the next one did.
        let first_broken = heads.iter().position(is_broken).unwrap_or(heads.len());
        for (at, head) in heads.iter().enumerate().rev() {
            if !head.began.changes.is_empty() || at > first_broken {
                written.add(&head.run()?);
            }
        }
        Ok(written)
    }

    /// Takes in a run; newer ones were taken in before.
    fn add(&mut self, run: &Run) {
        for change in &run.changes {
            let address = &change.address;
            let later = self.seen_later.get(address).cloned();
            let settled = self.settled.entry(address.clone()).or_default();
            let left = match &change.outcome {
                Some(outcome) if outcome.is_success() => change.after.clone(),
                Some(_) => None,
                None => later,
            };
            if let Some(left) = left {
                let fields = change.differences.iter().map(|own| own.field.clone());
                let fields: BTreeSet<String> =
                    fields.filter(|field| !settled.contains(field)).collect();
                settled.extend(fields.iter().cloned());
                // An undo puts back what was there; that is not what anybody asks for.
                if run.began.undoes.is_none() && !fields.is_empty() {
                    let mark = Mark { run: run.began.run.clone(), fields, left };
                    self.places.entry(address.clone()).or_default().push(mark);
                }
            }
            self.seen_later.insert(address.clone(), change.before.clone());
        }
        self.seen_later.extend(run.seen.clone());
    }

    /// Adds a finding for each field that an apply wrote, that protects less now, and that nothing
    /// else in the draft is about.
    pub(super) fn guard(
        &self,
        draft: &mut Draft,
        baseline: &Baseline,
        context: &Context,
        observation: &Observation,
    ) {
        let is_judged =
            matches!(draft.entry.verdict, Verdict::Ok | Verdict::Change | Verdict::Finding);
        let address = draft.entry.address();
        let marks = self.places.get(&address).filter(|_| is_judged);
        let control = baseline.control(&draft.entry.control);
        let (Some(marks), Some(control), Some(Observed::State(now))) =
            (marks, control, observation.places.get(&address))
        else {
            return;
        };
        let now = now.value();
        for mark in marks {
            let (gone, moved) = mark.moved(control, draft, &now, context);
            if let Some(what) = gone.filter(|_| !draft.entry.is_about("name")) {
                draft.find(mark.gone(&what));
            }
            for difference in moved {
                let is_left_alone = control
                    .about()
                    .setting(&difference.field)
                    .is_some_and(|own| baseline.leaves_alone(&draft.entry.control, own.name));
                let is_known = draft.entry.is_about(&difference.field);
                if !is_left_alone && !is_known {
                    draft.find(mark.finding(control, &difference));
                }
            }
        }
    }
}

impl Mark {
    /// What the run left and does not exist any more, and the fields of this run that protect less
    /// now than as it left them: from then to now.
    fn moved(
        &self,
        control: &dyn Configured,
        draft: &Draft,
        now: &Value,
        context: &Context,
    ) -> (Option<String>, Vec<Difference>) {
        // What would lead back to what the run left says, in the control's own words, what has moved.
        let back = Past { before: &self.left, after: now, live: now };
        let proposal = match control.restore(&draft.entry.place, &back, context) {
            Ok(proposal) if matches!(proposal.standing, Standing::Own) => proposal,
            _ => return (None, Vec::new()),
        };
        let gone = proposal.gone.clone();
        let of_ours = proposal.differences.into_iter().filter(|back| {
            let mut fields = self.fields.iter();
            !back.loosens
                && fields.any(|own| is_part(own, &back.field) || is_part(&back.field, own))
        });
        let since = of_ours.map(|back| Difference::new(back.field, back.after, back.before));
        let less = since.filter(|since| risk::may_protect_less(control.about(), since));
        (gone, less.collect())
    }

    /// That something of the run's is gone: whatever took its place was not made by an apply.
    fn gone(&self, what: &str) -> Finding {
        Finding {
            field: "name".to_owned(),
            what: format!("{what}, which the apply {} left, does not exist any more", self.run),
            remedy: "find out who deleted it (baseline drift --who); name what is to be there, or \
                     waive it if it is meant to be so"
                .to_owned(),
        }
    }

    fn finding(&self, control: &dyn Configured, since: &Difference) -> Finding {
        let (left, now) = (one_line(&since.before), one_line(&since.after));
        let (name, run) = (control.about().name, &self.run);
        let by_hand = "put it back by hand";
        let remedy = match control.about().setting(&since.field) {
            Some(setting) => {
                let table = match control.about().places.scope.has_many_tables() {
                    true => format!("[[{name}]]"),
                    false => format!("[{name}]"),
                };
                let key = setting.name;
                let meant = format!("if it is meant to be so, write {key} = \"unmanaged\"");
                match as_toml(&since.before).filter(|_| since.field == key) {
                    Some(value) => format!(
                        "{by_hand}, or write {key} = {value} into {table} and apply; {meant}"
                    ),
                    None => format!("{by_hand}; {meant} into {table}"),
                }
            }
            None => format!("{by_hand}, or waive it if it is meant to be so"),
        };
        Finding {
            field: since.field.clone(),
            what: format!("the apply {run} left {left} here, and it is {now} now"),
            remedy,
        }
    }
}

/// A value as it is written into a baseline, if it is a plain one.
fn as_toml(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => Some(toml::Value::from(text.as_str()).to_string()),
        _ => None,
    }
}

/// Whether a field is another one or a part of it.
pub(super) fn is_part(field: &str, whole: &str) -> bool {
    let rest = field.strip_prefix(whole);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

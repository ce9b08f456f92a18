//! Lets the waivers of the baseline bear on what was found: a pure pass over the drafts.
//!
//! What is waived stays told, counts for nothing, and is left as it is. What could not be seen is
//! never waived, nor what stands in the way of the whole run.

use super::written::is_part;
use super::{Call, Draft, Entry, Verdict};
use crate::aws::{Facts, creates};
use crate::baseline::{Baseline, Waiver};
use crate::control::Context;
use crate::day::Day;
use crate::diff::Difference;
use crate::place::Address;
use crate::selection::Selection;
use serde::{Deserialize, Serialize};

/// For how many days before its end a waiver is told to expire soon.
const SOON: i64 = 14;

/// A waiver as it bears on one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waived {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is written about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The last day on which it holds.
    pub expires: Day,
    /// Whether that day is over: then it waives nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// The fields it is about, of those that differ or have a finding here.
    pub fields: Vec<String>,
}

/// A waiver of the baseline, and what became of it in this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverReport {
    /// The control.
    pub control: String,
    /// The pattern for its places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The pattern for fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is written about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The last day on which it holds.
    pub expires: Day,
    /// The places where something is as it says; once it has expired, nothing is waived there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Address>,
    /// What its owner should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<WaiverRemark>,
}

/// What the owner of a waiver should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaiverRemark {
    /// The account has no such place.
    MatchesNothing,
    /// Nothing that it is about differs.
    NotNeeded,
    /// It holds for 14 days more at most.
    ExpiresSoon,
    /// It holds no longer.
    Expired,
}

/// Waives what the baseline says is waived, and says what became of each waiver.
pub(super) fn waive(
    drafts: &mut [Draft],
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    facts: &Facts,
) -> Vec<WaiverReport> {
    let today = Day::of(context.now);
    for draft in drafts.iter_mut() {
        draft.waive(&baseline.waivers, today);
    }
    let chosen = baseline.waivers.iter().filter(|waiver| selection.takes_any_of(&waiver.control));
    let report = |waiver: &Waiver| {
        let left_out = leaves_out(waiver, baseline, selection, context, facts);
        report(waiver, drafts, left_out, today)
    };
    chosen.map(report).collect()
}

impl Waiver {
    /// What it says of a place; nothing, when nothing that it is about differs there.
    fn at(&self, entry: &Entry, today: Day) -> Option<Waived> {
        let differs = matches!(entry.verdict, Verdict::Change | Verdict::Finding | Verdict::Waived);
        if !differs || !self.is_about(&entry.control, &entry.place) {
            return None;
        }
        let fields = entry.fields().into_iter();
        let fields: Vec<String> =
            fields.filter(|field| self.is_about_field(field)).map(str::to_owned).collect();
        (self.field.is_none() || !fields.is_empty()).then(|| Waived {
            reason: self.reason.clone(),
            owner: self.owner.clone(),
            ticket: self.ticket.clone(),
            expires: self.expires,
            expired: self.has_expired(today),
            fields,
        })
    }
}

impl Draft {
    fn waive(&mut self, waivers: &[Waiver], today: Day) {
        let entry = &mut self.entry;
        let bearing = waivers.iter().filter_map(|waiver| waiver.at(entry, today));
        let (expired, holding): (Vec<_>, Vec<_>) = bearing.partition(|waived| waived.expired);
        let any_holds = !holding.is_empty();
        entry.waivers = holding;
        let all_waived = entry.fields().iter().all(|field| entry.waives(field));
        if any_holds && all_waived {
            self.drop_calls(Verdict::Waived);
            return;
        }
        if entry.creates() {
            // What is waived is a value of something that exists.
            entry.waivers.clear();
        }
        entry.waivers.extend(expired);
        if entry.verdict == Verdict::Change {
            self.spare_the_waived();
        }
    }

    /// Takes back calls that would also change what is waived: they are made as a whole or not.
    fn spare_the_waived(&mut self) {
        let (waived, rest): (Vec<&Difference>, Vec<&Difference>) = self
            .entry
            .differences
            .iter()
            .partition(|difference| self.entry.waives(&difference.field));
        if waived.is_empty() {
            return;
        }
        if rest.is_empty() {
            self.drop_calls(Verdict::Finding);
            return;
        }
        let fields: Vec<&str> = waived.iter().map(|d| d.field.as_str()).collect();
        let fields = fields.join(", ");
        self.report_instead(
            format!("its calls would also change what is waived: {fields}"),
            "put it right by hand, waive it too, or take the waiver out of the baseline".to_owned(),
        );
    }
}

/// Whether a waiver is about places that are not looked at in this run, or that cannot be known.
fn leaves_out(
    waiver: &Waiver,
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    facts: &Facts,
) -> bool {
    let control = baseline.controls.iter().find(|control| control.about().name == waiver.control);
    let places = control.map(|control| control.places(facts, context));
    match places {
        Some(Ok(places)) => places.iter().any(|place| {
            waiver.is_about(&waiver.control, place) && !selection.takes(&waiver.control, place)
        }),
        _ => true,
    }
}

fn report(waiver: &Waiver, drafts: &[Draft], left_out: bool, today: Day) -> WaiverReport {
    let mut remarks = Vec::new();
    let matched: Vec<&Entry> = drafts
        .iter()
        .map(|draft| &draft.entry)
        .filter(|entry| waiver.is_about(&entry.control, &entry.place))
        .collect();
    let in_use: Vec<&&Entry> =
        matched.iter().filter(|entry| waiver.at(entry, today).is_some()).collect();
    let is_hidden = |entry: &&Entry| matches!(entry.verdict, Verdict::Unknown | Verdict::Blocked);
    if in_use.is_empty() && !left_out {
        if matched.is_empty() {
            remarks.push(WaiverRemark::MatchesNothing);
        } else if !matched.iter().any(is_hidden) {
            remarks.push(WaiverRemark::NotNeeded);
        }
    }
    if waiver.has_expired(today) {
        remarks.push(WaiverRemark::Expired);
    } else if today.days_until(waiver.expires) <= SOON {
        remarks.push(WaiverRemark::ExpiresSoon);
    }
    WaiverReport {
        control: waiver.control.clone(),
        place: waiver.place.as_ref().map(|pattern| pattern.as_str().to_owned()),
        field: waiver.field.as_ref().map(|pattern| pattern.as_str().to_owned()),
        reason: waiver.reason.clone(),
        owner: waiver.owner.clone(),
        ticket: waiver.ticket.clone(),
        expires: waiver.expires,
        places: in_use.iter().map(|entry| entry.address()).collect(),
        remarks,
    }
}

impl Entry {
    /// Whether its first call creates what does not exist yet.
    fn creates(&self) -> bool {
        let makes = |call: &Call| creates(&call.operation);
        self.verdict == Verdict::Change
            && self.differences.iter().all(|own| own.before.is_null())
            && self.calls.first().is_some_and(makes)
    }

    /// The fields that differ or have a finding, each once.
    fn fields(&self) -> Vec<&str> {
        let differing = self.differences.iter().map(|d| d.field.as_str());
        let found = self.findings.iter().map(|finding| finding.field.as_str());
        let mut fields = Vec::new();
        for field in differing.chain(found) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    /// Whether a difference or a finding here is about a field, a part of it, or more than it.
    pub(super) fn is_about(&self, field: &str) -> bool {
        let mut fields = self.fields().into_iter();
        fields.any(|own| is_part(own, field) || is_part(field, own))
    }

    /// Whether a field that differs here is waived.
    pub fn waives(&self, field: &str) -> bool {
        let holding = self.waivers.iter().filter(|waived| !waived.expired);
        holding.flat_map(|waived| &waived.fields).any(|own| own == field)
    }
}

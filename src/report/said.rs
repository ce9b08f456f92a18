//! Sentences about changes as a whole: what they risk, and why `apply` will refuse them.

use super::block::Block;
use super::fold::{fold, is_template};
use crate::place::{Address, Place};
use crate::plan::{Entry, Plan};
use crate::risk::{Remark, Risk};

/// A sentence about a control, or about several places of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The control or the one place that it is about, where the sentence does not name it.
    pub about: Option<String>,
    /// The sentence.
    pub text: String,
    /// The places, where there are several that it holds [`NAME`](super::NAME) or
    /// [`REGION`](super::REGION) for, or that are to be named.
    pub places: Vec<Place>,
    /// Whether a block of the report names these very places.
    pub is_named_above: bool,
}

impl Said {
    /// Looks for a block with the same places, which no other can be taken for.
    pub(super) fn look_above(&mut self, blocks: &[Block]) {
        let mut alike = blocks.iter().filter(|own| own.places.len() == self.places.len());
        let found =
            alike.next().is_some_and(|own| own.places == self.places && own.places.len() > 1);
        self.is_named_above = found && alike.next().is_none();
    }
}

/// What the changes risk, each sentence once: first what protects less, place by place, then what
/// may break and what costs.
pub(super) fn risks(plan: &Plan) -> Vec<(Risk, Said)> {
    let mut risks = Vec::new();
    for risk in [Risk::Loosens, Risk::Breaks, Risk::Costs] {
        let mut said: Vec<Said> = Vec::new();
        for (entry, places) in folded(plan.changes().flat_map(|entry| remarks(entry, risk))) {
            let text = entry.remarks[0].text.clone();
            // What protects less differs from place to place, the rest is the control's.
            let is_of_places = risk == Risk::Loosens || is_template(&text);
            let new = Said {
                about: Some(match (risk, places.as_slice()) {
                    (Risk::Loosens, [place]) => Address::new(&entry.control, place).to_string(),
                    _ => entry.control.clone(),
                }),
                text,
                places: match is_of_places && places.len() > 1 {
                    true => places,
                    false => Vec::new(),
                },
                is_named_above: false,
            };
            if !said.contains(&new) {
                said.push(new);
            }
        }
        risks.extend(said.into_iter().map(|said| (risk, said)));
    }
    risks
}

/// An entry for each remark of a kind, with nothing else.
fn remarks(entry: &Entry, risk: Risk) -> Vec<Entry> {
    let remarks = entry.remarks.iter().filter(|own| own.risk == risk);
    let alone = |remark: &Remark| {
        let mut alone = Entry::of(&entry.control, entry.place.clone());
        alone.remarks.push(remark.clone());
        alone
    };
    remarks.map(alone).collect()
}

/// Why `apply` will refuse the plan.
pub(super) fn refusals(plan: &Plan) -> Vec<Said> {
    let about_none = plan.exceeds.iter().filter(|own| own.change.is_none());
    let mut said: Vec<Said> = about_none
        .map(|violation| Said {
            about: None,
            text: violation.text.clone(),
            places: Vec::new(),
            is_named_above: false,
        })
        .collect();
    let about_changes = plan.exceeds.iter().filter_map(|violation| {
        let address = violation.change.as_ref()?;
        let entry = plan.entries.iter().find(|own| own.address() == *address)?;
        let mut alone = Entry::of(&entry.control, entry.place.clone());
        alone.notes.push(violation.text.clone());
        Some(alone)
    });
    for (entry, places) in folded(about_changes) {
        said.extend(entry.notes.first().map(|text| Said {
            about: None,
            text: text.clone(),
            places: match places.len() {
                1 => Vec::new(),
                _ => places.clone(),
            },
            is_named_above: false,
        }));
    }
    said
}

fn folded(entries: impl Iterator<Item = Entry>) -> Vec<(Entry, Vec<Place>)> {
    let entries: Vec<Entry> = entries.collect();
    let folded = fold(entries.iter()).into_iter();
    folded.map(|own| (own.entry, own.places)).collect()
}

//! What is reported of places that are alike: a title, and a row for each thing to know.

use super::fold::{Folded, REGION, fold};
use super::waiver;
use crate::aws::advice;
use crate::diff::Difference;
use crate::place::{Address, Place};
use crate::plan::{Action, Call, Entry, Moved, Verdict};
use serde_json::Value;
use std::collections::BTreeSet;

/// Places of a control of which the same is reported.
#[derive(Clone, Debug)]
pub struct Block {
    /// The control.
    pub control: String,
    /// The verdict of each place.
    pub verdict: Verdict,
    /// What the change does, where there is one.
    pub action: Option<Action>,
    /// Whether nothing exists yet.
    pub is_new: bool,
    /// The places, in the order of the plan.
    pub places: Vec<Place>,
    /// The control of an earlier block that has the same many regions, which need not be named again.
    pub same_regions_as: Option<String>,
    /// What is reported, in order.
    pub rows: Vec<Row>,
}

/// From how many regions on they are named only once.
const MANY_REGIONS: usize = 8;

/// One thing that is reported of the places of a block.
#[derive(Clone, Debug)]
pub enum Row {
    /// Why the verdict is what it is.
    Reason(String),
    /// A waiver that bears on the places.
    Waiver {
        /// Whether it waives nothing any more.
        expired: bool,
        /// Until when, why and who.
        terms: String,
    },
    /// A read that failed.
    Unread {
        /// What failed and how.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A field that differs.
    Difference {
        /// The field, with what it is and what it is to become.
        difference: Difference,
        /// Whether it may differ for a while.
        is_waived: bool,
        /// What has moved since the last apply, where that is known.
        moved: Option<Moved>,
    },
    /// A call.
    Call {
        /// `s3:PutBucketPolicy`
        name: String,
        /// `in eu-west-1`, `in each of 17 regions`
        at: String,
        /// What is sent.
        input: Value,
    },
    /// Whose calls do the work.
    With(String),
    /// What must have succeeded before.
    After(Vec<String>),
    /// What only you can put right.
    Finding {
        /// The setting that is not met.
        field: String,
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
        /// Whether it may be so for a while.
        is_waived: bool,
    },
    /// What is good to know.
    Note(String),
}

/// Whether the inputs of calls are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Only the names of the calls.
    Hidden,
    /// The names and the inputs.
    Shown,
}

impl Inputs {
    /// As `--calls` says.
    pub fn shown(calls: bool) -> Self {
        match calls {
            true => Self::Shown,
            false => Self::Hidden,
        }
    }
}

/// The blocks of entries. Where changes are made in line, one after the other, they are alike
/// whatever they wait for.
pub(super) fn blocks(entries: &[&Entry], is_in_line: bool) -> Vec<Block> {
    let in_line: Vec<Entry> = match is_in_line {
        true => entries.iter().map(|entry| waiting_for_none(entry)).collect(),
        false => Vec::new(),
    };
    let folded = match is_in_line {
        true => fold(in_line.iter()),
        false => fold(entries.iter().copied()),
    };
    let mut blocks: Vec<Block> = Vec::new();
    for own in &folded {
        let mut block = block(own);
        block.same_regions_as = same_regions(&blocks, &block);
        blocks.push(block);
    }
    blocks
}

/// The control of the first block that names the regions of this one.
fn same_regions(earlier: &[Block], block: &Block) -> Option<String> {
    let has_names = block.places.iter().any(|own| own.thing.is_some());
    if has_names || block.places.len() < MANY_REGIONS {
        return None;
    }
    let mut earlier = earlier.iter();
    let first = earlier.find(|own| own.places == block.places)?;
    Some(first.control.clone())
}

/// The blocks of entries that were made of something else than a plan, such as a run's journal.
pub fn of_entries(entries: &[&Entry]) -> Vec<Block> {
    blocks(entries, false)
}

fn waiting_for_none(entry: &Entry) -> Entry {
    Entry { after: Vec::new(), ..entry.clone() }
}

fn block(folded: &Folded) -> Block {
    let entry = &folded.entry;
    Block {
        control: entry.control.clone(),
        verdict: entry.verdict,
        action: entry.action(),
        is_new: entry.is_new(),
        places: folded.places.clone(),
        same_regions_as: None,
        rows: rows(folded),
    }
}

fn rows(folded: &Folded) -> Vec<Row> {
    let entry = &folded.entry;
    let mut rows = why(entry);
    rows.extend(
        entry
            .waivers
            .iter()
            .map(|own| Row::Waiver { expired: own.expired, terms: waiver::terms(own) }),
    );
    rows.extend(entry.differences.iter().map(|own| Row::Difference {
        difference: own.clone(),
        is_waived: entry.waives(&own.field),
        moved: entry.moved.get(&own.field).copied(),
    }));
    rows.extend(entry.with.as_ref().map(|with| Row::With(with.to_string())));
    rows.extend(entry.calls.iter().map(|call| Row::Call {
        name: format!("{}:{}", call.service, call.operation),
        at: whereabouts(call, &folded.places),
        input: call.shown.as_deref().unwrap_or(&call.input).clone(),
    }));
    if !entry.after.is_empty() && entry.with.is_none() {
        let after = entry.after.iter().map(ToString::to_string);
        rows.push(Row::After(after.collect()));
    }
    rows.extend(entry.findings.iter().map(|own| Row::Finding {
        field: own.field.clone(),
        what: own.what.clone(),
        remedy: own.remedy.clone(),
        is_waived: entry.waives(&own.field),
    }));
    rows.extend(entry.notes.iter().cloned().map(Row::Note));
    rows
}

/// Why the verdict is what it is. What could not be read is one row, whatever is known of it.
fn why(entry: &Entry) -> Vec<Row> {
    let error = entry.unseen.as_ref();
    if entry.verdict != Verdict::Unknown && error.is_none() {
        return entry.reason.clone().map(Row::Reason).into_iter().collect();
    }
    let known = [entry.reason.clone(), error.map(ToString::to_string)];
    let what = known.into_iter().flatten().collect::<Vec<_>>().join(": ");
    vec![Row::Unread { what, hint: error.and_then(advice) }]
}

/// Where a call is made, and for which places.
fn whereabouts(call: &Call, places: &[Place]) -> String {
    let regions = places.iter().filter_map(|own| own.region.as_deref());
    let regions = regions.collect::<BTreeSet<_>>().len();
    match (places.len(), call.region.as_str()) {
        (1, region) => format!("in {region}"),
        (places, REGION) if places == regions => format!("in each of {regions} regions"),
        (_, REGION) => format!("for each, in its own of {regions} regions"),
        (_, region) => format!("for each, in {region}"),
    }
}

impl Block {
    /// The address of a place, or the control of several, which are to be named below.
    pub fn subject(&self) -> String {
        match self.places.as_slice() {
            [place] => Address::new(&self.control, place).to_string(),
            places => format!("{} in {} {}", self.control, places.len(), self.kind_of_places()),
        }
    }

    /// The fields that differ.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| match row {
            Row::Difference { difference, .. } => Some(difference.field.as_str()),
            _ => None,
        })
    }

    /// How many places there are, where there are several.
    pub fn several(&self) -> Option<usize> {
        (self.places.len() > 1).then_some(self.places.len())
    }

    /// What the places of a block are called: `regions`, where they have no names of their own.
    pub fn kind_of_places(&self) -> &'static str {
        match self.places.iter().all(|own| own.thing.is_none()) {
            true => "regions",
            false => "places",
        }
    }

    /// The names of the places: of things those in each region together, with the region where they
    /// are in several.
    pub fn names(&self) -> Vec<(Option<&str>, Vec<&str>)> {
        let mut regions: Vec<Option<&str>> = Vec::new();
        for place in &self.places {
            let region = place.thing.as_ref().and(place.region.as_deref());
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        let is_named = regions.len() > 1;
        let of_region = |region: Option<&'_ str>| {
            let here = self.places.iter();
            let here = here.filter(|own| own.thing.as_ref().and(own.region.as_deref()) == region);
            here.filter_map(Place::label).collect()
        };
        let names = regions.iter();
        names.map(|region| (region.filter(|_| is_named), of_region(*region))).collect()
    }
}

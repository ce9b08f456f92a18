//! What is reported of a plan, an apply, a drift and past runs: wording, grouping, folding and order,
//! decided once for every format.
//!
//! Texts are raw: what a name from AWS must not do to a terminal or a page is each format's to
//! prevent.

mod applied;
mod block;
mod fold;
mod history;
mod message;
mod outcome;
mod quiet;
mod said;
mod trial;
mod waiver;
pub mod words;

pub use applied::{Applied, Figures, Left, Remaining, alike};
pub use block::{Block, Inputs, Row, of_entries};
pub use fold::{Folded, NAME, REGION, fold};
pub use history::{AnswerReport, ChangeReport, History, RunReport, in_short, made, purpose};
pub use message::{Level, Message, Question, Stop};
pub use outcome::{so_many, trouble, word};
pub use quiet::Quiet;
pub use said::Said;
pub use waiver::terms;

use crate::plan::{Entry, Plan, Summary, Verdict};
use crate::risk::Risk;
use std::collections::BTreeMap;

/// What is reported of a plan, in the order in which it is read.
#[derive(Clone, Debug)]
pub struct Report {
    /// The account.
    pub account: String,
    /// The baseline, as its file was named.
    pub baseline: String,
    /// The run that it undoes.
    pub undoes: Option<String>,
    /// When the account was read, to the second.
    pub read_at: String,
    /// The ARN that read it.
    pub caller: String,
    /// The counts; [`words::sentence`] puts them into words.
    pub summary: Summary,
    /// Places where something differs, was not read, or is to be known, folded.
    pub blocks: Vec<Block>,
    /// Regions that the organization has closed, with the number of places there.
    pub closed: BTreeMap<String, usize>,
    /// Places with nothing to do, a line for each kind.
    pub quiet: Vec<Quiet>,
    /// What the changes loosen, may break and cost.
    pub risks: Vec<(Risk, Said)>,
    /// What the owners of waivers should know.
    pub waivers: Vec<String>,
    /// What in the baseline matches nothing.
    pub idle: Vec<String>,
    /// Why `apply` will refuse the plan.
    pub refusals: Vec<Said>,
}

impl Report {
    /// The report of a plan, also of one that an undo or a drift made.
    pub fn of(plan: &Plan) -> Self {
        let closed = plan.closed_regions();
        let is_closed = |entry: &Entry| {
            let region = entry.place.region.as_deref();
            entry.verdict == Verdict::Unknown && region.is_some_and(|own| closed.contains_key(own))
        };
        let entries = plan.entries.iter().filter(|entry| !is_closed(entry));
        let (silent, loud): (Vec<&Entry>, Vec<&Entry>) =
            entries.partition(|entry| quiet::is_quiet(entry));
        // An undo makes its changes one by one: what each waits for is the one before it.
        let is_in_line = plan.undoes.is_some();
        let blocks = block::blocks(&loud, is_in_line);
        let mut risks = said::risks(plan);
        let mut refusals = said::refusals(plan);
        let said = risks.iter_mut().map(|(_, said)| said).chain(&mut refusals);
        said.for_each(|said| said.look_above(&blocks));
        Self {
            account: plan.account.clone(),
            baseline: plan.baseline.path.clone(),
            undoes: plan.undoes.clone(),
            read_at: crate::clock::to_the_second(plan.created),
            caller: plan.caller.clone(),
            summary: plan.summary(),
            blocks,
            quiet: quiet::lines(&silent),
            risks,
            waivers: waiver::remarks(plan),
            idle: plan.idle.clone(),
            refusals,
            closed: closed.iter().map(|(region, places)| ((*region).to_owned(), *places)).collect(),
        }
    }

    /// Whether some calls are there whose inputs could be shown.
    pub fn has_calls(&self) -> bool {
        let mut rows = self.blocks.iter().flat_map(|block| &block.rows);
        rows.any(|row| matches!(row, Row::Call { .. }))
    }
}

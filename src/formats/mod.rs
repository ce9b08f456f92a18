//! The formats in which a plan, a drift or past applies are reported: one file each, and a list of
//! all.
//!
//! One more format: a file with its functions, a line in [`ALL`], and its goldens: `plan.NAME` in a
//! scenario, `list.NAME` and `run.NAME` in `tests/golden/history`. The command line takes its choices
//! from the list.

mod json;
mod text;

pub use json::JSON;
pub use text::TEXT;

use crate::model::Answer;
use crate::place::Address;
use crate::plan::Plan;
use crate::report::{History, Inputs};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A way to write reports.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What it is called on the command line: `text`, `json`.
    pub name: &'static str,
    /// What it is for, in the help.
    pub about: &'static str,
    /// Writes a plan: of a baseline, or of an undo.
    pub plan: Render,
    /// Writes what drift found.
    pub drift: Render,
    /// Writes who changed what has drifted, after the drift. Without it, the drift is written when
    /// the answers have come, and holds them.
    pub answers: Option<RenderAnswers>,
    /// Writes past applies.
    pub history: RenderHistory,
    /// Whether the inputs of calls are always in it: then `--calls` is not for it.
    pub has_inputs: bool,
    /// Whether it names the alias of the account, which is asked for then.
    pub has_alias: bool,
}

/// Writes a plan.
pub type Render = fn(&mut dyn Write, &Plan, &Options) -> io::Result<()>;

/// Writes who changed what.
pub type RenderAnswers = fn(&mut dyn Write, &BTreeMap<Address, Answer>, &Options) -> io::Result<()>;

/// Writes past applies.
pub type RenderHistory = fn(&mut dyn Write, &History<'_>, &Options) -> io::Result<()>;

/// How a document is to look.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the inputs of calls are shown, where a format leaves that open.
    pub inputs: Inputs,
    /// The width at which prose is wrapped; none, where each paragraph is to stay on one line.
    pub width: Option<usize>,
    /// The alias of the account, where it is known.
    pub alias: Option<String>,
}

/// Every format. The first is the default.
pub const ALL: &[Format] = &[TEXT, JSON];

//! The formats in which a plan or a drift is reported: one file each, and a list of all.
//!
//! One more format: a file with its functions, and a line in [`ALL`].

mod json;
mod text;

pub use text::answers;

use crate::plan::Plan;
use crate::report::Inputs;
use std::io::{self, Write};

/// A way to write a plan, and what drift found.
#[derive(Debug)]
pub struct Format {
    /// What it is called: `text`, `json`.
    pub name: &'static str,
    /// Writes a plan: of a baseline, or of an undo.
    pub plan: Render,
    /// Writes what drift found.
    pub drift: Render,
}

/// Writes a document.
pub type Render = fn(&mut dyn Write, &Plan, &Options) -> io::Result<()>;

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

/// For people, on a terminal or in a pipe.
pub const TEXT: Format = Format { name: "text", plan: text::plan, drift: text::drift };

/// For programs: the plan's own document, `docs/json.md`.
pub const JSON: Format = Format { name: "json", plan: json::document, drift: json::document };

/// Every format.
pub const ALL: &[Format] = &[TEXT, JSON];

/// What `--json` chooses.
pub fn chosen(json: bool) -> Format {
    if json { JSON } else { TEXT }
}

//! The plan's own document: what is saved, and what `--json` prints.

use super::Options;
use crate::plan::Plan;
use std::io::{self, Write};

/// Writes the document.
pub fn document(out: &mut dyn Write, plan: &Plan, _: &Options) -> io::Result<()> {
    out.write_all(&plan.to_bytes())
}

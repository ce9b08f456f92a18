//! Text: understandable without colour, a summary first and last.

mod drift;
mod history;
mod plan;
mod table;

use super::Format;
use crate::report::Block;
use crate::view::{DIM, Page};
use std::io;

/// The format.
pub const TEXT: Format = Format {
    name: "text",
    about: "Text, to read",
    plan: plan::plan,
    drift: drift::drift,
    answers: Some(drift::answers),
    history: history::history,
    has_inputs: false,
    has_alias: true,
};

/// Names the places of a block, where there are several.
fn names(page: &mut Page<'_>, indent: usize, block: &Block) -> io::Result<()> {
    if block.several().is_none() {
        return Ok(());
    }
    match &block.same_regions_as {
        Some(control) => {
            let text = format!("the same regions as {control} above");
            page.prose(indent, DIM, &text)
        }
        None => page.places(indent, &block.names()),
    }
}

#[cfg(test)]
mod tests;

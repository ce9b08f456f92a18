//! Text for people: understandable without colour, a summary first and last.

mod drift;
mod plan;
mod table;

pub use drift::{answers, drift};
pub use plan::plan;

use crate::report::Block;
use crate::view::{DIM, Page};
use std::io;

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

//! Regions that the organization has closed, each in one line instead of one for each place.

use super::{ALARM, count};
use crate::plan::{Entry, Verdict};
use crate::text::escape;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Whether an entry is told of with its region.
pub(super) fn holds(closed: &BTreeMap<&str, usize>, entry: &Entry) -> bool {
    let region = entry.place.region.as_deref();
    entry.verdict == Verdict::Unknown && region.is_some_and(|own| closed.contains_key(own))
}

/// For a plan.
pub(super) fn text(out: &mut dyn Write, closed: &BTreeMap<&str, usize>) -> io::Result<()> {
    for (region, places) in closed {
        let what = sentence(*places);
        writeln!(out, "{ALARM}? {}{ALARM:#}  {what}", escape(region))?;
    }
    match hint(closed) {
        Some(hint) => writeln!(out, "    hint: {hint}\n"),
        None => Ok(()),
    }
}

/// For drift.
pub(super) fn lines(out: &mut dyn Write, closed: &BTreeMap<&str, usize>) -> io::Result<()> {
    let hint = hint(closed).unwrap_or_default();
    for (region, places) in closed {
        let what = sentence(*places);
        writeln!(
            out,
            "{ALARM}not seen{ALARM:#}  {}  {what} (hint: {hint})",
            escape(region)
        )?;
    }
    Ok(())
}

fn sentence(places: usize) -> String {
    format!(
        "closed by the organization: a service control policy denies all that is read there, at {}",
        count(places, "place")
    )
}

/// What to write if that is meant to be so.
fn hint(closed: &BTreeMap<&str, usize>) -> Option<String> {
    let names: Vec<&str> = closed.keys().copied().collect();
    (!names.is_empty()).then(|| {
        let list = escape(&format!("{names:?}"));
        format!("if that is meant to be so, say in [account] closed_regions = {list}")
    })
}

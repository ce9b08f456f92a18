//! The summary by control: a row for each control with something to do, to decide or to read.

use crate::plan::{ControlSummary, Summary};
use crate::view::{DIM, Page};
use anstyle::Style;
use std::io;

/// A column: its heading, and what it counts.
type Column = (&'static str, fn(&ControlSummary) -> usize);

const COLUMNS: [Column; 7] = [
    ("create", |own| own.actions.create),
    ("change", |own| own.actions.change),
    ("remove", |own| own.actions.remove),
    ("loosen", |own| own.actions.loosen),
    ("manual", |own| own.verdicts.finding),
    ("unknown", |own| own.verdicts.unknown),
    ("blocked", |own| own.verdicts.blocked),
];

/// Writes the table, unless only one control would be in it: then the sentence says the same.
/// Columns and rows without a number are left out.
pub fn by_control(page: &mut Page<'_>, summary: &Summary) -> io::Result<()> {
    let controls = summary.controls.iter();
    let rows: Vec<&ControlSummary> = controls.filter(|own| own.verdicts.has_news()).collect();
    if rows.len() < 2 {
        return Ok(());
    }
    let columns: Vec<Column> =
        COLUMNS.into_iter().filter(|(_, count)| rows.iter().any(|row| count(row) > 0)).collect();
    let names = rows.iter().map(|row| row.control.len());
    let width = names.max().unwrap_or(0);
    let mut head = format!("  {:width$}", "");
    for (heading, _) in &columns {
        head += &format!("  {heading}");
    }
    if !page.fits(head.len()) {
        return rows.into_iter().try_for_each(|row| in_words(page, row, &columns));
    }
    page.line(DIM, &head)?;
    for row in rows {
        let mut line = format!("  {:width$}", row.control);
        for (heading, count) in &columns {
            let number = match count(row) {
                0 => "-".to_owned(),
                number => number.to_string(),
            };
            line += &format!("  {number:>0$}", heading.len());
        }
        page.line(Style::new(), &line)?;
    }
    Ok(())
}

/// A row where the table is too wide: `  cloudtrail: 1 create, 2 manual`
fn in_words(page: &mut Page<'_>, row: &ControlSummary, columns: &[Column]) -> io::Result<()> {
    let counts = columns.iter().map(|(heading, count)| (count(row), heading));
    let counts = counts.filter(|(number, _)| *number > 0);
    let counts: Vec<String> =
        counts.map(|(number, heading)| format!("{number} {heading}")).collect();
    page.prose(2, Style::new(), &format!("{}: {}", row.control, counts.join(", ")))
}

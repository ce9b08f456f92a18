//! One run: what became of each change, and of each call.

use super::in_short;
use crate::journal::{Change, Run, Sent};
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Entry, Verdict};
use crate::report::{Block, Inputs, Row, of_entries};
use crate::text::escape;
use crate::view::apply::{trouble, word};
use crate::view::{BOLD, Page, column};
use anstyle::Style;
use std::io::{self, Write};

/// Writes one run: changes that differ only in their own name and region as one, without the ids of
/// their requests; or, with the inputs of the calls, each for itself.
///
/// # Errors
/// When the writer does not take it.
pub fn detail(
    out: &mut dyn Write,
    run: &Run,
    inputs: Inputs,
    width: Option<usize>,
) -> io::Result<()> {
    let began = &run.began;
    let short = in_short(run);
    writeln!(out, "{BOLD}Run {}{BOLD:#}: {short}", escape(&began.run))?;
    writeln!(out, "  account   {}", escape(&began.account))?;
    writeln!(out, "  by        {}", escape(&began.caller))?;
    writeln!(out, "  baseline  {}", escape(&began.baseline.path))?;
    writeln!(out, "  plan      {}", escape(&began.plan))?;
    writeln!(out, "  journal   {}\n", run.path.display())?;
    let page = &mut Page::new(out, width);
    let entries: Vec<Entry> = run.changes.iter().map(entry).collect();
    let entries: Vec<&Entry> = entries.iter().collect();
    let blocks = match inputs {
        Inputs::Hidden => of_entries(&entries),
        Inputs::Shown => entries.iter().flat_map(|own| of_entries(&[own])).collect(),
    };
    for block in &blocks {
        let change = match block.places.as_slice() {
            [place] => {
                let mut changes = run.changes.iter();
                changes.find(|own| own.control == block.control && own.place == *place)
            }
            _ => None,
        };
        one_block(page, block, change, inputs)?;
    }
    not_begun(page, run)
}

/// A change as what a report knows: its first note is what became of it, and the others what became
/// of each call.
fn entry(change: &Change) -> Entry {
    let mut entry = Entry::of(&change.control, change.place.clone());
    entry.verdict = Verdict::Change;
    entry.reason = change.outcome.as_ref().and_then(|own| trouble(own, None));
    entry.differences.clone_from(&change.differences);
    entry.calls = change.calls.iter().map(|sent| sent.call.clone()).collect();
    let outcome = change.outcome.as_ref().map_or("not known", word).to_owned();
    let answers = change.calls.iter().map(answer);
    entry.notes = std::iter::once(outcome).chain(answers).collect();
    entry
}

fn answer(sent: &Sent) -> String {
    match (&sent.error, sent.answered) {
        (Some(error), _) => format!("failed: {error}"),
        (None, true) => "done".to_owned(),
        (None, false) => "no response recorded".to_owned(),
    }
}

/// One block; of one change with the ids of its requests.
fn one_block(
    page: &mut Page<'_>,
    block: &Block,
    change: Option<&Change>,
    inputs: Inputs,
) -> io::Result<()> {
    let plain = Style::new();
    let mut answers = block.rows.iter().filter_map(|row| match row {
        Row::Note(text) => Some(text.as_str()),
        _ => None,
    });
    let outcome = answers.next().unwrap_or_default();
    let title = match block.places.as_slice() {
        [place] => Address::new(&block.control, place).to_string(),
        places => format!("{} in {} {}", block.control, places.len(), block.kind_of_places()),
    };
    page.led(0, BOLD, &title, plain, &format!(": {outcome}"))?;
    if block.several().is_some() {
        page.places(4, &block.names())?;
    }
    let fields = block.rows.iter().filter_map(|row| match row {
        Row::Difference { difference, .. } => Some(difference.field.as_str()),
        _ => None,
    });
    let column = column(fields);
    let mut number = 0;
    for row in &block.rows {
        match row {
            Row::Reason(text) => page.prose(4, plain, text)?,
            Row::Difference { difference, .. } => page.difference(difference, false, column)?,
            Row::Call { name, at, input } => {
                let sent = change.and_then(|change| change.calls.get(number));
                let id = sent.and_then(|sent| sent.request_id.as_ref());
                let id = id.map(|id| format!(" (request {id})")).unwrap_or_default();
                number += 1;
                let answer = answers.next().unwrap_or_default();
                page.prose(4, plain, &format!("{number}. {name} {at}: {answer}{id}"))?;
                if inputs == Inputs::Shown {
                    page.value(6, input)?;
                }
            }
            _ => {}
        }
    }
    page.gap()
}

/// The changes of which no call was sent, those with the same reason together.
fn not_begun(page: &mut Page<'_>, run: &Run) -> io::Result<()> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let began = |address: &Address| run.changes.iter().any(|own| own.address == *address);
    for address in run.began.changes.iter().filter(|own| !began(own)) {
        let why = not_begun_because(run.not_begun.get(address));
        match told.iter_mut().find(|(own, _)| *own == why) {
            Some((_, addresses)) => addresses.push(address.to_string()),
            None => told.push((why, vec![address.to_string()])),
        }
    }
    for (why, addresses) in &told {
        match addresses.as_slice() {
            [address] => page.prose(0, Style::new(), &format!("{address}: {why}"))?,
            addresses => {
                let names: Vec<&str> = addresses.iter().map(String::as_str).collect();
                page.prose(0, Style::new(), &format!("{} changes: {why}", names.len()))?;
                page.names(4, "", &names)?;
            }
        }
        page.gap()?;
    }
    Ok(())
}

fn not_begun_because(outcome: Option<&Outcome>) -> String {
    let word = outcome.map_or("not begun", word);
    match outcome.and_then(|outcome| trouble(outcome, None)) {
        Some(trouble) => format!("{word}: {trouble}"),
        None => word.to_owned(),
    }
}

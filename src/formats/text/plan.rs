//! A plan: a summary first and last, what would change between.

use super::names;
use super::table::by_control;
use crate::formats::Options;
use crate::plan::{Action, Plan, Verdict};
use crate::report::{Block, Inputs, Report, Row, Said, words};
use crate::risk::Risk;
use crate::view::{ADD, ALARM, BOLD, CHANGE, DIM, Page, REMOVE};
use anstyle::Style;
use std::io::{self, Write};

/// Writes the whole plan.
pub fn plan(out: &mut dyn Write, plan: &Plan, options: &Options) -> io::Result<()> {
    let report = Report::of(plan);
    let page = &mut Page::new(out, options.width);
    head(page, &report, options.alias.as_deref())?;
    page.prose(0, Style::new(), &words::sentence(&report.summary))?;
    by_control(page, &report.summary)?;
    page.gap()?;
    for own in &report.blocks {
        block(page, own, options.inputs)?;
    }
    closed(page, &report)?;
    quiet(page, &report)?;
    risks(page, &report)?;
    waivers(page, &report)?;
    refusals(page, &report)?;
    if options.inputs == Inputs::Hidden && report.has_calls() {
        page.prose(0, DIM, "The inputs of the calls are shown with --calls.")?;
        page.gap()?;
    }
    if report.summary.verdicts.has_news() {
        by_control(page, &report.summary)?;
        let sentence = format!(" {}", words::sentence(&report.summary));
        page.led(0, BOLD, "Plan:", Style::new(), &sentence)?;
    }
    Ok(())
}

fn head(page: &mut Page<'_>, report: &Report, alias: Option<&str>) -> io::Result<()> {
    let alias = alias.map(|alias| format!(" ({alias})"));
    let account = format!("Account {}{}", report.account, alias.unwrap_or_default());
    let baseline = format!(" by {}", report.baseline);
    page.led(0, BOLD, &account, Style::new(), &baseline)?;
    if let Some(run) = &report.undoes {
        let text = format!("Puts back what run {run} changed, one change at a time.");
        page.prose(0, Style::new(), &text)?;
    }
    let read = format!("read at {} as {}", report.read_at, report.caller);
    page.prose(0, DIM, &read)
}

fn block(page: &mut Page<'_>, block: &Block, inputs: Inputs) -> io::Result<()> {
    let (symbol, style) = symbol(block);
    page.led(0, style, &format!("{symbol} {}", title(block)), Style::new(), &whereabouts(block))?;
    names(page, 4, block)?;
    let column = page.column(block.fields());
    let mut calls = 0;
    for own in &block.rows {
        if let Row::Call { name, at, input } = own {
            calls += 1;
            page.prose(4, Style::new(), &format!("{calls}. {name} {at}"))?;
            if inputs == Inputs::Shown {
                page.value(6, input)?;
            }
        } else {
            row(page, own, column)?;
        }
    }
    page.gap()
}

/// The address of a place, or the control of several.
fn title(block: &Block) -> String {
    match block.places.as_slice() {
        [place] => crate::place::Address::new(&block.control, place).to_string(),
        _ => block.control.clone(),
    }
}

/// How many places there are, or the region of a thing.
fn whereabouts(block: &Block) -> String {
    match (block.several(), block.places.as_slice()) {
        (None, [place]) => match (&place.thing, &place.region) {
            (Some(_), Some(region)) => format!(" ({region})"),
            _ => String::new(),
        },
        (Some(number), [first, ..]) if first.thing.is_some() => {
            let of_region = |region: &String| format!(" ({region})");
            let region = match block.names().len() {
                1 => first.region.as_ref().map(of_region).unwrap_or_default(),
                _ => String::new(),
            };
            format!(" in {number} {}{region}", block.kind_of_places())
        }
        (number, _) => format!(" in {} {}", number.unwrap_or(0), block.kind_of_places()),
    }
}

fn symbol(block: &Block) -> (&'static str, Style) {
    match (block.action, block.verdict) {
        (Some(Action::Create), _) => ("+", ADD),
        (Some(Action::Remove), _) => ("-", REMOVE),
        (Some(Action::Change), _) => ("~", CHANGE),
        (None, Verdict::Unknown) => ("?", ALARM),
        (None, Verdict::Blocked) => ("x", ALARM),
        (None, Verdict::Waived) => ("=", DIM),
        (None, _) => ("!", ALARM),
    }
}

fn row(page: &mut Page<'_>, row: &Row, column: usize) -> io::Result<()> {
    let plain = Style::new();
    match row {
        Row::Reason(text) => page.prose(4, plain, text),
        Row::Waiver { expired, terms } => match expired {
            true => page.prose(4, ALARM, &format!("expired: {terms}")),
            false => page.prose(4, DIM, &format!("waived {terms}")),
        },
        Row::Unread { what, hint } => {
            page.prose(4, plain, &format!("unknown: {what}"))?;
            match hint {
                Some(hint) => page.prose(4, plain, &format!("hint: {hint}")),
                None => Ok(()),
            }
        }
        Row::Difference { difference, is_waived, .. } => {
            page.difference(difference, *is_waived, column)
        }
        // Calls are numbered by their block.
        Row::Call { .. } => Ok(()),
        Row::With(address) => page.prose(4, DIM, &format!("done by the calls of {address}")),
        Row::After(addresses) => page.prose(4, DIM, &format!("after {}", addresses.join(", "))),
        Row::Finding { field, what, remedy, is_waived } => {
            let (style, word) = match is_waived {
                true => (DIM, "  (waived)"),
                false => (ALARM, ""),
            };
            page.led(4, style, "!", plain, &format!(" {field}: {what}{word}"))?;
            page.prose(6, plain, &format!("do: {remedy}"))
        }
        Row::Note(text) => page.prose(4, DIM, &format!("note: {text}")),
    }
}

/// Regions that the organization has closed, each in one line instead of one for each place.
fn closed(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for (region, places) in &report.closed {
        let what = format!("  {}", words::closed(*places));
        page.led(0, ALARM, &format!("? {region}"), Style::new(), &what)?;
    }
    if report.closed.is_empty() {
        return Ok(());
    }
    let hint = words::closed_hint(report.closed.keys());
    page.prose(4, Style::new(), &format!("hint: {hint}"))?;
    page.gap()
}

fn quiet(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for line in &report.quiet {
        page.prose(2, DIM, &format!("{}: {}", line.what, line.judgement))?;
        for note in &line.notes {
            page.prose(4, DIM, &format!("note: {note}"))?;
        }
    }
    match report.quiet.is_empty() {
        true => Ok(()),
        false => page.gap(),
    }
}

/// What the changes risk: last before the summary, each once, where it is easy to find.
fn risks(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for (risk, said) in &report.risks {
        let (style, word) = match risk {
            Risk::Loosens => (ALARM, "loosens"),
            Risk::Breaks => (CHANGE, "may break"),
            Risk::Costs => (DIM, "costs"),
        };
        sentence(page, style, word, said)?;
    }
    match report.risks.is_empty() {
        true => Ok(()),
        false => page.gap(),
    }
}

/// A sentence with the places that it is about.
fn sentence(page: &mut Page<'_>, style: Style, word: &str, said: &Said) -> io::Result<()> {
    let number = said.places.len();
    let about = match (&said.about, number) {
        (None, 0) => String::new(),
        (None, _) if said.is_named_above => format!("in the {number} places above: "),
        (None, _) => format!("in {number} places: "),
        (Some(about), 0) => format!("{about}: "),
        (Some(about), _) if said.is_named_above => {
            format!("{about} in the {number} places above: ")
        }
        (Some(about), _) => format!("{about} in {number} places: "),
    };
    let text = format!("{word}: {about}{}", said.text);
    page.prose(0, style, &text)?;
    let names = said.places.iter().filter_map(|place| place.label());
    match said.places.is_empty() || said.is_named_above {
        true => Ok(()),
        false => page.places(4, &[(None, names.collect())]),
    }
}

/// What the owners of waivers should know, and what in the baseline matches nothing.
fn waivers(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for remark in &report.waivers {
        page.prose(0, CHANGE, &format!("waiver: {remark}"))?;
    }
    for idle in &report.idle {
        page.prose(0, CHANGE, &format!("matches nothing: {idle}"))?;
    }
    match report.waivers.is_empty() && report.idle.is_empty() {
        true => Ok(()),
        false => page.gap(),
    }
}

/// Why `apply` will not make these changes.
fn refusals(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for said in &report.refusals {
        sentence(page, ALARM, "apply will refuse", said)?;
    }
    match report.refusals.is_empty() {
        true => Ok(()),
        false => page.gap(),
    }
}

//! Past applies: a line for each, or one of them call by call.

use crate::formats::Options;
use crate::journal::{Run, Standing};
use crate::report::{ChangeReport, History, Inputs, Row, RunReport, in_short, purpose};
use crate::view::{ALARM, BOLD, Page};
use anstyle::Style;
use std::io::{self, Write};

/// Writes the runs.
pub fn history(out: &mut dyn Write, history: &History<'_>, options: &Options) -> io::Result<()> {
    let page = &mut Page::new(out, options.width);
    let mut runs = history.runs.iter();
    match history.is_detailed {
        true => runs.try_for_each(|run| detail(page, run, options.inputs)),
        false if history.runs.is_empty() => {
            page.prose(0, Style::new(), "No apply was run in this folder.")
        }
        false => runs.try_for_each(|run| line(page, run)),
    }
}

/// `20261122T021503Z-3f9a  111122223333  baseline.toml  3 changes, 5 calls, done  arn:…`
fn line(page: &mut Page<'_>, run: &Run) -> io::Result<()> {
    let began = &run.began;
    let style = match run.standing {
        Standing::Unfinished => ALARM,
        _ => BOLD,
    };
    let (account, caller) = (&began.account, &began.caller);
    let text = format!("  {account}  {}  {}  {caller}", purpose(run), in_short(run));
    page.led(0, style, &began.run, Style::new(), &text)
}

fn detail(page: &mut Page<'_>, run: &Run, inputs: Inputs) -> io::Result<()> {
    let report = RunReport::of(run, inputs);
    let title = format!("Run {}", run.began.run);
    page.led(0, BOLD, &title, Style::new(), &format!(": {}", report.in_short))?;
    for (name, text) in &report.facts {
        page.prose(2, Style::new(), &format!("{name:<8}  {text}"))?;
    }
    page.gap()?;
    for own in &report.changes {
        change(page, own, inputs)?;
    }
    for (why, addresses) in &report.not_begun {
        not_begun(page, why, addresses)?;
    }
    Ok(())
}

fn change(page: &mut Page<'_>, change: &ChangeReport, inputs: Inputs) -> io::Result<()> {
    let block = &change.block;
    page.led(0, BOLD, &block.subject(), Style::new(), &format!(": {}", change.outcome))?;
    if block.several().is_some() {
        page.places(4, &block.names())?;
    }
    let column = page.column(block.fields());
    let mut answers = change.answers.iter();
    let mut number = 0;
    for row in &block.rows {
        match row {
            Row::Reason(text) => page.prose(4, Style::new(), text)?,
            Row::Difference { difference, .. } => page.difference(difference, false, column)?,
            Row::Call { name, at, input } => {
                number += 1;
                let answer = answers.next();
                let what = answer.map_or("", |own| own.what.as_str());
                let id = answer.and_then(|own| own.request.as_ref());
                let id = id.map(|id| format!(" (request {id})")).unwrap_or_default();
                page.prose(4, Style::new(), &format!("{number}. {name} {at}: {what}{id}"))?;
                if inputs == Inputs::Shown {
                    page.value(6, input)?;
                }
            }
            _ => {}
        }
    }
    page.gap()
}

fn not_begun(page: &mut Page<'_>, why: &str, addresses: &[String]) -> io::Result<()> {
    match addresses {
        [address] => page.prose(0, Style::new(), &format!("{address}: {why}"))?,
        addresses => {
            let names: Vec<&str> = addresses.iter().map(String::as_str).collect();
            page.prose(0, Style::new(), &format!("{} changes: {why}", names.len()))?;
            page.names(4, "", &names)?;
        }
    }
    page.gap()
}

//! How an apply ended: what remains for you, what was made, and how to undo it.

use super::json::{self, Note};
use super::{Form, duration, name};
use crate::clock::Clock;
use crate::report::{Applied, Figures, Left, Remaining, alike};
use crate::view::{ADD, ALARM, BOLD, Page, Streams};
use anstyle::Style;
use std::io;

/// How many findings and unknown places are listed; `plan` lists all.
const LISTED: usize = 10;

/// Writes the summary of an apply.
///
/// # Errors
/// When the writer does not take it.
pub fn summary(
    form: Form,
    streams: &mut Streams,
    clock: Clock,
    applied: &Applied<'_>,
) -> io::Result<()> {
    let figures = applied.figures();
    match form {
        Form::Json => json::line(&mut *streams.stdout, clock, Note::Summary(figures)),
        Form::Text if applied.is_empty() => Ok(()),
        Form::Text => {
            let page = &mut Page::new(&mut *streams.stdout, streams.width);
            text(page, applied, &figures)
        }
    }
}

fn text(page: &mut Page<'_>, applied: &Applied<'_>, figures: &Figures<'_>) -> io::Result<()> {
    page.gap()?;
    not_made(page, &figures.remaining)?;
    remaining(page, &figures.remaining)?;
    let style = match figures.is_success {
        true => ADD.bold(),
        false => ALARM,
    };
    let (in_short, run, took) = (&figures.in_short, applied.run, duration(applied.took));
    let text = format!(" {in_short}. Run {run} took {took}.");
    page.led(0, style, "Apply:", Style::new(), &text)?;
    match &figures.undo {
        None => Ok(()),
        Some(undo) => page.prose(0, Style::new(), &format!("To undo it: {undo}")),
    }
}

/// The changes that were not made, with the reason.
fn not_made(page: &mut Page<'_>, remaining: &Remaining) -> io::Result<()> {
    for left in &remaining.not_made {
        let text = format!(": {}", left.what);
        page.led(0, ALARM, &name(&left.address), Style::new(), &text)?;
        if let Some(hint) = &left.remedy {
            page.prose(2, Style::new(), &format!("hint: {hint}"))?;
        }
    }
    Ok(())
}

fn remaining(page: &mut Page<'_>, remaining: &Remaining) -> io::Result<()> {
    let in_short = remaining.in_short();
    if in_short.is_empty() {
        return Ok(());
    }
    page.led(0, BOLD, "Left for you:", Style::new(), &format!(" {in_short}."))?;
    let findings = alike(&remaining.findings).into_iter().map(|own| ("!", own));
    let unknown = alike(&remaining.unknown).into_iter().map(|own| ("?", own));
    let all: Vec<_> = findings.chain(unknown).collect();
    for (symbol, (left, more)) in all.iter().take(LISTED) {
        page.led(2, ALARM, symbol, Style::new(), &line(left, *more))?;
    }
    match all.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => {
            let text = format!("and {more} more: baseline plan shows them");
            page.prose(2, Style::new(), &text)
        }
    }
}

/// ` root_user and 2 more  mfa: …`
fn line(left: &Left, more: usize) -> String {
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let field = left.field.as_ref().map(|field| format!("{field}: "));
    format!(" {}{more}  {}{}", name(&left.address), field.unwrap_or_default(), left.what)
}

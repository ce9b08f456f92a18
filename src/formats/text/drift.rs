//! Drift: one line when all is well, otherwise a line for each thing that is not.

use super::names;
use super::table::by_control;
use crate::aws::advice;
use crate::formats::Options;
use crate::model::Answer;
use crate::place::Address;
use crate::plan::{Moved, Plan, Verdict};
use crate::report::{Block, Report, Row, words};
use crate::text::{count, one_line};
use crate::view::{ALARM, BOLD, Page};
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Where the text behind the first word of a line begins.
const COLUMN: usize = 10;

/// Writes what differs and what could not be read.
pub fn drift(out: &mut dyn Write, plan: &Plan, options: &Options) -> io::Result<()> {
    let report = Report::of(plan);
    let page = &mut Page::new(out, options.width);
    for block in &report.blocks {
        lines(page, block)?;
        names(page, COLUMN, block)?;
    }
    closed(page, &report)?;
    for remark in &report.waivers {
        line(page, "waiver", remark)?;
    }
    by_control(page, &report.summary)?;
    last(page, &report)
}

fn last(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let own = &report.summary.verdicts;
    let verdict = match own.unknown + own.blocked + own.change + own.finding {
        0 => "matches",
        _ if own.change + own.finding + own.blocked > 0 => "differs from",
        _ => "could not be read whole; the rest matches",
    };
    let sentence = words::sentence(&report.summary);
    let text = format!(" {verdict} {}: {sentence}", report.baseline);
    page.led(0, BOLD, &report.account, Style::new(), &text)
}

/// A line that begins with a word for what it reports.
fn line(page: &mut Page<'_>, word: &str, text: &str) -> io::Result<()> {
    let style = match word {
        "blocked" | "unknown" => ALARM,
        _ => Style::new(),
    };
    let pad = " ".repeat(COLUMN.saturating_sub(word.len()));
    page.hung((0, COLUMN), style, word, Style::new(), &format!("{pad}{text}"))
}

/// That it is waived, or what has moved, where that is known.
fn word(is_waived: bool, moved: Option<Moved>, otherwise: &'static str) -> &'static str {
    match moved {
        _ if is_waived => "waived",
        Some(Moved::Drifted) => "drifted",
        Some(Moved::Pending) => "pending",
        Some(Moved::Both) => "both",
        None => otherwise,
    }
}

fn lines(page: &mut Page<'_>, block: &Block) -> io::Result<()> {
    let subject = block.subject();
    let differs = matches!(block.verdict, Verdict::Change | Verdict::Finding | Verdict::Waived);
    if differs && block.is_new {
        missing(page, block, &subject)?;
    }
    for row in &block.rows {
        match row {
            Row::Difference { .. } if !differs || block.is_new => {}
            Row::Difference { difference, is_waived, moved } => {
                let (field, now) = (&difference.field, one_line(&difference.before));
                let expected = one_line(&difference.after);
                let word = word(*is_waived, *moved, "differs");
                let text = format!("{subject}  {field} is {now}, expected {expected}");
                line(page, word, &text)?;
            }
            Row::Finding { field, what, remedy, is_waived } => {
                let word = if *is_waived { "waived" } else { "finding" };
                line(page, word, &format!("{subject}  {field}: {what} ({remedy})"))?;
            }
            Row::Waiver { expired, terms } => {
                let word = if *expired { "expired" } else { "waived" };
                line(page, word, &format!("{subject}  {terms}"))?;
            }
            Row::Unread { what, hint } => {
                let hint = hint.as_ref().map(|hint| format!(" (hint: {hint})"));
                let text = format!("{subject}  {what}{}", hint.unwrap_or_default());
                line(page, "unknown", &text)?;
            }
            Row::Reason(why) if block.verdict == Verdict::Blocked => {
                line(page, "blocked", &format!("{subject}  {why}"))?;
            }
            Row::Reason(_) | Row::Call { .. } | Row::With(_) | Row::After(_) | Row::Note(_) => {}
        }
    }
    Ok(())
}

/// What does not exist: its fields on one line, those that are waived on another.
fn missing(page: &mut Page<'_>, block: &Block, subject: &str) -> io::Result<()> {
    for is_waived in [true, false] {
        let fields = block.rows.iter().filter_map(|row| match row {
            Row::Difference { difference, is_waived: own, moved } if *own == is_waived => {
                Some((difference.field.as_str(), *moved))
            }
            _ => None,
        });
        let fields: Vec<(&str, Option<Moved>)> = fields.collect();
        if let Some((_, moved)) = fields.first() {
            let word = word(is_waived, *moved, "missing");
            let fields: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
            let fields = fields.join(", ");
            line(page, word, &format!("{subject}  does not exist; expected: {fields}"))?;
        }
    }
    Ok(())
}

fn closed(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for (region, places) in &report.closed {
        line(page, "unknown", &format!("{region}  {}", words::closed(*places)))?;
    }
    if report.closed.is_empty() {
        return Ok(());
    }
    // All regions of it are written into the baseline together.
    line(page, "hint", &words::closed_hint(report.closed.keys()))
}

/// Writes who changed the places that have drifted.
pub fn answers(
    out: &mut dyn Write,
    answers: &BTreeMap<Address, Answer>,
    options: &Options,
) -> io::Result<()> {
    let page = &mut Page::new(out, options.width);
    if answers.is_empty() {
        let text = "No known drift, so there is nothing to look up in CloudTrail.";
        return page.prose(0, Style::new(), text);
    }
    for (place, answer) in answers {
        one_answer(page, &place.to_string(), answer)?;
    }
    Ok(())
}

fn one_answer(page: &mut Page<'_>, place: &str, answer: &Answer) -> io::Result<()> {
    for event in &answer.events {
        let text = format!(
            "  {} {} by {} from {} ({})",
            event.at, event.operation, event.who, event.from, event.with
        );
        page.led(0, BOLD, place, Style::new(), &text)?;
    }
    match (&answer.unseen, &answer.unread_before) {
        (Some(error), _) => {
            let hint = advice(error).map(|advice| format!(" (hint: {advice})"));
            let hint = hint.unwrap_or_default();
            line(page, "unknown", &format!("{place}  who changed it: {error}{hint}"))
        }
        (None, Some(time)) => {
            let text = format!(
                "{place}  who changed it before {time}: CloudTrail has more events than are read \
                 here; look them up with `aws cloudtrail lookup-events`"
            );
            line(page, "unknown", &text)
        }
        (None, None) if answer.events.is_empty() => {
            let own = match answer.own {
                0 => String::new(),
                own => format!(" but {} of baseline's own", count(own, "call")),
            };
            let text = format!(
                "  CloudTrail has no write since {}{own}; events can take 15 minutes to \
                 arrive, and a change may come from an organization or a service",
                answer.since
            );
            page.led(0, BOLD, place, Style::new(), &text)
        }
        (None, None) => Ok(()),
    }
}

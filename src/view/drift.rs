//! Drift as text: one line when all is well, otherwise a line for each thing that is not.

use super::plan::{common_findings, groups, sentence};
use super::value::address;
use super::{ALARM, BOLD, closed, count, waiver};
use crate::aws::advice;
use crate::model::Answer;
use crate::place::Address;
use crate::plan::{Entry, Moved, Plan, Verdict};
use crate::text::{escape, one_line};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes what differs and what could not be seen.
///
/// # Errors
/// When the writer does not take it.
pub fn text(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let closed = plan.closed_regions();
    let shown = plan.entries.iter();
    for group in groups(shown.filter(|entry| !closed::holds(&closed, entry))) {
        lines(out, &group)?;
    }
    closed::lines(out, &closed)?;
    for remark in waiver::remarks(plan) {
        writeln!(out, "waiver    {remark}")?;
    }
    let summary = plan.summary();
    let verdict = match summary.unknown + summary.blocked + summary.change + summary.finding {
        0 => "matches",
        _ if summary.change + summary.finding + summary.blocked > 0 => "differs from",
        _ => "could not be seen whole; the rest matches",
    };
    let name = escape(&plan.baseline.path);
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} {verdict} {name}: {}",
        escape(&plan.account),
        sentence(&summary)
    )
}

/// That it is waived, or what has moved, where that is known.
fn word(entry: &Entry, field: &str, otherwise: &'static str) -> &'static str {
    match entry.moved.get(field) {
        _ if entry.waives(field) => "waived",
        Some(Moved::Drifted) => "drifted",
        Some(Moved::Pending) => "pending",
        Some(Moved::Both) => "both",
        None => otherwise,
    }
}

fn lines(out: &mut dyn Write, group: &[&Entry]) -> io::Result<()> {
    let entry = group[0];
    let address = match group {
        [only] => address(only),
        _ => {
            let regions = group.iter().filter_map(|entry| entry.place.label());
            let regions = regions.collect::<Vec<_>>().join(" ");
            escape(&format!("{} in {regions}", entry.control))
        }
    };
    let differs = !entry.differences.is_empty()
        && matches!(
            entry.verdict,
            Verdict::Change | Verdict::Finding | Verdict::Waived
        );
    if differs && super::plan::is_new(entry) {
        let fields = entry.differences.iter().map(|d| d.field.as_str());
        let (waived, wanted): (Vec<_>, Vec<_>) = fields.partition(|field| entry.waives(field));
        for fields in [waived, wanted].iter().filter(|fields| !fields.is_empty()) {
            let word = word(entry, fields[0], "missing");
            let fields = escape(&fields.join(", "));
            writeln!(
                out,
                "{word:<8}  {address}  there is nothing; wanted are {fields}"
            )?;
        }
    } else if differs {
        for difference in &entry.differences {
            let (field, now) = (escape(&difference.field), one_line(&difference.before));
            let wanted = one_line(&difference.after);
            let word = word(entry, &difference.field, "differs");
            writeln!(
                out,
                "{word:<8}  {address}  {field} is {now}, wanted {wanted}"
            )?;
        }
    }
    for finding in &common_findings(group) {
        let (what, remedy) = (escape(&finding.what), escape(&finding.remedy));
        let (field, waived) = (escape(&finding.field), entry.waives(&finding.field));
        let word = if waived { "waived" } else { "finding" };
        writeln!(out, "{word:<8}  {address}  {field}: {what} ({remedy})")?;
    }
    for waived in &entry.waivers {
        let word = if waived.expired { "expired" } else { "waived" };
        writeln!(out, "{word:<8}  {address}  {}", waiver::terms(waived))?;
    }
    if entry.verdict == Verdict::Blocked {
        let reason = entry.reason.as_deref().unwrap_or_default();
        writeln!(
            out,
            "{ALARM}blocked{ALARM:#}   {address}  {}",
            escape(reason)
        )?;
    }
    if entry.verdict == Verdict::Unknown {
        let why = match (&entry.unseen, &entry.reason) {
            (Some(error), _) => match advice(error) {
                Some(advice) => format!("{error} (hint: {advice})"),
                None => error.to_string(),
            },
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        writeln!(out, "{ALARM}not seen{ALARM:#}  {address}  {}", escape(&why))?;
    }
    Ok(())
}

/// Writes who changed the places that have drifted.
///
/// # Errors
/// When the writer does not take it.
pub fn who(out: &mut dyn Write, answers: &BTreeMap<Address, Answer>) -> io::Result<()> {
    if answers.is_empty() {
        return writeln!(
            out,
            "Nothing is known to have drifted, so nobody is asked for."
        );
    }
    for (place, answer) in answers {
        one_answer(out, &escape(&place.to_string()), answer)?;
    }
    Ok(())
}

fn one_answer(out: &mut dyn Write, place: &str, answer: &Answer) -> io::Result<()> {
    for event in &answer.events {
        writeln!(
            out,
            "{BOLD}{place}{BOLD:#}  {} {} by {} from {} ({})",
            escape(&event.at),
            escape(&event.operation),
            escape(&event.who),
            escape(&event.from),
            escape(&event.with)
        )?;
    }
    match (&answer.unseen, &answer.unread_before) {
        (Some(error), _) => {
            let advice = advice(error).map(|advice| format!(" (hint: {advice})"));
            writeln!(
                out,
                "{ALARM}not seen{ALARM:#}  {place}  who changed it: {}{}",
                escape(&error.to_string()),
                escape(&advice.unwrap_or_default())
            )
        }
        (None, Some(time)) => writeln!(
            out,
            "{ALARM}not seen{ALARM:#}  {place}  who changed it before {}: CloudTrail has more \
             events than are read here; ask it with `aws cloudtrail lookup-events`",
            escape(time)
        ),
        (None, None) if answer.events.is_empty() => {
            let own = match answer.own {
                0 => String::new(),
                own => format!(" but {} of baseline's own", count(own, "call")),
            };
            writeln!(
                out,
                "{BOLD}{place}{BOLD:#}  CloudTrail knows of no write since {}{own}; events can \
                 take 15 minutes to arrive, and a change may come from an organization or a service",
                escape(&answer.since)
            )
        }
        (None, None) => Ok(()),
    }
}

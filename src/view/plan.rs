//! A plan as text: a summary first and last, what would change between.

use super::value::{address, block};
use super::{ADD, ALARM, BOLD, CHANGE, DIM, REMOVE, closed, count, named, waiver};
use crate::aws::advice;
use crate::control::Scope;
use crate::controls;
use crate::diff::Difference;
use crate::plan::{Call, Entry, Finding, Plan, Summary, Verdict};
use crate::risk::Risk;
use crate::text::{escape, one_line};
use anstyle::Style;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Writes the whole plan.
///
/// # Errors
/// When the writer does not take it.
pub fn text(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    titled(out, plan, None)
}

/// Writes the whole plan, with the alias of its account.
///
/// # Errors
/// When the writer does not take it.
pub fn titled(out: &mut dyn Write, plan: &Plan, alias: Option<&str>) -> io::Result<()> {
    let summary = plan.summary();
    writeln!(
        out,
        "{BOLD}Account {}{BOLD:#} by {}",
        named(&plan.account, alias),
        escape(&plan.baseline.path)
    )?;
    if let Some(run) = &plan.undoes {
        writeln!(out, "Puts back what run {} changed.", escape(run))?;
    }
    writeln!(
        out,
        "{DIM}looked at {} as {}{DIM:#}",
        time(plan),
        escape(&plan.caller)
    )?;
    writeln!(out, "{}\n", sentence(&summary))?;
    let closed = plan.closed_regions();
    let shown = plan.entries.iter();
    let shown = shown.filter(|entry| !is_quiet(entry) && !closed::holds(&closed, entry));
    for group in groups(shown) {
        entry(out, &group)?;
    }
    closed::text(out, &closed)?;
    quiet(out, plan)?;
    remarks(out, plan)?;
    waivers(out, plan)?;
    limits(out, plan)?;
    if summary.change + summary.finding + summary.unknown + summary.blocked > 0 {
        writeln!(out, "{BOLD}Plan:{BOLD:#} {}", sentence(&summary))?;
    }
    Ok(())
}

/// When the account was looked at, to the second.
fn time(plan: &Plan) -> String {
    let second = plan.created.replace_nanosecond(0).unwrap_or(plan.created);
    second
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

/// The counts in words.
pub fn sentence(summary: &Summary) -> String {
    let mut parts = Vec::new();
    let mut add = |number: usize, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    add(
        summary.change,
        format!("{} to make", count(summary.change, "change")),
    );
    add(
        summary.finding,
        format!("{} for a person", count(summary.finding, "finding")),
    );
    add(
        summary.unknown,
        format!("{} not seen", count(summary.unknown, "place")),
    );
    add(summary.blocked, format!("{} in the way", summary.blocked));
    add(
        summary.elsewhere,
        format!("{} managed by the organization", summary.elsewhere),
    );
    add(
        summary.not_offered,
        format!("{} not offered", summary.not_offered),
    );
    add(summary.waived, format!("{} waived", summary.waived));
    add(summary.ok, format!("{} as wanted", summary.ok));
    match summary.change + summary.finding + summary.unknown + summary.blocked {
        0 if parts.is_empty() => "No changes. The baseline looks after nothing here.".to_owned(),
        0 => format!("No changes. {}.", parts.join(", ")),
        _ => format!("{}.", parts.join(", ")),
    }
}

fn is_quiet(entry: &Entry) -> bool {
    let quiet = matches!(
        entry.verdict,
        Verdict::Ok | Verdict::Elsewhere | Verdict::NotOffered
    );
    quiet && entry.findings.is_empty()
}

/// Entries that say the same of several places are shown once.
pub(super) fn groups<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Vec<&'a Entry>> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        match groups
            .iter_mut()
            .find(|group| says_the_same(group[0], entry))
        {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

fn says_the_same(a: &Entry, b: &Entry) -> bool {
    let calls = |entry: &Entry| -> Vec<(String, Value)> {
        entry
            .calls
            .iter()
            .map(|call| (call.operation.clone(), call.input.clone()))
            .collect()
    };
    let cause = |entry: &Entry| {
        entry
            .unseen
            .as_ref()
            .map(|e| (e.action.clone(), e.code.clone()))
    };
    a.control == b.control
        && a.verdict == b.verdict
        && a.place.thing.is_none()
        && b.place.thing.is_none()
        && a.reason == b.reason
        && a.differences == b.differences
        && calls(a) == calls(b)
        && (a.findings == b.findings || in_any_region(a) == in_any_region(b))
        && a.waivers == b.waivers
        && a.notes == b.notes
        && a.moved == b.moved
        && cause(a) == cause(b)
}

fn entry(out: &mut dyn Write, group: &[&Entry]) -> io::Result<()> {
    let entry = group[0];
    let (symbol, style) = symbol(entry);
    match group {
        [only] => writeln!(
            out,
            "{style}{symbol} {}{style:#}{}",
            address(only),
            whereabouts(only)
        )?,
        _ => {
            let places: Vec<&str> = group
                .iter()
                .filter_map(|entry| entry.place.label())
                .collect();
            let places = escape(&places.join(" "));
            writeln!(
                out,
                "{style}{symbol} {}{style:#} in {} regions",
                escape(&entry.control),
                group.len()
            )?;
            writeln!(out, "    {DIM}{places}{DIM:#}")?;
        }
    }
    if let Some(reason) = &entry.reason {
        writeln!(out, "    {}", escape(reason))?;
    }
    for waived in &entry.waivers {
        let (style, word) = match waived.expired {
            true => (ALARM, "expired: "),
            false => (DIM, "waived "),
        };
        writeln!(out, "    {style}{word}{}{style:#}", waiver::terms(waived))?;
    }
    unseen(out, entry)?;
    let width = entry
        .differences
        .iter()
        .map(|d| d.field.len())
        .max()
        .unwrap_or(0)
        .min(40);
    for difference in &entry.differences {
        let is_waived = entry.waives(&difference.field);
        writeln!(out, "{}", judged_difference(difference, is_waived, width))?;
    }
    calls(out, group)?;
    findings(out, group)?;
    for note in &entry.notes {
        writeln!(out, "    {DIM}note: {}{DIM:#}", escape(note))?;
    }
    writeln!(out)
}

/// The findings about a place, with a word for its region in their place.
fn in_any_region(entry: &Entry) -> Vec<Finding> {
    let Some(region) = &entry.place.region else {
        return entry.findings.clone();
    };
    let anywhere = |text: &str| text.replace(region.as_str(), "REGION");
    let findings = entry.findings.iter().map(|own| Finding {
        field: own.field.clone(),
        what: anywhere(&own.what),
        remedy: anywhere(&own.remedy),
    });
    findings.collect()
}

/// The findings about places that are shown as one: where each is about its own region, for any.
pub(super) fn common_findings(group: &[&Entry]) -> Vec<Finding> {
    match group.iter().all(|own| own.findings == group[0].findings) {
        true => group[0].findings.clone(),
        false => in_any_region(group[0]),
    }
}

fn whereabouts(entry: &Entry) -> String {
    match (&entry.place.thing, &entry.place.region) {
        (Some(_), Some(region)) => format!(" ({})", escape(region)),
        _ => String::new(),
    }
}

/// Whether there is nothing yet. What is matched by its name is there, though a setting of it may
/// not be.
pub(super) fn is_new(entry: &Entry) -> bool {
    let control = controls::find(&entry.control);
    let is_there = control.is_some_and(|own| own.about.scope == Scope::Matches);
    let had_nothing = entry.differences.iter().all(|own| own.before.is_null());
    !is_there && had_nothing && begins_to_exist(entry)
}

/// Whether what differs is a thing as a whole, and not a part that one which exists lacks: a key of a
/// trail, an alert of a budget.
fn begins_to_exist(entry: &Entry) -> bool {
    let fields = entry.differences.iter().map(|own| own.field.as_str());
    let parts: BTreeSet<&str> = fields
        .map(|own| own.split('.').next().unwrap_or(own))
        .collect();
    let is_whole = entry.differences.iter().any(|own| !own.field.contains('.'));
    let creates = |call: &Call| call.operation.starts_with("Create");
    parts.len() > 1 || (is_whole && entry.calls.first().is_some_and(creates))
}

fn symbol(entry: &Entry) -> (&'static str, Style) {
    match entry.verdict {
        Verdict::Change if is_new(entry) => ("+", ADD),
        Verdict::Change if entry.differences.iter().all(|d| d.after.is_null()) => ("-", REMOVE),
        Verdict::Change => ("~", CHANGE),
        Verdict::Unknown => ("?", ALARM),
        Verdict::Blocked => ("x", ALARM),
        Verdict::Waived => ("=", DIM),
        _ => ("!", ALARM),
    }
}

fn unseen(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    let Some(error) = &entry.unseen else {
        return Ok(());
    };
    writeln!(out, "    not seen: {}", escape(&error.to_string()))?;
    match advice(error) {
        Some(advice) => writeln!(out, "    hint: {}", escape(&advice)),
        None => Ok(()),
    }
}

/// One field: before and after.
pub fn one_difference(difference: &Difference, width: usize) -> String {
    judged_difference(difference, false, width)
}

fn judged_difference(difference: &Difference, is_waived: bool, width: usize) -> String {
    let field = escape(&difference.field);
    let (style, word) = match is_waived {
        true => (DIM, "  (waived)"),
        false if difference.loosens => (ALARM, "  (loosens)"),
        false => (Style::new(), ""),
    };
    let before = one_line(&difference.before);
    let after = block(&difference.after, 6);
    match difference.before.is_null() {
        true => format!("    {style}{field:<width$}  = {after}{word}{style:#}"),
        false => format!("    {style}{field:<width$}  {before} -> {after}{word}{style:#}"),
    }
}

fn calls(out: &mut dyn Write, group: &[&Entry]) -> io::Result<()> {
    let entry = group[0];
    if let Some(with) = &entry.with {
        writeln!(
            out,
            "    {DIM}done by the calls of {}{DIM:#}",
            escape(&with.to_string())
        )?;
    }
    for (number, call) in entry.calls.iter().enumerate() {
        let place = match group.len() {
            1 => format!(" in {}", escape(&call.region)),
            regions => format!(" in each of {regions} regions"),
        };
        let input = block(call.shown.as_deref().unwrap_or(&call.input), 6);
        writeln!(
            out,
            "    {}. {}:{}{place}",
            number + 1,
            escape(&call.service),
            escape(&call.operation)
        )?;
        writeln!(out, "      {DIM}{input}{DIM:#}")?;
    }
    match entry.after.is_empty() || entry.with.is_some() {
        true => Ok(()),
        false => {
            let names: Vec<String> = entry
                .after
                .iter()
                .map(|address| escape(&address.to_string()))
                .collect();
            writeln!(out, "    {DIM}after {}{DIM:#}", names.join(", "))
        }
    }
}

fn findings(out: &mut dyn Write, group: &[&Entry]) -> io::Result<()> {
    for finding in &common_findings(group) {
        let (style, word) = match group[0].waives(&finding.field) {
            true => (DIM, "  (waived)"),
            false => (ALARM, ""),
        };
        let (field, what) = (escape(&finding.field), escape(&finding.what));
        writeln!(out, "    {style}!{style:#} {field}: {what}{word}")?;
        writeln!(out, "      do: {}", escape(&finding.remedy))?;
    }
    Ok(())
}

/// What the changes risk: last before the summary, each once, so that nobody has to search for it.
fn remarks(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut said: Vec<(Risk, &str, String)> = Vec::new();
    for entry in plan.changes() {
        for remark in &entry.remarks {
            // What protects less differs from place to place, the rest is the control's.
            let who = match remark.risk {
                Risk::Loosens => address(entry),
                Risk::Breaks | Risk::Costs => escape(&entry.control),
            };
            let new = (remark.risk, remark.text.as_str(), who);
            if !said.contains(&new) {
                said.push(new);
            }
        }
    }
    for risk in [Risk::Loosens, Risk::Breaks, Risk::Costs] {
        let (style, word) = match risk {
            Risk::Loosens => (ALARM, "loosens"),
            Risk::Breaks => (CHANGE, "may break"),
            Risk::Costs => (DIM, "costs"),
        };
        for (_, text, who) in said.iter().filter(|(own, ..)| *own == risk) {
            writeln!(out, "{style}{word}: {who}: {}{style:#}", escape(text))?;
        }
    }
    if said.is_empty() {
        Ok(())
    } else {
        writeln!(out)
    }
}

/// What the owners of waivers should know, and what in the baseline chooses nothing.
fn waivers(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let remarks = waiver::remarks(plan);
    for remark in &remarks {
        writeln!(out, "{CHANGE}waiver: {remark}{CHANGE:#}")?;
    }
    for idle in &plan.idle {
        writeln!(out, "{CHANGE}matches nothing: {}{CHANGE:#}", escape(idle))?;
    }
    if remarks.is_empty() && plan.idle.is_empty() {
        Ok(())
    } else {
        writeln!(out)
    }
}

/// Why apply will not make these changes.
fn limits(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for excess in &plan.exceeds {
        let text = escape(&excess.text);
        writeln!(out, "{ALARM}apply will refuse: {text}{ALARM:#}")?;
    }
    if plan.exceeds.is_empty() {
        Ok(())
    } else {
        writeln!(out)
    }
}

/// The places where there is nothing to do, in a few lines.
fn quiet(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut any = false;
    for verdict in [Verdict::Ok, Verdict::Elsewhere, Verdict::NotOffered] {
        let entries = plan
            .entries
            .iter()
            .filter(|e| e.verdict == verdict && is_quiet(e));
        for group in by_control(entries) {
            any = true;
            quiet_line(out, verdict, &group)?;
        }
    }
    if any { writeln!(out) } else { Ok(()) }
}

fn by_control<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Vec<&'a Entry>> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        let same = |group: &&mut Vec<&Entry>| {
            let first = group[0];
            first.control == entry.control
                && first.reason == entry.reason
                && first.notes == entry.notes
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

fn quiet_line(out: &mut dyn Write, verdict: Verdict, group: &[&Entry]) -> io::Result<()> {
    let entry = group[0];
    let what = match group {
        [only] => address(only),
        _ => format!("{} in {} places", escape(&entry.control), group.len()),
    };
    let judgement = match verdict {
        Verdict::Elsewhere => "managed by",
        Verdict::NotOffered => "not offered:",
        _ => "as wanted",
    };
    let reason = match (&entry.reason, &entry.unseen) {
        (Some(reason), _) => format!(" {}", escape(reason)),
        (None, Some(error)) => format!(" {} has no endpoint there", escape(&error.service)),
        (None, None) => String::new(),
    };
    writeln!(out, "{DIM}  {what}: {judgement}{reason}{DIM:#}")?;
    for note in &entry.notes {
        writeln!(out, "{DIM}    note: {}{DIM:#}", escape(note))?;
    }
    Ok(())
}

//! What is told about controls: a list, a page for each, and the table of the README.

use super::{BOLD, DIM};
use crate::aws::is_read;
use crate::control::{About, Kind, Scope, Standard};
use crate::text::escape;
use std::io::{self, Write};

/// One line for each control.
///
/// # Errors
/// When the writer does not take it.
pub fn list(out: &mut dyn Write, kinds: &[Kind]) -> io::Result<()> {
    let width = kinds
        .iter()
        .map(|kind| kind.about.name.len())
        .max()
        .unwrap_or(0);
    for kind in kinds {
        writeln!(
            out,
            "{BOLD}{:<width$}{BOLD:#}  {}",
            kind.about.name, kind.about.title
        )?;
    }
    writeln!(out, "\n{DIM}`baseline explain CONTROL` tells more.{DIM:#}")
}

/// Everything about one control.
///
/// # Errors
/// When the writer does not take it.
pub fn page(out: &mut dyn Write, about: &About) -> io::Result<()> {
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {}\n\n{}\n",
        about.name, about.title, about.why
    )?;
    writeln!(out, "{BOLD}Looks at{BOLD:#}  {}", scope(about.scope))?;
    writeln!(out, "{BOLD}Costs{BOLD:#}     {}\n", about.cost.text())?;
    writeln!(
        out,
        "{BOLD}Settings{BOLD:#} (with their defaults when the table is there)"
    )?;
    let width = about
        .settings
        .iter()
        .map(|setting| setting.name.len())
        .max()
        .unwrap_or(0);
    for setting in about.settings {
        writeln!(out, "  {:<width$} = {}", setting.name, setting.default)?;
        writeln!(out, "  {:<width$}   {DIM}{}{DIM:#}", "", setting.doc)?;
    }
    writeln!(out, "\n{BOLD}Satisfies{BOLD:#}")?;
    for reference in about.satisfies {
        let standard = reference.standard.title();
        writeln!(
            out,
            "  {standard:<24} {:<14} {}",
            reference.id, reference.label
        )?;
    }
    for (title, reads) in [("Reads", true), ("Writes", false)] {
        let mut operations = about
            .operations
            .iter()
            .filter(|o| is_read(o.name) == reads)
            .peekable();
        if operations.peek().is_none() {
            continue;
        }
        writeln!(out, "\n{BOLD}{title}{BOLD:#} (API operation: IAM actions)")?;
        // What is asked of several things is listed for each of them, and shown once.
        let lines = each_once(operations.map(|operation| {
            let actions = each_once(operation.grants.iter().map(|grant| grant.action));
            format!(
                "  {}:{}: {}",
                operation.service,
                operation.name,
                actions.join(", ")
            )
        }));
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Items in their order, without those that came before.
fn each_once<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut once, item| {
        if !once.contains(&item) {
            once.push(item);
        }
        once
    })
}

/// A setting of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The key.
    pub setting: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// The entry that it comes from, counted from 1.
    pub entry: usize,
    /// What that entry matches.
    pub matches: String,
}

/// What the baseline at a path asks of a thing, and where it says so.
///
/// # Errors
/// When the writer does not take it.
pub fn thing(
    out: &mut dyn Write,
    control: &str,
    thing: &str,
    path: &str,
    asked: &[Asked],
) -> io::Result<()> {
    let (thing, path) = (escape(thing), escape(path));
    if asked.is_empty() {
        return writeln!(out, "{path} asks nothing of {control}@{thing}");
    }
    writeln!(
        out,
        "{BOLD}{control}@{thing}{BOLD:#}: what {path} asks of it"
    )?;
    let width = asked.iter().map(|own| own.setting.len()).max().unwrap_or(0);
    for own in asked {
        writeln!(out, "  {:<width$} = {}", own.setting, escape(&own.value))?;
        writeln!(
            out,
            "  {:<width$}   {DIM}entry {} of [[{control}]], match = {}{DIM:#}",
            "",
            own.entry,
            escape(&own.matches)
        )?;
    }
    Ok(())
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Account => "one place in the account",
        Scope::Regions => "every region of [account] regions",
        Scope::Things => "each thing that the baseline names",
        Scope::Matches => "each thing that the baseline matches",
    }
}

/// The table of controls in the README.
///
/// # Errors
/// When the writer does not take it.
pub fn markdown(out: &mut dyn Write, kinds: &[Kind]) -> io::Result<()> {
    writeln!(
        out,
        "| control | looks after | CIS 3.0 | CIS 7.0 | FSBP | costs |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for Kind { about, .. } in kinds {
        let ids = |standard: Standard| {
            let of = about
                .satisfies
                .iter()
                .filter(|reference| reference.standard == standard);
            of.map(|reference| reference.id)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (cis3, cis7) = (ids(Standard::Cis3), ids(Standard::Cis7));
        let (fsbp, cost) = (ids(Standard::Fsbp), about.cost.text());
        writeln!(
            out,
            "| `{}` | {} | {cis3} | {cis7} | {fsbp} | {cost} |",
            about.name, about.title
        )?;
    }
    Ok(())
}

//! `explain`: the list of controls, a page for each, and the table of the README.

use super::{BOLD, DIM, wrap};
use crate::aws::is_read;
use crate::control::{About, Kind, Scope, Standard};
use crate::settings::{Otherwise, Setting, joined};
use crate::text::escape;
use std::io::{self, Write};

/// Where the text behind a heading begins.
const COLUMN: usize = 10;

/// One line for each control.
///
/// # Errors
/// When the writer does not take it.
pub fn list(out: &mut dyn Write, kinds: &[Kind]) -> io::Result<()> {
    let width = kinds.iter().map(|kind| kind.about.name.len()).max().unwrap_or(0);
    for kind in kinds {
        writeln!(out, "{BOLD}{:<width$}{BOLD:#}  {}", kind.about.name, kind.about.title)?;
    }
    writeln!(out, "\n{DIM}`baseline explain CONTROL` explains one of them.{DIM:#}")
}

/// Everything about one control.
///
/// # Errors
/// When the writer does not take it.
pub fn page(out: &mut dyn Write, about: &About, width: Option<usize>) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}: {}\n", about.name, about.title)?;
    for line in wrap(about.why, width, 0, 0) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    writeln!(out, "{BOLD}Scope{BOLD:#}     {}", scope(about.places.scope))?;
    let costs = wrap(about.cost.text(), width, COLUMN, COLUMN).join("\n");
    writeln!(out, "{BOLD}Costs{BOLD:#}     {}\n", costs.trim_start())?;
    writeln!(out, "{BOLD}Settings{BOLD:#} (with their defaults)")?;
    settings(out, about.settings, "", width)?;
    writeln!(out, "\n{BOLD}Satisfies{BOLD:#}")?;
    for reference in about.satisfies {
        let standard = reference.standard.title();
        writeln!(out, "  {standard:<24} {:<14} {}", reference.id, reference.label)?;
    }
    for (title, reads) in [("Reads", true), ("Writes", false)] {
        let mut operations =
            about.operations.iter().filter(|o| is_read(o.name) == reads).peekable();
        if operations.peek().is_none() {
            continue;
        }
        writeln!(out, "\n{BOLD}{title}{BOLD:#} (API operation: IAM actions)")?;
        // An operation that is declared for several things is shown once.
        let lines = each_once(operations.map(|operation| {
            let actions = each_once(operation.grants.iter().map(|grant| grant.action));
            format!("  {}:{}: {}", operation.service, operation.name, actions.join(", "))
        }));
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Keys with their defaults and what they mean; those of their tables with them, as keys.
fn settings(
    out: &mut dyn Write,
    keys: &[Setting],
    above: &str,
    width: Option<usize>,
) -> io::Result<()> {
    for key in keys {
        let path = joined(above, key.name);
        for line in wrap(&format!("{path}{}", default(key)), width, 2, 6) {
            writeln!(out, "{line}")?;
        }
        for line in wrap(&key.doc(), width, 6, 6) {
            writeln!(out, "{DIM}{line}{DIM:#}")?;
        }
        for name in key.names {
            writeln!(out, "  {path}.{name}")?;
        }
        settings(out, key.keys, &path, width)?;
    }
    Ok(())
}

/// What holds without the key.
fn default(key: &Setting) -> String {
    match (key.otherwise, key.created) {
        (Otherwise::Required, _) => " (required)".to_owned(),
        (Otherwise::Nothing, _) => String::new(),
        (Otherwise::Is(value), None) => format!(" = {value}"),
        (Otherwise::Is(value), Some(created)) => {
            format!(" = {value}, and for what baseline created: {created}")
        }
    }
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
        return writeln!(out, "{path} sets nothing for {control}@{thing}");
    }
    writeln!(out, "{BOLD}{control}@{thing}{BOLD:#}: what {path} sets for it")?;
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
    writeln!(out, "| control | what it does | CIS 3.0 | CIS 7.0 | FSBP | costs |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for Kind { about, .. } in kinds {
        let ids = |standard: Standard| {
            let of = about.satisfies.iter().filter(|reference| reference.standard == standard);
            of.map(|reference| reference.id).collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls;

    #[test]
    fn what_is_said_of_settings_fits_a_narrow_terminal_and_nested_keys_are_keys() {
        for kind in controls::ALL {
            let mut out = Vec::new();
            page(&mut out, kind.about, Some(60)).expect("a vector takes all");
            let text = anstream::adapter::strip_bytes(&out).into_vec();
            let text = String::from_utf8(text).expect("it is text");
            let (prose, _) = text.split_once("\nSatisfies").expect("a heading");
            let wide = |line: &&str| line.chars().count() > 60 && line.trim().contains(' ');
            let wide: Vec<&str> = prose.lines().skip(1).filter(wide).collect();
            assert!(wide.is_empty(), "{wide:#?}");
        }
        let about = controls::find("budgets").expect("a control").about;
        let mut out = Vec::new();
        page(&mut out, about, None).expect("a vector takes all");
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("  alerts.at (required)"), "{text}");
    }
}

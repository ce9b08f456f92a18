//! Every table and key of a baseline on one page, as Markdown: `docs/reference.md`.

use crate::baseline::reference::TableOf;
use crate::settings::{Otherwise, Setting, joined};
use serde_json::Value;
use std::io::{self, Write};

const HEAD: &str = "\
# Reference

Every table of a baseline, with its keys. Made from the code: do not edit this page, change the
`settings!` rows and run the tests with `BLESS=1`. `baseline explain NAME` shows the same on a
terminal.

- A key that is left out has its default, whatever other keys are there.
- `\"unmanaged\"` leaves a key of a control to the account. `[[buckets]]` has no such word: an entry
  manages only the keys it names.
- A key with a stricter side is a floor or a ceiling where it also takes `{ exactly = … }`: what is
  stricter in the account stays, unless the value is asked for exactly.
";

/// The page.
///
/// # Errors
/// When the writer does not take it.
pub fn reference(out: &mut dyn Write, tables: impl Iterator<Item = TableOf>) -> io::Result<()> {
    write!(out, "{HEAD}")?;
    for table in tables {
        let (name, title) = (table.name, table.title);
        match table.many {
            true => writeln!(out, "\n## `[[{name}]]`\n\n{}.", capitalized(title))?,
            false => writeln!(out, "\n## `[{name}]`\n\n{}.", capitalized(title))?,
        }
        keys(out, table.keys, "")?;
    }
    Ok(())
}

/// The JSON Schema of baselines.
///
/// # Errors
/// When the writer does not take it.
pub fn schema(out: &mut dyn Write, schema: &Value) -> io::Result<()> {
    writeln!(out, "{schema:#}")
}

/// A string with a capital letter at its start.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Keys, those of their tables behind them.
fn keys(out: &mut dyn Write, list: &[Setting], above: &str) -> io::Result<()> {
    for key in list {
        let path = joined(above, key.name);
        writeln!(out, "\n### `{path}`\n\n{}\n", key.doc())?;
        for (name, text) in facts(key) {
            writeln!(out, "- {name}: {text}")?;
        }
        keys(out, key.keys, &path)?;
    }
    Ok(())
}

/// What is known of a key besides its meaning.
fn facts(key: &Setting) -> Vec<(&'static str, String)> {
    let code = |text: &str| format!("`{text}`");
    let listed = |items: Vec<String>| items.join(", ");
    let mut facts = vec![match key.otherwise {
        Otherwise::Required => ("Default", "none, it is required".to_owned()),
        Otherwise::Nothing => ("Default", "none".to_owned()),
        Otherwise::Is(default) => ("Default", code(default)),
    }];
    let created = key.created.map(code);
    facts.extend(created.map(|text| ("Of what baseline created", text)));
    facts.extend(key.range.as_ref().map(|_| ("Takes", key.takes())));
    let names = key.names.iter().map(|name| code(name)).collect::<Vec<_>>();
    facts.extend((!names.is_empty()).then(|| ("Names", listed(names))));
    facts.extend(key.stricter.word().map(|word| ("Stricter", word.to_owned())));
    facts.extend(key.breaks.map(|text| ("May break", text.to_owned())));
    facts.extend(key.costs.then(|| ("Costs", "AWS charges for it".to_owned())));
    let ways = key.ways().iter().map(|way| code(way)).collect();
    facts.push(("Written as", listed(ways)));
    facts
}

//! Laws over the keys of all tables: one default for each, and a word that leaves each alone.

use super::ALL;
use crate::control::tests::configured;
use crate::control::{Kind, Scope};
use crate::managed::UNMANAGED;
use crate::settings::{Otherwise, Setting};
use std::collections::BTreeMap;

/// What a thing is known by cannot be left alone.
const KNOWN_BY: [(&str, &str); 9] = [
    ("alerts", "topic"),
    ("budgets", "name"),
    ("keys", "alias"),
    ("log_bucket", "name"),
    ("trail_alarms", "group"),
    ("trail_alarms", "role"),
    ("trail_queries", "database"),
    ("trail_queries", "table"),
    ("trail_queries", "workgroup"),
];

/// The controls that ask for what a table leaves out: the entries of `[[buckets]]` ask only for
/// what they name.
fn with_defaults() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().filter(|kind| kind.about.places.scope != Scope::Matches)
}

/// What a table with these lines asks for, by the fields of its settings.
fn asked(kind: &Kind, lines: &[String]) -> Result<BTreeMap<String, String>, String> {
    let required = kind.about.settings.iter().filter(|own| own.otherwise == Otherwise::Required);
    let required =
        required.filter_map(|own| Some(format!("{} = {}", own.name, own.ways().first()?)));
    let given = |line: &str| {
        let key = line.split(' ').next();
        lines.iter().any(|own| own.split(' ').next() == key)
    };
    let required = required.filter(|line| !given(line));
    let lines: Vec<String> = required.chain(lines.iter().cloned()).collect();
    let control = configured(*kind, &lines.join("\n"))?;
    Ok(fields(&format!("{control:#?}")))
}

/// The fields of the first struct that something shows in its debug output, each with its value.
fn fields(debug: &str) -> BTreeMap<String, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_field =
        |line: &str| line.contains(": ") && line.trim_start().starts_with(char::is_lowercase);
    let first = debug.lines().skip(1).find(|line| is_field(line)).map_or(0, depth);
    for line in debug.lines().skip(1) {
        match line.trim_start().split_once(": ") {
            Some((field, value)) if depth(line) == first && is_field(line) => {
                found.push((field.to_owned(), value.to_owned()));
            }
            _ => {
                if let Some((_, value)) = found.last_mut() {
                    value.push_str(line);
                }
            }
        }
    }
    found.into_iter().collect()
}

/// The field that holds a key whose name is a word of Rust's.
fn field(setting: &Setting) -> &str {
    match setting.name {
        "for" => "uses",
        "type" => "zone",
        name => name,
    }
}

#[test]
fn the_default_that_explain_prints_is_the_one_that_holds() {
    for kind in with_defaults() {
        let empty = asked(kind, &[]).expect("it is valid");
        // What baseline created stays as it was made, unless the table itself says "unmanaged".
        let settings = kind.about.settings.iter();
        for setting in settings.filter(|own| own.created.is_none()) {
            let Otherwise::Is(default) = setting.otherwise else {
                continue;
            };
            let line = format!("{} = {default}", setting.name);
            let said = asked(kind, std::slice::from_ref(&line));
            assert_eq!(said.as_ref(), Ok(&empty), "{}: {line}", kind.about.name);
        }
    }
}

#[test]
fn naming_a_key_changes_nothing_of_what_the_others_ask_for() {
    for kind in with_defaults() {
        let name = kind.about.name;
        let empty = asked(kind, &[]).expect("it is valid");
        for setting in kind.about.settings {
            if KNOWN_BY.contains(&(name, setting.name)) {
                continue;
            }
            let line = format!("{} = \"{UNMANAGED}\"", setting.name);
            let mut said = asked(kind, &[line]).unwrap_or_else(|wrong| panic!("{wrong}"));
            let own = said.insert(field(setting).to_owned(), empty[field(setting)].clone());
            assert_eq!(said, empty, "{name}.{}", setting.name);
            let own = own.unwrap_or_default().replace(' ', "");
            assert!(own.contains("None"), "{name}.{} = {own}", setting.name);
        }
    }
}

#[test]
fn what_a_thing_is_known_by_cannot_be_left_alone() {
    for (control, key) in KNOWN_BY {
        let kind = super::find(control).expect("it exists");
        let line = format!("{key} = \"{UNMANAGED}\"");
        assert!(asked(kind, &[line]).is_err_and(|wrong| wrong.contains("known by its name")));
    }
}

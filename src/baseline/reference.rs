//! Every table of a baseline with its keys: those of the controls, and those beside them.

use super::account::Account;
use super::limits::Limits;
use super::shared::Shared;
use super::waivers;
use crate::controls;
use crate::settings::{Setting, Takes, schema};
use serde_json::{Value, json};

/// A table of a baseline.
#[derive(Clone, Copy, Debug)]
pub struct TableOf {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub title: &'static str,
    /// Whether there may be several: `[[name]]`.
    pub many: bool,
    /// Its keys.
    pub keys: &'static [Setting],
}

/// The tables that do not belong to a control.
pub const OTHERS: [TableOf; 5] = [
    TableOf {
        name: "account",
        title: "which account, where, and how what is created there is tagged",
        many: false,
        keys: Account::KEYS,
    },
    TableOf {
        name: "limits",
        title: "what an apply of this baseline must never do",
        many: false,
        keys: Limits::KEYS,
    },
    TableOf {
        name: "lock",
        title: "where the lock between machines is",
        many: false,
        keys: Shared::KEYS,
    },
    TableOf {
        name: "journal",
        title: "where journals are copied to",
        many: false,
        keys: Shared::KEYS,
    },
    TableOf {
        name: "waivers",
        title: "what may differ for a while, why, who answers for it, and until when",
        many: true,
        keys: waivers::KEYS,
    },
];

/// Every table: those that do not belong to a control, then the controls in the order of plans.
pub fn all() -> impl Iterator<Item = TableOf> {
    let controls = controls::ALL.iter().map(|kind| TableOf {
        name: kind.about.name,
        title: kind.about.title,
        many: kind.about.places.scope.has_many_tables(),
        keys: kind.about.settings,
    });
    OTHERS.into_iter().chain(controls)
}

/// What a baseline may say, as JSON Schema: editors complete and check files by it.
pub fn schema() -> Value {
    let tables = all().map(|table| {
        let one = schema::table(table.keys);
        let shape = match table.many {
            true => json!({ "type": "array", "items": one }),
            false => one,
        };
        let title = json!({ "description": table.title });
        (table.name.to_owned(), schema::merged(title, shape))
    });
    let format = json!({ "const": super::FORMAT, "description": "The format of the file." });
    let format = std::iter::once(("baseline".to_owned(), format));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A baseline of an AWS account",
        "type": "object",
        "properties": Value::Object(format.chain(tables).collect()),
        "required": ["baseline"],
        "additionalProperties": false,
    })
}

/// How the setting at a path below a table is written, or the nearest one around it; numbers of list
/// items count for nothing. Gives its name and the ways.
pub fn example(table: &str, path: &str) -> Option<(&'static str, Vec<String>)> {
    let mut keys = all().find(|own| own.name == table)?.keys;
    let mut found = None;
    for part in path.split('.').filter(|part| part.parse::<usize>().is_err()) {
        let Some(key) = keys.iter().find(|key| key.name == part) else {
            break;
        };
        let ways = key.ways();
        if !ways.is_empty() {
            found = Some((key.name, ways));
        }
        keys = key.keys;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use std::path::Path;

    /// What the other settings of a table need besides.
    fn around(table: &str, name: &str) -> String {
        let needed: &[(&str, &str, &str)] = &[
            ("budgets", "name", "\"m\""),
            ("budgets", "limit", "\"1 USD\""),
            ("buckets", "match", "[\"*\"]"),
            ("buckets", "private", "true"),
            ("keys", "alias", "\"alias/logs\""),
            ("keys", "for", "[\"logs\"]"),
            ("lock", "bucket", "\"locks\""),
            ("journal", "bucket", "\"journals\""),
            ("waivers", "control", "\"buckets\""),
            ("waivers", "reason", "\"x\""),
            ("waivers", "owner", "\"x\""),
            ("waivers", "expires", "\"2027-05-31\""),
        ];
        let needed = needed.iter().filter(|own| own.0 == table && own.1 != name);
        needed.map(|own| format!("{} = {}\n", own.1, own.2)).collect()
    }

    /// The keys of a table with those of its own tables.
    fn with_nested(keys: &'static [Setting]) -> Vec<&'static Setting> {
        let each = keys.iter();
        each.flat_map(|key| std::iter::once(key).chain(with_nested(key.keys))).collect()
    }

    #[test]
    fn every_setting_has_an_example_and_a_meaning() {
        let mut bare = Vec::new();
        for table in all() {
            for key in with_nested(table.keys) {
                if key.ways().is_empty() || !key.doc().ends_with('.') {
                    bare.push(format!("{}.{}", table.name, key.name));
                }
            }
        }
        assert!(bare.is_empty(), "{}", bare.join(", "));
    }

    #[test]
    fn every_example_can_be_written() {
        let mut refused = Vec::new();
        for table in all() {
            for key in table.keys {
                for way in key.ways() {
                    let header = match table.many {
                        true => format!("[[{}]]", table.name),
                        false => format!("[{}]", table.name),
                    };
                    let buckets = match table.name {
                        "waivers" => "[[buckets]]\nmatch = [\"*\"]\nversioning = true\n",
                        _ => "",
                    };
                    let rest = match key.name {
                        "object_lock" => "versioning = true\n",
                        "hard_expiry" => "max_age_days = 90\n",
                        _ => "",
                    };
                    let text = format!(
                        "baseline = 1\n{buckets}{header}\n{}{rest}{} = {way}\n",
                        around(table.name, key.name),
                        key.name
                    );
                    let read = Baseline::from_bytes(Path::new("x.toml"), text.as_bytes());
                    refused.extend(read.err().map(|error| format!("{text}\n{error}")));
                }
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    }

    #[test]
    fn a_nested_setting_is_written_as_its_own_row_says() {
        let example = |path| example("budgets", path).map(|(name, _)| name);
        assert_eq!(example("alerts.0.at"), Some("at"));
        assert_eq!(example("filters.Service"), Some("filters"));
        assert_eq!(example("no_such_setting"), None);
    }
}

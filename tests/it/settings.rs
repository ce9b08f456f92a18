//! What is said of settings outside of the binary: the reference page, and the JSON Schema.

use crate::account::Account;
use crate::emulator::{python, root};
use baseline::baseline::reference;
use baseline::settings::Setting;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Compares a page of the documentation with what a command prints.
fn is_current(page: &str, arguments: &[&str]) {
    let path = root().join(page);
    let printed = Account::new().run(arguments).exits(0).stdout;
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(path, printed).expect("written");
    } else {
        let text = std::fs::read_to_string(path).expect("the page");
        assert!(text == printed, "{page} is not current: BLESS=1 writes it");
    }
}

#[test]
fn the_reference_page_is_current() {
    is_current("docs/reference.md", &["explain", "--reference"]);
}

#[test]
fn the_json_schema_is_current() {
    is_current("docs/baseline.schema.json", &["schema"]);
}

/// Whether each TOML text is taken by its JSON Schema, as another program judges it: what it says
/// against those that are not.
fn judged(cases: &[(Value, String)]) -> Vec<Option<String>> {
    let cases = cases.iter().map(|(schema, text)| json!([schema, text]));
    let cases = Value::Array(cases.collect()).to_string();
    let mut judge = Command::new(python())
        .arg(root().join("tests/judges/json_schema.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the judge starts");
    let mut input = judge.stdin.take().expect("its input");
    let writing = std::thread::spawn(move || input.write_all(cases.as_bytes()));
    let output = judge.wait_with_output().expect("the judge ends");
    writing.join().expect("it is written").expect("it is read");
    serde_json::from_slice(&output.stdout).expect("the judge answers")
}

#[test]
fn the_schema_takes_every_baseline_that_ships_or_is_tested() {
    let scenarios = std::fs::read_dir(root().join("tests/scenarios")).expect("the scenarios");
    let scenarios = scenarios.map(|entry| entry.expect("an entry").path().join("baseline.toml"));
    let shipped = ["minimal", "startup"].map(|name| root().join(format!("baselines/{name}.toml")));
    let paths: Vec<_> = scenarios.chain(shipped).filter(|path| path.exists()).collect();
    let text = |path| std::fs::read_to_string(path).expect("a baseline");
    let cases: Vec<_> = paths.iter().map(|path| (reference::schema(), text(path))).collect();
    for (path, wrong) in paths.iter().zip(judged(&cases)) {
        assert_eq!(wrong, None, "{}", path.display());
    }
}

#[test]
fn the_schema_takes_every_example_of_every_key() {
    fn each(table: &str, keys: &[Setting], cases: &mut Vec<(String, (Value, String))>) {
        for key in keys {
            let name = format!("{table}.{}", key.name);
            for way in key.ways() {
                let schema = json!({ "properties": { "key": key.schema() } });
                cases.push((format!("{name} = {way}"), (schema, format!("key = {way}"))));
            }
            each(&name, key.keys, cases);
        }
    }
    let mut cases = Vec::new();
    reference::all().for_each(|table| each(table.name, table.keys, &mut cases));
    let (names, cases): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    for (name, wrong) in names.iter().zip(judged(&cases)) {
        assert_eq!(wrong, None, "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_program_refuses() {
    let wrong = [
        "[password_policy]\nminimum_length = 6",
        "baseline = 2",
        "baseline = 1\n[pasword_policy]",
        "baseline = 1\n[password_policy]\nminimum_length = 5",
        "baseline = 1\n[password_policy]\nminimum_length = { exactly = 129 }",
        "baseline = 1\n[password_policy]\nminimum_length = \"managed\"",
        "baseline = 1\n[password_policy]\nminimum = 14",
        "baseline = 1\n[[password_policy]]",
        "baseline = 1\n[guardduty]\nfeatures = { S3 = true }",
        "baseline = 1\n[config]\nrecord = { include = [], exclude = [] }",
        "baseline = 1\n[config]\nfrequency = \"hourly\"",
        "baseline = 1\n[[budgets]]\nname = \"x\"",
        "baseline = 1\n[[budgets]]\nname = \"x\"\nlimit = 100",
        "baseline = 1\n[[buckets]]\nmatch = [\"*\"]\nobject_lock = { mode = \"governance\", days = 0 }",
        "baseline = 1\n[[waivers]]\ncontrol = \"config\"",
    ];
    let account = Account::new();
    let cases = wrong.map(|text| (reference::schema(), text.to_owned()));
    for (text, found) in wrong.iter().zip(judged(&cases)) {
        account.baseline(text);
        let _ = account.run(&["validate"]).exits(1);
        assert!(found.is_some(), "{text}");
    }
}

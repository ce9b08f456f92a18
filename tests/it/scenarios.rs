//! Scenarios are data: each folder of tests/scenarios holds a baseline and a snapshot, and what
//! `plan` says of them as text and as JSON. `BLESS=1` writes what it says now.

use crate::emulator::root;
use baseline::formats;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn every_scenario_is_planned_as_its_golden_files_say() {
    let root = root().join("tests/scenarios");
    let (mut wrong, mut shown) = (Vec::new(), BTreeSet::new());
    for folder in folders(&root) {
        for format in formats::ALL {
            let golden = folder.join(golden(format.name));
            // Text and JSON are shown in every scenario; others where they have a golden.
            let is_common = ["text", "json"].contains(&format.name);
            if !is_common && !golden.exists() {
                continue;
            }
            shown.insert(format.name);
            let said = plan(&folder, &["--format", format.name]);
            if !matches_golden(&golden, &said) {
                wrong.push(format!("{}\n{said}", golden.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts:\n{}", wrong.join("\n"));
    let missing = formats::ALL.iter().filter(|own| !shown.contains(own.name));
    let missing: Vec<&str> = missing.map(|own| own.name).collect();
    assert!(missing.is_empty(), "no scenario has a golden plan of {missing:?}");
}

/// `plan.txt`, `plan.json`
fn golden(format: &str) -> String {
    match format {
        "text" => "plan.txt".to_owned(),
        name => format!("plan.{name}"),
    }
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the scenarios");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "there are no scenarios");
    folders
}

#[test]
fn prose_wraps_by_words_at_any_width_and_nothing_of_it_is_lost() {
    for folder in folders(&root().join("tests/scenarios")) {
        let whole = plan_at(&folder, &[], None);
        // Values are put on other lines, so it is their characters that are compared.
        let essence = |text: &str| text.split_whitespace().collect::<String>();
        for width in [60, 80, 120] {
            let text = plan_at(&folder, &[], Some(width));
            let has_long_word = |line: &&str| {
                let mut words = line.split(' ');
                words.any(|word| word.chars().count() + 24 > width)
            };
            let is_json = |line: &&str| line.trim_start().starts_with(['"', '{', '[']);
            let lines = text.lines().filter(|line| !has_long_word(line) && !is_json(line));
            let wide: Vec<&str> = lines.filter(|line| line.chars().count() > width).collect();
            assert!(wide.is_empty(), "{} at {width}: {wide:#?}", folder.display());
            assert_eq!(essence(&text), essence(&whole), "{}", folder.display());
        }
    }
}

/// What `plan` says without a network, and its exit code.
fn plan(folder: &Path, arguments: &[&str]) -> String {
    plan_at(folder, arguments, None)
}

/// The same on a terminal of so many columns.
fn plan_at(folder: &Path, arguments: &[&str], columns: Option<usize>) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_baseline"))
        .args(["plan", "--from", "live.json", "--detailed-exitcode"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(columns.map(|columns| ("COLUMNS", columns.to_string())))
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = String::from_utf8_lossy(&output.stderr);
    match arguments.contains(&"text") || arguments.is_empty() {
        false => format!("{text}{messages}"),
        true => format!("{text}{messages}exit code {}\n", output.status.code().unwrap_or(-1)),
    }
}

fn matches_golden(golden: &Path, said: &str) -> bool {
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(golden, said).expect("written");
    }
    std::fs::read_to_string(golden).is_ok_and(|wanted| wanted == said)
}

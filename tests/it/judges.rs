//! Policies that are printed or written, judged by programs of others: parliament and
//! iam-policy-validator of PyPI. The long tests install and run them.

use crate::emulator::root;
use crate::trust::long;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

#[test]
fn no_policy_that_is_printed_or_written_has_an_error() {
    if !long() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let printed = print_permissions(folder.path());
    let written = write_statements(folder.path());
    assert!(printed > 20 && written > 10, "{printed} printed, {written} written");
    let judges = root().join("tests/judges");
    let output = Command::new(judges.join(".venv/bin/python"))
        .arg(judges.join("validate.py"))
        .arg(folder.path())
        .output()
        .expect("./test --long installs the judges");
    let (said, talk) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{talk}");
}

/// The permissions for every baseline of this repository and everything that it may be used for.
fn print_permissions(folder: &Path) -> usize {
    let mut baselines = files(&root().join("baselines"), "toml");
    for scenario in files(&root().join("tests/scenarios"), "") {
        baselines.push(scenario.join("baseline.toml"));
    }
    let mut count = 0;
    for baseline in &baselines {
        for purpose in ["plan", "apply", "drift", "undo"] {
            let output = Command::new(env!("CARGO_BIN_EXE_baseline"))
                .args(["permissions", "--for", purpose])
                .arg(baseline)
                .env_clear()
                .output()
                .expect("the binary runs");
            assert!(output.status.success(), "{}", baseline.display());
            count += 1;
            let name = format!("identity-{count}-{purpose}.json");
            std::fs::write(folder.join(name), output.stdout).expect("written");
        }
    }
    count
}

/// Our statements in the policies of buckets that the plans of the scenarios write.
fn write_statements(folder: &Path) -> usize {
    let mut count = 0;
    for scenario in files(&root().join("tests/scenarios"), "") {
        let text = std::fs::read_to_string(scenario.join("plan.json")).expect("a golden plan");
        // What the run says on stderr stands behind the plan.
        let mut plans = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let Some(Ok(plan)) = plans.next() else {
            continue;
        };
        let mut found = Vec::new();
        statements(&plan, &mut found);
        for statements in found {
            count += 1;
            let policy = json!({"Version": "2012-10-17", "Statement": statements});
            let name = format!("resource-{count}.json");
            std::fs::write(folder.join(name), policy.to_string()).expect("written");
        }
    }
    count
}

fn statements(value: &Value, found: &mut Vec<Vec<Value>>) {
    let list = value["Policy"]["Statement"].as_array().into_iter().flatten();
    let is_ours = |own: &&Value| own["Sid"].as_str().is_some_and(|sid| sid.starts_with("Baseline"));
    let ours: Vec<Value> = list.filter(is_ours).cloned().collect();
    if !ours.is_empty() {
        found.push(ours);
    }
    match value {
        Value::Array(list) => list.iter().for_each(|own| statements(own, found)),
        Value::Object(table) => table.values().for_each(|own| statements(own, found)),
        _ => {}
    }
}

/// What a folder holds: files of a kind, or folders.
fn files(folder: &Path, kind: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_kind = |path: &std::path::PathBuf| match kind {
        "" => path.is_dir(),
        kind => path.extension().is_some_and(|own| own == kind),
    };
    let mut paths: Vec<_> = paths.filter(is_kind).collect();
    paths.sort();
    paths
}

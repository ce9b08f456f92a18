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

/// The policies in the calls of the scenarios' plans: of buckets, topics, queues and keys our own
/// statements, of roles who may assume them and what they may do.
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
        calls(&plan, &mut found);
        for (kind, policy) in found {
            count += 1;
            let name = format!("{kind}-written-{count}.json");
            std::fs::write(folder.join(name), policy.to_string()).expect("written");
        }
    }
    count
}

/// The policies in the inputs of calls, with what each is a policy of.
fn calls(value: &Value, found: &mut Vec<(&'static str, Value)>) {
    if let (Some(operation), input @ Value::Object(_)) =
        (value["operation"].as_str(), &value["input"])
    {
        policies(operation, "", input, found);
    }
    match value {
        Value::Array(list) => list.iter().for_each(|own| calls(own, found)),
        Value::Object(table) => table.values().for_each(|own| calls(own, found)),
        _ => {}
    }
}

fn policies(operation: &str, member: &str, value: &Value, found: &mut Vec<(&'static str, Value)>) {
    match value {
        // Most services take a policy as a text.
        Value::String(text) if text.contains("\"Statement\"") => {
            let policy: Value = serde_json::from_str(text).expect("a policy");
            policies(operation, member, &policy, found);
        }
        Value::Object(policy) if policy.contains_key("Statement") => {
            let kind = match (operation, member) {
                (_, "AssumeRolePolicyDocument") | ("UpdateAssumeRolePolicy", _) => "trust",
                ("PutRolePolicy", _) => "identity",
                _ => "resource",
            };
            found.extend(own(&policy["Statement"]).map(|own| (kind, own)));
        }
        Value::Array(list) => list.iter().for_each(|own| policies(operation, member, own, found)),
        Value::Object(table) => {
            table.iter().for_each(|(member, own)| policies(operation, member, own, found));
        }
        _ => {}
    }
}

/// A policy of our own statements, or of all where none bears a name of ours.
fn own(statements: &Value) -> Option<Value> {
    let all: Vec<Value> = statements.as_array()?.clone();
    let is_ours = |own: &&Value| own["Sid"].as_str().is_some_and(|sid| sid.starts_with("Baseline"));
    let ours: Vec<Value> = all.iter().filter(is_ours).cloned().collect();
    let statements = if ours.is_empty() { all } else { ours };
    Some(json!({"Version": "2012-10-17", "Statement": statements}))
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

//! What holds of every run in every test: looking wrote nothing, nothing secret was said or kept,
//! and no file is half written.

use crate::laws::is_as_shown;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The secret key that the binary is given; nobody else knows it.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI0K7MDENG0bPxRfiCYNEVERSHOWN";
/// The session token that the binary is given.
pub const SESSION_TOKEN: &str = "FwoGZXIvYXdzEBYaDNEVERSHOWNEITHER";

/// What neither output nor files may hold: the secrets, and what requests carry them in.
const SECRETS: [&str; 5] =
    [SECRET_KEY, SESSION_TOKEN, "Signature=", "AWS4-HMAC-SHA256", "X-Amz-Security-Token"];

/// The commands that only look.
const LOOKING: [&str; 10] = [
    "drift",
    "explain",
    "history",
    "init",
    "permissions",
    "plan",
    "schema",
    "show",
    "snapshot",
    "validate",
];

/// The application id by which the emulator's journal knows a command.
pub fn application(arguments: &[&str]) -> &'static str {
    let looking = |argument: &&str| LOOKING.iter().find(|name| *name == argument).copied();
    arguments.iter().find_map(looking).unwrap_or("writing")
}

/// Asserts that a text holds no secret.
#[track_caller]
pub fn assert_tells_no_secret(what: &str, text: &str, mails: &[String]) {
    let lower = text.to_lowercase();
    let secrets = SECRETS.into_iter().chain(mails.iter().map(String::as_str));
    for secret in secrets {
        let told = lower.contains(&secret.to_lowercase());
        assert!(!told, "{what} tells {secret}:\n{text}");
    }
}

/// Asserts that of all that was asked of an account, what came from a command that only looks
/// changed nothing.
pub fn assert_looking_wrote_nothing(journal: &[Value]) {
    for entry in journal {
        let by = entry["application"].as_str().unwrap_or_default();
        let wrote = LOOKING.contains(&by) && entry["write"] == true;
        assert!(!wrote, "{by} wrote: {entry}");
    }
}

/// Asserts that every change that a command made was sent as its journal says, which writes down what
/// the plan shows: the names of members and their values. What the lock and the copies of journals
/// put into a bucket is no change of a plan.
#[track_caller]
pub fn assert_sent_as_shown(folder: &Path, journal: &[Value]) {
    let journals = files(folder).into_iter();
    let journals = journals.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let mut shown = Vec::new();
    for text in journals.filter_map(|path| fs::read_to_string(path).ok()) {
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let calls = lines.filter(|line: &Value| line["event"] == "call");
        shown.extend(calls.map(|line| line["call"].clone()));
    }
    let objects = ["PutObject", "DeleteObject"];
    for sent in journal {
        let is_change = sent["application"] == "writing" && sent["write"] == true;
        if !is_change || objects.iter().any(|name| sent["operation"] == *name) {
            continue;
        }
        let is_same = |call: &&Value| {
            let names = ["service", "operation", "region"];
            names.iter().all(|name| call[name] == sent[name])
                && is_as_shown(&call["input"], &sent["params"])
        };
        assert!(
            shown.iter().any(|call| is_same(&call)),
            "sent otherwise than it was shown: {sent}\nshown: {shown:#?}"
        );
    }
}

/// Asserts of each file in a folder that it tells no secret and is whole. Baselines are the
/// person's own; a temporary file may be left by a process that was killed.
pub fn assert_files_are_fine(folder: &Path, mails: &[String]) {
    for path in files(folder) {
        let name = path.display().to_string();
        let bytes = fs::read(&path).expect("a file that can be read");
        let text = String::from_utf8_lossy(&bytes);
        if !name.ends_with(".toml") {
            assert_tells_no_secret(&name, &text, mails);
        }
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        if name.ends_with(".jsonl") {
            assert_is_a_journal(&name, &text);
        } else if name.ends_with(".json") && is_written_by_us(&text) {
            assert!(is_json(&text), "{name} is half written:\n{text}");
        }
    }
}

/// A run that was killed leaves its last line half written, and the next one says behind that line
/// that it has taken over.
fn assert_is_a_journal(name: &str, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let parse = |line: &str| serde_json::from_str::<Value>(line);
    for (at, line) in lines.iter().enumerate() {
        let is_torn_off = match lines.get(at + 1) {
            Some(next) => parse(next).is_ok_and(|next| next["event"] == "taken_over"),
            None => !text.ends_with('\n'),
        };
        assert!(parse(line).is_ok() || is_torn_off, "{name} has a broken line {}:\n{text}", at + 1);
    }
}

/// Tests write broken files too; ours begin with their format.
fn is_written_by_us(text: &str) -> bool {
    text.starts_with("{\n  \"format\":") || text.is_empty()
}

/// The e-mail addresses in the baselines of a folder.
pub fn mails(folder: &Path) -> Vec<String> {
    let baselines = files(folder).into_iter();
    let baselines = baselines.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut mails = Vec::new();
    for text in baselines.filter_map(|path| fs::read_to_string(path).ok()) {
        let words = text.split(|c: char| c.is_whitespace() || "\"',[]".contains(c));
        mails.extend(words.filter(|word| is_mail(word)).map(str::to_owned));
    }
    mails
}

fn is_mail(word: &str) -> bool {
    let Some((name, host)) = word.split_once('@') else {
        return false;
    };
    !name.is_empty() && host.contains('.')
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => found.extend(files(&path)),
            Ok(data) if data.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

#[test]
fn the_journal_tells_which_command_asked() {
    let account = crate::account::Account::with("[password_policy]");
    let _ = account.run(&["plan"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let journal = account.journal();
    let by = |name: &str| journal.iter().filter(|e| e["application"] == name).count();
    assert!(by("plan") > 0 && by("writing") > 0);
    assert_eq!(by("plan") + by("writing"), journal.len());
}

#[test]
#[should_panic(expected = "plan wrote")]
fn a_write_of_a_command_that_only_looks_is_noticed() {
    let entry = serde_json::json!({"application": "plan", "write": true});
    assert_looking_wrote_nothing(&[entry]);
}

#[test]
#[should_panic(expected = "sent otherwise than it was shown")]
fn a_value_that_no_journal_shows_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = |length: u8| {
        serde_json::json!({"service": "iam", "operation": "UpdateAccountPasswordPolicy",
            "region": "us-east-1", "input": {"MinimumPasswordLength": length}})
    };
    let line = serde_json::json!({"event": "call", "call": call(14)});
    fs::write(folder.path().join("run.jsonl"), line.to_string()).expect("written");
    let sent = |length: u8| {
        let mut entry = call(length);
        entry["params"] = entry["input"].take();
        (entry["application"], entry["write"]) = ("writing".into(), true.into());
        entry
    };
    assert_sent_as_shown(folder.path(), &[sent(14)]);
    assert_sent_as_shown(folder.path(), &[sent(8)]);
}

#[test]
#[should_panic(expected = "stdout tells alice@example.com")]
fn an_address_in_the_output_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "alerts = [{ at = \"80%\", email = [\"alice@example.com\"] }]";
    fs::write(folder.path().join("baseline.toml"), text).expect("written");
    assert_tells_no_secret("stdout", "to Alice@Example.com", &mails(folder.path()));
}

#[test]
#[should_panic(expected = "is half written")]
fn half_a_plan_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("plan.json"), "{\n  \"format\": 1,").expect("written");
    assert_files_are_fine(folder.path(), &[]);
}

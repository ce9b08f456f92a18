//! Text from AWS that would move the cursor, colour the screen or turn the line is shown, never
//! obeyed: in every view.

use crate::account::{Account, Run};
use crate::emulator::root;
use crate::fuzz::bodies::{assert_harmless, look_at};
use crate::fuzz::files;
use baseline::apply::{Awaited, Event};
use baseline::aws::{AwsError, Kind};
use baseline::baseline::Baseline;
use baseline::clock::Clock;
use baseline::error::Exit;
use baseline::model::Outcome;
use baseline::observe::Observation;
use baseline::place::{Address, Place};
use baseline::plan::{self, Call, Goal, Plan};
use baseline::report::Applied;
use baseline::selection::Selection;
use baseline::view::apply::Form;
use baseline::view::{self, Streams};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Clears the screen, colours it through a C1 control, and turns the direction of the line.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}31m\r\n\u{202e}\u{2066}y";

/// As people see it.
const SHOWN: &str = "x\\u{1b}[2J\\u{9b}31m\\u{d}\\u{a}\\u{202e}\\u{2066}y";

/// The pointers of all texts in a document.
fn texts(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                texts(&format!("{path}/{at}"), item, found);
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                let key = key.replace('~', "~0").replace('/', "~1");
                texts(&format!("{path}/{key}"), item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_text_of_every_snapshot_may_be_hostile() {
    let mut shown = 0;
    for folder in files("tests/scenarios") {
        let baseline = Baseline::load(Some(&folder.join("baseline.toml"))).expect("valid");
        let live = std::fs::read(folder.join("live.json")).expect("a snapshot");
        let live: Value = serde_json::from_slice(&live).expect("JSON");
        let mut paths = Vec::new();
        texts("", &live, &mut paths);
        for path in paths {
            let mut changed = live.clone();
            let text = changed.pointer_mut(&path).expect("it was there");
            *text = json!(text.as_str().unwrap_or_default().to_owned() + HOSTILE);
            let Ok(seen) = serde_json::from_value::<Observation>(changed) else {
                continue;
            };
            let context = baseline.context(&seen.caller, &seen.home_region, seen.taken);
            let plan =
                plan::build(&baseline, &Selection::default(), &context, &seen, &Goal::Baseline);
            shown += usize::from(look_at(&plan).contains(SHOWN));
        }
    }
    assert!(shown > 50, "only {shown} were to be seen at all");
}

#[test]
fn a_hostile_plan_is_shown_escaped_by_plan_and_show_as_text_and_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = root().join("tests/scenarios/buckets_merged");
    let copy = |name: &str| std::fs::copy(scenario.join(name), folder.path().join(name));
    copy("baseline.toml").expect("copied");
    let live = std::fs::read_to_string(scenario.join("live.json")).expect("a snapshot");
    let hostile = serde_json::to_string(HOSTILE).expect("JSON");
    // A bucket's name, the Sid of a statement, and the message of an error.
    let live = live.replace("deleted-role", &format!("deleted{}", hostile.trim_matches('"')));
    let live = live.replace("is not authorized", hostile.trim_matches('"'));
    std::fs::write(folder.path().join("live.json"), live).expect("written");
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_baseline"))
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .output();
        Run::from(output.expect("the binary runs"))
    };
    let plan = run(&["plan", "--from", "live.json", "--json"]);
    std::fs::write(folder.path().join("plan.json"), &plan.stdout).expect("written");
    for arguments in [
        &["plan", "--from", "live.json"][..],
        &["plan", "--from", "live.json", "--json"],
        &["show", "plan.json"],
        &["show", "plan.json", "--json"],
    ] {
        let run = run(arguments);
        assert_harmless(&run.stdout);
        assert_harmless(&run.stderr);
        match arguments.contains(&"--json") {
            true => drop(run.json()),
            false => drop(run.says(SHOWN)),
        }
    }
}

fn hostile_error() -> AwsError {
    AwsError {
        service: HOSTILE.to_owned(),
        operation: HOSTILE.to_owned(),
        action: HOSTILE.to_owned(),
        resource: Some(HOSTILE.to_owned()),
        region: HOSTILE.to_owned(),
        kind: Kind::Denied,
        code: Some(HOSTILE.to_owned()),
        message: HOSTILE.to_owned(),
        request_id: Some(HOSTILE.to_owned()),
        waited_for: Some(HOSTILE.to_owned()),
    }
}

#[test]
fn an_apply_tells_hostile_names_and_errors_escaped() {
    let address = Address::new("buckets", &Place::thing(HOSTILE));
    let call = Call {
        service: HOSTILE.to_owned(),
        operation: HOSTILE.to_owned(),
        region: HOSTILE.to_owned(),
        input: json!(HOSTILE),
        shown: Some(Box::new(json!(HOSTILE))),
    };
    let outcomes = [
        Outcome::Failed { made: 1, call: call.clone(), error: hostile_error() },
        Outcome::Unseen { made: 0, error: Some(hostile_error()) },
        Outcome::NotSettled { fields: vec![HOSTILE.to_owned()] },
        Outcome::Skipped { because: address.clone() },
    ];
    let plan: Plan = serde_json::from_value(json!({
        "format": 1, "version": "1", "account": "111122223333", "partition": "aws", "caller": "c",
        "home_region": "us-east-1", "created": "2026-11-22T02:15:03Z",
        "expires": "2026-11-22T03:15:03Z", "baseline": {"path": "b", "sha256": "s"},
        "selection": {"target": [], "exclude": []}, "digest": "",
        "entries": [{"control": "buckets", "place": {"thing": HOSTILE}, "verdict": "change"}],
    }))
    .expect("a plan");
    let clock = Clock::at(plan.created);
    for (outcome, form) in outcomes.iter().flat_map(|own| [(own, Form::Text), (own, Form::Json)]) {
        let told = Shared::default();
        let mut streams = Streams {
            stdout: Box::new(told.clone()),
            stderr: Box::new(told.clone()),
            is_terminal: false,
            width: None,
            message_width: None,
        };
        for event in [
            Event::Calling(&address, 1, &call),
            Event::Waiting(
                &address,
                Awaited::Propagation { error: &hostile_error(), what: "it" },
                2,
            ),
            Event::Ended(&address, outcome, None),
        ] {
            view::apply::narrator(&mut streams, form, 1, clock).on(event);
        }
        let outcomes = BTreeMap::from([(address.clone(), outcome.clone())]);
        let applied = Applied {
            plan: &plan,
            changes: &plan,
            outcomes: &outcomes,
            run: "r",
            took: time::Duration::SECOND,
            exit: Exit::Partial,
        };
        let summed_up = view::apply::summary(form, &mut streams, clock, &applied);
        summed_up.expect("memory takes it");
        let told = told.text();
        let shown = told.matches(SHOWN).count();
        assert!(form == Form::Json || shown > 4, "{told}");
        assert_harmless(&told.replace("\u{1b}[", "["));
        assert!(!told.contains("\u{1b}[2J"), "{told:?}");
    }
}

/// A writer whose text can be read while others write to it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        let written = self.0.lock().expect("nobody panics").clone();
        String::from_utf8(written).expect("views write text")
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_wrong_in_a_hostile_baseline_is_told_escaped() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account]\nid = \"\\u001b[2J\u{202e}\"\n\"\\u009b31m\" = 1\n");
    let run = account.run(&["validate"]).exits(1);
    assert_harmless(&run.stderr);
    let _ = run.says("␛[2J").says("\\u{9b}31m");
}

#[test]
fn an_error_of_aws_that_ends_the_run_is_told_escaped() {
    let error = baseline::error::Error::failed("cannot find out which account this is");
    let text = error.because(hostile_error()).to_string();
    let told: Vec<String> = text.lines().map(view::escape).collect();
    assert_harmless(&told.join("\n"));
    let plan = Path::new("no such\u{202e}plan.json");
    let run = Account::new().run(&["show", &plan.display().to_string()]);
    assert_harmless(&run.exits(1).stderr);
}

#[test]
fn every_text_of_a_journal_may_be_hostile() {
    let account = Account::with("[password_policy]\nminimum_length = 14");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let folder = account.path(&format!("plans/{}", account.id));
    let entries = std::fs::read_dir(folder).expect("journals");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    let path = paths.find(|path| path.extension().is_some_and(|own| own == "jsonl"));
    let path = path.expect("a journal");
    let run = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&path).expect("text");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Value = Value::Array(lines.collect());
    let mut pointers = Vec::new();
    texts("", &lines, &mut pointers);
    assert!(pointers.len() > 30, "{}", pointers.len());
    let mut shown = 0;
    for pointer in pointers {
        let mut changed = lines.clone();
        let text = changed.pointer_mut(&pointer).expect("it was there");
        *text = json!(text.as_str().unwrap_or_default().to_owned() + HOSTILE);
        let changed = changed.as_array().expect("lines").iter();
        let changed: Vec<String> = changed.map(Value::to_string).collect();
        std::fs::write(&path, changed.join("\n") + "\n").expect("written");
        for arguments in [&["history"][..], &["history", &run], &["drift"], &["undo", &run]] {
            let run = account.run(arguments);
            assert!((0..=6).contains(&run.code), "{pointer}: {run:?}");
            assert_harmless(&run.stdout);
            assert_harmless(&run.stderr);
            let told = format!("{}{}", run.stdout, run.stderr);
            shown += usize::from(told.contains(SHOWN));
        }
    }
    assert!(shown > 20, "only {shown} were to be seen at all");
}

//! What the disk does to an apply: it is full, files are other things than files, outputs go nowhere.
#![cfg(unix)]

use crate::account::{Account, Run};
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A few changes, of which some wait for others.
const CONTROLS: &str = "[password_policy]\n[public_access_block]\n[log_bucket]\n[cloudtrail]";

/// Runs the binary in a shell: `sh` says what goes before it.
fn run_in_shell(account: &Account, sh: &str, arguments: &[&str]) -> Run {
    let command = account.command(arguments);
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("{sh} exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(account.folder.path()).env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.stdin(Stdio::null());
    account.came_to(shell.output().expect("it runs"))
}

/// Runs the binary, and ends it if it waits for something.
#[track_caller]
fn run_at_once(account: &Account, arguments: &[&str]) -> Run {
    let mut command = account.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    for _ in 0..600 {
        if child.try_wait().expect("a child").is_some() {
            let output: Output = child.wait_with_output().expect("it ended");
            return account.came_to(output);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    panic!("{arguments:?} waits for ever");
}

fn mkfifo(account: &Account, name: &str) {
    let made = Command::new("mkfifo").arg(account.path(name)).status();
    assert!(made.expect("mkfifo runs").success());
}

#[test]
fn however_early_the_disk_is_full_it_says_what_was_done_and_the_next_apply_finishes() {
    let mut partly = 0;
    for kib in [1, 2, 4, 7, 11] {
        let account = Account::with(CONTROLS);
        let full = format!("trap '' XFSZ; ulimit -f {kib};");
        let run = run_in_shell(&account, &full, &["apply", "--auto-approve"]);
        let writes = account.writes().len();
        let said = format!("{kib} KiB, {writes} writes: {run:?}");
        match writes {
            0 => assert!([1, 3].contains(&run.code), "{said}"),
            _ => assert_eq!(run.code, 3, "{said}"),
        }
        let output = format!("{}{}", run.stdout, run.stderr);
        assert!(output.contains("cannot write the journal"), "{said}");
        if writes > 0 {
            partly += 1;
            assert!(run.stdout.contains("cannot write the journal"), "{said}");
            assert!(run.stdout.contains("hint: free some disk space"), "{said}");
            assert!(run.stdout.contains("\nApply: "), "{said}");
        }
        // Whatever was written down can be read, and the rest is made up for.
        let _ = account.run(&["history"]).exits(0);
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    }
    assert!(partly >= 2, "only {partly} runs were stopped in the middle");
}

#[test]
fn changes_that_cannot_be_told_are_written_down_and_end_with_3() {
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let run = run_in_shell(&account, "exec >/dev/full;", &["apply", "plan.json"]);
    let _ = run.exits(3).says("cannot write the output").says("calls may have been made");
    let _ = account.run(&["history"]).exits(0).says("1 change, 1 call, done");
}

#[test]
fn calls_are_counted_where_a_change_fails_in_its_middle() {
    let account = Account::with("[log_bucket]");
    account.faults(json!([{"operation": "PutBucketVersioning", "action": "denied"}]));
    let run = account.run(&["apply", "--auto-approve"]).exits(3);
    let sent = account.writes().len();
    let made = sent - 1;
    let all = run.stdout.matches("\n    ").count();
    assert!(made > 1 && all > 0, "{run:?}");
    let text = format!("Apply: 0 changes made, 1 failed after {made} of ");
    let _ = run.says(&text);
    let short = format!("0 of 1 change, {made} of {sent} calls, ended with exit code 3");
    let _ = account.run(&["history"]).exits(0).says(&short);
}

#[test]
fn what_is_no_file_is_never_opened_where_plans_and_journals_are() {
    let account = Account::with("[password_policy]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let folder = format!("plans/{}", account.id);
    mkfifo(&account, "plan.json");
    mkfifo(&account, "plans/stray");
    for arguments in [
        &["show", "plan.json"][..],
        &["apply", "plan.json"],
        &["drift", "--since", "plan.json"],
        &["plan", "--out", "plan.json"],
        &["plan", "--from", "plan.json"],
        &["snapshot", "--out", "plan.json"],
    ] {
        let run = run_at_once(&account, arguments).exits(1);
        let _ = run.says("plan.json is a named pipe, not a file");
    }
    // Beside journals that can be read, which are told all the same.
    mkfifo(&account, &format!("{folder}/2.jsonl"));
    let history = run_at_once(&account, &["history"]).exits(1);
    let _ = history.says("2.jsonl is a named pipe, not a file").says("1 change, 1 call, done");
    let _ = run_at_once(&account, &["drift"]).exits(0).says("2.jsonl is a named pipe, not a file");
    let _ = run_at_once(&account, &["plan"]).exits(0);
    let before = account.writes().len();
    let _ = run_at_once(&account, &["apply", "--auto-approve"])
        .exits(1)
        .says("2.jsonl is a named pipe");
    assert_eq!(account.writes().len(), before);
    let name = account.path(&format!("{folder}/2.jsonl"));
    std::fs::remove_file(&name).expect("removed");
    std::fs::create_dir(&name).expect("made");
    let _ = account.run(&["history"]).exits(1).says("2.jsonl is a folder");
    let _ = account.run(&["plan", "--out", &folder]).exits(1).says("is a folder");
}

#[test]
fn a_baseline_may_come_from_a_pipe_and_a_plan_to_look_at_too() {
    let account = Account::with("[password_policy]");
    let from_pipe = |text: &str| run_in_shell(&account, text, &["validate", "/dev/stdin"]);
    let run = from_pipe("exec < <(cat baseline.toml);").exits(0);
    let _ = run.says("/dev/stdin is valid: password_policy");
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let shown = run_in_shell(&account, "exec < <(cat plan.json);", &["show", "/dev/stdin"]);
    let _ = shown.exits(0).says("iam:UpdateAccountPasswordPolicy");
    mkfifo(&account, "named.toml");
    let named = "(cat baseline.toml > named.toml) &";
    let run = run_in_shell(&account, named, &["validate", "named.toml"]);
    let _ = run.exits(0);
    // Nobody named this one.
    std::fs::remove_file(account.path("baseline.toml")).expect("removed");
    mkfifo(&account, "baseline.toml");
    let _ = run_at_once(&account, &["validate"]).exits(1).says("baseline.toml");
}

#[test]
fn plans_and_journals_are_kept_out_of_git() {
    let ignored = |account: &Account, name: &str| {
        std::fs::read_to_string(account.path(name)).ok().filter(|text| text == "*\n").is_some()
    };
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--out"]).exits(0);
    assert!(ignored(&account, "plans/.gitignore"));

    // A folder that was there before is its owner's: only what is created in it is kept out.
    let account = Account::with("[password_policy]");
    std::fs::create_dir(account.path("plans")).expect("made");
    account.write("plans/.gitignore", "*.bak\n");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert!(!ignored(&account, "plans/.gitignore"));
    assert!(ignored(&account, &format!("plans/{}/.gitignore", account.id)));
}

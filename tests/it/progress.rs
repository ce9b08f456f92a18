//! What an apply says while it works and when it ends: to a log, to a program, to a terminal.

use crate::account::{Account, Run};
use crate::emulator::python;
use crate::wire::Wire;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const POLICY: &str = "[password_policy]";
const APPLY: [&str; 2] = ["apply", "--auto-approve"];
const APPLY_JSON: [&str; 3] = ["apply", "--auto-approve", "--json"];

/// The lines of a stream: each is JSON by itself, and the first says what they are.
#[track_caller]
fn stream(run: &Run) -> Vec<Value> {
    let line = |text| serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text:?}"));
    let lines: Vec<Value> = run.stdout.lines().map(line).collect();
    let first = &lines[0];
    assert_eq!((&first["event"], &first["format"]), (&json!("version"), &json!(1)), "{first}");
    assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
    assert!(lines.iter().all(|line| line["at"].is_string()), "{lines:#?}");
    lines
}

fn events<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == name).collect()
}

/// The lines of the only journal of an account.
fn journal(account: &Account) -> Vec<Value> {
    let folder = account.path(&format!("plans/{}", account.id));
    let mut paths = std::fs::read_dir(folder).expect("journals");
    let path = paths.next().expect("a journal").expect("an entry").path();
    assert!(paths.next().is_none(), "one apply was run");
    let text = std::fs::read_to_string(path).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Asserts that a stream holds all that the journal does, in its order, and that whatever began in it
/// ended.
#[track_caller]
fn is_whole(account: &Account, lines: &[Value]) {
    let without_time = |line: &Value| {
        let mut line = line.clone();
        line["at"].take();
        line
    };
    let written: Vec<Value> = journal(account).iter().map(without_time).collect();
    let of_journals: BTreeSet<&str> = written.iter().filter_map(|l| l["event"].as_str()).collect();
    let own = |line: &&Value| line["event"].as_str().is_some_and(|own| of_journals.contains(own));
    let told: Vec<Value> = lines.iter().filter(own).map(without_time).collect();
    assert_eq!(told, written);
    let planned = events(lines, "began")[0]["changes"].as_array().expect("a list").len();
    assert_eq!(events(lines, "ended").len(), planned, "{lines:#?}");
    assert_eq!(events(lines, "call").len(), events(lines, "answer").len(), "{lines:#?}");
    assert_eq!(events(lines, "summary").len(), 1, "{lines:#?}");
    assert_eq!(lines.last().map(|line| &line["event"]), Some(&json!("finished")));
}

fn denied(operation: &str) -> Value {
    json!([{"operation": operation, "action": "denied", "count": null}])
}

#[test]
fn in_a_log_each_change_is_a_line_and_the_end_says_how_to_take_it_back() {
    let account = Account::with("[password_policy]\n[public_access_block]\n[root_user]");
    let run = account.run(&APPLY).exits(0);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let numbered = |line: &&&str| line.starts_with("(1 of 2) ") || line.starts_with("(2 of 2) ");
    assert_eq!(lines.iter().filter(numbered).count(), lines.len(), "{}", run.stderr);
    assert!(run.stderr.contains("password_policy: done, 1 call in 0."), "{}", run.stderr);
    assert!(!run.stderr.contains(['\r', '\x1b']), "{:?}", run.stderr);
    let (_, end) = run.stdout.split_once("\nLeft for you: 1 manual finding.\n").expect("an end");
    assert!(end.contains("  ! root_user  mfa: "), "{end}");
    assert!(end.contains("\nApply: 2 changes made. Run 20"), "{end}");
    let (_, command) = end.split_once("To undo it: baseline ").expect("a command");
    let mut command: Vec<&str> = command.split_whitespace().collect();
    let allow = "--allow-loosening";
    command.extend([allow, "password_policy", allow, "public_access_block", "--auto-approve"]);
    let _ = account.run(&command).exits(0).says("Puts back what run");
}

#[test]
fn json_lines_are_the_journal_as_it_is_written_and_nothing_else_is_printed() {
    let account = Account::with("[password_policy]\n[root_user]");
    let run = account.run(&APPLY_JSON).exits(0);
    let lines = stream(&run);
    is_whole(&account, &lines);
    let plan = events(&lines, "plan")[0];
    assert_eq!(
        (&plan["account"], &plan["summary"]["verdicts"]["change"]),
        (&json!(account.id), &json!(1))
    );
    let summary = events(&lines, "summary")[0];
    assert_eq!((&summary["changes"]["made"], &summary["exit"]), (&json!(1), &json!(0)));
    assert_eq!(summary["remaining"]["findings"][0]["address"], "root_user");
    let name = events(&lines, "began")[0]["run"].as_str().expect("a name").to_owned();
    assert_eq!(summary["undo"], format!("baseline undo {name}"));
    assert_eq!(run.stderr, "");
    let allow = ["--auto-approve", "--allow-loosening", "password_policy", "--json"];
    let undo = account.run(&[&["undo", name.as_str()], &allow[..]].concat()).exits(0);
    let lines = stream(&undo);
    assert_eq!(events(&lines, "plan")[0]["undoes"], name);
    assert_eq!(lines[0]["command"], "undo");
    let again = account.run(&["apply", "--json"]).exits(6);
    assert_eq!(stream(&again).len(), 2, "{}", again.stdout);
    let _ = again.says("--json asks nothing");
}

#[test]
fn the_events_of_what_is_denied_and_of_what_was_stopped_are_whole() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\n[password_policy]");
    account.faults(denied("CreateBucket"));
    let run = account.run(&APPLY_JSON).exits(3);
    let lines = stream(&run);
    is_whole(&account, &lines);
    let summary = events(&lines, "summary")[0];
    let wanted = json!({"made": 1, "failed": 1, "stopped": 0, "skipped": 1});
    assert_eq!(summary["changes"], wanted);
    let left = summary["remaining"]["not_made"].as_array().expect("a list");
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().any(|own| own["what"].as_str().is_some_and(|w| w.contains("skipped"))));
}

#[cfg(unix)]
#[test]
fn a_stream_that_is_told_to_stop_says_why_and_ends_like_its_journal() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    account.faults(json!([{"operation": "CreateBucket", "action": "delay", "delay_ms": 1500}]));
    let mut apply = account.command(&APPLY_JSON);
    let child = apply.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let began = Instant::now();
    while !account.operations().contains(&"s3:CreateBucket".to_owned()) {
        assert!(began.elapsed().as_secs() < 20, "it never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    let run = account.came_to(child.wait_with_output().expect("it ends")).exits(3);
    let lines = stream(&run);
    is_whole(&account, &lines);
    assert_eq!(events(&lines, "stopping").len(), 1, "{lines:#?}");
    assert_eq!(events(&lines, "summary")[0]["changes"]["stopped"], 1, "{lines:#?}");
}

#[test]
fn a_run_that_waits_for_aws_says_what_for_and_where_from_the_second_attempt_on() {
    let lagging = || {
        let account = Account::with("[password_policy]\n[log_bucket]\n[cloudtrail]");
        account.faults(json!([
            {"operation": "UpdateAccountPasswordPolicy", "action": "stale_read", "reads": 1},
            {"operation": "CreateTrail", "action": "error", "status": 400, "message": "not yet",
             "code": "InsufficientS3BucketPolicyException"},
        ]));
        account
    };
    let wanted = "cloudtrail: waiting for the bucket's policy to reach the service that delivers \
                  there (InsufficientS3BucketPolicyException), attempt 2";
    let _ = lagging()
        .run(&APPLY)
        .exits(0)
        .says(wanted)
        .says("password_policy: waiting for the change to be readable, attempt 2");
    let lines = stream(&lagging().run(&APPLY_JSON).exits(0));
    let waits = events(&lines, "waiting");
    assert_eq!(waits.len(), 2, "{waits:?}");
    let trail = waits.iter().find(|own| own["address"] == "cloudtrail").expect("a wait");
    assert_eq!(trail["attempt"], 2);
    assert_eq!(trail["code"], "InsufficientS3BucketPolicyException");
}

#[test]
fn the_heading_names_the_alias_of_the_account_where_there_is_one_to_see() {
    let account = Account::with(POLICY);
    let head = |alias: &str| format!("Account {}{alias} by baseline.toml", account.id);
    let _ = account.run(&["plan"]).exits(0).says(&head(""));
    Wire::new(&account).iam("CreateAccountAlias", "&AccountAlias=acme-prod");
    let _ = account.run(&["plan"]).exits(0).says(&head(" (acme-prod)"));
    account.faults(denied("ListAccountAliases"));
    let _ = account.run(&["plan"]).exits(0).says(&head(""));
    account.faults(json!([]));
    let aliases = || account.operations().iter().filter(|o| *o == "iam:ListAccountAliases").count();
    let asked = aliases();
    for arguments in [&["plan", "--json"][..], &["drift"]] {
        let run = account.run(arguments);
        assert!(!run.stdout.contains("acme-prod"), "{run:?}");
    }
    assert_eq!(aliases(), asked, "nothing is asked that is not shown");
    account.assert_valid_requests();
}

/// Runs the binary on a terminal of 80 columns, types an answer, and returns all that was written.
#[cfg(unix)]
fn on_a_terminal(account: &Account, arguments: &[&str], term: &str, answer: &str) -> String {
    const SCRIPT: &str = r#"
import fcntl, os, pty, struct, sys, termios
answer, command = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(command[0], command)
seen = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if answer and b"to confirm: " in seen:
        os.write(terminal, answer.encode() + b"\n")
        answer = ""
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
    let command = account.command(arguments);
    let mut terminal = Command::new(python());
    terminal.args(["-c", SCRIPT, answer]).arg(command.get_program()).args(command.get_args());
    terminal.env_clear().current_dir(account.folder.path());
    for (name, value) in command.get_envs() {
        terminal.env(name, value.unwrap_or_default());
    }
    let output = terminal.env("TERM", term).output().expect("python runs");
    account.came_to(output).exits(0).stdout
}

/// The lines of a screen after all that was written to it: line breaks, carriage returns, the cursor
/// moved up, and lines or what follows cleared.
fn screen(written: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut rest = written.chars();
    while let Some(character) = rest.next() {
        match character {
            '\n' => row += 1,
            '\r' => column = 0,
            '\x1b' => {
                let mut sequence = String::new();
                for character in rest.by_ref().skip_while(|c| *c == '[') {
                    sequence.push(character);
                    if character.is_alphabetic() {
                        break;
                    }
                }
                let number = sequence.trim_end_matches(char::is_alphabetic).parse().unwrap_or(0);
                match sequence.chars().last() {
                    Some('A') => row = row.saturating_sub(number.max(1)),
                    Some('K') if number == 2 => lines[row].clear(),
                    Some('K') => lines[row].truncate(column),
                    Some('J') => {
                        lines[row].truncate(column);
                        lines.truncate(row + 1);
                    }
                    _ => {}
                }
            }
            character => {
                let line = &mut lines[row];
                line.extend(std::iter::repeat_n(' ', column.saturating_sub(line.chars().count())));
                let tail: String = line.chars().skip(column + 1).collect();
                let head: String = line.chars().take(column).collect();
                *line = format!("{head}{character}{tail}");
                column += 1;
            }
        }
        if row >= lines.len() {
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(unix)]
#[test]
fn on_a_terminal_one_line_lives_while_changes_are_made_and_is_gone_at_the_end() {
    let account = Account::with("[password_policy]\n[log_bucket]");
    Wire::new(&account).iam("CreateAccountAlias", "&AccountAlias=acme-prod");
    account.faults(json!([{"operation": "CreateBucket", "action": "delay", "delay_ms": 1200}]));
    let written = on_a_terminal(&account, &["apply"], "xterm", "yes");
    let question = format!("Make these changes in account {} (acme-prod)?", account.id);
    assert!(written.contains(&question), "{written}");
    let live = |count: usize| format!("{count} of 2 changes  ");
    assert!(written.contains(&live(0)) && written.contains(&live(1)), "{written:?}");
    let names = |line: &str| line.contains("1 of 2 changes") && line.contains("log_bucket@");
    assert!(written.split('\r').any(names), "{written:?}");
    let screen = screen(&written);
    let left = screen.iter().find(|line| line.contains("of 2"));
    assert_eq!(left, None, "{screen:#?}");
    assert!(screen.iter().any(|line| line.starts_with("Apply: 2 changes made.")), "{screen:#?}");
}

#[cfg(unix)]
#[test]
fn a_dumb_terminal_gets_lines() {
    let account = Account::with(POLICY);
    let written = on_a_terminal(&account, &APPLY, "dumb", "");
    assert!(written.contains("(1 of 1) password_policy: done"), "{written:?}");
    assert!(!written.contains("1 of 1 changes"), "{written:?}");
}

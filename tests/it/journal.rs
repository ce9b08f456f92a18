//! What applies write down, and what is made of it: history, undo, drift or pending.

use crate::account::{Account, block_on};
use crate::iam;
use serde_json::{Value, json};
use std::process::Stdio;

/// Only the length is asked for.
const POLICY: &str = "[password_policy]\nminimum_length = 14\nreuse_prevention = \"unmanaged\"\n\
                      users_may_change = \"unmanaged\"";

/// Sets the length of passwords behind the tool, and nothing else that was set before.
pub fn set_length(account: &Account, length: i32) {
    let mut policy = iam::password_policy(account).unwrap_or_default();
    policy.remove("ExpirePasswords");
    policy.insert("MinimumPasswordLength".to_owned(), length.to_string());
    policy.insert("MaxPasswordAge".to_owned(), "77".to_owned());
    let members = policy.iter();
    let members: Vec<_> = members.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    iam::set_password_policy(account, &members);
}

fn length(account: &Account) -> i32 {
    let policy = iam::password_policy(account).expect("a policy");
    policy["MinimumPasswordLength"].parse().expect("a length")
}

/// The lines of all journals, oldest first.
fn lines(account: &Account) -> Vec<Value> {
    let folder = account.path(&format!("plans/{}", account.id));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("journals")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("text"));
    let texts: Vec<String> = texts.collect();
    texts
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The names of the runs, oldest first.
fn runs(account: &Account) -> Vec<String> {
    let history = account.run(&["history", "--json"]).exits(0).json();
    let runs = history["runs"].as_array().expect("runs").iter();
    runs.map(|run| run["began"]["run"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn an_apply_writes_down_what_it_does_with_before_values_and_request_ids() {
    let account = Account::with(POLICY);
    set_length(&account, 8);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let lines = lines(&account);
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    let wanted = ["began", "seen", "change", "call", "answer", "ended", "finished"];
    assert_eq!(events, wanted);
    assert_eq!(lines[0]["account"], account.id);
    assert!(lines[0]["plan"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    assert_eq!(lines[2]["before"]["minimum_length"], 8);
    assert_eq!(lines[3]["call"]["operation"], "UpdateAccountPasswordPolicy");
    assert!(lines[4]["request_id"].is_string(), "{}", lines[4]);
    assert_eq!(lines[5]["after"]["minimum_length"], 14);
    let run = &runs(&account)[0];
    let _ = account.run(&["history"]).exits(0).says(run).says("1 change, 1 call, done");
    let _ = account
        .run(&["history", run])
        .exits(0)
        .says("iam:UpdateAccountPasswordPolicy in us-east-1: done (request");
}

#[test]
fn without_a_journal_nothing_is_changed() {
    let account = Account::with(POLICY);
    account.write("plans", "a file where the folder should be");
    let run = account.run(&["apply", "--auto-approve"]);
    assert_eq!(run.code, 1, "{run:?}");
    let _ = run.says("journal");
    assert!(account.writes().is_empty());
}

#[test]
fn undo_puts_the_values_back_after_the_loosening_is_allowed_and_leaves_the_rest() {
    let account = Account::with(POLICY);
    set_length(&account, 8);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let run = runs(&account).remove(0);
    let _ = account
        .run(&["undo", &run, "--auto-approve"])
        .exits(6)
        .says("password_policy would protect less: minimum_length");
    assert_eq!(length(&account), 14);
    let consent = ["--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account
        .run(&[&["undo", run.as_str()], &consent[..]].concat())
        .exits(0)
        .says("Puts back what run");
    assert_eq!(length(&account), 8);
    let before = account.writes().len();
    let _ =
        account.run(&[&["undo", run.as_str()], &consent[..]].concat()).exits(0).says("No changes.");
    assert_eq!(account.writes().len(), before);
    account.assert_valid_requests();
}

#[test]
fn what_a_run_created_from_nothing_goes_away_again() {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let run = runs(&account).remove(0);
    let allow = ["--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account.run(&[&["undo", run.as_str()], &allow[..]].concat()).exits(0);
    let writes = account.writes();
    assert_eq!(writes.last().map(String::as_str), Some("iam:DeleteAccountPasswordPolicy"));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(2);
}

#[test]
fn what_a_run_left_as_nothing_is_no_less_a_state_than_any_other() {
    let account = Account::with(POLICY);
    let allow = ["--auto-approve", "--allow-loosening", "password_policy"];
    let undo = |run: &str| account.run(&[&["undo", run], &allow[..]].concat());
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = undo(&runs(&account)[0]).exits(0);
    let drift = account.run(&["drift"]).exits(2);
    assert!(drift.stdout.starts_with("pending   password_policy"), "{drift:?}");
    // Somebody sets a policy of their own before the undo is undone.
    set_length(&account, 9);
    let drift = account.run(&["drift"]).exits(2);
    assert!(drift.stdout.starts_with("both      password_policy"), "{drift:?}");
    let before = account.writes().len();
    let _ = undo(&runs(&account)[1]).exits(0).says("changed again after that run");
    assert_eq!(account.writes().len(), before);
    assert_eq!(length(&account), 9);
    let history = account.run(&["history", "--json"]).exits(0).json();
    let undone = &history["runs"][1]["changes"][0];
    assert_eq!(undone.get("after"), Some(&Value::Null), "{undone}");
}

#[test]
fn what_was_changed_again_since_is_not_undone() {
    let account = Account::with(POLICY);
    set_length(&account, 8);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let run = runs(&account).remove(0);
    set_length(&account, 20);
    let allow = ["--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account
        .run(&[&["undo", run.as_str()], &allow[..]].concat())
        .exits(0)
        .says("changed again after that run")
        .says("before the run it was 8");
    assert_eq!(length(&account), 20);
}

#[test]
fn a_saved_undo_is_matched_like_any_plan() {
    let account = Account::with(POLICY);
    set_length(&account, 8);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let run = runs(&account).remove(0);
    let _ = account.run(&["undo", &run, "--out", "undo.json"]).exits(0);
    let allow = ["--allow-loosening", "password_policy"];
    let apply = [&["apply", "undo.json"], &allow[..]].concat();
    let _ = account.run(&["apply", "undo.json"]).exits(6).says("protect less");
    set_length(&account, 16);
    let _ = account.run(&apply).exits(6).says("changed since it was made");
    set_length(&account, 14);
    let _ = account.run(&apply).exits(0);
    assert_eq!(length(&account), 8);
}

#[test]
fn a_plan_is_for_one_apply_even_if_the_account_is_as_it_was() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let _ = account.run(&["apply", "plan.json"]).exits(0);
    iam::delete_password_policy(&account);
    let before = account.writes().len();
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("it was already used");
    assert_eq!(account.writes().len(), before);
}

#[test]
fn an_apply_that_was_cut_off_is_told_and_the_next_one_finishes_it() {
    let account = Account::with(&format!("{POLICY}\n[public_access_block]"));
    account.faults(json!([
        {"operation": "UpdateAccountPasswordPolicy", "action": "delay", "delay_ms": 3000},
    ]));
    let mut child = account
        .command(&["apply", "--auto-approve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    while !account.operations().iter().any(|o| o.ends_with("UpdateAccountPasswordPolicy")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    for command in ["plan", "drift"] {
        let run = account.run(&[command]);
        assert!(run.stderr.contains("was cut off after"), "{run:?}");
    }
    let _ = account.run(&["history"]).exits(0).says("cut off");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("was cut off");
    let _ = account.run(&["history"]).exits(0).says("cut off, finished by");
    let run = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    assert!(!run.stderr.contains("cut off"), "{run:?}");
}

#[test]
fn a_journal_torn_in_its_last_line_is_read_and_one_damaged_elsewhere_is_refused() {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let name = runs(&account).remove(0);
    let path = format!("plans/{}/{name}.jsonl", account.id);
    let text = std::fs::read_to_string(account.path(&path)).expect("the journal");
    account.write(&path, &text[..text.len() - 20]);
    let _ = account.run(&["history"]).exits(0).says("cut off");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["history"]).exits(0).says("finished by");
    account.write(&path, &text.replacen("\"event\"", "\"evnt\"", 2));
    let _ = account.run(&["history"]).exits(1).says("line 1");
    let _ = account.run(&["apply", "--auto-approve"]).exits(1).says("line 1");
    let _ = account.run(&["drift"]).exits(0).says("line 1");
}

#[test]
fn drift_tells_what_aws_moved_from_what_the_baseline_moved() {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    set_length(&account, 9);
    let run = account.run(&["drift"]).exits(2);
    assert!(run.stdout.starts_with("drifted   password_policy  minimum_length"), "{run:?}");

    set_length(&account, 14);
    account.baseline(&account.in_one_region("[password_policy]\nminimum_length = 16"));
    let run = account.run(&["drift"]).exits(2);
    assert!(run.stdout.starts_with("pending   password_policy  minimum_length"), "{run:?}");

    set_length(&account, 9);
    let run = account.run(&["drift"]).exits(2);
    assert!(run.stdout.starts_with("both      password_policy  minimum_length"), "{run:?}");
    let json = account.run(&["drift", "--json"]).exits(2).json();
    assert_eq!(json["entries"][0]["moved"]["minimum_length"], "both");
}

#[test]
fn a_saved_plan_can_stand_in_for_the_journal() {
    let account = Account::with(POLICY);
    set_length(&account, 8);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let since = ["drift", "--since", "plan.json"];
    let run = account.run(&since).exits(2);
    assert!(run.stdout.starts_with("pending   password_policy"), "{run:?}");
    set_length(&account, 9);
    let run = account.run(&since).exits(2);
    assert!(run.stdout.starts_with("both      password_policy"), "{run:?}");
    let _ = account.run(&["drift", "--since", "baseline.toml"]).exits(1).says("saved plan");
}

#[test]
fn cloudtrail_tells_who_moved_what_has_drifted() {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    set_length(&account, 9);
    let who = format!(
        "UpdateAccountPasswordPolicy by arn:aws:iam::{}:user/admin from 127.0.0.1",
        account.id
    );
    let _ = account.run(&["drift", "--who"]).exits(2).says(&who);
    account.faults(json!([{"operation": "LookupEvents", "action": "denied", "count": null}]));
    let _ = account
        .run(&["drift", "--who"])
        .exits(2)
        .says("drifted   password_policy")
        .says("cloudtrail:LookupEvents");
}

#[test]
fn who_drifted_is_read_to_the_end_without_our_own_calls_and_as_json() {
    let account = Account::with("[[buckets]]\nmatch = [\"*\"]\nversioning = true");
    let s3 = block_on(crate::buckets::s3(&account, "us-east-1"));
    let bucket = |number: usize| format!("data-{}-{number}", account.id);
    block_on(async {
        for number in 0..2 {
            s3.create_bucket().bucket(bucket(number)).send().await.expect("created");
        }
    });
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let status = aws_sdk_s3::types::VersioningConfiguration::builder().status("Suspended".into());
    let status = status.build();
    // Two pages of events, on the last of which is our own call: that one is no news.
    block_on(async {
        for _ in 0..60 {
            let put = s3.put_bucket_versioning().bucket(bucket(0));
            let put = put.versioning_configuration(status.clone()).send();
            put.await.expect("suspended");
        }
    });
    let run = account.run(&["drift", "--who", "--json"]).exits(2);
    let plan = run.json();
    let entries = plan["entries"].as_array().expect("entries");
    let who: Vec<&Value> = entries.iter().filter_map(|entry| entry.get("who")).collect();
    assert_eq!(who.len(), 1, "{who:?}");
    assert_eq!(who[0]["events"].as_array().expect("events").len(), 5, "{who:?}");
    assert_eq!(who[0]["own"], 1, "{who:?}");
    let pages = account.operations().iter().filter(|o| o.ends_with("LookupEvents")).count();
    assert_eq!(pages, 2);
}

#[test]
fn the_program_says_its_name_unless_it_is_given_another() {
    let account = Account::with(POLICY);
    let mut command = account.command(&["plan"]);
    command.env_remove("AWS_SDK_UA_APP_ID");
    let _ = account.came_to(command.output().expect("it runs")).exits(0);
    let named = format!("baseline-{}", env!("CARGO_PKG_VERSION"));
    let journal = account.journal();
    assert!(journal.iter().all(|asked| asked["application"] == named.as_str()), "{journal:?}");
}

#[test]
fn a_guardrail_that_was_not_asked_for_at_the_last_apply_is_pending() {
    let entry = "[[buckets]]\nmatch = [\"*\"]\nssl_only = true\n";
    let account = Account::with(entry);
    let bucket = format!("data-{}", account.id);
    let s3 = block_on(crate::buckets::s3(&account, "us-east-1"));
    block_on(s3.create_bucket().bucket(&bucket).send()).expect("created");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let more = format!("{entry}versioning = true\n");
    account.baseline(&account.in_one_region(&more));
    let drift = account.run(&["drift"]).exits(2);
    assert!(drift.stdout.starts_with("pending   buckets@"), "{drift:?}");
    // What moved in AWS is told apart from it.
    block_on(s3.delete_bucket_policy().bucket(&bucket).send()).expect("deleted");
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift.says("drifted   ").says("pending   ");
}

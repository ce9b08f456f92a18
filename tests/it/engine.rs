//! The engine's promises, with the simplest control.

use crate::account::Account;
use crate::iam;
use serde_json::json;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

#[test]
fn the_first_apply_makes_it_match_and_the_second_writes_nothing() {
    Account::with(POLICY).assert_converges();
}

#[test]
fn what_the_baseline_leaves_out_stays_as_it_was() {
    let account = Account::with(POLICY);
    let before = [("MaxPasswordAge", "77"), ("RequireSymbols", "true")];
    iam::set_password_policy(&account, &before);
    account.assert_converges();
    let after = iam::password_policy(&account).expect("a policy");
    assert_eq!(after["MaxPasswordAge"], "77");
    assert_eq!(after["RequireSymbols"], "true");
    assert_eq!(after["RequireNumbers"], "false");
    assert_eq!(after["MinimumPasswordLength"], "14");
}

#[test]
fn a_baseline_for_another_account_sends_nothing_but_who_am_i() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account]\nid = \"999999999999\"\nhome_region = \"us-east-1\"\n[password_policy]");
    for command in ["plan", "apply", "drift"] {
        let _ = account.run(&[command]).exits(6).says("wrong account");
    }
    assert_eq!(account.operations(), ["sts:GetCallerIdentity"; 3]);
}

#[test]
fn drift_says_what_differs_and_exits_with_2() {
    let account = Account::with(POLICY);
    let run = account.run(&["drift"]).exits(2);
    assert!(
        run.stdout.contains("missing   password_policy  does not exist; expected: minimum_length")
    );
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let run = account.run(&["drift"]).exits(0);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}

#[test]
fn a_denied_read_is_unknown_names_the_action_and_is_never_a_reason_to_create() {
    let account = Account::with(POLICY);
    account.faults(
        json!([{"operation": "GetAccountPasswordPolicy", "action": "denied", "count": null}]),
    );
    let _ = account.run(&["plan"]).exits(4).says("allow iam:GetAccountPasswordPolicy");
    let _ = account.run(&["apply", "--auto-approve"]).exits(4);
    assert!(account.writes().is_empty());
}

#[test]
fn a_saved_plan_does_what_it_shows_and_nothing_else() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0).says("baseline apply plan.json");
    let shown = account.run(&["show", "plan.json"]).exits(0);
    assert!(shown.stdout.contains("iam:UpdateAccountPasswordPolicy"));
    let _ = account.run(&["apply", "plan.json"]).exits(0);
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
}

#[test]
fn a_plan_edited_by_one_byte_writes_nothing() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let text = std::fs::read_to_string(account.path("plan.json")).expect("the plan");
    account.write("plan.json", &text.replacen("\"after\": 14", "\"after\": 15", 1));
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("altered");
    account.write("plan.json", &text.replacen('\n', " \n", 1));
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("altered");
    assert!(account.writes().is_empty());
}

#[test]
fn a_stale_plan_writes_nothing() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let members = [("MinimumPasswordLength", "9")];
    iam::set_password_policy(&account, &members);
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("changed since it was made");
    assert_eq!(account.writes().len(), 1, "only the change behind the tool's back");
}

#[test]
fn a_plan_for_another_account_writes_nothing() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account]\nhome_region = \"us-east-1\"\n[password_policy]");
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let other = Account::new();
    let mut command = account.command(&["apply", "plan.json"]);
    command.env("AWS_ACCESS_KEY_ID", &other.id);
    let run = account.came_to(command.output().expect("the binary runs"));
    let _ = run.exits(6).says("it is for account");
    assert!(account.writes().is_empty() && other.writes().is_empty());
}

#[test]
fn a_plan_whose_baseline_has_changed_is_refused() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    account.baseline(&account.in_one_region("[password_policy]\nminimum_length = 15"));
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("has changed since");
}

#[test]
fn loosening_needs_exactly_in_the_baseline_and_a_word_on_the_command_line() {
    let account = Account::with("[password_policy]\nminimum_length = { exactly = 10 }");
    let members = [("MinimumPasswordLength", "20")];
    iam::set_password_policy(&account, &members);
    let _ = account.run(&["plan"]).exits(0).says("(loosens)");
    let refused = account.run(&["apply", "--auto-approve"]).exits(6);
    let _ = refused.says("hint: if that is intended: --allow-loosening password_policy");
    assert_eq!(account.writes().len(), 1);
    let allowed = ["apply", "--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account.run(&allowed).exits(0);
}

#[test]
fn apply_without_a_terminal_asks_nobody_and_does_nothing() {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply"]).exits(6).says("--auto-approve");
    assert!(account.writes().is_empty());
}

#[test]
fn a_snapshot_gives_the_same_plan_without_network_and_credentials() {
    let account = Account::with(POLICY);
    let _ = account.run(&["snapshot", "--out", "seen.json"]).exits(0);
    let live = account.run(&["plan", "--json"]).exits(0).json();
    let mut offline = account.command(&["plan", "--json", "--from", "seen.json"]);
    offline.env_remove("AWS_ENDPOINT_URL").env_remove("AWS_ACCESS_KEY_ID");
    let saved = account.came_to(offline.output().expect("the binary runs")).exits(0);
    assert_eq!(live["entries"], saved.json()["entries"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_output_quietly() {
    let account = Account::with(POLICY);
    let mut plan = account.command(&["plan"]);
    plan.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = plan.spawn().expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(unix)]
#[test]
fn told_to_stop_it_finishes_the_call_under_way_and_says_what_is_left() {
    let account = Account::with("[log_bucket]");
    account.faults(json!([{"operation": "CreateBucket", "action": "delay", "delay_ms": 3000}]));
    let mut apply = account.command(&["apply", "--auto-approve"]);
    apply.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = apply.spawn().expect("the binary runs");
    let began = std::time::Instant::now();
    while !account.operations().contains(&"s3:CreateBucket".to_owned()) {
        assert!(began.elapsed().as_secs() < 20, "it never began");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let told = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    let run = account.came_to(child.wait_with_output().expect("it ends"));
    let _ =
        run.exits(3).says("stopping after the calls in flight").says("stopped after 1 of 5 calls");
    assert_eq!(account.writes(), ["s3:CreateBucket"]);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

//! What an apply wrote and the baseline has no key for is guarded by drift, wherever it runs.

use crate::account::{Account, Run, block_on};
use crate::emulator::emulator;
use crate::iam;
use serde_json::json;
use std::process::Stdio;

const POLICY: &str = "[password_policy]\nminimum_length = 14\nreuse_prevention = 24";

/// Lets passwords do without symbols, behind the tool; all else stays as the apply left it.
fn drop_symbols(account: &Account) {
    let members = [
        ("MinimumPasswordLength", "14"),
        ("PasswordReusePrevention", "24"),
        ("RequireNumbers", "true"),
        ("RequireLowercaseCharacters", "true"),
        ("RequireUppercaseCharacters", "true"),
        ("AllowUsersToChangePassword", "true"),
    ];
    iam::set_password_policy(account, &members);
}

fn applied() -> Account {
    let account = Account::with(POLICY);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    account
}

fn run_of(account: &Account) -> String {
    let history = account.run(&["history", "--json"]).exits(0).json();
    history["runs"][0]["began"]["run"].as_str().expect("a run").to_owned()
}

/// A run of drift that names what the apply had set.
#[track_caller]
fn says_what_was_written(run: Run, account: &Account) {
    let written = format!("the apply {} left true here, and it is false now", run_of(account));
    let _ = run
        .exits(2)
        .says("password_policy  require_symbols")
        .says(&written)
        .says("require_symbols = true into [password_policy]");
}

#[test]
fn what_apply_set_at_creation_and_no_key_names_is_guarded() {
    let account = applied();
    drop_symbols(&account);
    says_what_was_written(account.run(&["drift"]), &account);
    // A plan says the same on every machine, whatever journals are there.
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    // Nor does an apply that found nothing to do make it right.
    says_what_was_written(account.run(&["drift"]), &account);
}

#[test]
fn what_is_stricter_than_apply_left_it_is_no_drift() {
    let account = applied();
    let members = [
        ("MinimumPasswordLength", "20"),
        ("PasswordReusePrevention", "24"),
        ("RequireSymbols", "true"),
        ("RequireNumbers", "true"),
        ("RequireLowercaseCharacters", "true"),
        ("RequireUppercaseCharacters", "true"),
        ("AllowUsersToChangePassword", "true"),
    ];
    iam::set_password_policy(&account, &members);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn a_waiver_lets_what_apply_wrote_differ() {
    let account = applied();
    drop_symbols(&account);
    let waiver = "[[waivers]]\ncontrol = \"password_policy\"\nfield = \"require_symbols\"\n\
                  reason = \"old directory\"\nowner = \"it\"\nexpires = 2099-01-31";
    account.baseline(&account.in_one_region(&format!("{POLICY}\n{waiver}")));
    let _ = account.run(&["drift"]).exits(0).says("waived    password_policy  require_symbols");
}

#[test]
fn what_was_undone_is_no_longer_guarded() {
    let account = applied();
    let run = run_of(&account);
    let consent = ["--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account.run(&[&["undo", run.as_str()], &consent[..]].concat()).exits(0);
    let drift = account.run(&["drift"]).exits(2);
    assert!(!drift.stdout.contains("the apply"), "{}", drift.stdout);
}

#[test]
fn with_a_journal_in_a_bucket_it_is_guarded_from_every_machine() {
    let account = Account::new();
    let bucket = format!("journals-{}", account.id);
    let text = format!("{POLICY}\n[journal]\nbucket = \"{bucket}\"");
    account.baseline(&account.in_one_region(&text));
    let s3 = block_on(crate::buckets::s3(&account, "us-east-1"));
    block_on(s3.create_bucket().bucket(&bucket).send()).expect("created");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    drop_symbols(&account);
    let run = run_of(&account);
    std::fs::remove_dir_all(account.path("plans")).expect("another machine has no journals");
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says(&format!("the apply {run} left true here, and it is false now"));
    let policy = account.run(&["permissions", "--for", "drift"]).exits(0);
    let _ = policy.says(&format!("arn:aws:s3:::{bucket}/baseline/{}/*", account.id));
    // What cannot be read is not taken for nothing.
    account.faults(json!([{"operation": "ListObjectsV2", "action": "denied", "count": null}]));
    let _ = account.run(&["drift"]).exits(4).says("cannot read the copies of journals");
}

#[test]
fn what_a_killed_apply_wrote_is_guarded_by_what_the_next_one_saw() {
    let account = Account::with(POLICY);
    let held = json!([
        {"operation": "UpdateAccountPasswordPolicy", "action": "hold", "when": "applied"},
    ]);
    account.faults(held);
    let mut child = account
        .command(&["apply", "--auto-approve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let question = json!({"account": account.id, "ms": 500});
    while emulator().admin("held", question.clone())["held"] != true {}
    child.kill().expect("killed");
    child.wait().expect("ended");
    emulator().admin("release", json!({"account": account.id}));
    account.faults(json!([]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
    drop_symbols(&account);
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift.says("left true here, and it is false now");
}

//! One apply at a time.

use crate::account::{Account, Run};
use serde_json::json;
use std::process::{Child, Stdio};
use std::time::Duration;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

/// An apply that is in the middle of its only call.
fn slow_apply(account: &Account, milliseconds: u32) -> Child {
    account.faults(json!([
        {"operation": "UpdateAccountPasswordPolicy", "action": "delay", "delay_ms": milliseconds},
    ]));
    let child = account
        .command(&["apply", "--auto-approve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let calling = |o: &String| o.ends_with("UpdateAccountPasswordPolicy");
    while !account.operations().iter().any(calling) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn a_second_apply_stops_and_says_who_is_at_work() {
    let account = Account::with(POLICY);
    let first = slow_apply(&account, 2500);
    let holder = format!("process {}, apply) since 20", first.id());
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(6)
        .says("another apply")
        .says(&holder);
    let _ = account
        .run(&["drift"])
        .exits(6)
        .says("apply in progress")
        .says(&holder);
    let _ = account
        .run(&["plan"])
        .exits(0)
        .says("note: apply in progress");
    let first = Run::from(first.wait_with_output().expect("it ends")).exits(0);
    assert!(first.stdout.contains("1 change made"));
    assert_eq!(account.writes().len(), 1);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn the_lock_of_a_killed_apply_is_free() {
    let account = Account::with(POLICY);
    let mut first = slow_apply(&account, 2500);
    first.kill().expect("killed");
    first.wait().expect("ended");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn an_apply_waits_for_the_lock_as_long_as_it_is_told() {
    let account = Account::with(POLICY);
    let first = slow_apply(&account, 1500);
    let _ = account
        .run(&["apply", "--auto-approve", "--lock-timeout", "30s"])
        .exits(0)
        .says("No changes.");
    let _ = Run::from(first.wait_with_output().expect("it ends")).exits(0);
    assert_eq!(account.writes().len(), 1);
}

//! Killed at any request, before it does anything, before its answer or after: running it again
//! comes to the same account, and what was protected stays so in between.

use super::cases::{FEW, each};
use super::inventory::Inventory;
use super::{APPLY, Asked, account_in_use, asked};
use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn killed_at_any_request_it_converges_when_run_again_and_nothing_is_protected_less() {
    let account = account_in_use();
    let before = Inventory::of(&account);
    let _ = account.run(&APPLY).exits(0);
    let after = Inventory::of(&account);
    after.assert_protects_no_less_than(&before);
    let moments = ["before", "applied", "answered"];
    let cases: Vec<(Asked, &str)> = asked(&account)
        .into_iter()
        .flat_map(|asked| moments.map(|moment| (asked.clone(), moment)))
        .collect();
    assert!(cases.len() > 250, "{} cases", cases.len());
    let killed = AtomicUsize::new(0);
    each(FEW, &cases, |(asked, moment)| {
        let account = account_in_use();
        let rule = asked.rule("hold", json!({"when": moment}));
        account.faults(json!([rule]));
        if kill_when_held(&account) {
            killed.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(*moment, "answered", "the request never came");
        }
        account.faults(json!([]));
        if !super::writes(&account).is_empty() {
            Inventory::of(&account).assert_protects_no_less_than(&before);
        }
        let _ = account.run(&APPLY).exits(0);
        Inventory::of(&account).assert_same(&after);
    });
    // Only behind the last answer there is nothing left to kill.
    let survived = cases.len() - killed.into_inner();
    assert!(survived <= 3, "{survived} were not killed");
}

/// Runs an apply until the emulator holds it, and kills it. Returns whether it was held.
fn kill_when_held(account: &Account) -> bool {
    let mut apply = account.command(&APPLY);
    apply.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = apply.spawn().expect("the binary runs");
    let held = is_held(account, &mut child);
    let _ = child.kill();
    let _ = child.wait();
    emulator().admin("release", json!({"account": account.id}));
    held
}

fn is_held(account: &Account, child: &mut Child) -> bool {
    let question = json!({"account": account.id, "ms": 500});
    loop {
        if emulator().admin("held", question.clone())["held"] == Value::Bool(true) {
            return true;
        }
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
    }
}

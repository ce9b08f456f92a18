//! Killed at any request, before it does anything, before its answer or after: running it again
//! comes to the same account, and what was protected stays so in between.

use super::cases::{FEW, each};
use super::inventory::Inventory;
use super::{APPLY, Asked, TRIES, account_in_use, always_asked};
use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn killed_at_any_request_it_converges_when_run_again_and_nothing_is_protected_less() {
    let account = account_in_use();
    let before = Inventory::of(&account);
    let _ = account.run(&APPLY).exits(0);
    let after = Inventory::of(&account);
    after.assert_protects_no_less_than(&before);
    let moments = ["before", "applied", "answered"];
    let cases: Vec<(Asked, &str)> = always_asked(&account)
        .into_iter()
        .flat_map(|asked| moments.map(|moment| (asked.clone(), moment)))
        .collect();
    assert!(cases.len() > 250, "{} cases", cases.len());
    let killed = AtomicUsize::new(0);
    each(FEW, &cases, |(asked, moment)| {
        let (account, was_killed) = stopped_at(asked, moment);
        killed.fetch_add(was_killed.into(), Ordering::Relaxed);
        account.faults(json!([]));
        if !super::writes(&account).is_empty() {
            Inventory::of(&account).assert_protects_no_less_than(&before);
        }
        let _ = account.run(&APPLY).exits(0);
        Inventory::of(&account).assert_same(&after);
    });
    let (killed, all) = (killed.into_inner(), cases.len());
    assert!(killed * 20 > all * 19, "{killed} of {all} were killed");
}

/// An account whose apply was stopped at this moment of a request, and whether it was killed: only
/// behind the last answer of all there is nothing left to kill.
fn stopped_at(asked: &Asked, moment: &str) -> (Account, bool) {
    for _ in 0..TRIES {
        let account = account_in_use();
        let rule = asked.rule("hold", json!({"when": moment}));
        account.faults(json!([rule]));
        let Some(ended) = kill_when_held(&account) else {
            return (account, true);
        };
        let journal = account.journal();
        if journal.iter().any(|entry| entry["fault"] == "hold") {
            assert_eq!((moment, ended.code()), ("answered", Some(0)));
            return (account, false);
        }
    }
    panic!("the request never came");
}

/// Runs an apply until the emulator holds it, and kills it; else tells how it ended by itself.
fn kill_when_held(account: &Account) -> Option<ExitStatus> {
    let mut apply = account.command(&APPLY);
    apply.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = apply.spawn().expect("the binary runs");
    let ended = ends_before_it_is_held(account, &mut child);
    let _ = child.kill();
    let _ = child.wait();
    emulator().admin("release", json!({"account": account.id}));
    ended
}

fn ends_before_it_is_held(account: &Account, child: &mut Child) -> Option<ExitStatus> {
    let question = json!({"account": account.id, "ms": 500});
    loop {
        if emulator().admin("held", question.clone())["held"] == Value::Bool(true) {
            return None;
        }
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
    }
}

//! Killed at any request, before it does anything, before its answer or after: running it again
//! comes to the same account, and nothing that was protected is given up in between.

use super::alone::{ALONE, Alone};
use super::cases::{FEW, each};
use super::holdings::Holdings;
use super::{APPLY, Asked, TRIES};
use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn killed_at_any_request_it_converges_when_run_again_and_nothing_is_protected_less() {
    let mut cases: Vec<(&Alone, Asked, &str)> = Vec::new();
    for alone in ALONE.iter() {
        for own in alone.own_once() {
            cases.extend(MOMENTS.map(|moment| (alone, own.clone(), moment)));
        }
    }
    let controls = ALONE.len();
    assert!(cases.len() > 3 * 4 * controls, "{} cases of {controls} controls", cases.len());
    let killed = AtomicUsize::new(0);
    each(FEW, &cases, |(alone, asked, moment)| {
        let (account, was_killed) = stopped_at(alone, asked, moment);
        killed.fetch_add(was_killed.into(), Ordering::Relaxed);
        account.faults(json!([]));
        if !super::writes(&account).is_empty() {
            Holdings::of(&account).assert_is_between(&alone.before, &alone.after);
        }
        let _ = account.run(&APPLY).exits(0);
        Holdings::of(&account).assert_same(&alone.after);
    });
    // Of the last requests of each control, some have no other behind them.
    let (killed, all) = (killed.into_inner(), cases.len());
    assert!(all - killed <= 2 * controls, "{killed} of {all} were killed");
}

/// When to kill.
const MOMENTS: [&str; 3] = ["before", "applied", "answered"];

/// An account whose apply was stopped at this moment of a request, and whether it was killed: only
/// behind the last answer of all there is nothing left to kill.
fn stopped_at(alone: &Alone, asked: &Asked, moment: &str) -> (Account, bool) {
    for _ in 0..TRIES {
        let account = alone.account();
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

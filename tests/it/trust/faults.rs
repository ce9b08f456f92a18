//! Any request lost, its answer lost or cut off, or late: the apply converges all the same, makes
//! nothing twice, and ends in time.

use super::alone::{ALONE, Alone};
use super::cases::{FEW, WAITING, each, long};
use super::holdings::Holdings;
use super::{APPLY, Asked, TRIES, account_in_use, asked};
use crate::account::Account;
use crate::emulator::emulator;
use crate::tables::everything;
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};

/// Some requests of a control that something happens to in one apply.
struct Case {
    alone: &'static Alone,
    struck: Vec<Asked>,
    action: &'static str,
    more: Value,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} of {:?}", self.alone, self.action, self.struck)
    }
}

/// Every request of every control in turn: writes alone, reads some at a time, no two of a kind.
fn in_turn(actions: &[&'static str], more: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    for alone in ALONE.iter() {
        for struck in groups(alone) {
            cases.extend(actions.iter().map(|action| Case {
                alone,
                struck: struck.clone(),
                action,
                more: more.clone(),
            }));
        }
    }
    assert!(cases.len() > 3 * ALONE.len() * actions.len(), "{}", cases.len());
    cases
}

/// One rule strikes a request and no other rule counts it, so no two of a group are of one kind.
fn groups(alone: &Alone) -> Vec<Vec<Asked>> {
    const READS_AT_ONCE: usize = 5;
    let (writes, reads): (Vec<Asked>, Vec<Asked>) =
        alone.own_once().into_iter().partition(|asked| asked.write);
    let mut groups: Vec<Vec<Asked>> = Vec::new();
    for read in reads {
        let has_room = |group: &&mut Vec<Asked>| {
            group.len() < READS_AT_ONCE && group.iter().all(|own| own.kind() != read.kind())
        };
        match groups.iter_mut().find(has_room) {
            Some(group) => group.push(read),
            None => groups.push(vec![read]),
        }
    }
    groups.extend(writes.into_iter().map(|write| vec![write]));
    groups
}

fn converges(case: &Case, within: Duration) {
    for _ in 0..TRIES {
        let account = case.alone.account();
        strike(&account, case);
        let began = Instant::now();
        let _ = account.run(&APPLY).exits(0);
        assert!(began.elapsed() < within, "it took {:?}", began.elapsed());
        // A request that came too late for its sender may still be under way.
        emulator().admin("release", json!({"account": account.id}));
        Holdings::of(&account).assert_same(&case.alone.after);
        if struck(&account, case.action) == case.struck.len() {
            return;
        }
    }
    panic!("not all were struck");
}

fn strike(account: &Account, case: &Case) {
    let rules = case.struck.iter();
    let rules = rules.map(|asked| asked.rule(case.action, case.more.clone()));
    account.faults(rules.collect());
}

fn struck(account: &Account, action: &str) -> usize {
    let journal = account.journal();
    let struck = journal.iter().filter(|entry| entry["fault"] == action);
    struck.count()
}

#[test]
fn lost_requests_lost_answers_and_broken_ones_leave_the_same_account() {
    let cases = in_turn(&["drop", "apply_then_drop", "truncate"], &json!({}));
    each(FEW * 2, &cases, |case| converges(case, Duration::from_secs(60)));
}

#[test]
fn a_plan_sees_all_though_the_first_answer_of_every_kind_is_cut_off() {
    let account = account_in_use(everything);
    let _ = account.run(&APPLY).exits(0);
    let before = asked(&account).len();
    let _ = account.run(&["plan"]).exits(0);
    let mut kinds = asked(&account).split_off(before);
    for asked in &mut kinds {
        asked.nth = 1;
    }
    kinds.sort();
    kinds.dedup();
    assert!(kinds.len() > 25, "{}", kinds.len());
    account.faults(kinds.iter().map(|asked| asked.rule("truncate", json!({}))).collect());
    let _ = account.run(&["plan"]).exits(0);
    assert_eq!(struck(&account, "truncate"), kinds.len());
}

#[test]
fn late_answers_leave_the_same_account() {
    let cases = in_turn(&["delay"], &json!({"delay_ms": 400}));
    each(FEW * 2, &cases, |case| converges(case, Duration::from_secs(60)));
}

/// The sender gives up after 20 seconds and tries again; the late request is carried out after
/// that.
#[test]
fn writes_that_are_later_than_their_sender_waits_leave_the_same_account() {
    let mut cases = in_turn(&["delay"], &json!({"delay_ms": 22_000}));
    if !long() {
        cases.retain(|case| case.struck[0].write);
    }
    each(WAITING, &cases, |case| converges(case, Duration::from_secs(120)));
}

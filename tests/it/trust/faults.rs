//! Any request lost, its answer lost or cut off, or late: the apply converges all the same, makes
//! nothing twice, and ends in time.

use super::cases::{FEW, MANY, each, long};
use super::inventory::Inventory;
use super::{APPLY, Asked, TRIES, account_in_use, always_asked, asked};
use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};
use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What an apply without faults asks and comes to.
static UNDISTURBED: LazyLock<(Vec<Asked>, Inventory)> = LazyLock::new(|| {
    let account = account_in_use();
    let _ = account.run(&APPLY).exits(0);
    (always_asked(&account), Inventory::of(&account))
});

/// Some requests that something happens to in one apply.
struct Case {
    struck: Vec<Asked>,
    action: &'static str,
    more: Value,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.action, self.struck)
    }
}

/// Every request in turn: writes alone, reads some at a time, no two of a kind.
fn in_turn(actions: &[&'static str], more: &Value) -> Vec<Case> {
    const READS_AT_ONCE: usize = 5;
    let (writes, mut reads): (Vec<Asked>, Vec<Asked>) =
        UNDISTURBED.0.iter().cloned().partition(|asked| asked.write);
    assert!(writes.len() > 15 && reads.len() > 60);
    reads.sort();
    let many = reads.len().div_ceil(READS_AT_ONCE);
    let apart = |first: usize| reads.iter().skip(first).step_by(many).cloned().collect();
    let mut groups: Vec<Vec<Asked>> = (0..many).map(apart).collect();
    groups.extend(writes.into_iter().map(|write| vec![write]));
    let case = |action: &'static str, struck: &Vec<Asked>| Case {
        struck: struck.clone(),
        action,
        more: more.clone(),
    };
    let cases =
        actions.iter().flat_map(|action| groups.iter().map(move |struck| case(action, struck)));
    cases.collect()
}

fn converges(case: &Case, within: Duration) {
    for _ in 0..TRIES {
        let account = account_in_use();
        strike(&account, case);
        let began = Instant::now();
        let _ = account.run(&APPLY).exits(0);
        assert!(began.elapsed() < within, "it took {:?}", began.elapsed());
        // A request that came too late for its sender may still be under way.
        emulator().admin("release", json!({"account": account.id}));
        Inventory::of(&account).assert_same(&UNDISTURBED.1);
        if struck(&account, case) == case.struck.len() {
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

fn struck(account: &Account, case: &Case) -> usize {
    let journal = account.journal();
    let struck = journal.iter().filter(|entry| entry["fault"] == case.action);
    struck.count()
}

#[test]
fn lost_requests_lost_answers_and_broken_ones_leave_the_same_account() {
    let cases = in_turn(&["drop", "apply_then_drop", "truncate"], &json!({}));
    each(FEW * 2, &cases, |case| converges(case, Duration::from_secs(60)));
}

#[test]
fn a_plan_sees_all_though_the_first_answer_of_every_kind_is_cut_off() {
    let account = account_in_use();
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
    let case = Case { struck: kinds, action: "truncate", more: json!({}) };
    strike(&account, &case);
    let _ = account.run(&["plan"]).exits(0);
    assert_eq!(struck(&account, &case), case.struck.len());
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
    each(MANY, &cases, |case| converges(case, Duration::from_secs(120)));
}

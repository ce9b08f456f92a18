//! The laws of every control by itself, from its own table on an account in use.

use super::{allows, declared};
use crate::account::Account;
use crate::trust::alone::ALONE;
use crate::trust::cases::{FEW, each};
use crate::trust::holdings::Holdings;
use crate::trust::{APPLY, asked, writes};
use crate::undo::undo;
use crate::watch;
use baseline::plan::{Plan, Verdict};
use serde_json::Value;

/// How many changes a plan has.
fn changes(account: &Account) -> usize {
    let run = account.run(&["plan", "--json"]).exits(0);
    let plan = Plan::from_bytes(run.stdout.as_bytes()).expect("a plan");
    plan.entries.iter().filter(|entry| entry.verdict == Verdict::Change).count()
}

#[test]
fn it_converges_in_one_apply_and_the_next_writes_nothing() {
    each(FEW, &ALONE, |alone| {
        let account = alone.account();
        let _ = account.run(&APPLY).exits(0);
        let once = writes(&account);
        assert_eq!(once, alone.writes);
        assert_eq!(changes(&account), 0);
        let _ = account.run(&APPLY).exits(0);
        assert_eq!(writes(&account), once);
        account.assert_valid_requests();
    });
}

#[test]
fn what_it_sends_was_shown_declared_and_allowed_by_the_printed_policy() {
    each(FEW, &ALONE, |alone| {
        let account = alone.account();
        let policy = account.run(&["permissions", "--for", "apply"]).exits(0).json();
        let _ = account.run(&APPLY).exits(0);
        watch::assert_sent_as_shown(account.folder.path(), &account.journal());
        let journal = account.journal();
        for entry in journal.iter().filter(|entry| entry["application"] != Value::Null) {
            let operation = declared(entry).unwrap_or_else(|| panic!("not declared: {entry}"));
            for grant in operation.grants {
                assert!(allows(&policy, grant.action), "{} is not allowed", grant.action);
            }
        }
        assert_eq!(asked(&account).len(), alone.requests);
    });
}

/// What was stricter stays, and what it does not know: of the account in use nothing is gone but
/// what was off and is on now.
#[test]
fn it_gives_up_nothing_that_was_there() {
    for alone in ALONE.iter() {
        let mut gone = alone.before.without(&alone.after);
        gone.retain(|(_, value)| value != "false");
        assert!(gone.is_empty(), "{alone:?}: {gone:#?}");
    }
}

#[test]
fn an_undo_returns_what_was_there_and_the_next_apply_converges_again() {
    each(FEW, &ALONE, |alone| {
        if alone.writes.is_empty() {
            return;
        }
        let account = alone.account();
        let _ = account.run(&APPLY).exits(0);
        undo(&account);
        let left = Holdings::of(&account);
        let lost = alone.before.without(&left);
        assert!(lost.is_empty(), "{lost:#?}");
        let _ = account.run(&APPLY).exits(0);
        Holdings::of(&account).assert_same(&alone.after);
    });
}

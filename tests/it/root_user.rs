//! root_user, through the binary.

use crate::account::Account;
use crate::emulator::emulator;
use serde_json::{Value, json};

fn root(account: &Account, mut state: Value) {
    state["account"] = json!(account.id);
    emulator().admin("root", state);
}

#[test]
fn a_new_account_has_findings_and_nothing_is_written() {
    let account = Account::with("[root_user]\nmfa = \"hardware\"\naccess_keys = \"none\"");
    root(&account, json!({"mfa": false, "access_keys": 1, "password": true}));
    let run = account.run(&["plan", "--detailed-exitcode"]).exits(2);
    let _ = run.says("the root user has no MFA").says("the root user has access keys");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert!(account.writes().is_empty());
}

#[test]
fn naming_one_key_switches_off_no_other_check() {
    let account = Account::with("[root_user]\nunused_for = \"30d\"");
    root(
        &account,
        json!({"mfa": false, "access_keys": 1, "signing_certificates": true, "password": true}),
    );
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says("the root user has no MFA")
        .says("the root user has access keys")
        .says("the root user has X.509 signing certificates");
    let left = "[root_user]\nmfa = \"unmanaged\"\naccess_keys = \"unmanaged\"\n\
                signing_certificates = \"unmanaged\"";
    account.baseline(&account.in_one_region(left));
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn any_mfa_is_enough_for_any_and_not_for_hardware() {
    for (mfa_type, code) in [("hardware", 0), ("virtual", 2)] {
        let account = Account::with("[root_user]\nmfa = \"hardware\"");
        root(&account, json!({"mfa": true, "mfa_type": mfa_type, "password": true}));
        let _ = account.run(&["drift"]).exits(code);
        account.baseline(&account.in_one_region("[root_user]"));
        let _ = account.run(&["drift"]).exits(0);
    }
}

#[test]
fn an_answer_that_does_not_say_whether_there_is_a_password_is_judged_all_the_same() {
    let account = Account::with("[root_user]");
    root(&account, json!({"mfa": false, "password": null}));
    let run = account.run(&["drift"]).exits(2);
    let _ = run.says("the root user has no MFA");
    root(&account, json!({"mfa": true, "password": null}));
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn root_credentials_that_were_removed_centrally_are_compliant() {
    let account = Account::with("[root_user]\nmfa = \"hardware\"\naccess_keys = \"none\"");
    root(&account, json!({"mfa": false, "access_keys": 0, "password": false}));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0).says("no credentials at all");
}

#[test]
fn a_recent_use_is_a_finding_and_the_age_of_the_report_is_told() {
    let account = Account::with("[root_user]\nunused_for = \"30d\"");
    root(&account, json!({"mfa": true, "last_used": "2026-01-01T00:00:00+00:00"}));
    let run = account.run(&["plan"]).exits(0);
    let _ = run.says("the credential report is 0 h 0 min old");
    assert_eq!(account.operations().iter().filter(|o| o.contains("Generate")).count(), 1);
    account.assert_valid_requests();
}

//! Regions that a service control policy of the organization closes.

use crate::account::{Account, HOME};
use serde_json::json;

const IRELAND: &str = "eu-west-1";
const CONTROLS: &str = "[guardduty]\n[access_analyzer]";

/// An account of which the organization has closed Ireland, save what another rule says first.
fn account(rules: &[serde_json::Value]) -> Account {
    let account = Account::new();
    account.baseline(&account.in_regions(&[HOME, IRELAND], CONTROLS));
    let closed = json!({
        "region": IRELAND, "action": "denied", "count": null,
        "reason": "with an explicit deny in a service control policy",
    });
    account.faults([rules, &[closed]].concat().into());
    account
}

fn accepting(account: &Account, regions: &[&str]) {
    let text = account.in_regions(&[HOME, IRELAND], CONTROLS);
    let key = format!("[account]\nclosed_regions = {regions:?}\n");
    account.baseline(&text.replace("[account]\n", &key));
}

#[test]
fn a_closed_region_is_one_line_and_free_once_the_baseline_accepts_it() {
    let account = account(&[]);
    let apply = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = apply.says("set in [account] closed_regions = [\"eu-west-1\"]");
    for command in ["plan", "drift"] {
        let run = account.run(&[command]).exits(4);
        let lines = run.stdout.lines();
        let about: Vec<&str> = lines.filter(|line| line.contains(IRELAND)).collect();
        assert!(about.len() <= 2, "{}", run.stdout);
        let _ = run.says("closed by the organization: a service control policy denies every read");
    }
    accepting(&account, &[IRELAND]);
    let drift = account.run(&["drift"]).exits(0);
    let _ = drift.says("No changes.");
    let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = plan.says("managed by the organization, which has closed the region");
    // What the baseline accepts is a region that is closed, not one that is named.
    account.faults(json!([]));
    let _ = account.run(&["drift"]).exits(2).says(IRELAND);
}

#[test]
fn a_region_of_which_something_is_seen_is_not_closed() {
    let open = json!({
        "region": IRELAND, "operation": "ListAnalyzers", "action": "delay", "delay_ms": 0,
        "count": null,
    });
    let account = account(&[open]);
    accepting(&account, &[IRELAND]);
    let drift = account.run(&["drift"]).exits(4);
    let _ = drift.says("guardduty@eu-west-1");
}

#[test]
fn only_a_region_that_is_named_is_accepted() {
    let account = account(&[]);
    accepting(&account, &["eu-north-1"]);
    let _ = account.run(&["drift"]).exits(4).says("closed by the organization");
    account.write("typo.toml", "baseline = 1\n[account]\nclosed_regions = [\"Ireland\"]\n");
    let _ = account.run(&["validate", "typo.toml"]).exits(1).says("Ireland");
}

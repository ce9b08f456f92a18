//! After any write, reads that do not show it yet: nothing is written twice, and nothing fails.

use super::cases::{MANY, each};
use super::inventory::Inventory;
use super::{APPLY, Asked, account_in_use, writes};
use serde_json::json;

#[test]
fn reads_that_lag_behind_any_write_cause_no_second_write_and_no_failure() {
    let account = account_in_use();
    let _ = account.run(&APPLY).exits(0);
    let wanted = Inventory::of(&account);
    let once = writes(&account);
    let mut cases: Vec<(Vec<Asked>, usize)> = Vec::new();
    for reads in 1..=5 {
        cases.extend(once.iter().map(|write| (vec![write.clone()], reads)));
        cases.push((once.clone(), reads));
    }
    each(MANY, &cases, |(stale, reads)| {
        let account = account_in_use();
        let rules = stale.iter().map(|write| write.rule("stale_read", json!({"reads": reads})));
        account.faults(rules.collect());
        let _ = account.run(&APPLY).exits(0);
        assert_eq!(writes(&account), once);
        Inventory::of(&account).assert_same(&wanted);
    });
}

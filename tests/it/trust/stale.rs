//! After any write, reads that do not show it yet: nothing is written twice, and nothing fails.

use super::alone::{ALONE, Alone};
use super::cases::{MANY, each};
use super::holdings::Holdings;
use super::{APPLY, Asked, writes};
use serde_json::json;

#[test]
fn reads_that_lag_behind_any_write_cause_no_second_write_and_no_failure() {
    let mut cases: Vec<(&Alone, Vec<Asked>, usize)> = Vec::new();
    for alone in ALONE.iter().filter(|alone| !alone.writes.is_empty()) {
        let own: Vec<&Asked> = alone.own.iter().filter(|asked| asked.write).collect();
        for reads in 1..=5 {
            cases.extend(own.iter().map(|&write| (alone, vec![write.clone()], reads)));
            cases.push((alone, alone.writes.clone(), reads));
        }
    }
    each(MANY, &cases, |(alone, stale, reads)| {
        let account = alone.account();
        let rules = stale.iter().map(|write| write.rule("stale_read", json!({"reads": reads})));
        account.faults(rules.collect());
        let _ = account.run(&APPLY).exits(0);
        assert_eq!(writes(&account), alone.writes);
        Holdings::of(&account).assert_same(&alone.after);
    });
}

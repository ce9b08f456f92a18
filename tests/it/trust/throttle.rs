//! One request in ten is refused as one too many: all is done all the same, with little more asked.

use super::cases::{MANY, each, long};
use super::inventory::Inventory;
use super::{APPLY, account_in_use, asked};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn with_one_request_in_ten_throttled_all_succeed_with_a_quarter_more_requests_at_most() {
    let account = account_in_use();
    let _ = account.run(&APPLY).exits(0);
    let (undisturbed, wanted) = (asked(&account).len(), Inventory::of(&account));
    let seeds: Vec<usize> = (0..if long() { 2000 } else { 200 }).collect();
    let (requests, throttled) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(MANY, &seeds, |seed| {
        let account = account_in_use();
        let rule = json!({"action": "throttle", "probability": 0.1, "seed": seed, "count": null});
        account.faults(json!([rule]));
        let _ = account.run(&APPLY).exits(0);
        requests.fetch_add(asked(&account).len(), Ordering::Relaxed);
        let journal = account.journal();
        let struck = journal.iter().filter(|entry| entry["fault"] == "throttle");
        throttled.fetch_add(struck.count(), Ordering::Relaxed);
        account.faults(json!([]));
        if seed % 10 == 0 {
            Inventory::of(&account).assert_same(&wanted);
        }
    });
    // By chance one apply may meet more than its share; all of them together do not.
    let (requests, throttled) = (requests.into_inner(), throttled.into_inner());
    let allowed = undisturbed * seeds.len() * 5 / 4;
    assert!(requests <= allowed, "{requests} requests, {allowed} allowed");
    assert!(throttled * 12 > requests, "only {throttled} of {requests} were throttled");
}

//! One request in ten is refused as one too many: all is done all the same, with little more asked.

use super::alone::{ALONE, Alone};
use super::cases::{MANY, each, long};
use super::holdings::Holdings;
use super::{APPLY, asked};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn with_one_request_in_ten_throttled_all_succeed_with_a_quarter_more_requests_at_most() {
    let seeds = if long() { 200 } else { 20 };
    let cases: Vec<(&Alone, usize)> =
        ALONE.iter().flat_map(|alone| (0..seeds).map(move |seed| (alone, seed))).collect();
    let [requests, throttled, undisturbed] = [const { AtomicUsize::new(0) }; 3];
    each(MANY, &cases, |(alone, seed)| {
        let account = alone.account();
        let rule = json!({"action": "throttle", "probability": 0.1, "seed": seed, "count": null});
        account.faults(json!([rule]));
        let _ = account.run(&APPLY).exits(0);
        requests.fetch_add(asked(&account).len(), Ordering::Relaxed);
        undisturbed.fetch_add(alone.requests, Ordering::Relaxed);
        let journal = account.journal();
        let struck = journal.iter().filter(|entry| entry["fault"] == "throttle");
        throttled.fetch_add(struck.count(), Ordering::Relaxed);
        Holdings::of(&account).assert_same(&alone.after);
    });
    // By chance one apply may meet more than its share; all of them together do not.
    let (requests, throttled) = (requests.into_inner(), throttled.into_inner());
    let allowed = undisturbed.into_inner() * 5 / 4;
    assert!(requests <= allowed, "{requests} requests, {allowed} allowed");
    assert!(throttled * 12 > requests, "only {throttled} of {requests} were throttled");
}

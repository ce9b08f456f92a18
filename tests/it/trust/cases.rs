//! Many cases of one promise, some at a time; all that fail are told.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// For cases that do nothing but wait.
pub const WAITING: usize = 64;
/// For cases that mostly wait.
pub const MANY: usize = 24;
/// For cases that mostly work: a little more than there are cores, for half of it is done by the
/// emulator.
pub const FEW: usize = 4;

/// Whether the long variants are asked for.
pub fn long() -> bool {
    std::env::var("BASELINE_TEST_LONG").is_ok_and(|said| said == "1")
}

/// What comes of every case, so many at once, in their order.
pub fn all<T: Sync, R: Send>(at_once: usize, cases: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(cases.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { return };
                    let one = make(case);
                    made.lock().expect("nothing panics while it is held").push((number, one));
                }
            });
        }
    });
    let mut made = made.into_inner().expect("nothing panics while it is held");
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, one)| one).collect()
}

/// Tries every case, so many at once, and fails with the names of those that failed.
#[track_caller]
pub fn each<T: Debug + Sync>(at_once: usize, cases: &[T], check: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(cases.len()) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = catch_unwind(AssertUnwindSafe(|| check(case))) {
                        let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
                        let mut failed = failed.lock().expect("nothing panics while it is held");
                        failed.push(format!("{case:?}\n{why}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nothing panics while it is held");
    let (count, all) = (failed.len(), cases.len());
    assert!(failed.is_empty(), "{count} of {all} cases failed:\n{}", failed.join("\n\n"));
}

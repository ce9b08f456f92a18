//! How fast AWS is asked: how many requests are under way at once, in all and for each service and
//! region, and how many a second where a service takes only a few.

use super::services::{self, AT_ONCE, Rate};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The limits of a session.
#[derive(Debug)]
pub struct Limits {
    all: Arc<Semaphore>,
    each: Kept<(String, String), Semaphore>,
    paces: Kept<(String, String, u32), Pace>,
}

/// A place among the requests under way; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _each: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Limits {
    /// Limits with so many requests under way at once in all.
    pub fn new(parallelism: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(parallelism.max(1))),
            each: Kept::default(),
            paces: Kept::default(),
        }
    }

    /// Waits until a request may go out.
    pub async fn turn(&self, service: &str, operation: &str, region: &str) -> Turn {
        let place = (service.to_owned(), region.to_owned());
        let known = services::of(service);
        let at_once = known.map_or(AT_ONCE, |service| service.at_once);
        let each = self.each.get(place.clone(), || Semaphore::new(at_once));
        // First the narrow gate: who waits there must not hold a place that others could use.
        let each = each.acquire_owned().await.ok();
        if let Some(rate) = known.and_then(|service| service.rate(operation)) {
            let key = (place.0, place.1, rate.a_second);
            let pace = self.paces.get(key, || Pace::new(rate, Instant::now()));
            sleep_until(pace.reserve(Instant::now())).await;
        }
        let all = self.all.clone().acquire_owned().await.ok();
        Turn { _each: each, _all: all }
    }
}

/// Things made when they are first asked for.
#[derive(Debug)]
struct Kept<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(key).or_insert_with(|| Arc::new(make())).clone()
    }
}

/// Hands out the times at which requests may go (the generic cell rate algorithm).
#[derive(Debug)]
struct Pace {
    every: Duration,
    ahead: Duration,
    start: Instant,
    /// When the next request would be due at an even pace, after `start`.
    due: Mutex<Duration>,
}

impl Pace {
    fn new(rate: Rate, start: Instant) -> Self {
        let every = Duration::from_secs(1) / rate.a_second;
        Self { every, ahead: every * rate.at_first.saturating_sub(1), start, due: Mutex::default() }
    }

    /// When the next request may go, given that it is now.
    fn reserve(&self, now: Instant) -> Instant {
        let now = now.saturating_duration_since(self.start);
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let time = due.saturating_sub(self.ahead).max(now);
        *due = now.max(*due) + self.every;
        self.start + time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pace: &Pace, start: Instant, after: Duration) -> Duration {
        pace.reserve(start + after) - start
    }

    #[test]
    fn a_rate_lets_a_few_go_and_then_one_at_a_time() {
        let start = Instant::now();
        let rate = Rate { a_second: 2, at_first: 3 };
        let pace = Pace::new(rate, start);
        let times: Vec<u128> =
            (0..6).map(|_| waits(&pace, start, Duration::ZERO).as_millis()).collect();
        assert_eq!(times, [0, 0, 0, 500, 1000, 1500]);
    }

    #[test]
    fn what_was_not_used_for_a_while_may_go_at_once_again() {
        let start = Instant::now();
        let rate = Rate { a_second: 1, at_first: 2 };
        let pace = Pace::new(rate, start);
        for _ in 0..4 {
            let _ = pace.reserve(start);
        }
        let later = Duration::from_secs(60);
        let times: Vec<u64> = (0..4).map(|_| waits(&pace, start, later).as_secs()).collect();
        assert_eq!(times, [60, 60, 61, 62]);
    }
}

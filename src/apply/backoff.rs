//! How long an apply waits for what it wrote to take effect, and how often it tries meanwhile.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long an apply waits for AWS.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a call that is refused while an earlier write has not propagated.
    pub propagation: Duration,
    /// For a write to read back.
    pub read_back: Duration,
    /// Between the first two tries; doubles up to ten times as much.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(120),
            read_back: Duration::from_secs(60),
            pause: Duration::from_secs(1),
        }
    }
}

/// Growing backoff up to a deadline.
pub(super) struct Backoff {
    until: Instant,
    attempts: usize,
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(timeout: Duration, pause: Duration) -> Self {
        Self { until: Instant::now() + timeout, attempts: 1, next: pause, longest: pause * 10 }
    }

    /// The number of the attempt that comes after the next pause, from 2.
    pub(super) fn next_attempt(&self) -> usize {
        self.attempts + 1
    }

    pub(super) fn may_wait(&self) -> bool {
        Instant::now() < self.until
    }

    pub(super) async fn wait(&mut self) {
        sleep(self.next).await;
        self.attempts += 1;
        self.next = (self.next * 2).min(self.longest);
    }
}

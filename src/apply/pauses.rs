//! How long an apply waits for what it wrote to take effect, and how often it tries meanwhile.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long to wait for AWS to settle.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a call that is refused while something written before has not spread.
    pub settling: Duration,
    /// For what was written to read back.
    pub read_back: Duration,
    /// Between the first two tries; doubles up to ten times as much.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            settling: Duration::from_secs(120),
            read_back: Duration::from_secs(60),
            pause: Duration::from_secs(1),
        }
    }
}

/// Growing pauses up to a deadline.
pub(super) struct Pauses {
    until: Instant,
    attempts: usize,
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(super) fn new(patience: Duration, pause: Duration) -> Self {
        Self { until: Instant::now() + patience, attempts: 1, next: pause, longest: pause * 10 }
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

//! The time, carried on from when the program began: the system's clock enters in `main` alone.

use std::time::Instant;
use time::OffsetDateTime;

/// A clock that was right once and goes on by itself.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: OffsetDateTime,
    since: Instant,
}

impl Clock {
    /// A clock that shows this time now.
    pub fn at(now: OffsetDateTime) -> Self {
        Self { began: now, since: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> OffsetDateTime {
        self.began + self.since.elapsed()
    }
}

/// A time to the second: `2026-11-22T02:15:03Z`.
pub fn to_the_second(time: OffsetDateTime) -> String {
    let second = time.replace_nanosecond(0).unwrap_or(time);
    let format = &time::format_description::well_known::Rfc3339;
    second.format(format).unwrap_or_default()
}

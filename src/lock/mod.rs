//! One apply at a time: who is at work on an account, and how others find out.

mod file;

pub use file::{FileLock, holder};

use serde::{Deserialize, Serialize};
use std::fmt;
use time::OffsetDateTime;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The person and the machine: `alice@laptop`.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// What it does: `apply`, `undo`.
    pub doing: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

impl Holder {
    /// This process.
    pub fn this(doing: &str, now: OffsetDateTime) -> Self {
        let user = ["USER", "LOGNAME", "USERNAME"];
        let user = user.iter().find_map(|name| std::env::var(name).ok());
        let user = user.unwrap_or_else(|| "somebody".to_owned());
        Self {
            who: format!("{user}@{}", machine()),
            pid: std::process::id(),
            doing: doing.to_owned(),
            since: now,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = crate::clock::to_the_second(self.since);
        let Self {
            who, pid, doing, ..
        } = self;
        write!(f, "{who} (process {pid}, {doing}) since {since}")
    }
}

fn machine() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    match name.is_empty() {
        true => "this machine".to_owned(),
        false => name,
    }
}

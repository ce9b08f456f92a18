//! One apply at a time: which run holds the lock of an account.

mod file;
mod lease;

pub use file::FileLock;
pub use lease::Lease;

use crate::aws::store::Store;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
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
        let user = user.unwrap_or_else(|| "unknown".to_owned());
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
        let Self { who, pid, doing, .. } = self;
        write!(f, "{who} (process {pid}, {doing}) since {since}")
    }
}

/// Where the lock between machines is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The bucket.
    pub store: Store,
    /// The object in it.
    pub key: String,
}

/// The lock of an account, on this machine and, where there is one, between machines.
#[derive(Debug)]
pub struct Lock {
    _file: FileLock,
    lease: Option<Lease>,
}

impl Lock {
    /// Takes it; waits for it until the timeout.
    ///
    /// # Errors
    /// Who holds it, or that it cannot be used.
    pub async fn take(
        account: &str,
        shared: Option<Place>,
        holder: &Holder,
        caller: &str,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let file = FileLock::take(account, holder, timeout).await?;
        let lease = match shared {
            Some(Place { store, key }) => {
                Some(Lease::take(store, key, holder, caller, timeout).await?)
            }
            None => None,
        };
        Ok(Self { _file: file, lease })
    }

    /// Makes sure that it is still held, after a time in which it was not renewed.
    ///
    /// # Errors
    /// That it is not.
    pub async fn confirm(&self) -> Result<(), Error> {
        match &self.lease {
            Some(lease) => lease.renew().await,
            None => Ok(()),
        }
    }

    /// Keeps it; ends only when it is lost.
    pub async fn keep(&self) -> Error {
        match &self.lease {
            Some(lease) => lease.keep().await,
            None => std::future::pending().await,
        }
    }

    /// Lets go of it.
    pub async fn release(self) {
        if let Some(lease) = &self.lease {
            lease.release().await;
        }
    }
}

/// Which run holds the lock of an account, as far as this machine or the shared lock knows.
///
/// # Errors
/// When the shared lock cannot be seen.
pub async fn holder(account: &str, shared: Option<Place>) -> Result<Option<Holder>, Error> {
    match (file::holder(account), shared) {
        (Some(holder), _) => Ok(Some(holder)),
        (None, Some(place)) => lease::holder(&place.store, &place.key).await,
        (None, None) => Ok(None),
    }
}

fn machine() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    match name.is_empty() {
        true => "this machine".to_owned(),
        false => name,
    }
}

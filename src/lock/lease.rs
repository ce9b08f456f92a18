//! The lock between machines: an object in a bucket, written only under a condition.
//!
//! It names its holder and must be renewed: one that has not been written for as many
//! seconds as it says, by the clock of S3, is free. Each holder has a higher fence than the one before.
//! A run that finds the object different from what it wrote has lost the lease, and writes no more.

use super::Holder;
use crate::aws::Kind;
use crate::aws::advice;
use crate::aws::store::{Condition, Object, Store, Written};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// For how long a lease holds without being renewed.
const DURATION: Duration = Duration::from_secs(90);

/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(25);

/// Between two reads of a lease that another run holds.
const PAUSE: Duration = Duration::from_secs(2);

/// What the object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Who holds it, or held it last.
    holder: Holder,
    /// Whose credentials it holds it with.
    caller: String,
    /// Grows with every holder, and with nothing else.
    fence: u64,
    /// How often this holder has renewed it: so that no two versions of it are the same.
    renewed: u64,
    /// For how many seconds it holds without being renewed.
    lasts: u64,
    /// Whether the holder has let go of it.
    released: bool,
}

/// A lease that is held.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    key: String,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    document: Document,
    etag: String,
    /// Until when it holds if nothing renews it: counted from before it was written.
    until: Instant,
}

impl Lease {
    /// Takes the lease; waits for it until the timeout.
    ///
    /// # Errors
    /// Who holds it; that the bucket cannot be used; that it ignores conditions.
    pub async fn take(
        store: Store,
        key: String,
        holder: &Holder,
        caller: &str,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let there = store.get(&key).await.map_err(|error| failed(&store, &key, error))?;
            let last = there.as_ref().map(|object| read(&store, &key, object)).transpose()?;
            if let (Some(object), Some(last)) = (&there, &last)
                && is_live(object, last)
            {
                if Instant::now() >= deadline {
                    return Err(held_by(&store, &key, last));
                }
                sleep(PAUSE).await;
                continue;
            }
            let document = Document {
                holder: holder.clone(),
                caller: caller.to_owned(),
                fence: last.map_or(1, |last| last.fence.saturating_add(1)),
                renewed: 0,
                lasts: DURATION.as_secs(),
                released: false,
            };
            let condition = match &there {
                Some(object) => Condition::Unchanged(&object.etag),
                None => Condition::Absent,
            };
            let until = Instant::now() + DURATION;
            let written = store.put(&key, bytes(&document), condition).await;
            // Refused: another run was quicker. The next read shows which.
            if let Written::Done(etag) = written.map_err(|error| failed(&store, &key, error))? {
                let lease = Self { held: Mutex::new(Held { document, etag, until }), store, key };
                lease.check_store().await?;
                return Ok(lease);
            }
        }
    }

    /// Makes sure that the store keeps two writers apart: a write that must be refused is refused,
    /// and what was written is what is there.
    async fn check_store(&self) -> Result<(), Error> {
        let held = self.held.lock().await;
        let failed = |error| failed(&self.store, &self.key, error);
        let again = bytes(&held.document);
        let probe = self.store.put(&self.key, again, Condition::Absent).await.map_err(failed)?;
        if probe != Written::Refused {
            let url = self.store.url(&self.key);
            return Err(Error::refused(format!(
                "{url} cannot keep two applies apart: the store ignores conditions"
            ))
            .hint(
                "use a bucket of Amazon S3 in [lock], or take [lock] out: the file lock of this \
                   machine stays",
            ));
        }
        let there = self.store.get(&self.key).await.map_err(failed)?;
        match there {
            Some(object) if object.etag == held.etag => Ok(()),
            Some(object) => {
                Err(held_by(&self.store, &self.key, &read(&self.store, &self.key, &object)?))
            }
            None => Err(lost(&self.store.url(&self.key))),
        }
    }

    /// Renews the lease.
    ///
    /// # Errors
    /// That it is lost, or cannot be renewed in time: nothing more may be written.
    pub async fn renew(&self) -> Result<(), Error> {
        self.write(false).await
    }

    /// Lets go of the lease, for the next one to take. The object stays: it keeps the fence.
    pub async fn release(&self) {
        // What cannot be released now is free after its time.
        let _ = self.write(true).await;
    }

    /// Keeps the lease; ends only when it is lost.
    pub async fn keep(&self) -> Error {
        loop {
            sleep(RENEWAL).await;
            if let Err(error) = self.renew().await {
                return error;
            }
        }
    }

    async fn write(&self, released: bool) -> Result<(), Error> {
        let mut held = self.held.lock().await;
        let document =
            Document { renewed: held.document.renewed + 1, released, ..held.document.clone() };
        loop {
            let until = Instant::now() + DURATION;
            let condition = Condition::Unchanged(&held.etag);
            match self.store.put(&self.key, bytes(&document), condition).await {
                Ok(Written::Done(etag)) => {
                    *held = Held { document, etag, until };
                    return Ok(());
                }
                // A lost response to this very write looks like another run's.
                Ok(Written::Refused) => match self.store.get(&self.key).await {
                    Ok(Some(object)) if object.bytes == bytes(&document) => {
                        *held = Held { document, etag: object.etag, until };
                        return Ok(());
                    }
                    _ => return Err(lost(&self.store.url(&self.key))),
                },
                // In another account's credentials the lock cannot be kept by waiting.
                Err(error)
                    if error.kind == Kind::WrongAccount
                        || Instant::now() + RENEWAL >= held.until =>
                {
                    return Err(failed(&self.store, &self.key, error));
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

/// Who holds a lease now.
///
/// # Errors
/// When that cannot be seen.
pub async fn holder(store: &Store, key: &str) -> Result<Option<Holder>, Error> {
    let object = store.get(key).await.map_err(|error| failed(store, key, error))?;
    let Some(object) = object else {
        return Ok(None);
    };
    let document = read(store, key, &object)?;
    Ok(is_live(&object, &document).then_some(document.holder))
}

fn is_live(object: &Object, document: &Document) -> bool {
    !document.released && object.age.as_secs() < document.lasts
}

fn bytes(document: &Document) -> Vec<u8> {
    crate::diff::to_value(document).to_string().into_bytes()
}

fn read(store: &Store, key: &str, object: &Object) -> Result<Document, Error> {
    serde_json::from_slice(&object.bytes).map_err(|cause| {
        Error::failed(format!("{} is not a lock of baseline", store.url(key)))
            .because(cause)
            .hint("another program may use this key: choose another prefix in [lock]")
    })
}

fn held_by(store: &Store, key: &str, document: &Document) -> Error {
    let (url, holder, caller) = (store.url(key), &document.holder, &document.caller);
    Error::refused(format!(
        "another apply on this account is running: {holder}, as {caller} ({url})"
    ))
    .hint(format!(
        "wait until it has ended, or use --lock-timeout 5m; the lock of one that was \
         killed is free after {} s",
        document.lasts
    ))
}

fn lost(url: &str) -> Error {
    Error::refused(format!("the lock {url} was lost: another run holds it"))
        .hint("run it again: it reads the account again and finishes")
}

fn failed(store: &Store, key: &str, error: crate::aws::AwsError) -> Error {
    let hint = advice(&error).unwrap_or_default();
    Error::failed(format!("cannot use the lock {}", store.url(key))).because(error).hint(hint)
}

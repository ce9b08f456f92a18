//! Copies of journals in a bucket, for applies from other machines.

use super::{Account, say};
use crate::aws::advice;
use crate::aws::store::{Condition, Store, Written};
use crate::aws::{AwsError, Clients};
use crate::baseline::Shared;
use crate::error::Error;
use crate::journal::Head;
use crate::plan::Plan;
use crate::report::Message;
use crate::view::Streams;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::path::Path;

/// The most copies that are read: what applies from other machines wrote longer ago than that is not
/// guarded.
const MOST_COPIES: usize = 200;

/// Where the journals of an account are copied to.
pub struct Copies {
    store: Store,
    shared: Shared,
    account: String,
}

impl Copies {
    /// As `[journal]` says.
    pub fn of(account: &Account, clients: &Clients) -> Option<Self> {
        let shared = account.baseline.journal.clone()?;
        Some(Self {
            store: account.store(&shared, clients),
            shared,
            account: account.context.account.clone(),
        })
    }

    /// The runs of other machines: the newest of those that are not among `known`. A run that is
    /// in progress elsewhere, or that was killed, has no copy yet.
    ///
    /// # Errors
    /// When they cannot be listed or read: then what they wrote is not known.
    pub async fn others(&self, known: &[Head]) -> Result<Vec<Head>, Error> {
        let failed = |error: AwsError| {
            let url = self.store.url(&self.key(""));
            let hint = advice(&error).unwrap_or_default();
            Error::failed(format!("cannot read the copies of journals in {url}"))
                .because(error)
                .hint(hint)
        };
        let keys = self.store.list(&self.key("")).await.map_err(failed)?;
        let is_known = |key: &str| {
            known.iter().any(|head| key.ends_with(&format!("/{}.jsonl", head.began.run)))
        };
        let mut missing: Vec<String> = keys;
        missing.retain(|key| key.ends_with(".jsonl") && !is_known(key));
        // By their names the newest come last.
        missing.drain(..missing.len().saturating_sub(MOST_COPIES));
        let objects = missing.iter().map(|key| self.store.get(key));
        let objects: Vec<_> =
            stream::iter(objects).buffered(8).try_collect().await.map_err(failed)?;
        let mut heads = Vec::new();
        for (key, object) in missing.iter().zip(objects) {
            let url = self.store.url(key);
            if let Some(object) = object {
                heads.extend(Head::of_copy(Path::new(&url), object.bytes)?);
            }
        }
        Ok(heads)
    }

    fn key(&self, name: &str) -> String {
        self.shared.key(&format!("{}/{name}", self.account))
    }

    /// Marks a plan as used, on whatever machine.
    ///
    /// # Errors
    /// That it was already used, or that this cannot be known.
    pub async fn claim(&self, plan: &Plan) -> Result<(), Error> {
        let digest = plan.digest.replace(':', "-");
        let key = self.key(&format!("used/{digest}"));
        let written = self.store.put(&key, Vec::new(), Condition::Absent).await;
        match written {
            Ok(Written::Done(_)) => Ok(()),
            Ok(Written::Refused) => Err(Error::refused(format!(
                "the plan cannot be applied: it was already used, perhaps on another machine ({})",
                self.store.url(&key)
            ))
            .hint("make a new plan: a plan is for one apply")),
            Err(error) => {
                let hint = advice(&error).unwrap_or_default();
                Err(Error::failed("cannot mark the plan as used where journals are copied to")
                    .because(error)
                    .hint(hint))
            }
        }
    }

    /// Copies journals. One that cannot be copied is reported, and stays where it is.
    pub async fn save(
        &self,
        journals: impl Iterator<Item = &Path>,
        streams: &mut Streams,
    ) -> Result<(), Error> {
        for journal in journals {
            match std::fs::read(journal) {
                Ok(bytes) => self.save_one(journal, bytes, streams).await?,
                Err(cause) => {
                    let cause = &cause;
                    say(streams, &Message::NotReadForCopy { journal, cause })?;
                }
            }
        }
        Ok(())
    }

    async fn save_one(
        &self,
        journal: &Path,
        bytes: Vec<u8>,
        streams: &mut Streams,
    ) -> Result<(), Error> {
        let name = journal.file_name().unwrap_or_default().to_string_lossy();
        let key = self.key(&name);
        match self.store.put(&key, bytes, Condition::Always).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let (url, cause) = (&self.store.url(&key), error.to_string());
                say(streams, &Message::NotCopied { journal, url, cause })
            }
        }
    }
}

//! Copies of journals in a bucket, for those who work on the account from other machines.

use super::{Account, shown};
use crate::aws::Clients;
use crate::aws::store::{Condition, Store, Written};
use crate::baseline::Shared;
use crate::error::{Error, advice};
use crate::plan::Plan;
use crate::view::Streams;
use std::path::Path;

/// Where the journals of an account are copied to.
pub struct Copies {
    store: Store,
    shared: Shared,
    account: String,
}

impl Copies {
    /// As `[journal]` says.
    pub fn of(account: &Account, writer: Clients) -> Option<Self> {
        let shared = account.baseline.journal.clone()?;
        Some(Self {
            store: account.store(&shared, &writer),
            shared,
            account: account.context.account.clone(),
        })
    }

    fn key(&self, name: &str) -> String {
        self.shared.key(&format!("{}/{name}", self.account))
    }

    /// Marks a plan as used, on whatever machine.
    ///
    /// # Errors
    /// That it was used already, or that this cannot be known.
    pub async fn claim(&self, plan: &Plan) -> Result<(), Error> {
        let digest = plan.digest.replace(':', "-");
        let key = self.key(&format!("used/{digest}"));
        let written = self.store.put(&key, Vec::new(), Condition::Absent).await;
        match written {
            Ok(Written::Done(_)) => Ok(()),
            Ok(Written::Refused) => Err(Error::refused(format!(
                "the plan cannot be applied: it was used already, perhaps on another machine ({})",
                self.store.url(&key)
            ))
            .hint("make a new plan: a plan is for one apply")),
            Err(error) => {
                let hint = advice(&error).unwrap_or_default();
                Err(
                    Error::failed("cannot mark the plan as used where journals are copied to")
                        .because(error)
                        .hint(hint),
                )
            }
        }
    }

    /// Copies journals. One that cannot be copied is told: it stays where it is.
    pub async fn save(
        &self,
        journals: impl Iterator<Item = &Path>,
        streams: &mut Streams,
    ) -> Result<(), Error> {
        for path in journals {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let key = self.key(&name);
            let copied = match std::fs::read(path) {
                Ok(bytes) => self
                    .store
                    .put(&key, bytes, Condition::Always)
                    .await
                    .map(|_| ()),
                Err(cause) => {
                    let text = format!("warning: cannot read {}: {cause}", path.display());
                    shown(writeln!(streams.talk, "{text}"))?;
                    continue;
                }
            };
            if let Err(error) = copied {
                let (path, url) = (path.display(), self.store.url(&key));
                let text = format!("warning: {path} could not be copied to {url}: {error}");
                shown(writeln!(streams.talk, "{text}"))?;
            }
        }
        Ok(())
    }
}

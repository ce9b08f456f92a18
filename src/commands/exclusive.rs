//! The lock of an account and its journals: what `apply` and `undo` take before anything else.

use super::copies::Copies;
use super::{Account, say};
use crate::clock::Clock;
use crate::error::Error;
use crate::journal::{Head, Journals};
use crate::lock::{Holder, Lock};
use crate::plan::Plan;
use crate::report::Message;
use crate::view::Streams;
use std::time::Duration;

/// The right to change an account, and what was done to it before.
pub struct Exclusive {
    /// The account's journals.
    pub journals: Journals,
    /// What they say, oldest first.
    pub runs: Vec<Head>,
    /// The time.
    pub clock: Clock,
    pub(super) lock: Lock,
    pub(super) copies: Option<Copies>,
}

impl Exclusive {
    /// Takes the lock of the account, waiting for it as long as `timeout`, and reads what was done
    /// before.
    ///
    /// # Errors
    /// When another run holds the lock, or a journal cannot be read.
    pub async fn take(account: &Account, doing: &str, timeout: Duration) -> Result<Self, Error> {
        let clock = Clock::at(account.context.now);
        let id = &account.context.account;
        let holder = Holder::this(doing, clock.now());
        let writer = account.session.writing();
        let shared = account.shared_lock(&writer);
        let caller = &account.reader.caller.arn;
        let lock = Lock::take(id, shared, &holder, caller, timeout).await?;
        let journals = Journals::of(id);
        match journals.heads() {
            Ok(runs) => {
                Ok(Self { journals, runs, clock, lock, copies: Copies::of(account, &writer) })
            }
            Err(error) => {
                lock.release().await;
                Err(error)
            }
        }
    }

    /// Marks a saved plan as used: on this machine its journal does that.
    pub async fn claim(&self, plan: &Plan) -> Result<(), Error> {
        match &self.copies {
            Some(copies) => copies.claim(plan).await,
            None => Ok(()),
        }
    }

    /// Releases the lock.
    pub async fn end(self) {
        self.lock.release().await;
    }

    /// Notes which runs were cut off: what they left is read like everything else.
    pub fn note_cut_off(&self, streams: &mut Streams) -> Result<(), Error> {
        self.unfinished().iter().try_for_each(|head| say(streams, &Message::CutOff(&head.run()?)))
    }

    /// Whether an earlier run wrote something a moment ago.
    pub(super) fn wrote_recently(&self) -> bool {
        let now = self.clock.now();
        self.runs.iter().any(|run| run.wrote_recently(now))
    }

    /// The runs that were cut off.
    pub(super) fn unfinished(&self) -> Vec<&Head> {
        let unfinished = self.runs.iter().filter(|run| run.is_unfinished());
        unfinished.collect()
    }
}

//! What `apply` and `undo` share: the lock, the confirmation, the changes, the journal.

use super::ask::{can_ask, yes};
use super::copies::Copies;
use super::{Account, options, shown, warn_of_any_account};
use crate::apply::{Executor, Timeouts};
use crate::cli::Consent;
use crate::clock::Clock;
use crate::diff::Difference;
use crate::error::{Error, Exit};
use crate::formats;
use crate::guard;
use crate::journal::{self, Began, Head, Journal, Journals, Record, Run};
use crate::lock::{Holder, Lock};
use crate::model::Outcome;
use crate::observe::{Observation, Observed};
use crate::place::Address;
use crate::plan::{Entry, Goal, Plan, Verdict};
use crate::view::apply::{Form, Summary};
use crate::view::{self, Streams};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The right to change an account, and what was done to it before.
pub struct Exclusive {
    /// The account's journals.
    pub journals: Journals,
    /// What they say, oldest first.
    pub runs: Vec<Head>,
    /// The time.
    pub clock: Clock,
    lock: Lock,
    copies: Option<Copies>,
}

impl Exclusive {
    /// Waits until nobody else is at work on the account, and reads what was done before.
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

    /// Lets the next one work on the account.
    pub async fn end(self) {
        self.lock.release().await;
    }

    /// Whether an earlier run wrote something a moment ago.
    fn wrote_lately(&self) -> bool {
        let now = self.clock.now();
        self.runs.iter().any(|run| run.wrote_lately(now))
    }

    fn unfinished(&self) -> Vec<&Head> {
        let unfinished = self.runs.iter().filter(|run| run.is_unfinished());
        unfinished.collect()
    }
}

/// Says which runs were cut off: what they left is looked at like everything else.
pub fn tell_of_unfinished(exclusive: &Exclusive, streams: &mut Streams) -> Result<(), Error> {
    for head in exclusive.unfinished() {
        shown(view::history::unfinished(&mut *streams.stderr, &head.run()?))?;
    }
    Ok(())
}

/// Changes to an account, ready to be made.
pub struct Work<'a> {
    /// The account.
    pub account: &'a Account,
    /// The right to change it.
    pub exclusive: &'a Exclusive,
    /// The plan that was shown or saved.
    pub plan: Plan,
    /// The changes to make, as the controls propose them now; `None` if they are those of the plan.
    pub changes: Option<Plan>,
    /// What was looked at.
    pub seen: Observation,
    /// What the plan is to bring about.
    pub goal: Goal,
    /// What is said of it.
    pub form: Form,
}

impl<'a> Work<'a> {
    /// The changes of a plan that was made just now.
    pub fn new(
        account: &'a Account,
        exclusive: &'a Exclusive,
        plan: Plan,
        seen: Observation,
        goal: Goal,
        form: Form,
    ) -> Self {
        Self { account, exclusive, changes: None, plan, seen, goal, form }
    }

    /// Shows the plan and asks a person, unless there is nothing to ask about.
    pub fn agreed(self, consent: &Consent, streams: &mut Streams) -> Result<Self, Error> {
        let (plan, alias) = (&self.plan, self.account.alias());
        let options = options(consent.calls, alias.map(str::to_owned), streams);
        shown(match self.form {
            Form::Text => (formats::TEXT.plan)(&mut *streams.stdout, plan, &options),
            form => view::apply::plan(form, streams, self.exclusive.clock, plan, alias),
        })?;
        warn_of_any_account(self.account, streams)?;
        let allowed = &consent.allow_loosening;
        guard::check(&self.plan, &self.account.baseline, allowed)?;
        if self.plan.changes().next().is_some() {
            let account = view::named(&self.plan.account, alias);
            agree(&account, self.form, consent.auto_approve)?;
        }
        Ok(self)
    }

    /// Makes the changes and writes down what happens.
    pub async fn carry_out(mut self, streams: &mut Streams) -> Result<Exit, Error> {
        let is_at_work = self.changes().changes().next().is_some();
        if is_at_work {
            self.account.confirm().await?;
        }
        // A person may have thought for long, and nobody kept the lock meanwhile.
        self.exclusive.lock.confirm().await?;
        // It may be large, and nothing needs it once it is written down.
        let seen = std::mem::take(&mut self.seen.places);
        let journal = self.begin(seen, streams)?;
        let clock = self.exclusive.clock;
        let began = clock.now();
        let mut outcomes = BTreeMap::new();
        if is_at_work {
            outcomes = self.execute(&journal, streams).await?;
        }
        let another = self.account.session.check().err();
        let exit = match &another {
            Some(error) => error.exit,
            None => exit(&self.plan, &outcomes),
        };
        let summary = Summary {
            plan: &self.plan,
            changes: self.changes(),
            outcomes: &outcomes,
            run: &journal.run,
            took: clock.now() - began,
            exit,
        };
        let summed_up = shown(summary.write(self.form, streams, clock));
        // What was changed is written down even if nobody can be told.
        let ended = self.end(&journal, exit, streams).await;
        match (another, summed_up.and(ended)) {
            (Some(error), _) => Err(error.report(self.made(&journal)?)),
            (None, Ok(())) => Ok(exit),
            (None, Err(error)) if is_at_work => Err(after_changes(error)),
            (None, Err(error)) => Err(error),
        }
    }

    /// Ends the journal.
    async fn end(&self, journal: &Journal, exit: Exit, streams: &mut Streams) -> Result<(), Error> {
        self.write(journal, &Record::Finished { exit: exit as u8 }, streams)?;
        let is_whole = self.plan.selection.is_all() && matches!(self.goal, Goal::Baseline);
        if is_whole && exit == Exit::Fine {
            let Exclusive { journals, clock, .. } = &self.exclusive;
            journals.take_over(&self.exclusive.unfinished(), &journal.run, *clock)?;
        }
        if let Some(copies) = &self.exclusive.copies {
            let unfinished = self.exclusive.unfinished();
            let earlier = unfinished.iter().map(|run| run.path.as_path());
            copies.save(earlier.chain([journal.path.as_path()]), streams).await?;
        }
        Ok(())
    }

    /// Which calls were made in the account before the credentials came to be of another.
    fn made(&self, journal: &Journal) -> Result<String, Error> {
        let run = Run::read(&journal.path)?;
        let changes = run.iter().flat_map(|run| &run.changes);
        let calls = changes.flat_map(|change| {
            let made = change.calls.iter();
            let made = made.filter(|sent| sent.answered && sent.error.is_none());
            made.map(|sent| (&sent.call, &change.address))
        });
        let lines: Vec<String> = calls
            .map(|(call, address)| {
                let (service, operation, region) = (&call.service, &call.operation, &call.region);
                format!("  {service}:{operation} in {region} ({address})")
            })
            .collect();
        let (account, name) = (&self.plan.account, &journal.run);
        Ok(match lines.as_slice() {
            [] => format!("no call had been made in account {account} (run {name})"),
            lines => {
                let lines = lines.join("\n");
                format!("made in account {account} before that (baseline history {name}):\n{lines}")
            }
        })
    }

    /// Writes what is no event of a change into the journal, and for whoever follows it.
    fn write(
        &self,
        journal: &Journal,
        record: &Record,
        streams: &mut Streams,
    ) -> Result<(), Error> {
        journal.write(record)?;
        self.follow(record, streams)
    }

    fn follow(&self, record: &Record, streams: &mut Streams) -> Result<(), Error> {
        shown(view::apply::record(self.form, streams, self.exclusive.clock, record))
    }

    fn changes(&self) -> &Plan {
        self.changes.as_ref().unwrap_or(&self.plan)
    }

    fn begin(
        &self,
        seen: BTreeMap<Address, Observed>,
        streams: &mut Streams,
    ) -> Result<Journal, Error> {
        let plan = &self.plan;
        let changes: Vec<Address> = self.changes().changes().map(Entry::address).collect();
        let mut began = Began {
            format: journal::FORMAT,
            run: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            account: plan.account.clone(),
            partition: plan.partition.clone(),
            caller: self.account.reader.caller.arn.clone(),
            home_region: plan.home_region.clone(),
            baseline: plan.baseline.clone(),
            plan: plan.digest.clone(),
            undoes: plan.undoes.clone(),
            changes: changes.clone(),
        };
        let journals = &self.exclusive.journals;
        let journal = journals.begin(began.clone(), self.exclusive.clock)?;
        began.run.clone_from(&journal.run);
        self.follow(&Record::Began(began), streams)?;
        let untouched = seen.into_iter().filter_map(|(address, seen)| match seen {
            Observed::State(live) if !changes.contains(&address) => Some((address, live)),
            _ => None,
        });
        let seen = Record::Seen { places: untouched.collect() };
        self.write(&journal, &seen, streams)?;
        Ok(journal)
    }

    /// The first Ctrl-C or SIGTERM, or the end of the time, finishes the calls under way and makes
    /// no more; the next signal ends at once.
    async fn execute(
        &self,
        journal: &Journal,
        streams: &mut Streams,
    ) -> Result<BTreeMap<Address, Outcome>, Error> {
        let stop = AtomicBool::new(false);
        let changes = self.changes().changes().count();
        let live = view::apply::narrator(streams, self.form, changes, self.exclusive.clock);
        let executor = Executor {
            baseline: &self.account.baseline,
            goal: &self.goal,
            context: &self.account.context,
            reader: &self.account.reader,
            writer: self.account.session.writing(),
            journal,
            observer: &*live,
            timeouts: Timeouts::default(),
            wrote_lately: self.exclusive.wrote_lately(),
            stop: &stop,
        };
        let told_twice = async {
            let text = tokio::select! {
                () = told_to_stop() => {
                    "stopping after the calls under way; once more stops at once"
                }
                () = tokio::time::sleep(self.account.changing_within) => {
                    "the time is up: stopping after the calls under way; Ctrl-C stops at once"
                }
            };
            stop.store(true, Ordering::Relaxed);
            live.say(text);
            told_to_stop().await;
        };
        let lost = async {
            let error = self.exclusive.lock.keep().await;
            stop.store(true, Ordering::Relaxed);
            live.say(&error.to_string());
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            outcomes = executor.run(self.changes()) => Ok(outcomes),
            never = lost => match never {},
            () = told_twice => Err(Error {
                exit: Exit::Partial,
                ..Error::failed("stopped at once: the calls under way may or may not have been made")
            }
            .hint("run it again: it looks at what is there and finishes")),
        }
    }
}

/// A failure after calls may have been made: the run is not whole, and not without effect.
fn after_changes(error: Error) -> Error {
    Error { exit: Exit::Partial, ..error }
        .hint("calls may have been made: run it again, it looks at what is there and finishes")
}

fn agree(account: &str, form: Form, auto_approve: bool) -> Result<(), Error> {
    if auto_approve {
        return Ok(());
    }
    if form == Form::Json {
        return Err(Error::refused("--json asks nothing")
            .hint("save a plan and apply that, or use --auto-approve"));
    }
    if !can_ask() {
        return Err(Error::refused("cannot ask for confirmation: stdin is not a terminal")
            .hint("save a plan and apply that, or use --auto-approve"));
    }
    let question = format!("Make these changes in account {account}? Type 'yes' to confirm: ");
    match yes(&question) {
        true => Ok(()),
        false => Err(Error::refused("not confirmed; nothing was changed")),
    }
}

/// Waits for Ctrl-C or SIGTERM; for ever, where they cannot be heard.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        if let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending::<()>().await;
}

/// Findings are nothing that apply could do; a difference that it had to leave is part of its work.
fn without_changes(plan: &Plan) -> Exit {
    let withheld = |entry: &Entry| {
        let is_left = |difference: &Difference| !entry.waives(&difference.field);
        entry.verdict == Verdict::Finding
            && entry.reason.is_none()
            && entry.differences.iter().any(is_left)
    };
    match plan.exit() {
        Exit::Differs if plan.entries.iter().any(withheld) => Exit::Partial,
        Exit::Differs => Exit::Fine,
        exit => exit,
    }
}

fn exit(plan: &Plan, outcomes: &BTreeMap<Address, Outcome>) -> Exit {
    match outcomes.values().all(Outcome::is_success) {
        true => without_changes(plan),
        false => Exit::Partial,
    }
}

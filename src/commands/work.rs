//! What `apply` and `undo` share: the confirmation, the changes, the journal.

use super::exclusive::Exclusive;
use super::signal::signal;
use super::{Account, note_any_account, shown};
use crate::apply::{Executor, Timeouts};
use crate::cli::Consent;
use crate::diff::Difference;
use crate::error::{Error, Exit};
use crate::formats::{self, Options};
use crate::guard;
use crate::journal::{self, Began, Journal, Record, Run};
use crate::model::Outcome;
use crate::observe::{Observation, Observed};
use crate::place::Address;
use crate::plan::{Entry, Goal, Plan, Verdict};
use crate::report::{self, Applied, Inputs, Question, Stop};
use crate::view::apply::Form;
use crate::view::{self, Streams, can_ask, yes};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// What was read.
    pub seen: Observation,
    /// What the plan is to bring about.
    pub goal: Goal,
    /// How it is reported.
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

    /// Shows the plan and asks for confirmation, unless there is nothing to change.
    pub fn agreed(self, consent: &Consent, streams: &mut Streams) -> Result<Self, Error> {
        let (plan, alias) = (&self.plan, self.account.alias());
        let inputs = Inputs::shown(consent.calls);
        let options = Options { inputs, width: streams.width, alias: alias.map(str::to_owned) };
        shown(match self.form {
            Form::Text => (formats::TEXT.plan)(&mut *streams.stdout, plan, &options),
            form => view::apply::plan(form, streams, self.exclusive.clock, plan, alias),
        })?;
        note_any_account(self.account, streams)?;
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
        // The question may have been open for long, and the lock was not renewed meanwhile.
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
        let applied = Applied {
            plan: &self.plan,
            changes: self.changes(),
            outcomes: &outcomes,
            run: &journal.run,
            took: clock.now() - began,
            exit,
        };
        let summed_up = shown(view::apply::summary(self.form, streams, clock, &applied));
        // The journal is ended even if the summary cannot be written.
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
        Ok(report::made(&self.plan.account, &journal.run, run.as_ref()))
    }

    /// Writes a record that is not an event of a change into the journal and the stream.
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
            Observed::State(live) if !changes.contains(&address) => Some((address, live.value())),
            _ => None,
        });
        let seen = Record::Seen { places: untouched.collect() };
        self.write(&journal, &seen, streams)?;
        Ok(journal)
    }

    /// On the first Ctrl-C or SIGTERM, or at the time limit, calls in flight finish and no further one
    /// is made; the next signal ends the run at once.
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
            wrote_recently: self.exclusive.wrote_recently(),
            stop: &stop,
        };
        let stopped_twice = async {
            let why = tokio::select! {
                () = signal() => Stop::Signal,
                () = tokio::time::sleep(self.account.change_timeout) => Stop::Timeout,
            };
            stop.store(true, Ordering::Relaxed);
            live.stopping(why);
            signal().await;
        };
        let lost = async {
            let error = self.exclusive.lock.keep().await;
            stop.store(true, Ordering::Relaxed);
            live.stopping(Stop::LockLost(&error));
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            outcomes = executor.run(self.changes()) => Ok(outcomes),
            never = lost => match never {},
            () = stopped_twice => Err(Error {
                exit: Exit::Partial,
                ..Error::failed("stopped at once: the calls in flight may or may not have been made")
            }
            .hint("run it again: it reads the account again and finishes")),
        }
    }
}

/// A failure after calls may have been made: the run is not whole, and not without effect.
fn after_changes(error: Error) -> Error {
    Error { exit: Exit::Partial, ..error }
        .hint("calls may have been made: run it again, it reads the account again and finishes")
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
    match yes(&Question::Changes { account }) {
        true => Ok(()),
        false => Err(Error::refused("not confirmed; nothing was changed")),
    }
}

/// Apply cannot put findings right; a difference that it had to leave is part of its work.
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

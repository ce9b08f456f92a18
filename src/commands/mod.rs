//! One file per command: load, ask the engine, hand over a report.

mod alerts;
mod apply;
mod copies;
mod drift;
mod exclusive;
mod explain;
mod history;
mod init;
mod permissions;
mod plan;
mod schema;
mod show;
mod signal;
mod snapshot;
mod undo;
mod validate;
mod work;

use crate::aws::facts::Reader;
use crate::aws::store::Store;
use crate::aws::{Caller, Clients, Session};
use crate::baseline::{Baseline, Shared};
use crate::cli::{AwsArgs, Cli, Command, File, Scope};
use crate::control::Context;
use crate::error::{Error, Exit};
use crate::lock::{self, Holder};
use crate::observe::{self, Observation};
use crate::plan::{self as plans, Goal, Plan, Written};
use crate::report::Message;
use crate::selection::Selection;
use crate::view::{self, ReadProgress, Streams, mfa_code};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;
use time::OffsetDateTime;

/// Runs a command.
///
/// # Errors
/// Why it could not do what it was asked.
pub async fn run(cli: Cli, now: OffsetDateTime, streams: &mut Streams) -> Result<Exit, Error> {
    // Lines about requests and a line that is redrawn would overwrite each other.
    streams.is_terminal &= !cli.aws.debug;
    match cli.command {
        Command::Init(args) => init::run(args, &cli.aws, streams).await,
        Command::Validate(args) => validate::run(args, streams),
        Command::Plan(args) => plan::run(args, &cli.aws, now, streams).await,
        Command::Apply(args) => apply::run(args, &cli.aws, now, streams).await,
        Command::Undo(args) => undo::run(args, &cli.aws, now, streams).await,
        Command::History(args) => history::run(args, streams),
        Command::Drift(args) => drift::run(args, &cli.aws, now, streams).await,
        Command::Show(args) => show::run(args, streams),
        Command::Explain(args) => explain::run(args, streams),
        Command::Schema => schema::run(streams),
        Command::Permissions(args) => permissions::run(args, &cli.aws, now, streams),
        Command::Alerts(args) => alerts::run(args, &cli.aws, now, streams).await,
        Command::Snapshot(args) => snapshot::run(args, &cli.aws, now, streams).await,
    }
}

/// A baseline, and a way to the account it is for.
struct Account {
    baseline: Baseline,
    context: Context,
    reader: Reader,
    session: Session,
    /// What `--region` says, where it has no effect.
    ignored_region: Option<String>,
    /// How long reading may take.
    read_timeout: Duration,
    /// How long making changes may take.
    change_timeout: Duration,
    /// The account's alias, once it is known.
    alias: OnceLock<String>,
}

/// How a command names the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// By its number: nothing is asked.
    Number,
    /// By its alias as well.
    Alias,
}

/// How much longer than everything else the alias of the account may take.
const ALIAS_WITHIN: Duration = Duration::from_secs(1);

impl Account {
    /// Opens the account and makes sure that it is the right one: until then nothing
    /// but GetCallerIdentity is sent.
    async fn open(
        baseline: Baseline,
        aws: &AwsArgs,
        parallelism: usize,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let home = baseline.account.home_region.as_ref().map(|name| name.as_str().to_owned());
        let session = Session::open(&aws.chosen(home.clone(), mfa_code), parallelism).await?;
        let home = home.or_else(|| session.region()).ok_or_else(|| {
            Error::failed("no home region is set")
                .hint("set `home_region` in [account], or AWS_REGION, or --region")
        })?;
        let caller = Caller::ask(&session, &home).await?;
        if let Some(id) = &baseline.account.id
            && id.as_str() != caller.account
        {
            let text = format!(
                "wrong account: {} is for {}, these credentials are of {}",
                baseline.path.display(),
                id.as_str(),
                caller.account
            );
            return Err(Error::refused(text).hint("choose another --profile, or another baseline"));
        }
        let mut context = baseline.context(&caller, &home, now);
        context.seen_from.clone_from(&aws.seen_from);
        let ignored_region = aws.region.clone().filter(|region| *region != home);
        let reader = Reader::new(session.reading(), caller, home);
        Ok(Self {
            baseline,
            context,
            reader,
            session,
            ignored_region,
            read_timeout: aws.read_timeout(),
            change_timeout: aws.change_timeout(),
            alias: OnceLock::new(),
        })
    }

    /// Opens the account and reads the chosen places.
    async fn seen(
        file: &File,
        scope: &Scope,
        aws: &AwsArgs,
        now: OffsetDateTime,
        naming: Naming,
        streams: &Streams,
    ) -> Result<(Self, Selection, Observation), Error> {
        let baseline = Baseline::load(file.baseline.as_deref())?;
        let selection = selection(scope)?;
        let account = Self::open(baseline, aws, scope.parallelism, now).await?;
        let seen = account.observe(&selection, naming, streams).await?;
        selection.check(&account.baseline, &seen.facts, &account.context)?;
        Ok((account, selection, seen))
    }

    /// Where the lock between machines is, if the baseline has one.
    fn shared_lock(&self, clients: &Clients) -> Option<lock::Place> {
        let shared = self.baseline.lock.as_ref()?;
        let name = format!("{}.lock.json", self.context.account);
        Some(lock::Place { store: self.store(shared, clients), key: shared.key(&name) })
    }

    /// A bucket that is shared with others.
    fn store(&self, shared: &Shared, clients: &Clients) -> Store {
        let (bucket, region, owner) = shared.place(&self.context);
        Store { clients: clients.clone(), bucket, region, owner }
    }

    /// Which run holds the lock of the account.
    async fn holder(&self) -> Result<Option<Holder>, Error> {
        let shared = self.shared_lock(&self.reader.clients);
        lock::holder(&self.context.account, shared).await
    }

    /// What differs from the baseline, and from what earlier applies wrote.
    fn plan_guarded(&self, selection: &Selection, seen: &Observation, written: &Written) -> Plan {
        let goal = Goal::Baseline;
        let (baseline, context) = (&self.baseline, &self.context);
        plans::build_guarded(baseline, selection, context, seen, &goal, written)
    }

    /// The plan that brings about an goal.
    fn plan(&self, selection: &Selection, seen: &Observation, goal: &Goal) -> Plan {
        plans::build(&self.baseline, selection, &self.context, seen, goal)
    }

    /// Reads the chosen places; fails if the credentials were of another account meanwhile.
    async fn observe(
        &self,
        selection: &Selection,
        naming: Naming,
        streams: &Streams,
    ) -> Result<Observation, Error> {
        let progress = ReadProgress::new(streams.is_terminal);
        let reader = self.reader.within(self.read_timeout);
        let reading = observe::look(&self.baseline, selection, &self.context, &reader, &progress);
        let seen = match naming {
            Naming::Number => reading.await,
            Naming::Alias => self.and_alias(reading, &reader).await,
        };
        progress.clear();
        self.session.check()?;
        Ok(seen)
    }

    /// The same, with a request for the alias beside it. A heading is not worth a long wait.
    async fn and_alias(
        &self,
        reading: impl Future<Output = Observation>,
        reader: &Reader,
    ) -> Observation {
        let asked = pin!(async {
            if let Some(alias) = reader.alias().await {
                let _ = self.alias.set(alias);
            }
        });
        match select(pin!(reading), asked).await {
            Either::Left((seen, asked)) => {
                let _ = tokio::time::timeout(ALIAS_WITHIN, asked).await;
                seen
            }
            Either::Right(((), reading)) => reading.await,
        }
    }

    /// The account's alias, if it was asked for and there is one.
    fn alias(&self) -> Option<&str> {
        self.alias.get().map(String::as_str)
    }

    /// Makes sure that the credentials are still of this account: the confirmation may have taken
    /// long.
    async fn confirm(&self) -> Result<(), Error> {
        let (caller, clients) = (&self.reader.caller, &self.reader.clients);
        caller.ask_again(clients, &self.context.home_region).await
    }

    /// A result, unless the credentials came to be of another account on the way to it: then that is
    /// the reason for whatever failed.
    fn unless_another<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(error) if error.exit == Exit::Refused => Err(error),
            result => self.session.check().and(result),
        }
    }
}

/// Notes that `--region` has no effect.
fn note_ignored_region(account: &Account, streams: &mut Streams) -> Result<(), Error> {
    let Some(region) = &account.ignored_region else {
        return Ok(());
    };
    let (baseline, home) = (account.baseline.path.as_path(), &account.context.home_region);
    say(streams, &Message::RegionIgnored { region, baseline, home })
}

/// Notes that nothing keeps the baseline from being used on another account, and that `--region` has
/// no effect.
fn note_any_account(account: &Account, streams: &mut Streams) -> Result<(), Error> {
    note_ignored_region(account, streams)?;
    match &account.baseline.account.id {
        Some(_) => Ok(()),
        None => say(streams, &Message::AnyAccount),
    }
}

/// Writes a sentence to stderr.
fn say(streams: &mut Streams, message: &Message<'_>) -> Result<(), Error> {
    shown(view::say(streams, message))
}

fn selection(scope: &Scope) -> Result<Selection, Error> {
    Selection::new(scope.target.clone(), scope.exclude.clone())
}

/// Whether output could be written. A closed pipe is not a failure.
fn shown(result: std::io::Result<()>) -> Result<(), Error> {
    match result {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::failed("cannot write the output").because(cause))
        }
        _ => Ok(()),
    }
}

//! `drift`: reports whether the account still matches, for cron.

use super::copies::Copies;
use super::{Account, Naming, note_ignored_region, say, selection, shown};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::formats::Options;
use crate::journal::{Head, Journals};
use crate::model::Answer;
use crate::observe::Observation;
use crate::place::Address;
use crate::plan::{Entry, Invalid, Plan, Written, since_plan, since_run};
use crate::report::{Inputs, Message};
use crate::selection::Selection;
use crate::view::Streams;
use crate::who;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use time::OffsetDateTime;

pub async fn run(
    args: cli::Drift,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let baseline = Baseline::load(args.file.baseline.as_deref())?;
    let selection = selection(&args.scope)?;
    let account = Account::open(baseline, aws, args.scope.parallelism, now).await?;
    let exit = report(&args, &selection, &account, streams).await;
    account.unless_another(exit)
}

/// Reads the account and reports what differs.
async fn report(
    args: &cli::Drift,
    selection: &Selection,
    account: &Account,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    note_ignored_region(account, streams)?;
    check_no_apply(account).await?;
    let seen = account.observe(selection, Naming::Number, streams).await?;
    check_no_apply(account).await?;
    selection.check(&account.baseline, &seen.facts, &account.context)?;
    let before = Before::of(account, streams).await?;
    let mut plan = account.plan_guarded(selection, &seen, &before.written);
    let exit = exit(&plan, before.is_whole);
    let mut silent = Streams::silent();
    let streams = match args.quiet && exit == Exit::Fine {
        true => &mut silent,
        false => streams,
    };
    let since = args.since.as_deref();
    let since = mark_what_moved(&mut plan, account, &seen, &before, since, streams)?;
    let show = |plan: &Plan, streams: &mut Streams| {
        let options = options(streams);
        shown((args.output.format().drift)(&mut *streams.stdout, plan, &options))
    };
    if !args.who {
        show(&plan, streams)?;
        return Ok(exit);
    }
    match args.output.format().answers {
        // The verdict need not wait for CloudTrail.
        Some(write) => {
            show(&plan, streams)?;
            let answers = who(&plan, account, &before, since).await?;
            let options = options(streams);
            shown(write(&mut *streams.stdout, &answers, &options))?;
        }
        None => {
            let mut answers = who(&plan, account, &before, since).await?;
            for entry in &mut plan.entries {
                entry.who = answers.remove(&entry.address());
            }
            plan.seal();
            show(&plan, streams)?;
        }
    }
    Ok(exit)
}

fn options(streams: &Streams) -> Options {
    Options { inputs: Inputs::Hidden, width: streams.width, alias: None }
}

/// Asks CloudTrail who changed what has drifted.
async fn who(
    plan: &Plan,
    account: &Account,
    before: &Before,
    since: Option<OffsetDateTime>,
) -> Result<BTreeMap<Address, Answer>, Error> {
    // CloudTrail keeps events no longer.
    let since = since.unwrap_or(account.context.now - time::Duration::days(90));
    let reader = account.reader.within(account.read_timeout);
    let own = own_requests(&before.heads);
    let answers = who::changed(plan, &account.baseline, &reader, since, &own).await;
    account.session.check()?;
    Ok(answers)
}

/// Drift writes nothing and so refuses nothing: what would block an apply differs, such as a log
/// bucket whose name another account has taken.
fn exit(plan: &Plan, is_whole: bool) -> Exit {
    match plan.exit() {
        _ if plan.summary().verdicts.unknown > 0 || !is_whole => Exit::Unseen,
        Exit::Refused => Exit::Differs,
        exit => exit,
    }
}

/// What applies to the account did before.
struct Before {
    /// The runs, oldest first; none where one of them cannot be read.
    heads: Vec<Head>,
    /// What they wrote.
    written: Written,
    /// Whether the copies that `[journal]` names could be read, so that nothing is missing that the
    /// baseline relies on.
    is_whole: bool,
}

impl Before {
    /// Reads the journals of this folder and the copies of those of other machines.
    async fn of(account: &Account, streams: &mut Streams) -> Result<Self, Error> {
        let mut heads = match Journals::of(&account.context.account).heads() {
            Ok(heads) => heads,
            Err(error) => {
                say(streams, &Message::DoneWithout(&error))?;
                Vec::new()
            }
        };
        let mut is_whole = true;
        let reader = account.reader.within(account.read_timeout);
        if let Some(copies) = Copies::of(account, &reader.clients) {
            match copies.others(&heads).await {
                Ok(others) => heads.extend(others),
                Err(error) => {
                    is_whole = false;
                    say(streams, &Message::CopiesNotRead(&error))?;
                }
            }
            heads.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
        }
        let written = match Written::of(&heads) {
            Ok(written) => written,
            // Whether the account matches the baseline is known without a journal.
            Err(error) => {
                say(streams, &Message::DoneWithout(&error))?;
                heads.clear();
                Written::default()
            }
        };
        Ok(Self { heads, written, is_whole })
    }
}

/// The ids of the requests that the runs sent, as far as their journals can be read.
fn own_requests(heads: &[Head]) -> BTreeSet<String> {
    let runs = heads.iter().filter_map(|head| head.run().ok());
    let calls = runs.flat_map(|run| run.changes).flat_map(|change| change.calls);
    calls.filter_map(|sent| sent.request_id).collect()
}

/// While an apply is in progress the account cannot be compared.
async fn check_no_apply(account: &Account) -> Result<(), Error> {
    match account.holder().await? {
        Some(holder) => Err(Error::refused(format!("apply in progress: {holder}"))
            .hint("run it again when that has finished")),
        None => Ok(()),
    }
}

/// Marks what has drifted and what is pending, by the journals of this folder or by `--since`. Returns
/// since when.
fn mark_what_moved(
    plan: &mut Plan,
    account: &Account,
    seen: &Observation,
    before: &Before,
    since: Option<&Path>,
    streams: &mut Streams,
) -> Result<Option<OffsetDateTime>, Error> {
    let since = match since {
        Some(path) if path.extension().is_some_and(|ending| ending == "jsonl") => {
            let head = Head::read(path)?;
            since_journals(plan, account, seen, head.as_slice())?
        }
        Some(path) => since_saved(plan, path)?,
        None => match since_all(plan, account, seen, before, streams) {
            Ok(since) => since,
            // Whether the account matches is known without a journal.
            Err(error) => {
                say(streams, &Message::DoneWithout(&error))?;
                None
            }
        },
    };
    plan.seal();
    Ok(since)
}

/// The same by all journals; those of runs that were cut off are noted.
fn since_all(
    plan: &mut Plan,
    account: &Account,
    seen: &Observation,
    before: &Before,
    streams: &mut Streams,
) -> Result<Option<OffsetDateTime>, Error> {
    for head in before.heads.iter().filter(|head| head.is_unfinished()) {
        say(streams, &Message::CutOff(&head.run()?))?;
    }
    since_journals(plan, account, seen, &before.heads)
}

/// Goes back through the journals until each place that differs is found in one.
fn since_journals(
    plan: &mut Plan,
    account: &Account,
    seen: &Observation,
    heads: &[Head],
) -> Result<Option<OffsetDateTime>, Error> {
    let differs = |entry: &&Entry| !(entry.differences.is_empty() && entry.findings.is_empty());
    let differing = plan.entries.iter().filter(differs);
    let mut places: Vec<Address> = differing.map(Entry::address).collect();
    let mut since = None;
    for head in heads.iter().rev() {
        if head.began.account != plan.account {
            let (path, other) = (head.path.display(), &head.began.account);
            return Err(Error::failed(format!("{path} is of account {other}")));
        }
        if places.is_empty() {
            break;
        }
        let (baseline, context) = (&account.baseline, &account.context);
        places = since_run(plan, baseline, context, seen, &head.run()?, &places);
        since = Some(head.at);
    }
    Ok(since)
}

/// Compares with a saved plan.
fn since_saved(plan: &mut Plan, path: &Path) -> Result<Option<OffsetDateTime>, Error> {
    let not = |why: String| {
        let text = format!("{} cannot be used with --since: {why}", path.display());
        Error::failed(text).hint("--since takes a saved plan, or a journal from plans/ACCOUNT/")
    };
    let bytes = files::read_trusted(path)?;
    let saved = Plan::from_bytes(&bytes).map_err(|why| match why {
        Invalid::NoPlan => not(why.to_string()),
        Invalid::Format | Invalid::Edited => Error { exit: Exit::Refused, ..not(why.to_string()) },
    })?;
    if saved.account != plan.account {
        return Err(not(format!("it is for account {}", saved.account)));
    }
    since_plan(plan, &saved);
    Ok(Some(saved.created))
}

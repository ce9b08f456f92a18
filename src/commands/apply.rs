//! `apply`: makes the changes of a plan, or of a new one that a person agrees to.

use super::ask::{can_ask, yes};
use super::{Account, selection, shown, warn_of_any_account};
use crate::apply::{Executor, Outcome, Patience, same};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::controls;
use crate::error::{Error, Exit};
use crate::files;
use crate::place::Address;
use crate::plan::{self, Entry, Invalid, Plan, Verdict};
use crate::selection::Selection;
use crate::view::{self, Streams};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use time::OffsetDateTime;

pub async fn run(
    args: cli::Apply,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    check_names(&args.allow_loosening)?;
    let saved = match &args.file {
        Some(path) if is_plan(path) => Some(load_plan(path, now)?),
        _ => None,
    };
    let (account, plan, changes) = match saved {
        Some(saved) => matched(saved, &args, aws, now, streams).await?,
        None => {
            let baseline = Baseline::load(args.file.as_deref())?;
            let account = Account::open(baseline, aws, args.scope.parallelism, now).await?;
            let selection = selection(&args.scope)?;
            let seen = account.look(&selection, streams).await;
            selection.check(&account.baseline, &seen.facts, &account.context)?;
            let plan = plan::build(&account.baseline, &selection, &account.context, &seen);
            shown(view::plan::text(&mut *streams.out, &plan))?;
            warn_of_any_account(&account.baseline, streams)?;
            check_guards(&plan, &args.allow_loosening)?;
            if plan.changes().next().is_none() {
                return Ok(without_changes(&plan));
            }
            agree(&plan, args.auto_approve)?;
            (account, plan.clone(), plan)
        }
    };
    let outcomes = execute(&account, &changes, aws.changing_within(), streams).await?;
    shown(view::apply::summary(&mut *streams.out, &outcomes))?;
    Ok(exit(&plan, &outcomes))
}

/// How many names a sentence takes.
const FEW: usize = 5;

fn check_names(allowed: &[String]) -> Result<(), Error> {
    match allowed.iter().find(|name| controls::find(name).is_none()) {
        Some(name) => Err(Error::failed(format!(
            "--allow-loosening: there is no control '{name}'"
        ))
        .hint(format!("controls: {}", controls::names().join(", ")))),
        None => Ok(()),
    }
}

/// A file that ends in `.json` is a saved plan.
fn is_plan(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
}

fn load_plan(path: &Path, now: OffsetDateTime) -> Result<Plan, Error> {
    let refused = |why: String| {
        Error::refused(format!("{} cannot be applied: {why}", path.display()))
            .hint("make a new plan: baseline plan --out")
    };
    let bytes = files::read_trusted(path)?;
    let plan = Plan::from_bytes(&bytes).map_err(|why| match why {
        Invalid::NoPlan(_) => Error::failed(format!("{} is no plan", path.display()))
            .hint("make one with `baseline plan --out`"),
        why => refused(why.to_string()),
    })?;
    if plan.expires < now {
        return Err(refused("it has expired".to_owned()));
    }
    if plan.created > now + time::Duration::minutes(5) {
        return Err(refused(
            "it was made in the future: check the clock".to_owned(),
        ));
    }
    Ok(plan)
}

/// Opens the plan's account and makes sure that the controls still propose what the plan shows.
/// What is carried out is what they propose now.
async fn matched(
    saved: Plan,
    args: &cli::Apply,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<(Account, Plan, Plan), Error> {
    let path = saved.baseline.path.clone();
    let refused = |why: String| {
        Error::refused(format!("the plan cannot be applied: {why}"))
            .hint(format!("make a new plan: baseline plan {path} --out"))
    };
    let given = Selection::new(args.scope.target.clone(), args.scope.exclude.clone())?;
    if !given.is_all() {
        let text = "--target and --exclude are for making a plan; a saved one knows its own";
        return Err(Error::failed(text));
    }
    let baseline = Path::new(&saved.baseline.path);
    if !baseline.exists() {
        let text = format!("its baseline {path} is not here");
        return Err(Error::failed(text).hint("run it in the folder where the plan was made"));
    }
    let baseline = Baseline::load(Some(baseline))?;
    if baseline.sha256 != saved.baseline.sha256 {
        return Err(refused(format!(
            "{} has changed since",
            saved.baseline.path
        )));
    }
    let account = Account::open(baseline, aws, args.scope.parallelism, now).await?;
    if account.context.account != saved.account || account.context.partition != saved.partition {
        let (theirs, ours) = (&saved.account, &account.context.account);
        return Err(refused(format!(
            "it is for account {theirs}, these credentials are of {ours}"
        )));
    }
    if account.context.home_region != saved.home_region {
        let (theirs, ours) = (&saved.home_region, &account.context.home_region);
        return Err(refused(format!(
            "its home region is {theirs}, now it is {ours}"
        )));
    }
    check_guards(&saved, &args.allow_loosening)?;
    let planned: Vec<&Entry> = saved.changes().collect();
    if planned.is_empty() {
        return Ok((account, saved.clone(), saved));
    }
    // All that the plan saw is looked at again: a change may need what needs no change itself.
    let seen = account.look(&saved.selection, streams).await;
    let mut fresh = plan::build(&account.baseline, &saved.selection, &account.context, &seen);
    let moved = moved(&planned, &fresh);
    if !moved.is_empty() {
        return Err(refused(format!(
            "no longer as it saw them: {}",
            in_short(&moved)
        )));
    }
    let planned: Vec<Address> = planned.iter().map(|entry| entry.address()).collect();
    fresh
        .entries
        .retain(|entry| planned.contains(&entry.address()));
    Ok((account, saved, fresh))
}

/// The first few of many.
fn in_short(names: &[String]) -> String {
    match names.len().checked_sub(FEW) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..FEW].join(", ")),
    }
}

/// The planned changes that the controls would not propose now.
fn moved(planned: &[&Entry], fresh: &Plan) -> Vec<String> {
    let is_proposed = |entry: &&&Entry| {
        let address = entry.address();
        let now = fresh
            .entries
            .iter()
            .find(|other| other.address() == address);
        now.is_some_and(|now| same(entry, now) && now.after == entry.after)
    };
    planned
        .iter()
        .filter(|entry| !is_proposed(entry))
        .map(|entry| entry.address().to_string())
        .collect()
}

/// What may stop a whole apply before its first write.
fn check_guards(plan: &Plan, allowed: &[String]) -> Result<(), Error> {
    if let Some(entry) = plan
        .entries
        .iter()
        .find(|entry| entry.verdict == Verdict::Blocked)
    {
        let reason = entry.reason.as_deref().unwrap_or_default();
        return Err(Error::refused(format!("{}: {reason}", entry.address())));
    }
    let loosening = plan
        .changes()
        .find(|entry| entry.loosens() && !allowed.contains(&entry.control));
    match loosening {
        Some(entry) => {
            let fields: Vec<&str> = entry
                .differences
                .iter()
                .filter(|difference| difference.loosens)
                .map(|difference| difference.field.as_str())
                .collect();
            let text = format!(
                "{} would protect less: {}",
                entry.address(),
                fields.join(", ")
            );
            let hint = format!("if that is meant: --allow-loosening {}", entry.control);
            Err(Error::refused(text).hint(hint))
        }
        None => Ok(()),
    }
}

fn agree(plan: &Plan, auto_approve: bool) -> Result<(), Error> {
    if auto_approve {
        return Ok(());
    }
    if !can_ask() {
        return Err(Error::refused("nobody can be asked: stdin is no terminal")
            .hint("save a plan and apply that, or say --auto-approve"));
    }
    let question = format!(
        "Make these changes in account {}? Only 'yes' is a yes: ",
        plan.account
    );
    match yes(&question) {
        true => Ok(()),
        false => Err(Error::refused("not agreed; nothing was changed")),
    }
}

/// Carries out the changes. The first Ctrl-C or SIGTERM, or the end of the time, finishes the calls
/// under way and makes no more, the second signal ends at once.
async fn execute(
    account: &Account,
    plan: &Plan,
    within: Duration,
    streams: &mut Streams,
) -> Result<BTreeMap<Address, Outcome>, Error> {
    let stop = AtomicBool::new(false);
    let reader = account.reader.unhurried();
    let live = view::apply::Live::new(&mut *streams.talk);
    let executor = Executor {
        baseline: &account.baseline,
        context: &account.context,
        reader: &reader,
        writer: account.session.writing(),
        listener: &live,
        patience: Patience::default(),
        stop: &stop,
    };
    let told_twice = async {
        let text = tokio::select! {
            () = told_to_stop() => {
                "stopping after the calls under way; once more stops at once"
            }
            () = tokio::time::sleep(within) => {
                "the time is up: stopping after the calls under way; Ctrl-C stops at once"
            }
        };
        stop.store(true, Ordering::Relaxed);
        live.say(text);
        told_to_stop().await;
    };
    tokio::select! {
        outcomes = executor.run(plan) => Ok(outcomes),
        () = told_twice => Err(Error {
            exit: Exit::Partial,
            ..Error::failed("stopped at once: the calls under way may or may not have been made")
        }
        .hint("run it again: it looks at what is there and finishes")),
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
        entry.verdict == Verdict::Finding && entry.reason.is_none() && !entry.differences.is_empty()
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

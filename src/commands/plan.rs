//! `plan`: shows what would change; saves it when asked.

use super::{Account, Naming, options, selection, shown, warn_of_any_account};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::formats;
use crate::guard;
use crate::journal::Journals;
use crate::observe::{FORMAT, Observation};
use crate::plan::{self, Goal, Invalid, Plan};
use crate::view::{self, Streams};
use std::io::Write;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

pub async fn run(
    args: cli::Plan,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let mut alias = None;
    let naming = match args.json {
        true => Naming::Number,
        false => Naming::Alias,
    };
    let mut plan = match &args.from {
        Some(snapshot) => from_snapshot(&args, snapshot)?,
        None => {
            let (account, selection, seen) =
                Account::seen(&args.file, &args.scope, aws, now, naming, streams).await?;
            warn_of_any_account(&account, streams)?;
            let told = tell_of_others(&account, streams).await;
            account.unless_another(told)?;
            alias = account.alias().map(str::to_owned);
            account.plan(&selection, &seen, &Goal::Baseline)
        }
    };
    plan.valid_for(args.valid_for);
    let options = options(args.calls, alias, streams);
    let write = formats::chosen(args.json).plan;
    shown(write(&mut *streams.stdout, &plan, &options))?;
    if let Some(out) = args.out {
        let path = out.unwrap_or_else(|| default_out(&plan));
        save(&plan, &path, streams)?;
    }
    Ok(exit(&plan, args.detailed_exitcode))
}

/// The exit code of making a plan.
pub fn exit(plan: &Plan, detailed: bool) -> Exit {
    match plan.exit() {
        Exit::Differs if !detailed => Exit::Fine,
        exit => exit,
    }
}

/// Saves a plan for `apply`.
pub fn save(plan: &Plan, path: &Path, streams: &mut Streams) -> Result<(), Error> {
    check_overwrite(path)?;
    files::save_private(path, &plan.to_bytes())?;
    let name = path.display();
    let text = match plan.exceeds.is_empty() {
        true => format!(
            "saved, valid until {}; to make these changes: baseline apply {name}{}",
            crate::clock::to_the_second(plan.expires),
            guard::allowing(plan)
        ),
        false => {
            format!("saved in {name} for review only: it exceeds [limits] and cannot be applied")
        }
    };
    shown(writeln!(streams.stderr, "{text}"))
}

/// Says who is at work on the account, and which runs were cut off: what is seen may be half done.
async fn tell_of_others(account: &Account, streams: &mut Streams) -> Result<(), Error> {
    match account.holder().await {
        Ok(Some(holder)) => {
            let text = format!("note: apply in progress: {holder}; the plan may show half of it");
            return shown(writeln!(streams.stderr, "{text}"));
        }
        Ok(None) => {}
        // A plan needs no lock.
        Err(error) => shown(writeln!(streams.stderr, "note: {}", error.in_one_line()))?,
    }
    // A plan needs no journal.
    match Journals::of(&account.context.account).unfinished() {
        Ok(runs) => runs
            .iter()
            .try_for_each(|run| shown(view::history::unfinished(&mut *streams.stderr, run))),
        Err(error) => shown(writeln!(streams.stderr, "note: {}", error.in_one_line())),
    }
}

fn from_snapshot(args: &cli::Plan, path: &Path) -> Result<Plan, Error> {
    let baseline = Baseline::load(args.file.baseline.as_deref())?;
    let selection = selection(&args.scope)?;
    let not = |cause: String| {
        Error::failed(format!("{} is not a snapshot", path.display()))
            .because(cause)
            .hint("make one with `baseline snapshot --out FILE`")
    };
    let bytes = files::read_named(path)?;
    let mut seen: Observation =
        serde_json::from_slice(&bytes).map_err(|cause| not(cause.to_string()))?;
    if seen.format != FORMAT {
        return Err(not(format!("it has format {}, this version reads {FORMAT}", seen.format)));
    }
    if let Some(id) = &baseline.account.id
        && id.as_str() != seen.caller.account
    {
        let (id, other) = (id.as_str(), &seen.caller.account);
        let text = format!("wrong account: the baseline is for {id}, the snapshot of {other}");
        return Err(Error::refused(text));
    }
    if let Some(home) = &baseline.account.home_region
        && home.as_str() != seen.home_region
    {
        let (home, other) = (home.as_str(), &seen.home_region);
        let text = format!("the home region is {home}, the snapshot was taken for {other}");
        return Err(Error::failed(text).hint("take a snapshot with this baseline"));
    }
    if let Some(fault) = seen.fault() {
        return Err(not(fault));
    }
    seen.facts.extend(baseline.given());
    let context = baseline.context(&seen.caller, &seen.home_region, seen.taken);
    selection.check(&baseline, &seen.facts, &context)?;
    let goal = Goal::Baseline;
    Ok(plan::build(&baseline, &selection, &context, &seen, &goal))
}

/// A plan may replace an older plan, but no other file: `--out prod.toml` is a slip.
fn check_overwrite(path: &Path) -> Result<(), Error> {
    match files::replaced(path)?.map(|bytes| Plan::from_bytes(&bytes)) {
        Some(Err(Invalid::NoPlan)) => {
            let path = path.display();
            Err(Error::failed(format!("{path} exists and is not a plan; it was not overwritten"))
                .hint("--out takes the file for the plan; put the baseline before it"))
        }
        _ => Ok(()),
    }
}

/// `plans/<account>-<baseline>.json`
fn default_out(plan: &Plan) -> PathBuf {
    let stem = Path::new(&plan.baseline.path).file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from("plans").join(format!("{}-{stem}.json", plan.account))
}

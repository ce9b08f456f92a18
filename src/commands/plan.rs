//! `plan`: shows what would change; saves it when asked.

use super::{Account, Naming, note_any_account, say, selection, shown};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::formats::Options;
use crate::journal::Journals;
use crate::observe::{FORMAT, Observation};
use crate::plan::{self, Goal, Invalid, Plan};
use crate::report::Message;
use crate::view::Streams;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

pub async fn run(
    args: cli::Plan,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let (format, inputs) = (args.output.format(), args.output.inputs(args.calls)?);
    let mut alias = None;
    let naming = match format.has_alias {
        true => Naming::Alias,
        false => Naming::Number,
    };
    let mut plan = match &args.from {
        Some(snapshot) => from_snapshot(&args, snapshot)?,
        None => {
            let (account, selection, seen) =
                Account::seen(&args.file, &args.scope, aws, now, naming, streams).await?;
            note_any_account(&account, streams)?;
            let noted = note_other_runs(&account, streams).await;
            account.unless_another(noted)?;
            alias = account.alias().map(str::to_owned);
            account.plan(&selection, &seen, &Goal::Baseline)
        }
    };
    plan.valid_for(args.valid_for);
    let options = Options { inputs, width: streams.width, alias };
    shown((format.plan)(&mut *streams.stdout, &plan, &options))?;
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
    say(streams, &Message::PlanSaved { plan, path })
}

/// Notes which apply is in progress and which were cut off: what was read may be half done.
async fn note_other_runs(account: &Account, streams: &mut Streams) -> Result<(), Error> {
    match account.holder().await {
        Ok(Some(holder)) => return say(streams, &Message::InProgress(&holder)),
        Ok(None) => {}
        // A plan needs no lock.
        Err(error) => say(streams, &Message::DoneWithout(&error))?,
    }
    // A plan needs no journal.
    match Journals::of(&account.context.account).unfinished() {
        Ok(runs) => runs.iter().try_for_each(|run| say(streams, &Message::CutOff(run))),
        Err(error) => say(streams, &Message::DoneWithout(&error)),
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

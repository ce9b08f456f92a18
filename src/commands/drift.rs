//! `drift`: says whether the account still matches, for cron.

use super::{Account, selection, shown};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::journal::{Journals, Run};
use crate::plan::{Aim, Plan, since_plan, since_runs};
use crate::view::{self, Streams};
use crate::who;
use std::io::Write;
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
    check_alone(&account).await?;
    let seen = account.look(&selection, streams).await;
    check_alone(&account).await?;
    selection.check(&account.baseline, &seen.facts, &account.context)?;
    let mut plan = account.plan(&selection, &seen, &Aim::Baseline);
    let since = tell_what_moved(&mut plan, &account, args.since.as_deref(), streams)?;
    match args.json {
        true => shown(streams.out.write_all(&plan.to_bytes()))?,
        false => shown(view::drift::text(&mut *streams.out, &plan))?,
    }
    if args.who {
        // CloudTrail keeps no more.
        let since = since.unwrap_or(now - time::Duration::days(90));
        let reader = account.reader.within(account.looking_within);
        let answers = who::changed(&plan, &account.baseline, &reader, since).await;
        let to: &mut dyn Write = match args.json {
            true => &mut *streams.talk,
            false => &mut *streams.out,
        };
        shown(view::drift::who(to, &answers, since))?;
    }
    Ok(plan.exit())
}

/// While an apply is under way nobody can say whether the account matches.
async fn check_alone(account: &Account) -> Result<(), Error> {
    match account.holder().await? {
        Some(holder) => Err(Error::refused(format!("apply in progress: {holder}"))
            .hint("check again when it has ended")),
        None => Ok(()),
    }
}

/// Tells drift from what is pending, by the journals of this folder or by what is named. Returns
/// since when.
fn tell_what_moved(
    plan: &mut Plan,
    account: &Account,
    since: Option<&Path>,
    streams: &mut Streams,
) -> Result<Option<OffsetDateTime>, Error> {
    let (baseline, context) = (&account.baseline, &account.context);
    let runs = match since {
        Some(path) if path.extension().is_some_and(|ending| ending == "jsonl") => {
            let run = Run::read(path)?;
            run.into_iter().collect()
        }
        Some(path) => {
            let not = |why: String| {
                Error::failed(format!(
                    "{} is no plan that tells anything: {why}",
                    path.display()
                ))
                .hint("--since takes a saved plan, or a journal from plans/ACCOUNT/")
            };
            let bytes = files::read_trusted(path)?;
            let saved = Plan::from_bytes(&bytes).map_err(|why| not(why.to_string()))?;
            if saved.account != plan.account {
                return Err(not(format!("it is for account {}", saved.account)));
            }
            since_plan(plan, &saved);
            plan.seal();
            return Ok(Some(saved.created));
        }
        None => match Journals::of(&context.account).runs() {
            Ok(runs) => runs,
            // Whether the account matches is known without a journal.
            Err(error) => {
                shown(writeln!(streams.talk, "note: {}", error.in_one_line()))?;
                Vec::new()
            }
        },
    };
    if let Some(run) = runs.iter().find(|run| run.began.account != plan.account) {
        let (path, other) = (run.path.display(), &run.began.account);
        return Err(Error::failed(format!("{path} is of account {other}")));
    }
    for run in runs.iter().filter(|run| run.is_unfinished()) {
        shown(view::history::unfinished(&mut *streams.talk, run))?;
    }
    since_runs(plan, baseline, context, &runs);
    plan.seal();
    Ok(runs.last().map(|run| run.at))
}

//! `undo`: puts back what a run changed, through a plan like any other.

use super::apply::check_names;
use super::exclusive::Exclusive;
use super::plan::{exit, save};
use super::work::Work;
use super::{Account, Naming, say, shown};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::clock::Clock;
use crate::error::{Error, Exit};
use crate::formats::{self, Options};
use crate::journal::Run;
use crate::observe::Observation;
use crate::plan::{Goal, Undo};
use crate::report::{Inputs, Message};
use crate::selection::Selection;
use crate::view::apply::Form;
use crate::view::{self, Streams};
use std::path::PathBuf;
use time::OffsetDateTime;

pub async fn run(
    args: cli::Undo,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let form = Form::new(args.json);
    shown(view::apply::begin(form, streams, Clock::at(now), "undo"))?;
    check_names(&args.consent.allow_loosening)?;
    let baseline = Baseline::load(args.file.baseline.as_deref())?;
    let account = Account::open(baseline, aws, args.parallelism, now).await?;
    let exclusive = Exclusive::take(&account, "undo", args.consent.lock_timeout).await;
    let exclusive = account.unless_another(exclusive)?;
    let exit = planned(args, &account, &exclusive, streams).await;
    exclusive.end().await;
    account.unless_another(exit)
}

/// Plans, and saves the plan or asks and makes the changes.
async fn planned(
    args: cli::Undo,
    account: &Account,
    exclusive: &Exclusive,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let run = exclusive.journals.find(&args.run)?;
    exclusive.note_cut_off(streams)?;
    let changed = run.changes.iter().filter(|change| !change.calls.is_empty());
    let places: Vec<String> = changed.map(|change| change.address.to_string()).collect();
    if places.is_empty() {
        let nothing = Message::NothingToUndo(&run.began.run);
        shown(match args.json {
            true => view::say(streams, &nothing),
            false => view::answer(streams, &nothing),
        })?;
        return Ok(Exit::Fine);
    }
    let everything = Selection::new(places, Vec::new())?;
    let goal = goal(exclusive, &run.began.run)?;
    let seen = account.observe(&everything, Naming::Alias, streams).await?;
    let selection = still_there(everything, account, &seen, streams)?;
    let mut plan = account.plan(&selection, &seen, &goal);
    match args.out {
        Some(path) => {
            plan.valid_for(args.valid_for);
            let alias = account.alias().map(str::to_owned);
            let inputs = Inputs::shown(args.consent.calls);
            let options = Options { inputs, width: streams.width, alias };
            shown((formats::TEXT.plan)(&mut *streams.stdout, &plan, &options))?;
            let path = path.unwrap_or_else(|| default_out(&plan.account, &run));
            save(&plan, &path, streams)?;
            Ok(exit(&plan, false))
        }
        None => {
            let work = Work::new(account, exclusive, plan, seen, goal, Form::new(args.json));
            work.agreed(&args.consent, streams)?.carry_out(streams).await
        }
    }
}

/// The places that are still the baseline's; the others are left as they are, and noted.
fn still_there(
    everything: Selection,
    account: &Account,
    seen: &Observation,
    streams: &mut Streams,
) -> Result<Selection, Error> {
    let mut kept = Vec::new();
    let mut last = None;
    for place in everything.target {
        let only = Selection::new(vec![place.clone()], Vec::new())?;
        match only.check(&account.baseline, &seen.facts, &account.context) {
            Ok(()) => kept.push(place),
            Err(error) => {
                say(streams, &Message::NoLongerManaged(&place))?;
                last = Some(error);
            }
        }
    }
    match last {
        Some(error) if kept.is_empty() => Err(error),
        _ => Selection::new(kept, Vec::new()),
    }
}

/// What undoing a run is to bring about.
pub fn goal(exclusive: &Exclusive, run: &str) -> Result<Goal, Error> {
    let run = exclusive.journals.find(run)?;
    let mut later = Vec::new();
    // A run that ended by itself has read what it left.
    if run.changes.iter().any(|change| change.after.is_none()) {
        let heads = exclusive.runs.iter();
        for head in heads.filter(|head| head.began.run > run.began.run) {
            later.push(head.run()?);
        }
    }
    Ok(Goal::Undo(Undo::of(&run, &later)))
}

/// `plans/<account>-undo-<run>.json`
fn default_out(account: &str, run: &Run) -> PathBuf {
    PathBuf::from("plans").join(format!("{account}-undo-{}.json", run.began.run))
}

//! `apply`: makes the changes of a saved plan, or of a new one that you confirm.

use super::exclusive::Exclusive;
use super::work::Work;
use super::{Account, Naming, selection, shown, undo};
use crate::apply::same;
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::clock::{Clock, to_the_second};
use crate::controls;
use crate::error::{Error, Exit};
use crate::files;
use crate::guard;
use crate::place::Address;
use crate::plan::{Entry, Goal, Invalid, Plan};
use crate::selection::Selection;
use crate::view::apply::Form;
use crate::view::{self, Streams};
use std::path::Path;
use time::OffsetDateTime;

pub async fn run(
    args: cli::Apply,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let form = Form::new(args.json);
    shown(view::apply::begin(form, streams, Clock::at(now), "apply"))?;
    check_names(&args.consent.allow_loosening)?;
    match &args.file {
        Some(path) if is_plan(path) => {
            let saved = load_plan(path, now)?;
            let account = opened(&saved, &args, aws, now).await?;
            let exclusive = Exclusive::take(&account, "apply", args.consent.lock_timeout).await;
            let exclusive = account.unless_another(exclusive)?;
            let exit = matched(saved, &account, &exclusive, form, streams).await;
            exclusive.end().await;
            account.unless_another(exit)
        }
        _ => {
            let baseline = Baseline::load(args.file.as_deref())?;
            let selection = selection(&args.scope)?;
            let account = Account::open(baseline, aws, args.scope.parallelism, now).await?;
            let exclusive = Exclusive::take(&account, "apply", args.consent.lock_timeout).await;
            let exclusive = account.unless_another(exclusive)?;
            let exit = planned(&selection, &account, &exclusive, &args, streams).await;
            exclusive.end().await;
            account.unless_another(exit)
        }
    }
}

/// Plans, asks, and makes the changes.
async fn planned(
    selection: &Selection,
    account: &Account,
    exclusive: &Exclusive,
    args: &cli::Apply,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    exclusive.note_cut_off(streams)?;
    let seen = account.observe(selection, Naming::Alias, streams).await?;
    selection.check(&account.baseline, &seen.facts, &account.context)?;
    let plan = account.plan(selection, &seen, &Goal::Baseline);
    let form = Form::new(args.json);
    let work = Work::new(account, exclusive, plan, seen, Goal::Baseline, form);
    let work = work.agreed(&args.consent, streams)?;
    work.carry_out(streams).await
}

/// How many names an error lists.
const FEW: usize = 5;

pub(super) fn check_names(allowed: &[String]) -> Result<(), Error> {
    match allowed.iter().find(|name| controls::find(name).is_none()) {
        Some(name) => Err(Error::failed(format!("--allow-loosening: no control named '{name}'"))
            .hint(controls::named_like(name))),
        None => Ok(()),
    }
}

/// A file that ends in `.json` is a saved plan.
fn is_plan(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn load_plan(path: &Path, now: OffsetDateTime) -> Result<Plan, Error> {
    let refused = |why: String| {
        Error::refused(format!("{} cannot be applied: {why}", path.display()))
            .hint("make a new plan: baseline plan --out")
    };
    let bytes = files::read_trusted(path)?;
    let plan = Plan::from_bytes(&bytes).map_err(|why| match why {
        Invalid::NoPlan => Error::failed(format!("{} is not a plan", path.display()))
            .hint("make one with `baseline plan --out`"),
        why => refused(why.to_string()),
    })?;
    if plan.expires < now {
        let until = crate::clock::to_the_second(plan.expires);
        return Err(refused(format!("it has expired: it was valid until {until}")));
    }
    if plan.expires > plan.created + cli::LONGEST_VALIDITY {
        return Err(refused("a plan may be valid for 30 days at most".to_owned()));
    }
    if plan.created > now + time::Duration::minutes(5) {
        return Err(refused("it was made in the future: check the clock".to_owned()));
    }
    Ok(plan)
}

/// Refuses a saved plan.
fn refused(saved: &Plan, why: String) -> Error {
    let again = match &saved.undoes {
        Some(run) => format!("baseline undo {run} --out FILE"),
        None => format!("baseline plan {} --out", saved.baseline.path),
    };
    Error::refused(format!("the plan cannot be applied: {why}"))
        .hint(format!("make a new plan: {again}"))
}

/// Opens the account of a saved plan, if it is the right one and the baseline is the same.
async fn opened(
    saved: &Plan,
    args: &cli::Apply,
    aws: &AwsArgs,
    now: OffsetDateTime,
) -> Result<Account, Error> {
    let path = &saved.baseline.path;
    let refused = |why: String| refused(saved, why);
    let given = Selection::new(args.scope.target.clone(), args.scope.exclude.clone())?;
    if !given.is_all() {
        let text = "--target and --exclude are for making a plan; a saved one knows its own";
        return Err(Error::failed(text));
    }
    let baseline = Path::new(&saved.baseline.path);
    if !baseline.exists() {
        let text = format!("its baseline {path} does not exist");
        return Err(Error::failed(text).hint("run it in the folder where the plan was made"));
    }
    let baseline = Baseline::load(Some(baseline))?;
    if baseline.sha256 != saved.baseline.sha256 {
        return Err(refused(format!("{} has changed since", saved.baseline.path)));
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
        return Err(refused(format!("its home region is {theirs}, now it is {ours}")));
    }
    guard::check(saved, &account.baseline, &args.consent.allow_loosening)?;
    Ok(account)
}

/// Makes sure that the plan was not used before and that the controls still propose what it shows,
/// then carries out what they propose now.
async fn matched(
    saved: Plan,
    account: &Account,
    exclusive: &Exclusive,
    form: Form,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let refused = |why: String| refused(&saved, why);
    if let Some(run) = exclusive.runs.iter().find(|run| run.began.plan == saved.digest) {
        let (name, at) = (&run.began.run, to_the_second(run.at));
        return Err(refused(format!(
            "it was already used, at {at} (run {name}): a plan is for one apply"
        )));
    }
    exclusive.note_cut_off(streams)?;
    let goal = match &saved.undoes {
        Some(run) => undo::goal(exclusive, run)?,
        None => Goal::Baseline,
    };
    // Every place of the plan is read again: a change may depend on one that does not change.
    let seen = account.observe(&saved.selection, Naming::Number, streams).await?;
    let mut fresh = account.plan(&saved.selection, &seen, &goal);
    let planned: Vec<&Entry> = saved.changes().collect();
    let moved = moved(&planned, &fresh);
    if !moved.is_empty() {
        return Err(refused(format!(
            "these places have changed since it was made: {}",
            in_short(&moved)
        )));
    }
    let planned: Vec<Address> = planned.iter().map(|entry| entry.address()).collect();
    fresh.entries.retain(|entry| planned.contains(&entry.address()));
    exclusive.claim(&saved).await?;
    let plan = view::apply::plan(form, streams, exclusive.clock, &saved, None);
    shown(plan)?;
    let work = Work { account, exclusive, plan: saved, changes: Some(fresh), seen, goal, form };
    work.carry_out(streams).await
}

/// The first few of many.
fn in_short(names: &[String]) -> String {
    match names.len().checked_sub(FEW) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..FEW].join(", ")),
    }
}

/// The planned changes that the controls would not propose now, or not at this place in the plan,
/// or not without others that the plan lacks.
fn moved(planned: &[&Entry], fresh: &Plan) -> Vec<String> {
    let names: Vec<Address> = planned.iter().map(|entry| entry.address()).collect();
    let mut next = 0;
    let mut moved = Vec::new();
    for (entry, name) in planned.iter().zip(&names) {
        let at = fresh.entries.iter().position(|other| other.address() == *name);
        let is_proposed = at.is_some_and(|at| {
            let now = &fresh.entries[at];
            at >= next && same(now, entry) && now.after == entry.after
        });
        if !is_proposed || !entry.after.iter().all(|first| names.contains(first)) {
            moved.push(name.to_string());
        }
        next = next.max(at.map_or(0, |at| at + 1));
    }
    moved
}

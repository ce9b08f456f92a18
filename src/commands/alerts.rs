//! `alerts`: sends test events, and confirms subscriptions. It changes nothing else.

use super::{Account, note_any_account, say, shown};
use crate::aws::{AwsError, Kind};
use crate::baseline::Baseline;
use crate::cli::{self, AlertsCommand, AwsArgs};
use crate::clock::{Clock, to_the_second};
use crate::controls::alerts::trial::{Rule, Test, Trial, confirm as confirm_subscription};
use crate::error::{Error, Exit};
use crate::report::{Message, Question};
use crate::view::{self, Streams, can_ask, yes};
use time::OffsetDateTime;

pub async fn run(
    args: cli::Alerts,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    match args.command {
        AlertsCommand::Test(args) => test(args, aws, now, streams).await,
        AlertsCommand::Confirm(args) => confirm(args, aws, now, streams).await,
    }
}

async fn test(
    args: cli::AlertsTest,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let (account, topic) = opened(&args.file, aws, now).await?;
    note_any_account(&account, streams)?;
    let context = &account.context;
    let reader = account.reader.within(account.read_timeout);
    let mut regions = context.regions(&reader).await.map_err(|cause| {
        let text = "cannot list the regions of the account";
        Error { exit: Exit::Unseen, ..Error::failed(text).because(cause) }
    })?;
    if !regions.contains(&context.home_region) {
        regions.push(context.home_region.clone());
    }
    regions.sort();
    agree(&account, regions.len() + 1, args.auto_approve)?;
    account.confirm().await?;
    let clients = account.session.writing().within(account.change_timeout);
    let id = id(Clock::at(now).now());
    let test = Test { id: &id, topic: &topic, now, context, reader: &reader, clients: &clients };
    let trial = test.made(&regions).await;
    account.session.check()?;
    for way in &trial.ways {
        shown(view::answer(streams, &Message::Way(way)))?;
    }
    shown(view::answer(streams, &Message::Published(&trial)))?;
    shown(view::answer(streams, &Message::Tried(&trial)))?;
    Ok(exit(&trial))
}

async fn confirm(
    args: cli::AlertsConfirm,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let (account, topic) = opened(&args.file, aws, now).await?;
    note_any_account(&account, streams)?;
    account.confirm().await?;
    let clients = account.session.writing().within(account.change_timeout);
    let confirmed = confirm_subscription(&topic, &args.token, &clients).await;
    account.session.check()?;
    let arn = confirmed.map_err(|cause| {
        Error::failed("the subscription was not confirmed").because(cause).hint(
            "a token is valid for two days, and only with the topic that sent it: baseline drift \
             names who has not confirmed, and how to have the message sent again",
        )
    })?;
    say(streams, &Message::Confirmed(&arn))?;
    Ok(Exit::Fine)
}

/// The account, and the topic of its alerts.
async fn opened(
    file: &cli::File,
    aws: &AwsArgs,
    now: OffsetDateTime,
) -> Result<(Account, String), Error> {
    let baseline = Baseline::load(file.baseline.as_deref())?;
    if baseline.control("alerts").is_none() {
        let text = format!("{} has no table [alerts]", baseline.path.display());
        return Err(Error::failed(text).hint("add it: baseline explain alerts"));
    }
    let account = Account::open(baseline, aws, PARALLELISM, now).await?;
    match account.context.alerts().map(|alerts| alerts.topic.clone()) {
        Some(topic) => Ok((account, topic)),
        None => Err(Error::failed("the topic of [alerts] is not in the home region")
            .hint("name a topic of the home region: a rule sends only to those of its own")),
    }
}

/// How many requests may be under way.
const PARALLELISM: usize = 64;

fn agree(account: &Account, messages: usize, auto_approve: bool) -> Result<(), Error> {
    if auto_approve {
        return Ok(());
    }
    if !can_ask() {
        return Err(Error::refused("cannot ask for confirmation: stdin is not a terminal")
            .hint("use --auto-approve"));
    }
    match yes(&Question::TestMessages { account: &account.context.account, messages }) {
        true => Ok(()),
        false => Err(Error::refused("not confirmed; nothing was sent")),
    }
}

/// What to look for in the messages: the time, and some letters for a second test within it.
fn id(now: OffsetDateTime) -> String {
    let time = to_the_second(now).replace(['-', ':'], "");
    format!("baseline-test-{time}-{:04x}", fastrand::u16(..))
}

/// 1 if nothing could be sent, 3 if some could not, 4 if a rule could not be seen, 2 if a rule sends
/// nothing on.
fn exit(trial: &Trial) -> Exit {
    let sent = trial.ways.iter().map(|way| way.sent.is_ok());
    let sent: Vec<bool> = sent.chain([trial.published.is_ok()]).collect();
    let is_refused = |error: &AwsError| error.kind == Kind::WrongAccount;
    let rules = || trial.ways.iter().map(|way| &way.rule);
    if trial.ways.iter().any(|way| way.sent.as_ref().is_err_and(is_refused)) {
        return Exit::Refused;
    }
    match () {
        () if !sent.contains(&true) => Exit::Failed,
        () if sent.contains(&false) => Exit::Partial,
        () if rules().any(Result::is_err) => Exit::Unseen,
        () if rules().flatten().any(|rule| *rule != Rule::Matches) => Exit::Differs,
        () => Exit::Fine,
    }
}

//! What is reported of past applies, from their journals.

use super::block::{Block, Inputs, Row, of_entries};
use super::outcome::{trouble, word};
use crate::error::Exit;
use crate::journal::{Change, Run, Sent, Standing};
use crate::model::Outcome;
use crate::place::Address;
use crate::plan::{Entry, Verdict};
use crate::text::count;

/// Past applies, oldest first.
#[derive(Debug)]
pub struct History<'a> {
    /// The runs.
    pub runs: &'a [Run],
    /// Whether each is shown call by call, or in a line.
    pub is_detailed: bool,
}

/// One run, call by call.
#[derive(Debug)]
pub struct RunReport {
    /// `3 changes, 5 calls, done`
    pub in_short: String,
    /// What is known of the run itself: a heading and its text.
    pub facts: Vec<(&'static str, String)>,
    /// The changes that were begun, folded.
    pub changes: Vec<ChangeReport>,
    /// The changes of which no call was sent: why, and their addresses.
    pub not_begun: Vec<(String, Vec<String>)>,
}

/// What became of a change, or of several that are alike.
#[derive(Debug)]
pub struct ChangeReport {
    /// The places, the differences and the calls.
    pub block: Block,
    /// What became of it.
    pub outcome: String,
    /// What became of each call, in order.
    pub answers: Vec<AnswerReport>,
}

/// What became of a call.
#[derive(Debug)]
pub struct AnswerReport {
    /// `done`, `failed: …`
    pub what: String,
    /// AWS's id of the request; none of calls that were folded.
    pub request: Option<String>,
}

impl RunReport {
    /// The report of a run: changes that differ only in their own name and region as one, without
    /// the ids of their requests; or, with the inputs of the calls, each for itself.
    pub fn of(run: &Run, inputs: Inputs) -> Self {
        let entries: Vec<Entry> = run.changes.iter().map(entry).collect();
        let entries: Vec<&Entry> = entries.iter().collect();
        let blocks = match inputs {
            Inputs::Hidden => of_entries(&entries),
            Inputs::Shown => entries.iter().flat_map(|own| of_entries(&[own])).collect(),
        };
        Self {
            in_short: in_short(run),
            facts: facts(run),
            changes: blocks.into_iter().map(|block| change(run, block)).collect(),
            not_begun: not_begun(run),
        }
    }
}

fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let began = &run.began;
    vec![
        ("account", began.account.clone()),
        ("by", began.caller.clone()),
        ("baseline", began.baseline.path.clone()),
        ("plan", began.plan.clone()),
        ("journal", run.path.display().to_string()),
    ]
}

/// What a run was for: its baseline, or the run that it undid.
pub fn purpose(run: &Run) -> String {
    match &run.began.undoes {
        Some(other) => format!("undo of {other}"),
        None => run.began.baseline.path.clone(),
    }
}

/// `3 changes, 5 calls, done`
pub fn in_short(run: &Run) -> String {
    let standing = match &run.standing {
        Standing::Finished(code) if *code == Exit::Fine as u8 => "done".to_owned(),
        Standing::Finished(code) => format!("ended with exit code {code}"),
        Standing::Unfinished => "cut off".to_owned(),
        Standing::TakenOver(by) => format!("cut off, finished by {by}"),
    };
    if run.calls() == 0 {
        return format!("no calls, {standing}");
    }
    let unknown = run.changes.iter().filter(|own| own.outcome.is_none()).count();
    let changes = match unknown {
        0 => changes(run),
        _ => format!("{} ({unknown} not known)", changes(run)),
    };
    let sent = run.changes.iter().flat_map(|change| &change.calls);
    let made = sent.filter(|sent| sent.answered && sent.error.is_none());
    let calls = part(made.count(), run.calls(), "call");
    format!("{changes}, {calls}, {standing}")
}

/// How many changes were made, of those that were not compliant already.
fn changes(run: &Run) -> String {
    let succeeded = |outcome: Option<&Outcome>| outcome.is_some_and(Outcome::is_success);
    let made = run.changes.iter().filter(|change| succeeded(change.outcome.as_ref()));
    let compliant = run.not_begun.values().filter(|own| succeeded(Some(own))).count();
    part(made.count(), run.began.changes.len().saturating_sub(compliant), "change")
}

/// `4 calls`, and if not all of them were made: `3 of 4 calls`
fn part(made: usize, of: usize, noun: &str) -> String {
    match made == of {
        true => count(of, noun),
        false => format!("{made} of {}", count(of, noun)),
    }
}

/// A change as what a report knows: its first note is what became of it, and the others what became
/// of each call.
fn entry(change: &Change) -> Entry {
    let mut entry = Entry::of(&change.control, change.place.clone());
    entry.verdict = Verdict::Change;
    entry.reason = change.outcome.as_ref().and_then(|own| trouble(own, None));
    entry.differences.clone_from(&change.differences);
    entry.calls = change.calls.iter().map(|sent| sent.call.clone()).collect();
    let outcome = change.outcome.as_ref().map_or("not known", word).to_owned();
    let answers = change.calls.iter().map(|sent| answer(sent, change.outcome.as_ref()));
    entry.notes = std::iter::once(outcome).chain(answers).collect();
    entry
}

/// What became of a call. The error that ended its change is shown above the calls.
fn answer(sent: &Sent, outcome: Option<&Outcome>) -> String {
    match (&sent.error, sent.answered) {
        (Some(own), _) => match outcome {
            Some(Outcome::Failed { error, .. }) if error == own => "failed".to_owned(),
            _ => format!("failed: {own}"),
        },
        (None, true) => "done".to_owned(),
        (None, false) => "no response recorded".to_owned(),
    }
}

/// Takes what became of a change out of the notes that [`entry`] put it into.
fn change(run: &Run, mut block: Block) -> ChangeReport {
    let mut notes = Vec::new();
    block.rows.retain_mut(|row| match row {
        Row::Note(text) => {
            notes.push(std::mem::take(text));
            false
        }
        _ => true,
    });
    let calls = calls(run, &block);
    let mut notes = notes.into_iter();
    let outcome = notes.next().unwrap_or_default();
    let answer = |(number, what): (usize, String)| AnswerReport {
        request: calls.get(number).and_then(|sent| request(sent, &what)),
        what,
    };
    ChangeReport { block, outcome, answers: notes.enumerate().map(answer).collect() }
}

/// The id of a request, unless the error that is shown names it.
fn request(sent: &Sent, what: &str) -> Option<String> {
    let id = sent.request_id.as_ref()?;
    (!what.contains(id.as_str())).then(|| id.clone())
}

/// The calls of the one change of a block; of several none.
fn calls<'r>(run: &'r Run, block: &Block) -> &'r [Sent] {
    let [place] = block.places.as_slice() else {
        return &[];
    };
    let mut changes = run.changes.iter();
    let own = changes.find(|own| own.control == block.control && own.place == *place);
    own.map_or(&[], |own| &own.calls)
}

/// The changes of which no call was sent, those with the same reason together.
fn not_begun(run: &Run) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let began = |address: &Address| run.changes.iter().any(|own| own.address == *address);
    for address in run.began.changes.iter().filter(|own| !began(own)) {
        let why = not_begun_because(run.not_begun.get(address));
        match all.iter_mut().find(|(own, _)| *own == why) {
            Some((_, addresses)) => addresses.push(address.to_string()),
            None => all.push((why, vec![address.to_string()])),
        }
    }
    all
}

fn not_begun_because(outcome: Option<&Outcome>) -> String {
    let trouble = outcome.and_then(|outcome| trouble(outcome, None));
    trouble.unwrap_or_else(|| outcome.map_or("not begun", word).to_owned())
}

/// Which calls of a run were made in an account, line by line.
pub fn made(account: &str, name: &str, run: Option<&Run>) -> String {
    let changes = run.into_iter().flat_map(|run| &run.changes);
    let calls = changes.flat_map(|change| {
        let made = change.calls.iter().filter(|sent| sent.answered && sent.error.is_none());
        made.map(|sent| (&sent.call, &change.address))
    });
    let lines: Vec<String> = calls
        .map(|(call, address)| {
            let (service, operation, region) = (&call.service, &call.operation, &call.region);
            format!("  {service}:{operation} in {region} ({address})")
        })
        .collect();
    match lines.is_empty() {
        true => format!("no call had been made in account {account} (run {name})"),
        false => {
            let lines = lines.join("\n");
            format!("made in account {account} before that (baseline history {name}):\n{lines}")
        }
    }
}

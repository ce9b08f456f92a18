//! Carries out a plan: matches it with what the controls propose now, then change by change looks,
//! calls, and looks again. Announces what happens; prints nothing.

mod backoff;
mod event;
mod group;

pub use backoff::Timeouts;
pub use event::{ApplyObserver, Awaited, Event};
pub use group::{Came, came_to};

use crate::aws::facts::Reader;
use crate::aws::{AnyWrite, AwsError, Clients, Receipt, awaited};
use crate::baseline::Baseline;
use crate::control::Context;
use crate::error::Error;
use crate::journal::Journal;
use crate::model::Outcome;
use crate::observe::{Observed, look_at};
use crate::place::Address;
use crate::plan::{self, Draft, Entry, Finding, Goal, Plan, Verdict};
use backoff::Backoff;
use event::{concerns_all, ends_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use group::{Group, Readiness, groups, readiness};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// What an apply works with.
pub struct Executor<'a> {
    /// The baseline that the plan was made from.
    pub baseline: &'a Baseline,
    /// What the plan is to bring about.
    pub goal: &'a Goal,
    /// What proposals depend on.
    pub context: &'a Context,
    /// To look with.
    pub reader: &'a Reader,
    /// To write with.
    pub writer: Clients,
    /// Where it is written down what happens, before it does.
    pub journal: &'a Journal,
    /// Who follows what happens.
    pub observer: &'a dyn ApplyObserver,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Whether an earlier run wrote something a moment ago, which may not have spread yet.
    pub wrote_recently: bool,
    /// Set when no further call is to be made; the one under way is finished. Credentials that
    /// have expired or are of another account set it too.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("context", self.context).finish_non_exhaustive()
    }
}

/// How many groups are carried out side by side, so that thousands of buckets do not fill the memory.
const GROUPS_AT_ONCE: usize = 128;

/// How many of them in one region: as many as requests may be under way by default, and few enough
/// that a region that is down does not hold up the others.
const GROUPS_OF_A_REGION: usize = 64;

impl Executor<'_> {
    /// Carries out all changes of the plan. What need not wait runs side by side; what fails takes
    /// down only what depends on it.
    pub async fn run(&self, plan: &Plan) -> BTreeMap<Address, Outcome> {
        let mut waiting = groups(plan);
        let planned: Vec<Address> = plan.changes().map(Entry::address).collect();
        let mut running = FuturesUnordered::new();
        let mut busy: Vec<String> = Vec::new();
        let mut regions: BTreeMap<String, usize> = BTreeMap::new();
        let mut ended = BTreeMap::new();
        loop {
            let ready = |group: &Group<'_>, ended: &_| readiness(group, &planned, ended);
            while running.len() < GROUPS_AT_ONCE
                && let Some(at) = waiting.iter().position(|group| {
                    ready(group, &ended) != Readiness::Wait
                        && !group.buckets().any(|bucket| busy.contains(bucket))
                        && regions.get(group.region()) < Some(&GROUPS_OF_A_REGION)
                })
            {
                let group = waiting.remove(at);
                match ready(&group, &ended) {
                    Readiness::Skip(because) => {
                        let end = End::of(Outcome::Skipped { because });
                        self.end(&group, &end, &mut ended);
                    }
                    _ => {
                        busy.extend(group.buckets().cloned());
                        *regions.entry(group.region().to_owned()).or_default() += 1;
                        let done = |address| ended.get(address) == Some(&Outcome::Done);
                        let wrote_before = self.wrote_recently || group.after().any(done);
                        running.push(async move {
                            let end = self.carry_out(&group, wrote_before).await;
                            (group, end)
                        });
                    }
                }
            }
            match running.next().await {
                Some((group, end)) => {
                    busy.retain(|bucket| !group.buckets().any(|own| own == bucket));
                    if let Some(at_work) = regions.get_mut(group.region()) {
                        *at_work -= 1;
                    }
                    self.end(&group, &end, &mut ended);
                }
                None => return ended,
            }
        }
    }

    fn end(&self, group: &Group<'_>, end: &End, ended: &mut BTreeMap<Address, Outcome>) {
        if ends_all(&end.outcome) {
            self.stop.store(true, Ordering::Relaxed);
        }
        for (at, entry) in group.0.iter().enumerate() {
            let (address, after) = (entry.address(), end.after.get(at).and_then(live));
            let mut outcome = end.outcome.clone();
            if let Err(error) = self.report(Event::Ended(&address, &outcome, after.as_ref())) {
                self.stop.store(true, Ordering::Relaxed);
                if outcome.is_success() {
                    outcome = Outcome::Unrecorded {
                        made: outcome.made(group.calls()),
                        cause: error.in_one_line(),
                    };
                }
                self.observer.on(Event::Ended(&address, &outcome, None));
            }
            ended.insert(address, outcome);
        }
    }

    /// Writes down what happens, then announces it.
    fn report(&self, event: Event<'_>) -> Result<(), Error> {
        self.journal.record(&event)?;
        self.observer.on(event);
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn carry_out(&self, group: &Group<'_>, wrote_before: bool) -> End {
        if self.stopped() {
            return End::of(Outcome::Stopped { made: 0 });
        }
        let (drafts, before) = self.look(group).await;
        if let Some(error) = first_unseen(&drafts) {
            return End::of(Outcome::Unseen { made: 0, error });
        }
        if drafts.iter().all(is_settled) {
            return End { outcome: Outcome::AlreadyFine, after: before };
        }
        let as_planned = |(draft, entry): (&Draft, &&Entry)| same(&draft.entry, entry);
        if !drafts.iter().zip(&group.0).all(as_planned) {
            return End::of(Outcome::Moved);
        }
        match self.call_all(&drafts, &before, wrote_before).await {
            Ok(made) => self.read_back(group, made).await,
            // How far it came is written down, so that it can be undone.
            Err(outcome) => End { outcome, after: self.look(group).await.1 },
        }
    }

    /// Makes the calls, one after the other. Returns how many there were.
    async fn call_all(
        &self,
        drafts: &[Draft],
        before: &[Observed],
        wrote_before: bool,
    ) -> Result<usize, Outcome> {
        let mut made = 0;
        for (draft, seen) in drafts.iter().zip(before) {
            let address = draft.entry.address();
            let unrecorded =
                |made, error: Error| Outcome::Unrecorded { made, cause: error.in_one_line() };
            let before = live(seen).unwrap_or(Value::Null);
            self.report(Event::Began(&draft.entry, &before))
                .map_err(|error| unrecorded(made, error))?;
            for (at, write) in draft.writes.iter().enumerate() {
                if self.stopped() {
                    return Err(Outcome::Stopped { made });
                }
                let (number, call) = (at + 1, write.call());
                self.report(Event::Calling(&address, number, &call))
                    .map_err(|error| unrecorded(made, error))?;
                let wrote_before = wrote_before || made > 0;
                let answer = self.send(&address, write.as_ref(), wrote_before).await;
                let written = self.report(Event::Answered(&address, number, answer.as_ref()));
                match answer {
                    Ok(_) => made += 1,
                    Err(error) => return Err(Outcome::Failed { made, call, error }),
                }
                written.map_err(|error| unrecorded(made, error))?;
            }
        }
        Ok(made)
    }

    /// Reads the places of a group afresh and judges them together. Gives what was seen as well.
    async fn look(&self, group: &Group<'_>) -> (Vec<Draft>, Vec<Observed>) {
        let reader = self.reader.anew();
        let (mut drafts, mut observed) = (Vec::new(), Vec::new());
        for entry in &group.0 {
            let control = self
                .baseline
                .control(&entry.control)
                .expect("a plan is made of the baseline's own controls");
            let seen = look_at(control, &entry.place, self.context, &reader).await;
            drafts.push(plan::judge(control, entry.place.clone(), &seen, self.context, self.goal));
            observed.push(seen);
        }
        (plan::finish(drafts), observed)
    }

    async fn send(
        &self,
        address: &Address,
        write: &dyn AnyWrite,
        wrote_before: bool,
    ) -> Result<Receipt, AwsError> {
        let mut backoff = Backoff::new(self.timeouts.propagation, self.timeouts.pause);
        loop {
            let error = match write.send(&self.writer).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) => error,
            };
            let code = error.code.as_deref().unwrap_or_default();
            let Some(what) = awaited(write, code, wrote_before) else {
                return Err(error);
            };
            if !backoff.may_wait() || self.stopped() {
                let waited_for = Some(what.to_owned());
                return Err(AwsError { waited_for, ..error });
            }
            let awaited = Awaited::Propagation { error: &error, what };
            let next = backoff.next_attempt();
            self.observer.on(Event::Waiting(address, awaited, next));
            backoff.wait().await;
        }
    }

    async fn read_back(&self, group: &Group<'_>, made: usize) -> End {
        let mut backoff = Backoff::new(self.timeouts.read_back, self.timeouts.pause);
        loop {
            let (drafts, after) = self.look(group).await;
            let unseen = first_unseen(&drafts);
            let differing = || drafts.iter().filter(|draft| !is_settled(draft));
            if unseen.is_none() && differing().next().is_none() {
                let outcome = Outcome::Done;
                return End { outcome, after };
            }
            let is_over = matches!(&unseen, Some(Some(error)) if concerns_all(error));
            if is_over || !backoff.may_wait() || self.stopped() {
                let outcome = match unseen {
                    Some(error) => Outcome::Unseen { made, error },
                    None => Outcome::NotSettled {
                        fields: differing()
                            .flat_map(|draft| &draft.entry.differences)
                            .map(|difference| difference.field.clone())
                            .collect(),
                    },
                };
                return End { outcome, after };
            }
            let next = backoff.next_attempt();
            for entry in &group.0 {
                let address = entry.address();
                self.observer.on(Event::Waiting(&address, Awaited::ReadBack, next));
            }
            backoff.wait().await;
        }
    }
}

/// How the changes of a group ended.
struct End {
    outcome: Outcome,
    /// What was seen at their places afterwards, if they were looked at.
    after: Vec<Observed>,
}

impl End {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, after: Vec::new() }
    }
}

fn live(seen: &Observed) -> Option<Value> {
    match seen {
        Observed::State(live) => Some(live.value()),
        Observed::Unknown(_) => None,
    }
}

/// Whether a place is as wanted, as far as calls can make it so: what is left is for a person.
fn is_settled(draft: &Draft) -> bool {
    let entry = &draft.entry;
    let left_to_a_person = entry.verdict == Verdict::Finding && entry.reason.is_none();
    (entry.verdict == Verdict::Ok || left_to_a_person) && entry.differences.is_empty()
}

fn first_unseen(drafts: &[Draft]) -> Option<Option<AwsError>> {
    let hidden =
        |draft: &&Draft| matches!(draft.entry.verdict, Verdict::Unknown | Verdict::NotOffered);
    let unseen = drafts.iter().find(hidden)?;
    Some(unseen.entry.unseen.clone())
}

/// Whether an entry, as it is now, asks for what was planned: the same differences and the same
/// calls, and nothing new that you would have to put right first. A trail that was pointed elsewhere
/// since is not started, although starting it is all that was planned.
pub fn same(now: &Entry, planned: &Entry) -> bool {
    let is_known = |own: &Finding| {
        let mut known = planned.findings.iter();
        known.any(|other| other.field == own.field && other.what == own.what)
    };
    now.verdict == planned.verdict
        && now.differences == planned.differences
        && now.calls == planned.calls
        && now.findings.iter().all(is_known)
}

//! Makes a plan of an observation: judges each place, then what takes all places at hand.

use super::closed::accept;
use super::limit::exceeded;
use super::waive::waive;
use super::written::Written;
use super::{Entry, FORMAT, Finding, Goal, Plan, Source, VALID_FOR, Verdict};
use crate::aws::{AnyWrite, AwsError, Facts, Kind};
use crate::baseline::{Baseline, Regions};
use crate::control::{Configured, Context, Prerequisite, Proposal, Standing};
use crate::observe::{Observation, Observed};
use crate::place::{Address, Place};
use crate::risk::{self, Remark};
use crate::selection::Selection;

/// Makes the plan of an observation. Pure: the same facts give the same bytes.
pub fn build(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
    goal: &Goal,
) -> Plan {
    let nothing = Written::default();
    build_guarded(baseline, selection, context, observation, goal, &nothing)
}

/// The same, with findings for what earlier applies wrote and protects less now. Only `drift` asks
/// for that: a plan is the same on every machine, with and without journals.
pub fn build_guarded(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
    goal: &Goal,
    written: &Written,
) -> Plan {
    let mut drafts = Vec::new();
    for control in &baseline.controls {
        let control = control.as_ref();
        drafts.extend(draft(control, selection, context, observation, goal));
    }
    if baseline.account.regions != Regions::Enabled {
        drafts.iter_mut().for_each(doubt_the_region);
    }
    let mut entries: Vec<&mut Entry> = drafts.iter_mut().map(|draft| &mut draft.entry).collect();
    accept(&mut entries, &baseline.account.closed_regions);
    for draft in &mut drafts {
        written.guard(draft, baseline, context, observation);
    }
    let facts = &observation.facts;
    let waivers = match goal {
        Goal::Baseline => waive(&mut drafts, baseline, selection, context, facts),
        // Waivers are about what the baseline asks for, not about what was there before.
        Goal::Undo(_) => Vec::new(),
    };
    for draft in &mut drafts {
        withhold_unlooked(draft, baseline, selection, context, observation);
    }
    leave_out_unneeded(&mut drafts);
    let mut plan = Plan {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: context.account.clone(),
        partition: context.partition.clone(),
        caller: observation.caller.arn.clone(),
        home_region: context.home_region.clone(),
        created: context.now,
        expires: context.now.saturating_add(VALID_FOR),
        baseline: Source {
            path: baseline.path.display().to_string(),
            sha256: baseline.sha256.clone(),
        },
        undoes: match goal {
            Goal::Baseline => None,
            Goal::Undo(undo) => Some(undo.run.clone()),
        },
        selection: selection.clone(),
        summary: None,
        entries: in_order(drafts, goal),
        waivers,
        idle: match goal {
            Goal::Baseline => idle(baseline, selection, context, facts),
            Goal::Undo(_) => Vec::new(),
        },
        exceeds: Vec::new(),
        digest: String::new(),
    };
    plan.exceeds = exceeded(&baseline.limits, &plan);
    plan.seal();
    plan
}

/// What in the tables of the controls that were looked at chooses nothing.
fn idle(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    facts: &Facts,
) -> Vec<String> {
    let controls = baseline.controls.iter();
    let chosen = controls.filter(|control| selection.takes_any_of(control.about().name));
    chosen.flat_map(|control| control.idle(facts, context)).collect()
}

/// The entries as they are carried out. What is undone is undone backwards, one by one: what a
/// change was built on goes after it.
fn in_order(drafts: Vec<Draft>, goal: &Goal) -> Vec<Entry> {
    let drafts = finish(drafts).into_iter();
    let entries = drafts.map(|draft| draft.entry).collect();
    match goal {
        Goal::Baseline => entries,
        Goal::Undo(_) => backwards(entries),
    }
}

fn backwards(mut entries: Vec<Entry>) -> Vec<Entry> {
    let forwards: Vec<Address> = entries.iter().map(Entry::address).collect();
    // What the calls of one entry do for others is done for all of them at once.
    entries.sort_by_cached_key(|entry| {
        let carrier = entry.with.clone().unwrap_or_else(|| entry.address());
        let at = forwards.iter().position(|address| *address == carrier);
        (std::cmp::Reverse(at), entry.with.is_some())
    });
    let mut before: Vec<Address> = Vec::new();
    let alone = |entry: &&mut Entry| entry.verdict == Verdict::Change && entry.with.is_none();
    for entry in entries.iter_mut().filter(alone) {
        entry.after = std::mem::replace(&mut before, vec![entry.address()]);
    }
    entries
}

/// A region that AWS lists exists; one that a person wrote down may be misspelt, and then nothing
/// there is fine.
fn doubt_the_region(draft: &mut Draft) {
    let entry = &mut draft.entry;
    if entry.verdict == Verdict::NotOffered && entry.unseen.is_some() {
        entry.verdict = Verdict::Unknown;
        let region = entry.place.region.as_deref().unwrap_or_default();
        let text = format!("nothing answers there: is {region} in [account] regions spelt right?");
        entry.reason = Some(text);
    }
}

/// Takes back a change that needs something which this run leaves out.
fn withhold_unlooked(
    draft: &mut Draft,
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
) {
    let left_out = |needed: &Prerequisite| {
        let name = needed.control();
        let control = baseline.control(name)?;
        let places = match needed.place() {
            Some(place) => vec![place.clone()],
            // What hides the places is an entry of its own.
            None => control.places(&observation.facts, context).unwrap_or_default(),
        };
        let missed = places.into_iter().find(|place| !selection.takes(name, place))?;
        Some(Address::new(name, &missed))
    };
    if draft.entry.verdict == Verdict::Change
        && let Some(address) = draft.needs.iter().find_map(left_out)
    {
        let why = format!("it needs {address}, which this run leaves out");
        draft.report_instead(why, format!("add --target {address}, or do not exclude it"));
    }
}

/// Leaves out what is made only for changes of other places, where there are none.
fn leave_out_unneeded(drafts: &mut [Draft]) {
    for at in 0..drafts.len() {
        let draft = &drafts[at];
        if draft.only_for_others && !drafts.iter().any(|other| other.needs_first(draft)) {
            let draft = &mut drafts[at];
            draft.drop_calls(Verdict::Ok);
            draft.entry.differences.clear();
        }
    }
}

/// An entry with the writes behind its calls.
#[derive(Debug)]
pub struct Draft {
    /// The entry.
    pub entry: Entry,
    /// The writes, as long as its calls.
    pub writes: Vec<Box<dyn AnyWrite>>,
    needs: Vec<Prerequisite>,
    only_for_others: bool,
}

/// The drafts of all selected places of a control.
fn draft(
    control: &dyn Configured,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
    goal: &Goal,
) -> Vec<Draft> {
    let name = control.about().name;
    if !selection.takes_any_of(name) {
        return Vec::new();
    }
    let places = match control.places(&observation.facts, context) {
        Ok(places) => places,
        Err(error) => return vec![Draft::unseen(name, Place::account(), &error)],
    };
    let chosen = places.into_iter().filter(|place| selection.takes(name, place));
    chosen
        .map(|place| match observation.places.get(&Address::new(name, &place)) {
            Some(seen) => judge(control, place, seen, context, goal),
            None => Draft::unreadable(name, place, "the snapshot does not hold this place"),
        })
        .collect()
}

/// Judges one place by what was seen there.
pub fn judge(
    control: &dyn Configured,
    place: Place,
    seen: &Observed,
    context: &Context,
    goal: &Goal,
) -> Draft {
    let name = control.about().name;
    let live = match seen {
        Observed::Unknown(error) => return Draft::unseen(name, place, error),
        Observed::State(live) => &live.value(),
    };
    let proposal = match goal {
        Goal::Baseline => control.propose(&place, live, context),
        Goal::Undo(undo) => undo.propose(control, &place, live, context),
    };
    match proposal {
        Ok(proposal) => Draft::new(control, place, proposal),
        Err(cause) => Draft::unreadable(name, place, &format!("cannot be read back: {cause}")),
    }
}

/// What can only be done with all drafts at hand: writes to one object become one, and names of
/// controls that must come first become the entries they stand for.
pub fn finish(mut drafts: Vec<Draft>) -> Vec<Draft> {
    join(&mut drafts);
    // Only what reads before an entry can come before it: so nothing waits in a circle.
    for at in 0..drafts.len() {
        let (earlier, rest) = drafts.split_at_mut(at);
        let draft = &mut rest[0];
        let needed: Vec<&Draft> = earlier.iter().filter(|other| draft.needs_first(other)).collect();
        if let Some(other) = needed.iter().find(|other| other.stands_in_the_way()) {
            let address = other.entry.address();
            let (what, or_else) = match other.entry.verdict {
                Verdict::Waived => ("is not compliant and is waived", ", or waive this too"),
                _ => ("is not compliant or unknown", ""),
            };
            let why = format!("it needs {address}, which {what}");
            draft.report_instead(why, format!("put {address} right first{or_else}"));
            continue;
        }
        let changing = needed.iter().filter(|other| other.entry.verdict == Verdict::Change);
        let mut after: Vec<Address> = changing.map(|other| other.entry.address()).collect();
        after.extend(draft.entry.with.clone());
        after.sort();
        after.dedup();
        draft.entry.after = after;
    }
    drafts
}

/// Lets the first entry that writes an object write it for all.
fn join(drafts: &mut [Draft]) {
    for later in 1..drafts.len() {
        let (before, rest) = drafts.split_at_mut(later);
        let draft = &mut rest[0];
        let mut kept = Vec::new();
        for write in std::mem::take(&mut draft.writes) {
            let taker = before.iter_mut().find_map(|other| {
                let taken = other.writes.iter_mut().any(|own| own.merge(write.as_ref()));
                taken.then_some(other)
            });
            match taker {
                Some(other) => {
                    other.entry.calls = other.writes.iter().map(|own| own.call()).collect();
                    draft.entry.with = Some(other.entry.address());
                }
                None => kept.push(write),
            }
        }
        draft.entry.calls = kept.iter().map(|write| write.call()).collect();
        draft.writes = kept;
    }
}

impl Draft {
    fn new(control: &dyn Configured, place: Place, proposal: Proposal) -> Self {
        let mut entry = Entry::of(control.about().name, place);
        let (verdict, reason) = match proposal.standing {
            Standing::Own if !proposal.writes.is_empty() => (Verdict::Change, None),
            Standing::Own if !proposal.findings.is_empty() => (Verdict::Finding, None),
            Standing::Own => (Verdict::Ok, None),
            Standing::Elsewhere(whom)
                if proposal.findings.is_empty() && proposal.differences.is_empty() =>
            {
                (Verdict::Elsewhere, Some(whom))
            }
            // What others own and leave open is open all the same.
            Standing::Elsewhere(whom) => {
                (Verdict::Finding, Some(format!("it is managed by {whom}")))
            }
            Standing::NotOffered(what) => (Verdict::NotOffered, Some(what)),
            Standing::Blocked(why) => (Verdict::Blocked, Some(why)),
            Standing::Unknown(error) => {
                return Self::unseen(control.about().name, entry.place, &error);
            }
        };
        entry.verdict = verdict;
        entry.reason = reason;
        entry.findings = proposal.findings;
        entry.notes = proposal.notes;
        entry.differences = proposal.differences;
        if verdict != Verdict::Change {
            return Self { entry, writes: Vec::new(), needs: Vec::new(), only_for_others: false };
        }
        entry.calls = proposal.writes.iter().map(|write| write.call()).collect();
        entry.remarks = risk::assess(control.about(), &mut entry.differences);
        entry.remarks.extend(proposal.breaks.into_iter().map(Remark::breaks));
        Self {
            entry,
            writes: proposal.writes,
            needs: proposal.after,
            only_for_others: proposal.only_for_others,
        }
    }

    /// Whether another entry must have succeeded before this one.
    fn needs_first(&self, other: &Self) -> bool {
        self.entry.verdict == Verdict::Change
            && self.needs.iter().any(|own| own.covers(&other.entry.control, &other.entry.place))
    }

    /// Whether nothing can be built on this entry: it was not seen, or it cannot be put right here.
    fn stands_in_the_way(&self) -> bool {
        let entry = &self.entry;
        matches!(entry.verdict, Verdict::Unknown | Verdict::Blocked)
            || (matches!(entry.verdict, Verdict::Finding | Verdict::Waived)
                && !entry.differences.is_empty())
    }

    /// Drops the calls, since they might not do what they are for; what differs is a finding instead.
    pub(super) fn report_instead(&mut self, what: String, remedy: String) {
        self.drop_calls(Verdict::Finding);
        let field = self
            .entry
            .differences
            .iter()
            .find(|difference| !self.entry.waives(&difference.field))
            .map(|difference| difference.field.clone());
        let field = field.unwrap_or_default();
        self.entry.findings.push(Finding { field, what, remedy });
    }

    /// Adds a finding that is not the control's own.
    pub(super) fn find(&mut self, finding: Finding) {
        if self.entry.verdict == Verdict::Ok {
            self.entry.verdict = Verdict::Finding;
        }
        self.entry.findings.push(finding);
    }

    /// Drops the calls.
    pub(super) fn drop_calls(&mut self, verdict: Verdict) {
        self.entry.verdict = verdict;
        self.entry.calls.clear();
        self.entry.remarks.clear();
        self.writes.clear();
    }

    fn unseen(control: &str, place: Place, error: &AwsError) -> Self {
        let mut entry = Entry::of(control, place);
        entry.verdict = match error.kind {
            Kind::NotOffered => Verdict::NotOffered,
            _ => Verdict::Unknown,
        };
        entry.unseen = Some(error.clone());
        Self { entry, writes: Vec::new(), needs: Vec::new(), only_for_others: false }
    }

    fn unreadable(control: &str, place: Place, why: &str) -> Self {
        let mut entry = Entry::of(control, place);
        entry.verdict = Verdict::Unknown;
        entry.reason = Some(why.to_owned());
        Self { entry, writes: Vec::new(), needs: Vec::new(), only_for_others: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undone_is_undone_backwards_and_what_is_done_together_stays_together() {
        let entry = |name: &str, with: Option<&str>| {
            let address = |name: &str| Address::new("buckets", &Place::thing(name));
            let mut entry = Entry::of("buckets", Place::thing(name));
            entry.verdict = Verdict::Change;
            entry.with = with.map(address);
            entry.after = entry.with.clone().into_iter().collect();
            entry
        };
        let fine = Entry::of("buckets", Place::thing("fine"));
        let entries = vec![
            entry("a", None),
            entry("b", None),
            fine,
            entry("with-a", Some("a")),
            entry("c", None),
        ];
        let order: Vec<String> = backwards(entries)
            .into_iter()
            .map(|entry| {
                let after: Vec<String> = entry.after.iter().map(Address::to_string).collect();
                format!("{} after {}", entry.address(), after.join(" "))
            })
            .collect();
        let wanted = [
            "buckets@c after ",
            "buckets@fine after ",
            "buckets@b after buckets@c",
            "buckets@a after buckets@b",
            "buckets@with-a after buckets@a",
        ];
        assert_eq!(order, wanted);
    }
}

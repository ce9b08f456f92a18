//! A plan: for one account, what differs at each place and the calls that would change it, as data.

use crate::aws::{AnyWrite, AwsError, Kind};
use crate::baseline::{Baseline, Regions, hex};
use crate::control::{Configured, Context, Proposal, Standing};
use crate::diff::Difference;
use crate::error::Exit;
use crate::observe::{Observation, Sighting};
use crate::place::{Address, Place};
use crate::risk::{self, Remark};
use crate::selection::Selection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;
use time::OffsetDateTime;

/// The format of plans that this version writes and reads.
pub const FORMAT: u32 = 1;

/// For how long a plan may be applied, unless the person says otherwise.
pub const VALID_FOR: Duration = Duration::from_secs(3600);

/// What would change in one account, and all that was found on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The format: [`FORMAT`].
    pub format: u32,
    /// The version of the program that made it.
    pub version: String,
    /// The account it is for.
    pub account: String,
    /// The account's partition.
    pub partition: String,
    /// Who looked; for information only.
    pub caller: String,
    /// Where the account's one-region things live.
    pub home_region: String,
    /// When the account was looked at.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// Until when it may be applied.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// The baseline it was made from.
    pub baseline: Source,
    /// What it was restricted to.
    pub selection: Selection,
    /// Every place, in the order in which plans read.
    pub entries: Vec<Entry>,
    /// SHA-256 over the rest, in its canonical form.
    pub digest: String,
}

/// The baseline that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, as it was named.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: String,
}

/// What was found at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The control.
    pub control: String,
    /// The place.
    pub place: Place,
    /// The judgement.
    pub verdict: Verdict,
    /// Why the verdict is what it is, where that is not plain from the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The fields that would change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The calls that do it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// The earlier entry whose calls do it, when they write the same object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Address>,
    /// The entries that must have succeeded before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Address>,
    /// What only a person can put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What the change risks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// What is good to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the place could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<AwsError>,
}

/// The judgement of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It matches.
    Ok,
    /// It differs, and calls can change that.
    Change,
    /// It differs, and only a person can change that.
    Finding,
    /// It could not be seen.
    Unknown,
    /// It is owned by the organization.
    Elsewhere,
    /// The region does not have the service.
    NotOffered,
    /// Something stands in the way of the whole run.
    Blocked,
}

/// One write as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The service by its IAM prefix.
    pub service: String,
    /// The operation as AWS names it.
    pub operation: String,
    /// The region it is sent to.
    pub region: String,
    /// The input, by AWS's parameter names; sensitive values are masked.
    pub input: Value,
}

/// A difference that only a person can put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The setting that is not met.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to click or run.
    pub remedy: String,
}

/// How many entries there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Places that match.
    pub ok: usize,
    /// Places to change.
    pub change: usize,
    /// Places with findings, whether or not something changes there too.
    pub finding: usize,
    /// Places that could not be seen.
    pub unknown: usize,
    /// Places owned by the organization.
    pub elsewhere: usize,
    /// Places whose region does not have the service.
    pub not_offered: usize,
    /// Places that stand in the way of the run.
    pub blocked: usize,
}

/// Makes the plan of an observation. Pure: the same facts give the same bytes.
pub fn build(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
) -> Plan {
    let mut drafts = Vec::new();
    for control in &baseline.controls {
        drafts.extend(draft(control.as_ref(), selection, context, observation));
    }
    if baseline.account.regions != Regions::Enabled {
        drafts.iter_mut().for_each(doubt_the_region);
    }
    let names: Vec<&str> = baseline
        .controls
        .iter()
        .map(|own| own.about().name)
        .collect();
    drafts
        .iter_mut()
        .for_each(|draft| withhold_unlooked(draft, &names, selection));
    let mut plan = Plan {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: context.account.clone(),
        partition: context.partition.clone(),
        caller: observation.caller.arn.clone(),
        home_region: context.home_region.clone(),
        created: context.now,
        expires: context.now + VALID_FOR,
        baseline: Source {
            path: baseline.path.display().to_string(),
            sha256: baseline.sha256.clone(),
        },
        selection: selection.clone(),
        entries: finish(drafts)
            .into_iter()
            .map(|draft| draft.entry)
            .collect(),
        digest: String::new(),
    };
    plan.digest = plan.compute_digest();
    plan
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
fn withhold_unlooked(draft: &mut Draft, controls: &[&str], selection: &Selection) {
    let left_out = draft.needs.iter().find(|(name, place)| {
        let looked = match place {
            Some(place) => selection.takes(name, place),
            None => selection.takes_any_of(name),
        };
        controls.contains(name) && !looked
    });
    if let Some((name, place)) = left_out
        && draft.entry.verdict == Verdict::Change
    {
        let address = Address::new(name, &place.clone().unwrap_or_default());
        let text = format!("it needs {address}, which this run leaves out: add --target {address}");
        draft.withhold(text);
    }
}

/// An entry with the writes behind its calls.
#[derive(Debug)]
pub struct Draft {
    /// The entry.
    pub entry: Entry,
    /// The writes, as long as its calls.
    pub writes: Vec<Box<dyn AnyWrite>>,
    needs: Vec<(&'static str, Option<Place>)>,
}

/// The drafts of all selected places of a control.
fn draft(
    control: &dyn Configured,
    selection: &Selection,
    context: &Context,
    observation: &Observation,
) -> Vec<Draft> {
    let name = control.about().name;
    if !selection.takes_any_of(name) {
        return Vec::new();
    }
    let places = match control.places(&observation.facts, context) {
        Ok(places) => places,
        Err(error) => return vec![Draft::unseen(name, Place::account(), &error)],
    };
    let chosen = places
        .into_iter()
        .filter(|place| selection.takes(name, place));
    chosen
        .map(
            |place| match observation.places.get(&Address::new(name, &place)) {
                Some(seen) => judge(control, place, seen, context),
                None => Draft::unreadable(name, place, "the snapshot does not hold this place"),
            },
        )
        .collect()
}

/// Judges one place by what was seen there.
pub fn judge(control: &dyn Configured, place: Place, seen: &Sighting, context: &Context) -> Draft {
    let name = control.about().name;
    match seen {
        Sighting::Unseen(error) => Draft::unseen(name, place, error),
        Sighting::Live(live) => match control.propose(&place, live, context) {
            Ok(proposal) => Draft::new(control, place, proposal),
            Err(cause) => Draft::unreadable(name, place, &format!("cannot be read back: {cause}")),
        },
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
        let needed: Vec<&Draft> = earlier
            .iter()
            .filter(|other| draft.needs_first(other))
            .collect();
        if let Some(other) = needed.iter().find(|other| other.stands_in_the_way()) {
            draft.withhold(format!(
                "it needs {}, which is not as wanted",
                other.entry.address()
            ));
            continue;
        }
        let changing = needed
            .iter()
            .filter(|other| other.entry.verdict == Verdict::Change);
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
            Standing::Elsewhere(whom) if proposal.findings.is_empty() => {
                (Verdict::Elsewhere, Some(whom))
            }
            Standing::Elsewhere(whom) => (
                Verdict::Finding,
                Some(format!("it is looked after by {whom}")),
            ),
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
            return Self {
                entry,
                writes: Vec::new(),
                needs: Vec::new(),
            };
        }
        entry.calls = proposal.writes.iter().map(|write| write.call()).collect();
        entry.remarks = risk::assess(control.about(), &mut entry.differences);
        Self {
            entry,
            writes: proposal.writes,
            needs: proposal.after,
        }
    }

    /// Whether another entry must have succeeded before this one.
    fn needs_first(&self, other: &Self) -> bool {
        self.entry.verdict == Verdict::Change
            && self.needs.iter().any(|(control, place)| {
                *control == other.entry.control
                    && place
                        .as_ref()
                        .is_none_or(|place| *place == other.entry.place)
            })
    }

    /// Whether nothing can be built on this entry: it was not seen, or it cannot be put right here.
    fn stands_in_the_way(&self) -> bool {
        let entry = &self.entry;
        matches!(entry.verdict, Verdict::Unknown | Verdict::Blocked)
            || (entry.verdict == Verdict::Finding && !entry.differences.is_empty())
    }

    /// Takes back the calls: it is not known whether they would do what they are for.
    fn withhold(&mut self, why: String) {
        self.entry.verdict = Verdict::Unknown;
        self.entry.reason = Some(why);
        self.entry.calls.clear();
        self.writes.clear();
    }

    fn unseen(control: &str, place: Place, error: &AwsError) -> Self {
        let mut entry = Entry::of(control, place);
        entry.verdict = match error.kind {
            Kind::NotOffered => Verdict::NotOffered,
            _ => Verdict::Unknown,
        };
        entry.unseen = Some(error.clone());
        Self {
            entry,
            writes: Vec::new(),
            needs: Vec::new(),
        }
    }

    fn unreadable(control: &str, place: Place, why: &str) -> Self {
        let mut entry = Entry::of(control, place);
        entry.verdict = Verdict::Unknown;
        entry.reason = Some(why.to_owned());
        Self {
            entry,
            writes: Vec::new(),
            needs: Vec::new(),
        }
    }
}

impl Entry {
    fn of(control: &str, place: Place) -> Self {
        Self {
            control: control.to_owned(),
            place,
            verdict: Verdict::Ok,
            reason: None,
            differences: Vec::new(),
            calls: Vec::new(),
            with: None,
            after: Vec::new(),
            findings: Vec::new(),
            remarks: Vec::new(),
            notes: Vec::new(),
            unseen: None,
        }
    }

    /// The entry's address.
    pub fn address(&self) -> Address {
        Address::new(&self.control, &self.place)
    }

    /// Whether something would protect less than before.
    pub fn loosens(&self) -> bool {
        self.differences.iter().any(|difference| difference.loosens)
    }
}

impl Plan {
    /// The entries that would be changed.
    pub fn changes(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.verdict == Verdict::Change)
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for entry in &self.entries {
            match entry.verdict {
                Verdict::Ok => summary.ok += 1,
                Verdict::Change => summary.change += 1,
                Verdict::Finding => {}
                Verdict::Unknown => summary.unknown += 1,
                Verdict::Elsewhere => summary.elsewhere += 1,
                Verdict::NotOffered => summary.not_offered += 1,
                Verdict::Blocked => summary.blocked += 1,
            }
            summary.finding += usize::from(!entry.findings.is_empty());
        }
        summary
    }

    /// The exit code of a command that reports differences.
    pub fn exit(&self) -> Exit {
        let summary = self.summary();
        if summary.blocked > 0 {
            Exit::Refused
        } else if summary.unknown > 0 {
            Exit::Unseen
        } else if summary.change + summary.finding > 0 {
            Exit::Differs
        } else {
            Exit::Fine
        }
    }

    /// The file's bytes. There is only one way to write a plan: what differs from it was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = serde_json::to_string_pretty(self).expect("plans are plain data");
        text.push('\n');
        text.into_bytes()
    }

    /// Reads a plan's file and checks that nobody edited it.
    ///
    /// # Errors
    /// Why it is not a plan as this program wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        let format = serde_json::from_slice::<Value>(bytes)
            .ok()
            .and_then(|v| v["format"].as_u64());
        if format.is_some_and(|format| format != u64::from(FORMAT)) {
            return Err(Invalid::Format);
        }
        let plan: Self =
            serde_json::from_slice(bytes).map_err(|cause| Invalid::NoPlan(cause.to_string()))?;
        if plan.to_bytes() != bytes || plan.digest != plan.compute_digest() {
            return Err(Invalid::Edited);
        }
        Ok(plan)
    }

    /// Sets until when the plan may be applied.
    pub fn valid_for(&mut self, duration: Duration) {
        let expires = time::Duration::try_from(duration).ok();
        let expires = expires.and_then(|duration| self.created.checked_add(duration));
        self.expires = expires.unwrap_or(self.created);
        self.digest = self.compute_digest();
    }

    fn compute_digest(&self) -> String {
        let unsigned = Self {
            digest: String::new(),
            ..self.clone()
        };
        format!("sha256:{}", hex(&Sha256::digest(unsigned.to_bytes())))
    }
}

/// Why a file is not a plan that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It is no plan at all.
    NoPlan(String),
    /// It is of another format.
    Format,
    /// It is not as it was written.
    Edited,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlan(cause) => write!(f, "it is no plan: {cause}"),
            Self::Format => write!(f, "it was written by another version of baseline"),
            Self::Edited => {
                write!(
                    f,
                    "it was altered after it was written: its digest does not match"
                )
            }
        }
    }
}

//! Any operation denied: the action that is missing is named, what cannot be seen is unknown and
//! never made, what cannot be done fails, and everything else goes on.

use super::alone::{ALONE, Alone};
use super::cases::{FEW, MANY, each};
use super::{APPLY, Asked, account_in_use, writes};
use crate::account::{Account, Run};
use crate::tables::everything;
use baseline::place::Address;
use baseline::plan::{Entry, Plan, Verdict};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A plan's entries by their addresses.
fn entries(run: &Run) -> BTreeMap<Address, Entry> {
    let plan = Plan::from_bytes(run.stdout.as_bytes()).expect("a plan");
    let entries = plan.entries.into_iter();
    entries.map(|entry| (entry.address(), entry)).collect()
}

fn changes(entries: &BTreeMap<Address, Entry>) -> BTreeSet<Address> {
    let changes = entries.values().filter(|entry| entry.verdict == Verdict::Change);
    changes.map(Entry::address).collect()
}

/// The calls of some entries: service, operation and region, without their order.
fn calls<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<[String; 3]> {
    let calls = entries.flat_map(|entry| &entry.calls);
    let calls = calls.map(|call| [&call.service, &call.operation, &call.region].map(String::clone));
    let mut calls: Vec<_> = calls.collect();
    calls.sort();
    calls
}

/// The writes that were made and not denied.
fn made(account: &Account) -> Vec<[String; 3]> {
    let journal = account.journal();
    let made = journal.iter().filter(|entry| {
        !entry["application"].is_null() && entry["write"] == true && entry["fault"].is_null()
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let made = made.map(|e| ["service", "operation", "region"].map(|name| text(&e[name])));
    let mut made: Vec<[String; 3]> = made.collect();
    made.sort();
    made
}

/// An account that denies an operation everywhere, for ever, and what is planned without that.
fn denying(account: Account, asked: &Asked) -> (Account, BTreeMap<Address, Entry>) {
    let undenied = entries(&account.run(&["plan", "--json"]).exits(0));
    deny(&account, asked);
    (account, undenied)
}

fn deny(account: &Account, asked: &Asked) {
    let rule = json!({
        "service": asked.service,
        "operation": asked.operation,
        "action": "denied",
        "count": null,
    });
    account.faults(json!([rule]));
}

/// The action that AWS says is missing is the one that is to be allowed; answers to HEAD say nothing.
#[track_caller]
fn names_the_action(run: &Run) {
    let said = format!("{}{}", run.stdout, run.stderr);
    let sentence = said.split_once("not authorized to perform: ");
    let action = sentence.and_then(|(_, rest)| rest.split_whitespace().next());
    let action = action.unwrap_or("s3:ListBucket");
    assert!(said.contains(&format!("allow {action}")), "{action} is not asked for:\n{said}");
}

/// The entries that need one of some others first, and those that need these.
fn dependents(of: &BTreeSet<Address>, entries: &BTreeMap<Address, Entry>) -> BTreeSet<Address> {
    let mut found = of.clone();
    loop {
        let more = entries.values().filter(|entry| {
            entry.after.iter().chain(&entry.with).any(|address| found.contains(address))
        });
        let more: BTreeSet<Address> = more.map(Entry::address).collect();
        if more.is_subset(&found) {
            return found;
        }
        found.extend(more);
    }
}

/// Whether an entry is only made for others, all of which are hidden: the role that recorders need.
/// What nobody is known to need is not made.
fn is_for_hidden(
    address: &Address,
    entries: &BTreeMap<Address, Entry>,
    hidden: &BTreeSet<Address>,
) -> bool {
    let mut needing = entries.values().filter(|entry| entry.after.contains(address)).peekable();
    let is_role = address.to_string() == "config@service-linked-role";
    is_role && needing.peek().is_some() && needing.all(|entry| hidden.contains(&entry.address()))
}

/// Whether an entry calls nothing and says that it needs one of those first. One that is fine is no
/// prerequisite of an entry, and becomes one when it cannot be seen.
fn waits_for(entry: &Entry, hidden: &BTreeSet<Address>) -> bool {
    let says = |address: &Address| {
        let sentence = format!("it needs {address}, which is not compliant or unknown");
        entry.findings.iter().any(|own| own.what == sentence)
    };
    entry.calls.is_empty() && hidden.iter().any(says)
}

/// Every control with each operation of some kind that it asks for.
fn cases(operations: impl Fn(&Alone) -> Vec<Asked>) -> Vec<(&'static Alone, Asked)> {
    let of = |alone: &'static Alone| operations(alone).into_iter().map(move |own| (alone, own));
    ALONE.iter().flat_map(of).collect()
}

fn reads_at_first(alone: &Alone) -> Vec<Asked> {
    let mut reads = alone.planned.clone();
    reads.retain(|asked| !NEEDLESS_AT_FIRST.contains(&asked.operation.as_str()));
    reads
}

fn reads_later(alone: &Alone) -> Vec<Asked> {
    alone.later.iter().filter(|asked| !asked.write).cloned().collect()
}

fn denied_writes(alone: &Alone) -> Vec<Asked> {
    alone.later.iter().filter(|asked| asked.write).cloned().collect()
}

fn unknown(entries: &BTreeMap<Address, Entry>) -> BTreeSet<Address> {
    let unknown = entries.values();
    let unknown = unknown.filter(|entry| entry.verdict == Verdict::Unknown);
    unknown.map(Entry::address).collect()
}

/// What need not be seen of an account at first: there are no budgets to have alerts, and the last
/// credential report is still good.
const NEEDLESS_AT_FIRST: [&str; 2] = ["DescribeNotificationsForBudget", "GenerateCredentialReport"];

/// What need not be seen of an account that is as wanted: a block that is whole needs no owner, a
/// new report is not ordered while the last is good, and a bucket that is listed is there.
const NEEDLESS_LATER: [&str; 3] =
    ["DescribeEffectivePolicy", "GenerateCredentialReport", "HeadBucket"];

/// What need not be seen by controls that have nothing to change: whom a change would cut off,
/// whose the bucket is that would be changed, and a key that was made and has no alias yet.
const ONLY_FOR_CHANGES: [(&str, &str, &str); 5] = [
    ("keys", "kms", "ListAliases"),
    ("keys", "kms", "ListKeys"),
    ("public_access_block", "s3", "ListBuckets"),
    ("public_access_block", "s3", "GetPublicAccessBlock"),
    ("buckets", "s3", "GetBucketTagging"),
];

/// A note that not all whom a change might cut off could be seen.
fn is_of_the_unseen(note: &str) -> bool {
    note.starts_with("not all buckets that would be cut off")
}

/// Whether an entry is the same, but for such a note.
fn is_told_of_at_most(now: &Entry, entry: &Entry) -> bool {
    let mut without = now.clone();
    without.notes.retain(|note| !is_of_the_unseen(note));
    without == *entry
}

/// Plans and applies with a read denied, and asserts that it hides what it hides and no more.
fn hides_what_it_hides(account: Account, denied: &Asked) {
    let (account, undenied) = denying(account, denied);
    let run = account.run(&["plan", "--json"]);
    let planned = entries(&run);
    let unknown = unknown(&planned);
    let is_noted =
        planned.values().any(|entry| entry.notes.iter().any(|own| is_of_the_unseen(own)));
    let code = if unknown.is_empty() && is_noted { 0 } else { 4 };
    assert_eq!((run.code, unknown.is_empty()), (code, code == 0), "{run:?}");
    if code == 4 {
        names_the_action(&account.run(&["plan"]).exits(4));
    }
    let hidden = dependents(&unknown, &undenied);
    for (address, entry) in &undenied {
        let now = planned.get(address);
        // What hides the places of a control is an entry of its own.
        let has_no_places = || unknown.iter().any(|other| other.to_string() == entry.control);
        let waits = now.is_some_and(|now| waits_for(now, &hidden));
        let is_hidden = hidden.contains(address) || waits || now.is_none() && has_no_places();
        let is_same = now.is_some_and(|now| is_told_of_at_most(now, entry));
        let is_needless = is_for_hidden(address, &undenied, &hidden)
            && now.is_some_and(|now| now.verdict == Verdict::Ok && now.calls.is_empty());
        assert!(is_same || is_hidden || is_needless, "{address} is {now:?}");
    }
    // What is unknown is not written, nor what needs it; all else is, and if it is another place
    // that cannot be seen afterwards, that is told.
    let run = account.run(&APPLY);
    let allowed = calls(planned.values());
    let made = made(&account);
    match run.code {
        3 => assert!(made.iter().all(|call| allowed.contains(call)), "{made:?}"),
        _ => assert_eq!((run.exits(code).code, made), (code, allowed)),
    }
}

#[test]
fn a_read_that_is_denied_hides_what_it_hides_and_stops_nothing_else() {
    let cases = cases(reads_at_first);
    assert!(cases.len() > 2 * ALONE.len(), "{}", cases.len());
    each(MANY, &cases, |(alone, denied)| hides_what_it_hides(alone.account(), denied));
}

/// A few of them with all controls in one baseline: what is hidden from one stops no other.
#[test]
fn a_read_that_is_denied_stops_no_other_control() {
    const FEW_OF_THEM: usize = 6;
    let cases = cases(reads_at_first);
    let some = cases.iter().step_by(cases.len().div_ceil(FEW_OF_THEM));
    let some: Vec<&Asked> = some.map(|(_, denied)| denied).collect();
    each(FEW, &some, |denied| hides_what_it_hides(account_in_use(everything), denied));
}

#[test]
fn a_read_that_is_denied_of_what_is_there_hides_it_and_makes_no_second_one() {
    each(FEW, &ALONE, |alone| {
        let account = alone.account();
        let _ = account.run(&APPLY).exits(0);
        let before = writes(&account);
        // One after the other, for none of them may change the account.
        for denied in [alone.planned.clone(), reads_later(alone)].concat() {
            let (service, operation) = (denied.service.as_str(), denied.operation.as_str());
            let is_needless = NEEDLESS_LATER.contains(&operation)
                || ONLY_FOR_CHANGES.contains(&(alone.control, service, operation));
            if is_needless {
                continue;
            }
            deny(&account, &denied);
            let drift = account.run(&["drift"]);
            assert_eq!(drift.code, 4, "{denied:?}: {drift:?}");
            names_the_action(&drift);
            let _ = account.run(&APPLY).exits(4);
            assert_eq!(writes(&account), before, "{denied:?}");
        }
    });
}

#[test]
fn a_read_that_is_denied_after_the_write_is_no_success() {
    let cases = cases(reads_later);
    assert!(cases.len() > 5, "{}", cases.len());
    each(MANY, &cases, |(alone, denied)| {
        let (account, _) = denying(alone.account(), denied);
        names_the_action(&account.run(&APPLY).exits(3));
        account.faults(json!([]));
        let _ = account.run(&APPLY).exits(0);
        let left = entries(&account.run(&["plan", "--json"]).exits(0));
        assert_eq!(changes(&left), BTreeSet::new());
    });
}

#[test]
fn a_write_that_is_denied_fails_its_place_and_stops_nothing_else() {
    let cases = cases(denied_writes);
    assert!(cases.len() > ALONE.len(), "{}", cases.len());
    each(FEW, &cases, |(alone, denied)| {
        let (account, undenied) = denying(alone.account(), denied);
        names_the_action(&account.run(&APPLY).exits(3));
        account.faults(json!([]));
        let left = entries(&account.run(&["plan", "--json"]).exits(0));
        let left = changes(&left);
        assert_eq!(left.is_empty(), MADE_CERTAIN.contains(&denied.operation.as_str()));
        assert_only_hit(&left, denied, &undenied);
        let _ = account.run(&APPLY).exits(0);
        assert_eq!(changes(&entries(&account.run(&["plan", "--json"]).exits(0))), BTreeSet::new());
    });
}

/// Writes of what AWS does by itself, as the emulator has it, or did at other times: without them
/// nothing is left to do.
const MADE_CERTAIN: [&str; 1] = ["UpdateAutomatedDiscoveryConfiguration"];

/// Asserts that what was left undone needs a write that was denied.
fn assert_only_hit(left: &BTreeSet<Address>, denied: &Asked, undenied: &BTreeMap<Address, Entry>) {
    let uses = |entry: &&Entry| {
        let mut calls = entry.calls.iter();
        calls.any(|call| call.operation == denied.operation)
    };
    let failing = undenied.values().filter(uses).map(Entry::address).collect();
    let hit = dependents(&failing, undenied);
    // What two controls ask of one bucket is not there until the bucket is as either asks.
    let thing = |address: &Address| address.to_string().split_once('@').map(|own| own.1.to_owned());
    let things: BTreeSet<Option<String>> = hit.iter().map(thing).collect();
    for address in left {
        let is_new = !undenied.contains_key(address);
        let is_hit = hit.contains(address) || things.contains(&thing(address));
        assert!(is_new || is_hit, "{address} was not done");
    }
}

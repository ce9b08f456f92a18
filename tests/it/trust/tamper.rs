//! A saved plan that is not as it was written, or no longer what would be proposed: refused before
//! the first write, whoever computed its digest.

use super::{account_in_use, writes};
use crate::account::{Account, HOME};
use crate::tables::OTHER;
use baseline::plan::{Call, Entry, Invalid, Plan};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What the forged plans are about.
const TABLES: &str = "[password_policy]\n[log_bucket]\n[cloudtrail]\n[guardduty]\n";

/// An account with a plan of several changes, saved.
fn planned() -> (Account, Plan) {
    let account = account_in_use(|account| account.in_regions(&[HOME, OTHER], TABLES));
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let bytes = std::fs::read(account.path("plan.json")).expect("the plan");
    let plan = Plan::from_bytes(&bytes).expect("a plan");
    (account, plan)
}

#[test]
fn a_plan_with_any_byte_flipped_was_altered() {
    let account = Account::with("[password_policy]\n[log_bucket]\n[cloudtrail]");
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let mut bytes = std::fs::read(account.path("plan.json")).expect("the plan");
    let plan = Plan::from_bytes(&bytes);
    assert!(bytes.len() >= 5000, "{}", bytes.len());
    for at in 0..bytes.len() {
        let flip = 1 << (at % 8);
        bytes[at] ^= flip;
        let read = Plan::from_bytes(&bytes);
        assert_eq!(read, Err(Invalid::Edited), "bit {flip} of byte {at}");
        bytes[at] ^= flip;
    }
    assert_eq!(Plan::from_bytes(&bytes), plan);
    assert!(plan.is_ok());
}

#[test]
fn a_file_cut_short_or_grown_was_altered() {
    let (_, plan) = planned();
    let bytes = plan.to_bytes();
    for length in (1..bytes.len()).step_by(97) {
        let read = Plan::from_bytes(&bytes[..length]);
        assert_eq!(read, Err(Invalid::Edited), "{length}");
    }
    for more in [&b"\n"[..], b" ", b"{}", b"\0"] {
        let read = Plan::from_bytes(&[&bytes, more].concat());
        assert_eq!(read, Err(Invalid::Edited), "{more:?}");
    }
}

/// Saves what a forger made of a plan, with a digest of theirs, and applies it.
#[track_caller]
fn forged(account: &Account, plan: &Plan) {
    let mut plan = plan.clone();
    plan.digest = String::new();
    let digest = Sha256::digest(plan.to_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    plan.digest = format!("sha256:{hex}");
    assert_eq!(Plan::from_bytes(&plan.to_bytes()).as_ref(), Ok(&plan), "a good forgery");
    let text = String::from_utf8(plan.to_bytes()).expect("text");
    account.write("plan.json", &text);
    let run = account.run(&["apply", "plan.json"]);
    assert_eq!(run.code, 6, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(writes(account), [], "{}", run.stdout);
}

/// What a forger may do to a plan.
type Forgery = fn(&mut Plan);

fn entry<'a>(plan: &'a mut Plan, control: &str) -> &'a mut Entry {
    let mut entries = plan.entries.iter_mut();
    let found = entries.find(|entry| entry.control == control && !entry.calls.is_empty());
    found.expect("the plan changes it")
}

fn call<'a>(plan: &'a mut Plan, control: &str) -> &'a mut Call {
    &mut entry(plan, control).calls[0]
}

const FORGERIES: [(&str, Forgery); 20] = [
    ("another value", |plan| {
        call(plan, "password_policy").input["MinimumPasswordLength"] = json!(6);
    }),
    ("another difference", |plan| {
        entry(plan, "password_policy").differences[0].after = json!(1);
    }),
    ("a difference left out", |plan| {
        entry(plan, "password_policy").differences.remove(0);
    }),
    ("loosening that is hidden", |plan| {
        entry(plan, "password_policy").differences[0].loosens ^= true;
    }),
    ("steps reordered", |plan| entry(plan, "log_bucket").calls.swap(1, 2)),
    ("a step dropped", |plan| {
        entry(plan, "log_bucket").calls.pop();
    }),
    ("the first step dropped", |plan| {
        entry(plan, "log_bucket").calls.remove(0);
    }),
    ("a step repeated", |plan| {
        let calls = &mut entry(plan, "log_bucket").calls;
        calls.push(calls[0].clone());
    }),
    ("a step of another change", |plan| {
        let other = call(plan, "cloudtrail").clone();
        entry(plan, "password_policy").calls.push(other);
    }),
    ("a step of the forger's own", |plan| {
        let calls = &mut entry(plan, "password_policy").calls;
        calls[0].operation = "DeleteAccountPasswordPolicy".to_owned();
    }),
    ("a step in another region", |plan| {
        call(plan, "cloudtrail").region = "eu-west-1".to_owned();
    }),
    ("a change at another place", |plan| {
        entry(plan, "guardduty").place.region = Some("eu-central-1".to_owned());
    }),
    ("a change that waits for nothing", |plan| {
        entry(plan, "cloudtrail").after.clear();
    }),
    ("a change without what it waits for", |plan| {
        plan.entries.retain(|entry| entry.control != "log_bucket");
    }),
    ("a change repeated", |plan| {
        let again = entry(plan, "guardduty").clone();
        plan.entries.push(again);
    }),
    ("changes reordered", |plan| plan.entries.reverse()),
    ("another account", |plan| plan.account = "999999999999".to_owned()),
    ("another partition", |plan| plan.partition = "aws-cn".to_owned()),
    ("another home region", |plan| plan.home_region = "eu-west-1".to_owned()),
    ("another baseline", |plan| {
        plan.baseline.sha256 = "0".repeat(64);
    }),
];

#[test]
fn a_forged_plan_with_a_digest_that_fits_is_refused_before_the_first_write() {
    let (account, plan) = planned();
    for (name, forge) in FORGERIES {
        let mut changed = plan.clone();
        forge(&mut changed);
        assert_ne!(changed, plan, "{name} changes nothing");
        let outcome = std::panic::catch_unwind(|| forged(&account, &changed));
        assert!(outcome.is_ok(), "{name} is not refused");
    }
    account.write("plan.json", &String::from_utf8(plan.to_bytes()).expect("text"));
    let _ = account.run(&["apply", "plan.json"]).exits(0);
}

#[test]
fn a_plan_whose_time_was_moved_is_refused() {
    let (account, plan) = planned();
    let late = |plan: &Plan, by: i64| {
        let mut plan = plan.clone();
        plan.created += time::Duration::hours(by);
        plan.expires += time::Duration::hours(by);
        plan
    };
    forged(&account, &late(&plan, -2));
    forged(&account, &late(&plan, 2));
    // Longer than anybody may ask for.
    let mut for_ever = plan.clone();
    for_ever.valid_for(Duration::from_secs(366 * 24 * 3600));
    forged(&account, &for_ever);
    // Without a new digest not by a second.
    let mut longer = plan.clone();
    longer.expires += time::Duration::seconds(1);
    account.write("plan.json", &String::from_utf8(longer.to_bytes()).expect("text"));
    let run = account.run(&["apply", "plan.json"]).exits(6);
    let _ = run.says("altered");
    assert_eq!(writes(&account), []);
}

#[test]
fn each_kind_of_tampered_file_is_refused_by_the_binary() {
    let (account, plan) = planned();
    let text = String::from_utf8(plan.to_bytes()).expect("text");
    let edits = [
        text.replacen("\"account\": \"1", "\"account\": \"2", 1),
        text.replacen("us-east-1", "us-east-2", 1),
        text.replacen("CreateTrail", "DeleteTrail", 1),
        text.replacen("\"expires\": \"2", "\"expires\": \"3", 1),
        text.replacen("  ", "\t", 1),
        text.replacen("sha256:", "sha256:0", 1),
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
        text.replacen("\"format\": 2", "\"format\": 2, \"format\": 2", 1),
        text.replacen("\"format\": 2", "\"format\": 2, \"more\": 1", 1),
        text.replacen("\"format\": 2", "\"format\": 1", 1),
        // One byte, so that it is not JSON any more, or not a plan's.
        text.replacen("{\n", "[\n", 1),
        text.replacen("\"format\"", "\"fornat\"", 1),
        text.replacen("\"entries\"", "'entries\"", 1),
        text.replacen("\"digest\"", "\"diwest\"", 1),
        text.replacen("\"calls\": [", "\"calls\": {", 1),
        text.replacen("true", "tru\0", 1),
        format!("{text}\n"),
    ];
    for edited in edits {
        assert_ne!(edited, text);
        account.write("plan.json", &edited);
        let run = account.run(&["apply", "plan.json"]).exits(6);
        let _ = run.says("plan.json cannot be applied: it was altered");
    }
    for (command, says) in [
        (&["show", "plan.json"][..], "cannot be trusted: it was altered"),
        (&["drift", "--since", "plan.json"], "cannot be used with --since: it was altered"),
    ] {
        let _ = account.run(command).exits(6).says(says);
    }
    // Half of it, where nobody looks whether files are whole.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let half = elsewhere.path().join("half.json");
    std::fs::write(&half, &text[..text.len() / 2]).expect("written");
    let half = half.display().to_string();
    let _ = account.run(&["show", &half]).exits(6).says("it was altered");
    // What never was a plan has not been altered.
    account.write("plan.json", "{\"Version\": \"2012-10-17\"}");
    let run = account.run(&["apply", "plan.json"]).exits(1);
    let _ = run.says("plan.json is not a plan");
    assert_eq!(writes(&account), []);
}

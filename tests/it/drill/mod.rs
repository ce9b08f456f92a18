//! The tamper drill: an intruder who may do anything in the account weakens what a control protects,
//! one move at a time and behind the tool's back. After each move drift ends with 2 and names the
//! control. Impair Defenses: Disable or Modify Cloud Logs (MITRE ATT&CK T1562.008) and its kin.
//!
//! A control without a drill of five moves fails the build.

mod alarms;
mod alerts;
mod compute;
mod cost;
mod data;
mod detection;
mod hub;
mod identity;
mod keys;
mod logging;
mod queries;
mod rules;
mod storage;
mod tracing;

use crate::account::{Account, HOME};
use crate::emulator::emulator;
use crate::wire::Wire;
use baseline::controls;
use serde_json::{Value, json};

/// An account that is somebody else's.
const STRANGER: &str = "999999999999";

/// A control, and the ways to weaken what it protects.
struct Drill {
    control: &'static str,
    /// The tables of the baseline; `{account}` is filled in.
    tables: &'static str,
    /// What exists before the first apply.
    before: fn(&mut Intruder),
    moves: &'static [Move],
}

/// A name, and what the intruder does.
type Move = (&'static str, fn(&mut Intruder));

const DRILLS: &[&[Drill]] = &[
    identity::DRILLS,
    logging::log_bucket::DRILLS,
    logging::trail::DRILLS,
    logging::recorder::DRILLS,
    rules::DRILLS,
    detection::DRILLS,
    hub::DRILLS,
    tracing::DRILLS,
    queries::DRILLS,
    alarms::DRILLS,
    alerts::DRILLS,
    storage::DRILLS,
    compute::DRILLS,
    keys::DRILLS,
    cost::DRILLS,
    data::DRILLS,
];

/// Moves against what a control writes without a key of the baseline's.
const ONLY_BY_JOURNAL: &[&str] =
    &["passwords need no symbols", "it is deleted while another trail records"];

/// An administrator of the account whom nobody knows.
struct Intruder {
    account: String,
    wire: Wire,
}

/// Nothing needs to exist.
fn nothing(_: &mut Intruder) {}

impl Intruder {
    fn of(account: &Account) -> Self {
        Self { account: account.id.clone(), wire: Wire::new(account) }
    }

    /// Fills the number of the account into a text.
    fn fill(&self, text: &str) -> String {
        text.replace("{account}", &self.account)
    }

    /// The name of the log bucket that the baseline made.
    fn log_bucket(&self) -> String {
        self.fill("baseline-logs-{account}-us-east-1")
    }

    /// A bucket of another account that takes whatever is delivered to it.
    fn bucket_of_a_stranger(&mut self) -> String {
        let name = self.fill("elsewhere-{account}");
        let open = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*")],
        }]});
        let mut stranger = Wire::of(STRANGER);
        stranger.s3("PUT", &format!("/{name}"), "");
        stranger.s3("DELETE", &format!("/{name}?publicAccessBlock"), "");
        stranger.s3("PUT", &format!("/{name}?policy"), &open.to_string());
        name
    }

    /// Another bucket of the account, which takes whatever CloudTrail and Config deliver.
    fn another_bucket(&mut self) -> String {
        let name = self.fill("forgotten-{account}");
        let services = json!(["cloudtrail.amazonaws.com", "config.amazonaws.com"]);
        let open = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": services}, "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*")],
        }]});
        self.wire.s3("PUT", &format!("/{name}"), "");
        self.wire.s3("PUT", &format!("/{name}?policy"), &open.to_string());
        name
    }

    /// A call of a service that speaks JSON with a target; it must succeed.
    #[track_caller]
    fn json(&mut self, service: &str, target: &str, input: Value) -> Value {
        let answer = self.wire.json(service, HOME, target, input);
        assert!(answer.get("__type").is_none(), "{target}: {answer}");
        answer
    }

    /// A call of a service that speaks REST with JSON; it must succeed.
    #[track_caller]
    fn rest(&mut self, service: &str, method: &str, path: &str, input: Value) -> Value {
        let answer = self.wire.rest(service, HOME, method, path, &input.to_string());
        let code = answer.get("__type").or_else(|| answer.get("code"));
        assert!(code.is_none(), "{method} {path}: {answer}");
        answer
    }

    /// A call of S3; it must succeed.
    #[track_caller]
    fn s3(&mut self, method: &str, path: &str, body: &str) -> String {
        let answer = self.wire.s3(method, path, body);
        assert!(!answer.contains("<Error>"), "{method} {path}: {answer}");
        answer
    }

    /// Deletes whatever is in a bucket: the deliveries so far.
    fn empty(&mut self, bucket: &str) {
        let listed = self.s3("GET", &format!("/{bucket}?versions"), "");
        let part = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            Some(rest.split('<').next()?.to_owned())
        };
        for version in listed.split("<Version>").skip(1) {
            let key = part(version, "Key").expect("a key");
            let id = part(version, "VersionId").expect("an id");
            self.s3("DELETE", &format!("/{bucket}/{key}?versionId={id}"), "");
        }
    }

    /// Appends a statement to the policy of a bucket.
    #[track_caller]
    fn add_statement(&mut self, bucket: &str, statement: Value) {
        self.change_policy(bucket, |statements| statements.push(statement.clone()));
    }

    /// Rewrites the statements of a bucket's policy.
    #[track_caller]
    fn change_policy(&mut self, bucket: &str, change: impl Fn(&mut Vec<Value>)) {
        let text = self.s3("GET", &format!("/{bucket}?policy"), "");
        let mut policy: Value = serde_json::from_str(&text).expect("a policy");
        let before = policy.clone();
        change(policy["Statement"].as_array_mut().expect("statements"));
        assert_ne!(policy, before, "the move changes nothing");
        self.s3("PUT", &format!("/{bucket}?policy"), &policy.to_string());
    }

    /// A setting of the emulated account that no API of the account itself changes.
    fn admin(&mut self, name: &str, mut input: Value) {
        input["account"] = json!(self.account);
        emulator().admin(name, input);
    }
}

/// An account that the tables of a drill were applied to, and who will weaken it.
fn applied(drill: &Drill) -> (Account, Intruder) {
    let account = Account::new();
    account.baseline(&account.in_one_region(&drill.tables.replace("{account}", &account.id)));
    let mut intruder = Intruder::of(&account);
    (drill.before)(&mut intruder);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    (account, intruder)
}

/// Makes every move against a control, each on an account that matches before it.
fn hold(control: &str) {
    for drill in drills(control) {
        let (account, _) = applied(drill);
        let _ = account.run(&["drift"]).exits(0);
    }
    let mut unseen = Vec::new();
    let moves = drills(control).flat_map(|drill| drill.moves.iter().map(move |own| (drill, own)));
    for (drill, (name, make)) in moves {
        let (account, mut intruder) = applied(drill);
        make(&mut intruder);
        let mut drift = account.run(&["drift"]);
        // What an apply wrote beyond its keys only a journal tells; all else is seen without one.
        if names(&drift.stdout, control) && !ONLY_BY_JOURNAL.contains(name) {
            std::fs::remove_dir_all(account.path("plans")).expect("journals");
            drift = account.run(&["drift"]);
        }
        let is_named = names(&drift.stdout, control);
        if drift.code != 2 || !is_named {
            unseen.push(format!(
                "{name}: exit code {}\n{}{}",
                drift.code, drift.stdout, drift.stderr
            ));
        }
    }
    let seen = unseen.is_empty();
    assert!(seen, "{} moves are not seen:\n\n{}", unseen.len(), unseen.join("\n"));
}

/// Whether a line of drift is about a control.
fn names(drift: &str, control: &str) -> bool {
    drift.lines().any(|line| {
        let place = line.split_whitespace().nth(1).unwrap_or_default();
        place == control || place.starts_with(&format!("{control}@"))
    })
}

/// The drills of a control: one for each way in which a baseline may ask for it.
fn drills(control: &str) -> impl Iterator<Item = &'static Drill> {
    let all = DRILLS.iter().copied().flatten();
    all.filter(move |drill| drill.control == control)
}

#[test]
fn every_control_has_a_drill_of_five_moves() {
    for name in controls::names() {
        let moves: usize = drills(name).map(|drill| drill.moves.len()).sum();
        assert!(moves >= 5, "{name} has {moves} moves");
    }
}

/// One test for each control, so that they run side by side.
macro_rules! drills {
    ($($control:ident)*) => {
        mod of {
            $(
                #[test]
                fn $control() {
                    super::hold(stringify!($control));
                }
            )*
        }

        #[test]
        fn every_drill_is_held() {
            let held = [$(stringify!($control)),*];
            for drill in DRILLS.iter().copied().flatten() {
                assert!(held.contains(&drill.control), "{} is not held", drill.control);
            }
        }
    };
}

drills! {
    root_user password_policy public_access_block log_bucket cloudtrail config config_rules
    guardduty malware_protection access_analyzer inspector security_hub detective macie xray ebs_encryption
    key_rotation keys budgets buckets storage_lens trail_alarms alerts trail_queries
}

#[test]
fn a_saved_plan_starts_nothing_that_was_pointed_elsewhere_since() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let mut intruder = Intruder::of(&account);
    let trail = |operation: &str| format!("CloudTrail_20131101.{operation}");
    let name = json!({"Name": "baseline"});
    intruder.json("cloudtrail", &trail("StopLogging"), name);
    // Adopted: it keeps whatever bucket of the account it has.
    account.baseline(&account.in_one_region("[cloudtrail]"));
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let elsewhere = intruder.bucket_of_a_stranger();
    let moved = json!({"Name": "baseline", "S3BucketName": elsewhere});
    intruder.json("cloudtrail", &trail("UpdateTrail"), moved);
    let before = account.writes().len();
    let _ = account.run(&["apply", "plan.json"]).exits(6);
    assert_eq!(account.writes().len(), before);
}

//! The laws that hold for every control: with all of them in one baseline, and of each by itself.

mod each;

use crate::account::{Account, block_on};
use crate::emulator::root;
use crate::tables::{everything, startup};
use baseline::aws::{Operation, is_read};
use baseline::controls;
use baseline::plan::{KNOWN_AFTER, Plan};
use serde_json::Value;
use std::collections::BTreeSet;
use time::format_description::well_known::Rfc3339;

fn account_with_everything() -> Account {
    let account = Account::new();
    account.baseline(&everything(&account));
    block_on(async {
        let config = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let bucket = format!("data-{}", account.id);
        s3.create_bucket().bucket(bucket).send().await.expect("created");
    });
    account
}

#[test]
fn everything_converges_in_one_apply() {
    let account = account_with_everything();
    let created = account.writes().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let first = account.writes().len();
    assert!(first > created);
    let _ = account.run(&["plan"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes().len(), first, "{:?}", &account.writes()[first..]);
    // Root without MFA is a finding in a new emulated account; nothing else may be left.
    let drift = account.run(&["drift"]);
    assert!(!drift.stdout.contains("differs  "), "{}", drift.stdout);
    account.assert_valid_requests();
}

#[test]
fn no_request_of_a_plan_is_sent_twice_and_they_are_few() {
    let account = account_with_everything();
    let one_region = startup(&account).replace(", \"eu-west-1\"", "");
    account.baseline(&one_region);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let before = account.journal().len();
    let _ = account.run(&["plan"]).exits(0);
    let journal = account.journal();
    let requests = &journal[before..];
    let asked = |entry: &Value| {
        format!(
            "{} {} {} {}",
            entry["service"], entry["operation"], entry["region"], entry["params"]
        )
    };
    let distinct: BTreeSet<String> = requests.iter().map(asked).collect();
    assert_eq!(
        distinct.len(),
        requests.len(),
        "{:#?}",
        requests.iter().map(asked).collect::<Vec<_>>()
    );
    // Six of them look for what silences a detector, three for what a recorder relies on, two for
    // where the logs are copied to and for how long they are locked, and one for the account's alias.
    assert!(requests.len() <= 50, "{}", requests.len());
}

/// The operation that a request of the journal was, among those that controls declare.
pub fn declared(entry: &Value) -> Option<&'static Operation> {
    use baseline::aws::{alias, facts};
    let common = [
        &alias::LIST_ACCOUNT_ALIASES.operation,
        &facts::GET_CALLER_IDENTITY,
        &facts::GET_BUCKET_POLICY,
    ];
    let listings = controls::ALL.iter().filter_map(|kind| kind.about.places.listing);
    let lists = listings.map(|listing| (listing.operation)("aws"));
    let name = entry["operation"].as_str()?;
    let service = entry["service"].as_str()?;
    let of_controls = controls::ALL.iter().flat_map(|kind| kind.about.operations);
    common
        .into_iter()
        .chain(lists)
        .chain(of_controls)
        .find(|o| o.name == name && o.service == service)
}

/// Whether a printed policy allows an action, on whatever resource.
pub fn allows(policy: &Value, action: &str) -> bool {
    let statements = policy["Statement"].as_array().expect("a list");
    let mut actions = statements.iter().flat_map(|own| own["Action"].as_array().expect("a list"));
    actions.any(|allowed| allowed == action)
}

#[test]
fn every_request_is_declared_and_allowed_by_the_printed_policy() {
    let account = account_with_everything();
    let prepared = account.journal().len();
    let policies = ["plan", "apply"]
        .map(|purpose| account.run(&["permissions", "--for", purpose]).exits(0).json());
    let _ = account.run(&["plan"]).exits(0);
    let planned = account.journal().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let journal = account.journal();
    for (number, entry) in journal.iter().enumerate().skip(prepared) {
        let operation = declared(entry).unwrap_or_else(|| panic!("not declared: {entry}"));
        let policy = if number < planned { &policies[0] } else { &policies[1] };
        for grant in operation.grants {
            let action = grant.action;
            assert!(allows(policy, action), "{action} is not allowed for {entry}");
        }
    }
    for entry in &journal[prepared..planned] {
        assert!(is_read(entry["operation"].as_str().expect("a name")), "{entry}");
    }
}

/// A call as it is compared: service, operation, region, input.
type Told = (String, String, String, Value);

fn told(service: &Value, operation: &Value, region: &Value, input: &Value) -> Told {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(service), text(operation), text(region), input.clone())
}

/// Whether an input was sent as it was shown. The SDK adds tokens against repetition and checksums;
/// documents are shown as JSON and sent as text; what is sensitive is masked, and what only an
/// earlier call brings to light is known after it.
pub fn is_as_shown(shown: &Value, sent: &Value) -> bool {
    match (shown, sent) {
        (Value::Object(shown), Value::Object(sent)) => {
            let is_added = |name: &String| {
                ["ClientToken", "clientToken", "ClientRequestToken", "ChecksumAlgorithm"]
                    .contains(&name.as_str())
            };
            let some = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
            shown.iter().all(|(name, own)| match sent.get(name) {
                Some(other) => is_as_shown(own, other),
                None => own.is_null(),
            }) && sent.keys().all(|name| some(shown.get(name)) || is_added(name))
        }
        (Value::Array(shown), Value::Array(sent)) => {
            let later = shown.iter().position(|own| own["Name"] == KNOWN_AFTER);
            match later {
                // One entry stands for all that come to light.
                Some(at) => {
                    let known = &shown[..at];
                    let is_known = |other: &&Value| known.iter().any(|own| is_as_shown(own, other));
                    let found: Vec<&Value> = sent.iter().filter(is_known).collect();
                    let rest = sent.iter().filter(|other| !found.contains(other));
                    found.len() == known.len()
                        && rest.into_iter().all(|own| own["Status"] == shown[at]["Status"])
                }
                None => {
                    shown.len() == sent.len()
                        && shown.iter().zip(sent).all(|(own, other)| is_as_shown(own, other))
                }
            }
        }
        (Value::String(shown), Value::String(sent)) => {
            let masked = shown.contains("***") || shown.starts_with("sha256:");
            match shown.split_once(KNOWN_AFTER) {
                Some((before, after)) => sent.starts_with(before) && sent.ends_with(after),
                None => masked || shown == sent,
            }
        }
        (Value::Object(_) | Value::Array(_), Value::String(sent)) => {
            let sent = serde_json::from_str::<Value>(sent);
            sent.is_ok_and(|sent| sorted(shown) == sorted(&sent))
        }
        (Value::Number(_), Value::Number(_)) => shown.as_f64() == sent.as_f64(),
        // A time is sent in seconds, as it is shown, and written down as a date.
        (Value::Number(shown), Value::String(sent)) => {
            let text = sent.replacen(' ', "T", 1) + "Z";
            let time = time::OffsetDateTime::parse(&text, &Rfc3339);
            time.is_ok_and(|time| shown.as_f64() == Some(time.unix_timestamp() as f64))
        }
        _ => shown == sent,
    }
}

/// A document whose lists of texts are in order: AWS answers those of a policy in any, and what is
/// sent keeps the one that was seen last.
fn sorted(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items = items.iter().filter_map(Value::as_str);
            items.collect::<BTreeSet<_>>().into_iter().collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        value => value.clone(),
    }
}

#[test]
fn what_is_sent_is_what_the_plan_showed() {
    let account = account_with_everything();
    let prepared = account.journal().len();
    let plan = account.run(&["plan", "--json"]).exits(0).json();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let entries = plan["entries"].as_array().expect("entries").iter();
    let calls = entries.flat_map(|entry| entry["calls"].as_array().cloned().unwrap_or_default());
    let mut shown: Vec<Told> = calls
        .map(|call| told(&call["service"], &call["operation"], &call["region"], &call["input"]))
        .collect();
    assert!(shown.len() > 20, "{}", shown.len());
    let mut unshown = Vec::new();
    for entry in &account.journal()[prepared..] {
        if entry["write"] != Value::Bool(true) {
            continue;
        }
        let sent = told(&entry["service"], &entry["operation"], &entry["region"], &entry["params"]);
        let matching = shown.iter().position(|own| {
            (&own.0, &own.1, &own.2) == (&sent.0, &sent.1, &sent.2) && is_as_shown(&own.3, &sent.3)
        });
        match matching {
            Some(at) => {
                shown.remove(at);
            }
            None => unshown.push(sent),
        }
    }
    assert!(
        unshown.is_empty() && shown.is_empty(),
        "sent and not shown: {unshown:#?}\nshown and not sent: {shown:#?}"
    );
}

#[test]
fn a_policy_for_planning_allows_no_write() {
    let account = account_with_everything();
    let policy = account.run(&["permissions", "--for", "drift"]).exits(0).json();
    for statement in policy["Statement"].as_array().expect("a list") {
        for action in statement["Action"].as_array().expect("a list") {
            let name = action.as_str().expect("text").split(':').nth(1).expect("a name");
            assert!(is_read(name) || name == "ViewBudget", "{name}");
        }
    }
}

#[test]
fn plans_read_back_as_they_were_written() {
    let root = root().join("tests/scenarios");
    for folder in std::fs::read_dir(root).expect("the scenarios") {
        let path = folder.expect("an entry").path().join("plan.json");
        let bytes = std::fs::read(&path).expect("a plan");
        let plan =
            Plan::from_bytes(&bytes).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert_eq!(plan.to_bytes(), bytes);
    }
}

#[test]
fn the_operations_of_controls_are_reads_before_writes_and_have_permissions() {
    for kind in controls::ALL {
        let reads: Vec<bool> = kind.about.operations.iter().map(|o| is_read(o.name)).collect();
        assert!(reads.is_sorted_by(|a, b| a >= b), "{}", kind.about.name);
        for operation in kind.about.operations {
            assert!(!operation.grants.is_empty(), "{}", operation.name);
        }
    }
}

#[test]
fn nothing_is_built_on_a_bucket_that_could_not_be_seen() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\n[password_policy]");
    let denied =
        serde_json::json!([{"operation": "HeadBucket", "action": "denied", "count": null}]);
    account.faults(denied);
    let run = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = run.says("it needs log_bucket@").says("1 change made").says("cloudtrail");
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
}

#[test]
fn a_place_that_can_no_longer_be_seen_when_its_turn_comes_is_left_alone() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let denied = serde_json::json!([
        {"operation": "HeadBucket", "action": "denied", "nth": 2, "count": null},
    ]);
    account.faults(denied);
    let run = account.run(&["apply", "--auto-approve"]).exits(3);
    let _ = run.says("could not be read").says("skipped, because log_bucket@");
    assert!(account.writes().is_empty(), "{:?}", account.writes());
}

#[test]
fn the_example_plan_is_still_read_and_still_what_is_planned() {
    let root = root();
    let example = root.join("plans/example.json");
    let planned = root.join("tests/scenarios/startup_first/plan.json");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::copy(&planned, &example).expect("written");
    }
    let read = |path| std::fs::read(path).expect("a plan");
    assert!(read(&example) == read(&planned), "BLESS=1 copies it");
    let shown = Account::new().run(&["show", &example.display().to_string()]).exits(0);
    assert!(shown.stdout.contains("cloudtrail:CreateTrail"));
}

#[test]
fn a_saved_plan_is_applied_although_what_it_needs_is_already_right() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    block_on(async {
        let cloudtrail = aws_sdk_cloudtrail::Client::new(&account.sdk().await);
        cloudtrail.delete_trail().name("baseline").send().await.expect("deleted");
    });
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let _ = account.run(&["apply", "plan.json"]).exits(0).says("1 change made");
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn a_change_that_needs_what_the_run_leaves_out_is_told_and_not_made() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let bucket = format!("log_bucket@baseline-logs-{}-us-east-1", account.id);
    for leave_out in [["--target", "cloudtrail"], ["--exclude", bucket.as_str()]] {
        let [flag, place] = leave_out;
        let run = account.run(&["apply", "--auto-approve", flag, place]).exits(3);
        let _ = run.says("which this run leaves out");
        let _ = account.run(&["drift", flag, place]).exits(2).says("pending   cloudtrail");
    }
    assert!(account.writes().is_empty(), "{:?}", account.writes());
}

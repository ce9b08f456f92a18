//! What `undo` puts back, control by control: from an account that was lived in, and from nothing.

use crate::account::{Account, HOME, block_on};
use crate::laws;
use crate::lived_in::LivedIn;
use crate::tables;
use baseline::aws::{Operation, is_read};
use baseline::controls;
use serde_json::{Value, json};

/// Lets every control protect less.
fn allowing_all() -> Vec<&'static str> {
    let mut flags = vec!["--auto-approve"];
    for name in controls::names() {
        flags.extend(["--allow-loosening", name]);
    }
    flags
}

/// The name of the first run.
fn first_run(account: &Account) -> String {
    let history = account.run(&["history", "--json"]).exits(0).json();
    let run = &history["runs"][0]["began"]["run"];
    run.as_str().expect("a name").to_owned()
}

fn apply(account: &Account) {
    let all = [&["apply"], &allowing_all()[..]].concat();
    let _ = account.run(&all).exits(0);
}

/// Undoes the first run; gives the plan as it is shown.
pub fn undo(account: &Account) -> String {
    let run = first_run(account);
    let all = [&["undo", run.as_str()], &allowing_all()[..]].concat();
    account.run(&all).exits(0).stdout
}

/// All places as they are, by address.
fn places(account: &Account) -> Value {
    let _ = account.run(&["snapshot", "--out", "seen.json"]).exits(0);
    let text = std::fs::read_to_string(account.path("seen.json")).expect("saved");
    let mut seen: Value = serde_json::from_str(&text).expect("JSON");
    let places = seen["places"].as_object_mut().expect("places");
    for place in places.values_mut() {
        for live in [
            "/live/policy",
            "/live/own/policy",
            "/live/bucket/own/policy",
            "/live/archive/bucket/policy",
            "/live/region/archive/bucket/policy",
        ] {
            if let Some(Value::String(text)) = place.pointer_mut(live) {
                *text = in_order(text);
            }
        }
    }
    seen["places"].take()
}

/// A policy with its principals in order: S3 answers them in another one each time.
fn in_order(text: &str) -> String {
    let mut policy: Value = serde_json::from_str(text).expect("JSON");
    for statement in policy["Statement"].as_array_mut().expect("a list") {
        if let Some(Value::Array(names)) = statement.pointer_mut("/Principal/Service") {
            names.sort_by_key(Value::to_string);
        }
    }
    policy.to_string()
}

/// The writes of the tool since some were counted.
fn writes_since(account: &Account, before: usize) -> Vec<String> {
    account.writes().split_off(before)
}

#[test]
fn an_account_that_was_lived_in_is_as_before_and_a_second_undo_writes_nothing() {
    let account = LivedIn::prepared();
    let mut before = places(&account);
    apply(&account);
    let applied = places(&account);
    for (address, place) in before.as_object().expect("places") {
        let stays = address.starts_with("root_user");
        assert!(stays || *place != applied[address], "{address}: {place}");
    }
    let shown = undo(&account);
    // S3 cannot take back that versioning was ever set, and nobody deletes the role of a service.
    let logs = format!("log_bucket@logs-{}", account.id);
    assert_eq!(before[&logs]["live"]["bucket"]["own"]["versioning"], Value::Null);
    before[&logs]["live"]["bucket"]["own"]["versioning"] = json!("Suspended");
    let role = "config@service-linked-role";
    before[role] = applied[role].clone();
    let after = places(&account);
    for (address, place) in before.as_object().expect("places") {
        assert_eq!(*place, after[address], "{address}\n{shown}");
    }
    let writes = account.writes().len();
    let again = undo(&account);
    assert_eq!(writes_since(&account, writes), [""; 0], "{again}");
    assert!(again.contains("No changes."), "{again}");
    account.assert_valid_requests();
}

#[test]
fn two_controls_that_wrote_one_policy_take_their_statements_out_in_one_call() {
    let account = Account::with(
        "[log_bucket]\nname = \"both-{account}\"\n[cloudtrail]\n\
         [[buckets]]\nmatch = [\"both-*\"]\nssl_only = true",
    );
    let bucket = format!("both-{}", account.id);
    block_on(LivedIn::bucket(&account, &bucket));
    apply(&account);
    let before = account.writes().len();
    let shown = undo(&account);
    let mut writes = writes_since(&account, before);
    writes.retain(|call| call.contains("BucketPolicy"));
    assert_eq!(writes, ["s3:DeleteBucketPolicy"], "{shown}");
}

#[test]
fn an_undo_is_undone_like_any_other_run() {
    let account = LivedIn::prepared();
    apply(&account);
    let applied = places(&account);
    undo(&account);
    let history = account.run(&["history", "--json"]).exits(0).json();
    let last = history["runs"].as_array().expect("runs").last();
    let run = last.expect("a run")["began"]["run"].as_str().expect("a name").to_owned();
    let all = [&["undo", run.as_str()], &allowing_all()[..]].concat();
    let _ = account
        .run(&all)
        .exits(0)
        .says("that run took subscribers out, or the whole alert; they are not put back");
    let after = places(&account);
    for (address, place) in applied.as_object().expect("places") {
        let has_addresses = address == "budgets@monthly";
        assert!(
            has_addresses || *place == after[address],
            "{address}: {place}\n{}",
            after[address]
        );
    }
}

#[test]
fn what_a_first_apply_created_is_stopped_and_kept_and_the_next_apply_converges() {
    let account = Account::new();
    account.baseline(&tables::everything(&account));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let before = account.writes().len();
    let shown = undo(&account);
    let writes = writes_since(&account, before);
    let filters = ["logs:DeleteMetricFilter"; 15];
    let wanted = [
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:DisableEbsEncryptionByDefault",
        "macie2:UpdateMacieSession",
        "macie2:UpdateMacieSession",
        "cloudtrail:UpdateTrail",
    ];
    let rest = [
        "cloudwatch:DeleteAlarms",
        "securityhub:BatchDisableStandards",
        "securityhub:DeleteFindingAggregator",
        "securityhub:BatchDisableStandards",
        "inspector2:Disable",
        "inspector2:Disable",
        "guardduty:UpdateDetector",
        "guardduty:UpdateDetector",
        "config:DeleteConfigurationAggregator",
        "config:StopConfigurationRecorder",
        "config:StopConfigurationRecorder",
        "cloudtrail:StopLogging",
        "events:PutRule",
        "events:PutRule",
        "kms:PutKeyPolicy",
        "s3control:PutPublicAccessBlock",
        "iam:DeleteAccountPasswordPolicy",
    ];
    assert_eq!(writes, [&wanted[..], &filters, &rest].concat(), "{shown}");
    let id = &account.id;
    let bucket = format!("baseline-logs-{id}-{HOME}");
    for command in [
        format!("aws budgets delete-budget --account-id {id} --budget-name \"monthly\""),
        "aws guardduty delete-detector --detector-id ".to_owned(),
        "aws configservice delete-configuration-recorder --configuration-recorder-name default \
         --region eu-west-1"
            .to_owned(),
        "aws configservice delete-delivery-channel --delivery-channel-name default --region \
         eu-west-1"
            .to_owned(),
        format!(
            "aws cloudtrail delete-trail --name arn:aws:cloudtrail:{HOME}:{id}:trail/baseline \
             --region {HOME}"
        ),
        format!("aws s3api delete-bucket --bucket {bucket} --region {HOME}"),
        // What differs by the region alone is said once.
        "! access_analyzer in 2 regions".to_owned(),
        "aws accessanalyzer delete-analyzer --region REGION --analyzer-name baseline".to_owned(),
    ] {
        assert!(shown.contains(&command), "{command} is not in\n{shown}");
    }
    assert!(!shown.contains("null"), "{shown}");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let converged = account.writes().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(writes_since(&account, converged), [""; 0]);
    account.assert_valid_requests();
}

#[test]
fn what_others_changed_since_is_kept() {
    let account = LivedIn::prepared();
    apply(&account);
    block_on(LivedIn::others_go_on(&account));
    let shown = undo(&account);
    block_on(LivedIn::assert_others_kept(&account));
    for left in [
        "prefix: it was changed again after that run",
        "the statement BaselineDenyInsecureTransport was changed again after that run",
    ] {
        assert!(shown.contains(left), "{left} is not in\n{shown}");
    }
    let writes = account.writes().len();
    undo(&account);
    assert_eq!(writes_since(&account, writes), [""; 0]);
}

#[test]
fn what_is_gone_or_no_longer_the_baselines_keeps_nothing_else_from_being_undone() {
    let account = Account::with(
        "[password_policy]\n[[buckets]]\nmatch = [\"*\"]\nssl_only = true\n[guardduty]",
    );
    let bucket = format!("gone-{}", account.id);
    block_on(LivedIn::bucket(&account, &bucket));
    apply(&account);
    block_on(LivedIn::delete_bucket_and_detector(&account, &bucket));
    let run = first_run(&account);
    let all = [&["undo", run.as_str()], &allowing_all()[..]].concat();
    let undone = account.run(&all).exits(0);
    let _ = undone
        .says(&format!("buckets@{bucket} matches nothing in this baseline now"))
        .says("the detector of that run is not there any more");
    let last = account.writes().pop();
    assert_eq!(last.as_deref(), Some("iam:DeleteAccountPasswordPolicy"));
}

#[test]
fn no_address_is_shown_or_saved_by_an_undo() {
    let account = LivedIn::prepared();
    apply(&account);
    let shown = undo(&account);
    let _ = account.run(&["undo", &first_run(&account), "--out", "undo.json"]);
    let plan = std::fs::read_to_string(account.path("undo.json")).expect("saved");
    for text in [shown, plan] {
        assert!(!text.contains("billing@") && !text.contains("owner@"), "{text}");
    }
}

#[test]
fn a_subscriber_that_the_baseline_does_not_name_any_more_is_left_to_a_person() {
    let account = LivedIn::prepared();
    apply(&account);
    account.baseline(&LivedIn::baseline(&account).replace("billing@", "someone@"));
    let shown = undo(&account);
    assert!(shown.contains("the run added b***@example.com"), "{shown}");
}

/// The operation of a request, among those that controls declare for an undo.
fn declared(entry: &Value) -> &'static Operation {
    let name = entry["operation"].as_str().expect("a name");
    let own = laws::declared(entry);
    let restores = controls::ALL.iter().flat_map(|kind| kind.restores);
    let service = entry["service"].as_str().expect("a service");
    let mut restores = restores.filter(|o| o.name == name && o.service == service);
    own.or_else(|| restores.next()).unwrap_or_else(|| panic!("not declared: {entry}"))
}

#[test]
fn every_request_of_an_undo_is_declared_and_allowed_by_the_printed_policy() {
    let first = Account::new();
    first.baseline(&tables::everything(&first));
    for account in [LivedIn::prepared(), first] {
        apply(&account);
        let policy = ["permissions", "--for", "undo"];
        let policy = account.run(&policy).exits(0).json();
        let before = account.journal().len();
        undo(&account);
        for entry in &account.journal()[before..] {
            for grant in declared(entry).grants {
                assert!(laws::allows(&policy, grant.action), "{}: {entry}", grant.action);
            }
        }
    }
}

#[test]
fn what_only_an_undo_needs_is_in_no_other_policy() {
    let account = LivedIn::prepared();
    for action in ["s3:DeleteBucketPolicy", "cloudtrail:StopLogging"] {
        for (purpose, wanted) in [("plan", false), ("apply", false), ("undo", true)] {
            let policy = ["permissions", "--for", purpose];
            let policy = account.run(&policy).exits(0).json();
            assert_eq!(laws::allows(&policy, action), wanted, "{action} for {purpose}");
        }
    }
    for kind in controls::ALL {
        assert!(kind.restores.iter().all(|o| !is_read(o.name) && !o.grants.is_empty()));
    }
}

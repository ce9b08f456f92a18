//! access_analyzer, through the binary.

use crate::account::{Account, HOME, Run};
use crate::emulator::emulator;
use crate::wire::Wire;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

const IRELAND: &str = "eu-west-1";

fn ask(account: &Account, region: &str, method: &str, path: &str, input: Value) -> Value {
    let body = match method {
        "GET" | "DELETE" => String::new(),
        _ => input.to_string(),
    };
    Wire::new(account).rest("access-analyzer", region, method, path, &body)
}

fn analyzers(account: &Account, region: &str) -> Vec<Value> {
    let answer = ask(account, region, "GET", "/analyzer", json!({}));
    answer["analyzers"].as_array().expect("analyzers").clone()
}

fn create(account: &Account, name: &str, kind: &str) {
    let input = json!({"analyzerName": name, "type": kind});
    let answer = ask(account, HOME, "PUT", "/analyzer", input);
    assert!(answer["arn"].is_string(), "{answer}");
}

/// What was there before, in the home region.
fn there_is(account: &Account, analyzers: Value) {
    let settings = json!({"account": account.id, "analyzers": {HOME: analyzers}});
    emulator().admin("account", settings);
}

fn finds(account: &Account, region: &str, findings: Value) {
    let settings = json!({"account": account.id, "access_findings": {region: findings}});
    emulator().admin("account", settings);
}

fn bucket(account: &str) -> Value {
    json!({
        "resource": "arn:aws:s3:::acme", "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": account, "isPublic": true, "principal": {"AWS": "*"},
        "action": ["s3:GetObject"], "sources": [{"type": "POLICY"}],
    })
}

fn role(account: &str) -> Value {
    json!({
        "resource": format!("arn:aws:iam::{account}:role/vendor"), "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": account, "isPublic": false, "action": ["sts:AssumeRole"],
        "principal": {"AWS": "999999999999"}, "condition": {"sts:ExternalId": "x"},
    })
}

#[test]
fn every_region_gets_one_analyzer_of_the_account() {
    let account = Account::new();
    account.baseline(&account.in_regions(&[HOME, IRELAND], "[access_analyzer]"));
    account.assert_converges();
    for region in [HOME, IRELAND] {
        let found = analyzers(&account, region);
        assert_eq!(found.len(), 1, "{region}");
        assert_eq!(found[0]["type"], "ACCOUNT");
        assert_eq!(found[0]["tags"]["baseline"], "baseline");
    }
    assert_eq!(account.writes(), ["accessanalyzer:CreateAnalyzer"; 2]);
}

#[test]
fn one_that_is_there_is_adopted_under_whatever_name() {
    let account = Account::with("[access_analyzer]");
    create(&account, "ours-since-2019", "ACCOUNT");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    assert_eq!(account.writes().len(), 1);
}

#[test]
fn analyzers_of_another_type_are_no_substitute_and_are_left_alone() {
    let account = Account::with("[access_analyzer]");
    create(&account, "baseline", "ACCOUNT_UNUSED_ACCESS");
    account.assert_converges();
    let found = analyzers(&account, HOME);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let found = found.iter().map(|own| [text(&own["name"]), text(&own["type"])]);
    let found: BTreeSet<_> = found.collect();
    let wanted = [["baseline", "ACCOUNT_UNUSED_ACCESS"], ["baseline-account", "ACCOUNT"]];
    assert_eq!(found, BTreeSet::from(wanted.map(|own| own.map(str::to_owned))));
}

#[test]
fn an_analyzer_of_the_organization_does_and_only_its_own_accounts_findings_count() {
    let account = Account::with("[access_analyzer]");
    there_is(&account, json!([{"name": "org", "type": "ORGANIZATION"}]));
    finds(&account, HOME, json!([bucket("999999999999")]));
    let run = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = run.says("managed by the organization's analyzer org");
    assert!(account.writes().is_empty());
}

#[test]
fn an_analyzer_of_the_organization_that_stands_still_is_no_analyzer() {
    let account = Account::with("[access_analyzer]");
    let reason = json!({"code": "AWS_SERVICE_ACCESS_DISABLED"});
    let disabled = json!([
        {"name": "org", "type": "ORGANIZATION", "status": "DISABLED", "statusReason": reason},
    ]);
    there_is(&account, disabled);
    let _ = account.run(&["plan"]).exits(0).says("analyzer org is DISABLED");
    account.assert_converges();
    account.baseline(&account.in_one_region("[access_analyzer]\ntype = \"organization\""));
    let run = account.run(&["drift"]).exits(2);
    let _ = run
        .says("analyzer org is DISABLED (AWS_SERVICE_ACCESS_DISABLED)")
        .says("enable-aws-service-access");
}

#[test]
fn an_analyzer_that_failed_is_told_and_neither_deleted_nor_doubled() {
    let account = Account::with("[access_analyzer]");
    let failed = json!([{"name": "old", "type": "ACCOUNT", "status": "FAILED"}]);
    there_is(&account, failed);
    let run = account.run(&["apply", "--auto-approve"]);
    let _ = run.says("analyzer old is FAILED").says("delete-analyzer");
    let _ = account.run(&["drift"]).exits(2);
    assert!(account.writes().is_empty());
}

#[test]
fn an_analyzer_that_is_being_created_is_waited_for_by_nobody() {
    let account = Account::with("[access_analyzer]");
    let creating = json!([{"name": "new", "type": "ACCOUNT", "status": "CREATING"}]);
    there_is(&account, creating);
    let run = account.run(&["drift"]).exits(0);
    assert!(!run.stdout.contains("missing"), "{}", run.stdout);
}

#[test]
fn an_analyzer_of_a_service_is_left_to_it() {
    let account = Account::with("[access_analyzer]");
    let service =
        json!([{"name": "hub", "type": "ACCOUNT", "managedBy": "securityhubv2.amazonaws.com"}]);
    there_is(&account, service);
    let run = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = run.says("managed by securityhubv2.amazonaws.com (analyzer hub)");
}

#[test]
fn active_findings_are_told_until_they_are_archived() {
    let account = Account::with("[access_analyzer]");
    finds(&account, HOME, json!([bucket(&account.id)]));
    let _ = account.run(&["apply", "--auto-approve"]);
    let run = account.run(&["drift"]).exits(2);
    let run = run.says(
        "arn:aws:s3:::acme (AWS::S3::Bucket): everybody (public) may s3:GetObject, through POLICY",
    );
    let accept = run.stdout.split("accept it: ").nth(1).expect("the command is shown");
    let accept = accept.split(')').next().expect("it is in brackets");
    let words: Vec<&str> = accept.split_whitespace().collect();
    let id = words[words.iter().position(|w| *w == "--ids").expect("ids") + 1];
    let arn = analyzers(&account, HOME)[0]["arn"].clone();
    assert!(words.contains(&arn.as_str().expect("an ARN")), "{words:?}");
    let archived = json!({"analyzerArn": arn, "ids": [id], "status": "ARCHIVED"});
    ask(&account, HOME, "PUT", "/finding", archived);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn a_role_of_which_every_region_finds_the_same_is_told_once() {
    let account = Account::new();
    account.baseline(&account.in_regions(&[HOME, IRELAND], "[access_analyzer]"));
    let found = json!({HOME: [role(&account.id)], IRELAND: [role(&account.id)]});
    let settings = json!({"account": account.id, "access_findings": found});
    emulator().admin("account", settings);
    let _ = account.run(&["apply", "--auto-approve"]);
    let run = account.run(&["drift"]).exits(2);
    let told = run.stdout.matches("role/vendor").count();
    assert_eq!(told, 1, "{}", run.stdout);
    assert!(run.stdout.contains("on condition of sts:ExternalId x"));
}

#[test]
fn a_role_is_told_where_the_home_region_is_not_looked_at() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account]\nregions = [\"eu-west-1\"]\n[access_analyzer]");
    finds(&account, IRELAND, json!([role(&account.id)]));
    let _ = account.run(&["apply", "--auto-approve", "--region", HOME]);
    let run = account.run(&["drift", "--region", HOME]).exits(2);
    let _ = run.says("role/vendor");
}

#[test]
fn findings_that_are_not_asked_for_are_not_read() {
    let account = Account::with("[access_analyzer]\nfindings = false");
    finds(&account, HOME, json!([bucket(&account.id)]));
    account.assert_converges();
    assert!(!account.operations().contains(&"accessanalyzer:ListFindings".to_owned()));
    let policy = account.run(&["permissions", "--for", "plan"]).exits(0);
    assert!(!policy.stdout.contains("ListFindings"));
}

#[test]
fn many_findings_take_few_requests_and_the_rest_is_said_to_be_there() {
    let account = Account::with("[access_analyzer]");
    finds(&account, HOME, json!(vec![bucket(&account.id); 501]));
    create(&account, "mine", "ACCOUNT");
    let run = account.run(&["drift"]).exits(2);
    let _ = run.says("there are more active findings than are read here");
    let asked = account.operations().into_iter();
    let asked = asked.filter(|o| o == "accessanalyzer:ListFindings").count();
    assert_eq!(asked, 5);
}

#[test]
fn findings_that_cannot_be_seen_are_not_taken_for_none() {
    let account = Account::with("[access_analyzer]");
    create(&account, "mine", "ACCOUNT");
    account.faults(json!([{"operation": "ListFindings", "action": "denied", "count": null}]));
    let run = account.run(&["drift"]).exits(4);
    let _ = run.says("allow access-analyzer:ListFindings");
}

#[test]
fn analyzers_that_cannot_be_seen_are_no_reason_to_create_one() {
    let account = Account::with("[access_analyzer]");
    account.faults(json!([{"operation": "ListAnalyzers", "action": "denied", "count": null}]));
    let run = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = run.says("allow access-analyzer:ListAnalyzers");
    assert!(account.writes().is_empty());
}

#[test]
fn a_lost_answer_and_stale_reads_leave_one_analyzer() {
    for fault in [
        json!({"operation": "CreateAnalyzer", "action": "apply_then_drop"}),
        json!({"operation": "CreateAnalyzer", "action": "stale_read", "reads": 2}),
    ] {
        let account = Account::with("[access_analyzer]");
        account.faults(json!([fault]));
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        assert_eq!(analyzers(&account, HOME).len(), 1);
    }
}

#[test]
fn one_that_somebody_makes_in_the_meantime_is_adopted() {
    for name in ["baseline", "another"] {
        let account = Account::with("[access_analyzer]");
        account
            .faults(json!([{"operation": "CreateAnalyzer", "action": "delay", "delay_ms": 2000}]));
        let mut apply = account.command(&["apply", "--auto-approve"]);
        let child = apply.stdout(Stdio::piped()).spawn().expect("it runs");
        let began = Instant::now();
        while account.writes().is_empty() {
            assert!(began.elapsed().as_secs() < 20, "it never began");
            std::thread::sleep(Duration::from_millis(50));
        }
        there_is(&account, json!([{"name": name, "type": "ACCOUNT"}]));
        let _ = Run::from(child.wait_with_output().expect("it ends")).exits(0);
        assert_eq!(analyzers(&account, HOME).len(), 1, "{name}");
    }
}

#[test]
fn a_type_that_costs_money_is_refused_in_place() {
    let account = Account::with("[access_analyzer]\ntype = \"account_unused_access\"");
    let _ = account.run(&["validate"]).exits(1).says("account_unused_access");
}

/// Moves of somebody who shares something and wants nobody to see it, each made behind the tool's
/// back on the same account.
#[test]
fn every_move_that_blinds_the_analyzer_is_drift() {
    let account = Account::with("[access_analyzer]");
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
    let sees = |what: &str| {
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("access_analyzer@us-east-1").says(what);
    };
    let name = analyzers(&account, HOME)[0]["name"].clone();
    let path = format!("/analyzer/{}", name.as_str().expect("a name"));
    let rule = |rule: &str, filter: Value| {
        let input = json!({"ruleName": rule, "filter": filter});
        let path = format!("{path}/archive-rule");
        let answer = ask(&account, HOME, "PUT", &path, input);
        assert!(answer.get("message").is_none(), "{answer}");
    };
    rule("public", json!({"isPublic": {"eq": ["true"]}}));
    sees("the archive rule public archives findings with isPublic eq true: nobody sees them");
    rule("buckets", json!({"resourceType": {"eq": ["AWS::S3::Bucket"]}}));
    sees("the archive rule buckets archives");
    rule("any", json!({"resource": {"exists": true}}));
    sees("the archive rule any archives");
    rule("all", json!({}));
    sees("the archive rule all archives every finding: nobody sees them");
    rule("vendor", json!({"resource": {"eq": ["arn:aws:s3:::vendor-exchange"]}}));
    let declared = "[access_analyzer]\narchive_rules = [\"all\", \"any\", \"buckets\", \"public\"]";
    account.baseline(&account.in_one_region(declared));
    let _ = account.run(&["drift"]).exits(0);
    account.faults(json!([{"operation": "ListArchiveRules", "action": "denied"}]));
    let _ = account.run(&["drift"]).exits(4).says("allow access-analyzer:ListArchiveRules");
    ask(&account, HOME, "DELETE", &path, json!({}));
    sees("expected: name, type");
}

//! The control as a whole, as data.

use super::ConfigRules;
use crate::control::tests::{configured, context};
use crate::control::{At, Kind, Proposal, propose};
use crate::place::Place;
use serde_json::{Value, json};

const SSH: &str = "[rules.restricted-ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"\n\
                   repair = { automatic = true }";

fn document() -> Value {
    json!({
        "owner": "Amazon", "kind": "Automation", "status": "Active", "default_version": "1",
        "parameters": ["AutomationAssumeRole", "SecurityGroupIds"], "hash": null,
    })
}

fn region(mut live: Value) -> Value {
    let recorder = json!({"is_running": true, "group": {"record": "all", "global_types": true}});
    let defaults = [
        ("recorder", recorder),
        ("rules", json!({})),
        ("documents", json!({"AWS-DisableIncomingSSHOnPort22": document()})),
    ];
    for (name, value) in defaults {
        if live.get(name).is_none() {
            live[name] = value;
        }
    }
    json!({"region": live})
}

fn proposed(settings: &str, live: Value) -> Proposal {
    let settings = toml::from_str(settings).expect("settings");
    let live = serde_json::from_value(region(live)).expect("a live state");
    let at = At { place: &Place::region("eu-west-1"), context: &context() };
    propose::<ConfigRules>(&settings, &live, at)
}

fn calls(proposal: &Proposal) -> Vec<&'static str> {
    crate::control::tests::calls(proposal)
}

fn ssh() -> Value {
    json!({
        "rule": {
            "identifier": "INCOMING_SSH_DISABLED",
            "scope": {"resource_types": ["AWS::EC2::SecurityGroup"]},
        },
        "arn": "arn",
    })
}

fn repair() -> Value {
    json!({"repair": {
        "document": "AWS-DisableIncomingSSHOnPort22", "version": "1", "automatic": true,
        "attempts": 5, "within_seconds": 60, "concurrency_percent": 10, "error_percent": 50,
        "parameters": {
            "SecurityGroupIds": "resource",
            "AutomationAssumeRole":
                {"values": ["arn:aws:iam::111122223333:role/baseline-repair-ssh"]},
        },
    }})
}

#[test]
fn a_rule_is_made_with_its_repair_which_says_what_it_does() {
    let proposal = proposed(SSH, json!({}));
    assert_eq!(calls(&proposal), ["PutConfigRule", "PutRemediationConfigurations"]);
    assert!(proposal.breaks[0].contains("revokes every rule"), "{:?}", proposal.breaks);
    let needed: Vec<_> =
        proposal.after.iter().filter_map(|own| own.place()?.thing.clone()).collect();
    assert_eq!(needed, ["baseline-repair-ssh"]);
}

#[test]
fn what_matches_is_left_alone() {
    let live = json!({"rules": {"restricted-ssh": ssh()}, "repairs": {"restricted-ssh": repair()}});
    let proposal = proposed(SSH, live);
    assert!(proposal.differences.is_empty() && proposal.findings.is_empty(), "{proposal:?}");
}

/// What an intruder changes of the rule and of its repair.
#[test]
fn every_part_of_a_rule_and_its_repair_is_put_back() {
    let changed = |path: &str, to: Value| {
        let mut live =
            json!({"rules": {"restricted-ssh": ssh()}, "repairs": {"restricted-ssh": repair()}});
        *live.pointer_mut(path).expect("a member") = to;
        calls(&proposed(SSH, live))
    };
    let rule = ["PutConfigRule"];
    let scope = json!({"resource_types": ["AWS::EC2::SecurityGroup"], "resource_id": "sg-1"});
    assert_eq!(changed("/rules/restricted-ssh/rule/scope", scope), rule);
    let repair = ["PutRemediationConfigurations"];
    let of_repair = |name: &str| format!("/repairs/restricted-ssh/repair/{name}");
    assert_eq!(changed(&of_repair("automatic"), json!(false)), repair);
    let foreign = json!("arn:aws:ssm:eu-west-1:999999999999:document/x");
    assert_eq!(changed(&of_repair("document"), foreign), repair);
    assert_eq!(changed(&of_repair("version"), json!("7")), repair);
    assert_eq!(changed(&of_repair("attempts"), json!(1)), repair);
    let fixed = json!({"SecurityGroupIds": {"values": ["sg-1"]}});
    assert_eq!(changed(&of_repair("parameters"), fixed), repair);
}

#[test]
fn exceptions_failures_and_evaluations_that_fail_are_findings() {
    let live = json!({
        "rules": {"restricted-ssh": ssh()}, "repairs": {"restricted-ssh": repair()},
        "exceptions": {"restricted-ssh": {"sg-1": "quiet"}},
        "failed_repairs": {"restricted-ssh": {"sg-2": "AccessDenied"}},
        "failures": {"restricted-ssh": "AccessDenied"},
    });
    let proposal = proposed(SSH, live.clone());
    assert_eq!((proposal.findings.len(), proposal.writes.len()), (3, 0));
    let named = SSH.replace("automatic = true", "automatic = true, exceptions = [\"sg-1\"]");
    assert_eq!(proposed(&named, live).findings.len(), 2);
}

#[test]
fn without_a_recorder_there_is_no_rule_and_a_type_that_is_not_recorded_is_a_finding() {
    let none = proposed(SSH, json!({"recorder": null}));
    assert_eq!((none.findings.len(), none.writes.len()), (1, 0));
    let group = json!({"record": {"exclude": ["AWS::EC2::SecurityGroup"]}});
    let blind = proposed(SSH, json!({"recorder": {"is_running": true, "group": group}}));
    assert!(blind.findings[0].what.contains("is not recorded"), "{:?}", blind.findings);
    let group = json!({"record": "all"});
    let stopped = proposed(SSH, json!({"recorder": {"is_running": false, "group": group}}));
    assert!(stopped.findings[0].what.contains("stopped"), "{:?}", stopped.findings);
}

#[test]
fn what_a_stack_manages_is_not_changed() {
    let mut rule = ssh();
    rule["rule"]["scope"] = json!({"tag_key": "x"});
    rule["manager"] = json!("the CloudFormation stack x");
    let live = json!({"rules": {"restricted-ssh": rule}});
    let proposal = proposed("packs = [\"network\"]", live.clone());
    let differs: Vec<_> = proposal.differences.iter().map(|own| &own.field).collect();
    assert!(!differs.iter().any(|field| field.starts_with("rules.restricted-ssh.")), "{differs:?}");
    assert!(proposal.findings.iter().any(|own| own.what.contains("stack x")));
    let taken = proposed("packs = [\"network\"]\ntake_over = true", live);
    assert!(taken.findings.is_empty() && taken.touches(&["rules.restricted-ssh"]));
}

#[test]
fn a_document_of_a_stranger_on_a_rule_without_a_repair_is_a_finding() {
    let mut theirs = repair();
    theirs["repair"]["document"] = json!("arn:aws:ssm:eu-west-1:999999999999:document/x");
    let live = json!({"rules": {"restricted-ssh": ssh()}, "repairs": {"restricted-ssh": theirs}});
    let plain = "[rules.restricted-ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"";
    let proposal = proposed(plain, live);
    assert_eq!((proposal.findings.len(), proposal.writes.len()), (1, 0));
}

#[test]
fn what_can_only_be_a_mistake_is_refused() {
    let refused = |lines: &str| {
        let result = configured(Kind::of::<ConfigRules>(), lines);
        result.err().unwrap_or_else(|| panic!("it is taken: {lines}"))
    };
    let named = refused("rules = { ssh = { identifier = \"restricted-ssh\" } }");
    assert!(named.contains("INCOMING_SSH_DISABLED"), "{named}");
    for (rule, said) in [
        ("scope = { resource_id = \"sg-1\" }", "resource_types"),
        ("scope = { tag_value = \"x\" }", "tag_key"),
        ("scope = {}", "names nothing"),
        ("repair = { document = \"own\" }", "version"),
        ("repair = { document = \"arn:aws:ssm:eu-west-1:999999999999:document/x\" }", "ARN"),
        ("repair = { document = \"AWS-CloseSecurityGroup\", automatic = true }", "outgoing"),
        ("repair = { document = \"AWS-Other\", automatic = true }", "add role"),
        ("repair = { automatic = true, attempts = 26 }", "1 to 25"),
    ] {
        let text = refused(&format!(
            "rules = {{ ssh = {{ identifier = \"INCOMING_SSH_DISABLED\", {rule} }} }}"
        ));
        assert!(text.contains(said), "{text}");
    }
    for lines in [
        "rules = { securityhub-x = { identifier = \"INCOMING_SSH_DISABLED\" } }",
        "rules = { x = { identifier = \"ENCRYPTED_VOLUMES\", repair = {} } }",
        "conformance_packs = { \"1x\" = { identifier = \"Y\" } }",
        "packs = [\"s4\"]",
        "stack_drift_reads = [\"s3:*\"]",
    ] {
        let _ = refused(lines);
    }
}

#[test]
fn a_rule_of_tomorrow_is_taken_with_a_hint() {
    let lines = "rules = { x = { identifier = \"INCOMING_SSH_DISABLE\" } }";
    assert!(configured(Kind::of::<ConfigRules>(), lines).is_ok());
    let settings = toml::from_str(lines).expect("settings");
    let idle = super::check::idle(&settings);
    assert!(idle[0].contains("did you mean 'INCOMING_SSH_DISABLED'?"), "{idle:?}");
}

//! AWS Config rules, against the emulator.

use crate::account::{Account, HOME};
use crate::emulator::emulator;
use crate::undo::undo;
use crate::wire::Wire;
use serde_json::{Value, json};

const IRELAND: &str = "eu-west-1";
const SSH: &str = "[log_bucket]\n[config]\n[config_rules.rules.restricted-ssh]\n\
                   identifier = \"INCOMING_SSH_DISABLED\"\nrepair = { automatic = true }";

fn config(account: &Account, region: &str, operation: &str, input: Value) -> Value {
    Wire::new(account).json("config", region, &format!("StarlingDoveService.{operation}"), input)
}

fn rules(account: &Account, region: &str) -> Vec<String> {
    let answer = config(account, region, "DescribeConfigRules", json!({}));
    let rules = answer["ConfigRules"].as_array().expect("rules").iter();
    rules.map(|rule| rule["ConfigRuleName"].as_str().expect("a name").to_owned()).collect()
}

fn repair(account: &Account, region: &str) -> Value {
    let names = json!({"ConfigRuleNames": ["restricted-ssh"]});
    let answer = config(account, region, "DescribeRemediationConfigurations", names);
    answer["RemediationConfigurations"][0].clone()
}

/// The rule, its recorder, its document and its role, in one apply of an account that has nothing.
#[test]
fn ssh_is_closed_by_a_repair_that_the_plan_announces_and_an_undo_takes_back() {
    let account = Account::new();
    account.baseline(&account.in_regions(&[HOME, IRELAND], SSH));
    let plan = account.run(&["plan"]).exits(0).stdout;
    assert!(plan.contains("revokes every rule of the security group"), "{plan}");
    account.assert_converges();
    for region in [HOME, IRELAND] {
        assert_eq!(rules(&account, region), ["restricted-ssh"]);
        let repair = repair(&account, region);
        assert_eq!(repair["TargetId"], "AWS-DisableIncomingSSHOnPort22");
        assert_eq!(repair["Automatic"], true);
        let role = &repair["Parameters"]["AutomationAssumeRole"]["StaticValue"]["Values"][0];
        assert!(role.as_str().is_some_and(|role| role.ends_with("role/baseline-repair-ssh")));
    }
    undo(&account);
    for region in [HOME, IRELAND] {
        assert!(rules(&account, region).is_empty());
        assert_eq!(repair(&account, region), Value::Null);
    }
    account.assert_valid_requests();
}

#[test]
fn what_checks_the_same_already_is_used_and_costs_no_second_rule() {
    let account = Account::new();
    account.baseline(&account.in_one_region("[log_bucket]\n[config]"));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let source = json!({"Owner": "AWS", "SourceIdentifier": "INCOMING_SSH_DISABLED"});
    let rule = json!({"ConfigRuleName": "acme-ssh", "Source": source});
    config(&account, HOME, "PutConfigRule", json!({"ConfigRule": rule}));
    let source = json!({"Owner": "AWS", "SourceIdentifier": "VPC_FLOW_LOGS_ENABLED"});
    let linked = json!({
        "ConfigRuleName": "vpc-flow-logs-enabled-conformance-pack-1", "Source": source,
        "CreatedBy": "config-conforms.amazonaws.com",
    });
    let settings = json!({"account": account.id, "service_rules": {HOME: [linked]}});
    emulator().admin("account", settings);
    let network = "[log_bucket]\n[config]\n[config_rules]\npacks = [\"network\"]";
    account.baseline(&account.in_one_region(network));
    account.assert_converges();
    let names = rules(&account, HOME);
    assert_eq!(names.len(), 7, "{names:?}");
    for twice in ["restricted-ssh", "vpc-flow-logs-enabled"] {
        assert!(!names.contains(&twice.to_owned()), "{names:?}");
    }
}

#[test]
fn a_plan_of_many_rules_asks_little() {
    let account = Account::new();
    let tables = "[log_bucket]\n[config]\n[config_rules]\n\
                  packs = [\"s3\", \"iam\", \"encryption\", \"network\", \"cis\"]";
    account.baseline(&account.in_one_region(tables));
    account.assert_converges();
    let before = account.journal().len();
    let _ = account.run(&["plan"]).exits(0);
    let journal = account.journal();
    let of = |operation: &str| {
        let asked = journal[before..].iter().filter(|entry| entry["operation"] == operation);
        asked.count()
    };
    // 39 rules: pages and names of 25.
    assert_eq!(rules(&account, HOME).len(), 25);
    assert_eq!(of("DescribeConfigRules"), 2);
    assert_eq!(of("DescribeRemediationConfigurations"), 2);
    assert_eq!(of("DescribeConfigRuleEvaluationStatus"), 2);
    assert_eq!(of("DescribeConfigurationRecorders"), 1);
    assert_eq!(of("ListTagsForResource"), 1);
}

#[test]
fn a_document_that_changes_by_default_is_reviewed_first() {
    let account = Account::new();
    account.baseline(&account.in_one_region(SSH));
    account.assert_converges();
    let versions = json!({"AWS-DisableIncomingSSHOnPort22": "2"});
    emulator().admin("account", json!({"account": account.id, "ssm_default_versions": versions}));
    let drift = account.run(&["drift"]).exits(2);
    assert!(drift.stdout.contains("repairs.restricted-ssh.version"), "{}", drift.stdout);
}

#[test]
fn a_repair_that_aws_refuses_in_a_success_is_an_error() {
    let account = Account::new();
    account.baseline(&account.in_one_region(SSH));
    let refused = json!({HOME: "the service is busy"});
    emulator().admin("account", json!({"account": account.id, "refused_remediations": refused}));
    let apply = account.run(&["apply", "--auto-approve"]).exits(3);
    let said = apply.stdout + &apply.stderr;
    assert!(said.contains("the service is busy"), "{said}");
}

#[test]
fn rules_that_could_not_be_seen_are_no_reason_to_make_them() {
    let account = Account::new();
    account.baseline(&account.in_one_region(SSH));
    let denied = json!([{"service": "config", "operation": "DescribeConfigRules", "action": "denied", "count": null}]);
    emulator().admin("faults", json!({"account": account.id, "rules": denied}));
    let plan = account.run(&["plan"]).exits(4);
    assert!(plan.stdout.contains("config:DescribeConfigRules"), "{}", plan.stdout);
    assert!(!plan.stdout.contains("PutConfigRule"), "{}", plan.stdout);
}

//! What a baseline asks of a hub, and the calls for it.

use super::SecurityHub;
use super::live::Live;
use crate::control::tests::{configured, context};
use crate::control::{At, Kind, Past, Proposal, Standing, propose, restore};
use crate::place::Place;
use serde_json::{Value, json};

const BASICS: &str = "aws-foundational-security-best-practices/v/1.0.0";
const CIS: &str = "cis-aws-foundations-benchmark/v/3.0.0";

fn live(state: Value) -> Live {
    serde_json::from_value(state).expect("a live state")
}

/// A hub on which everything is as a baseline asks by default.
fn whole() -> Value {
    json!({
        "hub": {"auto_enable_controls": true, "finding_generator": "SECURITY_CONTROL"},
        "standards": {BASICS: {"status": "READY"}},
        "products": {
            "aws/access-analyzer": true, "aws/guardduty": true, "aws/inspector": true,
            "aws/macie": true,
        },
        "aggregator": {
            "arn": "arn:aws:securityhub:us-east-1:111122223333:finding-aggregator/1",
            "linking": {"mode": "ALL_REGIONS"},
        },
    })
}

fn proposed(settings: &str, state: Value) -> Proposal {
    let settings = toml::from_str(settings).expect("valid settings");
    let at = At { place: &Place::region("us-east-1"), context: &context() };
    propose::<SecurityHub>(&settings, &live(state), at)
}

fn calls(proposal: &Proposal) -> Vec<(String, Value)> {
    let calls = proposal.writes.iter().map(|write| write.call());
    calls.map(|call| (call.operation, call.input)).collect()
}

fn findings(proposal: &Proposal) -> Vec<&str> {
    proposal.findings.iter().map(|own| own.field.as_str()).collect()
}

fn arn(path: &str) -> String {
    format!("arn:aws:securityhub:us-east-1::standards/{path}")
}

#[test]
fn a_hub_is_switched_on_without_the_standards_that_nobody_asked_for() {
    let proposal = proposed("", json!({}));
    let on = calls(&proposal);
    let names: Vec<&str> = on.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["EnableSecurityHub", "BatchEnableStandards", "CreateFindingAggregator"]);
    assert_eq!(on[0].1["EnableDefaultStandards"], false);
    let requests = json!([{"StandardsArn": arn(BASICS)}]);
    assert_eq!(on[1].1["StandardsSubscriptionRequests"], requests);
    assert_eq!(on[2].1, json!({"RegionLinkingMode": "ALL_REGIONS"}));
    assert!(proposed("", whole()).differences.is_empty());
}

#[test]
fn what_is_on_beyond_the_declared_standards_stays_on() {
    let mut more = whole();
    more["standards"][CIS] = json!({"status": "READY"});
    assert!(proposed("", more).differences.is_empty());
    let mut less = whole();
    less["standards"] = json!({CIS: {"status": "READY"}});
    let proposal = proposed("", less);
    assert_eq!(calls(&proposal).len(), 1);
    assert!(proposal.differences.iter().all(|own| !own.loosens));
}

#[test]
fn a_declared_control_goes_off_wherever_it_is_on_and_that_loosens() {
    let settings = "[disabled_controls]\n\"IAM.6\" = \"no hardware\"";
    let mut state = whole();
    state["controls"] = json!({"IAM.6": {"title": "t", "severity": "CRITICAL", "on": [BASICS]}});
    let proposal = proposed(settings, state.clone());
    let update = json!([{
        "StandardsArn": arn(BASICS), "SecurityControlId": "IAM.6",
        "AssociationStatus": "DISABLED", "UpdatedReason": "no hardware",
    }]);
    assert_eq!(calls(&proposal)[0].1["StandardsControlAssociationUpdates"], update);
    assert!(proposal.differences.iter().all(|own| own.loosens));
    state["controls"]["IAM.6"] =
        json!({"title": "t", "severity": "CRITICAL", "off": {BASICS: "another reason"}});
    let proposal = proposed(settings, state.clone());
    assert!(proposal.differences.is_empty() && proposal.findings.is_empty());
    assert_eq!(findings(&proposed("", state)), ["disabled_controls.IAM.6"]);
}

#[test]
fn a_standard_that_checks_nothing_or_does_not_exist_is_a_finding() {
    let mut state = whole();
    let reason = "NO_AVAILABLE_CONFIGURATION_RECORDER";
    state["standards"][BASICS] = json!({"status": "INCOMPLETE", "reason": reason});
    let proposal = proposed("", state.clone());
    assert!(proposal.findings[0].remedy.contains("[config]"));
    state["standards"][BASICS] = json!({"status": "SOMETHING"});
    assert_eq!(findings(&proposed("", state.clone())), ["standards"]);
    state["standards"] = json!({});
    state["not_offered"] = json!([BASICS]);
    let proposal = proposed("", state);
    assert!(proposal.writes.is_empty());
    assert_eq!(findings(&proposal), ["standards"]);
}

#[test]
fn a_hub_of_an_administrator_is_compared_and_left_to_it() {
    let mut state = whole();
    state["standards"] = json!({});
    state["administrator"] = json!("999999999999");
    let proposal = proposed("", state.clone());
    assert!(proposal.writes.is_empty());
    assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
    let declared = |account: &str| format!("administrator = \"{account}\"");
    let other = proposed(&declared("777777777777"), state.clone());
    assert!(findings(&other).contains(&"administrator"));
    let same = proposed(&declared("999999999999"), state);
    assert!(!findings(&same).contains(&"administrator"));
}

#[test]
fn findings_that_come_together_elsewhere_are_left_where_they_are() {
    let mut state = whole();
    let arn = "arn:aws:securityhub:eu-west-1:111122223333:finding-aggregator/1";
    state["aggregator"] = json!({"arn": arn});
    let proposal = proposed("", state);
    assert!(proposal.writes.is_empty());
    assert_eq!(findings(&proposal), ["aggregation"]);
}

#[test]
fn parameters_of_their_own_and_products_that_are_off_are_seen() {
    let mut state = whole();
    state["customized"] = json!({"ACM.1": ["daysToExpiration"]});
    assert_eq!(findings(&proposed("", state.clone())), ["custom_parameters.ACM.1"]);
    assert!(proposed("custom_parameters = [\"ACM.1\"]", state.clone()).findings.is_empty());
    state["products"]["aws/guardduty"] = json!(false);
    let proposal = proposed("", state);
    let product = "arn:aws:securityhub:us-east-1::product/aws/guardduty";
    let wanted = ("EnableImportFindingsForProduct".to_owned(), json!({"ProductArn": product}));
    assert_eq!(calls(&proposal), [wanted]);
}

#[test]
fn an_undo_switches_the_standards_off_and_keeps_the_hub() {
    let mut after = whole();
    after["standards"][CIS] = json!({"status": "READY"});
    let past = Past { before: live(json!({})), after: live(after.clone()), live: live(after) };
    let at = At { place: &Place::region("us-east-1"), context: &context() };
    let undone = restore::<SecurityHub>(&crate::settings::value("{}"), &past, at);
    let names: Vec<String> = calls(&undone).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["BatchDisableStandards", "DeleteFindingAggregator"]);
    assert_eq!(findings(&undone), ["enabled"]);
}

#[test]
fn what_no_hub_could_mean_is_refused_in_place() {
    let refused = |lines: &str| configured(Kind::of::<SecurityHub>(), lines).expect_err(lines);
    for (lines, says) in [
        ("standards = [\"cis-aws-foundation-benchmark/v/3.0.0\"]", "did you mean"),
        ("disabled_controls = { \"IAM\" = \"x\" }", "is not a control"),
        ("disabled_controls = { \"IAM.6\" = \" \" }", "say why"),
        ("products = [\"guardduty\"]", "COMPANY/PRODUCT"),
        ("aggregation = \"none\"", "\"all\" or a list of regions"),
        ("aggregation = []", "the list is empty"),
    ] {
        let text = refused(lines);
        assert!(text.contains(says), "{lines}: {text}");
    }
}

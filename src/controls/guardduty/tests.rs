use super::*;
use crate::control::Proposal;
use crate::control::tests::context;
use crate::plan::Call;
use features::Feature;
use serde_json::{Value, json};
use state::Detector;

fn propose(settings: &str, live: Live) -> Proposal {
    let settings = toml::from_str(settings).expect("the test's settings are valid");
    let at = At { place: &Place::region("eu-west-1"), context: &context() };
    crate::control::propose::<GuardDuty>(&settings, &live, at)
}

fn live(features: &[(&str, bool)]) -> Live {
    let feature = |enabled| Feature { enabled, ..Feature::default() };
    Live {
        detector: Some(Detector {
            enabled: true,
            publishing_frequency: Some("ONE_HOUR".to_owned()),
            features: features
                .iter()
                .map(|(name, enabled)| ((*name).to_owned(), feature(*enabled)))
                .collect(),
        }),
        id: Some("d1".to_owned()),
        ..Live::default()
    }
}

fn calls(proposal: &Proposal) -> Vec<Call> {
    proposal.writes.iter().map(|write| write.call()).collect()
}

fn named(input: &Value) -> Vec<(&str, &str)> {
    let features = input["Features"].as_array().expect("features");
    features
        .iter()
        .map(|f| (f["Name"].as_str().unwrap_or(""), f["Status"].as_str().unwrap_or("")))
        .collect()
}

#[test]
fn a_new_detector_is_created_without_features_which_the_next_call_names() {
    let proposal = propose("features = { S3_DATA_EVENTS = true }", Live::default());
    let calls = calls(&proposal);
    let names: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(names, ["CreateDetector", "UpdateDetector", "TagResource"]);
    assert_eq!(calls[0].input.get("Features"), None);
    assert_eq!(calls[0].input["Tags"]["baseline-state"], "unfinished");
    let wanted = [("S3_DATA_EVENTS", "ENABLED"), ("(known after apply)", "DISABLED")];
    assert_eq!(named(&calls[1].input), wanted);
    let fields: Vec<_> = proposal.differences.iter().map(|d| d.field.as_str()).collect();
    assert_eq!(fields, ["enabled", "features.S3_DATA_EVENTS.enabled"]);
}

#[test]
fn a_detector_that_a_run_did_not_finish_becomes_what_a_new_one_is() {
    let mut live = live(&[("S3_DATA_EVENTS", true), ("RDS_LOGIN_EVENTS", true)]);
    live.unfinished = true;
    let proposal = propose("features = { S3_DATA_EVENTS = true }", live);
    let calls = calls(&proposal);
    let wanted = [("RDS_LOGIN_EVENTS", "DISABLED"), ("S3_DATA_EVENTS", "ENABLED")];
    assert_eq!(named(&calls[0].input), wanted);
    assert_eq!(calls[1].operation, "TagResource");
    assert!(calls[1].input["ResourceArn"].as_str().is_some_and(|arn| arn.ends_with("/d1")));
}

#[test]
fn what_a_stack_manages_is_left_to_it() {
    let stack = "the CloudFormation stack detectors".to_owned();
    let mut suspended = live(&[]);
    suspended.owner = Some(stack);
    suspended.detector = suspended.detector.map(|detector| Detector { enabled: false, ..detector });
    let left = propose("", suspended.clone());
    assert!(left.writes.is_empty());
    assert_eq!(left.findings[0].field, "enabled");
    assert_eq!(propose("take_over = true", suspended).writes.len(), 1);
}

#[test]
fn richer_features_and_frequencies_are_left_alone() {
    let live = live(&[("S3_DATA_EVENTS", true), ("RDS_LOGIN_EVENTS", true)]);
    let settings = "publishing_frequency = \"SIX_HOURS\"\nfeatures = { S3_DATA_EVENTS = false }";
    let proposal = propose(settings, live);
    assert!(proposal.differences.is_empty() && proposal.writes.is_empty());
}

#[test]
fn only_what_differs_is_sent() {
    let live = live(&[("S3_DATA_EVENTS", false), ("RDS_LOGIN_EVENTS", true)]);
    let settings = "features = { S3_DATA_EVENTS = true, RDS_LOGIN_EVENTS = true }";
    let wanted = json!({
        "DetectorId": "d1",
        "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}],
    });
    assert_eq!(calls(&propose(settings, live))[0].input, wanted);
}

#[test]
fn a_suspended_detector_runs_again() {
    let mut suspended = live(&[]);
    suspended.detector = suspended.detector.map(|detector| Detector { enabled: false, ..detector });
    let calls = calls(&propose("", suspended));
    assert_eq!(calls[0].input, json!({"DetectorId": "d1", "Enable": true}));
}

#[test]
fn runtime_monitoring_covers_that_of_eks() {
    let live = live(&[(RUNTIME, true), (EKS_RUNTIME, false)]);
    let proposal = propose("features = { EKS_RUNTIME_MONITORING = true }", live);
    assert!(proposal.differences.is_empty());
}

#[test]
fn what_a_region_does_not_offer_is_noted() {
    let proposal = propose("features = { AI_ANALYST = true }", live(&[]));
    assert!(proposal.differences.is_empty());
    assert_eq!(proposal.notes, ["AI_ANALYST is not offered here"]);
}

#[test]
fn a_policy_of_the_organization_is_not_fought() {
    let mut live = live(&[("S3_DATA_EVENTS", false), ("RDS_LOGIN_EVENTS", false)]);
    live.by_policy.insert("S3_DATA_EVENTS".to_owned());
    let settings = "features = { S3_DATA_EVENTS = true, RDS_LOGIN_EVENTS = true }";
    let proposal = propose(settings, live);
    let calls = calls(&proposal);
    assert_eq!(named(&calls[0].input), [("RDS_LOGIN_EVENTS", "ENABLED")]);
}

#[test]
fn what_a_policy_keeps_off_is_found_and_what_it_keeps_on_is_noted() {
    let by_policy = |settings, enabled| {
        let mut live = live(&[("S3_DATA_EVENTS", enabled)]);
        live.by_policy.insert("S3_DATA_EVENTS".to_owned());
        propose(settings, live)
    };
    let declared = "features = { S3_DATA_EVENTS = true }";
    let proposal = by_policy(declared, false);
    assert!(proposal.writes.is_empty() && proposal.notes.is_empty());
    assert_eq!(proposal.findings[0].field, "features.S3_DATA_EVENTS");
    assert!(by_policy(declared, true).findings.is_empty());
    let proposal = by_policy("features = { S3_DATA_EVENTS = { exactly = false } }", true);
    assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
    assert_eq!(proposal.notes.len(), 1);
}

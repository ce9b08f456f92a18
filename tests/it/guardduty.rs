//! GuardDuty, against the emulator.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::operation::get_detector::GetDetectorOutput;
use aws_sdk_guardduty::types::{DetectorFeatureConfiguration, FindingPublishingFrequency};
use serde_json::json;
use std::collections::BTreeMap;

const IRELAND: &str = "eu-west-1";

async fn client(account: &Account, region: &'static str) -> Client {
    let config = aws_sdk_guardduty::config::Builder::from(&account.sdk().await)
        .region(aws_sdk_guardduty::config::Region::new(region));
    Client::from_conf(config.build())
}

async fn detector(account: &Account, region: &'static str) -> GetDetectorOutput {
    let client = client(account, region).await;
    let detectors = client.list_detectors().send().await.expect("detectors");
    let [id] = detectors.detector_ids() else {
        panic!("not one detector: {detectors:?}");
    };
    let request = client.get_detector().detector_id(id);
    request.send().await.expect("the detector")
}

/// The features by name, with whether they are on.
fn features(detector: &GetDetectorOutput) -> BTreeMap<String, bool> {
    let features = detector.features().iter();
    features
        .map(|feature| {
            let name = feature.name().expect("a name").as_str().to_owned();
            let status = feature.status().expect("a status").as_str();
            (name, status == "ENABLED")
        })
        .collect()
}

/// Makes a detector with every optional feature, as AWS does when nobody says otherwise.
async fn prepare(account: &Account, enable: bool) {
    let client = client(account, HOME).await;
    let request = client.create_detector().enable(enable);
    let request = request.finding_publishing_frequency(FindingPublishingFrequency::OneHour);
    request.send().await.expect("a detector");
}

fn administered(account: &Account) {
    let settings = json!({"account": account.id, "guardduty_administrator": "999999999999"});
    emulator().admin("account", settings);
}

#[test]
fn two_regions_get_a_detector_with_nothing_that_was_not_asked_for() {
    let account = Account::new();
    let controls = "[guardduty]\nfeatures = { S3_DATA_EVENTS = true }";
    account.baseline(&account.in_regions(&[HOME, IRELAND], controls));
    account.assert_converges();
    block_on(async {
        for region in [HOME, IRELAND] {
            let detector = detector(&account, region).await;
            let on: Vec<String> = features(&detector)
                .into_iter()
                .filter_map(|(name, enabled)| enabled.then_some(name))
                .collect();
            let wanted = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS"];
            assert_eq!(on, wanted, "{region}");
            let tags = detector.tags().expect("tags");
            assert_eq!(tags["baseline"], "baseline");
        }
    });
    assert_eq!(account.writes(), ["guardduty:CreateDetector"; 2]);
}

#[test]
fn a_region_that_lacks_features_gets_its_detector_all_the_same() {
    let account = Account::with("[guardduty]");
    let missing = json!({HOME: ["AI_ANALYST", "AI_PROTECTION"]});
    let settings = json!({"account": account.id, "guardduty_missing_features": missing});
    emulator().admin("account", settings);
    account.assert_converges();
    account.baseline(&account.in_one_region("[guardduty]\nfeatures = { AI_ANALYST = true }"));
    let _ = account
        .run(&["plan"])
        .exits(0)
        .says("note: AI_ANALYST is not offered here");
}

#[test]
fn a_refusal_of_a_feature_switches_on_nothing() {
    let account = Account::with("[guardduty]");
    account.faults(json!([{
        "operation": "CreateDetector", "action": "error", "status": 400, "count": null,
        "code": "BadRequestException", "message": "the value of S3_DATA_EVENTS is invalid",
    }]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(3);
    block_on(async {
        let detectors = client(&account, HOME).await.list_detectors().send().await;
        assert!(detectors.expect("detectors").detector_ids().is_empty());
    });
}

#[test]
fn a_region_that_lacks_a_feature_that_is_wanted_gets_its_detector_without_it() {
    let account = Account::with("[guardduty]\nfeatures = { AI_ANALYST = true }");
    let missing = json!({HOME: ["AI_ANALYST"]});
    let settings = json!({"account": account.id, "guardduty_missing_features": missing});
    emulator().admin("account", settings);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = plan.says("note: AI_ANALYST is not offered here");
}

#[test]
fn a_suspended_detector_runs_again_with_all_it_had() {
    let account = Account::with("[guardduty]\nfeatures = { RUNTIME_MONITORING = true }");
    block_on(async {
        prepare(&account, false).await;
        account.assert_converges();
        let detector = detector(&account, HOME).await;
        assert_eq!(detector.status().expect("a status").as_str(), "ENABLED");
        let frequency = detector.finding_publishing_frequency();
        assert_eq!(frequency, Some(&FindingPublishingFrequency::OneHour));
        let features = features(&detector);
        for name in ["RUNTIME_MONITORING", "S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"] {
            assert!(features[name], "{name}");
        }
        assert!(!features["EKS_RUNTIME_MONITORING"]);
    });
}

#[test]
fn parts_of_a_feature_are_switched_and_the_others_stay() {
    let controls = "[guardduty]\npublishing_frequency = \"FIFTEEN_MINUTES\"\n\
         features.RUNTIME_MONITORING = { enabled = true, EC2_AGENT_MANAGEMENT = true }";
    let account = Account::with(controls);
    block_on(async {
        prepare(&account, true).await;
        account.assert_converges();
        let detector = detector(&account, HOME).await;
        let frequency = detector.finding_publishing_frequency();
        assert_eq!(frequency, Some(&FindingPublishingFrequency::FifteenMinutes));
        let mut features = detector.features().iter();
        let runtime =
            features.find(|f| f.name().is_some_and(|n| n.as_str() == "RUNTIME_MONITORING"));
        let parts = runtime.expect("the feature").additional_configuration();
        for part in parts {
            let name = part.name().expect("a name").as_str();
            let is_on = part.status().expect("a status").as_str() == "ENABLED";
            assert_eq!(is_on, name == "EC2_AGENT_MANAGEMENT", "{name}");
        }
        assert_eq!(parts.len(), 3);
    });
}

#[test]
fn both_kinds_of_runtime_monitoring_change_hands_without_a_gap() {
    let controls = "[guardduty.features]\nRUNTIME_MONITORING = true\n\
         EKS_RUNTIME_MONITORING = { exactly = false }";
    let account = Account::with(controls);
    block_on(async {
        prepare(&account, true).await;
        let client = client(&account, HOME).await;
        let detectors = client.list_detectors().send().await.expect("detectors");
        let eks = DetectorFeatureConfiguration::builder()
            .name("EKS_RUNTIME_MONITORING".into())
            .status("ENABLED".into());
        let update = client.update_detector().features(eks.build());
        let update = update.detector_id(&detectors.detector_ids()[0]);
        update.send().await.expect("updated");
        let allowed = ["apply", "--auto-approve", "--allow-loosening", "guardduty"];
        let _ = account.run(&["apply", "--auto-approve"]).exits(6);
        let _ = account.run(&allowed).exits(0);
        let features = features(&detector(&account, HOME).await);
        assert!(features["RUNTIME_MONITORING"] && !features["EKS_RUNTIME_MONITORING"]);
        let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        account.assert_valid_requests();
    });
}

#[test]
fn a_member_is_reported_and_never_written() {
    let account = Account::with("[guardduty]\nfeatures = { RUNTIME_MONITORING = true }");
    block_on(prepare(&account, false));
    administered(&account);
    let said = "it is managed by GuardDuty administrator 999999999999";
    let _ = account.run(&["plan"]).exits(0).says(said);
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift
        .says("guardduty@us-east-1  enabled is false, wanted true")
        .says("ask GuardDuty administrator 999999999999 to change it");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), ["guardduty:CreateDetector"]);
}

#[test]
fn an_administrator_that_cannot_be_seen_is_no_reason_to_write() {
    let account = Account::with("[guardduty]");
    block_on(prepare(&account, false));
    account.faults(
        json!([{"operation": "GetAdministratorAccount", "action": "denied", "count": null}]),
    );
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(4)
        .says("allow guardduty:GetAdministratorAccount");
    assert_eq!(account.writes(), ["guardduty:CreateDetector"]);
}

#[test]
fn switching_off_suspends_and_counts_as_loosening() {
    let account = Account::with("[guardduty]\nenabled = false");
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    block_on(async {
        prepare(&account, true).await;
        let refused = account.run(&["apply", "--auto-approve"]).exits(6);
        let _ = refused.says("--allow-loosening guardduty");
        let allowed = ["apply", "--auto-approve", "--allow-loosening", "guardduty"];
        let _ = account.run(&allowed).exits(0);
        let detector = detector(&account, HOME).await;
        assert_eq!(detector.status().expect("a status").as_str(), "DISABLED");
    });
}

#[test]
fn a_lost_answer_leaves_one_detector() {
    let account = Account::with("[guardduty]");
    account.faults(json!([{"operation": "CreateDetector", "action": "apply_then_drop"}]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    block_on(detector(&account, HOME));
}

#[test]
fn nonsense_in_the_table_is_refused_in_place() {
    let controls = "[guardduty.features]\nS3_DATA_EVENT = true\n\
         RUNTIME_MONITORING = { enabled = false, EC2_AGENT_MANAGEMENT = true }";
    let run = Account::with(controls).run(&["validate"]).exits(1);
    let run = run.says("GuardDuty has no feature 'S3_DATA_EVENT'");
    let _ = run.says("EC2_AGENT_MANAGEMENT does nothing without RUNTIME_MONITORING");
    let both = "[guardduty.features]\nRUNTIME_MONITORING = true\nEKS_RUNTIME_MONITORING = true";
    let run = Account::with(both).run(&["validate"]).exits(1);
    let _ = run.says("AWS does not take both");
}

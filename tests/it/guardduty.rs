//! GuardDuty, against the emulator.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::undo::undo;
use crate::wire::Wire;
use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::operation::get_detector::GetDetectorOutput;
use aws_sdk_guardduty::types::{
    Condition, DestinationProperties, DestinationType, DetectorFeatureConfiguration, FilterAction,
    FindingCriteria, FindingPublishingFrequency, IpSetFormat, ThreatIntelSetFormat,
    TrustedEntitySetFormat,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

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
    let mut writes = account.writes();
    writes.sort();
    let created = ["CreateDetector", "TagResource", "UpdateDetector"];
    let twice = created.map(|name| [format!("guardduty:{name}"), format!("guardduty:{name}")]);
    assert_eq!(writes, twice.concat());
}

#[test]
fn a_region_that_lacks_features_gets_its_detector_all_the_same() {
    let account = Account::with("[guardduty]");
    let missing = json!({HOME: ["AI_ANALYST", "AI_PROTECTION"]});
    let settings = json!({"account": account.id, "guardduty_missing_features": missing});
    emulator().admin("account", settings);
    account.assert_converges();
    account.baseline(&account.in_one_region("[guardduty]\nfeatures = { AI_ANALYST = true }"));
    let _ = account.run(&["plan"]).exits(0).says("note: AI_ANALYST is not offered here");
}

/// The features that are on, save those that nobody can switch.
async fn switched_on(account: &Account) -> Vec<String> {
    let features = features(&detector(account, HOME).await).into_iter();
    let on = features.filter_map(|(name, enabled)| enabled.then_some(name));
    on.filter(|name| !["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"].contains(&name.as_str())).collect()
}

#[test]
fn a_run_that_ends_before_the_features_is_finished_by_the_next() {
    let account = Account::with("[guardduty]\nfeatures = { S3_DATA_EVENTS = true }");
    account.faults(json!([{
        "operation": "UpdateDetector", "action": "error", "status": 400,
        "code": "BadRequestException", "message": "the value of RDS_LOGIN_EVENTS is invalid",
    }]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(3);
    assert_eq!(account.writes().len(), 2);
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift.says("guardduty@us-east-1");
    let plan = account.run(&["plan"]).exits(0);
    let _ = plan.says("an earlier run created the detector and did not come to its features");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(block_on(switched_on(&account)), ["S3_DATA_EVENTS"]);
    let tags = block_on(detector(&account, HOME)).tags().cloned().expect("tags");
    assert_eq!(tags["baseline-state"], "finished");
    let before = account.writes().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes().len(), before);
    account.assert_valid_requests();
}

#[test]
fn a_refused_detector_leaves_nothing() {
    let account = Account::with("[guardduty]");
    account.faults(json!([{
        "operation": "CreateDetector", "action": "error", "status": 400, "count": null,
        "code": "BadRequestException", "message": "the tag is invalid",
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
        .says("guardduty@us-east-1  enabled is false, expected true")
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
    assert_eq!(block_on(switched_on(&account)), Vec::<String>::new());
    let before = account.writes().len();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes().len(), before);
}

/// Moves of somebody who wants GuardDuty to see nothing, each made behind the tool's back on the
/// same account: every one adds what the drift after it says.
#[test]
fn every_move_that_blinds_the_detector_is_drift() {
    let controls = "[guardduty]\npublishing_frequency = \"FIFTEEN_MINUTES\"\n\
         features = { S3_DATA_EVENTS = true }";
    let account = Account::with(controls);
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
    let sees = |what: &str| {
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("guardduty@us-east-1").says(what);
    };
    block_on(async {
        let client = client(&account, HOME).await;
        let detectors = client.list_detectors().send().await.expect("detectors");
        let id = detectors.detector_ids()[0].clone();

        let everything = FindingCriteria::builder().set_criterion(Some(HashMap::new())).build();
        let filter = client.create_filter().detector_id(&id).name("noise");
        let filter = filter.action(FilterAction::Archive).finding_criteria(everything);
        filter.send().await.expect("a filter");
        sees("the filter noise archives every finding, which is broad");

        let set = client.create_ip_set().detector_id(&id).name("office");
        let set = set.format(IpSetFormat::Txt).location("s3://theirs/office.txt").activate(true);
        set.send().await.expect("a set");
        sees("the trusted IP list office (s3://theirs/office.txt) is in use");

        let set = client.create_trusted_entity_set().detector_id(&id).name("partners");
        let set = set.format(TrustedEntitySetFormat::Txt).location("s3://theirs/p").activate(true);
        set.send().await.expect("a set");
        sees("the trusted entity list partners (s3://theirs/p) is in use");

        let properties = DestinationProperties::builder()
            .destination_arn("arn:aws:s3:::theirs")
            .kms_key_arn("arn:aws:kms:us-east-1:999999999999:key/k");
        let export = client.create_publishing_destination().detector_id(&id);
        let export = export.destination_type(DestinationType::S3);
        let export = export.destination_properties(properties.build());
        export.send().await.expect("a destination");
        sees("findings are exported to arn:aws:s3:::theirs, which is no bucket of this account");

        let update = || client.update_detector().detector_id(&id);
        let rarely = update().finding_publishing_frequency(FindingPublishingFrequency::SixHours);
        rarely.send().await.expect("updated");
        sees("publishing_frequency is SIX_HOURS");

        let s3 = DetectorFeatureConfiguration::builder()
            .name("S3_DATA_EVENTS".into())
            .status("DISABLED".into());
        update().features(s3.build()).send().await.expect("updated");
        sees("features.S3_DATA_EVENTS.enabled is false");

        update().enable(false).send().await.expect("updated");
        sees("enabled is false");

        client.delete_detector().detector_id(&id).send().await.expect("deleted");
        sees("enabled");
    });
}

#[test]
fn what_the_baseline_declares_is_no_finding_unless_it_archives_broadly() {
    let account = Account::with(
        "[guardduty]\nfilters = [\"scanner\"]\ntrusted_lists = [\"office\"]\n\
         threat_lists = [\"feed\"]\nexport_buckets = [\"central-findings\"]",
    );
    block_on(async {
        prepare(&account, true).await;
        let s3 = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
        let s3 = aws_sdk_s3::Client::from_conf(s3.build());
        let bucket = format!("lists-{}", account.id);
        s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
        let client = client(&account, HOME).await;
        let detectors = client.list_detectors().send().await.expect("detectors");
        let id = &detectors.detector_ids()[0];
        let scans = Condition::builder().equals("Recon:EC2/Portscan").build();
        let criteria = FindingCriteria::builder().criterion("type", scans).build();
        let filter = client.create_filter().detector_id(id).name("scanner");
        let filter = filter.action(FilterAction::Archive).finding_criteria(criteria);
        filter.send().await.expect("a filter");
        let location = format!("https://s3.amazonaws.com/{bucket}/office.txt");
        let set = client.create_ip_set().detector_id(id).name("office").activate(true);
        let set = set.format(IpSetFormat::Txt).location(location);
        set.send().await.expect("a set");
        let missing = account.run(&["drift"]).exits(2);
        let _ = missing.says("the threat list feed is declared and not in use");
        let set = client.create_threat_intel_set().detector_id(id).name("feed").activate(true);
        let set = set.format(ThreatIntelSetFormat::Txt).location(format!("s3://{bucket}/feed"));
        set.send().await.expect("a set");
        let properties = DestinationProperties::builder()
            .destination_arn("arn:aws:s3:::central-findings/acme/")
            .kms_key_arn("arn:aws:kms:us-east-1:999999999999:key/k");
        let export = client.create_publishing_destination().detector_id(id);
        let export = export.destination_type(DestinationType::S3);
        let export = export.destination_properties(properties.build());
        export.send().await.expect("a destination");
        let _ = account.run(&["drift"]).exits(0);

        let everything = FindingCriteria::builder().set_criterion(Some(HashMap::new())).build();
        let filter = client.update_filter().detector_id(id).filter_name("scanner");
        filter.finding_criteria(everything).send().await.expect("updated");
        let broad = account.run(&["drift"]).exits(2);
        let _ = broad.says("the filter scanner archives every finding, which is broad");

        account.faults(json!([{"operation": "ListIPSets", "action": "denied", "count": null}]));
        let unseen = account.run(&["drift"]).exits(4);
        let _ = unseen.says("allow guardduty:ListIPSets");
    });
}

#[test]
fn a_detector_of_a_stack_is_left_to_it() {
    let account = Account::with("[guardduty]");
    block_on(async {
        let client = client(&account, HOME).await;
        let request = client.create_detector().enable(false);
        let request = request.tags("aws:cloudformation:stack-name", "StackSet-detectors-1");
        request.send().await.expect("a detector");
    });
    let drift = account.run(&["drift"]).exits(2);
    let _ = drift.says("the stack set of the stack StackSet-detectors-1 manages it");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), ["guardduty:CreateDetector"]);
    account.baseline(&account.in_one_region("[guardduty]\ntake_over = true"));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes()[1..], ["guardduty:UpdateDetector"]);
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

/// A member account too has its own plans: what its administrator decides is the detector.
#[test]
fn buckets_are_scanned_also_in_a_member_account() {
    let account = Account::new();
    administered(&account);
    let mut wire = Wire::new(&account);
    let bucket = format!("uploads-{}", account.id);
    wire.s3("PUT", &format!("/{bucket}"), "");
    let table = "[malware_protection.buckets]\n\"uploads-{account}\" = { prefixes = [\"in/\"] }\n";
    account.baseline(&account.in_one_region(table));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let path = "/malware-protection-plan";
    let plans = wire.rest("guardduty", HOME, "GET", path, "");
    let id = plans["malwareProtectionPlans"][0]["malwareProtectionPlanId"].as_str();
    let one = format!("{path}/{}", id.expect("a plan"));
    let narrowed = json!({"protectedResource": {"s3Bucket": {"objectPrefixes": ["in/x/"]}}});
    wire.rest("guardduty", HOME, "PATCH", &one, &narrowed.to_string());
    let _ = account.run(&["drift"]).exits(2).says("malware_protection");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let plan = wire.rest("guardduty", HOME, "GET", &one, "");
    assert_eq!(plan["protectedResource"]["s3Bucket"]["objectPrefixes"], json!(["in/"]));
    let role = format!("arn:aws:iam::{}:role/baseline-malware-{HOME}", account.id);
    assert_eq!(plan["role"], role.as_str());
    undo(&account);
    let plans = wire.rest("guardduty", HOME, "GET", path, "");
    assert_eq!(plans["malwareProtectionPlans"], json!([]));
    account.assert_valid_requests();
}

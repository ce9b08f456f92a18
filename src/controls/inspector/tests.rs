//! What a baseline asks of scanning, and the calls for it.

use super::*;
use crate::control::tests::proposed;
use crate::control::{Proposal, Standing};

fn live(scanned: &[Kind]) -> Live {
    let details = Details {
        configuration: Configuration {
            ecr_rescan: Some("DAYS_14".to_owned()),
            ecr_rescan_pulled: Some("DAYS_14".to_owned()),
            ecr_pulled_means: Some("LAST_PULL_DATE".to_owned()),
            ec2_scan_mode: Some("EC2_HYBRID".to_owned()),
        },
        deep_inspection: true,
        suppressing: BTreeMap::new(),
    };
    Live {
        scans: KINDS.iter().map(|kind| (*kind, scanned.contains(kind))).collect(),
        details: (!scanned.is_empty()).then_some(details),
        ..Live::default()
    }
}

fn calls(proposal: &Proposal) -> Vec<(String, Value)> {
    let calls = proposal.writes.iter().map(|write| write.call());
    calls.map(|call| (call.operation, call.input)).collect()
}

#[test]
fn what_is_not_scanned_is_switched_on_and_what_nobody_asked_for_stays() {
    let propose = |settings, live: &Live| calls(&proposed::<Inspector>(settings, live));
    let enable = |kinds: &[&str]| ("Enable".to_owned(), json!({"resourceTypes": kinds}));
    assert_eq!(propose("", &live(&[])), [enable(&["EC2", "ECR", "LAMBDA"])]);
    assert_eq!(propose("", &live(&[Kind::Ec2, Kind::LambdaCode])), [enable(&["ECR", "LAMBDA"])]);
    assert!(propose("ec2 = false\necr = false\nlambda = false", &live(&KINDS)).is_empty());
    let off = ("Disable".to_owned(), json!({"resourceTypes": ["EC2"]}));
    assert_eq!(propose("ec2 = { exactly = false }", &live(&KINDS)), [off]);
}

#[test]
fn images_are_scanned_again_for_as_long_as_is_asked_for() {
    let mut live = live(&KINDS);
    let details = live.details.as_mut().expect("something is scanned");
    details.configuration.ecr_rescan = Some("DAYS_3".to_owned());
    details.deep_inspection = false;
    let rescan = json!({"ecrConfiguration": {
        "rescanDuration": "DAYS_14", "pullDateRescanDuration": "DAYS_14",
        "pullDateRescanMode": "LAST_PULL_DATE",
    }});
    let wanted = [
        ("UpdateConfiguration".to_owned(), rescan),
        (
            "UpdateEc2DeepInspectionConfiguration".to_owned(),
            json!({"activateDeepInspection": true}),
        ),
    ];
    assert_eq!(calls(&proposed::<Inspector>("", &live)), wanted);
    let details = live.details.as_mut().expect("something is scanned");
    details.configuration.ecr_rescan = Some("LIFETIME".to_owned());
    assert_eq!(calls(&proposed::<Inspector>("", &live))[..], wanted[1..]);
}

#[test]
fn a_filter_that_hides_findings_is_one() {
    let mut live = live(&KINDS);
    let details = live.details.as_mut().expect("something is scanned");
    let noise = json!({"arn": "arn", "criteria": {
        "vulnerabilityId": [{"comparison": "EQUALS", "value": "CVE-2024-1234"}],
    }});
    let noise: Suppressing = serde_json::from_value(noise).expect("a filter");
    details.suppressing.insert("all".to_owned(), noise);
    assert_eq!(proposed::<Inspector>("", &live).findings[0].field, "filters.all");
    assert!(proposed::<Inspector>("filters = [\"all\"]", &live).findings.is_empty());
}

#[test]
fn what_others_decide_is_left_to_them() {
    let administered =
        Live { administrator: Some("999999999999".to_owned()), ..live(&[Kind::Ec2]) };
    let blocked = Live { blocked: Some(BY_POLICY.to_owned()), ..live(&[Kind::Ec2]) };
    for live in [administered, blocked] {
        let proposal = proposed::<Inspector>("", &live);
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        assert!(proposal.writes.is_empty() && proposal.findings.len() == 1);
    }
}

#[test]
fn a_kind_that_a_region_does_not_offer_is_noted() {
    let mut live = live(&[Kind::Ec2, Kind::Ecr, Kind::Lambda]);
    live.scans.remove(&Kind::LambdaCode);
    let proposal = proposed::<Inspector>("lambda_code = true", &live);
    assert_eq!(proposal.notes, ["lambda_code is not offered here"]);
    assert!(proposal.writes.is_empty());
}

#[test]
fn images_in_use_and_instances_without_the_agent_are_scanned() {
    let mut live = live(&KINDS);
    let details = live.details.as_mut().expect("something is scanned");
    details.configuration.ecr_rescan = Some("LIFETIME".to_owned());
    details.configuration.ecr_rescan_pulled = Some("DAYS_3".to_owned());
    details.configuration.ec2_scan_mode = Some("EC2_SSM_AGENT_BASED".to_owned());
    let input = json!({
        "ecrConfiguration": {
            "rescanDuration": "LIFETIME", "pullDateRescanDuration": "DAYS_14",
            "pullDateRescanMode": "LAST_PULL_DATE",
        },
        "ec2Configuration": {"scanMode": "EC2_HYBRID"},
    });
    let wanted = [("UpdateConfiguration".to_owned(), input)];
    assert_eq!(calls(&proposed::<Inspector>("", &live)), wanted);
    let agent = "ec2_scan_mode = \"agent\"\necr_rescan_pulled = \"3 days\"";
    assert!(calls(&proposed::<Inspector>(agent, &live)).is_empty());
    // What a region does not say it does not offer.
    let details = live.details.as_mut().expect("something is scanned");
    details.configuration = Configuration::default();
    assert!(calls(&proposed::<Inspector>("", &live)).is_empty());
}

#[test]
fn only_an_administrator_in_charge_decides() {
    assert!(is_in_charge(Some("ENABLED")) && is_in_charge(None));
    assert!(!is_in_charge(Some("INVITED")) && !is_in_charge(Some("REMOVED")));
}

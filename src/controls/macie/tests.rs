use super::wire::{Criteria, is_not_enabled};
use super::*;
use crate::control::tests::{calls, proposed, undone};
use serde_json::json;

fn live(value: Value) -> Live {
    serde_json::from_value(value).expect("a live state")
}

fn running() -> Value {
    json!({
        "session": {"running": true, "publishing_frequency": "FIFTEEN_MINUTES"},
        "details": {
            "discovery": true,
            "publication": {"policy_findings": true, "sensitive_data_findings": false},
        },
    })
}

fn findings(settings: &str, live: &Live) -> Vec<String> {
    let found = proposed::<Macie>(settings, live).findings;
    found.into_iter().map(|own| own.field).collect()
}

#[test]
fn a_new_session_is_set_up_whole_and_one_that_matches_is_left_alone() {
    let new = proposed::<Macie>("", &Live::default());
    assert_eq!(calls(&new), ["EnableMacie", "UpdateAutomatedDiscoveryConfiguration"]);
    let more = proposed::<Macie>("publish_sensitive_data_findings = true", &Live::default());
    assert_eq!(calls(&more).last(), Some(&"PutFindingsPublicationConfiguration"));
    assert_eq!(new.writes[0].call().input["findingPublishingFrequency"], "FIFTEEN_MINUTES");
    let matches = proposed::<Macie>("", &live(running()));
    assert!(matches.writes.is_empty() && matches.findings.is_empty());
}

#[test]
fn discovery_that_is_not_asked_for_is_off_in_a_new_session_and_stays_in_another() {
    let not_asked = "automated_discovery = false";
    let new = proposed::<Macie>(not_asked, &Live::default());
    assert_eq!(new.writes[1].call().input["status"], "DISABLED");
    assert!(proposed::<Macie>(not_asked, &live(running())).writes.is_empty());
    let exactly = "automated_discovery = { exactly = false }";
    let off = proposed::<Macie>(exactly, &live(running()));
    assert_eq!(calls(&off), ["UpdateAutomatedDiscoveryConfiguration"]);
}

#[test]
fn a_paused_session_is_resumed_and_set_up_and_a_session_that_is_not_wanted_is_paused() {
    let paused = json!({"session": {"running": false, "publishing_frequency": "SIX_HOURS"}});
    let proposal = proposed::<Macie>("", &live(paused.clone()));
    let update = &proposal.writes[0].call().input;
    let wanted = json!({"status": "ENABLED", "findingPublishingFrequency": "FIFTEEN_MINUTES"});
    assert_eq!(*update, wanted);
    assert_eq!(proposal.writes.len(), 3);
    let off = proposed::<Macie>("enabled = false", &live(running()));
    assert_eq!(off.writes[0].call().input, json!({"status": "PAUSED"}));
    for settings in ["enabled = false", "enabled = \"unmanaged\""] {
        assert!(proposed::<Macie>(settings, &Live::default()).writes.is_empty(), "{settings}");
    }
}

#[test]
fn what_keeps_findings_from_being_seen_is_a_finding_unless_it_is_declared() {
    let mut silenced = running();
    let details = &mut silenced["details"];
    details["filters"] = json!({"noise": {"id": "f", "archives": "every finding",
        "is_broad": true}});
    details["allow_lists"] = json!({"cards": "a"});
    details["excluded_buckets"] = json!(["acme-secrets"]);
    details["excluded_identifiers"] = json!(["AWS_CREDENTIALS"]);
    let silenced = live(silenced);
    let all = ["filters", "allow_lists", "excluded_buckets", "excluded_identifiers"];
    assert_eq!(findings("", &silenced), all);
    let declared = "filters = [\"noise\"]\nallow_lists = [\"cards\"]\n\
                    excluded_buckets = [\"acme-secrets\"]\n\
                    excluded_identifiers = [\"AWS_CREDENTIALS\"]";
    // A filter that is declared by name may have become another.
    assert_eq!(findings(declared, &silenced), ["filters"]);
}

#[test]
fn a_filter_is_broad_unless_it_picks_out_particular_findings() {
    let is_broad = |criterion: Value| {
        let criteria: Criteria =
            serde_json::from_value(json!({"criterion": criterion})).expect("criteria");
        live::judged(Some(criteria)).1
    };
    assert!(live::judged(None).1);
    assert!(is_broad(json!({"severity.description": {"eq": ["High"]}})));
    assert!(is_broad(json!({"type": {"neq": ["SensitiveData:S3Object/Personal"]}})));
    assert!(!is_broad(json!({"type": {"eq": ["SensitiveData:S3Object/Personal"]}})));
    assert!(!is_broad(json!({"resourcesAffected.s3Bucket.name": {"eqExactMatch": ["x"]}})));
}

#[test]
fn what_an_administrator_decides_is_compared_and_left_to_it() {
    let mut member = running();
    member["administrator"] = json!("999999999999");
    member["details"]["discovery"] = json!(false);
    let proposal = proposed::<Macie>("", &live(member.clone()));
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].field, "automated_discovery");
    let none = "administrator = \"none\"";
    assert!(findings(none, &live(member)).contains(&"administrator".to_owned()));
}

#[test]
fn an_export_elsewhere_is_put_right_and_one_to_a_stranger_is_a_finding() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/k";
    let export = |bucket: &str, is_of_account: bool| {
        let mut own = running();
        own["details"]["export"] = json!({
            "target": {"bucket": bucket, "prefix": "macie", "kms_key": key,
                "expected_owner": "111122223333"},
            "is_of_account": is_of_account,
        });
        own["asked"] = json!({
            "key": {"found": {"arn": key, "state": "Enabled", "spec": "SYMMETRIC_DEFAULT"}},
            "is_of_account": true,
        });
        live(own)
    };
    let settings = "export = { bucket = \"results\", kms_key = \"alias/results\" }";
    assert!(proposed::<Macie>(settings, &export("results", true)).writes.is_empty());
    let moved = proposed::<Macie>(settings, &export("theirs", false));
    assert_eq!(calls(&moved), ["PutClassificationExportConfiguration"]);
    let sent = &moved.writes[0].call().input["configuration"]["s3Destination"];
    let wanted = json!({"bucketName": "results", "keyPrefix": "macie/", "kmsKeyArn": key,
        "expectedBucketOwner": "111122223333"});
    assert_eq!(*sent, wanted);
    assert_eq!(findings("", &export("theirs", false)), ["export"]);
    let nowhere = "export = { kms_key = \"alias/results\" }";
    assert_eq!(findings(nowhere, &export("results", true)), ["export"]);
}

#[test]
fn only_the_text_tells_that_macie_is_off_and_not_denied() {
    let error = |message: &str| {
        let error = AwsError::unexpected(&GET_SESSION.operation, "us-east-1", message);
        AwsError { code: Some("AccessDeniedException".to_owned()), ..error }
    };
    assert!(is_not_enabled(&error("Macie is not enabled")));
    assert!(is_not_enabled(&error("Macie is not enabled.")));
    let denied = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: \
                  macie2:GetMacieSession because no identity-based policy allows it";
    assert!(!is_not_enabled(&error(denied)));
    let other = AwsError::unexpected(&GET_SESSION.operation, "us-east-1", "Macie is not enabled");
    assert!(!is_not_enabled(&other));
}

#[test]
fn an_undo_pauses_what_the_run_enabled_and_keeps_its_findings() {
    let past = Past { before: Live::default(), after: live(running()), live: live(running()) };
    let proposal = undone::<Macie>("", &past);
    assert_eq!(proposal.writes[0].call().input, json!({"status": "PAUSED"}));
    assert_eq!(proposal.writes.len(), 1);
    assert!(proposal.findings[0].remedy.contains("disable-macie"));
    let mut hourly = running();
    hourly["session"]["publishing_frequency"] = json!("ONE_HOUR");
    let past = Past { before: live(hourly), after: live(running()), live: live(running()) };
    let back = undone::<Macie>("", &past);
    assert_eq!(back.writes[0].call().input, json!({"findingPublishingFrequency": "ONE_HOUR"}));
}

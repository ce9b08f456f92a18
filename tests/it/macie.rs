//! Exports to the log bucket by Macie and GuardDuty on an emulated account, and a session that is off.

use crate::account::{Account, HOME};
use crate::wire::Wire;
use serde_json::{Value, json};

const EXPORT: &str = "[[keys]]\nalias = \"alias/findings\"\nfor = [\"macie\"]\n[log_bucket]\n[macie]\n\
                      export = { kms_key = \"alias/findings\" }\n";

fn get(account: &Account, path: &str) -> Value {
    Wire::new(account).rest("macie2", HOME, "GET", path, "")
}

/// The emulator takes an export only if the policies of bucket and key let Macie in.
#[test]
fn results_are_exported_to_the_log_bucket_with_a_key_of_the_same_apply() {
    let account = Account::with(EXPORT);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let export = get(&account, "/classification-export-configuration");
    let destination = &export["configuration"]["s3Destination"];
    let bucket = format!("baseline-logs-{}-{HOME}", account.id);
    assert_eq!(destination["bucketName"], bucket.as_str());
    assert_eq!(destination["keyPrefix"], "macie/");
    assert_eq!(destination["expectedBucketOwner"], account.id.as_str());
    let elsewhere = json!({"configuration": {}});
    let path = "/classification-export-configuration";
    Wire::new(&account).rest("macie2", HOME, "PUT", path, &elsewhere.to_string());
    let _ = account.run(&["drift"]).exits(2).says("macie");
    account.assert_valid_requests();
}

#[test]
fn findings_of_guardduty_are_exported_to_the_log_bucket_and_put_right_when_moved() {
    let account = Account::with(
        "[[keys]]\nalias = \"alias/findings\"\nfor = [\"guardduty\"]\n[log_bucket]\n[guardduty]\n\
         export = { kms_key = \"alias/findings\" }\n",
    );
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let mut wire = Wire::new(&account);
    let detectors = wire.rest("guardduty", HOME, "GET", "/detector", "");
    let detector = detectors["detectorIds"][0].as_str().expect("a detector");
    let path = format!("/detector/{detector}/publishingDestination");
    let listed = wire.rest("guardduty", HOME, "GET", &path, "");
    let id = listed["destinations"][0]["destinationId"].as_str().expect("an export");
    let own = wire.rest("guardduty", HOME, "GET", &format!("{path}/{id}"), "");
    let bucket = format!("arn:aws:s3:::baseline-logs-{}-{HOME}/guardduty/", account.id);
    assert_eq!(own["destinationProperties"]["destinationArn"], bucket.as_str());
    let moved = json!({"destinationProperties": {"destinationArn": "arn:aws:s3:::elsewhere"}});
    wire.rest("guardduty", HOME, "POST", &format!("{path}/{id}"), &moved.to_string());
    let _ = account.run(&["drift"]).exits(2).says("guardduty");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let own = wire.rest("guardduty", HOME, "GET", &format!("{path}/{id}"), "");
    assert_eq!(own["destinationProperties"]["destinationArn"], bucket.as_str());
    account.assert_valid_requests();
}

#[test]
fn a_denied_look_is_not_taken_for_off() {
    let account = Account::with("[macie]");
    let denied = json!([{"operation": "GetMacieSession", "action": "denied", "count": null}]);
    account.faults(denied);
    let _ = account.run(&["apply", "--auto-approve"]).exits(4).says("macie2:GetMacieSession");
    assert!(account.writes().is_empty());
}

//! Macie on an emulated account: results that reach the log bucket, and a session that is off.

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
fn a_denied_look_is_not_taken_for_off() {
    let account = Account::with("[macie]");
    let denied = json!([{"operation": "GetMacieSession", "action": "denied", "count": null}]);
    account.faults(denied);
    let _ = account.run(&["apply", "--auto-approve"]).exits(4).says("macie2:GetMacieSession");
    assert!(account.writes().is_empty());
}

//! Recorders and channels that AWS Control Tower keeps.

use super::{IRELAND, account, bucket_of, prepare, role};
use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::recorders::{name_recorder, put_channel, put_recorder};
use serde_json::json;

#[test]
fn the_recorder_of_control_tower_is_reported_and_never_written() {
    block_on(async {
        let account = account(&[HOME], "role = \"arn:aws:iam::{account}:role/x\"").await;
        let name = "aws-controltower-BaselineConfigRecorder";
        prepare(&account, name);
        let before = account.writes().len();
        let _ = account
            .run(&["apply", "--auto-approve"])
            .exits(0)
            .says("it is managed by AWS Control Tower");
        assert_eq!(account.writes().len(), before);
        // What others own and leave open is open all the same.
        let drift = account.run(&["drift"]).exits(2);
        let _ =
            drift.says("have it changed by AWS Control Tower, waive it, or say take_over = true");
    });
}

/// A recorder and channel as Control Tower makes them, in a region.
fn control_tower(account: &Account, region: &str, bucket: &str) {
    let name = "aws-controltower-BaselineConfigRecorder";
    let role = "aws-controltower-ConfigRecorderRole";
    let recorder = json!({
        "name": name,
        "roleARN": format!("arn:aws:iam::{}:role/{role}", account.id),
        "recordingGroup": {
            "allSupported": true, "includeGlobalResourceTypes": region == HOME,
        },
    });
    put_recorder(account, region, recorder);
    redirected(account, region, bucket);
    name_recorder(account, region, "StartConfigurationRecorder", name);
}

/// Points the channel of Control Tower at a bucket.
fn redirected(account: &Account, region: &str, bucket: &str) {
    let name = "aws-controltower-BaselineConfigDeliveryChannel";
    let channel = json!({"name": name, "s3BucketName": bucket});
    put_channel(account, region, channel);
}

#[test]
fn a_channel_of_control_tower_that_goes_to_a_namesake_of_its_archive_is_found() {
    block_on(async {
        let account = Account::new();
        account.baseline(&account.in_regions(&[HOME, IRELAND], "[config]"));
        let (archive, thief) = (Account::new(), Account::new());
        let named = |owner: &Account| format!("aws-controltower-logs-{}-us-east-1", owner.id);
        let right = bucket_of(&archive, &named(&archive)).await;
        let stolen = bucket_of(&thief, &named(&thief)).await;
        role(&account, "aws-controltower-ConfigRecorderRole");
        for region in [HOME, IRELAND] {
            control_tower(&account, region, &right);
        }
        let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("by its name the archive of AWS Control Tower");
        redirected(&account, IRELAND, &stolen);
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("config@eu-west-1").says(&format!(
            "the channel delivers to {stolen}; in us-east-1 that of AWS Control Tower delivers to {right}"
        ));
        // All regions alike, but not as the trail that no member can change.
        redirected(&account, HOME, &stolen);
        let _ = account.run(&["drift"]).exits(0);
        let trail = json!({"Name": "aws-controltower-BaselineCloudTrail", "S3BucketName": right});
        emulator().admin("account", json!({"account": account.id, "organization_trail": trail}));
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says(&format!("organization's trail of AWS Control Tower to {right}"));
        account.faults(json!([{"operation": "DescribeTrails", "action": "denied", "count": null}]));
        let _ = account.run(&["drift"]).exits(4).says("allow cloudtrail:DescribeTrails");
        let before = account.writes().len();
        let _ = account.run(&["apply", "--auto-approve"]).exits(4);
        assert_eq!(account.writes().len(), before);
    });
}

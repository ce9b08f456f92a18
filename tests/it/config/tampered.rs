//! What an intruder does to the recorder is seen, and put back where calls can.

use super::{
    CONFIG_ROLE, account, daily, foreign_bucket, is_recording, prepare, recorder, role, trust,
};
use crate::account::{Account, HOME, block_on};
use crate::recorders::{ask, name_recorder, put_channel, put_recorder};
use crate::{iam, kms};
use serde_json::{Value, json};

/// Moves of somebody who wants nothing recorded, or to read it himself, each made behind the tool's
/// back on the same account: drift names each, and apply puts right what calls can.
#[test]
fn every_move_that_blinds_the_recorder_is_drift() {
    let account = Account::new();
    let other = Account::new();
    account.baseline(&account.in_one_region("[log_bucket]\n[config]"));
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
    let sees = |what: &str| {
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("config@us-east-1").says(what);
    };
    block_on(async {
        let ours = recorder(&account, HOME);
        let put = |member: &str, value: Value| {
            let mut changed = json!({"name": "default"});
            for kept in ["roleARN", "recordingGroup", "recordingMode"] {
                changed[kept] = ours[kept].clone();
            }
            changed[member] = value;
            put_recorder(&account, HOME, changed);
        };
        let deliver = |bucket: &str, more: Option<(&str, &str)>| {
            let mut channel = json!({"name": "default", "s3BucketName": bucket});
            if let Some((member, value)) = more {
                channel[member] = json!(value);
            }
            put_channel(&account, HOME, channel);
        };

        put("recordingMode", daily(&["AWS::S3::Bucket"]));
        sees("an override of the recorder has AWS::S3::Bucket recorded daily");
        let group = json!({
            "exclusionByResourceTypes": {"resourceTypes": ["AWS::CloudTrail::Trail"]},
            "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
        });
        put("recordingGroup", group);
        sees("recorder.record");
        put("recordingMode", json!({"recordingFrequency": "DAILY"}));
        sees("recorder.frequency is DAILY");
        put("roleARN", json!(role(&account, "powerless")));
        sees("recorder.role is arn:aws:iam::");
        put("name", json!("default"));

        let bucket = foreign_bucket(&other).await;
        deliver(&bucket, None);
        sees(&format!("channel.bucket is {bucket}"));
        let own = format!("baseline-logs-{}-us-east-1", account.id);
        let topic = "arn:aws:sns:us-east-1:999999999999:x";
        deliver(&own, Some(("snsTopicARN", topic)));
        sees("which belongs to account 999999999999");
        let key = "arn:aws:kms:us-east-1:999999999999:key/x";
        deliver(&own, Some(("s3KmsKeyArn", key)));
        sees("belongs to account 999999999999");
        deliver(&own, None);

        let forget = json!({"RetentionPeriodInDays": 30});
        ask(&account, HOME, "PutRetentionConfiguration", forget);
        sees("retention_days is 30");
        let named = |operation: &str| name_recorder(&account, HOME, operation, "default");
        named("StopConfigurationRecorder");
        sees("recording is false");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);

        named("StopConfigurationRecorder");
        named("DeleteConfigurationRecorder");
        sees("recorder");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        assert!(is_recording(&account, HOME));
        account.assert_valid_requests();
    });
}

#[test]
fn an_adopted_recorder_whose_role_or_bucket_is_lost_is_a_finding() {
    block_on(async {
        let account = account(&[HOME], "").await;
        prepare(&account, "default");
        account.baseline(&account.in_one_region("[config]"));
        let other = Account::new();
        let bucket = foreign_bucket(&other).await;
        let channel = json!({"name": "theirs", "s3BucketName": bucket});
        put_channel(&account, HOME, channel);
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says(&format!("what is recorded goes to {bucket}, which is no bucket of"));
        // Named as the central archive, it is right.
        let named = format!("[config]\nbucket = \"{bucket}\"");
        account.baseline(&account.in_one_region(&named));
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);
        let ask = |action: &str, members: &[(&str, &str)]| {
            let members = [&[("RoleName", "their-role")], members].concat();
            iam::ask(&account, action, &members);
        };
        let trusts = |service: &str| {
            let document = trust(service).to_string();
            ask("UpdateAssumeRolePolicy", &[("PolicyDocument", &document)]);
        };
        trusts("ec2.amazonaws.com");
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("does not let config.amazonaws.com assume it");
        trusts("config.amazonaws.com");
        let allowed = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "config:*", "Resource": "*",
        }]});
        let allowed = allowed.to_string();
        let own = [("PolicyName", "own"), ("PolicyDocument", &allowed)];
        ask("PutRolePolicy", &own);
        ask("DetachRolePolicy", &[("PolicyArn", CONFIG_ROLE)]);
        let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("has not AWS's policy AWS_ConfigRole, but own: whether it may");
        ask("DeleteRolePolicy", &[("PolicyName", "own")]);
        let _ = account.run(&["drift"]).exits(2).says("has no policy, so that it may read nothing");
        account.faults(
            json!([{"operation": "ListAttachedRolePolicies", "action": "denied", "count": null}]),
        );
        let unseen = account.run(&["drift"]).exits(4);
        let _ = unseen.says("allow iam:ListAttachedRolePolicies");
        account.faults(json!([]));
        ask("DeleteRole", &[]);
        let _ = account.run(&["drift"]).exits(2).says("does not exist");
        account.faults(json!([{"operation": "GetRole", "action": "denied", "count": null}]));
        let _ = account.run(&["drift"]).exits(4).says("allow iam:GetRole");
    });
}

#[test]
fn a_statement_that_keeps_the_deliveries_out_is_named_before_a_channel_is_made() {
    block_on(async {
        let account = Account::new();
        let bucket = format!("corp-logs-{}", account.id);
        let controls = format!("[log_bucket]\nname = \"{bucket}\"\n[config]");
        account.baseline(&account.in_one_region(&controls));
        let s3 = crate::buckets::s3(&account, HOME).await;
        s3.create_bucket().bucket(&bucket).send().await.expect("created");
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "OnlyKms", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        }]});
        let put = s3.put_bucket_policy().bucket(&bucket);
        put.policy(policy.to_string()).send().await.expect("put");
        let run = account.run(&["apply", "--auto-approve"]);
        let _ = run.says("statement OnlyKms of the policy of bucket");
        let writes = account.writes();
        assert!(!writes.iter().any(|own| own.starts_with("config:")), "{writes:?}");
    });
}

#[test]
fn the_key_of_another_account_has_to_be_named() {
    block_on(async {
        let account = account(&[HOME], "").await;
        let theirs = Account::new();
        let key = kms::create(&theirs);
        let arn = &key.arn;
        prepare(&account, "default");
        let bucket = format!("logs-{}", account.id);
        let channel = json!({"name": "default", "s3BucketName": bucket, "s3KmsKeyArn": arn});
        put_channel(&account, HOME, channel);
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says(&format!("say kms_key = \"{arn}\" in [config]"));
        let named = format!("[config]\nbucket = \"logs-{{account}}\"\nkms_key = \"{arn}\"");
        account.baseline(&account.in_one_region(&named));
        let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("does not let this account look (kms:DescribeKey)");
        key.let_in(&theirs, &[&theirs, &account]);
        key.disable(&theirs);
        let _ = account.run(&["drift"]).exits(2).says("is Disabled");
    });
}

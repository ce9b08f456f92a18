//! config, through the binary.

mod tampered;
mod tower;

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::recorders::{ask, channel, put_channel, put_recorder, recorders};
use crate::{iam, kms};
use serde_json::{Value, json};

const IRELAND: &str = "eu-west-1";

/// An account whose baseline delivers into a bucket that takes it.
async fn account(regions: &[&str], settings: &str) -> Account {
    let account = Account::new();
    let bucket = format!("logs-{}", account.id);
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true).build(),
    );
    s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
    let statement = |actions: &[&str], resource: String| {
        json!({
            "Effect": "Allow", "Action": actions, "Resource": resource,
            "Principal": {"Service": "config.amazonaws.com"},
        })
    };
    let objects = format!("arn:aws:s3:::{bucket}/AWSLogs/{}/Config/*", account.id);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        statement(&["s3:GetBucketAcl", "s3:ListBucket"], format!("arn:aws:s3:::{bucket}")),
        statement(&["s3:PutObject"], objects),
    ]});
    s3.put_bucket_policy()
        .bucket(&bucket)
        .policy(policy.to_string())
        .send()
        .await
        .expect("a policy");
    let controls = format!("[config]\nbucket = \"logs-{{account}}\"\n{settings}");
    account.baseline(&account.in_regions(regions, &controls));
    account
}

fn recorder(account: &Account, region: &str) -> Value {
    recorders(account, region).remove(0)
}

fn is_recording(account: &Account, region: &str) -> bool {
    let operation = "DescribeConfigurationRecorderStatus";
    let answer = ask(account, region, operation, json!({}));
    answer["ConfigurationRecordersStatus"][0]["recording"] == json!(true)
}

/// AWS's own policy for roles of AWS Config.
const CONFIG_ROLE: &str = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole";

/// A trust policy for a service.
fn trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service},
    }]})
}

/// Makes a role with a trust policy for AWS Config, and the policy that it needs.
fn role(account: &Account, name: &str) -> String {
    let arn = iam::create_role(account, name, &trust("config.amazonaws.com"));
    let policy = [("RoleName", name), ("PolicyArn", CONFIG_ROLE)];
    iam::ask(account, "AttachRolePolicy", &policy);
    arn
}

/// Makes a recorder as a person would have made it long ago.
fn prepare(account: &Account, name: &str) {
    role(account, "their-role");
    let recorder = json!({
        "name": name,
        "roleARN": format!("arn:aws:iam::{}:role/their-role", account.id),
        "recordingGroup": {"resourceTypes": ["AWS::S3::Bucket"]},
        "recordingMode": daily_with_an_override(),
    });
    put_recorder(account, HOME, recorder);
}

fn daily_with_an_override() -> Value {
    let volumes = json!({
        "description": "theirs", "resourceTypes": ["AWS::EC2::Volume"],
        "recordingFrequency": "CONTINUOUS",
    });
    json!({"recordingFrequency": "DAILY", "recordingModeOverrides": [volumes]})
}

/// A bucket of another account that takes what Config delivers.
async fn foreign_bucket(other: &Account) -> String {
    bucket_of(other, &format!("theirs-{}", other.id)).await
}

/// The same by a name.
async fn bucket_of(other: &Account, bucket: &str) -> String {
    let bucket = bucket.to_owned();
    let config = aws_sdk_s3::config::Builder::from(&other.sdk().await).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:*", "Principal": {"Service": "config.amazonaws.com"},
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
    }]});
    let put = s3.put_bucket_policy().bucket(&bucket).policy(policy.to_string());
    put.send().await.expect("a policy");
    bucket
}

#[test]
fn two_regions_record_and_types_of_iam_only_at_home() {
    block_on(async {
        let account = account(&[HOME, IRELAND], "").await;
        account.assert_converges();
        for (region, with_iam) in [(HOME, true), (IRELAND, false)] {
            let recorder = recorder(&account, region);
            let group = &recorder["recordingGroup"];
            assert_eq!(group["allSupported"], true);
            assert_eq!(group["includeGlobalResourceTypes"], with_iam, "{region}");
            let role = recorder["roleARN"].as_str().expect("a role");
            assert!(role.ends_with("AWSServiceRoleForConfig"), "{role}");
            assert!(is_recording(&account, region));
        }
        let writes = account.writes();
        let roles = writes.iter().filter(|name| *name == "iam:CreateServiceLinkedRole");
        assert_eq!(roles.count(), 1, "{writes:?}");
    });
}

#[test]
fn it_delivers_to_the_log_bucket_of_the_same_baseline() {
    let account = Account::new();
    let controls = "[log_bucket]\n[config]\nprefix = \"history\"";
    account.baseline(&account.in_regions(&[HOME, IRELAND], controls));
    let plan = account.run(&["plan"]).exits(0);
    let _ = plan.says(&format!(
        "after config@service-linked-role, log_bucket@baseline-logs-{}",
        account.id
    ));
    account.assert_converges();
    for region in [HOME, IRELAND] {
        assert!(is_recording(&account, region));
    }
}

#[test]
fn a_recorder_with_another_name_is_adopted_with_all_it_has() {
    block_on(async {
        let account = account(&[HOME], "").await;
        prepare(&account, "default2");
        account.assert_converges();
        let recorder = recorder(&account, HOME);
        assert_eq!(recorder["name"], "default2");
        let role = recorder["roleARN"].as_str().expect("a role");
        assert!(role.ends_with("their-role"), "{role}");
        // Nothing uses the service-linked role, so none is made.
        let linked = "iam:CreateServiceLinkedRole".to_owned();
        assert!(!account.writes().contains(&linked));
        assert_eq!(recorder["recordingGroup"]["allSupported"], true);
        assert_eq!(recorder["recordingMode"], daily_with_an_override());
        assert!(is_recording(&account, HOME));
    });
}

#[test]
fn a_channel_keeps_its_name_and_what_the_baseline_leaves_out() {
    block_on(async {
        let account = account(&[HOME], "snapshot_frequency = \"Six_Hours\"").await;
        prepare(&account, "default");
        let key = kms::create(&account).arn;
        let theirs = json!({
            "name": "their-channel", "s3BucketName": format!("logs-{}", account.id),
            "s3KmsKeyArn": key,
        });
        put_channel(&account, HOME, theirs.clone());
        account.assert_converges();
        let mut wanted = theirs;
        wanted["configSnapshotDeliveryProperties"] = json!({"deliveryFrequency": "Six_Hours"});
        assert_eq!(channel(&account, HOME), wanted);
    });
}

#[test]
fn recorders_that_services_keep_are_not_looked_at() {
    block_on(async {
        let account = account(&[HOME], "").await;
        let linked = json!({"name": "AWSConfigurationRecorderForX"});
        emulator()
            .admin("account", json!({"account": account.id, "service_linked_recorder": linked}));
        account.assert_converges();
        assert_eq!(recorder(&account, HOME)["name"], "default");
    });
}

#[test]
fn switching_off_stops_the_recorder_and_counts_as_loosening() {
    block_on(async {
        let account = account(&[HOME], "").await;
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        account.baseline(&account.in_one_region("[config]\nenabled = false"));
        let refused = account.run(&["apply", "--auto-approve"]).exits(6);
        let _ = refused.says("--allow-loosening config");
        assert!(is_recording(&account, HOME));
        let allowed = ["apply", "--auto-approve", "--allow-loosening", "config"];
        let _ = account.run(&allowed).exits(0);
        assert!(!is_recording(&account, HOME));
        let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    });
}

#[test]
fn a_run_that_was_killed_is_finished_by_the_next() {
    block_on(async {
        let account = account(&[HOME], "").await;
        let denied = json!([{"operation": "StartConfigurationRecorder", "action": "denied"}]);
        account.faults(denied);
        let _ = account.run(&["apply", "--auto-approve"]).exits(3);
        assert!(!is_recording(&account, HOME));
        let before = account.writes().len();
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let writes = account.writes();
        assert_eq!(writes[before..], ["config:StartConfigurationRecorder"]);
        assert!(is_recording(&account, HOME));
    });
}

#[test]
fn a_role_that_has_not_spread_yet_is_waited_for() {
    block_on(async {
        let account = account(&[HOME], "").await;
        account.faults(json!([
            {"operation": "PutConfigurationRecorder", "action": "error", "status": 400,
             "code": "InvalidRoleException", "message": "not yet"},
            {"operation": "PutDeliveryChannel", "action": "error", "status": 400,
             "code": "InsufficientDeliveryPolicyException", "message": "not yet"},
        ]));
        account.assert_converges();
    });
}

#[test]
fn a_region_that_cannot_be_seen_holds_up_no_other() {
    block_on(async {
        let account = account(&[HOME, IRELAND], "").await;
        account.faults(json!([{
            "operation": "DescribeDeliveryChannels", "region": IRELAND, "action": "denied",
            "count": null,
        }]));
        let _ = account
            .run(&["apply", "--auto-approve"])
            .exits(4)
            .says("allow config:DescribeDeliveryChannels");
        assert!(is_recording(&account, HOME));
        assert_eq!(recorders(&account, IRELAND), [json!(null); 0]);
    });
}

#[test]
fn a_channel_that_does_not_deliver_is_a_finding() {
    block_on(async {
        let account = account(&[HOME], "").await;
        account.assert_converges();
        let failure = json!({HOME: {"configHistoryDeliveryInfo":
            {"lastStatus": "FAILURE", "lastErrorCode": "AccessDenied"}}});
        let settings = json!({"account": account.id, "config_delivery": failure});
        emulator().admin("account", settings);
        let _ =
            account.run(&["drift"]).exits(2).says("delivery of the history fails: AccessDenied");
        account.faults(json!([{
            "operation": "DescribeDeliveryChannelStatus", "action": "denied", "count": null,
        }]));
        let _ = account.run(&["drift"]).exits(4).says("allow config:DescribeDeliveryChannelStatus");
    });
}

#[test]
fn nonsense_in_the_table_is_refused_in_place() {
    let account = Account::with(
        "[config]\nglobal_types = \"none\"\nprefix = \"x/\"\n\
         record = { include = [\"AWS::IAM::Role\", \"bucket\"] }",
    );
    let run = account.run(&["validate"]).exits(1);
    let run = run.says("'bucket' is no resource type");
    let run = run.says("leave out the slash");
    let _ = run.says("AWS::IAM::Role is listed, and global_types = \"none\" leaves it out");
    let account = Account::with("[config]\nbucket = \"Not A Bucket!\"\nsns_topic = \"nonsense\"");
    let run = account.run(&["validate"]).exits(1);
    let run = run.says("a bucket's name has 3 to 63");
    let _ = run.says("'nonsense' is no ARN of a topic");
    let account = Account::with(
        "[config]\nbucket = \"logs-{account}-{region}\"\n\
         sns_topic = \"arn:aws:sns:{region}:{account}:config_changes\"",
    );
    let _ = account.run(&["validate"]).exits(0);
    let account = Account::with("[config]\nrole = \"config\"");
    let run = account.run(&["validate"]).exits(1);
    let _ = run.says("neither \"service-linked\" nor the ARN of a role");
}

fn daily(names: &[&str]) -> Value {
    let daily = json!({"resourceTypes": names, "recordingFrequency": "DAILY"});
    json!({"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": [daily]})
}

#[test]
fn types_of_iam_are_recorded_elsewhere_where_the_home_region_cannot() {
    let account = Account::new();
    let dubai = "me-central-1";
    let opt_in = json!({"account": account.id, "regions": {dubai: "ENABLED"}});
    emulator().admin("account", opt_in);
    account.baseline(&format!(
        "baseline = 1\n[account]\nhome_region = \"{dubai}\"\n\
         regions = [\"{dubai}\", \"{HOME}\"]\n[log_bucket]\n[config]\n"
    ));
    account.assert_converges();
    for (region, with_iam) in [(dubai, false), (HOME, true)] {
        let recorder = recorder(&account, region);
        let group = &recorder["recordingGroup"];
        assert_eq!(group["includeGlobalResourceTypes"], with_iam, "{region}");
    }
}

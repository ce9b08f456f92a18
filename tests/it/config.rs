//! AWS Config, against the emulator.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::recorders::{ask, channel, name_recorder, put_channel, put_recorder, recorders};
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

fn daily(names: &[&str]) -> Value {
    let daily = json!({"resourceTypes": names, "recordingFrequency": "DAILY"});
    json!({"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": [daily]})
}

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

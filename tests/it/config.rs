//! AWS Config, against the emulator.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::kms;
use aws_sdk_config::types::{
    ConfigurationRecorder, DeliveryChannel, ExclusionByResourceTypes, RecordingFrequency,
    RecordingGroup, RecordingMode, RecordingModeOverride, RecordingStrategy, RecordingStrategyType,
    ResourceType,
};
use serde_json::json;

const IRELAND: &str = "eu-west-1";

/// An account whose baseline delivers into a bucket that takes it.
async fn account(regions: &[&str], settings: &str) -> Account {
    let account = Account::new();
    let bucket = format!("logs-{}", account.id);
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&account.sdk().await)
            .force_path_style(true)
            .build(),
    );
    s3.create_bucket()
        .bucket(&bucket)
        .send()
        .await
        .expect("a bucket");
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

async fn client(account: &Account, region: &'static str) -> aws_sdk_config::Client {
    let config = aws_sdk_config::config::Builder::from(&account.sdk().await)
        .region(aws_sdk_config::config::Region::new(region));
    aws_sdk_config::Client::from_conf(config.build())
}

async fn recorder(account: &Account, region: &'static str) -> ConfigurationRecorder {
    let answer = client(account, region)
        .await
        .describe_configuration_recorders()
        .send()
        .await
        .expect("recorders");
    answer.configuration_recorders()[0].clone()
}

async fn is_recording(account: &Account, region: &'static str) -> bool {
    let answer = client(account, region)
        .await
        .describe_configuration_recorder_status()
        .send()
        .await
        .expect("status");
    answer.configuration_recorders_status()[0].recording()
}

/// AWS's own policy for roles of AWS Config.
const CONFIG_ROLE: &str = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole";

/// Makes a role with a trust policy for a service, and the policy that AWS Config needs.
async fn role(account: &Account, name: &str, service: &str) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service},
    }]});
    let iam = aws_sdk_iam::Client::new(&account.sdk().await);
    let request = iam.create_role().role_name(name);
    let request = request.assume_role_policy_document(trust.to_string());
    let made = request
        .send()
        .await
        .expect("a role")
        .role
        .expect("it is answered");
    let attach = iam.attach_role_policy().role_name(name);
    let attach = attach.policy_arn(CONFIG_ROLE).send().await;
    attach.expect("attached");
    made.arn
}

/// Makes a recorder as a person would have made it long ago.
async fn prepare(account: &Account, name: &str, mode: RecordingMode) {
    role(account, "their-role", "config.amazonaws.com").await;
    let group = RecordingGroup::builder()
        .resource_types(ResourceType::Bucket)
        .build();
    let recorder = ConfigurationRecorder::builder()
        .name(name)
        .role_arn(format!("arn:aws:iam::{}:role/their-role", account.id))
        .recording_group(group)
        .recording_mode(mode)
        .build();
    client(account, HOME)
        .await
        .put_configuration_recorder()
        .configuration_recorder(recorder)
        .send()
        .await
        .expect("a recorder");
}

fn daily_with_an_override() -> RecordingMode {
    let volumes = RecordingModeOverride::builder()
        .resource_types(ResourceType::Volume)
        .recording_frequency(RecordingFrequency::Continuous)
        .description("theirs")
        .build();
    RecordingMode::builder()
        .recording_frequency(RecordingFrequency::Daily)
        .recording_mode_overrides(volumes.expect("an override"))
        .build()
        .expect("a mode")
}

#[test]
fn two_regions_record_and_types_of_iam_only_at_home() {
    block_on(async {
        let account = account(&[HOME, IRELAND], "").await;
        account.assert_converges();
        for (region, with_iam) in [(HOME, true), (IRELAND, false)] {
            let recorder = recorder(&account, region).await;
            let group = recorder.recording_group().expect("a group");
            assert!(group.all_supported());
            assert_eq!(group.include_global_resource_types(), with_iam, "{region}");
            let role = recorder.role_arn().expect("a role");
            assert!(role.ends_with("AWSServiceRoleForConfig"), "{role}");
            assert!(is_recording(&account, region).await);
        }
        let writes = account.writes();
        let roles = writes
            .iter()
            .filter(|name| *name == "iam:CreateServiceLinkedRole");
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
    block_on(async {
        for region in [HOME, IRELAND] {
            assert!(is_recording(&account, region).await);
        }
    });
}

#[test]
fn a_recorder_with_another_name_is_adopted_with_all_it_has() {
    block_on(async {
        let account = account(&[HOME], "").await;
        prepare(&account, "default2", daily_with_an_override()).await;
        account.assert_converges();
        let recorder = recorder(&account, HOME).await;
        assert_eq!(recorder.name(), Some("default2"));
        assert!(recorder.role_arn().expect("a role").ends_with("their-role"));
        // Nothing uses the service-linked role, so none is made.
        let linked = "iam:CreateServiceLinkedRole".to_owned();
        assert!(!account.writes().contains(&linked));
        assert!(recorder.recording_group().expect("a group").all_supported());
        assert_eq!(recorder.recording_mode(), Some(&daily_with_an_override()));
        assert!(is_recording(&account, HOME).await);
    });
}

#[test]
fn a_channel_keeps_its_name_and_what_the_baseline_leaves_out() {
    block_on(async {
        let account = account(&[HOME], "snapshot_frequency = \"Six_Hours\"").await;
        prepare(&account, "default", daily_with_an_override()).await;
        let key = kms::create(&account).arn;
        let channel = DeliveryChannel::builder()
            .name("their-channel")
            .s3_bucket_name(format!("logs-{}", account.id))
            .s3_kms_key_arn(&key)
            .build();
        let client = client(&account, HOME).await;
        let put = client.put_delivery_channel().delivery_channel(channel);
        put.send().await.expect("a channel");
        account.assert_converges();
        let answer = client.describe_delivery_channels().send().await;
        let channel = &answer.expect("channels").delivery_channels()[0].clone();
        assert_eq!(channel.name(), Some("their-channel"));
        assert_eq!(channel.s3_kms_key_arn(), Some(&*key));
        let snapshots = channel.config_snapshot_delivery_properties();
        let frequency = snapshots.and_then(|snapshots| snapshots.delivery_frequency());
        assert_eq!(frequency.map(|word| word.as_str()), Some("Six_Hours"));
    });
}

#[test]
fn recorders_that_services_keep_are_not_looked_at() {
    block_on(async {
        let account = account(&[HOME], "").await;
        let linked = json!({"name": "AWSConfigurationRecorderForX"});
        emulator().admin(
            "account",
            json!({"account": account.id, "service_linked_recorder": linked}),
        );
        account.assert_converges();
        assert_eq!(recorder(&account, HOME).await.name(), Some("default"));
    });
}

#[test]
fn the_recorder_of_control_tower_is_reported_and_never_written() {
    block_on(async {
        let account = account(&[HOME], "role = \"arn:aws:iam::{account}:role/x\"").await;
        let name = "aws-controltower-BaselineConfigRecorder";
        prepare(&account, name, daily_with_an_override()).await;
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
        assert!(is_recording(&account, HOME).await);
        let allowed = ["apply", "--auto-approve", "--allow-loosening", "config"];
        let _ = account.run(&allowed).exits(0);
        assert!(!is_recording(&account, HOME).await);
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
        assert!(!is_recording(&account, HOME).await);
        let before = account.writes().len();
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let writes = account.writes();
        assert_eq!(writes[before..], ["config:StartConfigurationRecorder"]);
        assert!(is_recording(&account, HOME).await);
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
        assert!(is_recording(&account, HOME).await);
        let elsewhere = client(&account, IRELAND).await;
        let answer = elsewhere.describe_configuration_recorders().send().await;
        assert!(
            answer
                .expect("recorders")
                .configuration_recorders()
                .is_empty()
        );
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
        let _ = account
            .run(&["drift"])
            .exits(2)
            .says("delivery of the history fails: AccessDenied");
        account.faults(json!([{
            "operation": "DescribeDeliveryChannelStatus", "action": "denied", "count": null,
        }]));
        let _ = account
            .run(&["drift"])
            .exits(4)
            .says("allow config:DescribeDeliveryChannelStatus");
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
    s3.create_bucket()
        .bucket(&bucket)
        .send()
        .await
        .expect("a bucket");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:*", "Principal": {"Service": "config.amazonaws.com"},
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
    }]});
    let put = s3
        .put_bucket_policy()
        .bucket(&bucket)
        .policy(policy.to_string());
    put.send().await.expect("a policy");
    bucket
}

fn daily(names: &[&str]) -> RecordingMode {
    let mode = RecordingMode::builder().recording_frequency(RecordingFrequency::Continuous);
    let types = names.iter().map(|&name| name.into()).collect();
    let other = RecordingModeOverride::builder()
        .set_resource_types(Some(types))
        .recording_frequency(RecordingFrequency::Daily);
    let mode = mode.recording_mode_overrides(other.build().expect("an override"));
    mode.build().expect("a mode")
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
        let client = client(&account, HOME).await;
        let ours = recorder(&account, HOME).await;
        let put =
            async |recorder: aws_sdk_config::types::builders::ConfigurationRecorderBuilder| {
                let put = client.put_configuration_recorder();
                put.configuration_recorder(recorder.build())
                    .send()
                    .await
                    .expect("put");
            };
        let builder = || {
            ConfigurationRecorder::builder()
                .name("default")
                .role_arn(ours.role_arn().expect("a role"))
                .set_recording_group(ours.recording_group().cloned())
                .set_recording_mode(ours.recording_mode().cloned())
        };
        let channel = |bucket: &str| {
            DeliveryChannel::builder()
                .name("default")
                .s3_bucket_name(bucket)
        };
        let deliver = async |channel: aws_sdk_config::types::builders::DeliveryChannelBuilder| {
            let put = client
                .put_delivery_channel()
                .delivery_channel(channel.build());
            put.send().await.expect("put");
        };

        put(builder().recording_mode(daily(&["AWS::S3::Bucket"]))).await;
        sees("an override of the recorder has AWS::S3::Bucket recorded daily");
        let excluded = ExclusionByResourceTypes::builder().resource_types(ResourceType::Trail);
        let strategy =
            RecordingStrategy::builder().use_only(RecordingStrategyType::ExclusionByResourceTypes);
        let group = RecordingGroup::builder()
            .exclusion_by_resource_types(excluded.build())
            .recording_strategy(strategy.build());
        put(builder().recording_group(group.build())).await;
        sees("recorder.record");
        let rarely = RecordingMode::builder().recording_frequency(RecordingFrequency::Daily);
        put(builder().recording_mode(rarely.build().expect("a mode"))).await;
        sees("recorder.frequency is DAILY");
        let theirs = role(&account, "powerless", "config.amazonaws.com").await;
        put(builder().role_arn(theirs)).await;
        sees("recorder.role is arn:aws:iam::");
        put(builder()).await;

        let bucket = foreign_bucket(&other).await;
        deliver(channel(&bucket)).await;
        sees(&format!("channel.bucket is {bucket}"));
        let own = format!("baseline-logs-{}-us-east-1", account.id);
        let topic = "arn:aws:sns:us-east-1:999999999999:x";
        deliver(channel(&own).sns_topic_arn(topic)).await;
        sees("which belongs to account 999999999999");
        let key = "arn:aws:kms:us-east-1:999999999999:key/x";
        deliver(channel(&own).s3_kms_key_arn(key)).await;
        sees("belongs to account 999999999999");
        deliver(channel(&own)).await;

        let forget = client
            .put_retention_configuration()
            .retention_period_in_days(30);
        forget.send().await.expect("put");
        sees("retention_days is 30");
        let stop = client.stop_configuration_recorder();
        stop.configuration_recorder_name("default")
            .send()
            .await
            .expect("stopped");
        sees("recording is false");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);

        let stop = client.stop_configuration_recorder();
        stop.configuration_recorder_name("default")
            .send()
            .await
            .expect("stopped");
        let delete = client.delete_configuration_recorder();
        delete
            .configuration_recorder_name("default")
            .send()
            .await
            .expect("deleted");
        sees("recorder");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        assert!(is_recording(&account, HOME).await);
        account.assert_valid_requests();
    });
}

#[test]
fn an_adopted_recorder_whose_role_or_bucket_is_lost_is_a_finding() {
    block_on(async {
        let account = account(&[HOME], "").await;
        prepare(&account, "default", daily_with_an_override()).await;
        account.baseline(&account.in_one_region("[config]"));
        let other = Account::new();
        let bucket = foreign_bucket(&other).await;
        let client = client(&account, HOME).await;
        let channel = DeliveryChannel::builder()
            .name("theirs")
            .s3_bucket_name(&bucket);
        let put = client
            .put_delivery_channel()
            .delivery_channel(channel.build());
        put.send().await.expect("a channel");
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says(&format!(
            "what is recorded goes to {bucket}, which is no bucket of"
        ));
        // Named as the central archive, it is right.
        let named = format!("[config]\nbucket = \"{bucket}\"");
        account.baseline(&account.in_one_region(&named));
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);
        let iam = aws_sdk_iam::Client::new(&account.sdk().await);
        let trusts = async |service: &str| {
            let trust = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service},
            }]});
            let update = iam.update_assume_role_policy().role_name("their-role");
            let update = update.policy_document(trust.to_string()).send().await;
            update.expect("updated");
        };
        trusts("ec2.amazonaws.com").await;
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("does not let config.amazonaws.com assume it");
        trusts("config.amazonaws.com").await;
        let allowed = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "config:*", "Resource": "*",
        }]});
        let put = iam.put_role_policy().role_name("their-role");
        let put = put.policy_name("own").policy_document(allowed.to_string());
        put.send().await.expect("put");
        let detach = iam.detach_role_policy().role_name("their-role");
        detach
            .policy_arn(CONFIG_ROLE)
            .send()
            .await
            .expect("detached");
        let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("has not AWS's policy AWS_ConfigRole, but own: whether it may");
        let delete = iam.delete_role_policy().role_name("their-role");
        delete.policy_name("own").send().await.expect("deleted");
        let _ = account
            .run(&["drift"])
            .exits(2)
            .says("has no policy, so that it may read nothing");
        account.faults(
            json!([{"operation": "ListAttachedRolePolicies", "action": "denied", "count": null}]),
        );
        let unseen = account.run(&["drift"]).exits(4);
        let _ = unseen.says("allow iam:ListAttachedRolePolicies");
        account.faults(json!([]));
        iam.delete_role()
            .role_name("their-role")
            .send()
            .await
            .expect("deleted");
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
    block_on(async {
        for (region, with_iam) in [(dubai, false), (HOME, true)] {
            let recorder = recorder(&account, region).await;
            let group = recorder.recording_group().expect("a group");
            assert_eq!(group.include_global_resource_types(), with_iam, "{region}");
        }
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
        s3.create_bucket()
            .bucket(&bucket)
            .send()
            .await
            .expect("created");
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
        assert!(
            !writes.iter().any(|own| own.starts_with("config:")),
            "{writes:?}"
        );
    });
}

/// A recorder and channel as Control Tower makes them, in a region.
async fn control_tower(account: &Account, region: &'static str, bucket: &str) {
    let group = RecordingGroup::builder()
        .all_supported(true)
        .include_global_resource_types(region == HOME);
    let recorder = ConfigurationRecorder::builder()
        .name("aws-controltower-BaselineConfigRecorder")
        .role_arn(format!(
            "arn:aws:iam::{}:role/aws-controltower-ConfigRecorderRole",
            account.id
        ))
        .recording_group(group.build());
    let client = client(account, region).await;
    let put = client.put_configuration_recorder();
    let put = put.configuration_recorder(recorder.build()).send().await;
    put.expect("a recorder");
    redirected(account, region, bucket).await;
    let start = client.start_configuration_recorder();
    let start = start.configuration_recorder_name("aws-controltower-BaselineConfigRecorder");
    start.send().await.expect("started");
}

/// Points the channel of Control Tower at a bucket.
async fn redirected(account: &Account, region: &'static str, bucket: &str) {
    let channel = DeliveryChannel::builder()
        .name("aws-controltower-BaselineConfigDeliveryChannel")
        .s3_bucket_name(bucket);
    let put = client(account, region).await.put_delivery_channel();
    let put = put.delivery_channel(channel.build()).send().await;
    put.expect("a channel");
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
        role(
            &account,
            "aws-controltower-ConfigRecorderRole",
            "config.amazonaws.com",
        )
        .await;
        for region in [HOME, IRELAND] {
            control_tower(&account, region, &right).await;
        }
        let plan = account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("by its name the archive of AWS Control Tower");
        redirected(&account, IRELAND, &stolen).await;
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says("config@eu-west-1").says(&format!(
            "the channel delivers to {stolen}; in us-east-1 that of AWS Control Tower delivers to {right}"
        ));
        // All regions alike, but not as the trail that no member can change.
        redirected(&account, HOME, &stolen).await;
        let _ = account.run(&["drift"]).exits(0);
        let trail = json!({"Name": "aws-controltower-BaselineCloudTrail", "S3BucketName": right});
        emulator().admin(
            "account",
            json!({"account": account.id, "organization_trail": trail}),
        );
        let drift = account.run(&["drift"]).exits(2);
        let _ = drift.says(&format!(
            "organization's trail of AWS Control Tower to {right}"
        ));
        account.faults(json!([{"operation": "DescribeTrails", "action": "denied", "count": null}]));
        let _ = account
            .run(&["drift"])
            .exits(4)
            .says("allow cloudtrail:DescribeTrails");
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
        prepare(&account, "default", daily_with_an_override()).await;
        let channel = DeliveryChannel::builder()
            .name("default")
            .s3_bucket_name(format!("logs-{}", account.id))
            .s3_kms_key_arn(arn);
        let put = client(&account, HOME).await.put_delivery_channel();
        put.delivery_channel(channel.build())
            .send()
            .await
            .expect("a channel");
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

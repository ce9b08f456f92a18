//! log_bucket, through the binary.

use crate::account::{Account, HOME, block_on};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter,
};
use serde_json::{Value, json};

async fn s3(account: &Account) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

fn name(account: &Account) -> String {
    format!("baseline-logs-{}-{HOME}", account.id)
}

async fn policy(s3: &aws_sdk_s3::Client, bucket: &str) -> Value {
    let answer = s3
        .get_bucket_policy()
        .bucket(bucket)
        .send()
        .await
        .expect("a policy");
    serde_json::from_str(answer.policy().expect("its text")).expect("JSON")
}

#[test]
fn it_is_created_private_tagged_and_whole() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let only_bucket = ["apply", "--auto-approve", "--target", "log_bucket"];
    let _ = account.run(&only_bucket).exits(0);
    let writes = account.writes().len();
    let _ = account.run(&only_bucket).exits(0).says("No changes.");
    assert_eq!(account.writes().len(), writes, "{:?}", account.writes());
    account.assert_valid_requests();
    block_on(async {
        let s3 = s3(&account).await;
        let bucket = name(&account);
        let tags = s3
            .get_bucket_tagging()
            .bucket(&bucket)
            .send()
            .await
            .expect("tags");
        assert_eq!(tags.tag_set()[0].key(), "baseline");
        let policy = policy(&s3, &bucket).await;
        let sids: Vec<&str> = policy["Statement"]
            .as_array()
            .expect("statements")
            .iter()
            .filter_map(|statement| statement["Sid"].as_str())
            .collect();
        let wanted = [
            "BaselineDenyInsecureTransport",
            "BaselineCloudTrailAclCheck",
            "BaselineCloudTrailWrite",
        ];
        assert_eq!(sids.len(), wanted.len());
        for (sid, wanted) in sids.iter().zip(wanted) {
            assert!(sid.starts_with(wanted), "{sid}");
        }
        let versioning = s3
            .get_bucket_versioning()
            .bucket(&bucket)
            .send()
            .await
            .expect("read");
        assert_eq!(
            versioning.status().map(|status| status.as_str()),
            Some("Enabled")
        );
    });
}

#[test]
fn a_name_that_another_account_has_stops_the_whole_run_before_any_write() {
    let owner = Account::new();
    let bucket = format!("taken-{}", owner.id);
    block_on(async {
        s3(&owner)
            .await
            .create_bucket()
            .bucket(&bucket)
            .send()
            .await
            .expect("created");
    });
    let account = Account::with(&format!(
        "[password_policy]\n[log_bucket]\nname = \"{bucket}\""
    ));
    let _ = account
        .run(&["plan"])
        .exits(6)
        .says("belongs to another account");
    let _ = account.run(&["apply", "--auto-approve"]).exits(6);
    assert!(account.writes().is_empty());
}

#[test]
fn a_bucket_that_was_there_is_protected_and_keeps_its_own() {
    let account = Account::with("[log_bucket]\nname = \"mine-{account}\"");
    let bucket = format!("mine-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        s3.create_bucket()
            .bucket(&bucket)
            .send()
            .await
            .expect("created");
        let theirs = json!({
            "Version": "2008-10-17",
            "Id": "theirs",
            "Statement": {
                "Sid": "Theirs", "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{}:root", account.id)},
                "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
            },
        });
        let put = s3
            .put_bucket_policy()
            .bucket(&bucket)
            .policy(theirs.to_string());
        put.send().await.expect("a policy");
        let rule = LifecycleRule::builder()
            .id("theirs")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("tmp/").build())
            .expiration(LifecycleExpiration::builder().days(500).build())
            .build()
            .expect("a rule");
        let rules = BucketLifecycleConfiguration::builder()
            .rules(rule)
            .build()
            .expect("rules");
        let put = s3.put_bucket_lifecycle_configuration().bucket(&bucket);
        put.lifecycle_configuration(rules)
            .send()
            .await
            .expect("rules");

        account.assert_converges();

        let policy = policy(&s3, &bucket).await;
        assert_eq!(policy["Id"], "theirs");
        assert_eq!(policy["Version"], "2008-10-17");
        assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
        assert_eq!(
            policy["Statement"][1]["Sid"],
            "BaselineDenyInsecureTransport"
        );
        let rules = s3
            .get_bucket_lifecycle_configuration()
            .bucket(&bucket)
            .send()
            .await;
        let rules = rules.expect("rules");
        assert_eq!(rules.rules().len(), 1, "nothing new deletes logs");
    });
}

#[test]
fn the_policy_of_a_bucket_that_two_controls_look_after_is_read_once_and_written_once() {
    let account = Account::with(
        "[log_bucket]\nname = \"both-{account}\"\n[[buckets]]\nmatch = [\"*\"]\nssl_only = true",
    );
    block_on(async {
        let bucket = format!("both-{}", account.id);
        s3(&account)
            .await
            .create_bucket()
            .bucket(bucket)
            .send()
            .await
            .expect("created");
    });
    let _ = account
        .run(&["plan"])
        .exits(0)
        .says("done by the calls of log_bucket@both-");
    let reads = account.operations();
    assert_eq!(
        reads.iter().filter(|o| *o == "s3:GetBucketPolicy").count(),
        1
    );
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let writes = account.writes();
    assert_eq!(
        writes.iter().filter(|o| *o == "s3:PutBucketPolicy").count(),
        1,
        "{writes:?}"
    );
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn the_deliveries_that_are_let_in_are_those_of_the_trail_and_the_channel_that_are_adopted() {
    let account = Account::with("[log_bucket]\nname = \"logs-{account}\"\n[cloudtrail]\n[config]");
    let bucket = format!("logs-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        let create = s3.create_bucket().bucket(&bucket);
        create.send().await.expect("created");
        let open = |service: &str| {
            json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:*",
                "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")]})
        };
        let open = json!({"Version": "2012-10-17",
            "Statement": [open("cloudtrail.amazonaws.com"), open("config.amazonaws.com")]});
        let put = s3
            .put_bucket_policy()
            .bucket(&bucket)
            .policy(open.to_string());
        put.send().await.expect("a policy");
        let away = aws_sdk_cloudtrail::config::Builder::from(&account.sdk().await)
            .region(aws_config::Region::new("eu-west-1"));
        let trails = aws_sdk_cloudtrail::Client::from_conf(away.build());
        let trail = trails.create_trail().name("audit").s3_bucket_name(&bucket);
        let trail = trail.s3_key_prefix("audit").is_multi_region_trail(true);
        let trail = trail.include_global_service_events(true);
        let trail = trail.enable_log_file_validation(true).send().await;
        trail.expect("created");
        let started = trails.start_logging().name("audit").send().await;
        started.expect("started");
        let channels = aws_sdk_config::Client::new(&account.sdk().await);
        // While others let the deliveries in, no statement of ours does.
        account.assert_converges();
        let text = policy(&s3, &bucket).await.to_string();
        assert!(!text.contains("BaselineC"), "{text}");
        // A recorder without our tag is somebody else's, and its channel keeps its prefix.
        let recorders = channels.describe_configuration_recorders().send().await;
        let recorders = recorders.expect("recorders");
        let arn = recorders.configuration_recorders()[0]
            .arn()
            .expect("an ARN");
        let untag = channels.untag_resource().resource_arn(arn);
        untag.tag_keys("baseline").send().await.expect("untagged");
        let moved = aws_sdk_config::types::DeliveryChannel::builder()
            .name("default")
            .s3_bucket_name(&bucket)
            .s3_key_prefix("cfg");
        let put = channels
            .put_delivery_channel()
            .delivery_channel(moved.build());
        put.send().await.expect("moved");
        let delete = s3.delete_bucket_policy().bucket(&bucket);
        delete.send().await.expect("deleted");
        account.assert_converges();
        let text = policy(&s3, &bucket).await.to_string();
        let source = format!("arn:aws:cloudtrail:eu-west-1:{}:trail/audit\"", account.id);
        for part in [&*source, "/audit/AWSLogs/", "/cfg/AWSLogs/"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("trail/baseline"), "{text}");
        let trail = trails.get_trail_status().name("audit").send().await;
        let trail = trail.expect("a status");
        assert_eq!(trail.latest_delivery_error(), None);
    });
}

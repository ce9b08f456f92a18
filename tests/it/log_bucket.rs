//! log_bucket, through the binary.

use crate::account::{Account, HOME, block_on};
use crate::recorders;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, Destination, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectOwnership,
    ReplicationConfiguration, ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
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
    let answer = s3.get_bucket_policy().bucket(bucket).send().await.expect("a policy");
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
        let tags = s3.get_bucket_tagging().bucket(&bucket).send().await.expect("tags");
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
        let versioning = s3.get_bucket_versioning().bucket(&bucket).send().await.expect("read");
        assert_eq!(versioning.status().map(|status| status.as_str()), Some("Enabled"));
    });
}

#[test]
fn a_name_that_another_account_has_stops_the_whole_run_before_any_write() {
    let owner = Account::new();
    let bucket = format!("taken-{}", owner.id);
    block_on(async {
        s3(&owner).await.create_bucket().bucket(&bucket).send().await.expect("created");
    });
    let account = Account::with(&format!("[password_policy]\n[log_bucket]\nname = \"{bucket}\""));
    let _ = account.run(&["plan"]).exits(6).says("belongs to another account");
    let _ = account.run(&["apply", "--auto-approve"]).exits(6);
    assert!(account.writes().is_empty());
}

#[test]
fn a_bucket_that_was_there_is_protected_and_keeps_its_own() {
    let account = Account::with("[log_bucket]\nname = \"mine-{account}\"");
    let bucket = format!("mine-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        s3.create_bucket().bucket(&bucket).send().await.expect("created");
        let theirs = json!({
            "Version": "2008-10-17",
            "Id": "theirs",
            "Statement": {
                "Sid": "Theirs", "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{}:root", account.id)},
                "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
            },
        });
        let put = s3.put_bucket_policy().bucket(&bucket).policy(theirs.to_string());
        put.send().await.expect("a policy");
        let rule = LifecycleRule::builder()
            .id("theirs")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("tmp/").build())
            .expiration(LifecycleExpiration::builder().days(500).build())
            .build()
            .expect("a rule");
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build().expect("rules");
        let put = s3.put_bucket_lifecycle_configuration().bucket(&bucket);
        put.lifecycle_configuration(rules).send().await.expect("rules");

        account.assert_converges();

        let policy = policy(&s3, &bucket).await;
        assert_eq!(policy["Id"], "theirs");
        assert_eq!(policy["Version"], "2008-10-17");
        assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
        assert_eq!(policy["Statement"][1]["Sid"], "BaselineDenyInsecureTransport");
        let rules = s3.get_bucket_lifecycle_configuration().bucket(&bucket).send().await;
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
        s3(&account).await.create_bucket().bucket(bucket).send().await.expect("created");
    });
    let _ = account.run(&["plan"]).exits(0).says("done by the calls of log_bucket@both-");
    let reads = account.operations();
    assert_eq!(reads.iter().filter(|o| *o == "s3:GetBucketPolicy").count(), 1);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let writes = account.writes();
    assert_eq!(writes.iter().filter(|o| *o == "s3:PutBucketPolicy").count(), 1, "{writes:?}");
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
                "Condition": {"StringEquals": {"aws:SourceAccount": account.id}},
                "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")]})
        };
        let open = json!({"Version": "2012-10-17",
            "Statement": [open("cloudtrail.amazonaws.com"), open("config.amazonaws.com")]});
        let put = s3.put_bucket_policy().bucket(&bucket).policy(open.to_string());
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
        // While others let the deliveries in, no statement of ours does.
        account.assert_converges();
        let text = policy(&s3, &bucket).await.to_string();
        assert!(!text.contains("BaselineC"), "{text}");
        // A recorder without our tag is somebody else's, and its channel keeps its prefix.
        let recorder = recorders::recorders(&account, HOME).remove(0);
        let untag = json!({"ResourceArn": recorder["arn"], "TagKeys": ["baseline"]});
        recorders::ask(&account, HOME, "UntagResource", untag);
        let moved = json!({"name": "default", "s3BucketName": bucket, "s3KeyPrefix": "cfg"});
        recorders::put_channel(&account, HOME, moved);
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

#[test]
fn an_acl_that_grants_something_is_a_finding_and_does_not_hold_up_the_trail() {
    let account = Account::with("[log_bucket]\nname = \"classic-{account}\"\n[cloudtrail]");
    let bucket = format!("classic-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        let create = s3.create_bucket().bucket(&bucket);
        let create = create.object_ownership(ObjectOwnership::ObjectWriter);
        create.send().await.expect("created");
        let put = s3.put_bucket_acl().bucket(&bucket);
        let group = "http://acs.amazonaws.com/groups/s3/LogDelivery";
        let put = put.grant_write(format!("uri=\"{group}\""));
        let put = put.grant_read_acp(format!("uri=\"{group}\""));
        put.send().await.expect("granted");
    });
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("put-bucket-acl");
    let writes = account.writes();
    assert!(writes.contains(&"cloudtrail:CreateTrail".to_owned()), "{writes:?}");
    assert!(!writes.contains(&"s3:PutBucketOwnershipControls".to_owned()), "{writes:?}");
    let _ = account.run(&["drift"]).exits(2).says("log_bucket@classic-");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes().len(), writes.len());
}

#[test]
fn what_an_intruder_does_to_the_log_bucket_is_seen() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\n[config]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let bucket = name(&account);
    let seen = |what: &str| {
        let _ = account.run(&["drift"]).exits(2).says("log_bucket@").says(what);
    };
    block_on(async {
        let s3 = s3(&account).await;
        let mut changed = policy(&s3, &bucket).await;
        changed["Statement"].as_array_mut().expect("a list").push(json!({
            "Sid": "Backdoor", "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
            "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
        }));
        let put = s3.put_bucket_policy().bucket(&bucket);
        put.policy(changed.to_string()).send().await.expect("put");
        seen("statement Backdoor allows 999999999999");
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id("arn:aws:kms:us-east-1:999999999999:key/0000");
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default.build().expect("a default"));
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule.build());
        let put = s3.put_bucket_encryption().bucket(&bucket);
        let put = put.server_side_encryption_configuration(rules.build().expect("a rule"));
        put.send().await.expect("put");
        seen("which belongs to account 999999999999");
        let elsewhere = Account::new();
        let target = format!("elsewhere-{}", elsewhere.id);
        let theirs = self::s3(&elsewhere).await;
        let create = theirs.create_bucket().bucket(&target).send();
        create.await.expect("created");
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
        let put = theirs.put_bucket_versioning().bucket(&target);
        let put = put.versioning_configuration(versioned.build());
        put.send().await.expect("versioned");
        let destination =
            Destination::builder().bucket(format!("arn:aws:s3:::{target}")).account(&elsewhere.id);
        let rule = ReplicationRule::builder()
            .id("out")
            .priority(1)
            .filter(ReplicationRuleFilter::builder().prefix("").build())
            .status(ReplicationRuleStatus::Enabled)
            .destination(destination.build().expect("a destination"));
        let rules = ReplicationConfiguration::builder()
            .role(format!("arn:aws:iam::{}:role/x", account.id))
            .rules(rule.build().expect("a rule"));
        let put = s3.put_bucket_replication().bucket(&bucket);
        let put = put.replication_configuration(rules.build().expect("rules"));
        put.send().await.expect("put");
        seen("the replication rule 'out' copies");
    });
    account.assert_valid_requests();
}

#[test]
fn what_buckets_ask_of_the_new_log_bucket_is_done_by_the_apply_that_creates_it() {
    let account = Account::with(
        "[log_bucket]\n[cloudtrail]\n[[buckets]]\nmatch = [\"*\"]\nminimum_tls = \"1.2\"\n\
         tags = { team = \"platform\" }\nabort_incomplete_uploads_days = 7\n\
         access_log = { bucket = \"baseline-logs-{account}-{region}\" }",
    );
    block_on(async {
        let create = s3(&account).await.create_bucket();
        let create = create.bucket(format!("data-{}", account.id)).send();
        create.await.expect("created");
    });
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
    let puts = account.writes();
    let put = puts.iter().filter(|own| *own == "s3:PutBucketPolicy").count();
    assert_eq!(put, 2, "one for each bucket: {puts:?}");
}

#[test]
fn the_new_log_bucket_logs_to_a_bucket_that_lets_it_in_by_the_same_apply() {
    let account = Account::with(
        "[log_bucket]\n[cloudtrail]\n[[buckets]]\nmatch = [\"baseline-*\"]\n\
         access_log = { bucket = \"access-{account}\" }",
    );
    block_on(async {
        let create = s3(&account).await.create_bucket();
        let create = create.bucket(format!("access-{}", account.id)).send();
        create.await.expect("created");
    });
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn the_bucket_for_the_access_logs_of_the_log_bucket_is_made_by_the_same_apply() {
    let account =
        Account::with("[log_bucket]\naccess_log = { bucket = \"access-{account}\" }\n[cloudtrail]");
    account.assert_converges();
    let _ = account.run(&["drift"]).exits(0);
    block_on(async {
        let (s3, access) = (s3(&account).await, format!("access-{}", account.id));
        let log = format!("baseline-logs-{}-us-east-1", account.id);
        let logging = s3.get_bucket_logging().bucket(&log).send().await.expect("it is read");
        let logging = logging.logging_enabled().expect("it logs");
        assert_eq!(logging.target_bucket(), access);
        // An intruder ends the delivery.
        s3.delete_bucket_policy().bucket(&access).send().await.expect("deleted");
    });
    let _ = account.run(&["drift"]).exits(2).says("log_bucket");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn a_creation_that_broke_off_leaves_no_finding_about_the_rule_that_the_next_apply_adds() {
    let account = Account::with(
        "[log_bucket]\n[[buckets]]\nmatch = [\"*\"]\nabort_incomplete_uploads_days = 7",
    );
    account.faults(json!([{"service": "s3", "operation": "PutBucketLifecycleConfiguration",
        "action": "error", "status": 403, "code": "AccessDenied", "message": "no", "count": 1}]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(3);
    let plan = account.run(&["plan", "--json"]).exits(0).json();
    let entries = plan["entries"].as_array().expect("entries");
    assert!(entries.iter().all(|entry| entry.get("findings").is_none()), "{entries:#?}");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn buckets_that_somebody_else_manages_are_named_and_written_only_when_the_baseline_says_so() {
    let tables = |word: &str| {
        format!(
            "[log_bucket]\nname = \"logs-{{account}}\"\n{word}\n[cloudtrail]\n\
             [[buckets]]\nmatch = [\"aws-controltower-*\", \"data-*\"]\nssl_only = true\n{word}"
        )
    };
    let account = Account::with(&tables(""));
    let names =
        ["logs", "data", "aws-controltower-logs"].map(|own| format!("{own}-{}", account.id));
    block_on(async {
        let s3 = s3(&account).await;
        for (name, tool) in names.iter().zip(["terraform", "Pulumi", ""]) {
            let create = s3.create_bucket().bucket(name).send();
            create.await.expect("created");
            if tool.is_empty() {
                continue;
            }
            let tag = Tag::builder().key("ManagedBy").value(tool).build();
            let tags = Tagging::builder().tag_set(tag.expect("a tag")).build();
            let put = s3.put_bucket_tagging().bucket(name);
            let put = put.tagging(tags.expect("tags")).send();
            put.await.expect("tagged");
        }
    });
    let before = account.writes().len();
    // The trail waits for statements that somebody else has to let it in by.
    let _ = account.run(&["apply", "--auto-approve"]).exits(3);
    assert_eq!(account.writes()[before..], [""; 0]);
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says("terraform (by its tag ManagedBy) manages it")
        .says("Pulumi (by its tag ManagedBy) manages it")
        .says("AWS Control Tower manages it")
        .says("take_over = true");
    account.baseline(&account.in_one_region(&tables("take_over = true")));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("may put it back");
    let written = account.writes();
    let put = written.iter().filter(|own| *own == "s3:PutBucketPolicy");
    assert_eq!(put.count(), 3, "{written:?}");
    let _ = account.run(&["drift"]).exits(0);
    account.assert_valid_requests();
}

//! cloudtrail, through the binary.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::{iam, kms};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, InsightSelector,
    InsightType, ReadWriteType, SourceEventCategory, Trail,
};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

const OTHER: &str = "eu-west-1";

/// An account with a bucket that CloudTrail may deliver to, and a baseline that says so.
struct Bench {
    account: Account,
    bucket: String,
    client: Client,
}

impl Bench {
    fn with(settings: &str) -> Self {
        let account = Account::new();
        let bucket = format!("trail-logs-{}", account.id);
        let client = block_on(async {
            let sdk = account.sdk().await;
            let bench = Client::new(&sdk);
            let s3 = s3(&account).await;
            let created = s3.create_bucket().bucket(&bucket).send().await;
            created.expect("created");
            let policy = s3.put_bucket_policy().bucket(&bucket);
            let policy = policy.policy(delivery(&bucket, &account.id).to_string());
            policy.send().await.expect("set");
            bench
        });
        let bench = Self { account, bucket, client };
        bench.asks(&format!("bucket = \"{}\"\n{settings}", bench.bucket));
        bench
    }

    /// Another table.
    fn asks(&self, settings: &str) {
        let table = format!("[cloudtrail]\n{settings}");
        self.account.baseline(&self.account.in_one_region(&table));
    }

    /// Makes a trail in a region, recording, as its owner would.
    async fn trail(&self, name: &str, region: &'static str) {
        let client = in_region(&self.account, region).await;
        let create = client.create_trail().name(name).is_multi_region_trail(true);
        let create = create.include_global_service_events(true);
        let create = create.enable_log_file_validation(true);
        let created = create.s3_bucket_name(&self.bucket).send().await;
        created.expect("created");
        let started = client.start_logging().name(name).send().await;
        started.expect("started");
    }

    async fn only_trail(&self) -> Trail {
        let trails = self.client.describe_trails().send().await.expect("read");
        let [trail] = trails.trail_list() else { panic!("{trails:?}") };
        trail.clone()
    }

    async fn selectors(&self, name: &str) -> Vec<AdvancedEventSelector> {
        let read = self.client.get_event_selectors().trail_name(name);
        let read = read.send().await.expect("read");
        read.advanced_event_selectors().to_vec()
    }

    async fn is_logging(&self, name: &str) -> bool {
        let status = self.client.get_trail_status().name(name);
        let status = status.send().await.expect("read");
        status.is_logging() == Some(true)
    }

    /// The writes of the tool since the preparations.
    fn writes_since(&self, before: usize) -> Vec<String> {
        self.account.writes().split_off(before)
    }
}

async fn s3(account: &Account) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

async fn in_region(account: &Account, region: &'static str) -> Client {
    let config = aws_sdk_cloudtrail::config::Builder::from(&account.sdk().await)
        .region(aws_config::Region::new(region));
    Client::from_conf(config.build())
}

/// A bucket policy with which CloudTrail can deliver.
fn delivery(bucket: &str, account: &str) -> Value {
    let service = json!({"Service": "cloudtrail.amazonaws.com"});
    let control = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl",
         "Resource": format!("arn:aws:s3:::{bucket}")},
        {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
         "Resource": format!("arn:aws:s3:::{bucket}/*AWSLogs/{account}/*"), "Condition": control},
    ]})
}

fn field(name: &str) -> aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder {
    AdvancedFieldSelector::builder().field(name)
}

fn selector(fields: Vec<AdvancedFieldSelector>) -> AdvancedEventSelector {
    let built = AdvancedEventSelector::builder().set_field_selectors(Some(fields));
    built.build().expect("a selector")
}

/// A selector of somebody else: no deletions of snapshots go unseen.
fn foreign() -> AdvancedEventSelector {
    selector(vec![
        field("eventCategory").equals("Data").build().expect("one"),
        field("resources.type").equals("AWS::EC2::Snapshot").build().expect("one"),
        field("eventName").not_starts_with("List").not_ends_with("Blocks").build().expect("one"),
    ])
}

fn management() -> AdvancedEventSelector {
    selector(vec![field("eventCategory").equals("Management").build().expect("one")])
}

#[test]
fn a_first_trail_is_created_tagged_whole_and_recording() {
    let bench = Bench::with("");
    let before = bench.account.writes().len();
    bench.account.assert_converges();
    assert_eq!(bench.writes_since(before), ["cloudtrail:CreateTrail", "cloudtrail:StartLogging"]);
    block_on(async {
        let trail = bench.only_trail().await;
        assert_eq!(trail.name(), Some("baseline"));
        assert_eq!(trail.is_multi_region_trail(), Some(true));
        assert_eq!(trail.include_global_service_events(), Some(true));
        assert_eq!(trail.log_file_validation_enabled(), Some(true));
        assert!(bench.is_logging("baseline").await);
        let tags = bench.client.list_tags();
        let tags = tags.resource_id_list(trail.trail_arn().expect("an ARN"));
        let tags = tags.send().await.expect("read");
        let tags = tags.resource_tag_list()[0].tags_list();
        assert_eq!(tags[0].key(), "baseline");
    });
}

#[test]
fn the_log_bucket_is_made_first_and_the_trail_delivers_to_it() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\nprefix = \"audit\"");
    account.assert_converges();
    block_on(async {
        let client = Client::new(&account.sdk().await);
        let trails = client.describe_trails().send().await.expect("read");
        let bucket = format!("baseline-logs-{}-{HOME}", account.id);
        assert_eq!(trails.trail_list()[0].s3_bucket_name(), Some(&*bucket));
        assert_eq!(trails.trail_list()[0].s3_key_prefix(), Some("audit"));
    });
}

#[test]
fn an_apply_that_was_cut_off_is_finished_by_the_next() {
    let bench = Bench::with("data_events = [{ s3 = \"all\", access = \"write\" }]");
    for operation in ["PutEventSelectors", "StartLogging"] {
        let cut = json!([{"operation": operation, "action": "error", "status": 400,
                          "code": "UnsupportedOperationException", "message": "cut off"}]);
        bench.account.faults(cut);
        let _ = bench.account.run(&["apply", "--auto-approve"]).exits(3).says("cut off");
    }
    bench.account.faults(json!([]));
    bench.account.assert_converges();
    let creates = bench.account.writes();
    let creates = creates.iter().filter(|call| call.ends_with(":CreateTrail"));
    assert_eq!(creates.count(), 1);
}

#[test]
fn a_lost_answer_makes_no_second_trail_and_the_first_is_finished() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    bench.account.faults(json!([{"operation": "CreateTrail", "action": "apply_then_drop"}]));
    bench.account.assert_converges();
    block_on(async {
        bench.only_trail().await;
        assert!(bench.is_logging("baseline").await);
        assert_eq!(bench.selectors("baseline").await.len(), 2);
    });
}

#[test]
fn a_trail_that_another_hand_created_otherwise_is_not_mistaken_for_our_own() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    // Theirs comes between our look and our call: the call is held until it is there.
    let hold = json!([{"operation": "CreateTrail", "action": "delay", "delay_ms": 1500}]);
    bench.account.faults(hold);
    let before = bench.account.writes().len();
    let mut apply = bench.account.command(&["apply", "--auto-approve"]);
    let apply = apply.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let apply = apply.expect("the binary runs");
    while bench.account.writes().len() == before {
        std::thread::sleep(Duration::from_millis(20));
    }
    block_on(async {
        let theirs = bench.client.create_trail().name("baseline");
        let theirs = theirs.s3_bucket_name(&bench.bucket).send().await;
        theirs.expect("created");
    });
    let output = apply.wait_with_output().expect("it ends");
    let run = bench.account.came_to(output).exits(3);
    let _ = run.says("created meanwhile: run it again");
    let trail = block_on(bench.only_trail());
    assert_eq!(trail.is_multi_region_trail(), Some(false));
    assert_eq!(bench.writes_since(before).len(), 2, "ours and theirs");
}

#[test]
fn a_trail_that_another_hand_created_meanwhile_keeps_its_selectors() {
    let bench = Bench::with("data_events = [{ lambda = \"all\" }]");
    let exists = json!([{"operation": "CreateTrail", "action": "error", "status": 400,
                         "code": "TrailAlreadyExistsException", "message": "it exists"}]);
    bench.account.faults(exists);
    let before = bench.account.writes().len();
    let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
    let _ = apply.says("it exists; created meanwhile: run it again");
    assert_eq!(bench.writes_since(before), ["cloudtrail:CreateTrail"]);
}

#[test]
fn a_trail_that_is_there_is_adopted_and_keeps_what_the_baseline_leaves_out() {
    let bench = Bench::with("");
    bench.asks("");
    block_on(async {
        let create = bench.client.create_trail().name("audit");
        let create = create.s3_bucket_name(&bench.bucket).s3_key_prefix("p");
        create.send().await.expect("created");
        let before = bench.account.writes().len();
        let plan = bench.account.run(&["plan", "--json"]).exits(0).json();
        let fields: Vec<&str> = plan["entries"][0]["differences"]
            .as_array()
            .expect("differences")
            .iter()
            .filter_map(|difference| difference["field"].as_str())
            .collect();
        assert_eq!(fields, ["log_file_validation", "multi_region", "logging"]);
        bench.account.assert_converges();
        assert_eq!(
            bench.writes_since(before),
            ["cloudtrail:UpdateTrail", "cloudtrail:StartLogging"]
        );
        let trail = bench.only_trail().await;
        assert_eq!(trail.name(), Some("audit"));
        assert_eq!(trail.s3_key_prefix(), Some("p"));
        assert_eq!(trail.s3_bucket_name(), Some(&*bench.bucket));
    });
}

#[test]
fn a_trail_whose_home_is_another_region_is_changed_there() {
    let bench = Bench::with("");
    bench.asks(
        "data_events = [{ lambda = \"all\" }]\ninsights = [\"ApiErrorRateInsight\"]\nprefix = \"p\"",
    );
    block_on(async {
        bench.trail("audit", OTHER).await;
        let away = in_region(&bench.account, OTHER).await;
        let stopped = away.stop_logging().name("audit").send().await;
        stopped.expect("stopped");
    });
    let before = bench.account.writes().len();
    bench.account.assert_converges();
    let order = [
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutInsightSelectors",
        "cloudtrail:StartLogging",
    ];
    assert_eq!(bench.writes_since(before), order);
    let journal = bench.account.journal();
    let writes = journal.iter().filter(|entry| entry["write"] == json!(true)).skip(before);
    assert!(writes.into_iter().all(|entry| entry["region"] == OTHER));
}

#[test]
fn recording_that_was_stopped_is_drift_and_is_started_again() {
    let bench = Bench::with("");
    bench.account.assert_converges();
    block_on(async {
        let stop = bench.client.stop_logging().name("baseline");
        stop.send().await.expect("stopped");
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("cloudtrail  logging is false, expected true");
        let before = bench.account.writes().len();
        let _ = bench.account.run(&["apply", "--auto-approve"]).exits(0);
        assert_eq!(bench.writes_since(before), ["cloudtrail:StartLogging"]);
        assert!(bench.is_logging("baseline").await);
    });
}

#[test]
fn selectors_of_others_stay_in_their_place() {
    let bench = Bench::with(
        "data_events = [{ s3 = [\"one\", \"two\"] }, { s3 = \"all\", access = \"write\" }]",
    );
    block_on(async {
        bench.trail("baseline", HOME).await;
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.advanced_event_selectors(foreign());
        let put = put.advanced_event_selectors(management());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        assert_eq!(selectors[..2], [foreign(), management()]);
        let names: Vec<_> = selectors[2..].iter().map(|s| s.name()).collect();
        assert_eq!(names, [Some("baseline: s3 listed (all)"), Some("baseline: s3 (write)")]);
    });
}

#[test]
fn without_management_events_they_are_added() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.advanced_event_selectors(foreign());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        assert_eq!(selectors[0].field_selectors(), management().field_selectors());
        assert_eq!(selectors[1], foreign());
    });
}

#[test]
fn basic_selectors_become_advanced_ones_that_log_the_same() {
    let bench = Bench::with("data_events = [{ dynamodb = \"all\", access = \"write\" }]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let objects =
            DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3:::theirs/");
        let basic = EventSelector::builder()
            .exclude_management_event_sources("kms.amazonaws.com")
            .data_resources(objects.build());
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
        let plan = bench.account.run(&["plan"]).exits(0);
        let plan = plan.says("data_events  [\"s3 theirs (read and write)\"] -> [\"dynamodb all (write)\", \"s3 theirs (read and write)\"]");
        let plan = plan.says("note: its basic event selectors become advanced ones");
        let _ = plan.says("leaves out the management events of kms.amazonaws.com");
        bench.asks(
            "data_events = [{ dynamodb = \"all\", access = \"write\" }]\n\
             management_events_except = [\"kms.amazonaws.com\"]",
        );
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        let wanted = selector(vec![
            field("eventCategory").equals("Management").build().expect("one"),
            field("eventSource").not_equals("kms.amazonaws.com").build().expect("one"),
        ]);
        assert_eq!(selectors[0].field_selectors(), wanted.field_selectors());
        assert_eq!(selectors.len(), 3);
    });
}

#[test]
fn management_events_logged_only_in_part_are_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let basic = EventSelector::builder().read_write_type(ReadWriteType::WriteOnly);
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
    });
    let before = bench.account.writes().len();
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
    let _ = plan.says("the trail baseline logs management events only in part: write");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
}

#[test]
fn a_trail_that_is_recording_is_adopted_before_one_that_is_stopped() {
    let bench = Bench::with("");
    bench.asks("");
    block_on(async {
        bench.trail("aaa-old", HOME).await;
        bench.trail("zzz-live", OTHER).await;
        let stop = bench.client.stop_logging().name("aaa-old").send().await;
        stop.expect("stopped");
        let before = bench.account.operations().len();
        let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(0);
        let _ = plan.says("No changes.");
        let mut asked = bench.account.operations().split_off(before);
        asked.sort();
        // The status of each of the two, and of none twice.
        assert_eq!(
            asked,
            [
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetEventSelectors",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:ListTags",
                "cloudtrail:ListTags",
                "iam:ListAccountAliases",
                "s3:GetBucketEncryption",
                "s3:GetBucketLifecycleConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketReplication",
                "s3:GetPublicAccessBlock",
                "s3:ListBuckets",
                "sts:GetCallerIdentity",
            ]
        );
        bench.asks("name = \"aaa-old\"");
        let plan = bench.account.run(&["plan"]).exits(0);
        let plan = plan.says("1 to change");
        let _ = plan.says("note: the trail zzz-live records all regions as well");
    });
}

#[test]
fn data_events_that_are_logged_already_need_nothing() {
    let bench = Bench::with("data_events = [{ s3 = [\"one\"], access = \"write\" }]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let all = DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3");
        let basic = EventSelector::builder().data_resources(all.build());
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
    });
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]);
    let _ = plan.exits(0).says("No changes.");
}

#[test]
fn insights_are_added_to_those_that_are_there() {
    let bench = Bench::with("insights = [\"ApiErrorRateInsight\"]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let theirs = InsightSelector::builder()
            .insight_type(InsightType::ApiCallRateInsight)
            .event_categories(SourceEventCategory::Data)
            .build();
        let put = bench.client.put_insight_selectors().trail_name("baseline");
        let put = put.insight_selectors(theirs.clone());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let read = bench.client.get_insight_selectors().trail_name("baseline");
        let read = read.send().await.expect("read");
        assert_eq!(read.insight_selectors()[0], theirs);
        assert_eq!(read.insight_selectors().len(), 2);
    });
}

#[test]
fn the_organizations_trail_is_enough() {
    let bench = Bench::with("data_events = [{ s3 = \"all\" }]");
    let id = &bench.account.id;
    let trail = json!({"Name": "org", "HomeRegion": OTHER});
    emulator().admin("account", json!({"account": id, "organization_trail": trail}));
    let before = bench.account.writes().len();
    bench.asks("");
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = plan.says(
        "managed by the organization's trail arn:aws:cloudtrail:eu-west-1:999999999999:trail/org",
    );
    bench.asks("data_events = [{ s3 = \"all\" }]");
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
    let _ = plan.says("does not log all data events asked for: s3");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
    // What a member may ask and is denied is not seen.
    bench.asks("");
    let denied = json!([{"operation": "GetTrailStatus", "action": "denied", "count": null}]);
    bench.account.faults(denied);
    let drift = bench.account.run(&["drift"]).exits(4);
    let _ = drift.says("allow cloudtrail:GetTrailStatus");
    bench.account.faults(json!([]));
    for (change, said) in [
        (json!({"Logging": false}), "there is no trail"),
        (
            json!({"LatestDeliveryError": "AccessDenied"}),
            "to deliver log files failed: AccessDenied",
        ),
        (
            json!({"HasCustomEventSelectors": true}),
            "whether it logs all management events cannot be verified",
        ),
    ] {
        let mut trail = json!({"Name": "org", "HomeRegion": OTHER});
        let change = change.as_object().expect("members").clone();
        trail.as_object_mut().expect("members").extend(change);
        let settings = json!({"account": id, "organization_trail": trail});
        emulator().admin("account", settings);
        let _ = bench.account.run(&["drift"]).exits(2).says(said);
    }
}

#[test]
fn an_alias_stands_for_its_key() {
    let bench = Bench::with("");
    bench.asks(&format!("bucket = \"{}\"\nkms_key = \"alias/trail\"", bench.bucket));
    block_on(async {
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("there is no key alias/trail");
        let key = kms::with_alias(&bench.account, "alias/trail");
        bench.account.assert_converges();
        assert_eq!(bench.only_trail().await.kms_key_id(), Some(&*key.arn));
        key.disable(&bench.account);
        let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
        let _ = plan.says("cannot be used: it is Disabled");
    });
}

#[test]
fn a_bucket_that_refuses_log_files_fails_with_what_aws_says_and_later_is_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        let s3 = s3(&bench.account).await;
        let delete = s3.delete_bucket_policy().bucket(&bench.bucket);
        delete.send().await.expect("deleted");
        let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
        let _ = apply.says("InsufficientS3BucketPolicyException");
        let put = s3.put_bucket_policy().bucket(&bench.bucket);
        let put = put.policy(delivery(&bench.bucket, &bench.account.id).to_string());
        put.send().await.expect("set");
        bench.account.assert_converges();
        let delete = s3.delete_bucket_policy().bucket(&bench.bucket);
        delete.send().await.expect("deleted");
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("to deliver log files failed: AccessDenied");
    });
}

#[test]
fn a_denied_read_is_unknown_and_creates_nothing() {
    let bench = Bench::with("");
    let refused = |operation: &str| {
        let before = bench.account.writes().len();
        let denied = json!([{"operation": operation, "action": "denied", "count": null}]);
        bench.account.faults(denied);
        let plan = bench.account.run(&["plan"]).exits(4);
        let _ = plan.says(&format!("allow cloudtrail:{operation}"));
        let _ = bench.account.run(&["apply", "--auto-approve"]).exits(4);
        assert!(bench.writes_since(before).is_empty());
    };
    refused("DescribeTrails");
    block_on(bench.trail("audit", HOME));
    refused("GetTrailStatus");
    refused("GetEventSelectors");
    refused("ListTags");
}

#[test]
fn nothing_is_asked_twice() {
    let bench = Bench::with("insights = [\"ApiCallRateInsight\"]");
    bench.account.assert_converges();
    let before = bench.account.operations().len();
    let _ = bench.account.run(&["plan"]).exits(0);
    let mut asked = bench.account.operations().split_off(before);
    asked.sort();
    assert_eq!(
        asked,
        [
            "cloudtrail:DescribeTrails",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetInsightSelectors",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
            "iam:ListAccountAliases",
            "s3:GetBucketEncryption",
            "s3:GetBucketLifecycleConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketReplication",
            "s3:GetPublicAccessBlock",
            "s3:ListBuckets",
            "sts:GetCallerIdentity",
        ]
    );
}

#[test]
fn switching_off_is_loosening() {
    let bench = Bench::with("");
    bench.account.assert_converges();
    bench.asks("enabled = false");
    let _ = bench
        .account
        .run(&["apply", "--auto-approve"])
        .exits(6)
        .says("--allow-loosening cloudtrail");
    let allowed = ["apply", "--auto-approve", "--allow-loosening", "cloudtrail"];
    let _ = bench.account.run(&allowed).exits(0);
    block_on(async { assert!(!bench.is_logging("baseline").await) });
}

#[test]
fn what_is_wrong_in_the_table_is_told_before_anything_is_asked() {
    let bench = Bench::with("");
    let before = bench.account.operations().len();
    bench.asks("data_events = [{ s3 = \"some\" }]\ninsights = [\"ApiCallRate\"]");
    let run = bench.account.run(&["plan"]).exits(1);
    let run = run.says("expected \"all\" or a list");
    let _ = run.says("did you mean 'ApiCallRateInsight'?");
    bench.asks(
        "name = \"a--b\"\nkms_key = \"trail\"\nglobal_events = { exactly = false }\n\
         data_events = [{ access = \"read\" }, { lambda = [\"f\"] }, { s3 = [] }]",
    );
    let run = bench.account.run(&["plan"]).exits(1).says("6 problems");
    let run = run.says("'f' is not the ARN of a function");
    let run = run.says("name one of s3, lambda and dynamodb");
    let _ = run.says("a trail that records all regions includes global events");
    assert_eq!(bench.account.operations().len(), before);
}

/// The account with a log bucket and a trail that this baseline created, and a client to tamper
/// with it.
fn converged(settings: &str) -> (Account, Client) {
    let account = Account::with(&format!("[log_bucket]\n[cloudtrail]\n{settings}"));
    account.assert_converges();
    let client = block_on(async { Client::new(&account.sdk().await) });
    (account, client)
}

/// Whether drift sees the trail, and an apply puts it back.
fn is_seen(account: &Account, said: &str) {
    let _ = account.run(&["drift"]).exits(2).says("cloudtrail").says(said);
}

fn is_put_back(account: &Account, said: &str) {
    is_seen(account, said);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn what_blinds_the_trail_is_seen_and_put_back() {
    let (account, client) = converged("");
    let stranger = Account::new();
    block_on(async {
        let stolen = format!("stolen-{}", stranger.id);
        let s3_of = s3(&stranger).await;
        let create = s3_of.create_bucket().bucket(&stolen);
        create.send().await.expect("created");
        let open = delivery(&stolen, &account.id);
        let put = s3_of.put_bucket_policy().bucket(&stolen).policy(open.to_string());
        put.send().await.expect("set");
        let update = || client.update_trail().name("baseline");
        update().s3_bucket_name(&stolen).send().await.expect("moved");
        is_put_back(&account, &stolen);

        let other = format!("other-{}", account.id);
        let s3 = s3(&account).await;
        s3.create_bucket().bucket(&other).send().await.expect("created");
        let open = delivery(&other, &account.id);
        let put = s3.put_bucket_policy().bucket(&other).policy(open.to_string());
        put.send().await.expect("set");
        update().s3_bucket_name(&other).send().await.expect("moved");
        is_put_back(&account, &other);

        let logs = format!("baseline-logs-{}-{HOME}", account.id);
        let before = s3.get_bucket_policy().bucket(&logs).send().await.expect("read");
        let before = before.policy().expect("a policy").to_owned();
        let open = delivery(&logs, &account.id).to_string();
        let put = s3.put_bucket_policy().bucket(&logs).policy(open);
        put.send().await.expect("set");
        update().s3_key_prefix("hidden").send().await.expect("moved");
        let put = s3.put_bucket_policy().bucket(&logs).policy(before);
        put.send().await.expect("set");
        is_put_back(&account, "prefix is hidden");

        let single = update().is_multi_region_trail(false);
        single.send().await.expect("changed");
        is_put_back(&account, "multi_region is false");
        let unsigned = update().enable_log_file_validation(false);
        unsigned.send().await.expect("changed");
        is_put_back(&account, "log_file_validation is false");
    });
}

#[test]
fn management_events_that_are_left_out_are_seen() {
    let (account, client) = converged("");
    block_on(async {
        let put = |selector: EventSelector| {
            let put = client.put_event_selectors().trail_name("baseline");
            put.event_selectors(selector).send()
        };
        let without =
            |source: &str| EventSelector::builder().exclude_management_event_sources(source);
        put(without("kms.amazonaws.com").build()).await.expect("put");
        is_seen(&account, "leaves out the management events of kms.amazonaws.com");
        let reads = EventSelector::builder().read_write_type(ReadWriteType::ReadOnly);
        put(reads.build()).await.expect("put");
        is_seen(&account, "logs management events only in part: read");
    });
    let allowed = "[log_bucket]\n[cloudtrail]\nmanagement_events_except = [\"kms.amazonaws.com\"]";
    account.baseline(&account.in_one_region(allowed));
    block_on(async {
        let except = EventSelector::builder().exclude_management_event_sources("kms.amazonaws.com");
        let put = client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(except.build());
        put.send().await.expect("put");
    });
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

/// Creates a log group: no client of this project does.
fn create_log_group(account: &Account, name: &str) {
    use std::io::{Read, Write};
    let endpoint = emulator().endpoint();
    let host = endpoint.trim_start_matches("http://");
    let body = json!({"logGroupName": name}).to_string();
    let (id, length) = (&account.id, body.len());
    let scope = format!("{id}/20260101/{HOME}/logs/aws4_request");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-amz-json-1.1\r\n\
         X-Amz-Target: Logs_20140328.CreateLogGroup\r\nX-Amz-Date: 20260101T000000Z\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\
         \r\n{body}"
    );
    let mut stream = std::net::TcpStream::connect(host).expect("the emulator listens");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_key_that_is_disabled_and_a_log_group_that_is_taken_away_are_seen() {
    let account = Account::with("");
    create_log_group(&account, "trail");
    block_on(async {
        let sdk = account.sdk().await;
        let client = Client::new(&sdk);
        let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}});
        iam::create_role(&account, "trail-logs", &trust);
        let key = kms::create(&account);
        let table = format!(
            "[log_bucket]\n[cloudtrail]\nkms_key = \"{}\"\n\
             cloudwatch_logs = {{ group = \"trail\", role = \"trail-logs\" }}",
            key.arn
        );
        account.baseline(&account.in_one_region(&table));
        account.assert_converges();
        let away = client.update_trail().name("baseline");
        let away = away.cloud_watch_logs_log_group_arn("").cloud_watch_logs_role_arn("");
        away.send().await.expect("taken away");
        is_put_back(&account, "cloudwatch_logs");
        key.disable(&account);
        is_seen(&account, "it is Disabled");
        // Without the key in the file, the key of the trail is judged all the same.
        account.baseline(&account.in_one_region("[log_bucket]\n[cloudtrail]"));
        is_seen(&account, "which encrypts the log files of trail baseline, is Disabled");
    });
}

#[test]
fn a_vendors_trail_of_data_events_is_not_taken_for_the_audit_trail() {
    let bench = Bench::with("");
    block_on(async {
        let create = bench.client.create_trail().name("vendor");
        let create = create.s3_bucket_name(&bench.bucket).send().await;
        create.expect("created");
        let objects = selector(vec![
            field("eventCategory").equals("Data").build().expect("one"),
            field("resources.type").equals("AWS::S3::Object").build().expect("one"),
        ]);
        let put = bench.client.put_event_selectors().trail_name("vendor");
        let put = put.advanced_event_selectors(objects.clone());
        put.send().await.expect("put");
        bench.account.assert_converges();
        assert_eq!(bench.selectors("vendor").await, [objects]);
        assert!(bench.is_logging("baseline").await);
        assert!(!bench.is_logging("vendor").await);
    });
}

#[test]
fn a_trail_that_a_stack_manages_is_left_alone_until_the_table_names_it() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("landing-zone", HOME).await;
        let tag = aws_sdk_cloudtrail::types::Tag::builder()
            .key("aws:cloudformation:stack-name")
            .value("landing-zone");
        let arn = bench.only_trail().await.trail_arn().expect("an ARN").to_owned();
        let tags = bench.client.add_tags().resource_id(arn);
        let tags = tags.tags_list(tag.build().expect("a tag"));
        tags.send().await.expect("tagged");
        let update = bench.client.update_trail().name("landing-zone");
        let update = update.enable_log_file_validation(false);
        update.send().await.expect("changed");
    });
    let before = bench.account.writes().len();
    let plan = bench.account.run(&["plan"]).exits(0);
    let _ = plan.says("managed by the CloudFormation stack landing-zone");
    let drift = bench.account.run(&["drift"]).exits(2);
    let _ = drift.says("the log files of the trail landing-zone cannot be validated");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
    bench.asks("name = \"landing-zone\"");
    let _ = bench.account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(bench.writes_since(before), ["cloudtrail:UpdateTrail"]);
}

#[test]
fn a_statement_that_keeps_the_deliveries_out_is_named_before_anything_is_tried() {
    let account = Account::with("[log_bucket]\nname = \"logs-{account}\"\n[cloudtrail]");
    let bucket = format!("logs-{}", account.id);
    block_on(async {
        let s3 = s3(&account).await;
        s3.create_bucket().bucket(&bucket).send().await.expect("created");
        let deny = json!({"Version": "2012-10-17", "Statement": {
            "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}}});
        let put = s3.put_bucket_policy().bucket(&bucket).policy(deny.to_string());
        put.send().await.expect("set");
    });
    let _ = account.run(&["apply", "--auto-approve"]).says("statement OnlyEncrypted");
    assert!(!account.writes().contains(&"cloudtrail:CreateTrail".to_owned()));
    let _ = account.run(&["drift"]).exits(2).says("denies the deliveries of CloudTrail");
}

#[test]
fn a_key_in_another_region_than_the_bucket_is_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        let bucket = format!("eu-logs-{}", bench.account.id);
        let config = aws_sdk_s3::config::Builder::from(&bench.account.sdk().await);
        let config = config.force_path_style(true).region(aws_config::Region::new(OTHER));
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuWest1);
        let create = s3.create_bucket().bucket(&bucket);
        let create = create.create_bucket_configuration(place.build());
        create.send().await.expect("created");
        let put = s3.put_bucket_policy().bucket(&bucket);
        let put = put.policy(delivery(&bucket, &bench.account.id).to_string());
        put.send().await.expect("set");
        let away = in_region(&bench.account, OTHER).await;
        let create = away.create_trail().name("main").s3_bucket_name(&bucket);
        let create = create.is_multi_region_trail(true).include_global_service_events(true);
        create.send().await.expect("created");
        let key = kms::with_alias(&bench.account, "alias/trail");
        bench.asks("kms_key = \"alias/trail\"");
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("there is no key alias/trail in eu-west-1");
        bench.asks(&format!("kms_key = \"{}\"", key.arn));
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("the bucket of the trail is in eu-west-1");
    });
}

#[test]
fn what_an_earlier_run_wrote_a_moment_ago_is_waited_for_as_well() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let bucket_only = ["apply", "--auto-approve", "--target", "log_bucket"];
    let _ = account.run(&bucket_only).exits(0);
    // The policy of the bucket has not reached CloudTrail yet.
    account.faults(json!([{"operation": "CreateTrail", "action": "error", "status": 403,
        "code": "InsufficientS3BucketPolicyException", "message": "not yet"}]));
    let apply = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = apply.says("waiting for the bucket's policy to reach");
}

#[test]
fn a_refusal_with_status_403_that_is_no_denial_is_not_taken_for_one() {
    let bench = Bench::with("");
    bench.account.faults(json!([{"operation": "CreateTrail", "action": "error", "status": 403,
        "code": "MaximumNumberOfTrailsExceededException", "message": "five trails"}]));
    let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
    let said = apply.says("MaximumNumberOfTrailsExceededException");
    assert!(!said.stderr.contains("permissions") && !said.stdout.contains("allow cloudtrail"));
}

#[test]
fn a_key_of_another_account_is_looked_at_where_its_policy_allows_it() {
    let bench = Bench::with("");
    let theirs = Account::new();
    block_on(async {
        let key = kms::create(&theirs);
        bench.asks(&format!("bucket = \"{}\"\nkms_key = \"{}\"", bench.bucket, key.arn));
        let plan = bench.account.run(&["plan"]).exits(0);
        let _ = plan.says("does not let this account look (kms:DescribeKey)");
        bench.account.assert_converges();
        key.let_in(&theirs, &[&theirs, &bench.account]);
        key.disable(&theirs);
        let drift = bench.account.run(&["drift"]).exits(2);
        let _ = drift.says("cannot be used: it is Disabled");
    });
}

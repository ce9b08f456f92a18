//! cloudtrail, through the binary.

mod adopted;
mod delivery;
mod events;
mod first;
mod tampered;

use crate::account::{Account, HOME, block_on};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, Trail};
use serde_json::{Value, json};

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

#[test]
fn a_refusal_with_status_403_that_is_no_denial_is_not_taken_for_one() {
    let bench = Bench::with("");
    bench.account.faults(json!([{"operation": "CreateTrail", "action": "error", "status": 403,
        "code": "MaximumNumberOfTrailsExceededException", "message": "five trails"}]));
    let apply = bench.account.run(&["apply", "--auto-approve"]).exits(3);
    let said = apply.says("MaximumNumberOfTrailsExceededException");
    assert!(!said.stderr.contains("permissions") && !said.stdout.contains("allow cloudtrail"));
}

//! An account that people have lived in: of everything that the baseline looks after something is
//! there already, and less than it asks for.

use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::public_access_block::Endpoint;
use crate::{iam, kms, recorders};
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector};
use aws_sdk_guardduty::types as guardduty;
use aws_sdk_s3::types as s3;
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";

/// What prepares it, changes it behind the tool, and looks at it.
pub struct LivedIn;

impl LivedIn {
    /// What is asked of it.
    pub fn baseline(account: &Account) -> String {
        account.in_one_region(&format!(
            r#"
            [password_policy]
            minimum_length = 14
            [public_access_block]
            [log_bucket]
            name = "logs-{{account}}"
            [cloudtrail]
            bucket = "logs-{{account}}"
            prefix = "trail"
            kms_key = "alias/trail"
            data_events = [{{ lambda = "all" }}]
            insights = ["ApiCallRateInsight"]
            [config]
            bucket = "logs-{{account}}"
            role = "service-linked"
            prefix = "config"
            frequency = "continuous"
            snapshot_frequency = "Six_Hours"
            [guardduty]
            publishing_frequency = "FIFTEEN_MINUTES"
            [guardduty.features]
            S3_DATA_EVENTS = true
            RDS_LOGIN_EVENTS = {{ exactly = false }}
            RUNTIME_MONITORING = {{ enabled = true, EC2_AGENT_MANAGEMENT = true }}
            [[budgets]]
            name = "monthly"
            limit = "100 USD"
            alerts = [
              {{ at = "80%", email = ["billing@example.com"] }},
              {{ at = "90.5%", email = ["billing@example.com"], sns = "{TOPIC}" }},
            ]
            [[buckets]]
            match = ["*"]
            ssl_only = true
            "#
        ))
    }

    /// The account, and its baseline.
    pub fn prepared() -> Account {
        let account = Account::new();
        account.baseline(&Self::baseline(&account));
        block_on(async {
            Self::prepare_settings(&account).await;
            Self::prepare_buckets(&account).await;
            Self::prepare_trail(&account).await;
            Self::prepare_recorder(&account).await;
            Self::prepare_detector(&account).await;
            Self::prepare_budget(&account).await;
        });
        account
    }

    async fn s3(account: &Account) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// A bucket as it was made long ago, without anything.
    pub async fn bucket(account: &Account, name: &str) {
        let s3 = Self::s3(account).await;
        let create = s3.create_bucket().bucket(name);
        create.send().await.expect("created");
        let delete = s3.delete_bucket_ownership_controls().bucket(name);
        delete.send().await.expect("no ownership");
    }

    async fn put_policy(account: &Account, bucket: &str, statements: Value) {
        let policy = json!({"Version": "2012-10-17", "Id": "theirs", "Statement": statements});
        let s3 = Self::s3(account).await;
        let put = s3.put_bucket_policy().bucket(bucket);
        put.policy(policy.to_string()).send().await.expect("set");
    }

    async fn policy(account: &Account, bucket: &str) -> Value {
        let s3 = Self::s3(account).await;
        let answer = s3.get_bucket_policy().bucket(bucket).send().await;
        let text = answer.expect("a policy").policy.expect("its text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Lets CloudTrail and Config deliver, and two users of the account read.
    fn statements(account: &Account, bucket: &str) -> Value {
        let arn = format!("arn:aws:s3:::{bucket}");
        let objects = format!("{arn}/*");
        let root = format!("arn:aws:iam::{}:root", account.id);
        let services = json!({"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]});
        json!([
            {"Sid": "Check", "Effect": "Allow", "Principal": services,
             "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": arn},
            {"Sid": "Deliver", "Effect": "Allow", "Principal": services,
             "Action": "s3:PutObject", "Resource": objects},
            {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": [root]},
             "Action": "s3:GetObject", "Resource": objects},
        ])
    }

    async fn prepare_settings(account: &Account) {
        let sdk = account.sdk().await;
        let weak = [("MinimumPasswordLength", "8"), ("MaxPasswordAge", "77")];
        iam::set_password_policy(account, &weak);
        let s3control = aws_sdk_s3control::config::Builder::from(&sdk)
            .endpoint_resolver(Endpoint(emulator().endpoint()))
            .build();
        let s3control = aws_sdk_s3control::Client::from_conf(s3control);
        let one = aws_sdk_s3control::types::PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .build();
        let put = s3control.put_public_access_block().account_id(&account.id);
        let put = put.public_access_block_configuration(one);
        put.send().await.expect("set");
    }

    async fn prepare_buckets(account: &Account) {
        let s3 = Self::s3(account).await;
        let [logs, old, data] =
            ["logs", "old", "data"].map(|name| format!("{name}-{}", account.id));
        for bucket in [&logs, &old, &data] {
            Self::bucket(account, bucket).await;
        }
        Self::put_policy(account, &logs, Self::statements(account, &logs)).await;
        Self::put_policy(account, &old, Self::statements(account, &old)).await;
        let rule = s3::LifecycleRule::builder()
            .id("theirs")
            .status(s3::ExpirationStatus::Enabled)
            .filter(s3::LifecycleRuleFilter::builder().prefix("tmp/").build())
            .expiration(s3::LifecycleExpiration::builder().days(500).build());
        let rules = s3::BucketLifecycleConfiguration::builder()
            .rules(rule.build().expect("a rule"))
            .build();
        let put = s3.put_bucket_lifecycle_configuration().bucket(&logs);
        let put = put.lifecycle_configuration(rules.expect("rules"));
        put.send().await.expect("set");
        let owner = s3::OwnershipControlsRule::builder()
            .object_ownership(s3::ObjectOwnership::BucketOwnerPreferred)
            .build();
        let owner = s3::OwnershipControls::builder().rules(owner.expect("a rule"));
        let put = s3.put_bucket_ownership_controls().bucket(&logs);
        let put = put.ownership_controls(owner.build().expect("rules"));
        put.send().await.expect("set");
        let one = s3::PublicAccessBlockConfiguration::builder().ignore_public_acls(true).build();
        let put = s3.put_public_access_block().bucket(&logs);
        let put = put.public_access_block_configuration(one);
        put.send().await.expect("set");
    }

    fn selector(category: &str, kind: Option<&str>) -> AdvancedEventSelector {
        let field = |name: &str, value: &str| {
            let field = AdvancedFieldSelector::builder().field(name).equals(value);
            field.build().expect("a field")
        };
        let kind = kind.map(|kind| field("resources.type", kind));
        AdvancedEventSelector::builder()
            .set_field_selectors(Some(
                [field("eventCategory", category)].into_iter().chain(kind).collect(),
            ))
            .build()
            .expect("a selector")
    }

    /// Of one region, stopped, with a selector of theirs.
    async fn prepare_trail(account: &Account) {
        let sdk = account.sdk().await;
        kms::with_alias(account, "alias/trail");
        let cloudtrail = aws_sdk_cloudtrail::Client::new(&sdk);
        let create = cloudtrail.create_trail().name("audit");
        let create = create
            .s3_bucket_name(format!("old-{}", account.id))
            .include_global_service_events(false);
        create.send().await.expect("created");
        let put = cloudtrail.put_event_selectors().trail_name("audit");
        let put = put
            .advanced_event_selectors(Self::selector("Management", None))
            .advanced_event_selectors(Self::selector("Data", Some("AWS::EC2::Snapshot")));
        put.send().await.expect("set");
    }

    /// Stopped, and with buckets alone; a channel to another bucket.
    async fn prepare_recorder(account: &Account) {
        let volumes = json!({
            "resourceTypes": ["AWS::EC2::Volume"], "recordingFrequency": "CONTINUOUS",
            "description": "theirs",
        });
        let recorder = json!({
            "name": "default2",
            "roleARN": format!("arn:aws:iam::{}:role/their-role", account.id),
            "recordingGroup": {"resourceTypes": ["AWS::S3::Bucket"]},
            "recordingMode": {"recordingFrequency": "DAILY", "recordingModeOverrides": [volumes]},
        });
        recorders::put_recorder(account, HOME, recorder);
        let bucket = format!("old-{}", account.id);
        let channel = json!({"name": "their-channel", "s3BucketName": bucket});
        recorders::put_channel(account, HOME, channel);
    }

    fn feature(name: &str, status: &str) -> guardduty::DetectorFeatureConfiguration {
        guardduty::DetectorFeatureConfiguration::builder()
            .name(name.into())
            .status(status.into())
            .build()
    }

    /// Suspended.
    async fn prepare_detector(account: &Account) {
        let client = aws_sdk_guardduty::Client::new(&account.sdk().await);
        let create = client.create_detector().enable(false);
        let create = create
            .finding_publishing_frequency(guardduty::FindingPublishingFrequency::OneHour)
            .features(Self::feature("S3_DATA_EVENTS", "DISABLED"));
        create.send().await.expect("a detector");
    }

    fn alert(threshold: f64) -> aws_sdk_budgets::types::Notification {
        use aws_sdk_budgets::types::{ComparisonOperator, Notification, NotificationType};
        let alert = Notification::builder()
            .notification_type(NotificationType::Actual)
            .comparison_operator(ComparisonOperator::GreaterThan)
            .threshold(threshold);
        alert.build().expect("complete")
    }

    fn subscriber(address: &str) -> aws_sdk_budgets::types::Subscriber {
        let subscriber = aws_sdk_budgets::types::Subscriber::builder();
        let subscriber = subscriber
            .subscription_type(aws_sdk_budgets::types::SubscriptionType::Email)
            .address(address);
        subscriber.build().expect("complete")
    }

    /// Of 500 USD, with two alerts.
    async fn prepare_budget(account: &Account) {
        use aws_sdk_budgets::types as budgets;
        let client = aws_sdk_budgets::Client::new(&account.sdk().await);
        let limit = budgets::Spend::builder().amount("500").unit("USD");
        let budget = budgets::Budget::builder()
            .budget_name("monthly")
            .budget_type(budgets::BudgetType::Cost)
            .time_unit(budgets::TimeUnit::Monthly)
            .budget_limit(limit.build().expect("complete"));
        let subscribed = |threshold| {
            let subscribed = budgets::NotificationWithSubscribers::builder()
                .notification(Self::alert(threshold))
                .subscribers(Self::subscriber("owner@example.com"));
            subscribed.build().expect("complete")
        };
        let create = client.create_budget().account_id(&account.id);
        let create = create
            .budget(budget.build().expect("complete"))
            .notifications_with_subscribers(subscribed(40.0))
            .notifications_with_subscribers(subscribed(80.0));
        create.send().await.expect("created");
    }

    /// What people change after an apply.
    pub async fn others_go_on(account: &Account) {
        let sdk = account.sdk().await;
        let cloudtrail = aws_sdk_cloudtrail::Client::new(&sdk);
        let update = cloudtrail.update_trail().name("audit");
        update.s3_key_prefix("moved").send().await.expect("set");
        let read = cloudtrail.get_event_selectors().trail_name("audit");
        let mut selectors = read.send().await.expect("read");
        let selectors = selectors.advanced_event_selectors.take().unwrap_or_default();
        let more = Self::selector("Data", Some("AWS::SQS::Queue"));
        let put = cloudtrail.put_event_selectors().trail_name("audit");
        let put = put.set_advanced_event_selectors(Some([selectors, vec![more]].concat()));
        put.send().await.expect("set");

        let guardduty = aws_sdk_guardduty::Client::new(&sdk);
        let detectors = guardduty.list_detectors().send().await.expect("read");
        let update = guardduty.update_detector().detector_id(&detectors.detector_ids()[0]);
        let update = update.features(Self::feature("LAMBDA_NETWORK_LOGS", "DISABLED"));
        update.send().await.expect("set");

        let mut channel = recorders::channel(account, HOME);
        channel["snsTopicARN"] = json!(TOPIC);
        recorders::put_channel(account, HOME, channel);

        let budgets = aws_sdk_budgets::Client::new(&sdk);
        let add = budgets.create_subscriber().account_id(&account.id);
        let add = add
            .budget_name("monthly")
            .notification(Self::alert(90.5))
            .subscriber(Self::subscriber("friend@example.com"));
        add.send().await.expect("added");
        let add = budgets.create_notification().account_id(&account.id);
        let add = add
            .budget_name("monthly")
            .notification(Self::alert(60.0))
            .subscribers(Self::subscriber("friend@example.com"));
        add.send().await.expect("added");

        for name in ["logs", "old", "data"] {
            let bucket = format!("{name}-{}", account.id);
            let mut policy = Self::policy(account, &bucket).await;
            let statements = policy["Statement"].as_array_mut().expect("a list");
            if name == "data" {
                statements[0]["Action"] = json!(["s3:*", "s3:Get*"]);
                statements[0]["Condition"]["Bool"]["aws:SecureTransport"] = json!("false");
            }
            statements.push(json!({
                "Sid": "Later", "Effect": "Deny", "Principal": "*",
                "Action": "s3:DeleteBucket", "Resource": format!("arn:aws:s3:::{bucket}"),
            }));
            let s3 = Self::s3(account).await;
            let put = s3.put_bucket_policy().bucket(&bucket);
            put.policy(policy.to_string()).send().await.expect("set");
        }
    }

    /// What they changed is there, and what the run changed is not.
    pub async fn assert_others_kept(account: &Account) {
        let sdk = account.sdk().await;
        let cloudtrail = aws_sdk_cloudtrail::Client::new(&sdk);
        let trails = cloudtrail.describe_trails().send().await.expect("read");
        let trail = &trails.trail_list()[0];
        assert_eq!(trail.s3_key_prefix(), Some("moved"));
        assert_eq!(trail.s3_bucket_name(), Some(&*format!("old-{}", account.id)));
        assert_eq!(trail.kms_key_id(), None);
        let read = cloudtrail.get_event_selectors().trail_name("audit");
        let selectors = read.send().await.expect("read");
        let theirs = [
            Self::selector("Management", None),
            Self::selector("Data", Some("AWS::EC2::Snapshot")),
            Self::selector("Data", Some("AWS::SQS::Queue")),
        ];
        assert_eq!(selectors.advanced_event_selectors(), theirs);

        let guardduty = aws_sdk_guardduty::Client::new(&sdk);
        let detectors = guardduty.list_detectors().send().await.expect("read");
        let get = guardduty.get_detector().detector_id(&detectors.detector_ids()[0]);
        let detector = get.send().await.expect("read");
        let is_on = |name: &str| {
            let mut features = detector.features().iter();
            let feature = features.find(|own| own.name().map(|n| n.as_str()) == Some(name));
            feature.and_then(|own| own.status()).map(|s| s.as_str().to_owned())
        };
        for (name, status) in [
            ("LAMBDA_NETWORK_LOGS", "DISABLED"),
            ("S3_DATA_EVENTS", "DISABLED"),
            ("RDS_LOGIN_EVENTS", "ENABLED"),
        ] {
            assert_eq!(is_on(name).as_deref(), Some(status), "{name}");
        }

        let channel = recorders::channel(account, HOME);
        assert_eq!(channel["snsTopicARN"], TOPIC);
        assert_eq!(channel["s3BucketName"], format!("old-{}", account.id));

        let budgets = aws_sdk_budgets::Client::new(&sdk);
        let read = budgets.describe_notifications_for_budget().account_id(&account.id);
        let alerts = read.budget_name("monthly").send().await.expect("read");
        let mut thresholds: Vec<f64> = alerts.notifications().iter().map(|n| n.threshold).collect();
        thresholds.sort_by(f64::total_cmp);
        assert_eq!(thresholds, [40.0, 60.0, 80.0, 90.5]);
        for (threshold, reader) in [(80.0, "owner@example.com"), (90.5, "friend@example.com")] {
            let read = budgets.describe_subscribers_for_notification();
            let read = read
                .account_id(&account.id)
                .budget_name("monthly")
                .notification(Self::alert(threshold));
            let found = read.send().await.expect("read");
            let found: Vec<&str> = found.subscribers().iter().map(|s| s.address()).collect();
            assert_eq!(found, [reader]);
        }

        for (name, wanted) in [
            ("logs", &["Check", "Deliver", "Theirs", "Later"][..]),
            ("old", &["Check", "Deliver", "Theirs", "Later"][..]),
            ("data", &["BaselineDenyInsecureTransport", "Later"][..]),
        ] {
            let policy = Self::policy(account, &format!("{name}-{}", account.id)).await;
            let statements = policy["Statement"].as_array().expect("a list").iter();
            let sids: Vec<&str> = statements.filter_map(|own| own["Sid"].as_str()).collect();
            assert_eq!(sids, wanted, "{name}");
        }
    }

    /// Deletes what a run has changed.
    pub async fn delete_bucket_and_detector(account: &Account, bucket: &str) {
        let s3 = Self::s3(account).await;
        let delete = s3.delete_bucket().bucket(bucket);
        delete.send().await.expect("deleted");
        let guardduty = aws_sdk_guardduty::Client::new(&account.sdk().await);
        let detectors = guardduty.list_detectors().send().await.expect("read");
        let delete = guardduty.delete_detector();
        let delete = delete.detector_id(&detectors.detector_ids()[0]);
        delete.send().await.expect("deleted");
    }
}

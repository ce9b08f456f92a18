//! What fails on the way or at AWS is told for what it is, tried again where that can help, and
//! leaves nothing half done or done twice.

use crate::account::{Account, Run, block_on};
use crate::listener::{Tls, always, http, nobody};
use crate::tables::everything;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

fn output(mut command: Command) -> Run {
    Run::from(command.output().expect("the binary runs"))
}

/// A plan of an account whose AWS is elsewhere, with one attempt for each request.
fn plan_at(account: &Account, endpoint: &str) -> Command {
    let mut command = account.command(&["plan"]);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_MAX_ATTEMPTS", "1");
    command
}

/// How often an operation was asked.
fn times(account: &Account, operation: &str) -> usize {
    let asked = account.operations();
    asked.iter().filter(|name| *name == operation).count()
}

#[test]
fn every_spelling_of_throttling_is_waited_out() {
    for (code, status) in [
        ("Throttling.User", 400),
        ("Throttled", 400),
        ("RequestThrottled", 400),
        ("SomethingNew", 429),
        ("SlowDown", 503),
    ] {
        let account = Account::with(POLICY);
        account.faults(json!([{"operation": "GetAccountPasswordPolicy", "action": "error",
            "code": code, "status": status, "message": "Rate exceeded"}]));
        let _ = account.run(&["plan"]).exits(0);
        assert_eq!(times(&account, "iam:GetAccountPasswordPolicy"), 2, "{code}");
    }
}

#[test]
fn a_quota_is_told_at_once() {
    let account = Account::with(POLICY);
    account.faults(json!([{"operation": "UpdateAccountPasswordPolicy", "action": "error",
        "code": "LimitExceededException", "status": 409, "message": "5 at most", "count": null}]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(3).says("LimitExceeded: 5 at most");
    assert_eq!(times(&account, "iam:UpdateAccountPasswordPolicy"), 1);
}

#[test]
fn what_is_created_with_its_answer_lost_or_cut_is_there_once() {
    for action in ["apply_then_drop", "truncate"] {
        let account = Account::new();
        let text = everything(&account).replace(", \"eu-west-1\"", "");
        account.baseline(&text);
        let creates = [
            "CreateBucket",
            "CreateTrail",
            "CreateServiceLinkedRole",
            "CreateDetector",
            "CreateBudget",
        ];
        let rules: Vec<Value> = creates
            .iter()
            .map(|operation| json!({"operation": operation, "action": action}))
            .collect();
        account.faults(json!(rules));
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        for operation in creates {
            let journal = account.journal();
            let struck = |e: &&Value| e["operation"] == operation && e["fault"] == action;
            assert_eq!(journal.iter().filter(struck).count(), 1, "{operation}");
        }
        let drift = account.run(&["drift"]);
        assert!(!drift.stdout.contains("differs  "), "{}", drift.stdout);
    }
}

#[test]
fn a_wrong_clock_is_measured_and_told() {
    let account = Account::with(POLICY);
    let body = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature \
                expired</Message></Error></ErrorResponse>";
    let date = "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\n";
    let address = always(http("403 Forbidden", date, body));
    let _ = output(plan_at(&account, &format!("http://{address}")))
        .exits(1)
        .says("the clock here is ")
        .says(" behind AWS's")
        .says("hint: set the clock of this machine");
}

#[test]
fn credentials_that_expire_stop_the_apply_and_leave_what_is_done() {
    let account = Account::with("[log_bucket]\n[cloudtrail]\n[guardduty]");
    account.faults(json!([{"operation": "PutBucketVersioning", "action": "error",
        "code": "ExpiredToken", "status": 400, "count": null,
        "message": "The provided token has expired."}]));
    // The bucket is there and half set up when the credentials expire.
    let run = account.run(&["apply", "--auto-approve"]);
    let run = run.exits(3).says("ExpiredToken");
    let _ = run.says("hint: renew the credentials").says("what is done stays done");
    assert!(account.writes().contains(&"s3:CreateBucket".to_owned()));
    assert_eq!(times(&account, "s3:PutBucketVersioning"), 1);
    account.faults(json!([]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(times(&account, "s3:CreateBucket"), 1);
}

#[cfg(unix)]
#[test]
fn credentials_of_a_process_are_renewed_before_they_expire() {
    let account = Account::with("[log_bucket]");
    let (id, folder) = (&account.id, account.folder.path().display());
    let script = format!(
        "echo asked >> {folder}/asked\nexpires=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
         echo \"{{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"{id}\\\", \\\"SecretAccessKey\\\": \
         \\\"s\\\", \\\"SessionToken\\\": \\\"t\\\", \\\"Expiration\\\": \\\"$expires\\\"}}\"\n"
    );
    account.write("credentials.sh", &script);
    account.write(
        "config",
        &format!(
            "[profile short]\nregion = us-east-1\ncredential_process = sh {folder}/credentials.sh\n"
        ),
    );
    let mut command = account.command(&["apply", "--auto-approve", "--profile", "short"]);
    command
        .env("AWS_CONFIG_FILE", account.path("config"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let _ = output(command).exits(0);
    let asked = std::fs::read_to_string(account.path("asked")).expect("it was asked");
    assert!(asked.lines().count() > 1, "{asked}");
}

#[test]
fn a_name_that_cannot_be_looked_up_is_told_as_such() {
    let account = Account::with(POLICY);
    let _ = output(plan_at(&account, "http://aws.invalid"))
        .exits(1)
        .says("its name could not be looked up")
        .says("hint: look the name up yourself");
}

#[test]
fn a_proxy_that_is_not_there_or_wants_a_password_is_told_as_such() {
    let account = Account::with(POLICY);
    let refusal = always(http("407 Proxy Authentication Required", "", ""));
    let forbidding = always(http("403 Forbidden", "", ""));
    for (proxy, said) in [
        (nobody(), "the proxy could not be used"),
        (refusal, "the proxy asks for a user name and a password"),
        (forbidding, "the proxy refused to connect to it"),
    ] {
        let mut command = plan_at(&account, "https://aws.invalid");
        command.env("HTTPS_PROXY", format!("http://{proxy}"));
        let _ = output(command).exits(1).says(said).says("hint: check HTTPS_PROXY");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_as_such_and_can_be_trusted() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account]\nid = \"111122223333\"\n[root_user]\nmfa = \"any\"");
    let tls = Tls::start(account.folder.path(), &[]);
    let mut command = plan_at(&account, &tls.endpoint);
    command.env("AWS_REGION", "us-east-1");
    let _ = output(command)
        .exits(1)
        .says("an authority that is not trusted here")
        .says("AWS_CA_BUNDLE=");
    let mut command = plan_at(&account, &tls.endpoint);
    command.env("AWS_REGION", "us-east-1").env("AWS_CA_BUNDLE", &tls.authority);
    // Who am I is answered; nothing else is.
    let _ = output(command).exits(4);
}

#[test]
fn an_expired_certificate_is_told_as_such() {
    let account = Account::with(POLICY);
    let tls = Tls::start(account.folder.path(), &["--expired"]);
    let mut command = plan_at(&account, &tls.endpoint);
    command.env("AWS_CA_BUNDLE", &tls.authority);
    let _ = output(command).exits(1).says("has expired, by the clock here");
}

#[test]
fn a_certificate_that_is_not_trusted_is_asked_for_once() {
    let account = Account::with(POLICY);
    let tls = Tls::start(account.folder.path(), &[]);
    let mut command = account.command(&["plan", "--debug"]);
    command.env("AWS_ENDPOINT_URL", &tls.endpoint);
    let run = output(command).exits(1).says("sts:GetCallerIdentity us-east-1 #1");
    assert!(!run.stderr.contains("#2"), "{}", run.stderr);
}

#[test]
fn what_is_not_seen_in_time_is_unknown() {
    let account = Account::with("[password_policy]\n[guardduty]");
    account.faults(json!([{"operation": "GetAccountPasswordPolicy", "action": "delay",
        "delay_ms": 15000}]));
    let run = account.run(&["plan", "--timeout", "5s"]).exits(4);
    let _ = run
        .says("iam:GetAccountPasswordPolicy in us-east-1: not answered before the time was up")
        .says("hint: give it longer: --timeout")
        .says("guardduty:CreateDetector");
}

#[test]
fn an_apply_whose_time_is_up_finishes_the_call_under_way_and_says_what_is_left() {
    let account = Account::with("[log_bucket]\n[password_policy]");
    account.faults(json!([{"operation": "CreateBucket", "action": "delay", "delay_ms": 9000}]));
    let run = account.run(&["apply", "--auto-approve", "--timeout", "6s"]);
    let _ = run
        .exits(3)
        .says("time limit reached: stopping after the calls in flight")
        .says("stopped after 1 of 5 calls")
        .says("1 change made");
    assert_eq!(times(&account, "s3:CreateBucket"), 1);
    assert_eq!(times(&account, "s3:PutBucketVersioning"), 0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn debug_shows_every_attempt_and_nothing_secret() {
    let account = Account::with(POLICY);
    account.faults(json!([
        {"operation": "GetAccountPasswordPolicy", "action": "throttle"},
        {"operation": "UpdateAccountPasswordPolicy", "action": "drop"},
    ]));
    let run = account.run(&["apply", "--auto-approve", "--debug"]).exits(0);
    let attempts: Vec<&str> = run.stderr.lines().filter(|l| l.contains(" ms")).collect();
    let requests = account.journal();
    let of_apply = requests.len();
    assert_eq!(attempts.len(), of_apply, "{}", run.stderr);
    for part in [
        "iam:GetAccountPasswordPolicy us-east-1 #1  400",
        "iam:GetAccountPasswordPolicy us-east-1 #2",
        "iam:UpdateAccountPasswordPolicy us-east-1 #1  ",
        "iam:UpdateAccountPasswordPolicy us-east-1 #2  200",
    ] {
        assert!(run.stderr.contains(part), "{part}\n{}", run.stderr);
    }
    for secret in ["AWS4-HMAC", "Signature", "secret", "MinimumPasswordLength"] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
}

#[test]
fn whose_fault_a_denial_is_is_told_with_action_and_resource() {
    let account = Account::with(POLICY);
    account.faults(json!([{"operation": "GetAccountPasswordPolicy", "action": "denied",
        "count": null, "resource": "arn:aws:iam::111122223333:account-password-policy",
        "reason": "with an explicit deny in a service control policy"}]));
    let _ = account.run(&["plan"]).exits(4).says(
        "a service control policy of the organization denies iam:GetAccountPasswordPolicy on \
         arn:aws:iam::111122223333:account-password-policy",
    );
}

#[test]
fn a_wait_says_what_it_waits_for() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    account.faults(json!([{"operation": "CreateTrail", "action": "error", "status": 400,
        "code": "InsufficientS3BucketPolicyException", "message": "Incorrect S3 bucket policy"}]));
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(0)
        .says("waiting for the bucket's policy to reach the service that delivers there");
}

/// An account on which everything is as wanted, and its plan.
fn converged() -> (Account, Value) {
    let account = Account::new();
    let text = everything(&account).replace(", \"eu-west-1\"", "");
    account.baseline(&text);
    block_on(async {
        let config = aws_sdk_s3::config::Builder::from(&account.sdk().await).force_path_style(true);
        let create = aws_sdk_s3::Client::from_conf(config.build()).create_bucket();
        let bucket = format!("data-{}", account.id);
        create.bucket(bucket).send().await.expect("created");
    });
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let plan = account.run(&["plan", "--json"]).exits(0).json();
    (account, plan)
}

#[test]
fn members_that_nobody_knows_change_nothing() {
    let (account, plan) = converged();
    account.faults(json!([{"action": "extra_members", "count": null}]));
    let later = account.run(&["plan", "--json"]).exits(0).json();
    assert_eq!(later["entries"], plan["entries"]);
}

#[test]
fn values_that_nobody_knows_break_nothing_and_are_not_taken_for_fine() {
    let (account, _) = converged();
    let writes = account.writes().len();
    let operations: BTreeSet<String> = account.operations().into_iter().collect();
    let mut doubted = Vec::new();
    for operation in operations {
        let name = operation.split(':').nth(1).expect("a name");
        account.faults(json!([{"operation": name, "action": "unknown_values", "count": null}]));
        let run = account.run(&["plan", "--json"]);
        assert!([0, 4].contains(&run.code), "{operation}: {run:?}");
        let plan = run.json();
        let entries = plan["entries"].as_array().expect("entries").iter();
        // In a new emulated account root has no MFA, and nobody hears of alerts.
        let is_new = |e: &&Value| {
            let is_unheard = e["control"] == "alerts" || e["control"] == "trail_alarms";
            e["control"] == "root_user" || (is_unheard && e["verdict"] == "finding")
        };
        let others = entries.filter(|e| e["verdict"] != "ok" && !is_new(e));
        doubted.extend(others.map(|e| format!("{operation}: {}", e["verdict"])));
    }
    // Where what is protected hangs on the value, it is no longer taken for protected.
    let wanted = [
        "accessanalyzer:ListAnalyzers: \"unknown\"",
        "athena:GetWorkGroup: \"change\"",
        "budgets:DescribeBudget: \"finding\"",
        "budgets:DescribeNotificationsForBudget: \"change\"",
        "budgets:DescribeSubscribersForNotification: \"change\"",
        "cloudwatch:DescribeAlarms: \"change\"",
        "config:DescribeConfigurationRecorders: \"unknown\"",
        "config:DescribeConfigurationRecorders: \"unknown\"",
        "detective:ListDatasourcePackages: \"change\"",
        "events:DescribeRule: \"change\"",
        "guardduty:GetDetector: \"change\"",
        "inspector2:BatchGetAccountStatus: \"change\"",
        "inspector2:GetEc2DeepInspectionConfiguration: \"change\"",
        "kms:DescribeKey: \"finding\"",
        "kms:DescribeKey: \"finding\"",
        "macie2:GetAutomatedDiscoveryConfiguration: \"change\"",
        "macie2:GetMacieSession: \"change\"",
        "s3:GetBucketLifecycleConfiguration: \"finding\"",
        "s3:GetBucketLifecycleConfiguration: \"change\"",
        "s3:GetBucketOwnershipControls: \"change\"",
        "s3:GetBucketOwnershipControls: \"change\"",
        "s3:GetBucketOwnershipControls: \"change\"",
        "s3:GetBucketVersioning: \"change\"",
        "securityhub:BatchGetSecurityControls: \"finding\"",
        "securityhub:BatchGetStandardsControlAssociations: \"finding\"",
        "securityhub:DescribeHub: \"change\"",
        "securityhub:GetEnabledStandards: \"finding\"",
        "xray:GetTraceSegmentDestination: \"finding\"",
    ];
    assert_eq!(doubted, wanted);
    assert_eq!(account.writes().len(), writes);
}

//! The baseline for the CIS benchmark: it converges, and in the long tests Prowler finds that the
//! account has what the benchmark asks for.

use crate::account::{Account, HOME};
use crate::emulator::{emulator, root};
use crate::tables::OTHER;
use crate::trust::long;
use serde_json::{Value, json};
use std::process::Command;

const CIS: &str = include_str!("../../baselines/cis.toml");

/// Prowler's checks of the requirements that a setting of an account can meet.
const MET: &[&str] = &[
    "accessanalyzer_enabled",
    "cloudtrail_kms_encryption_enabled",
    "cloudtrail_log_file_validation_enabled",
    "cloudtrail_logs_s3_bucket_access_logging_enabled",
    "cloudtrail_multi_region_enabled",
    "cloudtrail_s3_dataevents_read_enabled",
    "cloudtrail_s3_dataevents_write_enabled",
    "cloudwatch_changes_to_network_acls_alarm_configured",
    "cloudwatch_changes_to_network_gateways_alarm_configured",
    "cloudwatch_changes_to_network_route_tables_alarm_configured",
    "cloudwatch_changes_to_vpcs_alarm_configured",
    "cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
    "cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
    "cloudwatch_log_metric_filter_authentication_failures",
    "cloudwatch_log_metric_filter_aws_organizations_changes",
    "cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
    "cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
    "cloudwatch_log_metric_filter_policy_changes",
    "cloudwatch_log_metric_filter_root_usage",
    "cloudwatch_log_metric_filter_security_group_changes",
    "cloudwatch_log_metric_filter_sign_in_without_mfa",
    "cloudwatch_log_metric_filter_unauthorized_api_calls",
    "config_recorder_all_regions_enabled",
    "ec2_ebs_default_encryption",
    "iam_avoid_root_usage",
    "iam_no_root_access_key",
    "iam_password_policy_minimum_length_14",
    "iam_password_policy_reuse_24",
    "iam_root_hardware_mfa_enabled",
    "iam_root_mfa_enabled",
    "kms_cmk_rotation_enabled",
    "macie_is_enabled",
    "s3_bucket_level_public_access_block",
    "s3_bucket_policy_public_write_access",
    "s3_bucket_secure_transport_policy",
    "securityhub_enabled",
];

/// An account of two regions whose root user is in order, with this baseline.
fn account() -> Account {
    let account = Account::new();
    let root =
        json!({"account": account.id, "mfa": true, "mfa_type": "hardware", "access_keys": 0});
    let _ = emulator().admin("root", root);
    let text = CIS.replace("# id = \"111122223333\"", &format!("id = \"{}\"", account.id));
    let regions = format!("regions = [\"{HOME}\", \"{OTHER}\"]");
    account.baseline(&text.replace("regions = \"enabled\"", &regions));
    account
}

/// Applies it, and has the address confirm that it wants to hear.
fn applied() -> Account {
    let account = account();
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let confirmed = json!({"account": account.id, "endpoint": "security@example.com"});
    let _ = emulator().admin("confirm", confirmed);
    account
}

#[test]
fn the_baseline_for_cis_is_met_by_one_apply_and_one_confirmation() {
    let account = applied();
    let before = account.writes().len();
    let _ = account.run(&["drift"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes().len(), before, "the second apply wrote: {:?}", account.writes());
    account.assert_valid_requests();
}

#[test]
fn prowler_finds_what_cis_asks_for() {
    if !long() {
        return;
    }
    let account = applied();
    let judges = root().join("tests/judges");
    let output = Command::new(judges.join(".venv-prowler/bin/python"))
        .arg(judges.join("cis.py"))
        .arg(account.path("prowler"))
        .args([HOME, OTHER])
        .env_clear()
        .env("HOME", account.folder.path())
        .env("AWS_ENDPOINT_URL", emulator().endpoint())
        .env("AWS_ACCESS_KEY_ID", &account.id)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_DEFAULT_REGION", HOME)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("./test --long installs Prowler");
    let talk = String::from_utf8_lossy(&output.stderr);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{talk}"));
    let failed: Vec<_> = MET.iter().filter(|check| said[**check] != true).collect();
    assert!(failed.is_empty(), "{failed:?} of {said:#}");
}

//! storage_lens, through the binary.

use crate::account::{Account, block_on};
use crate::emulator::emulator;
use aws_sdk_s3control::Client;
use aws_sdk_s3control::types::{
    AccountLevel, BucketLevel, Include, StorageLensConfiguration, StorageLensTag,
};
use serde_json::{Value, json};

const DEFAULT: &str = "default-account-dashboard";

async fn client(account: &Account) -> Client {
    let config = aws_sdk_s3control::config::Builder::from(&account.sdk().await);
    let endpoint = crate::public_access_block::Endpoint(emulator().endpoint());
    Client::from_conf(config.endpoint_resolver(endpoint).build())
}

async fn dashboard(account: &Account) -> StorageLensConfiguration {
    let request = client(account).await.get_storage_lens_configuration();
    let request = request.account_id(&account.id).config_id(DEFAULT);
    let answer = request.send().await.expect("read");
    answer.storage_lens_configuration.expect("a configuration")
}

/// What the default dashboard has before.
fn default_has(account: &Account, members: Value) {
    let settings = json!({"account": account.id, "storage_lens": members});
    emulator().admin("account", settings);
}

async fn another(account: &Account, include: Option<Include>) {
    let level = AccountLevel::builder().bucket_level(BucketLevel::builder().build());
    let whole = StorageLensConfiguration::builder()
        .id("acme")
        .account_level(level.build())
        .set_include(include)
        .is_enabled(true);
    let put = client(account).await.put_storage_lens_configuration();
    let put = put.account_id(&account.id).config_id("acme");
    let put = put.storage_lens_configuration(whole.build().expect("whole"));
    put.send().await.expect("put");
}

#[test]
fn a_new_account_has_what_is_wanted_in_two_requests() {
    let account = Account::with("[storage_lens]");
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let mut asked = account.operations();
    asked.sort();
    let wanted = [
        "iam:ListAccountAliases",
        "s3control:GetStorageLensConfiguration",
        "s3control:ListStorageLensConfigurations",
        "sts:GetCallerIdentity",
    ];
    assert_eq!(asked, wanted);
}

#[test]
fn a_dashboard_that_was_switched_off_is_switched_on_with_what_it_had() {
    let account = Account::with("[storage_lens]");
    let activity = json!({"ActivityMetrics": {"IsEnabled": true}, "BucketLevel": {}});
    default_has(&account, json!({"IsEnabled": false, "AccountLevel": activity}));
    account.assert_converges();
    let found = block_on(dashboard(&account));
    assert!(found.is_enabled());
    let activity = found.account_level().and_then(|l| l.activity_metrics());
    assert!(activity.expect("as before").is_enabled());
}

#[test]
fn advanced_metrics_are_switched_on_and_their_price_is_said() {
    let account = Account::with("[storage_lens]\nadvanced = true");
    let _ = account.run(&["plan"]).exits(0).says("0.20 USD per million");
    account.assert_converges();
    let found = block_on(dashboard(&account));
    let level = found.account_level().expect("a level");
    let buckets = level.bucket_level().expect("a level");
    assert!(level.activity_metrics().expect("set").is_enabled());
    assert!(buckets.detailed_status_codes_metrics().expect("set").is_enabled());
    account.baseline(&account.in_one_region("[storage_lens]"));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_a_write_would_lose_is_left_to_a_person() {
    let export = json!({"CloudWatchMetrics": {"IsEnabled": true}});
    // The second is newer than the SDK, which does not show it.
    for (name, more) in [
        ("DataExport", json!({"IsEnabled": false, "DataExport": export})),
        ("IntAccessTiers", json!({"IsEnabled": false, "IntAccessTiers": {"IsEnabled": true}})),
    ] {
        let account = Account::with("[storage_lens]");
        default_has(&account, more);
        let run = account.run(&["drift"]).exits(2);
        let _ = run.says("more than can be carried over here").says(name);
        let _ = account.run(&["apply", "--auto-approve"]);
        assert!(account.writes().is_empty(), "{name}");
    }
}

#[test]
fn tags_that_a_write_might_lose_are_left_to_a_person() {
    let account = Account::with("[storage_lens]");
    default_has(&account, json!({"IsEnabled": false}));
    block_on(async {
        let tag = StorageLensTag::builder().key("team").value("data");
        let put = client(&account).await.put_storage_lens_configuration_tagging();
        let put = put.account_id(&account.id).config_id(DEFAULT);
        let put = put.tags(tag.build().expect("whole"));
        put.send().await.expect("tagged");
    });
    let _ = account.run(&["drift"]).exits(2).says("here: Tags");
    assert_eq!(account.writes().len(), 1);
}

#[test]
fn another_dashboard_over_the_whole_account_does() {
    let account = Account::with("[storage_lens]");
    default_has(&account, json!({"IsEnabled": false}));
    block_on(another(&account, None));
    let run = account.run(&["plan", "--detailed-exitcode"]).exits(0);
    let _ = run.says("dashboard acme shows it");
}

#[test]
fn another_dashboard_over_a_part_does_not() {
    let account = Account::with("[storage_lens]");
    default_has(&account, json!({"IsEnabled": false}));
    let part = Include::builder().regions("eu-west-1").build();
    block_on(another(&account, Some(part)));
    account.assert_converges();
    assert!(block_on(dashboard(&account)).is_enabled());
}

#[test]
fn a_dashboard_that_cannot_be_seen_is_unknown_and_not_written() {
    for (operation, action) in [
        ("ListStorageLensConfigurations", "s3:ListStorageLensConfigurations"),
        ("GetStorageLensConfiguration", "s3:GetStorageLensConfiguration"),
        ("GetStorageLensConfigurationTagging", "s3:GetStorageLensConfigurationTagging"),
    ] {
        let account = Account::with("[storage_lens]");
        default_has(&account, json!({"IsEnabled": false}));
        account.faults(json!([{"operation": operation, "action": "denied", "count": null}]));
        let run = account.run(&["apply", "--auto-approve"]).exits(4);
        let _ = run.says(&format!("allow {action}"));
        assert!(account.writes().is_empty(), "{operation}");
    }
}

#[test]
fn switching_off_counts_as_loosening() {
    let account = Account::with("[storage_lens]\nenabled = false");
    let _ = account.run(&["apply", "--auto-approve"]).exits(6);
    let allowed = ["apply", "--auto-approve", "--allow-loosening", "storage_lens"];
    let _ = account.run(&allowed).exits(0);
    assert!(!block_on(dashboard(&account)).is_enabled());
}

#[test]
fn undo_leaves_the_dashboard_to_a_person() {
    let account = Account::with("[storage_lens]");
    default_has(&account, json!({"IsEnabled": false}));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let history = account.run(&["history"]).exits(0);
    let run = history.stdout.split_whitespace().next().expect("a run").to_owned();
    let undo = account.run(&["undo", &run, "--auto-approve"]);
    let _ = undo.says("enabled: it is true, and was false");
    assert_eq!(account.writes().len(), 1);
}

#[test]
fn metrics_of_a_dashboard_that_is_off_are_refused() {
    let account = Account::with("[storage_lens]\nenabled = false\nadvanced = true");
    let run = account.run(&["validate"]).exits(1);
    let _ = run.says("a dashboard that is off has no metrics");
}

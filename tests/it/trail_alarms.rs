//! Alarms on what the trail records, made and adopted on an account.

use crate::account::{Account, HOME};
use crate::emulator::emulator;
use crate::undo::undo;
use crate::wire::Wire;
use serde_json::json;

const TABLES: &str = "[log_bucket]\n[cloudtrail]\n[trail_alarms]\ntopic = \"security\"\n";

/// An account with a topic that somebody hears.
fn account(tables: &str) -> Account {
    let account = Account::with(tables);
    let mut owner = Wire::new(&account);
    owner.sns("CreateTopic", "&Name=security");
    let topic = format!("arn:aws:sns:{HOME}:{}:security", account.id);
    owner.sns("Subscribe", &format!("&TopicArn={topic}&Protocol=email&Endpoint=a@example.com"));
    let confirmed = json!({"account": account.id, "endpoint": "a@example.com"});
    emulator().admin("confirm", confirmed);
    account
}

/// How many writes of a name there were.
fn count(account: &Account, name: &str) -> usize {
    account.writes().iter().filter(|own| *own == name).count()
}

#[test]
fn trail_and_alarms_are_made_in_one_apply_and_an_undo_keeps_the_events() {
    let account = account(TABLES);
    account.assert_converges();
    assert_eq!(count(&account, "logs:PutMetricFilter"), 15);
    assert_eq!(count(&account, "cloudwatch:PutMetricAlarm"), 15);
    assert_eq!(count(&account, "cloudtrail:UpdateTrail"), 1);
    let shown = undo(&account);
    assert!(shown.contains("aws logs delete-log-group --log-group-name baseline-trail"), "{shown}");
    assert_eq!(count(&account, "logs:DeleteLogGroup"), 0);
    assert_eq!(count(&account, "logs:DeleteMetricFilter"), 15);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    account.assert_valid_requests();
}

#[test]
fn a_new_key_encrypts_trail_and_log_group_in_the_same_apply() {
    let key = "[[keys]]\nalias = \"alias/logs\"\nfor = [\"trail\", \"logs\"]\n";
    let tables = TABLES.replace("topic", "kms_key = \"alias/logs\"\ntopic");
    let tables = tables.replace("[cloudtrail]", "[cloudtrail]\nkms_key = \"alias/logs\"");
    let account = account(&format!("{key}{tables}"));
    account.assert_converges();
    assert_eq!(count(&account, "logs:AssociateKmsKey"), 1);
}

#[test]
fn what_is_not_seen_of_filters_and_alarms_is_never_taken_for_absent() {
    let account = account(TABLES);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let before = account.writes().len();
    for (service, operation, action) in [
        ("logs", "DescribeMetricFilters", "logs:DescribeMetricFilters"),
        ("logs", "DescribeLogGroups", "logs:DescribeLogGroups"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("cloudwatch", "ListAlarmMuteRules", "cloudwatch:ListAlarmMuteRules"),
        ("iam", "ListRolePolicies", "iam:ListRolePolicies"),
    ] {
        let rule = json!({"service": service, "operation": operation, "action": "denied",
            "count": null});
        account.faults(json!([rule]));
        let _ = account.run(&["drift"]).exits(4).says(action);
        let _ = account.run(&["apply", "--auto-approve"]).exits(4);
    }
    assert_eq!(account.writes().len(), before);
}

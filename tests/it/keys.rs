//! Keys for what the baseline encrypts: made once, whatever happens on the way, and ordered before
//! what needs them.

use crate::account::{Account, HOME};
use crate::kms;
use crate::undo::undo;
use crate::wire::Wire;
use serde_json::{Value, json};

const TABLE: &str = "[[keys]]\nalias = \"alias/logs\"\nfor = [\"trail\", \"logs\"]\n";

fn ask(account: &Account, operation: &str, input: Value) -> Value {
    Wire::new(account).json("kms", HOME, &format!("TrentService.{operation}"), input)
}

fn keys(account: &Account) -> usize {
    ask(account, "ListKeys", json!({}))["Keys"].as_array().map_or(0, Vec::len)
}

/// The one key of the account, which the alias stands for.
fn assert_one_key(account: &Account) {
    assert_eq!(keys(account), 1);
    let found = ask(account, "DescribeKey", json!({"KeyId": "alias/logs"}));
    assert_eq!(found["KeyMetadata"]["KeyState"], "Enabled");
}

#[test]
fn no_second_key_is_made_when_the_answer_about_the_first_is_lost() {
    for action in ["apply_then_drop", "truncate", "drop", "throttle"] {
        let account = Account::with(TABLE);
        account.faults(json!([{"operation": "CreateKey", "action": action}]));
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        assert_one_key(&account);
        let _ = account.run(&["drift"]).exits(0);
    }
}

#[test]
fn a_key_that_a_run_did_not_come_to_name_is_found_by_its_tag() {
    let account = Account::with(TABLE);
    let failing = json!([{"operation": "CreateAlias", "action": "denied", "count": null}]);
    account.faults(failing);
    let _ = account.run(&["apply", "--auto-approve"]).exits(3);
    assert_eq!(keys(&account), 1);
    account.faults(json!([]));
    let _ = account.run(&["plan"]).exits(0).says("alias/logs");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_one_key(&account);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn tags_that_cannot_be_read_make_no_second_key() {
    let account = Account::with(TABLE);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    ask(&account, "DeleteAlias", json!({"AliasName": "alias/logs"}));
    let denied = json!([{"operation": "ListResourceTags", "action": "denied", "count": null}]);
    account.faults(denied);
    let _ = account.run(&["apply", "--auto-approve"]).exits(4).says("kms:ListResourceTags");
    assert_eq!(keys(&account), 1);
}

#[test]
fn a_table_may_name_the_key_by_its_alias_before_it_exists() {
    let account = Account::with(
        "[[keys]]\nalias = \"alias/ebs\"\nfor = [\"ebs\"]\n[ebs_encryption]\n\
         kms_key = \"alias/ebs\"\n",
    );
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let used = Wire::new(&account).ec2("GetEbsDefaultKmsKeyId", "");
    assert!(used.contains(":key/"), "{used}");
    // Without the key nothing is pointed at it.
    let other = Account::with(
        "[[keys]]\nalias = \"alias/ebs\"\nfor = [\"ebs\"]\n[ebs_encryption]\n\
         kms_key = \"alias/ebs\"\n",
    );
    other.faults(json!([{"operation": "CreateKey", "action": "denied", "count": null}]));
    let _ =
        other.run(&["apply", "--auto-approve"]).exits(3).says("skipped, because keys@alias/ebs");
    assert!(!other.writes().contains(&"ec2:ModifyEbsDefaultKmsKeyId".to_owned()));
}

#[test]
fn an_adopted_key_keeps_what_others_let_in_and_an_undo_gives_it_back() {
    let account = Account::with(TABLE);
    let theirs = kms::with_alias(&account, "alias/logs");
    theirs.let_in(&account, &[&account]);
    let policy = |account: &Account| {
        let input = json!({"KeyId": "alias/logs", "PolicyName": "default"});
        let id = ask(account, "DescribeKey", json!({"KeyId": "alias/logs"}));
        let input = json!({"KeyId": id["KeyMetadata"]["KeyId"], "PolicyName": input["PolicyName"]});
        let text = ask(account, "GetKeyPolicy", input)["Policy"].as_str().map(str::to_owned);
        serde_json::from_str::<Value>(&text.expect("a policy")).expect("JSON")
    };
    let before = policy(&account);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let after = policy(&account);
    assert_eq!(after["Statement"][0], before["Statement"][0]);
    assert_eq!(keys(&account), 1);
    undo(&account);
    assert_eq!(policy(&account), before);
}

#[test]
fn the_undo_of_a_first_apply_keeps_the_key_and_says_so() {
    let account = Account::with(TABLE);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let said = undo(&account);
    assert!(said.contains("it is not deleted"), "{said}");
    assert_one_key(&account);
}

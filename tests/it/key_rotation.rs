//! Rotation of KMS keys, through the binary.

use crate::account::{Account, HOME};
use crate::undo::undo;
use crate::wire::Wire;
use serde_json::{Value, json};

fn kms(account: &Account, operation: &str, input: Value) -> Value {
    Wire::new(account).json("kms", HOME, &format!("TrentService.{operation}"), input)
}

fn new_key(account: &Account, input: Value) -> String {
    let answer = kms(account, "CreateKey", input);
    answer["KeyMetadata"]["KeyId"].as_str().expect("an id").to_owned()
}

fn is_rotated(account: &Account, key: &str) -> bool {
    let status = kms(account, "GetKeyRotationStatus", json!({"KeyId": key}));
    status["KeyRotationEnabled"] == true
}

#[test]
fn keys_that_can_rotate_do_and_the_others_are_named_and_an_undo_goes_back() {
    let account = Account::new();
    account.baseline(&account.in_one_region("[key_rotation]\nexcept = [\"alias/legacy\"]"));
    let plain = new_key(&account, json!({}));
    let legacy = new_key(&account, json!({}));
    kms(&account, "CreateAlias", json!({"AliasName": "alias/legacy", "TargetKeyId": legacy}));
    let signing = json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"});
    let signing = new_key(&account, signing);
    let imported = new_key(&account, json!({"Origin": "EXTERNAL"}));
    let material =
        json!({"KeyId": imported, "ImportToken": "eA==", "EncryptedKeyMaterial": "eA=="});
    kms(&account, "ImportKeyMaterial", material);
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(0)
        .says(&format!("not rotated: {signing}"))
        .says(&format!("not rotated: {imported}"));
    assert!(is_rotated(&account, &plain) && !is_rotated(&account, &legacy));
    let _ = account.run(&["drift"]).exits(0);
    undo(&account);
    assert!(!is_rotated(&account, &plain));
}

#[test]
fn a_key_that_cannot_be_read_is_never_called_compliant() {
    let account = Account::with("[key_rotation]");
    let _ = new_key(&account, json!({}));
    account.faults(json!([{"operation": "DescribeKey", "action": "denied", "count": null}]));
    let _ = account.run(&["drift"]).exits(4).says("kms:DescribeKey");
}

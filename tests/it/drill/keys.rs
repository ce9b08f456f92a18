//! Moves against KMS keys.

use super::{Drill, Intruder};
use serde_json::{Value, json};

pub fn kms(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("kms", &format!("TrentService.{operation}"), input)
}

/// Creates a key, and answers its id.
pub fn new_key(intruder: &mut Intruder) -> String {
    let answer = kms(intruder, "CreateKey", json!({}));
    let id = answer["KeyMetadata"]["KeyId"].as_str();
    id.expect("an id").to_owned()
}

/// The key that `alias/data` stands for.
pub fn data_key(intruder: &mut Intruder) -> String {
    let answer = kms(intruder, "DescribeKey", json!({"KeyId": "alias/data"}));
    let id = answer["KeyMetadata"]["KeyId"].as_str();
    id.expect("an id").to_owned()
}

/// A key that `alias/data` stands for.
pub fn alias(intruder: &mut Intruder) {
    let key = new_key(intruder);
    let input = json!({"AliasName": "alias/data", "TargetKeyId": key});
    kms(intruder, "CreateAlias", input);
}

/// Such a key, and one whose material was imported.
fn imported(intruder: &mut Intruder) {
    alias(intruder);
    let key = kms(intruder, "CreateKey", json!({"Origin": "EXTERNAL"}));
    let key = key["KeyMetadata"]["KeyId"].clone();
    kms(intruder, "CreateAlias", json!({"AliasName": "alias/imported", "TargetKeyId": key}));
    let material = json!({"KeyId": key, "ImportToken": "eA==", "EncryptedKeyMaterial": "eA=="});
    kms(intruder, "ImportKeyMaterial", material);
}

pub const DRILLS: &[Drill] = &[Drill {
    control: "key_rotation",
    tables: "[key_rotation]",
    before: imported,
    moves: &[
        ("the key is not rotated any more", |intruder| {
            let key = data_key(intruder);
            kms(intruder, "DisableKeyRotation", json!({"KeyId": key}));
        }),
        ("the key is rotated every seven years", |intruder| {
            let input = json!({"KeyId": data_key(intruder), "RotationPeriodInDays": 2560});
            kms(intruder, "EnableKeyRotation", input);
        }),
        ("a key is created that is never rotated", |intruder| {
            new_key(intruder);
        }),
        ("the key is disabled", |intruder| {
            let key = data_key(intruder);
            kms(intruder, "DisableKey", json!({"KeyId": key}));
        }),
        ("the key is to be deleted", |intruder| {
            let input = json!({"KeyId": data_key(intruder), "PendingWindowInDays": 7});
            kms(intruder, "ScheduleKeyDeletion", input);
        }),
        ("the material of the imported key is deleted", |intruder| {
            let key = kms(intruder, "DescribeKey", json!({"KeyId": "alias/imported"}));
            let key = key["KeyMetadata"]["KeyId"].clone();
            kms(intruder, "DeleteImportedKeyMaterial", json!({"KeyId": key}));
        }),
    ],
}];

//! Moves against the defaults of EC2.

use super::{Drill, Intruder, nothing};
use serde_json::{Value, json};

/// A call of EC2; it must succeed.
#[track_caller]
fn ec2(intruder: &mut Intruder, operation: &str, parameters: &str) {
    let answer = intruder.wire.ec2(operation, parameters);
    assert!(!answer.contains("<Errors>"), "{operation}: {answer}");
}

fn kms(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("kms", &format!("TrentService.{operation}"), input)
}

/// Creates a key, and answers its id.
fn new_key(intruder: &mut Intruder) -> String {
    let answer = kms(intruder, "CreateKey", json!({}));
    let id = answer["KeyMetadata"]["KeyId"].as_str();
    id.expect("an id").to_owned()
}

/// The key that `alias/data` stands for.
fn data_key(intruder: &mut Intruder) -> String {
    let answer = kms(intruder, "DescribeKey", json!({"KeyId": "alias/data"}));
    let id = answer["KeyMetadata"]["KeyId"].as_str();
    id.expect("an id").to_owned()
}

fn alias(intruder: &mut Intruder) {
    let key = new_key(intruder);
    let input = json!({"AliasName": "alias/data", "TargetKeyId": key});
    kms(intruder, "CreateAlias", input);
}

const OFF: (&str, fn(&mut Intruder)) = ("it is switched off", |intruder| {
    ec2(intruder, "DisableEbsEncryptionByDefault", "");
});

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "ebs_encryption",
        tables: "[ebs_encryption]",
        before: nothing,
        moves: &[
            OFF,
            ("volumes get a key that is disabled", |intruder| {
                let key = new_key(intruder);
                ec2(intruder, "ModifyEbsDefaultKmsKeyId", &format!("&KmsKeyId={key}"));
                kms(intruder, "DisableKey", json!({"KeyId": key}));
            }),
            ("volumes get a key that is to be deleted", |intruder| {
                let key = new_key(intruder);
                ec2(intruder, "ModifyEbsDefaultKmsKeyId", &format!("&KmsKeyId={key}"));
                let input = json!({"KeyId": key, "PendingWindowInDays": 7});
                kms(intruder, "ScheduleKeyDeletion", input);
            }),
        ],
    },
    Drill {
        control: "ebs_encryption",
        tables: "[ebs_encryption]\nkms_key = \"alias/data\"",
        before: alias,
        moves: &[
            OFF,
            ("volumes get the key of AWS again", |intruder| {
                ec2(intruder, "ResetEbsDefaultKmsKeyId", "");
            }),
            ("volumes get another key of the account", |intruder| {
                let key = new_key(intruder);
                ec2(intruder, "ModifyEbsDefaultKmsKeyId", &format!("&KmsKeyId={key}"));
            }),
            ("the key is disabled", |intruder| {
                let key = data_key(intruder);
                kms(intruder, "DisableKey", json!({"KeyId": key}));
            }),
        ],
    },
];

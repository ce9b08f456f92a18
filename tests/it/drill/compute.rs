//! Moves against the defaults of EC2.

use super::keys::{alias, data_key, kms, new_key};
use super::{Drill, Intruder, nothing};
use serde_json::json;

/// A call of EC2; it must succeed.
#[track_caller]
fn ec2(intruder: &mut Intruder, operation: &str, parameters: &str) {
    let answer = intruder.wire.ec2(operation, parameters);
    assert!(!answer.contains("<Errors>"), "{operation}: {answer}");
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

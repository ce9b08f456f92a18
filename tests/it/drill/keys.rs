//! Moves against KMS keys.

use super::{Drill, Intruder, STRANGER, nothing};
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

/// The key that `alias/logs` stands for.
fn logs_key(intruder: &mut Intruder) -> String {
    let answer = kms(intruder, "DescribeKey", json!({"KeyId": "alias/logs"}));
    let id = answer["KeyMetadata"]["KeyId"].as_str();
    id.expect("an id").to_owned()
}

/// Rewrites the statements of that key's policy.
fn change_policy(intruder: &mut Intruder, change: impl Fn(&mut Vec<Value>)) {
    let key = logs_key(intruder);
    let found = kms(intruder, "GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"}));
    let text = found["Policy"].as_str().expect("a policy");
    let mut policy: Value = serde_json::from_str(text).expect("JSON");
    let before = policy.clone();
    change(policy["Statement"].as_array_mut().expect("statements"));
    assert_ne!(policy, before, "the move changes nothing");
    let input = json!({
        "KeyId": key, "Policy": policy.to_string(), "BypassPolicyLockoutSafetyCheck": true,
    });
    kms(intruder, "PutKeyPolicy", input);
}

fn add_statement(intruder: &mut Intruder, effect: &str, principal: Value, action: &str) {
    change_policy(intruder, |statements| {
        statements.push(json!({
            "Effect": effect, "Principal": principal, "Action": action, "Resource": "*",
        }));
    });
}

fn remove_statement(intruder: &mut Intruder, sid: &str) {
    change_policy(intruder, |statements| statements.retain(|own| own["Sid"] != sid));
}

/// Another key than that of the baseline, whose policy somebody copied.
fn copied(intruder: &mut Intruder) -> String {
    let key = logs_key(intruder);
    let found = kms(intruder, "GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"}));
    let answer = kms(intruder, "CreateKey", json!({"Policy": found["Policy"]}));
    let id = answer["KeyMetadata"]["KeyId"].as_str().expect("an id").to_owned();
    kms(intruder, "EnableKeyRotation", json!({"KeyId": id, "RotationPeriodInDays": 365}));
    id
}

const KEYS: Drill = Drill {
    control: "keys",
    tables: "[[keys]]\nalias = \"alias/logs\"\nfor = [\"trail\", \"logs\", \"topics\", \"ebs\"]",
    before: nothing,
    moves: &[
        ("the key is not rotated any more", |intruder| {
            let key = logs_key(intruder);
            kms(intruder, "DisableKeyRotation", json!({"KeyId": key}));
        }),
        ("the key is rotated every seven years", |intruder| {
            let input = json!({"KeyId": logs_key(intruder), "RotationPeriodInDays": 2560});
            kms(intruder, "EnableKeyRotation", input);
        }),
        ("the key is disabled", |intruder| {
            let key = logs_key(intruder);
            kms(intruder, "DisableKey", json!({"KeyId": key}));
        }),
        ("the key is to be deleted", |intruder| {
            let input = json!({"KeyId": logs_key(intruder), "PendingWindowInDays": 30});
            kms(intruder, "ScheduleKeyDeletion", input);
        }),
        ("the alias stands for another key", |intruder| {
            let input = json!({"AliasName": "alias/logs", "TargetKeyId": copied(intruder)});
            kms(intruder, "UpdateAlias", input);
        }),
        ("the alias is deleted", |intruder| {
            kms(intruder, "DeleteAlias", json!({"AliasName": "alias/logs"}));
        }),
        ("a service is no longer let in", |intruder| {
            remove_statement(intruder, "BaselineLogs");
        }),
        ("EventBridge is held to an account, which it does not name", |intruder| {
            let account = intruder.account.clone();
            change_policy(intruder, |statements| {
                let mut own = statements.iter_mut();
                let own = own.find(|own| own["Sid"] == "BaselineTopicsOfRules");
                let condition = json!({"StringEquals": {"aws:SourceAccount": account}});
                own.expect("ours")["Condition"] = condition;
            });
        }),
        ("a service is denied", |intruder| {
            let cloudtrail = json!({"Service": "cloudtrail.amazonaws.com"});
            add_statement(intruder, "Deny", cloudtrail, "kms:GenerateDataKey*");
        }),
        ("the roles that start instances are denied", |intruder| {
            add_statement(intruder, "Deny", json!("*"), "kms:GenerateDataKey*");
        }),
        ("the account's own policies are void", |intruder| {
            remove_statement(intruder, "BaselineAccount");
        }),
        ("a deletion may come within a week", |intruder| {
            remove_statement(intruder, "BaselineDenyEarlyDeletion");
        }),
        ("a stranger may decrypt", |intruder| {
            add_statement(intruder, "Allow", json!({"AWS": STRANGER}), "kms:Decrypt");
        }),
        ("anyone may decrypt", |intruder| {
            add_statement(intruder, "Allow", json!("*"), "kms:Decrypt");
        }),
        ("a service may decrypt for a stranger", |intruder| {
            change_policy(intruder, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "kms:Decrypt", "Resource": "*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": STRANGER}},
                }));
            });
        }),
        ("a stranger has a grant", |intruder| {
            let key = logs_key(intruder);
            let input = json!({
                "KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{STRANGER}:root"),
                "Operations": ["Decrypt"],
            });
            kms(intruder, "CreateGrant", input);
        }),
    ],
};

pub const DRILLS: &[Drill] = &[
    KEYS,
    Drill {
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
    },
];

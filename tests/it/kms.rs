//! KMS keys of the emulated account.

use crate::account::{Account, HOME};
use crate::wire::Wire;
use serde_json::{Value, json};

/// A key of the account in its home region.
pub struct Key {
    pub id: String,
    pub arn: String,
}

/// Creates a key.
pub fn create(account: &Account) -> Key {
    let answer = ask(account, "CreateKey", json!({}));
    let text = |name: &str| {
        let value = answer["KeyMetadata"][name].as_str();
        value.expect("a member of the key").to_owned()
    };
    Key { id: text("KeyId"), arn: text("Arn") }
}

/// Creates a key with an alias.
pub fn with_alias(account: &Account, alias: &str) -> Key {
    let key = create(account);
    let input = json!({"AliasName": alias, "TargetKeyId": key.id});
    ask(account, "CreateAlias", input);
    key
}

impl Key {
    /// Lets accounts use the key, its own among them.
    pub fn let_in(&self, owner: &Account, accounts: &[&Account]) {
        let roots: Vec<String> =
            accounts.iter().map(|account| format!("arn:aws:iam::{}:root", account.id)).collect();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": roots}, "Action": "kms:*", "Resource": "*",
        }]});
        let input =
            json!({"KeyId": self.id, "PolicyName": "default", "Policy": policy.to_string()});
        ask(owner, "PutKeyPolicy", input);
    }

    /// Disables the key.
    pub fn disable(&self, account: &Account) {
        ask(account, "DisableKey", json!({"KeyId": self.id}));
    }
}

fn ask(account: &Account, operation: &str, input: Value) -> Value {
    let target = format!("TrentService.{operation}");
    let answer = Wire::new(account).json("kms", HOME, &target, input);
    assert!(answer.get("__type").is_none(), "{operation}: {answer}");
    answer
}

//! IAM of the emulated account.

use crate::account::Account;
use crate::wire::Wire;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The answer of an operation, as XML.
pub fn ask(account: &Account, action: &str, parameters: &[(&str, &str)]) -> String {
    let answer = answered(account, action, parameters);
    assert!(!answer.contains("<Error>"), "{action}: {answer}");
    answer
}

fn answered(account: &Account, action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in parameters {
        write!(form, "&{name}=").expect("memory takes it");
        for byte in value.bytes() {
            write!(form, "%{byte:02X}").expect("memory takes it");
        }
    }
    Wire::new(account).iam(action, &form)
}

/// The text of the first element of a name.
pub fn element<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = answer.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// The members of the password policy that have values, as IAM answers them.
pub fn password_policy(account: &Account) -> Option<BTreeMap<String, String>> {
    let answer = answered(account, "GetAccountPasswordPolicy", &[]);
    let policy = element(&answer, "PasswordPolicy")?;
    let members = policy.split("</").filter_map(|member| {
        let (name, value) = member.rsplit_once('<')?.1.split_once('>')?;
        Some((name.to_owned(), value.to_owned()))
    });
    Some(members.collect())
}

/// Replaces the password policy.
pub fn set_password_policy(account: &Account, members: &[(&str, &str)]) {
    ask(account, "UpdateAccountPasswordPolicy", members);
}

/// Takes the password policy away.
pub fn delete_password_policy(account: &Account) {
    ask(account, "DeleteAccountPasswordPolicy", &[]);
}

/// Makes a role and answers its ARN.
pub fn create_role(account: &Account, name: &str, trust: &Value) -> String {
    let trust = trust.to_string();
    let members = [("RoleName", name), ("AssumeRolePolicyDocument", &trust)];
    let answer = ask(account, "CreateRole", &members);
    element(&answer, "Arn").expect("an ARN").to_owned()
}

//! The tool's promises under faults, each proved at every place where it could break: a first apply
//! of each control in two regions is killed, denied, throttled, cut off and lied to, request by
//! request, and a saved plan is tampered with, byte by byte.

pub mod alone;
pub mod cases;
mod crash;
mod denied;
mod faults;
pub mod holdings;
mod stale;
mod tamper;
mod throttle;

use crate::account::Account;
use crate::wire::Wire;
pub use cases::long;
use serde_json::{Value, json};

/// Who was there before: a stricter password policy, half of the account's public access block, a
/// detector, and a bucket with a statement of its owner's. None of it may suffer.
pub fn account_in_use(baseline: impl Fn(&Account) -> String) -> Account {
    let account = Account::new();
    account.baseline(&baseline(&account));
    let bucket = format!("data-{}", account.id);
    let mut owner = Wire::new(&account);
    owner.iam(
        "UpdateAccountPasswordPolicy",
        "&MinimumPasswordLength=20&RequireSymbols=true&MaxPasswordAge=77",
    );
    let half = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
                <IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>";
    owner.s3control("configuration/publicAccessBlock", Some(half));
    let detector = json!({"enable": true, "findingPublishingFrequency": "FIFTEEN_MINUTES"});
    owner.rest("guardduty", "eu-west-1", "POST", "/detector", &detector.to_string());
    owner.s3("PUT", &format!("/{bucket}"), "");
    let policy = json!({"Version": "2012-10-17", "Statement": [foreign(&bucket)]});
    owner.s3("PUT", &format!("/{bucket}?policy"), &policy.to_string());
    account
}

/// A statement of the bucket's owner.
fn foreign(bucket: &str) -> Value {
    json!({
        "Sid": "TheirsNotOurs", "Effect": "Deny", "Principal": "*",
        "Action": "s3:DeleteBucket", "Resource": format!("arn:aws:s3:::{bucket}"),
    })
}

pub const APPLY: [&str; 2] = ["apply", "--auto-approve"];

/// A request among those of an apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub service: String,
    pub operation: String,
    pub region: String,
    /// The how-manieth of its kind.
    pub nth: usize,
    pub write: bool,
}

/// The requests that the binary made of an account, in their order. What is the n-th of all
/// differs from run to run, for many are under way at once; what is the n-th of its kind does not.
pub fn asked(account: &Account) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::new();
    for entry in account.journal() {
        if entry["application"].is_null() {
            continue;
        }
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let mut asked = Asked {
            service: text("service"),
            operation: text("operation"),
            region: text("region"),
            nth: 1,
            write: entry["write"] == true,
        };
        let same = |other: &&Asked| other.kind() == asked.kind();
        asked.nth += found.iter().filter(same).count();
        found.push(asked);
    }
    found
}

/// How often a case is tried whose request did not come: some come or not, as changes happen to
/// overlap.
const TRIES: usize = 5;

impl Asked {
    /// Service and operation.
    pub fn name(&self) -> (String, String) {
        (self.service.clone(), self.operation.clone())
    }

    fn kind(&self) -> (&str, &str, &str) {
        (&self.service, &self.operation, &self.region)
    }

    /// A fault rule that strikes this request alone.
    fn rule(&self, action: &str, more: Value) -> Value {
        let mut rule = json!({
            "service": self.service,
            "operation": self.operation,
            "region": self.region,
            "nth": self.nth,
            "action": action,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            rule[name] = value.clone();
        }
        rule
    }
}

/// The writes that an apply made, without their order.
pub fn writes(account: &Account) -> Vec<Asked> {
    let mut writes = asked(account);
    writes.retain(|asked| asked.write);
    writes.sort();
    writes
}

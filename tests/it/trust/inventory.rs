//! All that there is in an account, asked of AWS itself and not through the tool: lists, so that
//! what was made twice is seen twice.

use crate::account::{Account, HOME};
use crate::wire::Wire;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const REGIONS: [&str; 2] = [HOME, "eu-west-1"];

/// The parts of a bucket that S3 is asked for.
const OF_A_BUCKET: [&str; 8] = [
    "encryption",
    "lifecycle",
    "object-lock",
    "ownershipControls",
    "policy",
    "publicAccessBlock",
    "tagging",
    "versioning",
];

/// Question and answer, without what differs from account to account.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory(BTreeMap<String, Value>);

impl Inventory {
    pub fn of(account: &Account) -> Self {
        let mut answers = Answers {
            wire: Wire::new(account),
            account: account.id.clone(),
            found: BTreeMap::new(),
        };
        answers.iam_and_s3();
        answers.budgets();
        for region in REGIONS {
            answers.cloudtrail(region);
            answers.config(region);
            answers.guardduty(region);
            answers.analyzers(region);
        }
        Self(answers.found)
    }

    /// Asserts that two accounts are the same, and tells what is not.
    #[track_caller]
    pub fn assert_same(&self, other: &Self) {
        let mut told = String::new();
        let questions = self.0.keys().chain(other.0.keys());
        for question in questions.collect::<std::collections::BTreeSet<_>>() {
            let (ours, theirs) = (self.0.get(question), other.0.get(question));
            if ours != theirs {
                told += &format!("{question}\n  is     {ours:?}\n  wanted {theirs:?}\n");
            }
        }
        assert!(told.is_empty(), "not the same account:\n{told}");
    }

    fn answer(&self, question: &str) -> &Value {
        self.0.get(question).unwrap_or(&Value::Null)
    }

    /// How far the account is protected, by what: more is safer.
    pub fn protection(&self) -> BTreeMap<String, i64> {
        let mut found = BTreeMap::new();
        let text = |question: &str| self.answer(question).as_str().unwrap_or_default().to_owned();
        let policy = text("password policy");
        let number = |tag: &str| inner(&policy, tag).and_then(|n| n.parse::<i64>().ok());
        for tag in ["MinimumPasswordLength", "PasswordReusePrevention"] {
            found.insert(tag.to_owned(), number(tag).unwrap_or(0));
        }
        let age = number("MaxPasswordAge").map_or(i64::MIN, |days| -days);
        found.insert("MaxPasswordAge".to_owned(), age);
        for kind in ["Symbols", "Numbers", "UppercaseCharacters", "LowercaseCharacters"] {
            let on = inner(&policy, &format!("Require{kind}")) == Some("true");
            found.insert(format!("Require{kind}"), on.into());
        }
        for (question, answer) in &self.0 {
            let answer = answer.as_str().unwrap_or_default();
            if question.contains("public access block") || question.ends_with("?publicAccessBlock")
            {
                found.insert(question.clone(), answer.matches(">true<").count() as i64);
            }
            if question.ends_with("?policy") {
                found.insert(
                    format!("denied by {question}"),
                    answer.matches("\"Deny\"").count() as i64,
                );
                let theirs = answer.contains("TheirsNotOurs");
                found.insert(format!("their statement in {question}"), theirs.into());
            }
            if question.ends_with("?versioning") {
                found.insert(question.clone(), answer.contains("Enabled").into());
            }
        }
        for region in REGIONS {
            let detectors = self.answer(&format!("detectors in {region}"));
            let detectors = detectors.as_array().into_iter().flatten();
            let on = |detector: &&Value| detector["status"] == "ENABLED";
            let quick =
                |detector: &Value| detector["findingPublishingFrequency"] == "FIFTEEN_MINUTES";
            let parts =
                |detector: &Value| detector.to_string().matches("\"ENABLED\"").count() as i64;
            let on: Vec<&Value> = detectors.filter(on).collect();
            found.insert(format!("detectors on in {region}"), on.len() as i64);
            found.insert(
                format!("quick detectors in {region}"),
                on.iter().filter(|d| quick(d)).count() as i64,
            );
            found.insert(
                format!("detector features in {region}"),
                on.iter().map(|d| parts(d)).sum(),
            );
            let count = |question: &str, sign: &str| {
                self.answer(&format!("{question} in {region}")).to_string().matches(sign).count()
                    as i64
            };
            found.insert(
                format!("trails logging in {region}"),
                count("trails", "\"IsLogging\":true"),
            );
            found.insert(
                format!("recording in {region}"),
                count("recorder status", "\"recording\":true"),
            );
        }
        found
    }

    /// Asserts that nothing is protected less than it was in an earlier inventory.
    #[track_caller]
    pub fn assert_protects_no_less_than(&self, before: &Self) {
        let now = self.protection();
        for (what, was) in before.protection() {
            let is = now.get(&what).copied().unwrap_or(i64::MIN);
            assert!(is >= was, "{what} protects less: it was {was}, now it is {is}");
        }
    }
}

struct Answers {
    wire: Wire,
    account: String,
    found: BTreeMap<String, Value>,
}

impl Answers {
    fn note(&mut self, question: String, answer: Value) {
        let question = question.replace(&self.account, "ACCOUNT");
        let answer = settled(answer, &self.account);
        self.found.insert(question, answer);
    }

    fn iam_and_s3(&mut self) {
        let policy = self.wire.iam("GetAccountPasswordPolicy", "");
        self.note("password policy".to_owned(), policy.into());
        let roles = self.wire.iam("ListRoles", "");
        self.note("roles".to_owned(), roles.into());
        let of_the_account = [
            ("public access block", "configuration/publicAccessBlock"),
            ("dashboards", "storagelens"),
            ("default dashboard", "storagelens/default-account-dashboard"),
        ];
        for (what, part) in of_the_account {
            let answer = self.wire.s3control(part, None);
            self.note(what.to_owned(), answer.into());
        }
        let buckets = self.wire.s3("GET", "/", "");
        let names: Vec<String> = buckets
            .split("<Name>")
            .skip(1)
            .filter_map(|rest| rest.split('<').next())
            .map(str::to_owned)
            .collect();
        self.note("buckets".to_owned(), json!(names));
        for name in names {
            for part in OF_A_BUCKET {
                let answer = self.wire.s3("GET", &format!("/{name}?{part}"), "");
                self.note(format!("{name}?{part}"), answer.into());
            }
        }
    }

    fn budgets(&mut self) {
        let id = self.account.clone();
        let ask = |wire: &mut Wire, operation: &str, mut input: Value| {
            input["AccountId"] = json!(id);
            let target = format!("AWSBudgetServiceGateway.{operation}");
            wire.json("budgets", HOME, &target, input)
        };
        let found = ask(&mut self.wire, "DescribeBudgets", json!({}));
        for budget in found["Budgets"].as_array().into_iter().flatten() {
            let name = &budget["BudgetName"];
            let named = json!({"BudgetName": name});
            let alerts = ask(&mut self.wire, "DescribeNotificationsForBudget", named);
            for (number, alert) in
                alerts["Notifications"].as_array().into_iter().flatten().enumerate()
            {
                let input = json!({"BudgetName": name, "Notification": alert});
                let answer = ask(&mut self.wire, "DescribeSubscribersForNotification", input);
                self.note(format!("subscribers {name} {number}"), answer);
            }
            self.note(format!("alerts {name}"), alerts);
        }
        self.note("budgets".to_owned(), found);
    }

    fn cloudtrail(&mut self, region: &str) {
        let ask = |wire: &mut Wire, operation: &str, input: Value| {
            wire.json("cloudtrail", region, &format!("CloudTrail_20131101.{operation}"), input)
        };
        let found = ask(&mut self.wire, "DescribeTrails", json!({}));
        let mut trails = Vec::new();
        for trail in found["trailList"].as_array().into_iter().flatten() {
            let arn = &trail["TrailARN"];
            trails.push(trail.clone());
            trails.push(ask(&mut self.wire, "GetTrailStatus", json!({"Name": arn})));
            trails.push(ask(&mut self.wire, "GetEventSelectors", json!({"TrailName": arn})));
            trails.push(ask(&mut self.wire, "ListTags", json!({"ResourceIdList": [arn]})));
        }
        self.note(format!("trails in {region}"), json!(trails));
    }

    fn config(&mut self, region: &str) {
        let asked = [
            ("recorders", "DescribeConfigurationRecorders"),
            ("recorder status", "DescribeConfigurationRecorderStatus"),
            ("channels", "DescribeDeliveryChannels"),
        ];
        for (what, operation) in asked {
            let target = format!("StarlingDoveService.{operation}");
            let answer = self.wire.json("config", region, &target, json!({}));
            self.note(format!("{what} in {region}"), answer);
        }
    }

    fn analyzers(&mut self, region: &str) {
        let found = self.wire.rest("access-analyzer", region, "GET", "/analyzer", "");
        self.note(format!("analyzers in {region}"), found);
    }

    fn guardduty(&mut self, region: &str) {
        let list = self.wire.rest("guardduty", region, "GET", "/detector", "");
        let ids = list["detectorIds"].as_array().cloned().unwrap_or_default();
        let ids = ids.iter().filter_map(Value::as_str);
        let detectors: Vec<Value> = ids
            .map(|id| self.wire.rest("guardduty", region, "GET", &format!("/detector/{id}"), ""))
            .collect();
        self.note(format!("detectors in {region}"), json!(detectors));
    }
}

/// What stands in an XML element.
fn inner<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    rest.split_once('<').map(|(text, _)| text)
}

/// An answer without times, ids of requests and the account's number.
fn settled(answer: Value, account: &str) -> Value {
    match answer {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !is_a_time(name))
            .map(|(name, value)| (name, settled(value, account)))
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| settled(item, account)).collect(),
        Value::String(text) => {
            let mut text = text.replace(account, "ACCOUNT");
            for tag in ["RequestId", "CreateDate", "RoleId"] {
                text = without(&text, tag);
            }
            without_digests(&text).into()
        }
        other => other,
    }
}

/// A policy without the digests by which our statements' names end: they are of the content, which
/// holds the account's number.
fn without_digests(text: &str) -> String {
    let mut parts = text.split("\"Sid\":\"Baseline");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        let (sid, rest) = part.split_once('"').unwrap_or((part, ""));
        let name = sid.trim_end_matches(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c));
        format!("{kept}\"Sid\":\"Baseline{name}\"{rest}")
    })
}

/// An XML text without the elements of one name.
fn without(xml: &str, tag: &str) -> String {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut parts = xml.split(open.as_str());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        kept + part.split_once(close.as_str()).map_or("", |(_, rest)| rest)
    })
}

fn is_a_time(name: &str) -> bool {
    let signs = ["Time", "Date", "createdAt", "updatedAt"];
    name != "TimeUnit" && signs.iter().any(|sign| name.contains(sign))
}

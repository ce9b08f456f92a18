//! Resource policies: statements put in without touching those of others.
//!
//! What others wrote is kept as the text it was, to the byte. Only where a policy is shown or
//! compared are lists of principals sorted, because S3 returns them in another order each time.

mod meaning;
mod undo;

pub use undo::Undone;

use meaning::{canonical_statement, is_insecure_transport_deny, texts};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;

/// The largest bucket policy S3 takes, in bytes. Source: S3 User Guide, "Bucket policies".
pub const LARGEST: usize = 20 * 1024;

/// A policy document.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The keys before and after `Statement`, as they were written.
    head: Vec<(String, Box<RawValue>)>,
    tail: Vec<(String, Box<RawValue>)>,
    statements: Vec<Statement>,
    /// Whether `Statement` is a single table instead of a list.
    single: bool,
}

#[derive(Clone, Debug)]
struct Statement {
    text: String,
    value: Value,
}

impl Policy {
    /// A policy without statements.
    pub fn empty() -> Self {
        let version = RawValue::from_string("\"2012-10-17\"".to_owned());
        let version = version.expect("a quoted text is JSON");
        let head = vec![("Version".to_owned(), version)];
        Self {
            head,
            tail: Vec::new(),
            statements: Vec::new(),
            single: false,
        }
    }

    /// Reads a policy as a service returns it.
    ///
    /// # Errors
    /// When the text is no JSON table with statements.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Raw text is checked less than values are, and what is shown or compared must be a value.
        serde_json::from_str::<Value>(text).map_err(|cause| cause.to_string())?;
        let Entries(mut head) = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        let at = head.iter().position(|(key, _)| key == "Statement");
        let at = at.ok_or("it has no statements")?;
        let mut tail = head.split_off(at);
        let (_, statement) = tail.remove(0);
        if tail.iter().any(|(key, _)| key == "Statement") {
            return Err("it has two lists of statements".to_owned());
        }
        let single = statement.get().starts_with('{');
        let raw: Vec<Box<RawValue>> = match single {
            true => vec![statement],
            false => serde_json::from_str(statement.get()).map_err(|cause| cause.to_string())?,
        };
        let statements = raw.iter().map(|raw| Statement::parse(raw.get()));
        Ok(Self {
            head,
            tail,
            statements: statements.collect::<Result<_, _>>()?,
            single,
        })
    }

    /// The statements in their order.
    pub fn statements(&self) -> impl Iterator<Item = &Value> {
        self.statements.iter().map(|statement| &statement.value)
    }

    /// Puts a statement in: in the place of the one with its Sid, else after all others.
    pub fn put(&mut self, statement: &Value) {
        let sid = sid_of(statement);
        let new = Statement {
            text: statement.to_string(),
            value: statement.clone(),
        };
        let own = |other: &&mut Statement| sid.is_some() && sid_of(&other.value) == sid;
        match self.statements.iter_mut().find(own) {
            Some(own) => *own = new,
            None => {
                self.single = false;
                self.statements.push(new);
            }
        }
    }

    /// The statement with a Sid.
    pub fn with_sid(&self, sid: &str) -> Option<&Value> {
        self.statements()
            .find(|statement| sid_of(statement) == Some(sid))
    }

    /// Whether some statement, whatever its Sid, says the same as this one.
    pub fn says(&self, wanted: &Value) -> bool {
        let wanted = canonical_statement(wanted);
        self.statements()
            .any(|statement| canonical_statement(statement) == wanted)
    }

    /// Whether all requests to a bucket and its objects that are not encrypted are denied: by one
    /// statement for both, or by one for each, that spares nobody.
    pub fn denies_insecure_transport(&self, bucket_arn: &str) -> bool {
        let objects = format!("{bucket_arn}/*");
        let whole = format!("{bucket_arn}*");
        let covers = |resource: &str, also: &[&str]| {
            let names = [resource, whole.as_str(), "*", "arn:*"];
            self.statements()
                .filter(|s| is_insecure_transport_deny(s))
                .any(|statement| {
                    texts(&statement["Resource"])
                        .iter()
                        .any(|own| names.contains(&own.as_str()) || also.contains(&own.as_str()))
                })
        };
        covers(bucket_arn, &[]) && covers(&objects, &[])
    }

    /// The ids of deleted users and roles among the principals, with the statements that name them.
    /// S3 refuses to store a policy that has one.
    pub fn deleted_principals(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (number, statement) in self.statements().enumerate() {
            let name = sid_of(statement).map_or_else(|| format!("#{}", number + 1), str::to_owned);
            for key in ["Principal", "NotPrincipal"] {
                for id in texts(&statement[key]["AWS"])
                    .into_iter()
                    .filter(|id| is_unique_id(id))
                {
                    found.push((name.clone(), id));
                }
            }
        }
        found
    }

    /// The policy as it is sent: without white space between statements.
    pub fn compact(&self) -> String {
        let entry = |(key, value): &(String, Box<RawValue>)| format!("{}:{}", json!(key), value);
        let texts: Vec<&str> = self
            .statements
            .iter()
            .map(|own| own.text.as_str())
            .collect();
        let list = match self.single {
            true => texts.concat(),
            false => format!("[{}]", texts.join(",")),
        };
        let mut entries: Vec<String> = self.head.iter().map(entry).collect();
        entries.push(format!("\"Statement\":{list}"));
        entries.extend(self.tail.iter().map(entry));
        format!("{{{}}}", entries.join(","))
    }
}

impl Statement {
    fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        match value.is_object() {
            true => Ok(Self {
                text: text.to_owned(),
                value,
            }),
            false => Err(format!("a statement is no table: {text}")),
        }
    }
}

/// The form in which policies are shown and compared.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown: Value =
            serde_json::from_str(&self.compact()).map_err(serde::ser::Error::custom)?;
        sort_principals(&mut shown["Statement"]);
        shown.serialize(serializer)
    }
}

fn sort_principals(statements: &mut Value) {
    let statements = match statements {
        Value::Array(list) => list.as_mut_slice(),
        single => std::slice::from_mut(single),
    };
    for statement in statements {
        for key in ["Principal", "NotPrincipal"] {
            if let Some(Value::Object(kinds)) = statement.get_mut(key) {
                kinds
                    .values_mut()
                    .filter_map(Value::as_array_mut)
                    .for_each(|list| {
                        list.sort_by_key(|principal| principal.to_string());
                    });
            }
        }
    }
}

/// The entries of a table in their order, with their values as text.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a policy document")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The Deny of unencrypted requests to a bucket and its objects.
pub fn deny_insecure_transport(bucket_arn: &str) -> Value {
    json!({
        "Sid": "BaselineDenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, format!("{bucket_arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    })
}

fn sid_of(statement: &Value) -> Option<&str> {
    statement
        .get("Sid")
        .and_then(Value::as_str)
        .filter(|sid| !sid.is_empty())
}

/// Ids of users and roles that no longer exist. Source: IAM User Guide, "IAM identifiers".
fn is_unique_id(text: &str) -> bool {
    let rest = ["AIDA", "AROA"]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    rest.is_some_and(|rest| {
        rest.len() >= 12
            && rest
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:s3:::acme";

    fn policy(statements: Value) -> Policy {
        let text = json!({"Version": "2008-10-17", "Id": "x", "Statement": statements}).to_string();
        Policy::parse(&text).expect("the test's policy is valid")
    }

    fn deny(change: impl FnOnce(&mut Value)) -> Policy {
        let mut statement = deny_insecure_transport(ARN);
        change(&mut statement);
        policy(json!([statement]))
    }

    #[test]
    fn foreign_statements_stay_as_and_where_they_were() {
        let text = r#"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"A", "n":1.20},{"n":1e3}],"Z":0}"#;
        let mut merged = Policy::parse(text).expect("valid");
        assert_eq!(merged.compact(), text);
        merged.put(&json!({"Sid": "BaselineX", "Effect": "Deny"}));
        let wanted = r#"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"A", "n":1.20},{"n":1e3},{"Sid":"BaselineX","Effect":"Deny"}],"Z":0}"#;
        assert_eq!(merged.compact(), wanted);
        merged.put(&json!({"Sid": "BaselineX", "Effect": "Allow"}));
        assert_eq!(merged.statements().count(), 3);
    }

    #[test]
    fn a_single_statement_becomes_a_list_only_when_one_is_added() {
        let mut single = Policy::parse(r#"{"Statement":{"Sid":"A"}}"#).expect("valid");
        assert_eq!(single.compact(), r#"{"Statement":{"Sid":"A"}}"#);
        single.put(&json!({"Sid": "B"}));
        assert_eq!(
            single.compact(),
            r#"{"Statement":[{"Sid":"A"},{"Sid":"B"}]}"#
        );
    }

    #[test]
    fn the_order_of_principals_makes_no_difference_where_policies_are_compared() {
        let one = Policy::parse(r#"{"Statement":[{"Principal":{"AWS":["b","a"]}}]}"#);
        let two = Policy::parse(r#"{"Statement":[{"Principal":{"AWS":["a","b"]}}]}"#);
        assert_eq!(json!(one.expect("valid")), json!(two.expect("valid")));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"Statement":"x"}"#,
            r#"{"Statement":[1]}"#,
            r#"{"Statement":[],"Statement":[]}"#,
            r#"{"Id":"\ud800","Statement":[]}"#,
            r#"{"Id":1e999,"Statement":[]}"#,
        ] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_equivalent_deny_satisfies_under_any_sid() {
        assert!(deny(|_| {}).denies_insecure_transport(ARN));
        assert!(deny(|s| s["Sid"] = json!("Other")).denies_insecure_transport(ARN));
        assert!(deny(|s| s["Principal"] = json!({"AWS": ["*"]})).denies_insecure_transport(ARN));
        assert!(deny(|s| s["Action"] = json!(["S3:*"])).denies_insecure_transport(ARN));
        assert!(deny(|s| s["Resource"] = json!("*")).denies_insecure_transport(ARN));
        let condition = json!({"Bool": {"aws:securetransport": false}});
        assert!(deny(|s| s["Condition"] = condition).denies_insecure_transport(ARN));
    }

    #[test]
    fn a_deny_that_spares_something_does_not_satisfy() {
        let weaker: [(&str, Value); 8] = [
            ("Effect", json!("Allow")),
            (
                "Principal",
                json!({"AWS": "arn:aws:iam::111122223333:root"}),
            ),
            ("Action", json!("s3:GetObject")),
            ("Resource", json!([format!("{ARN}/*")])),
            ("Resource", json!([ARN])),
            ("Resource", json!([ARN, format!("{ARN}/public/*")])),
            (
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "true"}}),
            ),
            (
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"a": "b"}}),
            ),
        ];
        for (key, value) in weaker {
            let policy = deny(|statement| statement[key] = value.clone());
            assert!(!policy.denies_insecure_transport(ARN), "{key}: {value}");
        }
        assert!(!deny(|s| s["NotPrincipal"] = json!("x")).denies_insecure_transport(ARN));
    }

    #[test]
    fn a_deny_for_the_bucket_and_one_for_its_objects_satisfy_together() {
        let mut bucket = deny_insecure_transport(ARN);
        bucket["Resource"] = json!(ARN);
        let mut objects = deny_insecure_transport(ARN);
        objects["Resource"] = json!(format!("{ARN}/*"));
        assert!(policy(json!([bucket, objects])).denies_insecure_transport(ARN));
    }

    #[test]
    fn statements_are_the_same_whatever_their_spelling() {
        let one = json!({"Sid": "A", "Effect": "Allow", "Principal": {"Service": "x"},
            "Action": ["s3:PutObject"], "Resource": "r", "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}});
        let two = json!({"Effect": "Allow", "Principal": {"Service": ["x"]}, "Action": "S3:putobject",
            "Resource": ["r"], "Condition": {"stringequals": {"AWS:SourceAccount": ["1"]}}});
        assert!(policy(json!([one])).says(&two));
        let other = json!({"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "s3:PutObject",
            "Resource": "R", "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}});
        assert!(!policy(json!([two])).says(&other));
    }

    #[test]
    fn deleted_principals_are_found_with_their_statement() {
        let found = policy(json!([
            {"Sid": "Old", "Principal": {"AWS": ["AROAEXAMPLEROLEID0001", "arn:aws:iam::1:root"]}},
        ]));
        let wanted = [("Old".to_owned(), "AROAEXAMPLEROLEID0001".to_owned())];
        assert_eq!(found.deleted_principals(), wanted);
    }
}

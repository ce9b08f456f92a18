//! The values of guardrails that are more than on and off.

use crate::s3;
use crate::settings;
use crate::settings::{Setting, Stricter, Takes, schema};
use crate::words;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::fmt;

words! {
    /// Who owns the objects. There is one value: whatever else S3 knows lets ACLs count.
    pub enum Ownership {
        /// The bucket's owner; ACLs count for nothing.
        Enforced = "enforced",
    }
}

/// A protection that `true` asks for; `false` takes back what an earlier entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Protection(pub bool);

impl Takes for Protection {
    const STRICTER: Stricter = Stricter::Higher;
    const EXAMPLES: &'static [&'static str] = bool::EXAMPLES;

    fn schema() -> Value {
        bool::schema()
    }
}

/// How objects are encrypted whose upload does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// With keys of S3, or anything stricter.
    S3,
    /// With a KMS key.
    Kms(Kms),
}

settings! {
    /// A KMS key for a bucket.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Kms {
        /// A key of the bucket's region, by alias (`alias/data`), id or ARN; `{account}` and
        /// `{region}` are filled in.
        #[example("\"alias/data\"")]
        pub kms: String,

        /// Whether one data key serves many objects; not managed when left out.
        pub bucket_key: Option<bool> = none,
    }
}

impl Takes for Encryption {
    const KEYS: &'static [Setting] = Kms::KEYS;

    fn schema() -> Value {
        schema::either(json!({ "const": "s3" }), Kms::schema())
    }
}

impl Kms {
    /// The key as it is asked for in a region.
    pub fn key(&self, account: &str, region: &str) -> String {
        fill(&self.kms, account, region)
    }
}

impl<'de> Deserialize<'de> for Encryption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EncryptionVisitor)
    }
}

struct EncryptionVisitor;

impl<'de> Visitor<'de> for EncryptionVisitor {
    type Value = Encryption;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"s3\", or a table `{ kms = \"alias/…\" }`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "s3" => Ok(Encryption::S3),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Kms::deserialize(MapAccessDeserializer::new(map)).map(Encryption::Kms)
    }
}

settings! {
    /// Where access logs go.
    #[derive(Clone, PartialEq, Eq)]
    pub struct AccessLog {
        /// A bucket of the same region; `{account}` and `{region}` (that of the bucket that is
        /// logged) are filled in.
        #[example("\"acme-access-logs\"")]
        pub bucket: String,

        /// What the keys of logs begin with; `{bucket}`, `{account}` and `{region}` are filled in.
        pub prefix: String = "{bucket}/",
    }
}

impl AccessLog {
    /// The bucket that takes the logs of the buckets of a region.
    pub fn target(&self, account: &str, region: &str) -> String {
        fill(&self.bucket, account, region)
    }

    /// What the keys of a bucket's logs begin with.
    pub fn prefix(&self, bucket: &str, account: &str, region: &str) -> String {
        fill(&self.prefix.replace("{bucket}", bucket), account, region)
    }
}

fn fill(text: &str, account: &str, region: &str) -> String {
    text.replace("{account}", account).replace("{region}", region)
}

settings! {
    /// For how long new objects can be neither deleted nor overwritten.
    #[derive(Clone, PartialEq, Eq)]
    pub struct ObjectLock {
        /// Who may delete them all the same: `"governance"`, who has
        /// `s3:BypassGovernanceRetention`, or `"compliance"`, nobody, not even the root user.
        pub mode: Mode,

        /// For how many days.
        #[range(1..=36_500)]
        #[example("30")]
        pub days: i32,

        /// Say `true` to accept that object lock cannot be switched off again, and `"compliance"`
        /// for what nobody can shorten.
        #[example("true", "\"compliance\"")]
        pub accept_irreversible: Accept = none,
    }
}

words! {
    /// Who may delete locked objects.
    pub enum Mode {
        /// Whoever has `s3:BypassGovernanceRetention`.
        Governance = "governance",
        /// Nobody, not even the root user.
        Compliance = "compliance",
    }
}

impl Mode {
    /// S3's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

impl ObjectLock {
    /// The retention as S3 has it.
    pub fn retention(&self) -> s3::Retention {
        s3::Retention { mode: self.mode.word().to_owned(), days: Some(self.days), years: None }
    }

    /// What the retention of a bucket becomes, and what of that has to be accepted; nothing where the
    /// lock is enough. It is never shortened, and compliance stays.
    pub fn raised(&self, lock: Option<&s3::ObjectLock>) -> Option<(s3::Retention, Accept)> {
        let before = lock.and_then(|lock| lock.default.as_ref());
        let is_compliance = before.is_some_and(|own| own.mode != Mode::Governance.word());
        let is_long = before.is_some_and(|own| own.in_days() >= self.days);
        if is_long && (is_compliance || self.mode == Mode::Governance) {
            return None;
        }
        let mut after = self.retention();
        if is_compliance {
            after.mode = before.map(|own| own.mode.clone()).unwrap_or_default();
        }
        if let Some(before) = before.filter(|_| is_long) {
            (after.days, after.years) = (before.days, before.years);
        }
        let needed = match (lock, after.mode == Mode::Compliance.word()) {
            (_, true) => Accept::Compliance,
            (None, false) => Accept::Lock,
            (Some(_), false) => Accept::Nothing,
        };
        Some((after, needed))
    }
}

/// What a person has acknowledged of object lock, from little to much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accept {
    /// Nothing.
    #[default]
    Nothing,
    /// That it cannot be switched off again: `true`.
    Lock,
    /// Also that nobody can shorten it: `"compliance"`.
    Compliance,
}

impl Accept {
    /// What nobody can do once that is done.
    pub fn cannot(self) -> &'static str {
        match self {
            Self::Compliance => {
                "nobody, not even the root user, can delete or shorten what is locked"
            }
            Self::Lock => "object lock can never be switched off again",
            Self::Nothing => {
                "new objects cannot be deleted or overwritten until their time is over"
            }
        }
    }

    /// What is still to be accepted, and how to say so; nothing where it was.
    pub fn lacks(self, needed: Self) -> Option<(&'static str, &'static str)> {
        match needed {
            _ if self >= needed => None,
            Self::Compliance => Some((
                "locks in compliance mode cannot be shortened by anybody",
                "if that is meant, say object_lock = { …, accept_irreversible = \"compliance\" }",
            )),
            _ => Some((
                "object lock is off, and can never be switched off again once it is on",
                "if that is meant, say object_lock = { …, accept_irreversible = true }",
            )),
        }
    }
}

impl Takes for Accept {
    fn schema() -> Value {
        schema::either(bool::schema(), json!({ "const": "compliance" }))
    }
}

impl<'de> Deserialize<'de> for Accept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AcceptVisitor)
    }
}

struct AcceptVisitor;

impl Visitor<'_> for AcceptVisitor {
    type Value = Accept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, or \"compliance\"")
    }

    fn visit_bool<E: de::Error>(self, accepted: bool) -> Result<Self::Value, E> {
        Ok(if accepted { Accept::Lock } else { Accept::Nothing })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "compliance" => Ok(Accept::Compliance),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

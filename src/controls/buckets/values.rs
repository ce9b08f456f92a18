//! The values of guardrails that are more than on and off.

use crate::s3;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Who owns the objects. There is one value: whatever else S3 knows lets ACLs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ownership {
    /// The bucket's owner; ACLs count for nothing.
    Enforced,
}

/// How objects are encrypted whose upload does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// With keys of S3, or anything stricter.
    S3,
    /// With a KMS key.
    Kms(Kms),
}

/// A KMS key for a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kms {
    /// Its alias (`alias/data`), id or ARN; `{account}` and `{region}` are filled in.
    pub kms: String,
    /// Whether one data key serves many objects; not managed when left out.
    pub bucket_key: Option<bool>,
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

/// Where access logs go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "{ bucket = …, prefix = … }")]
pub struct AccessLog {
    /// The bucket; `{account}` and `{region}` (that of the bucket that is logged) are filled in.
    pub bucket: String,
    /// What the keys of logs begin with; `{bucket}`, `{account}` and `{region}` are filled in.
    #[serde(default = "by_bucket")]
    pub prefix: String,
}

fn by_bucket() -> String {
    "{bucket}/".to_owned()
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
    text.replace("{account}", account)
        .replace("{region}", region)
}

/// For how long new objects can be neither deleted nor overwritten.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "{ mode = …, days = … }")]
pub struct ObjectLock {
    /// Who may delete them all the same.
    pub mode: Mode,
    /// For how many days.
    pub days: i32,
    /// That the person knows what cannot be taken back.
    #[serde(default)]
    pub accept_irreversible: Accept,
}

/// Who may delete locked objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Whoever has `s3:BypassGovernanceRetention`.
    Governance,
    /// Nobody, not even the root user.
    Compliance,
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
        s3::Retention {
            mode: self.mode.word().to_owned(),
            days: Some(self.days),
            years: None,
        }
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
        Ok(if accepted {
            Accept::Lock
        } else {
            Accept::Nothing
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "compliance" => Ok(Accept::Compliance),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

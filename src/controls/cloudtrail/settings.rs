//! The table `[cloudtrail]`, and what is wrong with it.

use super::selectors::{Access, Kind, MOST_VALUES, Wish};
use crate::baseline::Problems;
use crate::floor::{AtLeast, raise};
use crate::managed::Managed;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::fmt;

/// The table `[cloudtrail]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    enabled: Managed<bool>,
    /// The trail; left out, the one that is there.
    pub name: Managed<String>,
    /// Where it delivers.
    pub bucket: Managed<String>,
    /// Under which prefix.
    pub prefix: Managed<String>,
    log_file_validation: Managed<AtLeast<bool>>,
    multi_region: Managed<AtLeast<bool>>,
    global_events: Managed<AtLeast<bool>>,
    kms_key: Managed<String>,
    data_events: Managed<Vec<DataEvents>>,
    insights: Managed<BTreeSet<Insight>>,
}

impl Default for Settings {
    fn default() -> Self {
        let on = || Managed::new(AtLeast::new(true));
        Self {
            enabled: Managed::new(true),
            name: Managed::UNMANAGED,
            bucket: Managed::UNMANAGED,
            prefix: Managed::UNMANAGED,
            log_file_validation: on(),
            multi_region: on(),
            global_events: on(),
            kms_key: Managed::UNMANAGED,
            data_events: Managed::UNMANAGED,
            insights: Managed::UNMANAGED,
        }
    }
}

/// Data events of one kind of thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataEvents {
    s3: Option<Which>,
    lambda: Option<Which>,
    dynamodb: Option<Which>,
    #[serde(default)]
    access: Access,
}

/// All of a kind, or those in a list.
#[derive(Clone, Debug)]
enum Which {
    All,
    Listed(BTreeSet<String>),
}

/// An unusual activity that CloudTrail looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Insight {
    /// Unusually many or few calls.
    ApiCallRateInsight,
    /// Unusually many errors.
    ApiErrorRateInsight,
}

impl Insight {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiCallRateInsight => "ApiCallRateInsight",
            Self::ApiErrorRateInsight => "ApiErrorRateInsight",
        }
    }
}

impl Settings {
    /// Whether the trail is judged, rather than to be stopped.
    pub fn is_enabled(&self) -> bool {
        *self.enabled != Some(false)
    }

    /// Whether the trail is to record.
    pub fn logging(&self, live: bool) -> bool {
        self.enabled.unwrap_or(live)
    }

    /// Whether one is made where there is none.
    pub fn creates(&self) -> bool {
        *self.enabled == Some(true)
    }

    /// The insights it has at least.
    pub fn insights(&self) -> impl Iterator<Item = Insight> {
        self.insights.iter().flatten().copied()
    }

    /// What its files are to be encrypted with.
    pub fn key(&self) -> Option<KeyName<'_>> {
        let key = self.kms_key.as_deref().filter(|_| self.is_enabled());
        key.map(KeyName::parse)
    }

    /// What log file validation has to be.
    pub fn log_file_validation(&self, live: bool) -> bool {
        raise(&self.log_file_validation, live)
    }

    /// Whether the trail has to record all regions.
    pub fn multi_region(&self, live: bool) -> bool {
        raise(&self.multi_region, live)
    }

    /// Whether the trail has to record services that are in no region; one that records all
    /// regions must.
    pub fn global_events(&self, live: bool, multi_region: bool) -> bool {
        multi_region || raise(&self.global_events, live)
    }

    /// The data events it asks for.
    pub fn wishes(&self) -> Vec<Wish> {
        let entries = self.data_events.iter().flatten();
        entries.flat_map(DataEvents::wishes).collect()
    }

    /// What AWS would refuse or nobody could mean.
    pub fn check(&self, problems: &mut Problems) {
        if let Some(name) = &*self.name
            && let Err(text) = check_name(name)
        {
            problems.setting("name", text);
        }
        if let Some(bucket) = &*self.bucket
            && !is_bucket(bucket)
        {
            problems.setting(
                "bucket",
                "a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes; \
                 {account} and {region} may stand in it",
            );
        }
        if let Some(prefix) = &*self.prefix
            && !is_prefix(prefix)
        {
            let text = "a prefix has 1 to 200 characters and no slash at either end";
            problems.setting("prefix", text);
        }
        if let Some(key) = &*self.kms_key
            && !KeyName::parse(key).is_one()
        {
            problems.setting(
                "kms_key",
                "a key is named by its alias (alias/…), its id or its ARN",
            );
        }
        if !self.global_events(true, false) && self.multi_region(true) {
            let text = "a trail that records all regions includes global events";
            problems.setting("global_events", text);
        }
        for (at, events) in self.data_events.iter().flatten().enumerate() {
            events.check(&format!("data_events.{at}"), problems);
        }
        let values: usize = self.wishes().iter().map(|wish| values(&wish.which)).sum();
        if values > MOST_VALUES {
            let text = format!("a trail takes at most {MOST_VALUES} names and conditions");
            problems.setting("data_events", text);
        }
    }
}

fn values(which: &Option<BTreeSet<String>>) -> usize {
    which.as_ref().map_or(0, BTreeSet::len)
}

impl DataEvents {
    fn kinds(&self) -> impl Iterator<Item = (Kind, &Which)> {
        let all = [
            (Kind::S3, &self.s3),
            (Kind::Lambda, &self.lambda),
            (Kind::DynamoDb, &self.dynamodb),
        ];
        all.into_iter()
            .filter_map(|(kind, which)| Some((kind, which.as_ref()?)))
    }

    fn wishes(&self) -> impl Iterator<Item = Wish> {
        self.kinds().map(|(kind, which)| Wish {
            kind,
            which: match which {
                Which::All => None,
                Which::Listed(names) => Some(names.clone()),
            },
            access: self.access,
        })
    }

    fn check(&self, path: &str, problems: &mut Problems) {
        if self.kinds().count() != 1 {
            let text = "name one of s3, lambda and dynamodb in each entry";
            problems.setting(path, text);
        }
        for (kind, which) in self.kinds() {
            let path = format!("{path}.{}", kind.word());
            match which {
                Which::All => {}
                Which::Listed(names) if names.is_empty() => {
                    problems.setting(&path, "the list is empty");
                }
                Which::Listed(names) => {
                    if let Some(name) = names.iter().find(|name| !fits(kind, name)) {
                        problems.setting(&path, format!("'{name}' {}", wrong(kind)));
                    }
                }
            }
        }
    }
}

fn fits(kind: Kind, name: &str) -> bool {
    let whole = name.starts_with("arn:") && !name.contains('*');
    match kind {
        Kind::S3 => is_bucket(name) && !name.contains('{'),
        Kind::Lambda => whole && name.contains(":lambda:") && name.contains(":function:"),
        Kind::DynamoDb => whole && name.contains(":dynamodb:") && name.contains(":table/"),
    }
}

fn wrong(kind: Kind) -> &'static str {
    match kind {
        Kind::S3 => "is not the name of a bucket",
        Kind::Lambda => "is not the ARN of a function",
        Kind::DynamoDb => "is not the ARN of a table",
    }
}

/// Source: CloudTrail API Reference, `CreateTrail`.
fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric();
    let separator = |c: char| "._-".contains(c);
    let adjacent = name
        .chars()
        .zip(name.chars().skip(1))
        .any(|(a, b)| separator(a) && separator(b));
    if !(3..=128).contains(&name.len()) {
        Err("a trail's name has 3 to 128 characters")
    } else if !name.chars().all(|c| plain(c) || separator(c)) {
        Err("a trail's name has letters, digits, dots, underscores and dashes")
    } else if !name.starts_with(plain) || !name.ends_with(plain) || adjacent {
        Err(
            "a trail's name begins and ends with a letter or digit and has no two of . _ - in a row",
        )
    } else if name.parse::<std::net::Ipv4Addr>().is_ok() {
        Err("a trail's name is not an IP address")
    } else {
        Ok(())
    }
}

fn is_bucket(name: &str) -> bool {
    let filled = name.replace("{account}", "111122223333");
    let filled = filled.replace("{region}", "us-east-1");
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    (3..=63).contains(&filled.len()) && filled.chars().all(known)
}

fn is_prefix(prefix: &str) -> bool {
    (1..=200).contains(&prefix.len()) && !prefix.starts_with('/') && !prefix.ends_with('/')
}

/// The name of a KMS key: an alias, an id, or the ARN of either.
#[derive(Clone, Copy, Debug)]
pub struct KeyName<'a> {
    /// As it was written.
    pub text: &'a str,
}

impl<'a> KeyName<'a> {
    /// Takes a text for one.
    pub fn parse(text: &'a str) -> Self {
        Self { text }
    }

    fn part(self, number: usize) -> Option<&'a str> {
        let arn = self.text.starts_with("arn:");
        self.text.splitn(6, ':').nth(number).filter(|_| arn)
    }

    fn is_one(self) -> bool {
        let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let is_id = |text: &str| text.len() >= 32 && hex(text.strip_prefix("mrk-").unwrap_or(text));
        let is_alias = |text: &str| text.strip_prefix("alias/").is_some_and(|n| !n.is_empty());
        match self.part(5) {
            Some(resource) => {
                self.part(2) == Some("kms")
                    && (is_alias(resource) || resource.strip_prefix("key/").is_some_and(is_id))
            }
            None => is_alias(self.text) || is_id(self.text),
        }
    }

    /// Whether it is the ARN of a key, so that nobody need be asked.
    pub fn is_key_arn(self) -> bool {
        self.id().is_some() && self.part(5).is_some()
    }

    /// The region that it names.
    pub fn region(self) -> Option<&'a str> {
        self.part(3)
    }

    /// The account that it names.
    pub fn account(self) -> Option<&'a str> {
        self.part(4)
    }

    /// The id of the key, unless it is an alias.
    pub fn id(self) -> Option<&'a str> {
        match self.part(5) {
            Some(resource) => resource.strip_prefix("key/"),
            None => Some(self.text).filter(|text| !text.starts_with("alias/")),
        }
    }
}

impl<'de> Deserialize<'de> for Which {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WhichVisitor)
    }
}

struct WhichVisitor;

impl<'de> Visitor<'de> for WhichVisitor {
    type Value = Which;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"all\" or a list")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Which, E> {
        match text {
            "all" => Ok(Which::All),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Which, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = list.next_element()? {
            names.insert(name);
        }
        Ok(Which::Listed(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_keys_are_told_apart() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{id}");
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/trail";
        for name in ["alias/trail", id, &arn, alias] {
            assert!(KeyName::parse(name).is_one(), "{name}");
        }
        for name in ["trail", "alias/", "arn:aws:s3:::bucket", ""] {
            assert!(!KeyName::parse(name).is_one(), "{name}");
        }
        assert!(KeyName::parse(&arn).is_key_arn());
        assert!(
            ![id, alias, "alias/x"]
                .iter()
                .any(|n| KeyName::parse(n).is_key_arn())
        );
        assert_eq!(KeyName::parse(alias).region(), Some("eu-west-1"));
        assert_eq!(KeyName::parse("alias/trail").region(), None);
    }

    #[test]
    fn names_are_checked_as_cloudtrail_checks_them() {
        for name in ["baseline", "a.b-c_d", "1st"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["ab", "a--b", "-ab", "ab-", "a b", "10.0.0.1"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}

//! The tables `[[keys]]`: the alias of a key, what it is for, and where.

use crate::aws::RegionName;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost};
use crate::managed::{Managed, UNMANAGED};
use crate::settings;
use crate::settings::{Takes, schema};
use crate::texts;
use crate::words;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

settings! {
    /// One table `[[keys]]`.
    pub struct Entry {
        /// The alias of the key, by which it is found and by which other tables name it. One that
        /// exists is adopted; else a key is created.
        #[example("\"alias/logs\"")]
        pub alias: Alias,

        /// What encrypts with it. Its policy gets the statements that each of these needs: without
        /// them nothing is delivered, or no instance starts. `bucket` is for buckets in which AWS
        /// Config, VPC flow logs and other services put their logs.
        #[example("[\"trail\", \"logs\"]", "[\"topics\"]")]
        pub uses as "for": Managed<BTreeSet<Use>>,

        /// Where: `"home"`, `"all"` regions that the baseline looks at, or a list. There is a key of
        /// its own in each.
        #[costs]
        #[example("[\"us-east-1\", \"eu-west-1\"]")]
        pub regions: Managed<Regions> = "home",

        /// The longest time between two rotations, in days. A key that is rotated more often
        /// satisfies it.
        #[range(90..=2560)]
        #[costs]
        pub rotation_days: Managed<AtMost<i32>> = 365,

        /// How many days it takes at least until a key whose deletion was scheduled is gone: a
        /// statement of its policy denies to schedule it for sooner.
        #[range(7..=30)]
        #[breaks("deletions of the key with a shorter waiting period are refused")]
        pub deletion_window_days: Managed<AtLeast<i32>> = 30,

        /// Accounts and organizations that its policy and its grants may let in, beside this
        /// account. Whoever else may use the key is a finding, with the statement or the grant.
        #[example("[\"999999999999\"]")]
        pub shared_with: Managed<BTreeSet<String>> = [],

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

words! {
    /// What encrypts with a key.
    pub enum Use {
        /// The log files of CloudTrail.
        Trail = "trail",
        /// Log groups of CloudWatch Logs.
        Logs = "logs",
        /// SNS topics that alerts are sent to.
        Topics = "topics",
        /// EBS volumes.
        Ebs = "ebs",
        /// Buckets that services deliver to.
        Bucket = "bucket",
        /// The findings that GuardDuty exports.
        GuardDuty = "guardduty",
        /// The results that Macie exports.
        Macie = "macie",
    }
}

/// The alias of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Alias(String);

texts!(Alias: "^alias/[a-zA-Z0-9/_-]+$");

impl Entry {
    /// What encrypts with the key, as far as that is said.
    pub fn uses(&self) -> impl Iterator<Item = Use> {
        self.uses.iter().flatten().copied()
    }

    /// Where it is; the home region, where nothing is said.
    pub fn regions(&self) -> &Regions {
        self.regions.as_ref().unwrap_or(&Regions::Home)
    }
}

impl Alias {
    /// `alias/logs`
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Source: KMS API Reference, CreateAlias.
impl TryFrom<String> for Alias {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == UNMANAGED {
            return Err("a key is known by its name: write its alias".to_owned());
        }
        let Some(name) = text.strip_prefix("alias/") else {
            return Err(format!("an alias begins with alias/: write \"alias/{text}\""));
        };
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
        match name {
            _ if name.starts_with("aws/") => {
                Err("the aliases that begin with alias/aws/ are those of AWS's own keys".to_owned())
            }
            _ if name.is_empty() || text.len() > 256 || !name.bytes().all(is_known) => {
                Err("an alias has letters, digits, slashes, underscores and dashes behind \
                     alias/, and 256 characters at most"
                    .to_owned())
            }
            _ => Ok(Self(text)),
        }
    }
}

/// The regions of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Regions {
    /// The home region.
    #[default]
    Home,
    /// All that the baseline looks at.
    All,
    /// These.
    Listed(BTreeSet<String>),
}

impl Takes for Regions {
    fn schema() -> Value {
        let words = json!({ "enum": ["home", "all"] });
        schema::either(words, BTreeSet::<RegionName>::schema())
    }
}

impl<'de> Deserialize<'de> for Regions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RegionsVisitor)
    }
}

struct RegionsVisitor;

impl<'de> de::Visitor<'de> for RegionsVisitor {
    type Value = Regions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"home\", \"all\" or a list of regions")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Regions, E> {
        match text {
            "home" => Ok(Regions::Home),
            "all" => Ok(Regions::All),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Regions, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = list.next_element::<RegionName>()? {
            names.insert(name.into());
        }
        match names.is_empty() {
            true => Err(de::Error::custom("the list is empty: there would be no key")),
            false => Ok(Regions::Listed(names)),
        }
    }
}

/// Reports what contradicts itself.
pub fn check(entries: &[Entry], problems: &mut Problems) {
    for (index, entry) in entries.iter().enumerate() {
        if entries[..index].iter().any(|other| other.alias == entry.alias) {
            let text = format!(
                "there are two tables for {}: write all of its uses and regions in one",
                entry.alias.as_str()
            );
            problems.setting(&format!("{index}.alias"), text);
        }
        if entry.uses.as_ref().is_some_and(BTreeSet::is_empty) {
            let text = "nothing would encrypt with it: name what it is for";
            problems.setting(&format!("{index}.for"), text);
        }
        let others = entry.shared_with.iter().flatten();
        let is_one = |name: &&String| {
            let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
            is_account || name.starts_with("o-")
        };
        if let Some(odd) = others.into_iter().find(|name| !is_one(name)) {
            let text = format!("'{odd}' is neither an account nor an organization (o-…)");
            problems.setting(&format!("{index}.shared_with"), text);
        }
    }
}

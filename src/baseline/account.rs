//! The table `[account]`: which account, where, and how what is created there is tagged.

pub use crate::aws::AccountId;
use crate::aws::{RegionName, regions};
use crate::document::{Problems, Table};
use crate::settings;
use crate::settings::{Takes, schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

settings! {
    /// The table `[account]`.
    #[derive(Clone, Default)]
    pub struct Account {
        /// The account the baseline is for; any other is refused.
        #[example("\"111122223333\"")]
        pub id: Option<AccountId> = none,

        /// Where one-region things live: the trail, the log bucket.
        #[example("\"eu-west-1\"")]
        pub home_region: Option<RegionName> = none,

        /// The regions that regional controls look at: `"enabled"`, all that the account has
        /// enabled, or a list.
        #[example("\"enabled\"", "[\"eu-west-1\", \"us-east-1\"]")]
        pub regions: Regions = "enabled",

        /// Regions that may be closed by the organization: that nothing can be read there is
        /// accepted.
        #[example("[\"me-south-1\"]")]
        pub closed_regions: RegionNames = [],

        /// Tags for everything that is created.
        #[example("{ team = \"platform\" }")]
        pub tags: BTreeMap<String, String> = {},
    }
}

/// The names of regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionNames(BTreeSet<String>);

impl Deref for RegionNames {
    type Target = BTreeSet<String>;

    fn deref(&self) -> &BTreeSet<String> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RegionNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = BTreeSet::<RegionName>::deserialize(deserializer)?;
        Ok(Self(names.into_iter().map(String::from).collect()))
    }
}

impl Takes for RegionNames {
    fn schema() -> Value {
        BTreeSet::<RegionName>::schema()
    }
}

/// The regions that regional controls look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Regions {
    /// All that the account has enabled: `"enabled"`.
    #[default]
    Enabled,
    /// These.
    Listed(Vec<String>),
}

impl Takes for Regions {
    fn schema() -> Value {
        schema::either(json!({ "const": "enabled" }), RegionNames::schema())
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
        f.write_str("\"enabled\" or a list of regions")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Regions, E> {
        match text {
            "enabled" => Ok(Regions::Enabled),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Regions, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element::<RegionName>()? {
            names.push(name.into());
        }
        if names.is_empty() {
            return Err(de::Error::custom("the list is empty: no region would be read"));
        }
        names.sort();
        names.dedup();
        Ok(Regions::Listed(names))
    }
}

/// Reads the table; what is wrong in it goes to `problems`.
pub fn load(table: Table<'_>, problems: &mut Problems) -> Account {
    // To serde a date is a table with one entry.
    if table.get_ref().get("tags").is_some_and(|tags| tags.get_ref().is_datetime()) {
        problems.at(&table, "tags", "expected a table, found a date".to_owned());
    }
    let account: Option<Account> = problems.decode("account", &table);
    let account = account.unwrap_or_default();
    if account.tags.contains_key(crate::control::OUR_TAG) {
        let text = format!("the tag '{}' is set by baseline itself", crate::control::OUR_TAG);
        problems.at(&table, &format!("tags.{}", crate::control::OUR_TAG), text);
    }
    if let (Some(home), Regions::Listed(regions)) = (&account.home_region, &account.regions)
        && !regions.iter().any(|region| region == home.as_str())
    {
        let text = format!("the home region {} is not in the list of regions", home.as_str());
        problems.at(&table, "regions", text);
    }
    if let Regions::Listed(regions) = &account.regions {
        let home = account.home_region.as_ref().map(RegionName::as_str);
        let mut partitions: Vec<&str> = regions
            .iter()
            .map(String::as_str)
            .chain(home)
            .map(|region| regions::partition_of(region).name)
            .collect();
        partitions.sort_unstable();
        partitions.dedup();
        if partitions.len() > 1 {
            let text = "regions of different partitions: no account has both".to_owned();
            problems.at(&table, "regions", text);
        }
    }
    account
}

//! Event selectors: what a trail logs, what the baseline wishes it to log, and the smallest
//! addition that brings the two together. Pure.
//!
//! A trail has basic or advanced selectors, and writing one kind deletes the other. Here all are
//! advanced: basic ones are translated when they are read.

mod basic;
mod network;
mod wish;

pub use basic::Basic;
pub use network::{network_activity, network_unlogged, with_network};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use wish::Resource;
pub use wish::{Access, Kind, Wish, wanted};

/// The most values that all advanced selectors of a trail may hold. Source: CloudTrail API
/// Reference, `PutEventSelectors`.
pub const MOST_VALUES: usize = 500;

const CATEGORY: &str = "eventCategory";
const READ_ONLY: &str = "readOnly";
const TYPE: &str = "resources.type";
const ARN: &str = "resources.ARN";
const SOURCE: &str = "eventSource";

/// The services of so many management events that AWS lets a trail leave them out. Source:
/// CloudTrail API Reference, `EventSelector`, `ExcludeManagementEventSources`.
pub const BUSY_SOURCES: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

/// An advanced event selector, as AWS has it: an event that matches all fields is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Selector {
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The conditions.
    pub field_selectors: Vec<Field>,
}

/// The condition on one field of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Field {
    /// The field.
    pub field: String,
    /// Exact values that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// Beginnings that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// Endings that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    /// Exact values that do not match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    /// Beginnings that do not match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    /// Endings that do not match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
}

impl Field {
    fn equals(field: &str, value: &str) -> Self {
        Self { field: field.to_owned(), equals: vec![value.to_owned()], ..Self::default() }
    }

    /// Its operators in words, with their values.
    fn operators(&self) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
        [
            ("is", &self.equals),
            ("starts with", &self.starts_with),
            ("ends with", &self.ends_with),
            ("is not", &self.not_equals),
            ("does not start with", &self.not_starts_with),
            ("does not end with", &self.not_ends_with),
        ]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
    }

    /// Whether it holds nothing: an operator that this program does not know.
    pub fn is_blank(&self) -> bool {
        self.operators().next().is_none()
    }

    /// Whether it only spares what begins like this, or with more of it.
    fn only_spares(&self, start: &str) -> bool {
        let mut operators = self.operators();
        let not = |list: &Vec<String>| list.iter().all(|own| own.starts_with(start));
        matches!(
            (operators.next(), operators.next()),
            (Some(("does not start with", list)), None) if not(list)
        )
    }

    /// Whether it only says which exact values or beginnings match, in one way.
    fn is_plain(&self) -> bool {
        let mut operators = self.operators().map(|(word, _)| word);
        matches!((operators.next(), operators.next()), (Some("is" | "starts with"), None))
    }
}

impl Selector {
    fn new(name: &str, fields: impl IntoIterator<Item = Field>) -> Self {
        Self { name: Some(name.to_owned()), field_selectors: fields.into_iter().collect() }
    }

    /// All management events: what a trail logs when nobody said anything. The name is the
    /// console's, by which other tools know it: Prowler's check
    /// `cloudtrail_multi_region_enabled_logging_management_events`.
    pub fn management() -> Self {
        Self::new("Management events selector", [Field::equals(CATEGORY, "Management")])
    }

    fn is_of(&self, category: &str) -> bool {
        let mut fields = self.field_selectors.iter();
        fields.any(|field| field.field == CATEGORY && field.equals == [category])
    }

    /// The condition on a field; `None` if there is none, or more than one.
    fn only(&self, name: &str) -> Option<&Field> {
        let mut found = self.field_selectors.iter().filter(|f| f.field == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// Whether it says nothing but category, type, access and resources, each once and plainly.
    fn is_plain(&self) -> bool {
        self.is_plain_but_for(None)
    }

    /// The same, where resources that begin like this may be spared.
    fn is_plain_but_for(&self, spared: Option<&str>) -> bool {
        let known = [CATEGORY, TYPE, READ_ONLY, ARN];
        let spares = |field: &Field| {
            field.field == ARN && spared.is_some_and(|start| field.only_spares(start))
        };
        let mut names = BTreeSet::new();
        self.field_selectors.iter().all(|field| {
            known.contains(&field.field.as_str())
                && names.insert(&field.field)
                && (field.is_plain() || spares(field))
        })
    }

    /// Whether every event of this kind is logged by it.
    fn logs(&self, kind: Kind, resource: &Resource, reads: bool) -> bool {
        let spared = match resource {
            Resource::All(_, spared) => spared.as_deref(),
            _ => None,
        };
        let access = match self.only(READ_ONLY) {
            None => true,
            Some(field) => field.equals.iter().any(|value| *value == reads.to_string()),
        };
        let resources = match self.only(ARN) {
            None => true,
            Some(field) => match resource {
                Resource::All(..) if spared.is_some_and(|start| field.only_spares(start)) => true,
                Resource::All(start, _) => field.starts_with.iter().any(|p| start.starts_with(p)),
                Resource::Below(start) => field.starts_with.iter().any(|p| start.starts_with(p)),
                Resource::Exactly(arn) => {
                    field.equals.contains(arn)
                        || field.starts_with.iter().any(|p| arn.starts_with(p))
                }
            },
        };
        let types = self
            .only(TYPE)
            .is_some_and(|field| field.equals.iter().any(|t| t == kind.resource_type()));
        self.is_of("Data") && self.is_plain_but_for(spared) && types && access && resources
    }

    /// The sources whose management events of this access it leaves out; `None` if it logs less
    /// than the others.
    fn leaves_out(&self, reads: bool) -> Option<BTreeSet<&str>> {
        let mut left_out = BTreeSet::new();
        for field in &self.field_selectors {
            let mut operators = field.operators().map(|(word, _)| word);
            match (field.field.as_str(), operators.next(), operators.next()) {
                (CATEGORY, Some("is"), None) => {}
                (READ_ONLY, Some("is"), None) if field.equals.contains(&reads.to_string()) => {}
                (SOURCE, Some("is not"), None) => {
                    left_out.extend(field.not_equals.iter().map(String::as_str));
                }
                _ => return None,
            }
        }
        self.is_of("Management").then_some(left_out)
    }

    /// What it logs in words, one text for each resource; two selectors that log the same have the
    /// same texts, whatever their names and orders.
    fn in_words(&self) -> BTreeSet<String> {
        let access = match self.only(READ_ONLY).map(|field| field.equals.as_slice()) {
            None => "all",
            Some([value]) if value == "true" => "read",
            Some([value]) if value == "false" => "write",
            Some(_) => "some",
        };
        let management = self.is_of("Management");
        let head = match (management, self.only(TYPE)) {
            (true, _) | (_, None) => String::new(),
            (false, Some(field)) => short(&field.equals),
        };
        let mut rest: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let said_already = |field: &Field| match field.field.as_str() {
            CATEGORY | READ_ONLY => true,
            TYPE => self.only(TYPE).is_some(),
            ARN => {
                let only = self.only(ARN);
                only.is_some_and(|field| field.is_plain() || field.only_spares(""))
            }
            _ => false,
        };
        for field in self.field_selectors.iter().filter(|f| !said_already(f)) {
            for (word, values) in field.operators() {
                let values: BTreeSet<&str> = values.iter().map(String::as_str).collect();
                let values: Vec<&str> = values.into_iter().collect();
                rest.entry(&field.field)
                    .or_default()
                    .insert(format!("{word} {}", values.join(" or ")));
            }
        }
        let mut tail = String::new();
        for (field, conditions) in rest {
            for condition in conditions {
                // Writing to a String cannot fail.
                let _ = write!(tail, ", {field} {condition}");
            }
        }
        let text = |resource: &str| match management {
            true => format!("{access}{tail}"),
            false if access == "all" => format!("{head} {resource} (read and write){tail}"),
            false => format!("{head} {resource} ({access}){tail}"),
        };
        let only = self.only(ARN);
        match only.filter(|field| field.is_plain() || field.only_spares("")) {
            None => BTreeSet::from([text("all")]),
            Some(field) if field.only_spares("") => {
                let spared = field.not_starts_with.iter().map(|start| begins(start));
                let spared: BTreeSet<String> = spared.collect();
                let spared: Vec<String> = spared.into_iter().collect();
                BTreeSet::from([text(&format!("all but {}", spared.join(" and ")))])
            }
            Some(field) => {
                let exact = field.equals.iter().map(|arn| text(arn));
                let starts = field.starts_with.iter().map(|start| text(&begins(start)));
                exact.chain(starts).collect()
            }
        }
    }
}

/// A beginning of ARNs in words: the name of the bucket, if it is all of a bucket.
fn begins(start: &str) -> String {
    let bucket = start
        .split_once(":s3:::")
        .and_then(|(_, path)| path.strip_suffix('/'))
        .filter(|bucket| !bucket.is_empty() && !bucket.contains('/'));
    bucket.map_or_else(|| format!("{start}*"), str::to_owned)
}

fn short(types: &[String]) -> String {
    let words = types.iter().map(|name| Kind::of(name).map_or(name.as_str(), |kind| kind.word()));
    words.collect::<Vec<_>>().join(" or ")
}

/// What is logged of management events, in words.
pub fn management_events(selectors: &[Selector]) -> BTreeSet<String> {
    in_words(selectors, "Management")
}

/// The sources whose management events the selectors leave out together; `None` if they log less
/// than all reads and writes of the others.
pub fn left_out(selectors: &[Selector]) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for reads in [true, false] {
        let each = selectors.iter().filter_map(|own| own.leaves_out(reads));
        let least = each.reduce(|one, other| one.intersection(&other).copied().collect())?;
        all.extend(least.into_iter().map(str::to_owned));
    }
    Some(all)
}

/// Whether all management events are logged.
pub fn logs_all_management(selectors: &[Selector]) -> bool {
    left_out(selectors).is_some_and(|sources| sources.is_empty())
}

/// Whether any management events are logged.
pub fn logs_any_management(selectors: &[Selector]) -> bool {
    selectors.iter().any(|own| own.is_of("Management"))
}

/// The kinds of thing whose data events are wished and not all logged.
pub fn unlogged(
    selectors: &[Selector],
    wishes: &[Wish],
    partition: &str,
    bucket: &str,
) -> BTreeSet<&'static str> {
    let missing = |wish: &&Wish| !wish.missing(selectors, partition, bucket).is_empty();
    wishes.iter().filter(missing).map(|wish| wish.kind.word()).collect()
}

/// Whether what is delivered to a bucket is logged as a data event, and so delivered again.
pub fn logs_own_deliveries(selectors: &[Selector], partition: &str, bucket: &str) -> bool {
    let own = Resource::Below(format!("{}{bucket}/", Kind::S3.start(partition)));
    selectors.iter().any(|selector| selector.logs(Kind::S3, &own, false))
}

/// What is logged of data events, in words.
pub fn data_events(selectors: &[Selector]) -> BTreeSet<String> {
    in_words(selectors, "Data")
}

fn in_words(selectors: &[Selector], category: &str) -> BTreeSet<String> {
    selectors
        .iter()
        .filter(|selector| selector.is_of(category))
        .flat_map(Selector::in_words)
        .collect()
}

/// How many values the selectors hold.
pub fn values(selectors: &[Selector]) -> usize {
    selectors
        .iter()
        .flat_map(|selector| &selector.field_selectors)
        .flat_map(Field::operators)
        .map(|(_, values)| values.len())
        .sum()
}

#[cfg(test)]
mod tests;

//! The data events that the table asks for.

use super::selectors::{Access, Kind, MOST_VALUES, Wish};
use super::settings::is_bucket;
use crate::document::Problems;
use crate::settings;
use crate::settings::{Takes, schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

settings! {
    /// Data events of one kind of thing.
    pub struct DataEvents: More {
        /// The objects of buckets: `"all"`, or a list of buckets. The objects of the trail's own
        /// bucket are left out of `"all"`: each delivery would be an event.
        #[example("\"all\"", "[\"acme-data\"]")]
        s3: Option<Which> = none,

        /// The invocations of functions: `"all"`, or a list of their ARNs.
        #[example("\"all\"", "[\"arn:aws:lambda:eu-west-1:111122223333:function:pay\"]")]
        lambda: Option<Which> = none,

        /// The items of tables: `"all"`, or a list of their ARNs.
        #[example("\"all\"", "[\"arn:aws:dynamodb:eu-west-1:111122223333:table/pay\"]")]
        dynamodb: Option<Which> = none,

        /// Which events.
        access: Access = "all",
    }
}

/// All of a kind, or those in a list.
#[derive(Clone, Debug)]
enum Which {
    All,
    Listed(BTreeSet<String>),
}

impl Takes for Which {
    fn schema() -> Value {
        schema::either(json!({ "const": "all" }), BTreeSet::<String>::schema())
    }
}

/// Looks for what AWS would refuse or nobody could mean.
pub fn check<'a>(all: impl Iterator<Item = &'a DataEvents>, problems: &mut Problems) {
    let mut values = 0;
    for (at, events) in all.enumerate() {
        events.check(&format!("data_events.{at}"), problems);
        let listed = events.wishes().filter_map(|wish| wish.which);
        values += listed.map(|names| names.len()).sum::<usize>();
    }
    if values > MOST_VALUES {
        let text = format!("a trail takes at most {MOST_VALUES} names and conditions");
        problems.setting("data_events", text);
    }
}

impl DataEvents {
    fn kinds(&self) -> impl Iterator<Item = (Kind, &Which)> {
        let all =
            [(Kind::S3, &self.s3), (Kind::Lambda, &self.lambda), (Kind::DynamoDb, &self.dynamodb)];
        all.into_iter().filter_map(|(kind, which)| Some((kind, which.as_ref()?)))
    }

    /// What it asks for.
    pub fn wishes(&self) -> impl Iterator<Item = Wish> {
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

//! What the table declares of lists: a name, or a name with the file that it has.

use super::silencing::file_of;
use crate::control::Context;
use crate::settings;
use crate::settings::{Setting, Takes, schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;

/// A list that the baseline declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredList {
    /// Its name.
    pub name: String,
    /// Where its file is, if that is declared; with placeholders.
    pub location: Option<String>,
}

impl DeclaredList {
    /// Where its file is to be, if that is declared and it is not there. Lists are regional, so
    /// `{region}` is that of the detector.
    pub fn misplaced(&self, location: &str, region: &str, context: &Context) -> Option<String> {
        let declared = self.location.as_ref()?;
        let declared = declared.replace("{region}", region);
        let declared = declared.replace("{account}", &context.account);
        let is_same = match (file_of(&declared), file_of(location)) {
            (Some(one), Some(other)) => one == other,
            _ => declared == location,
        };
        (!is_same).then_some(declared)
    }
}

settings! {
    /// A list with its file.
    struct Whole {
        /// The name of the list.
        #[example("\"office\"")]
        name: String,

        /// Where its file is, as `s3://…`; `{region}`, that of the detector, and `{account}` are
        /// filled in.
        #[example("\"s3://acme-lists/office.txt\"")]
        location: Option<String> = none,
    }
}

impl Takes for DeclaredList {
    const KEYS: &'static [Setting] = Whole::KEYS;

    fn schema() -> Value {
        schema::either(String::schema(), Whole::schema())
    }
}

impl<'de> Deserialize<'de> for DeclaredList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = DeclaredList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a list, or { name = …, location = … }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<DeclaredList, E> {
        Ok(DeclaredList { name: name.to_owned(), location: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DeclaredList, A::Error> {
        let whole = Whole::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(DeclaredList { name: whole.name, location: whole.location })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    #[test]
    fn a_file_is_the_declared_one_in_whichever_spelling() {
        let list = |location: Option<&str>| DeclaredList {
            name: "office".to_owned(),
            location: location.map(str::to_owned),
        };
        let misplaced = |declared: Option<&str>, location: &str| {
            let found = list(declared).misplaced(location, "eu-west-1", &context());
            found.is_some()
        };
        let declared = Some("s3://lists-{account}-{region}/office.txt");
        let right = "https://s3.eu-west-1.amazonaws.com/lists-111122223333-eu-west-1/office.txt";
        assert!(!misplaced(declared, right));
        assert!(!misplaced(None, "s3://x/y"));
        assert!(misplaced(declared, "s3://lists-111122223333-eu-west-1/theirs.txt"));
        assert!(misplaced(declared, "s3://theirs/office.txt"));
    }
}

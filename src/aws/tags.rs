//! Tags on the wire, as most services take and answer them: a list of keys and values.

use super::Tags;
use serde::{Deserialize, Serialize};

/// A tag.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Tag {
    /// Tags as they are sent.
    pub fn list(tags: Tags) -> Vec<Self> {
        tags.into_iter().map(|(key, value)| Self { key, value }).collect()
    }

    /// Tags as they were answered.
    pub fn table(list: impl IntoIterator<Item = Self>) -> Tags {
        list.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}

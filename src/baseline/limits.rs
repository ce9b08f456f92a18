//! The table `[limits]`: what no apply of this baseline may do, whoever runs it.

use crate::aws::RegionName;
use crate::document::{Problems, Table};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The table `[limits]`. Without one, nothing is limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most places one apply may change; 0 makes the baseline one that is only looked at.
    pub max_changes: Option<u32>,
    /// What no change may do.
    pub forbid: BTreeSet<Forbidden>,
    /// The regions that no write is sent to. Calls of global services count where they are sent.
    pub protected_regions: BTreeSet<RegionName>,
}

/// Something that no change may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forbidden {
    /// Taking something away.
    Delete,
    /// Protecting less than before.
    Loosen,
}

/// Reads the table; what is wrong in it goes to `problems`.
pub fn load(table: Table<'_>, problems: &mut Problems) -> Limits {
    if !table.get_ref().is_table() {
        let text = "there is only one: write [limits]".to_owned();
        problems.add(Some(table.span()), text, None);
        return Limits::default();
    }
    problems.decode("limits", &table).unwrap_or_default()
}

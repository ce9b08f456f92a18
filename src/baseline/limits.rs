//! The table `[limits]`: what an apply of this baseline must never do.

use crate::aws::RegionName;
use crate::document::{Problems, Table};
use crate::settings;
use crate::words;
use std::collections::BTreeSet;

settings! {
    /// The table `[limits]`. Without one, nothing is limited.
    #[derive(Clone, Default, PartialEq, Eq)]
    pub struct Limits {
        /// The most places one apply may change; 0 means that the baseline is never applied.
        #[example("10")]
        pub max_changes: Option<u32> = none,

        /// What no change may do.
        #[example("[\"delete\", \"loosen\"]")]
        pub forbid: BTreeSet<Forbidden> = [],

        /// The regions that no write is sent to. Calls of global services count where they are sent.
        #[example("[\"eu-west-1\"]")]
        pub protected_regions: BTreeSet<RegionName> = [],
    }
}

words! {
    /// Something that no change may do.
    pub enum Forbidden {
        /// Taking something away.
        Delete = "delete",
        /// Protecting less than before.
        Loosen = "loosen",
    }
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

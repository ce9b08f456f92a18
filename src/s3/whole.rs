//! Settings that S3 replaces as a whole: what was read of one, and what of it the SDK's types leave
//! out, so that nothing is written back with less in it than it had.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A setting that is replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole<T> {
    /// The setting; `None` when the bucket has none.
    pub value: Option<T>,
    /// The members that S3 answered and this version of the program does not know: to write the
    /// value would lose them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<String>,
}

impl<T> Whole<T> {
    /// Whether the bucket has none, or none was read.
    pub fn is_default(&self) -> bool {
        self.value.is_none() && self.unknown.is_empty()
    }

    /// Why it may not be written: what would be lost, and what to do.
    pub fn refusal(&self, what: &str) -> Option<(String, String)> {
        if self.unknown.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
        let names = names.join(", ");
        let lost = format!("its {what} has {names}, which this version of baseline would lose");
        Some((lost, format!("use a newer baseline, or change the {what} by hand")))
    }
}

impl<T> Default for Whole<T> {
    fn default() -> Self {
        let unknown = BTreeSet::new();
        Self { value: None, unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_lost_is_named() {
        let unknown = BTreeSet::from(["FutureRule".to_owned()]);
        let whole = Whole::<()> { value: None, unknown };
        let (lost, _) = whole.refusal("lifecycle").expect("a refusal");
        assert!(lost.contains("FutureRule"), "{lost}");
        assert_eq!(Whole::<()>::default().refusal("lifecycle"), None);
    }
}

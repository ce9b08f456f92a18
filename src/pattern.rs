//! Patterns for names: of things, places and fields.

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

/// A pattern for names: `*` and `?` stand for any characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(GlobMatcher);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        let glob = Glob::new(&pattern).map_err(|cause| cause.to_string())?;
        Ok(Self(glob.compile_matcher()))
    }
}

impl Pattern {
    /// Whether a name is one of those that the pattern stands for.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

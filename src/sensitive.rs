//! Values that are never shown or saved in clear: e-mail addresses of people.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;

/// A text that is shown and saved as a mask with a digest: `b***@example.com [3f1c2a9b0d4e]`.
///
/// Two of them are equal when their masked forms are, so that a value read back from a file
/// compares with the one in the baseline. Only a value that came from the baseline or from AWS
/// can be sent.
#[derive(Clone)]
pub struct Sensitive {
    masked: String,
    clear: Option<String>,
}

impl Sensitive {
    /// Hides a text.
    pub fn new(clear: impl Into<String>) -> Self {
        let clear = clear.into();
        let digest = Sha256::digest(clear.as_bytes());
        let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { masked: format!("{} [{digest}]", mask(&clear)), clear: Some(clear) }
    }

    /// The text itself, to be sent to AWS; `None` when only the mask is known.
    pub fn reveal(&self) -> Option<&str> {
        self.clear.as_deref()
    }
}

/// The first letter of the part before `@`, and the domain; of a URL the host; of other texts the first
/// letter.
fn mask(text: &str) -> String {
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        return format!("{scheme}://{host}/***");
    }
    let first = text.chars().next().map(String::from).unwrap_or_default();
    match text.rsplit_once('@') {
        Some((_, domain)) => format!("{first}***@{domain}"),
        None => format!("{first}***"),
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl PartialEq for Sensitive {
    fn eq(&self, other: &Self) -> bool {
        self.masked == other.masked
    }
}

impl Eq for Sensitive {}

impl PartialOrd for Sensitive {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sensitive {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.masked.cmp(&other.masked)
    }
}

impl Serialize for Sensitive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked)
    }
}

/// Reads the masked form, as saved in a plan or snapshot.
impl<'de> Deserialize<'de> for Sensitive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { masked: String::deserialize(deserializer)?, clear: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_the_text_and_equality_survives_saving() {
        let address = Sensitive::new("billing@example.com");
        let saved = serde_json::to_string(&address).expect("serialisable");
        assert!(saved.starts_with("\"b***@example.com ["), "{saved}");
        assert!(!format!("{address:?}").contains("billing"));
        let read: Sensitive = serde_json::from_str(&saved).expect("readable");
        assert_eq!(read, address);
        assert_eq!(read.reveal(), None);
        assert_ne!(address, Sensitive::new("bills@example.com"));
    }
}

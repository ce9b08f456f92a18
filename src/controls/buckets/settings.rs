//! The entries of `[[buckets]]`, and what they ask of one bucket together.

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

/// A pattern for names: `*` and `?` stand for any characters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern {
    text: String,
    glob: GlobMatcher,
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let glob = Glob::new(&text).map_err(|cause| cause.to_string())?;
        let glob = glob.compile_matcher();
        Ok(Self { text, glob })
    }
}

/// The guardrails that an entry may ask for: one line each makes the key of the entry and the field
/// of what is wanted of a bucket.
macro_rules! guardrails {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// One entry of `[[buckets]]`; what it leaves out is not managed by it.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Entry {
            #[serde(rename = "match")]
            pub(super) matches: Vec<Pattern>,
            #[serde(default)]
            pub(super) except: Vec<Pattern>,
            $(pub(super) $name: Option<$type>,)*
        }

        /// What the entries ask of one bucket: of several that say something about a guardrail, the
        /// last one counts.
        #[derive(Debug, Default)]
        pub(super) struct Wanted<'a> {
            $($(#[$doc])* pub(super) $name: Option<&'a $type>,)*
            /// Each guardrail that is asked for, with the number of the entry it came from.
            pub(super) said_by: Vec<(&'static str, usize)>,
        }

        impl Entry {
            /// Whether it asks for no guardrail at all.
            pub(super) fn says_nothing(&self) -> bool {
                true $(&& self.$name.is_none())*
            }
        }

        impl<'a> Wanted<'a> {
            /// What the entries ask of a bucket.
            pub(super) fn of(entries: &'a [Entry], bucket: &str) -> Self {
                let mut wanted = Self::default();
                let covering = entries.iter().enumerate().filter(|(_, entry)| entry.covers(bucket));
                for (number, entry) in covering {
                    $(if let Some(value) = &entry.$name {
                        let name = stringify!($name);
                        wanted.said_by.retain(|(other, _)| *other != name);
                        wanted.$name = Some(value).filter(|value| value.asks());
                        if wanted.$name.is_some() {
                            wanted.said_by.push((name, number));
                        }
                    })*
                }
                wanted
            }
        }
    };
}

guardrails! {
    /// Requests without TLS are denied.
    ssl_only: bool,
}

/// Whether a value asks for something: `false` takes back what an earlier entry asks for.
trait Asks {
    fn asks(&self) -> bool {
        true
    }
}

impl Asks for bool {
    fn asks(&self) -> bool {
        *self
    }
}

impl Entry {
    fn covers(&self, bucket: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|own| own.glob.is_match(bucket));
        any(&self.matches) && !any(&self.except)
    }
}

impl Wanted<'_> {
    /// Whether nothing is asked of the bucket.
    pub(super) fn is_nothing(&self) -> bool {
        self.said_by.is_empty()
    }

    /// Which entry asks for what, where more than one does; with a single one it is plain.
    pub(super) fn sources(&self, entries: &[Entry]) -> Option<String> {
        let mut numbers: Vec<usize> = self.said_by.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let of = |number: usize| {
            let said = self.said_by.iter().filter(|(_, own)| *own == number);
            let names: Vec<&str> = said.map(|(name, _)| *name).collect();
            let patterns = entries[number].matches.iter().map(|own| own.text.as_str());
            let patterns: Vec<&str> = patterns.collect();
            format!("{} by match {}", names.join(", "), patterns.join(" "))
        };
        (numbers.len() > 1).then(|| {
            let parts: Vec<String> = numbers.into_iter().map(of).collect();
            format!("asked for: {}", parts.join("; "))
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use toml::de::ValueDeserializer;

    /// Entries of a test.
    pub fn entries(text: &str) -> Vec<Entry> {
        let value = ValueDeserializer::parse(text).expect("the test's TOML is valid");
        Vec::<Entry>::deserialize(value).expect("the test's settings are valid")
    }

    #[test]
    fn the_last_entry_that_says_something_counts() {
        let text =
            "[{ match = [\"*\"], ssl_only = true }, { match = [\"old-*\"], ssl_only = false }]";
        let entries = entries(text);
        assert_eq!(Wanted::of(&entries, "a").ssl_only, Some(&true));
        assert!(Wanted::of(&entries, "old-b").is_nothing());
    }
}

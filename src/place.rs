//! Where a control looks, and how that is written down.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a control looks: the whole account, a region, or one thing (a bucket, a budget).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The region the place is in; `None` for what is global in the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The name of the thing, where a control looks at many of a kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<String>,
}

impl Place {
    /// The account as a whole.
    pub fn account() -> Self {
        Self::default()
    }

    /// One region.
    pub fn region(region: impl Into<String>) -> Self {
        Self { region: Some(region.into()), thing: None }
    }

    /// One thing that has no region of its own.
    pub fn thing(name: impl Into<String>) -> Self {
        Self { region: None, thing: Some(name.into()) }
    }

    /// One thing in a region.
    pub fn thing_in(name: impl Into<String>, region: impl Into<String>) -> Self {
        Self { region: Some(region.into()), thing: Some(name.into()) }
    }

    /// The part after `@` in an address: the thing, else the region, else nothing.
    pub fn label(&self) -> Option<&str> {
        self.thing.as_deref().or(self.region.as_deref())
    }
}

/// A control and a place: `config@eu-west-1`, `buckets@acme-data`, `password_policy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address of a control's place.
    pub fn new(control: &str, place: &Place) -> Self {
        match place.label() {
            Some(label) => Self(format!("{control}@{label}")),
            None => Self(control.to_owned()),
        }
    }

    /// The address with another text, as for what is shown of several places at once.
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self(change(&self.0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_thing_before_the_region() {
        let at = |place| Address::new("config", &place).to_string();
        assert_eq!(at(Place::account()), "config");
        assert_eq!(at(Place::region("eu-west-1")), "config@eu-west-1");
        assert_eq!(at(Place::thing_in("logs", "eu-west-1")), "config@logs");
    }
}

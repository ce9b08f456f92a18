//! Names that a file may give, and what is wrong with those that are none.

use super::regions;
use serde::Deserialize;

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(String);

impl TryFrom<String> for AccountId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        match id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(Self(id)),
            false => Err(format!("'{id}' is not an account id: an account id has twelve digits")),
        }
    }
}

impl AccountId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::texts!(AccountId: "^[0-9]{12}$", RegionName: "^[a-z]+(-[a-z]+)+-[0-9]+$");

/// The name of a region: `eu-west-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct RegionName(String);

impl TryFrom<String> for RegionName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        regions::check(&name).map(|()| Self(name))
    }
}

impl RegionName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<RegionName> for String {
    fn from(name: RegionName) -> Self {
        name.0
    }
}

//! Listings: what kinds of things the places of controls are, and how those of an account are found.
//! Each is a type, owned by the room that knows its things, and read once in a run for all controls.

use super::facts::Reader;
use super::{AwsError, Operation};
use crate::place::Place;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A list of things of the account.
pub trait Listing: 'static {
    /// Its name in snapshots.
    const NAME: &'static str;
    /// One of the things.
    type Item: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// Whether CloudTrail names such a thing in each event about it, so that its name finds them.
    const NAMED_IN_EVENTS: bool = false;

    /// The operation that reads it in a partition.
    fn operation(partition: &str) -> &'static Operation;

    /// Reads the list; [`Reader::list`] does so once.
    ///
    /// # Errors
    /// When the list, or a part of it, cannot be had.
    fn read(reader: &Reader) -> impl Future<Output = Result<Vec<Self::Item>, AwsError>> + Send;

    /// The place that a thing is.
    fn place(item: &Self::Item) -> Place;

    /// Why a pattern, as a waiver has, can name no such thing.
    fn fault(_pattern: &str) -> Option<String> {
        None
    }
}

/// A [`Listing`] without its type.
#[derive(Clone, Copy, Debug)]
pub struct AnyListing {
    /// See [`Listing::NAME`].
    pub name: &'static str,
    /// See [`Listing::NAMED_IN_EVENTS`].
    pub named_in_events: bool,
    /// See [`Listing::operation`].
    pub operation: fn(&str) -> &'static Operation,
    /// See [`Listing::fault`].
    pub fault: fn(&str) -> Option<String>,
    places: fn(&Facts) -> Result<Vec<Place>, AwsError>,
    read: fn(&Reader) -> BoxFuture<'_, Result<Value, AwsError>>,
    is_one: fn(&Value) -> bool,
}

impl AnyListing {
    /// A listing without its type.
    pub const fn of<L: Listing>() -> Self {
        Self {
            name: L::NAME,
            named_in_events: L::NAMED_IN_EVENTS,
            operation: L::operation,
            fault: L::fault,
            places: Facts::places::<L>,
            read: read::<L>,
            is_one: |value| Vec::<L::Item>::deserialize(value).is_ok(),
        }
    }
}

fn read<L: Listing>(reader: &Reader) -> BoxFuture<'_, Result<Value, AwsError>> {
    Box::pin(async { Ok(crate::diff::to_value(&reader.list::<L>().await?)) })
}

/// The lists that places depend on, by the names of their listings; what no control needs is not
/// there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, Result<Value, AwsError>>);

impl Facts {
    /// The same, with a list.
    #[must_use]
    pub fn with<L: Listing>(mut self, items: &[L::Item]) -> Self {
        self.0.insert(L::NAME.to_owned(), Ok(crate::diff::to_value(&items)));
        self
    }

    /// The things of a listing; `None` when nobody has asked for it.
    ///
    /// # Errors
    /// The failure to read it.
    pub fn list<L: Listing>(&self) -> Result<Option<Vec<L::Item>>, AwsError> {
        let value = match self.0.get(L::NAME) {
            None => return Ok(None),
            Some(list) => list.as_ref().map_err(Clone::clone)?,
        };
        let list = Vec::deserialize(value).map_err(|cause| {
            AwsError::unexpected(L::operation("aws"), "", &format!("{}: {cause}", L::NAME))
        })?;
        Ok(Some(list))
    }

    /// The places that the things of a listing are; none when nobody has asked for it.
    ///
    /// # Errors
    /// The failure to read it.
    pub fn places<L: Listing>(&self) -> Result<Vec<Place>, AwsError> {
        let list = self.list::<L>()?.unwrap_or_default();
        Ok(list.iter().map(L::place).collect())
    }

    /// The same for a listing without its type.
    ///
    /// # Errors
    /// The failure to read it.
    pub fn places_of(&self, listing: AnyListing) -> Result<Vec<Place>, AwsError> {
        (listing.places)(self)
    }

    /// Reads a list, unless it is given.
    pub async fn read(&mut self, listing: AnyListing, given: &Self, reader: &Reader) {
        let list = match given.0.get(listing.name) {
            Some(list) => list.clone(),
            None => (listing.read)(reader).await,
        };
        self.0.insert(listing.name.to_owned(), list);
    }

    /// Whether a list is there, or the failure to read it.
    pub fn has(&self, listing: AnyListing) -> bool {
        self.0.contains_key(listing.name)
    }

    /// Takes over what another one has.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether a list could not be read.
    pub fn is_any_hidden(&self) -> bool {
        self.0.values().any(Result::is_err)
    }

    /// What is wrong with them, if they are not what these listings read: they come from a file.
    pub fn fault(&self, known: &[AnyListing]) -> Option<String> {
        self.0.iter().find_map(|(name, list)| {
            let Some(listing) = known.iter().find(|own| own.name == name) else {
                return Some(format!("it has facts of an unknown kind: {name}"));
            };
            let fits = list.as_ref().map_or(true, listing.is_one);
            (!fits).then(|| format!("its facts about {name} cannot be read"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::enabled::{EnabledRegions, LIST_REGIONS};
    use serde_json::json;

    #[test]
    fn lists_keep_their_form_in_snapshots_and_what_is_none_is_named() {
        let facts = Facts::default().with::<EnabledRegions>(&["eu-west-1".to_owned()]);
        let saved = json!({"regions": {"Ok": ["eu-west-1"]}});
        assert_eq!(crate::diff::to_value(&facts), saved);
        let read = |value: Value| -> Facts { serde_json::from_value(value).expect("facts") };
        assert_eq!(read(saved).list::<EnabledRegions>(), Ok(Some(vec!["eu-west-1".to_owned()])));
        let known = [AnyListing::of::<EnabledRegions>()];
        assert_eq!(facts.fault(&known), None);
        let fault = |value: Value| read(value).fault(&known).unwrap_or_default();
        assert!(fault(json!({"vpcs": {"Ok": []}})).contains("vpcs"));
        let strange = json!({"regions": {"Ok": [{"name": "eu-west-1"}]}});
        assert!(fault(strange.clone()).contains("regions"));
        // Not seen is not absent.
        assert!(read(strange).places::<EnabledRegions>().is_err());
    }

    #[test]
    fn what_was_not_read_hides_the_places_and_what_nobody_needs_is_not_there() {
        let error = AwsError::unexpected(&LIST_REGIONS.operation, "us-east-1", "no");
        let hidden = json!({"regions": {"Err": error}});
        let hidden: Facts = serde_json::from_value(hidden).expect("facts");
        assert!(hidden.is_any_hidden() && hidden.places::<EnabledRegions>() == Err(error));
        assert_eq!(Facts::default().list::<EnabledRegions>(), Ok(None));
    }
}

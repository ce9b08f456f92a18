//! Where controls look, by the listing that their places are of.

use crate::aws::enabled::EnabledRegions;
use crate::aws::listings::Listing;
use crate::aws::{AnyListing, AwsError, Facts};
use crate::place::Place;

/// Where a control looks.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// How many places it has.
    pub scope: Scope,
    /// What kind of thing its places are; `None` for the account and for what no listing has.
    pub listing: Option<AnyListing>,
}

/// How many places a control has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One in the account.
    Account,
    /// One in each region.
    Regions,
    /// One for each thing that the baseline names.
    Things,
    /// Each thing that exists and that the baseline matches by name.
    Matches,
}

impl Scope {
    /// Whether the baseline may have several tables of the control.
    pub fn has_many_tables(self) -> bool {
        matches!(self, Scope::Things | Scope::Matches)
    }
}

impl Places {
    /// The account as a whole.
    pub const ACCOUNT: Self = Self { scope: Scope::Account, listing: None };

    /// Every region that the baseline looks at.
    pub const REGIONS: Self =
        Self { scope: Scope::Regions, listing: Some(AnyListing::of::<EnabledRegions>()) };

    /// Things that the baseline names, a table each. The control says where they are.
    pub const NAMED: Self = Self { scope: Scope::Things, listing: None };

    /// The same for things of regions, which may be all that the baseline looks at.
    pub const NAMED_IN_REGIONS: Self =
        Self { scope: Scope::Things, listing: Some(AnyListing::of::<EnabledRegions>()) };

    /// The one thing of a listing that the table names. The control says where it is.
    pub const fn one<L: Listing>() -> Self {
        Self { scope: Scope::Account, listing: Some(AnyListing::of::<L>()) }
    }

    /// The things of a listing that the tables match by name.
    pub const fn matching<L: Listing>() -> Self {
        Self { scope: Scope::Matches, listing: Some(AnyListing::of::<L>()) }
    }

    /// All of them: the account, or the things of the listing.
    ///
    /// # Errors
    /// The failure to read the listing.
    pub fn all(&self, facts: &Facts) -> Result<Vec<Place>, AwsError> {
        match self.listing {
            None => Ok(vec![Place::account()]),
            Some(listing) => facts.places_of(listing),
        }
    }

    /// Why a pattern can match none of them by name.
    pub fn fault(&self, pattern: &str) -> Option<String> {
        self.listing.and_then(|listing| (listing.fault)(pattern))
    }

    /// Whether CloudTrail names the thing of a place in each event about it.
    pub fn are_named_in_events(&self) -> bool {
        self.listing.is_some_and(|listing| listing.named_in_events)
    }
}

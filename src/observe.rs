//! Reads an account: all places of all controls, side by side.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Caller, Facts, Kind};
use crate::baseline::Baseline;
use crate::control::{Configured, Context};
use crate::controls;
use crate::place::{Address, Place};
use crate::selection::Selection;
use futures_util::future::join_all;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::OffsetDateTime;

/// The format of snapshots that this version writes and reads.
pub const FORMAT: u32 = 1;

/// How many places of one control are read side by side: as many as requests may be in flight by
/// default, and few enough that thousands of buckets do not fill the memory.
const PLACES_AT_ONCE: usize = 64;

/// What was read of an account at one time. Saved, it is a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The format: [`FORMAT`].
    pub format: u32,
    /// Whose account it is.
    pub caller: Caller,
    /// The region of what the account has in one region only.
    pub home_region: String,
    /// When reading began.
    #[serde(with = "time::serde::rfc3339")]
    pub taken: OffsetDateTime,
    /// What the places depend on.
    pub facts: Facts,
    /// What was read at each place, by address.
    pub places: BTreeMap<Address, Observed>,
}

impl Observation {
    /// What is wrong with a snapshot that was read from a file, beside its format and its places, which
    /// are judged one by one.
    pub fn fault(&self) -> Option<String> {
        let listings = controls::ALL.iter().filter_map(|kind| kind.about.places.listing);
        self.facts.fault(&listings.collect::<Vec<_>>())
    }
}

/// What was read at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Observed {
    /// The live state.
    #[serde(rename = "live")]
    State(Compact),
    /// It could not be read.
    #[serde(rename = "unseen")]
    Unknown(Box<AwsError>),
}

/// A live state as its text: thousands are kept while an account is read, and as values each takes
/// ten times as much.
#[derive(Clone, Debug, PartialEq)]
pub struct Compact(Box<str>);

impl Compact {
    fn of(live: &Value) -> Self {
        Self(live.to_string().into_boxed_str())
    }

    /// The live state.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).expect("it was written by this program")
    }
}

impl Serialize for Compact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Compact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|live| Self::of(&live))
    }
}

impl Observed {
    fn new(answer: Result<Value, AwsError>) -> Self {
        match answer {
            Ok(live) => Self::State(Compact::of(&live)),
            Err(error) => Self::Unknown(Box::new(error)),
        }
    }

    /// Whether the region does not have the service at all.
    pub fn not_offered(&self) -> Option<&AwsError> {
        match self {
            Self::Unknown(error) if error.kind == Kind::NotOffered => Some(error),
            _ => None,
        }
    }
}

/// Follows how many places have been read.
pub trait ReadObserver: Sync {
    /// So many places are done, of so many known.
    fn on_read(&self, done: usize, known: usize);
}

/// Reads every selected place of the baseline.
pub async fn look(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    reader: &Reader,
    observer: &dyn ReadObserver,
) -> Observation {
    let chosen: Vec<&dyn Configured> = baseline
        .controls
        .iter()
        .map(|control| control.as_ref())
        .filter(|control| selection.takes_any_of(control.about().name))
        .collect();
    let counts = Counts { done: AtomicUsize::new(0), known: AtomicUsize::new(0), observer };

    let mut looking: FuturesUnordered<_> = chosen
        .iter()
        .map(|control| look_at_control(*control, baseline, selection, context, reader, &counts))
        .collect();
    let mut facts = Facts::default();
    let mut places = BTreeMap::new();
    while let Some((needed, seen)) = looking.next().await {
        facts.extend(needed);
        places.extend(seen);
    }
    doubt_missing(&mut places, reader).await;
    Observation {
        format: FORMAT,
        caller: reader.caller.clone(),
        home_region: context.home_region.clone(),
        taken: context.now,
        facts,
        places,
    }
}

/// A name that does not exist says that a region lacks the service only if names are not hidden
/// here; else nothing was seen.
async fn doubt_missing(places: &mut BTreeMap<Address, Observed>, reader: &Reader) {
    let missing = places.values_mut().filter_map(|seen| match seen {
        Observed::Unknown(error) if error.kind == Kind::NotOffered => Some(error),
        _ => None,
    });
    let doubts = missing.map(|error| async move {
        if !reader.is_missing(&error.service, &error.region).await {
            error.kind = Kind::Unresolved;
        }
    });
    join_all(doubts).await;
}

/// Reads one place again.
pub async fn look_at(
    control: &dyn Configured,
    place: &Place,
    context: &Context,
    reader: &Reader,
) -> Observed {
    Observed::new(control.read(place, context, reader).await)
}

/// Reads all places of a control, as soon as what they depend on is known.
async fn look_at_control(
    control: &dyn Configured,
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    reader: &Reader,
    counts: &Counts<'_>,
) -> (Facts, Vec<(Address, Observed)>) {
    let name = control.about().name;
    let mut facts = Facts::default();
    if let Some(listing) = control.about().places.listing {
        facts.read(listing, &baseline.given(), reader).await;
    }
    // The plan reports why the places are not known, from the facts.
    let Ok(places) = control.places(&facts, context) else {
        return (facts, Vec::new());
    };
    let places: Vec<Place> =
        places.into_iter().filter(|place| selection.takes(name, place)).collect();
    counts.known(places.len());
    let mut looking = stream::iter(&places)
        .map(|place| async move {
            let seen = look_at(control, place, context, reader).await;
            counts.done();
            (Address::new(name, place), seen)
        })
        .buffer_unordered(PLACES_AT_ONCE);
    let mut seen = Vec::new();
    while let Some(observed) = looking.next().await {
        seen.push(observed);
    }
    drop(looking);
    (facts, seen)
}

struct Counts<'a> {
    done: AtomicUsize,
    known: AtomicUsize,
    observer: &'a dyn ReadObserver,
}

impl Counts<'_> {
    fn known(&self, more: usize) {
        let known = self.known.fetch_add(more, Ordering::Relaxed) + more;
        self.observer.on_read(self.done.load(Ordering::Relaxed), known);
    }

    fn done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.on_read(done, self.known.load(Ordering::Relaxed));
    }
}

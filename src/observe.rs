//! Looks at an account: all places of all controls, side by side.

use crate::aws::facts::{Facts, Reader};
use crate::aws::{AwsError, Caller, Kind};
use crate::baseline::{Baseline, Regions};
use crate::control::{Configured, Context, Need};
use crate::place::{Address, Place};
use crate::selection::Selection;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::OffsetDateTime;

/// The format of snapshots that this version writes and reads.
pub const FORMAT: u32 = 1;

/// What was seen of an account at one time. Saved, it is a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The format: [`FORMAT`].
    pub format: u32,
    /// Whose account it is.
    pub caller: Caller,
    /// Where the account's one-region things were looked for.
    pub home_region: String,
    /// When looking began.
    #[serde(with = "time::serde::rfc3339")]
    pub taken: OffsetDateTime,
    /// What the places depend on.
    pub facts: Facts,
    /// What was seen at each place, by address.
    pub places: BTreeMap<Address, Sighting>,
}

/// What was seen at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// The live state.
    Live(Value),
    /// It could not be seen.
    Unseen(AwsError),
}

impl Sighting {
    fn new(answer: Result<Value, AwsError>) -> Self {
        match answer {
            Ok(live) => Self::Live(live),
            Err(error) => Self::Unseen(error),
        }
    }

    /// Whether the region does not have the service at all.
    pub fn not_offered(&self) -> Option<&AwsError> {
        match self {
            Self::Unseen(error) if error.kind == Kind::NotOffered => Some(error),
            _ => None,
        }
    }
}

/// Hears how far looking has come.
pub trait Progress: Sync {
    /// So many places are done, of so many known.
    fn looked(&self, done: usize, known: usize);
}

/// Looks at every selected place of the baseline.
pub async fn look(
    baseline: &Baseline,
    selection: &Selection,
    context: &Context,
    reader: &Reader,
    progress: &dyn Progress,
) -> Observation {
    let chosen: Vec<&dyn Configured> = baseline
        .controls
        .iter()
        .map(|control| control.as_ref())
        .filter(|control| selection.takes_any_of(control.about().name))
        .collect();
    let needs = |need| {
        chosen
            .iter()
            .any(|control| control.about().needs.contains(&need))
    };
    let (regions, buckets) = (needs(Need::Regions), needs(Need::Buckets));
    let counts = Counts {
        done: AtomicUsize::new(0),
        known: AtomicUsize::new(0),
        progress,
    };

    // The facts are read while controls that need none of them already look.
    let regions = Shared::new(async {
        match (regions, &baseline.account.regions) {
            (false, _) => None,
            (true, Regions::Listed(names)) => Some(Ok(names.clone())),
            (true, Regions::Enabled) => Some(reader.enabled_regions().await),
        }
    });
    let buckets = Shared::new(async {
        match buckets {
            true => Some(reader.buckets().await),
            false => None,
        }
    });
    let sightings = async {
        let mut looking: FuturesUnordered<_> = chosen
            .iter()
            .map(|control| {
                look_at_control(
                    *control, selection, context, reader, &regions, &buckets, &counts,
                )
            })
            .collect();
        let mut seen = BTreeMap::new();
        while let Some(places) = looking.next().await {
            seen.extend(places);
        }
        seen
    };
    let places = sightings.await;
    Observation {
        format: FORMAT,
        caller: reader.caller.clone(),
        home_region: context.home_region.clone(),
        taken: context.now,
        facts: Facts {
            regions: regions.get().await,
            buckets: buckets.get().await,
        },
        places,
    }
}

/// Looks at one place again.
pub async fn look_at(
    control: &dyn Configured,
    place: &Place,
    context: &Context,
    reader: &Reader,
) -> Sighting {
    Sighting::new(control.read(place, context, reader).await)
}

async fn look_at_control<R, B>(
    control: &dyn Configured,
    selection: &Selection,
    context: &Context,
    reader: &Reader,
    regions: &Shared<Option<Result<Vec<String>, AwsError>>, R>,
    buckets: &Shared<Option<Result<Vec<crate::aws::facts::Bucket>, AwsError>>, B>,
    counts: &Counts<'_>,
) -> Vec<(Address, Sighting)>
where
    R: Future<Output = Option<Result<Vec<String>, AwsError>>>,
    B: Future<Output = Option<Result<Vec<crate::aws::facts::Bucket>, AwsError>>>,
{
    let name = control.about().name;
    let mut facts = Facts::default();
    for need in control.about().needs {
        match need {
            Need::Regions => facts.regions = regions.get().await,
            Need::Buckets => facts.buckets = buckets.get().await,
        }
    }
    // What hides the places is told by the plan, from the facts.
    let Ok(places) = control.places(&facts, context) else {
        return Vec::new();
    };
    let places: Vec<Place> = places
        .into_iter()
        .filter(|place| selection.takes(name, place))
        .collect();
    counts.known(places.len());
    let mut looking: FuturesUnordered<_> = places
        .iter()
        .map(|place| async move {
            let seen = look_at(control, place, context, reader).await;
            counts.done();
            (Address::new(name, place), seen)
        })
        .collect();
    let mut seen = Vec::new();
    while let Some(sighting) = looking.next().await {
        seen.push(sighting);
    }
    seen
}

struct Counts<'a> {
    done: AtomicUsize,
    known: AtomicUsize,
    progress: &'a dyn Progress,
}

impl Counts<'_> {
    fn known(&self, more: usize) {
        let known = self.known.fetch_add(more, Ordering::Relaxed) + more;
        self.progress
            .looked(self.done.load(Ordering::Relaxed), known);
    }

    fn done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress
            .looked(done, self.known.load(Ordering::Relaxed));
    }
}

/// A future that many await and one drives.
struct Shared<T, F> {
    cell: tokio::sync::OnceCell<T>,
    future: tokio::sync::Mutex<Option<std::pin::Pin<Box<F>>>>,
}

impl<T: Clone, F: Future<Output = T>> Shared<T, F> {
    fn new(future: F) -> Self {
        Self {
            cell: tokio::sync::OnceCell::new(),
            future: tokio::sync::Mutex::new(Some(Box::pin(future))),
        }
    }

    async fn get(&self) -> T {
        let read = async {
            let future = self.future.lock().await.take();
            future.expect("the cell runs its initialiser once").await
        };
        self.cell.get_or_init(|| read).await.clone()
    }
}

//! What a control is: the settings and the code behind one table of the baseline.
//!
//! A control says where it looks, reads what is there, and proposes what would make it match. It
//! decides nothing else: the engine asks, compares, shows and sends.

mod about;
mod announce;
pub mod floors;
pub mod owner;
mod place;
mod proposal;
mod remarks;
mod steps;
mod tables;

pub use crate::merge::Past;
pub use about::{About, Cost, Reference, Standard};
pub use announce::{
    Alerts, Announcement, Delivers, Delivery, Exporter, Recorded, Records, Shares, Sought, ToBe,
};
pub use place::{Places, Scope};
pub use proposal::{Prerequisite, Proposal, Standing};
pub use remarks::Remarks;
pub use steps::{At, Steps, propose, restore};

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Facts, Operation};
use crate::diff::Difference;
use crate::document::{Problems, Table};
use crate::place::Place;
use crate::policy::Origin;
use crate::settings::Takes;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use time::OffsetDateTime;

/// One table of the baseline and the code behind it.
pub trait Control: Send + Sync + Sized + 'static {
    /// The table as the person wrote it. Every key has one default, which [`About::settings`]
    /// names, whatever other keys are there; `"unmanaged"` leaves a key alone
    /// ([`Managed`](crate::managed::Managed)).
    type Settings: Takes + DeserializeOwned + Debug + Send + Sync + 'static;
    /// What was read at one place. It holds all that [`Control::wanted`] needs, so that a saved one
    /// gives the same plan without a network.
    type Live: Serialize + DeserializeOwned + Clone + Send + Sync;
    /// The part of it that the baseline asks for, and that calls change: the fields of plans. What
    /// else was read only decides.
    type State: Serialize + DeserializeOwned + Clone;

    /// What people and the engine are told about the control.
    const ABOUT: About;

    /// Looks for settings that contradict each other or that AWS would refuse.
    fn check(_settings: &Self::Settings, _problems: &mut Problems) {}

    /// Where to look: all of [`About::places`], unless the settings choose among them or name others.
    ///
    /// # Errors
    /// The failure to see what the places depend on.
    fn places(
        _settings: &Self::Settings,
        facts: &Facts,
        _context: &Context,
    ) -> Result<Vec<Place>, AwsError> {
        Self::ABOUT.places.all(facts)
    }

    /// Reads a place.
    ///
    /// # Errors
    /// When the place could not be seen whole; that something is absent is no error.
    fn read(
        settings: &Self::Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> impl Future<Output = Result<Self::Live, AwsError>> + Send;

    /// What other controls may rely on once these settings are applied. The context is that of the
    /// account; nothing is announced in it yet.
    fn announces(_settings: &Arc<Self::Settings>, _context: &Context) -> Vec<Announcement> {
        Vec::new()
    }

    /// The state of a place as it was read.
    fn state(live: &Self::Live) -> Self::State;

    /// A state as plans show it, where that is not all of it as it is.
    fn shown(state: &Self::State) -> Value {
        crate::diff::to_value(state)
    }

    /// The state that the baseline asks for, given the live one. What only you can put right and
    /// what is good to know goes into `say`. Pure. A control that only checks leaves the state as it
    /// is.
    fn wanted(
        _settings: &Self::Settings,
        live: &Self::Live,
        _at: At<'_>,
        _say: &mut Remarks,
    ) -> Self::State {
        Self::state(live)
    }

    /// The calls that turn one state into another, in order; asked only when the two differ. Pure.
    /// It serves the baseline and an undo alike.
    fn steps(_from: &Self::State, _to: &Self::State, _at: At<'_>) -> Steps {
        Steps::default()
    }

    /// The fields of [`Control::shown`] whose change protects less, where the direction of their
    /// settings does not tell.
    fn looser(_from: &Self::State, _to: &Self::State) -> Vec<String> {
        Vec::new()
    }

    /// What tells two states apart, in the order of the fields: from [`Control::shown`] and
    /// [`Control::looser`], unless how a field is shown takes both states.
    fn differences(from: &Self::State, to: &Self::State, _at: At<'_>) -> Vec<Difference> {
        let looser = Self::looser(from, to);
        let mut differences = crate::diff::compare(&Self::shown(from), &Self::shown(to));
        for difference in &mut differences {
            difference.loosens = looser.contains(&difference.field);
        }
        differences
    }

    /// The state that an undo puts back; for keeping what must not be deleted, and saying so. What
    /// others changed since stays. The settings are those of the baseline now, not of the run.
    fn restored(
        _settings: &Self::Settings,
        past: &Past<Self::Live>,
        _at: At<'_>,
        say: &mut Remarks,
    ) -> Self::State {
        say.put_back(&past.map(Self::state))
    }

    /// What differences and findings are about besides settings: the first part of their fields. For
    /// telling a waiver that is misspelt, never a reason to act.
    const FIELDS: &'static [&'static str] = &[];

    /// The writes of an undo, besides those that every baseline with this control
    /// uses.
    const RESTORES: &'static [Operation] = &[];

    /// The values for the placeholders in the ARNs of [`Grant`](crate::aws::Grant)s beyond
    /// `{partition}`, `{account}` and `{region}`; what is not given becomes `*`.
    fn names(_settings: &Self::Settings, _context: &Context) -> Vec<(&'static str, Vec<String>)> {
        Vec::new()
    }

    /// [`Control::names`] for one operation, where it is not needed on all that they stand for.
    fn names_for(
        settings: &Self::Settings,
        context: &Context,
        _operation: &str,
    ) -> Vec<(&'static str, Vec<String>)> {
        Self::names(settings, context)
    }

    /// The operations of [`About::operations`] that these settings never use.
    fn unused(_settings: &Self::Settings) -> Vec<&'static str> {
        Vec::new()
    }

    /// What in the table chooses nothing in the account: misspelt, most likely. A sentence each.
    fn idle(_settings: &Self::Settings, _facts: &Facts, _context: &Context) -> Vec<String> {
        Vec::new()
    }

    /// What is asked of the thing of this name, and by which entry of the table; nothing where a
    /// table has no entries that choose things by name.
    fn sources(_settings: &Self::Settings, _thing: &str) -> Option<Vec<Source>> {
        None
    }
}

/// Where a setting of a thing comes from, where several entries may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The key.
    pub setting: &'static str,
    /// The entry that decides it, counted from 0.
    pub entry: usize,
}

/// What a proposal may depend on besides settings and live state. No clock but `now`.
#[derive(Clone, Debug)]
pub struct Context {
    /// The account: twelve digits.
    pub account: String,
    /// Its partition: `aws`, `aws-cn` …
    pub partition: String,
    /// The ARN of whoever looks, and would change things: some changes may lock out their maker.
    pub caller: String,
    /// Where AWS sees the caller, if that is said.
    pub seen_from: Option<Origin>,
    /// Where the account's one-region things live.
    pub home_region: String,
    /// The regions looked at, where the baseline lists them; nothing where it is all that are
    /// enabled.
    pub listed_regions: Option<Vec<String>>,
    /// When the account was looked at.
    pub now: OffsetDateTime,
    /// The name of the baseline, for the tag on what it creates.
    pub baseline: String,
    /// The tags of `[account]`.
    pub tags: BTreeMap<String, String>,
    /// The bucket of `[log_bucket]`, if the baseline has one.
    pub log_bucket: Option<String>,
    /// What the controls of the baseline announce, in their order.
    pub announced: Vec<Announcement>,
}

/// The tag that says which baseline created a thing.
pub const OUR_TAG: &str = "baseline";

impl Context {
    /// The tags of a thing that is created: those of `[account]` and our own.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        tags.insert(OUR_TAG.to_owned(), self.baseline.clone());
        tags
    }

    /// The region in which global services are asked.
    pub fn global_region(&self) -> &'static str {
        crate::aws::facts::global_region(&self.partition)
    }

    /// Whether the home region is one of the regions looked at.
    pub fn includes_home_region(&self) -> bool {
        self.listed_regions.as_ref().is_none_or(|listed| listed.contains(&self.home_region))
    }

    /// The regions looked at: those that the baseline lists, else all that are enabled.
    ///
    /// # Errors
    /// The failure to see which are enabled.
    pub async fn regions(&self, reader: &Reader) -> Result<Vec<String>, AwsError> {
        match &self.listed_regions {
            Some(listed) => Ok(listed.clone()),
            None => reader.enabled_regions().await,
        }
    }

    /// Fills `{account}` and `{region}` (the home region) into a name.
    pub fn fill(&self, name: &str) -> String {
        name.replace("{account}", &self.account).replace("{region}", &self.home_region)
    }
}

/// A control with its settings, without its types: what the engine works with.
pub trait Configured: Debug + Send + Sync {
    /// What people and the engine are told about the control.
    fn about(&self) -> &'static About;
    /// See [`Control::check`].
    fn check(&self, problems: &mut Problems);
    /// See [`Control::places`].
    fn places(&self, facts: &Facts, context: &Context) -> Result<Vec<Place>, AwsError>;
    /// See [`Control::read`]; the live state as data.
    fn read<'a>(
        &'a self,
        place: &'a Place,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Value, AwsError>>;
    /// See [`Control::announces`].
    fn announces(&self, context: &Context) -> Vec<Announcement>;
    /// See [`propose`].
    ///
    /// # Errors
    /// When the data is not a live state of this control: a snapshot of another version.
    fn propose(&self, place: &Place, live: &Value, context: &Context) -> Result<Proposal, String>;
    /// See [`restore`].
    ///
    /// # Errors
    /// When one of the states is not one of this control's.
    fn restore(
        &self,
        place: &Place,
        past: &Past<&Value>,
        context: &Context,
    ) -> Result<Proposal, String>;
    /// See [`Control::RESTORES`].
    fn restores(&self) -> &'static [Operation];
    /// See [`Control::names_for`].
    fn names_for(&self, context: &Context, operation: &str) -> Vec<(&'static str, Vec<String>)>;
    /// See [`Control::unused`].
    fn unused(&self) -> Vec<&'static str>;
    /// See [`Control::idle`].
    fn idle(&self, facts: &Facts, context: &Context) -> Vec<String>;
    /// See [`Control::sources`].
    fn sources(&self, thing: &str) -> Option<Vec<Source>>;
}

struct Held<C: Control>(Arc<C::Settings>);

impl<C: Control> Debug for Held<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(C::ABOUT.name).field(&self.0).finish()
    }
}

impl<C: Control> Configured for Held<C> {
    fn about(&self) -> &'static About {
        const { &C::ABOUT }
    }

    fn check(&self, problems: &mut Problems) {
        let mut found = Vec::new();
        self.0.out_of_range("", &mut found);
        for (path, text) in found {
            problems.setting(&path, text);
        }
        C::check(&self.0, problems);
    }

    fn places(&self, facts: &Facts, context: &Context) -> Result<Vec<Place>, AwsError> {
        C::places(&self.0, facts, context)
    }

    fn read<'a>(
        &'a self,
        place: &'a Place,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Value, AwsError>> {
        Box::pin(async move {
            let live = C::read(&self.0, place, context, reader).await?;
            Ok(crate::diff::to_value(&live))
        })
    }

    fn announces(&self, context: &Context) -> Vec<Announcement> {
        C::announces(&self.0, context)
    }

    fn propose(&self, place: &Place, live: &Value, context: &Context) -> Result<Proposal, String> {
        let live = C::Live::deserialize(live).map_err(|cause| cause.to_string())?;
        Ok(propose::<C>(&self.0, &live, At { place, context }))
    }

    fn restore(
        &self,
        place: &Place,
        past: &Past<&Value>,
        context: &Context,
    ) -> Result<Proposal, String> {
        let read = |state: &Value| C::Live::deserialize(state).map_err(|cause| cause.to_string());
        let past =
            Past { before: read(past.before)?, after: read(past.after)?, live: read(past.live)? };
        Ok(restore::<C>(&self.0, &past, At { place, context }))
    }

    fn restores(&self) -> &'static [Operation] {
        C::RESTORES
    }

    fn names_for(&self, context: &Context, operation: &str) -> Vec<(&'static str, Vec<String>)> {
        C::names_for(&self.0, context, operation)
    }

    fn unused(&self) -> Vec<&'static str> {
        C::unused(&self.0)
    }

    fn idle(&self, facts: &Facts, context: &Context) -> Vec<String> {
        C::idle(&self.0, facts, context)
    }

    fn sources(&self, thing: &str) -> Option<Vec<Source>> {
        C::sources(&self.0, thing)
    }
}

/// A control before it has settings: an entry of the list in `controls`.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What people and the engine are told about the control.
    pub about: &'static About,
    /// See [`Control::RESTORES`].
    pub restores: &'static [Operation],
    /// See [`Control::FIELDS`].
    fields: &'static [&'static str],
    configure: for<'i> fn(Table<'i>) -> Result<Box<dyn Configured>, toml::de::Error>,
}

impl Kind {
    /// The entry of a control.
    pub const fn of<C: Control>() -> Self {
        Self {
            about: const { &C::ABOUT },
            restores: C::RESTORES,
            fields: C::FIELDS,
            configure: configure::<C>,
        }
    }

    /// What differences and findings may be about, by the first part of their fields.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let settings = self.about.settings.iter().map(|setting| setting.name);
        settings.chain(self.fields.iter().copied())
    }

    /// Reads the control's table.
    ///
    /// # Errors
    /// The first thing that is wrong in it, with its place.
    pub fn configure(&self, table: Table<'_>) -> Result<Box<dyn Configured>, toml::de::Error> {
        (self.configure)(table)
    }
}

fn configure<C: Control>(table: Table<'_>) -> Result<Box<dyn Configured>, toml::de::Error> {
    let settings = C::Settings::deserialize(toml::de::ValueDeserializer::from(table))?;
    Ok(Box::new(Held::<C>(Arc::new(settings))))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A context for the tests of controls.
    pub fn context() -> Context {
        Context {
            account: "111122223333".to_owned(),
            partition: "aws".to_owned(),
            caller: "arn:aws:iam::111122223333:user/admin".to_owned(),
            seen_from: None,
            home_region: "us-east-1".to_owned(),
            listed_regions: None,
            now: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
            baseline: "test".to_owned(),
            tags: BTreeMap::new(),
            log_bucket: None,
            announced: Vec::new(),
        }
    }

    impl Proposal {
        /// Whether one of these fields, or something below them, differs.
        pub fn touches(&self, fields: &[&str]) -> bool {
            let below = |path: &str, field: &str| {
                path.strip_prefix(field)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            self.differences.iter().any(|d| fields.iter().any(|field| below(&d.field, field)))
        }
    }

    /// Reads the table of a control as a baseline does: the control, or what is said to be wrong.
    pub fn configured(kind: Kind, lines: &str) -> Result<Box<dyn Configured>, String> {
        let name = kind.about.name;
        let text = match kind.about.places.scope.has_many_tables() {
            true => format!("[[{name}]]\n{lines}\n"),
            false => format!("[{name}]\n{lines}\n"),
        };
        let table = toml::de::DeTable::parse(&text).map_err(|cause| cause.to_string())?;
        let mut tables = table.into_inner().into_iter();
        let (_, value) = tables.next().expect("the control's table");
        let mut problems = Problems::default();
        let control = problems.configure(kind, value);
        control.ok_or_else(|| problems.render(std::path::Path::new("x.toml"), &text))
    }

    /// What a control proposes for its only place, given its table and what is live.
    pub fn proposed<C: Control>(settings: &str, live: &C::Live) -> Proposal {
        let settings = toml::from_str(settings).expect("the test's settings are valid");
        let live = crate::diff::to_value(live);
        let live: C::Live = serde_json::from_value(live).expect("a live state reads back");
        propose::<C>(&settings, &live, At { place: &Place::account(), context: &context() })
    }

    /// What an undo proposes for its only place, given its table now and the states.
    pub fn undone<C: Control>(settings: &str, past: &Past<C::Live>) -> Proposal {
        let settings = toml::from_str(settings).expect("the test's settings are valid");
        restore::<C>(&settings, past, At { place: &Place::account(), context: &context() })
    }

    /// The fields whose change protects less.
    pub fn loosened(proposal: &Proposal) -> Vec<String> {
        let looser = proposal.differences.iter().filter(|own| own.loosens);
        looser.map(|own| own.field.clone()).collect()
    }

    /// The operations that a proposal calls, in order.
    pub fn calls(proposal: &Proposal) -> Vec<&'static str> {
        proposal.writes.iter().map(|write| write.operation().name).collect()
    }
}

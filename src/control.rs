//! What a control is: the settings and the code behind one table of the baseline.
//!
//! A control says where it looks, reads what is there, and proposes what would make it match. It
//! decides nothing else: the engine asks, compares, shows and sends.

use crate::aws::facts::{Facts, Reader};
use crate::aws::{AnyWrite, AwsError, Operation, Write};
use crate::baseline::Problems;
use crate::diff::Difference;
use crate::place::Place;
use crate::plan::Finding;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;
use time::OffsetDateTime;

/// One table of the baseline and the code behind it.
pub trait Control: Send + Sync + 'static {
    /// The table as the person wrote it; a key that is left out is not managed, or has the safe
    /// default that [`About::settings`] names.
    type Settings: DeserializeOwned + Debug + Send + Sync + 'static;
    /// What was read at one place. It holds all that `propose` needs, so that a saved one gives
    /// the same plan without a network.
    type Live: Serialize + DeserializeOwned + Send + Sync;

    /// What people and the engine are told about the control.
    const ABOUT: About;
    /// What an empty table means, as TOML. A table that says anything is taken at its word.
    const DEFAULTS: &'static str = "";

    /// Looks for settings that contradict each other or that AWS would refuse.
    fn check(_settings: &Self::Settings, _problems: &mut Problems) {}

    /// Where to look.
    ///
    /// # Errors
    /// The failure to see what the places depend on.
    fn places(
        settings: &Self::Settings,
        facts: &Facts,
        context: &Context,
    ) -> Result<Vec<Place>, AwsError>;

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

    /// What would make a place match: differences with the calls that remove them, and findings.
    fn propose(
        settings: &Self::Settings,
        place: &Place,
        live: Self::Live,
        context: &Context,
    ) -> Proposal;

    /// The values for the placeholders in the ARNs of [`Grant`](crate::aws::Grant)s beyond
    /// `{partition}`, `{account}` and `{region}`; what is not given becomes `*`.
    fn names(_settings: &Self::Settings, _context: &Context) -> Vec<(&'static str, Vec<String>)> {
        Vec::new()
    }

    /// The operations of [`About::operations`] that these settings never use.
    fn unused(_settings: &Self::Settings) -> Vec<&'static str> {
        Vec::new()
    }
}

/// What people and the engine are told about a control.
#[derive(Debug)]
pub struct About {
    /// The name of its table.
    pub name: &'static str,
    /// What it looks after, in a few words.
    pub title: &'static str,
    /// Why it exists.
    pub why: &'static str,
    /// How many places it has.
    pub scope: Scope,
    /// What must be known before its places are.
    pub needs: &'static [Need],
    /// Its settings.
    pub settings: &'static [Setting],
    /// What it satisfies.
    pub satisfies: &'static [Reference],
    /// What AWS charges.
    pub cost: Cost,
    /// The API operations, reads first.
    pub operations: &'static [Operation],
}

impl About {
    /// The setting that a field of a difference belongs to: that of the last of its names that a
    /// setting has.
    pub fn setting(&self, field: &str) -> Option<&'static Setting> {
        let named = |name: &str| self.settings.iter().find(|s| s.field() == name);
        field.rsplit('.').find_map(named)
    }
}

/// How many places a control has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One in the account.
    Account,
    /// One in each region.
    Regions,
    /// One for each thing of a kind.
    Things,
}

/// A fact that places depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// [`Facts::regions`].
    Regions,
    /// [`Facts::buckets`].
    Buckets,
}

/// One key of a control's table.
#[derive(Debug)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// Its name in differences, where that is another.
    pub shown_as: Option<&'static str>,
    /// What holds when the table is there and the key is not.
    pub default: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Which way is stricter.
    pub stricter: Stricter,
    /// What may stop working when it takes effect.
    pub breaks: Option<&'static str>,
    /// Whether AWS charges more when it changes.
    pub costs: bool,
}

impl Setting {
    /// A setting without a stricter side that breaks nothing.
    pub const fn new(name: &'static str, default: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            shown_as: None,
            default,
            doc,
            stricter: Stricter::Neither,
            breaks: None,
            costs: false,
        }
    }

    /// Says which way is stricter.
    pub const fn stricter(mut self, stricter: Stricter) -> Self {
        self.stricter = stricter;
        self
    }

    /// Says what may stop working.
    pub const fn breaks(mut self, breaks: &'static str) -> Self {
        self.breaks = Some(breaks);
        self
    }

    /// Says that AWS charges more when it changes.
    pub const fn costs(mut self) -> Self {
        self.costs = true;
        self
    }

    /// Gives the name in differences.
    pub const fn shown_as(mut self, field: &'static str) -> Self {
        self.shown_as = Some(field);
        self
    }

    fn field(&self) -> &'static str {
        self.shown_as.unwrap_or(self.name)
    }
}

/// Which way a value protects more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stricter {
    /// No side is stricter.
    Neither,
    /// `true`, and higher numbers.
    Higher,
    /// Lower numbers; no value is the highest of all.
    Lower,
    /// More elements of a list.
    More,
    /// Fewer elements of a list.
    Fewer,
    /// Later in this list.
    Later(&'static [&'static str]),
}

/// A requirement of a published standard, with our own short label.
#[derive(Debug)]
pub struct Reference {
    /// The standard.
    pub standard: Standard,
    /// Its number there.
    pub id: &'static str,
    /// Our label.
    pub label: &'static str,
}

impl Reference {
    /// Of [`Standard::Cis3`].
    pub const fn cis3(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::Cis3,
            id,
            label,
        }
    }

    /// Of [`Standard::Cis7`].
    pub const fn cis7(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::Cis7,
            id,
            label,
        }
    }

    /// Of [`Standard::Fsbp`].
    pub const fn fsbp(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::Fsbp,
            id,
            label,
        }
    }

    /// Of [`Standard::NistCsf`].
    pub const fn nist_csf(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::NistCsf,
            id,
            label,
        }
    }

    /// Of [`Standard::WellArchitected`].
    pub const fn well_architected(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::WellArchitected,
            id,
            label,
        }
    }

    /// Of [`Standard::StartupSecurityBaseline`].
    pub const fn startup_security(id: &'static str, label: &'static str) -> Self {
        Self {
            standard: Standard::StartupSecurityBaseline,
            id,
            label,
        }
    }
}

/// The standards that controls refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// CIS AWS Foundations Benchmark 3.0.
    Cis3,
    /// CIS AWS Foundations Benchmark 7.0.
    Cis7,
    /// AWS Foundational Security Best Practices.
    Fsbp,
    /// NIST Cybersecurity Framework 2.0, the function.
    NistCsf,
    /// AWS Well-Architected Framework, the question of the security pillar.
    WellArchitected,
    /// AWS Startup Security Baseline, of AWS Prescriptive Guidance.
    StartupSecurityBaseline,
}

impl Standard {
    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Standard::Cis3 => "CIS AWS Foundations 3.0",
            Standard::Cis7 => "CIS AWS Foundations 7.0",
            Standard::Fsbp => "AWS FSBP",
            Standard::NistCsf => "NIST CSF 2.0",
            Standard::WellArchitected => "Well-Architected",
            Standard::StartupSecurityBaseline => "AWS Startup Baseline",
        }
    }
}

/// What AWS charges for what a control switches on. US dollars, list prices of us-east-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing.
    Free(&'static str),
    /// Something; the text says for what.
    Paid(&'static str),
}

impl Cost {
    /// The sentence.
    pub fn text(self) -> &'static str {
        match self {
            Cost::Free(text) | Cost::Paid(text) => text,
        }
    }
}

/// What a proposal may depend on besides settings and live state. No clock but `now`.
#[derive(Clone, Debug)]
pub struct Context {
    /// The account: twelve digits.
    pub account: String,
    /// Its partition: `aws`, `aws-cn` …
    pub partition: String,
    /// Where the account's one-region things live.
    pub home_region: String,
    /// When the account was looked at.
    pub now: OffsetDateTime,
    /// The name of the baseline, for the tag on what it creates.
    pub baseline: String,
    /// The tags of `[account]`.
    pub tags: BTreeMap<String, String>,
    /// The bucket of `[log_bucket]`, if the baseline has one.
    pub log_bucket: Option<String>,
    /// What else the baseline has deliver to that bucket.
    pub deliveries: Vec<Delivery>,
}

/// A service that delivers to the log bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// CloudTrail, for a trail, under a prefix.
    CloudTrail {
        /// The name of the trail.
        trail: String,
        /// What stands before `AWSLogs/`.
        prefix: Option<String>,
    },
    /// Config, under a prefix.
    Config {
        /// What stands before `AWSLogs/`.
        prefix: Option<String>,
    },
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

    /// Fills `{account}` and `{region}` (the home region) into a name.
    pub fn fill(&self, name: &str) -> String {
        name.replace("{account}", &self.account)
            .replace("{region}", &self.home_region)
    }
}

/// What a control proposes for a place.
#[derive(Debug, Default)]
pub struct Proposal {
    /// Whose the place is, and whether it could be judged.
    pub standing: Standing,
    /// What would change, in the order of the fields.
    pub differences: Vec<Difference>,
    /// The writes that do it, in order.
    pub writes: Vec<Box<dyn AnyWrite>>,
    /// What only a person can put right.
    pub findings: Vec<Finding>,
    /// What is good to know; never a reason to act.
    pub notes: Vec<String>,
    /// Controls, or places of controls, whose changes must have succeeded before.
    pub after: Vec<(&'static str, Option<Place>)>,
}

/// Whose a place is.
#[derive(Debug, Default)]
pub enum Standing {
    /// The account's own.
    #[default]
    Own,
    /// Owned elsewhere: by whom or what.
    Elsewhere(String),
    /// The region does not have it: what.
    NotOffered(String),
    /// Seen, but not enough of it to judge.
    Unknown(AwsError),
    /// In the way of the whole run: nothing may be written before a person decides.
    Blocked(String),
}

impl Proposal {
    /// Nothing to do.
    pub fn fine() -> Self {
        Self::default()
    }

    /// The place is looked after by someone else.
    pub fn elsewhere(whom: impl Into<String>) -> Self {
        Self {
            standing: Standing::Elsewhere(whom.into()),
            ..Self::default()
        }
    }

    /// Leaves the place to whoever looks after it: what differs is told, nothing is done.
    pub fn left_to(self, whom: &str) -> Self {
        let fields: Vec<&str> = self.differences.iter().map(|d| d.field.as_str()).collect();
        let whom = match fields.is_empty() {
            true => whom.to_owned(),
            false => format!(
                "{whom}; it differs from the baseline in {}",
                fields.join(", ")
            ),
        };
        Self {
            standing: Standing::Elsewhere(whom),
            writes: Vec::new(),
            after: Vec::new(),
            ..self
        }
    }

    /// The place could not be judged.
    pub fn unknown(error: AwsError) -> Self {
        Self {
            standing: Standing::Unknown(error),
            ..Self::default()
        }
    }

    /// The differences between what is live and what it is to become.
    pub fn between<T: Serialize>(live: &T, wanted: &T) -> Self {
        Self {
            differences: crate::diff::compare(live, wanted),
            ..Self::default()
        }
    }

    /// Whether one of these fields, or something below them, differs.
    pub fn touches(&self, fields: &[&str]) -> bool {
        let below = |path: &str, field: &str| {
            path.strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.differences
            .iter()
            .any(|d| fields.iter().any(|field| below(&d.field, field)))
    }

    /// Appends a write.
    pub fn call(&mut self, write: impl Write) {
        self.writes.push(Box::new(write));
    }

    /// Appends a finding.
    pub fn finding(&mut self, field: &str, what: impl Into<String>, remedy: impl Into<String>) {
        let (field, what, remedy) = (field.to_owned(), what.into(), remedy.into());
        self.findings.push(Finding {
            field,
            what,
            remedy,
        });
    }

    /// Appends a note.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
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
    /// See [`Control::propose`].
    ///
    /// # Errors
    /// When the data is not a live state of this control: a snapshot of another version.
    fn propose(&self, place: &Place, live: &Value, context: &Context) -> Result<Proposal, String>;
    /// See [`Control::names`].
    fn names(&self, context: &Context) -> Vec<(&'static str, Vec<String>)>;
    /// See [`Control::unused`].
    fn unused(&self) -> Vec<&'static str>;
}

struct Held<C: Control>(C::Settings);

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

    fn propose(&self, place: &Place, live: &Value, context: &Context) -> Result<Proposal, String> {
        let live = C::Live::deserialize(live).map_err(|cause| cause.to_string())?;
        Ok(C::propose(&self.0, place, live, context))
    }

    fn names(&self, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        C::names(&self.0, context)
    }

    fn unused(&self) -> Vec<&'static str> {
        C::unused(&self.0)
    }
}

/// A control before it has settings: an entry of the list in [`crate::controls`].
#[derive(Clone, Copy)]
pub struct Kind {
    /// What people and the engine are told about the control.
    pub about: &'static About,
    configure: for<'i> fn(Table<'i>) -> Result<Box<dyn Configured>, toml::de::Error>,
}

/// A value of the baseline with its place in the file.
pub type Table<'i> = toml::Spanned<toml::de::DeValue<'i>>;

impl Kind {
    /// The entry of a control.
    pub const fn of<C: Control>() -> Self {
        Self {
            about: const { &C::ABOUT },
            configure: configure::<C>,
        }
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
    let is_empty = table
        .get_ref()
        .as_table()
        .is_some_and(|table| table.is_empty());
    let settings = match is_empty && !C::DEFAULTS.is_empty() {
        true => toml::from_str(C::DEFAULTS)?,
        false => C::Settings::deserialize(toml::de::ValueDeserializer::from(table))?,
    };
    Ok(Box::new(Held::<C>(settings)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A context for the tests of controls.
    pub fn context() -> Context {
        Context {
            account: "111122223333".to_owned(),
            partition: "aws".to_owned(),
            home_region: "us-east-1".to_owned(),
            now: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
            baseline: "test".to_owned(),
            tags: BTreeMap::new(),
            log_bucket: None,
            deliveries: Vec::new(),
        }
    }

    /// What a control proposes for its only place, given its table and what is live.
    pub fn proposed<C: Control>(settings: &str, live: &C::Live) -> Proposal {
        let settings = toml::from_str(settings).expect("the test's settings are valid");
        let live = crate::diff::to_value(live);
        let live = serde_json::from_value(live).expect("a live state reads back");
        C::propose(&settings, &Place::account(), live, &context())
    }
}

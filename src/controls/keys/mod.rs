//! `[[keys]]`: keys of KMS for what the baseline encrypts, each under an alias.
//!
//! A key is found by its alias, and adopted. One that a run made and did not come to name is found by
//! its tag, so that no second one is made. Its policy is merged: the statements that its uses need are
//! put in, and those of others stay. No key is ever disabled or deleted.

mod live;
mod settings;
mod statements;
#[cfg(test)]
mod tests;
mod wanted;
mod writes;

use crate::aws::enabled::EnabledRegions;
use crate::aws::facts::Reader;
use crate::aws::keys::{
    DESCRIBE_KEY, GET_ROTATION, LIST_ALIASES, LIST_KEYS, LIST_TAGS, Named, Rotation,
};
use crate::aws::{AwsError, Facts, Operation};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps,
};
use crate::diff::{Difference, compare};
use crate::document::Problems;
use crate::place::Place;
use crate::policy::{Change, Dialect, Policy, changes};
use crate::settings::Takes;
use live::{GET_POLICY, LIST_GRANTS, Live};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Entry, Regions};
use std::collections::BTreeSet;
use std::sync::Arc;
use writes::{CREATE_ALIAS, CREATE_KEY, DISABLE_ROTATION, ENABLE_ROTATION, PUT_POLICY, TAG};

/// The control.
pub struct Keys;

/// The key of an alias, as calls change it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    alias: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyState>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeyState {
    /// Nothing for one that is to be made.
    id: String,
    aliased: bool,
    tagged: bool,
    rotation: Rotation,
    policy: String,
}

impl State {
    fn of(live: &Live) -> Self {
        let key = live.key.as_ref().map(|key| KeyState {
            id: key.id.clone(),
            aliased: key.aliased,
            tagged: key.tagged,
            rotation: key.rotation.clone(),
            policy: key.policy.clone(),
        });
        Self { alias: live.alias.clone(), key }
    }

    fn policy(&self) -> Option<Policy> {
        self.key.as_ref().and_then(|key| Policy::parse(&key.policy).ok())
    }
}

impl Control for Keys {
    type Settings = Vec<Entry>;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["grants", "policy", "rotation_days", "state", "tag"];
    const ABOUT: About = About {
        name: "keys",
        title: "KMS keys for what the baseline encrypts",
        why: "With a key of one's own it is the account that decides who reads the logs, and it sees \
              who did. A key whose policy lacks one statement silently ends a delivery; one whose \
              policy or grants have one too many gives everything away.",
        places: Places::NAMED_IN_REGIONS,
        settings: Entry::KEYS,
        satisfies: &[
            Reference::cis3("3.6", "the keys rotate"),
            Reference::cis7("4.6", "the keys rotate"),
            Reference::fsbp("KMS.4", "the keys rotate"),
            Reference::fsbp("KMS.5", "the keys are not public"),
            Reference::nist_csf("Protect", "data at rest is protected"),
            Reference::well_architected("SEC 8", "key management"),
        ],
        cost: Cost::Paid(
            "1 USD a month for each key in each region, 1 more for each of its first two rotations, and \
             0.03 for 10,000 requests",
        ),
        operations: &[
            DESCRIBE_KEY.operation,
            GET_POLICY.operation,
            GET_ROTATION.operation,
            LIST_TAGS.operation,
            LIST_GRANTS.operation,
            LIST_KEYS.operation,
            LIST_ALIASES.operation,
            CREATE_KEY.operation,
            CREATE_ALIAS.operation,
            ENABLE_ROTATION.operation,
            PUT_POLICY.operation,
            TAG.operation,
        ],
    };

    fn check(settings: &Vec<Entry>, problems: &mut Problems) {
        settings::check(settings, problems);
    }

    fn places(
        settings: &Vec<Entry>,
        facts: &Facts,
        context: &Context,
    ) -> Result<Vec<Place>, AwsError> {
        let mut places = Vec::new();
        for entry in settings {
            let regions: BTreeSet<String> = match (entry.regions(), &context.listed_regions) {
                (Regions::Home, _) => BTreeSet::from([context.home_region.clone()]),
                (Regions::Listed(regions), _) => regions.clone(),
                (Regions::All, Some(listed)) => listed.iter().cloned().collect(),
                (Regions::All, None) => {
                    facts.list::<EnabledRegions>()?.unwrap_or_default().into_iter().collect()
                }
            };
            let alias = entry.alias.as_str();
            places.extend(regions.iter().map(|region| place(alias, region, context)));
        }
        Ok(places)
    }

    fn announces(settings: &Arc<Vec<Entry>>, context: &Context) -> Vec<Announcement> {
        let each = settings.iter().map(|entry| Announcement::Key {
            alias: entry.alias.as_str().to_owned(),
            regions: match entry.regions() {
                Regions::Home => Some(BTreeSet::from([context.home_region.clone()])),
                Regions::Listed(regions) => Some(regions.clone()),
                Regions::All => {
                    context.listed_regions.as_ref().map(|listed| listed.iter().cloned().collect())
                }
            },
        });
        each.collect()
    }

    async fn read(
        _: &Vec<Entry>,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        live::read(alias(place), place.region.as_deref().unwrap_or_default(), reader).await
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn shown(State { alias, key }: &State) -> Value {
        let Some(key) = key else { return Value::Null };
        let rotation = key.rotation.period_days.filter(|_| key.rotation.enabled);
        json!({
            "alias": key.aliased.then_some(alias),
            "tag": key.tagged.then_some(alias),
            "rotation_days": rotation,
        })
    }

    fn wanted(settings: &Vec<Entry>, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        match entry(settings, at.place) {
            Some(entry) => wanted::wanted(entry, live, at, say),
            None => State::of(live),
        }
    }

    /// Rotation that ends or becomes rarer, and statements that go.
    fn differences(from: &State, to: &State, at: At<'_>) -> Vec<Difference> {
        let mut found = compare(&Self::shown(from), &Self::shown(to));
        for own in &mut found {
            let days = |value: &Value| value.as_i64().unwrap_or(i64::MAX);
            own.loosens = own.field == "rotation_days" && days(&own.after) > days(&own.before);
        }
        if let Some(after) = to.policy() {
            found.extend(policy_differences(from.policy().as_ref(), &after, at));
        }
        found
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        writes::steps(from, to, at)
    }

    /// The key stays, for nothing that it encrypted can be read without it; the statements that the
    /// run put in go.
    fn restored(_: &Vec<Entry>, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        let now = State::of(&past.live);
        let Some(key) = &now.key else { return now };
        if past.after.key.as_ref().map(|own| &own.id) != Some(&key.id) {
            say.note("another key is in the place of that run's, and is left as it is");
            return now;
        }
        let dialect = Dialect::resource(&at.context.partition);
        let was = past.map(State::of);
        let policies = was.map(State::policy);
        let (rotation, before) = match past.each(|live| live.key.clone()) {
            Some(keys) => {
                let rotation = keys.map(|key| key.rotation.clone());
                (say.put_back_part("rotation_days", &rotation), policies.before)
            }
            None => {
                say.finding(
                    "alias",
                    format!("the run created the key {}; it is not deleted", key.id),
                    format!(
                        "if it encrypted nothing that is still needed: aws kms schedule-key-deletion \
                         --key-id {} --region {}",
                        key.id,
                        at.region()
                    ),
                );
                let account = policies.after.as_ref().map(only_of_account);
                (key.rotation.clone(), account)
            }
        };
        let undone =
            Policy::undo(&Past { before, after: policies.after, live: policies.live }, dialect);
        for sid in undone.moved {
            say.finding(
                &format!("policy.{sid}"),
                "it was changed again after that run, and is left as it is",
                "put it back by hand if that is wanted (KMS console, the key, Key policy)",
            );
        }
        let policy = undone.policy.filter(|_| undone.differs).map(|policy| policy.text());
        let policy = policy.unwrap_or_else(|| key.policy.clone());
        State { key: Some(KeyState { rotation, policy, ..key.clone() }), ..now }
    }

    const RESTORES: &'static [Operation] = &[DISABLE_ROTATION.operation];

    fn names(settings: &Vec<Entry>, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let aliases = settings.iter().map(|entry| entry.alias.as_str().to_owned());
        vec![("key_account", vec![context.account.clone()]), ("key_alias", aliases.collect())]
    }
}

/// The place of the key that the baseline makes under a name, as `kms_key` has it, in a region;
/// nothing where it makes none. What is to be encrypted with it comes after that place.
pub fn made_as(name: &str, region: &str, context: &Context) -> Option<Place> {
    let alias = name.rsplit(':').next().unwrap_or(name);
    context.makes_key(name, region).then(|| place(alias, region, context))
}

/// How calls name a key that a table names (`seen`) for a thing that is encrypted with `live` now. One
/// that the baseline makes need not exist yet when it is planned, so that it is named as in the table
/// until the thing is encrypted with it.
///
/// # Errors
/// What keeps anything from being encrypted with it, as the end of a sentence about it.
pub fn asked(
    name: &str,
    seen: &Named,
    live: Option<&str>,
    region: &str,
    context: &Context,
) -> Result<String, String> {
    let is_made = context.makes_key(name, region);
    match (seen.fault(), &seen.found) {
        (Some(fault), found) if !is_made || found.is_some() => Err(fault),
        (_, Some(key)) if !is_made || live == Some(&key.arn) => Ok(key.arn.clone()),
        _ => Ok(name.to_owned()),
    }
}

fn place(alias: &str, region: &str, context: &Context) -> Place {
    let is_home = region == context.home_region;
    let name = if is_home { alias.to_owned() } else { format!("{alias}:{region}") };
    Place::thing_in(name, region)
}

/// The alias of a place: outside of the home region, the region stands behind it.
fn alias(place: &Place) -> &str {
    let name = place.thing.as_deref().unwrap_or_default();
    name.split_once(':').map_or(name, |(alias, _)| alias)
}

fn entry<'a>(settings: &'a [Entry], place: &Place) -> Option<&'a Entry> {
    settings.iter().find(|entry| entry.alias.as_str() == alias(place))
}

/// A policy that this program made, as it would be for no use.
fn only_of_account(policy: &Policy) -> Policy {
    let mut left = policy.clone();
    let sids = policy.statements().iter().filter(|own| own.is_own()).filter_map(|own| own.sid());
    for sid in sids.filter(|sid| !statements::ALWAYS.contains(sid)) {
        left.remove(sid);
    }
    left
}

/// What tells two policies apart, by statement. One of ours that goes lets a service in no longer.
fn policy_differences(from: Option<&Policy>, to: &Policy, at: At<'_>) -> Vec<Difference> {
    let dialect = Dialect::resource(&at.context.partition);
    if from.is_some_and(|from| crate::policy::are_equivalent(from, to, dialect)) {
        return Vec::new();
    }
    let each = changes(from, to).into_iter().flat_map(|change| match change {
        Change::Kept(_) => Vec::new(),
        Change::Added(statement) => {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            vec![Difference::new(format!("policy.{sid}"), Value::Null, said(&statement))]
        }
        Change::Changed(sid, keys) => {
            let under = |key: Difference| Difference {
                field: format!("policy.{sid}.{}", key.field),
                ..key
            };
            keys.into_iter().map(under).collect()
        }
        Change::Removed(sid, statement) => {
            let field = format!("policy.{sid}");
            vec![Difference::new(&field, said(&statement), Value::Null)]
        }
    });
    each.collect()
}

/// A statement in a line: whom it lets do what. The call shows all of it.
fn said(statement: &Value) -> Value {
    let texts = |value: &Value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        value => value.as_str().unwrap_or_default().to_owned(),
    };
    let principal = match &statement["Principal"] {
        Value::Object(kinds) => kinds.values().map(texts).collect::<Vec<_>>().join(", "),
        other => texts(other),
    };
    let effect = statement["Effect"].as_str().unwrap_or_default();
    let tests = statement["Condition"].as_object().into_iter().flat_map(|own| own.values());
    let keys = tests.filter_map(Value::as_object).flat_map(|own| own.keys());
    let keys: Vec<&str> = keys.map(String::as_str).collect();
    let on = if keys.is_empty() { String::new() } else { format!(", by {}", keys.join(", ")) };
    json!(format!("{effect} {principal}: {}{on}", texts(&statement["Action"])))
}

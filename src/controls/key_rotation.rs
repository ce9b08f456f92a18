//! Automatic rotation of customer-managed KMS keys, in every region.
//!
//! KMS rotates the keys whose material it made: symmetric ones, not imported and not in a custom key
//! store. A replica follows its primary key. Source: KMS Developer Guide, "Rotate AWS KMS keys".

use crate::aws::door::Typed;
use crate::aws::facts::Reader;
use crate::aws::keys::{
    DESCRIBE_KEY, Fixed, GET_ROTATION, KEY_ARN, KeyId, LIST_ALIASES, LIST_KEYS, LIST_TAGS, Rotation,
};
use crate::aws::services::KMS;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::owner::{TAKE_OVER, owner};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks, Steps};
use crate::floor::{AtLeast, AtMost, lower, raise};
use crate::managed::{Forbidden, Managed};
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The control.
pub struct KeyRotation;

settings! {
    /// The table `[key_rotation]`.
    pub struct Settings {
        /// Whether customer-managed keys are rotated, as far as KMS can rotate them.
        #[costs]
        enabled: Managed<AtLeast<bool>> = true,

        /// The longest time between two rotations, in days. A key that is rotated more often
        /// satisfies it.
        #[range(90..=2560)]
        period_days: Managed<AtMost<i32>> = 365,

        /// `"none"`: a key that is disabled, scheduled for deletion or without its material is a
        /// finding, for what is encrypted with it cannot be read.
        unusable_keys: Managed<Forbidden> = "none",

        /// Keys that are left alone, by alias, id or ARN.
        #[example("[\"alias/legacy\"]")]
        except: Managed<BTreeSet<String>> = [],

        #[says(TAKE_OVER)]
        take_over: Managed<bool> = false,
    }
}

/// The customer-managed keys of a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// By id.
    keys: BTreeMap<String, Key>,
    /// Those that could not be read, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    unseen: BTreeMap<String, Unseen>,
}

/// A key that could not be read: its policy may keep this account's administrators out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unseen {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    aliases: BTreeSet<String>,
    error: AwsError,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    aliases: BTreeSet<String>,
    /// Its ARN.
    arn: String,
    /// Its state, in KMS's word.
    state: String,
    /// Why KMS cannot rotate it, whatever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fixed: Option<Fixed>,
    /// How it is rotated.
    rotation: Rotation,
    /// The stack that manages it; only read where something would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

/// The rotation of each key, by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(BTreeMap<String, Named>);

/// A key under the name that plans show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Named {
    name: String,
    rotation: Rotation,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enable {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<i32>,
}

/// Switches rotation on, or sets its period anew.
const ENABLE: Typed<Enable> =
    Typed::new(&KMS, "EnableKeyRotation", &[Grant::on("kms:EnableKeyRotation", KEY_ARN)]);
const DISABLE: Typed<KeyId> =
    Typed::new(&KMS, "DisableKeyRotation", &[Grant::on("kms:DisableKeyRotation", KEY_ARN)]);

/// How many keys are read side by side.
const KEYS_AT_ONCE: usize = 32;

impl Control for KeyRotation {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["keys"];
    const ABOUT: About = About {
        name: "key_rotation",
        title: "customer-managed KMS keys are rotated",
        why: "A key that never changes encrypts ever more, and whoever once got hold of its material \
              reads all of it. Rotation is one switch for each key, and easily forgotten.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("3.6", "customer keys rotate"),
            Reference::cis7("4.6", "customer keys rotate"),
            Reference::fsbp("KMS.3", "keys not about to be deleted"),
            Reference::fsbp("KMS.4", "customer keys rotate"),
            Reference::nist_csf("Protect", "data at rest is protected"),
            Reference::well_architected("SEC 8", "key management"),
        ],
        cost: Cost::Partly(
            "1 USD a month more for each of the first two rotations of a key; later ones are free",
        ),
        operations: &[
            LIST_KEYS.operation,
            LIST_ALIASES.operation,
            DESCRIBE_KEY.operation,
            GET_ROTATION.operation,
            LIST_TAGS.operation,
            ENABLE.operation,
            DISABLE.operation,
        ],
    };

    fn state(live: &Live) -> State {
        let rotated = live.keys.iter().filter(|(_, key)| key.fixed.is_none());
        let named = rotated.map(|(id, key)| {
            let named = Named { name: key.name(id).to_owned(), rotation: key.rotation.clone() };
            (id.clone(), named)
        });
        State(named.collect())
    }

    fn shown(State(keys): &State) -> Value {
        let keys: Map<String, Value> =
            keys.values().map(|key| (key.name.clone(), json!(key.rotation))).collect();
        json!({"keys": keys})
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        let (ids, aliases) = tokio::join!(reader.key_ids(region), reader.key_aliases(region),);
        let (ids, aliases) = (ids?, &aliases?);
        let mut reading = stream::iter(ids)
            .map(async |id| {
                let aliases = aliases.get(&id).cloned().unwrap_or_default();
                let key = read_key(settings, &id, aliases.clone(), region, reader).await;
                (id, key.map_err(|error| Unseen { aliases, error }))
            })
            .buffer_unordered(KEYS_AT_ONCE);
        let mut live = Live::default();
        while let Some((id, key)) = reading.next().await {
            match key {
                Ok(Some(key)) => drop(live.keys.insert(id, key)),
                Ok(None) => {}
                Err(unseen) => drop(live.unseen.insert(id, unseen)),
            }
        }
        Ok(live)
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let State(mut keys) = Self::state(live);
        for (id, key) in live.keys.iter().filter(|(id, key)| !settings.leaves_alone(id, key)) {
            if settings.unusable_keys.is_some() {
                key.judge_state(id, at.region(), say);
            }
            let Some(named) = keys.get_mut(id).filter(|_| key.is_enabled()) else {
                continue;
            };
            let wanted = settings.rotation(&key.rotation);
            if wanted != named.rotation && settings.may_change(key, id, say) {
                named.rotation = wanted;
            }
        }
        note_fixed(settings, live, say);
        settings.judge_unseen(live, keys != Self::state(live).0, say);
        State(keys)
    }

    fn steps(State(from): &State, State(to): &State, at: At<'_>) -> Steps {
        let mut steps = Steps::default();
        let changed = to.iter().filter(|(id, key)| from.get(*id) != Some(*key));
        for (id, Named { rotation, .. }) in changed {
            let region = at.region();
            match rotation.enabled {
                true => steps.call(ENABLE.call(region, Enable::every(id, rotation.period_days))),
                false => steps.call(DISABLE.call(region, KeyId::of(id))),
            }
        }
        steps
    }

    fn names(_: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        vec![("key_account", vec![context.account.clone()])]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let may_switch_off = settings.enabled.as_ref().is_some_and(|own| own.is_exact());
        if may_switch_off { Vec::new() } else { vec![DISABLE.operation.name] }
    }

    const RESTORES: &'static [Operation] = &[DISABLE.operation];
}

impl Settings {
    /// What the rotation of a key has to become.
    fn rotation(&self, live: &Rotation) -> Rotation {
        let enabled = raise(&self.enabled, live.enabled);
        let period_days = match enabled {
            true => lower(&self.period_days, live.period_days),
            false => None,
        };
        Rotation { enabled, period_days }
    }

    fn leaves_alone(&self, id: &str, key: &Key) -> bool {
        self.excepts(&key.arn) || self.excepts_id(id, &key.aliases)
    }

    fn excepts_id(&self, id: &str, aliases: &BTreeSet<String>) -> bool {
        self.excepts(id) || aliases.iter().any(|alias| self.excepts(alias))
    }

    fn excepts(&self, name: &str) -> bool {
        self.except.as_ref().is_some_and(|names| names.contains(name))
    }

    /// Whether a key may be changed; if somebody else manages it, a finding says so.
    fn may_change(&self, key: &Key, id: &str, say: &mut Remarks) -> bool {
        let Some(whom) = key.owner.as_ref().filter(|_| *self.take_over != Some(true)) else {
            return true;
        };
        say.finding(
            &format!("keys.{}", key.name(id)),
            format!("it is not rotated as the baseline asks, and {whom} manages it"),
            format!(
                "have it changed by {whom}, waive it, or say take_over = true in [key_rotation] to \
                 change it here"
            ),
        );
        false
    }

    /// A key that was not seen keeps the region from being called compliant; what is known to
    /// differ is reported, and changed, all the same.
    fn judge_unseen(&self, live: &Live, differs: bool, say: &mut Remarks) {
        let unseen = live.unseen.iter();
        let mut unseen = unseen.filter(|(id, own)| !self.excepts_id(id, &own.aliases));
        let Some((id, Unseen { error, .. })) = unseen.next() else {
            return;
        };
        match differs || !say.findings.is_empty() {
            true => say.note(format!("the key {id} could not be read: {}", error.message)),
            false => say.unknown(error.clone()),
        }
    }
}

impl Key {
    /// How plans name it.
    fn name<'k>(&'k self, id: &'k str) -> &'k str {
        self.aliases.first().map_or(id, String::as_str)
    }

    fn is_enabled(&self) -> bool {
        self.state == "Enabled"
    }

    /// Reports a key with which nothing can be decrypted. Source: KMS Developer Guide, "Key states".
    fn judge_state(&self, id: &str, region: &str, say: &mut Remarks) {
        let (what, remedy) = match self.state.as_str() {
            "Enabled" | "Creating" | "Updating" => return,
            "PendingDeletion" | "PendingReplicaDeletion" => (
                "the key is scheduled for deletion: what is encrypted with it will be lost"
                    .to_owned(),
                format!("aws kms cancel-key-deletion --key-id {id} --region {region}"),
            ),
            "Disabled" => (
                "the key is disabled: what is encrypted with it cannot be read".to_owned(),
                format!("aws kms enable-key --key-id {id} --region {region}"),
            ),
            // Imported material was deleted or has expired, or its key store is disconnected.
            state => (
                format!("the key is {state}: what is encrypted with it cannot be read"),
                "import its material again, or connect its key store (KMS console)".to_owned(),
            ),
        };
        let remedy = format!("if anything needs it: {remedy}; else add it to except");
        say.finding(&format!("keys.{}", self.name(id)), what, remedy);
    }
}

impl Enable {
    fn every(id: &str, rotation_period_in_days: Option<i32>) -> Self {
        Self { key_id: id.to_owned(), rotation_period_in_days }
    }
}

/// Names the keys that KMS cannot rotate, with the reason.
fn note_fixed(settings: &Settings, live: &Live, say: &mut Remarks) {
    let mut reasons: BTreeMap<Fixed, Vec<&str>> = BTreeMap::new();
    for (id, key) in live.keys.iter().filter(|(id, key)| !settings.leaves_alone(id, key)) {
        if let (Some(fixed), true) = (key.fixed, key.is_enabled()) {
            reasons.entry(fixed).or_default().push(key.name(id));
        }
    }
    for (fixed, names) in reasons {
        say.note(format!("not rotated: {} ({})", names.join(", "), fixed.why()));
    }
}

/// Reads a key; nothing for one that AWS manages.
async fn read_key(
    settings: &Settings,
    id: &str,
    aliases: BTreeSet<String>,
    region: &str,
    reader: &Reader,
) -> Result<Option<Key>, AwsError> {
    // The keys of AWS's services bear no other aliases.
    if aliases.iter().any(|alias| alias.starts_with("alias/aws/")) {
        return Ok(None);
    }
    let (clients, input) = (&reader.clients, KeyId::of(id));
    let found = DESCRIBE_KEY.ask(clients, region, &input).await?.key_metadata;
    if found.key_manager.as_deref() == Some("AWS") {
        return Ok(None);
    }
    let fixed = Fixed::of(&found);
    let mut key = Key {
        aliases,
        arn: found.arn,
        state: found.key_state,
        fixed,
        rotation: Rotation::default(),
        owner: None,
    };
    if fixed.is_none() && key.is_enabled() {
        key.rotation = GET_ROTATION.ask(clients, region, &input).await?.into();
        if settings.rotation(&key.rotation) != key.rotation {
            key.owner = owner("", &reader.key_tags(id, region).await?);
        }
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests;

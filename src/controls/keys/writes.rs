//! The writes: a key is made once, is given its alias and is rotated.
//!
//! CreateKey has no token against repetition, and a key that was made twice is paid for twice. So it
//! is sent once, and when its answer is lost the key is looked for by its tag.

use super::State;
use crate::aws::door::{Call as Sent, Typed};
use crate::aws::keys::{self, KEY_ARN, KeyId, Rotation, Tag};
use crate::aws::services::KMS;
use crate::aws::{AnyWrite, AwsError, Call, Clients, Grant, Kind, Operation, Propagation, Receipt};
use crate::control::{At, Steps};
use crate::model::KNOWN_AFTER;
use crate::policy::Policy;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The tag that names the alias that a key is for.
pub const KEY_TAG: &str = "baseline-key";

const ALIAS_ARN: &str = "arn:{partition}:kms:{region}:{account}:{key_alias}";

/// What is waited for where KMS does not know a new key everywhere. Source: KMS Developer Guide, "AWS
/// KMS eventual consistency".
const NEW_KEY: &[Propagation] =
    &[Propagation::new("NotFoundException", "the new key to be known everywhere")];

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewKey {
    description: String,
    policy: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Made {
    key_metadata: MadeKey,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MadeKey {
    key_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewRotation {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<i32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewPolicy {
    key_id: String,
    policy: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewTags {
    key_id: String,
    tags: Vec<Tag>,
}

pub const CREATE_KEY: Typed<NewKey, Made> = Typed::new(
    &KMS,
    "CreateKey",
    &[Grant::any("kms:CreateKey"), Grant::on("kms:TagResource", KEY_ARN)],
)
.once();
pub const CREATE_ALIAS: Typed<NewAlias> = Typed::new(
    &KMS,
    "CreateAlias",
    &[Grant::on("kms:CreateAlias", ALIAS_ARN), Grant::on("kms:CreateAlias", KEY_ARN)],
)
.already(&["AlreadyExistsException"])
.propagating(NEW_KEY);
pub const ENABLE_ROTATION: Typed<NewRotation> =
    Typed::new(&KMS, "EnableKeyRotation", &[Grant::on("kms:EnableKeyRotation", KEY_ARN)])
        .propagating(NEW_KEY);
pub const DISABLE_ROTATION: Typed<KeyId> =
    Typed::new(&KMS, "DisableKeyRotation", &[Grant::on("kms:DisableKeyRotation", KEY_ARN)]);
pub const PUT_POLICY: Typed<NewPolicy> =
    Typed::new(&KMS, "PutKeyPolicy", &[Grant::on("kms:PutKeyPolicy", KEY_ARN)]);
pub const TAG: Typed<NewTags> =
    Typed::new(&KMS, "TagResource", &[Grant::on("kms:TagResource", KEY_ARN)]);

/// The id of a key that a call brings to light, for the calls behind it.
#[derive(Clone, Debug, Default)]
pub struct Id(Arc<Mutex<Option<String>>>);

impl Id {
    /// One that is known.
    pub fn of(id: &str) -> Self {
        Self(Arc::new(Mutex::new(Some(id.to_owned()))))
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, id: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_owned());
    }

    fn shown(&self) -> String {
        self.get().unwrap_or_else(|| KNOWN_AFTER.to_owned())
    }
}

/// Creates the key.
pub struct CreateKey {
    pub alias: String,
    pub policy: Policy,
    pub tags: BTreeMap<String, String>,
    pub region: String,
    pub id: Id,
}

impl CreateKey {
    fn tags(&self) -> Vec<Tag> {
        let tags = self.tags.iter();
        let own = |(key, value): (&String, &String)| Tag {
            tag_key: key.clone(),
            tag_value: value.clone(),
        };
        tags.map(own).chain([for_alias(&self.alias)]).collect()
    }

    fn description(&self) -> String {
        format!("{}, managed by baseline", self.alias)
    }

    async fn create(&self, clients: &Clients) -> Result<Receipt, AwsError> {
        let input = NewKey {
            description: self.description(),
            policy: self.policy.text(),
            tags: self.tags(),
        };
        let (mut attempt, mut wait) = (1, FIRST_WAIT);
        loop {
            let error = match CREATE_KEY.make(clients, &self.region, &input).await {
                Ok((made, receipt)) => {
                    self.id.set(&made.key_metadata.key_id);
                    return Ok(receipt);
                }
                Err(error) => error,
            };
            let may_be_made = error.kind == Kind::Unreachable;
            if !(may_be_made || error.kind == Kind::Throttled) || attempt == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            (attempt, wait) = (attempt + 1, wait * 2);
            if may_be_made && self.is_found(clients).await? {
                return Ok(Receipt::default());
            }
        }
    }
}

impl CreateKey {
    /// Whether the key is there after all: a request that was given up may still be carried out, and
    /// KMS has no token that makes a second one the same.
    async fn is_found(&self, clients: &Clients) -> Result<bool, AwsError> {
        for _ in 0..LATE {
            if let Some(id) = made_for(&self.alias, clients, &self.region).await? {
                self.id.set(&id);
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(false)
    }
}

/// How many seconds a key is looked for whose making was not answered.
const LATE: u32 = 10;

/// How often a key is tried to be made, and how long is waited after the first attempt.
const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The key that was made for an alias by a call whose answer was lost.
async fn made_for(
    alias: &str,
    clients: &Clients,
    region: &str,
) -> Result<Option<String>, AwsError> {
    for id in keys::key_ids(clients, region).await? {
        let tags = match keys::key_tags(clients, &id, region).await {
            // A key of others, which lets nobody look.
            Err(error) if error.kind == Kind::Denied => continue,
            tags => tags?,
        };
        if tags.get(KEY_TAG).is_some_and(|own| own == alias) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn for_alias(alias: &str) -> Tag {
    Tag { tag_key: KEY_TAG.to_owned(), tag_value: alias.to_owned() }
}

impl fmt::Debug for CreateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kms:CreateKey in {}", self.region)
    }
}

fn shown(operation: &Operation, region: &str, input: Value) -> Call {
    Call {
        service: operation.service.to_owned(),
        operation: operation.name.to_owned(),
        region: region.to_owned(),
        input,
        shown: None,
    }
}

impl AnyWrite for CreateKey {
    fn call(&self) -> Call {
        let input = json!({
            "Description": self.description(), "Policy": self.policy, "Tags": self.tags(),
        });
        shown(&CREATE_KEY.operation, &self.region, input)
    }

    fn operation(&self) -> &'static Operation {
        const { &CREATE_KEY.operation }
    }

    fn propagating(&self) -> &'static [Propagation] {
        &[]
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(self.create(clients))
    }

    fn merge(&mut self, _later: &dyn AnyWrite) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Changes a key that may have been made by a call before it.
pub struct OfKey {
    change: Change,
    region: String,
    id: Id,
}

enum Change {
    Alias(String),
    Rotation(Rotation),
    Policy(Policy),
    Tag(String),
}

impl OfKey {
    /// Has an alias stand for the key.
    pub fn alias(alias: &str, region: &str, id: &Id) -> Self {
        Self::with(Change::Alias(alias.to_owned()), region, id)
    }

    /// Rotates it, or ends that.
    pub fn rotation(rotation: &Rotation, region: &str, id: &Id) -> Self {
        Self::with(Change::Rotation(rotation.clone()), region, id)
    }

    /// Replaces its policy.
    pub fn policy(policy: Policy, region: &str, id: &Id) -> Self {
        Self::with(Change::Policy(policy), region, id)
    }

    /// Says by a tag for which alias it is.
    pub fn tag(alias: &str, region: &str, id: &Id) -> Self {
        Self::with(Change::Tag(alias.to_owned()), region, id)
    }

    fn with(change: Change, region: &str, id: &Id) -> Self {
        Self { change, region: region.to_owned(), id: id.clone() }
    }

    /// The call, with the id as far as it is known.
    fn sent(&self) -> Box<dyn AnyWrite> {
        let (region, key_id) = (self.region.as_str(), self.id.shown());
        match &self.change {
            Change::Alias(alias) => {
                let alias_name = alias.clone();
                boxed(CREATE_ALIAS.call(region, NewAlias { alias_name, target_key_id: key_id }))
            }
            Change::Rotation(Rotation { enabled: true, period_days }) => {
                let rotation_period_in_days = *period_days;
                boxed(ENABLE_ROTATION.call(region, NewRotation { key_id, rotation_period_in_days }))
            }
            Change::Rotation(_) => boxed(DISABLE_ROTATION.call(region, KeyId::of(&key_id))),
            Change::Policy(policy) => {
                boxed(PUT_POLICY.call(region, NewPolicy { key_id, policy: policy.text() }))
            }
            Change::Tag(alias) => {
                let tags = vec![for_alias(alias)];
                boxed(TAG.call(region, NewTags { key_id, tags }))
            }
        }
    }
}

fn boxed<I: Serialize + Send + Sync + 'static>(call: Sent<I>) -> Box<dyn AnyWrite> {
    Box::new(call)
}

impl fmt::Debug for OfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sent().fmt(f)
    }
}

impl AnyWrite for OfKey {
    fn call(&self) -> Call {
        let mut call = self.sent().call();
        if let Change::Policy(policy) = &self.change {
            call.input["Policy"] = crate::diff::to_value(policy);
        }
        call
    }

    fn operation(&self) -> &'static Operation {
        self.sent().operation()
    }

    fn propagating(&self) -> &'static [Propagation] {
        self.sent().propagating()
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(async move { self.sent().send(clients).await })
    }

    fn merge(&mut self, _later: &dyn AnyWrite) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The calls from one state to another. The alias comes right behind the key, so that a run that ends
/// in between leaves as little as can be.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    let (mut steps, region) = (Steps::default(), at.region());
    let Some(wanted) = &to.key else { return steps };
    let Ok(policy) = Policy::parse(&wanted.policy) else { return steps };
    let alias = &to.alias;
    let Some(own) = &from.key else {
        let id = Id::default();
        steps.call(CreateKey {
            alias: alias.clone(),
            policy,
            tags: at.context.tags(),
            region: region.to_owned(),
            id: id.clone(),
        });
        steps.call(OfKey::alias(alias, region, &id));
        if wanted.rotation.enabled {
            steps.call(OfKey::rotation(&wanted.rotation, region, &id));
        }
        return steps;
    };
    let id = Id::of(&own.id);
    // What a service needs comes before it is pointed at the key.
    if own.policy != wanted.policy {
        steps.call(OfKey::policy(policy, region, &id));
    }
    if own.rotation != wanted.rotation {
        steps.call(OfKey::rotation(&wanted.rotation, region, &id));
    }
    if !own.tagged && wanted.tagged {
        steps.call(OfKey::tag(alias, region, &id));
    }
    if !own.aliased && wanted.aliased {
        steps.call(OfKey::alias(alias, region, &id));
    }
    steps
}

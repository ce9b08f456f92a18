//! KMS keys that things rely on: what encrypts the logs, the buckets, the topics.
//!
//! Whoever owns the key decides who can read, and a key that is disabled or gone ends deliveries
//! without a word. So a key is judged wherever one is relied on, not only where the baseline names it.

use super::door::{Nothing, Typed};
use super::facts::Reader;
use super::services::KMS;
use super::{AwsError, Clients, Grant, Kind, unless_absent};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Reads a key by alias, id or ARN.
pub const DESCRIBE_KEY: Typed<KeyId, KeyFound> = Typed::new(
    &KMS,
    "DescribeKey",
    &[Grant::on("kms:DescribeKey", "arn:{partition}:kms:*:{key_account}:key/*")],
);

/// The ARN of any key of the account.
pub const KEY_ARN: &str = "arn:{partition}:kms:{region}:{account}:key/*";

/// Lists the ids of all keys of a region, those of AWS's services included.
pub const LIST_KEYS: Typed<Nothing, Keys> =
    Typed::new(&KMS, "ListKeys", &[Grant::any("kms:ListKeys")]).paged("Marker", "NextMarker");
/// Lists all aliases of a region.
pub const LIST_ALIASES: Typed<Nothing, Aliases> =
    Typed::new(&KMS, "ListAliases", &[Grant::any("kms:ListAliases")]).paged("Marker", "NextMarker");
/// Reads whether and how often a key is rotated.
pub const GET_ROTATION: Typed<KeyId, RotationFound> =
    Typed::new(&KMS, "GetKeyRotationStatus", &[Grant::on("kms:GetKeyRotationStatus", KEY_ARN)]);
/// Reads the tags of a key.
pub const LIST_TAGS: Typed<KeyId, Tags> =
    Typed::new(&KMS, "ListResourceTags", &[Grant::on("kms:ListResourceTags", KEY_ARN)])
        .paged("Marker", "NextMarker");

/// A page of keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Keys {
    keys: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    key_id: String,
}

/// A page of aliases.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Aliases {
    aliases: Vec<Alias>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alias {
    alias_name: String,
    /// Missing for an alias of AWS's whose key does not exist yet.
    target_key_id: Option<String>,
}

/// The rotation of a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationFound {
    key_rotation_enabled: bool,
    rotation_period_in_days: Option<i32>,
}

/// How a key is rotated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Whether it is.
    pub enabled: bool,
    /// Days between two rotations, while there are any.
    pub period_days: Option<i32>,
}

/// The period of a key for which none was ever set. Source: KMS API Reference, EnableKeyRotation.
const A_YEAR: i32 = 365;

impl From<RotationFound> for Rotation {
    fn from(found: RotationFound) -> Self {
        let enabled = found.key_rotation_enabled;
        let days = found.rotation_period_in_days.unwrap_or(A_YEAR);
        Self { enabled, period_days: enabled.then_some(days) }
    }
}

/// A page of tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tags {
    tags: Vec<Tag>,
}

/// A tag of a key, as KMS writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its name.
    pub tag_key: String,
    /// Its value.
    pub tag_value: String,
}

/// Why KMS cannot rotate a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixed {
    /// Not a key for symmetric encryption.
    NotSymmetric,
    /// Its material was imported.
    Imported,
    /// It is in a custom key store.
    CustomKeyStore,
    /// It is the replica of a key in another region.
    Replica,
}

impl Fixed {
    /// Why KMS cannot rotate this one; nothing for one that it can.
    pub fn of(key: &KeyMetadata) -> Option<Self> {
        let kind = key.multi_region_configuration.as_ref().map(|own| &*own.multi_region_key_type);
        match (key.key_spec.as_deref(), key.origin.as_deref(), kind) {
            (Some(spec), ..) if spec != "SYMMETRIC_DEFAULT" => Some(Self::NotSymmetric),
            (_, Some("EXTERNAL"), _) => Some(Self::Imported),
            (_, Some(origin), _) if origin != "AWS_KMS" => Some(Self::CustomKeyStore),
            (.., Some("REPLICA")) => Some(Self::Replica),
            _ => None,
        }
    }

    /// The same in words.
    pub fn why(self) -> &'static str {
        match self {
            Self::NotSymmetric => "KMS rotates symmetric encryption keys only",
            Self::Imported => "imported key material is rotated on demand only",
            Self::CustomKeyStore => "KMS does not rotate keys of custom key stores",
            Self::Replica => "a replica follows its primary key",
        }
    }
}

/// Which key is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyId {
    key_id: String,
}

impl KeyId {
    /// The key with this alias, id or ARN.
    pub fn of(name: &str) -> Self {
        Self { key_id: name.to_owned() }
    }
}

/// What KMS answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyFound {
    /// The key.
    pub key_metadata: KeyMetadata,
}

/// What KMS says of a key, in its own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadata {
    /// Its ARN.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub key_state: String,
    /// `SYMMETRIC_DEFAULT`, `RSA_2048`, `HMAC_256` …
    pub key_spec: Option<String>,
    /// `AWS` or `CUSTOMER`.
    pub key_manager: Option<String>,
    /// Where its material comes from: `AWS_KMS`, `EXTERNAL` …
    pub origin: Option<String>,
    /// The other keys of a multi-Region key.
    pub multi_region_configuration: Option<MultiRegion>,
}

/// A multi-Region key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MultiRegion {
    /// `PRIMARY` or `REPLICA`.
    pub multi_region_key_type: String,
}

/// A key as KMS knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: String,
    /// What kind of key it is: `SYMMETRIC_DEFAULT` is the one that S3 and CloudTrail take.
    pub spec: String,
    /// Whether AWS manages it, so that no other account can be let use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_aws: bool,
}

impl Key {
    /// Why nothing can be encrypted with it: the end of a sentence about it.
    pub fn fault(&self) -> Option<String> {
        match (self.state.as_str(), self.spec.as_str()) {
            ("Enabled", "SYMMETRIC_DEFAULT") => None,
            ("Enabled", spec) => Some(format!("is of the kind {spec}, and not symmetric")),
            (state, _) => Some(format!("is {state}")),
        }
    }
}

/// The account in the ARN of a key or alias; nothing for a bare id or alias.
pub fn owner(name: &str) -> Option<&str> {
    part(name, 4)
}

/// The region in the ARN of a key or alias; nothing for a bare id or alias.
pub fn region(name: &str) -> Option<&str> {
    part(name, 3)
}

fn part(name: &str, number: usize) -> Option<&str> {
    let arn = name.strip_prefix("arn:").map(|_| name)?;
    arn.split(':').nth(number).filter(|part| !part.is_empty())
}

/// What is wrong with a key that something of this account relies on, as the end of a sentence:
/// "belongs to account 999999999999", "does not exist", "is PendingDeletion". `seen` is what
/// [`Reader::key`] answered; it is not looked at for a key of another account, which this account
/// need not be allowed to describe.
pub fn fault(name: &str, account: &str, seen: Option<&Key>) -> Option<String> {
    if let Some(other) = owner(name).filter(|owner| *owner != account) {
        return Some(format!("belongs to account {other}"));
    }
    match seen {
        None => Some("does not exist".to_owned()),
        Some(key) => match owner(&key.arn).filter(|owner| *owner != account) {
            Some(other) => Some(format!("belongs to account {other}")),
            None => key.fault(),
        },
    }
}

/// A key that the baseline names, as far as it can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    /// The key; nothing when there is none, or none that can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Key>,
    /// Whether it belongs to another account, which does not let this one look.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
}

impl Named {
    /// Why nothing can be encrypted with it: the end of a sentence about it. Of one that is hidden
    /// that cannot be told.
    pub fn fault(&self) -> Option<String> {
        match (&self.found, self.is_hidden) {
            (Some(key), _) => key.fault(),
            (None, true) => None,
            (None, false) => Some("does not exist".to_owned()),
        }
    }
}

/// What to know of a key that is hidden.
pub fn hidden(name: &str) -> String {
    let account = owner(name).unwrap_or("another");
    format!(
        "the key {name} of account {account} does not let this account look (kms:DescribeKey): \
         whether it is enabled cannot be told"
    )
}

impl Reader {
    /// The key that the baseline names by alias, id or ARN. That the ARN of another account's key,
    /// whose policy need not let this account look, is refused is not an error.
    ///
    /// # Errors
    /// When a key of this account could not be seen, or AWS did not answer.
    pub async fn named_key(&self, name: &str, region: &str) -> Result<Named, AwsError> {
        // What an alias stands for has to be seen: things name keys by their ARNs.
        let is_foreign =
            owner(name).is_some_and(|own| own != self.caller.account) && name.contains(":key/");
        match self.key(name, region).await {
            Ok(found) => Ok(Named { found, is_hidden: false }),
            Err(error) if is_foreign && error.kind == Kind::Denied => {
                Ok(Named { found: None, is_hidden: true })
            }
            Err(error) => Err(error),
        }
    }

    /// The key of an alias, id or ARN in a region, asked once however many rely on it; `None` when
    /// there is no such key there.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn key(&self, name: &str, region: &str) -> Result<Option<Key>, AwsError> {
        let found = self.key_metadata(name, region).await?;
        Ok(found.map(|key| Key {
            arn: key.arn,
            state: key.key_state,
            spec: key.key_spec.unwrap_or_default(),
            is_of_aws: key.key_manager.as_deref() == Some("AWS"),
        }))
    }

    /// The same in KMS's own words.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn key_metadata(
        &self,
        name: &str,
        region: &str,
    ) -> Result<Option<KeyMetadata>, AwsError> {
        let read = Box::pin(async {
            let input = KeyId::of(name);
            let answer = DESCRIBE_KEY.ask(&self.clients, region, &input).await;
            let found = unless_absent(answer, "NotFoundException")?;
            Ok(found.map(|found| found.key_metadata))
        });
        self.once(&DESCRIBE_KEY.operation, &format!("{name} in {region}"), read).await
    }

    /// The ids of all keys of a region, asked once however many look for one.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn key_ids(&self, region: &str) -> Result<Vec<String>, AwsError> {
        let read = Box::pin(key_ids(&self.clients, region));
        self.once(&LIST_KEYS.operation, region, read).await
    }

    /// The aliases of each key of a region, by its id, asked once however many look for one.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn key_aliases(
        &self,
        region: &str,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
        let read = Box::pin(async {
            let pages = LIST_ALIASES.pages(&self.clients, region, &Nothing {}).await?;
            Ok(aliases_by_key(pages))
        });
        self.once(&LIST_ALIASES.operation, region, read).await
    }

    /// The tags of a key, asked once however many look for one.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn key_tags(
        &self,
        id: &str,
        region: &str,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let read = Box::pin(key_tags(&self.clients, id, region));
        self.once(&LIST_TAGS.operation, &format!("{id} in {region}"), read).await
    }
}

/// The ids of all keys of a region, as they are now.
///
/// # Errors
/// When they could not be seen.
pub async fn key_ids(clients: &Clients, region: &str) -> Result<Vec<String>, AwsError> {
    let pages = LIST_KEYS.pages(clients, region, &Nothing {}).await?;
    Ok(pages.into_iter().flat_map(|page| page.keys).map(|key| key.key_id).collect())
}

/// The tags of a key, as they are now.
///
/// # Errors
/// When they could not be seen.
pub async fn key_tags(
    clients: &Clients,
    id: &str,
    region: &str,
) -> Result<BTreeMap<String, String>, AwsError> {
    let pages = LIST_TAGS.pages(clients, region, &KeyId::of(id)).await?;
    let tags = pages.into_iter().flat_map(|page| page.tags);
    Ok(tags.map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

/// The aliases of each key, by its id.
fn aliases_by_key(pages: Vec<Aliases>) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_key: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Alias { alias_name, target_key_id } in pages.into_iter().flat_map(|page| page.aliases) {
        if let Some(id) = target_key_id {
            by_key.entry(id).or_default().insert(alias_name);
        }
    }
    by_key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_own_or_that_is_unusable_is_found_out() {
        let arn = |account: &str| format!("arn:aws:kms:us-east-1:{account}:key/1234");
        let key = |state: &str| Key {
            arn: arn("111122223333"),
            state: state.to_owned(),
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            is_of_aws: false,
        };
        let fault = |name: &str, seen: Option<&Key>| fault(name, "111122223333", seen);
        assert_eq!(fault(&arn("111122223333"), Some(&key("Enabled"))), None);
        assert_eq!(fault("alias/trail", Some(&key("Enabled"))), None);
        let foreign = fault(&arn("999999999999"), None);
        assert_eq!(foreign.as_deref(), Some("belongs to account 999999999999"));
        let deleted = fault(&arn("111122223333"), Some(&key("PendingDeletion")));
        assert_eq!(deleted.as_deref(), Some("is PendingDeletion"));
        assert_eq!(fault("1234", None).as_deref(), Some("does not exist"));
    }
}

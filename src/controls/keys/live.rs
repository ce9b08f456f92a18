//! What is live: the key that an alias stands for, its policy, its grants, and keys that were made
//! for the alias and that it does not stand for.

use super::writes::KEY_TAG;
use crate::aws::door::Typed;
use crate::aws::facts::Reader;
use crate::aws::keys::{self, Fixed, GET_ROTATION, KEY_ARN, KeyId, KeyMetadata, Rotation};
use crate::aws::services::KMS;
use crate::aws::{AwsError, Grant, Kind};
use crate::control::OUR_TAG;
use crate::control::owner::owner;
use futures_util::future::OptionFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const GET_POLICY: Typed<KeyId, PolicyFound> =
    Typed::new(&KMS, "GetKeyPolicy", &[Grant::on("kms:GetKeyPolicy", KEY_ARN)]);
pub const LIST_GRANTS: Typed<KeyId, Grants> =
    Typed::new(&KMS, "ListGrants", &[Grant::on("kms:ListGrants", KEY_ARN)])
        .paged("Marker", "NextMarker");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyFound {
    policy: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Grants {
    grants: Vec<GrantFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GrantFound {
    grant_id: String,
    /// An ARN, or the principal of a service.
    grantee_principal: Option<String>,
    #[serde(default)]
    operations: BTreeSet<String>,
}

/// The key of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The alias.
    pub alias: String,
    /// The key that the alias stands for; without the alias one that was made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The ids of other keys that were made for the alias, with their states.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub id: String,
    pub arn: String,
    /// Its state, in KMS's word.
    pub state: String,
    pub spec: String,
    /// Whether the alias stands for it.
    pub aliased: bool,
    /// Whether its tag says that it is for the alias.
    pub tagged: bool,
    /// Whether this program created it.
    pub created_here: bool,
    /// Why KMS cannot rotate it, whatever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Fixed>,
    pub rotation: Rotation,
    /// Its policy, as it was written.
    pub policy: String,
    /// The grants to other accounts, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign_grants: BTreeMap<String, ForeignGrant>,
    /// Who else manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What another account may do with a key, whatever its policy says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignGrant {
    pub grantee: String,
    pub operations: BTreeSet<String>,
}

/// How many keys are asked for their tags side by side.
const KEYS_AT_ONCE: usize = 32;

/// Reads the key of an alias. Whether another was made for the alias is looked for where that is not
/// the one: a run that ended between CreateKey and CreateAlias leaves one, and so does whoever points
/// the alias elsewhere.
pub async fn read(alias: &str, region: &str, reader: &Reader) -> Result<Live, AwsError> {
    let Some(found) = reader.key_metadata(alias, region).await? else {
        let mut made = made_for(alias, region, reader).await?;
        // The one that can be used, if there is one.
        let best = made.iter().max_by_key(|(_, own)| own.key_state == "Enabled");
        let best = best.map(|(id, _)| id.clone()).and_then(|id| made.remove(&id));
        let key = match best {
            Some(best) => Some(read_key(alias, best, false, region, reader).await?),
            None => None,
        };
        return Ok(Live { alias: alias.to_owned(), key, others: states(made) });
    };
    let key = read_key(alias, found, true, region, reader).await?;
    let mut others = BTreeMap::new();
    if !key.tagged && key.owner.is_none() {
        others = states(made_for(alias, region, reader).await?);
        others.remove(&key.id);
    }
    Ok(Live { alias: alias.to_owned(), key: Some(key), others })
}

fn states(keys: BTreeMap<String, KeyMetadata>) -> BTreeMap<String, String> {
    keys.into_iter().map(|(id, key)| (id, key.key_state)).collect()
}

/// The keys whose tag says that they are for an alias, by id.
///
/// A key that keeps this account's administrators from reading its tags is passed over if it has an
/// alias: ours lets them.
async fn made_for(
    alias: &str,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, KeyMetadata>, AwsError> {
    let (ids, aliases) = tokio::try_join!(reader.key_ids(region), reader.key_aliases(region))?;
    let aliases = &aliases;
    let is_aws = |id: &String| {
        let own = aliases.get(id);
        own.is_some_and(|own| own.iter().any(|alias| alias.starts_with("alias/aws/")))
    };
    let found: Vec<Option<(String, KeyMetadata)>> = stream::iter(ids)
        .filter(|id| std::future::ready(!is_aws(id)))
        .map(async |id| {
            let tags = match reader.key_tags(&id, region).await {
                Err(error) if error.kind == Kind::Denied && aliases.contains_key(&id) => {
                    return Ok(None);
                }
                tags => tags?,
            };
            match tags.get(KEY_TAG).is_some_and(|own| own == alias) {
                true => Ok(reader.key_metadata(&id, region).await?.map(|key| (id, key))),
                false => Ok(None),
            }
        })
        .buffer_unordered(KEYS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn read_key(
    alias: &str,
    found: KeyMetadata,
    aliased: bool,
    region: &str,
    reader: &Reader,
) -> Result<Key, AwsError> {
    let clients = &reader.clients;
    let id = found.arn.rsplit('/').next().unwrap_or_default().to_owned();
    let (input, fixed) = (KeyId::of(&id), Fixed::of(&found));
    // Of a key that cannot be used KMS does not say it, and there is nothing to change.
    let rotates = fixed.is_none() && found.key_state == "Enabled";
    let rotation = OptionFuture::from(rotates.then(|| GET_ROTATION.ask(clients, region, &input)));
    let (policy, grants, tags, rotation) = tokio::join!(
        GET_POLICY.ask(clients, region, &input),
        LIST_GRANTS.pages(clients, region, &input),
        reader.key_tags(&id, region),
        rotation,
    );
    let (tags, rotation) = (tags?, rotation.transpose()?.map(Rotation::from));
    let grants = grants?.into_iter().flat_map(|page| page.grants);
    let account = &reader.caller.account;
    Ok(Key {
        id,
        state: found.key_state,
        spec: found.key_spec.unwrap_or_default(),
        arn: found.arn,
        aliased,
        tagged: tags.get(KEY_TAG).is_some_and(|own| own == alias),
        created_here: tags.contains_key(OUR_TAG),
        fixed,
        rotation: rotation.unwrap_or_default(),
        policy: policy?.policy,
        foreign_grants: grants.filter_map(|own| own.foreign(account)).collect(),
        owner: owner("", &tags),
    })
}

impl GrantFound {
    /// The grant, if it is to another account. A service is named by its principal, which has none.
    /// Source: KMS API Reference, ListGrants.
    fn foreign(self, account: &str) -> Option<(String, ForeignGrant)> {
        let grantee = self.grantee_principal?;
        let is_foreign = account_of(&grantee).is_some_and(|own| own != account);
        let Self { grant_id, operations, .. } = self;
        is_foreign.then_some((grant_id, ForeignGrant { grantee, operations }))
    }
}

/// The account in the ARN of a principal, or a bare account.
pub fn account_of(principal: &str) -> Option<&str> {
    let is_account = |text: &&str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    Some(principal).filter(is_account).or_else(|| keys::owner(principal)).filter(is_account)
}

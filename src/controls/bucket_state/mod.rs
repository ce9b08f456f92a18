//! The settings of a bucket that calls change, for every control that changes some: what they are, the
//! calls between two states of them, and what an undo puts back.

mod policy;
mod undo;

pub(super) use policy::differences as policy_differences;
pub(super) use undo::Undo;

use crate::aws::{AwsError, Tags, facts::GET_BUCKET_POLICY};
use crate::control::{At, Steps};
use crate::json::present;
use crate::policy::Policy;
use crate::s3::{
    self, AclGrant, Bucket, Encryption, Flags, Lifecycle, Logging, ObjectLock, Target, Versioning,
    Whole,
};
use serde::{Deserialize, Serialize};

/// The settings of a bucket. What is missing was not read, and is not touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct BucketState {
    /// The text of its policy, if it has one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub policy: Option<Option<String>>,
    /// Its own public access block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<Flags>,
    /// Its default encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Whole<Encryption>>,
    /// Its lifecycle rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Whole<Lifecycle>>,
    /// Its versioning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Its object lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<Whole<ObjectLock>>,
    /// Its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    /// Where its access logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Whole<Logging>>,
    /// Who owns its objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
}

/// Who owns the objects of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ownership {
    /// S3's word for it; `None` for buckets from before there was such a setting.
    pub rule: Option<String>,
    /// What its ACL grants to others, where ACLs count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<AclGrant>,
}

impl Ownership {
    /// Whether ACLs count for nothing.
    pub fn is_enforced(&self) -> bool {
        self.rule.as_deref() == Some(s3::ENFORCED)
    }
}

impl From<&Bucket> for BucketState {
    fn from(bucket: &Bucket) -> Self {
        let of = |algorithm: &String| {
            let mut default = Encryption::default();
            default.apply_server_side_encryption_by_default.algorithm.clone_from(algorithm);
            default
        };
        let encryption = bucket.encryption.as_ref().map(of);
        Self {
            policy: Some(bucket.policy.clone()),
            public_access_block: Some(bucket.public_access_block),
            encryption: Some(Whole { value: encryption, ..Whole::default() }),
            lifecycle: Some(bucket.lifecycle.clone()),
            versioning: Some(Versioning { status: bucket.versioning.clone(), mfa_delete: None }),
            ownership: Some(Ownership { rule: bucket.ownership.clone(), grants: Vec::new() }),
            object_lock: Some(bucket.object_lock.clone()),
            logging: Some(bucket.logging.clone()),
            ..Self::default()
        }
    }
}

/// The bucket of a place, as every call names it.
pub(super) fn target(at: At<'_>) -> Target {
    Target {
        bucket: at.place.thing.clone().unwrap_or_default(),
        expected_bucket_owner: at.context.account.clone(),
        region: at.region().to_owned(),
    }
}

/// Reads the text of a policy.
///
/// # Errors
/// When it is not a policy: then nobody knows who gets in, which is never fine.
pub(super) fn parsed(text: Option<&str>, at: At<'_>) -> Result<Option<Policy>, AwsError> {
    text.map(Policy::parse).transpose().map_err(|cause| {
        let text = format!("its policy cannot be read: {cause}");
        AwsError::unexpected(&GET_BUCKET_POLICY, at.region(), &text)
    })
}

/// The calls between two states. Those that let in or refuse come first, and ownership, which S3 may
/// refuse, last. Versioning, which object lock needs, comes after the lifecycle rules where it goes on,
/// and before them where it goes off: cut off in between, no bucket keeps every version for ever.
pub(super) fn steps(from: &BucketState, to: &BucketState, at: At<'_>) -> Steps {
    let goes_off = to.versioning.as_ref().is_some_and(|own| !own.is_enabled());
    let [first, second]: [Part; 2] = match goes_off {
        true => [versioning, lifecycle],
        false => [lifecycle, versioning],
    };
    let parts: [Part; 9] = [
        policy::steps,
        public_access_block,
        encryption,
        first,
        second,
        object_lock,
        tags,
        logging,
        ownership,
    ];
    let none = Steps::default();
    parts.into_iter().fold(none, |steps, part| steps.and(part(from, to, at).unwrap_or_default()))
}

type Part = fn(&BucketState, &BucketState, At<'_>) -> Option<Steps>;

/// What a setting becomes, if it was read and is to be another.
fn changed<'a, T: PartialEq>(from: &Option<T>, to: &'a Option<T>) -> Option<&'a T> {
    to.as_ref().filter(|_| from != to)
}

fn public_access_block(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let flags = *changed(&from.public_access_block, &to.public_access_block)?;
    Some(Steps::one(s3::PutPublicAccessBlock::with(target(at), flags)))
}

fn encryption(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let rule = changed(&from.encryption, &to.encryption)?.value.clone();
    Some(Steps::one(s3::PutBucketEncryption::with(target(at), rule.unwrap_or_default())))
}

/// S3 takes no configuration without any rules.
fn lifecycle(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let rules = changed(&from.lifecycle, &to.lifecycle)?.value.clone().unwrap_or_default();
    Some(match rules.rules.is_empty() {
        true => Steps::one(s3::DeleteBucketLifecycle { target: target(at) }),
        false => Steps::one(s3::PutBucketLifecycle::with(target(at), rules)),
    })
}

fn versioning(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let versioning = changed(&from.versioning, &to.versioning)?;
    Some(Steps::one(match versioning.is_enabled() {
        true => s3::PutBucketVersioning::on(target(at)),
        false => s3::PutBucketVersioning::suspended(target(at)),
    }))
}

fn object_lock(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let lock = changed(&from.object_lock, &to.object_lock)?.value.clone()?;
    Some(Steps::one(s3::PutObjectLock::with(target(at), lock.default?)))
}

fn tags(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    let (now, wanted) = (from.tags.as_ref()?, changed(&from.tags, &to.tags)?);
    let Target { bucket, expected_bucket_owner: account, region } = target(at);
    let arn = s3::arn(&at.context.partition, &bucket);
    let put = beyond(wanted, now);
    let gone: Vec<String> = now.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
    let steps = Steps::default()
        .then_if(!put.is_empty(), || Steps::one(s3::TagResource::new(&account, &arn, &region, put)))
        .then_if(!gone.is_empty(), || {
            Steps::one(s3::UntagResource::new(&account, &arn, &region, gone))
        });
    Some(steps)
}

/// The tags that others do not have, or not so.
pub(super) fn beyond(tags: &Tags, others: &Tags) -> Tags {
    let beyond = tags.iter().filter(|(key, value)| others.get(*key) != Some(value));
    beyond.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn logging(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    Some(Steps::one(match changed(&from.logging, &to.logging)?.value.clone() {
        Some(logging) => s3::PutBucketLogging::to(target(at), logging),
        None => s3::PutBucketLogging::nowhere(target(at)),
    }))
}

fn ownership(from: &BucketState, to: &BucketState, at: At<'_>) -> Option<Steps> {
    Some(match &changed(&from.ownership, &to.ownership)?.rule {
        Some(word) => Steps::one(s3::PutBucketOwnershipControls::to(target(at), word)),
        None => Steps::one(s3::DeleteBucketOwnershipControls { target: target(at) }),
    })
}

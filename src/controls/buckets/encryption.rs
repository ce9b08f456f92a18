//! Default encryption. What is stricter than asked for stays; what else the rule holds is carried over.

use super::guardrail::{Judging, Unread};
use super::values::{Encryption, Kms};
use crate::s3;

const KMS: &str = "aws:kms";

pub(super) fn propose(judging: &mut Judging<'_>) -> Result<(), Unread> {
    let Some(wanted) = judging.wanted.encryption else {
        return Ok(());
    };
    let live = judging.live;
    let whole = judging.read(&live.encryption, &s3::GET_ENCRYPTION)?;
    let after = match wanted {
        // Whatever S3 has for a default is SSE-S3 or stricter.
        Encryption::S3 => whole.value.clone().unwrap_or_default(),
        Encryption::Kms(kms) => {
            let key = judging.read(&live.key, &s3::DESCRIBE_KEY)?.as_ref();
            let key = match (key, key.and_then(s3::Key::fault)) {
                (Some(key), None) => key,
                (key, fault) => {
                    let name = kms.key(&judging.context.account, judging.region);
                    let region = judging.region;
                    let what = match (key, fault) {
                        (Some(_), Some(fault)) => format!("the key {name} {fault}"),
                        _ => format!("there is no key {name} in {region}"),
                    };
                    let remedy = "name a key of the bucket's region that is enabled";
                    judging.proposal.finding("encryption", what, remedy);
                    return Ok(());
                }
            };
            with_key(kms, key, whole.value.clone().unwrap_or_default())
        }
    };
    if whole.value.as_ref() == Some(&after) {
        return Ok(());
    }
    if let Some((what, remedy)) = obstacle(judging, &after).or(whole.refusal("default encryption"))
    {
        judging.proposal.finding("encryption", what, remedy);
        return Ok(());
    }
    let before = whole.value.as_ref();
    let default = |own: &s3::Encryption| own.apply_server_side_encryption_by_default.clone();
    let (old, new) = (before.map(default), default(&after));
    judging.differs(
        "encryption.algorithm",
        old.as_ref().map(|own| own.algorithm.clone()),
        new.algorithm,
    );
    judging.differs("encryption.kms", old.and_then(|own| own.key), new.key);
    judging.differs(
        "encryption.bucket_key",
        before.and_then(|own| own.bucket_key_enabled),
        after.bucket_key_enabled,
    );
    let target = judging.target();
    judging
        .proposal
        .call(s3::PutBucketEncryption::with(target, after));
    Ok(())
}

/// The rule with a key. Two layers of encryption stay two, and know no bucket key.
fn with_key(kms: &Kms, key: &s3::Key, mut rule: s3::Encryption) -> s3::Encryption {
    let default = &mut rule.apply_server_side_encryption_by_default;
    let is_stricter = default.algorithm.starts_with("aws:kms:");
    if !is_stricter {
        default.algorithm = KMS.to_owned();
    }
    // S3 keeps the key as it was given: by id, it is the same one.
    let id = key.arn.rsplit('/').next();
    if default.key.as_deref() != Some(&key.arn) && default.key.as_deref() != id {
        default.key = Some(key.arn.clone());
    }
    if !is_stricter && kms.bucket_key.is_some() {
        rule.bucket_key_enabled = match (rule.bucket_key_enabled, kms.bucket_key) {
            (None, Some(false)) => None,
            (_, asked) => asked,
        };
    }
    rule
}

/// What would stop working that nobody may lose by a guardrail for all buckets.
fn obstacle(judging: &Judging<'_>, after: &s3::Encryption) -> Option<(String, String)> {
    let is_kms = after.apply_server_side_encryption_by_default.algorithm != "AES256";
    let except = format!("leave it out: except = [\"{}\"]", judging.bucket);
    if is_kms && judging.live.takes_logs.is_some() {
        let what = "it takes access logs, which S3 delivers only to buckets with SSE-S3";
        return Some((what.to_owned(), except));
    }
    if is_kms && judging.is_log_bucket() {
        let what = "it is the log bucket: CloudTrail and Config could not deliver to it without \
                    statements in the key's policy, which are not looked at";
        return Some((what.to_owned(), except));
    }
    None
}

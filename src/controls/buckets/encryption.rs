//! Default encryption. What is stricter than asked for stays; what else the rule holds is carried over.

use super::guardrail::{Judgement, Judging};
use super::values::{Encryption, Kms};
use crate::aws::{AwsError, keys};
use crate::policy::guardrails::DefaultEncryption;
use crate::s3::{self, Whole};

const KMS: &str = "aws:kms";

pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    if judging.wanted.encryption.is_none() {
        return Ok(());
    }
    let whole = judging.read(&judging.live.bucket.encryption, &s3::GET_ENCRYPTION)?;
    match after(judging)? {
        Err((what, remedy)) => judging.say.finding("encryption", what, remedy),
        Ok(after) if whole.value.as_ref() == Some(&after) => {}
        Ok(after) => {
            judging.to.encryption = Some(Whole { value: Some(after), ..Whole::default() });
        }
    }
    Ok(())
}

/// What is wrong, and what to do.
type Refusal = (String, String);

/// What the rule is to become, which may be what it is; or why it cannot become that.
fn after(judging: &Judging<'_>) -> Result<Result<s3::Encryption, Refusal>, AwsError> {
    let live = judging.live;
    let whole = judging.read(&live.bucket.encryption, &s3::GET_ENCRYPTION)?;
    let Some(wanted) = judging.wanted.encryption else {
        return Ok(Ok(whole.value.clone().unwrap_or_default()));
    };
    let after = match wanted {
        // Whatever S3 has for a default is SSE-S3 or stricter, if its key serves.
        Encryption::S3 => {
            let rule = whole.value.clone().unwrap_or_default();
            if let Some(name) = rule.apply_server_side_encryption_by_default.kms() {
                let key = judging.read(&live.key, &keys::DESCRIBE_KEY.operation)?.as_ref();
                let account = &judging.context.account;
                if let Some(refusal) = s3::key_fault(name, account, key) {
                    return Ok(Err(refusal));
                }
            }
            rule
        }
        Encryption::Kms(kms) => {
            let key = judging.read(&live.key, &keys::DESCRIBE_KEY.operation)?.as_ref();
            let key = match (key, key.and_then(keys::Key::fault)) {
                (Some(key), None) => key,
                (key, fault) => {
                    let name = kms.key(&judging.context.account, judging.region);
                    let region = judging.region;
                    let what = match (key, fault) {
                        (Some(_), Some(fault)) => format!("the key {name} {fault}"),
                        _ => format!("there is no key {name} in {region}"),
                    };
                    let remedy = "name a key of the bucket's region that is enabled";
                    return Ok(Err((what, remedy.to_owned())));
                }
            };
            with_key(kms, key, whole.value.clone().unwrap_or_default())
        }
    };
    let refusal = obstacle(judging, &after).or(whole.refusal("default encryption"));
    let differs = whole.value.as_ref() != Some(&after);
    Ok(match refusal.filter(|_| differs) {
        Some(refusal) => Err(refusal),
        None => Ok(after),
    })
}

/// What uploads that do not say otherwise will be encrypted with; or why that is not plain.
pub(super) fn by_default(
    judging: &Judging<'_>,
) -> Result<Result<DefaultEncryption, Refusal>, AwsError> {
    let live = judging.read(&judging.live.bucket.encryption, &s3::GET_ENCRYPTION)?;
    let stays = || live.value.clone().unwrap_or_default();
    let rule = after(judging)?.unwrap_or_else(|_| stays());
    let s3::ByDefault { algorithm, key } = rule.apply_server_side_encryption_by_default;
    let key = match key.filter(|_| algorithm.starts_with(KMS)) {
        None => None,
        Some(key) if key.starts_with("arn:") && key.contains(":key/") => Some(key),
        Some(key) if !key.contains('/') => {
            let (partition, account) = (&judging.context.partition, &judging.context.account);
            let region = judging.region;
            Some(format!("arn:{partition}:kms:{region}:{account}:key/{key}"))
        }
        Some(alias) => {
            let what = format!("its default key is {alias}, by which no upload can be held to it");
            let remedy = "set encryption = { kms = … }, which names the key itself";
            return Ok(Err((what, remedy.to_owned())));
        }
    };
    // S3 encrypts where no rule says so, too.
    let algorithm = match algorithm.is_empty() {
        true => "AES256".to_owned(),
        false => algorithm,
    };
    Ok(Ok(DefaultEncryption { algorithm, key }))
}

/// The rule with a key. Two layers of encryption stay two, and know no bucket key.
fn with_key(kms: &Kms, key: &keys::Key, mut rule: s3::Encryption) -> s3::Encryption {
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
    if let Some(logs) = judging.plain_logs().filter(|_| is_kms) {
        let what = format!("it takes {logs}, which come only to buckets with SSE-S3");
        return Some((what, except));
    }
    if is_kms && judging.is_log_bucket() {
        let what = "it is the log bucket: CloudTrail and Config could not deliver to it without \
                    statements in the key's policy, which are not looked at";
        return Some((what.to_owned(), except));
    }
    None
}

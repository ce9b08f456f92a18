//! Tags that a bucket must have, beside those that others gave it.

use super::guardrail::{Judging, Unread};
use crate::aws::Tags;
use crate::s3;
use serde_json::json;

pub(super) fn propose(judging: &mut Judging<'_>) -> Result<(), Unread> {
    let Some(wanted) = judging.wanted.tags else {
        return Ok(());
    };
    let live = judging.read(&judging.live.tags, &s3::GET_TAGGING)?;
    let missing = wanted.iter().filter(|(key, value)| live.get(*key) != Some(value));
    let missing: Tags = missing.map(|(key, value)| (key.clone(), value.clone())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut all = live.clone();
    all.extend(missing.clone());
    // Those of AWS do not count. Source: S3 User Guide, "Using tags with S3 general purpose buckets".
    let count = all.keys().filter(|key| !key.starts_with("aws:")).count();
    if count > MOST_TAGS {
        let what = format!("it would have {count} tags; S3 takes {MOST_TAGS}");
        judging.proposal.finding("tags", what, "take off some tags by hand");
        return Ok(());
    }
    let now: Tags = live.clone().into_iter().filter(|(key, _)| missing.contains_key(key)).collect();
    judging.differs("tags", json!(now), json!(missing));
    let (account, arn) = (&judging.context.account, judging.arn());
    let write = s3::TagResource::new(account, &arn, judging.region, missing);
    judging.proposal.call(write);
    Ok(())
}

/// The most tags a bucket can have. Source: S3 User Guide, "Using tags with S3 general purpose
/// buckets".
const MOST_TAGS: usize = 50;

//! Tags that a bucket must have, beside those that others gave it.

use super::guardrail::{Judgement, Judging};
use crate::s3;

pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    let Some(wanted) = judging.wanted.tags else {
        return Ok(());
    };
    let mut all = judging.read(&judging.live.bucket.tags, &s3::GET_TAGGING)?.clone();
    let had = all.clone();
    all.extend(wanted.clone());
    // Those of AWS do not count. Source: S3 User Guide, "Using tags with S3 general purpose buckets".
    let count = all.keys().filter(|key| !key.starts_with("aws:")).count();
    if all != had && count > MOST_TAGS {
        let what = format!("it would have {count} tags; S3 takes {MOST_TAGS}");
        judging.say.finding("tags", what, "take off some tags by hand");
    } else {
        judging.to.tags = Some(all);
    }
    Ok(())
}

/// The most tags a bucket can have. Source: S3 User Guide, "Using tags with S3 general purpose
/// buckets".
const MOST_TAGS: usize = 50;

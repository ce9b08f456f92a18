//! Who gets in: the public access block, ownership, and what makes a bucket public.

use super::guardrail::{Judgement, Judging};
use crate::aws::AwsError;
use crate::controls::bucket_state::Ownership;
use crate::s3::{self, Flags};

/// All four public access blocks of the bucket, and who loses access by them.
pub(super) fn public_access_block(judging: &mut Judging<'_>) -> Judgement {
    if judging.wanted.public_access_block.is_none() {
        return Ok(());
    }
    let live = judging.live;
    let block = *judging.read(&live.bucket.public_access_block, &s3::GET_PUBLIC_ACCESS_BLOCK)?;
    if block == Flags::ON {
        return Ok(());
    }
    judging.to.public_access_block = Some(Flags::ON);
    let losses = live.exposure.as_ref().map(s3::Exposure::losses);
    for loss in losses.unwrap_or_default() {
        judging.say.breaks(format!("{}: {loss}", judging.bucket));
    }
    if let Some(error) = &live.exposure_unseen {
        let action = &error.action;
        judging.say.note(format!("who would lose access could not be read: {action}"));
    }
    Ok(())
}

/// Nothing of the bucket's own makes it public. Only a person knows who is meant to get in.
pub(super) fn private(judging: &mut Judging<'_>) -> Judgement {
    if judging.wanted.private.is_none() {
        return Ok(());
    }
    let live = judging.live;
    let block = judging.read(&live.bucket.public_access_block, &s3::GET_PUBLIC_ACCESS_BLOCK)?;
    let points = judging.read(&live.open_access_points, &s3::LIST_ACCESS_POINTS)?;
    let exposure = exposure(judging, block)?;
    if is_public_by_policy(judging)? {
        let by = super::statements::public_by(judging)?;
        judging.say.finding(
            "private",
            format!("its policy makes it public{by}"),
            or_block(judging, "take out of its policy what is for everybody"),
        );
    }
    for grant in exposure.acl.iter().filter(|_| !block.ignore_public_acls) {
        judging.say.finding(
            "private",
            format!("its ACL grants {grant}"),
            or_block(judging, "make the ACL private"),
        );
    }
    for name in points {
        judging.say.finding(
            "private",
            format!("its access point {name} does not block public access"),
            "make the access point anew with its block on: that of an access point cannot be changed",
        );
    }
    Ok(())
}

/// What to do, and what else would do, unless that is asked for already.
fn or_block(judging: &Judging<'_>, remedy: &str) -> String {
    match judging.wanted.public_access_block {
        Some(_) => {
            format!("{remedy}: public_access_block, which is asked for, then has nothing to end")
        }
        None => format!("{remedy}, or set public_access_block = true"),
    }
}

/// Whether it is told that the policy makes the bucket public.
pub(super) fn is_public_by_policy(judging: &Judging<'_>) -> Result<bool, AwsError> {
    if judging.wanted.private.is_none() {
        return Ok(false);
    }
    let block =
        judging.read(&judging.live.bucket.public_access_block, &s3::GET_PUBLIC_ACCESS_BLOCK)?;
    Ok(exposure(judging, block)?.policy && !block.restrict_public_buckets)
}

/// What would make the bucket public, if its block did not see to that.
fn exposure(judging: &Judging<'_>, block: &Flags) -> Result<s3::Exposure, AwsError> {
    match block {
        &Flags::ON => Ok(s3::Exposure::default()),
        _ => judging.read(&judging.live.exposure, &s3::GET_POLICY_STATUS).cloned(),
    }
}

/// The bucket's owner owns all objects and ACLs count for nothing. While the ACL of the bucket grants
/// something to others, S3 refuses that; they would lose it.
pub(super) fn ownership(judging: &mut Judging<'_>) -> Judgement {
    if judging.wanted.ownership.is_none() {
        return Ok(());
    }
    let live = judging.live;
    let ownership = judging.read(&live.bucket.ownership, &s3::GET_OWNERSHIP)?;
    if ownership.is_enforced() {
        return Ok(());
    }
    if !judging.finding_if("ownership", s3::acl_in_the_way(judging.bucket, &ownership.grants)) {
        let rule = Some(s3::ENFORCED.to_owned());
        judging.to.ownership = Some(Ownership { rule, grants: Vec::new() });
    }
    Ok(())
}

//! What is told of the statements of others: who gets in by them, and what in them does not do what
//! it seems to.

use super::access;
use super::guardrail::{Judgement, Judging};
use crate::policy::{Kind, weaknesses};
use crate::s3;
use std::collections::BTreeSet;

pub(super) fn propose(judging: &mut Judging<'_>) -> Judgement {
    let wanted = judging.wanted;
    let (shared_with, sound) = (wanted.shared_with, wanted.sound_policy.is_some());
    if shared_with.is_none() && !sound {
        return Ok(());
    }
    if let Some(shared_with) = shared_with {
        copies_and_access_points(judging, shared_with);
    }
    let Some(policy) = judging.policy()? else {
        return Ok(());
    };
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let prunes = wanted.prune_deleted_principals.is_some();
    let nobody = BTreeSet::new();
    let may = shared_with.unwrap_or(&nobody);
    let found = weaknesses(&policy, &judging.arn(), account, partition);
    for mut found in found.into_iter().filter_map(|own| s3::beyond(own, may)) {
        let unpruned = s3::not_to_be_pruned(&policy, &found.statement);
        if let (Kind::DeletedPrincipal(_), Some(remedy)) = (&found.kind, &unpruned) {
            found.remedy.clone_from(remedy);
        }
        let field = match &found.kind {
            // A service hides for whom it acts.
            // An identity does not tell whose it is.
            Kind::ForOthers(_) | Kind::ForAnyone(_) | Kind::Untold(_) if shared_with.is_none() => {
                sound.then_some("sound_policy")
            }
            // S3's own word for it is told already.
            Kind::Public if access::is_public_by_policy(judging)? => None,
            Kind::DeletedPrincipal(_) if prunes && unpruned.is_none() => None,
            _ if s3::lets_others_in(&found) => shared_with.map(|_| "shared_with"),
            _ => sound.then_some("sound_policy"),
        };
        if let Some(field) = field {
            judging.say.finding(field, found.what, found.remedy);
        }
    }
    Ok(())
}

/// Who gets copies of the objects, and whom access points let in where the policy leaves it to them.
fn copies_and_access_points(judging: &mut Judging<'_>, shared_with: &BTreeSet<String>) {
    let (live, arn) = (judging.live, judging.arn());
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let copies = live.replicas.iter().filter_map(|own| own.fault(shared_with));
    let points = live.access_points.iter();
    let points = points.flat_map(|own| own.faults(shared_with, &arn, account, partition));
    let found: Vec<(String, String)> = copies.chain(points).collect();
    for (what, remedy) in found {
        judging.say.finding("shared_with", what, remedy);
    }
}

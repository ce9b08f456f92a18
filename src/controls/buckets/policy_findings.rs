//! What is told of the statements of others: who gets in by them, and what in them does not do what
//! it seems to.

use super::access;
use super::guardrail::{Judging, Unread};
use super::statements;
use crate::policy::{Kind, weaknesses};

pub(super) fn propose(judging: &mut Judging<'_>) -> Result<(), Unread> {
    let wanted = judging.wanted;
    let (shared_with, sound) = (wanted.shared_with, wanted.sound_policy.is_some());
    if shared_with.is_none() && !sound {
        return Ok(());
    }
    let Some(Some(policy)) = statements::policy(judging)? else {
        return Ok(());
    };
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let prunes = wanted.prune_deleted_principals.is_some();
    for mut found in weaknesses(&policy, &judging.arn(), account, partition) {
        let field = match &found.kind {
            Kind::Shared(others) | Kind::ForOthers(others) | Kind::ForAnyone(others) => {
                let known = |other: &&String| shared_with.is_some_and(|own| own.contains(*other));
                let unknown: Vec<&str> = others
                    .iter()
                    .filter(|other| !known(other))
                    .map(String::as_str)
                    .collect();
                if unknown.is_empty() {
                    continue;
                }
                found.what = found
                    .what
                    .replacen(&others.join(", "), &unknown.join(", "), 1);
                let by_service = !matches!(&found.kind, Kind::Shared(_));
                match shared_with {
                    Some(_) => Some("shared_with"),
                    // A service hides for whom it acts.
                    None => (sound && by_service).then_some("sound_policy"),
                }
            }
            // S3's own word for it is told already.
            Kind::Public if access::is_public_by_policy(judging)? => None,
            Kind::Public | Kind::NotUnderstood => shared_with.map(|_| "shared_with"),
            Kind::DeletedPrincipal(_) if prunes => None,
            Kind::DeletedPrincipal(_)
            | Kind::RestrictsNobody
            | Kind::Contradiction
            | Kind::LiteralVariable => sound.then_some("sound_policy"),
        };
        if let Some(field) = field {
            judging.proposal.finding(field, found.what, found.remedy);
        }
    }
    Ok(())
}

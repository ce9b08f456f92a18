//! Whether a new Deny would keep out whoever puts it there.

use super::super::guardrail::Judging;
use crate::policy::guardrails::ELSEWHERE;
use crate::policy::{Dialect, Match, Request, Statement, evaluate};

/// Why a statement is not put in, unless the baseline accepts that for the bucket: it would keep out
/// the caller, or that cannot be told.
pub(super) fn refusal(
    judging: &Judging<'_>,
    statement: &Statement,
    dialect: Dialect<'_>,
) -> Option<(String, String)> {
    if judging.wanted.accept_lockout.is_some() || statement.sid() != Some(ELSEWHERE) {
        return None;
    }
    let caller = &judging.context.caller;
    let from = judging.context.seen_from.as_ref();
    let arn = judging.arn();
    let object = format!("{arn}/x");
    let requests = [("s3:ListBucket", &arn), ("s3:GetObject", &object)];
    let mut found = Match::No;
    for (action, resource) in requests {
        let request = Request::by(caller, action, resource).seen_from(from);
        match evaluate(statement, true, &request, dialect) {
            Match::Yes => {
                found = Match::Yes;
                break;
            }
            Match::CannotTell => found = Match::CannotTell,
            Match::No => {}
        }
    }
    let accept = "or say accept_lockout = true for this bucket";
    match found {
        Match::No => None,
        Match::Yes => Some((
            format!("it would keep out {caller}, who makes this change"),
            format!(
                "add to only_from where that comes from, or to break_glass who it is, {accept}"
            ),
        )),
        Match::CannotTell => Some((
            format!(
                "it may keep out {caller}, who makes this change: from where, is not known here"
            ),
            format!(
                "say with --seen-from at which address, or through which VPC endpoint, S3 sees you, {accept}"
            ),
        )),
    }
}

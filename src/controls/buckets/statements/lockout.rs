//! Whether a new Deny would keep out whoever puts it there.

use super::super::guardrail::Judging;
use super::super::guards::Guard;
use super::super::settings::Wanted;
use crate::policy::guardrails::ELSEWHERE;
use crate::policy::{Dialect, Match, Policy, Request, Statement, evaluate};

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
    let (caller, from) = (&judging.context.caller, judging.context.seen_from.as_ref());
    let found = keeps_out(judging, statement, dialect);
    let accept = "or say accept_lockout = true for this bucket";
    match found {
        Match::No => None,
        Match::Yes => Some((
            format!("it would keep out {caller}, who makes this change"),
            format!(
                "add to only_from where that comes from, or to break_glass who it is, {accept}"
            ),
        )),
        Match::CannotTell if from.is_none() => Some((
            format!(
                "it may keep out {caller}, who makes this change: from where, is not known here"
            ),
            format!(
                "say with --seen-from at which address, or through which VPC endpoint, S3 sees you, {accept}"
            ),
        )),
        Match::CannotTell => Some((
            format!(
                "it may keep out {caller}, who makes this change: whether {}, is not known here",
                unknown(judging.wanted)
            ),
            format!(
                "add to only_from the network or VPC endpoint that it comes through, or to \
                 break_glass the role without a path, as …:role/*Name, {accept}"
            ),
        )),
    }
}

/// Whether a statement matches what its maker may want of the bucket.
fn keeps_out(judging: &Judging<'_>, statement: &Statement, dialect: Dialect<'_>) -> Match {
    let caller = &judging.context.caller;
    let from = judging.context.seen_from.as_ref();
    let arn = judging.arn();
    let object = format!("{arn}/x");
    let requests = [("s3:ListBucket", &arn), ("s3:GetObject", &object)];
    let mut found = Match::No;
    for (action, resource) in requests {
        let request = Request::by(caller, action, resource).seen_from(from);
        match evaluate(statement, true, &request, dialect) {
            Match::Yes => return Match::Yes,
            Match::CannotTell => found = Match::CannotTell,
            Match::No => {}
        }
    }
    found
}

/// That a statement which is put in keeps out its maker, which the baseline accepts.
pub(super) fn warning(judging: &Judging<'_>, statement: &Statement) -> Option<String> {
    let dialect = Dialect::resource(&judging.context.partition);
    let is_elsewhere = statement.sid() == Some(ELSEWHERE);
    let is_out = is_elsewhere && keeps_out(judging, statement, dialect) == Match::Yes;
    is_out.then(|| {
        let (bucket, caller) = (judging.bucket, &judging.context.caller);
        format!("{bucket}: {caller}, who makes this change, is kept out, as accept_lockout says")
    })
}

/// What of the caller is not known, though it is known from where it comes.
fn unknown(wanted: &Wanted<'_>) -> String {
    let from = wanted.only_from.and_then(Guard::on);
    let mut unknown = Vec::new();
    if let Some(organization) = from.and_then(|own| own.organization.as_deref()) {
        unknown.push(format!("it is of {organization}"));
    }
    if from.is_some_and(|own| !own.vpcs.is_empty()) {
        unknown.push("its VPC is among vpcs".to_owned());
    }
    if wanted.break_glass.is_some() {
        unknown.push("the path of its role is in break_glass".to_owned());
    }
    match unknown.is_empty() {
        true => "it is spared".to_owned(),
        false => unknown.join(" or "),
    }
}

/// What the policy as it is makes of a write to it.
pub(super) enum Shut {
    /// The write would fail: what is wrong, and what to do.
    Out(String, String),
    /// It may fail.
    Perhaps(String),
}

/// Whether a Deny in the policy as it is keeps its maker from writing it: most often one with
/// `NotPrincipal`, which spares a few by name. The root user of the account can always write it.
/// Source: S3 API Reference, PutBucketPolicy.
pub(super) fn shuts_out(judging: &Judging<'_>, policy: &Policy) -> Option<Shut> {
    let (context, arn) = (judging.context, judging.arn());
    let caller = &context.caller;
    if caller.ends_with(":root") {
        return None;
    }
    let dialect = Dialect::resource(&context.partition);
    let request = |action| {
        let request = Request::by(caller, action, &arn);
        request.seen_from(context.seen_from.as_ref())
    };
    let (name, found) = policy.keeps_out(&request("s3:PutBucketPolicy"), dialect)?;
    if found == Match::Yes {
        return Some(Shut::Out(
            format!(
                "statement {name} of its policy denies s3:PutBucketPolicy to {caller}, who makes \
                 this change"
            ),
            "make the change as somebody whom that statement spares, or take it out as the root \
             user of the account"
                .to_owned(),
        ));
    }
    // What also denies reading the policy has let it be read.
    let reads = request("s3:GetBucketPolicy");
    let statements = policy.statements().iter().enumerate();
    let mut named = statements.filter(|(at, _)| policy.name_of(*at) == name);
    let (_, statement) = named.next()?;
    let lets_read = evaluate(statement, policy.has_variables(), &reads, dialect) == Match::No;
    (statement.get("NotPrincipal").is_some() && lets_read).then(|| {
        Shut::Perhaps(format!(
            "statement {name} of its policy may deny s3:PutBucketPolicy to {caller}: NotPrincipal \
             spares for certain only who is named together with the account"
        ))
    })
}

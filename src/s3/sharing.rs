//! Who is let into a bucket besides those it is shared with: the judgement of every control that
//! looks at the policies of buckets.

use crate::policy::{Kind, Weakness};
use std::collections::BTreeSet;

/// A weakness as far as it is about others than those the bucket is shared with; `None` when it is
/// shared with all of them.
pub fn beyond(mut found: Weakness, shared_with: &BTreeSet<String>) -> Option<Weakness> {
    let (Kind::Shared(others)
    | Kind::ForOthers(others)
    | Kind::ForAnyone(others)
    | Kind::Untold(others)) = &found.kind
    else {
        return Some(found);
    };
    let unknown: Vec<&str> =
        others.iter().filter(|other| !shared_with.contains(*other)).map(String::as_str).collect();
    if unknown.is_empty() {
        return None;
    }
    found.what = found.what.replacen(&others.join(", "), &unknown.join(", "), 1);
    Some(found)
}

/// Whether a weakness is that others get in, or may get in.
pub fn lets_others_in(found: &Weakness) -> bool {
    match &found.kind {
        Kind::Public
        | Kind::Shared(_)
        | Kind::ForOthers(_)
        | Kind::ForAnyone(_)
        | Kind::Untold(_)
        | Kind::NotUnderstood => true,
        Kind::RestrictsNobody
        | Kind::Contradiction
        | Kind::DeletedPrincipal(_)
        | Kind::LiteralVariable => false,
    }
}

/// Says what is wrong with the names of those whom a bucket is shared with, once.
pub fn check_shared_with<'a>(
    mut names: impl Iterator<Item = &'a String>,
    mut problem: impl FnMut(&str),
) {
    if names.any(|who| who.is_empty() || who.contains(['*', '?'])) {
        problem("name each: accounts, organizations, networks, VPC endpoints or ARNs");
    }
}

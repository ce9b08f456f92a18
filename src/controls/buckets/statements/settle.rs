//! What a policy lacks of a guardrail, and what of ours in it is to be put right or taken out.

use super::asked::Own;
use crate::policy::{Dialect, Policy, Statement};

/// What is wrong, and what to do.
type Refusal = (String, String);

/// Makes a policy do what a guardrail asks. Statements that would lock somebody out are left away, and
/// the refusal is returned.
pub(super) fn settle(
    policy: &mut Policy,
    own: &Own,
    dialect: Dialect<'_>,
    refusal: impl Fn(&Statement) -> Option<Refusal>,
) -> Option<Refusal> {
    let mut refused = None;
    for sid in &own.sids {
        let Some(wanted) = own.statements.iter().find(|wanted| wanted["Sid"] == *sid) else {
            policy.remove(sid);
            continue;
        };
        let wanted = Statement::from(wanted);
        if is_met(policy, own, sid, &wanted, dialect) {
            continue;
        }
        match refusal(&wanted) {
            Some(why) => refused = Some(why),
            None => policy.put(wanted),
        }
    }
    refused
}

/// Whether nothing is missing: by our statement, or by others that deny as much.
fn is_met(policy: &Policy, own: &Own, sid: &str, wanted: &Statement, dialect: Dialect<'_>) -> bool {
    let mut live = policy.statements().iter().filter(|own| own.sid() == Some(sid));
    match (live.next(), live.next()) {
        // A second one under a Sid of ours is nobody's but ours, and may say something else.
        (Some(_), Some(_)) => false,
        (Some(live), None) if policy.same(live, wanted, dialect) => true,
        (Some(_), None) if own.exactly => false,
        _ => policy.denies_all_of(wanted.clone(), dialect),
    }
}

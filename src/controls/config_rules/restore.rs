//! What an undo puts back: what the run made goes, unless something that others made hangs on it.

use super::live::{Assumed, Live, Rules, State};
use super::role_named;
use super::settings::Settings;
use crate::control::{At, Past, Remarks};

/// The state that an undo puts back.
pub fn restored(settings: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
    let states = past.map(State::of);
    if let Some(roles) = states.each(|own| match own {
        State::Role(own) => Some(own.role.clone()),
        State::Region(_) => None,
    }) {
        let name = at.place.thing.as_deref().unwrap_or_default();
        let role = match role_named(Some(settings), name, at.context) {
            Some(own) => own.restored(&roles, "role", say),
            None => say.put_back_part("role", &roles),
        };
        return State::Role(Assumed { role });
    }
    match (say.put_back(&states), &states.live) {
        (State::Region(back), State::Region(now)) => {
            State::Region(Box::new(with_what_is_repaired(*back, now, say)))
        }
        (back, _) => back,
    }
}

/// AWS deletes no rule that has a repair. Source: API reference, DeleteConfigRule.
fn with_what_is_repaired(mut back: Rules, now: &Rules, say: &mut Remarks) -> Rules {
    for name in back.repairs.keys() {
        if let Some(rule) = now.rules.get(name).filter(|_| !back.rules.contains_key(name)) {
            say.note(format!("the rule {name} stays: somebody has given it a repair since"));
            back.rules.insert(name.clone(), rule.clone());
        }
    }
    back
}

//! What puts back what a run changed: filters and alarms go, the log group with its events stays.

use super::live::{Live, State};
use super::wanted::service_role;
use crate::control::{At, Past, Remarks};

pub fn restored(past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
    let states = past.map(Live::state);
    let now = states.live.clone();
    let Some(target) = now.target.clone() else {
        return now;
    };
    if past.after.target.as_ref().map(|own| &own.group) != Some(&target.group) {
        let what = "the trail writes to another log group than after the run: nothing is put back";
        say.finding("group", what, "put back by hand what is still wanted");
        return now;
    }
    let group = match (&states.before.group, &now.group) {
        (None, Some(_)) => {
            let name = &target.group;
            say.finding(
                "group",
                format!("the run created the log group {name}; it is not deleted"),
                format!(
                    "if nobody needs its events: aws logs put-log-group-deletion-protection \
                     --log-group-identifier {name} --no-deletion-protection-enabled --region {region}, \
                     and then aws logs delete-log-group --log-group-name {name} --region {region}",
                    region = target.region
                ),
            );
            now.group.clone()
        }
        _ => say.put_back_part("group", &states.map(|own| own.group.clone())),
    };
    let role = service_role(&target, at.context);
    let role = role.restored(&states.map(|own| own.role.clone()), "role", say);
    State {
        target: Some(target),
        is_connected: say.put_back_part("trail", &states.map(|own| own.is_connected)),
        group,
        role,
        filters: say.put_back_part("filters", &states.map(|own| own.filters.clone())),
        alarms: say.put_back_part("alarms", &states.map(|own| own.alarms.clone())),
    }
}

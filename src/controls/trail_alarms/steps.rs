//! The calls that turn one state into another: the log group and the role, then the trail that writes
//! there, then filters and alarms.

use super::live::{GroupState, State, Target};
use super::wanted::service_role;
use super::watches::Watch;
use super::wire::{
    ASSOCIATE_KEY, AlarmNames, AssociateMadeKey, CREATE_GROUP, DELETE_ALARMS, DELETE_FILTER,
    DELETE_RETENTION, DISASSOCIATE_KEY, FilterName, KeyOfGroup, NewAlarm, NewFilter, NewGroup,
    OfGroup, PUT_ALARM, PUT_FILTER, PUT_PROTECTION, PUT_RETENTION, Protection, Retention,
    UpdateTrail,
};
use crate::control::{At, Steps};
use crate::controls::cloudtrail::Cloudtrail;
use crate::controls::keys::{Keys, made_as};

/// From one state to another.
pub fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
    let Some(target) = to.target.as_ref().or(from.target.as_ref()) else {
        return Steps::default();
    };
    group(from, to, target, at)
        .and(role(from, to, target, at))
        .and(connection(from, to, target, at))
        .and(filters(from, to, target))
        .and(alarms(from, to, target, at))
}

fn group(from: &State, to: &State, target: &Target, at: At<'_>) -> Steps {
    let (mut steps, region) = (Steps::default(), target.region.as_str());
    let Some(wanted) = &to.group else {
        return steps;
    };
    let name = || target.group.clone();
    let made = wanted.kms_key.as_ref().and_then(|key| made_as(key, region, at.context));
    let now = match &from.group {
        Some(now) => now.clone(),
        None => {
            let known = wanted.kms_key.clone().filter(|_| made.is_none());
            let input = NewGroup {
                log_group_name: name(),
                kms_key_id: known.clone(),
                deletion_protection_enabled: wanted.deletion_protection.then_some(true),
                tags: at.context.tags(),
            };
            steps.call(CREATE_GROUP.call(region, input));
            GroupState { retention_days: None, kms_key: known, ..wanted.clone() }
        }
    };
    match wanted.retention_days {
        same if same == now.retention_days => {}
        Some(days) => {
            let input = Retention { log_group_name: name(), retention_in_days: days };
            steps.call(PUT_RETENTION.call(region, input));
        }
        None => steps.call(DELETE_RETENTION.call(region, OfGroup { log_group_name: name() })),
    }
    match &wanted.kms_key {
        same if *same == now.kms_key => {}
        Some(alias) if made.is_some() => {
            let (group, alias, region) = (name(), alias.clone(), region.to_owned());
            steps.call(AssociateMadeKey { group, alias, region });
        }
        Some(key) => {
            let input = KeyOfGroup { log_group_name: name(), kms_key_id: key.clone() };
            steps.call(ASSOCIATE_KEY.call(region, input));
        }
        None => steps.call(DISASSOCIATE_KEY.call(region, OfGroup { log_group_name: name() })),
    }
    if let Some(place) = made.filter(|_| wanted.kms_key != now.kms_key) {
        steps.after_at::<Keys>(place);
    }
    if wanted.deletion_protection != now.deletion_protection {
        let input = Protection {
            log_group_identifier: name(),
            deletion_protection_enabled: wanted.deletion_protection,
        };
        steps.call(PUT_PROTECTION.call(region, input));
    }
    steps
}

fn role(from: &State, to: &State, target: &Target, at: At<'_>) -> Steps {
    let role = service_role(target, at.context);
    match &to.role {
        Some(wanted) if from.role.as_ref() != Some(wanted) => {
            role.steps(from.role.as_ref(), wanted, at)
        }
        _ => Steps::default(),
    }
}

fn connection(from: &State, to: &State, target: &Target, at: At<'_>) -> Steps {
    if from.is_connected == to.is_connected {
        return Steps::default();
    }
    let group = format!("{}:*", target.group_arn(&at.context.partition));
    let (group, role) = match to.is_connected {
        true => (group, target.role.clone()),
        false => (String::new(), String::new()),
    };
    let mut steps = Steps::one(UpdateTrail {
        name: target.trail.clone(),
        cloud_watch_logs_log_group_arn: group,
        cloud_watch_logs_role_arn: role,
        region: target.region.clone(),
    });
    steps.after::<Cloudtrail>();
    steps
}

fn filters(from: &State, to: &State, target: &Target) -> Steps {
    let (mut steps, region) = (Steps::default(), target.region.as_str());
    for (name, filter) in &to.filters {
        if from.filters.get(name) != Some(filter) {
            let input = NewFilter::new(&target.group, name, filter);
            steps.call(PUT_FILTER.call(region, input));
        }
    }
    for name in from.filters.keys().filter(|name| !to.filters.contains_key(*name)) {
        let input = FilterName { log_group_name: target.group.clone(), filter_name: name.clone() };
        steps.call(DELETE_FILTER.call(region, input));
    }
    steps
}

fn alarms(from: &State, to: &State, target: &Target, at: At<'_>) -> Steps {
    let (mut steps, region) = (Steps::default(), target.region.as_str());
    let changed = to.alarms.iter().filter(|(name, alarm)| from.alarms.get(*name) != Some(*alarm));
    for (name, alarm) in changed {
        let is_new = !from.alarms.contains_key(name);
        let tags = is_new.then(|| at.context.tags());
        steps.call(PUT_ALARM.call(region, NewAlarm::new(name, alarm, tags)));
        if alarm.actions.iter().any(|own| at.context.sends_alerts_to(own)) {
            steps.after_alerts(at.context);
        }
    }
    let gone = from.alarms.keys().filter(|name| !to.alarms.contains_key(*name));
    let gone: Vec<String> = gone.cloned().collect();
    if !gone.is_empty() {
        steps.call(DELETE_ALARMS.call(region, AlarmNames { alarm_names: gone }));
    }
    steps
}

/// What protects less.
pub fn looser(from: &State, to: &State) -> Vec<String> {
    let mut looser = Vec::new();
    if from.is_connected && !to.is_connected {
        looser.push("trail".to_owned());
    }
    let no_key = |own: &State| own.group.as_ref().is_none_or(|own| own.kms_key.is_none());
    if !no_key(from) && no_key(to) {
        looser.push("kms_key".to_owned());
    }
    let gone = Watch::all().map(Watch::name).flat_map(|name| {
        let filter = from.filters.contains_key(&name) && !to.filters.contains_key(&name);
        let alarm = from.alarms.contains_key(&name) && !to.alarms.contains_key(&name);
        let of = |kind: &str| format!("{kind}.{name}");
        [filter.then(|| of("filters")), alarm.then(|| of("alarms"))].into_iter().flatten()
    });
    looser.extend(gone.collect::<Vec<_>>());
    looser
}

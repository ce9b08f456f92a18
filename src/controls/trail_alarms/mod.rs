//! Alarms on what the trail records: the fifteen filters of the CIS benchmark, on the log group that
//! the trail writes to, each with an alarm that somebody hears.
//!
//! What exists under another name and does the same is enough: patterns are compared by what they
//! mean. A log transformer changes nothing here, for a filter that looks at transformed events is not
//! taken for one that counts. Source: CloudWatch Logs API Reference, `PutMetricFilter`.

mod alarm;
mod events;
mod live;
mod masking;
mod pattern;
mod read;
mod restore;
mod settings;
mod steps;
mod wanted;
mod watches;
mod wire;

use crate::aws::facts::Reader;
use crate::aws::keys::DESCRIBE_KEY;
use crate::aws::topics::GET_TOPIC;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Operation, Write};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps,
};
use crate::controls::roles;
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use live::{Alarm, Filter, Live, State};
use read::Look;
use serde_json::{Map, Value, json};
use settings::{By, Settings};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::UpdateTrail;

/// The control.
pub struct TrailAlarms;

/// What it asks and calls, reads first.
const OPERATIONS: [Operation; 27] = {
    let [role, attached, inline, policy] = roles::READS;
    let [create_role, update_trust, put_policy] = roles::WRITES;
    [
        DESCRIBE_TRAILS,
        wire::DESCRIBE_GROUPS.operation,
        wire::LIST_TAGS.operation,
        wire::GET_PROTECTION.operation,
        wire::ACCOUNT_POLICIES.operation,
        wire::DESCRIBE_FILTERS.operation,
        wire::DESCRIBE_ALARMS.operation,
        wire::ALARMS_FOR_METRIC.operation,
        wire::LIST_MUTE_RULES.operation,
        wire::GET_MUTE_RULE.operation,
        GET_TOPIC.operation,
        DESCRIBE_KEY.operation,
        role,
        attached,
        inline,
        policy,
        wire::CREATE_GROUP.operation,
        wire::PUT_RETENTION.operation,
        wire::ASSOCIATE_KEY.operation,
        wire::PUT_PROTECTION.operation,
        create_role,
        update_trust,
        put_policy,
        UpdateTrail::OPERATION,
        wire::PASS_ROLE,
        wire::PUT_FILTER.operation,
        wire::PUT_ALARM.operation,
    ]
};

impl Control for TrailAlarms {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["trail", "filters", "alarms", "mute_rules"];
    const ABOUT: About = About {
        name: "trail_alarms",
        title: "alarms on what the trail records",
        why: "A trail that nobody reads warns nobody. Fifteen filters on its log group count what an \
              intruder does first and a careless hand breaks, and each has an alarm that goes to \
              somebody.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("4.1", "refused calls"),
            Reference::cis3("4.2", "sign-ins without MFA"),
            Reference::cis3("4.3", "use of the root user"),
            Reference::cis3("4.4", "changes of IAM policies"),
            Reference::cis3("4.5", "changes of trails"),
            Reference::cis3("4.6", "failed sign-ins"),
            Reference::cis3("4.7", "deletion of KMS keys"),
            Reference::cis3("4.8", "changes of bucket policies"),
            Reference::cis3("4.9", "changes of AWS Config"),
            Reference::cis3("4.10", "changes of security groups"),
            Reference::cis3("4.11", "changes of network ACLs"),
            Reference::cis3("4.12", "changes of gateways"),
            Reference::cis3("4.13", "changes of route tables"),
            Reference::cis3("4.14", "changes of VPCs"),
            Reference::cis3("4.15", "changes of the organization"),
            Reference::cis7("5.1", "refused calls"),
            Reference::cis7("5.2", "sign-ins without MFA"),
            Reference::cis7("5.3", "use of the root user"),
            Reference::cis7("5.4", "changes of IAM policies"),
            Reference::cis7("5.5", "changes of trails"),
            Reference::cis7("5.6", "failed sign-ins"),
            Reference::cis7("5.7", "deletion of KMS keys"),
            Reference::cis7("5.8", "changes of bucket policies"),
            Reference::cis7("5.9", "changes of AWS Config"),
            Reference::cis7("5.10", "changes of security groups"),
            Reference::cis7("5.11", "changes of network ACLs"),
            Reference::cis7("5.12", "changes of gateways"),
            Reference::cis7("5.13", "changes of route tables"),
            Reference::cis7("5.14", "changes of VPCs"),
            Reference::cis7("5.15", "changes of the organization"),
            Reference::fsbp("CloudTrail.5", "trail written to CloudWatch Logs"),
            Reference::nist_csf("Detect", "adverse events are noticed"),
            Reference::well_architected("SEC 4", "detect and act on events"),
        ],
        cost: Cost::Paid(
            "about 0.40 USD a month for each of fifteen filters with its alarm, and 0.50 USD per GB of \
             events written to the log group, which is most of it in a busy account; rules of \
             EventBridge cost less",
        ),
        operations: &OPERATIONS,
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        match settings.by.unwrap_or(By::Alarms) {
            By::Alarms => Vec::new(),
            By::Events => vec![Announcement::Seeks(events::sought(settings))],
        }
    }

    fn state(live: &Live) -> State {
        live.state()
    }

    fn shown(state: &State) -> Value {
        shown(state)
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        Look { settings, context, reader }.read().await
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        match settings.by.unwrap_or(By::Alarms) {
            By::Alarms => wanted::wanted(settings, live, at, say),
            By::Events => events::wanted(live, at, say),
        }
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        steps::steps(from, to, at)
    }

    fn looser(from: &State, to: &State) -> Vec<String> {
        steps::looser(from, to)
    }

    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        restore::restored(past, at, say)
    }

    const RESTORES: &'static [Operation] = &[
        wire::DELETE_RETENTION.operation,
        wire::DISASSOCIATE_KEY.operation,
        wire::PUT_PROTECTION.operation,
        wire::DELETE_FILTER.operation,
        wire::DELETE_ALARMS.operation,
    ];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("group", vec![settings.group(context)]),
            ("service_role", vec![settings.role.clone()]),
            ("key_account", vec![context.account.clone()]),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        if settings.is_by_events() {
            let all = OPERATIONS.iter().map(|own| own.name);
            return all.filter(|name| *name != DESCRIBE_TRAILS.name).collect();
        }
        let (retention, protection) = settings.manages();
        let unused = [
            (retention, wire::PUT_RETENTION.operation.name),
            (protection, wire::PUT_PROTECTION.operation.name),
            (settings.key().is_some(), wire::ASSOCIATE_KEY.operation.name),
        ];
        unused.into_iter().filter(|(is_used, _)| !is_used).map(|(_, name)| name).collect()
    }
}

/// As plans show it: filters and alarms in a line each.
fn shown(state: &State) -> Value {
    let target = state.target.as_ref().filter(|_| state.is_connected);
    let group = state.group.as_ref();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("trail", json!(target.map(|own| format!("writes to {} as {}", own.group, own.role))));
    put("group", json!(state.target.as_ref().filter(|_| group.is_some()).map(|own| &own.group)));
    put("retention_days", json!(group.and_then(|own| own.retention_days)));
    put("kms_key", json!(group.and_then(|own| own.kms_key.clone())));
    put("deletion_protection", json!(group.map(|own| own.deletion_protection)));
    put("role", json!(state.role));
    put("filters", json!(lines(&state.filters, Filter::shown)));
    put("alarms", json!(lines(&state.alarms, Alarm::shown)));
    Value::Object(fields)
}

fn lines<T>(all: &BTreeMap<String, T>, line: fn(&T) -> String) -> BTreeMap<&String, String> {
    all.iter().map(|(name, own)| (name, line(own))).collect()
}

#[cfg(test)]
mod tests;

//! AWS Config rules: what checks the account's resources, and repairs them where that is asked for.
//!
//! A rule that does what is asked for is used under whatever name it has: a second one would cost as
//! much again. Rules of services, organizations and conformance packs are left alone, and so is a
//! name that something else has.

mod aggregator;
mod check;
mod choice;
mod conformance;
mod documents;
mod drift_role;
mod known;
mod live;
mod packs;
mod read;
mod repair;
mod restore;
mod rule;
mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod wanted;
mod wire;
mod wishes;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Facts, Operation};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::controls::config::{DESCRIBE_RECORDERS, DESCRIBE_STATUS};
use crate::controls::roles::{self, ServiceRole};
use crate::diff::Difference;
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use aggregator::{DESCRIBE_AGGREGATORS, DESCRIBE_SOURCES};
use conformance::{DESCRIBE_PACK_STATUS, DESCRIBE_PACKS};
use live::{Assumed, Live, State};
use read::Look;
use settings::Settings;
use std::collections::BTreeSet;
use wire::{
    DESCRIBE_DOCUMENT, DESCRIBE_EVALUATIONS, DESCRIBE_EXCEPTIONS, DESCRIBE_EXECUTIONS,
    DESCRIBE_REPAIRS, DESCRIBE_RULES, LIST_RULE_TAGS,
};
use writes::{
    DELETE_AGGREGATOR, DELETE_PACK, DELETE_REPAIR, DELETE_RULE, PUT_AGGREGATOR, PUT_PACK,
    PUT_REPAIRS, PUT_RULE,
};

/// The control.
pub struct ConfigRules;

/// A role of this control's by its name: of a repair, or of the drift of stacks.
fn role_named(settings: Option<&Settings>, name: &str, context: &Context) -> Option<ServiceRole> {
    match name {
        drift_role::ROLE => Some(drift_role::role(settings, context)),
        name => documents::role_named(name, context),
    }
}

impl Settings {
    /// The roles that baseline makes.
    fn roles(&self, context: &Context) -> Vec<ServiceRole> {
        let own = self.repairs().filter(|(_, table)| table.role.is_none());
        let names = own.filter_map(|(identifier, table)| table.document(identifier));
        let documents: BTreeSet<&str> = names.collect();
        let known = documents.into_iter().filter_map(documents::known);
        let mut roles: Vec<ServiceRole> = known.map(|own| own.role(context)).collect();
        if self.looks_for_drift() {
            roles.push(drift_role::role(Some(self), context));
        }
        roles
    }
}

const OPERATIONS: &[Operation] = &{
    let [role, attached, inline, policy] = roles::READS;
    let [create_role, trust_role, allow_role] = roles::WRITES;
    [
        DESCRIBE_RULES.operation,
        DESCRIBE_RECORDERS.operation,
        DESCRIBE_STATUS.operation,
        DESCRIBE_EVALUATIONS.operation,
        DESCRIBE_REPAIRS.operation,
        DESCRIBE_EXCEPTIONS.operation,
        DESCRIBE_EXECUTIONS.operation,
        DESCRIBE_DOCUMENT.operation,
        LIST_RULE_TAGS.operation,
        DESCRIBE_PACKS.operation,
        DESCRIBE_PACK_STATUS.operation,
        DESCRIBE_AGGREGATORS.operation,
        DESCRIBE_SOURCES.operation,
        role,
        attached,
        inline,
        policy,
        create_role,
        trust_role,
        allow_role,
        PUT_RULE.operation,
        PUT_REPAIRS.operation,
        PUT_PACK.operation,
        PUT_AGGREGATOR.operation,
        DELETE_REPAIR.operation,
        DELETE_RULE.operation,
        DELETE_PACK.operation,
        DELETE_AGGREGATOR.operation,
    ]
};

/// What only an undo calls.
const DELETES: [&str; 4] = [
    DELETE_REPAIR.operation.name,
    DELETE_RULE.operation.name,
    DELETE_PACK.operation.name,
    DELETE_AGGREGATOR.operation.name,
];

impl Control for ConfigRules {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] =
        &["aggregators", "recorder", "repair", "repairs", "role"];
    const ABOUT: About = About {
        name: "config_rules",
        title: "AWS Config rules check resources, and repair them where asked",
        why: "What is set up well is changed later, by somebody in a hurry. A rule looks at each \
              resource when it changes, or every day, and can have it put right.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("5.2", "SSH open to the world is found, with packs = [\"network\"]"),
            Reference::fsbp("EC2.13", "port 22 is found open, and closed, with a repair"),
            Reference::nist_csf("Detect", "what drifts from the rules is found"),
            Reference::well_architected("SEC 4", "detection and response are automated"),
        ],
        cost: Cost::Partly(
            "rules cost 0.001 USD for each evaluation, in every region: of a periodic rule one a day \
             for each resource, of the others one for each change; repairs 0.002 USD for each step \
             after the first 100,000 a month",
        ),
        operations: OPERATIONS,
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        check::check(settings, problems);
    }

    fn places(
        settings: &Settings,
        facts: &Facts,
        context: &Context,
    ) -> Result<Vec<Place>, AwsError> {
        let regions = Self::ABOUT.places.all(facts)?;
        let roles = settings.roles(context).into_iter().map(|role| Place::thing(role.name));
        Ok(roles.chain(regions).collect())
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        match (&place.region, &place.thing) {
            (Some(region), _) => {
                let look = Look { settings, place, region, context, reader };
                Ok(Live::Region(Box::new(look.read().await?)))
            }
            (None, name) => Ok(Live::Role(reader.role(name.as_deref().unwrap_or_default()).await?)),
        }
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        match live {
            Live::Region(live) => State::Region(Box::new(wanted::wanted(settings, live, at, say))),
            Live::Role(live) => {
                let name = at.place.thing.as_deref().unwrap_or_default();
                let role = role_named(Some(settings), name, at.context);
                let role = role.map(|own| own.wanted(live.as_ref(), at, "role", say));
                State::Role(Assumed { role })
            }
        }
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        steps::steps(from, to, at)
    }

    fn differences(from: &State, to: &State, _: At<'_>) -> Vec<Difference> {
        steps::differences(from, to)
    }

    fn restored(settings: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        restore::restored(settings, past, at, say)
    }

    const RESTORES: &'static [Operation] = &[
        PUT_RULE.operation,
        PUT_REPAIRS.operation,
        PUT_PACK.operation,
        PUT_AGGREGATOR.operation,
        DELETE_REPAIR.operation,
        DELETE_RULE.operation,
        DELETE_PACK.operation,
        DELETE_AGGREGATOR.operation,
    ];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let roles = settings.roles(context);
        let repairs = settings.repairs();
        let documents: BTreeSet<(&str, _)> = repairs
            .filter_map(|(identifier, own)| {
                let document = own.document(identifier)?;
                Some((document, own.role_arn(document, context)))
            })
            .collect();
        let passed: BTreeSet<String> = documents.iter().filter_map(|own| own.1.clone()).collect();
        let names: BTreeSet<&str> = documents.iter().map(|own| own.0).collect();
        vec![
            ("role", passed.into_iter().collect()),
            ("service_role", roles.iter().map(|role| role.name.clone()).collect()),
            ("document", names.into_iter().map(str::to_owned).collect()),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = DELETES.to_vec();
        if !settings.has_rules() {
            unused.extend([PUT_RULE.operation.name, DESCRIBE_EVALUATIONS.operation.name]);
            unused.push(LIST_RULE_TAGS.operation.name);
        }
        if settings.repairs().next().is_none() {
            unused.extend([PUT_REPAIRS.operation.name, DESCRIBE_DOCUMENT.operation.name]);
            unused.extend([DESCRIBE_EXCEPTIONS.operation.name, DESCRIBE_EXECUTIONS.operation.name]);
        }
        if settings.conformance_packs.is_none() {
            unused.extend([PUT_PACK.operation.name, DESCRIBE_PACKS.operation.name]);
            unused.push(DESCRIBE_PACK_STATUS.operation.name);
        }
        if *settings.aggregator != Some(true) {
            unused.extend([PUT_AGGREGATOR.operation.name, DESCRIBE_AGGREGATORS.operation.name]);
            unused.push(DESCRIBE_SOURCES.operation.name);
        }
        let makes_roles =
            settings.looks_for_drift() || settings.repairs().any(|(_, own)| own.role.is_none());
        if !makes_roles {
            unused.extend(roles::READS.iter().chain(&roles::WRITES).map(|own| own.name));
        }
        unused
    }

    fn idle(settings: &Settings, _: &Facts, _: &Context) -> Vec<String> {
        check::idle(settings)
    }
}

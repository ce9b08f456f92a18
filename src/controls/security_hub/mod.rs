//! Security Hub CSPM: the account is checked against standards, in every region, and nothing keeps
//! the findings from being seen.
//!
//! What an administrator account decides is compared and left to it. Security Hub without "CSPM" is
//! another service by now, and only noted. Source: Security Hub API Reference.

mod aggregation;
mod live;
mod rules;
mod settings;
mod shapes;
mod state;
#[cfg(test)]
mod tests;
mod wanted;
mod wire;

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Operation};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use live::Live;
use serde_json::Value;
use settings::Settings;
use state::State;

/// The control.
pub struct SecurityHub;

impl Control for SecurityHub {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["enabled"];
    const ABOUT: About = About {
        name: "security_hub",
        title: "Security Hub CSPM checks the account against standards",
        why: "Hundreds of settings decide whether an account is safe, and somebody changes one every \
              day. Security Hub checks them all the time, and collects what the other services find.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("4.16", "Security Hub on"),
            Reference::cis7("5.16", "Security Hub on"),
            Reference::nist_csf("Detect", "what is misconfigured is noticed"),
            Reference::well_architected("SEC 4", "findings come together"),
        ],
        cost: Cost::Paid(
            "30 days free in each region; then 0.001 USD for each check, some dollars a month for each \
             standard in a region that is used, and what AWS Config records for it",
        ),
        operations: &[
            wire::DESCRIBE_HUB.operation,
            wire::DESCRIBE_V2.operation,
            wire::GET_STANDARDS.operation,
            wire::GET_ADMINISTRATOR.operation,
            wire::LIST_TAGS.operation,
            wire::LIST_PRODUCTS.operation,
            wire::DESCRIBE_PRODUCT.operation,
            wire::LIST_AGGREGATORS.operation,
            wire::GET_AGGREGATOR.operation,
            wire::DESCRIBE_STANDARDS.operation,
            wire::LIST_DEFINITIONS.operation,
            wire::GET_ASSOCIATIONS.operation,
            wire::GET_CONTROLS.operation,
            wire::LIST_RULES.operation,
            wire::GET_RULES.operation,
            wire::ENABLE.operation,
            wire::UPDATE_HUB.operation,
            wire::ENABLE_STANDARDS.operation,
            wire::ENABLE_PRODUCT.operation,
            wire::UPDATE_ASSOCIATIONS.operation,
            wire::CREATE_AGGREGATOR.operation,
            wire::UPDATE_AGGREGATOR.operation,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn shown(state: &State) -> Value {
        state.shown()
    }

    fn looser(from: &State, to: &State) -> Vec<String> {
        from.looser(to)
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        live::read(settings, region, context, reader).await
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        wanted::wanted(settings, live, at, say)
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        from.steps(to, at)
    }

    /// What the run switched on stops checking; the hub stays, for its findings go with it, and so
    /// do the products whose findings are taken in.
    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        let now = State::of(&past.live);
        if now.hub.is_none() {
            say.note("Security Hub is not on any more");
            return now;
        }
        if let Some(account) = &past.live.administrator {
            say.left_to(format!("Security Hub administrator {account}"));
        }
        let is_new = past.before.hub.is_none();
        if is_new {
            say.finding(
                "enabled",
                "the run switched Security Hub on; it stays on, for its findings would go with it",
                format!(
                    "if nobody needs them: aws securityhub disable-security-hub --region {}",
                    at.region()
                ),
            );
        }
        let mut back = say.put_back(&past.map(|live| {
            let state = State::of(live);
            // Each run reads it anew.
            State { aggregator: None, products: now.products.clone(), ..state }
        }));
        back.hub = match is_new {
            true => now.hub,
            false => back.hub.or(now.hub),
        };
        back.aggregator = now.aggregator;
        back
    }

    const RESTORES: &'static [Operation] = &[
        wire::DISABLE_STANDARDS.operation,
        wire::UPDATE_ASSOCIATIONS.operation,
        wire::DELETE_AGGREGATOR.operation,
    ];

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        let mut only_if = |used: bool, operations: &[&Operation]| {
            if !used {
                unused.extend(operations.iter().map(|own| own.name));
            }
        };
        let has_standards = settings.standards().next().is_some();
        only_if(
            has_standards,
            &[&wire::DESCRIBE_STANDARDS.operation, &wire::ENABLE_STANDARDS.operation],
        );
        only_if(settings.looks_at_controls(), &[&wire::LIST_DEFINITIONS.operation]);
        let switches = settings.disabled_controls.as_ref();
        only_if(has_standards && switches.is_some(), &[&wire::GET_ASSOCIATIONS.operation]);
        only_if(
            switches.is_some_and(|own| !own.is_empty()),
            &[&wire::UPDATE_ASSOCIATIONS.operation],
        );
        only_if(
            has_standards && settings.custom_parameters.is_some(),
            &[&wire::GET_CONTROLS.operation],
        );
        only_if(
            settings.products.as_ref().is_some_and(|own| !own.is_empty()),
            &[&wire::DESCRIBE_PRODUCT.operation, &wire::ENABLE_PRODUCT.operation],
        );
        only_if(settings.products.is_some(), &[&wire::LIST_PRODUCTS.operation]);
        only_if(
            settings.automation_rules.is_some(),
            &[&wire::LIST_RULES.operation, &wire::GET_RULES.operation],
        );
        only_if(
            settings.aggregation.is_some(),
            &[
                &wire::LIST_AGGREGATORS.operation,
                &wire::GET_AGGREGATOR.operation,
                &wire::CREATE_AGGREGATOR.operation,
                &wire::UPDATE_AGGREGATOR.operation,
            ],
        );
        unused
    }
}

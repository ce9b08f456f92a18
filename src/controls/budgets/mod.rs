//! `[[budgets]]`: what may be spent in a period, and who hears when it is too much.
//!
//! A budget is found by its name. Its limit and period become those of the baseline; alerts and
//! subscribers are added, and never taken away.

mod check;
mod kept;
mod live;
mod money;
mod restore;
mod scope;
mod settings;
mod steps;
mod terms;
mod wanted;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::keys::DESCRIBE_KEY;
use crate::aws::topics::GET_TOPIC;
use crate::aws::{AwsError, Facts, Operation, Write};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use live::{Budget, GET, GET_ALERTS, GET_SUBSCRIBERS};
use serde_json::{Value, json};
pub(super) use settings::Email;
use settings::Entry;
use writes::{
    CreateBudget, CreateNotification, CreateSubscriber, DeleteNotification, DeleteSubscriber,
    UpdateBudget,
};

/// The control.
pub struct Budgets;

/// The type of the budgets of this control.
const COST: &str = "COST";

impl Control for Budgets {
    type Settings = Vec<Entry>;
    /// The budget need not exist.
    type Live = Option<Budget>;
    type State = Option<Budget>;

    const FIELDS: &'static [&'static str] = &["health", "time_period"];
    const ABOUT: About = About {
        name: "budgets",
        title: "cost budgets and their alerts",
        why: "Nobody watches the bill of a new account. A leaked key or a forgotten cluster shows \
              there first, and a budget mails it long before the invoice does.",
        places: Places::NAMED,
        settings: Entry::KEYS,
        satisfies: &[Reference::startup_security("ACCT.10", "spending is watched with budgets")],
        cost: Cost::Free("free"),
        operations: &[
            GET,
            GET_ALERTS,
            GET_SUBSCRIBERS,
            GET_TOPIC.operation,
            DESCRIBE_KEY.operation,
            CreateBudget::OPERATION,
            UpdateBudget::OPERATION,
            CreateNotification::OPERATION,
            CreateSubscriber::OPERATION,
        ],
    };

    fn check(settings: &Vec<Entry>, problems: &mut Problems) {
        check::check(settings, problems);
    }

    fn places(settings: &Vec<Entry>, _: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        let names = settings.iter().map(|entry| &entry.name);
        Ok(names.map(Place::thing).collect())
    }

    async fn read(
        settings: &Vec<Entry>,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Option<Budget>, AwsError> {
        live::read(entry(settings, place), context, reader).await
    }

    fn state(live: &Option<Budget>) -> Option<Budget> {
        live.clone()
    }

    /// Of what every update sends back only credits differ, under the name of their key.
    fn shown(state: &Option<Budget>) -> Value {
        let Some(budget) = state else {
            return Value::Null;
        };
        json!({
            "limit": budget.limit,
            "period": budget.period,
            "alerts": budget.alerts,
            "credits": budget.credits(),
        })
    }

    fn wanted(
        settings: &Vec<Entry>,
        live: &Option<Budget>,
        at: At<'_>,
        say: &mut Remarks,
    ) -> Option<Budget> {
        wanted::wanted(entry(settings, at.place), live.as_ref(), at.context, say)
    }

    fn steps(from: &Option<Budget>, to: &Option<Budget>, at: At<'_>) -> Steps {
        steps::steps(from.as_ref(), to.as_ref(), at)
    }

    /// The limit where it alerts later, or the period if the limit stays.
    fn looser(from: &Option<Budget>, to: &Option<Budget>) -> Vec<String> {
        match (from, to) {
            (Some(from), Some(to)) if to.alerts_later_than(from) => {
                let field = if from.limit == to.limit { "period" } else { "limit" };
                vec![field.to_owned()]
            }
            _ => Vec::new(),
        }
    }

    fn restored(
        settings: &Vec<Entry>,
        past: &Past<Option<Budget>>,
        at: At<'_>,
        say: &mut Remarks,
    ) -> Option<Budget> {
        restore::restored(entry(settings, at.place), past, at.context, say)
    }

    const RESTORES: &'static [Operation] =
        &[DeleteNotification::OPERATION, DeleteSubscriber::OPERATION];

    fn names(settings: &Vec<Entry>, _: &Context) -> Vec<(&'static str, Vec<String>)> {
        let names = settings.iter().map(|entry| entry.name.clone());
        vec![("budget", names.collect())]
    }
}

/// The entry of a place, by its label: so every place with the address of an entry has one.
fn entry<'a>(settings: &'a [Entry], place: &Place) -> &'a Entry {
    settings
        .iter()
        .find(|entry| place.label() == Some(&entry.name))
        .expect("every place is the name of an entry")
}

#[cfg(test)]
mod tests;

//! A budget as AWS has it, and how it is read.

use super::COST;
use super::kept::{Kept, lost_by_an_update};
use super::scope::Scope;
use super::writes::BUDGET;
use crate::aws::facts::Reader;
use crate::aws::keys::owner;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::Context;
use crate::controls::topics::{Publisher, fault};
use crate::sensitive::Sensitive;
use aws_sdk_budgets::types::Notification;
use futures_util::future::try_join_all;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const VIEW: &[Grant] = &[Grant::on("budgets:ViewBudget", BUDGET)];
/// The budget itself.
pub const GET: Operation = Operation::new("budgets", "DescribeBudget", VIEW);
/// Its alerts.
pub const GET_ALERTS: Operation = Operation::new("budgets", "DescribeNotificationsForBudget", VIEW);
/// Who hears of one of them.
pub const GET_SUBSCRIBERS: Operation =
    Operation::new("budgets", "DescribeSubscribersForNotification", VIEW);

/// A budget as AWS has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Its type, if it is not one of costs; then nothing else matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_type: Option<String>,
    /// Amount and currency: `100 USD`.
    pub limit: Option<String>,
    /// AWS's word in small letters: `monthly`.
    pub period: String,
    /// The alerts by their keys: `actual > 80%`. The subscribers of those that the baseline does
    /// not mention are not read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: BTreeMap<String, Option<Subscribers>>,
    /// What every update has to send back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kept: Kept,
    /// What narrows or moves it besides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope: Scope,
    /// What keeps the topics of declared alerts from hearing, by ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deaf_topics: BTreeMap<String, String>,
    /// What cannot be sent back, in words.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lost_by_an_update: BTreeSet<String>,
}

/// Who hears of an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribers {
    /// The addresses that get a mail.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub email: BTreeSet<Sensitive>,
    /// The topics, of which AWS allows one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sns: BTreeSet<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One budget, asked about.
pub struct Asked<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its account.
    pub account: &'a str,
    /// Where Budgets is asked.
    pub region: &'static str,
    /// What asks.
    pub reader: &'a Reader,
}

impl Asked<'_> {
    /// The budget without its alerts.
    pub async fn budget(&self) -> Result<Option<Budget>, AwsError> {
        let clients = &self.reader.clients;
        let request = clients
            .budgets(self.region)
            .describe_budget()
            .account_id(self.account)
            .budget_name(self.name)
            .show_filter_expression(true)
            .send();
        let budget = match GET.answer(clients, self.region, request).await {
            Ok(answer) => answer.budget,
            Err(error) if error.is("NotFoundException") => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(budget) = budget else {
            let text = "the answer holds no budget";
            return Err(AwsError::unexpected(&GET, self.region, text));
        };
        let kind = budget.budget_type().as_str();
        Ok(Some(Budget {
            other_type: (kind != COST).then(|| kind.to_owned()),
            limit: budget
                .budget_limit()
                .map(|limit| format!("{} {}", plain(limit.amount()), limit.unit())),
            period: budget.time_unit().as_str().to_lowercase(),
            alerts: BTreeMap::new(),
            kept: Kept::of(&budget),
            scope: Scope::of(&budget, self.account),
            deaf_topics: BTreeMap::new(),
            lost_by_an_update: lost_by_an_update(&budget),
        }))
    }

    /// All alerts of the budget.
    pub async fn alerts(&self) -> Result<Vec<Notification>, AwsError> {
        let clients = &self.reader.clients;
        let mut alerts = Vec::new();
        let mut next = None;
        loop {
            let request = clients
                .budgets(self.region)
                .describe_notifications_for_budget()
                .account_id(self.account)
                .budget_name(self.name)
                .max_results(100)
                .set_next_token(next)
                .send();
            let page = GET_ALERTS.answer(clients, self.region, request).await?;
            alerts.extend(page.notifications.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                return Ok(alerts);
            }
        }
    }

    /// Who hears of an alert.
    pub async fn subscribers(&self, alert: Notification) -> Result<Subscribers, AwsError> {
        let clients = &self.reader.clients;
        let mut found = Subscribers::default();
        let mut next = None;
        loop {
            let request = clients
                .budgets(self.region)
                .describe_subscribers_for_notification()
                .account_id(self.account)
                .budget_name(self.name)
                .notification(alert.clone())
                .max_results(100)
                .set_next_token(next)
                .send();
            let page = GET_SUBSCRIBERS.answer(clients, self.region, request).await?;
            for subscriber in page.subscribers() {
                let address = subscriber.address();
                match subscriber.subscription_type().as_str() {
                    "EMAIL" => found.email.insert(Sensitive::new(address)),
                    "SNS" => found.sns.insert(address.to_owned()),
                    _ => false,
                };
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

/// What keeps each of these topics from hearing of a budget, or those from hearing who listen to it.
pub async fn deaf(
    topics: BTreeSet<String>,
    budget: &str,
    context: &Context,
    reader: &Reader,
) -> Result<BTreeMap<String, String>, AwsError> {
    let (partition, account) = (&context.partition, &context.account);
    let of = format!("arn:{partition}:budgets::{account}:budget/{budget}");
    let publisher = &Publisher { service: "budgets.amazonaws.com", of: &of, has_role: false };
    let faults = topics.into_iter().map(|topic| async move {
        let fault = match fault(&topic, publisher, context, reader).await? {
            None if is_unheard(&topic, context, reader).await? => {
                Some("has no confirmed subscription, so that nobody hears".to_owned())
            }
            fault => fault,
        };
        Ok(fault.map(|fault| (topic, fault)))
    });
    let faults = try_join_all(faults).await?;
    Ok(faults.into_iter().flatten().collect())
}

async fn is_unheard(topic: &str, context: &Context, reader: &Reader) -> Result<bool, AwsError> {
    if owner(topic) != Some(&context.account) {
        return Ok(false);
    }
    let found = reader.topic(topic).await?;
    Ok(found.is_some_and(|topic| topic.confirmed == 0))
}

/// What an alert is known by, as [`Alert::key`](super::settings::Alert::key) says it of the baseline's.
pub fn key(alert: &Notification) -> String {
    let kind = match alert.notification_type().as_str() {
        "ACTUAL" => "actual",
        "FORECASTED" => "forecast",
        other => other,
    };
    let operator = match alert.comparison_operator().as_str() {
        "GREATER_THAN" => ">",
        "LESS_THAN" => "<",
        "EQUAL_TO" => "=",
        other => other,
    };
    let unit = match alert.threshold_type().map(|unit| unit.as_str()) {
        None | Some("PERCENTAGE") => "%".to_owned(),
        Some("ABSOLUTE_VALUE") => String::new(),
        Some(other) => format!(" {other}"),
    };
    let threshold = plain(&alert.threshold().to_string());
    format!("{kind} {operator} {threshold}{unit}")
}

/// An amount without trailing zeros, as [`Money`](super::settings::Money) has it; AWS says 100.0 for 100.
pub fn plain(amount: &str) -> String {
    let number = Decimal::from_str_exact(amount).or_else(|_| Decimal::from_scientific(amount));
    number.map_or_else(|_| amount.to_owned(), |n| n.normalize().to_string())
}

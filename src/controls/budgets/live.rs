//! A budget as AWS has it, and how it is read.

use super::COST;
use super::kept::{Kept, lost_by_an_update};
use super::money::plain;
use super::scope::Scope;
use super::settings::{Alert, Entry};
use super::writes::BUDGET;
use crate::aws::facts::Reader;
use crate::aws::keys::owner;
use crate::aws::{AwsError, Grant, Operation, pages, unless_absent};
use crate::control::Context;
use crate::controls::topics::{Publisher, fault};
use crate::sensitive::Sensitive;
use aws_sdk_budgets::types::Notification;
use futures_util::future::try_join_all;
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
    /// The addresses of the baseline: of one that is read from a file only the mask is known.
    #[serde(skip)]
    pub known: BTreeSet<Sensitive>,
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

impl Subscribers {
    /// Those of an alert of the baseline.
    pub fn of(alert: &Alert, context: &Context) -> Self {
        Self { email: alert.addresses(), sns: alert.topic(context).into_iter().collect() }
    }

    /// Whether nobody hears.
    pub fn is_empty(&self) -> bool {
        self.email.is_empty() && self.sns.is_empty()
    }

    /// Those that are not among others.
    pub fn without(&self, others: &Self) -> Self {
        Self { email: &self.email - &others.email, sns: &self.sns - &others.sns }
    }

    /// Those whose address can be sent, or is among these.
    pub fn in_clear(self, known: &BTreeSet<Sensitive>) -> Self {
        Self { email: known.intersection(&self.email).cloned().collect(), ..self }
    }
}

impl Budget {
    /// Whether an alert of it goes to the topic of the account's alerts.
    pub fn goes_to_alerts(&self, context: &Context) -> bool {
        let mut topics = self.alerts.values().flatten().flat_map(|own| &own.sns);
        topics.any(|topic| context.sends_alerts_to(topic))
    }
}

/// Reads the budget of an entry; the subscribers of the alerts that the baseline mentions.
pub async fn read(
    entry: &Entry,
    context: &Context,
    reader: &Reader,
) -> Result<Option<Budget>, AwsError> {
    let asked = Asked {
        name: &entry.name,
        account: &context.account,
        region: context.global_region(),
        reader,
    };
    let (budget, alerts) = tokio::join!(asked.budget(), asked.alerts());
    let Some(budget) = budget? else {
        return Ok(None);
    };
    let declared: &BTreeSet<String> = &entry.alerts().iter().map(Alert::key).collect();
    let alerts = alerts?.into_iter().map(|alert| async move {
        let key = key(&alert);
        let subscribers = match declared.contains(&key) {
            true => Some(asked.subscribers(&alert).await?),
            false => None,
        };
        Ok((key, subscribers))
    });
    let alerts: BTreeMap<_, Option<Subscribers>> =
        try_join_all(alerts).await?.into_iter().collect();
    let topics = alerts.values().flatten().flat_map(|own| own.sns.clone()).collect();
    let deaf_topics = deaf(topics, &entry.name, context, reader).await?;
    Ok(Some(Budget { alerts, deaf_topics, ..budget }))
}

/// One budget, asked about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a str,
    account: &'a str,
    region: &'static str,
    reader: &'a Reader,
}

impl Asked<'_> {
    /// The budget without its alerts.
    async fn budget(&self) -> Result<Option<Budget>, AwsError> {
        let clients = &self.reader.clients;
        let request = clients
            .budgets(self.region)
            .describe_budget()
            .account_id(self.account)
            .budget_name(self.name)
            .show_filter_expression(true)
            .send();
        let answer = GET.answer(clients, self.region, request).await;
        let Some(answer) = unless_absent(answer, "NotFoundException")? else {
            return Ok(None);
        };
        let budget = answer
            .budget
            .ok_or_else(|| AwsError::unexpected(&GET, self.region, "the answer holds no budget"))?;
        let kind = budget.budget_type().as_str();
        Ok(Some(Budget {
            other_type: (kind != COST).then(|| kind.to_owned()),
            limit: budget
                .budget_limit()
                .map(|limit| format!("{} {}", plain(limit.amount()), limit.unit())),
            period: budget.time_unit().as_str().to_lowercase(),
            kept: Kept::of(&budget),
            scope: Scope::of(&budget, self.account),
            lost_by_an_update: lost_by_an_update(&budget),
            ..Budget::default()
        }))
    }

    /// All alerts of the budget.
    async fn alerts(&self) -> Result<Vec<Notification>, AwsError> {
        pages(|next| async move {
            let clients = &self.reader.clients;
            let request = clients
                .budgets(self.region)
                .describe_notifications_for_budget()
                .account_id(self.account)
                .budget_name(self.name)
                .max_results(100)
                .set_next_token(next);
            let page = GET_ALERTS.answer(clients, self.region, request.send()).await?;
            Ok((page.notifications.unwrap_or_default(), page.next_token))
        })
        .await
    }

    /// Who hears of an alert.
    async fn subscribers(&self, alert: &Notification) -> Result<Subscribers, AwsError> {
        let all = pages(|next| async move {
            let clients = &self.reader.clients;
            let request = clients
                .budgets(self.region)
                .describe_subscribers_for_notification()
                .account_id(self.account)
                .budget_name(self.name)
                .notification(alert.clone())
                .max_results(100)
                .set_next_token(next);
            let page = GET_SUBSCRIBERS.answer(clients, self.region, request.send()).await?;
            Ok((page.subscribers.unwrap_or_default(), page.next_token))
        });
        let mut found = Subscribers::default();
        for subscriber in all.await? {
            let address = subscriber.address();
            match subscriber.subscription_type().as_str() {
                "EMAIL" => found.email.insert(Sensitive::new(address)),
                "SNS" => found.sns.insert(address.to_owned()),
                _ => false,
            };
        }
        Ok(found)
    }
}

/// What keeps each of these topics from hearing of a budget, or those from hearing who listen to it.
async fn deaf(
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
    if owner(topic) != Some(&context.account) || context.sends_alerts_to(topic) {
        return Ok(false);
    }
    let found = reader.topic(topic).await?;
    Ok(found.is_some_and(|topic| topic.confirmed == 0))
}

/// What an alert is known by, as [`Alert::key`](super::settings::Alert::key) says it of the baseline's.
fn key(alert: &Notification) -> String {
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

//! The tables `[[budgets]]`: what may be spent, what counts, and who hears of it.

use super::money::{Money, Threshold};
use crate::control::Context;
use crate::floor::AtMost;
use crate::managed::Managed;
use crate::sensitive::Sensitive;
use crate::settings;
use crate::settings::{Takes, schema};
use crate::texts;
use crate::words;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most alerts of a budget. Source: Budgets API reference, Notification; the model of
/// CreateBudget takes a list of as many.
pub const MOST_ALERTS: usize = 10;

/// The most e-mail addresses of an alert; of SNS topics it takes one. Source: Budgets API
/// reference, Notification.
pub const MOST_EMAILS: usize = 10;

settings! {
    /// One table `[[budgets]]`.
    pub struct Entry {
        /// The name of the budget, by which it is found.
        #[example("\"monthly\"")]
        pub name: String,

        /// What may be spent in a period at most, with its currency: `"100 USD"`. A lower limit
        /// satisfies it, unless it is `{ exactly = "100 USD" }`.
        #[example("\"100 USD\"")]
        pub limit: Managed<AtMost<Money>>,

        /// How long a period is. A shorter one with a limit that is no higher over a year satisfies
        /// it.
        pub period: Managed<Period> = "monthly",

        /// When to tell whom. Those that others added stay.
        #[example("[{ at = \"80%\", email = [\"billing@example.com\"] }]")]
        alerts: Managed<Vec<Alert>> = unmanaged,

        /// `"exclude"`: credits do not make the spending look smaller; a budget that counts them
        /// away is silent until they are used up. `"include"`: they may be counted.
        pub credits: Managed<Credits> = "exclude",

        /// What part of the spending is counted: `"none"`, all of the account's, or a table of AWS's
        /// cost filters such as `{ Service = ["Amazon Simple Storage Service"] }`, which a new
        /// budget gets. A budget that counts another part is a finding.
        #[example("\"none\"", "{ Service = [\"Amazon Simple Storage Service\"] }")]
        pub filters: Managed<Filters> = "none",

        /// The kinds of costs that need not be counted.
        #[example("[\"tax\"]")]
        pub excludes: Managed<BTreeSet<CostKind>> = [],
    }
}

impl Entry {
    /// When to tell whom.
    pub fn alerts(&self) -> &[Alert] {
        self.alerts.as_deref().unwrap_or_default()
    }

    /// Where its budget is changed by hand.
    pub fn console(&self) -> String {
        format!("Billing console, Budgets, {}, Edit", self.name)
    }

    /// The amount that may be spent in a period.
    pub fn limit(&self) -> Option<&Money> {
        self.limit.as_ref().map(AtMost::value)
    }
}

words! {
    /// Whether credits are counted, which make the sum smaller.
    #[derive(Serialize)]
    #[serde(rename_all(serialize = "lowercase"))]
    pub enum Credits {
        /// They may be.
        Include = "include" => "include",
        /// They are not.
        Exclude = "exclude" => "exclude",
    }
}

/// What part of the spending is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filters {
    /// All of it.
    None,
    /// What has these values, by AWS's names of filters.
    Only(BTreeMap<String, Vec<String>>),
}

impl Filters {
    /// Whether these are the live ones, in whatever order.
    pub fn is(&self, live: &BTreeMap<String, Vec<String>>) -> bool {
        let sets = |filters: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, BTreeSet<String>> {
            let each = filters.iter();
            each.map(|(name, values)| (name.clone(), values.iter().cloned().collect())).collect()
        };
        match self {
            Self::None => live.is_empty(),
            Self::Only(wanted) => sets(wanted) == sets(live),
        }
    }
}

impl Takes for Filters {
    fn schema() -> Value {
        let values = json!({ "type": "object", "additionalProperties": Vec::<String>::schema() });
        schema::either(json!({ "const": "none" }), values)
    }
}

impl<'de> Deserialize<'de> for Filters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FiltersVisitor)
    }
}

struct FiltersVisitor;

impl<'de> Visitor<'de> for FiltersVisitor {
    type Value = Filters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"none\" or a table such as { Service = [\"Amazon S3\"] }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Filters, E> {
        match text {
            "none" => Ok(Filters::None),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Filters, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Filters::Only)
    }
}

words! {
    /// A kind of cost that makes the sum larger.
    pub enum CostKind {
        /// Taxes.
        Tax = "tax",
        /// Subscriptions.
        Subscription = "subscription",
        /// What is paid at once for reservations.
        Upfront = "upfront",
        /// What is paid every month for reservations.
        Recurring = "recurring",
        /// Subscriptions that are no reservations: those of the Marketplace.
        OtherSubscription = "other_subscription",
        /// Support.
        Support = "support",
    }
}

words! {
    /// How long a period is; in capitals the words are AWS's own.
    pub enum Period {
        /// A calendar year.
        Annually = "annually" => "annually",
        /// A calendar quarter.
        Quarterly = "quarterly" => "quarterly",
        /// A calendar month.
        Monthly = "monthly" => "monthly",
        /// A day.
        Daily = "daily" => "daily",
    }
}

settings! {
    /// One alert of a budget.
    pub struct Alert: More {
        /// What has to be exceeded: a part of the limit, or an amount.
        #[example("\"80%\"", "\"90 USD\"")]
        pub at: Threshold,

        /// Whether the forecast has to exceed it, rather than what was spent.
        pub forecast: bool = false,

        /// Who gets a mail.
        #[example("[\"billing@example.com\"]")]
        pub email: BTreeSet<Email> = [],

        /// The ARN of the topic that gets a message; `{account}` and `{region}` are filled in.
        /// `"{alerts}"` is the topic of `[alerts]`.
        #[example("\"arn:aws:sns:us-east-1:111122223333:billing\"")]
        pub sns: Option<Topic> = none,
    }
}

texts!(Money: "^[0-9.]+ +[A-Z]{3}$", Threshold: "^[0-9.]+ *(%|[A-Z]{3})$", Email: "@", Topic: "^(arn:|\\{alerts\\}$)");

impl Alert {
    /// What the alert is known by: `actual > 80%`. A budget has no two alerts of one key.
    pub fn key(&self) -> String {
        let kind = if self.forecast { "forecast" } else { "actual" };
        format!("{kind} > {}", self.at)
    }

    /// The addresses that get a mail.
    pub fn addresses(&self) -> BTreeSet<Sensitive> {
        self.email.iter().map(|email| email.0.clone()).collect()
    }

    /// The ARN of the topic, filled in; nothing where it is that of the account's alerts and the
    /// baseline has no table for them.
    pub fn topic(&self, context: &Context) -> Option<String> {
        let topic = self.sns.as_ref()?;
        match topic.0 == ALERTS {
            true => context.alerts().map(|alerts| alerts.topic.clone()),
            false => Some(context.fill(&topic.0)),
        }
    }

    /// Whether nothing says which topic it goes to.
    pub fn lacks_topic(&self, context: &Context) -> bool {
        self.sns.is_some() && self.topic(context).is_none()
    }
}

/// An e-mail address. What is wrong with it is said without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Email(Sensitive);

impl Email {
    /// The address, hidden.
    pub fn address(&self) -> &Sensitive {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let spaced = |c: char| c.is_whitespace() || c.is_control();
        let parts: Vec<&str> = text.split('@').collect();
        match parts.as_slice() {
            [name, domain]
                if !name.is_empty()
                    && domain.split('.').count() > 1
                    && domain.split('.').all(|part| !part.is_empty())
                    && !text.contains(spaced) =>
            {
                Ok(Self(Sensitive::new(text)))
            }
            _ => Err("this is no e-mail address"),
        }
    }
}

/// What stands for the topic of the account's alerts.
const ALERTS: &str = "{alerts}";

/// The ARN of an SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Topic(String);

impl TryFrom<String> for Topic {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_account = |account: &str| {
            account == "{account}"
                || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
        };
        let is_name = |name: &str| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && name.bytes().all(letter)
        };
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", partition, "sns", region, account, name]
                if partition.starts_with("aws")
                    && !region.is_empty()
                    && is_account(account)
                    && is_name(name) =>
            {
                Ok(Self(text))
            }
            [ALERTS] => Ok(Self(text)),
            _ => Err(format!(
                "'{text}' is no ARN of an SNS topic, such as arn:aws:sns:us-east-1:111122223333:alerts"
            )),
        }
    }
}

//! The tables `[[budgets]]`: amounts, alerts and who hears of them, and what AWS would refuse.

use crate::control::Context;
use crate::document::{Problems, slip_of};
use crate::floor::AtMost;
use crate::managed::{Managed, UNMANAGED};
use crate::sensitive::Sensitive;
use crate::settings;
use crate::settings::{Takes, schema};
use crate::texts;
use crate::words;
use rust_decimal::Decimal;
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

/// The filters that AWS knew when this was written, to tell a slip of the fingers by. Source: the
/// names that `aws budgets describe-budgets` gives for the filters of Billing and Cost Management
/// User Guide, "Budget filters".
const FILTERS: &[&str] = &[
    "AZ",
    "BillingEntity",
    "CostCategory",
    "InstanceType",
    "InvoicingEntity",
    "LegalEntityName",
    "LinkedAccount",
    "Operation",
    "PurchaseType",
    "RecordType",
    "Region",
    "Service",
    "TagKeyValue",
    "UsageType",
    "UsageTypeGroup",
];

/// The highest threshold in per cent. Source: Budgets API reference, Notification.
const MOST_PERCENT: i64 = 1_000_000;

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

impl CostKind {
    /// Every kind. Source: Budgets API reference, CostTypes.
    pub const ALL: [Self; 6] = [
        Self::Tax,
        Self::Subscription,
        Self::Upfront,
        Self::Recurring,
        Self::OtherSubscription,
        Self::Support,
    ];
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

impl Period {
    /// The word of the baseline; in capitals it is AWS's own.
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Annually => "annually",
        }
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
        #[example("\"arn:aws:sns:us-east-1:111122223333:billing\"")]
        pub sns: Option<Topic> = none,
    }
}

texts!(Money: "^[0-9.]+ +[A-Z]{3}$", Threshold: "^[0-9.]+ *(%|[A-Z]{3})$", Email: "@", Topic: "^arn:");

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

    /// The ARN of the topic, filled in.
    pub fn topic(&self, context: &Context) -> Option<String> {
        self.sns.as_ref().map(|topic| context.fill(&topic.0))
    }
}

/// An amount with its currency: `100 USD`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Money {
    /// How much, more than nothing and without trailing zeros.
    pub amount: Decimal,
    /// The currency.
    pub unit: String,
}

impl TryFrom<String> for Money {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no amount with its currency, such as 100 USD");
        let (amount, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let unit = unit.trim();
        if unit.len() != 3 || !unit.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong());
        }
        Ok(Self { amount: positive(amount).ok_or_else(wrong)??, unit: unit.to_owned() })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit)
    }
}

/// What an alert waits for: a part of the limit, or an amount.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Threshold {
    /// `80%`
    Percent(Decimal),
    /// `90 USD`
    Amount(Money),
}

impl TryFrom<String> for Threshold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some(number) = text.trim().strip_suffix('%') else {
            return Money::try_from(text.clone()).map(Self::Amount).map_err(|_| Self::wrong(&text));
        };
        let percent = positive(number.trim_end()).ok_or_else(|| Self::wrong(&text))??;
        match percent > Decimal::from(MOST_PERCENT) {
            true => Err(format!("AWS takes at most {MOST_PERCENT}%")),
            false => Ok(Self::Percent(percent)),
        }
    }
}

impl Threshold {
    fn wrong(text: &str) -> String {
        format!(
            "'{text}' is neither a part of the limit, such as 80%, nor an amount above nothing, such as 90 USD"
        )
    }
}

/// The currency is not shown, because AWS keeps none with an alert.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Amount(money) => write!(f, "{}", money.amount),
        }
    }
}

/// A number above nothing; `None` when it is no plain number.
fn positive(text: &str) -> Option<Result<Decimal, String>> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = Decimal::from_str_exact(text).ok().filter(|_| plain)?;
    Some(match number.is_zero() {
        true => Err("it has to be more than nothing".to_owned()),
        false => Ok(number.normalize()),
    })
}

/// An e-mail address. What is wrong with it is said without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Email(Sensitive);

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
            _ => Err(format!(
                "'{text}' is no ARN of an SNS topic, such as arn:aws:sns:us-east-1:111122223333:alerts"
            )),
        }
    }
}

/// Reports what AWS would refuse.
pub fn check(entries: &[Entry], problems: &mut Problems) {
    for (index, entry) in entries.iter().enumerate() {
        let path = |rest: &str| format!("{index}.{rest}");
        if entries[..index].iter().any(|other| other.name == entry.name) {
            let text = format!("there are two budgets named '{}'", entry.name);
            problems.setting(&path("name"), text);
        }
        if entry.name == UNMANAGED {
            let text = "a budget is known by its name, so that it cannot be left out";
            problems.setting(&path("name"), text);
        }
        if let Some(text) = wrong_name(&entry.name) {
            problems.setting(&path("name"), text);
        }
        if let Some(Filters::Only(filters)) = &*entry.filters
            && (filters.is_empty() || filters.values().any(Vec::is_empty))
        {
            let text = "an empty filter: name values, or say \"none\"";
            problems.setting(&path("filters"), text);
        }
        if let Some(Filters::Only(filters)) = &*entry.filters {
            for key in filters.keys().filter(|key| !FILTERS.contains(&key.as_str())) {
                if let Some(meant) = slip_of(key, FILTERS) {
                    let text = format!("'{key}' is no filter of AWS's: did you mean '{meant}'?");
                    problems.setting(&path("filters"), text);
                }
            }
        }
        let alerts = entry.alerts();
        if alerts.len() > MOST_ALERTS {
            let text = format!("a budget takes {MOST_ALERTS} alerts");
            problems.setting(&path("alerts"), text);
        }
        for (at, alert) in alerts.iter().enumerate() {
            let path = |rest: &str| format!("{index}.alerts.{at}.{rest}");
            check_alert(entry, at, alert, &path, problems);
        }
    }
}

fn check_alert(
    entry: &Entry,
    at: usize,
    alert: &Alert,
    path: &dyn Fn(&str) -> String,
    problems: &mut Problems,
) {
    let key = alert.key();
    if entry.alerts()[..at].iter().any(|other| other.key() == key) {
        let text = format!("there are two alerts of {key}: make them one");
        problems.setting(&path("at"), text);
    }
    if let (Threshold::Amount(money), Some(limit)) = (&alert.at, entry.limit())
        && money.unit != limit.unit
    {
        let text = format!("the limit is in {}, so this must be too", limit.unit);
        problems.setting(&path("at"), text);
    }
    if alert.forecast && *entry.period == Some(Period::Daily) {
        let text = "AWS makes no forecast for daily budgets";
        problems.setting(&path("forecast"), text);
    }
    if alert.email.is_empty() && alert.sns.is_none() {
        let text = "nobody would hear of it: name an e-mail address or an SNS topic";
        problems.setting(&path("email"), text);
    }
    if alert.email.len() > MOST_EMAILS {
        let text = format!("an alert takes {MOST_EMAILS} e-mail addresses");
        problems.setting(&path("email"), text);
    }
}

/// What AWS would refuse in the name of a budget. Source: Budgets API reference, Budget.
fn wrong_name(name: &str) -> Option<&'static str> {
    let length = name.chars().count();
    if !(1..=100).contains(&length) {
        Some("a name has 1 to 100 characters")
    } else if name.contains([':', '\\']) || name.contains("/action/") {
        Some("a name holds no ':', no '\\' and no '/action/'")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::control::Kind;
    use crate::control::tests::configured;
    use crate::controls::budgets::Budgets;

    fn said(budget: &str) -> String {
        match configured(Kind::of::<Budgets>(), budget) {
            Ok(control) => format!("{control:?}"),
            Err(problems) => problems,
        }
    }

    /// A budget with one alert.
    fn alert(alert: &str) -> String {
        format!("name = \"x\"\nlimit = \"100 USD\"\nalerts = [{{ {alert} }}]")
    }

    #[test]
    fn what_aws_would_refuse_is_refused_at_load() {
        let mail = "email = [\"a@example.com\"]";
        let eleven: Vec<String> = (0..11).map(|n| format!("\"a{n}@example.com\"")).collect();
        let eleven_alerts: Vec<String> =
            (1..12).map(|n| format!("{{ at = \"{n}%\", {mail} }}")).collect();
        let with = |rest: &str| format!("limit = \"100 USD\"\n{rest}");
        let table = [
            ("name = \"x\"".to_owned(), "missing setting 'limit'"),
            ("name = \"x\"\nlimit = 100".to_owned(), "expected a string"),
            ("name = \"x\"\nlimit = \"100\"".to_owned(), "'100' is no amount with its currency"),
            ("name = \"x\"\nlimit = \"1,000 USD\"".to_owned(), "is no amount"),
            ("name = \"x\"\nlimit = \"-5 USD\"".to_owned(), "is no amount"),
            ("name = \"x\"\nlimit = \"0.00 USD\"".to_owned(), "more than nothing"),
            ("name = \"x\"\nlimit = \"100 usd\"".to_owned(), "is no amount"),
            (with("name = \"\""), "1 to 100 characters"),
            (with("name = \"a:b\""), "no ':'"),
            (with("name = \"a/action/b\""), "'/action/'"),
            (with("name = \"x\"\nperiod = \"weekly\""), "unknown value 'weekly'"),
            (
                with("name = \"x\"\n[[budgets]]\nname = \"x\"\nlimit = \"1 USD\""),
                "two budgets named 'x'",
            ),
            (
                with(&format!("name = \"x\"\nalerts = [{}]", eleven_alerts.join(","))),
                "takes 10 alerts",
            ),
            (with("name = \"x\"\nfilters = {}"), "name values, or say \"none\""),
            (with("name = \"x\"\nfilters = \"Service\""), "expected \"none\" or a table"),
            (with("name = \"x\"\nexcludes = [\"credit\"]"), "unknown value 'credit'"),
            (
                with(&format!(
                    "name = \"x\"\nperiod = \"daily\"\nalerts = [{{ at = \"80%\", forecast = true, {mail} }}]"
                )),
                "no forecast for daily",
            ),
            (
                with(&format!(
                    "name = \"x\"\nalerts = [{{ at = \"80%\", {mail} }}, {{ at = \"80.0 %\", {mail} }}]"
                )),
                "two alerts of actual > 80%",
            ),
            (alert("at = \"80%\""), "nobody would hear of it"),
            (alert(&format!("at = \"80\", {mail}")), "neither a part of the limit"),
            (alert(&format!("at = \"0%\", {mail}")), "more than nothing"),
            (alert(&format!("at = \"2000000%\", {mail}")), "at most 1000000%"),
            (alert(&format!("at = \"90 EUR\", {mail}")), "the limit is in USD"),
            (
                alert(&format!("at = \"80%\", email = [{}]", eleven.join(","))),
                "takes 10 e-mail addresses",
            ),
            (alert("at = \"80%\", email = [\"nobody\"]"), "this is no e-mail address"),
            (alert("at = \"80%\", sns = \"alerts\""), "no ARN of an SNS topic"),
            (alert(&format!("at = \"80%\", emails = [], {mail}")), "did you mean 'email'?"),
        ];
        for (budget, wanted) in table {
            let said = said(&budget);
            assert!(said.contains(wanted), "{wanted:?} is not in\n{said}");
        }
    }

    #[test]
    fn addresses_are_masked_in_debug_output() {
        let said = said(&alert("at = \"80%\", email = [\"billing@example.com\"]"));
        assert!(said.contains("b***@example.com"), "{said}");
        assert!(!said.contains("billing@"), "{said}");
    }
}

//! `[[budgets]]`: what may be spent in a period, and who hears when it is too much.
//!
//! A budget is found by its name. Its limit and period become those of the baseline; alerts and
//! subscribers are added, and never taken away.

mod deletes;
mod kept;
mod live;
mod restore;
mod scope;
mod settings;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::keys::DESCRIBE_KEY;
use crate::aws::topics::GET_TOPIC;
use crate::aws::{AwsError, Facts, Operation, Write};
use crate::control::{About, Context, Control, Cost, Past, Places, Proposal, Reference};
use crate::diff::Difference;
use crate::document::Problems;
use crate::floor::AtMost;
use crate::place::Place;
use crate::sensitive::Sensitive;
use crate::settings::Takes;
use deletes::{DeleteNotification, DeleteSubscriber};
use futures_util::future::try_join_all;
use live::{Asked, Budget, GET, GET_ALERTS, GET_SUBSCRIBERS, Subscribers, key};
use rust_decimal::Decimal;
use serde_json::Value;
use settings::{Alert, Credits, Entry, MOST_ALERTS, MOST_EMAILS, Money, Period};
use std::collections::{BTreeMap, BTreeSet};
use writes::{CreateBudget, CreateNotification, CreateSubscriber, Subscriber, UpdateBudget};

/// The control.
pub struct Budgets;

/// The type of the budgets of this control.
const COST: &str = "COST";

impl Control for Budgets {
    type Settings = Vec<Entry>;
    /// The budget need not exist.
    type Live = Option<Budget>;
    type State = ();

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
        settings::check(settings, problems);
    }

    fn state(_: &Self::Live) {}

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
        let entry = entry(settings, place);
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
        let declared: BTreeSet<String> = entry.alerts().iter().map(Alert::key).collect();
        let alerts = alerts?.into_iter().map(|alert| {
            let (asked, declared) = (&asked, &declared);
            async move {
                let key = key(&alert);
                let subscribers = match declared.contains(&key) {
                    true => Some(asked.subscribers(alert).await?),
                    false => None,
                };
                Ok((key, subscribers))
            }
        });
        let alerts: BTreeMap<_, _> = try_join_all(alerts).await?.into_iter().collect();
        let heard: Vec<&Subscribers> = alerts.values().flatten().collect();
        let topics = heard.into_iter().flat_map(|own| own.sns.clone()).collect();
        let deaf_topics = live::deaf(topics, &entry.name, context, reader).await?;
        Ok(Some(Budget { alerts, deaf_topics, ..budget }))
    }

    fn propose(
        settings: &Vec<Entry>,
        place: &Place,
        live: Option<Budget>,
        context: &Context,
    ) -> Proposal {
        let entry = entry(settings, place);
        let Some(live) = live else {
            return Budget::create(entry, context);
        };
        if let Some(other) = &live.other_type {
            let mut proposal = Proposal::fine();
            let what = format!("the budget of this name is of type {other}, not {COST}");
            let remedy = "give the budget in the baseline another name, or delete the other";
            proposal.finding("name", what, remedy);
            return proposal;
        }
        if let Some(key) = live.unread(entry) {
            let text = format!("the subscribers of the alert {key} were not read");
            let error = AwsError::unexpected(&GET_SUBSCRIBERS, context.global_region(), &text);
            return Proposal::unknown(error);
        }
        live.approach(entry, context)
    }

    fn restore(
        settings: &Vec<Entry>,
        place: &Place,
        past: Past<Option<Budget>>,
        context: &Context,
    ) -> Proposal {
        restore::restore(entry(settings, place), &past, context)
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

impl Budget {
    /// A budget that does not exist yet.
    fn create(entry: &Entry, context: &Context) -> Proposal {
        let Some(limit) = entry.limit() else {
            let mut proposal = Proposal::fine();
            let what = "there is no budget of this name, and limit = \"unmanaged\" says no amount";
            proposal.finding("limit", what, "give it a limit, or create the budget by hand");
            return proposal;
        };
        let wanted = Budget::new(entry, limit, context);
        let create = CreateBudget::new(entry, limit, &wanted.period, context);
        let notes = wanted.foreign_topics(context);
        let mut proposal = Proposal::between(&None, &Some(wanted));
        proposal.notes = notes;
        if *entry.credits == Some(Credits::Exclude) {
            let credits = crate::diff::to_value(&Credits::Exclude);
            let difference = Difference::new("credits", Value::Null, credits);
            proposal.differences.push(difference);
        }
        proposal.call(create);
        proposal
    }

    /// A budget that does not exist yet, as it will be.
    fn new(entry: &Entry, limit: &Money, context: &Context) -> Self {
        let alerts = entry.alerts().iter();
        Self {
            limit: Some(limit.to_string()),
            period: entry.period.unwrap_or(Period::Monthly).word().to_owned(),
            alerts: alerts
                .map(|alert| (alert.key(), Some(Subscribers::of(alert, context))))
                .collect(),
            ..Self::default()
        }
    }

    /// Names the topics of other accounts: theirs decide whether a message arrives, and who reads it.
    fn foreign_topics(&self, context: &Context) -> Vec<String> {
        let account = |topic: &str| topic.split(':').nth(4).unwrap_or_default().to_owned();
        let read = self.alerts.iter();
        let read = read.filter_map(|(key, subscribers)| Some((key, subscribers.as_ref()?)));
        let topics = read.flat_map(|(key, own)| own.sns.iter().map(move |topic| (key, topic)));
        topics
            .filter(|(_, topic)| account(topic) != context.account)
            .map(|(key, topic)| format!("the alert {key} goes to {topic}, of another account"))
            .collect()
    }

    /// Names the topics of alerts that do not hear of them.
    fn judge_topics(&self, steps: &mut Proposal) {
        for (topic, fault) in &self.deaf_topics {
            let heard =
                |own: &Option<Subscribers>| own.as_ref().is_some_and(|own| own.sns.contains(topic));
            let alert = self.alerts.iter().find(|(_, own)| heard(own));
            let key = alert.map_or("", |(key, _)| key);
            steps.finding(
                &format!("alerts.{key}.sns"),
                format!("the alert goes to {topic}, which {fault}"),
                "put the topic right, or name another in the alert: AWS Budgets does not report \
                 what could not be delivered",
            );
        }
    }

    /// An alert of the baseline whose subscribers are not known: it was not in the baseline when
    /// the budget was looked at.
    fn unread(&self, entry: &Entry) -> Option<String> {
        let mut keys = entry.alerts().iter().map(Alert::key);
        keys.find(|key| self.alerts.get(key) == Some(&None))
    }

    /// What brings the budget to what the baseline asks for.
    fn approach(self, entry: &Entry, context: &Context) -> Proposal {
        let mut steps = Proposal::default();
        let mut wanted = self.updated(entry, context, &mut steps);
        for alert in entry.alerts() {
            let there = wanted.alerts.get(&alert.key()).cloned().flatten();
            match there {
                Some(subscribers) => {
                    let more = subscribers.with(entry, alert, context, &mut steps);
                    wanted.alerts.insert(alert.key(), Some(more));
                }
                None if wanted.alerts.len() < MOST_ALERTS => {
                    let subscribers = Subscribers::of(alert, context);
                    wanted.alerts.insert(alert.key(), Some(subscribers));
                    steps.call(CreateNotification::new(entry, alert, context));
                }
                None => steps.finding(
                    &format!("alerts.{}", alert.key()),
                    format!("a budget takes {MOST_ALERTS} alerts, and this one has them already"),
                    format!("delete one that nobody needs: {}", wanted.alerts_beyond(entry)),
                ),
            }
        }
        scope::judge(&self, entry, context, &mut steps);
        self.judge_topics(&mut steps);
        steps.notes.extend(wanted.foreign_topics(context));
        let mut proposal = Proposal { differences: self.differences(&wanted), ..steps };
        wanted.mark_what_tells_later(&self, &mut proposal);
        proposal
    }

    /// The budget with the limit, the period and the credits that it has to get, as far as one
    /// update can do that.
    fn updated(&self, entry: &Entry, context: &Context, steps: &mut Proposal) -> Self {
        let mut wanted = self.clone();
        let terms = self.terms(entry);
        let terms = terms.filter(|(limit, period)| self.may_update(limit, period, steps));
        let credits = self.counts_credits_away(entry) && self.may_leave_out_credits(entry, steps);
        if credits {
            wanted.kept = wanted.kept.with_credits(false);
        }
        if let Some((limit, period)) = &terms {
            wanted.limit = Some(limit.to_string());
            wanted.period.clone_from(period);
        }
        if let Some((limit, period)) = terms.or_else(|| self.own_terms().filter(|_| credits)) {
            let (name, kept) = (&entry.name, wanted.kept.clone());
            steps.call(UpdateBudget::new(name, &limit, &period, kept, context));
        }
        wanted
    }

    /// The differences from what it is to become: of what every update sends back only credits
    /// differ, under the name of their key.
    fn differences(&self, wanted: &Self) -> Vec<Difference> {
        let (kept, before, after) = (self.kept.clone(), self.credits(), wanted.credits());
        let shown = Self { kept, ..wanted.clone() };
        let mut differences = Proposal::between(self, &shown).differences;
        if before != after {
            let (before, after) = (crate::diff::to_value(&before), crate::diff::to_value(&after));
            differences.push(Difference::new("credits", before, after));
        }
        differences
    }

    /// The limit and the period that it has.
    fn own_terms(&self) -> Option<(Money, String)> {
        let limit = Money::try_from(self.limit.clone()?).ok()?;
        Some((limit, self.period.clone()))
    }

    /// Whether credits can be left out by a call; if not, a finding says why.
    fn may_leave_out_credits(&self, entry: &Entry, steps: &mut Proposal) -> bool {
        let has_types = self.kept.counts_credits().is_some();
        if has_types && self.lost_by_an_update.is_empty() && self.own_terms().is_some() {
            return true;
        }
        let what = "the budget counts credits away, so that it is silent until they are used up";
        let remedy = format!(
            "leave the charge type Credit out: Billing console, Budgets, {}, Edit; or say \
             credits = \"include\"",
            entry.name
        );
        steps.finding("credits", what, remedy);
        false
    }

    /// The limit and the period that it has to get, if those that it has will not do.
    fn terms(&self, entry: &Entry) -> Option<(Money, String)> {
        let live = self.limit.clone().map(Money::try_from).and_then(Result::ok);
        let limit = entry.limit().cloned().or(live)?;
        let period =
            entry.period.map_or_else(|| self.period.clone(), |period| period.word().to_owned());
        let wanted = Self { limit: Some(limit.to_string()), period, ..Self::default() };
        let is_exact = entry.limit.as_ref().is_some_and(AtMost::is_exact);
        let is_same = self.limit == wanted.limit && self.period == wanted.period;
        let does = is_same || (!is_exact && self.is_within(&wanted));
        (!does).then_some((limit, wanted.period))
    }

    /// Whether it tells of nothing later than the other does: its period is no longer, and its limit
    /// no higher over a year.
    fn is_within(&self, other: &Self) -> bool {
        let rank = |budget: &Self| Period::RANKS.iter().position(|word| *word == budget.period);
        let is_known = self.in_a_year().is_some() && other.in_a_year().is_some();
        is_known && rank(self) >= rank(other) && !self.tells_later_than(other)
    }

    /// Marks that it tells later than another: the limit is told to be looser, or the period if the
    /// limit stays.
    fn mark_what_tells_later(&self, other: &Self, proposal: &mut Proposal) {
        if self.tells_later_than(other) {
            let mut differences = proposal.differences.iter_mut();
            let told = differences.find(|d| d.field == "limit" || d.field == "period");
            told.into_iter().for_each(|difference| difference.loosens = true);
        }
    }

    /// Whether its limit allows more in a year, or is of another currency: then it tells later. A
    /// longer period is looser by itself.
    fn tells_later_than(&self, other: &Self) -> bool {
        match (self.in_a_year(), other.in_a_year()) {
            (Some((after, unit)), Some((before, unit_before))) => {
                unit != unit_before || after > before
            }
            _ => false,
        }
    }

    /// What its limit allows in a year, and the currency.
    fn in_a_year(&self) -> Option<(Decimal, &str)> {
        let (amount, unit) = self.limit.as_deref()?.split_once(' ')?;
        let periods = match self.period.as_str() {
            "daily" => 365,
            "monthly" => 12,
            "quarterly" => 4,
            "annually" => 1,
            _ => return None,
        };
        let amount = Decimal::from_str_exact(amount).ok()?;
        Some((amount.checked_mul(Decimal::from(periods))?, unit))
    }

    /// Whether limit and period can be made these; if not, a finding says why.
    fn may_update(&self, wanted: &Money, period: &str, steps: &mut Proposal) -> bool {
        let limit = self.limit.as_deref().unwrap_or("none");
        let what = format!("it is {limit} {}, wanted {wanted} {period}", self.period);
        if !self.lost_by_an_update.is_empty() {
            let lost: Vec<&str> = self.lost_by_an_update.iter().map(String::as_str).collect();
            let lost = lost.join(" and ");
            let what = format!("{what}; an update would lose {lost}");
            steps.finding("limit", what, "change it by hand: Billing console, Budgets, Edit");
            return false;
        }
        let mut keys = self.alerts.keys();
        if period == Period::Daily.word()
            && let Some(forecast) = keys.find(|key| key.starts_with("forecast"))
        {
            let what = format!("{what}; daily budgets have no alerts such as {forecast}");
            steps.finding("period", what, "delete that alert, or name another period");
            return false;
        }
        true
    }

    /// The alerts that the baseline does not mention.
    fn alerts_beyond(&self, entry: &Entry) -> String {
        let ours: Vec<String> = entry.alerts().iter().map(Alert::key).collect();
        let beyond = self.alerts.keys().filter(|key| !ours.contains(key));
        beyond.map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Subscribers {
    fn of(alert: &Alert, context: &Context) -> Self {
        Self { email: alert.addresses(), sns: alert.topic(context).into_iter().collect() }
    }

    /// These and those of the baseline, as far as there is room.
    fn with(
        mut self,
        entry: &Entry,
        alert: &Alert,
        context: &Context,
        steps: &mut Proposal,
    ) -> Self {
        let field = |kind: &str| format!("alerts.{}.{kind}", alert.key());
        let missing: Vec<Sensitive> = alert.addresses().difference(&self.email).cloned().collect();
        if self.email.len() + missing.len() > MOST_EMAILS {
            let (there, missing) = (self.email.len(), missing.len());
            let what = format!(
                "an alert takes {MOST_EMAILS} e-mail addresses: beside the {there} that are there, {missing} more have no room"
            );
            steps.finding(&field("email"), what, "remove addresses that nobody reads");
        } else {
            for email in missing {
                self.email.insert(email.clone());
                let subscriber = Subscriber::email(email);
                steps.call(CreateSubscriber::new(entry, alert, subscriber, context));
            }
        }
        match alert.topic(context) {
            Some(topic) if self.sns.is_empty() => {
                self.sns.insert(topic.clone());
                let subscriber = Subscriber::sns(topic);
                steps.call(CreateSubscriber::new(entry, alert, subscriber, context));
            }
            Some(topic) if !self.sns.contains(&topic) => {
                let there = self.sns.iter().map(String::as_str).collect::<Vec<_>>();
                let what = format!("an alert takes one SNS topic, and has {}", there.join(", "));
                let remedy = "remove that topic from the alert, or name it in the baseline";
                steps.finding(&field("sns"), what, remedy);
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::live::plain;
    use super::*;
    use crate::control::tests::context;
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    const MAIL: &str = r#"email = ["billing@example.com"]"#;

    #[derive(Deserialize)]
    struct Table {
        budgets: Vec<Entry>,
    }

    /// What is proposed for the budget `monthly` of 100 USD with these other keys.
    fn proposed(rest: &str, live: Option<&Budget>) -> Proposal {
        let limit = match rest.contains("limit") {
            true => "",
            false => "limit = \"100 USD\"",
        };
        let text = format!("[[budgets]]\nname = \"monthly\"\n{limit}\n{rest}");
        let table: Table = toml::from_str(&text).expect("the test's settings are valid");
        let live = serde_json::to_value(live).expect("plain data");
        let live = serde_json::from_value(live).expect("a live state reads back");
        Budgets::propose(&table.budgets, &Place::thing("monthly"), live, &context())
    }

    fn alerts(of: Value) -> BTreeMap<String, Option<Subscribers>> {
        serde_json::from_value(of).expect("alerts")
    }

    fn budget(limit: &str) -> Budget {
        Budget { limit: Some(limit.to_owned()), period: "monthly".to_owned(), ..Budget::default() }
    }

    fn operations(proposal: &Proposal) -> Vec<&str> {
        let writes = proposal.writes.iter();
        writes.map(|write| write.operation().name).collect()
    }

    #[test]
    fn a_new_budget_is_created_with_its_alerts_in_one_call() {
        let rest = format!(
            r#"alerts = [{{ at = "80%", {MAIL} }}, {{ at = "90.50 USD", forecast = true, sns = "arn:aws:sns:us-east-1:{{account}}:bills" }}]"#
        );
        let proposal = proposed(&rest, None);
        let mail = crate::diff::to_value(&Sensitive::new("billing@example.com"));
        assert_eq!(operations(&proposal), ["CreateBudget"]);
        assert_eq!(
            proposal.writes[0].call().input,
            json!({
                "AccountId": "111122223333",
                "Budget": {
                    "BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                    "BudgetLimit": { "Amount": "100", "Unit": "USD" },
                    "CostTypes": { "IncludeCredit": false },
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80.0, "ThresholdType": "PERCENTAGE",
                        },
                        "Subscribers": [{ "SubscriptionType": "EMAIL", "Address": mail }],
                    },
                    {
                        "Notification": {
                            "NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 90.5, "ThresholdType": "ABSOLUTE_VALUE",
                        },
                        "Subscribers": [{
                            "SubscriptionType": "SNS",
                            "Address": "arn:aws:sns:us-east-1:111122223333:bills",
                        }],
                    },
                ],
                "ResourceTags": [{ "Key": "baseline", "Value": "test" }],
            })
        );
    }

    #[test]
    fn amounts_are_compared_as_decimals() {
        for (amount, wanted) in [("100.0", "100"), ("1E+2", "100"), ("80.50", "80.5")] {
            assert_eq!(plain(amount), wanted);
        }
        assert_eq!(plain("a lot"), "a lot");
        assert!(proposed("", Some(&budget("100 USD"))).differences.is_empty());
        assert_eq!(operations(&proposed("", Some(&budget("100.01 USD")))), ["UpdateBudget"]);
    }

    #[test]
    fn a_budget_that_tells_no_later_is_left_alone() {
        let differs = |rest: &str, limit: &str, period: &str| {
            let live = Budget { period: period.to_owned(), ..budget(limit) };
            !proposed(rest, Some(&live)).differences.is_empty()
        };
        assert!(!differs("", "50 USD", "monthly"));
        assert!(!differs("", "3 USD", "daily"));
        assert!(!differs("period = 'annually'", "20 USD", "quarterly"));
        assert!(differs("limit = { exactly = \"100 USD\" }", "50 USD", "monthly"));
        assert!(differs("", "101 USD", "monthly"));
        assert!(differs("", "50 EUR", "monthly"));
        // Less in a year, but told of at its end.
        assert!(differs("", "50 USD", "annually"));
    }

    #[test]
    fn what_is_unmanaged_of_a_budget_stays() {
        let live = budget("5000 USD");
        let left = proposed("limit = \"unmanaged\"\nalerts = \"unmanaged\"", Some(&live));
        assert!(left.differences.is_empty() && left.findings.is_empty());
        let daily = Budget { period: "daily".to_owned(), ..budget("5000 USD") };
        let update = proposed("period = \"unmanaged\"", Some(&daily));
        let sent = &update.writes[0].call().input["NewBudget"];
        assert_eq!(sent["TimeUnit"], json!("DAILY"));
        assert_eq!(sent["BudgetLimit"]["Amount"], json!("100"));
        let none = proposed("limit = \"unmanaged\"", None);
        assert!(none.writes.is_empty() && none.findings.len() == 1);
    }

    #[test]
    fn what_tells_later_loosens() {
        let about = crate::controls::find("budgets").expect("it exists").about;
        let loosened = |rest: &str, limit: &str, period: &str| -> Vec<String> {
            let live = Budget { period: period.to_owned(), ..budget(limit) };
            let mut differences = proposed(rest, Some(&live)).differences;
            crate::risk::assess(about, &mut differences);
            let looser = differences.into_iter().filter(|d| d.loosens);
            looser.map(|d| d.field).collect()
        };
        let exactly = "limit = { exactly = \"100 USD\" }";
        assert_eq!(loosened(exactly, "50 USD", "monthly"), ["limit"]);
        assert_eq!(loosened("", "9.5 USD", "annually"), ["limit"]);
        assert_eq!(loosened("", "5 USD", "daily"), ["period"]);
        assert_eq!(loosened("period = 'annually'", "100 USD", "quarterly"), ["period"]);
        assert!(loosened("", "5000 USD", "monthly").is_empty());
        // Nobody can tell which of two currencies is more.
        assert_eq!(loosened("", "50 EUR", "monthly"), ["limit"]);
        assert_eq!(loosened("", "1000 USD", "annually"), ["limit"]);
        assert!(loosened("", "30000 USD", "annually").is_empty());
        // A hundred a month is more in a year than a hundred a year.
        assert_eq!(loosened("", "100 USD", "annually"), ["period"]);
        assert_eq!(loosened("period = 'daily'", "100 USD", "monthly"), ["period"]);
    }

    #[test]
    fn alerts_and_subscribers_are_added_beside_those_of_others() {
        let live = Budget {
            alerts: alerts(json!({
                "actual > 50%": null,
                "actual > 80%": { "email": [Sensitive::new("other@example.com")] },
            })),
            ..budget("100 USD")
        };
        let rest = format!(r#"alerts = [{{ at = "80%", {MAIL} }}, {{ at = "100%", {MAIL} }}]"#);
        let proposal = proposed(&rest, Some(&live));
        assert_eq!(operations(&proposal), ["CreateSubscriber", "CreateNotification"]);
        let fields: Vec<&str> = proposal.differences.iter().map(|d| d.field.as_str()).collect();
        assert_eq!(fields, ["alerts.actual > 100%.email", "alerts.actual > 80%.email"]);
        assert_eq!(proposal.differences[1].after.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn an_update_that_would_lose_something_is_a_finding() {
        let live = Budget {
            lost_by_an_update: BTreeSet::from(["its planned limits".to_owned()]),
            ..budget("500 USD")
        };
        let rest = format!(r#"alerts = [{{ at = "80%", {MAIL} }}]"#);
        let proposal = proposed(&rest, Some(&live));
        assert_eq!(operations(&proposal), ["CreateNotification"]);
        assert!(proposal.findings[0].what.ends_with("would lose its planned limits"));
        assert!(!proposal.touches(&["limit"]));
        assert!(
            proposed(&rest, Some(&Budget { limit: Some("100 USD".to_owned()), ..live }))
                .findings
                .is_empty()
        );
    }

    #[test]
    fn what_has_no_room_is_a_finding() {
        let mails: Vec<Sensitive> =
            (0..10).map(|n| Sensitive::new(format!("a{n}@example.com"))).collect();
        let live = Budget {
            alerts: alerts(json!({
                "actual > 10%": null, "actual > 20%": null, "actual > 30%": null,
                "actual > 40%": null, "actual > 50%": null, "actual > 55%": null,
                "actual > 60%": null, "actual > 65%": null,
                "actual > 80%": { "email": mails, "sns": ["arn:aws:sns:us-east-1:111122223333:a"] },
            })),
            ..budget("100 USD")
        };
        let rest = format!(
            r#"alerts = [
                {{ at = "80%", {MAIL}, sns = "arn:aws:sns:us-east-1:111122223333:b" }},
                {{ at = "90%", {MAIL} }}, {{ at = "100%", {MAIL} }},
            ]"#
        );
        let proposal = proposed(&rest, Some(&live));
        assert_eq!(operations(&proposal), ["CreateNotification"]);
        let fields: Vec<&str> = proposal.findings.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(
            fields,
            ["alerts.actual > 80%.email", "alerts.actual > 80%.sns", "alerts.actual > 100%"]
        );
        assert!(
            proposal.findings[2]
                .remedy
                .ends_with("actual > 50%, actual > 55%, actual > 60%, actual > 65%")
        );
    }

    #[test]
    fn a_topic_of_another_account_is_named() {
        let notes = |account: &str| {
            let topic = format!("arn:aws:sns:us-east-1:{account}:bills");
            let rest = format!(r#"alerts = [{{ at = "80%", sns = "{topic}" }}]"#);
            let live = Budget {
                alerts: alerts(json!({ "actual > 80%": { "sns": [topic] } })),
                ..budget("100 USD")
            };
            [proposed(&rest, None).notes, proposed(&rest, Some(&live)).notes]
        };
        assert_eq!(notes("111122223333"), [[""; 0]; 2]);
        let told = "the alert actual > 80% goes to arn:aws:sns:us-east-1:999999999999:bills, of \
                    another account";
        assert_eq!(notes("999999999999"), [[told], [told]]);
    }

    #[test]
    fn a_daily_budget_keeps_no_forecast() {
        let live =
            Budget { alerts: alerts(json!({ "forecast > 100%": null })), ..budget("100 USD") };
        let proposal = proposed("period = \"daily\"", Some(&live));
        assert_eq!(proposal.findings[0].field, "period");
        assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
    }

    #[test]
    fn a_budget_of_another_type_is_left_alone() {
        let live = Budget { other_type: Some("USAGE".to_owned()), ..budget("5 USD") };
        let proposal = proposed("", Some(&live));
        assert_eq!(proposal.findings.len(), 1);
        assert!(proposal.writes.is_empty());
    }

    #[test]
    fn subscribers_that_were_not_read_are_unknown_and_not_absent() {
        let live = Budget { alerts: alerts(json!({ "actual > 80%": null })), ..budget("100 USD") };
        let proposal = proposed(&format!(r#"alerts = [{{ at = "80%", {MAIL} }}]"#), Some(&live));
        assert!(matches!(proposal.standing, crate::control::Standing::Unknown(_)));
    }
}

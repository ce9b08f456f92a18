//! What puts a budget back that a run changed.

use super::deletes::{DeleteNotification, DeleteSubscriber};
use super::live::{Budget, Subscribers};
use super::settings::{Credits, Entry, Money};
use super::writes::{Notification, Subscriber, UpdateBudget};
use crate::control::{Context, Past, Proposal};
use crate::sensitive::Sensitive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A budget that the run created stays: it is free, and its deletion is a person's.
pub fn restore(entry: &Entry, past: &Past<Option<Budget>>, context: &Context) -> Proposal {
    let mut proposal = Proposal::fine();
    match (past.each(Option::clone), &past.live) {
        (Some(budgets), _) => Restore::new(entry, &budgets, context).all(),
        (None, None) => {
            proposal.note("the budget is not there any more");
            proposal
        }
        (None, Some(_)) if past.before.is_some() => Proposal::by_hand(past),
        (None, Some(_)) => {
            let (name, account) = (&entry.name, &context.account);
            proposal.finding(
                "name",
                "the run created the budget; it is not deleted",
                format!(
                    "if nobody needs it: aws budgets delete-budget --account-id {account} \
                     --budget-name \"{name}\""
                ),
            );
            proposal
        }
    }
}

/// Limit, period and credits, which are sent together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    limit: Option<String>,
    period: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<Credits>,
}

struct Restore<'a> {
    entry: &'a Entry,
    budgets: &'a Past<Budget>,
    context: &'a Context,
    /// The budget as it will be.
    wanted: Budget,
    /// Calls and findings; the differences come last.
    steps: Proposal,
}

impl<'a> Restore<'a> {
    fn new(entry: &'a Entry, budgets: &'a Past<Budget>, context: &'a Context) -> Self {
        Self { entry, budgets, context, wanted: budgets.live.clone(), steps: Proposal::fine() }
    }

    fn all(mut self) -> Proposal {
        for key in self.budgets.after.alerts.keys() {
            self.alert(key);
        }
        self.tell_of_taken_out();
        // A period may not go with the forecasts that are deleted before.
        self.terms();
        let live = &self.budgets.live;
        let mut proposal = Proposal { differences: live.differences(&self.wanted), ..self.steps };
        self.wanted.mark_what_tells_later(live, &mut proposal);
        proposal
    }

    fn terms(&mut self) {
        let terms = self.budgets.map(|budget| Terms {
            limit: budget.limit.clone(),
            period: budget.period.clone(),
            credits: budget.credits(),
        });
        let (merged, back) = terms.put_back();
        let Terms { limit, period, credits } = back;
        self.steps.findings.extend(merged.findings);
        if merged.differences.is_empty() {
            return;
        }
        let lost: Vec<&str> = self.wanted.lost_by_an_update.iter().map(String::as_str).collect();
        let text = limit.clone().unwrap_or_else(|| "none".to_owned());
        let forecasts = || self.wanted.alerts.keys().any(|key| key.starts_with("forecast"));
        let why_not = match limit.clone().map(Money::try_from) {
            _ if !lost.is_empty() => format!("an update would lose {}", lost.join(" and ")),
            _ if period == "daily" && forecasts() => {
                "daily budgets have no alerts that go by the forecast".to_owned()
            }
            Some(Ok(limit)) => {
                let mut kept = self.wanted.kept.clone();
                if let (Some(_), Some(credits)) = (kept.counts_credits(), credits) {
                    kept = kept.with_credits(credits == Credits::Include);
                }
                self.wanted.kept = kept.clone();
                let name = &self.entry.name;
                let update = UpdateBudget::new(name, &limit, &period, kept, self.context);
                self.steps.call(update);
                self.wanted.limit = Some(text);
                self.wanted.period = period;
                return;
            }
            _ => "there is no such limit to set".to_owned(),
        };
        self.steps.finding(
            "limit",
            format!("before the run it was {text} {period}; {why_not}"),
            "put it back by hand if that is wanted: Billing console, Budgets, Edit",
        );
    }

    fn alert(&mut self, key: &str) {
        let past = self.budgets.map(|budget| budget.alerts.get(key).cloned());
        let (Some(notification), Some(Some(after))) = (Notification::of_key(key), &past.after)
        else {
            return;
        };
        match (&past.before, &past.live) {
            (before, live) if *before == past.after || live.is_none() => {}
            (_, Some(None)) => self.unread(key, &notification, past.before.is_none()),
            (None, Some(Some(live))) if live == after => {
                let name = &self.entry.name;
                let delete = DeleteNotification::new(name, notification, self.context);
                self.steps.call(delete);
                self.wanted.alerts.remove(key);
            }
            (before, Some(Some(live))) => {
                let before = before.clone().flatten().unwrap_or_default();
                self.subscribers(key, &before, after, live);
            }
            (_, None) => {}
        }
    }

    /// What only another undo takes out: to put it back the addresses are needed, which no journal
    /// holds.
    fn tell_of_taken_out(&mut self) {
        let Past { before, after, live } = self.budgets;
        for (key, was) in &before.alerts {
            let of = |budget: &Budget| budget.alerts.get(key).cloned().flatten();
            let Some(was) = was else {
                continue;
            };
            let missing = |budget: &Budget| {
                let own = of(budget).unwrap_or_default();
                !was.email.is_subset(&own.email) || !was.sns.is_subset(&own.sns)
            };
            if missing(after) && missing(live) {
                self.steps.finding(
                    &format!("alerts.{key}"),
                    "that run took subscribers out, or the whole alert; they are not put back",
                    "baseline apply puts in what the baseline asks for",
                );
            }
        }
    }

    /// The baseline has the alert no more, so its subscribers were not asked for.
    fn unread(&mut self, key: &str, notification: &Notification, is_new: bool) {
        let (account, name) = (&self.context.account, &self.entry.name);
        let which = notification.for_the_command_line();
        let (what, remedy) = match is_new {
            true => (
                "the run added the alert, and the baseline does not have it any more: who else \
                 hears of it was not looked at",
                format!(
                    "if nobody needs it: aws budgets delete-notification --account-id {account} \
                     --budget-name \"{name}\" --notification {which}"
                ),
            ),
            false => (
                "the run added subscribers, and the baseline does not have the alert any more",
                format!("take them out by hand: Billing console, Budgets, {name}, Edit"),
            ),
        };
        self.steps.finding(&format!("alerts.{key}"), what, remedy);
    }

    /// Takes out those that the run added and that are still there, unless nobody would be left.
    fn subscribers(
        &mut self,
        key: &str,
        before: &Subscribers,
        after: &Subscribers,
        live: &Subscribers,
    ) {
        let ours = Subscribers {
            email: &(&after.email - &before.email) & &live.email,
            sns: &(&after.sns - &before.sns) & &live.sns,
        };
        let rest = Subscribers { email: &live.email - &ours.email, sns: &live.sns - &ours.sns };
        if rest.is_empty() && !ours.is_empty() {
            let what = "only subscribers of that run are left: without them AWS deletes the alert";
            let remedy = format!(
                "if nobody needs it, delete it by hand: Billing console, Budgets, {}, Edit",
                self.entry.name
            );
            self.steps.finding(&format!("alerts.{key}"), what, remedy);
            return;
        }
        let mut left = live.clone();
        for topic in ours.sns {
            left.sns.remove(&topic);
            self.unsubscribe(key, Subscriber::sns(topic));
        }
        for email in ours.email {
            match self.in_clear(&email) {
                Some(clear) => {
                    left.email.remove(&email);
                    self.unsubscribe(key, Subscriber::email(clear));
                }
                None => {
                    let mask = crate::diff::to_value(&email);
                    let mask = mask.as_str().unwrap_or_default();
                    let what = format!(
                        "the run added {mask}, and the baseline does not name that address any more"
                    );
                    let remedy = format!(
                        "take it out by hand: Billing console, Budgets, {}, Edit",
                        self.entry.name
                    );
                    self.steps.finding(&format!("alerts.{key}.email"), what, remedy);
                }
            }
        }
        self.wanted.alerts.insert(key.to_owned(), Some(left));
    }

    fn unsubscribe(&mut self, key: &str, subscriber: Subscriber) {
        if let Some(alert) = Notification::of_key(key) {
            let name = &self.entry.name;
            let delete = DeleteSubscriber::new(name, alert, subscriber, self.context);
            self.steps.call(delete);
        }
    }

    /// The address behind a mask. Journals hold masks alone, so it is known only as long as the
    /// baseline names it.
    fn in_clear(&self, masked: &Sensitive) -> Option<Sensitive> {
        let alerts = self.entry.alerts().iter();
        let named: BTreeSet<Sensitive> = alerts.flat_map(|alert| alert.addresses()).collect();
        named.get(masked).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;
    use serde_json::{Value, json};

    fn mail(name: &str) -> Value {
        crate::diff::to_value(&Sensitive::new(format!("{name}@example.com")))
    }

    /// A budget with this limit and these alerts, of which each has these mails.
    fn budget(limit: &str, alerts: &[(&str, &[&str])]) -> Value {
        let alerts = alerts.iter().map(|(key, mails)| {
            let mails: Vec<Value> = mails.iter().map(|name| mail(name)).collect();
            ((*key).to_owned(), json!({"email": mails}))
        });
        let alerts: serde_json::Map<String, Value> = alerts.collect();
        json!({"limit": limit, "period": "monthly", "alerts": alerts})
    }

    fn restored(before: Value, after: Value, live: Value) -> Proposal {
        #[derive(Deserialize)]
        struct Table {
            budgets: Vec<Entry>,
        }
        let text = "[[budgets]]\nname = \"monthly\"\nlimit = \"1 USD\"\n\
                    alerts = [{ at = \"80%\", email = [\"ours@example.com\"] }]";
        let table: Table = toml::from_str(text).expect("the test's settings are valid");
        let read = |state| serde_json::from_value(state).expect("a live state");
        let past = Past { before: read(before), after: read(after), live: read(live) };
        restore(&table.budgets[0], &past, &context())
    }

    fn calls(proposal: &Proposal) -> Vec<&str> {
        let writes = proposal.writes.iter();
        writes.map(|write| write.operation().name).collect()
    }

    const ALERT: &str = "actual > 80%";

    #[test]
    fn an_alert_that_others_joined_stays_and_the_last_reader_is_never_taken_out() {
        let none = || budget("1 USD", &[]);
        let ours = || budget("1 USD", &[(ALERT, &["ours"])]);
        let alone = restored(none(), ours(), ours());
        assert_eq!(calls(&alone), ["DeleteNotification"]);
        let joined = budget("1 USD", &[(ALERT, &["ours", "theirs"])]);
        assert_eq!(calls(&restored(none(), ours(), joined)), ["DeleteSubscriber"]);
        let both = || budget("1 USD", &[(ALERT, &["ours", "theirs"])]);
        let theirs = budget("1 USD", &[(ALERT, &["theirs"])]);
        let last = restored(theirs, both(), ours());
        assert!(last.writes.is_empty() && last.differences.is_empty());
        assert_eq!(last.findings[0].field, "alerts.actual > 80%");
    }

    #[test]
    fn what_an_update_would_lose_and_what_aws_would_refuse_is_left_to_a_person() {
        let before = || budget("5 USD", &[]);
        let mut rich = budget("1 USD", &[]);
        rich["lost_by_an_update"] = json!(["its planned limits"]);
        let mut daily = before();
        daily["period"] = json!("daily");
        let forecast = budget("1 USD", &[("forecast > 90%", &["theirs"])]);
        for (before, live) in [(before(), rich), (daily, forecast)] {
            let proposal = restored(before, budget("1 USD", &[]), live);
            assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
            assert_eq!(proposal.findings[0].field, "limit");
        }
    }

    #[test]
    fn an_alert_whose_readers_were_not_asked_for_is_left_to_a_person() {
        let mut live = budget("1 USD", &[]);
        live["alerts"][ALERT] = json!(null);
        let after = budget("1 USD", &[(ALERT, &["ours"])]);
        let proposal = restored(budget("1 USD", &[]), after, live);
        assert!(proposal.writes.is_empty());
        let wanted = "--notification NotificationType=ACTUAL,ComparisonOperator=GREATER_THAN,\
                      Threshold=80,ThresholdType=PERCENTAGE";
        assert!(proposal.findings[0].remedy.ends_with(wanted));
    }

    #[test]
    fn a_higher_limit_protects_less_and_a_lower_one_does_not() {
        let loosens = |before: &str| {
            let after = || budget("10 USD", &[]);
            let proposal = restored(budget(before, &[]), after(), after());
            proposal.differences[0].loosens
        };
        assert!(loosens("20 USD"));
        assert!(!loosens("5 USD"));
    }
}

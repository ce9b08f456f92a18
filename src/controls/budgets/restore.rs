//! What puts a budget back that a run changed.

use super::live::{Budget, Subscribers};
use super::settings::{Credits, Entry, Period};
use super::writes::Notification;
use crate::control::{Context, Past, Remarks};
use crate::sensitive::Sensitive;
use crate::settings::Words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The state that an undo puts back. A budget that the run created stays: it is free, and its
/// deletion is yours.
pub fn restored(
    entry: &Entry,
    past: &Past<Option<Budget>>,
    context: &Context,
    say: &mut Remarks,
) -> Option<Budget> {
    match past.each(Option::clone) {
        Some(budgets) => return Some(Undo { entry, budgets: &budgets, context, say }.wanted()),
        None if past.live.is_none() => say.note("the budget is not there any more"),
        None if past.before.is_some() => say.by_hand(past),
        None => say.finding(
            "name",
            "the run created the budget; it is not deleted",
            format!(
                "if nobody needs it: aws budgets delete-budget --account-id {} --budget-name \
                 \"{}\"",
                context.account, entry.name
            ),
        ),
    }
    past.live.clone()
}

/// Limit, period and credits, which are sent together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    limit: Option<String>,
    period: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<Credits>,
}

impl Terms {
    fn of(of: &Budget) -> Self {
        Self { limit: of.limit.clone(), period: of.period.clone(), credits: of.credits() }
    }
}

struct Undo<'a> {
    entry: &'a Entry,
    budgets: &'a Past<Budget>,
    context: &'a Context,
    say: &'a mut Remarks,
}

impl Undo<'_> {
    fn wanted(mut self) -> Budget {
        let mut wanted = self.budgets.live.clone();
        wanted.known = self.entry.alerts().iter().flat_map(|own| own.addresses()).collect();
        for key in self.budgets.after.alerts.keys() {
            self.alert(key, &mut wanted);
        }
        self.report_taken_out();
        self.terms(&mut wanted);
        wanted
    }

    fn terms(&mut self, wanted: &mut Budget) {
        let past = self.budgets.map(Terms::of);
        let back = self.say.put_back(&past);
        if back == past.live {
            return;
        }
        let limit = back.limit.clone().unwrap_or_else(|| "none".to_owned());
        if let Some(why) = why_not(&back, wanted) {
            let what = format!("before the run it was {limit} {}; {why}", back.period);
            let remedy = "put it back by hand if that is wanted: Billing console, Budgets, Edit";
            self.say.finding("limit", what, remedy);
            return;
        }
        if let (Some(_), Some(credits)) = (wanted.kept.counts_credits(), back.credits) {
            let kept = std::mem::take(&mut wanted.kept);
            wanted.kept = kept.with_credits(credits == Credits::Include);
        }
        (wanted.limit, wanted.period) = (back.limit, back.period);
    }

    fn alert(&mut self, key: &str, wanted: &mut Budget) {
        let past = self.budgets.map(|budget| budget.alerts.get(key).cloned());
        let (Some(alert), Some(Some(after))) = (Notification::of(key), &past.after) else {
            return;
        };
        match (past.before.clone(), past.live) {
            (before, live) if before == past.after || live.is_none() => {}
            (before, Some(None)) => self.unread(key, &alert, before.is_none()),
            (None, Some(Some(live))) if live == *after => {
                wanted.alerts.remove(key);
            }
            (before, Some(Some(live))) => {
                let ours = after.without(&before.flatten().unwrap_or_default());
                let left = self.without(key, &ours, live, &wanted.known);
                wanted.alerts.insert(key.to_owned(), Some(left));
            }
            (_, None) => {}
        }
    }

    /// What only another undo takes out: to put it back the addresses are needed, which no journal
    /// holds.
    fn report_taken_out(&mut self) {
        let Past { before, after, live } = self.budgets;
        let read = before.alerts.iter().filter_map(|(key, was)| Some((key, was.as_ref()?)));
        for (key, was) in read {
            let is_missing = |budget: &Budget| {
                let own = budget.alerts.get(key).cloned().flatten().unwrap_or_default();
                !was.without(&own).is_empty()
            };
            if is_missing(after) && is_missing(live) {
                self.say.finding(
                    &format!("alerts.{key}"),
                    "that run took subscribers out, or the whole alert; they are not put back",
                    "baseline apply puts in what the baseline asks for",
                );
            }
        }
    }

    /// The baseline has the alert no more, so its subscribers were not asked for.
    fn unread(&mut self, key: &str, alert: &Notification, is_new: bool) {
        let (account, name) = (&self.context.account, &self.entry.name);
        let (what, remedy) = if is_new {
            (
                "the run added the alert, and the baseline does not have it any more: who else \
                 hears of it was not looked at",
                format!(
                    "if nobody needs it: aws budgets delete-notification --account-id {account} \
                     --budget-name \"{name}\" --notification {}",
                    alert.for_the_command_line()
                ),
            )
        } else {
            (
                "the run added subscribers, and the baseline does not have the alert any more",
                format!("take them out by hand: {}", self.entry.console()),
            )
        };
        self.say.finding(&format!("alerts.{key}"), what, remedy);
    }

    /// The subscribers of an alert without those that the run added, unless nobody would be left.
    /// Journals hold masks alone, so that an address is known as long as the baseline names it.
    fn without(
        &mut self,
        key: &str,
        ours: &Subscribers,
        live: Subscribers,
        known: &BTreeSet<Sensitive>,
    ) -> Subscribers {
        let mut left = live.without(ours);
        if left.is_empty() && !live.is_empty() {
            let what = "only subscribers of that run are left: without them AWS deletes the alert";
            let remedy = format!("if nobody needs it, delete it by hand: {}", self.entry.console());
            self.say.finding(&format!("alerts.{key}"), what, remedy);
            return live;
        }
        for email in live.email.intersection(&ours.email).filter(|own| !known.contains(own)) {
            let what = format!(
                "the run added {email:?}, and the baseline does not name that address any more"
            );
            let remedy = format!("take it out by hand: {}", self.entry.console());
            self.say.finding(&format!("alerts.{key}.email"), what, remedy);
            left.email.insert(email.clone());
        }
        left
    }
}

/// Why an update cannot bring these terms back.
fn why_not(back: &Terms, now: &Budget) -> Option<String> {
    let limit = Budget { limit: back.limit.clone(), ..Budget::default() };
    let daily = || back.period == Period::Daily.word() && now.forecast().is_some();
    match now.lost() {
        None if daily() => Some("daily budgets have no alerts that go by the forecast".to_owned()),
        None if limit.money().is_none() => Some("there is no such limit to set".to_owned()),
        lost => lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{calls, context};
    use crate::control::{At, Proposal, restore};
    use crate::controls::budgets::Budgets;
    use crate::controls::budgets::tests::entries;
    use crate::place::Place;
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
        let entries = entries(
            "limit = \"1 USD\"\nalerts = [{ at = \"80%\", email = [\"ours@example.com\"] }]",
        );
        let read = |state| serde_json::from_value(state).expect("a live state");
        let past = Past { before: read(before), after: read(after), live: read(live) };
        let at = At { place: &Place::thing("monthly"), context: &context() };
        restore::<Budgets>(&entries, &past, at)
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

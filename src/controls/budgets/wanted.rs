//! The budget that the baseline asks for: its terms as far as one update can set them, and its
//! alerts, which are added to those of others.

use super::kept::Kept;
use super::live::{Budget, GET_SUBSCRIBERS, Subscribers};
use super::settings::{Alert, Entry, MOST_ALERTS, MOST_EMAILS, Period};
use super::{COST, scope};
use crate::aws::AwsError;
use crate::control::{Context, Remarks};
use crate::settings::Words;

/// The state that an entry asks for.
pub fn wanted(
    entry: &Entry,
    live: Option<&Budget>,
    context: &Context,
    say: &mut Remarks,
) -> Option<Budget> {
    judge_named(entry, context, say);
    let Some(live) = live else {
        return first(entry, context, say);
    };
    if let Some(other) = &live.other_type {
        let what = format!("the budget of this name is of type {other}, not {COST}");
        let remedy = "give the budget in the baseline another name, or delete the other";
        say.finding("name", what, remedy);
        return Some(live.clone());
    }
    if let Some(key) = unread(live, entry) {
        let text = format!("the subscribers of the alert {key} were not read");
        say.unknown(AwsError::unexpected(&GET_SUBSCRIBERS, context.global_region(), &text));
        return Some(live.clone());
    }
    let mut wanted = live.clone();
    set_terms(&mut wanted, entry, say);
    for alert in entry.alerts().iter().filter(|own| !Subscribers::of(own, context).is_empty()) {
        add(&mut wanted, alert, entry, context, say);
    }
    scope::judge(live, entry, context, say);
    judge_topics(live, say);
    note_foreign_topics(&wanted, context, say);
    Some(wanted)
}

/// A budget that does not exist yet.
fn first(entry: &Entry, context: &Context, say: &mut Remarks) -> Option<Budget> {
    let Some(limit) = entry.limit() else {
        let what = "there is no budget of this name, and limit = \"unmanaged\" says no amount";
        say.finding("limit", what, "give it a limit, or create the budget by hand");
        return None;
    };
    // Of an alert that has no one to go to nothing can be made.
    let alerts = entry.alerts().iter().filter(|own| !Subscribers::of(own, context).is_empty());
    let new = Budget {
        limit: Some(limit.to_string()),
        period: entry.period.unwrap_or(Period::Monthly).word().to_owned(),
        alerts: alerts.map(|own| (own.key(), Some(Subscribers::of(own, context)))).collect(),
        kept: Kept::new(entry),
        ..Budget::default()
    };
    note_foreign_topics(&new, context, say);
    Some(new)
}

/// An alert of the baseline whose subscribers are not known: it was not in the baseline when the
/// budget was read.
fn unread(live: &Budget, entry: &Entry) -> Option<String> {
    let mut keys = entry.alerts().iter().map(Alert::key);
    keys.find(|key| live.alerts.get(key) == Some(&None))
}

/// Gives it the limit, the period and the credits that it has to get.
fn set_terms(budget: &mut Budget, entry: &Entry, say: &mut Remarks) {
    let terms = budget.terms_for(entry);
    if let Some((limit, period)) =
        terms.filter(|(limit, period)| may_get(budget, limit, period, say))
    {
        budget.limit = Some(limit);
        budget.period = period;
    }
    if budget.counts_credits_away(entry) && may_leave_out_credits(budget, entry, say) {
        budget.kept = std::mem::take(&mut budget.kept).with_credits(false);
    }
}

/// Whether limit and period can be made these; if not, a finding says why.
fn may_get(budget: &Budget, limit: &str, period: &str, say: &mut Remarks) -> bool {
    let own = budget.limit.as_deref().unwrap_or("none");
    let what = format!("it is {own} {}, wanted {limit} {period}", budget.period);
    if let Some(lost) = budget.lost() {
        let what = format!("{what}; {lost}");
        say.finding("limit", what, "change it by hand: Billing console, Budgets, Edit");
        return false;
    }
    let forecast = budget.forecast().filter(|_| period == Period::Daily.word());
    if let Some(forecast) = forecast {
        let what = format!("{what}; daily budgets have no alerts such as {forecast}");
        say.finding("period", what, "delete that alert, or name another period");
    }
    forecast.is_none()
}

/// Whether credits can be left out by a call; if not, a finding says why.
fn may_leave_out_credits(budget: &Budget, entry: &Entry, say: &mut Remarks) -> bool {
    let has_types = budget.kept.counts_credits().is_some();
    if has_types && budget.lost().is_none() && budget.money().is_some() {
        return true;
    }
    let what = "the budget counts credits away, so that it is silent until they are used up";
    let remedy = format!(
        "leave the charge type Credit out: {}; or say credits = \"include\"",
        entry.console()
    );
    say.finding("credits", what, remedy);
    false
}

/// Adds an alert of the baseline, or its subscribers, as far as there is room.
fn add(budget: &mut Budget, alert: &Alert, entry: &Entry, context: &Context, say: &mut Remarks) {
    let (key, own) = (alert.key(), Subscribers::of(alert, context));
    let is_full = budget.alerts.len() >= MOST_ALERTS;
    match budget.alerts.get_mut(&key) {
        Some(Some(subscribers)) => add_subscribers(subscribers, own, &key, say),
        _ if !is_full => {
            budget.alerts.insert(key, Some(own));
        }
        _ => {
            let ours: Vec<String> = entry.alerts().iter().map(Alert::key).collect();
            let beyond = budget.alerts.keys().filter(|key| !ours.contains(key));
            let beyond: Vec<&str> = beyond.map(String::as_str).collect();
            say.finding(
                &format!("alerts.{key}"),
                format!("a budget takes {MOST_ALERTS} alerts, and this one has them already"),
                format!("delete one that nobody needs: {}", beyond.join(", ")),
            );
        }
    }
}

fn add_subscribers(to: &mut Subscribers, own: Subscribers, key: &str, say: &mut Remarks) {
    let missing = own.without(to);
    let (there, more) = (to.email.len(), missing.email.len());
    if there + more > MOST_EMAILS {
        let what = format!(
            "an alert takes {MOST_EMAILS} e-mail addresses: beside the {there} that are there, \
             {more} more have no room"
        );
        let remedy = "remove addresses that nobody reads";
        say.finding(&format!("alerts.{key}.email"), what, remedy);
    } else {
        to.email.extend(missing.email);
    }
    if to.sns.is_empty() {
        to.sns = missing.sns;
    } else if !missing.sns.is_empty() {
        let there: Vec<&str> = to.sns.iter().map(String::as_str).collect();
        let what = format!("an alert takes one SNS topic, and has {}", there.join(", "));
        let remedy = "remove that topic from the alert, or name it in the baseline";
        say.finding(&format!("alerts.{key}.sns"), what, remedy);
    }
}

/// Names the alerts that go to the topic of a table that the baseline does not have.
fn judge_named(entry: &Entry, context: &Context, say: &mut Remarks) {
    for alert in entry.alerts().iter().filter(|own| own.lacks_topic(context)) {
        say.finding(
            &format!("alerts.{}.sns", alert.key()),
            "it is to go to the topic of [alerts], and the baseline has no such table",
            "add the table [alerts], or name the topic by its ARN",
        );
    }
}

/// Names the topics of alerts that do not hear of them.
fn judge_topics(live: &Budget, say: &mut Remarks) {
    for (topic, fault) in &live.deaf_topics {
        let mut heard = live.alerts.iter().filter_map(|(key, own)| Some((key, own.as_ref()?)));
        let key = heard.find(|(_, own)| own.sns.contains(topic)).map_or("", |(key, _)| key);
        say.finding(
            &format!("alerts.{key}.sns"),
            format!("the alert goes to {topic}, which {fault}"),
            "put the topic right, or name another in the alert: AWS Budgets does not report what \
             could not be delivered",
        );
    }
}

/// Names the topics of other accounts: theirs decide whether a message arrives, and who reads it.
fn note_foreign_topics(budget: &Budget, context: &Context, say: &mut Remarks) {
    for (key, own) in &budget.alerts {
        for topic in own.iter().flat_map(|own| &own.sns) {
            if topic.split(':').nth(4).unwrap_or_default() != context.account {
                say.note(format!("the alert {key} goes to {topic}, of another account"));
            }
        }
    }
}

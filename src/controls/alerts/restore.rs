//! What puts alerts back that a run changed. Nothing is deleted: with a topic all go who hear.

use super::dead_letters::QueueState;
use super::names::{Names, RULE, WATCHES};
use super::rule::RuleState;
use super::settings::Settings;
use super::subscribers::Subscribers;
use super::topic::TopicState;
use super::{Live, State, forwarding, state};
use crate::control::{At, Past, Remarks};
use crate::policy::{Dialect, Policy};

/// The state that an undo puts back.
pub fn restored(settings: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
    let names = settings.names(at.context);
    let states = past.map(state);
    let role = states.map(|own| own.role.clone());
    State {
        topic: topic(&states.map(|own| own.topic.clone()), &names, at, say),
        subscribers: subscribers(&states.map(|own| own.subscribers.clone()), say),
        rule: rule(RULE, &states.map(|own| own.rule.clone()), at, say),
        watches: rule(WATCHES, &states.map(|own| own.watches.clone()), at, say),
        queue: queue(&states.map(|own| own.queue.clone()), at, say),
        role: forwarding::role(&names).restored(&role, "role", say),
    }
}

fn rule(
    name: &str,
    past: &Past<Option<RuleState>>,
    at: At<'_>,
    say: &mut Remarks,
) -> Option<RuleState> {
    let live = past.live.clone()?;
    if past.before == past.live {
        return past.before.clone();
    }
    let region = at.region();
    match (&past.before, &past.after) {
        (None, Some(after)) => {
            say.finding(
                "enabled",
                format!("the run created the rule {name}; it is not deleted"),
                format!(
                    "if nobody needs it: aws events remove-targets --rule {name} --ids baseline \
                     --region {region}, and then aws events delete-rule --name {name} --region {region}"
                ),
            );
            let is_ours_to_stop = after.is_enabled() && live.is_enabled();
            Some(if is_ours_to_stop { live.stopped() } else { live })
        }
        (Some(before), Some(after)) if *after == live => Some(before.clone()),
        (Some(_), Some(after)) if Some(after) == past.before.as_ref() => Some(live),
        (Some(_), _) => {
            say.finding(
                "targets",
                format!("the rule {name} was changed again after that run, and is left as it is"),
                "put it back by hand if that is wanted",
            );
            Some(live)
        }
        (None, None) => Some(live),
    }
}

fn topic(
    past: &Past<Option<TopicState>>,
    names: &Names,
    at: At<'_>,
    say: &mut Remarks,
) -> Option<TopicState> {
    let live = past.live.clone()?;
    let (Some(before), Some(after)) = (&past.before, &past.after) else {
        if past.before.is_none() && past.after.is_some() {
            say.finding(
                "topic",
                format!("the run created the topic {}; it is not deleted", names.topic_name()),
                format!(
                    "if nobody needs it, and nobody who hears: aws sns delete-topic --topic-arn {} \
                     --region {}",
                    names.topic,
                    at.region()
                ),
            );
        }
        return Some(live);
    };
    let key = Past { before: before.key.clone(), after: after.key.clone(), live: live.key.clone() };
    let read = |own: &TopicState| Policy::parse(&own.policy).ok();
    let policies = Past { before: read(before), after: read(after), live: read(&live) };
    let undone = Policy::undo(&policies, Dialect::resource(&at.context.partition));
    for statement in undone.moved {
        say.finding(
            "policy",
            format!(
                "the statement {statement} was changed again after that run, and is left as it is"
            ),
            "put it back by hand if that is wanted",
        );
    }
    let policy = match (undone.differs, undone.policy) {
        (true, Some(policy)) => policy.text(),
        _ => live.policy.clone(),
    };
    Some(TopicState { policy, key: say.put_back_part("kms_key", &key), ..live })
}

/// A queue that the run made stays, with what it holds.
fn queue(past: &Past<Option<QueueState>>, at: At<'_>, say: &mut Remarks) -> Option<QueueState> {
    if past.before.is_some() || past.live.is_none() {
        return say.put_back_part("dead_letters", past);
    }
    say.finding(
        "dead_letters",
        "the run created the queue for what could not be sent; it is not deleted",
        format!(
            "if nobody needs it and what it holds: SQS console in {}, the queue, Delete",
            at.region()
        ),
    );
    past.live.clone()
}

fn subscribers(past: &Past<Option<Subscribers>>, say: &mut Remarks) -> Option<Subscribers> {
    let (before, after) = (past.before.clone().unwrap_or_default(), past.after.as_ref());
    let added = |own: &Subscribers, had: &Subscribers| {
        let email = own.email.difference(&had.email);
        email.chain(own.https.difference(&had.https)).cloned().collect::<Vec<_>>()
    };
    for new in after.map(|after| added(after, &before)).unwrap_or_default() {
        say.finding(
            "subscribers",
            format!("the run subscribed {new:?}; the subscription is not ended"),
            "if it is not wanted, end it: SNS console, Subscriptions, Delete",
        );
    }
    past.live.clone()
}

//! `[alerts]`: what needs attention is sent to people.
//!
//! There is one topic, in the home region, and one rule in every region. The rule of the home region
//! sends to the topic; those of other regions forward to the bus of the home region, with a role. So
//! one more region costs two requests. Sign-ins are reported in the region whose endpoint was used, and
//! what is done in global services in one region, wherever the home region is.

mod dead_letters;
mod forwarding;
mod live;
mod names;
mod patterns;
mod restore;
mod rule;
mod settings;
mod subscribers;
#[cfg(test)]
mod tests;
mod topic;
pub mod trial;
mod watches;
mod wire;

use super::roles::{self, RoleState};
use crate::aws::facts::Reader;
use crate::aws::keys::DESCRIBE_KEY;
use crate::aws::roles::{GET_POLICY, GET_ROLE, LIST_ATTACHED, LIST_INLINE};
use crate::aws::topics::GET_TOPIC;
use crate::aws::{AwsError, Facts};
use crate::control::owner::owner;
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Past, Places, Prerequisite, Reference,
    Remarks, Steps,
};
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use dead_letters::QueueState;
use live::{Live, Target};
use names::{Names, forwards};
use rule::RuleState;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use settings::Settings;
use std::sync::Arc;
use subscribers::Subscribers;
use topic::TopicState;
use wire::{
    CREATE_QUEUE, CREATE_TOPIC, DESCRIBE_BUS, DESCRIBE_RULE, GET_KEY_POLICY, GET_METRICS,
    GET_QUEUE, GET_QUEUE_ATTRIBUTES, GET_SUBSCRIPTION, LIST_SUBSCRIPTIONS, LIST_TAGS, LIST_TARGETS,
    PUT_RULE, PUT_TARGETS, REMOVE_TARGETS, SET_QUEUE, SET_SUBSCRIPTION, SET_TOPIC, SUBSCRIBE,
};

/// The control.
pub struct Alerts;

/// What calls change. In other regions than the home region it is the rule alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    #[serde(default)]
    topic: Option<TopicState>,
    #[serde(default)]
    subscribers: Option<Subscribers>,
    #[serde(default)]
    rule: Option<RuleState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    watches: Option<RuleState>,
    #[serde(default)]
    role: Option<RoleState>,
    #[serde(default)]
    queue: Option<QueueState>,
}

fn state(live: &Live) -> State {
    let home = live.home.as_ref();
    let topic = home.and_then(|own| own.topic.as_ref());
    State {
        topic: topic.map(TopicState::of),
        subscribers: topic.map(Subscribers::of),
        rule: live.rule.as_ref().map(RuleState::of),
        watches: live.watches.as_ref().map(RuleState::of),
        role: home.and_then(|own| own.role.as_ref()).map(roles::state),
        queue: home.and_then(|own| own.queue.as_ref()).map(QueueState::of),
    }
}

impl Control for Alerts {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &[
        "bus",
        "enabled",
        "filters",
        "other_events",
        "policy",
        "role",
        "subscribers",
        "targets",
        "test_events",
        "watches",
    ];
    const ABOUT: About = About {
        name: "alerts",
        title: "people hear of findings, sign-ins and changes of what watches",
        why: "A finding that nobody reads protects nothing. What GuardDuty, Security Hub and the others \
              find, what the root user does, and whoever switches them off is sent to people, from \
              every region, and it is seen when nobody hears any more.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::startup_security("ACCT.08", "security notifications reach people"),
            Reference::nist_csf("Respond", "findings are reported"),
            Reference::well_architected("SEC 4", "security events are detected and reported"),
        ],
        cost: Cost::Partly(
            "1 USD for a million events that other regions forward, 2 USD for 100,000 mails after the \
             first 1,000, 0.60 USD for a million calls of HTTPS endpoints",
        ),
        operations: &[
            GET_TOPIC.operation,
            LIST_SUBSCRIPTIONS.operation,
            GET_SUBSCRIPTION.operation,
            LIST_TAGS.operation,
            DESCRIBE_KEY.operation,
            GET_KEY_POLICY.operation,
            DESCRIBE_RULE.operation,
            LIST_TARGETS.operation,
            DESCRIBE_BUS.operation,
            GET_ROLE.operation,
            LIST_ATTACHED.operation,
            LIST_INLINE.operation,
            GET_POLICY.operation,
            GET_METRICS.operation,
            GET_QUEUE.operation,
            GET_QUEUE_ATTRIBUTES.operation,
            CREATE_TOPIC.operation,
            SET_TOPIC.operation,
            CREATE_QUEUE.operation,
            SET_QUEUE.operation,
            PUT_RULE.operation,
            PUT_TARGETS.operation,
            REMOVE_TARGETS.operation,
            SUBSCRIBE.operation,
            SET_SUBSCRIPTION.operation,
            roles::CREATE,
            roles::TRUST,
            roles::PERMIT,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    /// The home region is the first of them, even where the baseline lists others: there the topic is,
    /// and the role that the others need.
    fn places(_: &Settings, facts: &Facts, context: &Context) -> Result<Vec<Place>, AwsError> {
        let home = Place::region(&context.home_region);
        let mut others = Self::ABOUT.places.all(facts)?;
        others.retain(|place| *place != home);
        Ok(std::iter::once(home).chain(others).collect())
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        live::read(settings, region, context, reader).await
    }

    fn announces(settings: &Arc<Settings>, context: &Context) -> Vec<Announcement> {
        let names = settings.names(context);
        let made_by = Prerequisite::at::<Self>(Place::region(&context.home_region));
        match names.strays_to(context) {
            Some(_) => Vec::new(),
            None => {
                vec![Announcement::Alerts(crate::control::Alerts { topic: names.topic, made_by })]
            }
        }
    }

    fn state(live: &Live) -> State {
        state(live)
    }

    /// The keys of the table, and of what has none the parts that matter.
    fn shown(state: &State) -> Value {
        let State { topic, subscribers, rule, watches, role, queue } = state;
        let mut shown = Map::new();
        shown.extend(topic.as_ref().map(TopicState::shown).unwrap_or_default());
        let listed = subscribers.as_ref().map(|own| json!(own));
        shown.extend(listed.and_then(|own| own.as_object().cloned()).unwrap_or_default());
        shown.extend(rule.as_ref().map(RuleState::shown).unwrap_or_default());
        if let Some(watches) = watches {
            shown.insert("watches".to_owned(), watches.shown_in_one());
        }
        if let Some(queue) = queue {
            shown.insert("dead_letters".to_owned(), queue.shown());
        }
        if let Some(role) = role {
            shown.insert("role".to_owned(), json!(role));
        }
        Value::Object(shown)
    }

    fn looser(from: &State, to: &State) -> Vec<String> {
        let looser = |from: &Option<RuleState>, to: &Option<RuleState>| match (from, to) {
            (Some(from), Some(to)) => from.looser(to),
            _ => Vec::new(),
        };
        let watches = looser(&from.watches, &to.watches).into_iter();
        let watches = watches.map(|key| format!("watches.sends.{key}"));
        looser(&from.rule, &to.rule).into_iter().chain(watches).collect()
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let names = &settings.names(at.context);
        let rule = |target: Target, say: &mut Remarks| {
            Some(rule::wanted(settings, live.rule.as_ref(), target, names, say))
        };
        let now = state(live);
        forwarding::judge_key(&live.bus, at.region(), say);
        dead_letters::judge_failed(&live.failed, at.region(), say);
        let Some(home) = &live.home else {
            let role = Some(forwarding::role(names).arn(at.context));
            let target = Target { arn: names.bus.clone(), role, ..Target::default() };
            let watches = rule::watching(live.watches.as_ref(), target.clone(), names, say);
            return State { rule: rule(target, say), watches, ..now };
        };
        if let Some(region) = names.strays_to(at.context) {
            say.finding(
                "topic",
                format!(
                    "the topic {} is in {region}, and a rule sends only to topics of its own region, \
                     here {}",
                    names.topic,
                    at.region()
                ),
                "name a topic of the home region",
            );
            return now;
        }
        let is_own = names.is_own_topic(at.context);
        let (topic, subscribers) = match is_own {
            true => {
                let topic = topic::wanted(settings, home, names, at.context, say);
                let live = home.topic.as_ref();
                (topic, Some(subscribers::wanted(settings, live, names, at, say)))
            }
            false => {
                say.note(format!(
                    "alerts go to {}, of another account: whether it lets events.amazonaws.com of this \
                     account publish, and who hears, only that account can see",
                    names.topic
                ));
                (None, None)
            }
        };
        let role = forwards(at.context).then(|| {
            forwarding::judge_bus(live.bus.policy.as_deref(), names, at.context, say);
            forwarding::role(names).wanted(home.role.as_ref(), at, "role", say)
        });
        let tags = home.topic.as_ref().map(|own| &own.tags);
        say.owned_by(
            tags.and_then(|tags| owner(names.topic_name(), tags)),
            *settings.take_over == Some(true),
        );
        let name = settings.dead_letters.as_deref();
        let queue = name.and_then(|name| {
            dead_letters::wanted(name, home.queue.as_ref(), names, at.context, say)
        });
        let dead_letters = name.map(|name| dead_letters::arn(name, at.context));
        let target = Target { arn: names.topic.clone(), dead_letters, ..Target::default() };
        let role = role.or(now.role);
        let watches = rule::watching(live.watches.as_ref(), target.clone(), names, say);
        State { topic, subscribers, rule: rule(target, say), watches, role, queue }
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        let mut steps = Steps::default();
        if let Some(topic) = &to.topic {
            steps = steps.and(topic::steps(from.topic.as_ref(), topic, at));
        }
        if let Some(queue) = &to.queue {
            steps = steps.and(dead_letters::steps(from.queue.as_ref(), queue, at));
        }
        if let Some(role) = &to.role {
            let own = forwarding::role(&Names::of_home(at.context));
            steps = steps.and(own.steps(from.role.as_ref(), role, at));
        }
        if let Some(rule) = &to.rule {
            steps = steps.and(rule::steps(&rule::ALERTS, from.rule.as_ref(), rule, at));
        }
        if let Some(watches) = &to.watches {
            steps = steps.and(rule::steps(&rule::WATCHED, from.watches.as_ref(), watches, at));
        }
        if let (Some(topic), Some(subscribers)) = (&to.topic, &to.subscribers) {
            let none = Subscribers::default();
            let had = from.subscribers.as_ref().unwrap_or(&none);
            steps = steps.and(subscribers::steps(had, subscribers, &topic.arn, at));
        }
        // The role is made there.
        let home = Place::region(&at.context.home_region);
        if *at.place != home {
            steps.after_at::<Self>(home);
        }
        steps
    }

    fn restored(settings: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        restore::restored(settings, past, at, say)
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let names = settings.names(context);
        vec![
            ("alerts_rule", names.rule_names().into_iter().map(str::to_owned).collect()),
            ("alerts_topic", vec![names.topic_name().to_owned()]),
            ("home_region", vec![context.home_region.clone()]),
            ("service_role", vec![names::ROLE.to_owned()]),
            ("alerts_queue", settings.dead_letters.iter().cloned().collect()),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let queues = [
            &GET_QUEUE.operation,
            &GET_QUEUE_ATTRIBUTES.operation,
            &CREATE_QUEUE.operation,
            &SET_QUEUE.operation,
        ];
        let queues = queues.into_iter().filter(|_| settings.dead_letters.is_none());
        let metrics = [&GET_METRICS.operation].into_iter();
        let metrics = metrics.filter(|_| settings.failed_deliveries.is_none());
        queues.chain(metrics).map(|operation| operation.name).collect()
    }
}

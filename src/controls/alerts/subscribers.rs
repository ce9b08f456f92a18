//! Who hears: subscriptions are added, and never ended; whether anyone hears is judged.

use super::live::{Subscription, Topic};
use super::names::Names;
use super::settings::Settings;
use super::wire::{NewSubscription, SET_SUBSCRIPTION, SUBSCRIBE, SubscriptionAttribute};
use crate::control::{At, Remarks, Steps};
use crate::sensitive::Sensitive;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What calls change of who hears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribers {
    /// Addresses that are subscribed or were asked to confirm.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub email: BTreeSet<Sensitive>,
    /// The same of endpoints.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub https: BTreeSet<Sensitive>,
    /// The filters of those that the table names, by the ARN of the subscription.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, String>,
}

impl Subscribers {
    /// Those that there are.
    pub fn of(topic: &Topic) -> Self {
        let by = |protocol: &str| -> BTreeSet<Sensitive> {
            let own = topic.subscriptions.iter().filter(|own| own.protocol == protocol);
            own.filter(|own| !own.is_chat()).filter_map(|own| own.address.clone()).collect()
        };
        let filtered = topic.subscriptions.iter();
        let filters = filtered.filter_map(|own| Some((own.arn.clone()?, own.filter.clone()?)));
        Self { email: by("email"), https: by("https"), filters: filters.collect() }
    }
}

/// Those that the baseline asks for, beside those of others.
pub fn wanted(
    settings: &Settings,
    topic: Option<&Topic>,
    names: &Names,
    at: At<'_>,
    say: &mut Remarks,
) -> Subscribers {
    let none = Topic::default();
    let topic = topic.unwrap_or(&none);
    let now = Subscribers::of(topic);
    let asked = Asked { settings, names, region: at.region() };
    asked.judge(topic, say);
    // Addresses of the table come first: of one that is read from a file only the mask is known.
    let with = |own: BTreeSet<Sensitive>, live: &BTreeSet<Sensitive>| {
        let mut all = own;
        all.extend(live.iter().cloned());
        all
    };
    let silenced = topic.subscriptions.iter().filter(|own| asked.is_named(own));
    let silenced: Vec<&String> = silenced.filter_map(|own| own.arn.as_ref()).collect();
    let mut filters = now.filters.clone();
    filters.retain(|arn, _| !silenced.contains(&arn));
    Subscribers {
        email: with(settings.addresses(), &now.email),
        https: with(settings.endpoints(), &now.https),
        filters,
    }
}

struct Asked<'a> {
    settings: &'a Settings,
    names: &'a Names,
    region: &'a str,
}

impl Asked<'_> {
    /// Whether the table names it as one that has to hear.
    fn is_named(&self, own: &Subscription) -> bool {
        let (Some(address), protocol) = (&own.address, own.protocol.as_str()) else {
            return false;
        };
        match protocol {
            "email" => self.settings.addresses().contains(address),
            "https" if own.is_chat() => *self.settings.chat != Some(false),
            "https" => self.settings.endpoints().contains(address),
            _ => false,
        }
    }

    /// Whether it may listen.
    fn is_allowed(&self, own: &Subscription) -> bool {
        let Some(others) = &*self.settings.others else {
            return true;
        };
        let is_other = match (&own.address, &own.endpoint) {
            (Some(address), _) => others.iter().any(|other| Sensitive::new(other) == *address),
            (None, Some(endpoint)) => self.settings.allows_other(endpoint),
            (None, None) => false,
        };
        self.is_named(own) || is_other
    }

    fn judge(&self, topic: &Topic, say: &mut Remarks) {
        for own in &topic.subscriptions {
            match (self.is_named(own), own.is_confirmed()) {
                (true, false) => self.pending(own, say),
                (true, true) => self.protection(own, say),
                (false, _) => self.stranger(own, say),
            }
        }
        let chat = topic.subscriptions.iter().any(|own| own.is_chat() && own.hears());
        if *self.settings.chat == Some(true) && !chat {
            say.finding(
                "chat",
                "no chat channel hears",
                format!(
                    "name the topic in the channel: Amazon Q Developer in chat applications console, \
                     Configured clients, SNS topics, {} in {}",
                    self.names.topic_name(),
                    self.region
                ),
            );
        }
        self.audience(topic, say);
    }

    /// One that has not confirmed: the mail that asks for it is not sent again by itself.
    fn pending(&self, own: &Subscription, say: &mut Remarks) {
        let (topic, region) = (&self.names.topic, self.region);
        let protocol = &own.protocol;
        say.finding(
            protocol,
            format!("{} has not confirmed, and hears nothing", own.shown()),
            format!(
                "follow the link in the mail of AWS Notifications, which is valid for two days, or \
                 confirm with its token: baseline alerts confirm TOKEN. To have it sent again: aws sns \
                 subscribe --topic-arn {topic} --protocol {protocol} --notification-endpoint ENDPOINT \
                 --region {region}"
            ),
        );
    }

    /// One that whoever gets the message may end.
    fn protection(&self, own: &Subscription, say: &mut Remarks) {
        if own.protocol == "email" && own.is_protected == Some(false) {
            say.note(format!(
                "whoever gets a mail for {} can end the subscription by the link in it: confirm with \
                 baseline alerts confirm TOKEN instead of the link to keep that from happening",
                own.shown()
            ));
        }
    }

    /// One that the table does not name.
    fn stranger(&self, own: &Subscription, say: &mut Remarks) {
        if self.is_allowed(own) && own.owner.is_none() {
            return;
        }
        let by = own.owner.as_ref().map(|owner| format!(", subscribed by account {owner}"));
        let remedy = match &own.arn {
            Some(arn) => format!(
                "if it is right, add it to others; else: aws sns unsubscribe --subscription-arn {arn} \
                 --region {}",
                self.region
            ),
            None => "if it is right, add it to others; else see to it that nobody confirms it: it \
                     ends by itself after two days"
                .to_owned(),
        };
        let (shown, by) = (own.shown(), by.unwrap_or_default());
        say.finding("subscribers", format!("{shown} listens, and is not declared{by}"), remedy);
    }

    /// Whether anyone hears.
    fn audience(&self, topic: &Topic, say: &mut Remarks) {
        if topic.subscriptions.iter().any(Subscription::hears) {
            return;
        }
        let (addresses, endpoints) = (self.settings.addresses(), self.settings.endpoints());
        let names_none = addresses.is_empty() && endpoints.is_empty();
        let remedy = match names_none {
            true => "add addresses: email = [\"security@example.com\"]",
            false => "have one of the subscribers confirm",
        };
        let what = "nobody hears: the topic has no confirmed subscriber that hears everything";
        say.finding("subscribers", what, remedy);
    }
}

/// The calls that add to those that there are.
pub fn steps(from: &Subscribers, to: &Subscribers, topic: &str, at: At<'_>) -> Steps {
    let region = at.region();
    let mut steps = Steps::default();
    let both = [("email", &from.email, &to.email), ("https", &from.https, &to.https)];
    for (protocol, from, to) in both {
        for new in to.difference(from) {
            let subscribe = |endpoint: &str| NewSubscription {
                topic_arn: topic.to_owned(),
                protocol: protocol.to_owned(),
                endpoint: endpoint.to_owned(),
            };
            if let Some(clear) = new.reveal() {
                let masked = subscribe(&format!("{new:?}"));
                steps.call(SUBSCRIBE.call(region, subscribe(clear)).masked(masked));
            }
        }
    }
    for (arn, _) in from.filters.iter().filter(|(arn, _)| !to.filters.contains_key(*arn)) {
        let input = SubscriptionAttribute {
            subscription_arn: arn.clone(),
            attribute_name: "FilterPolicy".to_owned(),
            attribute_value: "{}".to_owned(),
        };
        steps.call(SET_SUBSCRIPTION.call(region, input));
    }
    steps
}

//! Alerts as they are: in the home region the topic and what it needs, in every region the rule.

use super::dead_letters;
use super::names::{Names, ROLE, RULE, WATCHES, forwards};
use super::patterns::{self, Sends};
use super::settings::Settings;
use super::watches;
use super::wire::{
    AttributesFound, BusAsked, DESCRIBE_BUS, DESCRIBE_RULE, GET_KEY_POLICY, GET_SUBSCRIPTION,
    KeyPolicyAsked, LIST_SUBSCRIPTIONS, LIST_TAGS, LIST_TARGETS, RuleAsked, SubscriptionAsked,
    SubscriptionFound, SubscriptionsAsked, TagsAsked, TargetFound, TargetsAsked,
};
use crate::aws::facts::Reader;
use crate::aws::keys::{self, Key, Named};
use crate::aws::roles::Role;
use crate::aws::tags::Tag;
use crate::aws::{AwsError, unless_absent};
use crate::control::Context;
use crate::sensitive::Sensitive;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Alerts in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The second rule; read only where anything is watched besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watches: Option<Rule>,
    /// The default event bus.
    #[serde(default)]
    pub bus: Bus,
    /// How many deliveries failed in the last day, by who could not deliver; read only where asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u64>,
    /// The rest, which only the home region has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
}

/// The rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whether it is enabled, in AWS's word.
    pub state: String,
    pub pattern: String,
    /// What the pattern sends.
    pub sends: Sends,
    /// By id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, Target>,
    /// The service that made it and manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

/// Where the rule sends to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub arn: String,
    /// The role with which EventBridge sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The queue for what could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters: Option<String>,
    /// What else is set, by AWS's names: it changes what arrives, or gives up sooner.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub altered_by: BTreeSet<String>,
}

/// The default event bus, which the account has in every region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Who may send to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What keeps it from taking events: the end of a sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What only the home region has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// The key that the table names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_key: Option<Named>,
    /// The key that the topic has, as far as it is this account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_key: Option<Key>,
    /// The policies of both keys, by ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub key_policies: BTreeMap<String, String>,
    /// The role with which other regions forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The queue that the table names for what could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
}

/// The queue for what could not be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub name: String,
    pub url: String,
    /// Empty where there is none.
    pub policy: String,
    /// About how many messages wait.
    pub waiting: usize,
}

/// The topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub arn: String,
    pub policy: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscription>,
}

/// Who hears.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub protocol: String,
    /// An address, number or URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Sensitive>,
    /// Any other endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The ARN; nothing while it is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The account that subscribed, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it is allowed to hear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Whether only someone with rights in an account can end it; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_protected: Option<bool>,
}

/// What stands in the place of the ARN of a subscription that was ended.
const DELETED: &str = "Deleted";

/// The chat service of AWS, which subscribes by itself. Source: Amazon Q Developer in chat applications
/// Administrator Guide, "Troubleshooting".
pub const CHAT: &str = "https://global.sns-api.chatbot.amazonaws.com";

impl Subscription {
    /// Whether messages go there.
    pub fn is_confirmed(&self) -> bool {
        self.arn.is_some()
    }

    /// Whether it hears everything.
    pub fn hears(&self) -> bool {
        self.is_confirmed() && self.filter.is_none()
    }

    /// Whether it is a chat channel's.
    pub fn is_chat(&self) -> bool {
        self.protocol == "https" && self.address == Some(Sensitive::new(CHAT))
    }

    /// Its endpoint, with a mask over what is personal.
    pub fn shown(&self) -> String {
        match (&self.address, &self.endpoint) {
            (Some(address), _) => format!("{} {address:?}", self.protocol),
            (None, endpoint) => {
                format!("{} {}", self.protocol, endpoint.as_deref().unwrap_or_default())
            }
        }
    }

    fn of(found: &SubscriptionFound, account: &str) -> Option<Self> {
        let SubscriptionFound { subscription_arn, protocol, endpoint, owner } = found;
        if subscription_arn == DELETED {
            return None;
        }
        let is_plain = endpoint.starts_with("arn:");
        Some(Self {
            protocol: protocol.clone(),
            address: (!is_plain).then(|| Sensitive::new(endpoint)),
            endpoint: is_plain.then(|| endpoint.clone()),
            arn: Some(subscription_arn.clone()).filter(|arn| arn.starts_with("arn:")),
            owner: Some(owner.clone()).filter(|owner| !owner.is_empty() && owner != account),
            ..Self::default()
        })
    }

    fn with(mut self, AttributesFound { attributes }: AttributesFound) -> Self {
        let is_empty = |text: &String| text.chars().all(|c| c.is_whitespace() || "{}".contains(c));
        self.filter = attributes.get("FilterPolicy").filter(|text| !is_empty(text)).cloned();
        let authenticated = attributes.get("ConfirmationWasAuthenticated");
        self.is_protected = authenticated.map(|text| text == "true");
        self
    }
}

impl Target {
    fn of(found: TargetFound) -> (String, Self) {
        // Defaults. Source: EventBridge API Reference, RetryPolicy.
        let gives_up = found.retry_policy.as_ref().is_some_and(|own| {
            own.maximum_retry_attempts.is_some_and(|attempts| attempts < 185)
                || own.maximum_event_age_in_seconds.is_some_and(|age| age < 86_400)
        });
        let altered_by = [
            ("Input", found.input.is_some()),
            ("InputPath", found.input_path.is_some()),
            ("InputTransformer", found.input_transformer.is_some()),
            ("RetryPolicy", gives_up),
        ];
        let altered_by = altered_by.into_iter().filter(|(_, is_set)| *is_set);
        let target = Self {
            arn: found.arn,
            role: found.role_arn,
            dead_letters: found.dead_letter_config.and_then(|own| own.arn),
            altered_by: altered_by.map(|(name, _)| name.to_owned()).collect(),
        };
        (found.id, target)
    }
}

/// Reads a region.
pub async fn read(
    settings: &Settings,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let names = &settings.names(context);
    let asked = Asked { settings, names, region, context, reader };
    let home = async {
        match region == context.home_region {
            true => asked.home().await.map(Some),
            false => Ok(None),
        }
    };
    // On the heap: all of it at once is more than a stack should hold.
    let (rule, watches, bus, failed, home) = tokio::try_join!(
        Box::pin(asked.rule(RULE, |pattern| patterns::sent(pattern, names))),
        Box::pin(asked.watches()),
        Box::pin(asked.bus()),
        Box::pin(asked.failed()),
        Box::pin(home),
    )?;
    Ok(Live { rule, watches, bus, failed, home })
}

#[derive(Clone, Copy)]
struct Asked<'a> {
    settings: &'a Settings,
    names: &'a Names,
    region: &'a str,
    context: &'a Context,
    reader: &'a Reader,
}

/// The code by which EventBridge says that there is no such rule.
const ABSENT: &str = "ResourceNotFoundException";

impl Asked<'_> {
    async fn watches(self) -> Result<Option<Rule>, AwsError> {
        let watched = &self.names.watched;
        match watched.is_empty() {
            true => Ok(None),
            false => self.rule(WATCHES, |pattern| watches::sent(pattern, watched)).await,
        }
    }

    async fn rule(
        self,
        name: &str,
        sends: impl Fn(&str) -> Sends,
    ) -> Result<Option<Rule>, AwsError> {
        let clients = &self.reader.clients;
        let rule = RuleAsked { name: name.to_owned() };
        let targets = TargetsAsked { rule: name.to_owned() };
        let (rule, targets) = tokio::join!(
            Box::pin(DESCRIBE_RULE.ask(clients, self.region, &rule)),
            Box::pin(LIST_TARGETS.pages(clients, self.region, &targets)),
        );
        // Whoever may not see the targets of a rule could not judge the one that is to be made.
        let targets = unless_absent(targets, ABSENT)?.unwrap_or_default();
        let Some(rule) = unless_absent(rule, ABSENT)? else {
            return Ok(None);
        };
        let targets = targets.into_iter().flat_map(|page| page.targets);
        let pattern = rule.event_pattern.unwrap_or_default();
        Ok(Some(Rule {
            state: rule.state.unwrap_or_default(),
            sends: sends(&pattern),
            pattern,
            targets: targets.map(Target::of).collect(),
            managed_by: rule.managed_by,
        }))
    }

    async fn home(self) -> Result<Home, AwsError> {
        let role = async {
            match forwards(self.context) {
                true => self.reader.role(ROLE).await,
                false => Ok(None),
            }
        };
        let queue = async {
            match &*self.settings.dead_letters {
                Some(name) => dead_letters::read(name, self.region, self.reader).await,
                None => Ok(None),
            }
        };
        let (topic, named_key, role, queue) = tokio::try_join!(
            Box::pin(self.topic()),
            Box::pin(self.named_key()),
            Box::pin(role),
            Box::pin(queue),
        )?;
        let topic_key = self.topic_key(topic.as_ref()).await?;
        let both = [named_key.as_ref().and_then(|own| own.found.as_ref()), topic_key.as_ref()];
        let both: BTreeSet<&String> = both.into_iter().flatten().map(|key| &key.arn).collect();
        let policies = both.into_iter().map(|arn| self.key_policy(arn));
        let key_policies = try_join_all(policies).await?.into_iter().flatten().collect();
        Ok(Home { topic, named_key, topic_key, key_policies, role, queue })
    }

    async fn failed(self) -> Result<BTreeMap<String, u64>, AwsError> {
        if self.settings.failed_deliveries.is_none() {
            return Ok(BTreeMap::new());
        }
        let is_topics = self.region == self.context.home_region
            && self.names.is_own_topic(self.context)
            && self.names.strays_to(self.context).is_none();
        let topic = is_topics.then(|| self.names.topic_name());
        dead_letters::failed(topic, self.names, self.region, self.context, self.reader).await
    }

    /// Whoever has the bus encrypted with a key that nobody can use keeps events from every rule.
    async fn bus(self) -> Result<Bus, AwsError> {
        let input = BusAsked { name: "default".to_owned() };
        let found = DESCRIBE_BUS.ask(&self.reader.clients, self.region, &input).await?;
        let fault = match &found.kms_key_identifier {
            Some(name) => {
                let account = &self.context.account;
                let is_own = keys::owner(name).is_none_or(|owner| owner == account);
                let seen = match is_own {
                    true => self.reader.key(name, self.region).await?,
                    false => None,
                };
                let fault = keys::fault(name, account, seen.as_ref());
                fault.map(|fault| format!("is encrypted with the key {name}, which {fault}"))
            }
            None => None,
        };
        Ok(Bus { policy: found.policy, fault })
    }

    async fn named_key(self) -> Result<Option<Named>, AwsError> {
        match &*self.settings.kms_key {
            Some(name) => self.reader.named_key(name, self.region).await.map(Some),
            None => Ok(None),
        }
    }

    async fn topic_key(self, topic: Option<&Topic>) -> Result<Option<Key>, AwsError> {
        let name = topic.and_then(|own| own.key.as_deref());
        let is_own = |name: &&str| keys::owner(name).is_none_or(|own| own == self.context.account);
        match name.filter(is_own) {
            Some(name) => self.reader.key(name, self.region).await,
            None => Ok(None),
        }
    }

    /// The policy of a key of this account.
    async fn key_policy(self, arn: &str) -> Result<Option<(String, String)>, AwsError> {
        if keys::owner(arn) != Some(&self.context.account) {
            return Ok(None);
        }
        let input = KeyPolicyAsked { key_id: arn.to_owned(), policy_name: "default".to_owned() };
        let found = GET_KEY_POLICY.ask(&self.reader.clients, self.region, &input).await?;
        Ok(found.policy.map(|policy| (arn.to_owned(), policy)))
    }

    /// The topic, where it is one that this account can read.
    async fn topic(self) -> Result<Option<Topic>, AwsError> {
        let arn = &self.names.topic;
        let is_here = self.names.strays_to(self.context).is_none();
        if !self.names.is_own_topic(self.context) || !is_here {
            return Ok(None);
        }
        let clients = &self.reader.clients;
        let subscriptions = SubscriptionsAsked { topic_arn: arn.clone() };
        let tags = TagsAsked { resource_arn: arn.clone() };
        let (found, subscriptions, tags) = tokio::join!(
            Box::pin(self.reader.topic(arn)),
            Box::pin(LIST_SUBSCRIPTIONS.pages(clients, self.region, &subscriptions)),
            Box::pin(LIST_TAGS.ask(clients, self.region, &tags)),
        );
        let tags = unless_gone(tags)?.map(|found| found.tags).unwrap_or_default();
        let pages = unless_gone(subscriptions)?.unwrap_or_default();
        let Some(found) = found? else {
            return Ok(None);
        };
        let all = pages.into_iter().flat_map(|page| page.subscriptions);
        let each = all.filter_map(|own| Subscription::of(&own, &self.context.account));
        let mut subscriptions = try_join_all(each.map(|own| self.with_attributes(own))).await?;
        subscriptions.sort();
        Ok(Some(Topic {
            arn: arn.clone(),
            policy: found.policy,
            key: found.key,
            tags: Tag::table(tags),
            subscriptions,
        }))
    }

    /// A subscription with its filter, which only its own attributes tell.
    async fn with_attributes(self, own: Subscription) -> Result<Subscription, AwsError> {
        let Some(arn) = own.arn.clone() else {
            return Ok(own);
        };
        let input = SubscriptionAsked { subscription_arn: arn };
        let found = GET_SUBSCRIPTION.ask(&self.reader.clients, self.region, &input).await;
        match unless_gone(found)? {
            Some(attributes) => Ok(own.with(attributes)),
            // It was ended between the two requests.
            None => Ok(Subscription { arn: None, ..own }),
        }
    }
}

/// The codes by which SNS says that there is none; on the wire it is the first.
fn unless_gone<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Err(error)
            if ["NotFound", "NotFoundException", "ResourceNotFound"]
                .iter()
                .any(|code| error.is(code)) =>
        {
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

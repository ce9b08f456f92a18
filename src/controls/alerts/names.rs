//! What the things are called that alerts are made of.

use super::watches::Watched;
use crate::aws::keys;
use crate::control::Context;
use serde_json::{Value, json};

/// The rule in every region: the one of the home region sends to the topic, those of the others to
/// the bus of the home region.
pub const RULE: &str = "baseline-alerts";

/// The second rule in every region, where other controls want alerts of more: see
/// [`Sought`](crate::control::Sought).
pub const WATCHES: &str = "baseline-alerts-watches";

/// The one target of a rule that is ours.
pub const TARGET: &str = "baseline";

/// The role with which other regions forward.
pub const ROLE: &str = "baseline-alerts-forwarding";

/// The source of the events by which the way is tested. Nobody may use one of AWS's own.
pub const TEST_SOURCE: &str = "baseline.alerts";

/// The ARNs, whether or not the things exist.
#[derive(Clone, Debug)]
pub struct Names {
    /// The topic.
    pub topic: String,
    /// The rules of the home region.
    pub rules: Vec<String>,
    /// What the second rule sends; without anything there is none.
    pub watched: Watched,
    /// The default event bus of the home region.
    pub bus: String,
    /// The bucket of the logs, if the baseline has one.
    pub log_bucket: Option<String>,
}

impl Names {
    /// The names that depend on no table.
    pub fn of_home(context: &Context) -> Self {
        let Context { partition, account, home_region, log_bucket, .. } = context;
        Self {
            topic: String::new(),
            rules: vec![rule_arn(RULE, context)],
            watched: Watched::new(),
            bus: format!("arn:{partition}:events:{home_region}:{account}:event-bus/default"),
            log_bucket: log_bucket.clone(),
        }
    }

    /// The same, with a second rule for what is watched besides.
    #[must_use]
    pub fn watching(mut self, watched: Watched, context: &Context) -> Self {
        if !watched.is_empty() {
            self.rules.push(rule_arn(WATCHES, context));
        }
        self.watched = watched;
        self
    }

    /// The ARNs of the rules as a condition of a policy holds them.
    pub fn sources(&self) -> Value {
        match self.rules.as_slice() {
            [only] => json!(only),
            all => json!(all),
        }
    }

    /// What the rules are called.
    pub fn rule_names(&self) -> Vec<&'static str> {
        let second = (!self.watched.is_empty()).then_some(WATCHES);
        std::iter::once(RULE).chain(second).collect()
    }

    /// The name of the topic.
    pub fn topic_name(&self) -> &str {
        self.topic.rsplit(':').next().unwrap_or_default()
    }

    /// Whether the topic is the account's own, which can be read and put right.
    pub fn is_own_topic(&self, context: &Context) -> bool {
        keys::owner(&self.topic) == Some(&context.account)
    }

    /// The region of the topic, if that is not the home region: no rule there can send to it.
    /// Source: EventBridge User Guide, "Event bus targets".
    pub fn strays_to(&self, context: &Context) -> Option<&str> {
        keys::region(&self.topic).filter(|region| *region != context.home_region)
    }
}

fn rule_arn(name: &str, context: &Context) -> String {
    let Context { partition, account, home_region, .. } = context;
    format!("arn:{partition}:events:{home_region}:{account}:rule/{name}")
}

/// Whether other regions are looked at, which forward.
pub fn forwards(context: &Context) -> bool {
    let listed = context.listed_regions.as_ref();
    listed.is_none_or(|regions| regions.iter().any(|region| *region != context.home_region))
}

//! What the things are called that alerts are made of.

use crate::aws::keys;
use crate::control::Context;

/// The rule in every region: the one of the home region sends to the topic, those of the others to
/// the bus of the home region.
pub const RULE: &str = "baseline-alerts";

/// The one target of the rule that is ours.
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
    /// The rule of the home region.
    pub rule: String,
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
            rule: format!("arn:{partition}:events:{home_region}:{account}:rule/{RULE}"),
            bus: format!("arn:{partition}:events:{home_region}:{account}:event-bus/default"),
            log_bucket: log_bucket.clone(),
        }
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

/// Whether other regions are looked at, which forward.
pub fn forwards(context: &Context) -> bool {
    let listed = context.listed_regions.as_ref();
    listed.is_none_or(|regions| regions.iter().any(|region| *region != context.home_region))
}

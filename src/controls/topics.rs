//! Topics that a control relies on: whether what is announced there can arrive.
//!
//! Whoever deletes the topic, takes the service out of its policy or disables its key silences the
//! announcement, while the alert, trail or channel that makes it looks the same as before.

use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::aws::keys;
use crate::aws::topics::Topic;
use crate::control::Context;
use crate::policy::{Dialect, Policy, Request, Verdict};

/// Who publishes to a topic.
pub struct Publisher<'a> {
    /// The principal of the service.
    pub service: &'a str,
    /// The ARN of what it publishes for.
    pub of: &'a str,
    /// Whether it may publish by a role of the account: then neither its policy nor AWS's own key
    /// need to let the service itself.
    pub has_role: bool,
}

/// What keeps a service from publishing to a topic, as the end of a sentence about the topic; nothing
/// for a topic of another account, which only that account can read, nor for that of the account's
/// alerts, which may not exist yet and is judged by the control that makes it.
///
/// # Errors
/// When the topic or its key could not be seen.
pub async fn fault(
    topic: &str,
    publisher: &Publisher<'_>,
    context: &Context,
    reader: &Reader,
) -> Result<Option<String>, AwsError> {
    if keys::owner(topic) != Some(&context.account) || context.sends_alerts_to(topic) {
        return Ok(None);
    }
    let Some(found) = reader.topic(topic).await? else {
        return Ok(Some("does not exist".to_owned()));
    };
    // What cannot be judged is not taken for fine.
    let Ok(policy) = Policy::parse(&found.policy) else {
        return Ok(Some("has a policy that cannot be read".to_owned()));
    };
    if let Some(fault) = policy_fault(&policy, topic, publisher, context) {
        return Ok(Some(fault));
    }
    key_fault(topic, publisher, &found, context, reader).await
}

/// Why the policy of a topic keeps a service from publishing, as the end of a sentence about the topic.
pub fn policy_fault(
    policy: &Policy,
    topic: &str,
    publisher: &Publisher<'_>,
    context: &Context,
) -> Option<String> {
    let (service, of) = (publisher.service, publisher.of);
    let request = Request::by_service(service, "sns:Publish", topic, &context.account, of);
    match policy.judge(&request, Dialect::resource(&context.partition)) {
        Verdict::Denied { by } => {
            Some(format!("has a policy whose statement {by} denies {service} to publish"))
        }
        Verdict::NotAllowed if !publisher.has_role => {
            Some(format!("has a policy that does not let {service} publish (sns:Publish)"))
        }
        _ => None,
    }
}

/// AWS's own key for SNS has a policy that lets no service in, and nobody can change it. Source: SNS
/// Developer Guide, "Securing Amazon SNS data with server-side encryption", event sources.
async fn key_fault(
    topic: &str,
    publisher: &Publisher<'_>,
    found: &Topic,
    context: &Context,
    reader: &Reader,
) -> Result<Option<String>, AwsError> {
    let Some(key) = &found.key else {
        return Ok(None);
    };
    let encrypted = |fault: &str| format!("is encrypted with the key {key}, which {fault}");
    let is_own = keys::owner(key).is_none_or(|owner| owner == context.account);
    let region = keys::region(key).or(keys::region(topic));
    let seen = match region.filter(|_| is_own) {
        Some(region) => reader.key(key, region).await?,
        None => None,
    };
    if seen.as_ref().is_some_and(|key| key.is_of_aws) {
        let fault = format!("does not let {} in", publisher.service);
        return Ok((!publisher.has_role).then(|| encrypted(&fault)));
    }
    let fault = keys::fault(key, &context.account, seen.as_ref());
    Ok(fault.map(|fault| encrypted(&fault)))
}

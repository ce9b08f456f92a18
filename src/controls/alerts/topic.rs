//! The topic: who may publish to it, and which key encrypts it.

use super::live::{Home, Topic};
use super::names::Names;
use super::settings::Settings;
use super::wire::{CREATE_TOPIC, NewTopic, SET_TOPIC, TopicAttribute};
use crate::aws::keys::{self, Key};
use crate::aws::tags::Tag;
use crate::control::{At, Context, OUR_TAG, Remarks, Steps};
use crate::controls::keys::{Keys, made_as};
use crate::controls::topics::{Publisher, policy_fault};
use crate::policy::{Dialect, Fact, Kind, Policy, Request, Statement, Verdict, weaknesses};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What calls change of the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicState {
    pub arn: String,
    pub policy: String,
    pub key: Option<String>,
}

impl TopicState {
    /// The topic as it is.
    pub fn of(live: &Topic) -> Self {
        Self { arn: live.arn.clone(), policy: live.policy.clone(), key: live.key.clone() }
    }

    /// As plans show it: of its policy the statements that are ours.
    pub fn shown(&self) -> Map<String, Value> {
        let policy = Policy::parse(&self.policy).unwrap_or_else(|_| Policy::empty());
        let own = policy.statements().iter().filter(|own| own.is_own());
        let own = own.map(|own| (own.sid().unwrap_or_default().to_owned(), own.shown()));
        let name = self.arn.rsplit(':').next();
        let shown = [
            ("topic", json!(name)),
            ("policy", Value::Object(own.collect())),
            ("kms_key", json!(self.key)),
        ];
        shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Who sends to the topic besides the rule: the services that do it by themselves, each with what it
/// does it for.
fn services(context: &Context) -> [(&'static str, String); 3] {
    let Context { partition, account, home_region, .. } = context;
    [
        (
            "cloudwatch.amazonaws.com",
            format!("arn:{partition}:cloudwatch:{home_region}:{account}:alarm:alarm"),
        ),
        ("budgets.amazonaws.com", format!("arn:{partition}:budgets::{account}:budget/budget")),
        (
            "costalerts.amazonaws.com",
            format!("arn:{partition}:ce::{account}:anomalysubscription/subscription"),
        ),
    ]
}

const EVENTS: &str = "events.amazonaws.com";

/// The statements that let the publishers in, for this account alone. Sources: SNS Developer Guide,
/// "Allow any AWS resource to publish notifications to a topic"; EventBridge User Guide,
/// "Resource-based policies"; Cost Management User Guide, "Creating an Amazon SNS topic for budget
/// notifications" and "... for anomaly notifications".
fn statements(names: &Names, context: &Context) -> [Value; 2] {
    let by_service: Vec<&str> = services(context).iter().map(|(service, _)| *service).collect();
    let allow = |sid: &str, service: Value, condition: Value| {
        json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": names.topic,
            "Condition": condition,
        })
    };
    [
        allow(
            "BaselineAlertsRule",
            json!(EVENTS),
            json!({"ArnEquals": {"aws:SourceArn": names.sources()}}),
        ),
        allow(
            "BaselineAlertsServices",
            json!(by_service),
            json!({"StringEquals": {"aws:SourceAccount": context.account}}),
        ),
    ]
}

/// The topic that the baseline asks for.
pub fn wanted(
    settings: &Settings,
    home: &Home,
    names: &Names,
    context: &Context,
    say: &mut Remarks,
) -> Option<TopicState> {
    let now = home.topic.as_ref().map(TopicState::of);
    let is_ours = home.topic.as_ref().is_some_and(|own| own.tags.contains_key(OUR_TAG));
    let policy = match &now {
        None => Ok(Policy::empty()),
        Some(now) => Policy::parse(&now.policy).map(|policy| match is_ours && is_of_aws(&policy) {
            // A run made the topic, and broke off before it had its policy.
            true => Policy::empty(),
            false => policy,
        }),
    };
    let policy = match policy {
        Ok(policy) => with_ours(policy, names, context),
        Err(cause) => {
            let what = format!("the policy of the topic cannot be read: {cause}");
            say.finding("policy", what, "write it anew in the SNS console");
            say.withhold();
            return now;
        }
    };
    judge_policy(&policy, names, context, say);
    let key = wanted_key(settings, home, now.as_ref());
    judge_key(home, key.as_deref(), names, context, say);
    Some(TopicState { arn: names.topic.clone(), policy: policy.text(), key })
}

/// Whether it is the policy that AWS gives a new topic. Source: SNS Developer Guide, "Default
/// permissions"; the name of its statement is the one that is answered.
fn is_of_aws(policy: &Policy) -> bool {
    let sids: Vec<_> = policy.statements().iter().map(Statement::sid).collect();
    sids == [Some("__default_statement_ID")]
}

/// With what lets the publishers in, as far as nothing does.
fn with_ours(mut policy: Policy, names: &Names, context: &Context) -> Policy {
    let dialect = Dialect::resource(&context.partition);
    for wanted in statements(names, context) {
        let ours = Statement::from(&wanted);
        let live = ours.sid().and_then(|sid| policy.with_sid(sid));
        if !live.is_some_and(|live| policy.same(live, &ours, dialect)) {
            policy.put(&wanted);
        }
    }
    policy
}

/// Reports what keeps a publisher out in spite of our statements, and who else is let in.
fn judge_policy(policy: &Policy, names: &Names, context: &Context, say: &mut Remarks) {
    let rules = names.rules.iter().map(|rule| (EVENTS, rule.clone()));
    let all = services(context).into_iter().chain(rules);
    for (service, of) in all {
        let publisher = Publisher { service, of: &of, has_role: false };
        if let Some(fault) = policy_fault(policy, &names.topic, &publisher, context) {
            say.finding(
                "policy",
                format!("the topic {fault}"),
                "take that statement out of the policy of the topic: SNS console, Topics, Edit, \
                 Access policy",
            );
        }
    }
    let (account, partition) = (&context.account, &context.partition);
    for weakness in weaknesses(policy, &names.topic, account, partition) {
        let is_about_strangers = matches!(
            weakness.kind,
            Kind::Public
                | Kind::Shared(_)
                | Kind::ForOthers(_)
                | Kind::ForAnyone(_)
                | Kind::Untold(_)
                | Kind::NotUnderstood
        );
        if is_about_strangers {
            say.finding(
                "policy",
                format!("in the policy of the topic, {}", weakness.what),
                "whoever may publish can send false alerts, whoever may subscribe hears them: take \
                 the statement out, or hold it to this account",
            );
        }
    }
}

/// The key that the topic has to have: its own, if it stands for the one that is asked for.
fn wanted_key(settings: &Settings, home: &Home, now: Option<&TopicState>) -> Option<String> {
    let live = now.and_then(|own| own.key.clone());
    let Some(name) = &*settings.kms_key else {
        return live;
    };
    let arn = |key: Option<&Key>| key.map(|key| key.arn.clone());
    let named = arn(home.named_key.as_ref().and_then(|own| own.found.as_ref()));
    let is_it = live.is_some() && named.is_some() && arn(home.topic_key.as_ref()) == named;
    if is_it { live } else { Some(name.clone()) }
}

/// Reports why the publishers cannot use the key: then every message is lost without a word.
fn judge_key(
    home: &Home,
    wanted: Option<&str>,
    names: &Names,
    context: &Context,
    say: &mut Remarks,
) {
    // A key that the baseline makes is made first, and its policy is judged where it is made.
    let Some(name) = wanted.filter(|name| !context.makes_key(name, &context.home_region)) else {
        return;
    };
    let named = home.named_key.as_ref();
    let key = named.and_then(|own| own.found.as_ref()).or(home.topic_key.as_ref());
    if named.is_some_and(|own| own.is_hidden) {
        say.note(keys::hidden(name));
        return;
    }
    let mut fault = |fault: &str, remedy: &str| {
        say.finding(
            "kms_key",
            format!("the topic is encrypted with the key {name}, which {fault}"),
            remedy,
        );
    };
    if key.is_some_and(|key| key.is_of_aws) {
        let remedy = "name a key of your own in kms_key: AWS's own lets no service in";
        return fault("lets no service in, so that alerts are lost", remedy);
    }
    if let Some(why) = keys::fault(name, &context.account, key) {
        return fault(&why, "enable it, or name another in kms_key: until then no alert arrives");
    }
    let Some(key) = key else {
        return;
    };
    let policy = home.key_policies.get(&key.arn);
    let Some(policy) = policy.and_then(|text| Policy::parse(text).ok()) else {
        return fault("has a policy that cannot be read", "look at it in the KMS console");
    };
    let all = services(context).map(|(service, of)| (service, Some(of)));
    let kept_out: Vec<&str> = [(EVENTS, None)]
        .into_iter()
        .chain(all)
        .filter(|(service, of)| !may_use(&policy, service, of.as_deref(), key, names, context))
        .map(|(service, _)| service)
        .collect();
    if !kept_out.is_empty() {
        fault(
            &format!("has a policy that does not let {} use it", kept_out.join(", ")),
            "let them kms:Decrypt and kms:GenerateDataKey* in its policy; for events.amazonaws.com \
             without conditions on aws:SourceArn or aws:SourceAccount, of which EventBridge sends \
             none",
        );
    }
}

/// Whether a service may encrypt a message. EventBridge says nothing of what it acts for. Source:
/// EventBridge User Guide, "Amazon SNS topic ... encrypted": conditions on aws:SourceArn and
/// aws:SourceAccount are not supported.
fn may_use(
    policy: &Policy,
    service: &str,
    of: Option<&str>,
    key: &Key,
    names: &Names,
    context: &Context,
) -> bool {
    ["kms:Decrypt", "kms:GenerateDataKey"].iter().all(|action| {
        let request = Request::by_service(
            service,
            action,
            &key.arn,
            &context.account,
            of.unwrap_or_default(),
        )
        .with("kms:EncryptionContext:aws:sns:topicArn", Fact::is(&names.topic))
        .at(context.now);
        let request = match of {
            Some(_) => request,
            None => request
                .with("aws:SourceArn", Fact::Absent)
                .with("aws:SourceAccount", Fact::Absent)
                .with("aws:SourceOrgID", Fact::Absent),
        };
        let verdict = policy.judge(&request, Dialect::resource(&context.partition));
        matches!(verdict, Verdict::Allowed { .. })
    })
}

/// The calls from one topic to another; a topic that is new has AWS's policy first, which lets in
/// nobody but the account.
pub fn steps(from: Option<&TopicState>, to: &TopicState, at: At<'_>) -> Steps {
    let region = at.region();
    let mut steps = Steps::default();
    if from.is_none() {
        let name = to.arn.rsplit(':').next().unwrap_or_default().to_owned();
        steps
            .call(CREATE_TOPIC.call(region, NewTopic { name, tags: Tag::list(at.context.tags()) }));
    }
    let set = |name: &str, value: &str| {
        let input = TopicAttribute {
            topic_arn: to.arn.clone(),
            attribute_name: name.to_owned(),
            attribute_value: value.to_owned(),
        };
        SET_TOPIC.call(region, input)
    };
    if from.is_none_or(|from| from.policy != to.policy) {
        steps.call(set("Policy", &to.policy));
    }
    if from.and_then(|from| from.key.as_ref()) != to.key.as_ref() {
        let made = to.key.as_deref().and_then(|name| made_as(name, region, at.context));
        if let Some(place) = made {
            steps.after_at::<Keys>(place);
        }
        steps.call(set("KmsMasterKeyId", to.key.as_deref().unwrap_or_default()));
    }
    steps
}

//! What could not be sent: the queue that keeps it, and the metrics that count it.

use super::live::Queue;
use super::names::{Names, RULE, WATCHES};
use super::wire::{
    CREATE_QUEUE, Dimension, GET_METRICS, GET_QUEUE, GET_QUEUE_ATTRIBUTES, Metric, MetricAsked,
    MetricStat, MetricsAsked, NewPolicy, NewQueue, NewQueueAttributes, QueueAsked,
    QueueAttributesAsked, QueuePolicy, SET_QUEUE,
};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::{At, Context, Remarks, Steps};
use crate::policy::{Dialect, Policy, Request, Statement, Verdict};
use crate::text::count;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What calls change of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueState {
    name: String,
    /// Nothing while it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    policy: String,
}

impl QueueState {
    /// The queue as it is.
    pub fn of(live: &Queue) -> Self {
        let Queue { name, url, policy, .. } = live;
        Self { name: name.clone(), url: Some(url.clone()), policy: policy.clone() }
    }

    /// As plans show it.
    pub fn shown(&self) -> Value {
        let policy = Policy::parse(&self.policy).unwrap_or_else(|_| Policy::empty());
        let own = policy.statements().iter().filter(|own| own.is_own());
        let own = own.map(|own| (own.sid().unwrap_or_default().to_owned(), own.shown()));
        json!({"name": self.name, "policy": Value::Object(own.collect::<Map<_, _>>())})
    }
}

/// The ARN of a queue of the home region.
pub fn arn(name: &str, context: &Context) -> String {
    let Context { partition, account, home_region, .. } = context;
    format!("arn:{partition}:sqs:{home_region}:{account}:{name}")
}

/// How long what could not be sent is kept: as long as SQS does, 14 days in seconds.
const KEPT: &str = "1209600";

/// The statement that lets the rule in. Source: EventBridge User Guide, "Using dead-letter queues".
fn statement(name: &str, names: &Names, context: &Context) -> Value {
    json!({
        "Sid": "BaselineAlertsDeadLetters",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn(name, context),
        "Condition": {"ArnEquals": {"aws:SourceArn": names.sources()}},
    })
}

/// The queue that the baseline asks for.
pub fn wanted(
    name: &str,
    live: Option<&Queue>,
    names: &Names,
    context: &Context,
    say: &mut Remarks,
) -> Option<QueueState> {
    let text = live.map(|own| own.policy.as_str()).filter(|text| !text.is_empty());
    let policy = text.map_or_else(|| Ok(Policy::empty()), Policy::parse);
    let Ok(mut policy) = policy else {
        let what = format!("the policy of the queue {name} cannot be read");
        say.finding("dead_letters", what, "write it anew in the SQS console");
        return live.map(QueueState::of);
    };
    let dialect = Dialect::resource(&context.partition);
    let wanted = statement(name, names, context);
    let ours = Statement::from(&wanted);
    let own = ours.sid().and_then(|sid| policy.with_sid(sid));
    if !own.is_some_and(|own| policy.same(own, &ours, dialect)) {
        policy.put(&wanted);
    }
    let queue = arn(name, context);
    let denied = names.rules.iter().find_map(|rule| {
        let (service, account) = ("events.amazonaws.com", &context.account);
        let request = Request::by_service(service, "sqs:SendMessage", &queue, account, rule);
        match policy.judge(&request, dialect) {
            Verdict::Denied { by } => Some(by),
            _ => None,
        }
    });
    if let Some(by) = denied {
        say.finding(
            "dead_letters",
            format!(
                "the queue {name} has a policy whose statement {by} denies EventBridge to send"
            ),
            "take that statement out of the policy of the queue",
        );
    }
    if let Some(waiting) = live.map(|own| own.waiting).filter(|waiting| *waiting > 0) {
        say.finding(
            "dead_letters",
            format!("{} could not be sent, and wait in the queue {name}", count(waiting, "alert")),
            "read them: SQS console, the queue, Send and receive messages; what kept them stands with \
             each as ERROR_CODE and ERROR_MESSAGE",
        );
    }
    let url = live.map(|own| own.url.clone());
    Some(QueueState { name: name.to_owned(), url, policy: policy.text() })
}

/// The calls from one queue to another.
pub fn steps(from: Option<&QueueState>, to: &QueueState, at: At<'_>) -> Steps {
    let (region, policy) = (at.region(), to.policy.clone());
    match (from, &to.url) {
        (Some(from), _) if from == to => Steps::default(),
        (_, Some(url)) => {
            let attributes = NewPolicy { policy };
            let input = QueuePolicy { queue_url: url.clone(), attributes };
            Steps::one(SET_QUEUE.call(region, input))
        }
        (_, None) => {
            let attributes = NewQueueAttributes {
                policy,
                message_retention_period: KEPT.to_owned(),
                sqs_managed_sse_enabled: "true".to_owned(),
            };
            let tags = at.context.tags();
            let input = NewQueue { queue_name: to.name.clone(), attributes, tags };
            Steps::one(CREATE_QUEUE.call(region, input))
        }
    }
}

/// Reads the queue.
pub async fn read(name: &str, region: &str, reader: &Reader) -> Result<Option<Queue>, AwsError> {
    let asked = QueueAsked { queue_name: name.to_owned() };
    let url = match GET_QUEUE.ask(&reader.clients, region, &asked).await {
        Ok(found) => found.queue_url,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let names = ["Policy", "ApproximateNumberOfMessages"].map(str::to_owned);
    let asked = QueueAttributesAsked { queue_url: url.clone(), attribute_names: names.to_vec() };
    match GET_QUEUE_ATTRIBUTES.ask(&reader.clients, region, &asked).await {
        Ok(mut found) => {
            let waiting = found.attributes.get("ApproximateNumberOfMessages");
            Ok(Some(Queue {
                name: name.to_owned(),
                url,
                waiting: waiting.and_then(|number| number.parse().ok()).unwrap_or_default(),
                policy: found.attributes.remove("Policy").unwrap_or_default(),
            }))
        }
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Both spellings of the code, that of the older protocol and that of JSON.
fn is_absent(error: &AwsError) -> bool {
    ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"]
        .iter()
        .any(|code| error.is(code))
}

/// A day, in seconds.
const DAY: u32 = 86_400;

/// What the rules are called in the question, the first one first.
const RULE_IDS: [&str; 2] = ["rule", "watches"];

/// How many deliveries failed in the last day, by who could not deliver: the rule, and with a topic of
/// this account SNS. No data is no failure. Sources: EventBridge User Guide, "Monitoring EventBridge";
/// SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch".
pub async fn failed(
    topic: Option<&str>,
    names: &Names,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<BTreeMap<String, u64>, AwsError> {
    let metric = |id: &str, namespace: &str, name: &str, dimension: (&str, &str)| MetricAsked {
        id: id.to_owned(),
        metric_stat: MetricStat {
            metric: Metric {
                namespace: namespace.to_owned(),
                metric_name: name.to_owned(),
                dimensions: vec![Dimension {
                    name: dimension.0.to_owned(),
                    value: dimension.1.to_owned(),
                }],
            },
            period: DAY,
            stat: "Sum".to_owned(),
        },
    };
    let rules = names.rule_names().into_iter().zip(RULE_IDS);
    let rules =
        rules.map(|(name, id)| metric(id, "AWS/Events", "FailedInvocations", ("RuleName", name)));
    let topic = topic
        .map(|name| metric("topic", "AWS/SNS", "NumberOfNotificationsFailed", ("TopicName", name)));
    let end_time = context.now.unix_timestamp();
    let asked = MetricsAsked {
        metric_data_queries: rules.chain(topic).collect(),
        start_time: end_time - i64::from(DAY),
        end_time,
    };
    let pages = GET_METRICS.pages(&reader.clients, region, &asked).await?;
    let mut failed = BTreeMap::new();
    for own in pages.into_iter().flat_map(|page| page.metric_data_results) {
        let sum: f64 = own.values.iter().sum();
        // Counts are whole numbers, and small.
        *failed.entry(own.id).or_default() += sum.clamp(0.0, 1e15).round() as u64;
    }
    failed.retain(|_, sum| *sum > 0);
    Ok(failed)
}

/// Reports what failed.
pub fn judge_failed(failed: &BTreeMap<String, u64>, region: &str, say: &mut Remarks) {
    for (who, number) in failed {
        let deliveries = count(usize::try_from(*number).unwrap_or(usize::MAX), "delivery");
        let (what, remedy) = match who.as_str() {
            "topic" => (
                format!("{deliveries} of the topic failed in the last 24 hours"),
                "see which endpoint refuses: SNS console, Topics, Delivery status logging",
            ),
            id => (
                format!(
                    "{deliveries} of the rule {} in {region} failed in the last 24 hours",
                    if id == RULE_IDS[0] { RULE } else { WATCHES }
                ),
                "put right what is reported here, then send a test: baseline alerts test; it is \
                 reported until a day has passed",
            ),
        };
        say.finding("failed_deliveries", what, remedy);
    }
}

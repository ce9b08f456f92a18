//! The calls of the control, with AWS's parameter names.

use super::kept::Kept;
use super::settings::{Alert, Entry, Money, Threshold};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::Context;
use crate::sensitive::Sensitive;
use aws_sdk_budgets::types;
use serde::Serialize;

/// The ARN of a budget that the baseline names.
pub const BUDGET: &str = "arn:{partition}:budgets::{account}:budget/{budget}";

/// The operations have no actions of their own. Source: Service Authorization Reference.
pub const MODIFY: Grant = Grant::on("budgets:ModifyBudget", BUDGET);

/// The code by which AWS says that the budget, alert or subscriber is there already. Whether it is
/// as wanted shows when it is read back.
const THERE_ALREADY: &str = "DuplicateRecordException";

/// Why building the SDK's own types cannot fail.
const GIVEN: &str = "every required field is given";

/// Creates a budget with its alerts and their subscribers: all or nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateBudget {
    account_id: String,
    budget: Budget,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notifications_with_subscribers: Vec<NotificationWithSubscribers>,
    resource_tags: Vec<Tag>,
    #[serde(skip)]
    region: &'static str,
}

impl CreateBudget {
    /// The budget of the baseline.
    pub fn new(entry: &Entry, limit: &Money, period: &str, context: &Context) -> Self {
        let alerts = entry.alerts().iter();
        let tags = context.tags().into_iter();
        Self {
            account_id: context.account.clone(),
            budget: Budget::new(&entry.name, limit, period, Kept::new(entry)),
            notifications_with_subscribers: alerts
                .map(|alert| NotificationWithSubscribers {
                    notification: Notification::of(alert),
                    subscribers: Subscriber::all_of(alert, context),
                })
                .collect(),
            resource_tags: tags.map(|(key, value)| Tag { key, value }).collect(),
            region: context.global_region(),
        }
    }
}

impl Write for CreateBudget {
    const OPERATION: Operation = Operation::new(
        "budgets",
        "CreateBudget",
        &[MODIFY, Grant::on("budgets:TagResource", BUDGET)],
    );

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let mut request = clients
            .budgets(self.region)
            .create_budget()
            .account_id(&self.account_id)
            .budget(self.budget.to_sdk());
        for alert in &self.notifications_with_subscribers {
            request = request.notifications_with_subscribers(alert.to_sdk());
        }
        for tag in &self.resource_tags {
            request = request.resource_tags(tag.to_sdk());
        }
        let subscribers =
            self.notifications_with_subscribers.iter().flat_map(|alert| &alert.subscribers);
        created(sent(self, request.send().await), subscribers)
    }
}

/// Replaces a budget; its alerts stay.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateBudget {
    account_id: String,
    new_budget: Budget,
    #[serde(skip)]
    region: &'static str,
}

impl UpdateBudget {
    /// A budget with another limit or period, and with what is to stay as it is.
    pub fn new(name: &str, limit: &Money, period: &str, kept: Kept, context: &Context) -> Self {
        Self {
            account_id: context.account.clone(),
            new_budget: Budget::new(name, limit, period, kept),
            region: context.global_region(),
        }
    }
}

impl Write for UpdateBudget {
    const OPERATION: Operation = Operation::new("budgets", "UpdateBudget", &[MODIFY]);

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .budgets(self.region)
            .update_budget()
            .account_id(&self.account_id)
            .new_budget(self.new_budget.to_sdk());
        sent(self, request.send().await)
    }
}

/// Adds an alert with its subscribers to a budget.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNotification {
    account_id: String,
    budget_name: String,
    #[serde(flatten)]
    alert: NotificationWithSubscribers,
    #[serde(skip)]
    region: &'static str,
}

impl CreateNotification {
    /// An alert of the baseline.
    pub fn new(entry: &Entry, alert: &Alert, context: &Context) -> Self {
        Self {
            account_id: context.account.clone(),
            budget_name: entry.name.clone(),
            alert: NotificationWithSubscribers {
                notification: Notification::of(alert),
                subscribers: Subscriber::all_of(alert, context),
            },
            region: context.global_region(),
        }
    }
}

impl Write for CreateNotification {
    const OPERATION: Operation = Operation::new("budgets", "CreateNotification", &[MODIFY]);

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let subscribers = self.alert.subscribers.iter();
        let request = clients
            .budgets(self.region)
            .create_notification()
            .account_id(&self.account_id)
            .budget_name(&self.budget_name)
            .notification(self.alert.notification.to_sdk())
            .set_subscribers(Some(subscribers.clone().map(Subscriber::to_sdk).collect()));
        created(sent(self, request.send().await), subscribers)
    }
}

/// Adds a subscriber to an alert.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSubscriber {
    account_id: String,
    budget_name: String,
    notification: Notification,
    subscriber: Subscriber,
    #[serde(skip)]
    region: &'static str,
}

impl CreateSubscriber {
    /// One more subscriber of an alert.
    pub fn new(entry: &Entry, alert: &Alert, subscriber: Subscriber, context: &Context) -> Self {
        Self {
            account_id: context.account.clone(),
            budget_name: entry.name.clone(),
            notification: Notification::of(alert),
            subscriber,
            region: context.global_region(),
        }
    }
}

impl Write for CreateSubscriber {
    const OPERATION: Operation = Operation::new("budgets", "CreateSubscriber", &[MODIFY]);

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .budgets(self.region)
            .create_subscriber()
            .account_id(&self.account_id)
            .budget_name(&self.budget_name)
            .notification(self.notification.to_sdk())
            .subscriber(self.subscriber.to_sdk());
        created(sent(self, request.send().await), [&self.subscriber])
    }
}

/// The end of the creating calls: what is there already is fine.
fn created<'a>(
    answer: Result<(), AwsError>,
    subscribers: impl IntoIterator<Item = &'a Subscriber>,
) -> Result<(), AwsError> {
    match answer {
        Err(error) if !error.is(THERE_ALREADY) => Err(masked(error, subscribers)),
        _ => Ok(()),
    }
}

/// An error without the addresses that its message may quote.
pub fn masked<'a>(
    mut error: AwsError,
    subscribers: impl IntoIterator<Item = &'a Subscriber>,
) -> AwsError {
    for subscriber in subscribers {
        if let Address::Email(email) = &subscriber.address
            && let Some(clear) = email.reveal()
        {
            error.message = error.message.replace(clear, &format!("{email:?}"));
        }
    }
    error
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Budget {
    budget_name: String,
    budget_type: &'static str,
    time_unit: String,
    budget_limit: Spend,
    #[serde(flatten)]
    kept: Kept,
}

impl Budget {
    fn new(name: &str, limit: &Money, period: &str, kept: Kept) -> Self {
        Self {
            budget_name: name.to_owned(),
            budget_type: super::COST,
            time_unit: period.to_uppercase(),
            budget_limit: Spend::of(limit),
            kept,
        }
    }

    fn to_sdk(&self) -> types::Budget {
        let limit = types::Spend::builder()
            .amount(&self.budget_limit.amount)
            .unit(&self.budget_limit.unit)
            .build();
        let budget = types::Budget::builder()
            .budget_name(&self.budget_name)
            .budget_type(self.budget_type.into())
            .time_unit(self.time_unit.as_str().into())
            .budget_limit(limit.expect(GIVEN));
        self.kept.put_into(budget).build().expect(GIVEN)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Spend {
    amount: String,
    unit: String,
}

impl Spend {
    fn of(money: &Money) -> Self {
        Self { amount: money.amount.to_string(), unit: money.unit.clone() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NotificationWithSubscribers {
    notification: Notification,
    subscribers: Vec<Subscriber>,
}

impl NotificationWithSubscribers {
    fn to_sdk(&self) -> types::NotificationWithSubscribers {
        let subscribers = self.subscribers.iter().map(Subscriber::to_sdk);
        types::NotificationWithSubscribers::builder()
            .notification(self.notification.to_sdk())
            .set_subscribers(Some(subscribers.collect()))
            .build()
            .expect(GIVEN)
    }
}

/// An alert, which is known by all of this.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notification {
    notification_type: &'static str,
    comparison_operator: &'static str,
    threshold: f64,
    threshold_type: &'static str,
}

impl Notification {
    fn of(alert: &Alert) -> Self {
        let (threshold, threshold_type) = match &alert.at {
            Threshold::Percent(percent) => (percent, "PERCENTAGE"),
            Threshold::Amount(money) => (&money.amount, "ABSOLUTE_VALUE"),
        };
        Self {
            notification_type: if alert.forecast { "FORECASTED" } else { "ACTUAL" },
            comparison_operator: "GREATER_THAN",
            threshold: threshold.to_string().parse().expect("decimals are numbers"),
            threshold_type,
        }
    }

    /// The alert of a key such as `actual > 80%`; nothing if it is of a kind that the baseline
    /// cannot have.
    pub fn of_key(key: &str) -> Option<Self> {
        let (kind, threshold) = key.split_once(" > ")?;
        let notification_type = match kind {
            "actual" => "ACTUAL",
            "forecast" => "FORECASTED",
            _ => return None,
        };
        let (number, threshold_type) = match threshold.strip_suffix('%') {
            Some(percent) => (percent, "PERCENTAGE"),
            None => (threshold, "ABSOLUTE_VALUE"),
        };
        Some(Self {
            notification_type,
            comparison_operator: "GREATER_THAN",
            threshold: number.parse().ok()?,
            threshold_type,
        })
    }

    /// The alert as the command line of AWS takes it.
    pub fn for_the_command_line(&self) -> String {
        format!(
            "NotificationType={},ComparisonOperator={},Threshold={},ThresholdType={}",
            self.notification_type, self.comparison_operator, self.threshold, self.threshold_type
        )
    }

    pub fn to_sdk(&self) -> types::Notification {
        types::Notification::builder()
            .notification_type(self.notification_type.into())
            .comparison_operator(self.comparison_operator.into())
            .threshold(self.threshold)
            .threshold_type(self.threshold_type.into())
            .build()
            .expect(GIVEN)
    }
}

/// Who hears of an alert.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscriber {
    subscription_type: &'static str,
    address: Address,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Address {
    Email(Sensitive),
    Topic(String),
}

impl Subscriber {
    /// The reader of an address.
    pub fn email(address: Sensitive) -> Self {
        Self { subscription_type: "EMAIL", address: Address::Email(address) }
    }

    /// A topic.
    pub fn sns(arn: String) -> Self {
        Self { subscription_type: "SNS", address: Address::Topic(arn) }
    }

    fn all_of(alert: &Alert, context: &Context) -> Vec<Self> {
        let emails = alert.addresses().into_iter().map(Self::email);
        emails.chain(alert.topic(context).map(Self::sns)).collect()
    }

    pub fn to_sdk(&self) -> types::Subscriber {
        let address = match &self.address {
            Address::Email(email) => email.reveal(),
            Address::Topic(arn) => Some(arn.as_str()),
        };
        types::Subscriber::builder()
            .subscription_type(self.subscription_type.into())
            .address(address.expect("only addresses of the baseline are sent"))
            .build()
            .expect(GIVEN)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl Tag {
    fn to_sdk(&self) -> types::ResourceTag {
        let tag = types::ResourceTag::builder().key(&self.key);
        tag.value(&self.value).build().expect(GIVEN)
    }
}

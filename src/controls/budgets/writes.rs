//! The calls of the control, with AWS's parameter names.

use super::kept::Kept;
use super::live::{self, Subscribers};
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::Context;
use crate::sensitive::Sensitive;
use aws_sdk_budgets::types;
use serde::Serialize;
use std::collections::BTreeMap;

/// The ARN of a budget that the baseline names.
pub const BUDGET: &str = "arn:{partition}:budgets::{account}:budget/{budget}";

/// The operations have no actions of their own. Source: Service Authorization Reference.
const MODIFY: Grant = Grant::on("budgets:ModifyBudget", BUDGET);

/// The code by which AWS says that the budget, alert or subscriber exists already. Whether it is as
/// wanted shows when it is read back.
const EXISTS: &str = "DuplicateRecordException";

/// The code by which AWS says that the budget, alert or subscriber does not exist.
const GONE: &str = "NotFoundException";

/// Why building the SDK's own types cannot fail.
const GIVEN: &str = "every required field is given";

/// Declares calls: what they send, each member with its setter in the SDK, and the codes by which
/// AWS says that the wish is already true.
macro_rules! calls {
    ($(
        $(#[$doc:meta])*
        $Call:ident($send:ident, $grants:expr, $already:expr) {
            $($(#[$attribute:meta])* $member:ident $set:ident: $Type:ty,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $Call {
            account_id: String,
            $($(#[$attribute])* $member: $Type,)*
            #[serde(skip)]
            region: &'static str,
        }

        impl $Call {
            /// The call with its input.
            pub fn new($($member: $Type,)* context: &Context) -> Self {
                let (account_id, region) = (context.account.clone(), context.global_region());
                Self { account_id, $($member,)* region }
            }
        }

        impl Write for $Call {
            const OPERATION: Operation = Operation::new("budgets", stringify!($Call), $grants);

            fn region(&self) -> &str {
                self.region
            }

            async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
                let request = clients.budgets(self.region).$send().account_id(&self.account_id);
                let request = request$(.$set(self.$member.sdk()))*;
                let already: &[&str] = $already;
                match sent(self, request.send().await) {
                    Err(error) if already.iter().any(|code| error.is(code)) => Ok(()),
                    Err(mut error) => {
                        $(self.$member.mask(&mut error.message);)*
                        Err(error)
                    }
                    Ok(()) => Ok(()),
                }
            }
        }
    )*};
}

calls! {
    /// Creates a budget with its alerts and their subscribers: all or nothing.
    CreateBudget(
        create_budget,
        &[MODIFY, Grant::on("budgets:TagResource", BUDGET)],
        &[EXISTS]
    ) {
        budget set_budget: Budget,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notifications_with_subscribers set_notifications_with_subscribers: Vec<Alert>,
        resource_tags set_resource_tags: Vec<Tag>,
    }

    /// Replaces a budget; its alerts stay.
    UpdateBudget(update_budget, &[MODIFY], &[]) {
        new_budget set_new_budget: Budget,
    }

    /// Adds an alert with its subscribers to a budget.
    CreateNotification(create_notification, &[MODIFY], &[EXISTS]) {
        budget_name set_budget_name: String,
        notification set_notification: Notification,
        subscribers set_subscribers: Vec<Subscriber>,
    }

    /// Adds a subscriber to an alert.
    CreateSubscriber(create_subscriber, &[MODIFY], &[EXISTS]) {
        budget_name set_budget_name: String,
        notification set_notification: Notification,
        subscriber set_subscriber: Subscriber,
    }

    /// Takes an alert out of a budget, with its subscribers.
    DeleteNotification(delete_notification, &[MODIFY], &[GONE]) {
        budget_name set_budget_name: String,
        notification set_notification: Notification,
    }

    /// Takes a subscriber out of an alert. AWS deletes the alert with its last one, so that one is
    /// never taken out. Source: Budgets API reference, DeleteSubscriber.
    DeleteSubscriber(delete_subscriber, &[MODIFY], &[GONE]) {
        budget_name set_budget_name: String,
        notification set_notification: Notification,
        subscriber set_subscriber: Subscriber,
    }
}

/// What the SDK has its own type for.
trait Sdk {
    type As;

    /// It as the SDK sends it; nothing where that is left out.
    fn sdk(&self) -> Option<Self::As>;

    /// Masks in a message of AWS's what is not to be shown.
    fn mask(&self, _message: &mut String) {}
}

impl Sdk for String {
    type As = Self;

    fn sdk(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl<T: Sdk> Sdk for Vec<T> {
    type As = Vec<T::As>;

    fn sdk(&self) -> Option<Self::As> {
        (!self.is_empty()).then(|| self.iter().filter_map(T::sdk).collect())
    }

    fn mask(&self, message: &mut String) {
        self.iter().for_each(|own| own.mask(message));
    }
}

/// A budget without its alerts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Budget {
    budget_name: String,
    budget_type: &'static str,
    time_unit: String,
    budget_limit: Spend,
    #[serde(flatten)]
    kept: Kept,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Spend {
    amount: String,
    unit: String,
}

impl Budget {
    /// The budget of a name; nothing while it has no limit.
    pub fn new(name: &str, of: &live::Budget) -> Option<Self> {
        let (amount, unit) = of.limit.as_deref()?.split_once(' ')?;
        Some(Self {
            budget_name: name.to_owned(),
            budget_type: super::COST,
            time_unit: of.period.to_uppercase(),
            budget_limit: Spend { amount: amount.to_owned(), unit: unit.to_owned() },
            kept: of.kept.clone(),
        })
    }
}

impl Sdk for Budget {
    type As = types::Budget;

    fn sdk(&self) -> Option<types::Budget> {
        let Spend { amount, unit } = &self.budget_limit;
        let limit = types::Spend::builder().amount(amount).unit(unit).build();
        let budget = types::Budget::builder()
            .budget_name(&self.budget_name)
            .budget_type(self.budget_type.into())
            .time_unit(self.time_unit.as_str().into())
            .budget_limit(limit.expect(GIVEN));
        Some(self.kept.put_into(budget).build().expect(GIVEN))
    }
}

/// An alert with its subscribers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alert {
    notification: Notification,
    subscribers: Vec<Subscriber>,
}

impl Alert {
    /// The alert of a key, with who hears of it; nothing where that is not known.
    pub fn new((key, subscribers): (&String, &Option<Subscribers>)) -> Option<Self> {
        let subscribers = subscribers.as_ref()?.each().collect();
        Some(Self { notification: Notification::of(key)?, subscribers })
    }

    /// The call that adds it to a budget.
    pub fn create(self, budget: &str, context: &Context) -> CreateNotification {
        CreateNotification::new(budget.to_owned(), self.notification, self.subscribers, context)
    }
}

impl Sdk for Alert {
    type As = types::NotificationWithSubscribers;

    fn sdk(&self) -> Option<Self::As> {
        let alert = types::NotificationWithSubscribers::builder()
            .set_notification(self.notification.sdk())
            .set_subscribers(self.subscribers.sdk());
        Some(alert.build().expect(GIVEN))
    }

    fn mask(&self, message: &mut String) {
        self.subscribers.mask(message);
    }
}

/// What an alert waits for, by all of which it is known.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notification {
    notification_type: &'static str,
    comparison_operator: &'static str,
    threshold: f64,
    threshold_type: &'static str,
}

impl Notification {
    /// The alert of a key such as `actual > 80%`; nothing if it is of a kind that the baseline
    /// cannot have.
    pub fn of(key: &str) -> Option<Self> {
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
}

impl Sdk for Notification {
    type As = types::Notification;

    fn sdk(&self) -> Option<types::Notification> {
        let alert = types::Notification::builder()
            .notification_type(self.notification_type.into())
            .comparison_operator(self.comparison_operator.into())
            .threshold(self.threshold)
            .threshold_type(self.threshold_type.into());
        Some(alert.build().expect(GIVEN))
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

impl Subscribers {
    /// Each of them, as it is sent.
    pub fn each(&self) -> impl Iterator<Item = Subscriber> {
        let email = self.email.iter().cloned().map(Address::Email).map(|own| ("EMAIL", own));
        let sns = self.sns.iter().cloned().map(Address::Topic).map(|own| ("SNS", own));
        email
            .chain(sns)
            .map(|(subscription_type, address)| Subscriber { subscription_type, address })
    }
}

impl Sdk for Subscriber {
    type As = types::Subscriber;

    fn sdk(&self) -> Option<types::Subscriber> {
        let address = match &self.address {
            Address::Email(email) => email.reveal(),
            Address::Topic(arn) => Some(arn.as_str()),
        };
        let subscriber = types::Subscriber::builder()
            .subscription_type(self.subscription_type.into())
            .address(address.expect("only addresses of the baseline are sent"));
        Some(subscriber.build().expect(GIVEN))
    }

    fn mask(&self, message: &mut String) {
        if let Address::Email(email) = &self.address
            && let Some(clear) = email.reveal()
        {
            *message = message.replace(clear, &format!("{email:?}"));
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    key: String,
    value: String,
}

impl Tag {
    /// All of these.
    pub fn all(tags: BTreeMap<String, String>) -> Vec<Self> {
        tags.into_iter().map(|(key, value)| Self { key, value }).collect()
    }
}

impl Sdk for Tag {
    type As = types::ResourceTag;

    fn sdk(&self) -> Option<types::ResourceTag> {
        let tag = types::ResourceTag::builder().key(&self.key).value(&self.value);
        Some(tag.build().expect(GIVEN))
    }
}

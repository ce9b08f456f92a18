//! The calls that take away again what a run added. That something is gone already is success.

use super::live::Subscribers;
use super::writes::{MODIFY, Notification, Subscriber, masked};
use crate::aws::{AwsError, Clients, Operation, Write, sent};
use crate::control::Context;
use serde::Serialize;

/// The code by which AWS says that the budget, alert or subscriber is not there.
const GONE: &str = "NotFoundException";

/// Takes an alert out of a budget, with its subscribers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNotification {
    account_id: String,
    budget_name: String,
    notification: Notification,
    #[serde(skip)]
    region: &'static str,
}

impl DeleteNotification {
    /// The alert of a budget.
    pub fn new(budget: &str, notification: Notification, context: &Context) -> Self {
        Self {
            account_id: context.account.clone(),
            budget_name: budget.to_owned(),
            notification,
            region: context.global_region(),
        }
    }
}

impl Write for DeleteNotification {
    const OPERATION: Operation = Operation::new("budgets", "DeleteNotification", &[MODIFY]);

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .budgets(self.region)
            .delete_notification()
            .account_id(&self.account_id)
            .budget_name(&self.budget_name)
            .notification(self.notification.to_sdk());
        unless_gone(sent(self, request.send().await))
    }
}

/// Takes a subscriber out of an alert. AWS deletes the alert with its last one, so that one is never
/// taken out. Source: Budgets API reference, DeleteSubscriber.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSubscriber {
    account_id: String,
    budget_name: String,
    notification: Notification,
    subscriber: Subscriber,
    #[serde(skip)]
    region: &'static str,
}

impl DeleteSubscriber {
    /// One subscriber of an alert of a budget.
    pub fn new(
        budget: &str,
        notification: Notification,
        subscriber: Subscriber,
        context: &Context,
    ) -> Self {
        Self {
            account_id: context.account.clone(),
            budget_name: budget.to_owned(),
            notification,
            subscriber,
            region: context.global_region(),
        }
    }
}

impl Write for DeleteSubscriber {
    const OPERATION: Operation = Operation::new("budgets", "DeleteSubscriber", &[MODIFY]);

    fn region(&self) -> &str {
        self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .budgets(self.region)
            .delete_subscriber()
            .account_id(&self.account_id)
            .budget_name(&self.budget_name)
            .notification(self.notification.to_sdk())
            .subscriber(self.subscriber.to_sdk());
        let answer = unless_gone(sent(self, request.send().await));
        answer.map_err(|error| masked(error, [&self.subscriber]))
    }
}

fn unless_gone(answer: Result<(), AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if error.is(GONE) => Ok(()),
        answer => answer,
    }
}

impl Subscribers {
    /// Whether nobody is left.
    pub fn is_empty(&self) -> bool {
        self.email.is_empty() && self.sns.is_empty()
    }
}

//! Whose account it is, and what controls read it with: each answer is asked for once in a run.

use super::identity::Unfit;
use super::listings::Listing;
use super::regions;
use super::{AwsError, Clients, Grant, Operation, Session};
use crate::error::Error;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Allowed to everybody; no policy can deny it.
pub const GET_CALLER_IDENTITY: Operation =
    Operation::new("sts", "GetCallerIdentity", &[Grant::any("sts:GetCallerIdentity")]);

/// The policy of one bucket.
pub const GET_BUCKET_POLICY: Operation = Operation::new(
    "s3",
    "GetBucketPolicy",
    &[Grant::on("s3:GetBucketPolicy", "arn:{partition}:s3:::{bucket}")],
);

/// Who is asking, and in which account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The account: twelve digits.
    pub account: String,
    /// The ARN of the user or the role's session.
    pub arn: String,
}

impl Caller {
    /// Asks STS who the credentials belong to.
    ///
    /// # Errors
    /// When the credentials are not accepted or AWS cannot be reached.
    pub async fn ask(session: &Session, region: &str) -> Result<Self, Error> {
        Ok(session.begin(region).await?)
    }

    /// Asks again, and makes sure that the credentials are still of the same account.
    ///
    /// # Errors
    /// That they are not, or that AWS does not say.
    pub async fn ask_again(&self, clients: &Clients, region: &str) -> Result<(), Error> {
        let request = clients.sts(region).get_caller_identity().send();
        let answer = GET_CALLER_IDENTITY.answer(clients, region, request).await;
        let ours = self.clone();
        match answer.and_then(|answer| Self::of(&answer, region)) {
            Ok(theirs) if self.is_of_account_of(&theirs) => Ok(()),
            Ok(theirs) => Err(Unfit::Stranger { ours, theirs }.into()),
            Err(error) => Err(Unfit::Unknown { ours: Some(ours), error }.into()),
        }
    }

    /// Whom STS names.
    ///
    /// # Errors
    /// When it names nobody.
    pub(super) fn of(answer: &GetCallerIdentityOutput, region: &str) -> Result<Self, AwsError> {
        match (answer.account(), answer.arn()) {
            (Some(account), Some(arn)) => {
                Ok(Self { account: account.to_owned(), arn: arn.to_owned() })
            }
            _ => Err(AwsError::unexpected(
                &GET_CALLER_IDENTITY,
                region,
                "the answer names no account",
            )),
        }
    }

    /// Whether two callers are of the same account.
    pub fn is_of_account_of(&self, other: &Self) -> bool {
        self.account == other.account && self.partition() == other.partition()
    }

    /// The partition of the account: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or("aws")
    }
}

/// Where a partition's global services are asked.
pub fn global_region(partition: &str) -> &'static str {
    regions::partition(partition).global
}

/// What a control reads with: clients that refuse writes, whose account it is, and what is read
/// only once in a run.
#[derive(Debug)]
pub struct Reader {
    /// The guarded clients.
    pub clients: Clients,
    /// Whose account it is.
    pub caller: Caller,
    /// Where the account's one-region things live.
    pub home_region: String,
    answers: Mutex<HashMap<Question, Answer>>,
    reached: Mutex<HashMap<String, Arc<OnceCell<bool>>>>,
}

/// The service, the operation, and the thing that is asked about; of a listing its name.
type Question = (&'static str, &'static str, String);

/// A [`OnceCell`] of whatever the read answers.
type Answer = Arc<dyn Any + Send + Sync>;

impl Reader {
    /// A reader that remembers nothing yet.
    pub fn new(clients: Clients, caller: Caller, home_region: String) -> Self {
        Self { clients, caller, home_region, answers: Mutex::default(), reached: Mutex::default() }
    }

    /// The same, with nothing remembered: for looking again.
    pub fn anew(&self) -> Self {
        Self::new(self.clients.clone(), self.caller.clone(), self.home_region.clone())
    }

    /// The same, with nothing remembered, for so long from now.
    pub fn within(&self, time: Duration) -> Self {
        Self { clients: self.clients.within(time), ..self.anew() }
    }

    /// The region in which global services are asked.
    pub fn global_region(&self) -> &'static str {
        global_region(self.caller.partition())
    }

    /// Whether a name that does not exist means that the region does not have the service, and not
    /// that names are hidden here: the service answers in another region, and another service in
    /// this one. STS is in every region and answers everybody; each region is asked once.
    pub async fn is_missing(&self, service: &str, region: &str) -> bool {
        if !self.clients.has_answered(service) {
            return false;
        }
        let cell = {
            let mut cells = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(region.to_owned()).or_default().clone()
        };
        *cell.get_or_init(|| self.reaches(region)).await
    }

    /// Whether STS answers in a region, whatever it says.
    async fn reaches(&self, region: &str) -> bool {
        let request = self.clients.sts(region).get_caller_identity().send();
        // A refusal is an answer as well.
        let _ = GET_CALLER_IDENTITY.answer(&self.clients, region, request).await;
        self.clients.has_answered_in("sts", region)
    }

    /// What a read of a thing answers, asked once however many controls ask.
    ///
    /// # Errors
    /// Whatever the read answers; that, too, is remembered.
    pub async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        operation: &'static Operation,
        thing: &str,
        read: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        self.shared((operation.service, operation.name, thing.to_owned()), read).await
    }

    /// The things of a listing, asked once however many controls ask.
    ///
    /// # Errors
    /// When the list, or a part of it, cannot be had; that, too, is remembered.
    pub async fn list<L: Listing>(&self) -> Result<Vec<L::Item>, AwsError> {
        let read = Box::pin(L::read(self));
        self.shared(("listing", L::NAME, String::new()), read).await
    }

    async fn shared<T: Clone + Send + Sync + 'static>(
        &self,
        key: Question,
        read: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(OnceCell::<Result<T, AwsError>>::new()) as Arc<_>;
            answers.entry(key).or_insert_with(new).clone()
        };
        match cell.downcast::<OnceCell<Result<T, AwsError>>>() {
            Ok(cell) => cell.get_or_init(|| read).await.clone(),
            // The same operation, read into another type: nothing to share.
            Err(_) => read.await,
        }
    }

    /// The policy of a bucket of this account, read once however many controls ask; `None` for a
    /// bucket without one.
    ///
    /// # Errors
    /// Any failure other than `NoSuchBucketPolicy`, a missing bucket included.
    pub async fn bucket_policy(
        &self,
        bucket: &str,
        region: &str,
    ) -> Result<Option<String>, AwsError> {
        let read = Box::pin(self.read_bucket_policy(bucket, region));
        self.once(&GET_BUCKET_POLICY, bucket, read).await
    }

    async fn read_bucket_policy(
        &self,
        bucket: &str,
        region: &str,
    ) -> Result<Option<String>, AwsError> {
        let request = self
            .clients
            .s3(region)
            .get_bucket_policy()
            .bucket(bucket)
            .expected_bucket_owner(&self.caller.account)
            .send();
        match GET_BUCKET_POLICY.answer(&self.clients, region, request).await {
            Ok(answer) => Ok(answer.policy().map(str::to_owned)),
            Err(error) if error.is("NoSuchBucketPolicy") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

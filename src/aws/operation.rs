//! API operations as data: what they are called, and which IAM actions allow them.

use super::door::Wire;
use super::{AwsError, Clients, Propagation, opposites};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use tokio::time::timeout_at;

/// An API operation that a control uses.
#[derive(Debug)]
pub struct Operation {
    /// The service by its IAM prefix.
    pub service: &'static str,
    /// The operation as AWS names it.
    pub name: &'static str,
    /// What the caller must be allowed; the first is the operation's own action.
    pub grants: &'static [Grant],
    /// How the door sends it; `None` for what a crate of the SDK sends.
    pub wire: Option<Wire>,
}

/// One permission that an operation needs. Source: the Service Authorization Reference.
#[derive(Debug)]
pub struct Grant {
    /// The IAM action, with its prefix.
    pub action: &'static str,
    /// The ARN it is needed on, with `{placeholders}`, or `*` where the service has no
    /// resource-level permissions for it.
    pub resource: &'static str,
    /// A condition under which it is enough: operator, key, value.
    pub condition: Option<(&'static str, &'static str, &'static str)>,
}

impl Grant {
    /// An action on whatever matches the ARN.
    pub const fn on(action: &'static str, resource: &'static str) -> Self {
        Self { action, resource, condition: None }
    }

    /// An action that cannot be narrowed to a resource.
    pub const fn any(action: &'static str) -> Self {
        Self::on(action, "*")
    }

    /// The same, only as long as a condition key equals a value.
    pub const fn when(mut self, key: &'static str, value: &'static str) -> Self {
        self.condition = Some(("StringEquals", key, value));
        self
    }
}

impl Operation {
    /// An operation with what it needs.
    pub const fn new(service: &'static str, name: &'static str, grants: &'static [Grant]) -> Self {
        Self { service, name, grants, wire: None }
    }

    /// The names under which CloudTrail keeps it and what undoes it. S3 names its events after the
    /// permission. Source: S3 User Guide, "CloudTrail events".
    pub fn event_names(&self) -> BTreeSet<String> {
        let action = self.action();
        let action = action.split_once(':').map_or(action, |(_, name)| name);
        let short = |name: &'static str| name.strip_suffix("Configuration");
        let own = [self.name, action].into_iter();
        let own: BTreeSet<&str> =
            own.flat_map(|name| [Some(name), short(name)]).flatten().collect();
        let undoing = own.iter().flat_map(|name| opposites(name));
        undoing.chain(own.iter().map(|name| (*name).to_owned())).collect()
    }

    /// The operation's own IAM action.
    pub fn action(&self) -> &'static str {
        self.grants.first().map_or("", |grant| grant.action)
    }

    /// Awaits the answer of a read, in turn with the other reads of the service and region, until
    /// the time of the clients is up.
    ///
    /// # Errors
    /// The error of the SDK, in the common form.
    pub async fn answer<T, E>(
        &self,
        clients: &Clients,
        region: &str,
        request: impl Future<Output = Result<T, SdkError<E, Response>>>,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.asked(clients, region, request)
            .await?
            .map_err(|error| AwsError::new(self, region, error))
    }

    /// The same with the SDK's own error, for who must see the answer behind it.
    ///
    /// # Errors
    /// When the time of the clients is up.
    pub async fn asked<A>(
        &self,
        clients: &Clients,
        region: &str,
        request: impl Future<Output = A>,
    ) -> Result<A, AwsError> {
        let answer = async {
            let _turn = clients.turn(self, region).await;
            request.await
        };
        match clients.until {
            Some(until) => {
                timeout_at(until, answer).await.map_err(|_| AwsError::late(self, region))
            }
            None => Ok(answer.await),
        }
    }
}

/// All items of a list that comes in pages: `ask` gives a page and the token of the next one.
///
/// # Errors
/// The failure of any page.
pub async fn pages<T, F>(mut ask: impl FnMut(Option<String>) -> F) -> Result<Vec<T>, AwsError>
where
    F: Future<Output = Result<(Vec<T>, Option<String>), AwsError>>,
{
    let mut items = Vec::new();
    let mut next = None;
    loop {
        let (page, token) = ask(next).await?;
        items.extend(page);
        next = token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(items);
        }
    }
}

/// One write as data: what a plan shows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The service by its IAM prefix.
    pub service: String,
    /// The operation as AWS names it.
    pub operation: String,
    /// The region it is sent to.
    pub region: String,
    /// The input, by AWS's parameter names; sensitive values are masked.
    pub input: Value,
    /// What people are shown of the input, where the whole of it would hide what changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Box<Value>>,
}

/// A write as a value: it can be shown, compared and sent, and only the executor sends it.
///
/// The serialised form is what the plan shows: AWS's own parameter names.
pub trait Write: Serialize + Debug + Send + Sync + 'static {
    /// The operation.
    const OPERATION: Operation;
    /// The codes that a service also answers while something just written has not spread yet: a
    /// new role, a new bucket policy. The executor waits them out if this run wrote something
    /// before.
    const PROPAGATING: &'static [Propagation] = &[];

    /// The region the call is sent to.
    fn region(&self) -> &str;

    /// Sends the call; an answer that says the wish is already true counts as success.
    fn send(&self, clients: &Clients) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// What people are shown of the input, where the whole of it would hide what changes.
    fn shown(&self) -> Option<Value> {
        None
    }

    /// Takes over a later write to the same object, so that it is written once. Returns whether
    /// it did; most objects have only one control that writes them.
    fn merge(&mut self, _later: &dyn Any) -> bool {
        false
    }
}

/// [`Write`] without its type.
pub trait AnyWrite: Debug + Send + Sync {
    /// The call as the plan shows it.
    fn call(&self) -> Call;
    /// The operation.
    fn operation(&self) -> &'static Operation;
    /// See [`Write::PROPAGATING`].
    fn propagating(&self) -> &'static [Propagation];
    /// See [`Write::send`].
    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>>;
    /// See [`Write::merge`].
    fn merge(&mut self, later: &dyn AnyWrite) -> bool;
    /// The typed write.
    fn as_any(&self) -> &dyn Any;
}

impl<W: Write> AnyWrite for W {
    fn call(&self) -> Call {
        Call {
            service: W::OPERATION.service.to_owned(),
            operation: W::OPERATION.name.to_owned(),
            region: self.region().to_owned(),
            input: crate::diff::to_value(self),
            shown: self.shown().map(Box::new),
        }
    }

    fn operation(&self) -> &'static Operation {
        const { &W::OPERATION }
    }

    fn propagating(&self) -> &'static [Propagation] {
        W::PROPAGATING
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(RECEIPT.scope(RefCell::default(), async move {
            let _turn = clients.turn(&W::OPERATION, self.region()).await;
            Write::send(self, clients).await?;
            Ok(RECEIPT.with(RefCell::take))
        }))
    }

    fn merge(&mut self, later: &dyn AnyWrite) -> bool {
        Write::merge(self, later.as_any())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What is kept of the answer to a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// AWS's id of the request; `None` where the answer was that the wish is already true.
    pub request_id: Option<String>,
}

tokio::task_local! {
    /// The receipt of the write under way: left here by [`sent`], so that no write has to carry it.
    static RECEIPT: RefCell<Receipt>;
}

/// The end of every `send`: of the answer only the receipt matters, and the error.
///
/// # Errors
/// The error of the SDK, in the common form.
pub fn sent<W: Write, T, E>(
    write: &W,
    answer: Result<T, SdkError<E, Response>>,
) -> Result<(), AwsError>
where
    T: RequestId,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => {
            let request_id = answer.request_id().map(str::to_owned);
            // Outside of an executor nobody keeps receipts.
            let _ = RECEIPT.try_with(|receipt| receipt.replace(Receipt { request_id }));
            Ok(())
        }
        Err(error) => Err(AwsError::new(&W::OPERATION, write.region(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_s3_are_named_after_the_permission_too() {
        let names = crate::s3::PutPublicAccessBlock::OPERATION.event_names();
        for name in ["PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"] {
            assert!(names.contains(name), "{names:?}");
        }
    }
}

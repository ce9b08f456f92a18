//! What each attempt of a request tells: that a service answers in a region, how far the clocks
//! are apart, and a line for whoever wants to follow.

use super::{clock, way};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::error::display::DisplayErrorContext;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One attempt of a request that has ended. It holds nothing secret: no headers, no bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How long after the start of the session it ended.
    pub at: Duration,
    /// The service by the SDK's name.
    pub service: String,
    /// The API operation.
    pub operation: String,
    /// The region asked.
    pub region: String,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// What went wrong when there was no answer, or none that could be read.
    pub failure: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// Hears of every attempt.
pub trait Follower: Debug + Send + Sync {
    /// One attempt, when it has ended.
    fn ended(&self, attempt: &Attempt);
}

/// What a session learns from its attempts.
#[derive(Debug)]
pub struct Watch {
    start: Instant,
    follower: Option<Arc<dyn Follower>>,
    answered: Mutex<BTreeSet<(&'static str, String)>>,
}

impl Watch {
    /// A watch that starts now.
    pub fn new(follower: Option<Arc<dyn Follower>>) -> Self {
        Self { start: Instant::now(), follower, answered: Mutex::default() }
    }

    /// Whether a service has answered in any region: what it answered does not matter.
    pub fn has_answered(&self, service: &str) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let name = service.replace('-', "");
        answered.iter().any(|(own, _)| *own == name)
    }

    /// Whether a service has answered in a region.
    pub fn has_answered_in(&self, service: &'static str, region: &str) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.contains(&(service, region.to_owned()))
    }

    fn answered(&self, service: &'static str, region: &str) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.insert((service, region.to_owned()));
    }
}

/// The interceptor of one client.
#[derive(Debug)]
pub struct Watched {
    /// The service by its IAM prefix.
    pub service: &'static str,
    /// The region of the client.
    pub region: String,
    /// What learns.
    pub watch: Arc<Watch>,
}

#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for Watched {
    fn name(&self) -> &'static str {
        "Watched"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.watch.answered(self.service, &self.region);
        let now = components.time_source().map(|clock| clock.now());
        if let Some(offset) = now.and_then(|now| clock::measure(context.response(), now)) {
            context.response_mut().add_extension(offset);
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(follower) = &self.watch.follower else {
            return Ok(());
        };
        let answer = context.response();
        let name = cfg.load::<Metadata>().map(|call| call.name().to_owned());
        let now = Instant::now();
        follower.ended(&Attempt {
            at: now - self.watch.start,
            service: self.service.to_owned(),
            operation: name.unwrap_or_default(),
            region: self.region.clone(),
            number: cfg.load::<RequestAttempts>().map_or(1, |n| n.attempts()),
            status: answer.map(|answer| answer.status().as_u16()),
            failure: failure(self.service, context),
            request_id: answer.and_then(request_id),
            took: cfg.load::<Began>().map_or(Duration::ZERO, |at| now - at.0),
        });
        Ok(())
    }
}

/// Why an attempt came to nothing, in words that hold nothing of the request.
fn failure(service: &str, context: &FinalizerInterceptorContextRef<'_>) -> Option<String> {
    let error = context.output_or_error()?.err()?;
    if let Some(connector) = error.as_connector_error() {
        let innermost = super::error::innermost(connector);
        let chain = DisplayErrorContext(connector).to_string();
        return Some(way::told(service, &chain, &innermost).1);
    }
    match error {
        error if error.is_timeout_error() => Some("timed out".to_owned()),
        error if error.is_response_error() => Some("the answer broke off".to_owned()),
        _ if context.response().is_none() => Some("not sent".to_owned()),
        _ => None,
    }
}

/// AWS's id of a request, by the header that carries it.
pub fn request_id(answer: &HttpResponse) -> Option<String> {
    let headers = answer.headers();
    ["x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .map(str::to_owned)
}

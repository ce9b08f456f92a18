//! The one door to AWS: one HTTP client, regional clients, retries, limits, errors, and the guard
//! that keeps looking from writing.

mod advice;
pub mod alias;
mod clock;
mod credentials;
pub mod denied;
pub mod door;
pub mod elements;
pub mod enabled;
mod error;
pub mod facts;
mod guard;
mod hosts;
mod http;
mod identity;
mod ids;
pub mod keys;
mod limits;
pub mod listings;
mod operation;
mod propagation;
pub mod regions;
mod retry;
pub mod roles;
pub mod services;
mod source;
pub mod store;
pub mod tags;
pub mod topics;
pub mod trails;
mod verbs;
mod watch;
mod way;

pub use advice::advice;
pub use credentials::{AskForCode, Chosen};
pub use error::{AwsError, Kind, NOT_OF_AWS, classify, unless_absent};
pub use facts::Caller;
pub use http::Counter;
pub use ids::{AccountId, RegionName};
pub use limits::Turn;
pub use listings::{AnyListing, Facts};
pub use operation::{AnyWrite, Call, Grant, Operation, Receipt, Write, pages, sent};
pub use propagation::{Propagation, awaited};
pub use verbs::{creates, is_read, opposites, takes_away};
pub use watch::{Attempt, Follower};

use crate::error::Error;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3control::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::endpoint::EndpointFuture;
use aws_smithy_types::endpoint::Endpoint;
use identity::{Identity, Unfit};
use limits::Limits;
use source::Source;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use watch::{Watch, Watched};

/// How often a request is tried, unless the environment says otherwise. When AWS refuses one in
/// ten as too many, a few of a hundred thousand would still fail with five.
const ATTEMPTS: u32 = 8;

/// The tags of a thing as AWS returns them, sorted.
pub type Tags = BTreeMap<String, String>;

/// A way to an AWS account, before anybody has asked whose it is.
#[derive(Debug)]
pub struct Session {
    sdk: SdkConfig,
    identity: Identity,
    limits: Arc<Limits>,
    watch: Arc<Watch>,
    counter: Counter,
}

impl Session {
    /// Finds credentials and a region by the usual AWS chain. Sends nothing by itself, save what
    /// the chain itself needs (SSO, assuming a role).
    ///
    /// # Errors
    /// A profile that does not exist, a certificate bundle that cannot be read, no region.
    pub async fn open(chosen: &Chosen, parallelism: usize) -> Result<Self, Error> {
        let counter = Counter::default();
        let http = http::client(chosen.ca_bundle().await.as_deref(), counter.clone())?;
        let attempts = std::env::var("AWS_MAX_ATTEMPTS").ok();
        let attempts = attempts.and_then(|text| text.trim().parse().ok());
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts.filter(|n| *n > 0).unwrap_or(ATTEMPTS))
            .with_max_backoff(Duration::from_secs(10));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(3100))
            .operation_attempt_timeout(Duration::from_secs(20))
            .operation_timeout(Duration::from_secs(90))
            .build();
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .retry_config(retries)
            .timeout_config(timeouts);
        let (sdk, source) = chosen.load(loader, http).await?;
        let watch = Arc::new(Watch::new(chosen.follower.clone()));
        Ok(Self::of(sdk, source, Limits::new(parallelism), watch, counter))
    }

    /// A session whose credentials are those of the configuration, once it is known whose they are.
    fn of(
        sdk: SdkConfig,
        source: Source,
        limits: Limits,
        watch: Arc<Watch>,
        counter: Counter,
    ) -> Self {
        let limits = Arc::new(limits);
        let identity = Identity::new(source, sdk.clone(), limits.clone(), watch.clone());
        let checked = SharedCredentialsProvider::new(identity.clone());
        Self { sdk: credentials::with_credentials(&sdk, checked), identity, limits, watch, counter }
    }

    /// Asks STS whose account it is; from then on the session sends nothing to any other.
    async fn begin(&self, region: &str) -> Result<Caller, Unfit> {
        self.identity.begin(region).await
    }

    /// Whether the account of the run is still that of the credentials.
    ///
    /// # Errors
    /// That they were renewed and are of another account now: nothing was sent there.
    pub fn check(&self) -> Result<(), Error> {
        self.identity.stranger().map_or(Ok(()), |unfit| Err(unfit.into()))
    }

    /// The region of the AWS chain, where there is one.
    pub fn region(&self) -> Option<String> {
        self.sdk.region().map(|region| region.to_string())
    }

    /// Clients that refuse every write.
    pub fn reading(&self) -> Clients {
        Clients::new(self, true)
    }

    /// Clients that can write: for the executor of an apply alone.
    pub fn writing(&self) -> Clients {
        Clients::new(self, false)
    }

    /// How many requests went out so far, retries included.
    pub fn requests(&self) -> usize {
        self.counter.get()
    }
}

/// The clients of the services, made when they are first asked for.
#[derive(Clone, Debug)]
pub struct Clients {
    sdk: SdkConfig,
    limits: Arc<Limits>,
    watch: Arc<Watch>,
    until: Option<Instant>,
    reads_only: bool,
    made: Arc<Made>,
    doors: Arc<door::Doors>,
}

/// For each service: a field for its clients by region, and a method that gives one, guarded if
/// the clients only read. What stands behind the crate's name changes its configuration.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident = $sdk:ident $(, $change:expr)?;)*) => {
        #[derive(Debug, Default)]
        struct Made {
            $($name: Mutex<HashMap<String, $sdk::Client>>,)*
        }

        impl Clients {
            $(
                $(#[$doc])*
                pub fn $name(&self, region: &str) -> $sdk::Client {
                    let mut made = self.made.$name.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(client) = made.get(region) {
                        return client.clone();
                    }
                    let config = $sdk::config::Builder::from(&self.in_region(region));
                    $(let config = ($change)(self, config);)?
                    let config = config
                        .interceptor(self.watched(stringify!($name), region))
                        .retry_classifier(retry::Again);
                    let config = match self.reads_only {
                        true => config.interceptor(guard::ReadOnly),
                        false => config,
                    };
                    let client = $sdk::Client::from_conf(config.build());
                    made.insert(region.to_owned(), client.clone());
                    client
                }
            )*
        }
    };
}

clients! {
    /// Budgets.
    budgets = aws_sdk_budgets;
    /// CloudTrail.
    cloudtrail = aws_sdk_cloudtrail;
    /// GuardDuty.
    guardduty = aws_sdk_guardduty;
    /// S3; by path when an endpoint is configured, for it need not know the buckets as hosts.
    s3 = aws_sdk_s3, |clients: &Self, config: aws_sdk_s3::config::Builder| {
        config.force_path_style(clients.has_endpoint_for_s3())
    };
    /// S3 Control; a configured endpoint is used as it is, without the account before its host.
    s3control = aws_sdk_s3control, |_: &Self, config: aws_sdk_s3control::config::Builder| {
        config.endpoint_resolver(ConfiguredEndpoint(DefaultResolver::new()))
    };
    /// STS.
    sts = aws_sdk_sts;
}

impl Clients {
    fn new(session: &Session, reads_only: bool) -> Self {
        Self {
            sdk: session.sdk.clone(),
            limits: session.limits.clone(),
            watch: session.watch.clone(),
            until: None,
            reads_only,
            made: Arc::default(),
            doors: Arc::default(),
        }
    }

    /// The same for so long from now: what has not been answered by then is late.
    pub fn within(&self, time: Duration) -> Self {
        Self { until: Some(Instant::now() + time), ..self.clone() }
    }

    /// Waits until a request for the operation in the region may go out.
    pub async fn turn(&self, operation: &Operation, region: &str) -> Turn {
        let (service, name) = (operation.service, operation.name);
        self.limits.turn(service, name, region).await
    }

    /// Whether a service has answered in any region so far.
    pub fn has_answered(&self, service: &str) -> bool {
        self.watch.has_answered(service)
    }

    /// Whether a service has answered in the region so far.
    pub fn has_answered_in(&self, service: &'static str, region: &str) -> bool {
        self.watch.has_answered_in(service, region)
    }

    fn watched(&self, service: &'static str, region: &str) -> Watched {
        Watched { service, region: region.to_owned(), watch: self.watch.clone() }
    }

    fn in_region(&self, region: &str) -> SdkConfig {
        self.sdk.to_builder().region(Region::new(region.to_owned())).build()
    }

    fn has_endpoint_for_s3(&self) -> bool {
        self.sdk.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some()
    }
}

#[derive(Debug)]
struct ConfiguredEndpoint(DefaultResolver);

impl ResolveEndpoint for ConfiguredEndpoint {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        match params.endpoint() {
            Some(url) => EndpointFuture::ready(Ok(Endpoint::builder().url(url.to_owned()).build())),
            None => self.0.resolve_endpoint(params),
        }
    }
}

#[cfg(test)]
mod tests;

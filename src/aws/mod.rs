//! The one door to AWS: one HTTP client, regional clients, retries, limits, errors, and the guard
//! that keeps looking from writing.

mod credentials;
mod error;
pub mod facts;
mod guard;
mod http;
mod operation;
pub mod store;

pub use credentials::{AskForCode, Chosen};
pub use error::{AwsError, Kind, classify};
pub use facts::{Caller, Facts};
pub use guard::is_read;
pub use http::Counter;
pub use operation::{AnyWrite, Grant, Operation, Receipt, Write, sent};

use crate::error::Error;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3control::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::endpoint::EndpointFuture;
use aws_smithy_types::endpoint::Endpoint;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most requests under way at once to one service in one region. Control planes take some
/// tens of requests a second; S3 takes thousands.
fn at_once(service: &str) -> usize {
    match service {
        "s3" => 64,
        _ => 16,
    }
}

/// How often a request is tried, unless the environment says otherwise.
const ATTEMPTS: u32 = 5;

/// A way to an AWS account, before anybody has asked whose it is.
#[derive(Debug)]
pub struct Session {
    sdk: SdkConfig,
    limits: Arc<Limits>,
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
        let retries = match std::env::var_os("AWS_MAX_ATTEMPTS") {
            Some(_) => RetryConfig::standard(),
            None => RetryConfig::standard().with_max_attempts(ATTEMPTS),
        };
        let retries = retries.with_max_backoff(Duration::from_secs(10));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(3100))
            .operation_attempt_timeout(Duration::from_secs(20))
            .operation_timeout(Duration::from_secs(90))
            .build();
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .retry_config(retries)
            .timeout_config(timeouts);
        let sdk = chosen.load(loader, http).await?;
        Ok(Self {
            sdk,
            limits: Arc::new(Limits::new(parallelism)),
            counter,
        })
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
    reads_only: bool,
    made: Arc<Made>,
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
    /// Account Management.
    account = aws_sdk_account;
    /// Budgets.
    budgets = aws_sdk_budgets;
    /// CloudTrail.
    cloudtrail = aws_sdk_cloudtrail;
    /// Config.
    config = aws_sdk_config;
    /// GuardDuty.
    guardduty = aws_sdk_guardduty;
    /// IAM.
    iam = aws_sdk_iam;
    /// KMS.
    kms = aws_sdk_kms;
    /// Organizations.
    organizations = aws_sdk_organizations;
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
        let (sdk, limits) = (session.sdk.clone(), session.limits.clone());
        Self {
            sdk,
            limits,
            reads_only,
            made: Arc::default(),
        }
    }

    /// Waits until a request to the service in the region may go out.
    pub async fn turn(&self, service: &str, region: &str) -> Turn {
        self.limits.turn(service, region).await
    }

    fn in_region(&self, region: &str) -> SdkConfig {
        self.sdk
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build()
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

/// How many requests may be under way at once, in all and for each service and region.
#[derive(Debug)]
struct Limits {
    all: Arc<Semaphore>,
    each: Mutex<HashMap<(String, String), Arc<Semaphore>>>,
}

/// A place among the requests under way; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _each: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Limits {
    fn new(parallelism: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(parallelism.max(1))),
            each: Mutex::default(),
        }
    }

    async fn turn(&self, service: &str, region: &str) -> Turn {
        let each = {
            let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
            each.entry((service.to_owned(), region.to_owned()))
                .or_insert_with(|| Arc::new(Semaphore::new(at_once(service))))
                .clone()
        };
        // First the narrow gate: who waits there must not hold a place that others could use.
        let each = each.acquire_owned().await.ok();
        let all = self.all.clone().acquire_owned().await.ok();
        Turn {
            _each: each,
            _all: all,
        }
    }
}

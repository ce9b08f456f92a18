//! The one door to AWS: one HTTP client, regional clients, retries, limits, errors, and the guard
//! that keeps looking from writing.

mod credentials;
mod error;
pub mod facts;
mod guard;
mod http;
mod operation;

pub use credentials::{AskForCode, Chosen};
pub use error::{AwsError, Kind, classify};
pub use facts::{Caller, Facts};
pub use guard::is_read;
pub use http::Counter;
pub use operation::{AnyWrite, Grant, Operation, Write, sent};

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

/// The most requests under way at once to one service in one region; AWS's own limits for
/// control-plane APIs are of this order.
const PER_SERVICE_AND_REGION: usize = 16;

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
            .http_client(http)
            .retry_config(retries)
            .timeout_config(timeouts);
        let sdk = chosen.load(loader).await?;
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
        Clients {
            sdk: self.sdk.clone(),
            limits: self.limits.clone(),
            reads_only: true,
        }
    }

    /// Clients that can write: for the executor of an apply alone.
    pub fn writing(&self) -> Clients {
        Clients {
            sdk: self.sdk.clone(),
            limits: self.limits.clone(),
            reads_only: false,
        }
    }

    /// How many requests went out so far, retries included.
    pub fn requests(&self) -> usize {
        self.counter.get()
    }
}

/// Makes the clients of the services.
#[derive(Clone, Debug)]
pub struct Clients {
    sdk: SdkConfig,
    limits: Arc<Limits>,
    reads_only: bool,
}

/// One method per service: its client in a region, guarded if the clients only read.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident = $sdk:ident;)*) => {
        impl Clients {
            $(
                $(#[$doc])*
                pub fn $name(&self, region: &str) -> $sdk::Client {
                    let config = self.in_region(region);
                    let mut config = $sdk::config::Builder::from(&config);
                    if self.reads_only {
                        config = config.interceptor(guard::ReadOnly);
                    }
                    $sdk::Client::from_conf(config.build())
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
    /// STS.
    sts = aws_sdk_sts;
}

impl Clients {
    /// S3; by path when an endpoint is configured, for it need not know the buckets as hosts.
    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        let config = self.in_region(region);
        let custom =
            self.sdk.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let mut config = aws_sdk_s3::config::Builder::from(&config).force_path_style(custom);
        if self.reads_only {
            config = config.interceptor(guard::ReadOnly);
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// S3 Control; a configured endpoint is used as it is, without the account before its host.
    pub fn s3control(&self, region: &str) -> aws_sdk_s3control::Client {
        let config = self.in_region(region);
        let mut config = aws_sdk_s3control::config::Builder::from(&config)
            .endpoint_resolver(ConfiguredEndpoint(DefaultResolver::new()));
        if self.reads_only {
            config = config.interceptor(guard::ReadOnly);
        }
        aws_sdk_s3control::Client::from_conf(config.build())
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
                .or_insert_with(|| Arc::new(Semaphore::new(PER_SERVICE_AND_REGION)))
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

//! Whose account the credentials are of: asked before the first request, and again whenever they
//! are renewed, before anything is signed with the new ones.
//!
//! Credentials are renewed in the middle of a run: a role's session ends, a `credential_process` is
//! called again. What comes then may belong to another account, and nothing in a signature tells.

use super::facts::{Caller, GET_CALLER_IDENTITY};
use super::limits::Limits;
use super::source::{Missing, Source};
use super::watch::Watch;
use super::{AwsError, Clients, Made};
use crate::aws::advice;
use crate::error::Error;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For how long a failure to ask is taken for the answer: so that requests that wait side by side
/// fail together, and not one after the other, each after all its attempts.
const FAILURE_LASTS: Duration = Duration::from_secs(10);

/// Why credentials are not used.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// They could not be had.
    Missing(Missing),
    /// They are of another account than the run began with.
    Stranger {
        /// Whom the run began as.
        ours: Caller,
        /// Whom they belong to.
        theirs: Caller,
    },
    /// Nobody could say whose they are.
    Unknown {
        /// Whom the run began as, if it has begun.
        ours: Option<Caller>,
        /// The failure to ask.
        error: AwsError,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => missing.fmt(f),
            Self::Stranger { ours, theirs } => write!(
                f,
                "the credentials were renewed and are of account {} now ({}), not of {}",
                theirs.account, theirs.arn, ours.account
            ),
            Self::Unknown { ours: None, error } => write!(f, "{error}"),
            Self::Unknown { ours: Some(ours), error } => write!(
                f,
                "the credentials were renewed, and whether they are still of account {} could not \
                 be found out: {error}",
                ours.account
            ),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Missing(missing) => missing.into(),
            Unfit::Stranger { .. } => Self::refused(unfit.to_string()).hint(
                "nothing but GetCallerIdentity was sent to that account: find out why what gives \
                 the credentials changed over, then run it again",
            ),
            Unfit::Unknown { error, .. } => {
                let hint = advice(&error).unwrap_or_default();
                Self::failed("cannot find out which account this is").because(error).hint(hint)
            }
        }
    }
}

impl Unfit {
    /// The reason that lies behind an error of the SDK, if it is one.
    pub fn behind<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(unfit) = error.downcast_ref::<Self>() {
                return Some(unfit);
            }
            cause = error.source();
        }
        None
    }
}

/// The credentials of a session, each of which is asked once whose account it is of.
#[derive(Clone, Debug)]
pub struct Identity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    /// The configuration with the credentials' own provider.
    sdk: SdkConfig,
    limits: Arc<Limits>,
    watch: Arc<Watch>,
    /// Held while STS is asked: who waits here finds the answer.
    asking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Where STS is asked.
    region: Option<String>,
    /// Whom the run began as.
    ours: Option<Caller>,
    /// The access keys that are of our account.
    known: BTreeSet<String>,
    /// What the run began with, until it is handed out.
    first: Option<Credentials>,
    /// The other account, once it has shown: from then on nothing is handed out.
    theirs: Option<Caller>,
    /// The last failure to ask, and of which key.
    failed: Option<(String, Instant, AwsError)>,
}

impl Identity {
    /// The credentials of a configuration, and where they come from.
    pub fn new(source: Source, sdk: SdkConfig, limits: Arc<Limits>, watch: Arc<Watch>) -> Self {
        Self(Arc::new(Inner {
            source,
            sdk,
            limits,
            watch,
            asking: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }))
    }

    /// Whose account it is: gets credentials and asks STS in the region. Every later access key must
    /// be of the same account.
    ///
    /// # Errors
    /// When there are no credentials, or STS does not say.
    pub async fn begin(&self, region: &str) -> Result<Caller, Unfit> {
        self.state().region = Some(region.to_owned());
        let credentials = self.load().await?;
        let caller = self.verified(&credentials).await?;
        self.state().first = Some(credentials);
        Ok(caller)
    }

    /// The other account that the credentials came to be of, if they did.
    pub fn stranger(&self) -> Option<Unfit> {
        let state = self.state();
        let (ours, theirs) = (state.ours.clone()?, state.theirs.clone()?);
        Some(Unfit::Stranger { ours, theirs })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller that these very credentials are of, if it is of the account of the run.
    async fn verified(&self, credentials: &Credentials) -> Result<Caller, Unfit> {
        let key = credentials.access_key_id();
        let _asking = self.0.asking.lock().await;
        if let Some(answer) = self.answered(key) {
            return answer;
        }
        let region = self.state().region.clone();
        let region = region.unwrap_or_else(|| self.region_of_chain());
        let asked = self.ask(credentials, &region).await;
        let mut state = self.state();
        match (asked, state.ours.clone()) {
            (Err(error), ours) => {
                state.failed = Some((key.to_owned(), Instant::now(), error.clone()));
                Err(Unfit::Unknown { ours, error })
            }
            (Ok(theirs), Some(ours)) if !ours.is_of_account_of(&theirs) => {
                state.theirs = Some(theirs.clone());
                Err(Unfit::Stranger { ours, theirs })
            }
            (Ok(caller), _) => {
                state.known.insert(key.to_owned());
                state.ours.get_or_insert_with(|| caller.clone());
                Ok(caller)
            }
        }
    }

    /// What is known of a key without asking.
    fn answered(&self, key: &str) -> Option<Result<Caller, Unfit>> {
        let state = self.state();
        let ours = state.ours.clone();
        if let (Some(ours), Some(theirs)) = (&ours, &state.theirs) {
            let (ours, theirs) = (ours.clone(), theirs.clone());
            return Some(Err(Unfit::Stranger { ours, theirs }));
        }
        if state.known.contains(key) {
            return ours.map(Ok);
        }
        match &state.failed {
            Some((other, at, error)) if other == key && at.elapsed() < FAILURE_LASTS => {
                let error = error.clone();
                Some(Err(Unfit::Unknown { ours, error }))
            }
            _ => None,
        }
    }

    /// Asks STS with these credentials and no others. It waits for no turn: whoever waits for the
    /// answer may hold the last one.
    async fn ask(&self, credentials: &Credentials, region: &str) -> Result<Caller, AwsError> {
        let fixed = SharedCredentialsProvider::new(credentials.clone());
        let clients = Clients {
            sdk: super::credentials::with_credentials(&self.0.sdk, fixed),
            limits: self.0.limits.clone(),
            watch: self.0.watch.clone(),
            until: None,
            reads_only: true,
            made: Arc::new(Made::default()),
            doors: Arc::default(),
        };
        let answer = clients.sts(region).get_caller_identity().send().await;
        let answer = answer.map_err(|error| AwsError::new(&GET_CALLER_IDENTITY, region, error))?;
        Caller::of(&answer, region)
    }

    fn region_of_chain(&self) -> String {
        let region = self.0.sdk.region().map(ToString::to_string);
        region.unwrap_or_else(|| "us-east-1".to_owned())
    }

    async fn load(&self) -> Result<Credentials, Unfit> {
        let loaded = match self.0.sdk.credentials_provider() {
            Some(provider) => provider.provide_credentials().await,
            None => Err(CredentialsError::not_loaded_no_source()),
        };
        loaded.map_err(|cause| Unfit::Missing(self.0.source.missing(&cause)))
    }

    /// Credentials that are known to be ours.
    async fn fit(&self) -> Result<Credentials, Unfit> {
        if let Some(stranger) = self.stranger() {
            return Err(stranger);
        }
        let first = self.state().first.take();
        let credentials = match first {
            Some(credentials) => credentials,
            None => self.load().await?,
        };
        self.verified(&credentials).await?;
        Ok(credentials)
    }
}

impl ProvideCredentials for Identity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.fit().await.map_err(CredentialsError::provider_error)
        })
    }

    /// What the source keeps for when it is interrupted, if it is known to be ours: there is no
    /// time left to ask.
    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        let kept = self.0.sdk.credentials_provider()?;
        let kept = kept.as_ref().fallback_on_interrupt()?;
        let state = self.state();
        (state.theirs.is_none() && state.known.contains(kept.access_key_id())).then_some(kept)
    }
}

//! Which credentials to use: the usual AWS chain, with what the SDK leaves out (MFA, CA bundles).

use super::Follower;
use crate::error::Error;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{
    self, ProfileFileCredentialsProvider, ProfileFileRegionProvider, ProfileSet,
};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::path::PathBuf;
use std::sync::Arc;

/// Asks a person for the code of an MFA device, given its serial number; `None` where nobody can
/// be asked.
pub type AskForCode = fn(&str) -> Option<String>;

/// What the person chose on the command line.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The region, over environment and profile.
    pub region: Option<String>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// The name of the role's session, for CloudTrail.
    pub session_name: String,
    /// The region when neither the person nor the chain names one.
    pub fallback_region: Option<String>,
    /// How to get an MFA code.
    pub ask_for_code: AskForCode,
    /// Who hears of every attempt of a request.
    pub follower: Option<Arc<dyn Follower>>,
}

impl Chosen {
    /// `AWS_CA_BUNDLE`, else the profile's `ca_bundle`; the SDK reads neither.
    pub async fn ca_bundle(&self) -> Option<PathBuf> {
        if let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
            return Some(PathBuf::from(path));
        }
        let profiles = self.profiles().await.ok()?;
        let path = profiles
            .get_profile(&self.profile_name(&profiles))?
            .get("ca_bundle")?;
        Some(PathBuf::from(path))
    }

    /// Finishes the SDK's configuration with profile, region and credentials. A profile that is
    /// named goes before credentials of the environment, as in the AWS CLI.
    ///
    /// # Errors
    /// A profile that is named but not there; MFA that is asked for and not given.
    pub async fn load(
        &self,
        mut loader: ConfigLoader,
        http: SharedHttpClient,
    ) -> Result<SdkConfig, Error> {
        let region = RegionProviderChain::first_try(self.region.clone().map(Region::new))
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(profile_region(self.profile.as_deref()))
            .or_else(self.fallback_region.clone().map(Region::new))
            .or_default_provider();
        let region = region.region().await;
        loader = loader.region(region.clone()).http_client(http.clone());
        self.check_profile().await?;
        if let Some(profile) = &self.profile {
            let config = ProviderConfig::default()
                .with_http_client(http)
                .with_region(region);
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        let sdk = loader.load().await;
        let sdk = match self.with_mfa(&sdk).await? {
            Some(credentials) => {
                with_credentials(&sdk, SharedCredentialsProvider::new(credentials))
            }
            None => sdk,
        };
        Ok(match &self.role_arn {
            Some(role) => {
                let provider = AssumeRoleProvider::builder(role)
                    .configure(&sdk)
                    .session_name(&self.session_name)
                    .build()
                    .await;
                with_credentials(&sdk, SharedCredentialsProvider::new(provider))
            }
            None => sdk,
        })
    }

    async fn profiles(&self) -> Result<ProfileSet, Error> {
        let (fs, env) = (
            aws_types::os_shim_internal::Fs::real(),
            aws_types::os_shim_internal::Env::real(),
        );
        profile::load(&fs, &env, &Default::default(), None)
            .await
            .map_err(|cause| {
                Error::failed("cannot read the AWS configuration files")
                    .because(cause)
                    .hint("see `aws configure list`")
            })
    }

    fn profile_name(&self, profiles: &ProfileSet) -> String {
        self.profile
            .clone()
            .unwrap_or_else(|| profiles.selected_profile().to_owned())
    }

    async fn check_profile(&self) -> Result<(), Error> {
        let Some(name) = &self.profile else {
            return Ok(());
        };
        let profiles = self.profiles().await?;
        if profiles.get_profile(name).is_some() {
            return Ok(());
        }
        let known: Vec<&str> = profiles.profiles().collect();
        let hint = match known.is_empty() {
            true => "there are no profiles: see `aws configure`".to_owned(),
            false => format!("known profiles: {}", known.join(", ")),
        };
        Err(Error::failed(format!("there is no AWS profile '{name}'")).hint(hint))
    }

    /// Credentials of the profile's role, when the profile asks for MFA: the SDK would call
    /// AssumeRole without a code and be denied.
    async fn with_mfa(&self, sdk: &SdkConfig) -> Result<Option<Credentials>, Error> {
        let from_environment = std::env::var_os("AWS_ACCESS_KEY_ID").is_some();
        if from_environment && self.profile.is_none() {
            return Ok(None);
        }
        let profiles = self.profiles().await?;
        let name = self.profile_name(&profiles);
        let Some(profile) = profiles.get_profile(&name) else {
            return Ok(None);
        };
        let (Some(role), Some(serial)) = (profile.get("role_arn"), profile.get("mfa_serial"))
        else {
            return Ok(None);
        };
        let source = profile.get("source_profile").unwrap_or("default");
        let base = ProfileFileCredentialsProvider::builder()
            .profile_name(source)
            .build();
        let base = base.provide_credentials().await.map_err(|cause| {
            Error::failed(format!(
                "no credentials in source profile '{source}' of '{name}'"
            ))
            .because(cause)
        })?;
        let code = (self.ask_for_code)(serial).ok_or_else(|| {
            Error::failed(format!("profile '{name}' needs an MFA code of {serial}"))
                .hint("run it on a terminal, or give it a session made by `aws sts assume-role`")
        })?;
        let sts =
            aws_sdk_sts::Client::new(&with_credentials(sdk, SharedCredentialsProvider::new(base)));
        let answer = sts
            .assume_role()
            .role_arn(role)
            .set_external_id(profile.get("external_id").map(str::to_owned))
            .role_session_name(
                profile
                    .get("role_session_name")
                    .unwrap_or(&self.session_name),
            )
            .set_duration_seconds(profile.get("duration_seconds").and_then(|n| n.parse().ok()))
            .serial_number(serial)
            .token_code(code.trim())
            .send()
            .await
            .map_err(|cause| {
                let text = aws_smithy_types::error::display::DisplayErrorContext(&cause);
                Error::failed(format!("cannot assume {role} with MFA")).because(text)
            })?;
        let given = answer
            .credentials()
            .ok_or_else(|| Error::failed(format!("AWS gave no credentials for {role}")))?;
        let expires = std::time::SystemTime::try_from(*given.expiration()).ok();
        Ok(Some(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            expires,
            "MFA",
        )))
    }
}

/// The region of the named profile, else of the one that the environment chooses.
fn profile_region(profile: Option<&str>) -> ProfileFileRegionProvider {
    match profile {
        Some(name) => ProfileFileRegionProvider::builder()
            .profile_name(name)
            .build(),
        None => ProfileFileRegionProvider::builder().build(),
    }
}

fn with_credentials(sdk: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    let identity_cache = aws_config::identity::IdentityCache::lazy().build();
    sdk.to_builder()
        .credentials_provider(provider)
        .identity_cache(identity_cache)
        .build()
}

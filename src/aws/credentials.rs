//! Which credentials to use: the usual AWS chain, with what the SDK leaves out (MFA, CA bundles).

use super::Follower;
use super::error::innermost;
use super::source::{self, Source};
use crate::error::Error;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{
    self, Profile, ProfileFileCredentialsProvider, ProfileFileRegionProvider, ProfileSet,
};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{AppName, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
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
        let path = profiles.get_profile(&self.profile_name(&profiles))?.get("ca_bundle")?;
        Some(PathBuf::from(path))
    }

    /// Finishes the SDK's configuration with profile, region and credentials, and tells where these
    /// come from. A profile that is named goes before credentials of the environment, as in the AWS
    /// CLI.
    ///
    /// # Errors
    /// A profile that is named and does not exist or holds no credentials; MFA that is asked for and
    /// not given.
    pub async fn load(
        &self,
        mut loader: ConfigLoader,
        http: SharedHttpClient,
    ) -> Result<(SdkConfig, Source), Error> {
        let region = RegionProviderChain::first_try(self.region.clone().map(Region::new))
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(profile_region(self.profile.as_deref()))
            .or_else(self.fallback_region.clone().map(Region::new))
            .or_default_provider();
        let region = region.region().await;
        loader = loader.region(region.clone()).http_client(http.clone());
        let profiles = self.profiles().await?;
        let source = self.source(&profiles)?;
        if let Some(name) = app_name(profiles.get_profile(&self.profile_name(&profiles))) {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &self.profile {
            let config = ProviderConfig::default().with_http_client(http).with_region(region);
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        let sdk = loader.load().await;
        let sdk = match self.with_mfa(&sdk, &profiles, &source).await? {
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
                let sdk = with_credentials(&sdk, SharedCredentialsProvider::new(provider));
                (sdk, source.then(role))
            }
            None => (sdk, source),
        })
    }

    async fn profiles(&self) -> Result<ProfileSet, Error> {
        let (fs, env) =
            (aws_types::os_shim_internal::Fs::real(), aws_types::os_shim_internal::Env::real());
        profile::load(&fs, &env, &Default::default(), None).await.map_err(|cause| {
            let text = format!("cannot read the AWS configuration files: {cause}");
            Error::failed(text)
                .because(innermost(&cause))
                .hint("mend the file: `aws configure list` reads the same one")
        })
    }

    fn profile_name(&self, profiles: &ProfileSet) -> String {
        self.profile.clone().unwrap_or_else(|| profiles.selected_profile().to_owned())
    }

    /// Where the credentials come from: the profile that is named here or in AWS_PROFILE, which must
    /// exist; keys of the environment; else whatever the chain finds.
    fn source(&self, profiles: &ProfileSet) -> Result<Source, Error> {
        let name = self.profile_name(profiles);
        let is_there = profiles.get_profile(&name).is_some();
        if !is_there && (self.profile.is_some() || name != "default") {
            return Err(source::no_such(profiles, &name, None));
        }
        if !is_there || (self.profile.is_none() && is_set("AWS_ACCESS_KEY_ID")) {
            return Ok(Source::default());
        }
        match (Source::of_profile(profiles, &name), profiles.get_profile(&name)) {
            // Without credentials of its own, the profile that nobody named leaves it to the chain.
            (Err(_), Some(profile)) if self.profile.is_none() && is_silent(profile) => {
                Ok(Source::default())
            }
            (source, _) => source,
        }
    }

    /// Credentials of the profile's role, when the profile asks for MFA: the SDK would call
    /// AssumeRole without a code and be denied.
    async fn with_mfa(
        &self,
        sdk: &SdkConfig,
        profiles: &ProfileSet,
        source: &Source,
    ) -> Result<Option<Credentials>, Error> {
        if *source == Source::default() {
            return Ok(None);
        }
        let name = self.profile_name(profiles);
        let Some(profile) = profiles.get_profile(&name) else {
            return Ok(None);
        };
        let (Some(role), Some(serial)) = (profile.get("role_arn"), profile.get("mfa_serial"))
        else {
            return Ok(None);
        };
        let base_profile = profile.get("source_profile").unwrap_or("default");
        let base = ProfileFileCredentialsProvider::builder().profile_name(base_profile).build();
        let base = base.provide_credentials().await;
        let base = base.map_err(|cause| Error::from(source.missing(&cause)))?;
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
            .role_session_name(profile.get("role_session_name").unwrap_or(&self.session_name))
            .set_duration_seconds(profile.get("duration_seconds").and_then(|n| n.parse().ok()))
            .serial_number(serial)
            .token_code(code.trim())
            .send()
            .await;
        let answer = answer.map_err(|cause| {
            Error::from(source.missing(&CredentialsError::provider_error(cause)))
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

/// Whether a variable of the environment says anything.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether a profile says nothing about credentials, so that the chain goes on to the next source.
fn is_silent(profile: &Profile) -> bool {
    const SAYING: &[&str] = &[
        "aws_access_key_id",
        "aws_secret_access_key",
        "credential_process",
        "credential_source",
        "login_session",
        "role_arn",
        "source_profile",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
    ];
    SAYING.iter().all(|key| profile.get(key).is_none())
}

/// What the program calls itself in CloudTrail's events, unless the person gave it a name:
/// `AWS_SDK_UA_APP_ID`, or `sdk_ua_app_id` in the profile. An application's name has no slash.
fn app_name(profile: Option<&Profile>) -> Option<AppName> {
    if is_set("AWS_SDK_UA_APP_ID") || profile.is_some_and(|own| own.get("sdk_ua_app_id").is_some())
    {
        return None;
    }
    AppName::new(concat!("baseline-", env!("CARGO_PKG_VERSION"))).ok()
}

/// The region of the named profile, else of the one that the environment chooses.
fn profile_region(profile: Option<&str>) -> ProfileFileRegionProvider {
    match profile {
        Some(name) => ProfileFileRegionProvider::builder().profile_name(name).build(),
        None => ProfileFileRegionProvider::builder().build(),
    }
}

/// The same configuration with other credentials, which are cached anew.
pub fn with_credentials(sdk: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    let identity_cache = aws_config::identity::IdentityCache::lazy().build();
    sdk.to_builder().credentials_provider(provider).identity_cache(identity_cache).build()
}

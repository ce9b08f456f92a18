//! The door to services that have no crate here: an operation is a typed constant, a call is a value
//! whose serialised form is exactly what is sent, and everything below is the SDK's own runtime
//! (credentials, signatures, retries, time-outs, clock skew), put together as its crates do.

mod answer;
#[cfg(test)]
mod probe;
mod request;
#[cfg(test)]
mod tests;
mod typed;
mod xml;

pub use answer::{Answer, read};
pub use request::Wire;
pub use typed::{Call, Nothing, Typed};

use super::operation::Operation;
use super::services::{self, Service};
use super::{Clients, guard, retry};
use aws_config::{Region, SdkConfig};
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{
    DisableClockSkewCorrection, ServiceClockSkewClassifier, ServiceClockSkewInterceptor,
};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::orchestrator::operation::Operation as Sent;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime::client::stalled_stream_protection::StalledStreamProtectionInterceptor;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What all calls to a service in a region share, made when it is first called: its clock skew and
/// its retry quota among it.
pub type Doors = Mutex<HashMap<(&'static str, String), SharedRuntimePlugin>>;

type Failure = SdkError<ErrorMetadata, Response>;

impl Clients {
    /// The one place where calls without a crate go out. Nothing here depends on the call's type.
    async fn send(
        &self,
        operation: &'static Operation,
        region: &str,
        input: Map<String, Value>,
    ) -> Result<Answer, Failure> {
        let (Some(wire), Some(service)) = (&operation.wire, services::of(operation.service)) else {
            let text = format!("{} is not an operation of the door", operation.name);
            return Err(SdkError::construction_failure(text));
        };
        let protocol = service.protocol;
        let door = self.door(service, region);
        let door = door.map_err(SdkError::construction_failure)?;
        let mut sent = Sent::builder()
            .service_name(service.id)
            .operation_name(operation.name)
            .runtime_plugin(door)
            .serializer(move |input| request::request(operation, protocol, wire, input))
            .deserializer(move |response| answer::read(protocol, response));
        if let Some(version) = self.sdk.behavior_version() {
            sent = sent.behavior_version(version);
        }
        if let Some(retries) = self.sdk.retry_config() {
            sent = match wire.once {
                true => sent.standard_retry(&retries.clone().with_max_attempts(1)),
                false => sent.standard_retry(retries),
            };
        }
        if let Some(timeouts) = self.sdk.timeout_config() {
            sent = sent.timeout_config(timeouts.clone());
        }
        sent.build().invoke(input).await
    }

    fn door(&self, service: &'static Service, region: &str) -> Result<SharedRuntimePlugin, String> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (service.name, region.to_owned());
        if let Some(door) = doors.get(&key) {
            return Ok(door.clone());
        }
        let place = place(&self.sdk, service, region)?;
        let door = SharedRuntimePlugin::new(
            StaticRuntimePlugin::new()
                .with_config(self.settings(service, region, place.signing_region).freeze())
                .with_runtime_components(self.parts(service, region, place.url)),
        );
        doors.insert(key, door.clone());
        Ok(door)
    }

    fn settings(&self, service: &'static Service, region: &str, signing_region: String) -> Layer {
        let mut settings = Layer::new("door");
        settings.store_put(ApiMetadata::new(service.signs, env!("CARGO_PKG_VERSION")));
        if let Some(name) = self.sdk.app_name() {
            settings.store_put(name.clone());
        }
        settings.store_put(Region::new(region.to_owned()));
        settings.store_put(SigningName::from_static(service.signs));
        settings.store_put(SigningRegion::from(Region::new(signing_region)));
        settings.store_put(SigV4OperationSigningConfig::default());
        settings.store_put(AuthSchemeOptionResolverParams::new(()));
        settings.store_put(EndpointResolverParams::new(()));
        // By default all regions would share one quota of retries.
        settings.store_put(RetryPartition::new(format!("{}-{region}", service.signs)));
        if let Some(disabled) = self.sdk.disable_clock_skew_correction() {
            settings.store_put(DisableClockSkewCorrection::from(disabled));
        }
        if let Some(protection) = self.sdk.stalled_stream_protection() {
            settings.store_put(protection);
        }
        settings
    }

    fn parts(
        &self,
        service: &'static Service,
        region: &str,
        url: String,
    ) -> RuntimeComponentsBuilder {
        let mut parts = RuntimeComponentsBuilder::new("door");
        parts.set_http_client(self.sdk.http_client());
        parts.set_sleep_impl(self.sdk.sleep_impl());
        parts.set_time_source(self.sdk.time_source());
        parts.set_identity_cache(self.sdk.identity_cache());
        if let Some(credentials) = self.sdk.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, credentials);
        }
        parts.set_endpoint_resolver(Some(StaticUriEndpointResolver::uri(url)));
        parts.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
            StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
        )));
        parts.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        parts.push_interceptor(ConnectionPoisoningInterceptor::new());
        parts.push_interceptor(StalledStreamProtectionInterceptor::default());
        parts.push_interceptor(ServiceClockSkewInterceptor::new());
        parts.push_interceptor(RequestInfoInterceptor::new());
        parts.push_interceptor(UserAgentInterceptor::new());
        parts.push_interceptor(InvocationIdInterceptor::new());
        parts.push_interceptor(RecursionDetectionInterceptor::new());
        parts.push_interceptor(self.watched(service.name, region));
        if self.reads_only {
            parts.push_interceptor(guard::ReadOnly);
        }
        parts.push_retry_classifier(HttpStatusCodeClassifier::default());
        parts.push_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(retry::Again);
        parts
    }
}

/// Where a service is called.
struct Place {
    url: String,
    signing_region: String,
}

/// The endpoint that is configured for the service, or for all, or AWS's own.
fn place(sdk: &SdkConfig, service: &Service, region: &str) -> Result<Place, String> {
    let fips = sdk.use_fips() == Some(true);
    let dual_stack = sdk.use_dual_stack() == Some(true);
    let (host, signing_region) = service.place(region, fips, dual_stack);
    let url = match endpoint(sdk, service) {
        // As the SDK's crates do: nobody can know whether such an endpoint is a FIPS one.
        Some(_) if fips => {
            return Err("a configured endpoint and FIPS cannot be used together".to_owned());
        }
        Some(url) => url,
        None => format!("https://{host}"),
    };
    Ok(Place { url, signing_region })
}

fn endpoint(sdk: &SdkConfig, service: &Service) -> Option<String> {
    let all = sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return all;
    }
    let key = ServiceConfigKey::builder()
        .service_id(service.id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = sdk.service_config().and_then(|config| config.load_config(key));
    own.or(all)
}

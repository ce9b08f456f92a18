//! The one HTTP client that all services share: proxies, extra certificate authorities, a counter.

use crate::error::Error;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many requests went out, retries included.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// The number so far.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The shared client; `ca_bundle` names a PEM file of further certificate authorities.
///
/// # Errors
/// When the bundle cannot be read or holds no certificate.
pub fn client(ca_bundle: Option<&Path>, counter: Counter) -> Result<SharedHttpClient, Error> {
    let tls = trust(ca_bundle)?;
    let inner = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    Ok(SharedHttpClient::new(Shared { inner, counter }))
}

fn trust(ca_bundle: Option<&Path>) -> Result<TlsContext, Error> {
    let mut store = TrustStore::default();
    if let Some(path) = ca_bundle {
        let pem = std::fs::read(path).map_err(|cause| {
            Error::failed(format!("cannot read the certificates in {}", path.display()))
                .because(cause)
                .hint("AWS_CA_BUNDLE must name a readable PEM file")
        })?;
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            let text = format!("{} holds no certificate", path.display());
            return Err(Error::failed(text).hint("AWS_CA_BUNDLE must name a PEM file"));
        }
        store.add_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|cause| Error::failed("cannot set up TLS").because(cause))
}

/// The client as the SDK sees it. It leaves out the SDK's validation, which would parse all root
/// certificates again for every service and region.
#[derive(Debug)]
struct Shared {
    inner: SharedHttpClient,
    counter: Counter,
}

impl HttpClient for Shared {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Counted { inner, counter: self.counter.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct Counted {
    inner: SharedHttpConnector,
    counter: Counter,
}

impl HttpConnector for Counted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.counter.0.fetch_add(1, Ordering::Relaxed);
        self.inner.call(request)
    }
}

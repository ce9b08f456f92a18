//! Looking cannot write: refuses every operation that is not a read before anything is sent.

use super::is_read;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The start of the refusal's text, by which it is known again.
pub const REFUSAL: &str = "refused on a client that only reads";

/// The interceptor of reading clients.
#[derive(Debug)]
pub struct ReadOnly;

#[dyn_dispatch_hint]
impl Intercept for ReadOnly {
    fn name(&self) -> &'static str {
        "ReadOnly"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match cfg.load::<Metadata>() {
            Some(call) if is_read(call.name()) => Ok(()),
            Some(call) => Err(format!("{REFUSAL}: {}:{}", call.service(), call.name()).into()),
            None => Err(format!("{REFUSAL}: an operation without a name").into()),
        }
    }
}

//! Looking cannot write: refuses every operation that is not a read before anything is sent.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The start of the refusal's text, by which it is known again.
pub const REFUSAL: &str = "refused on a client that only reads";

/// What the names of reading operations begin with.
const READS: &[&str] = &["BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Search"];

/// Reads whose names do not say so: the credential report is made on request and changes nothing.
const OTHER_READS: &[&str] = &["GenerateCredentialReport"];

/// Whether an operation only looks.
pub fn is_read(operation: &str) -> bool {
    READS.iter().any(|start| operation.starts_with(start)) || OTHER_READS.contains(&operation)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looking_is_let_through() {
        for read in ["GetTrail", "ListBuckets", "DescribeBudget", "GenerateCredentialReport"] {
            assert!(is_read(read), "{read}");
        }
        for write in ["PutBucketPolicy", "CreateTrail", "StartLogging", "UpdateBudget", "getX"] {
            assert!(!is_read(write), "{write}");
        }
    }
}

//! What AWS or the way to it answered when a request failed, in one form for all services.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A failed call: who was asked for what, where, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsError {
    /// The service by its IAM prefix: `cloudtrail`, `s3`.
    pub service: String,
    /// The API operation.
    pub operation: String,
    /// The IAM action that allows the operation.
    pub action: String,
    /// The region asked.
    pub region: String,
    /// What kind of failure it is; decides the verdict and the hint.
    pub kind: Kind,
    /// AWS's error code, when AWS answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's own message, or what went wrong on the way.
    pub message: String,
    /// AWS's id of the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The kinds of failure that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The caller may not do this.
    Denied,
    /// The credentials are wrong, expired, or not known in the region.
    Credentials,
    /// The service is not offered in the region: its name does not exist.
    NotOffered,
    /// Too many requests, after all retries.
    Throttled,
    /// No answer: network, time-out, a server that broke off.
    Unreachable,
    /// The account or the service in it is not ready yet.
    NotReady,
    /// Any other answer of AWS; its code says which.
    Answered,
    /// The call was refused on this side: a write on a client that only reads.
    Refused,
}

/// The codes by which services say that the caller may not do something.
/// Source: the error lists of the services' API references; EC2 and SNS spell it their own way.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
    "AllAccessDisabled",
    "MethodNotAllowed",
    "NotAuthorized",
];

const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

const NOT_READY: &[&str] = &[
    "NotSignedUp",
    "OptInRequired",
    "SubscriptionRequiredException",
];

/// The kind of an error code.
pub fn classify(code: &str) -> Kind {
    match code {
        _ if DENIED.contains(&code) => Kind::Denied,
        _ if CREDENTIALS.contains(&code) => Kind::Credentials,
        _ if THROTTLED.contains(&code) => Kind::Throttled,
        _ if NOT_READY.contains(&code) => Kind::NotReady,
        "InternalError" | "InternalFailure" | "ServiceUnavailable" | "RequestTimeout" => {
            Kind::Unreachable
        }
        _ => Kind::Answered,
    }
}

/// The services that not every region has. Of any other, a name that does not exist says something
/// about the way there and nothing about AWS.
const SPARSE: &[&str] = &["accessanalyzer", "config", "guardduty"];

/// The kind of a failure on the way, from its text: a host name that does not exist means that the
/// service has no endpoint in the region; a resolver that cannot answer says nothing.
fn on_the_way(service: &str, text: &str) -> Kind {
    let no_such_host = ["Name or service not known", "No such host is known"];
    match SPARSE.contains(&service) && no_such_host.iter().any(|sign| text.contains(sign)) {
        true => Kind::NotOffered,
        false => Kind::Unreachable,
    }
}

impl AwsError {
    /// Reads an error of the SDK.
    pub fn new<E>(operation: &super::Operation, region: &str, error: SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        let (kind, message) = match &error {
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => answered(&error),
            SdkError::ConstructionFailure(_) => on_this_side(&error),
            other => {
                let text = DisplayErrorContext(other).to_string();
                let kind = match is_credentials(&text) {
                    true => Kind::Credentials,
                    false => on_the_way(operation.service, &text),
                };
                (kind, innermost(other))
            }
        };
        let request_id = error
            .raw_response()
            .and_then(|raw| {
                let headers = raw.headers();
                headers
                    .get("x-amzn-requestid")
                    .or_else(|| headers.get("x-amz-request-id"))
            })
            .map(str::to_owned);
        Self {
            service: operation.service.to_owned(),
            operation: operation.name.to_owned(),
            action: operation.action().to_owned(),
            region: region.to_owned(),
            kind,
            code,
            message,
            request_id,
        }
    }

    /// A failure that this program states itself, about a call that was answered.
    pub fn unexpected(operation: &super::Operation, region: &str, message: &str) -> Self {
        Self {
            service: operation.service.to_owned(),
            operation: operation.name.to_owned(),
            action: operation.action().to_owned(),
            region: region.to_owned(),
            kind: Kind::Answered,
            code: None,
            message: message.to_owned(),
            request_id: None,
        }
    }

    /// Whether AWS answered with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

fn answered<E>(error: &SdkError<E, Response>) -> (Kind, String)
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    let kind = match (error.code().map(classify), status) {
        (Some(Kind::Answered) | None, Some(403)) => Kind::Denied,
        (Some(Kind::Answered) | None, Some(429)) => Kind::Throttled,
        (Some(Kind::Answered) | None, Some(500..)) => Kind::Unreachable,
        (Some(kind), _) => kind,
        (None, Some(200..300)) => Kind::Unreachable,
        (None, _) => Kind::Answered,
    };
    let message = error
        .message()
        .map(str::to_owned)
        .unwrap_or_else(|| match status {
            Some(status @ 300..) => format!("HTTP status {status} without a message"),
            _ => innermost(error),
        });
    (kind, message)
}

fn on_this_side<E>(error: &SdkError<E, Response>) -> (Kind, String)
where
    E: std::error::Error + 'static,
{
    let text = DisplayErrorContext(error).to_string();
    let kind = match text.contains(super::guard::REFUSAL) {
        true => Kind::Refused,
        false if is_credentials(&text) => Kind::Credentials,
        false => Kind::Answered,
    };
    (kind, innermost(error))
}

fn is_credentials(text: &str) -> bool {
    text.contains("CredentialsNotLoaded")
        || text.contains("ProviderError")
        || text.contains("no providers in chain")
        || text.contains("InvalidConfiguration")
}

/// The text of the innermost cause: the outer ones only repeat that something failed.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{} in {}: ",
            self.service, self.operation, self.region
        )?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for AwsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_denial_is_a_denial() {
        for code in DENIED {
            assert_eq!(classify(code), Kind::Denied, "{code}");
        }
    }

    #[test]
    fn quotas_and_absence_are_answers_not_failures_to_see() {
        for code in [
            "LimitExceededException",
            "NoSuchEntity",
            "NoSuchBucketPolicy",
        ] {
            assert_eq!(classify(code), Kind::Answered, "{code}");
        }
    }

    #[test]
    fn only_a_name_that_does_not_exist_means_not_offered() {
        let gone = "dns error: failed to lookup address information: Name or service not known";
        assert_eq!(on_the_way("guardduty", gone), Kind::NotOffered);
        assert_eq!(on_the_way("iam", gone), Kind::Unreachable);
        let silent = "dns error: Temporary failure in name resolution";
        assert_eq!(on_the_way("guardduty", silent), Kind::Unreachable);
    }
}

//! What AWS or the way to it answered when a request failed, in one form for all services.

use super::identity::Unfit;
use super::{clock, denied, retry, watch, way};
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
    /// What a denied operation was asked on, as far as it is known: an ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
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
    /// What was waited for in vain before this was taken for a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_for: Option<String>,
}

/// The kinds of failure that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The caller may not do this.
    Denied,
    /// There are no credentials, they are wrong, or they are not known in the region.
    Credentials,
    /// The credentials were right and have expired.
    Expired,
    /// The credentials came to be of another account: nothing more is sent.
    WrongAccount,
    /// The request was refused for its time: the clock here is wrong.
    Clock,
    /// The service is not offered in the region: its name does not exist.
    NotOffered,
    /// Too many requests, after all retries.
    Throttled,
    /// No answer: network, time-out, a server that broke off.
    Unreachable,
    /// The name of the service could not be looked up.
    Unresolved,
    /// The proxy did not let the request through.
    Proxy,
    /// The certificate of whoever answered is not trusted.
    Certificate,
    /// The time of the whole run was up before there was an answer.
    Late,
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
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const EXPIRED: &[&str] =
    &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];

const NOT_READY: &[&str] = &["NotSignedUp", "OptInRequired", "SubscriptionRequiredException"];

/// What is said of a success that cannot be read.
pub const NOT_OF_AWS: &str = "the answer is not in a form of AWS's";

/// The kind of an error code with its message.
pub fn classify(code: &str, message: &str) -> Kind {
    match code {
        _ if DENIED.contains(&code) => Kind::Denied,
        _ if EXPIRED.contains(&code) => Kind::Expired,
        _ if CREDENTIALS.contains(&code) => Kind::Credentials,
        _ if retry::is_throttle(code, message) => Kind::Throttled,
        _ if NOT_READY.contains(&code) => Kind::NotReady,
        _ if retry::is_failing(code) => Kind::Unreachable,
        _ => Kind::Answered,
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
            _ if Unfit::behind(&error).is_some() => unfit(&error),
            SdkError::ServiceError(_) => answered(&error),
            SdkError::ResponseError(_) => {
                let text = format!("the answer broke off: {}", innermost(&error));
                (Kind::Unreachable, text)
            }
            SdkError::ConstructionFailure(_) => on_this_side(&error),
            other => {
                let chain = DisplayErrorContext(other).to_string();
                unsent(operation.service, &chain, &innermost(other))
            }
        };
        let resource = match kind {
            Kind::Denied => denied::resource(operation, region, &message),
            _ => None,
        };
        Self {
            kind,
            code,
            resource,
            request_id: error.raw_response().and_then(watch::request_id),
            ..Self::unexpected(operation, region, &message)
        }
    }

    /// Reads an entry that an otherwise successful answer says was refused: `ErrorCode` and
    /// `ErrorMessage`.
    pub fn of_entry(operation: &super::Operation, region: &str, entry: &serde_json::Value) -> Self {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let (code, mut message) = (text("ErrorCode"), text("ErrorMessage"));
        // AWS Config gives no code.
        message.push_str(&text("FailureMessage"));
        Self {
            kind: classify(&code, &message),
            code: Some(code).filter(|code| !code.is_empty()),
            ..Self::unexpected(operation, region, &message)
        }
    }

    /// A failure that this program states itself, about a call that was answered.
    pub fn unexpected(operation: &super::Operation, region: &str, message: &str) -> Self {
        Self {
            service: operation.service.to_owned(),
            operation: operation.name.to_owned(),
            action: operation.action().to_owned(),
            resource: None,
            region: region.to_owned(),
            kind: Kind::Answered,
            code: None,
            message: message.to_owned(),
            request_id: None,
            waited_for: None,
        }
    }

    /// A success whose answer has another form than AWS's.
    pub fn unreadable(operation: &super::Operation, region: &str, cause: &str) -> Self {
        Self {
            kind: Kind::Unreachable,
            ..Self::unexpected(operation, region, &format!("{NOT_OF_AWS}: {cause}"))
        }
    }

    /// A call that had no answer when the time of the run was up.
    pub fn late(operation: &super::Operation, region: &str) -> Self {
        Self {
            kind: Kind::Late,
            ..Self::unexpected(operation, region, "not answered before the time was up")
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
    let (code, text) = (error.code(), error.message().unwrap_or_default());
    let kind = match (code.map(|code| classify(code, text)), status) {
        (None, Some(403)) => Kind::Denied,
        (Some(Kind::Answered), Some(403)) if sounds_like_a_denial(code) => Kind::Denied,
        (Some(Kind::Answered) | None, Some(429)) => Kind::Throttled,
        (Some(Kind::Answered) | None, Some(500..)) => Kind::Unreachable,
        (Some(kind), _) => kind,
        (None, Some(200..300)) => Kind::Unreachable,
        (None, _) => Kind::Answered,
    };
    let message = error.message().map(str::to_owned).unwrap_or_else(|| match status {
        Some(status @ 300..) => format!("HTTP status {status} without a message"),
        Some(200..300) => NOT_OF_AWS.to_owned(),
        _ => innermost(error),
    });
    let offset = error.raw_response().and_then(|raw| raw.extension().copied());
    match clock::is_to_blame(code.unwrap_or_default(), &message, offset) {
        true => clock::told(&message, offset),
        false => (kind, message),
    }
}

/// What is said of credentials that were not used.
fn unfit(error: &(dyn std::error::Error + 'static)) -> (Kind, String) {
    let unfit = Unfit::behind(error);
    let kind = match unfit {
        Some(Unfit::Missing(missing)) => missing.kind,
        Some(Unfit::Stranger { .. }) => Kind::WrongAccount,
        Some(Unfit::Unknown { error, .. }) => error.kind,
        None => Kind::Credentials,
    };
    (kind, unfit.map_or_else(String::new, Unfit::to_string))
}

/// Whether a code that this program does not know is one of a denial. Services answer with status
/// 403 what they will not do for other reasons, too: CloudTrail a bucket whose policy keeps it out,
/// or one trail too many.
fn sounds_like_a_denial(code: Option<&str>) -> bool {
    let words = ["denied", "forbidden", "notauthorized", "unauthorized", "403"];
    let code = code.unwrap_or_default().to_ascii_lowercase();
    words.iter().any(|word| code.contains(word))
}

fn on_this_side<E>(error: &SdkError<E, Response>) -> (Kind, String)
where
    E: std::error::Error + 'static,
{
    let chain = DisplayErrorContext(error).to_string();
    let innermost = innermost(error);
    match chain.contains(super::guard::REFUSAL) {
        true => (Kind::Refused, innermost),
        false if is_credentials(&chain) => credentials(&chain, innermost),
        false => (Kind::Answered, innermost),
    }
}

/// The kind of a request that never had an answer.
fn unsent(service: &str, chain: &str, innermost: &str) -> (Kind, String) {
    match is_credentials(chain) {
        true => credentials(chain, innermost.to_owned()),
        false => way::told(service, chain, innermost),
    }
}

fn is_credentials(chain: &str) -> bool {
    [
        "CredentialsNotLoaded",
        "ProviderError",
        "ProviderTimedOut",
        "no providers in chain",
        "InvalidConfiguration",
    ]
    .iter()
    .any(|sign| chain.contains(sign))
}

/// Why there are no credentials: where they come from may not be reached either.
fn credentials(chain: &str, innermost: String) -> (Kind, String) {
    let lower = chain.to_lowercase();
    let (kind, text) = way::told("credentials", chain, &innermost);
    match kind {
        Kind::Unresolved | Kind::Proxy | Kind::Certificate => {
            (kind, format!("no credentials, for where they come from: {text}"))
        }
        _ if lower.contains("expired") || lower.contains("sso token") => (Kind::Expired, innermost),
        _ => (Kind::Credentials, innermost),
    }
}

/// The text of the innermost cause: the outer ones only repeat that something failed.
pub fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} in {}: ", self.service, self.operation, self.region)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        if let Some(condition) = &self.waited_for {
            write!(f, "; waited in vain for {condition}")?;
        }
        Ok(())
    }
}

impl std::error::Error for AwsError {}

/// The answer, or nothing when the error code says that there is none.
///
/// # Errors
/// Any other error.
pub fn unless_absent<T>(answer: Result<T, AwsError>, absent: &str) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(absent) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_denial_is_a_denial() {
        for code in DENIED {
            assert_eq!(classify(code, ""), Kind::Denied, "{code}");
        }
    }

    #[test]
    fn a_code_that_is_not_known_is_a_denial_if_it_says_so() {
        for code in ["OrganizationAccessDeniedException", "Forbidden", "403"] {
            assert!(sounds_like_a_denial(Some(code)), "{code}");
        }
        for code in
            ["InsufficientS3BucketPolicyException", "MaximumNumberOfTrailsExceededException"]
        {
            assert!(!sounds_like_a_denial(Some(code)), "{code}");
        }
    }

    #[test]
    fn quotas_and_absence_are_answers_not_failures_to_see() {
        for code in ["LimitExceededException", "NoSuchEntity", "NoSuchBucketPolicy"] {
            assert_eq!(classify(code, ""), Kind::Answered, "{code}");
        }
    }
}

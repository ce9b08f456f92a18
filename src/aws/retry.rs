//! Which failed attempts are worth another one, beyond what the SDK knows by itself.
//!
//! The SDK repeats time-outs, broken connections, answers that break off, 500, 502, 503 and 504,
//! and most spellings of throttling; it corrects the clock and signs again when AWS finds it wrong.
//! This adds the spellings that it lacks and answers that cannot be read, and takes back what it
//! takes for throttling and is a quota.
//!
//! A repeated write may be one that AWS has carried out, its answer lost. The writes of the
//! controls bear that: they replace what they are for (`Put…`, `Update…`, `Start…`), carry an
//! idempotency token, or take "it is there already" for success.

use super::{Kind, way};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::error::display::DisplayErrorContext;
use serde_json::Value;

/// The codes by which services say that they are asked too often.
/// Source: the retry tables of the SDKs, and the services' API references.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "Client.RequestLimitExceeded",
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
    "TooManyRequests",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// The codes by which services say that the fault is theirs, whatever the status.
const FAILING: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerErrorException",
    "InternalServerException",
    "InternalServiceException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceException",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// A quota by its name, and by their messages also a rate: IAM says so of credential reports.
const LIMITS: &[&str] = &["LimitExceeded", "LimitExceededException"];

/// What the message of a limit holds when it is one of requests in a time.
const RATES: &[&str] = &["rate", "throttl", "too many requests", "per second", "slow down"];

/// Whether an error says that AWS is asked too often.
pub fn is_throttle(code: &str, message: &str) -> bool {
    let of_a_rate = || {
        let message = message.to_lowercase();
        RATES.iter().any(|sign| message.contains(sign))
    };
    THROTTLED.contains(&code)
        || code.starts_with("Throttling.")
        || (LIMITS.contains(&code) && of_a_rate())
}

/// Whether an error says that the service itself failed, and may not the next time.
pub fn is_failing(code: &str) -> bool {
    FAILING.contains(&code)
}

/// Judges failed attempts after the SDK's own classifiers.
#[derive(Debug)]
pub struct Again;

impl ClassifyRetry for Again {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match (context.output_or_error(), context.response()) {
            (Some(Err(_)), Some(answer)) => judge(answer),
            (Some(Err(error)), None) => match error.as_connector_error() {
                Some(error) if is_for_a_person(error) => RetryAction::RetryForbidden,
                _ => RetryAction::NoActionIndicated,
            },
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "baseline"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Whether only a person can open the way: a certificate or a password does not come by waiting.
fn is_for_a_person(error: &ConnectorError) -> bool {
    let chain = DisplayErrorContext(error).to_string();
    match way::told("", &chain, "").0 {
        Kind::Certificate => true,
        Kind::Proxy => chain.contains("proxy authorization required"),
        _ => false,
    }
}

fn judge(answer: &HttpResponse) -> RetryAction {
    let (code, message) = error_of(answer);
    match answer.status().as_u16() {
        // Carried out, but told in words that cannot be read.
        200..300 => RetryAction::transient_error(),
        _ if is_throttle(&code, &message) => RetryAction::throttling_error(),
        _ if LIMITS.contains(&code.as_str()) => RetryAction::RetryForbidden,
        429 | 509 => RetryAction::throttling_error(),
        _ if is_failing(&code) => RetryAction::transient_error(),
        _ => RetryAction::NoActionIndicated,
    }
}

/// Code and message of an error in any of AWS's protocols; empty where there are none.
fn error_of(answer: &HttpResponse) -> (String, String) {
    let text = answer.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let (code, message) = match serde_json::from_str::<Value>(&text) {
        Ok(json) => {
            (member(&json, &["__type", "code", "Code"]), member(&json, &["message", "Message"]))
        }
        Err(_) => (element(&text, "Code"), element(&text, "Message")),
    };
    let header = answer.headers().get("x-amzn-errortype");
    let code = header.map(str::to_owned).or(code).unwrap_or_default();
    // A name space before the name, a link behind it.
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    (code.to_owned(), message.unwrap_or_default())
}

fn member(json: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| json.get(name)?.as_str()).map(str::to_owned)
}

fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn answer(status: u16, body: &str) -> HttpResponse {
        let status = StatusCode::try_from(status).expect("a status");
        HttpResponse::new(status, SdkBody::from(body))
    }

    #[test]
    fn every_spelling_of_throttling_is_tried_again() {
        for code in THROTTLED.iter().chain(&["Throttling.User"]) {
            let xml = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
            let json =
                format!(r#"{{"__type":"com.amazonaws.x#{code}","message":"Rate exceeded"}}"#);
            for body in [xml, json] {
                let judged = judge(&answer(400, &body));
                assert_eq!(judged, RetryAction::throttling_error(), "{body}");
            }
        }
        for status in [429, 509] {
            let judged = judge(&answer(status, "<html>busy</html>"));
            assert_eq!(judged, RetryAction::throttling_error(), "{status}");
        }
    }

    #[test]
    fn a_quota_is_not_tried_again_unless_it_is_one_of_requests() {
        let said = |code: &str, message: &str| {
            let body = format!(r#"{{"__type":"{code}","message":"{message}"}}"#);
            judge(&answer(400, &body))
        };
        for code in LIMITS {
            assert_eq!(said(code, "5 trails at most"), RetryAction::RetryForbidden);
            assert_eq!(said(code, "Rate exceeded"), RetryAction::throttling_error());
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_asked_for_again() {
        let judged = judge(&answer(200, "{\"half"));
        assert_eq!(judged, RetryAction::transient_error());
    }

    #[test]
    fn a_service_that_fails_is_asked_again_whatever_the_status() {
        let mut failing = answer(400, "{}");
        let headers = failing.headers_mut();
        headers.insert("x-amzn-errortype", "InternalFailure:http://aws/");
        assert_eq!(judge(&failing), RetryAction::transient_error());
    }

    #[test]
    fn a_refusal_is_final() {
        for code in ["AccessDenied", "NoSuchEntity", "ValidationException"] {
            let body = format!("<Error><Code>{code}</Code></Error>");
            let judged = judge(&answer(403, &body));
            assert_eq!(judged, RetryAction::NoActionIndicated, "{code}");
        }
    }
}

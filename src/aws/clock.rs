//! How far the clock here is from AWS's, as its answers tell.
//!
//! The SDK measures the same, and signs again by AWS's clock when a request is refused for its time
//! by more than four minutes. What is told here is left when that does not help.

use super::Kind;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::time::{Duration, SystemTime};

/// AWS's clock less the clock here, in seconds; kept with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset(pub i64);

/// AWS refuses requests whose time is wrong by more than five minutes, some services by fifteen.
const TELLING: u64 = 4 * 60;

/// The codes by which AWS may mean the time of a request.
const CODES: &[&str] = &[
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// How messages say that the time of a request is the trouble.
const TEXTS: &[&str] = &["signature expired", "signature not yet current"];

/// What an answer that came just now tells of the clocks, by its date; nothing, if a cache kept it.
pub fn measure(answer: &HttpResponse, now: SystemTime) -> Option<Offset> {
    if answer.headers().get("age").is_some() {
        return None;
    }
    let date = answer.headers().get("date")?;
    let theirs = DateTime::from_str(date, Format::HttpDate).ok()?.secs();
    let ours = DateTime::from(now).secs();
    Some(Offset(theirs - ours))
}

/// Whether an error is about the time of the request.
pub fn is_to_blame(code: &str, message: &str, offset: Option<Offset>) -> bool {
    let message = message.to_ascii_lowercase();
    let far_off = offset.is_some_and(|offset| offset.0.unsigned_abs() > TELLING);
    CODES.contains(&code)
        && (far_off
            || code == "RequestTimeTooSkewed"
            || TEXTS.iter().any(|text| message.contains(text)))
}

/// The kind and the message of an error that is about the time of the request.
pub fn told(message: &str, offset: Option<Offset>) -> (Kind, String) {
    let text = match offset.filter(|offset| offset.0 != 0) {
        Some(offset) => format!("{message}; {offset}"),
        None => message.to_owned(),
    };
    (Kind::Clock, text)
}

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let by = humantime::format_duration(Duration::from_secs(self.0.unsigned_abs()));
        let side = match self.0 >= 0 {
            true => "behind",
            false => "ahead of",
        };
        write!(f, "the clock here is {by} {side} AWS's")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn dated(date: &'static str) -> HttpResponse {
        let status = StatusCode::try_from(403).expect("a status");
        let mut answer = HttpResponse::new(status, SdkBody::empty());
        answer.headers_mut().insert("date", date);
        answer
    }

    /// 21 November 2026, 12:00:00 UTC.
    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
    }

    #[test]
    fn the_offset_is_measured_and_put_into_words() {
        let later = dated("Sat, 21 Nov 2026 13:01:05 GMT");
        let offset = measure(&later, noon()).expect("an offset");
        assert_eq!(offset.to_string(), "the clock here is 1h 1m 5s behind AWS's");
        let earlier = dated("Sat, 21 Nov 2026 11:50:00 GMT");
        let offset = measure(&earlier, noon()).expect("an offset");
        assert_eq!(offset.to_string(), "the clock here is 10m ahead of AWS's");
    }

    #[test]
    fn an_answer_out_of_a_cache_measures_nothing() {
        let mut kept = dated("Sat, 21 Nov 2026 11:50:00 GMT");
        kept.headers_mut().insert("age", "600");
        assert_eq!(measure(&kept, noon()), None);
        assert_eq!(measure(&dated("yesterday"), noon()), None);
    }

    #[test]
    fn a_wrong_signature_is_the_clocks_fault_only_when_the_clock_is_wrong() {
        let blamed = |code, offset| is_to_blame(code, "", Some(Offset(offset)));
        assert!(blamed("SignatureDoesNotMatch", -900));
        assert!(!blamed("SignatureDoesNotMatch", 20));
        assert!(!blamed("AccessDenied", 9000));
        assert!(is_to_blame("RequestTimeTooSkewed", "", None));
        let text = "Signature expired: 20261121T110000Z is now earlier than 20261121T115500Z";
        assert!(is_to_blame("InvalidSignatureException", text, None));
    }
}

//! What must hold of any bytes, one function for each fuzz target. The same functions run in
//! `./test` on the checked-in corpora and on fixed mutations of them.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use baseline::aws::advice;
use baseline::aws::door;
use baseline::aws::services::Protocol;
use baseline::aws::{AwsError, Grant, Operation};
use baseline::baseline::Baseline;
use baseline::credential_report::last_used_by_root;
use baseline::formats;
use baseline::observe::Observation;
use baseline::plan::{self, Goal, Plan};
use baseline::policy::{Dialect, Policy, Request, are_equivalent, changes, evaluate, weaknesses};
use baseline::report::Inputs;
use baseline::selection::Selection;
use baseline::view;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A baseline that is refused is refused with a place in it.
pub fn baseline(bytes: &[u8]) {
    let Err(error) = Baseline::from_bytes(Path::new("baseline.toml"), bytes) else {
        return;
    };
    let report = error.report.expect("what is wrong is shown in place");
    assert!(report.contains("--> baseline.toml:"), "{report}");
}

/// A plan that is accepted is the only way to write what it says, and every view shows it.
pub fn plan(bytes: &[u8]) {
    if let Ok(plan) = Plan::from_bytes(bytes) {
        assert_eq!(plan.to_bytes(), bytes);
    }
    // What a plan says is shown before anybody trusts it, so a forged digest must not matter.
    if let Ok(plan) = serde_json::from_slice(bytes) {
        look_at(&plan);
    }
}

/// A policy keeps the text of every statement that is not ours, whatever is put in, and what is
/// read can be shown.
pub fn policy(bytes: &[u8]) {
    let Ok(Ok(mut policy)) = std::str::from_utf8(bytes).map(Policy::parse) else {
        return;
    };
    let foreign = texts_of_statements(&policy.compact());
    assert!(json!(policy).is_object());
    for arn in ["arn:aws:s3:::acme", ""] {
        policy.denies_insecure_transport(arn);
    }
    let dialect = Dialect::resource("aws");
    assert!(are_equivalent(&policy, &policy, dialect));
    weaknesses(&policy, "arn:aws:s3:::acme", "111122223333", "aws");
    let request =
        Request::by("arn:aws:iam::111122223333:user/x", "s3:GetObject", "arn:aws:s3:::acme/x");
    for statement in policy.statements() {
        evaluate(statement, policy.has_variables(), &request, dialect);
    }
    let mut pruned = policy.clone();
    pruned.prune_deleted_principals();
    changes(Some(&policy), &pruned);
    let ours = json!({"Sid": "BaselineFuzz", "Effect": "Deny"});
    policy.says(&ours, dialect);
    policy.put(&ours);
    policy.put(&ours);
    let text = policy.compact();
    let after = texts_of_statements(&text);
    let kept = after.iter().filter(|text| !text.contains("BaselineFuzz"));
    let before = foreign.iter().filter(|text| !text.contains("BaselineFuzz"));
    assert!(kept.eq(before), "{foreign:?} became {after:?}");
    assert!(policy.with_sid("BaselineFuzz").is_some());
    assert_eq!(Policy::parse(&text).expect("what is sent reads back").compact(), text);
}

/// The statements of a policy that was read before, as they are written.
fn texts_of_statements(policy: &str) -> Vec<String> {
    use serde_json::value::RawValue;
    #[derive(serde::Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, rename = "Statement")]
        statements: &'a RawValue,
    }
    let raw: Raw<'_> = serde_json::from_str(policy).expect("a policy has statements");
    match serde_json::from_str::<Vec<&RawValue>>(raw.statements.get()) {
        Ok(list) => list.iter().map(|one| one.get().to_owned()).collect(),
        Err(_) => vec![raw.statements.get().to_owned()],
    }
}

/// A credential report gives a time that can be saved, or says what is wrong with it.
pub fn credential_report(bytes: &[u8]) {
    match last_used_by_root(&String::from_utf8_lossy(bytes)) {
        Ok(Some(time)) => {
            let format = &time::format_description::well_known::Rfc3339;
            time.format(format).expect("it came from such a text");
        }
        Ok(None) => {}
        Err(why) => assert!(!why.is_empty()),
    }
}

/// Whatever was seen, there is a plan of it; it reads back as it was written, and every view shows
/// it.
pub fn snapshot(baselines: &[Baseline], bytes: &[u8]) {
    let Ok(seen) = serde_json::from_slice::<Observation>(bytes) else {
        return;
    };
    for baseline in baselines {
        let context = baseline.context(&seen.caller, &seen.home_region, seen.taken);
        let plan = plan::build(baseline, &Selection::default(), &context, &seen, &Goal::Baseline);
        let bytes = plan.to_bytes();
        let read = Plan::from_bytes(&bytes);
        assert!(read.is_ok(), "{read:?}\n{}", String::from_utf8_lossy(&bytes));
        assert_eq!(
            plan.to_bytes(),
            plan::build(baseline, &Selection::default(), &context, &seen, &Goal::Baseline)
                .to_bytes()
        );
        look_at(&plan);
    }
}

/// Shows a plan in every way there is: nothing in it may move the cursor or turn the line. Returns
/// all that was shown.
pub fn look_at(plan: &Plan) -> String {
    let mut text = Vec::new();
    for format in formats::ALL {
        for (inputs, width) in [(Inputs::Hidden, None), (Inputs::Shown, Some(60))] {
            let alias = Some("acme".to_owned());
            let options = formats::Options { inputs, width, alias };
            (format.plan)(&mut text, plan, &options).expect("memory takes it");
            (format.drift)(&mut text, plan, &options).expect("memory takes it");
        }
    }
    for entry in &plan.entries {
        if let Some(error) = &entry.unseen {
            advice(error);
        }
    }
    let mut text = String::from_utf8(text).expect("views write text");
    for colour in ["0", "1", "2", "31", "32", "33"] {
        text = text.replace(&format!("\x1b[{colour}m"), "");
    }
    assert_harmless(&text);
    text
}

/// Asserts that a text holds no control character but the end of a line, and none that turns it.
pub fn assert_harmless(text: &str) {
    let marks = ['\u{61c}', '\u{200e}', '\u{200f}'];
    let turns =
        |c| marks.contains(&c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found = text.chars().find(|c| (c.is_control() && *c != '\n') || turns(*c));
    assert_eq!(found, None, "{text:?}");
}

/// The statuses that AWS, or what stands before it, answers with.
const STATUSES: [u16; 9] = [200, 301, 400, 403, 404, 429, 500, 502, 503];

/// Whatever a server answers, an error of it has a kind, a text and a form that can be saved. The
/// first byte is the digit of a protocol, the second that of a status, the rest is the body.
pub fn error_classifier(bytes: &[u8]) {
    let [protocol, status, body @ ..] = bytes else {
        return;
    };
    let answer = Answer {
        status: STATUSES[usize::from(status.wrapping_sub(b'0')) % STATUSES.len()],
        body: body.to_vec(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    through_the_door(*protocol, &answer);
    runtime.expect("a runtime").block_on(ask(*protocol, answer));
}

/// The same without a crate of the SDK.
fn through_the_door(protocol: u8, answer: &Answer) {
    let protocol = match protocol % 4 {
        0 => Protocol::Query("2010-05-08"),
        1 => Protocol::Ec2("2016-11-15"),
        2 => Protocol::Json("1.1", "Fuzz"),
        _ => Protocol::RestJson,
    };
    let response = answer.response();
    let answer = door::read(protocol, &response).map(|answer| {
        answer.member("NextToken");
        drop(answer.parse::<Value>());
        drop(answer.parse::<BTreeMap<String, Vec<String>>>());
    });
    let answer = answer.map_err(|error| {
        let error = error.as_operation_error().cloned();
        SdkError::service_error(error.unwrap_or_default(), response)
    });
    judge("fuzz", answer);
}

/// An answer that does not depend on the request.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn response(&self) -> HttpResponse {
        let status = self.status.try_into().expect("a status of three digits");
        let mut response = HttpResponse::new(status, SdkBody::from(self.body.clone()));
        let id = String::from_utf8_lossy(&self.body).into_owned();
        // What is no value of a header is left out.
        let _ = response.headers_mut().try_insert("x-amzn-requestid", id);
        response
    }
}

impl HttpConnector for Answer {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.response()))
    }
}

/// The protocols that AWS has: query, REST with XML, JSON, REST with JSON.
async fn ask(protocol: u8, answer: Answer) {
    let http = http_client_fn(move |_: &HttpConnectorSettings, _: &_| {
        SharedHttpConnector::new(answer.clone())
    });
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "fuzz");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    match protocol % 4 {
        0 => {
            let sts = aws_sdk_sts::Client::new(&config);
            judge("sts", sts.get_caller_identity().send().await);
        }
        1 => {
            let s3 = aws_sdk_s3::Client::new(&config);
            judge("s3", s3.get_bucket_policy().bucket("acme").send().await);
        }
        2 => {
            let trails = aws_sdk_cloudtrail::Client::new(&config);
            judge("cloudtrail", trails.describe_trails().send().await);
        }
        _ => {
            let guardduty = aws_sdk_guardduty::Client::new(&config);
            judge("guardduty", guardduty.list_detectors().send().await);
        }
    }
}

fn judge<T, E>(service: &'static str, answer: Result<T, SdkError<E, HttpResponse>>)
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata
        + std::error::Error
        + Send
        + Sync
        + 'static,
{
    let Err(error) = answer else {
        return;
    };
    const GRANTS: &[Grant] = &[Grant::any("fuzz:Ask")];
    let operation = Operation::new(service, "Ask", GRANTS);
    let error = AwsError::new(&operation, "us-east-1", error);
    advice(&error);
    assert_harmless(&view::escape(&error.to_string()));
    let saved: Value = serde_json::to_value(&error).expect("errors are plain data");
    let read: AwsError = serde_json::from_value(saved).expect("it reads back");
    assert_eq!(read, error);
}

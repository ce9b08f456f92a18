//! Sessions whose HTTP is answered here: what hangs on names that do not exist.

use super::facts::Reader;
use super::*;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;

/// An AWS of which some names exist: every other cannot be looked up.
#[derive(Debug)]
struct Names(&'static [&'static str]);

impl HttpConnector for Names {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.0.iter().any(|name| request.uri().contains(name)) {
            let status = StatusCode::try_from(403).expect("a status");
            let body = SdkBody::from("<Error><Code>AccessDenied</Code></Error>");
            return HttpConnectorFuture::ready(Ok(Response::new(status, body)));
        }
        let text = "dns error: failed to lookup address information: Name or service not known";
        HttpConnectorFuture::ready(Err(ConnectorError::user(text.into())))
    }
}

/// A store whose list of buckets gives no regions.
#[derive(Debug)]
struct OldStore;

impl HttpConnector for OldStore {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = match request.method() {
            "HEAD" if request.uri().contains("elsewhere") => (301, ""),
            "HEAD" => (200, ""),
            _ => (
                200,
                "<ListAllMyBucketsResult><Buckets><Bucket><Name>here</Name></Bucket>\
                 <Bucket><Name>elsewhere</Name></Bucket></Buckets></ListAllMyBucketsResult>",
            ),
        };
        let status_code = StatusCode::try_from(status).expect("a status");
        let mut answer = Response::new(status_code, SdkBody::from(body));
        let region = match status {
            301 => "eu-west-1",
            _ => "us-east-1",
        };
        answer.headers_mut().insert("x-amz-bucket-region", region);
        HttpConnectorFuture::ready(Ok(answer))
    }
}

#[tokio::test]
async fn a_bucket_without_a_region_in_the_list_is_asked_for_it() {
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(OldStore));
    let buckets = reader_through(http).buckets().await.expect("listed");
    let told: Vec<(&str, &str)> =
        buckets.iter().map(|own| (own.name.as_str(), own.region.as_str())).collect();
    assert_eq!(told, [("elsewhere", "eu-west-1"), ("here", "us-east-1")]);
}

fn reader(names: &'static [&'static str]) -> Reader {
    reader_through(http_client_fn(move |_, _| SharedHttpConnector::new(Names(names))))
}

fn reader_through(http: SharedHttpClient) -> Reader {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .build();
    let watch = Arc::new(Watch::new(None));
    let mut session =
        Session::of(sdk.clone(), Source::default(), Limits::new(8), watch, Counter::default());
    // Whose credentials they are is not asked here.
    session.sdk = sdk;
    let caller = Caller {
        account: "111122223333".to_owned(),
        arn: "arn:aws:iam::111122223333:user/mary".to_owned(),
    };
    Reader::new(session.reading(), caller, "us-east-1".to_owned())
}

const LIST: Operation =
    Operation::new("guardduty", "ListDetectors", &[Grant::any("guardduty:ListDetectors")]);

/// Whether a region is taken to lack GuardDuty after all the regions were asked.
async fn is_missing_in_mars(names: &'static [&'static str]) -> bool {
    let reader = reader(names);
    let mut kinds = Vec::new();
    for region in ["us-east-1", "us-mars-1"] {
        let request = reader.clients.guardduty(region).list_detectors().send();
        let error = LIST.answer(&reader.clients, region, request).await;
        kinds.push(error.expect_err("nothing is allowed").kind);
    }
    assert_eq!(kinds[1], Kind::NotOffered);
    reader.is_missing("guardduty", "us-mars-1").await
}

#[tokio::test]
async fn a_region_lacks_a_service_only_when_other_names_exist() {
    let all = &["guardduty.us-east-1", "sts.us-mars-1"];
    assert!(is_missing_in_mars(all).await);
    // Names of the region are hidden, or of the service.
    assert!(!is_missing_in_mars(&["guardduty.us-east-1"]).await);
    assert!(!is_missing_in_mars(&["sts.us-mars-1"]).await);
    assert!(!is_missing_in_mars(&[]).await);
}

#[tokio::test]
async fn when_the_time_is_up_a_call_is_late_and_not_lost() {
    let reader = reader(&["guardduty"]).within(Duration::ZERO);
    let request = std::future::pending::<Result<(), AwsError>>();
    let late = LIST.asked(&reader.clients, "us-east-1", request).await;
    assert_eq!(late.expect_err("it is late").kind, Kind::Late);
}

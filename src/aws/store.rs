//! Small objects in a bucket that several machines share: leases and copies of journals. A write
//! may be made to depend on what is there, so that of two writers one finds out.

use super::{AwsError, Clients, Grant, Operation};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Reads an object.
pub const GET_OBJECT: Operation = Operation::new(
    "s3",
    "GetObject",
    &[
        Grant::on("s3:GetObject", "arn:{partition}:s3:::{bucket}/{key}"),
        // Without it S3 answers 403 for an object that is not there.
        Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}"),
    ],
);

/// Writes an object.
pub const PUT_OBJECT: Operation = Operation::new(
    "s3",
    "PutObject",
    &[Grant::on("s3:PutObject", "arn:{partition}:s3:::{bucket}/{key}")],
);

/// Lists the objects below a prefix.
pub const LIST_OBJECTS: Operation = Operation::new(
    "s3",
    "ListObjectsV2",
    &[Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}")],
);

/// A bucket, and the account that must own it.
#[derive(Clone, Debug)]
pub struct Store {
    /// What may read and write.
    pub clients: Clients,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// The account that must own it; in another's bucket nothing is read or written.
    pub owner: String,
}

/// An object as it was read.
#[derive(Debug)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version, to make a write depend on.
    pub etag: String,
    /// How long ago it was written, by the clock of S3 alone.
    pub age: Duration,
}

/// What a write depends on.
#[derive(Clone, Copy, Debug)]
pub enum Condition<'a> {
    /// Nothing: the object is replaced.
    Always,
    /// There is no such object.
    Absent,
    /// The object is still this version.
    Unchanged(&'a str),
}

/// What became of a write that depended on something.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// It was made; the object's version.
    Done(String),
    /// What it depended on does not hold.
    Refused,
}

impl Store {
    /// Reads an object; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, AwsError> {
        let region = self.region.as_str();
        let date = Date::default();
        let request = self
            .clients
            .s3(region)
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .expected_bucket_owner(&self.owner)
            .customize()
            .interceptor(date.clone())
            .send();
        let answer = match GET_OBJECT.answer(&self.clients, region, request).await {
            Ok(answer) => answer,
            Err(error) if error.is("NoSuchKey") => return Ok(None),
            Err(error) => return Err(error),
        };
        let unexpected = |text: &str| AwsError::unexpected(&GET_OBJECT, region, text);
        let written = answer.last_modified().map(|time| time.secs());
        let etag = answer.e_tag().map(str::to_owned);
        let (Some(written), Some(etag), Some(now)) = (written, etag, date.seconds()) else {
            return Err(unexpected("the answer does not tell version and time"));
        };
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|cause| unexpected(&format!("the answer broke off: {cause}")))?;
        Ok(Some(Object {
            bytes: bytes.to_vec(),
            etag,
            age: Duration::from_secs(now.saturating_sub(written).try_into().unwrap_or(0)),
        }))
    }

    /// The keys directly below a prefix that ends in a slash, sorted; not those in folders further
    /// down. Asked page by page to the end.
    ///
    /// # Errors
    /// When they, or a page of them, cannot be listed.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, AwsError> {
        let region = self.region.as_str();
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let request = self
                .clients
                .s3(region)
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .delimiter("/")
                .expected_bucket_owner(&self.owner)
                .set_continuation_token(next)
                .send();
            let page = LIST_OBJECTS.answer(&self.clients, region, request).await?;
            keys.extend(page.contents().iter().filter_map(|own| own.key()).map(str::to_owned));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                keys.sort();
                return Ok(keys);
            }
        }
    }

    /// Writes an object, if the condition holds.
    ///
    /// # Errors
    /// When it cannot be written; that the condition does not hold is no error.
    pub async fn put(
        &self,
        key: &str,
        bytes: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<Written, AwsError> {
        let region = self.region.as_str();
        let request = self
            .clients
            .s3(region)
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .expected_bucket_owner(&self.owner)
            .body(ByteStream::from(bytes));
        let request = match condition {
            Condition::Always => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Unchanged(etag) => request.if_match(etag),
        };
        match PUT_OBJECT.answer(&self.clients, region, request.send()).await {
            Ok(answer) => Ok(Written::Done(answer.e_tag().unwrap_or_default().to_owned())),
            // 412; 409 when another write to the object is under way; 404 when the version that was
            // to be replaced is gone. Source: S3 User Guide, "Conditional writes".
            Err(error)
                if ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"]
                    .iter()
                    .any(|code| error.is(code)) =>
            {
                Ok(Written::Refused)
            }
            Err(error) => Err(error),
        }
    }

    /// `s3://bucket/key`
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }
}

/// Keeps the `Date` of an answer: the time by which S3 stamps its objects.
#[derive(Clone, Debug, Default)]
struct Date(Arc<Mutex<Option<i64>>>);

impl Date {
    fn seconds(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Date {
    fn name(&self) -> &'static str {
        "Date"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date =
            date.and_then(|text| aws_smithy_types::DateTime::from_str(text, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.map(|date| date.secs());
        Ok(())
    }
}

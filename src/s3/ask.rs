//! Asks one setting of a bucket: once in a run, in the bucket's own region, and only if it is the
//! account's own.

use crate::aws::facts::Reader;

/// A bucket that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Asks.
    pub reader: &'a Reader,
    /// Its name.
    pub bucket: &'a str,
    /// Its region.
    pub region: &'a str,
}

/// Asks for a setting and turns the answer, which is nothing when the error code `$absent` says so,
/// into what is kept.
macro_rules! ask {
    ($asked:expr, $operation:ident, $method:ident, $absent:expr, $keep:expr) => {{
        let Asked { reader, bucket, region } = *$asked;
        // Boxed: many of these are awaited side by side, and each is large.
        let read = Box::pin(async {
            let request = reader
                .clients
                .s3(region)
                .$method()
                .bucket(bucket)
                .expected_bucket_owner(&reader.caller.account)
                .send();
            let answer = $operation.answer(&reader.clients, region, request).await;
            Ok(($keep)($crate::aws::unless_absent(answer, $absent)?))
        });
        reader.once(&$operation, bucket, read).await
    }};
}

/// The same for a setting that is replaced as a whole: `$keep` gives its value, if there is one;
/// members beside `$known` are noted.
macro_rules! ask_whole {
    ($asked:expr, $operation:ident, $method:ident, $absent:expr, $known:expr, $keep:expr) => {{
        let Asked { reader, bucket, region } = *$asked;
        // Boxed: many of these are awaited side by side, and each is large.
        let read = Box::pin(async {
            let elements = $crate::aws::elements::Elements::default();
            let request = reader
                .clients
                .s3(region)
                .$method()
                .bucket(bucket)
                .expected_bucket_owner(&reader.caller.account)
                .customize()
                .interceptor(elements.clone())
                .send();
            let answer = $operation.answer(&reader.clients, region, request).await;
            let value = $crate::aws::unless_absent(answer, $absent)?.and_then($keep);
            let mut unknown = elements.take();
            unknown.retain(|name| !$known.contains(&name.as_str()));
            Ok($crate::s3::Whole { value, unknown })
        });
        reader.once(&$operation, bucket, read).await
    }};
}

pub(super) use {ask, ask_whole};

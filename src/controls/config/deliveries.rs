//! What AWS Config delivers to the log bucket.

use super::channel::Channel;
use super::read::Look;
use super::settings::Settings;
use super::wanted::Asked;
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::{Context, Delivers, Delivery};
use futures_util::future::{BoxFuture, join_all};

impl Settings {
    async fn channels(&self, context: &Context, reader: &Reader) -> Vec<Delivery> {
        if *self.enabled == Some(false) {
            return Vec::new();
        }
        // Which regions cannot be seen is reported where they are looked at.
        let regions = context.regions(reader).await.unwrap_or_default();
        // A region that cannot be seen is reported at its own place; a new channel is foreseen.
        let seen = join_all(regions.iter().map(async |region| {
            let look = Look { settings: self, context, reader, region };
            let (live, is_ours) = tokio::join!(Channel::read(reader, region), look.is_ours());
            let live = live.ok().flatten();
            look.asked(is_ours.unwrap_or(false)).channel(live.as_ref())
        }))
        .await
        .into_iter();
        let region = &context.home_region;
        let new = Asked { settings: self, context, region, is_ours: true }.channel(None);
        let channels = seen.chain(regions.is_empty().then_some(new)).flatten();
        let ours = channels.filter(|own| Some(&own.bucket) == context.log_bucket.as_ref());
        ours.map(|own| Delivery::Config { prefix: own.prefix }).collect()
    }
}

impl Delivers for Settings {
    fn deliveries<'a>(
        &'a self,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, AwsError>> {
        Box::pin(async { Ok(self.channels(context, reader).await) })
    }

    /// AWS Config cannot deliver to a bucket with a default retention. Source: AWS Config Developer
    /// Guide, "Managing the delivery channel".
    fn stopped_by_object_lock(&self, bucket: &str, context: &Context) -> Option<&'static str> {
        if *self.enabled == Some(false) {
            return None;
        }
        let named = self.bucket.as_ref().map(|name| context.fill(name));
        let to = named.or_else(|| context.log_bucket.clone());
        (to.as_deref() == Some(bucket)).then_some("Config")
    }
}

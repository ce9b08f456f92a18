//! Whether the log bucket keeps its promise beyond what an apply can put right.

use super::Settings;
use super::delivery::shipments;
use crate::control::{Context, Delivery, Remarks};
use crate::controls::archive::{Archive, Promise};
use crate::s3::{self, Bucket, Judged};

/// Adds the findings. Only a person knows whether somebody else is meant to get the logs.
pub(super) fn judge(
    say: &mut Remarks,
    settings: &Settings,
    name: &str,
    (bucket, judged): (&Bucket, &Judged),
    deliveries: &[Delivery],
    context: &Context,
) {
    let arn = s3::arn(&context.partition, name);
    let archive = Archive {
        name,
        bucket,
        judged,
        shipments: shipments(&arn, deliveries, context).collect(),
        context,
    };
    for broken in archive.broken(settings.shared_with.as_ref()) {
        let field = match broken.promise {
            Promise::Private => "shared_with",
            Promise::Delivered | Promise::Readable => "statements",
            Promise::Encrypted => "encryption",
            Promise::Kept => "rules",
        };
        say.finding(field, broken.what, broken.remedy);
    }
    let comes_from_config = |own: &Delivery| matches!(own, Delivery::Config { .. });
    if judged.retention.is_some() && deliveries.iter().any(comes_from_config) {
        // Source: Config Developer Guide, "Managing the delivery channel".
        say.finding(
            "object_lock",
            "its object lock has a default retention, and Config does not deliver where new objects \
             are locked",
            "take the default retention away (S3 console, the bucket, Properties, Object Lock), or \
             have Config deliver to another bucket: bucket in [config]",
        );
    }
}

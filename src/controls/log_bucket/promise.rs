//! Whether the log bucket keeps its promise beyond what an apply can put right: that nobody else gets
//! the logs, that they stay for long enough, and that they come.

use super::Settings;
use super::delivery::shipments;
use crate::control::{Context, Delivery, Proposal};
use crate::policy::{Policy, weaknesses};
use crate::s3::{self, Bucket, Judged};

/// Adds the findings. Only a person knows whether somebody else is meant to get the logs.
pub(super) fn judge(
    proposal: &mut Proposal,
    settings: &Settings,
    name: &str,
    seen: (&Bucket, &Judged),
    deliveries: &[Delivery],
    context: &Context,
) {
    let (bucket, judged) = seen;
    let policy = bucket.policy.as_deref().map(Policy::parse);
    if let Some(Ok(policy)) = policy {
        let arn = s3::arn(&context.partition, name);
        let (account, partition) = (&context.account, &context.partition);
        if let Some(shared_with) = settings.shared_with.as_ref() {
            weaknesses(&policy, &arn, account, partition)
                .into_iter()
                .filter(s3::lets_others_in)
                .filter_map(|found| s3::beyond(found, shared_with))
                .for_each(|found| proposal.finding("shared_with", found.what, found.remedy));
        }
        let mut kept_out: Vec<(String, String)> = Vec::new();
        for shipment in shipments(&arn, deliveries, context) {
            let statement = shipment.kept_out_by(&policy);
            let told = statement.map(|own| own.in_words(name, shipment.service));
            kept_out.extend(told.filter(|told| !kept_out.contains(told)));
        }
        for (what, remedy) in kept_out {
            proposal.finding("statements", what, remedy);
        }
    }
    if let Some(shared_with) = settings.shared_with.as_ref() {
        let faults = judged
            .replicas
            .iter()
            .filter_map(|own| own.fault(shared_with));
        faults.for_each(|(what, remedy)| proposal.finding("shared_with", what, remedy));
    }
    if let Some(key) = &judged.kms
        && let Some((what, remedy)) = s3::key_fault(key, &context.account, judged.key.as_ref())
    {
        proposal.finding("encryption", what, remedy);
    }
    let comes_from_config = |own: &Delivery| matches!(own, Delivery::Config { .. });
    if judged.retention.is_some() && deliveries.iter().any(comes_from_config) {
        // Source: Config Developer Guide, "Managing the delivery channel".
        proposal.finding(
            "object_lock",
            "its object lock has a default retention, and Config does not deliver where new objects \
             are locked",
            "take the default retention away (S3 console, the bucket, Properties, Object Lock), or \
             have Config deliver to another bucket: bucket in [config]",
        );
    }
}

//! The log bucket as it will be after an apply: what other controls ask of it in the same run is asked
//! of that, so that one apply is enough.

use super::Settings;
use super::change::{kept_for, own_rule, retention, tags};
use super::delivery::delivery_statements;
use crate::control::{Context, Delivery, ToBe};
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3::{self, Bucket, Judged, Lifecycle, Whole};

impl ToBe for Settings {
    fn to_be(
        &self,
        name: &str,
        now: Option<&Bucket>,
        deliveries: &[Delivery],
        context: &Context,
    ) -> Bucket {
        match now {
            None => created(self, name, deliveries, context),
            Some(bucket) => raised(self, name, bucket),
        }
    }
}

/// The bucket that is created where there is none.
fn created(settings: &Settings, name: &str, deliveries: &[Delivery], context: &Context) -> Bucket {
    let arn = s3::arn(&context.partition, name);
    let mut policy = Policy::empty();
    policy.put(&deny_insecure_transport(&arn));
    for statement in delivery_statements(&arn, deliveries, context) {
        policy.put(&statement);
    }
    let rules = settings
        .days()
        .map(|days| Lifecycle { rules: vec![own_rule(days)], ..Lifecycle::default() });
    Bucket {
        region: context.home_region.clone(),
        public_access_block: s3::Flags::ON,
        ownership: Some(s3::ENFORCED.to_owned()),
        encryption: Some("AES256".to_owned()),
        versioning: settings.wants_versioning().then(|| "Enabled".to_owned()),
        lifecycle: Whole { value: rules, ..Whole::default() },
        policy: Some(policy.compact()),
        tags: tags(name, context),
        judged: Some(Judged::default()),
    }
}

/// The bucket there is, with the lifecycle rule that it will have.
fn raised(settings: &Settings, name: &str, bucket: &Bucket) -> Bucket {
    let mut bucket = bucket.clone();
    let days = retention(settings, name, &bucket);
    if let Some(days) = days.filter(|days| kept_for(name, &bucket) != Some(*days)) {
        let rules = bucket.lifecycle.value.get_or_insert_default();
        rules.put(own_rule(days));
    }
    bucket
}

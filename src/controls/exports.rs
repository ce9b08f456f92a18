//! Where a service exports what it finds: a bucket, and the key that it encrypts with.
//!
//! GuardDuty and Macie take a key by its ARN alone. A key that the same run makes has none yet when it
//! is planned, so it is named by its alias until the call is sent.

use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY, KeyId, Named};
use crate::aws::{AwsError, Clients};
use crate::control::{At, Context, Delivery, Exporter, Remarks, Steps};
use crate::controls::keys::{Keys, made_as};
use crate::controls::log_bucket::LogBucket;
use crate::model::KNOWN_AFTER;
use crate::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// Where findings are exported to.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Destination {
        /// The bucket; `{account}` and `{region}`, that of the service, are filled in. The log bucket
        /// unless said otherwise: its policy then lets the service in.
        #[example("\"acme-findings\"")]
        pub bucket: Option<String> = none,

        /// The KMS key, in the region of the bucket, as an alias or ARN.
        #[example("\"alias/findings\"")]
        pub kms_key: String,

        /// What the keys of the objects begin with; the name of the service unless said otherwise.
        #[example("\"findings\"")]
        pub prefix: Option<String> = none,
    }
}

/// An export as it is, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The bucket.
    pub bucket: String,
    /// What the keys of objects begin with, without slashes around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The ARN of the key; the alias of one that the same run may make.
    pub kms_key: String,
    /// The account that the bucket must belong to, as the service checks it: of a bucket that was
    /// deleted, and that a stranger made anew, nothing is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_owner: Option<String>,
}

/// What decides about an export that a table asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The key that is named.
    pub key: Named,
    /// Whether the bucket is one of this account.
    pub is_of_account: bool,
}

impl Destination {
    /// The bucket, in a region of the service; nothing where neither the table nor the baseline names
    /// one.
    pub fn bucket(&self, region: &str, context: &Context) -> Option<String> {
        match &self.bucket {
            Some(name) => {
                Some(name.replace("{region}", region).replace("{account}", &context.account))
            }
            None => context.log_bucket.clone(),
        }
    }

    fn prefix(&self, by: Exporter) -> Option<String> {
        let prefix = self.prefix.as_deref().unwrap_or(by.name()).trim_matches('/');
        (!prefix.is_empty()).then(|| prefix.to_owned())
    }

    /// What will be delivered to the log bucket, if that is where it goes.
    pub fn delivery(&self, by: Exporter, context: &Context) -> Option<Delivery> {
        let is_there = self.bucket(&context.home_region, context) == context.log_bucket;
        let prefix = self.prefix(by);
        (is_there && context.log_bucket.is_some()).then_some(Delivery::Findings { by, prefix })
    }

    /// Looks at the key that is named, of an alias that of the home region, where the log bucket is;
    /// and for the bucket, in a region of the service.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn look(
        &self,
        region: &str,
        context: &Context,
        reader: &Reader,
    ) -> Result<Seen, AwsError> {
        let key_region = keys::region(&self.kms_key).unwrap_or(&context.home_region);
        let (key, buckets) =
            tokio::try_join!(reader.named_key(&self.kms_key, key_region), reader.buckets())?;
        let bucket = self.bucket(region, context);
        let is_there = |name: &String| buckets.iter().any(|own| own.name == *name);
        // The log bucket may not exist yet.
        let is_of_account = bucket == context.log_bucket || bucket.as_ref().is_some_and(is_there);
        Ok(Seen { key, is_of_account })
    }

    /// The export that is asked for; the live one where a finding says why it cannot be had.
    pub fn wanted(
        &self,
        by: Exporter,
        live: Option<&Target>,
        Seen { key, is_of_account }: &Seen,
        at: At<'_>,
        say: &mut Remarks,
    ) -> Option<Target> {
        let context = at.context;
        let Some(bucket) = self.bucket(at.region(), context) else {
            say.finding(
                "export",
                "no bucket is named to export to, and the baseline has no [log_bucket]",
                format!("name one: export = {{ bucket = …, kms_key = … }} in [{}]", by.name()),
            );
            return live.cloned();
        };
        let name = &self.kms_key;
        let region = keys::region(name).unwrap_or(&context.home_region);
        let is_made = made_as(name, region, context).is_some();
        if let Some(fault) = key.fault().filter(|_| !is_made || key.found.is_some()) {
            say.finding(
                "export",
                format!("the key {name} {fault}: nothing can be exported with it"),
                format!("put it right, or name another key in [{}] export", by.name()),
            );
            return live.cloned();
        }
        let found = key.found.as_ref().map(|key| &key.arn);
        let kms_key = match found {
            Some(arn) if !is_made || live.is_some_and(|live| live.kms_key == *arn) => arn.clone(),
            _ => name.clone(),
        };
        let before = live.and_then(|live| live.expected_owner.clone());
        let expected_owner = if *is_of_account { Some(context.account.clone()) } else { before };
        Some(Target { bucket, prefix: self.prefix(by), kms_key, expected_owner })
    }
}

impl Target {
    /// What must come before an export is set up: the service tries whether it may write.
    pub fn before(&self, steps: &mut Steps, at: At<'_>) {
        let context = at.context;
        if context.log_bucket.as_ref() == Some(&self.bucket) {
            steps.after::<LogBucket>();
        }
        let region = keys::region(&self.kms_key).unwrap_or(&context.home_region);
        if let Some(place) = made_as(&self.kms_key, region, context) {
            steps.after_at::<Keys>(place);
        }
    }

    /// The ARN of the key as a plan shows it.
    pub fn shown_key(&self, context: &Context) -> String {
        match keys::owner(&self.kms_key) {
            Some(_) if self.kms_key.contains(":key/") => self.kms_key.clone(),
            _ => {
                let region = keys::region(&self.kms_key).unwrap_or(&context.home_region);
                let Context { partition, account, .. } = context;
                format!("arn:{partition}:kms:{region}:{account}:key/{KNOWN_AFTER}")
            }
        }
    }
}

/// The ARN of a key, which may be named by an alias of a region.
///
/// # Errors
/// When it could not be seen.
pub async fn key_arn(name: &str, region: &str, clients: &Clients) -> Result<String, AwsError> {
    if name.starts_with("arn:") && name.contains(":key/") {
        return Ok(name.to_owned());
    }
    let region = keys::region(name).unwrap_or(region);
    Ok(DESCRIBE_KEY.ask(clients, region, &KeyId::of(name)).await?.key_metadata.arn)
}

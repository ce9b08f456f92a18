//! What is delivered to the log bucket: announced by the controls that have it delivered, from the
//! state that things will have, so that the bucket lets in what comes and nothing else.

use super::{Configured, Context, Need};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::s3::Bucket;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A service that delivers to the log bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delivery {
    /// CloudTrail, for a trail, under a prefix.
    CloudTrail {
        /// The ARN of the trail: its home region and name are part of what the bucket lets in.
        trail: String,
        /// What stands before `AWSLogs/`.
        prefix: Option<String>,
    },
    /// Config, under a prefix.
    Config {
        /// What stands before `AWSLogs/`.
        prefix: Option<String>,
    },
}

/// The controls of the baseline.
#[derive(Clone, Debug, Default)]
pub struct Delivering {
    /// The controls; those without deliveries announce none.
    pub controls: Vec<Arc<dyn Configured>>,
}

impl Context {
    /// The bucket of a name as it will be once the baseline is applied, as far as a control makes it
    /// or changes it: the log bucket, which other controls may ask more of in the same run.
    pub fn bucket_to_be(
        &self,
        name: &str,
        now: Option<&Bucket>,
        deliveries: &[Delivery],
    ) -> Option<Bucket> {
        let mut controls = self.delivering.controls.iter();
        controls.find_map(|control| control.bucket_to_be(name, now, deliveries, self))
    }

    /// With whom the baseline says that a bucket is shared, in whichever table.
    pub fn shared_with(&self, bucket: &str) -> BTreeSet<String> {
        let controls = self.delivering.controls.iter();
        controls.flat_map(|control| control.shared_with(bucket)).collect()
    }

    /// What will be delivered to the log bucket once the baseline is applied.
    ///
    /// # Errors
    /// When something decides about it that could not be seen.
    pub async fn deliveries(&self, reader: &Reader) -> Result<Vec<Delivery>, AwsError> {
        let controls = &self.delivering.controls;
        let regional =
            |control: &Arc<dyn Configured>| control.about().needs.contains(&Need::Regions);
        let regions = match &self.listed_regions {
            Some(names) => names.clone(),
            // Which regions cannot be seen is reported where they are looked at.
            None if controls.iter().any(regional) => {
                reader.enabled_regions().await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let each = controls.iter().map(|control| control.deliveries(&regions, self, reader));
        let all: BTreeSet<Delivery> = try_join_all(each).await?.into_iter().flatten().collect();
        Ok(all.into_iter().collect())
    }
}

//! What controls announce: what the others may rely on once the baseline is applied, so that no
//! control reads the table of another.

use super::{Configured, Context, Prerequisite};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::s3::Bucket;
use futures_util::future::{BoxFuture, try_join_all};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

/// What a control announces by its table. What depends on the account as well, or on the thing that
/// is asked about, is a trait that the control's settings implement.
#[derive(Clone, Debug)]
pub enum Announcement {
    /// The bucket for the logs of the account: services deliver there unless their tables name
    /// another.
    LogBucket {
        /// The name, with everything filled in.
        name: String,
        /// What the bucket will be.
        to_be: Arc<dyn ToBe>,
    },
    /// Logs are delivered.
    Delivers(Arc<dyn Delivers>),
    /// The account's activity is recorded.
    Records(Arc<dyn Records>),
    /// Buckets are shared with others.
    Shares(Arc<dyn Shares>),
    /// S3 is asked to store no public policy in the account.
    NoPublicPolicies,
    /// What needs attention is sent to a topic, to which CloudWatch, Budgets and Cost Anomaly
    /// Detection of the account may publish. Whoever announces it judges it: its policy, its key and
    /// whether anyone hears.
    Alerts(Alerts),
    /// A key of KMS exists under an alias, and can be used.
    Key {
        /// The alias: `alias/logs`.
        alias: String,
        /// The regions; nothing where it is all that are looked at.
        regions: Option<BTreeSet<String>>,
    },
    /// AWS Config has a recorder that runs in every region that is looked at.
    Recorder,
    /// Alerts are wanted of what CloudTrail records.
    Seeks(Vec<Sought>),
}

/// Something that CloudTrail records, and that a control wants alerts of.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    /// What it belongs to, in a word of whoever wants it. Several may belong to the same.
    pub key: &'static str,
    /// What `detail` of the event has to match, as a pattern of EventBridge.
    pub detail: Value,
    /// The key of `[alerts]` that sends it anyway.
    pub sent_by: Option<&'static str>,
}

/// The topic to which the account's alerts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// Its ARN, also before it exists. Alarms reach only topics of their own region.
    pub topic: String,
    /// What must have succeeded before anything is sent there.
    pub made_by: Prerequisite,
}

/// A bucket that a control makes or changes, and that other controls ask more of in the same run.
pub trait ToBe: Debug + Send + Sync {
    /// The bucket as it will be once the baseline is applied; `now` is `None` where it does not exist
    /// yet.
    fn to_be(
        &self,
        name: &str,
        now: Option<&Bucket>,
        deliveries: &[Delivery],
        context: &Context,
    ) -> Bucket;
}

/// What has a service deliver its logs.
pub trait Delivers: Debug + Send + Sync {
    /// What will be delivered to the log bucket, from the state that things will have. What it reads
    /// is shared with [`Control::read`](super::Control::read) by [`Reader::once`].
    ///
    /// # Errors
    /// When something decides about it that could not be seen.
    fn deliveries<'a>(
        &'a self,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, AwsError>>;

    /// The service, where it would no longer deliver to a bucket in which new objects are locked, as
    /// far as the table says that it delivers there.
    fn stopped_by_object_lock(&self, _bucket: &str, _context: &Context) -> Option<&'static str> {
        None
    }
}

/// What has the activity of the account recorded.
pub trait Records: Debug + Send + Sync {
    /// The trail that records the account, as it will be; nothing where there will be none. What it
    /// reads is shared with [`Control::read`](super::Control::read) by [`Reader::once`].
    ///
    /// # Errors
    /// When something decides about it that could not be seen.
    fn trail<'a>(
        &'a self,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Option<Recorded>, AwsError>>;
}

/// A trail, as far as others rely on it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its ARN, also before it exists.
    pub arn: String,
    /// Where it lives.
    pub region: String,
    /// The ARNs of the log group that it writes to, and of the role by which it does.
    pub logs: Option<(String, String)>,
    /// Who else manages it.
    pub owner: Option<String>,
}

/// What says with whom buckets are shared.
pub trait Shares: Debug + Send + Sync {
    /// With whom a bucket is shared: accounts, organizations and whatever else the statements of its
    /// policy name.
    fn shared_with(&self, bucket: &str) -> BTreeSet<String>;
}

/// What is delivered to the log bucket, so that its policy lets in what comes and nothing else.
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
    /// S3, the access logs of a bucket.
    AccessLogs {
        /// The bucket whose logs they are.
        of: String,
        /// What the keys of the logs begin with.
        prefix: String,
    },
    /// A service that exports what it finds, under a prefix.
    Findings {
        /// The service.
        by: Exporter,
        /// What the keys of its objects begin with.
        prefix: Option<String>,
    },
}

/// A service that exports what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exporter {
    /// GuardDuty: findings.
    GuardDuty,
    /// Macie: results of sensitive data discovery.
    Macie,
}

impl Exporter {
    /// Its name: `guardduty`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GuardDuty => "guardduty",
            Self::Macie => "macie",
        }
    }

    /// Its principal.
    pub fn principal(self) -> &'static str {
        match self {
            Self::GuardDuty => "guardduty.amazonaws.com",
            Self::Macie => "macie.amazonaws.com",
        }
    }

    /// The ARNs of what it exports for, with wildcards, in whichever region. Sources: GuardDuty User
    /// Guide, "Exporting findings"; Macie User Guide, "Storing and retaining sensitive data discovery
    /// results".
    pub fn sources(self, partition: &str, account: &str) -> Vec<String> {
        let (service, things): (_, &[&str]) = match self {
            Self::GuardDuty => ("guardduty", &["detector/*"]),
            Self::Macie => ("macie2", &["export-configuration:*", "classification-job/*"]),
        };
        let arn = |thing| format!("arn:{partition}:{service}:*:{account}:{thing}");
        things.iter().map(arn).collect()
    }
}

impl Context {
    /// The same, with what these controls announce. Where several announce a log bucket, the first
    /// one does.
    #[must_use]
    pub fn hearing(mut self, controls: &[Arc<dyn Configured>]) -> Self {
        self.announced = controls.iter().flat_map(|control| control.announces(&self)).collect();
        let mut all = self.announced.iter();
        self.log_bucket = all.find_map(|own| match own {
            Announcement::LogBucket { name, .. } => Some(name.clone()),
            _ => None,
        });
        self
    }

    /// Whether the baseline has S3 store no public policy in the account.
    pub fn blocks_public_policies(&self) -> bool {
        self.announced.iter().any(|own| matches!(own, Announcement::NoPublicPolicies))
    }

    /// Whether the baseline makes the key that is named so in a region: by its alias, or the ARN of
    /// that. Whoever relies on it comes after the control that makes it, and need not find it yet.
    pub fn makes_key(&self, name: &str, region: &str) -> bool {
        let own = format!("arn:{}:kms:{region}:{}:", self.partition, self.account);
        let name = name.strip_prefix(&own).unwrap_or(name);
        self.announced.iter().any(|announced| match announced {
            Announcement::Key { alias, regions } => {
                alias == name && regions.as_ref().is_none_or(|regions| regions.contains(region))
            }
            _ => false,
        })
    }

    /// Whether the baseline has AWS Config record in every region that is looked at.
    pub fn makes_recorders(&self) -> bool {
        self.announced.iter().any(|own| matches!(own, Announcement::Recorder))
    }

    /// The bucket of a name as it will be once the baseline is applied, as far as a control makes it
    /// or changes it.
    pub fn bucket_to_be(
        &self,
        bucket: &str,
        now: Option<&Bucket>,
        deliveries: &[Delivery],
    ) -> Option<Bucket> {
        self.announced.iter().find_map(|own| match own {
            Announcement::LogBucket { name, to_be } if name == bucket => {
                Some(to_be.to_be(name, now, deliveries, self))
            }
            _ => None,
        })
    }

    /// What has the activity of the account recorded, if the baseline has a table for that.
    pub fn records(&self) -> Option<&dyn Records> {
        self.announced.iter().find_map(|own| match own {
            Announcement::Records(records) => Some(records.as_ref()),
            _ => None,
        })
    }

    /// With whom the baseline says that a bucket is shared, in whichever table.
    pub fn shared_with(&self, bucket: &str) -> BTreeSet<String> {
        let sharing = self.announced.iter().filter_map(|own| match own {
            Announcement::Shares(shares) => Some(shares.shared_with(bucket)),
            _ => None,
        });
        sharing.flatten().collect()
    }

    /// Where the baseline has alerts sent, if it has a table for that.
    pub fn alerts(&self) -> Option<&Alerts> {
        self.announced.iter().find_map(|own| match own {
            Announcement::Alerts(alerts) => Some(alerts),
            _ => None,
        })
    }

    /// What alerts are wanted of, besides what the table says that makes them.
    pub fn sought(&self) -> impl Iterator<Item = &Sought> {
        let sought = self.announced.iter().filter_map(|own| match own {
            Announcement::Seeks(sought) => Some(sought),
            _ => None,
        });
        sought.flatten()
    }

    /// Where alerts are sent, if alarms of a region can reach it.
    pub fn alerts_in(&self, region: &str) -> Option<&Alerts> {
        self.alerts().filter(|own| crate::aws::keys::region(&own.topic) == Some(region))
    }

    /// Whether a topic is the one to which alerts go.
    pub fn sends_alerts_to(&self, topic: &str) -> bool {
        self.alerts().is_some_and(|own| own.topic == topic)
    }

    /// The service that would no longer deliver to a bucket in which new objects are locked.
    pub fn stopped_by_object_lock(&self, bucket: &str) -> Option<&'static str> {
        self.delivering().find_map(|own| own.stopped_by_object_lock(bucket, self))
    }

    /// What will be delivered to the log bucket once the baseline is applied.
    ///
    /// # Errors
    /// When something decides about it that could not be seen.
    pub async fn deliveries(&self, reader: &Reader) -> Result<Vec<Delivery>, AwsError> {
        let each = self.delivering().map(|own| own.deliveries(self, reader));
        let all: BTreeSet<Delivery> = try_join_all(each).await?.into_iter().flatten().collect();
        Ok(all.into_iter().collect())
    }

    fn delivering(&self) -> impl Iterator<Item = &dyn Delivers> {
        self.announced.iter().filter_map(|own| match own {
            Announcement::Delivers(delivers) => Some(delivers.as_ref()),
            _ => None,
        })
    }
}

//! Object lock: for how long new objects of a bucket can be neither deleted nor overwritten.

use super::ask::{Asked, ask_whole};
use super::whole::Whole;
use super::writes::{BUCKET, NEW_BUCKET, Target};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_object_lock_configuration::GetObjectLockConfigurationOutput;
use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};
use serde::{Deserialize, Serialize};

/// Reads it.
pub const GET_OBJECT_LOCK: Operation = Operation::new(
    "s3",
    "GetObjectLockConfiguration",
    &[Grant::on("s3:GetBucketObjectLockConfiguration", BUCKET)],
);

/// The object lock of a bucket that has it. It cannot be switched off again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectLock {
    /// What holds for new objects that do not say otherwise.
    pub default: Option<Retention>,
}

/// For how long objects are locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: String,
    /// In days, or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<i32>,
}

impl Retention {
    /// The least number of days it stands for.
    pub fn in_days(&self) -> i32 {
        let years = self.years.unwrap_or_default().saturating_mul(365);
        self.days.unwrap_or_default().max(years)
    }
}

/// What this program writes back; a bucket with more, such as a default event hold, is left alone.
const KNOWN: &[&str] = &[
    "ObjectLockConfiguration",
    "ObjectLockEnabled",
    "Rule",
    "DefaultRetention",
    "Mode",
    "Days",
    "Years",
];

impl Asked<'_> {
    /// Its object lock.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn object_lock(&self) -> Result<Whole<ObjectLock>, AwsError> {
        ask_whole!(
            self,
            GET_OBJECT_LOCK,
            get_object_lock_configuration,
            "ObjectLockConfigurationNotFoundError",
            KNOWN,
            |answer: GetObjectLockConfigurationOutput| {
                let configuration = answer.object_lock_configuration?;
                configuration.object_lock_enabled?;
                let retention = configuration.rule.and_then(|rule| rule.default_retention);
                let default = retention.and_then(|own| {
                    Some(Retention {
                        mode: own.mode?.as_str().to_owned(),
                        days: own.days,
                        years: own.years,
                    })
                });
                Some(ObjectLock { default })
            }
        )
    }
}

/// Switches object lock on, with a default retention.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutObjectLock {
    #[serde(flatten)]
    target: Target,
    object_lock_configuration: Configuration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    object_lock_enabled: &'static str,
    rule: Rule,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    default_retention: Retention,
}

impl PutObjectLock {
    /// The write for a versioned bucket.
    pub fn with(target: Target, default_retention: Retention) -> Self {
        let object_lock_configuration =
            Configuration { object_lock_enabled: "Enabled", rule: Rule { default_retention } };
        Self { target, object_lock_configuration }
    }
}

impl Write for PutObjectLock {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutObjectLockConfiguration",
        &[Grant::on("s3:PutBucketObjectLockConfiguration", BUCKET)],
    );
    /// Versioning may just have been switched on.
    const PROPAGATING: &'static [Propagation] = &[
        NEW_BUCKET,
        Propagation::new("InvalidBucketState", "the new versioning to be known everywhere"),
    ];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let retention = &self.object_lock_configuration.rule.default_retention;
        let retention = DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::from(retention.mode.as_str()))
            .set_days(retention.days)
            .set_years(retention.years)
            .build();
        let rule = ObjectLockRule::builder().default_retention(retention).build();
        let configuration = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(rule)
            .build();
        let request = clients
            .s3(&self.target.region)
            .put_object_lock_configuration()
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .object_lock_configuration(configuration);
        sent(self, request.send().await)
    }
}

//! What the table may say, and what it makes of a live recorder and channel.

use super::live::LONGEST;
use super::recording::{GlobalTypes, Wish};
use super::role::service_linked_role;
use crate::control::Context;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::AtLeast;
use crate::managed::{Managed, Switch};
use crate::s3::is_bucket_name;
use crate::settings;
use crate::texts;
use crate::words;
use serde::Deserialize;

settings! {
    /// The table `[config]`.
    pub struct Settings {
        /// Whether the recorders run; false stops them and manages nothing else.
        #[costs]
        #[shown_as("recording")]
        pub enabled: Switch = true,

        /// The resource types: `"all"`, a list of those to `include`, or of those to `exclude`. What
        /// is recorded besides stays recorded, unless it is `{ exactly = … }` one of these. Types of
        /// IAM are taken out of the lists in all regions but one.
        #[costs]
        pub record: Managed<Wish> = "all",

        /// Where users, groups, roles and policies of IAM are recorded: `"home"`, the home region,
        /// or another of the baseline where that cannot; or `"none"`. Where they are recorded
        /// already, they stay so.
        #[costs]
        pub global_types: Managed<GlobalTypes> = "home",

        /// How often: `"continuous"` or `"daily"`. Continuous satisfies daily.
        #[costs]
        #[created("\"continuous\"")]
        pub frequency: Managed<AtLeast<Frequency>> = unmanaged,

        /// `"service-linked"`, made when it is missing, or the ARN of a role. `{account}` is filled
        /// in. Name the role of existing recorders here if it is another: `permissions` can then
        /// tell that it is passed.
        #[created("\"service-linked\"")]
        #[example("\"service-linked\"", "\"arn:aws:iam::{account}:role/config\"")]
        pub role: Managed<RoleSetting> = unmanaged,

        /// The bucket to deliver to. `{account}` and `{region}`, the home region, are filled in. A
        /// channel that baseline did not create may deliver to whichever bucket of this account it
        /// has. Name a bucket of another account here.
        #[created("that of [log_bucket]")]
        #[example("\"acme-logs-{account}\"")]
        pub bucket: Managed<String> = unmanaged,

        /// What the keys in the bucket begin with; `""` for nothing.
        #[created("none")]
        #[example("\"config\"")]
        pub prefix: Managed<String> = unmanaged,

        /// The ARN of the KMS key that encrypts what is delivered, in the region of the bucket; its
        /// policy must let AWS Config use it. `{account}` is filled in. A key of another account has
        /// to be named here.
        #[breaks("who reads what is delivered must be allowed to decrypt with the key")]
        #[example("\"arn:aws:kms:us-east-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab\"")]
        pub kms_key: Managed<String> = unmanaged,

        /// How often snapshots are delivered. More often satisfies it.
        pub snapshot_frequency: Managed<AtLeast<Snapshots>> = unmanaged,

        /// The ARN of the topic that is told of changes. It must be in the region of the recorder:
        /// `{region}` and `{account}` are filled in.
        #[example("\"arn:aws:sns:{region}:{account}:config\"")]
        pub sns_topic: Managed<String> = unmanaged,

        /// For how many days at least Config keeps the history; AWS's default is 2557.
        #[range(30..=LONGEST as i64)]
        #[created("2557")]
        #[example("2557", "{ exactly = 365 }")]
        pub retention_days: Managed<AtLeast<u32>> = unmanaged,

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

words! {
    /// How often a recorder looks.
    pub enum Frequency {
        Daily = "daily" => "DAILY",
        Continuous = "continuous" => "CONTINUOUS",
    }
}

words! {
    /// How often a channel delivers snapshots.
    pub enum Snapshots {
        TwentyFourHours = "TwentyFour_Hours" => "TwentyFour_Hours",
        TwelveHours = "Twelve_Hours" => "Twelve_Hours",
        SixHours = "Six_Hours" => "Six_Hours",
        ThreeHours = "Three_Hours" => "Three_Hours",
        OneHour = "One_Hour" => "One_Hour",
    }
}

/// The setting `role`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum RoleSetting {
    ServiceLinked,
    Arn(String),
}

texts!(RoleSetting: "^(service-linked|arn:.*:role/.*)$");

impl TryFrom<String> for RoleSetting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "service-linked" => Ok(Self::ServiceLinked),
            arn if arn.starts_with("arn:") && arn.contains(":role/") => Ok(Self::Arn(text)),
            _ => Err(format!("'{text}' is neither \"service-linked\" nor the ARN of a role")),
        }
    }
}

/// What an ARN of a service is about; nothing for another text.
fn resource<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, of, region, account, resource] = parts[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (partition.starts_with("aws") && of == service && !region.is_empty() && is_account)
        .then_some(resource)
}

/// Source: AWS Config API reference, DeliveryChannel: `s3KmsKeyArn` is the ARN of a key.
fn is_key(arn: &str) -> bool {
    let key = resource(arn, "kms").and_then(|key| key.strip_prefix("key/"));
    key.is_some_and(|id| !id.is_empty())
}

/// Source: SNS API reference, CreateTopic.
fn is_topic(arn: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    resource(arn, "sns").is_some_and(|name| {
        let name = name.strip_suffix(".fifo").unwrap_or(name);
        (1..=256).contains(&name.len()) && name.bytes().all(letter)
    })
}

impl Settings {
    /// The ARN of the role that new recorders get.
    pub fn role_arn(&self, context: &Context) -> String {
        match &*self.role {
            Some(RoleSetting::Arn(arn)) => context.fill(arn),
            _ => service_linked_role(context),
        }
    }

    /// The ARN of the key that the table names.
    pub fn kms_key(&self, context: &Context) -> Option<String> {
        self.kms_key.as_ref().map(|arn| context.fill(arn))
    }

    /// Looks for names that AWS would refuse.
    pub fn check_names(&self, problems: &mut Problems) {
        let sample = |text: &str| {
            let text = text.replace("{account}", "111122223333");
            text.replace("{region}", "us-east-1")
        };
        if let Some(bucket) = &*self.bucket
            && !is_bucket_name(&sample(bucket))
        {
            let text = "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens; \
                        {account} and {region} are filled in";
            problems.setting("bucket", text);
        }
        if let Some(key) = &*self.kms_key
            && !is_key(&sample(key))
        {
            let text = format!(
                "'{key}' is no ARN of a key, such as \
                 arn:aws:kms:us-east-1:{{account}}:key/1234abcd-12ab-34cd-56ef-1234567890ab; AWS \
                 Config takes no alias"
            );
            problems.setting("kms_key", text);
        }
        if let Some(topic) = &*self.sns_topic
            && !is_topic(&sample(topic))
        {
            let text = format!(
                "'{topic}' is no ARN of a topic, such as arn:aws:sns:{{region}}:{{account}}:config"
            );
            problems.setting("sns_topic", text);
        }
    }

    /// Whether recorders get the service-linked role.
    pub fn uses_service_linked_role(&self) -> bool {
        *self.enabled != Some(false) && !matches!(*self.role, Some(RoleSetting::Arn(_)))
    }
}

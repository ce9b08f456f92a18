//! What the table may say, and what it makes of a live recorder and channel.

use super::channel::Channel;
use super::recording::{GlobalTypes, Group, Record, Wish};
use super::role::service_linked_role;
use super::state::{LONGEST, Recorder};
use crate::control::Context;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::{AtLeast, raise_word};
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

/// Source: AWS Config API reference, DeliveryChannel: `s3KmsKeyArn` is the ARN of a key.
fn is_key(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "kms", region, account, key] = parts[..] else {
        return false;
    };
    partition.starts_with("aws")
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && key.strip_prefix("key/").is_some_and(|id| !id.is_empty())
}

/// Source: SNS API reference, CreateTopic.
fn is_topic(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts[..] else {
        return false;
    };
    let name = name.strip_suffix(".fifo").unwrap_or(name);
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    partition.starts_with("aws")
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (1..=256).contains(&name.len())
        && name.bytes().all(letter)
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

    /// The frequency that is asked for: what the baseline created was continuous.
    fn frequency(&self, is_ours: bool) -> Option<AtLeast<Frequency>> {
        let is_kept = is_ours && !self.frequency.is_left_alone();
        let created = is_kept.then(|| AtLeast::new(Frequency::Continuous));
        self.frequency.as_ref().cloned().or(created)
    }

    /// For how many days history is to be kept: what the baseline created keeps it for as long as
    /// AWS does.
    pub fn retention(&self, live: Option<u32>, is_ours: bool) -> Option<u32> {
        let live = live?;
        Some(match &*self.retention_days {
            Some(floor) => floor.settle(live),
            None if is_ours && !self.retention_days.is_left_alone() => LONGEST,
            None => live,
        })
    }

    /// The types that are asked for continuously and that an override has recorded daily.
    pub fn recorded_daily<'a>(
        &self,
        recorder: &'a Recorder,
        is_ours: bool,
        region: &str,
        context: &Context,
    ) -> Vec<&'a str> {
        let frequency = self.frequency(is_ours);
        if frequency.as_ref().map(AtLeast::value) != Some(&Frequency::Continuous) {
            return Vec::new();
        }
        let with_global = self.with_global(None, region, context);
        let asked = self.record.as_ref().and_then(|wish| wish.settle(with_global, None));
        let is_asked = |name: &&String| {
            let one =
                Group { record: Record::Include([(*name).clone()].into()), global_types: false };
            asked.as_ref().is_some_and(|asked| asked.covers(&one))
        };
        let overrides = recorder.overrides.iter();
        let daily = overrides.filter(|other| other.frequency == "DAILY");
        daily.flat_map(|other| &other.types).filter(is_asked).map(String::as_str).collect()
    }

    /// Whether the types of IAM are to be recorded in a region.
    fn with_global(&self, live: Option<&Group>, region: &str, context: &Context) -> bool {
        let is_chosen = iam_region(context) == Some(region);
        match &*self.global_types {
            Some(GlobalTypes::Home) => is_chosen,
            Some(GlobalTypes::None) => false,
            None => live.map_or(is_chosen, Group::has_global),
        }
    }

    /// Whether the types of IAM are asked for and no region of the baseline can record them.
    pub fn misses_global(&self, context: &Context) -> bool {
        let everything = Group { record: Record::All, global_types: true };
        let asked = match &*self.record {
            Some(wish) => wish.settle(true, None),
            None => Some(everything),
        };
        *self.global_types == Some(GlobalTypes::Home)
            && asked.is_some_and(|asked| asked.has_global())
            && iam_region(context).is_none()
    }

    pub fn uses_service_linked_role(&self) -> bool {
        *self.enabled != Some(false) && !matches!(*self.role, Some(RoleSetting::Arn(_)))
    }

    /// What the recorder is to be; `None` when there is nothing to record in the region.
    pub fn recorder(
        &self,
        live: Option<&Recorder>,
        is_ours: bool,
        region: &str,
        context: &Context,
    ) -> Option<Recorder> {
        let group = live.map(|recorder| &recorder.group);
        let with_global = self.with_global(group, region, context);
        let group = match (&*self.record, group) {
            (Some(wish), group) => wish.settle(with_global, group)?,
            (None, Some(group)) => group.clone(),
            (None, None) => Wish::All.settle(with_global, None)?,
        };
        let asked = self.frequency(is_ours);
        let frequency = |live: Option<&str>| raise_word(&asked, live);
        Some(match live {
            Some(live) => Recorder {
                role: match self.role.is_some() || (is_ours && !self.role.is_left_alone()) {
                    true => self.role_arn(context),
                    false => live.role.clone(),
                },
                group,
                frequency: frequency(live.frequency.as_deref()),
                ..live.clone()
            },
            None => Recorder {
                name: "default".to_owned(),
                role: self.role_arn(context),
                group,
                frequency: frequency(None).or_else(|| Some("CONTINUOUS".to_owned())),
                overrides: Vec::new(),
            },
        })
    }

    /// What the channel is to be; `None` when nobody says where to deliver. What belongs to a
    /// recorder that the baseline created delivers where the file says; any other keeps what the
    /// file does not say.
    pub fn channel(
        &self,
        live: Option<&Channel>,
        is_ours: bool,
        region: &str,
        context: &Context,
    ) -> Option<Channel> {
        let given = self.bucket.as_ref().map(|name| context.fill(name));
        let is_said = given.is_some() || context.log_bucket.is_some();
        let follows = |is_left_alone: bool| is_ours && is_said && !is_left_alone;
        let kept = live
            .filter(|_| !follows(self.bucket.is_left_alone()))
            .map(|channel| channel.bucket.clone());
        let bucket = given.or(kept).or_else(|| context.log_bucket.clone())?;
        // A topic must be in the region of the recorder, so its ARN is filled with that.
        let topic = self.sns_topic.as_ref();
        let topic = topic.map(|arn| context.fill(&arn.replace("{region}", region)));
        let live = live.cloned().unwrap_or_else(|| Channel::to(&bucket));
        let snapshots = live.snapshot_frequency.as_deref();
        Some(Channel {
            snapshot_frequency: raise_word(&self.snapshot_frequency, snapshots),
            bucket,
            prefix: (*self.prefix)
                .clone()
                .or(live.prefix.filter(|_| !follows(self.prefix.is_left_alone())))
                .filter(|prefix| !prefix.is_empty()),
            kms_key: self.kms_key(context).or(live.kms_key),
            sns_topic: topic.or(live.sns_topic),
            ..live
        })
    }
}

/// The regions that record the types of IAM: those in which AWS Config was before February 2022.
/// None will be added. Source: AWS Config Developer Guide, "Recording AWS Resources", and API
/// reference, RecordingGroup. Other partitions than `aws` have no such rule.
const RECORD_IAM: [&str; 22] = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether a region can record the types of IAM.
pub fn records_iam(region: &str, context: &Context) -> bool {
    context.partition != "aws" || RECORD_IAM.contains(&region)
}

/// Where the types of IAM are recorded: in the home region, else in another region of the baseline
/// that can. Where all enabled regions are looked at, the partition's global one is among them.
pub fn iam_region(context: &Context) -> Option<&str> {
    let can = |region: &&str| records_iam(region, context);
    let home = context.home_region.as_str();
    let global = context.global_region();
    match &context.listed_regions {
        _ if can(&home) => Some(home),
        None => Some(global).filter(can),
        Some(listed) => {
            let is_listed = |region: &&str| listed.iter().any(|own| own == region);
            let first = listed.iter().map(String::as_str).find(|region| can(region));
            Some(global).filter(can).filter(is_listed).or(first)
        }
    }
}

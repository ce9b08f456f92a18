//! The table `[cloudtrail]`, and what is wrong with it.

use super::DEFAULT_TRAIL;
use super::data_events::{self, DataEvents};
use super::live::Logs;
use super::selectors::{BUSY_SOURCES, Wish};
use crate::control::Context;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::{AtLeast, raise};
use crate::managed::{Managed, Switch};
use crate::settings;
use crate::words;
use std::collections::BTreeSet;

settings! {
    /// The table `[cloudtrail]`.
    pub struct Settings {
        /// Whether the trail records. False stops it and changes nothing else.
        #[costs]
        #[shown_as("logging")]
        enabled: Switch = true,

        /// The trail. One of that name is adopted, or created. Unmanaged, it is the trail that is
        /// there, or else a new one named "baseline".
        #[example("\"audit\"")]
        pub name: Managed<String> = unmanaged,

        /// The bucket it delivers to; `{account}` and `{region}` may stand in it. A bucket that is
        /// not one of this account has to be named.
        #[created("that of [log_bucket]")]
        #[example("\"acme-logs-{account}\"")]
        bucket: Option<Managed<String>> = unmanaged,

        /// What comes before `AWSLogs/` in the names of log files.
        #[created("none")]
        #[example("\"trails\"")]
        prefix: Option<Managed<String>> = unmanaged,

        /// Whether digests are delivered by which log files can be validated.
        log_file_validation: Managed<AtLeast<bool>> = true,

        /// Whether all regions are recorded.
        #[costs]
        multi_region: Managed<AtLeast<bool>> = true,

        /// Whether services that are in no region are recorded, such as IAM.
        global_events: Managed<AtLeast<bool>> = true,

        /// The KMS key that log files are encrypted with: alias, id or ARN. It must be in the region
        /// of the bucket, and its policy must let CloudTrail use it.
        #[breaks("who reads the log files must be allowed to decrypt with the key")]
        #[example("\"alias/trail\"")]
        kms_key: Managed<String> = unmanaged,

        /// The topic that is notified of log files: its name or ARN. Its policy must let CloudTrail
        /// publish.
        #[example("\"arn:aws:sns:{region}:{account}:trail\"")]
        sns_topic: Managed<String> = unmanaged,

        /// A log group that events are written to as well.
        #[costs]
        #[example("{ group = \"trail\", role = \"arn:aws:iam::{account}:role/trail\" }")]
        cloudwatch_logs: Managed<LogGroup> = unmanaged,

        /// Sources whose management events may be left out: `"kms.amazonaws.com"`,
        /// `"rdsdata.amazonaws.com"`. What else is left out is a finding; a new trail logs them all.
        #[example("[\"kms.amazonaws.com\"]")]
        management_events_except: Managed<BTreeSet<String>> = [],

        /// Whether the organization's trail, in the management account, is changed like one of the
        /// account's own; otherwise it is compared and left alone.
        organization: Managed<bool> = false,

        #[says(TAKE_OVER)]
        take_over: Managed<bool> = false,

        /// Data events logged besides management events: a list of tables, each with one of `s3`,
        /// `lambda` and `dynamodb`. What is logged already stays.
        #[costs]
        #[example("[{ s3 = \"all\" }]", "[{ s3 = [\"acme-data\"], access = \"write\" }]")]
        data_events: Managed<Vec<DataEvents>> = unmanaged,

        /// Services whose network activity is logged: the calls that pass a VPC endpoint, those of
        /// other accounts' credentials too. Others stay.
        #[costs]
        #[example("[\"s3.amazonaws.com\", \"secretsmanager.amazonaws.com\"]")]
        network_activity_events: Managed<BTreeSet<String>> = unmanaged,

        /// Unusual activity that is looked for. Others stay.
        #[costs]
        #[example("[\"ApiCallRateInsight\"]")]
        insights: Managed<BTreeSet<Insight>> = unmanaged,
    }
}

settings! {
    /// A log group of CloudWatch Logs, and the role by which CloudTrail writes to it.
    #[derive(Clone)]
    struct LogGroup {
        /// The log group: its name or ARN.
        #[example("\"trail\"")]
        group: String,

        /// The role by which CloudTrail writes: its name or ARN.
        #[example("\"arn:aws:iam::{account}:role/trail\"")]
        role: String,
    }
}

words! {
    /// An unusual activity that CloudTrail looks for.
    pub enum Insight: More {
        /// Unusually many or few calls.
        ApiCallRateInsight = "ApiCallRateInsight",
        /// Unusually many errors.
        ApiErrorRateInsight = "ApiErrorRateInsight",
    }
}

impl Insight {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiCallRateInsight => "ApiCallRateInsight",
            Self::ApiErrorRateInsight => "ApiErrorRateInsight",
        }
    }
}

impl Settings {
    /// Whether the trail is judged, rather than to be stopped.
    pub fn is_enabled(&self) -> bool {
        *self.enabled != Some(false)
    }

    /// Whether the trail is to record.
    pub fn logging(&self, live: bool) -> bool {
        self.enabled.unwrap_or(live)
    }

    /// Whether one is made where there is none.
    pub fn creates(&self) -> bool {
        *self.enabled == Some(true)
    }

    /// The name of a trail that is created.
    pub fn new_name(&self) -> &str {
        self.name.as_deref().unwrap_or(DEFAULT_TRAIL)
    }

    /// The insights it has at least.
    pub fn insights(&self) -> impl Iterator<Item = Insight> {
        self.insights.iter().flatten().copied()
    }

    /// The bucket that the table names.
    pub fn bucket(&self, context: &Context) -> Option<String> {
        let named = self.bucket.as_ref().and_then(|own| own.as_deref());
        named.map(|name| context.fill(name))
    }

    /// Where a trail is to deliver; `ours` is whether this baseline created it, or is to.
    pub fn delivers_to(&self, live: Option<&str>, ours: bool, context: &Context) -> Option<String> {
        let live = live.map(str::to_owned);
        match &self.bucket {
            Some(named) if named.is_some() => self.bucket(context),
            Some(_) => live,
            None if ours || live.is_none() => context.log_bucket.clone().or(live),
            None => live,
        }
    }

    /// The prefix that a trail is to have; `ours` is whether this baseline created it, or is to.
    pub fn prefix(&self, live: Option<&str>, ours: bool) -> Option<String> {
        match self.prefix.as_deref() {
            Some(Some(named)) => Some(named.clone()),
            None if ours => None,
            _ => live.map(str::to_owned),
        }
    }

    /// Whether the organization's trail is managed like one of the account's own.
    pub fn manages_organization(&self) -> bool {
        *self.organization == Some(true)
    }

    /// Whether what a stack manages is changed all the same: it says so, or names the trail.
    pub fn takes_over(&self, name: &str) -> bool {
        *self.take_over == Some(true) || self.name.as_deref() == Some(name)
    }

    /// Whether management events of a source may be left out.
    pub fn may_leave_out(&self, source: &str) -> bool {
        let except = self.management_events_except.as_ref();
        except.is_none_or(|sources| sources.contains(source))
    }

    /// The ARN of the topic that is notified of log files.
    pub fn sns_topic(&self, context: &Context) -> Option<String> {
        let topic = self.sns_topic.as_deref()?;
        Some(arn_of(topic, "sns", "", context))
    }

    /// Whether the table has events written to a log group.
    pub fn writes_to_logs(&self) -> bool {
        self.cloudwatch_logs.is_some() && self.is_enabled()
    }

    /// Where events are written to besides the bucket.
    pub fn cloudwatch_logs(&self, context: &Context) -> Option<Logs> {
        let logs = self.cloudwatch_logs.as_ref()?;
        let group = arn_of(&logs.group, "logs", "log-group:", context);
        let (partition, account) = (&context.partition, &context.account);
        let role = context.fill(&logs.role);
        Some(Logs {
            // CloudTrail returns the ARN with the star for all streams, and takes it so.
            group: format!("{}:*", group.trim_end_matches(":*")),
            role: match role.starts_with("arn:") {
                true => role,
                false => format!("arn:{partition}:iam::{account}:role/{role}"),
            },
        })
    }

    /// The key that its files are to be encrypted with: alias, id or ARN.
    pub fn key(&self) -> Option<&str> {
        self.kms_key.as_deref().filter(|_| self.is_enabled())
    }

    /// What log file validation has to be.
    pub fn log_file_validation(&self, live: bool) -> bool {
        raise(&self.log_file_validation, live)
    }

    /// Whether the trail has to record all regions.
    pub fn multi_region(&self, live: bool) -> bool {
        raise(&self.multi_region, live)
    }

    /// Whether the trail has to record services that are in no region; one that records all
    /// regions must.
    pub fn global_events(&self, live: bool, multi_region: bool) -> bool {
        multi_region || raise(&self.global_events, live)
    }

    /// The data events it asks for.
    pub fn wishes(&self) -> Vec<Wish> {
        let entries = self.data_events.iter().flatten();
        entries.flat_map(DataEvents::wishes).collect()
    }

    /// The services whose network activity is to be logged.
    pub fn network_activity(&self) -> impl Iterator<Item = &String> {
        self.network_activity_events.iter().flatten()
    }

    /// What AWS would refuse or nobody could mean.
    pub fn check(&self, problems: &mut Problems) {
        if let Some(name) = &*self.name
            && let Err(text) = check_name(name)
        {
            problems.setting("name", text);
        }
        if let Some(bucket) = self.bucket.as_ref().and_then(|own| own.as_deref())
            && !is_bucket(bucket)
        {
            problems.setting(
                "bucket",
                "a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes; \
                 {account} and {region} may stand in it",
            );
        }
        if let Some(prefix) = self.prefix.as_ref().and_then(|own| own.as_deref())
            && !is_prefix(prefix)
        {
            let text = "a prefix has 1 to 200 characters and no slash at either end";
            problems.setting("prefix", text);
        }
        if let Some(key) = &*self.kms_key
            && !is_key(key)
        {
            problems.setting("kms_key", "a key is named by its alias (alias/…), its id or its ARN");
        }
        let mut except = self.management_events_except.iter().flatten();
        if let Some(source) = except.find(|source| !BUSY_SOURCES.contains(&source.as_str())) {
            let text = format!(
                "'{source}' cannot be left out; AWS lets a trail leave out {}",
                BUSY_SOURCES.join(" and ")
            );
            problems.setting("management_events_except", text);
        }
        if !self.global_events(true, false) && self.multi_region(true) {
            let text = "a trail that records all regions includes global events";
            problems.setting("global_events", text);
        }
        data_events::check(self.data_events.iter().flatten(), problems);
        let mut sources = self.network_activity();
        if let Some(source) = sources.find(|own| !is_source(own)) {
            let text = format!("'{source}' is not a service; expected one like s3.amazonaws.com");
            problems.setting("network_activity_events", text);
        }
    }
}

/// The ARN of a thing in the home region that is named by it or by its name.
fn arn_of(name: &str, service: &str, kind: &str, context: &Context) -> String {
    let name = context.fill(name);
    let (partition, region, account) = (&context.partition, &context.home_region, &context.account);
    match name.starts_with("arn:") {
        true => name,
        false => format!("arn:{partition}:{service}:{region}:{account}:{kind}{name}"),
    }
}

/// Source: CloudTrail API Reference, `CreateTrail`.
fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric();
    let separator = |c: char| "._-".contains(c);
    let adjacent =
        name.chars().zip(name.chars().skip(1)).any(|(a, b)| separator(a) && separator(b));
    if !(3..=128).contains(&name.len()) {
        Err("a trail's name has 3 to 128 characters")
    } else if !name.chars().all(|c| plain(c) || separator(c)) {
        Err("a trail's name has letters, digits, dots, underscores and dashes")
    } else if !name.starts_with(plain) || !name.ends_with(plain) || adjacent {
        Err(
            "a trail's name begins and ends with a letter or digit and has no two of . _ - in a row",
        )
    } else if name.parse::<std::net::Ipv4Addr>().is_ok() {
        Err("a trail's name is not an IP address")
    } else {
        Ok(())
    }
}

pub fn is_bucket(name: &str) -> bool {
    let filled = name.replace("{account}", "111122223333");
    let filled = filled.replace("{region}", "us-east-1");
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    (3..=63).contains(&filled.len()) && filled.chars().all(known)
}

/// Whether a text is the name by which CloudTrail knows a service.
fn is_source(text: &str) -> bool {
    let name = text.strip_suffix(".amazonaws.com");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.is_some_and(|name| !name.is_empty() && name.chars().all(plain))
}

fn is_prefix(prefix: &str) -> bool {
    (1..=200).contains(&prefix.len()) && !prefix.starts_with('/') && !prefix.ends_with('/')
}

/// Whether a text names a KMS key: an alias, an id, or the ARN of either.
fn is_key(text: &str) -> bool {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let is_id = |text: &str| text.len() >= 32 && hex(text.strip_prefix("mrk-").unwrap_or(text));
    let is_alias = |text: &str| text.strip_prefix("alias/").is_some_and(|n| !n.is_empty());
    match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", _, "kms", _, _, resource] => {
            is_alias(resource) || resource.strip_prefix("key/").is_some_and(is_id)
        }
        _ => is_alias(text) || is_id(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_keys_are_told_apart() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{id}");
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/trail";
        for name in ["alias/trail", id, &arn, alias] {
            assert!(is_key(name), "{name}");
        }
        for name in ["trail", "alias/", "arn:aws:s3:::bucket", ""] {
            assert!(!is_key(name), "{name}");
        }
    }

    #[test]
    fn names_are_checked_as_cloudtrail_checks_them() {
        for name in ["baseline", "a.b-c_d", "1st"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["ab", "a--b", "-ab", "ab-", "a b", "10.0.0.1"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}

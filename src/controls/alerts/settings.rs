//! The table `[alerts]`: who hears, and of what.

use super::names::Names;
use super::watches;
use crate::control::Context;
use crate::control::owner::TAKE_OVER;
use crate::controls::budgets::Email;
use crate::document::Problems;
use crate::floor::AtLeast;
use crate::managed::{Forbidden, Managed};
use crate::sensitive::Sensitive;
use crate::settings;
use crate::texts;
use crate::words;
use serde::Deserialize;
use std::collections::BTreeSet;

settings! {
    /// The table `[alerts]`.
    pub struct Settings {
        /// The topic of the home region to which everything is sent, by its name: it is created if
        /// there is none. The ARN of a topic of another account is used as it is; whether it lets
        /// this account publish, and who hears, only that account can see.
        #[example("\"baseline-alerts\"", "\"arn:aws:sns:us-east-1:999999999999:security\"")]
        pub topic: String = "baseline-alerts",

        /// The addresses that get a mail. Each has to confirm within two days; a mail that asks for
        /// it is sent once.
        #[example("[\"security@example.com\"]")]
        pub email: Managed<BTreeSet<Email>> = [],

        /// The endpoints that are called, as those of PagerDuty or Opsgenie: `https` only. They
        /// confirm by themselves.
        #[example("[\"https://events.example.com/integration/0123\"]")]
        pub https: Managed<BTreeSet<Url>> = [],

        /// Whether a chat channel has to hear. Amazon Q Developer in chat applications (AWS Chatbot)
        /// subscribes by itself where its channel names the topic; without it, a channel that
        /// listens is a finding.
        pub chat: Managed<bool> = false,

        /// Who else may listen, by what SNS calls the endpoint: the ARN of a queue or function, an
        /// address. Anyone else is a finding.
        #[example("[\"arn:aws:sqs:us-east-1:111122223333:alerts\"]")]
        pub others: Managed<BTreeSet<String>> = [],

        /// The KMS key that encrypts the topic, by alias, id or ARN. Its policy has to let the
        /// publishers in, EventBridge without conditions on `aws:Source…`, of which it sends none.
        /// AWS's own key lets no service in.
        #[costs]
        #[example("\"alias/alerts\"")]
        pub kms_key: Managed<String> = unmanaged,

        /// The lowest severity at which findings of GuardDuty are sent.
        pub guardduty: Managed<AtLeast<Severity>> = "medium",

        /// The same of Security Hub, for new findings. What GuardDuty, Macie and Inspector reported is
        /// left out where their own findings are sent.
        pub security_hub: Managed<AtLeast<Severity>> = "high",

        /// The same of Macie, where `"high"` is the highest.
        pub macie: Managed<AtLeast<Severity>> = "medium",

        /// The same of Inspector.
        pub inspector: Managed<AtLeast<Severity>> = "critical",

        /// Whether active findings of IAM Access Analyzer are sent: what others can reach.
        pub access_analyzer: Managed<AtLeast<bool>> = true,

        /// Whether it is sent when something no longer complies with a rule of AWS Config; rules of
        /// Security Hub are left out.
        pub config_rules: Managed<AtLeast<bool>> = true,

        /// Whether sign-ins of the root user, failed ones too, and what it changes are sent.
        pub root: Managed<AtLeast<bool>> = true,

        /// Whether sign-ins of IAM users without MFA are sent.
        pub sign_in_without_mfa: Managed<AtLeast<bool>> = true,

        /// Whether sign-ins that AWS takes for unusual are sent.
        pub sign_in_anomalies: Managed<AtLeast<bool>> = true,

        /// Whether changes to what watches the account are sent: CloudTrail, AWS Config, GuardDuty,
        /// Security Hub, Macie, Inspector, Access Analyzer, Detective, the log bucket, these alerts
        /// themselves, and keys that are disabled or scheduled for deletion. They come by CloudTrail:
        /// without a trail that is logging there are none.
        pub tampering: Managed<AtLeast<bool>> = true,

        /// Whether events of AWS Health about this account are sent: exposed access keys, abuse,
        /// retirements.
        pub health: Managed<AtLeast<bool>> = true,

        /// The name of the SQS queue in the home region that keeps what could not be sent to the topic;
        /// it is created if there is none. An alert that waits there is a finding.
        #[example("\"baseline-alerts-undelivered\"")]
        pub dead_letters: Managed<String> = unmanaged,

        /// `"none"`: deliveries that failed in the last 24 hours, by the metrics of EventBridge and SNS,
        /// are findings. Each look asks CloudWatch for one metric in every region and one more at home,
        /// for which AWS charges 0.01 USD per 1,000. Mails that bounce are not among them.
        #[costs]
        pub failed_deliveries: Managed<Forbidden> = unmanaged,

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

words! {
    /// How severe something is, at least.
    pub enum Severity {
        /// Nothing below.
        Critical = "critical" => "critical",
        /// High and critical.
        High = "high" => "high",
        /// Medium and above.
        Medium = "medium" => "medium",
        /// Everything that is a finding.
        Low = "low" => "low",
    }
}

texts!(Url: "^https://");

/// The URL of an endpoint, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Url(Sensitive);

impl TryFrom<String> for Url {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host = text.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap_or(rest));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        match host {
            Some(host) if !host.is_empty() && is_plain(&text) => Ok(Self(Sensitive::new(text))),
            _ => Err("this is no URL that begins with https://"),
        }
    }
}

impl Settings {
    /// The addresses that are to get a mail.
    pub fn addresses(&self) -> BTreeSet<Sensitive> {
        self.email.iter().flatten().map(|email| email.address().clone()).collect()
    }

    /// The endpoints that are to be called.
    pub fn endpoints(&self) -> BTreeSet<Sensitive> {
        self.https.iter().flatten().map(|url| url.0.clone()).collect()
    }

    /// Whether somebody may listen who is neither among these.
    pub fn allows_other(&self, endpoint: &str) -> bool {
        self.others.as_ref().is_none_or(|others| others.contains(endpoint))
    }

    /// The names of what is made.
    pub fn names(&self, context: &Context) -> Names {
        let Context { partition, account, home_region, .. } = context;
        let topic = match self.topic.starts_with("arn:") {
            true => context.fill(&self.topic),
            false => format!("arn:{partition}:sns:{home_region}:{account}:{}", self.topic),
        };
        let names = Names { topic, ..Names::of_home(context) };
        names.watching(watches::watched(self, context), context)
    }

    /// Looks for names that AWS would refuse, and for keys that let no service in.
    pub fn check(&self, problems: &mut Problems) {
        problems.known_by("topic", "the topic", &self.topic);
        if !is_topic(&self.topic) {
            let text = format!(
                "'{}' is neither the name of a standard topic (1 to 256 letters, digits, hyphens and \
                 underscores) nor the ARN of one",
                self.topic
            );
            problems.setting("topic", text);
        }
        if self.dead_letters.as_deref().is_some_and(|name| !is_queue(name)) {
            let text =
                "the name of a standard queue has 1 to 80 letters, digits, hyphens and underscores";
            problems.setting("dead_letters", text);
        }
        let key = self.kms_key.as_deref();
        if key.is_some_and(|key| key.ends_with("alias/aws/sns")) {
            let text = "AWS's own key for SNS lets no service in, and nobody can change that: every \
                        alert would be lost without a word. Name a key of your own";
            problems.setting("kms_key", text);
        }
        if key.is_some_and(|key| key.trim().is_empty()) {
            problems.setting("kms_key", "name a key by alias, id or ARN");
        }
    }
}

/// Source: SQS API Reference, CreateQueue. EventBridge takes no FIFO queue for dead letters.
fn is_queue(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=80).contains(&name.len()) && name.bytes().all(letter)
}

/// Source: SNS API Reference, CreateTopic. EventBridge sends to FIFO topics only with groups of
/// messages, which no mail is sent of.
fn is_topic(text: &str) -> bool {
    let is_name = |name: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=256).contains(&name.len()) && name.bytes().all(letter)
    };
    match text.split(':').collect::<Vec<_>>().as_slice() {
        [name] => is_name(name),
        ["arn", partition, "sns", region, account, name] => {
            let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            partition.starts_with("aws")
                && !region.is_empty()
                && (is_account || *account == "{account}")
                && is_name(name)
        }
        _ => false,
    }
}

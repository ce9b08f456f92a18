//! The table `[config_rules]` and the tables in it.

use super::packs::Pack;
use crate::control::owner::TAKE_OVER;
use crate::floor::AtLeast;
use crate::managed::Managed;
use crate::settings;
use crate::settings::Takes;
use crate::words;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

settings! {
    /// The table `[config_rules]`.
    pub struct Settings {
        /// Packs of rules: `"s3"`, `"iam"`, `"encryption"`, `"network"`, `"cis"`. A rule that exists
        /// under another name and checks the same is used instead of a second one.
        #[costs]
        #[example("[\"s3\", \"network\"]")]
        pub packs: Managed<BTreeSet<Pack>> = unmanaged,

        /// Rules of AWS's by the names that they get; one with the identifier of a rule of a pack
        /// takes its place.
        #[costs]
        #[example("{ restricted-ssh = { identifier = \"INCOMING_SSH_DISABLED\" } }")]
        pub rules: Managed<BTreeMap<String, RuleTable>> = unmanaged,

        /// Conformance packs that AWS manages, by the names that they get.
        #[costs]
        #[example("{ operational = { identifier = \"OperationalBestPractices\" } }")]
        pub conformance_packs: Managed<BTreeMap<String, PackTable>> = unmanaged,

        /// Whether stacks of CloudFormation that have drifted are found, with a role that reads what
        /// stacks hold: `baseline-stack-drift`. Each evaluation looks for the drift of every stack.
        #[costs]
        pub stack_drift: Managed<bool> = false,

        /// Actions that this role needs to read what your stacks hold, beside those of the services
        /// that most stacks use.
        #[example("[\"ecs:Describe*\"]")]
        pub stack_drift_reads: Managed<BTreeSet<String>> = [],

        /// Whether the home region has an aggregator of this account's regions; any that covers them
        /// all will do.
        pub aggregator: Managed<bool> = true,

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

settings! {
    /// A rule.
    #[derive(Clone)]
    pub struct RuleTable {
        /// AWS's identifier of the rule, which is not its name: that of restricted-ssh is
        /// `INCOMING_SSH_DISABLED`.
        #[example("\"INCOMING_SSH_DISABLED\"")]
        pub identifier: String,

        /// Its parameters, by AWS's names.
        #[example("{ blockedPort1 = 3389 }")]
        pub parameters: BTreeMap<String, Text> = none,

        /// What it looks at, where that is less than everything it can.
        #[example("{ tag_key = \"stage\", tag_value = \"production\" }")]
        pub scope: Option<ScopeTable> = none,

        /// How often it is evaluated, of a rule that AWS evaluates periodically. More often satisfies
        /// it, and costs more.
        #[costs]
        pub frequency: Managed<AtLeast<Frequency>> = unmanaged,

        /// `"every"` region, or `"home"`: the home region, or for what IAM holds another one that
        /// can record it. A rule about what the account has once is in one region by itself.
        pub regions: Managed<Regions> = unmanaged,

        /// What AWS does about a resource that the rule finds noncompliant. It changes the resource.
        #[breaks("what the rule finds noncompliant is changed by AWS, whoever needs it as it is")]
        #[costs]
        #[example("{ automatic = true }")]
        pub repair: Option<RepairTable> = none,
    }
}

settings! {
    /// What a rule looks at.
    #[derive(Clone)]
    pub struct ScopeTable {
        /// Types of resources.
        #[example("[\"AWS::EC2::SecurityGroup\"]")]
        pub resource_types: BTreeSet<String> = none,

        /// One resource, of the one type.
        #[example("\"sg-0123456789abcdef0\"")]
        pub resource_id: Option<String> = none,

        /// Resources with this tag.
        #[example("\"stage\"")]
        pub tag_key: Option<String> = none,

        /// Those on which it has this value.
        #[example("\"production\"")]
        pub tag_value: Option<String> = none,
    }
}

settings! {
    /// What AWS does about what a rule finds.
    #[derive(Clone)]
    pub struct RepairTable {
        /// The Automation document of Systems Manager, by its name. Without it, that which fits the
        /// rule: `AWS-DisableIncomingSSHOnPort22` for `INCOMING_SSH_DISABLED`.
        #[example("\"AWS-DisableIncomingSSHOnPort22\"")]
        pub document: Option<String> = none,

        /// Its version; without it, the one that is the default when the repair is made. A later
        /// default is a difference, so that what changes your resources is reviewed. A document of
        /// your own needs one.
        #[example("\"1\"")]
        pub version: Option<String> = none,

        /// The SHA-256 of a document of your own, as `aws ssm describe-document` says it (`Hash`):
        /// one that was deleted and made anew has the same name and version.
        #[example("\"0c3a…\"")]
        pub sha256: Option<String> = none,

        /// Whether AWS repairs by itself whatever the rule finds; otherwise only when somebody starts
        /// it.
        pub automatic: bool = false,

        /// How often it is tried on one resource within `within_seconds`; then AWS leaves that
        /// resource alone, which is a finding.
        #[range(1..=25)]
        pub attempts: u32 = 5,

        /// See `attempts`.
        #[range(1..=2_678_000)]
        pub within_seconds: u32 = 60,

        /// How many percent of the resources are repaired at once.
        #[range(1..=100)]
        pub concurrency_percent: u32 = 10,

        /// After how many percent of failures no more are begun.
        #[range(1..=100)]
        pub error_percent: u32 = 50,

        /// Parameters of the document; `"RESOURCE_ID"` stands for the resource. What takes the
        /// resource and the role is filled in for documents that baseline knows.
        #[example("{ SecurityGroupIds = \"RESOURCE_ID\" }")]
        pub parameters: BTreeMap<String, Text> = none,

        /// The ARN of the role that the document works with. Without it, baseline makes one that may
        /// do what the document does and no more, for documents that it knows. `{account}` is filled
        /// in.
        #[example("\"arn:aws:iam::{account}:role/repair\"")]
        pub role: Option<String> = none,

        /// Resources that are left alone on purpose; any other exception is a finding.
        #[example("[\"sg-0123456789abcdef0\"]")]
        pub exceptions: BTreeSet<String> = none,
    }
}

settings! {
    /// A conformance pack of AWS's.
    #[derive(Clone)]
    pub struct PackTable {
        /// AWS's identifier of the pack.
        #[example("\"OperationalBestPractices\"")]
        pub identifier: String,

        /// Its parameters, by AWS's names.
        #[example("{ AccessKeysRotatedParamMaxAccessKeyAge = 90 }")]
        pub parameters: BTreeMap<String, Text> = none,

        /// Only resources with this tag.
        #[example("\"stage\"")]
        pub tag_key: Option<String> = none,

        /// Only those on which it has this value.
        #[example("\"production\"")]
        pub tag_value: Option<String> = none,
    }
}

words! {
    /// How often a rule is evaluated.
    pub enum Frequency {
        TwentyFourHours = "TwentyFour_Hours" => "TwentyFour_Hours",
        TwelveHours = "Twelve_Hours" => "Twelve_Hours",
        SixHours = "Six_Hours" => "Six_Hours",
        ThreeHours = "Three_Hours" => "Three_Hours",
        OneHour = "One_Hour" => "One_Hour",
    }
}

words! {
    /// Where a rule is.
    pub enum Regions {
        /// In every region that is looked at.
        Every = "every",
        /// In one.
        Home = "home",
    }
}

/// A text that may be written as a number or a boolean: AWS takes all parameters as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl Takes for Text {
    const EXAMPLES: &'static [&'static str] = &["\"90\"", "90", "true"];

    fn schema() -> Value {
        json!({ "type": ["string", "integer", "boolean"] })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number that is not negative, or a boolean")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
        match number {
            // No parameter of AWS's rules counts below nothing.
            ..0 => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
            _ => Ok(Text(number.to_string())),
        }
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Text, E> {
        Ok(Text(is.to_string()))
    }
}

/// The plain texts of parameters.
pub fn texts(parameters: &BTreeMap<String, Text>) -> BTreeMap<String, String> {
    let parameters = parameters.iter();
    parameters.map(|(name, Text(value))| (name.clone(), value.clone())).collect()
}

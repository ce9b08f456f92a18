//! The table `[security_hub]`, and what may be written in it.

use crate::aws::RegionName;
use crate::control::owner::TAKE_OVER;
use crate::controls::administrator::Administrator;
use crate::document::{Problems, did_you_mean};
use crate::floor::AtLeast;
use crate::managed::Managed;
use crate::settings;
use crate::settings::{Takes, schema};
use crate::texts;
use crate::words;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

settings! {
    /// The table `[security_hub]`.
    pub struct Settings {
        /// The standards that are checked, each as its ARN ends: `NAME/v/VERSION`. What else is on
        /// stays on.
        #[costs]
        #[example("[\"aws-foundational-security-best-practices/v/1.0.0\", \"cis-aws-foundations-benchmark/v/5.0.0\"]")]
        pub standards: Managed<BTreeSet<Standard>> =
            ["aws-foundational-security-best-practices/v/1.0.0"],

        /// Whether controls that AWS adds to a standard are switched on by themselves.
        #[costs]
        pub auto_enable_controls: Managed<AtLeast<bool>> = true,

        /// Whether a check gives one finding, `"SECURITY_CONTROL"`, or one for each standard that it
        /// belongs to, `"STANDARD_CONTROL"`.
        #[breaks("what tells findings by the ids of a standard's own controls")]
        pub finding_generator: Managed<Generator> = "SECURITY_CONTROL",

        /// The controls that are switched off in these standards, each with the reason. Any other of
        /// them that is off is a finding.
        #[example("{ \"IAM.6\" = \"root has no hardware MFA, see the risk register\" }")]
        pub disabled_controls: Managed<BTreeMap<String, String>> = {},

        /// The controls of these standards whose parameters may differ from AWS's defaults: any
        /// other that has its own is a finding, for it may check less.
        #[example("[\"ACM.1\"]")]
        pub custom_parameters: Managed<BTreeSet<String>> = [],

        /// The products whose findings are taken in. One that a region does not offer is noted.
        #[costs]
        #[example("[\"aws/guardduty\", \"aws/inspector\"]")]
        pub products: Managed<BTreeSet<String>> =
            ["aws/guardduty", "aws/inspector", "aws/macie", "aws/access-analyzer"],

        /// The names of the automation rules that may suppress findings or lower their severity. Any
        /// other is a finding, and so is one of these that does it broadly.
        #[example("[\"accepted-risks\"]")]
        pub automation_rules: Managed<BTreeSet<String>> = [],

        /// The regions whose findings are copied to the home region: `"all"`, those to come among
        /// them, or a list. More satisfies it. Judged where the home region is among the regions.
        #[example("\"all\"", "[\"eu-west-1\"]")]
        pub aggregation: Managed<Aggregation> = "all",

        /// The account that administers Security Hub, or `"none"`. Another, or none, is a finding.
        #[example("\"111122223333\"", "\"none\"")]
        pub administrator: Managed<Administrator> = unmanaged,

        #[says(TAKE_OVER)]
        pub take_over: Managed<bool> = false,
    }
}

words! {
    /// What generates findings.
    pub enum Generator {
        /// One finding for each standard.
        Standard = "STANDARD_CONTROL",
        /// One finding for a check.
        Security = "SECURITY_CONTROL",
    }
}

/// The standards of AWS's that are known by name. Source: Security Hub User Guide, "Standards
/// reference".
const STANDARDS: [&str; 6] = [
    "aws-foundational-security-best-practices",
    "aws-resource-tagging-standard",
    "cis-aws-foundations-benchmark",
    "nist-800-53",
    "nist-800-171",
    "pci-dss",
];

/// A standard: `NAME/v/VERSION`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Standard(String);

texts!(Standard: "^[a-z0-9-]+/v/[0-9]+(\\.[0-9]+)*$");

impl Standard {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Standard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once("/v/").filter(|(name, version)| {
            let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !name.is_empty() && name.bytes().all(letter) && version.split('.').all(number)
        });
        let Some((name, _)) = parts else {
            let known = STANDARDS.join(", ");
            return Err(format!(
                "'{text}' is not a standard: write NAME/v/VERSION; names: {known}"
            ));
        };
        // A name that is like none of these may be one of a later time.
        let near = did_you_mean(name, &STANDARDS).filter(|hint| hint.starts_with("did"));
        match near.filter(|_| !STANDARDS.contains(&name)) {
            Some(hint) => Err(format!("'{name}' is not a known standard: {hint}")),
            None => Ok(Self(text)),
        }
    }
}

/// The regions whose findings come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// All, and those to come.
    All,
    /// These.
    Regions(BTreeSet<RegionName>),
}

impl Takes for Aggregation {
    fn schema() -> Value {
        schema::either(json!({ "const": "all" }), BTreeSet::<RegionName>::schema())
    }
}

impl<'de> Deserialize<'de> for Aggregation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AggregationVisitor;

        impl<'de> Visitor<'de> for AggregationVisitor {
            type Value = Aggregation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\" or a list of regions")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Aggregation, E> {
                match text {
                    "all" => Ok(Aggregation::All),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Aggregation, A::Error> {
                BTreeSet::deserialize(SeqAccessDeserializer::new(list)).map(Aggregation::Regions)
            }
        }

        deserializer.deserialize_any(AggregationVisitor)
    }
}

impl Settings {
    /// Looks for what AWS would refuse or nobody could mean.
    pub fn check(&self, problems: &mut Problems) {
        for (id, reason) in self.disabled_controls.iter().flatten() {
            let path = format!("disabled_controls.{id}");
            if !is_control(id) {
                problems.setting("disabled_controls", format!("'{id}' {NO_CONTROL}"));
            } else if reason.trim().is_empty() {
                problems.setting(&path, "say why the control is off");
            }
        }
        if self.disabled_controls.iter().any(|own| !own.is_empty()) && self.standards.is_none() {
            problems.setting("disabled_controls", "name the standards in which they are off");
        }
        for id in self.custom_parameters.iter().flatten().filter(|id| !is_control(id)) {
            problems.setting("custom_parameters", format!("'{id}' {NO_CONTROL}"));
        }
        for name in self.products.iter().flatten() {
            let mut parts = name.split('/');
            let is_product = parts.by_ref().filter(|part| !part.is_empty()).count() == 2;
            if !is_product || name.matches('/').count() != 1 {
                let text = format!("'{name}' is not a product: write COMPANY/PRODUCT");
                problems.setting("products", text);
            }
        }
        if let Some(Aggregation::Regions(regions)) = &*self.aggregation
            && regions.is_empty()
        {
            problems.setting("aggregation", "the list is empty");
        }
    }

    /// The declared standards.
    pub fn standards(&self) -> impl Iterator<Item = &str> {
        self.standards.iter().flatten().map(Standard::as_str)
    }

    /// The reason for which a control is declared to be off.
    pub fn reason(&self, control: &str) -> Option<&str> {
        self.disabled_controls.as_ref()?.get(control).map(String::as_str)
    }

    /// Whether single controls are looked at.
    pub fn looks_at_controls(&self) -> bool {
        let is_asked = self.disabled_controls.is_some() || self.custom_parameters.is_some();
        is_asked && self.standards().next().is_some()
    }
}

const NO_CONTROL: &str = "is not a control: write it as in IAM.6";

/// Whether a text is the id of a control: `IAM.6`.
fn is_control(id: &str) -> bool {
    id.split_once('.').is_some_and(|(service, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number && !service.is_empty() && service.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_is_a_name_and_a_version_and_one_of_tomorrow_may_have_another_name() {
        let read = |text: &str| Standard::try_from(text.to_owned()).map(|own| own.0);
        for fine in ["pci-dss/v/4.0.1", "cis-aws-foundations-benchmark/v/9.0.0", "iso-27001/v/1"] {
            assert_eq!(read(fine), Ok(fine.to_owned()));
        }
        let near = read("cis-aws-foundation-benchmark/v/3.0.0").expect_err("misspelt");
        assert!(near.contains("did you mean 'cis-aws-foundations-benchmark'?"), "{near}");
        for wrong in ["fsbp", "pci-dss/v/", "pci-dss/4.0.1", "arn:aws:securityhub:::x/v/1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

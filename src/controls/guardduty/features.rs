//! The protection plans of a detector: what may be declared, and what a live one has to become.

use crate::document::Problems;
use crate::floor::AtLeast;
use crate::settings::{Stricter, Takes, schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

pub const RUNTIME: &str = "RUNTIME_MONITORING";
pub const EKS_RUNTIME: &str = "EKS_RUNTIME_MONITORING";

/// What can be switched. Source: API reference, DetectorFeatureConfiguration.
pub const NAMES: [&str; 9] = [
    "AI_ANALYST",
    "AI_PROTECTION",
    "EBS_MALWARE_PROTECTION",
    "EKS_AUDIT_LOGS",
    EKS_RUNTIME,
    "LAMBDA_NETWORK_LOGS",
    "RDS_LOGIN_EVENTS",
    RUNTIME,
    "S3_DATA_EVENTS",
];

/// What every detector reads and nobody can switch. Source: GuardDuty User Guide, "Foundational
/// data sources".
pub const FOUNDATION: [&str; 3] = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"];

/// What can be switched within a feature. Source: API reference, DetectorAdditionalConfiguration.
const ADDITIONAL: [&str; 4] = [
    "EC2_AGENT_MANAGEMENT",
    "ECS_FARGATE_AGENT_MANAGEMENT",
    "EKS_ADDON_MANAGEMENT",
    "RDS_DATA_RISK",
];

/// A feature as the baseline declares it: `true`, `{ exactly = false }`, or a table with `enabled`
/// and what belongs to the feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    enabled: AtLeast<bool>,
    additional: BTreeMap<String, AtLeast<bool>>,
}

/// A feature of a detector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Whether it is on.
    pub enabled: bool,
    /// What belongs to it, by AWS's names.
    #[serde(flatten)]
    pub additional: BTreeMap<String, bool>,
}

impl Feature {
    /// Whether it, or something that belongs to it, is on that is off in the other.
    pub fn is_more_than(&self, other: &Self) -> bool {
        let mut parts = self.additional.iter();
        (self.enabled && !other.enabled)
            || parts.any(|(name, on)| *on && other.additional.get(name) == Some(&false))
    }
}

/// The name in the API of a protection plan that is given by its name in the console. Source:
/// GuardDuty User Guide, "GuardDuty API changes": feature names and protection plans.
fn in_the_api(name: &str) -> Option<&'static str> {
    let plain = name.to_ascii_uppercase().replace([' ', '-'], "_");
    match plain.as_str() {
        "S3_PROTECTION" => Some("S3_DATA_EVENTS"),
        "EKS_PROTECTION" | "EKS_AUDIT_LOG_MONITORING" => Some("EKS_AUDIT_LOGS"),
        "MALWARE_PROTECTION" | "EC2_MALWARE_PROTECTION" => Some("EBS_MALWARE_PROTECTION"),
        "RDS_PROTECTION" => Some("RDS_LOGIN_EVENTS"),
        "LAMBDA_PROTECTION" => Some("LAMBDA_NETWORK_LOGS"),
        _ => None,
    }
}

impl Declared {
    /// Looks for names that AWS does not know and for combinations that contradict themselves.
    pub fn check(name: &str, declared: &Self, problems: &mut Problems) {
        let path = format!("features.{name}");
        if !NAMES.contains(&name) {
            let text = format!("GuardDuty has no feature '{name}'");
            match in_the_api(name) {
                Some(known) => problems.unknown(&path, format!("{text}: write {known}"), &[]),
                None => problems.unknown(&path, text, &NAMES),
            }
        }
        for (part, wanted) in &declared.additional {
            let path = format!("{path}.{part}");
            if !ADDITIONAL.contains(&part.as_str()) {
                let text = format!("GuardDuty has no '{part}' in a feature");
                problems.unknown(&path, text, &ADDITIONAL);
            } else if *wanted.value() && !declared.is_wanted() {
                let text = format!("{part} does nothing without {name}: add enabled = true");
                problems.setting(&path, text);
            }
        }
    }

    /// Whether the feature is to be on.
    pub fn is_wanted(&self) -> bool {
        *self.enabled.value()
    }

    /// The feature of a new detector.
    pub fn at_first(&self) -> Feature {
        let additional = self.additional.iter();
        Feature {
            enabled: self.is_wanted(),
            additional: additional.map(|(name, wanted)| (name.clone(), *wanted.value())).collect(),
        }
    }

    /// What the live feature has to become, and the names of declared parts that it does not have.
    pub fn settle(&self, live: &Feature) -> (Feature, Vec<&str>) {
        let mut wanted = live.clone();
        wanted.enabled = self.enabled.settle(live.enabled);
        let mut missing = Vec::new();
        for (name, declared) in &self.additional {
            match wanted.additional.get_mut(name) {
                Some(part) => *part = declared.settle(*part),
                None => missing.push(name.as_str()),
            }
        }
        (wanted, missing)
    }
}

impl Takes for Declared {
    const STRICTER: Stricter = AtLeast::<bool>::STRICTER;
    const NAMES: &'static [&'static str] = &NAMES;

    fn schema() -> Value {
        let switch = AtLeast::<bool>::schema();
        let parts = ["enabled"].iter().chain(&ADDITIONAL);
        let parts = parts.map(|&part| (part.to_owned(), switch.clone()));
        let whole = json!({
            "type": "object",
            "properties": Value::Object(parts.collect()),
            "required": ["enabled"],
            "additionalProperties": false,
        });
        schema::either(switch.clone(), whole)
    }
}

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DeclaredVisitor)
    }
}

struct DeclaredVisitor;

impl<'de> Visitor<'de> for DeclaredVisitor {
    type Value = Declared;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, `{ exactly = … }`, or a table with `enabled`")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Declared, E> {
        Ok(Declared { enabled: AtLeast::new(value), additional: BTreeMap::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Declared, A::Error> {
        let mut enabled = None;
        let mut additional = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "enabled" => enabled = Some(map.next_value()?),
                "exactly" => enabled = Some(AtLeast::exactly(map.next_value()?)),
                _ => {
                    additional.insert(name, map.next_value()?);
                }
            }
        }
        let enabled = enabled.ok_or_else(|| de::Error::missing_field("enabled"))?;
        Ok(Declared { enabled, additional })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> Declared {
        let table: BTreeMap<String, Declared> =
            toml::from_str(&format!("feature = {text}")).expect("the test's TOML is valid");
        table["feature"].clone()
    }

    fn live(enabled: bool, agent: bool) -> Feature {
        let additional = BTreeMap::from([("EC2_AGENT_MANAGEMENT".to_owned(), agent)]);
        Feature { enabled, additional }
    }

    #[test]
    fn names_of_the_console_are_translated() {
        for name in ["S3_PROTECTION", "s3 protection"] {
            assert_eq!(in_the_api(name), Some("S3_DATA_EVENTS"), "{name}");
        }
        for name in ["EKS_PROTECTION", "MALWARE_PROTECTION", "RDS_PROTECTION", "LAMBDA_PROTECTION"]
        {
            assert!(in_the_api(name).is_some_and(|own| NAMES.contains(&own)), "{name}");
        }
    }

    #[test]
    fn false_asks_for_nothing_and_exactly_false_switches_off() {
        let on = live(true, true);
        assert_eq!(declared("false").settle(&on).0, on);
        assert!(!declared("{ exactly = false }").settle(&on).0.enabled);
        let off = declared("{ enabled = { exactly = false } }");
        assert!(!off.settle(&on).0.enabled);
    }

    #[test]
    fn what_is_not_declared_of_a_feature_stays() {
        assert_eq!(declared("true").settle(&live(false, true)).0, live(true, true));
        let agents = declared("{ enabled = true, EC2_AGENT_MANAGEMENT = true }");
        let (wanted, missing) = agents.settle(&live(false, false));
        assert_eq!(wanted, live(true, true));
        assert!(missing.is_empty());
    }

    #[test]
    fn a_part_that_the_region_lacks_is_named() {
        let text = "{ enabled = true, ECS_FARGATE_AGENT_MANAGEMENT = true }";
        let declared = declared(text);
        let (wanted, missing) = declared.settle(&live(true, false));
        assert_eq!(wanted, live(true, false));
        assert_eq!(missing, ["ECS_FARGATE_AGENT_MANAGEMENT"]);
    }
}

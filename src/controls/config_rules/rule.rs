//! A rule: what is live, in AWS's words and ours, and what a live one has to become.

use super::known;
use super::wire::{Scope as WireScope, WireRule};
use super::wishes::Wish;
use crate::floor::raise_word;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who owns the code of a managed rule.
pub const OF_AWS: &str = "AWS";
const DETECTIVE: &str = "DETECTIVE";
/// How often a periodic rule is evaluated for which nothing is said. Source: API reference,
/// ConfigRule.
const SELDOMEST: &str = "TwentyFour_Hours";

/// A rule, as far as calls change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// AWS's identifier, or what else the rule runs.
    pub identifier: String,
    /// Whose code it is, in AWS's word, where it is not AWS's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its parameters, as texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What it looks at, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// How often it is evaluated, where that is said: in AWS's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// In which modes, where that is not only after the fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<BTreeSet<String>>,
    /// The person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a rule looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resource_types: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_value: Option<String>,
}

/// A rule that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub rule: Rule,
    /// Its ARN.
    pub arn: String,
    /// The service that made it and manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Who else manages it: read only where it would be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// Whether it is being deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_going: bool,
    /// Whether what it finds cannot be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
}

/// What the names of rules that a service or the organization makes begin with or hold. A name proves
/// nothing: it is a reason to leave a rule alone, and never one to call anything compliant.
const KEPT: [&str; 4] =
    ["securityhub-", "OrgConfigRule-", "AWSControlTower_", "awsconfig-managed-"];

/// The end of the names that rules of conformance packs have: their id.
const OF_A_PACK: &str = "-conformance-pack-";

/// Whether a name is one that services give.
pub fn is_kept_name(name: &str) -> bool {
    KEPT.iter().any(|start| name.starts_with(start)) || name.contains(OF_A_PACK)
}

impl Found {
    /// Whether baseline may write to it.
    pub fn is_own(&self, name: &str) -> bool {
        self.service.is_none() && !is_kept_name(name)
    }

    pub fn read(wire: WireRule) -> (String, Self) {
        let name = wire.config_rule_name.unwrap_or_default();
        let modes: BTreeSet<String> =
            wire.evaluation_modes.into_iter().filter_map(|own| own.mode).collect();
        let is_usual = modes.is_empty() || modes.iter().eq([DETECTIVE]);
        let scope = wire.scope.unwrap_or_default();
        let service = wire.created_by.or_else(|| scope.service_principals.first().cloned());
        let rule = Rule {
            identifier: wire.source.source_identifier.unwrap_or_default(),
            owner: Some(wire.source.owner).filter(|owner| owner != OF_AWS),
            parameters: parameters(wire.input_parameters.as_deref()),
            scope: Scope::read(scope),
            frequency: wire.maximum_execution_frequency,
            modes: (!is_usual).then_some(modes),
            description: wire.description.filter(|text| !text.is_empty()),
        };
        let found = Self {
            rule,
            arn: wire.config_rule_arn.unwrap_or_default(),
            service,
            manager: None,
            is_going: wire.config_rule_state.as_deref() == Some("DELETING"),
            is_hidden: wire.rule_evaluation_visibility.as_deref() == Some("INTERNAL"),
        };
        (name, found)
    }
}

/// Parameters as texts. What is no object of JSON is kept whole, so that it never looks like none.
fn parameters(text: Option<&str>) -> BTreeMap<String, String> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return BTreeMap::new();
    };
    let plain = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => {
            members.into_iter().map(|(name, value)| (name, plain(value))).collect()
        }
        _ => [("?".to_owned(), text.to_owned())].into(),
    }
}

impl Scope {
    fn read(wire: WireScope) -> Option<Self> {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let scope = Self {
            resource_types: wire.compliance_resource_types.into_iter().collect(),
            resource_id: some(wire.compliance_resource_id),
            tag_key: some(wire.tag_key),
            tag_value: some(wire.tag_value),
        };
        (scope != Self::default()).then_some(scope)
    }

    /// All that a managed rule can look at; nothing where that is not known.
    pub fn whole(identifier: &str) -> Option<Self> {
        let known = known::known(identifier).filter(|own| own.by_changes)?;
        let resource_types: BTreeSet<String> = known.types().map(str::to_owned).collect();
        (!resource_types.is_empty()).then(|| Self { resource_types, ..Self::default() })
    }
}

/// Whether a rule looks at everything that it can. AWS fills in the types of a managed rule. Of a rule
/// whose types are not known here, any will do.
fn looks_at_everything(identifier: &str, scope: Option<&Scope>) -> bool {
    let Some(scope) = scope else {
        return true;
    };
    let Scope { resource_types, resource_id, tag_key, .. } = scope;
    if resource_id.is_some() || tag_key.is_some() {
        return false;
    }
    known::known(identifier).is_none_or(|own| own.types().all(|name| resource_types.contains(name)))
}

impl Rule {
    /// A new rule.
    pub fn new(wish: &Wish<'_>) -> Self {
        Self {
            identifier: wish.identifier.to_owned(),
            owner: None,
            parameters: wish.parameters.clone(),
            scope: wish.scope.clone().or_else(|| Scope::whole(wish.identifier)),
            frequency: wish.frequency.and_then(|floor| raise_word(&Some(floor.clone()), None)),
            modes: None,
            description: None,
        }
    }

    /// Whether it runs the code that a wish names.
    pub fn runs(&self, identifier: &str) -> bool {
        self.owner.is_none() && self.identifier == identifier
    }

    /// What it has to become: itself, where it is as strict.
    pub fn raised(&self, wish: &Wish<'_>) -> Self {
        let mut raised = self.clone();
        raised.parameters = settled(&wish.parameters, &self.parameters);
        match &wish.scope {
            Some(scope) => raised.scope = Some(scope.clone()),
            None if looks_at_everything(wish.identifier, self.scope.as_ref()) => {}
            None => raised.scope = Scope::whole(wish.identifier),
        }
        let now = self.frequency.as_deref().unwrap_or(SELDOMEST);
        let floor = wish.frequency.cloned();
        if let Some(frequency) = raise_word(&floor, Some(now)).filter(|to| to != now) {
            raised.frequency = Some(frequency);
        }
        if let Some(modes) = &mut raised.modes {
            modes.insert(DETECTIVE.to_owned());
        }
        raised
    }
}

/// Parameters of which lower numbers are stricter.
const LOWER: [&str; 3] = ["maxAccessKeyAge", "maxCredentialUsageAge", "MaxPasswordAge"];
/// Parameters of which higher numbers are stricter.
const HIGHER: [&str; 2] = ["MinimumPasswordLength", "PasswordReusePrevention"];

/// What parameters have to become: stricter ones stay, and what else nobody asks for goes, for it may
/// except something from the rule.
fn settled(
    asked: &BTreeMap<String, String>,
    live: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut settled = asked.clone();
    for (name, value) in live {
        let keeps = match asked.get(name) {
            Some(asked) => is_as_strict(name, value, asked),
            None => LOWER.contains(&name.as_str()) || HIGHER.contains(&name.as_str()),
        };
        if keeps {
            settled.insert(name.clone(), value.clone());
        }
    }
    settled
}

fn is_as_strict(name: &str, live: &str, asked: &str) -> bool {
    let parts = |text: &str| -> BTreeSet<String> {
        text.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()
    };
    let number = |text: &str| text.trim().parse::<i64>().ok();
    match (number(live), number(asked)) {
        (Some(live), Some(asked)) if LOWER.contains(&name) => (1..=asked).contains(&live),
        (Some(live), Some(asked)) if HIGHER.contains(&name) => live >= asked,
        _ => parts(live) == parts(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn strict(name: &str, live: &str, asked: &str) -> bool {
        is_as_strict(name, live, asked)
    }

    #[test]
    fn a_stricter_parameter_stays_and_another_is_none() {
        assert!(strict("maxAccessKeyAge", "60", "90") && !strict("maxAccessKeyAge", "365", "90"));
        assert!(!strict("maxAccessKeyAge", "0", "90") && !strict("maxAccessKeyAge", "x", "90"));
        assert!(strict("MinimumPasswordLength", "20", "14"));
        assert!(!strict("MinimumPasswordLength", "8", "14"));
        assert!(strict("RequireSymbols", "True", "true"));
        assert!(strict("blockedPorts", "3389, 22", "22,3389"));
        assert!(!strict("blockedPort1", "", "20"));
    }

    #[test]
    fn what_nobody_asks_for_goes_unless_it_is_stricter() {
        let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let live = of(&[("MaxPasswordAge", "90"), ("excludedPublicBuckets", "theirs")]);
        assert_eq!(settled(&of(&[]), &live), of(&[("MaxPasswordAge", "90")]));
        assert_eq!(
            settled(&of(&[("blockedPort1", "20")]), &of(&[])),
            of(&[("blockedPort1", "20")])
        );
    }

    #[test]
    fn parameters_are_texts_whatever_they_were_sent_as() {
        let read = |text: &str| parameters(Some(text));
        assert_eq!(read(r#"{"a": 90, "b": true, "c": "x"}"#)["a"], "90");
        assert_eq!(read(r#"{"b": true}"#)["b"], "true");
        assert!(read("").is_empty() && parameters(None).is_empty());
        assert_eq!(read("no json")["?"], "no json");
    }

    #[test]
    fn a_scope_of_one_resource_or_tag_does_not_look_at_everything() {
        let whole = |scope: Value| {
            let scope: Option<Scope> = serde_json::from_value(scope).expect("a scope");
            looks_at_everything("INCOMING_SSH_DISABLED", scope.as_ref())
        };
        let group = json!(["AWS::EC2::SecurityGroup"]);
        assert!(whole(json!(null)) && whole(json!({"resource_types": group})));
        assert!(!whole(json!({"resource_types": group, "resource_id": "sg-1"})));
        assert!(!whole(json!({"tag_key": "x"})));
        assert!(!whole(json!({"resource_types": ["AWS::S3::Bucket"]})));
    }

    #[test]
    fn a_rule_of_a_service_is_known_by_who_made_it_or_left_alone_by_its_name() {
        let found = |extra: Value| {
            let rule = json!({
                "ConfigRuleName": "restricted-ssh",
                "Source": {"Owner": "AWS", "SourceIdentifier": "INCOMING_SSH_DISABLED"},
            });
            let rule = crate::settings::schema::merged(rule, extra);
            Found::read(serde_json::from_value(rule).expect("a rule"))
        };
        let (name, own) = found(json!({}));
        assert!(own.is_own(&name) && own.service.is_none());
        let (name, linked) = found(json!({"CreatedBy": "securityhub.amazonaws.com"}));
        assert!(!linked.is_own(&name));
        let (name, named) = found(json!({"ConfigRuleName": "securityhub-restricted-ssh-12ab"}));
        assert!(!named.is_own(&name) && named.service.is_none());
        assert!(is_kept_name("restricted-ssh-conformance-pack-ab12"));
    }
}

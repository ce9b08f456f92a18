//! The repair of what a rule finds: a remediation configuration, in AWS's words and ours.

use super::documents;
use super::settings::{RepairTable, texts};
use super::wire::WireDocument;
use crate::aws::keys;
use crate::control::Context;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What stands for the resource. Source: API reference, ResourceValue.
pub const RESOURCE: &str = "RESOURCE_ID";
/// The parameter that names the role; no other name will do for an automatic repair.
pub const ROLE: &str = "AutomationAssumeRole";

/// A repair, as far as calls change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// The document: its name, or the ARN of one of another account.
    pub document: String,
    /// Its version, where one is said.
    pub version: Option<String>,
    /// Whether AWS repairs by itself.
    pub automatic: bool,
    pub attempts: u32,
    pub within_seconds: u64,
    pub concurrency_percent: u32,
    pub error_percent: u32,
    /// The parameters of the document.
    pub parameters: BTreeMap<String, Parameter>,
    /// The only type of resource, where one is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// The resource that was found noncompliant.
    Resource,
    /// These.
    Values(Vec<String>),
}

/// A document that a repair runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// `Amazon`, or an account.
    pub owner: String,
    /// Its type, in AWS's word.
    pub kind: String,
    /// In AWS's word.
    pub status: String,
    pub default_version: String,
    pub parameters: BTreeSet<String>,
    pub hash: Option<String>,
}

impl From<WireDocument> for Document {
    fn from(wire: WireDocument) -> Self {
        Self {
            owner: wire.owner.unwrap_or_default(),
            kind: wire.document_type.unwrap_or_default(),
            status: wire.status.unwrap_or_default(),
            default_version: wire.default_version.unwrap_or_default(),
            parameters: wire.parameters.into_iter().filter_map(|own| own.name).collect(),
            hash: wire.hash,
        }
    }
}

impl RepairTable {
    /// The name of the document: the declared one, else the one that fits the rule.
    pub fn document(&self, identifier: &str) -> Option<&str> {
        let fitting = || documents::fitting(identifier).map(|own| own.name);
        self.document.as_deref().or_else(fitting)
    }

    /// The ARN of the role, declared or the document's own.
    pub fn role_arn(&self, document: &str, context: &Context) -> Option<String> {
        let own = || documents::known(document).map(|own| own.role(context).arn(context));
        self.role.as_ref().map(|arn| context.fill(arn)).or_else(own)
    }

    /// The parameters: what is declared, and what baseline fills in.
    pub fn parameters(&self, document: &str, context: &Context) -> BTreeMap<String, Parameter> {
        let declared = texts(&self.parameters).into_iter().map(|(name, value)| {
            let value = match value == RESOURCE {
                true => Parameter::Resource,
                false => Parameter::Values(vec![value.replace("{account}", &context.account)]),
            };
            (name, value)
        });
        let mut parameters: BTreeMap<String, Parameter> = declared.collect();
        if let Some(known) = documents::known(document) {
            parameters.entry(known.resource.to_owned()).or_insert(Parameter::Resource);
        }
        if let Some(role) = self.role_arn(document, context) {
            let value = Parameter::Values(vec![role]);
            parameters.entry(ROLE.to_owned()).or_insert(value);
        }
        parameters
    }

    /// The repair that is asked for, with the document that is there.
    pub fn wanted(&self, name: &str, document: &Document, context: &Context) -> Repair {
        let version = self.version.clone().unwrap_or_else(|| document.default_version.clone());
        Repair {
            document: name.to_owned(),
            version: Some(version).filter(|version| !version.is_empty()),
            automatic: self.automatic,
            attempts: self.attempts,
            within_seconds: u64::from(self.within_seconds),
            concurrency_percent: self.concurrency_percent,
            error_percent: self.error_percent,
            parameters: self.parameters(name, context),
            resource_type: None,
        }
    }

    /// Why the document cannot be used: what is wrong, and what to do.
    pub fn fault(
        &self,
        name: &str,
        document: Option<&Document>,
        context: &Context,
    ) -> Option<(String, String)> {
        let see = format!("see it: aws ssm describe-document --name {name}");
        let Some(found) = document else {
            let what =
                format!("the document {name} does not exist here, so that nothing is repaired");
            return Some((
                what,
                "name a document that this region has, or leave repair out".into(),
            ));
        };
        let fault = |what: String| Some((format!("the document {name} {what}"), see.clone()));
        if found.owner != "Amazon" && found.owner != context.account {
            return fault(format!(
                "belongs to account {}, which may change what it does",
                found.owner
            ));
        }
        if found.kind != "Automation" {
            return fault(format!("is of the type {}, and only Automation repairs", found.kind));
        }
        if !matches!(found.status.as_str(), "Active" | "Updating") {
            return fault(format!("is {}", found.status));
        }
        if let Some(hash) = self.sha256.as_ref().filter(|own| found.hash.as_ref() != Some(*own)) {
            let now = found.hash.as_deref().unwrap_or("no hash");
            return fault(format!("has another content than the declared one: {now}, not {hash}"));
        }
        let parameters = self.parameters(name, context);
        let missing = parameters.keys().find(|own| !found.parameters.contains(*own))?;
        fault(format!("has no parameter {missing}"))
    }
}

impl Repair {
    /// The account whose document it runs, where that is another one.
    pub fn stranger<'r>(&'r self, context: &Context) -> Option<&'r str> {
        keys::owner(&self.document).filter(|owner| *owner != context.account && !owner.is_empty())
    }

    /// The role that the document works with.
    pub fn role(&self) -> Option<&str> {
        match self.parameters.get(ROLE) {
            Some(Parameter::Values(values)) => values.first().map(String::as_str),
            _ => None,
        }
    }
}

/// A repair as AWS answers and takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WireRepair {
    pub config_rule_name: String,
    target_type: String,
    target_id: String,
    target_version: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, WireValue>,
    resource_type: Option<String>,
    #[serde(default)]
    automatic: bool,
    execution_controls: Option<Controls>,
    maximum_automatic_attempts: Option<u32>,
    retry_attempt_seconds: Option<u64>,
    pub created_by_service: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireValue {
    resource_value: Option<ResourceValue>,
    static_value: Option<StaticValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceValue {
    value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StaticValue {
    values: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Controls {
    ssm_controls: Option<SsmControls>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SsmControls {
    concurrent_execution_rate_percentage: Option<u32>,
    error_percentage: Option<u32>,
}

/// What AWS takes where nothing is said. Source: API reference, RemediationConfiguration and
/// SsmControls.
const ATTEMPTS: u32 = 5;
const SECONDS: u64 = 60;
const CONCURRENCY: u32 = 10;
const ERRORS: u32 = 50;

impl From<WireRepair> for Repair {
    fn from(wire: WireRepair) -> Self {
        let controls = wire.execution_controls.and_then(|own| own.ssm_controls);
        let (concurrency, errors) = controls.map_or((None, None), |own| {
            (own.concurrent_execution_rate_percentage, own.error_percentage)
        });
        let parameters = wire.parameters.into_iter().map(|(name, value)| {
            let value = match (value.resource_value, value.static_value) {
                (Some(_), _) => Parameter::Resource,
                (None, own) => Parameter::Values(own.map(|own| own.values).unwrap_or_default()),
            };
            (name, value)
        });
        Self {
            document: wire.target_id,
            version: wire.target_version,
            automatic: wire.automatic,
            attempts: wire.maximum_automatic_attempts.unwrap_or(ATTEMPTS),
            within_seconds: wire.retry_attempt_seconds.unwrap_or(SECONDS),
            concurrency_percent: concurrency.unwrap_or(CONCURRENCY),
            error_percent: errors.unwrap_or(ERRORS),
            parameters: parameters.collect(),
            resource_type: wire.resource_type,
        }
    }
}

impl WireRepair {
    /// A repair of a rule, as it is sent.
    pub fn of(rule: &str, repair: &Repair) -> Self {
        let parameters = repair.parameters.iter().map(|(name, value)| {
            let value = match value {
                Parameter::Resource => {
                    let resource_value = Some(ResourceValue { value: RESOURCE.to_owned() });
                    WireValue { resource_value, static_value: None }
                }
                Parameter::Values(values) => {
                    let static_value = Some(StaticValue { values: values.clone() });
                    WireValue { resource_value: None, static_value }
                }
            };
            (name.clone(), value)
        });
        let controls = SsmControls {
            concurrent_execution_rate_percentage: Some(repair.concurrency_percent),
            error_percentage: Some(repair.error_percent),
        };
        Self {
            config_rule_name: rule.to_owned(),
            target_type: "SSM_DOCUMENT".to_owned(),
            target_id: repair.document.clone(),
            target_version: repair.version.clone(),
            parameters: parameters.collect(),
            resource_type: repair.resource_type.clone(),
            automatic: repair.automatic,
            execution_controls: Some(Controls { ssm_controls: Some(controls) }),
            maximum_automatic_attempts: Some(repair.attempts),
            retry_attempt_seconds: Some(repair.within_seconds),
            created_by_service: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    fn table(text: &str) -> RepairTable {
        toml::from_str(text).expect("a table")
    }

    fn document() -> Document {
        Document {
            owner: "Amazon".to_owned(),
            kind: "Automation".to_owned(),
            status: "Active".to_owned(),
            default_version: "3".to_owned(),
            parameters: [ROLE.to_owned(), "SecurityGroupIds".to_owned()].into(),
            hash: None,
        }
    }

    #[test]
    fn the_document_that_fits_gets_its_resource_its_role_and_its_version() {
        let table = table("automatic = true");
        let name = table.document("INCOMING_SSH_DISABLED").expect("one fits");
        let repair = table.wanted(name, &document(), &context());
        assert_eq!(repair.parameters["SecurityGroupIds"], Parameter::Resource);
        assert_eq!(repair.role(), Some("arn:aws:iam::111122223333:role/baseline-repair-ssh"));
        assert_eq!((repair.version.as_deref(), repair.automatic), (Some("3"), true));
        let wire = WireRepair::of("restricted-ssh", &repair);
        assert_eq!(Repair::from(wire), repair);
    }

    #[test]
    fn what_aws_fills_in_is_no_difference() {
        let bare = serde_json::json!({
            "ConfigRuleName": "x", "TargetType": "SSM_DOCUMENT", "TargetId": "d",
        });
        let wire: WireRepair = serde_json::from_value(bare).expect("a repair");
        let repair = Repair::from(wire);
        assert_eq!((repair.attempts, repair.within_seconds), (5, 60));
        assert_eq!((repair.concurrency_percent, repair.error_percent), (10, 50));
        assert!(!repair.automatic);
    }

    #[test]
    fn a_document_that_is_not_what_it_should_be_is_a_fault() {
        let name = "AWS-DisableIncomingSSHOnPort22";
        let fault = |change: fn(&mut Document)| {
            let mut document = document();
            change(&mut document);
            let table = table("automatic = true\nsha256 = \"ab\"");
            table.fault(name, Some(&document), &context()).map(|(what, _)| what)
        };
        assert!(fault(|_| ()).is_some_and(|what| what.contains("another content")));
        assert_eq!(fault(|own| own.hash = Some("ab".to_owned())), None);
        let right: fn(&mut Document) = |own| own.hash = Some("ab".to_owned());
        for change in [
            (|own| own.owner = "999999999999".to_owned()) as fn(&mut Document),
            |own| own.kind = "Command".to_owned(),
            |own| own.status = "Deleting".to_owned(),
            |own| own.parameters.clear(),
        ] {
            let mut document = document();
            right(&mut document);
            change(&mut document);
            assert!(table("sha256 = \"ab\"").fault(name, Some(&document), &context()).is_some());
        }
        assert!(table("").fault(name, None, &context()).is_some());
    }

    #[test]
    fn a_document_by_the_arn_of_another_account_is_a_strangers() {
        let stranger = |document: &str| {
            let repair = Repair {
                document: document.to_owned(),
                ..table("").wanted("x", &super::tests::document(), &context())
            };
            repair.stranger(&context()).map(str::to_owned)
        };
        let foreign = "arn:aws:ssm:us-east-1:999999999999:document/x";
        assert_eq!(stranger(foreign).as_deref(), Some("999999999999"));
        assert_eq!(stranger("AWS-DisableIncomingSSHOnPort22"), None);
        assert_eq!(stranger("arn:aws:ssm:us-east-1:111122223333:document/x"), None);
    }
}

//! What is wrong in the table, and what is probably misspelt in it.

use super::documents::{self, CLOSES_ALL};
use super::known;
use super::repair::ROLE;
use super::rule::is_kept_name;
use super::settings::{RepairTable, RuleTable, ScopeTable, Settings, texts};
use crate::document::Problems;

/// The longest name of a rule, and the longest parameters. Source: the model of AWS Config.
const LONGEST_NAME: usize = 128;
const LONGEST_PARAMETERS: usize = 1024;

/// Looks for what AWS would refuse, and for what can only be a mistake.
pub fn check(settings: &Settings, problems: &mut Problems) {
    for (name, table) in settings.rules.iter().flatten() {
        let path = format!("rules.{name}");
        if is_kept_name(name) {
            let text = format!("'{name}' is a name that AWS gives to rules of its services");
            problems.setting(&path, text);
        }
        if name.len() > LONGEST_NAME || name.trim().is_empty() {
            problems.setting(&path, format!("a rule's name has 1 to {LONGEST_NAME} characters"));
        }
        check_rule(&path, table, problems);
    }
    for (name, table) in settings.conformance_packs.iter().flatten() {
        let path = format!("conformance_packs.{name}");
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts || !name.bytes().all(letter) || name.len() > 256 {
            let text = "a conformance pack's name has letters, digits and hyphens, and begins with a \
                        letter";
            problems.setting(&path, text);
        }
        if table.tag_value.is_some() && table.tag_key.is_none() {
            problems.setting(&format!("{path}.tag_value"), "add tag_key");
        }
    }
    for action in settings.stack_drift_reads.iter().flatten() {
        if action
            .split_once(':')
            .is_none_or(|(service, name)| service.is_empty() || name.is_empty())
        {
            let text = format!("'{action}' is no action of IAM, such as ecs:Describe*");
            problems.setting("stack_drift_reads", text);
        }
        if action.starts_with('*') || action.ends_with(":*") {
            let text = format!("'{action}' is more than reading: name what reads");
            problems.setting("stack_drift_reads", text);
        }
    }
}

fn check_rule(path: &str, table: &RuleTable, problems: &mut Problems) {
    let identifier = &table.identifier;
    let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if identifier.is_empty() || identifier.len() > 256 || !identifier.bytes().all(letter) {
        let text = match known::by_name(identifier) {
            Some(own) => format!("'{identifier}' is the name of the rule: its identifier is {own}"),
            None => {
                format!("'{identifier}' is no identifier of AWS's, such as INCOMING_SSH_DISABLED")
            }
        };
        problems.setting(&format!("{path}.identifier"), text);
    }
    let parameters = crate::diff::to_value(&texts(&table.parameters)).to_string();
    if !table.parameters.is_empty() && parameters.len() > LONGEST_PARAMETERS {
        let text = format!("AWS takes {LONGEST_PARAMETERS} characters of parameters at most");
        problems.setting(&format!("{path}.parameters"), text);
    }
    if let Some(scope) = &table.scope {
        check_scope(&format!("{path}.scope"), scope, problems);
    }
    if let Some(repair) = &table.repair {
        check_repair(&format!("{path}.repair"), identifier, repair, problems);
    }
}

/// Source: API reference, Scope.
fn check_scope(path: &str, scope: &ScopeTable, problems: &mut Problems) {
    let ScopeTable { resource_types, resource_id, tag_key, tag_value } = scope;
    if resource_id.is_some() && resource_types.len() != 1 {
        let text = "one resource needs its one type: add resource_types";
        problems.setting(&format!("{path}.resource_id"), text);
    }
    if tag_value.is_some() && tag_key.is_none() {
        problems.setting(&format!("{path}.tag_value"), "add tag_key");
    }
    if tag_key.is_some() && (resource_id.is_some() || !resource_types.is_empty()) {
        problems.setting(path, "a scope has types of resources, or a tag, and not both");
    }
    if resource_types.is_empty() && resource_id.is_none() && tag_key.is_none() {
        problems.setting(path, "it names nothing: leave scope out for everything");
    }
}

fn check_repair(path: &str, identifier: &str, table: &RepairTable, problems: &mut Problems) {
    let Some(document) = table.document(identifier) else {
        let text = format!("name a document: baseline knows none that fits {identifier}");
        return problems.setting(path, text);
    };
    let at = |key: &str| format!("{path}.{key}");
    if document.contains(':') {
        let text = "name a document of this account or of AWS's, without its ARN: another account may \
                    change what its own does";
        problems.setting(&at("document"), text);
    }
    if document == CLOSES_ALL && table.automatic {
        let text = format!(
            "{CLOSES_ALL} takes every rule out of the group, outgoing ones too: it cannot be automatic"
        );
        problems.setting(&at("document"), text);
    }
    if !documents::is_of_aws(document) && table.version.is_none() {
        let text = "a document of your own needs a version, so that nobody changes what it does";
        problems.setting(&at("document"), text);
    }
    let has_role = table.role.is_some()
        || table.parameters.contains_key(ROLE)
        || documents::known(document).is_some();
    if table.automatic && !has_role {
        let text = format!(
            "AWS repairs by itself only with a role, and what {document} needs is not known here: add \
             role"
        );
        problems.setting(path, text);
    }
    if table.role.as_ref().is_some_and(|arn| !arn.starts_with("arn:") || !arn.contains(":role/")) {
        problems.setting(&at("role"), "this is no ARN of a role");
    }
    if table.role.is_some() && table.parameters.contains_key(ROLE) {
        problems.setting(&at("role"), format!("parameters have {ROLE} too"));
    }
}

/// What is probably misspelt: identifiers that this version does not know, and frequencies of rules
/// that have none.
pub fn idle(settings: &Settings) -> Vec<String> {
    let mut idle = Vec::new();
    for (name, table) in settings.rules.iter().flatten() {
        let identifier = &table.identifier;
        let Some(rule) = known::known(identifier) else {
            let hint = known::near(identifier).map(|hint| format!(": {hint}")).unwrap_or_default();
            idle.push(format!(
                "config_rules: rules.{name}: this version knows no rule {identifier} of AWS's{hint}"
            ));
            continue;
        };
        if table.frequency.is_some() && !rule.periodic {
            idle.push(format!(
                "config_rules: rules.{name}: {identifier} is evaluated with every change, and has no \
                 frequency"
            ));
        }
    }
    idle
}

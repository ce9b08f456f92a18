//! Automation rules: what they do to findings before anybody sees them.

use super::settings::Settings;
use super::wire::{
    Criteria, FieldsUpdate, Filter, GET_RULES, LIST_RULES, PAGE, Page, RuleFound, RulesAsked,
};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::Remarks;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// A rule that is on and keeps findings from being seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    pub arn: String,
    /// What it does to a finding, in words.
    pub effect: String,
    /// Whether it does so to more than particular findings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_broad: bool,
}

/// Reads the rules that are on. Those of an organization are its administrator's, and no member may
/// list them.
pub async fn read(
    settings: &Settings,
    is_own: bool,
    region: &str,
    reader: &Reader,
) -> Result<Vec<Rule>, AwsError> {
    if settings.automation_rules.is_none() || !is_own {
        return Ok(Vec::new());
    }
    let input = Page { max_results: PAGE };
    let pages = LIST_RULES.pages(&reader.clients, region, &input).await?;
    let listed = pages.into_iter().flat_map(|page| page.automation_rules_metadata);
    let on = listed.filter(|own| own.rule_status.as_deref() != Some("DISABLED"));
    let arns: Vec<String> = on.map(|own| own.rule_arn).collect();
    let batches = arns.chunks(PAGE as usize).map(async |batch| {
        let input = RulesAsked { automation_rules_arns: batch.to_vec() };
        let found = GET_RULES.ask(&reader.clients, region, &input).await?;
        match batch.iter().find(|arn| !found.rules.iter().any(|own| own.rule_arn == **arn)) {
            None => Ok(found.rules),
            Some(arn) => {
                let text = format!("the rule {arn} could not be read");
                Err(AwsError::unexpected(&GET_RULES.operation, region, &text))
            }
        }
    });
    let found = try_join_all(batches).await?.into_iter().flatten();
    let mut rules: Vec<Rule> = found.filter_map(silencing).collect();
    rules.sort();
    Ok(rules)
}

/// The rule, if it keeps findings from being seen.
fn silencing(found: RuleFound) -> Option<Rule> {
    let updates = found.actions.iter().filter_map(|own| own.finding_fields_update.as_ref());
    let effects: Vec<String> = updates.flat_map(effects).collect();
    (!effects.is_empty()).then(|| Rule {
        name: found.rule_name.unwrap_or_else(|| found.rule_arn.clone()),
        effect: effects.join(" and "),
        is_broad: !is_narrow(&found.criteria.unwrap_or_default()),
        arn: found.rule_arn,
    })
}

/// What an update does that makes a finding one that nobody looks at: people and rules look for what
/// is new and grave. Source: Security Hub User Guide, "Automation rules".
fn effects(update: &FieldsUpdate) -> impl Iterator<Item = String> {
    let status = update.workflow.as_ref().and_then(|own| own.status.as_deref());
    let status = status.filter(|own| *own != "NEW").map(|own| format!("sets findings to {own}"));
    let severity = update.severity.as_ref();
    let label = severity.and_then(|own| own.label.as_deref());
    let label = label.filter(|own| !matches!(*own, "HIGH" | "CRITICAL"));
    let number = severity.and_then(|own| own.normalized).filter(|own| *own < 70);
    let number = number.map(|own| format!("lowers the severity of findings to {own}"));
    let label = label.map(|own| format!("lowers the severity of findings to {own}"));
    let verdict = update.verification_state.as_deref();
    let verdict = verdict.filter(|own| matches!(*own, "FALSE_POSITIVE" | "BENIGN_POSITIVE"));
    let verdict = verdict.map(|own| format!("calls findings {own}"));
    [status, label.or(number), verdict].into_iter().flatten()
}

/// Whether criteria name particular findings, checks or resources.
fn is_narrow(criteria: &Criteria) -> bool {
    let exactly = |filters: &Option<Vec<Filter>>| {
        all(filters, |own| own.comparison.as_deref() == Some("EQUALS") && own.has_value())
    };
    let resources = all(&criteria.resource_id, |own| {
        // A prefix that ends before the resource is that of a service, or of everything.
        let text = own.value.as_deref().unwrap_or_default();
        let resource = text.splitn(6, ':').nth(5).unwrap_or_default();
        match own.comparison.as_deref() {
            Some("EQUALS") => own.has_value(),
            Some("PREFIX") => resource.len() > 3,
            _ => false,
        }
    });
    let Criteria { id, title, generator_id, compliance_security_control_id, .. } = criteria;
    resources || [id, title, generator_id, compliance_security_control_id].into_iter().any(exactly)
}

/// Whether there are filters and all of them are such: one that is not lets others in.
fn all(filters: &Option<Vec<Filter>>, is_such: impl Fn(&Filter) -> bool) -> bool {
    filters.as_ref().is_some_and(|own| !own.is_empty() && own.iter().all(is_such))
}

impl Filter {
    fn has_value(&self) -> bool {
        self.value.as_deref().is_some_and(|own| !own.is_empty())
    }
}

/// Reports the rules that are not declared, and those that are and reach far.
pub fn judge(settings: &Settings, rules: &[Rule], region: &str, say: &mut Remarks) {
    let Some(declared) = &*settings.automation_rules else {
        return;
    };
    for Rule { name, arn, effect, is_broad } in rules {
        let broadly = if *is_broad { ", by criteria that match broadly" } else { "" };
        let delete = format!(
            "aws securityhub batch-delete-automation-rules --automation-rules-arns {arn} --region \
             {region}"
        );
        let remedy = match declared.contains(name) {
            true if !is_broad => continue,
            true => {
                format!("narrow its criteria to particular controls or resources, or: {delete}")
            }
            false => format!("if that is right, add it to automation_rules; else: {delete}"),
        };
        let what = format!("the automation rule {name} {effect}{broadly}");
        say.finding(&format!("automation_rules.{name}"), what, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rule(criteria: Value, update: Value) -> Option<Rule> {
        let found = json!({
            "RuleArn": "arn", "RuleName": "noise", "Criteria": criteria,
            "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        });
        silencing(serde_json::from_value(found).expect("a rule"))
    }

    #[test]
    fn a_rule_that_suppresses_or_lowers_silences_and_one_that_raises_does_not() {
        let effect = |update| rule(json!({}), update).map(|own| own.effect);
        let suppressed = effect(json!({"Workflow": {"Status": "SUPPRESSED"}}));
        assert_eq!(suppressed.as_deref(), Some("sets findings to SUPPRESSED"));
        let lowered = effect(json!({"Severity": {"Label": "INFORMATIONAL"}}));
        assert_eq!(lowered.as_deref(), Some("lowers the severity of findings to INFORMATIONAL"));
        assert!(effect(json!({"VerificationState": "FALSE_POSITIVE"})).is_some());
        assert_eq!(effect(json!({"Severity": {"Label": "CRITICAL"}})), None);
        assert_eq!(effect(json!({"Note": {"Text": "x", "UpdatedBy": "y"}})), None);
    }

    #[test]
    fn a_rule_is_narrow_when_it_names_checks_or_resources() {
        let suppressed = || json!({"Workflow": {"Status": "SUPPRESSED"}});
        let is_broad = |criteria| rule(criteria, suppressed()).expect("it silences").is_broad;
        let one = |name: &str, comparison: &str, value: &str| {
            let filter = json!([{"Comparison": comparison, "Value": value}]);
            Value::Object([(name.to_owned(), filter)].into_iter().collect())
        };
        assert!(!is_broad(one("ComplianceSecurityControlId", "EQUALS", "S3.9")));
        assert!(!is_broad(one("ResourceId", "PREFIX", "arn:aws:s3:::scratch-")));
        assert!(is_broad(json!({})));
        assert!(is_broad(one("SeverityLabel", "EQUALS", "CRITICAL")));
        assert!(is_broad(one("ComplianceSecurityControlId", "NOT_EQUALS", "S3.9")));
        assert!(is_broad(one("ResourceId", "PREFIX", "arn:aws:")));
        assert!(is_broad(one("Title", "PREFIX", "")));
    }
}

//! Archive rules: what an analyzer finds and nobody is told of.
//!
//! A rule that archives broadly silences the analyzer as well as its deletion would. Source: IAM
//! User Guide, "Archive rules" and "IAM Access Analyzer filter keys".

use super::live::Analyzer;
use crate::control::Proposal;
use aws_sdk_accessanalyzer::types::{ArchiveRuleSummary, Criterion};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An archive rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it archives: by filter key, its operators with their values. All must hold.
    pub filter: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl From<&ArchiveRuleSummary> for Rule {
    fn from(found: &ArchiveRuleSummary) -> Self {
        let filter = found.filter().iter();
        Self {
            name: found.rule_name().to_owned(),
            filter: filter
                .map(|(key, criterion)| (key.clone(), operators(criterion)))
                .collect(),
        }
    }
}

fn operators(criterion: &Criterion) -> BTreeMap<String, Vec<String>> {
    let exists = criterion.exists().map(|exists| exists.to_string());
    let each = [
        ("eq", criterion.eq().to_vec()),
        ("neq", criterion.neq().to_vec()),
        ("contains", criterion.contains().to_vec()),
        ("exists", exists.into_iter().collect()),
    ];
    let each = each.into_iter().filter(|(_, values)| !values.is_empty());
    each.map(|(name, values)| (name.to_owned(), values))
        .collect()
}

impl Rule {
    /// Whether no criterion picks out particular resources, outsiders or conditions.
    fn is_broad(&self) -> bool {
        let picks = |(key, operators): (&String, &BTreeMap<String, Vec<String>>)| {
            let is_particular = ["resource", "id"].contains(&key.as_str())
                || key.starts_with("principal.")
                || key.starts_with("condition.");
            let named = ["eq", "contains"].iter().any(|operator| {
                let values = operators.get(*operator);
                values.is_some_and(|values| !values.iter().any(|value| is_general(value)))
            });
            is_particular && named
        };
        !self.filter.iter().any(picks)
    }

    fn sentence(&self) -> String {
        let each = self.filter.iter().flat_map(|(key, operators)| {
            operators
                .iter()
                .map(move |(operator, values)| format!("{key} {operator} {}", values.join(", ")))
        });
        let each: Vec<String> = each.collect();
        match each.is_empty() {
            true => "every finding".to_owned(),
            false => format!("findings with {}", each.join(" and ")),
        }
    }
}

/// Whether a text is in the ARNs of nearly everything: a wildcard, or no more than the beginning of
/// ARNs of a service.
fn is_general(value: &str) -> bool {
    let begins = value.trim_matches('*');
    let parts: Vec<&str> = begins.split(':').collect();
    let is_beginning =
        "arn:aws".starts_with(parts[0]) && parts.iter().skip(3).all(|part| part.is_empty());
    begins.len() < 3 || is_beginning
}

/// Reports rules that archive broadly and are not declared, and names the others.
pub fn judge(
    proposal: &mut Proposal,
    declared: &BTreeSet<String>,
    rules: &[Rule],
    analyzer: &Analyzer,
    region: &str,
) {
    for rule in rules.iter().filter(|rule| !declared.contains(&rule.name)) {
        let (name, what) = (&rule.name, rule.sentence());
        if !rule.is_broad() {
            proposal.note(format!("the archive rule {name} archives {what}"));
            continue;
        }
        proposal.finding(
            "archive_rules",
            format!("the archive rule {name} archives {what}, which is broad: nobody sees them"),
            format!(
                "declare it with archive_rules = [\"{name}\"], narrow it, or: aws accessanalyzer \
                 delete-archive-rule --region {region} --analyzer-name {} --rule-name {name}",
                analyzer.name
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn is_broad(filter: Value) -> bool {
        let rule = json!({"name": "x", "filter": filter});
        let rule: Rule = serde_json::from_value(rule).expect("a rule");
        rule.is_broad()
    }

    #[test]
    fn a_rule_is_broad_unless_it_names_a_resource_an_outsider_or_a_condition() {
        for filter in [
            json!({}),
            json!({"isPublic": {"eq": ["true"]}}),
            json!({"resourceType": {"eq": ["AWS::S3::Bucket"]}}),
            json!({"resource": {"exists": ["true"]}}),
            json!({"resource": {"contains": ["arn:aws:s3:::"]}}),
            json!({"resource": {"contains": ["arn:aws:iam::"]}}),
            json!({"resource": {"contains": ["arn:aws:s3:::acme", "a"]}}),
            json!({"resource": {"neq": ["arn:aws:s3:::acme"]}}),
            json!({"principal.AWS": {"eq": ["*"]}}),
            json!({"principal.AWS": {"exists": ["true"]}, "error": {"exists": ["false"]}}),
        ] {
            assert!(is_broad(filter.clone()), "{filter}");
        }
        for filter in [
            json!({"resource": {"eq": ["arn:aws:s3:::acme"]}}),
            json!({"resource": {"contains": ["acme-public-"]}}),
            json!({"principal.AWS": {"eq": ["999999999999"]}, "isPublic": {"eq": ["false"]}}),
            json!({"condition.aws:PrincipalOrgID": {"eq": ["o-1"]}}),
        ] {
            assert!(!is_broad(filter.clone()), "{filter}");
        }
    }
}

//! Archive rules: what an analyzer finds and nobody is told of.
//!
//! A rule that archives broadly silences the analyzer as well as its deletion would. Source: IAM
//! User Guide, "Archive rules" and "IAM Access Analyzer filter keys".

use super::live::Analyzer;
use crate::control::Remarks;
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

/// An archive rule as it is answered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleFound {
    rule_name: String,
    filter: BTreeMap<String, Criterion>,
}

/// What a key of a filter is compared with: all that is given must hold.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Criterion {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    eq: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    neq: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contains: Vec<String>,
    exists: Option<bool>,
}

impl Criterion {
    /// That a key has this value.
    pub fn is(value: &str) -> Self {
        Self { eq: vec![value.to_owned()], ..Self::default() }
    }

    /// That a key has none of these values.
    pub fn is_none_of(values: &[&str]) -> Self {
        Self { neq: values.iter().map(|value| (*value).to_owned()).collect(), ..Self::default() }
    }

    /// The operators with their values.
    fn operators(self) -> BTreeMap<String, Vec<String>> {
        let exists = self.exists.map(|exists| exists.to_string());
        let each = [
            ("eq", self.eq),
            ("neq", self.neq),
            ("contains", self.contains),
            ("exists", exists.into_iter().collect()),
        ];
        let each = each.into_iter().filter(|(_, values)| !values.is_empty());
        each.map(|(name, values)| (name.to_owned(), values)).collect()
    }
}

impl From<RuleFound> for Rule {
    fn from(found: RuleFound) -> Self {
        let filter = found.filter.into_iter();
        Self {
            name: found.rule_name,
            filter: filter.map(|(key, criterion)| (key, criterion.operators())).collect(),
        }
    }
}

impl Rule {
    /// Whether no criterion picks out particular resources or conditions.
    fn is_broad(&self) -> bool {
        let picks = |(key, operators): (&String, &BTreeMap<String, Vec<String>>)| {
            let is_particular = ["resource", "id"].contains(&key.as_str())
                || key.starts_with("principal.")
                || key.starts_with("condition.");
            // Who is let in is what an intruder would not have seen: such a rule is for you to declare.
            let is_particular = is_particular && !key.starts_with("principal.");
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

/// Whether a text is in the ARNs of nearly everything of a kind: it holds no name of a thing, only
/// what ARNs begin with (partition, service, region, account) or the kind of the thing.
fn is_general(value: &str) -> bool {
    let is_account = |part: &str| part.len() == 12 && part.chars().all(|c| c.is_ascii_digit());
    let is_kind = |part: &str| {
        let kinds = ["role", "user", "group", "policy", "key", "function", "secret", "stream"];
        kinds.contains(&part.trim_end_matches('/'))
    };
    let begins = value.trim_matches('*');
    // A bare word such as `data` may be part of a name; with a colon or a slash behind it, it is not.
    let is_bare = !begins.contains([':', '/']);
    let is_part_of_arn = |part: &str| {
        let known =
            ["arn", "aws", "aws-cn", "aws-us-gov", "s3", "iam", "kms", "sqs", "sns", "lambda"];
        part.is_empty()
            || is_account(part)
            || is_kind(part)
            || known.contains(&part)
            || !is_bare
                && part.split('-').count() == 3
                && part.ends_with(|c: char| c.is_ascii_digit())
    };
    let (head, tail) = match begins.rsplit_once(':') {
        Some((head, tail)) => (head.split(':').collect(), tail),
        None => (Vec::new(), begins),
    };
    begins.len() < 3
        || "arn:aws".starts_with(begins)
        || head.into_iter().chain([tail]).all(is_part_of_arn)
        || begins.ends_with(':') && begins.split(':').count() <= 4
}

/// Reports rules that archive broadly and are not declared, and names the others.
pub fn judge(
    say: &mut Remarks,
    declared: &BTreeSet<String>,
    rules: &[Rule],
    analyzer: &Analyzer,
    region: &str,
) {
    for rule in rules.iter().filter(|rule| !declared.contains(&rule.name)) {
        let (name, what) = (&rule.name, rule.sentence());
        if !rule.is_broad() {
            say.note(format!("the archive rule {name} archives {what}"));
            continue;
        }
        say.finding(
            "archive_rules",
            format!("the archive rule {name} archives {what}: nobody sees them"),
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
    fn a_rule_is_broad_unless_it_names_a_resource_or_a_condition() {
        for filter in [
            json!({}),
            json!({"isPublic": {"eq": ["true"]}}),
            json!({"resourceType": {"eq": ["AWS::S3::Bucket"]}}),
            json!({"resource": {"exists": ["true"]}}),
            json!({"resource": {"contains": ["arn:aws:s3:::"]}}),
            json!({"resource": {"contains": ["arn:aws:iam::"]}}),
            json!({"resource": {"contains": ["arn:aws:s3:::acme", "a"]}}),
            json!({"resource": {"neq": ["arn:aws:s3:::acme"]}}),
            json!({"resource": {"contains": ["aws:s3:::"]}}),
            json!({"resource": {"contains": ["s3:"]}}),
            json!({"resource": {"contains": ["role/"]}}),
            json!({"resource": {"contains": ["arn:aws:iam::111122223333:role/"]}}),
            json!({"resource": {"contains": ["111122223333"]}}),
            json!({"principal.AWS": {"eq": ["*"]}}),
            // Who is let in is what an intruder would not have seen.
            json!({"principal.AWS": {"eq": ["999999999999"]}, "isPublic": {"eq": ["false"]}}),
            json!({"principal.AWS": {"exists": ["true"]}, "error": {"exists": ["false"]}}),
        ] {
            assert!(is_broad(filter.clone()), "{filter}");
        }
        for filter in [
            json!({"resource": {"eq": ["arn:aws:s3:::acme"]}}),
            json!({"resource": {"contains": ["acme-public-"]}}),
            json!({"resource": {"contains": ["role/aws-reserved/sso.amazonaws.com/"]}}),
            json!({"resource": {"contains": ["iam"]}, "condition.aws:PrincipalOrgID": {"eq": ["o-1"]}}),
            json!({"condition.aws:PrincipalOrgID": {"eq": ["o-1"]}}),
        ] {
            assert!(!is_broad(filter.clone()), "{filter}");
        }
    }
}

//! Filters that suppress findings: which are declared, and whether they hide more than they should.

use super::wire::Filter;
use crate::control::Remarks;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A filter that suppresses findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppressing {
    arn: String,
    /// What it suppresses, in AWS's form: fields of findings with their conditions.
    #[serde(default)]
    criteria: BTreeMap<String, Value>,
}

/// The fields of a finding that pick out particular ones: a thing, a vulnerability, a package. All others
/// are shared by many: kinds, severities, scores, times, accounts. Source: Inspector2 API Reference,
/// `FilterCriteria`.
const PARTICULAR: &[&str] = &[
    "cloudImageDigest",
    "cloudImageRepositoryName",
    "cloudServerlessFunctionName",
    "codeRepositoryProjectName",
    "codeVulnerabilityDetectorName",
    "codeVulnerabilityFilePath",
    "componentId",
    "ec2InstanceImageId",
    "ecrImageHash",
    "ecrImageRepositoryName",
    "ecrImageTags",
    "findingArn",
    "lambdaFunctionLayers",
    "lambdaFunctionName",
    "machineImageId",
    "machineImageName",
    "relatedVulnerabilities",
    "resourceId",
    "resourceTags",
    "title",
    "vulnerabilityId",
    "vulnerablePackages",
];

impl Suppressing {
    /// Whether no criterion picks out particular findings. The conditions of one field are alternatives, so
    /// that each of them has to.
    fn is_broad(&self) -> bool {
        let picks = |(field, conditions): (&String, &Value)| {
            let conditions = conditions.as_array().map(Vec::as_slice).unwrap_or_default();
            PARTICULAR.contains(&field.as_str())
                && !conditions.is_empty()
                && conditions.iter().all(picks_out)
        };
        !self.criteria.iter().any(picks)
    }
}

/// Whether a condition is met by something particular: by a name, or what begins with it, or by a package
/// of a name.
fn picks_out(condition: &Value) -> bool {
    let is_named = |own: &Value| {
        let value = own["value"].as_str().or_else(|| own["key"].as_str()).unwrap_or_default();
        // "CVE-", "arn:aws:" and the like begin everything.
        let is_whole = value.len() > "CVE-2026-".len();
        match own["comparison"].as_str() {
            Some("EQUALS") => !value.is_empty(),
            Some("PREFIX") => is_whole && !value.ends_with(':'),
            _ => false,
        }
    };
    is_named(condition) || is_named(&condition["name"])
}

impl From<Filter> for (String, Suppressing) {
    fn from(found: Filter) -> Self {
        let criteria = found.criteria.as_object().cloned().unwrap_or_default();
        (found.name, Suppressing { arn: found.arn, criteria: criteria.into_iter().collect() })
    }
}

/// Reports the filters that hide findings and are not declared, and those that are and hide nearly all:
/// one call makes a filter that was meant for one scanner suppress everything.
pub fn judge(
    declared: &BTreeSet<String>,
    live: &BTreeMap<String, Suppressing>,
    region: &str,
    say: &mut Remarks,
) {
    for (name, filter) in live {
        let delete = format!("aws inspector2 delete-filter --arn {} --region {region}", filter.arn);
        let field = format!("filters.{name}");
        if !declared.contains(name) {
            say.finding(
                &field,
                format!("the filter {name} suppresses findings"),
                format!("if that is right, add it to filters; else delete it: {delete}"),
            );
        } else if filter.is_broad() {
            say.finding(
                &field,
                format!("the filter {name} suppresses more than particular findings"),
                format!(
                    "narrow it to a resource, a package or a vulnerability (aws inspector2 \
                     update-filter --filter-arn {} --region {region}), or delete it: {delete}",
                    filter.arn
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_broad(criteria: Value) -> bool {
        let filter = json!({"arn": "arn", "criteria": criteria});
        serde_json::from_value::<Suppressing>(filter).expect("a filter").is_broad()
    }

    #[test]
    fn a_filter_is_broad_unless_it_picks_out_particular_findings() {
        let equals = |value: &str| json!([{"comparison": "EQUALS", "value": value}]);
        let prefix = |value: &str| json!([{"comparison": "PREFIX", "value": value}]);
        for narrow in [
            json!({"vulnerabilityId": equals("CVE-2024-1234")}),
            json!({"resourceId": prefix("i-0123456789"), "severity": equals("LOW")}),
            json!({"resourceTags": [{"comparison": "EQUALS", "key": "scanner", "value": "yes"}]}),
            json!({"vulnerablePackages": [{"name": {"comparison": "EQUALS", "value": "openssl"}}]}),
        ] {
            assert!(!is_broad(narrow.clone()), "{narrow}");
        }
        for broad in [
            json!({}),
            json!({"severity": equals("CRITICAL")}),
            json!({"vulnerabilityId": prefix("CVE-")}),
            json!({"resourceId": prefix("")}),
            json!({"title": [{"comparison": "NOT_EQUALS", "value": "x"}]}),
            json!({"resourceId": [
                {"comparison": "EQUALS", "value": "i-1"}, {"comparison": "NOT_EQUALS", "value": "i-1"},
            ]}),
            json!({"vulnerablePackages": [{"version": {"comparison": "EQUALS", "value": "1.0"}}]}),
        ] {
            assert!(is_broad(broad.clone()), "{broad}");
        }
    }
}

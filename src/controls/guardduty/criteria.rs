//! What a filter archives, and whether that is broad.

use aws_sdk_guardduty::types::{Condition, FindingCriteria};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a filter archives: by field of a finding, its operators with their values. The older and
/// the newer spelling of an operator mean the same and are one here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Criteria(pub BTreeMap<String, BTreeMap<String, Vec<String>>>);

/// The ends of the names of fields that pick out particular things: a filter by nothing else than
/// kinds, accounts, times and severities is broad. Source: GuardDuty User Guide, "Filtering
/// findings".
const PARTICULAR: &[&str] = &[
    "arn",
    "Arn",
    "id",
    "Id",
    "ipAddressV4",
    "ipAddressV6",
    "Name",
    "name",
    "principalId",
    "Sha256",
    "sha256",
    "domain",
    "city.cityName",
    "uid",
    ".value",
];

/// Fields whose names end so and that many findings share.
const COMMON: &[&str] = &[
    "accountId",
    "serviceName",
    "service.serviceName",
    "resource.accessKeyDetails.userType",
    "service.action.awsApiCallAction.serviceName",
    "service.remoteAccountDetails.accountId",
    "service.action.remoteIpDetails.country.countryName",
];

/// Whether a field tells one thing from others: the type of a finding among them.
fn is_particular_field(field: &str) -> bool {
    let is_common = COMMON.contains(&field) || field.ends_with("countryName");
    field == "type" || (!is_common && PARTICULAR.iter().any(|end| field.ends_with(end)))
}

impl Criteria {
    /// Whether no criterion picks out particular findings.
    pub fn is_broad(&self) -> bool {
        let picks = |(field, operators): (&String, &BTreeMap<String, Vec<String>>)| {
            let particular = |operator: &str| {
                let values = operators.get(operator);
                values.is_some_and(|values| {
                    !values.is_empty() && !values.iter().any(|value| is_family(value))
                })
            };
            is_particular_field(field) && (particular("equals") || particular("matches"))
        };
        !self.0.iter().any(picks)
    }
}

/// Whether a value stands for anything, or for a whole family of findings: `*`, `Recon:*`.
fn is_family(value: &str) -> bool {
    let known = value.trim_end_matches(['*', '?']);
    value.starts_with(['*', '?']) || value != known && (known.is_empty() || known.ends_with(':'))
}

impl fmt::Display for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().flat_map(|(field, operators)| {
            operators
                .iter()
                .map(move |(operator, values)| format!("{field} {operator} {}", values.join(", ")))
        });
        let each: Vec<String> = each.collect();
        match each.is_empty() {
            true => f.write_str("every finding"),
            false => write!(f, "findings with {}", each.join(" and ")),
        }
    }
}

impl From<&FindingCriteria> for Criteria {
    fn from(found: &FindingCriteria) -> Self {
        let criteria = found.criterion().into_iter().flatten();
        Self(criteria.map(|(field, condition)| (field.clone(), operators(condition))).collect())
    }
}

#[expect(deprecated, reason = "filters of the older spelling are still in use")]
fn operators(condition: &Condition) -> BTreeMap<String, Vec<String>> {
    let number = |new: Option<i64>, old: Option<i32>| -> Vec<String> {
        let value = new.or(old.map(i64::from));
        value.map(|value| value.to_string()).into_iter().collect()
    };
    let list = |new: &[String], old: &[String]| [new, old].concat();
    let each = [
        ("equals", list(condition.equals(), condition.eq())),
        ("not_equals", list(condition.not_equals(), condition.neq())),
        ("matches", condition.matches().to_vec()),
        ("not_matches", condition.not_matches().to_vec()),
        ("above", number(condition.greater_than(), condition.gt())),
        ("at_least", number(condition.greater_than_or_equal(), condition.gte())),
        ("below", number(condition.less_than(), condition.lt())),
        ("at_most", number(condition.less_than_or_equal(), condition.lte())),
    ];
    let each = each.into_iter().filter(|(_, values)| !values.is_empty());
    each.map(|(name, values)| (name.to_owned(), values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria(text: serde_json::Value) -> Criteria {
        serde_json::from_value(text).expect("criteria")
    }

    #[test]
    fn a_filter_is_broad_unless_it_picks_out_particular_findings() {
        use serde_json::json;
        let broad = [
            json!({}),
            json!({"severity": {"below": ["9"]}}),
            json!({"region": {"equals": ["us-east-1"]}, "accountId": {"equals": ["1"]}}),
            json!({"type": {"matches": ["*"]}}),
            json!({"type": {"matches": ["UnauthorizedAccess:*"]}}),
            json!({"type": {"not_equals": ["Recon:EC2/Portscan"]}}),
        ];
        for text in broad {
            assert!(criteria(text.clone()).is_broad(), "{text}");
        }
        let narrow = [
            json!({"type": {"equals": ["Recon:EC2/Portscan"]}}),
            json!({"type": {"matches": ["Recon:EC2/*"]}, "severity": {"below": ["4"]}}),
            json!({"resource.instanceDetails.instanceId": {"equals": ["i-1"]}}),
        ];
        for text in narrow {
            assert!(!criteria(text.clone()).is_broad(), "{text}");
        }
    }

    #[test]
    fn old_and_new_spellings_of_a_condition_read_alike() {
        #[expect(deprecated, reason = "filters of the older spelling are still in use")]
        let old = Condition::builder().eq("x").lt(4).build();
        let new = Condition::builder().equals("x").less_than(4).build();
        assert_eq!(operators(&old), operators(&new));
        assert_eq!(operators(&new)["below"], ["4"]);
    }
}

//! What keeps a detector's findings from being seen, as far as the baseline does not declare it.
//!
//! An intruder need not switch GuardDuty off: a filter that archives findings, or a trusted list
//! with one address, silences it. Archived findings reach neither EventBridge nor an export, and
//! nothing is found about the entries of a trusted list. Source: GuardDuty User Guide, "Suppression
//! rules" and "Entity lists and IP address lists".

use super::Settings;
use super::declared::DeclaredList;
use crate::control::{Context, Proposal};
use aws_sdk_guardduty::types::{Condition, FindingCriteria};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The filters, lists and exports of a detector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Silencing {
    /// The filters that archive, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Criteria>,
    /// The lists that are in use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    /// Where findings are exported to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<Export>,
}

impl Silencing {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

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
    fn is_broad(&self) -> bool {
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
        Self(
            criteria
                .map(|(field, condition)| (field.clone(), operators(condition)))
                .collect(),
        )
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
        (
            "at_least",
            number(condition.greater_than_or_equal(), condition.gte()),
        ),
        ("below", number(condition.less_than(), condition.lt())),
        (
            "at_most",
            number(condition.less_than_or_equal(), condition.lte()),
        ),
    ];
    let each = each.into_iter().filter(|(_, values)| !values.is_empty());
    each.map(|(name, values)| (name.to_owned(), values))
        .collect()
}

/// The kinds of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// IP addresses about which nothing is found.
    TrustedIps,
    /// IP addresses and domains about which nothing is found.
    TrustedEntities,
    /// IP addresses about which more is found.
    ThreatIps,
    /// IP addresses and domains about which more is found.
    ThreatEntities,
}

impl ListKind {
    fn is_trusted(self) -> bool {
        matches!(self, Self::TrustedIps | Self::TrustedEntities)
    }

    fn words(self) -> &'static str {
        match self {
            Self::TrustedIps => "trusted IP list",
            Self::TrustedEntities => "trusted entity list",
            Self::ThreatIps => "threat IP list",
            Self::ThreatEntities => "threat entity list",
        }
    }

    /// How the AWS CLI deletes one.
    fn deletion(self) -> (&'static str, &'static str) {
        match self {
            Self::TrustedIps => ("delete-ip-set", "--ip-set-id"),
            Self::TrustedEntities => ("delete-trusted-entity-set", "--trusted-entity-set-id"),
            Self::ThreatIps => ("delete-threat-intel-set", "--threat-intel-set-id"),
            Self::ThreatEntities => ("delete-threat-entity-set", "--threat-entity-set-id"),
        }
    }
}

/// A list that is in use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What it is.
    pub kind: ListKind,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The file with its entries.
    pub location: String,
    /// Its status, in AWS's word.
    pub status: String,
    /// Whether the file lies in a bucket of this account.
    pub is_of_account: bool,
}

impl List {
    /// Whether a list of this status has no effect and will have none by itself.
    pub fn is_idle(status: &str) -> bool {
        ["INACTIVE", "DEACTIVATING", "DELETE_PENDING", "DELETED"].contains(&status)
    }
}

/// The bucket in the location of a list, in any of the spellings that AWS takes: `s3://BUCKET/KEY`,
/// `https://s3.REGION.amazonaws.com/BUCKET/KEY`, `https://BUCKET.s3.REGION.amazonaws.com/KEY`.
pub fn bucket_of(location: &str) -> Option<&str> {
    file_of(location).map(|(bucket, _)| bucket)
}

/// The same with the key of the file.
pub fn file_of(location: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = location.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (bucket, key) = match scheme {
        "s3" => (host, path),
        _ if host.starts_with("s3.") || host.starts_with("s3-") => {
            path.split_once('/').unwrap_or((path, ""))
        }
        _ => {
            let at = host.rfind(".s3.").or_else(|| host.rfind(".s3-"))?;
            (&host[..at], path)
        }
    };
    (!bucket.is_empty()).then_some((bucket, key))
}

/// Where findings are exported to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// The ARN of the bucket, perhaps with a folder.
    pub destination: String,
    /// Its status, in AWS's word.
    pub status: String,
    /// Whether the bucket is one of this account.
    pub is_of_account: bool,
}

impl Export {
    /// The bucket in the ARN of a destination.
    pub fn bucket(destination: &str) -> &str {
        let name = destination.rsplit(":::").next().unwrap_or(destination);
        name.split('/').next().unwrap_or(name)
    }

    fn is_working(&self) -> bool {
        ["PUBLISHING", "PENDING_VERIFICATION"].contains(&self.status.as_str())
    }
}

/// Reports what silences the detector and is not declared.
pub fn judge(
    proposal: &mut Proposal,
    settings: &Settings,
    found: &Silencing,
    id: &str,
    region: &str,
    context: &Context,
) {
    if let Some(declared) = &*settings.filters {
        for (name, criteria) in &found.filters {
            filter(proposal, declared, name, criteria, id, region);
        }
    }
    for own in &found.lists {
        list(proposal, settings, own, id, region, context);
    }
    for DeclaredList { name, .. } in settings.threat_lists.iter().flatten() {
        let in_use = |own: &List| !own.kind.is_trusted() && own.name == *name;
        if !found.lists.iter().any(in_use) {
            proposal.finding(
                "threat_lists",
                format!("the threat list {name} is declared and not in use"),
                format!("add or activate it in {region}, or take it out of threat_lists"),
            );
        }
    }
    for own in &found.exports {
        export(proposal, settings, own, id, region, context);
    }
    for bucket in settings.export_buckets.iter().flatten() {
        let bucket = fill(bucket, region, context);
        let is_to = |own: &Export| Export::bucket(&own.destination) == bucket;
        if !found.exports.iter().any(is_to) {
            proposal.finding(
                "export_buckets",
                format!("findings are not exported to the bucket {bucket}, which is declared"),
                format!(
                    "export them: aws guardduty create-publishing-destination --detector-id {id} \
                     --region {region}; or take it out of export_buckets"
                ),
            );
        }
    }
}

/// Exports are regional, so `{region}` is that of the detector.
fn fill(bucket: &str, region: &str, context: &Context) -> String {
    bucket
        .replace("{region}", region)
        .replace("{account}", &context.account)
}

fn filter(
    proposal: &mut Proposal,
    declared: &BTreeSet<String>,
    name: &str,
    criteria: &Criteria,
    id: &str,
    region: &str,
) {
    let broad = match criteria.is_broad() {
        true => ", which is broad",
        false => "",
    };
    let delete = format!(
        "aws guardduty delete-filter --detector-id {id} --filter-name {name} --region {region}"
    );
    match declared.contains(name) {
        true if broad.is_empty() => {}
        true => proposal.finding(
            "filters",
            format!("the filter {name} archives {criteria}{broad}"),
            format!("narrow its criteria to particular findings, or: {delete}"),
        ),
        false => proposal.finding(
            "filters",
            format!(
                "the filter {name} archives {criteria}{broad}, and the baseline does not declare it"
            ),
            format!("declare it with filters = [\"{name}\"], or: {delete}"),
        ),
    }
}

fn list(
    proposal: &mut Proposal,
    settings: &Settings,
    own: &List,
    id: &str,
    region: &str,
    context: &Context,
) {
    let (key, declared, effect) = match own.kind.is_trusted() {
        true => (
            "trusted_lists",
            &*settings.trusted_lists,
            "nothing is found about its entries",
        ),
        false => (
            "threat_lists",
            &*settings.threat_lists,
            "whatever it lists is reported",
        ),
    };
    let Some(declared) = declared else { return };
    let List { name, location, .. } = own;
    let kind = own.kind.words();
    let (command, option) = own.kind.deletion();
    let delete = format!(
        "aws guardduty {command} --detector-id {id} {option} {} --region {region}",
        own.id
    );
    let Some(declared) = declared.iter().find(|other| other.name == *name) else {
        proposal.finding(
            key,
            format!(
                "the {kind} {name} ({location}) is in use, and the baseline does not declare it: \
                 {effect}"
            ),
            format!("declare it with {key} = [\"{name}\"], or: {delete}"),
        );
        return;
    };
    if let Some(wanted) = declared.misplaced(location, region, context) {
        proposal.finding(
            key,
            format!("the {kind} {name} has the file {location}, and {wanted} is declared"),
            format!("update the list, or declare its file: {{ name = \"{name}\", location = \"{location}\" }}"),
        );
    } else if !own.is_of_account && declared.location.is_none() {
        proposal.finding(
            key,
            format!("the file of the {kind} {name}, {location}, is in no bucket of this account"),
            format!(
                "move the file to a bucket of this account; or declare it: {{ name = \"{name}\", \
                 location = \"{location}\" }}; or: {delete}"
            ),
        );
    } else if own.status == "ERROR" {
        proposal.finding(
            key,
            format!("the {kind} {name} ({location}) could not be loaded"),
            "correct the file and its permissions, then update the list",
        );
    }
}

fn export(
    proposal: &mut Proposal,
    settings: &Settings,
    own: &Export,
    id: &str,
    region: &str,
    context: &Context,
) {
    let Export {
        destination,
        status,
        ..
    } = own;
    let delete = format!(
        "aws guardduty delete-publishing-destination --detector-id {id} --destination-id {} \
         --region {region}",
        own.id
    );
    let Some(declared) = &*settings.export_buckets else {
        return;
    };
    let bucket = Export::bucket(destination);
    let mut declared = declared.iter();
    let is_declared = declared.any(|own| fill(own, region, context) == bucket);
    if !own.is_of_account && !is_declared {
        proposal.finding(
            "export_buckets",
            format!("findings are exported to {destination}, which is no bucket of this account"),
            format!("name it with export_buckets = [\"{bucket}\"] if that is right, or: {delete}"),
        );
    }
    if !own.is_working() {
        proposal.finding(
            "export_buckets",
            format!("the export of findings to {destination} is {status}"),
            format!("let guardduty.amazonaws.com use the bucket and its key, or: {delete}"),
        );
    }
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

    #[test]
    fn a_bucket_is_read_from_every_spelling_of_a_location() {
        let spellings = [
            "s3://acme.lists/office.txt",
            "https://s3.amazonaws.com/acme.lists/office.txt",
            "https://s3.eu-west-1.amazonaws.com/acme.lists/office.txt",
            "https://s3-eu-west-1.amazonaws.com/acme.lists/office.txt",
            "https://acme.lists.s3.eu-west-1.amazonaws.com/office.txt",
            "https://acme.lists.s3.amazonaws.com/office.txt",
        ];
        for location in spellings {
            assert_eq!(bucket_of(location), Some("acme.lists"), "{location}");
        }
        assert_eq!(bucket_of("https://example.com/list"), None);
        assert_eq!(Export::bucket("arn:aws:s3:::acme/folder/"), "acme");
    }
}

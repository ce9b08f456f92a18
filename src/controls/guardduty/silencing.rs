//! What keeps a detector's findings from being seen, as far as the baseline does not declare it.
//!
//! An intruder need not switch GuardDuty off: a filter that archives findings, or a trusted list
//! with one address, silences it. Archived findings reach neither EventBridge nor an export, and
//! nothing is found about the entries of a trusted list. Source: GuardDuty User Guide, "Suppression
//! rules" and "Entity lists and IP address lists".

use super::criteria::Criteria;
use super::declared::DeclaredList;
use super::settings::Settings;
use crate::control::{Context, Remarks};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The ARN of the key that encrypts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The account that the bucket must belong to, if GuardDuty checks that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_owner: Option<String>,
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
    say: &mut Remarks,
    settings: &Settings,
    found: &Silencing,
    id: &str,
    region: &str,
    context: &Context,
) {
    if let Some(declared) = &*settings.filters {
        for (name, criteria) in &found.filters {
            filter(say, declared, name, criteria, id, region);
        }
    }
    for own in &found.lists {
        list(say, settings, own, id, region, context);
    }
    for DeclaredList { name, .. } in settings.threat_lists.iter().flatten() {
        let in_use = |own: &List| !own.kind.is_trusted() && own.name == *name;
        if !found.lists.iter().any(in_use) {
            say.finding(
                "threat_lists",
                format!("the threat list {name} is declared and not in use"),
                format!("add or activate it in {region}, or take it out of threat_lists"),
            );
        }
    }
    for own in &found.exports {
        export(say, settings, own, id, region, context);
    }
    for bucket in settings.export_buckets.iter().flatten() {
        let bucket = fill(bucket, region, context);
        let is_to = |own: &Export| Export::bucket(&own.destination) == bucket;
        if !found.exports.iter().any(is_to) {
            say.finding(
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
    bucket.replace("{region}", region).replace("{account}", &context.account)
}

fn filter(
    say: &mut Remarks,
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
        true => say.finding(
            "filters",
            format!("the filter {name} archives {criteria}{broad}"),
            format!("narrow its criteria to particular findings, or: {delete}"),
        ),
        false => say.finding(
            "filters",
            format!(
                "the filter {name} archives {criteria}{broad}, and the baseline does not declare it"
            ),
            format!("declare it with filters = [\"{name}\"], or: {delete}"),
        ),
    }
}

fn list(
    say: &mut Remarks,
    settings: &Settings,
    own: &List,
    id: &str,
    region: &str,
    context: &Context,
) {
    let (key, declared, effect) = match own.kind.is_trusted() {
        true => ("trusted_lists", &*settings.trusted_lists, "nothing is found about its entries"),
        false => ("threat_lists", &*settings.threat_lists, "whatever it lists is reported"),
    };
    let Some(declared) = declared else { return };
    let List { name, location, .. } = own;
    let kind = own.kind.words();
    let (command, option) = own.kind.deletion();
    let delete =
        format!("aws guardduty {command} --detector-id {id} {option} {} --region {region}", own.id);
    let Some(declared) = declared.iter().find(|other| other.name == *name) else {
        say.finding(
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
        say.finding(
            key,
            format!("the {kind} {name} has the file {location}, and {wanted} is declared"),
            format!("update the list, or declare its file: {{ name = \"{name}\", location = \"{location}\" }}"),
        );
    } else if !own.is_of_account && declared.location.is_none() {
        say.finding(
            key,
            format!("the file of the {kind} {name}, {location}, is in no bucket of this account"),
            format!(
                "move the file to a bucket of this account; or declare it: {{ name = \"{name}\", \
                 location = \"{location}\" }}; or: {delete}"
            ),
        );
    } else if own.status == "ERROR" {
        say.finding(
            key,
            format!("the {kind} {name} ({location}) could not be loaded"),
            "correct the file and its permissions, then update the list",
        );
    }
}

fn export(
    say: &mut Remarks,
    settings: &Settings,
    own: &Export,
    id: &str,
    region: &str,
    context: &Context,
) {
    let Export { destination, status, .. } = own;
    let delete = format!(
        "aws guardduty delete-publishing-destination --detector-id {id} --destination-id {} \
         --region {region}",
        own.id
    );
    let Some(declared) = &*settings.export_buckets else {
        return;
    };
    let bucket = Export::bucket(destination);
    let asked = settings.export.as_ref().and_then(|export| export.bucket(region, context));
    if asked.as_deref() == Some(bucket) && own.is_working() {
        return;
    }
    let mut declared = declared.iter();
    let is_declared = declared.any(|own| fill(own, region, context) == bucket);
    if !own.is_of_account && !is_declared {
        say.finding(
            "export_buckets",
            format!("findings are exported to {destination}, which is no bucket of this account"),
            format!("name it with export_buckets = [\"{bucket}\"] if that is right, or: {delete}"),
        );
    }
    if !own.is_working() {
        say.finding(
            "export_buckets",
            format!("the export of findings to {destination} is {status}"),
            format!("let guardduty.amazonaws.com use the bucket and its key, or: {delete}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

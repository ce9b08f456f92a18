//! What is live: the analyzers of external access of a region, and what the adopted one has found.

use super::Settings;
use super::archive::{Criterion, Rule, RuleFound};
use super::exposure::{Exposure, FindingFound};
use super::writes::ANALYZER_ARN;
use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::ACCESS_ANALYZER;
use crate::aws::{AwsError, Grant};
use crate::control::owner::owner;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const LIST: Typed<Nothing, Analyzers> = Typed::rest(
    &ACCESS_ANALYZER,
    "ListAnalyzers",
    "GET /analyzer?nextToken={nextToken}",
    &[Grant::any("access-analyzer:ListAnalyzers")],
)
.paged("nextToken", "nextToken");

/// Of an analyzer of external access it tells all that is asked here in one answer; its successor
/// needs a request for each finding.
pub const LIST_FINDINGS: Typed<FindingsAsked, Findings> = Typed::rest(
    &ACCESS_ANALYZER,
    "ListFindings",
    "POST /finding",
    &[Grant::on("access-analyzer:ListFindings", ANALYZER_ARN)],
)
.paged("nextToken", "nextToken");

/// The rules by which the adopted analyzer archives what it finds.
pub const LIST_RULES: Typed<RulesAsked, Rules> = Typed::rest(
    &ACCESS_ANALYZER,
    "ListArchiveRules",
    "GET /analyzer/{analyzerName}/archive-rule?maxResults={maxResults}&nextToken={nextToken}",
    &[Grant::on("access-analyzer:ListArchiveRules", ANALYZER_ARN)],
)
.paged("nextToken", "nextToken");

/// A page of analyzers.
#[derive(Debug, Deserialize)]
pub struct Analyzers {
    analyzers: Vec<AnalyzerFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnalyzerFound {
    name: String,
    arn: String,
    r#type: String,
    status: String,
    status_reason: Option<Reason>,
    managed_by: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    code: String,
}

/// Which findings are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingsAsked {
    analyzer_arn: String,
    filter: BTreeMap<String, Criterion>,
    max_results: u32,
}

/// A page of findings.
#[derive(Debug, Deserialize)]
pub struct Findings {
    findings: Vec<FindingFound>,
}

/// Whose archive rules are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesAsked {
    analyzer_name: String,
    max_results: u32,
}

/// A page of archive rules.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    archive_rules: Vec<RuleFound>,
}

/// The type of an analyzer whose zone of trust is the account.
pub const ACCOUNT: &str = "ACCOUNT";
/// The type of an analyzer whose zone of trust is the organization.
pub const ORGANIZATION: &str = "ORGANIZATION";

/// The types that are known. Source: IAM Access Analyzer API reference, AnalyzerSummary.
const TYPES: [&str; 6] = [
    ACCOUNT,
    ORGANIZATION,
    "ACCOUNT_UNUSED_ACCESS",
    "ORGANIZATION_UNUSED_ACCESS",
    "ACCOUNT_INTERNAL_ACCESS",
    "ORGANIZATION_INTERNAL_ACCESS",
];
/// The statuses that are known. Source: the same.
const STATUSES: [&str; 4] = ["ACTIVE", "CREATING", "DISABLED", "FAILED"];

/// How many findings are asked for at once.
const PAGE: u32 = 100;
/// How many pages are read of one region; what lies beyond is told to be there.
const PAGES: usize = 5;

/// The types of IAM exist once in the account, and every region finds the same about them.
/// Source: IAM User Guide, "IAM Access Analyzer supported resource types".
const GLOBAL: [&str; 2] = ["AWS::IAM::Role", "AWS::IAM::User"];

/// Access Analyzer in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The analyzers of external access, by name.
    pub analyzers: Vec<Analyzer>,
    /// The names of all others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub other_names: BTreeSet<String>,
    /// The active findings of the adopted one, if they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Exposure>,
    /// Whether there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more: bool,
    /// The archive rules of the adopted one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// An analyzer of external access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzer {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its type, in AWS's word.
    #[serde(rename = "type")]
    pub zone: String,
    /// Its status, in AWS's word.
    pub status: String,
    /// Why it has that status, in AWS's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The AWS service that made and manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// The stack that manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Analyzer {
    /// Whether it will analyze soon.
    pub fn is_being_created(&self) -> bool {
        self.status == "CREATING"
    }
}

impl From<AnalyzerFound> for Analyzer {
    fn from(found: AnalyzerFound) -> Self {
        Self {
            owner: owner(&found.name, &found.tags),
            name: found.name,
            arn: found.arn,
            zone: found.r#type,
            status: found.status,
            reason: found.status_reason.map(|reason| reason.code),
            managed_by: found.managed_by,
        }
    }
}

impl Live {
    /// The analyzer that does, of the first of these types that has one: one that analyzes, else
    /// one that is about to.
    pub fn adopted(&self, types: &[&str]) -> Option<&Analyzer> {
        let with = |status: &str| {
            types.iter().find_map(|zone| {
                let mut own = self.analyzers.iter();
                own.find(|own| own.zone == *zone && own.status == status)
            })
        };
        with("ACTIVE").or_else(|| with("CREATING"))
    }

    /// A name for a new analyzer of a type that none of the region has, of whatever type.
    pub fn free_name(&self, zone: &str) -> String {
        let taken = |name: &String| {
            self.other_names.contains(name) || self.analyzers.iter().any(|own| own.name == *name)
        };
        let mut name = "baseline".to_owned();
        while taken(&name) {
            name = format!("{name}-{}", zone.to_lowercase());
        }
        name
    }
}

/// Reads a region; the findings about types of IAM only where they are to be told.
pub async fn read(
    settings: &Settings,
    region: &str,
    global_types: bool,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let (mut live, strange) = list(region, reader).await?;
    let adopted = live.adopted(settings.zone().types()).cloned();
    let Some(analyzer) = adopted else {
        return match strange.filter(|_| settings.zone.is_some()) {
            // It may be the analyzer that is asked for: no reason to create a second.
            Some(text) => Err(AwsError::unexpected(&LIST.operation, region, &text)),
            None => Ok(live),
        };
    };
    let found = async {
        match settings.reports() {
            true => exposures(&analyzer, region, global_types, reader).await,
            false => Ok((Vec::new(), false)),
        }
    };
    let rules = async {
        match settings.archive_rules.is_some() {
            true => rules(&analyzer, region, reader).await,
            false => Ok(Vec::new()),
        }
    };
    ((live.exposures, live.has_more), live.rules) = tokio::try_join!(found, rules)?;
    Ok(live)
}

async fn rules(analyzer: &Analyzer, region: &str, reader: &Reader) -> Result<Vec<Rule>, AwsError> {
    let input = RulesAsked { analyzer_name: analyzer.name.clone(), max_results: PAGE };
    let pages = LIST_RULES.pages(&reader.clients, region, &input).await?;
    let rules = pages.into_iter().flat_map(|page| page.archive_rules);
    let mut rules: Vec<Rule> = rules.map(Rule::from).collect();
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rules)
}

/// What is strange about an analyzer: a word of AWS's that this version does not know.
fn strangeness(found: &AnalyzerFound) -> Option<String> {
    let AnalyzerFound { name, r#type, status, .. } = found;
    let (what, word) = match () {
        () if !TYPES.contains(&r#type.as_str()) => ("type", r#type),
        () if !STATUSES.contains(&status.as_str()) => ("status", status),
        () => return None,
    };
    Some(format!("this version of baseline does not know the {what} {word} of the analyzer {name}"))
}

/// The analyzers of a region, and what is strange about one.
async fn list(region: &str, reader: &Reader) -> Result<(Live, Option<String>), AwsError> {
    let (mut live, mut strange) = (Live::default(), None);
    let pages = LIST.pages(&reader.clients, region, &Nothing {}).await?;
    for found in pages.into_iter().flat_map(|page| page.analyzers) {
        strange = strange.or_else(|| strangeness(&found));
        match found.r#type.as_str() {
            ACCOUNT | ORGANIZATION => live.analyzers.push(found.into()),
            _ => {
                live.other_names.insert(found.name);
            }
        }
    }
    live.analyzers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((live, strange))
}

/// The active findings about what this account owns, and whether there are more.
async fn exposures(
    analyzer: &Analyzer,
    region: &str,
    global_types: bool,
    reader: &Reader,
) -> Result<(Vec<Exposure>, bool), AwsError> {
    let mut filter = BTreeMap::from([("status".to_owned(), Criterion::is("ACTIVE"))]);
    if analyzer.zone == ORGANIZATION {
        let own = Criterion::is(&reader.caller.account);
        filter.insert("resourceOwnerAccount".to_owned(), own);
    }
    if !global_types {
        filter.insert("resourceType".to_owned(), Criterion::is_none_of(&GLOBAL));
    }
    let input = FindingsAsked { analyzer_arn: analyzer.arn.clone(), filter, max_results: PAGE };
    let (pages, has_more) =
        LIST_FINDINGS.first_pages(&reader.clients, region, &input, PAGES).await?;
    let findings = pages.into_iter().flat_map(|page| page.findings);
    let mut exposures: Vec<Exposure> = findings.map(Exposure::from).collect();
    exposures.sort_by(|a, b| (&a.resource, &a.id).cmp(&(&b.resource, &b.id)));
    Ok((exposures, has_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_free_when_no_analyzer_of_any_type_has_it() {
        let mut live = Live::default();
        assert_eq!(live.free_name(ACCOUNT), "baseline");
        live.other_names.insert("baseline".to_owned());
        assert_eq!(live.free_name(ACCOUNT), "baseline-account");
    }
}

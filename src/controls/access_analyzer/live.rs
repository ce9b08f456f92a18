//! What is live: the analyzers of external access of a region, and what the adopted one has found.

use super::Settings;
use super::archive::Rule;
use super::exposure::Exposure;
use super::writes::ANALYZER_ARN;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::owner::owner;
use aws_sdk_accessanalyzer::types::{AnalyzerStatus, AnalyzerSummary, Criterion, Type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub const LIST: Operation = Operation::new(
    "accessanalyzer",
    "ListAnalyzers",
    &[Grant::any("access-analyzer:ListAnalyzers")],
);

/// Of an analyzer of external access it tells all that is asked here in one answer; its successor
/// needs a request for each finding.
pub const LIST_FINDINGS: Operation = Operation::new(
    "accessanalyzer",
    "ListFindings",
    &[Grant::on("access-analyzer:ListFindings", ANALYZER_ARN)],
);

/// The rules by which the adopted analyzer archives what it finds.
pub const LIST_RULES: Operation = Operation::new(
    "accessanalyzer",
    "ListArchiveRules",
    &[Grant::on("access-analyzer:ListArchiveRules", ANALYZER_ARN)],
);

/// The type of an analyzer whose zone of trust is the account.
pub const ACCOUNT: &str = "ACCOUNT";
/// The type of an analyzer whose zone of trust is the organization.
pub const ORGANIZATION: &str = "ORGANIZATION";

/// How many findings are asked for at once.
const PAGE: i32 = 100;
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

impl From<&AnalyzerSummary> for Analyzer {
    fn from(found: &AnalyzerSummary) -> Self {
        let tags = found.tags().into_iter().flatten();
        let tags = tags
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Self {
            owner: owner(found.name(), &tags),
            name: found.name().to_owned(),
            arn: found.arn().to_owned(),
            zone: found.r#type().as_str().to_owned(),
            status: found.status().as_str().to_owned(),
            reason: found
                .status_reason()
                .map(|reason| reason.code().as_str().to_owned()),
            managed_by: found.managed_by().map(str::to_owned),
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
            Some(text) => Err(AwsError::unexpected(&LIST, region, &text)),
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
    let clients = &reader.clients;
    let mut rules: Vec<Rule> = Vec::new();
    let mut next = None;
    loop {
        let request = clients.accessanalyzer(region).list_archive_rules();
        let request = request.analyzer_name(&analyzer.name);
        let request = request.max_results(PAGE).set_next_token(next).send();
        let page = LIST_RULES.answer(clients, region, request).await?;
        rules.extend(page.archive_rules().iter().map(Rule::from));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            rules.sort_by(|a, b| a.name.cmp(&b.name));
            return Ok(rules);
        }
    }
}

/// What is strange about an analyzer: a word of AWS's that this version does not know.
fn strangeness(found: &AnalyzerSummary) -> Option<String> {
    let words = [
        ("type", found.r#type().as_str(), Type::values()),
        ("status", found.status().as_str(), AnalyzerStatus::values()),
    ];
    let (what, word, _) = words
        .iter()
        .find(|(_, word, known)| !known.contains(word))?;
    let name = found.name();
    Some(format!(
        "this version of baseline does not know the {what} {word} of the analyzer {name}"
    ))
}

/// The analyzers of a region, and what is strange about one.
async fn list(region: &str, reader: &Reader) -> Result<(Live, Option<String>), AwsError> {
    let clients = &reader.clients;
    let (mut live, mut strange) = (Live::default(), None);
    let mut next = None;
    loop {
        let request = clients
            .accessanalyzer(region)
            .list_analyzers()
            .set_next_token(next)
            .send();
        let page = LIST.answer(clients, region, request).await?;
        for found in page.analyzers() {
            strange = strange.or_else(|| strangeness(found));
            match found.r#type().as_str() {
                ACCOUNT | ORGANIZATION => live.analyzers.push(found.into()),
                _ => {
                    live.other_names.insert(found.name().to_owned());
                }
            }
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            live.analyzers.sort_by(|a, b| a.name.cmp(&b.name));
            return Ok((live, strange));
        }
    }
}

/// The active findings about what this account owns, and whether there are more.
async fn exposures(
    analyzer: &Analyzer,
    region: &str,
    global_types: bool,
    reader: &Reader,
) -> Result<(Vec<Exposure>, bool), AwsError> {
    let clients = &reader.clients;
    let mut exposures = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let mut request = clients
            .accessanalyzer(region)
            .list_findings()
            .analyzer_arn(&analyzer.arn)
            .filter("status", Criterion::builder().eq("ACTIVE").build())
            .max_results(PAGE)
            .set_next_token(next);
        if analyzer.zone == ORGANIZATION {
            let own = Criterion::builder().eq(&reader.caller.account).build();
            request = request.filter("resourceOwnerAccount", own);
        }
        if !global_types {
            let others = Criterion::builder().set_neq(Some(GLOBAL.map(str::to_owned).to_vec()));
            request = request.filter("resourceType", others.build());
        }
        let page = LIST_FINDINGS
            .answer(clients, region, request.send())
            .await?;
        exposures.extend(page.findings().iter().map(Exposure::from));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    exposures.sort_by(|a: &Exposure, b| (&a.resource, &a.id).cmp(&(&b.resource, &b.id)));
    Ok((exposures, next.is_some()))
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

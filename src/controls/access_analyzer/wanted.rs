//! Which analyzer a region is to have: the adopted one, with what it has found, or a new one.

use super::live::{Analyzer, Live};
use super::writes::New;
use super::{Settings, Zone, archive};
use crate::control::Remarks;

/// What is to be created, if anything.
pub fn wanted(settings: &Settings, live: &Live, region: &str, say: &mut Remarks) -> Option<New> {
    let zone = settings.zone();
    if let Some(analyzer) = live.adopted(zone.types()) {
        adopt(settings, analyzer, live, region, say);
        return None;
    }
    if settings.zone.is_none() {
        return None;
    }
    // The account has one of its type or none; an organization may have several, and one that was
    // made and broke is not to be left beside a second.
    if let Some(broken) = live.analyzers.iter().find(|own| own.zone == zone.word()) {
        judge_broken(broken, region, say);
        return None;
    }
    say.note("it is free; its first findings come within 30 minutes");
    if zone == Zone::Organization {
        say.note(
            "AWS lets the organization's management account do this, and the delegated \
             administrator of Access Analyzer",
        );
    }
    for Analyzer { name, status, zone: other, .. } in &live.analyzers {
        if zone.types().contains(&other.as_str()) {
            say.note(format!("the organization's analyzer {name} is {status}"));
        }
    }
    Some(New { name: live.free_name(zone.word()), r#type: zone.word().to_owned() })
}

/// An analyzer that does not analyze, where another of its type may not or need not be made.
fn judge_broken(analyzer: &Analyzer, region: &str, say: &mut Remarks) {
    let Analyzer { name, status, .. } = analyzer;
    let why = analyzer.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let remedy = match analyzer.reason.as_deref() {
        _ if analyzer.managed_by.is_some() => {
            "see to it in the service that manages the analyzer".to_owned()
        }
        Some("AWS_SERVICE_ACCESS_DISABLED") => {
            "in the management account: aws organizations enable-aws-service-access \
             --service-principal access-analyzer.amazonaws.com"
                .to_owned()
        }
        Some("DELEGATED_ADMINISTRATOR_DEREGISTERED") => {
            "in the management account: aws organizations register-delegated-administrator \
             --service-principal access-analyzer.amazonaws.com --account-id ACCOUNT"
                .to_owned()
        }
        _ => format!(
            "if its archive rules and findings may go: aws accessanalyzer delete-analyzer --region \
             {region} --analyzer-name {name}, then apply again"
        ),
    };
    let what = format!("analyzer {name} is {status}{why} and finds nothing new");
    say.finding("status", what, remedy);
}

fn adopt(settings: &Settings, analyzer: &Analyzer, live: &Live, region: &str, say: &mut Remarks) {
    let name = &analyzer.name;
    if analyzer.is_being_created() {
        say.note(format!("analyzer {name} is still being created"));
    }
    if let Some(manager) = &analyzer.managed_by {
        say.elsewhere(format!("{manager} (analyzer {name})"));
    } else if analyzer.zone != settings.zone().word() {
        say.elsewhere(format!("the organization's analyzer {name}, which trusts all its accounts"));
    }
    if let Some(owner) = &analyzer.owner {
        say.note(format!("{owner} manages the analyzer {name}"));
    }
    if let Some(declared) = &*settings.archive_rules {
        archive::judge(say, declared, &live.rules, analyzer, region);
    }
    report(analyzer, live, region, say);
}

/// Reports what the analyzer has found.
fn report(analyzer: &Analyzer, live: &Live, region: &str, say: &mut Remarks) {
    for exposure in &live.exposures {
        exposure.report(say, analyzer, region);
    }
    if live.has_more {
        say.finding(
            "findings",
            "there are more active findings than are read here",
            format!(
                "see all: aws accessanalyzer list-findings --region {region} --analyzer-arn {} \
                 --filter '{{\"status\":{{\"eq\":[\"ACTIVE\"]}}}}'",
                analyzer.arn
            ),
        );
    }
    if !live.exposures.is_empty() {
        say.note(
            "access that is taken away leaves the findings within 30 minutes; through the \
             account's public access block, within 6 hours",
        );
    }
}

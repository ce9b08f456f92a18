//! IAM Access Analyzer: an analyzer of external access in every region, and what it has found.
//!
//! There is at most one of the account's own in a region; one that is there is adopted under
//! whatever name. Analyzers of unused and of internal access are others' and cost money: they are
//! left alone. Nothing is ever deleted, for archive rules and findings would go with it.

mod archive;
mod exposure;
mod live;
mod writes;

use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::{About, Context, Control, Cost, Past, Places, Proposal, Reference, Standing};
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use crate::words;
use live::{Analyzer, LIST, LIST_FINDINGS, LIST_RULES, Live};
use serde::Serialize;
use std::collections::BTreeSet;
use writes::{CREATE, create};

/// The control.
pub struct AccessAnalyzer;

settings! {
    /// The table `[access_analyzer]`.
    pub struct Settings {
        /// What is trusted: the account, or all accounts of the `"organization"`, which only its
        /// management account and the delegated administrator can have. For `"account"`, an analyzer
        /// of the organization that is seen here does as well.
        zone as "type": Managed<Zone> = "account",

        /// Whether active findings about resources of this account are reported; archived ones are
        /// accepted. IAM roles, of which every region finds the same, are reported in the home
        /// region alone, if that is among the regions.
        findings: Managed<bool> = true,

        /// The names of the archive rules that may archive broadly. Any other that does is a
        /// finding: one by type or by being public, and by no resource, outsider or condition.
        #[example("[\"our-partners\"]")]
        archive_rules: Managed<BTreeSet<String>> = [],
    }
}

impl Settings {
    /// The zone of trust; whether there is an analyzer at all is nobody's business if it is not
    /// managed.
    fn zone(&self) -> Zone {
        self.zone.unwrap_or(Zone::Account)
    }

    /// Whether findings are reported.
    fn reports(&self) -> bool {
        *self.findings == Some(true)
    }
}

words! {
    /// The zone of trust: access from outside of it is a finding.
    #[derive(Serialize)]
    #[serde(rename_all(serialize = "UPPERCASE"))]
    enum Zone {
        /// The account.
        Account = "account",
        /// The organization.
        Organization = "organization",
    }
}

impl Zone {
    /// The types of analyzer that do for it, the better first.
    fn types(self) -> &'static [&'static str] {
        match self {
            Self::Account => &[live::ACCOUNT, live::ORGANIZATION],
            Self::Organization => &[live::ORGANIZATION],
        }
    }

    /// The type that is created for it.
    fn word(self) -> &'static str {
        self.types()[0]
    }
}

/// What is created where there is nothing to adopt.
#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    r#type: Zone,
}

fn propose_new(settings: &Settings, region: &str, live: &Live, context: &Context) -> Proposal {
    let zone = settings.zone().word();
    let name = live.free_name(zone);
    let new = New { name: &name, r#type: settings.zone() };
    let mut proposal = Proposal::between(&None, &Some(new));
    proposal.call(create(&name, zone, context.tags(), region));
    proposal.note("it is free; its first findings come within 30 minutes");
    if settings.zone() == Zone::Organization {
        proposal.note(
            "AWS lets the organization's management account do this, and the delegated \
             administrator of Access Analyzer",
        );
    }
    proposal
}

/// An analyzer that does not analyze, where another of its type may not or need not be made.
fn broken(proposal: &mut Proposal, analyzer: &Analyzer, region: &str) {
    let Analyzer { name, status, .. } = analyzer;
    let why = match &analyzer.reason {
        Some(reason) => format!(" ({reason})"),
        None => String::new(),
    };
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
    proposal.finding("status", what, remedy);
}

fn propose_adopted(
    settings: &Settings,
    analyzer: &Analyzer,
    live: &Live,
    region: &str,
) -> Proposal {
    let mut proposal = Proposal::fine();
    let name = &analyzer.name;
    if analyzer.is_being_created() {
        proposal.note(format!("analyzer {name} is still being created"));
    }
    if let Some(manager) = &analyzer.managed_by {
        proposal.standing = Standing::Elsewhere(format!("{manager} (analyzer {name})"));
    } else if analyzer.zone != settings.zone().word() {
        let whose = format!("the organization's analyzer {name}, which trusts all its accounts");
        proposal.standing = Standing::Elsewhere(whose);
    }
    if let Some(owner) = &analyzer.owner {
        proposal.note(format!("{owner} manages the analyzer {name}"));
    }
    if let Some(declared) = &*settings.archive_rules {
        archive::judge(&mut proposal, declared, &live.rules, analyzer, region);
    }
    for exposure in &live.exposures {
        exposure.tell(&mut proposal, analyzer, region);
    }
    if live.has_more {
        proposal.finding(
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
        proposal.note(
            "access that is taken away leaves the findings within 30 minutes; through the \
             account's public access block, within 6 hours",
        );
    }
    proposal
}

impl Control for AccessAnalyzer {
    type Settings = Settings;
    type Live = Live;
    type State = ();

    const FIELDS: &'static [&'static str] = &["name", "status"];
    const ABOUT: About = About {
        name: "access_analyzer",
        title: "IAM Access Analyzer finds what is shared with outsiders, in every region",
        why: "A bucket, role, key or queue whose policy lets another account or everybody in is \
              easily overlooked among hundreds. The analyzer proves from the policies who outside \
              can reach what, and says so for as long as nobody has accepted it.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("1.20", "external access analyzed everywhere"),
            Reference::cis7("2.18", "external access analyzed everywhere"),
            Reference::fsbp("IAM.28", "external access analyzed"),
            Reference::nist_csf("Identify", "what outsiders can reach is known"),
            Reference::well_architected("SEC 3", "public and cross-account access is analyzed"),
        ],
        cost: Cost::Free("free"),
        operations: &[
            LIST.operation,
            LIST_FINDINGS.operation,
            LIST_RULES.operation,
            CREATE.operation,
        ],
    };

    fn state(_: &Self::Live) {}

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        let global_types = region == context.home_region || !context.includes_home_region();
        live::read(settings, region, global_types, reader).await
    }

    fn propose(settings: &Settings, place: &Place, live: Live, context: &Context) -> Proposal {
        let region = place.region.as_deref().unwrap_or_default();
        let zone = settings.zone();
        if let Some(analyzer) = live.adopted(zone.types()) {
            return propose_adopted(settings, analyzer, &live, region);
        }
        // The account has one of its type or none; an organization may have several, and one that
        // was made and broke is not to be left beside a second.
        let stands_in_the_way = live.analyzers.iter().find(|own| own.zone == zone.word());
        let mut proposal = match stands_in_the_way {
            _ if settings.zone.is_none() => return Proposal::fine(),
            Some(_) => Proposal::fine(),
            None => propose_new(settings, region, &live, context),
        };
        match stands_in_the_way {
            Some(analyzer) => broken(&mut proposal, analyzer, region),
            None => live.analyzers.iter().for_each(|other| {
                if zone.types().contains(&other.zone.as_str()) {
                    let Analyzer { name, status, .. } = other;
                    proposal.note(format!("the organization's analyzer {name} is {status}"));
                }
            }),
        }
        proposal
    }

    /// The analyzer that the run created stays: it is free, and its archive rules and findings would
    /// go with it.
    fn restore(_: &Settings, place: &Place, past: Past<Live>, _: &Context) -> Proposal {
        let region = place.region.as_deref().unwrap_or_default();
        let is_in = |live: &Live, arn: &str| live.analyzers.iter().any(|own| own.arn == arn);
        let created = past.after.analyzers.iter();
        let created = created.filter(|own| !is_in(&past.before, &own.arn));
        let mut proposal = Proposal::fine();
        for Analyzer { name, arn, .. } in created {
            match is_in(&past.live, arn) {
                true => proposal.finding(
                    "name",
                    format!("the run created the analyzer {name}; it is not deleted"),
                    format!(
                        "if nobody needs it, its archive rules and its findings: aws \
                         accessanalyzer delete-analyzer --region {region} --analyzer-name {name}"
                    ),
                ),
                false => proposal.note(format!("the analyzer {name} is not there any more")),
            }
        }
        proposal
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if !settings.reports() {
            unused.push(LIST_FINDINGS.operation.name);
        }
        if settings.archive_rules.is_none() {
            unused.push(LIST_RULES.operation.name);
        }
        if settings.zone.is_none() {
            unused.push(CREATE.operation.name);
        }
        unused
    }
}

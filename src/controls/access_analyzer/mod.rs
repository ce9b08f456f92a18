//! IAM Access Analyzer: an analyzer of external access in every region, and what it has found.
//!
//! There is at most one of the account's own in a region; one that is there is adopted under
//! whatever name. Analyzers of unused and of internal access are others' and cost money: they are
//! left alone. Nothing is ever deleted, for archive rules and findings would go with it.

mod archive;
mod exposure;
mod live;
mod wanted;
mod writes;

use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use crate::words;
use live::{Analyzer, LIST, LIST_FINDINGS, LIST_RULES, Live};
use std::collections::BTreeSet;
use writes::{CREATE, New, create};

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

impl Control for AccessAnalyzer {
    type Settings = Settings;
    type Live = Live;
    type State = Option<New>;

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

    /// There is at most one to create; what exists is not changed.
    fn state(_: &Live) -> Option<New> {
        None
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<New> {
        wanted::wanted(settings, live, at.region(), say)
    }

    fn steps(_: &Option<New>, to: &Option<New>, at: At<'_>) -> Steps {
        to.as_ref().map_or_else(Steps::default, |new| Steps::default().then(create(new, at)))
    }

    /// The analyzer that the run created stays: it is free, and its archive rules and findings would
    /// go with it.
    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> Option<New> {
        let has = |live: &Live, arn: &str| live.analyzers.iter().any(|own| own.arn == arn);
        for Analyzer { name, arn, .. } in &past.after.analyzers {
            match (has(&past.before, arn), has(&past.live, arn)) {
                (true, _) => {}
                (false, false) => say.note(format!("the analyzer {name} is not there any more")),
                (false, true) => say.finding(
                    "name",
                    format!("the run created the analyzer {name}; it is not deleted"),
                    format!(
                        "if nobody needs it, its archive rules and its findings: aws \
                         accessanalyzer delete-analyzer --region {} --analyzer-name {name}",
                        at.region()
                    ),
                ),
            }
        }
        None
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

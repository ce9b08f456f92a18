//! Amazon Inspector: what is scanned for known vulnerabilities, in every region.
//!
//! Scanning is switched on by kind of resource. What an administrator account or a policy of the
//! organization decides is compared and left to them. Source: Inspector2 API Reference.

mod configuration;
mod filters;
mod wire;

use crate::aws::door::Nothing;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Operation};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::floor::{AtLeast, raise, raise_word};
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::{Ranked, Takes};
use crate::words;
use configuration::Configuration;
use filters::Suppressing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    AccountState, DISABLE, ENABLE, FiltersAsked, GET_ADMINISTRATOR, GET_CONFIGURATION,
    GET_DEEP_INSPECTION, GET_STATUS, LIST_FILTERS, NewConfiguration, NewDeepInspection, Scans,
    UPDATE_CONFIGURATION, UPDATE_DEEP_INSPECTION,
};

/// The control.
pub struct Inspector;

settings! {
    /// The table `[inspector]`.
    pub struct Settings {
        /// Whether EC2 instances are scanned.
        #[costs]
        ec2: Managed<AtLeast<bool>> = true,

        /// Whether container images in ECR are scanned.
        #[costs]
        ecr: Managed<AtLeast<bool>> = true,

        /// Whether the packages of Lambda functions are scanned.
        #[costs]
        lambda: Managed<AtLeast<bool>> = true,

        /// Whether the code of Lambda functions is scanned; it needs `lambda`.
        #[costs]
        lambda_code: Managed<AtLeast<bool>> = unmanaged,

        /// How long an image is scanned again after it was pushed. Longer satisfies it.
        ecr_rescan: Managed<AtLeast<Rescan>> = "14 days",

        /// The same after it was last pulled or used: an image in use is scanned as long as either
        /// lasts.
        ecr_rescan_pulled: Managed<AtLeast<PulledRescan>> = "14 days",

        /// How EC2 instances are scanned: by the agent of Systems Manager alone, or, with
        /// `"hybrid"`, also those without it, from snapshots of their volumes.
        ec2_scan_mode: Managed<AtLeast<ScanMode>> = "hybrid",

        /// Whether packages of applications on EC2 instances are inspected, and not only those of the
        /// operating system.
        deep_inspection: Managed<AtLeast<bool>> = true,

        /// The names of the filters that may suppress findings. Any other is a finding, and so is one that
        /// suppresses more than particular findings.
        #[example("[\"known-scanner\"]")]
        filters: Managed<BTreeSet<String>> = [],
    }
}

words! {
    /// How long images are scanned again.
    pub enum Rescan {
        /// The shortest that Inspector takes.
        Days3 = "3 days" => "DAYS_3",
        /// A week.
        Days7 = "7 days" => "DAYS_7",
        /// What new accounts have.
        Days14 = "14 days" => "DAYS_14",
        /// A month.
        Days30 = "30 days" => "DAYS_30",
        /// Two months.
        Days60 = "60 days" => "DAYS_60",
        /// A quarter.
        Days90 = "90 days" => "DAYS_90",
        /// Half a year.
        Days180 = "180 days" => "DAYS_180",
        /// As long as the image exists.
        Lifetime = "lifetime" => "LIFETIME",
    }
}

words! {
    /// How long images in use are scanned again.
    pub enum PulledRescan {
        /// The shortest that Inspector takes.
        Days3 = "3 days" => "DAYS_3",
        /// A week.
        Days7 = "7 days" => "DAYS_7",
        /// What new accounts have.
        Days14 = "14 days" => "DAYS_14",
        /// A month.
        Days30 = "30 days" => "DAYS_30",
        /// Two months.
        Days60 = "60 days" => "DAYS_60",
        /// A quarter.
        Days90 = "90 days" => "DAYS_90",
        /// The longest that Inspector takes.
        Days180 = "180 days" => "DAYS_180",
    }
}

words! {
    /// How instances are scanned.
    pub enum ScanMode {
        /// Only those that have the agent.
        Agent = "agent" => "EC2_SSM_AGENT_BASED",
        /// All of them.
        Hybrid = "hybrid" => "EC2_HYBRID",
    }
}

/// Inspector in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// What is scanned; a kind that the region does not offer is missing.
    scans: BTreeMap<Kind, bool>,
    /// The rest, while anything is scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    /// The account that administers Inspector for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    administrator: Option<String>,
    /// Why AWS does not let the account decide, or scans nothing: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocked: Option<String>,
}

/// How Inspector is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    configuration: Configuration,
    deep_inspection: bool,
    /// The filters that suppress findings, by name.
    suppressing: BTreeMap<String, Suppressing>,
}

/// What can be scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Ec2,
    Ecr,
    Lambda,
    LambdaCode,
}

/// All kinds, those that others need first.
const KINDS: [Kind; 4] = [Kind::Ec2, Kind::Ecr, Kind::Lambda, Kind::LambdaCode];

impl Kind {
    /// AWS's word for it in requests.
    fn word(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Ecr => "ECR",
            Self::Lambda => "LAMBDA",
            Self::LambdaCode => "LAMBDA_CODE",
        }
    }

    /// The key of the table.
    fn key(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Ecr => "ecr",
            Self::Lambda => "lambda",
            Self::LambdaCode => "lambda_code",
        }
    }
}

/// What calls change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    scans: BTreeMap<Kind, bool>,
    configuration: Configuration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deep_inspection: Option<bool>,
}

impl Control for Inspector {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["administrator"];
    const ABOUT: About = About {
        name: "inspector",
        title: "Inspector scans for known vulnerabilities",
        why: "Most break-ins use a hole for which a patch exists. Inspector knows which instances, \
              images and functions have one, as soon as it is published.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::fsbp("Inspector.1", "EC2 scanned"),
            Reference::fsbp("Inspector.2", "ECR scanned"),
            Reference::fsbp("Inspector.3", "Lambda code scanned, with lambda_code"),
            Reference::fsbp("Inspector.4", "Lambda scanned"),
            Reference::nist_csf("Identify", "vulnerabilities are known"),
            Reference::well_architected("SEC 6", "vulnerability management"),
        ],
        cost: Cost::Paid(
            "15 days free; then about 1.25 USD a month for each instance, 0.09 for each new image and \
             0.30 a month for each function",
        ),
        operations: &[
            GET_STATUS.operation,
            GET_ADMINISTRATOR.operation,
            GET_CONFIGURATION.operation,
            GET_DEEP_INSPECTION.operation,
            LIST_FILTERS.operation,
            ENABLE.operation,
            DISABLE.operation,
            UPDATE_CONFIGURATION.operation,
            UPDATE_DEEP_INSPECTION.operation,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        let asks = |key: &Managed<AtLeast<bool>>| key.as_ref().is_some_and(|own| *own.value());
        if asks(&settings.lambda_code) && !asks(&settings.lambda) {
            problems.setting(
                "lambda_code",
                "the code is scanned with the packages only: add lambda = true",
            );
        }
    }

    fn state(live: &Live) -> State {
        let details = live.details.as_ref();
        State {
            scans: live.scans.clone(),
            configuration: details.map(|own| own.configuration.clone()).unwrap_or_default(),
            deep_inspection: details.map(|own| own.deep_inspection),
        }
    }

    fn shown(state: &State) -> Value {
        let State { scans, configuration, deep_inspection } = state;
        let parts =
            [json!(scans), json!(configuration), json!({"deep_inspection": deep_inspection})];
        let fields = parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten();
        Value::Object(fields.collect())
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        let (status, administrator) =
            tokio::join!(read_status(region, reader), read_administrator(region, reader));
        let (state, administrator) = (status?, administrator?);
        let mut live = Live { administrator, ..Live::of(&state) };
        if state.state.is_on() {
            live.details = Some(read_details(settings, region, reader).await?);
        }
        Ok(live)
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let mut wanted = Self::state(live);
        for kind in KINDS {
            match wanted.scans.get_mut(&kind) {
                Some(on) => *on = raise(settings.of(kind), *on),
                None if settings.asks(kind) => {
                    say.note(format!("{} is not offered here", kind.key()));
                }
                None => {}
            }
        }
        if let Some(details) = &live.details {
            wanted.configuration = settings.configuration(&details.configuration);
            wanted.deep_inspection =
                Some(raise(&settings.deep_inspection, details.deep_inspection));
            if let Some(declared) = &*settings.filters {
                filters::judge(declared, &details.suppressing, at.region(), say);
            }
        }
        match (&live.blocked, &live.administrator) {
            (Some(code), _) if code == BY_POLICY => say.left_to("a policy of the organization"),
            (Some(state), _) => say.left_to(format!("AWS, which has it {state},")),
            (None, Some(account)) => say.left_to(format!("Inspector administrator {account}")),
            (None, None) => {}
        }
        wanted
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        let mut steps = Steps::default();
        let region = at.region();
        let changed = |on: bool| -> Vec<String> {
            let changed = to
                .scans
                .iter()
                .filter(|(kind, own)| **own == on && from.scans.get(kind) != Some(*own));
            changed.map(|(kind, _)| kind.word().to_owned()).collect()
        };
        for (typed, resource_types) in [(&ENABLE, changed(true)), (&DISABLE, changed(false))] {
            if !resource_types.is_empty() {
                steps.call(typed.call(region, Scans { resource_types }));
            }
        }
        if from.configuration != to.configuration {
            let input = NewConfiguration::between(&from.configuration, &to.configuration);
            steps.call(UPDATE_CONFIGURATION.call(region, input));
        }
        if let Some(on) = to.deep_inspection.filter(|_| from.deep_inspection != to.deep_inspection)
        {
            let input = NewDeepInspection { activate_deep_inspection: on };
            steps.call(UPDATE_DEEP_INSPECTION.call(region, input));
        }
        steps
    }

    /// What goes with the last scan is not put back by a call of its own.
    fn restored(_: &Settings, past: &Past<Live>, _: At<'_>, say: &mut Remarks) -> State {
        let (back, now) = (say.put_back(&past.map(Self::state)), Self::state(&past.live));
        State {
            configuration: match past.before.details {
                Some(_) => back.configuration,
                None => now.configuration,
            },
            deep_inspection: back.deep_inspection.or(now.deep_inspection),
            scans: back.scans,
        }
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let is_exact = |kind: &Kind| settings.of(*kind).as_ref().is_some_and(AtLeast::is_exact);
        let mut unused = Vec::new();
        if !KINDS.iter().any(is_exact) {
            unused.push(DISABLE.operation.name);
        }
        if settings.filters.is_none() {
            unused.push(LIST_FILTERS.operation.name);
        }
        unused
    }

    const RESTORES: &'static [Operation] = &[DISABLE.operation];
}

impl Settings {
    fn of(&self, kind: Kind) -> &Option<AtLeast<bool>> {
        match kind {
            Kind::Ec2 => &self.ec2,
            Kind::Ecr => &self.ecr,
            Kind::Lambda => &self.lambda,
            Kind::LambdaCode => &self.lambda_code,
        }
    }

    /// What the configuration has to become.
    fn configuration(&self, live: &Configuration) -> Configuration {
        fn raised<T: Ord + Clone + Ranked>(
            setting: &Option<AtLeast<T>>,
            live: &Option<String>,
        ) -> Option<String> {
            live.as_deref().and_then(|live| raise_word(setting, Some(live)))
        }
        Configuration {
            ecr_rescan: raised(&self.ecr_rescan, &live.ecr_rescan),
            ecr_rescan_pulled: raised(&self.ecr_rescan_pulled, &live.ecr_rescan_pulled),
            ecr_pulled_means: live.ecr_pulled_means.clone(),
            ec2_scan_mode: raised(&self.ec2_scan_mode, &live.ec2_scan_mode),
        }
    }

    fn asks(&self, kind: Kind) -> bool {
        self.of(kind).as_ref().is_some_and(|own| *own.value())
    }
}

/// The code of an account that a policy of the organization decides about. Source: Inspector2 API
/// Reference, `State`.
const BY_POLICY: &str = "BLOCKED_BY_ORGANIZATION_POLICY";

/// Whether an account is administered, and does not only have an invitation, or had an administrator
/// once. Source: Inspector2 API Reference, `DelegatedAdmin`.
fn is_in_charge(status: Option<&str>) -> bool {
    status.is_none_or(|status| status == "ENABLED")
}

impl Live {
    fn of(found: &AccountState) -> Self {
        let resources = &found.resource_state;
        let states = [
            (Kind::Ec2, Some(&resources.ec2)),
            (Kind::Ecr, Some(&resources.ecr)),
            (Kind::Lambda, resources.lambda.as_ref()),
            (Kind::LambdaCode, resources.lambda_code.as_ref()),
        ];
        let states = || states.iter().filter_map(|(kind, state)| Some((*kind, (*state)?)));
        let mut all = states().map(|(_, state)| state).chain([&found.state]);
        let blocked = all.find_map(|state| match state.error_code.as_deref() {
            Some(BY_POLICY) => Some(BY_POLICY.to_owned()),
            _ => state.is_suspended().then(|| state.status.clone()),
        });
        let scans = states().map(|(kind, state)| (kind, state.is_on())).collect();
        Self { scans, blocked, ..Self::default() }
    }
}

/// What is scanned for this account.
async fn read_status(region: &str, reader: &Reader) -> Result<AccountState, AwsError> {
    let answer = GET_STATUS.ask(&reader.clients, region, &Nothing {}).await?;
    let failed = answer.failed_accounts.into_iter().next();
    answer.accounts.into_iter().next().ok_or_else(|| {
        let code = failed.map_or_else(|| "no account".to_owned(), |own| own.error_code);
        AwsError::unexpected(&GET_STATUS.operation, region, &format!("the answer says {code}"))
    })
}

/// The account that administers Inspector for this one: nothing outside of an organization, and
/// where it is this one.
async fn read_administrator(region: &str, reader: &Reader) -> Result<Option<String>, AwsError> {
    match GET_ADMINISTRATOR.ask(&reader.clients, region, &Nothing {}).await {
        Ok(found) => {
            let administrator = found.delegated_admin;
            let administrator =
                administrator.filter(|own| is_in_charge(own.relationship_status.as_deref()));
            let account = administrator.and_then(|own| own.account_id);
            Ok(account.filter(|own| *own != reader.caller.account))
        }
        Err(error) if error.is("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_details(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<Details, AwsError> {
    let clients = &reader.clients;
    let filters = async {
        match settings.filters.is_some() {
            true => {
                let input = FiltersAsked { action: "SUPPRESS".to_owned() };
                LIST_FILTERS.pages(clients, region, &input).await
            }
            false => Ok(Vec::new()),
        }
    };
    let (configuration, deep_inspection, filters) = tokio::try_join!(
        GET_CONFIGURATION.ask(clients, region, &Nothing {}),
        GET_DEEP_INSPECTION.ask(clients, region, &Nothing {}),
        filters,
    )?;
    let filters = filters.into_iter().flat_map(|page| page.filters);
    Ok(Details {
        configuration: configuration.into(),
        deep_inspection: matches!(deep_inspection.status.as_deref(), Some("ACTIVATED" | "PENDING")),
        suppressing: filters.map(Into::into).collect(),
    })
}

#[cfg(test)]
mod tests;

//! GuardDuty: a detector that runs, in every region, with the protection plans that are declared.
//!
//! There is one detector in a region. What an administrator account or a policy of the organization
//! decides is compared and left to them.

mod criteria;
mod declared;
mod export;
mod features;
mod lists;
mod restore;
mod settings;
mod silencing;
mod state;
mod steps;
mod wanted;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::aws::{AwsError, Write};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Delivers, Delivery, Exporter, Past, Places,
    Reference, Remarks, Standard, Steps,
};
use crate::document::Problems;
use crate::place::Place;
use crate::s3;
use crate::settings::Takes;
use export::{CreateDestination, UpdateDestination};
use features::{Declared, EKS_RUNTIME, RUNTIME};
use futures_util::future::{BoxFuture, OptionFuture};
use serde_json::Value;
use settings::Settings;
use state::{GET, GET_ADMINISTRATOR, LIST, Live, State};
use std::sync::Arc;
use writes::{CreateDetector, MarkFinished, UpdateDetector};

/// The control.
pub struct GuardDuty;

impl Control for GuardDuty {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["unfinished"];

    const ABOUT: About = About {
        name: "guardduty",
        title: "GuardDuty detects threats in every region",
        why: "Stolen credentials are used where nobody looks. GuardDuty looks, in every region, at \
              the API calls, network flows and name look-ups of the account.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            fsbp("GuardDuty.1", "threat detection on everywhere"),
            fsbp("GuardDuty.5", "with EKS_AUDIT_LOGS"),
            fsbp("GuardDuty.6", "with LAMBDA_NETWORK_LOGS"),
            fsbp("GuardDuty.7", "with RUNTIME_MONITORING and EKS_ADDON_MANAGEMENT"),
            fsbp("GuardDuty.8", "with EBS_MALWARE_PROTECTION"),
            fsbp("GuardDuty.9", "with RDS_LOGIN_EVENTS"),
            fsbp("GuardDuty.10", "with S3_DATA_EVENTS"),
            fsbp("GuardDuty.11", "with RUNTIME_MONITORING"),
            fsbp("GuardDuty.12", "with RUNTIME_MONITORING and ECS_FARGATE_AGENT_MANAGEMENT"),
            fsbp("GuardDuty.13", "with RUNTIME_MONITORING and EC2_AGENT_MANAGEMENT"),
            Reference::nist_csf("Detect", "threats are noticed"),
            Reference::well_architected("SEC 4", "detect and act on threats"),
        ],
        cost: Cost::Paid(
            "30 days free in each region, then 4 USD per million CloudTrail events and 1 USD per GB \
             of flow and DNS logs; protection plans extra",
        ),
        operations: &[
            LIST,
            GET,
            GET_ADMINISTRATOR,
            lists::LIST_FILTERS,
            lists::GET_FILTER,
            lists::LIST_IP_SETS,
            lists::GET_IP_SET,
            lists::LIST_THREAT_SETS,
            lists::GET_THREAT_SET,
            lists::LIST_TRUSTED_ENTITIES,
            lists::GET_TRUSTED_ENTITIES,
            lists::LIST_THREAT_ENTITIES,
            lists::GET_THREAT_ENTITIES,
            lists::LIST_DESTINATIONS,
            lists::DESCRIBE_DESTINATION,
            s3::LIST_BUCKETS,
            DESCRIBE_KEY.operation,
            CreateDetector::OPERATION,
            UpdateDetector::OPERATION,
            MarkFinished::OPERATION,
            CreateDestination::OPERATION,
            UpdateDestination::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        for (name, declared) in settings.features.iter().flatten() {
            Declared::check(name, declared, problems);
        }
        if settings.wants(RUNTIME) && settings.wants(EKS_RUNTIME) {
            let path = format!("features.{EKS_RUNTIME}");
            problems.setting(&path, format!("{RUNTIME} covers it: AWS does not take both"));
        }
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn shown(state: &State) -> Value {
        state.shown()
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        let asked = settings.export.as_ref().map(|own| own.look(region, context, reader));
        let (live, asked) = tokio::join!(
            state::read(reader, region, settings.watches()),
            OptionFuture::from(asked),
        );
        Ok(Live { asked: asked.transpose()?, ..live? })
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        match settings.export.is_some() {
            true => vec![Announcement::Delivers(settings.clone())],
            false => Vec::new(),
        }
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let wanted = wanted::wanted(settings, live, at, say);
        let administrator = live.administrator.as_deref();
        if let (true, Some(id)) = (settings.watches(), &live.id) {
            if administrator.is_none() {
                let (region, context) = (at.region(), at.context);
                silencing::judge(say, settings, &live.silencing, id, region, context);
            }
            if let Some(declared) = &*settings.administrator {
                // A member account itself can leave, and accept another. Source: GuardDuty API
                // Reference, DisassociateFromAdministratorAccount.
                let leave = "aws guardduty disassociate-from-administrator-account";
                declared.judge("GuardDuty", leave, administrator, say);
            }
        }
        match administrator {
            Some(account) => say.left_to(format!("GuardDuty administrator {account}")),
            None => say.owned_by(live.owner.clone(), *settings.take_over == Some(true)),
        }
        wanted
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        steps::steps(from, to, at)
    }

    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        restore::restored(past, at, say)
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if *settings.enabled != Some(true) {
            unused.push(CreateDetector::OPERATION.name);
        }
        if settings.export.is_none() {
            unused.push(DESCRIBE_KEY.operation.name);
            unused.push(CreateDestination::OPERATION.name);
            unused.push(UpdateDestination::OPERATION.name);
        }
        if !settings.watches() {
            unused.extend(lists::OPERATIONS.iter().map(|own| own.name));
            unused.extend([s3::LIST_BUCKETS.name, MarkFinished::OPERATION.name]);
        }
        unused
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let named = settings.export.as_ref().and_then(|own| keys::owner(&own.kms_key));
        let accounts = [Some(context.account.as_str()), named];
        let accounts = accounts.into_iter().flatten().map(str::to_owned);
        vec![("key_account", accounts.collect())]
    }
}

impl Delivers for Settings {
    fn deliveries<'a>(
        &'a self,
        context: &'a Context,
        _: &'a Reader,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, AwsError>> {
        let export = self.export.as_ref();
        let delivery = export.and_then(|own| own.delivery(Exporter::GuardDuty, context));
        Box::pin(async move { Ok(delivery.into_iter().collect()) })
    }
}

const fn fsbp(id: &'static str, label: &'static str) -> Reference {
    Reference { standard: Standard::Fsbp, id, label }
}

#[cfg(test)]
mod tests;

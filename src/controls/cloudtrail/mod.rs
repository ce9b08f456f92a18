//! The trail that records what is done in the account.
//!
//! An audit trail that is there is adopted: what the baseline leaves out stays as it is. What this
//! baseline created is kept as the file says. A trail of the organization, of Control Tower or of a
//! stack that already records the account is enough: it is judged and left to them.

mod answers;
mod choice;
mod covered;
mod data_events;
mod judge;
mod live;
mod read;
mod restore;
mod selectors;
mod settings;
mod state;
mod steps;
mod wanted;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::aws::topics::GET_TOPIC;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Operation, Write};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Delivers, Delivery, Past, Places, Recorded,
    Records, Reference, Remarks, Steps,
};
use crate::controls::archive;
use crate::document::Problems;
use crate::place::Place;
use crate::s3;
use crate::settings::Takes;
use choice::Case;
use futures_util::future::BoxFuture;
use live::Live;
use read::Look;
use serde_json::Value;
use settings::Settings;
use state::State;
use std::sync::Arc;
use writes::{
    CreateTrail, PASS_ROLE, PutEventSelectors, PutInsightSelectors, StartLogging, StopLogging,
    UpdateTrail,
};

/// The name of a trail that is created, when the table gives none.
pub const DEFAULT_TRAIL: &str = "baseline";

/// The control.
pub struct Cloudtrail;

impl Control for Cloudtrail {
    type Settings = Settings;
    type Live = Live;
    type State = Option<State>;

    const FIELDS: &'static [&'static str] = &["logging", "management_events", "selectors", "tags"];
    const ABOUT: About = About {
        name: "cloudtrail",
        title: "trail of what is done in the account",
        why: "Without a trail nobody can say afterwards who did what. One trail records all \
              regions and the global services, its log files can be validated, and it is really \
              recording: a trail can look right and be stopped.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("3.1", "trail covers every region"),
            Reference::cis3("3.2", "log files are tamper-evident"),
            Reference::cis3("3.5", "logs encrypted with a KMS key, with kms_key"),
            Reference::cis3("3.8", "S3 object writes recorded, with data_events"),
            Reference::cis3("3.9", "S3 object reads recorded, with data_events"),
            Reference::cis7("4.1", "trail covers every region"),
            Reference::cis7("4.2", "log files are tamper-evident"),
            Reference::cis7("4.5", "logs encrypted with a KMS key, with kms_key"),
            Reference::cis7("4.8", "S3 object writes recorded, with data_events"),
            Reference::cis7("4.9", "S3 object reads recorded, with data_events"),
            Reference::fsbp("CloudTrail.1", "trail covers every region"),
            Reference::fsbp("CloudTrail.2", "logs encrypted with a KMS key, with kms_key"),
            Reference::fsbp("CloudTrail.4", "log files are tamper-evident"),
            Reference::nist_csf("Detect", "activity is recorded"),
            Reference::well_architected("SEC 4", "events are recorded"),
        ],
        cost: Cost::Paid(
            "first copy of management events free; further copies 2.00, data and network activity \
             events 0.10, insights 0.35 USD per 100,000; S3 storage",
        ),
        operations: archive::with_archive![
            DESCRIBE_TRAILS,
            answers::GET_TRAIL_STATUS,
            answers::GET_EVENT_SELECTORS,
            answers::GET_INSIGHT_SELECTORS,
            answers::LIST_TAGS,
            s3::LIST_BUCKETS,
            DESCRIBE_KEY.operation,
            GET_TOPIC.operation,
            CreateTrail::OPERATION,
            UpdateTrail::OPERATION,
            PutEventSelectors::OPERATION,
            PutInsightSelectors::OPERATION,
            StartLogging::OPERATION,
            StopLogging::OPERATION,
            PASS_ROLE,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    fn state(live: &Live) -> Option<State> {
        live.state()
    }

    fn shown(state: &Option<State>) -> Value {
        state.as_ref().map_or(Value::Null, State::shown)
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let look = Look { settings, context, reader };
        look.with_archive(look.once().await?).await
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        vec![Announcement::Delivers(settings.clone()), Announcement::Records(settings.clone())]
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<State> {
        wanted::wanted(Case { settings, live, context: at.context }, say)
    }

    fn steps(from: &Option<State>, to: &Option<State>, at: At<'_>) -> Steps {
        to.as_ref().map_or_else(Steps::default, |to| steps::steps(from.as_ref(), to, at))
    }

    fn looser(from: &Option<State>, to: &Option<State>) -> Vec<String> {
        let both = from.as_ref().zip(to.as_ref());
        both.map_or_else(Vec::new, |(from, to)| steps::looser(from, to))
    }

    fn restored(_: &Settings, past: &Past<Live>, _: At<'_>, say: &mut Remarks) -> Option<State> {
        restore::restored(past, say)
    }

    const RESTORES: &'static [Operation] = &[
        UpdateTrail::OPERATION,
        PutEventSelectors::OPERATION,
        PutInsightSelectors::OPERATION,
        StartLogging::OPERATION,
        StopLogging::OPERATION,
    ];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let foreign = settings.key().and_then(keys::owner);
        let foreign = foreign.filter(|own| *own != context.account);
        // The key of the trail, which may be another, is this account's.
        let accounts = [Some(context.account.as_str()), foreign];
        let name = settings.name.as_deref();
        let logs = settings.cloudwatch_logs(context);
        let bucket = settings.bucket(context);
        vec![
            ("bucket", bucket.into_iter().collect()),
            ("trail", name.map(str::to_owned).into_iter().collect()),
            ("new_trail", vec![settings.new_name().to_owned()]),
            ("logs_role", logs.map(|own| own.role).into_iter().collect()),
            ("key_account", accounts.into_iter().flatten().map(str::to_owned).collect()),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if settings.is_enabled() {
            unused.push(StopLogging::OPERATION.name);
        } else {
            unused.extend(archive::reads());
            unused.extend([
                DESCRIBE_KEY.operation.name,
                GET_TOPIC.operation.name,
                s3::LIST_BUCKETS.name,
                CreateTrail::OPERATION.name,
                UpdateTrail::OPERATION.name,
                PutEventSelectors::OPERATION.name,
                StartLogging::OPERATION.name,
            ]);
        }
        if settings.insights().next().is_none() || !settings.is_enabled() {
            unused.push(PutInsightSelectors::OPERATION.name);
        }
        if !settings.writes_to_logs() {
            unused.push(PASS_ROLE.name);
        }
        unused
    }
}

impl Delivers for Settings {
    fn deliveries<'a>(
        &'a self,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, AwsError>> {
        Box::pin(async {
            let live = Look { settings: self, context, reader }.once().await?;
            Ok(wanted::delivery(Case { settings: self, live: &live, context })
                .into_iter()
                .collect())
        })
    }
}

impl Records for Settings {
    fn trail<'a>(
        &'a self,
        context: &'a Context,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Option<Recorded>, AwsError>> {
        Box::pin(async {
            let live = Look { settings: self, context, reader }.once().await?;
            Ok(wanted::recorded(Case { settings: self, live: &live, context }))
        })
    }
}

#[cfg(test)]
mod tests;

//! AWS Config: a recorder that runs and a channel that delivers, in every region.
//!
//! There is one recorder and one channel of the customer's in a region, under names that cannot be
//! changed: what is there is adopted. Recorders that AWS services keep for themselves are not
//! looked at, and the one of Control Tower is left to it.

mod channel;
mod deliveries;
mod judge;
mod live;
mod read;
mod recorded;
mod recording;
mod regions;
mod restore;
mod role;
mod settings;
mod status;
mod steps;
mod tower;
mod wanted;
mod wire;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::aws::roles::{LIST_ATTACHED, LIST_INLINE};
use crate::aws::topics::GET_TOPIC;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Facts, Operation};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps,
};
use crate::controls::archive;
use crate::document::Problems;
use crate::place::Place;
use crate::s3;
use crate::settings::Takes;
pub use read::{DESCRIBE_RECORDERS, DESCRIBE_STATUS};
pub use recorded::Recorded;
pub use regions::iam_region;

use channel::DESCRIBE_CHANNELS;
use live::{Live, State};
use read::{DESCRIBE_DELIVERY, DESCRIBE_RETENTION, LIST_TAGS, Look};
use role::{GET_RECORDER_ROLE, GET_ROLE, Role, any_role, role_place, service_linked_role};
use settings::Settings;
use std::sync::Arc;
use wanted::Asked;
use writes::{
    CREATE_ROLE, PASS_EARLIER_ROLE, PUT_CHANNEL, PUT_RECORDER, PUT_RETENTION, START_RECORDER,
    STOP_RECORDER,
};

/// The control.
pub struct Config;

impl Control for Config {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] =
        &["channel", "recorder", "recording", "service_linked_role"];
    const ABOUT: About = About {
        name: "config",
        title: "AWS Config records and delivers in every region",
        why: "After an incident somebody asks what changed, when, and what it was before. AWS \
              Config knows, for every region in which its recorder ran before.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("3.3", "Config records every region"),
            Reference::cis7("4.3", "Config records every region"),
            Reference::fsbp("Config.1", "Config records with its service-linked role"),
            Reference::nist_csf("Identify", "resources are known"),
            Reference::well_architected("SEC 4", "gather change history"),
        ],
        cost: Cost::Paid(
            "0.003 USD for each recorded change, 0.012 with daily recording, in every region; and S3",
        ),
        operations: archive::with_archive![
            GET_ROLE.operation,
            GET_RECORDER_ROLE.operation,
            LIST_ATTACHED.operation,
            LIST_INLINE.operation,
            DESCRIBE_RECORDERS.operation,
            DESCRIBE_STATUS.operation,
            DESCRIBE_CHANNELS.operation,
            DESCRIBE_DELIVERY.operation,
            DESCRIBE_RETENTION.operation,
            LIST_TAGS.operation,
            s3::LIST_BUCKETS,
            DESCRIBE_KEY.operation,
            GET_TOPIC.operation,
            DESCRIBE_TRAILS,
            CREATE_ROLE.operation,
            PUT_RECORDER.operation,
            PUT_CHANNEL.operation,
            START_RECORDER.operation,
            STOP_RECORDER.operation,
            PUT_RETENTION.operation,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        if let Some(record) = &*settings.record {
            record.check(*settings.global_types, problems);
        }
        let slash = |prefix: &String| prefix.starts_with('/') || prefix.ends_with('/');
        if settings.prefix.as_ref().is_some_and(slash) {
            problems.setting("prefix", "leave out the slash at its start or end");
        }
        settings.check_names(problems);
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn places(settings: &Settings, facts: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        let regions = Self::ABOUT.places.all(facts)?;
        let role = settings.uses_service_linked_role().then(role_place);
        Ok(role.into_iter().chain(regions).collect())
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        match &place.region {
            Some(region) => {
                let look = Look { settings, context, reader, region };
                Ok(Live::Region(Box::new(look.read().await?)))
            }
            None => Ok(Live::Role(Role::read(reader).await?)),
        }
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        let records = (*settings.enabled != Some(false)).then_some(Announcement::Recorder);
        records.into_iter().chain([Announcement::Delivers(settings.clone())]).collect()
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let live = match live {
            Live::Role(Role { service_linked_role: None }) => {
                say.only_for_others = true;
                let service_linked_role = Some(service_linked_role(at.context));
                return State::Role(Role { service_linked_role });
            }
            Live::Role(role) => return State::Role(role.clone()),
            Live::Region(live) => live,
        };
        say.owned_by(live.owned_by(), *settings.take_over == Some(true));
        let is_ours = live.is_ours || live.recorder.is_none();
        let asked = Asked { settings, context: at.context, region: at.region(), is_ours };
        State::Region(Box::new(wanted::wanted(asked, live, say)))
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        steps::steps(from, to, at)
    }

    fn looser(from: &State, to: &State) -> Vec<String> {
        steps::looser(from, to)
    }

    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        restore::restored(past, at, say)
    }

    const RESTORES: &'static [Operation] = &[
        PUT_RECORDER.operation,
        PASS_EARLIER_ROLE,
        PUT_CHANNEL.operation,
        START_RECORDER.operation,
        STOP_RECORDER.operation,
        PUT_RETENTION.operation,
    ];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let role = settings.role_arn(context);
        // Where the table names a role, a run may have put it in the place of any other.
        let earlier = match &*settings.role {
            Some(_) => any_role(context),
            None => role.clone(),
        };
        let named = settings.kms_key(context);
        let foreign = named.as_deref().and_then(keys::owner);
        let foreign = foreign.filter(|own| *own != context.account);
        let accounts = [Some(context.account.as_str()), foreign];
        vec![
            ("role", vec![role]),
            ("earlier_role", vec![earlier]),
            ("key_account", accounts.into_iter().flatten().map(str::to_owned).collect()),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if !settings.uses_service_linked_role() {
            unused.push(CREATE_ROLE.operation.name);
        }
        if *settings.enabled != Some(true) {
            unused.push(START_RECORDER.operation.name);
        }
        if *settings.enabled != Some(false) {
            unused.push(STOP_RECORDER.operation.name);
        } else {
            unused.extend(archive::reads());
            unused.extend([
                PUT_RECORDER.operation.name,
                PUT_CHANNEL.operation.name,
                PUT_RETENTION.operation.name,
                GET_ROLE.operation.name,
                DESCRIBE_RETENTION.operation.name,
                LIST_TAGS.operation.name,
                LIST_ATTACHED.operation.name,
                LIST_INLINE.operation.name,
                DESCRIBE_TRAILS.name,
                s3::LIST_BUCKETS.name,
                DESCRIBE_KEY.operation.name,
                GET_TOPIC.operation.name,
            ]);
        }
        unused
    }
}

#[cfg(test)]
mod tests;

//! AWS Config: a recorder that runs and a channel that delivers, in every region.
//!
//! There is one recorder and one channel of the customer's in a region, under names that cannot be
//! changed: what is there is adopted. Recorders that AWS services keep for themselves are not
//! looked at, and the one of Control Tower is left to it.

mod channel;
mod judge;
mod proposal;
mod recording;
mod restore;
mod role;
mod settings;
mod state;
mod status;
mod tower;
mod wire;
mod writes;

use crate::aws::facts::{Facts, GET_BUCKET_POLICY, LIST_BUCKETS, Reader};
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::aws::topics::GET_TOPIC;
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Operation};
use crate::control::owner::TAKE_OVER;
use crate::control::{
    About, Context, Control, Cost, Delivery, Need, Past, Proposal, Reference, Scope, Setting,
    Stricter,
};
use crate::controls::archive;
use crate::document::Problems;
use crate::place::Place;
use crate::s3;
use channel::{Channel, DESCRIBE_CHANNELS};
use futures_util::future::join_all;
use proposal::{propose_off, propose_on, propose_role, role_place};
use role::{GET_RECORDER_ROLE, GET_ROLE, LIST_ATTACHED, LIST_INLINE, Role, any_role};
use settings::Settings;
use state::{
    DESCRIBE_DELIVERY, DESCRIBE_RECORDERS, DESCRIBE_RETENTION, DESCRIBE_STATUS, LIST_TAGS, Live,
    State, is_ours,
};
use writes::{
    CREATE_ROLE, PASS_EARLIER_ROLE, PUT_CHANNEL, PUT_RECORDER, PUT_RETENTION, START_RECORDER,
    STOP_RECORDER,
};

/// The control.
pub struct Config;

impl Control for Config {
    type Settings = Settings;
    type Live = Live;
    type State = ();

    const FIELDS: &'static [&'static str] =
        &["channel", "recorder", "recording", "service_linked_role"];
    const ABOUT: About = About {
        name: "config",
        title: "AWS Config records and delivers in every region",
        why: "After an incident somebody asks what changed, when, and what it was before. AWS \
              Config knows, for every region in which its recorder ran before.",
        scope: Scope::Regions,
        needs: &[Need::Regions],
        settings: &[
            Setting::new(
                "enabled",
                "true",
                "Whether the recorders run; false stops them and manages nothing else.",
            )
            .shown_as("recording")
            .costs()
            .stricter(Stricter::Higher),
            Setting::new(
                "record",
                "\"all\"",
                "The resource types: \"all\", { include = [...] } or { exclude = [...] }. What is \
                 recorded besides stays recorded, unless it is { exactly = ... } one of these. \
                 Types of IAM are taken out of the lists in all regions but one.",
            )
            .costs(),
            Setting::new(
                "global_types",
                "\"home\"",
                "Where users, groups, roles and policies of IAM are recorded: \"home\", the home \
                 region, or another of the baseline where that cannot; or \"none\". Where they are \
                 recorded already, they stay so.",
            )
            .costs()
            .stricter(Stricter::Higher),
            Setting::new(
                "frequency",
                "\"continuous\" for what baseline created, else \"unmanaged\"",
                "How often: \"continuous\" or \"daily\". Continuous satisfies daily.",
            )
            .costs()
            .stricter(Stricter::Later(&["DAILY", "CONTINUOUS"])),
            Setting::new(
                "role",
                "\"service-linked\" for what baseline created, else \"unmanaged\"",
                "\"service-linked\", made when it is missing, or the ARN of a role. {account} is \
                 filled in. Name the role of existing recorders here if it is another: \
                 `permissions` can then tell that it is passed.",
            ),
            Setting::new(
                "bucket",
                "that of [log_bucket] for what baseline created, else \"unmanaged\"",
                "The bucket to deliver to. {account} and {region}, the home region, are filled in. \
                 A channel that baseline did not create may deliver to whichever bucket of this \
                 account it has. Name a bucket of another account here.",
            ),
            Setting::new(
                "prefix",
                "none for what baseline created, else \"unmanaged\"",
                "What the keys in the bucket begin with; \"\" for nothing.",
            ),
            Setting::new(
                "kms_key",
                "\"unmanaged\"",
                "The ARN of the KMS key that encrypts what is delivered, in the region of the bucket; \
                 its policy must let AWS Config use it. {account} is filled in. A key of another \
                 account has to be named here.",
            )
            .breaks("who reads what is delivered must be allowed to decrypt with the key"),
            Setting::new(
                "snapshot_frequency",
                "\"unmanaged\"",
                "How often snapshots are delivered: One_Hour, Three_Hours, Six_Hours, \
                 Twelve_Hours or TwentyFour_Hours. More often satisfies it.",
            )
            .stricter(Stricter::Later(&[
                "TwentyFour_Hours",
                "Twelve_Hours",
                "Six_Hours",
                "Three_Hours",
                "One_Hour",
            ])),
            Setting::new(
                "sns_topic",
                "\"unmanaged\"",
                "The ARN of the topic that is told of changes. It must be in the region of the \
                 recorder: {region} and {account} are filled in.",
            ),
            Setting::new(
                "retention_days",
                "2557 for what baseline created, else \"unmanaged\"",
                "For how many days at least Config keeps the history, 30 to 2557; AWS's default is \
                 2557.",
            )
            .stricter(Stricter::Higher),
            TAKE_OVER,
        ],
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
        operations: &[
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
            LIST_BUCKETS,
            GET_BUCKET_POLICY,
            DESCRIBE_KEY.operation,
            GET_TOPIC.operation,
            DESCRIBE_TRAILS,
            s3::GET_PUBLIC_ACCESS_BLOCK,
            s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
            s3::GET_OWNERSHIP,
            s3::GET_ACL,
            s3::GET_ENCRYPTION,
            s3::GET_LIFECYCLE,
            s3::GET_REPLICATION,
            s3::LIST_ACCESS_POINTS,
            s3::GET_ACCESS_POINT_POLICY,
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
        let days = settings.retention_days.as_ref().map(|floor| *floor.value());
        if days.is_some_and(|days| !(30..=state::LONGEST).contains(&days)) {
            problems.setting(
                "retention_days",
                "AWS keeps the history for 30 to 2557 days",
            );
        }
    }

    fn state(_: &Self::Live) {}

    fn places(settings: &Settings, facts: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        let regions = facts.region_places()?;
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
                let state = State::read(reader, region, settings, context).await?;
                Ok(Live::Region(Box::new(state)))
            }
            None => Ok(Live::Role(Role::read(reader).await?)),
        }
    }

    async fn deliveries(
        settings: &Settings,
        regions: &[String],
        context: &Context,
        reader: &Reader,
    ) -> Result<Vec<Delivery>, AwsError> {
        if *settings.enabled == Some(false) {
            return Ok(Vec::new());
        }
        // A region that cannot be seen is reported at its own place; a new channel is foreseen.
        let seen = join_all(regions.iter().map(async |region| {
            let (live, is_ours) = tokio::join!(
                Channel::read(reader, region),
                is_ours(reader, region, context),
            );
            let live = live.ok().flatten();
            settings.channel(live.as_ref(), is_ours.unwrap_or(false), region, context)
        }))
        .await
        .into_iter();
        let new = settings.channel(None, true, &context.home_region, context);
        let channels = seen.chain(regions.is_empty().then_some(new)).flatten();
        let ours = channels.filter(|own| Some(&own.bucket) == context.log_bucket.as_ref());
        Ok(ours
            .map(|own| Delivery::Config { prefix: own.prefix })
            .collect())
    }

    fn propose(settings: &Settings, place: &Place, live: Live, context: &Context) -> Proposal {
        let (live, region) = match (live, &place.region) {
            (Live::Role(role), _) => return propose_role(role, context),
            (Live::Region(state), region) => (*state, region.as_deref().unwrap_or_default()),
        };
        let owner = live.owned_by();
        let proposal = match *settings.enabled {
            Some(false) => propose_off(live, region),
            None if live.recorder.is_none() => Proposal::fine(),
            _ => propose_on(settings, live, region, context),
        };
        proposal.owned_by(owner, *settings.take_over == Some(true))
    }

    fn restore(_: &Settings, place: &Place, past: Past<Live>, _: &Context) -> Proposal {
        restore::restore(&past, place.region.as_deref().unwrap_or_default())
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
            (
                "key_account",
                accounts.into_iter().flatten().map(str::to_owned).collect(),
            ),
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
        match *settings.enabled != Some(false) {
            true => unused.push(STOP_RECORDER.operation.name),
            false => unused.extend([
                PUT_RECORDER.operation.name,
                PUT_CHANNEL.operation.name,
                PUT_RETENTION.operation.name,
                GET_ROLE.operation.name,
                DESCRIBE_RETENTION.operation.name,
                LIST_TAGS.operation.name,
                LIST_ATTACHED.operation.name,
                LIST_INLINE.operation.name,
                DESCRIBE_TRAILS.name,
                LIST_BUCKETS.name,
                DESCRIBE_KEY.operation.name,
                GET_TOPIC.operation.name,
            ]),
        }
        if *settings.enabled == Some(false) {
            unused.extend(archive::reads());
        }
        unused
    }
}

#[cfg(test)]
mod tests;

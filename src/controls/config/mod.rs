//! AWS Config: a recorder that runs and a channel that delivers, in every region.
//!
//! There is one recorder and one channel of the customer's in a region, under names that cannot be
//! changed: what is there is adopted. Recorders that AWS services keep for themselves are not
//! looked at, and the one of Control Tower is left to it.

mod judge;
mod recording;
mod restore;
mod role;
mod settings;
mod state;
mod status;
mod tower;
mod writes;

use crate::aws::facts::{Facts, GET_BUCKET_POLICY, LIST_BUCKETS, Reader};
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Operation, Write};
use crate::baseline::Problems;
use crate::control::owner::TAKE_OVER;
use crate::control::{
    About, Context, Control, Cost, Delivery, Need, Past, Proposal, Reference, Scope, Setting,
    Stricter,
};
use crate::place::Place;
use futures_util::future::join_all;
use role::{
    GET_RECORDER_ROLE, GET_ROLE, LIST_ATTACHED, LIST_INLINE, Role, any_role, service_linked_role,
};
use settings::{Settings, records_iam};
use state::{
    Channel, DESCRIBE_CHANNELS, DESCRIBE_DELIVERY, DESCRIBE_RECORDERS, DESCRIBE_RETENTION,
    DESCRIBE_STATUS, LIST_TAGS, Live, Recorder, State, is_ours,
};
use writes::{
    CreateServiceLinkedRole, PASS_EARLIER_ROLE, PutConfigurationRecorder, PutDeliveryChannel,
    PutRetentionConfiguration, StartConfigurationRecorder, StopConfigurationRecorder,
};

/// The control.
pub struct Config;

/// The place of the service-linked role, which the recorders of all regions share.
fn role_place() -> Place {
    Place::thing("service-linked-role")
}

fn propose_role(live: Role, context: &Context) -> Proposal {
    let wanted = Role {
        service_linked_role: Some(service_linked_role(context)),
    };
    match &live.service_linked_role {
        Some(_) => Proposal::fine(),
        None => {
            let mut proposal = Proposal::between(&live, &wanted);
            proposal.call(CreateServiceLinkedRole::new(context.global_region()));
            proposal.only_for_others = true;
            proposal
        }
    }
}

fn propose_off(live: State, region: &str) -> Proposal {
    let wanted = State {
        recording: live.recording.map(|_| false),
        ..live.clone()
    };
    let mut proposal = Proposal::between(&live, &wanted);
    if let (Some(true), Some(recorder)) = (live.recording, &live.recorder) {
        proposal.call(StopConfigurationRecorder::new(&recorder.name, region));
    }
    proposal
}

fn propose_on(settings: &Settings, live: State, region: &str, context: &Context) -> Proposal {
    // What is about to be created is the baseline's own as well.
    let is_ours = live.is_ours || live.recorder.is_none();
    let Some(recorder) = settings.recorder(live.recorder.as_ref(), is_ours, region, context) else {
        let mut proposal = Proposal::fine();
        match settings.misses_global(context) {
            true => tell_missing_global(&mut proposal, region, context),
            false => {
                proposal.note("only types of IAM are listed; they are recorded in one region");
            }
        }
        return proposal;
    };
    let Some(mut channel) = settings.channel(live.channel.as_ref(), is_ours, region, context)
    else {
        let mut proposal = Proposal::fine();
        let remedy = "add [log_bucket] to the baseline, or name a bucket in [config]";
        proposal.finding("bucket", "there is no bucket to deliver to", remedy);
        return proposal;
    };
    if settings.kms_key.is_some() && live.key_fault.is_some() {
        // Nothing could be delivered with it: that is a finding.
        channel.kms_key = live.channel.as_ref().and_then(|own| own.kms_key.clone());
    }
    let wanted = State {
        recorder: Some(recorder.clone()),
        channel: Some(channel.clone()),
        recording: settings.enabled.or(live.recording),
        retention_days: settings.retention(live.retention_days, is_ours),
        ..live.clone()
    };
    let mut proposal = Proposal::between(&live, &wanted);
    mark_loosening(&mut proposal, live.recorder.as_ref(), &recorder);
    let start = StartConfigurationRecorder::new(&recorder.name, region);
    remark(&mut proposal, settings, &live, &recorder, region, context);
    let kept = (&recorder, &channel);
    judge::judge(&mut proposal, settings, &live, kept, context);
    if settings.misses_global(context) {
        tell_missing_global(&mut proposal, region, context);
    }
    if proposal.touches(&["recorder"]) {
        let keeps_role = live
            .recorder
            .as_ref()
            .is_some_and(|own| own.role == recorder.role);
        if recorder.role == service_linked_role(context) && !keeps_role {
            proposal
                .after
                .push((Config::ABOUT.name, Some(role_place())));
        }
        let tags = match &live.recorder {
            Some(_) => Default::default(),
            None => context.tags(),
        };
        proposal.call(PutConfigurationRecorder::new(recorder, tags, region));
    }
    let is_new = live
        .channel
        .as_ref()
        .is_none_or(|own| !own.delivers_as(&channel));
    if let Some(kept_out) = &live.kept_out {
        let (what, remedy) = kept_out.in_words(&channel.bucket, "AWS Config");
        proposal.finding("channel.bucket", what, remedy);
        if is_new {
            // AWS Config tries to write before it takes a channel, and starts no recorder without one.
            proposal.writes.clear();
            proposal.after.clear();
            return proposal;
        }
    }
    if proposal.touches(&["channel"]) {
        if Some(&channel.bucket) == context.log_bucket.as_ref() {
            proposal.after.push(("log_bucket", None));
        }
        proposal.call(PutDeliveryChannel::new(channel, region));
    }
    if proposal.touches(&["recording"]) {
        proposal.call(start);
    }
    if let (true, Some(days)) = (proposal.touches(&["retention_days"]), wanted.retention_days) {
        proposal.call(PutRetentionConfiguration::new(days, region));
    }
    proposal
}

/// Says in the home region that no region of the baseline can record the types of IAM.
fn tell_missing_global(proposal: &mut Proposal, region: &str, context: &Context) {
    if region == context.home_region {
        let also = context.global_region();
        proposal.finding(
            "global_types",
            "users, groups, roles and policies of IAM are recorded nowhere: no region of the \
             baseline can record them",
            format!("add {also} to regions in [account], or say global_types = \"none\""),
        );
    }
}

/// Marks that less would be recorded: the shapes of what is recorded have no order that the engine
/// knows.
fn mark_loosening(proposal: &mut Proposal, live: Option<&Recorder>, wanted: &Recorder) {
    if live.is_some_and(|live| !wanted.group.covers(&live.group)) {
        let records = |field: &str| field.starts_with("recorder.record");
        for difference in &mut proposal.differences {
            difference.loosens |= records(&difference.field);
        }
    }
}

/// Says what is good to know of a recorder, and what has failed.
fn remark(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    wanted: &Recorder,
    region: &str,
    context: &Context,
) {
    if let (Some(true), Some(code)) = (live.recording, &live.failure) {
        let remedy = format!(
            "look at the recorder's role and the bucket's policy, with `aws configservice \
             describe-configuration-recorder-status --region {region}`"
        );
        proposal.finding("recording", format!("recording fails: {code}"), remedy);
    }
    if live.recording == Some(true) {
        for (what, code) in &live.undelivered {
            let remedy = format!(
                "look at the bucket, its policy and the topic, with `aws configservice \
                 describe-delivery-channel-status --region {region}`"
            );
            let text = format!("delivery of the {what} fails: {code}");
            proposal.finding("channel", text, remedy);
        }
    }
    let rare = settings.recorded_daily(wanted, live.is_ours, region, context);
    if !rare.is_empty() {
        let types = rare.join(", ");
        proposal.finding(
            "recorder.overrides",
            format!("an override of the recorder has {types} recorded daily"),
            "take the override out of the recorder, or ask for frequency = \"daily\"",
        );
    }
    if live.owned_by().is_some() {
        return;
    }
    let iam_region = settings::iam_region(context);
    if wanted.group.has_global() && iam_region != Some(region) && records_iam(region, context) {
        proposal.note(format!(
            "types of IAM are recorded here as well as in {}, and charged for twice; only an exact \
             `record` ends that",
            iam_region.unwrap_or("the home region")
        ));
    }
    if settings.role.is_none() && wanted.role != service_linked_role(context) {
        let role = &wanted.role;
        proposal.note(format!(
            "the recorder keeps its role {role}; Config.1 of AWS FSBP asks for role = \
             \"service-linked\""
        ));
    }
}

impl Control for Config {
    type Settings = Settings;
    type Live = Live;

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
            GET_ROLE,
            GET_RECORDER_ROLE,
            LIST_ATTACHED,
            LIST_INLINE,
            DESCRIBE_RECORDERS,
            DESCRIBE_STATUS,
            DESCRIBE_CHANNELS,
            DESCRIBE_DELIVERY,
            DESCRIBE_RETENTION,
            LIST_TAGS,
            LIST_BUCKETS,
            GET_BUCKET_POLICY,
            DESCRIBE_KEY,
            DESCRIBE_TRAILS,
            CreateServiceLinkedRole::OPERATION,
            PutConfigurationRecorder::OPERATION,
            PutDeliveryChannel::OPERATION,
            StartConfigurationRecorder::OPERATION,
            StopConfigurationRecorder::OPERATION,
            PutRetentionConfiguration::OPERATION,
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
        PutConfigurationRecorder::OPERATION,
        PASS_EARLIER_ROLE,
        PutDeliveryChannel::OPERATION,
        StartConfigurationRecorder::OPERATION,
        StopConfigurationRecorder::OPERATION,
        PutRetentionConfiguration::OPERATION,
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
            unused.push(CreateServiceLinkedRole::OPERATION.name);
        }
        if *settings.enabled != Some(true) {
            unused.push(StartConfigurationRecorder::OPERATION.name);
        }
        match *settings.enabled != Some(false) {
            true => unused.push(StopConfigurationRecorder::OPERATION.name),
            false => unused.extend([
                PutConfigurationRecorder::OPERATION.name,
                PutDeliveryChannel::OPERATION.name,
                PutRetentionConfiguration::OPERATION.name,
                GET_ROLE.name,
                DESCRIBE_RETENTION.name,
                LIST_TAGS.name,
                LIST_ATTACHED.name,
                LIST_INLINE.name,
                DESCRIBE_TRAILS.name,
                LIST_BUCKETS.name,
                DESCRIBE_KEY.name,
            ]),
        }
        unused
    }
}

#[cfg(test)]
mod tests;

//! Judges what a recorder and its channel rely on: the role, where is delivered to, and with what.

use super::channel::Channel;
use super::role::SERVICE;
use super::settings::Settings;
use super::state::{Recorder, State};
use super::tower;
use crate::aws::keys;
use crate::control::owner::{CONTROL_TOWER, is_named_by_control_tower};
use crate::control::{Context, Proposal, Remarks};
use crate::policy::Policy;
use crate::s3::{self, KeptOut, Shipment};

/// The account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Reports what is wrong with role, bucket, topic and key of what is live and stays so.
pub fn judge(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    wanted: (&Recorder, &Channel),
    context: &Context,
) {
    if let Some(own) = &live.recorder
        && own.role == wanted.0.role
    {
        role(proposal, live, &own.role);
    }
    if let (Some(topic), Some(fault)) = (&wanted.1.sns_topic, &live.topic_fault) {
        proposal.finding(
            "channel.sns_topic",
            format!("changes are announced to {topic}, which {fault}"),
            "put the topic right, or name another in [config] sns_topic",
        );
    }
    let (Some(recorder), Some(own)) = (&live.recorder, &live.channel) else {
        return key(proposal, settings, live, wanted.1, None, context);
    };
    let odd = tower::judge(proposal, settings, &live.siblings, recorder, own, wanted.1);
    let is_towers = tower::bears_its_names(recorder, own, context);
    if own.bucket == wanted.1.bucket && !odd.contains(&"channel.bucket") {
        bucket(proposal, live, own, is_towers, context);
    }
    if own.bucket == wanted.1.bucket {
        archive(proposal, live, own, context);
    }
    if !odd.contains(&"channel.kms_key") {
        let keeps = own.kms_key == wanted.1.kms_key;
        let is_excused = keeps && is_towers;
        key(proposal, settings, live, wanted.1, Some(is_excused), context);
    }
    if !odd.contains(&"channel.sns_topic") {
        topic(proposal, settings, own, is_towers, context);
    }
}

fn role(proposal: &mut Proposal, live: &State, role: &str) {
    if let Some(fault) = &live.role_fault {
        proposal.finding(
            "recorder.role",
            format!("the recorder's role {role} {fault}"),
            "say role = \"service-linked\" in [config]; or put the role right: config.amazonaws.com \
             must be allowed sts:AssumeRole by its trust policy, and the policy AWS_ConfigRole be \
             attached",
        );
    }
    if let Some(doubt) = &live.role_doubt {
        proposal.note(format!("the recorder's role {role} {doubt}"));
    }
}

fn bucket(
    proposal: &mut Proposal,
    live: &State,
    own: &Channel,
    is_towers: bool,
    context: &Context,
) {
    let bucket = &own.bucket;
    match (live.is_bucket_foreign, &context.log_bucket) {
        (true, _) if is_towers => proposal.note(format!(
            "it delivers to {bucket}, by its name the archive of {CONTROL_TOWER}, which is not in this \
             account; bucket = \"{bucket}\" in [config] makes any other a finding"
        )),
        (true, _) => proposal.finding(
            "channel.bucket",
            format!("what is recorded goes to {bucket}, which is no bucket of this account"),
            format!(
                "if that is the central archive, say bucket = \"{bucket}\" in [config]; else \
                     have it delivered to a bucket of this account"
            ),
        ),
        (false, Some(log_bucket)) if log_bucket != bucket => proposal.note(format!(
            "the channel keeps its bucket {bucket}; bucket = \"{log_bucket}\" in [config] moves it"
        )),
        _ => {}
    }
}

/// Judges the bucket of this account, beside the log bucket, that the channel delivers to.
fn archive(proposal: &mut Proposal, live: &State, own: &Channel, context: &Context) {
    let adopted = live.archive.as_deref();
    if let Some(adopted) = adopted.filter(|other| other.name == own.bucket) {
        let bucket = s3::arn(&context.partition, &own.bucket);
        let shipment = shipment(own, &bucket, context);
        let is_told = live.kept_out.is_some();
        let mut say = Remarks::default();
        adopted.judge("channel.bucket", shipment, is_told, context, &mut say);
        proposal.findings.extend(say.findings);
    }
}

/// The statement of the bucket's policy that keeps out what the channel delivers.
pub fn kept_out(policy: &str, wanted: &Channel, context: &Context) -> Option<KeptOut> {
    // What cannot be parsed is found where the bucket is judged.
    let policy = Policy::parse(policy).ok()?;
    let bucket = s3::arn(&context.partition, &wanted.bucket);
    shipment(wanted, &bucket, context).kept_out_by(&policy)
}

/// What a channel delivers, to a bucket by its ARN.
fn shipment<'a>(channel: &'a Channel, bucket: &'a str, context: &'a Context) -> Shipment<'a> {
    let prefix = channel.prefix.as_ref().map(|prefix| format!("{prefix}/"));
    let (prefix, account) = (prefix.unwrap_or_default(), &context.account);
    Shipment {
        service: SERVICE,
        account,
        source: None,
        objects: format!("{bucket}/{prefix}AWSLogs/{account}/Config/*"),
        bucket,
        key: channel.kms_key.as_deref(),
        now: context.now,
    }
}

/// Judges the key that the channel has, or is to have.
fn key(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    wanted: &Channel,
    is_excused: Option<bool>,
    context: &Context,
) {
    let named = settings.kms_key(context);
    if let (Some(named), true) = (&named, live.is_key_hidden) {
        proposal.note(keys::hidden(named));
    }
    let Some(fault) = &live.key_fault else { return };
    if let Some(named) = named {
        proposal.finding(
            "channel.kms_key",
            format!("the key {named} {fault}"),
            "enable it, or name another in [config] kms_key",
        );
        return;
    }
    let Some(key) = &wanted.kms_key else { return };
    let is_foreign = keys::owner(key).is_some_and(|of| of != context.account);
    if is_foreign && is_excused == Some(true) {
        proposal.note(format!("what is delivered is encrypted with the key {key}, which {fault}"));
        return;
    }
    let if_right = match is_foreign {
        true => {
            format!("if that is the key of the archive, say kms_key = \"{key}\" in [config]; else ")
        }
        false => String::new(),
    };
    proposal.finding(
        "channel.kms_key",
        format!("the channel's key {key} {fault}"),
        format!(
            "{if_right}put another key into the delivery channel, or none: aws configservice \
             put-delivery-channel"
        ),
    );
}

fn topic(
    proposal: &mut Proposal,
    settings: &Settings,
    own: &Channel,
    is_towers: bool,
    context: &Context,
) {
    let Some(topic) = &own.sns_topic else { return };
    let other = account_of(topic).filter(|other| *other != context.account);
    let name = topic.rsplit(':').next().unwrap_or_default();
    let is_towers = is_towers && is_named_by_control_tower(name);
    if let (Some(other), false, false) = (other, is_towers, settings.sns_topic.is_some()) {
        proposal.finding(
            "channel.sns_topic",
            format!("changes are announced to {topic}, which belongs to account {other}"),
            format!(
                "if that is right, say sns_topic = \"{topic}\" in [config]; else take it out of \
                     the delivery channel"
            ),
        );
    }
}

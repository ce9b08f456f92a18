//! Judges what a recorder and its channel rely on: the role, where is delivered to, and with what.

use super::channel::Channel;
use super::live::{Recorder, Region};
use super::role::SERVICE;
use super::tower;
use super::wanted::Asked;
use crate::aws::keys;
use crate::control::owner::{CONTROL_TOWER, is_named_by_control_tower};
use crate::control::{Context, Remarks};
use crate::policy::Policy;
use crate::s3::{self, KeptOut, Shipment};

/// Reports what is wrong with role, bucket, topic and key of what is live and stays so.
pub fn judge(
    asked: Asked<'_>,
    live: &Region,
    recorder: &Recorder,
    wanted: &Channel,
    say: &mut Remarks,
) {
    if live.recorder.as_ref().is_some_and(|own| own.role == recorder.role) {
        role(live, &recorder.role, say);
    }
    if let (Some(topic), Some(fault)) = (&wanted.sns_topic, &live.topic_fault) {
        say.finding(
            "channel.sns_topic",
            format!("changes are announced to {topic}, which {fault}"),
            "put the topic right, or name another in [config] sns_topic",
        );
    }
    let (Some(recorder), Some(own)) = (&live.recorder, &live.channel) else {
        return key(asked, live, wanted, false, say);
    };
    let odd = tower::judge(asked.settings, &live.siblings, recorder, (own, wanted), say);
    let is_towers = tower::bears_its_names(recorder, own, asked.context);
    if own.bucket == wanted.bucket && !odd.contains(&"channel.bucket") {
        bucket(asked.context, live, own, is_towers, say);
    }
    if own.bucket == wanted.bucket {
        archive(asked.context, live, own, say);
    }
    if !odd.contains(&"channel.kms_key") {
        let keeps = own.kms_key == wanted.kms_key;
        key(asked, live, wanted, keeps && is_towers, say);
    }
    if !odd.contains(&"channel.sns_topic") {
        topic(asked, own, is_towers, say);
    }
}

fn role(live: &Region, role: &str, say: &mut Remarks) {
    if let Some(fault) = &live.role_fault {
        say.finding(
            "recorder.role",
            format!("the recorder's role {role} {fault}"),
            "say role = \"service-linked\" in [config]; or put the role right: config.amazonaws.com \
             must be allowed sts:AssumeRole by its trust policy, and the policy AWS_ConfigRole be \
             attached",
        );
    }
    if let Some(doubt) = &live.role_doubt {
        say.note(format!("the recorder's role {role} {doubt}"));
    }
}

fn bucket(context: &Context, live: &Region, own: &Channel, is_towers: bool, say: &mut Remarks) {
    let bucket = &own.bucket;
    match (live.is_bucket_foreign, &context.log_bucket) {
        (true, _) if is_towers => say.note(format!(
            "it delivers to {bucket}, by its name the archive of {CONTROL_TOWER}, which is not in this \
             account; bucket = \"{bucket}\" in [config] makes any other a finding"
        )),
        (true, _) => say.finding(
            "channel.bucket",
            format!("what is recorded goes to {bucket}, which is no bucket of this account"),
            format!(
                "if that is the central archive, say bucket = \"{bucket}\" in [config]; else have it \
                 delivered to a bucket of this account"
            ),
        ),
        (false, Some(log_bucket)) if log_bucket != bucket => say.note(format!(
            "the channel keeps its bucket {bucket}; bucket = \"{log_bucket}\" in [config] moves it"
        )),
        _ => {}
    }
}

/// Judges the bucket of this account, beside the log bucket, that the channel delivers to.
fn archive(context: &Context, live: &Region, own: &Channel, say: &mut Remarks) {
    if let Some(adopted) = live.archive.as_ref().filter(|other| other.name == own.bucket) {
        let bucket = s3::arn(&context.partition, &own.bucket);
        let is_told = live.kept_out.is_some();
        let shipment = shipment(own, &bucket, context);
        adopted.judge("channel.bucket", shipment, is_told, context, say);
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

/// Judges the key that the channel has, or is to have. `is_excused` is whether it is Control Tower's
/// and stays.
fn key(asked: Asked<'_>, live: &Region, wanted: &Channel, is_excused: bool, say: &mut Remarks) {
    let named = asked.settings.kms_key(asked.context);
    if let (Some(named), true) = (&named, live.is_key_hidden) {
        say.note(keys::hidden(named));
    }
    let Some(fault) = &live.key_fault else { return };
    if let Some(named) = named {
        say.finding(
            "channel.kms_key",
            format!("the key {named} {fault}"),
            "enable it, or name another in [config] kms_key",
        );
        return;
    }
    let Some(key) = &wanted.kms_key else { return };
    let is_foreign = keys::owner(key).is_some_and(|of| of != asked.context.account);
    if is_foreign && is_excused {
        say.note(format!("what is delivered is encrypted with the key {key}, which {fault}"));
        return;
    }
    let if_right = match is_foreign {
        true => {
            format!("if that is the key of the archive, say kms_key = \"{key}\" in [config]; else ")
        }
        false => String::new(),
    };
    say.finding(
        "channel.kms_key",
        format!("the channel's key {key} {fault}"),
        format!(
            "{if_right}put another key into the delivery channel, or none: aws configservice \
             put-delivery-channel"
        ),
    );
}

fn topic(asked: Asked<'_>, own: &Channel, is_towers: bool, say: &mut Remarks) {
    let Some(topic) = &own.sns_topic else { return };
    let other = keys::owner(topic).filter(|other| *other != asked.context.account);
    let name = topic.rsplit(':').next().unwrap_or_default();
    let is_towers = is_towers && is_named_by_control_tower(name);
    if let (Some(other), false, false) = (other, is_towers, asked.settings.sns_topic.is_some()) {
        say.finding(
            "channel.sns_topic",
            format!("changes are announced to {topic}, which belongs to account {other}"),
            format!(
                "if that is right, say sns_topic = \"{topic}\" in [config]; else take it out of the \
                 delivery channel"
            ),
        );
    }
}

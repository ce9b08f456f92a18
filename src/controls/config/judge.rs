//! Judges what a recorder and its channel rely on: the role, where is delivered to, and with what.

use super::settings::Settings;
use super::state::{Channel, Recorder, SERVICE, State};
use crate::control::owner::CONTROL_TOWER;
use crate::control::{Context, Proposal};
use crate::policy::{self, Dialect, Match, Policy, Request};
use crate::s3::{self, KeptOut, Shipment};

/// The account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Why a trust policy, as IAM answers it, keeps AWS Config from assuming a role. What the policy
/// makes depend on something that is not known here is taken to let it in: a failure would show in
/// the recorder's status.
pub fn trust_fault(document: &str, role: &str, region: &str, context: &Context) -> Option<String> {
    let fault = || Some(format!("does not let {SERVICE} assume it"));
    let Some(Ok(policy)) = decoded(document).map(|text| Policy::parse(&text)) else {
        return fault();
    };
    let (partition, account) = (&context.partition, &context.account);
    // Source: AWS Config Developer Guide, "Permissions for the IAM role": aws:SourceArn is compared
    // with an ARN of Config in the account.
    let source = format!("arn:{partition}:config:{region}:{account}:*");
    let request = Request::by_service(SERVICE, "sts:AssumeRole", role, account, &source)
        .with("aws:SourceArn", policy::Fact::Unknown);
    let matches = |statement| {
        let dialect = Dialect::trust(partition);
        policy::evaluate(statement, policy.has_variables(), &request, dialect)
    };
    let mut statements = policy.statements().iter();
    let denied = statements.any(|own| own.denies() && matches(own) == Match::Yes);
    let mut statements = policy.statements().iter();
    let allowed = statements.any(|own| own.allows() && matches(own) != Match::No);
    match allowed && !denied {
        true => None,
        false => fault(),
    }
}

/// A policy document without IAM's percent encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)? * 16 + digit(low)?;
                bytes.push(u8::try_from(byte).ok()?);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// The names that Control Tower gives, besides that of the recorder. Source: AWS Control Tower User
/// Guide, "Resources created in the shared accounts" and "Configure AWS Config".
fn bears_names_of_control_tower(recorder: &Recorder, channel: &Channel) -> bool {
    let last = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let is_its = |name: &str| name.starts_with("aws-controltower-");
    let topic = channel.sns_topic.as_deref().map(last);
    // The bucket decides where the history goes; a name alone is given easily.
    is_its(&recorder.name)
        && is_its(&channel.bucket)
        && (is_its(&channel.name)
            || is_its(&last(&recorder.role))
            || topic.is_some_and(|topic| is_its(&topic)))
}

/// Reports what is wrong with role, bucket, topic and key of what is live and stays so.
pub fn judge(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    wanted: (&Recorder, &Channel),
    context: &Context,
) {
    if let (Some(own), Some(fault)) = (&live.recorder, &live.role_fault)
        && own.role == wanted.0.role
    {
        proposal.finding(
            "recorder.role",
            format!("the recorder's role {} {fault}", own.role),
            "say role = \"service-linked\" in [config], or let the role's trust policy allow \
             config.amazonaws.com sts:AssumeRole",
        );
    }
    let (Some(recorder), Some(own)) = (&live.recorder, &live.channel) else {
        return;
    };
    let is_towers = bears_names_of_control_tower(recorder, own);
    if own.bucket == wanted.1.bucket {
        bucket(proposal, live, own, is_towers, context);
    }
    if own.kms_key == wanted.1.kms_key {
        key(proposal, settings, live, own, is_towers, context);
    }
    topic(proposal, settings, own, is_towers, context);
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
            "it delivers to {bucket}, the archive of {CONTROL_TOWER}, which is not in this account"
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

/// The statement of the bucket's policy that keeps out what the channel delivers.
pub fn kept_out(policy: &str, wanted: &Channel, context: &Context) -> Option<KeptOut> {
    // What cannot be parsed is found where the bucket is judged.
    let policy = Policy::parse(policy).ok()?;
    let bucket = s3::arn(&context.partition, &wanted.bucket);
    let prefix = wanted.prefix.as_ref().map(|prefix| format!("{prefix}/"));
    let account = &context.account;
    let shipment = Shipment {
        service: SERVICE,
        account,
        source: None,
        objects: format!(
            "{bucket}/{}AWSLogs/{account}/Config/*",
            prefix.unwrap_or_default()
        ),
        bucket: &bucket,
        key: wanted.kms_key.as_deref(),
    };
    shipment.kept_out_by(&policy)
}

fn key(
    proposal: &mut Proposal,
    settings: &Settings,
    live: &State,
    own: &Channel,
    is_towers: bool,
    context: &Context,
) {
    let (Some(key), Some(fault)) = (&own.kms_key, &live.key_fault) else {
        return;
    };
    let is_foreign = crate::aws::keys::owner(key).is_some_and(|of| of != context.account);
    // A central archive is encrypted with a key of its own account.
    let is_archive = settings.bucket.is_some() && Some(&own.bucket) != context.log_bucket.as_ref();
    if is_foreign && (is_towers || is_archive) {
        proposal.note(format!(
            "what is delivered is encrypted with the key {key}, which {fault}"
        ));
        return;
    }
    proposal.finding(
        "channel.kms_key",
        format!("the channel's key {key} {fault}"),
        "put another key into the delivery channel, or none: aws configservice \
         put-delivery-channel",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    fn fault(document: &str) -> Option<String> {
        let role = "arn:aws:iam::111122223333:role/config";
        trust_fault(document, role, "us-east-1", &context())
    }

    #[test]
    fn a_trust_policy_lets_config_in_or_is_a_fault() {
        let trust = |effect: &str, principal: &str, condition: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"sts:AssumeRole"{condition}}}]}}"#
            )
        };
        let config = r#"{"Service":["config.amazonaws.com","ssm.amazonaws.com"]}"#;
        assert_eq!(fault(&trust("Allow", config, "")), None);
        let own = r#","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#;
        assert_eq!(fault(&trust("Allow", config, own)), None);
        let arn = r#","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:config:*:111122223333:*"}}"#;
        assert_eq!(fault(&trust("Allow", config, arn)), None);
        let foreign = r#","Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}"#;
        assert!(fault(&trust("Allow", config, foreign)).is_some());
        let other = r#"{"Service":"ec2.amazonaws.com"}"#;
        assert!(fault(&trust("Allow", other, "")).is_some());
        assert!(fault(&trust("Deny", config, "")).is_some());
        assert!(fault("no policy").is_some());
        let encoded = trust("Allow", config, "")
            .replace('"', "%22")
            .replace('{', "%7B");
        assert_eq!(fault(&encoded), None);
    }

    #[test]
    fn only_a_bucket_and_another_name_of_control_tower_make_its_archive() {
        let recorder = |role: &str| Recorder {
            name: "aws-controltower-BaselineConfigRecorder".to_owned(),
            role: format!("arn:aws:iam::111122223333:role/{role}"),
            group: Default::default(),
            frequency: None,
            overrides: Vec::new(),
        };
        let its = recorder("aws-controltower-ConfigRecorderRole");
        let archive = Channel::to("aws-controltower-logs-999999999999-us-east-1");
        assert!(bears_names_of_control_tower(&its, &archive));
        assert!(!bears_names_of_control_tower(&recorder("x"), &archive));
        assert!(!bears_names_of_control_tower(&its, &Channel::to("theirs")));
    }
}

//! The channels of Control Tower: whether one is still as Control Tower makes it.
//!
//! Its archive and its topic are in other accounts, into which nothing here can look, and whoever
//! likes may give a bucket such a name. But Control Tower makes the channels of all regions alike, and
//! has its trail of the organization, which no member can change, deliver to the same archive. A
//! channel that was pointed elsewhere differs from one of them.

use super::channel::Channel;
use super::live::Recorder;
use super::read::found;
use super::settings::Settings;
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::owner::{CONTROL_TOWER, archive_account, is_named_by_control_tower as is_its};
use crate::control::{Context, Remarks};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What else of Control Tower is seen from the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Siblings {
    /// The channels of its recorders in other regions, by region.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, Channel>,
    /// Where its trail of the organization delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail_bucket: Option<String>,
}

impl Siblings {
    /// Whether nothing is seen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is seen besides the recorder of a region; nothing if that is not Control Tower's. What
    /// is read of other regions is read for their own places, too.
    pub async fn read(
        reader: &Reader,
        recorder: Option<&Recorder>,
        region: &str,
        context: &Context,
    ) -> Result<Self, AwsError> {
        if !recorder.is_some_and(|own| is_its(&own.name)) {
            return Ok(Self::default());
        }
        let regions = context.regions(reader).await?;
        let others = regions.iter().filter(|other| *other != region);
        let channels = join_all(others.map(async |other| {
            // A region that cannot be seen is reported at its own place.
            let (recorder, channel) =
                tokio::join!(found(reader, other), Channel::read(reader, other));
            let recorder = recorder.ok().flatten();
            let name = recorder.as_ref().and_then(|own| own.name.as_deref());
            let channel = channel.ok().flatten().filter(|_| name.is_some_and(is_its));
            Some((other.clone(), channel?))
        }));
        let (channels, trails) = tokio::join!(channels, reader.trails());
        let trails = trails?;
        let mut trails = trails.iter();
        let trail = trails.find(|own| {
            own.is_organization_trail() == Some(true) && own.name().is_some_and(is_its)
        });
        Ok(Self {
            channels: channels.into_iter().flatten().collect(),
            trail_bucket: trail.and_then(|own| own.s3_bucket_name()).map(str::to_owned),
        })
    }
}

/// Whether recorder and channel bear the names that Control Tower gives, and the bucket that of an
/// archive in another account. The bucket decides where the history goes; a name alone is given
/// easily. Source: AWS Control Tower User Guide, "Resources created in the shared accounts" and
/// "Configure AWS Config".
pub fn bears_its_names(recorder: &Recorder, channel: &Channel, context: &Context) -> bool {
    let last = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let topic = channel.sns_topic.as_deref().map(last);
    let archive = archive_account(&channel.bucket);
    is_its(&recorder.name)
        && archive.is_some_and(|account| account != context.account)
        && (is_its(&channel.name)
            || is_its(&last(&recorder.role))
            || topic.is_some_and(|topic| is_its(&topic)))
}

/// A part of a channel that Control Tower makes alike in all regions.
struct Part {
    field: &'static str,
    /// What the channel does with it.
    verb: &'static str,
    of: fn(&Channel) -> Option<String>,
    /// Whether the table says it.
    is_said: fn(&Settings) -> bool,
}

const PARTS: [Part; 4] = [
    Part {
        field: "channel.bucket",
        verb: "delivers to",
        of: |own| Some(own.bucket.clone()),
        is_said: |own| own.bucket.is_some(),
    },
    Part {
        field: "channel.prefix",
        verb: "delivers under the prefix",
        of: |own| own.prefix.clone(),
        is_said: |own| own.prefix.is_some(),
    },
    Part {
        field: "channel.kms_key",
        verb: "encrypts with the key",
        of: |own| own.kms_key.clone(),
        is_said: |own| own.kms_key.is_some(),
    },
    Part {
        field: "channel.sns_topic",
        verb: "announces changes to the topic",
        of: |own| own.sns_topic.as_deref().map(without_region),
        is_said: |own| own.sns_topic.is_some(),
    },
];

/// A topic, which is in the region of its channel, by its account and name.
fn without_region(arn: &str) -> String {
    let parts: Vec<&str> = arn.split(':').skip(4).collect();
    parts.join(":")
}

impl Part {
    /// What is wrong with it, where the other regions do not have it so: at least as many of them
    /// as do.
    fn odd(&self, own: &Channel, siblings: &Siblings) -> Option<String> {
        let mine = (self.of)(own);
        let others = siblings.channels.iter();
        let differing: Vec<(&String, Option<String>)> = others
            .map(|(region, channel)| (region, (self.of)(channel)))
            .filter(|(_, theirs)| *theirs != mine)
            .collect();
        let agreeing = siblings.channels.len() - differing.len() + 1;
        let (region, theirs) = differing.first()?;
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let more = match differing.len() {
            1 => String::new(),
            count => format!(" ({count} regions differ from this one)"),
        };
        (differing.len() >= agreeing).then(|| {
            let verb = self.verb;
            let (mine, theirs) = (shown(&mine), shown(theirs));
            format!(
                "the channel {verb} {mine}; in {region} that of {CONTROL_TOWER} {verb} {theirs}{more}"
            )
        })
    }
}

/// Reports what is not as Control Tower makes it, and returns the fields. The channel is as it is and
/// as it is to become.
pub fn judge(
    settings: &Settings,
    siblings: &Siblings,
    recorder: &Recorder,
    (own, wanted): (&Channel, &Channel),
    say: &mut Remarks,
) -> Vec<&'static str> {
    if !is_its(&recorder.name) {
        return Vec::new();
    }
    let mut fields = Vec::new();
    let remedy = format!(
        "have {CONTROL_TOWER} put it right: re-register or update the account there; or say in \
         [config] what is right"
    );
    let mut found = |field: &'static str, what: String| {
        say.finding(field, what, remedy.clone());
        fields.push(field);
    };
    for part in &PARTS {
        // What is about to change is judged when it has.
        if (part.is_said)(settings) || (part.of)(own) != (part.of)(wanted) {
            continue;
        }
        let odd = part.odd(own, siblings);
        let odd = odd.or_else(|| match part.field {
            "channel.bucket" => no_archive(&own.bucket)
                .or_else(|| other_archive(&own.bucket, siblings.trail_bucket.as_deref()?)),
            _ => None,
        });
        if let Some(what) = odd {
            found(part.field, what);
        }
    }
    fields
}

/// What is wrong with a bucket, of this account or another, that is no archive by its name.
fn no_archive(bucket: &str) -> Option<String> {
    archive_account(bucket).is_none().then(|| {
        format!("the channel of {CONTROL_TOWER} delivers to {bucket}, which is not its archive")
    })
}

/// What is wrong where the trail of the organization delivers to another archive. Landing zones of
/// version 4.0 have an archive of its own for Config, by another name.
fn other_archive(bucket: &str, of_trail: &str) -> Option<String> {
    let archive = |name: &str| name.starts_with("aws-controltower-logs-");
    let (here, there) = (archive_account(bucket)?, archive_account(of_trail)?);
    (archive(bucket) && archive(of_trail) && here != there).then(|| {
        format!(
            "the channel delivers to {bucket}, by its name of account {here}, and the \
             organization's trail of {CONTROL_TOWER} to {of_trail}, of account {there}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    const ARCHIVE: &str = "aws-controltower-logs-999999999999-us-east-1";
    const STOLEN: &str = "aws-controltower-logs-888888888888-us-east-1";

    fn recorder(role: &str) -> Recorder {
        Recorder {
            name: "aws-controltower-BaselineConfigRecorder".to_owned(),
            role: format!("arn:aws:iam::111122223333:role/{role}"),
            group: Default::default(),
            frequency: None,
            overrides: Vec::new(),
        }
    }

    fn fields(own: &Channel, siblings: &Siblings) -> Vec<&'static str> {
        let (settings, its): (Settings, _) = (crate::settings::value("{}"), recorder("x"));
        judge(&settings, siblings, &its, (own, own), &mut Remarks::default())
    }

    fn beside(channels: &[&Channel]) -> Siblings {
        let regions = ["eu-west-1", "eu-west-2", "eu-west-3"];
        let pairs = regions.iter().zip(channels);
        Siblings {
            channels: pairs.map(|(region, own)| ((*region).to_owned(), (*own).clone())).collect(),
            trail_bucket: None,
        }
    }

    #[test]
    fn only_a_bucket_and_another_name_of_control_tower_make_its_archive() {
        let its = recorder("aws-controltower-ConfigRecorderRole");
        let bears = |recorder: &Recorder, bucket: &str| {
            bears_its_names(recorder, &Channel::to(bucket), &context())
        };
        assert!(bears(&its, ARCHIVE));
        assert!(bears(&its, "aws-controltower-config-logs-999999999999-abc-def"));
        assert!(!bears(&recorder("x"), ARCHIVE));
        for other in [
            "theirs",
            "aws-controltower-evil",
            "aws-controltower-logs-us-east-1",
            "aws-controltower-logs-111122223333-us-east-1",
        ] {
            assert!(!bears(&its, other), "{other}");
        }
    }

    #[test]
    fn a_channel_that_differs_from_those_of_the_other_regions_is_found() {
        let (right, wrong) = (Channel::to(ARCHIVE), Channel::to(STOLEN));
        assert!(fields(&right, &beside(&[&right, &right])).is_empty());
        assert_eq!(fields(&wrong, &beside(&[&right])), ["channel.bucket"]);
        assert_eq!(fields(&wrong, &beside(&[&right, &right])), ["channel.bucket"]);
        // The odd one is elsewhere, and is found there.
        assert!(fields(&right, &beside(&[&right, &wrong])).is_empty());
        let topic = |region: &str, account: &str| Channel {
            sns_topic: Some(format!("arn:aws:sns:{region}:{account}:aws-controltower-x")),
            ..right.clone()
        };
        let here = topic("us-east-1", "999999999999");
        assert!(fields(&here, &beside(&[&topic("eu-west-1", "999999999999")])).is_empty());
        let stolen = topic("us-east-1", "888888888888");
        let others = beside(&[&topic("eu-west-1", "999999999999")]);
        assert_eq!(fields(&stolen, &others), ["channel.sns_topic"]);
        assert_eq!(fields(&right, &others), ["channel.sns_topic"]);
    }

    #[test]
    fn a_channel_that_delivers_to_no_archive_is_found_unless_the_table_names_the_bucket() {
        let own = Channel::to("forgotten");
        assert_eq!(fields(&own, &Siblings::default()), ["channel.bucket"]);
        let named = toml::from_str("bucket = 'forgotten'").expect("valid");
        let (siblings, its) = (Siblings::default(), recorder("x"));
        let judged = judge(&named, &siblings, &its, (&own, &own), &mut Remarks::default());
        assert!(judged.is_empty());
    }

    #[test]
    fn a_channel_that_delivers_to_another_archive_than_the_organizations_trail_is_found() {
        let trail = |bucket: &str| Siblings {
            trail_bucket: Some(bucket.to_owned()),
            ..Siblings::default()
        };
        assert!(fields(&Channel::to(ARCHIVE), &trail(ARCHIVE)).is_empty());
        assert_eq!(fields(&Channel::to(STOLEN), &trail(ARCHIVE)), ["channel.bucket"]);
        // Another kind of archive, and a trail of somebody's own.
        let config = Channel::to("aws-controltower-config-logs-888888888888-abc-def");
        assert!(fields(&config, &trail(ARCHIVE)).is_empty());
        assert!(fields(&Channel::to(STOLEN), &trail("audit")).is_empty());
    }
}

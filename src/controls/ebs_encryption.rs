//! EBS encryption by default, in every region: new volumes and copies of snapshots are encrypted.
//!
//! What exists stays as it is: an unencrypted volume stays unencrypted.

use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY, Named};
use crate::aws::services::EC2;
use crate::aws::{AwsError, Operation};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks, Steps};
use crate::controls::keys::{Keys, asked, made_as};
use crate::floor::{AtLeast, raise};
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use crate::typed;
use futures_util::future::OptionFuture;
use serde::{Deserialize, Serialize};

/// The control.
pub struct EbsEncryption;

settings! {
    /// The table `[ebs_encryption]`.
    pub struct Settings {
        /// Whether new volumes and copies of snapshots are encrypted when nobody asks for it.
        enabled: Managed<AtLeast<bool>> = true,

        /// The KMS key of volumes that name none, as an alias, id or ARN: it must exist in every
        /// region. AWS's own key, until somebody names another.
        #[breaks(
            "who creates volumes, Auto Scaling and Spot among them, must be allowed to use the key"
        )]
        #[example("\"alias/data\"")]
        kms_key: Managed<String> = unmanaged,
    }
}

/// The defaults of one region.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    enabled: bool,
    /// The key of volumes that name none: an ARN, or `alias/aws/ebs` while nobody has named another.
    kms_key: String,
    /// What that key is, unless it is AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Named>,
    /// What the key of the baseline is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named: Option<Named>,
}

/// What the baseline asks for in a region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    enabled: bool,
    kms_key: String,
}

/// AWS's own key for EBS, as EC2 names it.
const AWS_KEY: &str = "alias/aws/ebs";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flag {
    ebs_encryption_by_default: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    kms_key_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KmsKey {
    kms_key_id: String,
}

// None of these actions can be narrowed to a resource (Service Authorization Reference, EC2).
const GET: Typed<Nothing, Flag> = typed!(EC2, "ec2", "GetEbsEncryptionByDefault");
const GET_KEY: Typed<Nothing, Found> = typed!(EC2, "ec2", "GetEbsDefaultKmsKeyId");
const ENABLE: Typed = typed!(EC2, "ec2", "EnableEbsEncryptionByDefault");
const DISABLE: Typed = typed!(EC2, "ec2", "DisableEbsEncryptionByDefault");
const SET_KEY: Typed<KmsKey> = typed!(EC2, "ec2", "ModifyEbsDefaultKmsKeyId");
const RESET_KEY: Typed = typed!(EC2, "ec2", "ResetEbsDefaultKmsKeyId");

impl Control for EbsEncryption {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const ABOUT: About = About {
        name: "ebs_encryption",
        title: "EBS volumes are encrypted by default",
        why: "A volume or snapshot that nobody thought to encrypt can be copied or shared in clear. \
              With the default on, forgetting is no longer possible.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("2.2.1", "EBS encrypted by default"),
            Reference::cis7("3.2.1", "EBS encrypted by default"),
            Reference::fsbp("EC2.7", "EBS encrypted by default"),
            Reference::nist_csf("Protect", "data at rest is protected"),
        ],
        cost: Cost::Free("free; requests to KMS are charged for a key of your own"),
        operations: &[
            GET.operation,
            GET_KEY.operation,
            DESCRIBE_KEY.operation,
            ENABLE.operation,
            DISABLE.operation,
            SET_KEY.operation,
        ],
    };

    fn state(live: &Live) -> State {
        State { enabled: live.enabled, kms_key: live.kms_key.clone() }
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        let name = settings.kms_key.as_deref();
        let named = OptionFuture::from(name.map(|key| reader.named_key(key, region)));
        let (flag, found, named) = tokio::join!(
            GET.ask(&reader.clients, region, &Nothing {}),
            GET_KEY.ask(&reader.clients, region, &Nothing {}),
            named
        );
        let kms_key = found?.kms_key_id;
        let own = Some(&kms_key).filter(|key| *key != AWS_KEY);
        let key = OptionFuture::from(own.map(|key| reader.named_key(key, region))).await;
        let (key, named) = (key.transpose()?, named.transpose()?);
        Ok(Live { enabled: flag?.ebs_encryption_by_default, kms_key, key, named })
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        State {
            enabled: raise(&settings.enabled, live.enabled),
            kms_key: match (&*settings.kms_key, &live.named) {
                (Some(name), Some(named)) => named_key(name, named, live, at, say),
                _ => kept_key(live, at, say),
            },
        }
    }

    /// The key first: nothing is encrypted with another one in between.
    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        let region = at.region();
        let mut steps = Steps::default();
        if from.kms_key != to.kms_key {
            match to.kms_key.as_str() {
                AWS_KEY => steps.call(RESET_KEY.call(region, Nothing {})),
                key => {
                    steps.call(SET_KEY.call(region, KmsKey { kms_key_id: key.to_owned() }));
                    if let Some(place) = made_as(key, region, at.context) {
                        steps.after_at::<Keys>(place);
                    }
                }
            }
        }
        if from.enabled != to.enabled {
            let switch = if to.enabled { &ENABLE } else { &DISABLE };
            steps.call(switch.call(region, Nothing {}));
        }
        steps
    }

    const RESTORES: &'static [Operation] = &[RESET_KEY.operation];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let named = settings.kms_key.as_deref().and_then(keys::owner);
        let accounts = [Some(context.account.as_str()), named];
        let accounts = accounts.into_iter().flatten().map(str::to_owned);
        vec![("key_account", accounts.collect())]
    }
}

/// The key that the baseline names, if volumes can be encrypted with it: with one that cannot be
/// used no instance starts.
fn named_key(name: &str, named: &Named, live: &Live, at: At<'_>, say: &mut Remarks) -> String {
    if named.is_hidden {
        say.note(keys::hidden(name));
    }
    asked(name, named, Some(&live.kms_key), at.region(), at.context).unwrap_or_else(|fault| {
        say.finding(
            "kms_key",
            format!("the key {name} {fault}"),
            "put it right in this region, or name another in [ebs_encryption] kms_key",
        );
        live.kms_key.clone()
    })
}

/// Judges the key that stays: whoever owns it decides who reads new volumes.
fn kept_key(live: &Live, at: At<'_>, say: &mut Remarks) -> String {
    if let Some(named) = &live.key
        && let Some(fault) = keys::fault(&live.kms_key, &at.context.account, named.found.as_ref())
    {
        say.finding(
            "kms_key",
            format!("new volumes are encrypted with the key {}, which {fault}", live.kms_key),
            "name the key that is meant in [ebs_encryption] kms_key, or go back to AWS's own: aws ec2 \
             reset-ebs-default-kms-key-id",
        );
    }
    live.kms_key.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Past;
    use crate::control::tests::{calls, proposed, undone};

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/data";

    fn live(enabled: bool) -> Live {
        Live { enabled, kms_key: AWS_KEY.to_owned(), key: None, named: None }
    }

    fn key(state: &str) -> Named {
        let key = keys::Key {
            arn: KEY.to_owned(),
            state: state.to_owned(),
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            is_of_aws: false,
        };
        Named { found: Some(key), is_hidden: false }
    }

    #[test]
    fn it_is_switched_on_where_it_is_off_and_left_alone_where_it_is_on() {
        let propose = |settings, live: &Live| calls(&proposed::<EbsEncryption>(settings, live));
        assert_eq!(propose("", &live(false)), ["EnableEbsEncryptionByDefault"]);
        assert!(propose("enabled = false", &live(true)).is_empty());
        assert!(propose("", &live(true)).is_empty());
        let off = "enabled = { exactly = false }";
        assert_eq!(propose(off, &live(true)), ["DisableEbsEncryptionByDefault"]);
    }

    #[test]
    fn the_key_is_set_before_anything_is_encrypted_with_it() {
        let settings = "kms_key = \"alias/data\"";
        let named = |state| Live { named: Some(key(state)), ..live(false) };
        let proposal = proposed::<EbsEncryption>(settings, &named("Enabled"));
        assert_eq!(calls(&proposal), ["ModifyEbsDefaultKmsKeyId", "EnableEbsEncryptionByDefault"]);
        assert_eq!(proposal.writes[0].call().input["KmsKeyId"], KEY);
        let proposal = proposed::<EbsEncryption>(settings, &named("Disabled"));
        assert_eq!(calls(&proposal), ["EnableEbsEncryptionByDefault"]);
        assert_eq!(proposal.findings[0].what, "the key alias/data is Disabled");
    }

    #[test]
    fn a_key_that_nobody_named_is_judged_all_the_same() {
        let live = Live {
            kms_key: KEY.replace("111122223333", "999999999999"),
            key: Some(Named::default()),
            ..live(true)
        };
        let proposal = proposed::<EbsEncryption>("", &live);
        assert!(proposal.findings[0].what.ends_with("belongs to account 999999999999"));
    }

    #[test]
    fn an_undo_goes_the_way_back() {
        let after = Live { kms_key: KEY.to_owned(), ..live(true) };
        let past = Past { before: live(false), after: after.clone(), live: after };
        let undone = undone::<EbsEncryption>("", &past);
        assert_eq!(calls(&undone), ["ResetEbsDefaultKmsKeyId", "DisableEbsEncryptionByDefault"]);
    }
}

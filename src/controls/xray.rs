//! AWS X-Ray: with which key traces are encrypted, where they go, and who else may use them, in every
//! region.
//!
//! Traces are always encrypted; a key of the account's own says who can read them. Traces tell which
//! service calls which, with which addresses. Source: X-Ray API Reference.

use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY, Named};
use crate::aws::services::XRAY;
use crate::aws::{AwsError, Grant};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks, Steps};
use crate::controls::keys::{Keys, asked, made_as};
use crate::managed::Managed;
use crate::place::Place;
use crate::policy::{Kind, Policy, weaknesses};
use crate::settings;
use crate::settings::{Takes, Words};
use crate::words;
use futures_util::future::OptionFuture;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The control.
pub struct XRay;

settings! {
    /// The table `[xray]`.
    pub struct Settings {
        /// The KMS key of traces, as an alias, id or ARN: it must exist in every region. Unmanaged,
        /// what is live stays, and a key that cannot be used or is another account's is a finding.
        #[breaks("who reads traces must be allowed to decrypt with the key")]
        #[costs]
        #[example("\"alias/traces\"")]
        kms_key: Managed<String> = unmanaged,

        /// Where traces go: X-Ray, or, with Transaction Search, a log group that this key does not
        /// encrypt. Another is a finding, for changing it is a matter of who reads them where.
        destination: Managed<Destination> = "XRay",

        /// The names of the resource policies that may let services send traces. Any other is a
        /// finding, and so is one of these that lets others than this account in.
        #[example("[\"sns-active-tracing\"]")]
        resource_policies: Managed<BTreeSet<String>> = [],
    }
}

words! {
    /// Where traces go.
    pub enum Destination {
        /// X-Ray keeps them.
        XRay = "XRay",
        /// The log group `aws/spans`.
        Logs = "CloudWatchLogs",
    }
}

/// X-Ray in a region.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    encryption: Encryption,
    /// Whether a change of it is under way: for minutes old and new keys are both in use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_updating: bool,
    /// What the key in use is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Named>,
    /// What the key of the baseline is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named: Option<Named>,
    /// In AWS's word, if it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    /// The resource policies by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    policies: BTreeMap<String, String>,
}

/// How traces are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// `NONE`, with a key that AWS owns, or `KMS`.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
}

const KMS: &str = "KMS";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionFound {
    encryption_config: Option<Config>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    key_id: Option<String>,
    status: Option<String>,
    r#type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationFound {
    destination: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    #[serde(default)]
    resource_policies: Vec<PolicyFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyFound {
    policy_name: Option<String>,
    policy_document: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewEncryption {
    r#type: String,
    key_id: Option<String>,
}

// None of these actions can be narrowed to a resource (Service Authorization Reference, X-Ray).
const GET: Typed<Nothing, EncryptionFound> = Typed::rest(
    &XRAY,
    "GetEncryptionConfig",
    "POST /EncryptionConfig",
    &[Grant::any("xray:GetEncryptionConfig")],
);
const GET_DESTINATION: Typed<Nothing, DestinationFound> = Typed::rest(
    &XRAY,
    "GetTraceSegmentDestination",
    "POST /GetTraceSegmentDestination",
    &[Grant::any("xray:GetTraceSegmentDestination")],
);
const LIST_POLICIES: Typed<Nothing, Policies> = Typed::rest(
    &XRAY,
    "ListResourcePolicies",
    "POST /ListResourcePolicies",
    &[Grant::any("xray:ListResourcePolicies")],
)
.paged("NextToken", "NextToken");
const PUT: Typed<NewEncryption> = Typed::rest(
    &XRAY,
    "PutEncryptionConfig",
    "POST /PutEncryptionConfig",
    &[
        Grant::any("xray:PutEncryptionConfig"),
        Grant::on("kms:CreateGrant", "arn:{partition}:kms:*:{key_account}:key/*"),
        Grant::on("kms:DescribeKey", "arn:{partition}:kms:*:{key_account}:key/*"),
    ],
);

impl Control for XRay {
    type Settings = Settings;
    type Live = Live;
    type State = Encryption;

    const ABOUT: About = About {
        name: "xray",
        title: "X-Ray traces are encrypted with the key that is meant, and shared with nobody",
        why: "A trace is a map of an application: which part calls which, with names, addresses and \
              errors. Its key and the policies on it say who can read the map.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::nist_csf("Protect", "data at rest is protected"),
            Reference::well_architected("SEC 8", "data at rest is encrypted with managed keys"),
        ],
        cost: Cost::Partly("free; requests to KMS are charged for a key of your own"),
        operations: &[
            GET.operation,
            GET_DESTINATION.operation,
            LIST_POLICIES.operation,
            DESCRIBE_KEY.operation,
            PUT.operation,
        ],
    };

    fn state(live: &Live) -> Encryption {
        live.encryption.clone()
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (region, clients) = (place.region.as_deref().unwrap_or_default(), &reader.clients);
        let name = settings.kms_key.as_deref();
        let named = OptionFuture::from(name.map(|key| reader.named_key(key, region)));
        let destination = settings.destination.as_ref();
        let destination = destination.map(|_| GET_DESTINATION.ask(clients, region, &Nothing {}));
        let policies = settings.resource_policies.as_ref();
        let policies = policies.map(|_| LIST_POLICIES.pages(clients, region, &Nothing {}));
        let (found, named, destination, policies) = tokio::join!(
            GET.ask(clients, region, &Nothing {}),
            named,
            OptionFuture::from(destination),
            OptionFuture::from(policies),
        );
        let found = found?.encryption_config.ok_or_else(|| {
            AwsError::unexpected(&GET.operation, region, "the answer holds no configuration")
        })?;
        let own = found.key_id.as_deref().filter(|key| !key.is_empty());
        let key = OptionFuture::from(own.map(|key| reader.named_key(key, region))).await;
        let policies = policies.transpose()?.unwrap_or_default();
        let policies = policies.into_iter().flat_map(|page| page.resource_policies);
        let policies = policies.map(|own| {
            (own.policy_name.unwrap_or_default(), own.policy_document.unwrap_or_default())
        });
        let key = key.transpose()?;
        Ok(Live {
            is_updating: found.status.as_deref() == Some("UPDATING"),
            encryption: Encryption {
                kind: found.r#type.unwrap_or_default(),
                kms_key: own.map(str::to_owned),
            },
            key,
            named: named.transpose()?,
            destination: destination.transpose()?.and_then(|own| own.destination),
            policies: policies.collect(),
        })
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Encryption {
        settings.judge_destination(live, at.region(), say);
        settings.judge_policies(live, at, say);
        if live.is_updating {
            say.note("a change of the encryption is under way; it takes AWS some minutes");
        }
        match (&*settings.kms_key, &live.named) {
            (Some(name), Some(named)) => named_key(name, named, live, at, say),
            _ => kept_key(live, at, say),
        }
    }

    fn steps(_: &Encryption, to: &Encryption, at: At<'_>) -> Steps {
        let input = NewEncryption { r#type: to.kind.clone(), key_id: to.kms_key.clone() };
        let mut steps = Steps::one(PUT.call(at.region(), input));
        let made = to.kms_key.as_deref().and_then(|name| made_as(name, at.region(), at.context));
        if let Some(place) = made {
            steps.after_at::<Keys>(place);
        }
        steps
    }

    fn looser(from: &Encryption, to: &Encryption) -> Vec<String> {
        match from.kind == KMS && to.kind != KMS {
            true => vec!["type".to_owned(), "kms_key".to_owned()],
            false => Vec::new(),
        }
    }

    const FIELDS: &'static [&'static str] = &["type"];

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let named = settings.kms_key.as_deref().and_then(keys::owner);
        let accounts = [Some(context.account.as_str()), named];
        let accounts = accounts.into_iter().flatten().map(str::to_owned);
        vec![("key_account", accounts.collect())]
    }

    const RESTORES: &'static [crate::aws::Operation] = &[PUT.operation];

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if settings.kms_key.is_none() {
            unused.push(PUT.operation.name);
        }
        if settings.destination.is_none() {
            unused.push(GET_DESTINATION.operation.name);
        }
        if settings.resource_policies.is_none() {
            unused.push(LIST_POLICIES.operation.name);
        }
        unused
    }
}

/// Traces with the key that the baseline names, if it can be used: with one that cannot be, traces are
/// lost.
fn named_key(name: &str, named: &Named, live: &Live, at: At<'_>, say: &mut Remarks) -> Encryption {
    let arn = |own: &Option<Named>| Some(own.as_ref()?.found.as_ref()?.arn.clone());
    let in_use = arn(&live.key).or_else(|| live.encryption.kms_key.clone());
    let in_use = in_use.filter(|_| live.encryption.kind == KMS);
    if named.is_hidden {
        say.note(keys::hidden(name));
    }
    match asked(name, named, in_use.as_deref(), at.region(), at.context) {
        Err(fault) => {
            say.finding(
                "kms_key",
                format!("the key {name} {fault}"),
                "put it right in this region, or name another in [xray] kms_key",
            );
            live.encryption.clone()
        }
        // It is answered as it was set: by alias, id or ARN.
        Ok(wanted) if in_use.as_ref() == Some(&wanted) => live.encryption.clone(),
        Ok(wanted) => Encryption { kind: KMS.to_owned(), kms_key: Some(wanted) },
    }
}

/// Judges the key that stays.
fn kept_key(live: &Live, at: At<'_>, say: &mut Remarks) -> Encryption {
    if let (Some(name), Some(named)) = (&live.encryption.kms_key, &live.key)
        && let Some(fault) = keys::fault(name, &at.context.account, named.found.as_ref())
    {
        say.finding(
            "kms_key",
            format!("traces are encrypted with the key {name}, which {fault}"),
            format!(
                "name the key that is meant in [xray] kms_key, or go back to AWS's own: aws xray \
                 put-encryption-config --type NONE --region {}",
                at.region()
            ),
        );
    }
    live.encryption.clone()
}

impl Settings {
    fn judge_destination(&self, live: &Live, region: &str, say: &mut Remarks) {
        let (Some(asked), Some(live)) = (&*self.destination, &live.destination) else {
            return;
        };
        let asked = asked.word();
        if live != asked {
            say.finding(
                "destination",
                format!("traces go to {live}, and not to {asked}"),
                format!(
                    "if that is right, say destination = \"{live}\"; else: aws xray \
                     update-trace-segment-destination --destination {asked} --region {region}"
                ),
            );
        }
    }

    /// Reports the resource policies that are not declared, and those that let others in.
    fn judge_policies(&self, live: &Live, at: At<'_>, say: &mut Remarks) {
        let Some(declared) = &*self.resource_policies else {
            return;
        };
        let region = at.region();
        for (name, document) in &live.policies {
            let delete =
                format!("aws xray delete-resource-policy --policy-name {name} --region {region}");
            let field = format!("resource_policies.{name}");
            if !declared.contains(name) {
                say.finding(
                    &field,
                    format!("the resource policy {name} says who may use X-Ray here"),
                    format!("if it is right, add it to resource_policies; else: {delete}"),
                );
            } else if let Some(fault) = given_away(document, at) {
                say.finding(
                    &field,
                    format!("the resource policy {name} lets others than this account in: {fault}"),
                    format!("take the statement out of it, or: {delete}"),
                );
            }
        }
    }
}

/// Whom a policy lets in besides the account, and services on its behalf; one that cannot be read is
/// not taken for fine.
fn given_away(document: &str, at: At<'_>) -> Option<String> {
    let Context { account, partition, .. } = at.context;
    let Ok(policy) = Policy::parse(document) else {
        return Some("it cannot be read".to_owned());
    };
    let resource = format!("arn:{partition}:xray:{}:{account}:*", at.region());
    let weak = weaknesses(&policy, &resource, account, partition);
    weak.into_iter().find_map(|own| {
        let whom = match own.kind {
            Kind::Public => "anyone".to_owned(),
            Kind::Shared(whom) => whom.join(", "),
            Kind::ForOthers(whom) => format!("services for {}", whom.join(", ")),
            Kind::ForAnyone(services) => format!("{} for any customer", services.join(", ")),
            Kind::NotUnderstood => "somebody that cannot be told".to_owned(),
            _ => return None,
        };
        Some(format!("statement {} is for {whom}", own.statement))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::keys::Key;
    use crate::control::tests::{calls, proposed};
    use serde_json::{Value, json};

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/traces";

    fn key(arn: &str, state: &str) -> Named {
        let key = Key {
            arn: arn.to_owned(),
            state: state.to_owned(),
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            is_of_aws: false,
        };
        Named { found: Some(key), is_hidden: false }
    }

    fn live(kms_key: Option<&str>) -> Live {
        let kind = if kms_key.is_some() { KMS } else { "NONE" };
        Live {
            encryption: Encryption { kind: kind.to_owned(), kms_key: kms_key.map(str::to_owned) },
            is_updating: false,
            key: kms_key.map(|_| key(KEY, "Enabled")),
            named: Some(key(KEY, "Enabled")),
            destination: Some("XRay".to_owned()),
            policies: BTreeMap::new(),
        }
    }

    const NAMED: &str = "kms_key = \"alias/traces\"";

    #[test]
    fn traces_are_encrypted_with_the_key_in_whichever_spelling() {
        let proposal = proposed::<XRay>(NAMED, &live(None));
        assert_eq!(proposal.writes[0].call().input, json!({"Type": "KMS", "KeyId": KEY}));
        for spelling in ["alias/traces", "traces", KEY] {
            assert!(proposed::<XRay>(NAMED, &live(Some(spelling))).differences.is_empty());
        }
        let other = Live { key: Some(key("arn:other", "Enabled")), ..live(Some("other")) };
        assert_eq!(calls(&proposed::<XRay>(NAMED, &other)), ["PutEncryptionConfig"]);
        let updating = Live { is_updating: true, ..live(Some(KEY)) };
        assert!(proposed::<XRay>(NAMED, &updating).differences.is_empty());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_a_finding_and_is_not_set() {
        let disabled = Live { named: Some(key(KEY, "Disabled")), ..live(None) };
        let proposal = proposed::<XRay>(NAMED, &disabled);
        assert!(proposal.writes.is_empty());
        assert!(proposal.findings[0].what.ends_with("is Disabled"));
        let foreign = KEY.replace("111122223333", "999999999999");
        let kept = Live { key: Some(Named::default()), ..live(Some(&foreign)) };
        let kept = proposed::<XRay>("", &kept);
        assert!(kept.findings[0].what.ends_with("belongs to account 999999999999"));
    }

    #[test]
    fn policies_and_destinations_that_nobody_declared_are_findings() {
        let policy = |principal: Value, condition: Value| {
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "Traces", "Effect": "Allow", "Principal": principal,
                "Action": "xray:PutTraceSegments", "Resource": "*", "Condition": condition,
            }]});
            BTreeMap::from([("traces".to_owned(), policy.to_string())])
        };
        let own = json!({"StringEquals": {"aws:SourceAccount": "111122223333"}});
        let service = || policy(json!({"Service": "sns.amazonaws.com"}), own.clone());
        let findings = |settings, live: Live| {
            let proposal = proposed::<XRay>(settings, &live);
            proposal.findings.into_iter().map(|own| own.what).collect::<Vec<_>>()
        };
        let declared = "resource_policies = [\"traces\"]";
        assert!(findings(declared, Live { policies: service(), ..live(None) }).is_empty());
        assert_eq!(findings("", Live { policies: service(), ..live(None) }).len(), 1);
        let stranger = policy(json!({"AWS": "999999999999"}), json!({}));
        let found = findings(declared, Live { policies: stranger, ..live(None) });
        assert!(found[0].ends_with("statement Traces is for 999999999999"), "{found:?}");
        let moved = Live { destination: Some("CloudWatchLogs".to_owned()), ..live(None) };
        assert_eq!(findings("", moved).len(), 1);
    }
}

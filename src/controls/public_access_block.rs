//! The account's block of public access to S3, which outranks what buckets allow.
//!
//! AWS answers the effective value: what an organization's S3 policy sets is included, and then
//! cannot be changed here.

use crate::aws::door::Typed;
use crate::aws::facts::Reader;
use crate::aws::services::ORGANIZATIONS;
use crate::aws::{AwsError, Clients, Grant, Kind, Operation, Write, sent};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Places, Reference, Remarks, Steps,
};
use crate::floor::{AtLeast, raise};
use crate::managed::Managed;
use crate::place::Place;
use crate::s3::{self, Asked, Exposure, Flags};
use crate::settings;
use crate::settings::Takes;
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The control.
pub struct PublicAccessBlock;

const GET_ORGANIZATION_POLICY: Typed<PolicyType> = Typed::new(
    &ORGANIZATIONS,
    "DescribeEffectivePolicy",
    &[Grant::any("organizations:DescribeEffectivePolicy")],
);

/// Which of the policies that apply to the account is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyType {
    policy_type: String,
}

settings! {
    /// The table `[public_access_block]`.
    pub struct Settings {
        /// Refuse new public ACLs.
        block_public_acls: Managed<AtLeast<bool>> = true,

        /// Ignore public ACLs that are there.
        #[breaks(BREAKS)]
        ignore_public_acls: Managed<AtLeast<bool>> = true,

        /// Refuse new public bucket policies.
        block_public_policy: Managed<AtLeast<bool>> = true,

        /// Keep others out of buckets whose policy is public.
        #[breaks(BREAKS)]
        restrict_public_buckets: Managed<AtLeast<bool>> = true,
    }
}

/// The effective block, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    block: Block,
    /// Whether an organization's S3 policy sets it; `None` when that was not asked.
    by_organization: Option<bool>,
    /// What is public now, by bucket, and would stop being so; only read while the block is open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    public: BTreeMap<String, Exposure>,
    /// The actions that are missing to see all of that.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    public_unseen: BTreeSet<String>,
}

/// The four flags of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    block_public_acls: bool,
    ignore_public_acls: bool,
    block_public_policy: bool,
    restrict_public_buckets: bool,
}

impl Block {
    fn wanted(&self, settings: &Settings) -> Self {
        let Settings {
            block_public_acls,
            ignore_public_acls,
            block_public_policy,
            restrict_public_buckets,
        } = settings;
        Self {
            block_public_acls: raise(block_public_acls, self.block_public_acls),
            ignore_public_acls: raise(ignore_public_acls, self.ignore_public_acls),
            block_public_policy: raise(block_public_policy, self.block_public_policy),
            restrict_public_buckets: raise(restrict_public_buckets, self.restrict_public_buckets),
        }
    }
}

const BREAKS: &str = "buckets and objects that are public now stop being so: websites, downloads, \
                      access that a public policy gives to other accounts";

impl Control for PublicAccessBlock {
    type Settings = Settings;
    type Live = Live;
    type State = Block;

    const ABOUT: About = About {
        name: "public_access_block",
        title: "account-wide block of public access to S3",
        why: "A bucket made public by mistake is the commonest way data leaks. With all four blocks \
              on for the account, no bucket policy or ACL can make anything public.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("2.1.4", "S3 public access blocked"),
            Reference::cis7("3.1.4", "S3 public access blocked"),
            Reference::fsbp("S3.1", "account blocks public S3"),
            Reference::nist_csf("Protect", "access is controlled"),
            Reference::well_architected("SEC 3", "no public access"),
        ],
        cost: Cost::Free("free"),
        operations: &[
            s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
            GET_ORGANIZATION_POLICY.operation,
            s3::LIST_BUCKETS,
            s3::GET_PUBLIC_ACCESS_BLOCK,
            s3::GET_POLICY_STATUS,
            s3::GET_ACL,
            s3::GET_WEBSITE,
            PutPublicAccessBlock::OPERATION,
        ],
    };

    fn state(live: &Live) -> Block {
        live.block.clone()
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let block = read_block(reader).await?;
        let mut live = Live {
            block,
            by_organization: None,
            public: BTreeMap::new(),
            public_unseen: BTreeSet::new(),
        };
        if live.block.wanted(settings) != live.block {
            let (by_organization, public) =
                tokio::join!(is_set_by_organization(reader), exposures(reader));
            live.by_organization = Some(by_organization?);
            (live.public, live.public_unseen) = public;
        }
        Ok(live)
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        let blocks = settings.block_public_policy.as_ref().is_some_and(|floor| *floor.value());
        blocks.then_some(Announcement::NoPublicPolicies).into_iter().collect()
    }

    fn wanted(settings: &Settings, live: &Live, _: At<'_>, say: &mut Remarks) -> Block {
        let wanted = live.block.wanted(settings);
        if wanted == live.block {
            return wanted;
        }
        if live.by_organization == Some(true) {
            say.elsewhere("an S3 policy of the organization");
            say.finding(
                "block_public_policy",
                "the organization's S3 policy leaves public access open",
                "ask the organization's administrators to change that policy",
            );
            return wanted;
        }
        if live.by_organization.is_none() {
            say.note("whether the organization sets this could not be read");
        }
        let cuts_off = (wanted.ignore_public_acls && !live.block.ignore_public_acls)
            || (wanted.restrict_public_buckets && !live.block.restrict_public_buckets);
        if cuts_off {
            live.name_losses(say);
        }
        wanted
    }

    fn steps(_: &Block, to: &Block, at: At<'_>) -> Steps {
        Steps::default().then(PutPublicAccessBlock::new(to, at.context))
    }
}

impl Live {
    /// Names the buckets that lose access, and what keeps that from being seen of all.
    fn name_losses(&self, say: &mut Remarks) {
        for (bucket, exposure) in &self.public {
            for loss in exposure.losses() {
                say.breaks(format!("{bucket}: {loss}"));
            }
        }
        if !self.public_unseen.is_empty() {
            let missing: Vec<&str> = self.public_unseen.iter().map(String::as_str).collect();
            say.note(format!(
                "not all buckets that would be cut off could be seen: {} is missing",
                missing.join(", ")
            ));
        }
    }
}

async fn read_block(reader: &Reader) -> Result<Block, AwsError> {
    let flags = s3::account_public_access_block(reader).await?;
    Ok(Block {
        block_public_acls: flags.block_public_acls,
        ignore_public_acls: flags.ignore_public_acls,
        block_public_policy: flags.block_public_policy,
        restrict_public_buckets: flags.restrict_public_buckets,
    })
}

/// Asks Organizations, where the partition has it; any member may. Whose the block is decides whether
/// it is written.
async fn is_set_by_organization(reader: &Reader) -> Result<bool, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let input = PolicyType { policy_type: "S3_POLICY".to_owned() };
    let absent = ["EffectivePolicyNotFoundException", "AWSOrganizationsNotInUseException"];
    match GET_ORGANIZATION_POLICY.ask(clients, region, &input).await {
        Ok(_) => Ok(true),
        Err(error) if absent.iter().any(|code| error.is(code)) => Ok(false),
        Err(error) if error.kind == Kind::NotOffered => Ok(false),
        Err(error) => Err(error),
    }
}

/// What makes the account's buckets public, as far as their own blocks do not keep it off already;
/// and the actions that are missing to see it of all. It decides nothing, so what is not seen is told.
async fn exposures(reader: &Reader) -> (BTreeMap<String, Exposure>, BTreeSet<String>) {
    let buckets = match reader.buckets().await {
        Ok(buckets) => buckets,
        Err(error) => return (BTreeMap::new(), BTreeSet::from([error.action])),
    };
    let look = |bucket: s3::Located| async move {
        let asked = Asked { reader, bucket: &bucket.name, region: &bucket.region };
        let exposure = match asked.public_access_block().await {
            Ok(Flags::ON) => Ok(Exposure::default()),
            Ok(_) => asked.exposure().await,
            Err(error) => Err(error),
        };
        (bucket.name, exposure)
    };
    let mut looking = stream::iter(buckets).map(look).buffer_unordered(BUCKETS_AT_ONCE);
    let (mut public, mut unseen) = (BTreeMap::new(), BTreeSet::new());
    while let Some((bucket, exposure)) = looking.next().await {
        match exposure {
            Ok(exposure) if exposure == Exposure::default() => {}
            Ok(exposure) => {
                public.insert(bucket, exposure);
            }
            Err(error) if error.is("NoSuchBucket") => {}
            Err(error) => {
                unseen.insert(error.action);
            }
        }
    }
    (public, unseen)
}

/// How many buckets are looked at side by side.
const BUCKETS_AT_ONCE: usize = 64;

/// Replaces all four flags.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutPublicAccessBlock {
    account_id: String,
    #[serde(rename = "PublicAccessBlockConfiguration")]
    configuration: Sent,
    #[serde(skip)]
    region: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    block_public_acls: bool,
    ignore_public_acls: bool,
    block_public_policy: bool,
    restrict_public_buckets: bool,
}

impl PutPublicAccessBlock {
    fn new(wanted: &Block, context: &Context) -> Self {
        Self {
            account_id: context.account.clone(),
            configuration: Sent {
                block_public_acls: wanted.block_public_acls,
                ignore_public_acls: wanted.ignore_public_acls,
                block_public_policy: wanted.block_public_policy,
                restrict_public_buckets: wanted.restrict_public_buckets,
            },
            region: context.home_region.clone(),
        }
    }
}

impl Write for PutPublicAccessBlock {
    const OPERATION: Operation = Operation::new(
        "s3control",
        "PutPublicAccessBlock",
        &[Grant::any("s3:PutAccountPublicAccessBlock")],
    );

    fn region(&self) -> &str {
        &self.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let flags = PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.configuration.block_public_acls)
            .ignore_public_acls(self.configuration.ignore_public_acls)
            .block_public_policy(self.configuration.block_public_policy)
            .restrict_public_buckets(self.configuration.restrict_public_buckets)
            .build();
        let request = clients
            .s3control(&self.region)
            .put_public_access_block()
            .account_id(&self.account_id)
            .public_access_block_configuration(flags);
        sent(self, request.send().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::proposed;
    use serde_json::json;

    fn live(block_public_acls: bool, by_organization: Option<bool>) -> Live {
        let block = Block { block_public_acls, ..Block::default() };
        Live { block, by_organization, public: BTreeMap::new(), public_unseen: BTreeSet::new() }
    }

    /// A table that leaves every flag alone but this one.
    fn only(settings: &str) -> String {
        let flags = PublicAccessBlock::ABOUT.settings.iter().map(|own| own.name);
        let others = flags.filter(|flag| !settings.contains(flag));
        let others: String = others.map(|flag| format!("{flag} = \"unmanaged\"\n")).collect();
        format!("{others}{settings}")
    }

    #[test]
    fn the_buckets_that_are_cut_off_are_named() {
        let website = Exposure { website: true, ..Exposure::default() };
        let live = Live {
            public: BTreeMap::from([("site".to_owned(), website)]),
            public_unseen: BTreeSet::from(["s3:GetBucketAcl".to_owned()]),
            ..live(false, None)
        };
        let proposal =
            proposed::<PublicAccessBlock>(&only("restrict_public_buckets = true"), &live);
        assert!(proposal.breaks[0].starts_with("site: "), "{:?}", proposal.breaks);
        assert!(proposal.notes.iter().any(|note| note.contains("s3:GetBucketAcl")));
        let proposal = proposed::<PublicAccessBlock>(&only("block_public_acls = true"), &live);
        assert!(proposal.breaks.is_empty(), "{:?}", proposal.breaks);
    }

    #[test]
    fn flags_that_the_baseline_leaves_alone_are_sent_as_they_are() {
        let proposal = proposed::<PublicAccessBlock>(
            &only("block_public_policy = true"),
            &live(true, Some(false)),
        );
        assert_eq!(
            proposal.writes[0].call().input["PublicAccessBlockConfiguration"],
            json!({
                "BlockPublicAcls": true, "IgnorePublicAcls": false,
                "BlockPublicPolicy": true, "RestrictPublicBuckets": false,
            })
        );
    }

    #[test]
    fn a_flag_that_is_named_leaves_the_others_as_they_are_asked_for() {
        let proposal = proposed::<PublicAccessBlock>("block_public_acls = true", &live(true, None));
        assert_eq!(proposal.differences.len(), 3);
    }

    #[test]
    fn what_the_organization_sets_is_not_fought() {
        let proposal = proposed::<PublicAccessBlock>(
            &only("block_public_policy = true"),
            &live(true, Some(true)),
        );
        assert!(proposal.writes.is_empty());
    }

    #[test]
    fn a_block_that_is_on_stays_on() {
        let proposal =
            proposed::<PublicAccessBlock>(&only("block_public_acls = false"), &live(true, None));
        assert!(proposal.differences.is_empty());
    }
}

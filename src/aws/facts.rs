//! What several controls need to know, read once in a run: whose account it is, its regions, its
//! buckets, the policies of its buckets.

use super::door::{Nothing, Typed};
use super::identity::Unfit;
use super::regions;
use super::services::{ACCOUNT, EC2};
use super::{AwsError, Clients, Grant, Kind, Operation, Session};
use crate::error::Error;
use crate::place::Place;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Allowed to everybody; no policy can deny it.
pub const GET_CALLER_IDENTITY: Operation =
    Operation::new("sts", "GetCallerIdentity", &[Grant::any("sts:GetCallerIdentity")]);

/// The regions that the account has enabled.
pub const LIST_REGIONS: Typed<RegionsAsked, RegionsFound> =
    Typed::rest(&ACCOUNT, "ListRegions", "POST /listRegions", &[Grant::any("account:ListRegions")])
        .paged("NextToken", "NextToken");

/// Whether Account Management can be asked in a partition. Source: AWS General Reference, "AWS Account
/// Management endpoints and quotas".
pub fn account_has_a_host(partition: &str) -> bool {
    matches!(partition, "aws" | "aws-cn")
}

/// Which regions are asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegionsAsked {
    region_opt_status_contains: Vec<String>,
    max_results: u32,
}

/// A page of regions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegionsFound {
    #[serde(default)]
    regions: Vec<RegionFound>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RegionFound {
    region_name: String,
}

/// The same as EC2 knows it, where Account Management has no endpoint.
pub const DESCRIBE_REGIONS: Typed<Nothing, Ec2Regions> =
    Typed::new(&EC2, "DescribeRegions", &[Grant::any("ec2:DescribeRegions")]);

/// The regions that are enabled, as EC2 answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Regions {
    region_info: Vec<Ec2Region>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ec2Region {
    region_name: String,
}

/// The account's buckets with their regions.
pub const LIST_BUCKETS: Operation =
    Operation::new("s3", "ListBuckets", &[Grant::any("s3:ListAllMyBuckets")]);

/// Asked for the region of a bucket where ListBuckets does not tell it: Amazon S3 does, what imitates
/// it may not.
const HEAD_FOR_REGION: Operation = Operation::new(
    "s3",
    "HeadBucket",
    &[Grant::on("s3:ListBucket", "arn:{partition}:s3:::{bucket}")],
);

/// The policy of one bucket.
pub const GET_BUCKET_POLICY: Operation = Operation::new(
    "s3",
    "GetBucketPolicy",
    &[Grant::on("s3:GetBucketPolicy", "arn:{partition}:s3:::{bucket}")],
);

/// Who is asking, and in which account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The account: twelve digits.
    pub account: String,
    /// The ARN of the user or the role's session.
    pub arn: String,
}

impl Caller {
    /// Asks STS who the credentials belong to.
    ///
    /// # Errors
    /// When the credentials are not accepted or AWS cannot be reached.
    pub async fn ask(session: &Session, region: &str) -> Result<Self, Error> {
        Ok(session.begin(region).await?)
    }

    /// Asks again, and makes sure that the credentials are still of the same account.
    ///
    /// # Errors
    /// That they are not, or that AWS does not say.
    pub async fn ask_again(&self, clients: &Clients, region: &str) -> Result<(), Error> {
        let request = clients.sts(region).get_caller_identity().send();
        let answer = GET_CALLER_IDENTITY.answer(clients, region, request).await;
        let ours = self.clone();
        match answer.and_then(|answer| Self::of(&answer, region)) {
            Ok(theirs) if self.is_of_account_of(&theirs) => Ok(()),
            Ok(theirs) => Err(Unfit::Stranger { ours, theirs }.into()),
            Err(error) => Err(Unfit::Unknown { ours: Some(ours), error }.into()),
        }
    }

    /// Whom STS names.
    ///
    /// # Errors
    /// When it names nobody.
    pub(super) fn of(answer: &GetCallerIdentityOutput, region: &str) -> Result<Self, AwsError> {
        match (answer.account(), answer.arn()) {
            (Some(account), Some(arn)) => {
                Ok(Self { account: account.to_owned(), arn: arn.to_owned() })
            }
            _ => Err(AwsError::unexpected(
                &GET_CALLER_IDENTITY,
                region,
                "the answer names no account",
            )),
        }
    }

    /// Whether two callers are of the same account.
    pub fn is_of_account_of(&self, other: &Self) -> bool {
        self.account == other.account && self.partition() == other.partition()
    }

    /// The partition of the account: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or("aws")
    }
}

/// Where a partition's global services are asked.
pub fn global_region(partition: &str) -> &'static str {
    regions::partition(partition).global
}

/// A bucket of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
}

/// What the places of controls depend on; what no control needs is not read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The regions to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Result<Vec<String>, AwsError>>,
    /// The account's buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<Result<Vec<Bucket>, AwsError>>,
}

impl Facts {
    /// One place for each region.
    ///
    /// # Errors
    /// The failure to see the list of regions.
    pub fn region_places(&self) -> Result<Vec<Place>, AwsError> {
        match &self.regions {
            Some(Ok(names)) => Ok(names.iter().map(Place::region).collect()),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(Vec::new()),
        }
    }
}

/// What a control reads with: clients that refuse writes, whose account it is, and what is read
/// only once in a run.
#[derive(Debug)]
pub struct Reader {
    /// The guarded clients.
    pub clients: Clients,
    /// Whose account it is.
    pub caller: Caller,
    /// Where the account's one-region things live.
    pub home_region: String,
    regions: OnceCell<Result<Vec<String>, AwsError>>,
    buckets: OnceCell<Result<Vec<Bucket>, AwsError>>,
    answers: Mutex<HashMap<Question, Answer>>,
    reached: Mutex<HashMap<String, Arc<OnceCell<bool>>>>,
}

/// The service, the operation, and the thing that is asked about.
type Question = (&'static str, &'static str, String);

/// A [`OnceCell`] of whatever the read answers.
type Answer = Arc<dyn Any + Send + Sync>;

impl Reader {
    /// A reader that remembers nothing yet.
    pub fn new(clients: Clients, caller: Caller, home_region: String) -> Self {
        Self {
            clients,
            caller,
            home_region,
            regions: OnceCell::new(),
            buckets: OnceCell::new(),
            answers: Mutex::default(),
            reached: Mutex::default(),
        }
    }

    /// The same, with nothing remembered: for looking again.
    pub fn anew(&self) -> Self {
        Self::new(self.clients.clone(), self.caller.clone(), self.home_region.clone())
    }

    /// The same, with nothing remembered, for so long from now.
    pub fn within(&self, time: Duration) -> Self {
        Self { clients: self.clients.within(time), ..self.anew() }
    }

    /// The region in which global services are asked.
    pub fn global_region(&self) -> &'static str {
        global_region(self.caller.partition())
    }

    /// Whether a name that does not exist means that the region does not have the service, and not
    /// that names are hidden here: the service answers in another region, and another service in
    /// this one. STS is in every region and answers everybody; each region is asked once.
    pub async fn is_missing(&self, service: &str, region: &str) -> bool {
        if !self.clients.has_answered(service) {
            return false;
        }
        let cell = {
            let mut cells = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(region.to_owned()).or_default().clone()
        };
        *cell.get_or_init(|| self.reaches(region)).await
    }

    /// Whether STS answers in a region, whatever it says.
    async fn reaches(&self, region: &str) -> bool {
        let request = self.clients.sts(region).get_caller_identity().send();
        // A refusal is an answer as well.
        let _ = GET_CALLER_IDENTITY.answer(&self.clients, region, request).await;
        self.clients.has_answered_in("sts", region)
    }

    /// The regions that the account has enabled, sorted; asked once.
    ///
    /// # Errors
    /// When the list, or a page of it, cannot be had.
    pub async fn enabled_regions(&self) -> Result<Vec<String>, AwsError> {
        self.regions.get_or_init(|| self.list_regions()).await.clone()
    }

    /// The account's general purpose buckets with their regions, sorted by name; asked once.
    ///
    /// # Errors
    /// When the list, or a page of it, cannot be had.
    pub async fn buckets(&self) -> Result<Vec<Bucket>, AwsError> {
        self.buckets.get_or_init(|| self.list_buckets()).await.clone()
    }

    async fn list_regions(&self) -> Result<Vec<String>, AwsError> {
        let mut names = match account_has_a_host(self.caller.partition()) {
            true => match self.regions_of_account().await {
                // A network may hide this one host and not that of EC2.
                Err(error) if error.kind == Kind::Unresolved => {
                    self.regions_of_ec2().await.map_err(|_| error)?
                }
                names => names?,
            },
            false => self.regions_of_ec2().await?,
        };
        names.sort();
        Ok(names)
    }

    async fn regions_of_account(&self) -> Result<Vec<String>, AwsError> {
        let input = RegionsAsked {
            region_opt_status_contains: vec!["ENABLED".to_owned(), "ENABLED_BY_DEFAULT".to_owned()],
            max_results: 50,
        };
        let pages = LIST_REGIONS.pages(&self.clients, self.global_region(), &input).await?;
        let regions = pages.into_iter().flat_map(|page| page.regions);
        Ok(regions.map(|region| region.region_name).collect())
    }

    async fn regions_of_ec2(&self) -> Result<Vec<String>, AwsError> {
        let answer = DESCRIBE_REGIONS.ask(&self.clients, &self.home_region, &Nothing {}).await?;
        let regions = answer.region_info.into_iter();
        Ok(regions.map(|region| region.region_name).collect())
    }

    async fn list_buckets(&self) -> Result<Vec<Bucket>, AwsError> {
        let region = &self.home_region;
        let mut buckets = Vec::new();
        let mut next = None;
        loop {
            let request = self
                .clients
                .s3(region)
                .list_buckets()
                .max_buckets(1000)
                .set_continuation_token(next)
                .send();
            let page = LIST_BUCKETS.answer(&self.clients, region, request).await?;
            for bucket in page.buckets() {
                let Some(name) = bucket.name() else { continue };
                buckets.push((name.to_owned(), bucket.bucket_region().map(str::to_owned)));
            }
            next = page.continuation_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let located = buckets.into_iter().map(async |(name, region)| {
            let region = match region {
                Some(region) => region,
                None => self.region_of(&name).await?,
            };
            Ok(Bucket { name, region })
        });
        let mut buckets = try_join_all(located).await?;
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(buckets)
    }

    /// The region of a bucket, which any answer to HeadBucket names, a refusal or a redirection too.
    async fn region_of(&self, bucket: &str) -> Result<String, AwsError> {
        let region = &self.home_region;
        let request = self.clients.s3(region).head_bucket().bucket(bucket).send();
        let named = match HEAD_FOR_REGION.asked(&self.clients, region, request).await? {
            Ok(answer) => answer.bucket_region().map(str::to_owned),
            Err(error) => {
                let header =
                    error.raw_response().and_then(|raw| raw.headers().get("x-amz-bucket-region"));
                match header {
                    Some(named) => Some(named.to_owned()),
                    None => return Err(AwsError::new(&HEAD_FOR_REGION, region, error)),
                }
            }
        };
        named.ok_or_else(|| {
            let text = format!("the answer gives no region for bucket {bucket}");
            AwsError::unexpected(&HEAD_FOR_REGION, region, &text)
        })
    }

    /// What a read of a thing answers, asked once however many controls ask.
    ///
    /// # Errors
    /// Whatever the read answers; that, too, is remembered.
    pub async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        operation: &'static Operation,
        thing: &str,
        read: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        let key = (operation.service, operation.name, thing.to_owned());
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(OnceCell::<Result<T, AwsError>>::new()) as Arc<_>;
            answers.entry(key).or_insert_with(new).clone()
        };
        match cell.downcast::<OnceCell<Result<T, AwsError>>>() {
            Ok(cell) => cell.get_or_init(|| read).await.clone(),
            // The same operation, read into another type: nothing to share.
            Err(_) => read.await,
        }
    }

    /// The policy of a bucket of this account, read once however many controls ask; `None` for a
    /// bucket without one.
    ///
    /// # Errors
    /// Any failure other than `NoSuchBucketPolicy`, a missing bucket included.
    pub async fn bucket_policy(
        &self,
        bucket: &str,
        region: &str,
    ) -> Result<Option<String>, AwsError> {
        let read = Box::pin(self.read_bucket_policy(bucket, region));
        self.once(&GET_BUCKET_POLICY, bucket, read).await
    }

    async fn read_bucket_policy(
        &self,
        bucket: &str,
        region: &str,
    ) -> Result<Option<String>, AwsError> {
        let request = self
            .clients
            .s3(region)
            .get_bucket_policy()
            .bucket(bucket)
            .expected_bucket_owner(&self.caller.account)
            .send();
        match GET_BUCKET_POLICY.answer(&self.clients, region, request).await {
            Ok(answer) => Ok(answer.policy().map(str::to_owned)),
            Err(error) if error.is("NoSuchBucketPolicy") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

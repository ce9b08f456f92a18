//! The one table of AWS services: how each is named, spoken to, found and paced.
//!
//! Sources: the `metadata` and the endpoint rule sets of botocore's models (a test compares every
//! host with them), and the services' quota pages.

use super::hosts::IRREGULAR;
use super::regions::{Partition, partition_of};

/// The most requests under way at once to a service in a region: control planes take some tens of
/// requests a second.
pub const AT_ONCE: usize = 16;

/// A service that the program calls.
#[derive(Debug, PartialEq)]
pub struct Service {
    /// Its name in botocore and the AWS CLI, by which operations and plans name it.
    pub name: &'static str,
    /// Its name in signatures, which for most is also their IAM prefix.
    pub signs: &'static str,
    /// Its id in AWS's models, as in `AWS_ENDPOINT_URL_<ID>` and in the user agent.
    pub id: &'static str,
    /// What the name of its host begins with.
    prefix: &'static str,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Whether some regions lack it, so that a host name that does not exist means "not offered".
    /// Of any other service, such a name says something about the way there and nothing about AWS.
    pub is_sparse: bool,
    /// The most requests under way at once in one region; S3 takes thousands a second.
    pub at_once: usize,
    rate: Rates,
}

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// By a crate of the AWS SDK, which knows.
    Sdk,
    /// awsJson: the version, and what `x-amz-target` begins with.
    Json(&'static str, &'static str),
    /// restJson1.
    RestJson,
    /// awsQuery, with the version of the API.
    Query(&'static str),
    /// ec2Query, with the version of the API.
    Ec2(&'static str),
}

/// A number of requests a second, after some that may go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run.
    pub a_second: u32,
    /// Requests that may go out at once after a pause.
    pub at_first: u32,
}

/// Rates by what an operation does; `None` where none is low enough to matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rates {
    reads: Option<Rate>,
    writes: Option<Rate>,
    lookups: Option<Rate>,
}

const fn rate(a_second: u32, at_first: u32) -> Option<Rate> {
    Some(Rate { a_second, at_first })
}

impl Service {
    const fn new(name: &'static str, id: &'static str, protocol: Protocol) -> Self {
        Self {
            name,
            signs: name,
            id,
            prefix: name,
            protocol,
            is_sparse: false,
            at_once: AT_ONCE,
            rate: Rates { reads: None, writes: None, lookups: None },
        }
    }

    const fn signs(mut self, name: &'static str) -> Self {
        self.signs = name;
        self.prefix = name;
        self
    }

    const fn prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    const fn sparse(mut self) -> Self {
        self.is_sparse = true;
        self
    }

    const fn at_once(mut self, requests: usize) -> Self {
        self.at_once = requests;
        self
    }

    const fn reads(mut self, rate: Option<Rate>) -> Self {
        self.rate.reads = rate;
        self
    }

    const fn writes(mut self, rate: Option<Rate>) -> Self {
        self.rate.writes = rate;
        self
    }

    const fn lookups(mut self, rate: Option<Rate>) -> Self {
        self.rate.lookups = rate;
        self
    }

    /// How fast an operation may be called, where the service takes only a few.
    pub fn rate(&self, operation: &str) -> Option<Rate> {
        match operation {
            _ if operation.starts_with("Lookup") => self.rate.lookups,
            _ if super::is_read(operation) => self.rate.reads,
            _ => self.rate.writes,
        }
    }

    /// The name of the host that answers in a region, and the region in the signature.
    pub fn place(&self, region: &str, fips: bool, dual_stack: bool) -> (String, String) {
        let Partition { name, suffix, dual_suffix, .. } = partition_of(region);
        let wanted = (self.id, *name, fips, dual_stack);
        let irregular = IRREGULAR
            .iter()
            .find(|(id, partition, fips, dual, ..)| (*id, *partition, *fips, *dual) == wanted);
        if let Some((.., host, signs)) = irregular {
            let fill = |text: &str| text.replace("{region}", region);
            return (fill(host), fill(signs));
        }
        let fips = if fips { "-fips" } else { "" };
        let suffix = if dual_stack { dual_suffix } else { suffix };
        let host = format!("{}{fips}.{region}.{suffix}", self.prefix);
        (host, region.to_owned())
    }
}

use Protocol::{Ec2, Json, Query, RestJson, Sdk};

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident = $service:expr;)*) => {
        $($(#[$doc])* pub static $name: Service = $service;)*

        /// All of them.
        pub static ALL: &[&Service] = &[$(&$name),*];
    };
}

services! {
    /// IAM Access Analyzer.
    ACCESS_ANALYZER = Service::new("accessanalyzer", "AccessAnalyzer", RestJson).signs("access-analyzer").sparse();
    /// Account Management.
    ACCOUNT = Service::new("account", "Account", RestJson);
    /// Athena.
    ATHENA = Service::new("athena", "Athena", Json("1.1", "AmazonAthena")).sparse();
    /// Budgets. It publishes no rate; it is known to take a few requests a second.
    BUDGETS = Service::new("budgets", "Budgets", Sdk).reads(rate(5, 10)).writes(rate(5, 10));
    /// CloudTrail. "Quotas in AWS CloudTrail": 10 a second for Get, Describe and List, 2 for
    /// LookupEvents, 1 for all others, none adjustable. The few writes of a new trail may go at
    /// once: one that is too fast is only asked to come again.
    CLOUDTRAIL = Service::new("cloudtrail", "CloudTrail", Sdk)
        .reads(rate(10, 10)).writes(rate(1, 3)).lookups(rate(2, 2));
    /// CloudWatch.
    CLOUDWATCH = Service::new("cloudwatch", "CloudWatch", Json("1.0", "GraniteServiceVersion20100801"))
        .signs("monitoring");
    /// Config.
    CONFIG = Service::new("config", "Config Service", Json("1.1", "StarlingDoveService"))
        .sparse().writes(rate(5, 10));
    /// Detective.
    DETECTIVE = Service::new("detective", "Detective", RestJson).prefix("api.detective").sparse();
    /// EC2.
    EC2 = Service::new("ec2", "EC2", Ec2("2016-11-15"));
    /// EventBridge.
    EVENTS = Service::new("events", "EventBridge", Json("1.1", "AWSEvents"));
    /// Glue.
    GLUE = Service::new("glue", "Glue", Json("1.1", "AWSGlue")).sparse();
    /// GuardDuty.
    GUARDDUTY = Service::new("guardduty", "GuardDuty", Sdk).sparse();
    /// IAM.
    IAM = Service::new("iam", "IAM", Query("2010-05-08")).reads(rate(10, 10)).writes(rate(10, 10));
    /// Inspector.
    INSPECTOR = Service::new("inspector2", "Inspector2", RestJson).sparse();
    /// KMS.
    KMS = Service::new("kms", "KMS", Json("1.1", "TrentService"));
    /// CloudWatch Logs. PutMetricFilter and most other writes take 5 a second. Source: CloudWatch Logs
    /// User Guide, "CloudWatch Logs quotas".
    LOGS = Service::new("logs", "CloudWatch Logs", Json("1.1", "Logs_20140328"))
        .reads(rate(10, 10)).writes(rate(5, 10));
    /// Macie.
    MACIE = Service::new("macie2", "Macie2", RestJson).sparse();
    /// Organizations.
    ORGANIZATIONS = Service::new("organizations", "Organizations", Json("1.1", "AWSOrganizationsV20161128"))
        .reads(rate(10, 10)).writes(rate(10, 10));
    /// S3.
    S3 = Service::new("s3", "S3", Sdk).at_once(64);
    /// S3 Control.
    S3_CONTROL = Service::new("s3control", "S3 Control", Sdk).signs("s3").prefix("s3-control");
    /// Security Hub.
    SECURITY_HUB = Service::new("securityhub", "SecurityHub", RestJson).sparse();
    /// SNS.
    SNS = Service::new("sns", "SNS", Query("2010-03-31"));
    /// SQS.
    SQS = Service::new("sqs", "SQS", Json("1.0", "AmazonSQS"));
    /// Systems Manager.
    SSM = Service::new("ssm", "SSM", Json("1.1", "AmazonSSM"));
    /// STS.
    STS = Service::new("sts", "STS", Sdk);
    /// X-Ray.
    XRAY = Service::new("xray", "XRay", RestJson).sparse();
}

/// The name of the host by which a service is reached in a region.
pub fn host(name: &str, region: &str) -> String {
    match of(name) {
        Some(service) => service.place(region, false, false).0,
        None => format!("{name}.{region}.{}", partition_of(region).suffix),
    }
}

/// The service of a name.
pub fn of(name: &str) -> Option<&'static Service> {
    ALL.iter().copied().find(|service| service.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_written_once_a_second_and_read_faster() {
        let a_second = |operation| CLOUDTRAIL.rate(operation).map(|rate| rate.a_second);
        assert_eq!(a_second("UpdateTrail"), Some(1));
        assert_eq!(a_second("GetTrail"), Some(10));
        assert_eq!(a_second("LookupEvents"), Some(2));
        assert_eq!(S3.rate("PutBucketPolicy"), None);
    }

    #[test]
    fn services_are_reached_by_their_own_names() {
        for (service, region, name) in [
            (&IAM, "eu-west-1", "iam.amazonaws.com"),
            (&IAM, "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn"),
            (&IAM, "us-gov-east-1", "iam.us-gov.amazonaws.com"),
            (&IAM, "us-isof-east-1", "iam.us-isof-south-1.csp.hci.ic.gov"),
            (&BUDGETS, "us-east-1", "budgets.amazonaws.com"),
            (&ORGANIZATIONS, "eu-west-1", "organizations.us-east-1.amazonaws.com"),
            (&S3_CONTROL, "eu-west-1", "s3-control.eu-west-1.amazonaws.com"),
            (&ACCESS_ANALYZER, "eusc-de-east-1", "access-analyzer.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(service.place(region, false, false).0, name);
        }
    }
}

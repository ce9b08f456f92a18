//! For whom a service acts that a statement allows.
//!
//! A service asks with a principal that is the same for all customers: whose distribution, trail or
//! load balancer it acts for, only the condition keys `aws:SourceArn`, `aws:SourceAccount`,
//! `aws:SourceOrgID` and `aws:SourceOrgPaths` tell, or the path that it writes to. Source: IAM User
//! Guide, "The confused deputy problem".

use super::condition::Operand;
use super::meaning::{Meaning, Scope, is_account_id};
use super::narrowing::{Held, held_by, insists, whose};
use super::weaknesses::Bucket;
use std::collections::BTreeSet;

/// Services that write below `AWSLogs/`, then the id of the account that they write for, and that ask
/// for the list or the ACL of a bucket only to see whether it is fit. Sources: AWS CloudTrail User
/// Guide, "Amazon S3 bucket policy for CloudTrail"; AWS Config Developer Guide, "Permissions for the
/// Amazon S3 bucket"; Elastic Load Balancing User Guide, "Access logs"; Amazon CloudWatch Logs User
/// Guide, "Enabling logging from AWS services".
const WRITE_BY_ACCOUNT: [&str; 5] = [
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
];

/// The service that delivers S3 access logs, between buckets of one account only. Source: S3 User
/// Guide, "Logging requests with server access logging".
const WITHIN_AN_ACCOUNT: &str = "logging.s3.amazonaws.com";

/// What shows nothing of the objects of a bucket.
const HARMLESS: [&str; 2] = ["s3:getbucketacl", "s3:getbucketlocation"];

/// For whom a service may act by an Allow, or that it is for whomever.
pub(super) fn acts_for(service: &str, meaning: &Meaning, bucket: Bucket<'_>) -> Held {
    // The same service in China.
    let name = service.trim_end_matches(".cn");
    if is_harmless(name, meaning) {
        return Held::Nobody;
    }
    let held = match sources(name, meaning, bucket.account) {
        Held::Anyone if WRITE_BY_ACCOUNT.contains(&name) => by_path(meaning),
        Held::Anyone if name == WITHIN_AN_ACCOUNT => Held::Nobody,
        held => held,
    };
    held.without(|own| own == bucket.account || own == bucket.arn)
}

/// Whether the actions show nothing and write nothing.
fn is_harmless(service: &str, meaning: &Meaning) -> bool {
    let looks = |own: &String| {
        let checks = own == "s3:listbucket" || own == "s3:getbucketpolicy";
        HARMLESS.contains(&own.as_str()) || (checks && WRITE_BY_ACCOUNT.contains(&service))
    };
    matches!(&meaning.actions, Scope::Only(actions) if actions.iter().all(looks))
}

/// Whom the conditions hold the service to.
fn sources(service: &str, meaning: &Meaning, account: &str) -> Held {
    // Before it knew the keys of sources, SES sent the account as the referer. Source: Amazon SES
    // Developer Guide, "Giving permissions to Amazon SES for email receiving".
    let is_mail = service == "ses.amazonaws.com";
    held_by(meaning, account, |operator, key, values| {
        if NEVER_THERE.contains(&key.name()) && insists(operator) {
            return Some(Held::Nobody);
        }
        let is_source = SOURCES.contains(&key.name());
        let is_referer = is_mail && key.name() == "aws:referer";
        let named = |own: &Operand| match is_referer {
            true => own.text().filter(|own| is_account_id(own)).map(str::to_owned),
            false => whose(operator, key, own, account),
        };
        if !(is_source || is_referer) || !insists(operator) || values.is_empty() {
            return None;
        }
        let named: Option<BTreeSet<String>> = values.iter().map(named).collect();
        named.map(Held::To)
    })
}

/// The keys that tell for whom a service acts.
const SOURCES: [&str; 5] = [
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
];

/// Keys that a request of a service by itself never has, so that whoever insists on them keeps it out.
const NEVER_THERE: [&str; 9] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
];

/// Whom the path holds the service to that it writes to.
pub(super) fn by_path(meaning: &Meaning) -> Held {
    let Some(Scope::Only(resources)) = &meaning.resources else {
        return Held::Anyone;
    };
    let owner = |arn: &String| {
        let (_, rest) = arn.split_once("AWSLogs/")?;
        let (owner, _) = rest.split_once('/')?;
        let is_organization = owner.starts_with("o-") && !owner.contains(['*', '?', '$']);
        (is_account_id(owner) || is_organization).then(|| owner.to_owned())
    };
    // The bucket itself, beside its objects, is only looked at.
    let objects = resources.iter().filter(|arn| arn.contains(['/', '*']));
    let owners: Option<BTreeSet<String>> = objects.map(owner).collect();
    owners.map_or(Held::Anyone, Held::To)
}

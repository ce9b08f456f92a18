//! What is told of the guardrails for buckets, and which operations each of them needs.

use super::settings::{Entry, Wanted};
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::aws::{Operation, Write, is_read, keys};
use crate::control::{About, Context, Cost, Places, Reference};
use crate::s3;
use crate::settings::Takes;

pub(super) const ABOUT: About = About {
    name: "buckets",
    title: "guardrails for the buckets matched",
    why: "Buckets leak by settings that nobody looked at again. Each guardrail is off until an entry \
          asks for it, holds for old buckets and new ones, and leaves what is stricter, and what \
          others put there, as it is. Of several entries that match a bucket, the last one that \
          says something about a guardrail counts.",
    places: Places::matching::<s3::OwnBuckets>(),
    settings: Entry::KEYS,
    satisfies: &[
        Reference::cis3("2.1.1", "plain HTTP denied"),
        Reference::cis3("2.1.2", "MFA delete"),
        Reference::cis3("2.1.4", "public access blocked"),
        Reference::cis7("3.1.1", "plain HTTP denied"),
        Reference::cis7("3.1.2", "MFA delete"),
        Reference::cis7("3.1.4", "public access blocked"),
        Reference::fsbp("S3.5", "TLS-only requests"),
        Reference::fsbp("S3.8", "public access blocked"),
        Reference::fsbp("S3.9", "access logs"),
        Reference::fsbp("S3.12", "no ACLs"),
        Reference::fsbp("S3.13", "lifecycle rules"),
        Reference::fsbp("S3.19", "access points block public access"),
        Reference::nist_csf("Protect", "data is protected"),
        Reference::well_architected("SEC 8", "protect stored data"),
        Reference::well_architected("SEC 9", "encrypt in transit"),
    ],
    cost: Cost::Partly(
        "free, except storage of old versions, logs and locked objects (about 0.023 USD per GB and \
         month) and KMS requests (0.03 USD per 10,000; a key 1 USD a month)",
    ),
    operations: &[
        GET_BUCKET_POLICY,
        s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
        s3::GET_PUBLIC_ACCESS_BLOCK,
        s3::GET_POLICY_STATUS,
        s3::GET_ACL,
        s3::GET_WEBSITE,
        s3::LIST_ACCESS_POINTS,
        s3::GET_ACCESS_POINT,
        s3::LIST_MULTI_REGION_ACCESS_POINTS,
        s3::GET_ACCESS_POINT_POLICY,
        s3::GET_REPLICATION,
        s3::GET_OWNERSHIP,
        s3::GET_ENCRYPTION,
        keys::DESCRIBE_KEY.operation,
        s3::GET_VERSIONING,
        s3::GET_LIFECYCLE,
        s3::GET_LOGGING,
        s3::GET_REQUEST_PAYMENT,
        s3::GET_OBJECT_LOCK,
        s3::GET_TAGGING,
        s3::PutBucketPolicy::OPERATION,
        s3::DeleteBucketPolicy::OPERATION,
        s3::PutPublicAccessBlock::OPERATION,
        s3::PutBucketEncryption::OPERATION,
        s3::PutBucketLifecycle::OPERATION,
        s3::PutBucketVersioning::OPERATION,
        s3::PutObjectLock::OPERATION,
        s3::TagResource::OPERATION,
        s3::PutBucketLogging::OPERATION,
        s3::PutBucketOwnershipControls::OPERATION,
    ],
};

/// The operations that these entries use.
pub(super) fn used(entries: &[Entry]) -> Vec<&'static Operation> {
    let each = entries.iter().map(|entry| Wanted::by([(0, entry)].into_iter()));
    let mut used: Vec<&'static Operation> = each.flat_map(|own| used_by(&own)).collect();
    // Whose a bucket is that would be changed.
    if used.iter().any(|own| !is_read(own.name)) {
        used.push(&s3::GET_TAGGING);
    }
    used
}

fn used_by(wanted: &Wanted<'_>) -> Vec<&'static Operation> {
    const EXPOSURE: &[&Operation] =
        &[&s3::GET_PUBLIC_ACCESS_BLOCK, &s3::GET_POLICY_STATUS, &s3::GET_ACL, &s3::GET_WEBSITE];
    let logs = wanted.access_log.is_some();
    let private = wanted.private.is_some();
    let prunes = wanted.prune_deleted_principals.is_some();
    let table: [(bool, &[&'static Operation]); 16] = [
        (
            wanted.reads_policy() || private || wanted.ends_deliveries() || logs,
            &[&GET_BUCKET_POLICY],
        ),
        (
            wanted.writes_policy() || logs,
            &[
                &s3::GET_POLICY_STATUS,
                &s3::GET_PUBLIC_ACCESS_BLOCK,
                &s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
                put::<s3::PutBucketPolicy>(),
            ],
        ),
        (prunes || wanted.takes_statements_back(), &[put::<s3::DeleteBucketPolicy>()]),
        (
            wanted.shared_with.is_some(),
            &[&s3::GET_REPLICATION, &s3::LIST_ACCESS_POINTS, &s3::GET_ACCESS_POINT_POLICY],
        ),
        (wanted.reads_public_access(), EXPOSURE),
        (wanted.public_access_block.is_some(), &[put::<s3::PutPublicAccessBlock>()]),
        (
            private,
            &[&s3::LIST_ACCESS_POINTS, &s3::GET_ACCESS_POINT, &s3::LIST_MULTI_REGION_ACCESS_POINTS],
        ),
        (wanted.reads_ownership(), &[&s3::GET_OWNERSHIP, &s3::GET_ACL]),
        (wanted.ownership.is_some(), &[put::<s3::PutBucketOwnershipControls>()]),
        (wanted.reads_encryption(), &[&s3::GET_ENCRYPTION]),
        (
            wanted.encryption.is_some(),
            &[&keys::DESCRIBE_KEY.operation, put::<s3::PutBucketEncryption>()],
        ),
        (wanted.reads_versioning(), &[&s3::GET_VERSIONING]),
        (wanted.versioning.is_some(), &[&s3::GET_LIFECYCLE, put::<s3::PutBucketVersioning>()]),
        (wanted.reads_rules(), &[&s3::GET_LIFECYCLE, put::<s3::PutBucketLifecycle>()]),
        (wanted.object_lock.is_some(), &[&s3::GET_OBJECT_LOCK, put::<s3::PutObjectLock>()]),
        (wanted.tags.is_some(), &[&s3::GET_TAGGING, put::<s3::TagResource>()]),
    ];
    let logging: &[&'static Operation] = &[
        &s3::GET_LOGGING,
        &s3::GET_LIFECYCLE,
        &s3::GET_ENCRYPTION,
        &s3::GET_OBJECT_LOCK,
        &s3::GET_REQUEST_PAYMENT,
        &s3::GET_OWNERSHIP,
        &s3::GET_ACL,
        put::<s3::PutBucketLogging>(),
    ];
    let all = table.into_iter().chain([(logs, logging)]);
    all.filter(|(is_used, _)| *is_used).flat_map(|(_, own)| own.iter().copied()).collect()
}

/// The buckets on which these entries use an operation, as patterns for ARNs: those that they match,
/// and those that they have logs delivered to. What only puts things back may be any entry's.
pub(super) fn buckets_of(entries: &[Entry], operation: &str, context: &Context) -> Vec<String> {
    let uses = |entry: &&Entry| {
        let used = used(std::slice::from_ref(*entry));
        used.iter().any(|own| own.name == operation)
    };
    let mut asking: Vec<&Entry> = entries.iter().filter(uses).collect();
    if asking.is_empty() {
        asking.extend(entries);
    }
    let names = asking.into_iter().flat_map(|entry| {
        let target = entry.log_target(&context.account, "*");
        let matched = entry.matches.iter().map(|pattern| pattern.as_str().to_owned());
        matched.chain(target)
    });
    let in_a_name = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
    names.map(|name| name.replace(|c: char| !in_a_name(c), "*")).collect()
}

fn put<W: Write>() -> &'static Operation {
    const { &W::OPERATION }
}

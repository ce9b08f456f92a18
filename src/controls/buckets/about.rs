//! What is told of the guardrails for buckets, and which operations each of them needs.

use super::guards::Guard;
use super::settings::Entry;
use super::values::{Encryption, Protection};
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
    let any = |asks: fn(&Entry) -> bool| entries.iter().any(asks);
    let mut used: Vec<&'static Operation> = Vec::new();
    let mut add = |is_asked: bool, operations: &[&'static Operation]| {
        used.extend(operations.iter().copied().filter(|_| is_asked));
    };
    let logs = any(|entry| entry.access_log.is_some());
    let lifecycle = any(|entry| {
        entry.noncurrent_days.is_some() || entry.abort_incomplete_uploads_days.is_some()
    });
    let has_key = |entry: &Entry| matches!(entry.encryption, Some(Encryption::Kms(_)));
    let told = any(|entry| entry.shared_with.is_some() || entry.sound_policy == Some(true));
    add(
        any(|entry| entry.shared_with.is_some()),
        &[&s3::GET_REPLICATION, &s3::LIST_ACCESS_POINTS, &s3::GET_ACCESS_POINT_POLICY],
    );
    let prunes = any(|entry| entry.prune_deleted_principals == Some(true));
    let statements = any(Entry::has_statements);
    let private = any(|entry| entry.private == Some(true));
    let ends_deliveries = any(has_key) || any(|entry| entry.object_lock.is_some());
    add(told || private || ends_deliveries, &[&GET_BUCKET_POLICY]);
    add(
        statements || prunes || logs,
        &[
            &GET_BUCKET_POLICY,
            &s3::GET_POLICY_STATUS,
            &s3::GET_PUBLIC_ACCESS_BLOCK,
            &s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
            put::<s3::PutBucketPolicy>(),
        ],
    );
    add(prunes || any(Entry::takes_statements_back), &[put::<s3::DeleteBucketPolicy>()]);
    let from = any(|entry| matches!(entry.only_from, Some(Guard::On(_))));
    add(from, &[&s3::GET_OWNERSHIP, &s3::GET_ACL]);
    let uploads = any(|entry| matches!(entry.encrypted_uploads, Some(Guard::On(_))));
    add(uploads, &[&s3::GET_ENCRYPTION]);
    let exposure: &[&'static Operation] =
        &[&s3::GET_PUBLIC_ACCESS_BLOCK, &s3::GET_POLICY_STATUS, &s3::GET_ACL, &s3::GET_WEBSITE];
    add(any(|entry| entry.public_access_block == Some(Protection(true))), exposure);
    add(
        any(|entry| entry.public_access_block == Some(Protection(true))),
        &[put::<s3::PutPublicAccessBlock>()],
    );
    add(any(|entry| entry.private == Some(true)), exposure);
    add(
        any(|entry| entry.private == Some(true)),
        &[&s3::LIST_ACCESS_POINTS, &s3::GET_ACCESS_POINT, &s3::LIST_MULTI_REGION_ACCESS_POINTS],
    );
    add(
        any(|entry| entry.ownership.is_some()),
        &[&s3::GET_OWNERSHIP, &s3::GET_ACL, put::<s3::PutBucketOwnershipControls>()],
    );
    add(
        any(|entry| entry.encryption.is_some()),
        &[&s3::GET_ENCRYPTION, &keys::DESCRIBE_KEY.operation, put::<s3::PutBucketEncryption>()],
    );
    let versions = any(|entry| {
        entry.versioning == Some(true)
            || entry.mfa_delete == Some(true)
            || entry.object_lock.is_some()
    });
    add(versions || lifecycle, &[&s3::GET_VERSIONING]);
    add(
        any(|entry| entry.versioning == Some(true)),
        &[&s3::GET_LIFECYCLE, put::<s3::PutBucketVersioning>()],
    );
    add(lifecycle, &[&s3::GET_LIFECYCLE, put::<s3::PutBucketLifecycle>()]);
    add(
        any(|entry| entry.object_lock.is_some()),
        &[&s3::GET_OBJECT_LOCK, put::<s3::PutObjectLock>()],
    );
    add(any(|entry| entry.tags.is_some()), &[&s3::GET_TAGGING, put::<s3::TagResource>()]);
    add(
        logs,
        &[
            &s3::GET_LOGGING,
            &s3::GET_LIFECYCLE,
            &s3::GET_ENCRYPTION,
            &s3::GET_OBJECT_LOCK,
            &s3::GET_REQUEST_PAYMENT,
            &s3::GET_OWNERSHIP,
            &s3::GET_ACL,
            put::<s3::PutBucketLogging>(),
        ],
    );
    // Whose a bucket is that would be changed.
    if used.iter().any(|own| !is_read(own.name)) {
        used.push(&s3::GET_TAGGING);
    }
    used
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

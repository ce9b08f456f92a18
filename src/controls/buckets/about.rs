//! What is told of the guardrails for buckets, and which operations each of them needs.

use super::guards::Guard;
use super::settings::Entry;
use super::values::Encryption;
use crate::aws::facts::GET_BUCKET_POLICY;
use crate::aws::{Operation, Write, is_read, keys};
use crate::control::owner::TAKE_OVER;
use crate::control::{About, Context, Cost, Need, Reference, Scope, Setting, Stricter};
use crate::s3;
use serde_json::Value;

const STOPS: &str = "readers who get in only because a bucket is public lose access";

pub(super) const ABOUT: About = About {
    name: "buckets",
    title: "guardrails for the buckets matched",
    why: "Buckets leak by settings that nobody looked at again. Each guardrail is off until an entry \
          asks for it, holds for old buckets and new ones, and leaves what is stricter, and what \
          others put there, as it is. Of several entries that match a bucket, the last one that \
          says something about a guardrail counts.",
    scope: Scope::Matches,
    needs: &[Need::Buckets],
    settings: &[
        Setting::new(
            "match",
            "required",
            "Names of buckets; * and ? stand for any characters.",
        ),
        Setting::new("except", "none", "Names that are left alone."),
        Setting::new(
            "ssl_only",
            "not managed",
            "Whether requests without TLS are denied. This and the next ones are statements merged into the policy: what others wrote stays as it is, a Deny of theirs that is as broad is enough, and false takes ours out again.",
        )
        .stricter(Stricter::Higher)
        .breaks("clients that use plain HTTP are refused"),
        Setting::new(
            "minimum_tls",
            "not managed",
            "\"1.2\", or { version = \"1.3\", force = true }, which cuts off interface endpoints: requests with an older TLS are denied.",
        )
        .breaks("clients that know only older versions of TLS are refused"),
        Setting::new(
            "only_from",
            "not managed",
            "{ networks, vpc_endpoints, vpcs, organization }: a request passes that comes from any one of these; all others are denied, except those of AWS services, of service-linked roles and of break_glass, and except on the policy itself. Not put in place while it may keep out whoever does so: see accept_lockout and --seen-from.",
        )
        .breaks("whoever comes from elsewhere is refused: other accounts, anonymous readers, the console, replication and roles that AWS services assume"),
        Setting::new(
            "break_glass",
            "none",
            "ARNs of roles and users whom only_from spares; * and ? may stand for parts of their names and paths; {account} is filled in.",
        ),
        Setting::new(
            "accept_lockout",
            "false",
            "Whether only_from is put in place even if it keeps out whoever does so.",
        ),
        Setting::new(
            "presigned_max_age",
            "not managed",
            "\"10m\": presigned requests with an older signature are denied, for however long they were signed, and those of Signature Version 2, whose age S3 does not know. At most 7 days.",
        )
        .breaks("presigned URLs stop working when they are that old, and those of Signature Version 2 at once"),
        Setting::new(
            "delete_requires_mfa",
            "not managed",
            "Whether objects, their versions and the bucket are deleted only by who signed in with MFA. Lifecycle rules go on.",
        )
        .stricter(Stricter::Higher)
        .breaks("access keys, and roles that were assumed without MFA, can no longer delete"),
        Setting::new(
            "encrypted_uploads",
            "not managed",
            "Whether uploads are denied that ask for another encryption, or another key, than the default, which their headers override; uploads that ask for nothing, and those of AWS services, pass.",
        )
        .stricter(Stricter::Higher)
        .breaks("uploads that ask for another encryption than the default are refused"),
        Setting::new(
            "prune_deleted_principals",
            "false",
            "Whether users and roles that were deleted are taken out of the statements of others: S3 stores no policy that names one.",
        )
        .shown_as("deleted_principals"),
        Setting::new(
            "shared_with",
            "not managed",
            "Accounts, organizations and whatever else a statement names, as networks and VPC endpoints, that the policy, and those of access points that it leaves it to, may let in, or that the bucket may be replicated to; whoever else gets in is a finding, with the statement. So is an AWS service that may act there for another account, or for any: name that account, or the service.",
        ),
        Setting::new(
            "sound_policy",
            "not managed",
            "Whether statements are findings that do not do what they seem to: an Allow for some addresses, VPCs or endpoints without a Deny for the others, a service that may act for any account or for another one, statements that undo each other, principals that were deleted, ${…} in a policy of the version that does not know it.",
        ),
        Setting::new(
            "public_access_block",
            "not managed",
            "Whether all four public access blocks of the bucket are on. Who loses access is listed.",
        )
        .stricter(Stricter::Higher)
        .breaks(STOPS),
        Setting::new(
            "private",
            "not managed",
            "Whether a public policy or ACL, or an access point whose own block is off, is a finding.",
        ),
        Setting::new(
            "ownership",
            "not managed",
            "\"enforced\": the bucket's owner owns every object and ACLs count for nothing. Not done while the bucket's ACL grants something to others.",
        )
        .breaks("access that ACLs of single objects give to others ends"),
        Setting::new(
            "encryption",
            "not managed",
            "\"s3\", which everything stricter satisfies, or { kms = \"alias/…\", bucket_key = true }: a key of the bucket's region, by alias, id or ARN; {account} and {region} are filled in. For new objects whose upload does not say.",
        )
        .breaks("who writes or reads new objects of a bucket with a KMS key must be allowed to use the key")
        .costs()
        .only_with(is_kms),
        Setting::new(
            "versioning",
            "not managed",
            "Whether overwritten and deleted objects stay as old versions.",
        )
        .costs(),
        Setting::new(
            "noncurrent_days",
            "not managed",
            "Days that old versions are kept at least, by a lifecycle rule that then deletes them. Where they are kept for ever, only { exactly = … } begins to delete them.",
        )
        .stricter(Stricter::Higher),
        Setting::new(
            "mfa_delete",
            "not managed",
            "Whether it is a finding that versions can be deleted without MFA. Only the root user can change that.",
        ),
        Setting::new(
            "abort_incomplete_uploads_days",
            "not managed",
            "Days after which the parts of uploads that were never finished are deleted, by a lifecycle rule.",
        ),
        Setting::new(
            "access_log",
            "not managed",
            "{ bucket, prefix }: where requests are logged to; {bucket}, {account} and {region} are filled in, the prefix is \"{bucket}/\" unless it is given. A bucket of the same region; its policy is made to let the logs in.",
        )
        .costs(),
        Setting::new(
            "object_lock",
            "not managed",
            "{ mode, days }: new objects cannot be deleted or overwritten for so long; mode is \"governance\" or \"compliance\". Cannot be switched off again: say accept_irreversible = true, and \"compliance\" for what nobody can shorten.",
        )
        .costs(),
        Setting::new(
            "tags",
            "not managed",
            "Tags that a bucket must have, beside those it has.",
        ),
        TAKE_OVER,
    ],
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

/// Whether a value of the default encryption is about KMS: an algorithm, or a key by its ARN.
fn is_kms(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.contains("aws:kms") || text.contains(":kms:"))
}

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
        &[
            &s3::GET_REPLICATION,
            &s3::LIST_ACCESS_POINTS,
            &s3::GET_ACCESS_POINT_POLICY,
        ],
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
    add(
        prunes || any(Entry::takes_statements_back),
        &[put::<s3::DeleteBucketPolicy>()],
    );
    let from = any(|entry| matches!(entry.only_from, Some(Guard::On(_))));
    add(from, &[&s3::GET_OWNERSHIP, &s3::GET_ACL]);
    let uploads = any(|entry| matches!(entry.encrypted_uploads, Some(Guard::On(_))));
    add(uploads, &[&s3::GET_ENCRYPTION]);
    let exposure: &[&'static Operation] = &[
        &s3::GET_PUBLIC_ACCESS_BLOCK,
        &s3::GET_POLICY_STATUS,
        &s3::GET_ACL,
        &s3::GET_WEBSITE,
    ];
    add(
        any(|entry| entry.public_access_block == Some(true)),
        exposure,
    );
    add(
        any(|entry| entry.public_access_block == Some(true)),
        &[put::<s3::PutPublicAccessBlock>()],
    );
    add(any(|entry| entry.private == Some(true)), exposure);
    add(
        any(|entry| entry.private == Some(true)),
        &[
            &s3::LIST_ACCESS_POINTS,
            &s3::GET_ACCESS_POINT,
            &s3::LIST_MULTI_REGION_ACCESS_POINTS,
        ],
    );
    add(
        any(|entry| entry.ownership.is_some()),
        &[
            &s3::GET_OWNERSHIP,
            &s3::GET_ACL,
            put::<s3::PutBucketOwnershipControls>(),
        ],
    );
    add(
        any(|entry| entry.encryption.is_some()),
        &[
            &s3::GET_ENCRYPTION,
            &keys::DESCRIBE_KEY.operation,
            put::<s3::PutBucketEncryption>(),
        ],
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
    add(
        lifecycle,
        &[&s3::GET_LIFECYCLE, put::<s3::PutBucketLifecycle>()],
    );
    add(
        any(|entry| entry.object_lock.is_some()),
        &[&s3::GET_OBJECT_LOCK, put::<s3::PutObjectLock>()],
    );
    add(
        any(|entry| entry.tags.is_some()),
        &[&s3::GET_TAGGING, put::<s3::TagResource>()],
    );
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
        let matched = entry
            .matches
            .iter()
            .map(|pattern| pattern.as_str().to_owned());
        matched.chain(target)
    });
    let in_a_name = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
    names
        .map(|name| name.replace(|c: char| !in_a_name(c), "*"))
        .collect()
}

fn put<W: Write>() -> &'static Operation {
    const { &W::OPERATION }
}

//! Moves against the bucket that holds the logs.

use super::{REPLICATION, an_access_point, deny_writes, freeze, hide, use_a_strangers_key};
use crate::drill::{Drill, Intruder, STRANGER, nothing};
use crate::wire::Wire;
use serde_json::json;

/// Denies everybody to write below a part of the log bucket.
fn deny_below(intruder: &mut Intruder, part: &str) {
    let bucket = intruder.log_bucket();
    let statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{bucket}/{part}"),
    });
    intruder.add_statement(&bucket, statement);
}

fn lifecycle(intruder: &mut Intruder, rules: &str) {
    let bucket = intruder.log_bucket();
    let body = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    intruder.s3("PUT", &format!("/{bucket}?lifecycle"), &body);
}

const RETENTION: &str = "<Rule><ID>baseline-retention</ID><Status>Enabled</Status>\
    <Filter><Prefix></Prefix></Filter><Expiration><Days>400</Days></Expiration>\
    <NoncurrentVersionExpiration><NoncurrentDays>400</NoncurrentDays></NoncurrentVersionExpiration>\
    </Rule>";

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "log_bucket",
        tables: "[log_bucket]\n[cloudtrail]\n[config]",
        before: nothing,
        moves: &[
            ("another account may do anything", |intruder| {
                let bucket = intruder.log_bucket();
                let arns = [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")];
                let statement = json!({
                    "Sid": "Audit", "Effect": "Allow",
                    "Principal": {"AWS": format!("arn:aws:iam::{STRANGER}:root")},
                    "Action": "s3:*", "Resource": arns,
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("the AWS Config of any account may write", |intruder| {
                let bucket = intruder.log_bucket();
                let statement = json!({
                    "Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"},
                    "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("a Deny stops the deliveries", |intruder| {
                let bucket = intruder.log_bucket();
                deny_writes(intruder, &bucket, json!({"Service": "cloudtrail.amazonaws.com"}));
            }),
            ("a Deny stops the deliveries of a region", |intruder| {
                deny_below(intruder, "AWSLogs/*/CloudTrail/eu-west-1/*");
            }),
            ("a Deny stops the digests", |intruder| {
                deny_below(intruder, "AWSLogs/*/CloudTrail-Digest/*");
            }),
            ("a Deny stops the history of resources", |intruder| {
                deny_below(intruder, "AWSLogs/*/Config/*/ConfigHistory/*");
            }),
            ("the policy is deleted", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.s3("DELETE", &format!("/{bucket}?policy"), "");
            }),
            ("the deliveries are no longer let in", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.change_policy(&bucket, |statements| {
                    statements.retain(|own| own["Effect"] == "Deny");
                });
            }),
            ("plain HTTP is let in", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.change_policy(&bucket, |statements| {
                    statements.retain(|own| own["Effect"] != "Deny");
                });
            }),
            ("public access is no longer blocked", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.s3("DELETE", &format!("/{bucket}?publicAccessBlock"), "");
            }),
            ("versioning is suspended", |intruder| {
                let bucket = intruder.log_bucket();
                let body =
                    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?versioning"), body);
            }),
            ("logs expire after a day", |intruder| {
                let rule = "<Rule><ID>tidy</ID><Status>Enabled</Status>\
                            <Filter><Prefix>AWSLogs/</Prefix></Filter>\
                            <Expiration><Days>1</Days></Expiration></Rule>";
                lifecycle(intruder, &format!("{RETENTION}{rule}"));
            }),
            ("old versions of logs expire after a day", |intruder| {
                let rule = "<Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>\
                            <NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
                            </NoncurrentVersionExpiration></Rule>";
                lifecycle(intruder, &format!("{RETENTION}{rule}"));
            }),
            ("the key of another account encrypts new logs", |intruder| {
                let bucket = intruder.log_bucket();
                use_a_strangers_key(intruder, &bucket);
            }),
            ("logs are replicated to another account", |intruder| {
                let (from, to) = (intruder.log_bucket(), intruder.bucket_of_a_stranger());
                let body = intruder.fill(REPLICATION).replace("{bucket}", &to);
                intruder.s3("PUT", &format!("/{from}?replication"), &body);
            }),
            ("the bucket is deleted", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.empty(&bucket);
                intruder.s3("DELETE", &format!("/{bucket}"), "");
            }),
            ("another account takes its name", |intruder| {
                let bucket = intruder.log_bucket();
                intruder.empty(&bucket);
                intruder.s3("DELETE", &format!("/{bucket}"), "");
                Wire::of(STRANGER).s3("PUT", &format!("/{bucket}"), "");
            }),
            ("nobody may read the logs", |intruder| {
                let bucket = intruder.log_bucket();
                hide(intruder, &bucket);
            }),
            ("logs move to cold storage at once", |intruder| {
                let bucket = intruder.log_bucket();
                freeze(intruder, &bucket, RETENTION);
            }),
            ("an access point lets a stranger in", |intruder| {
                let bucket = intruder.log_bucket();
                an_access_point(intruder, &bucket);
            }),
            ("a distribution of nobody knows whom may read", |intruder| {
                let bucket = intruder.log_bucket();
                let statement = json!({
                    "Effect": "Allow", "Action": "s3:GetObject",
                    "Principal": {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access \
                                          Identity E2QWRUHAPOMQZL"},
                    "Resource": format!("arn:aws:s3:::{bucket}/*"),
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("a Deny that has begun stops the deliveries", |intruder| {
                let bucket = intruder.log_bucket();
                let statement = json!({
                    "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
                    "Resource": format!("arn:aws:s3:::{bucket}/*"),
                    "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("ACLs count again", |intruder| {
                let bucket = intruder.log_bucket();
                let body = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
                intruder.s3("PUT", &format!("/{bucket}?ownershipControls"), body);
            }),
        ],
    },
    Drill {
        control: "log_bucket",
        tables: "[log_bucket]\naccess_log = { bucket = \"requests-{account}\" }\n\
             object_lock = { mode = \"governance\", days = 30, accept_irreversible = true }",
        before: |intruder| {
            let bucket = intruder.fill("requests-{account}");
            intruder.s3("PUT", &format!("/{bucket}"), "");
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
                "Condition": {"StringEquals": {"aws:SourceAccount": intruder.account}},
            }]});
            intruder.s3("PUT", &format!("/{bucket}?policy"), &policy.to_string());
        },
        moves: &[
            ("requests are not logged any more", |intruder| {
                let bucket = intruder.log_bucket();
                let body = "<BucketLoggingStatus></BucketLoggingStatus>";
                intruder.s3("PUT", &format!("/{bucket}?logging"), body);
            }),
            ("the logs of requests are not let in any more", |intruder| {
                let bucket = intruder.fill("requests-{account}");
                intruder.wire.s3("DELETE", &format!("/{bucket}?policy"), "");
            }),
            ("new logs are not locked any more", |intruder| {
                let bucket = intruder.log_bucket();
                let body = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>\
                        </ObjectLockConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?object-lock"), body);
            }),
        ],
    },
];

//! Moves against buckets, the account-wide block of public access, and Storage Lens.

use super::{Drill, Intruder, STRANGER, nothing};
use serde_json::json;

fn data(intruder: &Intruder) -> String {
    intruder.fill("data-{account}")
}

fn a_bucket(intruder: &mut Intruder) {
    let bucket = data(intruder);
    intruder.s3("PUT", &format!("/{bucket}"), "");
}

fn block(intruder: &mut Intruder, off: &str) {
    let flags =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let flags: String =
        flags.iter().map(|flag| format!("<{flag}>{}</{flag}>", *flag != off)).collect();
    let body = format!("<PublicAccessBlockConfiguration>{flags}</PublicAccessBlockConfiguration>");
    intruder.wire.s3control("configuration/publicAccessBlock", Some(&body));
}

/// Writes the default dashboard anew with something changed in it.
fn rewrite_dashboard(intruder: &mut Intruder, change: impl Fn(&str) -> String) {
    let path = "storagelens/default-account-dashboard";
    let text = intruder.wire.s3control(path, None);
    let start = text.find("<StorageLensConfiguration").expect("a dashboard");
    let changed = change(&text[start..]);
    assert_ne!(changed, text[start..], "the move changes nothing");
    let body = format!(
        "<PutStorageLensConfigurationRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">\
         {changed}</PutStorageLensConfigurationRequest>"
    );
    let answer = intruder.wire.s3control(path, Some(&body));
    assert!(!answer.contains("<Error>"), "{answer}");
}

/// Switches off a part of the default dashboard: the first or second of its name, for the account
/// and for each bucket.
fn switch_off(intruder: &mut Intruder, part: &str, nth: usize) {
    let on = match part {
        "" => "</AccountLevel><IsEnabled>true<".to_owned(),
        part => format!("<{part}><IsEnabled>true<"),
    };
    rewrite_dashboard(intruder, |text| {
        let places: Vec<usize> = text.match_indices(&on).map(|(at, _)| at).collect();
        let at = *places.get(nth).unwrap_or_else(|| panic!("{on} in {text}"));
        let off = on.replace("true", "false");
        format!("{}{off}{}", &text[..at], &text[at + on.len()..])
    });
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "public_access_block",
        tables: "[public_access_block]",
        before: nothing,
        moves: &[
            ("it is deleted", |intruder| {
                intruder.wire.s3control_delete("configuration/publicAccessBlock");
            }),
            ("public ACLs are let in", |intruder| block(intruder, "BlockPublicAcls")),
            ("public ACLs count", |intruder| block(intruder, "IgnorePublicAcls")),
            ("public policies are let in", |intruder| block(intruder, "BlockPublicPolicy")),
            ("public policies count", |intruder| block(intruder, "RestrictPublicBuckets")),
        ],
    },
    Drill {
        control: "buckets",
        tables: "[[buckets]]\nmatch = [\"data-*\"]\nssl_only = true\npublic_access_block = true\n\
                 ownership = \"enforced\"\nversioning = true\nabort_incomplete_uploads_days = 7\n\
                 shared_with = []\nencryption = \"s3\"",
        before: a_bucket,
        moves: &[
            ("the policy is deleted", |intruder| {
                let bucket = data(intruder);
                intruder.s3("DELETE", &format!("/{bucket}?policy"), "");
            }),
            ("the Deny of plain HTTP is for one object", |intruder| {
                let bucket = data(intruder);
                let one = format!("arn:aws:s3:::{bucket}/x");
                intruder
                    .change_policy(&bucket, |statements| statements[0]["Resource"] = json!(one));
            }),
            ("the Deny of plain HTTP never matches", |intruder| {
                let bucket = data(intruder);
                intruder.change_policy(&bucket, |statements| {
                    statements[0]["Condition"]["StringEquals"] = json!({"aws:PrincipalTag/x": "y"});
                });
            }),
            ("the Deny of plain HTTP allows", |intruder| {
                let bucket = data(intruder);
                intruder.change_policy(&bucket, |statements| {
                    statements[0]["Principal"] =
                        json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")});
                });
            }),
            ("another account may read", |intruder| {
                let bucket = data(intruder);
                let statement = json!({
                    "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "s3:GetObject",
                    "Resource": format!("arn:aws:s3:::{bucket}/*"),
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("any distribution of CloudFront may read", |intruder| {
                let bucket = data(intruder);
                let statement = json!({
                    "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
                });
                intruder.add_statement(&bucket, statement);
            }),
            ("public access is no longer blocked", |intruder| {
                let bucket = data(intruder);
                intruder.s3("DELETE", &format!("/{bucket}?publicAccessBlock"), "");
            }),
            ("ACLs count again", |intruder| {
                let bucket = data(intruder);
                let body = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
                intruder.s3("PUT", &format!("/{bucket}?ownershipControls"), body);
            }),
            ("versioning is suspended", |intruder| {
                let bucket = data(intruder);
                let body =
                    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?versioning"), body);
            }),
            ("uploads that broke off stay", |intruder| {
                let bucket = data(intruder);
                intruder.s3("DELETE", &format!("/{bucket}?lifecycle"), "");
            }),
            ("the key of another account encrypts new objects", |intruder| {
                let bucket = data(intruder);
                let body = format!(
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                     <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>\
                     arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555\
                     </KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>\
                     </ServerSideEncryptionConfiguration>"
                );
                intruder.s3("PUT", &format!("/{bucket}?encryption"), &body);
            }),
        ],
    },
    Drill {
        control: "buckets",
        tables: "[[buckets]]\nmatch = [\"data-*\"]\nversioning = true\nshared_with = []\n\
                 object_lock = { mode = \"governance\", days = 30, accept_irreversible = true }",
        before: a_bucket,
        moves: &[
            ("new objects are no longer locked", |intruder| {
                let bucket = data(intruder);
                let body = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>\
                            </ObjectLockConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?object-lock"), body);
            }),
            ("objects are replicated to another account", |intruder| {
                let (from, to) = (data(intruder), intruder.bucket_of_a_stranger());
                let on =
                    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
                crate::wire::Wire::of(STRANGER).s3("PUT", &format!("/{to}?versioning"), on);
                let body = intruder.fill(super::logging::REPLICATION).replace("{bucket}", &to);
                intruder.s3("PUT", &format!("/{from}?replication"), &body);
            }),
        ],
    },
    Drill {
        control: "storage_lens",
        tables: "[storage_lens]\nadvanced = true",
        before: nothing,
        moves: &[
            ("the dashboard is switched off", |intruder| switch_off(intruder, "", 0)),
            ("what it shows is exported to another account", |intruder| {
                let export = format!(
                    "<DataExport><S3BucketDestination><Format>CSV</Format><OutputSchemaVersion>V_1\
                     </OutputSchemaVersion><AccountId>{STRANGER}</AccountId>\
                     <Arn>arn:aws:s3:::elsewhere</Arn></S3BucketDestination></DataExport>"
                );
                rewrite_dashboard(intruder, |text| {
                    text.replacen("</AccountLevel>", &format!("</AccountLevel>{export}"), 1)
                });
            }),
            ("activity of the account is not shown", |intruder| {
                switch_off(intruder, "ActivityMetrics", 0);
            }),
            ("activity of each bucket is not shown", |intruder| {
                switch_off(intruder, "ActivityMetrics", 1);
            }),
            ("how data is protected is not shown", |intruder| {
                switch_off(intruder, "AdvancedDataProtectionMetrics", 0);
            }),
            ("refused requests are not shown", |intruder| {
                switch_off(intruder, "DetailedStatusCodesMetrics", 0);
            }),
            ("refused requests of each bucket are not shown", |intruder| {
                switch_off(intruder, "DetailedStatusCodesMetrics", 1);
            }),
        ],
    },
];

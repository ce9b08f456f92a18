//! Moves against the trail.

use super::{
    REPLICATION, an_archive, archive, delete_topic, deny_writes, let_in, set_topic_policy,
    topic_for, use_a_strangers_key,
};
use crate::drill::{Drill, Intruder, STRANGER, nothing};
use crate::wire::Wire;
use serde_json::{Value, json};

const TRAIL: &str = "CloudTrail_20131101.";

fn trail(intruder: &mut Intruder, operation: &str, mut input: Value) {
    let name = match operation {
        "PutEventSelectors" | "PutInsightSelectors" => "TrailName",
        _ => "Name",
    };
    input[name] = json!("baseline");
    intruder.json("cloudtrail", &format!("{TRAIL}{operation}"), input);
}

/// A trail of the intruder's own, which records all regions into a bucket of the account.
fn another_trail(intruder: &mut Intruder) {
    let bucket = intruder.another_bucket();
    let input = json!({"Name": "security-audit", "S3BucketName": bucket,
        "IsMultiRegionTrail": true, "EnableLogFileValidation": true});
    intruder.json("cloudtrail", &format!("{TRAIL}CreateTrail"), input);
    let input = json!({"Name": "security-audit"});
    intruder.json("cloudtrail", &format!("{TRAIL}StartLogging"), input);
}

/// A trail that somebody made long ago, to that bucket.
fn an_audit_trail(intruder: &mut Intruder) {
    let bucket = an_archive(intruder);
    let input = json!({"Name": "audit", "S3BucketName": bucket,
        "IsMultiRegionTrail": true, "EnableLogFileValidation": true});
    intruder.json("cloudtrail", &format!("{TRAIL}CreateTrail"), input);
    let input = json!({"Name": "audit"});
    intruder.json("cloudtrail", &format!("{TRAIL}StartLogging"), input);
}

/// A key that CloudTrail may use, with an alias.
fn a_key(intruder: &mut Intruder) {
    let answer = intruder.json("kms", "TrentService.CreateKey", json!({}));
    let key = answer["KeyMetadata"]["KeyId"].clone();
    let alias = json!({"AliasName": "alias/trail", "TargetKeyId": key});
    intruder.json("kms", "TrentService.CreateAlias", alias);
}

fn key_of_the_trail(intruder: &mut Intruder) -> Value {
    let input = json!({"KeyId": "alias/trail"});
    let answer = intruder.json("kms", "TrentService.DescribeKey", input);
    answer["KeyMetadata"]["KeyId"].clone()
}

fn selectors(intruder: &mut Intruder, selectors: Value) {
    trail(intruder, "PutEventSelectors", json!({"AdvancedEventSelectors": selectors}));
}

fn field(name: &str, operator: &str, values: Value) -> Value {
    json!({"Field": name, operator: values})
}

fn management(more: &[Value]) -> Value {
    let mut fields = vec![field("eventCategory", "Equals", json!(["Management"]))];
    fields.extend(more.iter().cloned());
    json!({"FieldSelectors": fields})
}

fn writes_of_objects() -> Value {
    json!({"FieldSelectors": [
        field("eventCategory", "Equals", json!(["Data"])),
        field("resources.type", "Equals", json!(["AWS::S3::Object"])),
        field("readOnly", "Equals", json!(["false"])),
    ]})
}

fn update(intruder: &mut Intruder, input: Value) {
    trail(intruder, "UpdateTrail", input);
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "cloudtrail",
        tables: "[log_bucket]\n[cloudtrail]\ndata_events = [{ s3 = \"all\", access = \"write\" }]",
        before: nothing,
        moves: &[
            ("logging is stopped", |intruder| {
                trail(intruder, "StopLogging", json!({}));
            }),
            ("the trail is deleted", |intruder| {
                trail(intruder, "DeleteTrail", json!({}));
            }),
            ("it is stopped while another trail records", |intruder| {
                another_trail(intruder);
                trail(intruder, "StopLogging", json!({}));
            }),
            ("it is deleted while another trail records", |intruder| {
                another_trail(intruder);
                trail(intruder, "DeleteTrail", json!({}));
            }),
            ("it delivers to a bucket of another account", |intruder| {
                let bucket = intruder.bucket_of_a_stranger();
                update(intruder, json!({"S3BucketName": bucket}));
            }),
            ("it delivers to another bucket of the account", |intruder| {
                let bucket = intruder.another_bucket();
                update(intruder, json!({"S3BucketName": bucket}));
            }),
            ("it delivers under another prefix", |intruder| {
                let bucket = intruder.another_bucket();
                update(intruder, json!({"S3BucketName": bucket, "S3KeyPrefix": "tmp"}));
            }),
            ("it is made to look like somebody's, and delivers elsewhere", |intruder| {
                let arn = intruder.fill("arn:aws:cloudtrail:us-east-1:{account}:trail/baseline");
                let tags = json!({"ResourceId": arn, "TagsList": [{"Key": "baseline"}]});
                intruder.json("cloudtrail", &format!("{TRAIL}RemoveTags"), tags);
                let bucket = intruder.another_bucket();
                update(intruder, json!({"S3BucketName": bucket}));
            }),
            ("it records only one region", |intruder| {
                update(intruder, json!({"IsMultiRegionTrail": false}));
            }),
            ("its files cannot be validated", |intruder| {
                update(intruder, json!({"EnableLogFileValidation": false}));
            }),
            ("it passes over the services of no region", |intruder| {
                let off = json!({"IncludeGlobalServiceEvents": false, "IsMultiRegionTrail": false});
                update(intruder, off);
            }),
            ("the key of another account encrypts its files", |intruder| {
                let key = format!(
                    "arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555"
                );
                update(intruder, json!({"KmsKeyId": key}));
            }),
            ("it logs no management events", |intruder| {
                selectors(intruder, json!([writes_of_objects()]));
            }),
            ("it logs only reads", |intruder| {
                let reads = management(&[field("readOnly", "Equals", json!(["true"]))]);
                selectors(intruder, json!([reads, writes_of_objects()]));
            }),
            ("it passes over what KMS is asked", |intruder| {
                let not = field("eventSource", "NotEquals", json!(["kms.amazonaws.com"]));
                selectors(intruder, json!([management(&[not]), writes_of_objects()]));
            }),
            ("it passes over IAM", |intruder| {
                let not = field("eventSource", "NotEquals", json!(["iam.amazonaws.com"]));
                selectors(intruder, json!([management(&[not]), writes_of_objects()]));
            }),
            ("it logs no data events", |intruder| {
                selectors(intruder, json!([management(&[])]));
            }),
            ("it logs what happens to one object", |intruder| {
                let one = json!({"FieldSelectors": [
                    field("eventCategory", "Equals", json!(["Data"])),
                    field("resources.type", "Equals", json!(["AWS::S3::Object"])),
                    field("readOnly", "Equals", json!(["false"])),
                    field("resources.ARN", "StartsWith", json!(["arn:aws:s3:::forgotten/"])),
                ]});
                selectors(intruder, json!([management(&[]), one]));
            }),
        ],
    },
    Drill {
        control: "cloudtrail",
        tables: "[log_bucket]\n[cloudtrail]\nkms_key = \"alias/trail\"",
        before: a_key,
        moves: &[
            ("its key is disabled", |intruder| {
                let key = key_of_the_trail(intruder);
                intruder.json("kms", "TrentService.DisableKey", json!({"KeyId": key}));
            }),
            ("its key will be deleted", |intruder| {
                let key = key_of_the_trail(intruder);
                let input = json!({"KeyId": key, "PendingWindowInDays": 7});
                intruder.json("kms", "TrentService.ScheduleKeyDeletion", input);
            }),
            ("its files are encrypted with no key", |intruder| {
                update(intruder, json!({"KmsKeyId": ""}));
            }),
        ],
    },
    Drill {
        control: "cloudtrail",
        tables: "[log_bucket]\n[cloudtrail]\nsns_topic = \"trail-news\"",
        before: |intruder| {
            topic_for(intruder, "trail-news", "cloudtrail.amazonaws.com");
        },
        moves: &[
            ("the topic that is notified is deleted", |intruder| {
                delete_topic(intruder, "trail-news");
            }),
            ("the topic that is notified lets nobody publish", |intruder| {
                set_topic_policy(intruder, "trail-news", &json!({"Statement": []}));
            }),
            ("nobody is notified of its files", |intruder| {
                update(intruder, json!({"SnsTopicName": ""}));
            }),
            ("another account is notified of its files", |intruder| {
                Wire::of(STRANGER).sns("CreateTopic", "&Name=trail-news");
                let topic = format!("arn:aws:sns:us-east-1:{STRANGER}:trail-news");
                update(intruder, json!({"SnsTopicName": topic}));
            }),
        ],
    },
    Drill {
        control: "cloudtrail",
        tables: "[cloudtrail]",
        before: an_audit_trail,
        moves: &[
            ("a stranger may read its bucket", |intruder| {
                let bucket = archive(intruder);
                let statement = let_in(&format!("arn:aws:s3:::{bucket}"));
                intruder.add_statement(&bucket, statement);
            }),
            ("its bucket is encrypted with a stranger's key", |intruder| {
                let bucket = archive(intruder);
                use_a_strangers_key(intruder, &bucket);
            }),
            ("its bucket is replicated to a stranger", |intruder| {
                let (from, to) = (archive(intruder), intruder.bucket_of_a_stranger());
                let on =
                    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
                Wire::of(STRANGER).s3("PUT", &format!("/{to}?versioning"), on);
                intruder.s3("PUT", &format!("/{from}?versioning"), on);
                let body = intruder.fill(REPLICATION).replace("{bucket}", &to);
                intruder.s3("PUT", &format!("/{from}?replication"), &body);
            }),
            ("its logs are deleted after a day", |intruder| {
                let bucket = archive(intruder);
                let body = "<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status>\
                            <Filter><Prefix>AWSLogs/</Prefix></Filter><Expiration><Days>1</Days>\
                            </Expiration></Rule></LifecycleConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?lifecycle"), body);
            }),
            ("public access to its bucket is not blocked", |intruder| {
                let bucket = archive(intruder);
                intruder.s3("DELETE", &format!("/{bucket}?publicAccessBlock"), "");
            }),
            ("a Deny stops what it delivers", |intruder| {
                let bucket = archive(intruder);
                deny_writes(intruder, &bucket, json!("*"));
            }),
        ],
    },
];

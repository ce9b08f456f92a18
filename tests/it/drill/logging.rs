//! Moves against the trail, the recorder and the bucket that they deliver to.

use super::{Drill, Intruder, STRANGER, nothing};
use crate::wire::Wire;
use serde_json::{Value, json};

const TRAIL: &str = "CloudTrail_20131101.";
const CONFIG: &str = "StarlingDoveService.";

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

/// A bucket of the account beside the log bucket, as AWS documents it for CloudTrail and Config.
fn an_archive(intruder: &mut Intruder) -> String {
    let (bucket, account) = (intruder.fill("audit-{account}"), &intruder.account);
    let arn = format!("arn:aws:s3:::{bucket}");
    let acl = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let check = |service: &str| {
        json!({"Effect": "Allow", "Principal": {"Service": service},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": arn})
    };
    let write = |service: &str, rest: &str| {
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject",
            "Resource": format!("{arn}/AWSLogs/{account}/{rest}"), "Condition": acl})
    };
    let (trail, config) = ("cloudtrail.amazonaws.com", "config.amazonaws.com");
    let statements =
        json!([check(trail), write(trail, "*"), check(config), write(config, "Config/*")]);
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    intruder.s3("PUT", &format!("/{bucket}"), "");
    intruder.s3("PUT", &format!("/{bucket}?policy"), &policy);
    bucket
}

fn an_archive_alone(intruder: &mut Intruder) {
    an_archive(intruder);
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

/// Lets a stranger read what is below an ARN.
fn let_in(arn: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "s3:GetObject",
        "Resource": format!("{arn}/*")})
}

/// An access point that lets a stranger in, and a policy of the bucket that leaves it to access points.
fn an_access_point(intruder: &mut Intruder, bucket: &str) {
    let arn = format!("arn:aws:s3:::{bucket}");
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": intruder.account}}});
    intruder.add_statement(bucket, open);
    let made = format!(
        "<CreateAccessPointRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">\
         <Bucket>{bucket}</Bucket></CreateAccessPointRequest>"
    );
    let answer = intruder.wire.s3control("accesspoint/way", Some(&made));
    assert!(!answer.contains("<Error>"), "{answer}");
    let point = intruder.fill("arn:aws:s3:us-east-1:{account}:accesspoint/way/object");
    let policy = json!({"Version": "2012-10-17", "Statement": [let_in(&point)]}).to_string();
    let policy = policy.replace('"', "&quot;");
    let put = format!(
        "<PutAccessPointPolicyRequest xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">\
         <Policy>{policy}</Policy></PutAccessPointPolicyRequest>"
    );
    let answer = intruder.wire.s3control("accesspoint/way/policy", Some(&put));
    assert!(!answer.contains("<Error>"), "{answer}");
}

/// Logs become objects that take hours to read.
fn freeze(intruder: &mut Intruder, bucket: &str, more: &str) {
    let body = format!(
        "<LifecycleConfiguration>{more}<Rule><ID>cheap</ID><Status>Enabled</Status>\
         <Filter><Prefix></Prefix></Filter><Transition><Days>0</Days>\
         <StorageClass>DEEP_ARCHIVE</StorageClass></Transition></Rule></LifecycleConfiguration>"
    );
    intruder.s3("PUT", &format!("/{bucket}?lifecycle"), &body);
}

/// Nobody in the account may read what is in a bucket.
fn hide(intruder: &mut Intruder, bucket: &str) {
    let statement = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")});
    intruder.add_statement(bucket, statement);
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

fn config(intruder: &mut Intruder, operation: &str, input: Value) {
    intruder.json("config", &format!("{CONFIG}{operation}"), input);
}

fn recorder(intruder: &mut Intruder, change: fn(&mut Value, &str)) {
    let target = format!("{CONFIG}DescribeConfigurationRecorders");
    let answer = intruder.json("config", &target, json!({}));
    let mut recorder = answer["ConfigurationRecorders"][0].clone();
    recorder.as_object_mut().expect("a recorder").remove("arn");
    recorder.as_object_mut().expect("a recorder").remove("recordingScope");
    change(&mut recorder, &intruder.account);
    config(intruder, "PutConfigurationRecorder", json!({"ConfigurationRecorder": recorder}));
}

const CONFIG_ROLE: &str = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole";

/// A trust policy for a service, as a query carries it.
fn trust_of(service: &str) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service},
    }]});
    let text = policy.to_string();
    text.replace('{', "%7B").replace('}', "%7D").replace('"', "%22")
}

/// A role of the customer's, with which AWS Config can work.
fn a_role_for_config(intruder: &mut Intruder) {
    let trust = trust_of("config.amazonaws.com");
    let role = format!("&RoleName=config&AssumeRolePolicyDocument={trust}");
    intruder.wire.iam("CreateRole", &role);
    let policy = format!("&RoleName=config&PolicyArn={CONFIG_ROLE}");
    intruder.wire.iam("AttachRolePolicy", &policy);
}

fn channel(intruder: &mut Intruder, bucket: &str, prefix: Option<&str>) {
    let target = format!("{CONFIG}DescribeDeliveryChannels");
    let answer = intruder.json("config", &target, json!({}));
    let mut channel = answer["DeliveryChannels"][0].clone();
    channel["s3BucketName"] = json!(bucket);
    if let Some(prefix) = prefix {
        channel["s3KeyPrefix"] = json!(prefix);
    }
    config(intruder, "PutDeliveryChannel", json!({"DeliveryChannel": channel}));
}

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

pub const REPLICATION: &str = "<ReplicationConfiguration>\
    <Role>arn:aws:iam::{account}:role/replication</Role><Rule><ID>x</ID><Status>Enabled</Status>\
    <Priority>1</Priority><Filter><Prefix></Prefix></Filter>\
    <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
    <Destination><Bucket>arn:aws:s3:::{bucket}</Bucket></Destination>\
    </Rule></ReplicationConfiguration>";

/// A topic that lets one service publish for this account.
fn topic_for(intruder: &mut Intruder, name: &str, service: &str) {
    intruder.wire.sns("CreateTopic", &format!("&Name={name}"));
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "SNS:Publish",
        "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": intruder.account}},
    }]});
    set_topic_policy(intruder, name, &policy);
}

fn set_topic_policy(intruder: &mut Intruder, name: &str, policy: &Value) {
    let topic = intruder.fill("&TopicArn=arn:aws:sns:us-east-1:{account}:");
    let policy = format!("{topic}{name}&AttributeName=Policy&AttributeValue={policy}");
    intruder.wire.sns("SetTopicAttributes", &policy);
}

fn delete_topic(intruder: &mut Intruder, name: &str) {
    let topic = intruder.fill("&TopicArn=arn:aws:sns:us-east-1:{account}:");
    intruder.wire.sns("DeleteTopic", &format!("{topic}{name}"));
}

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
                let statement = json!({
                    "Effect": "Deny", "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
                });
                intruder.add_statement(&bucket, statement);
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
                let body = format!(
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                     <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>\
                     arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555\
                     </KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>\
                     </ServerSideEncryptionConfiguration>"
                );
                intruder.s3("PUT", &format!("/{bucket}?encryption"), &body);
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
                trail(intruder, "UpdateTrail", json!({"S3BucketName": bucket}));
            }),
            ("it delivers to another bucket of the account", |intruder| {
                let bucket = intruder.another_bucket();
                trail(intruder, "UpdateTrail", json!({"S3BucketName": bucket}));
            }),
            ("it delivers under another prefix", |intruder| {
                let bucket = intruder.another_bucket();
                trail(
                    intruder,
                    "UpdateTrail",
                    json!({"S3BucketName": bucket, "S3KeyPrefix": "tmp"}),
                );
            }),
            ("it is made to look like somebody's, and delivers elsewhere", |intruder| {
                let arn = intruder.fill("arn:aws:cloudtrail:us-east-1:{account}:trail/baseline");
                let tags = json!({"ResourceId": arn, "TagsList": [{"Key": "baseline"}]});
                intruder.json("cloudtrail", &format!("{TRAIL}RemoveTags"), tags);
                let bucket = intruder.another_bucket();
                trail(intruder, "UpdateTrail", json!({"S3BucketName": bucket}));
            }),
            ("it records only one region", |intruder| {
                trail(intruder, "UpdateTrail", json!({"IsMultiRegionTrail": false}));
            }),
            ("its files cannot be validated", |intruder| {
                trail(intruder, "UpdateTrail", json!({"EnableLogFileValidation": false}));
            }),
            ("it passes over the services of no region", |intruder| {
                let off = json!({"IncludeGlobalServiceEvents": false, "IsMultiRegionTrail": false});
                trail(intruder, "UpdateTrail", off);
            }),
            ("the key of another account encrypts its files", |intruder| {
                let key = format!(
                    "arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555"
                );
                trail(intruder, "UpdateTrail", json!({"KmsKeyId": key}));
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
                trail(intruder, "UpdateTrail", json!({"KmsKeyId": ""}));
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
                trail(intruder, "UpdateTrail", json!({"SnsTopicName": ""}));
            }),
            ("another account is notified of its files", |intruder| {
                Wire::of(STRANGER).sns("CreateTopic", "&Name=trail-news");
                let topic = format!("arn:aws:sns:us-east-1:{STRANGER}:trail-news");
                trail(intruder, "UpdateTrail", json!({"SnsTopicName": topic}));
            }),
        ],
    },
    Drill {
        control: "cloudtrail",
        tables: "[cloudtrail]",
        before: an_audit_trail,
        moves: &[
            ("a stranger may read its bucket", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                let statement = let_in(&format!("arn:aws:s3:::{bucket}"));
                intruder.add_statement(&bucket, statement);
            }),
            ("its bucket is encrypted with a stranger's key", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                let body = format!(
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                     <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>\
                     arn:aws:kms:us-east-1:{STRANGER}:key/11111111-2222-3333-4444-555555555555\
                     </KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>\
                     </ServerSideEncryptionConfiguration>"
                );
                intruder.s3("PUT", &format!("/{bucket}?encryption"), &body);
            }),
            ("its bucket is replicated to a stranger", |intruder| {
                let (from, to) =
                    (intruder.fill("audit-{account}"), intruder.bucket_of_a_stranger());
                let on =
                    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
                Wire::of(STRANGER).s3("PUT", &format!("/{to}?versioning"), on);
                intruder.s3("PUT", &format!("/{from}?versioning"), on);
                let body = intruder.fill(REPLICATION).replace("{bucket}", &to);
                intruder.s3("PUT", &format!("/{from}?replication"), &body);
            }),
            ("its logs are deleted after a day", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                let body = "<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status>\
                            <Filter><Prefix>AWSLogs/</Prefix></Filter><Expiration><Days>1</Days>\
                            </Expiration></Rule></LifecycleConfiguration>";
                intruder.s3("PUT", &format!("/{bucket}?lifecycle"), body);
            }),
            ("public access to its bucket is not blocked", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                intruder.s3("DELETE", &format!("/{bucket}?publicAccessBlock"), "");
            }),
            ("a Deny stops what it delivers", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                let statement = json!({"Effect": "Deny", "Principal": "*",
                    "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*")});
                intruder.add_statement(&bucket, statement);
            }),
        ],
    },
    Drill {
        control: "config",
        tables: "[log_bucket]\n[config]\n\
                 sns_topic = \"arn:aws:sns:{region}:{account}:changes\"",
        before: |intruder| topic_for(intruder, "changes", "config.amazonaws.com"),
        moves: &[
            ("the topic of its changes is deleted", |intruder| {
                delete_topic(intruder, "changes");
            }),
            ("the topic of its changes denies it", |intruder| {
                let policy = json!({"Version": "2012-10-17", "Statement": [{
                    "Sid": "Quiet", "Effect": "Deny", "Principal": "*", "Action": "SNS:Publish",
                    "Resource": "*",
                }]});
                set_topic_policy(intruder, "changes", &policy);
            }),
        ],
    },
    Drill {
        control: "config",
        tables: "[log_bucket]\n[config]\nrole = \"arn:aws:iam::{account}:role/config\"",
        before: a_role_for_config,
        moves: &[
            ("its role loses its policy", |intruder| {
                let policy = format!("&RoleName=config&PolicyArn={CONFIG_ROLE}");
                intruder.wire.iam("DetachRolePolicy", &policy);
            }),
            ("its role is denied everything", |intruder| {
                let policy = "&RoleName=config&PolicyArn=arn:aws:iam::aws:policy/AWSDenyAll";
                intruder.wire.iam("AttachRolePolicy", policy);
            }),
            ("a boundary leaves its role nothing", |intruder| {
                let boundary =
                    "&RoleName=config&PermissionsBoundary=arn:aws:iam::aws:policy/AWSDenyAll";
                intruder.wire.iam("PutRolePermissionsBoundary", boundary);
            }),
            ("its role trusts another service", |intruder| {
                let trust = trust_of("ec2.amazonaws.com");
                let policy = format!("&RoleName=config&PolicyDocument={trust}");
                intruder.wire.iam("UpdateAssumeRolePolicy", &policy);
            }),
        ],
    },
    Drill {
        control: "config",
        tables: "[config]\nbucket = \"audit-{account}\"",
        before: an_archive_alone,
        moves: &[
            ("nobody may read what it delivers", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                hide(intruder, &bucket);
            }),
            ("an access point of its bucket lets a stranger in", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                an_access_point(intruder, &bucket);
            }),
            ("what it delivers moves to cold storage at once", |intruder| {
                let bucket = intruder.fill("audit-{account}");
                freeze(intruder, &bucket, "");
            }),
        ],
    },
    Drill {
        control: "config",
        tables: "[log_bucket]\n[config]",
        before: nothing,
        moves: &[
            ("the recorder is stopped", |intruder| {
                config(
                    intruder,
                    "StopConfigurationRecorder",
                    json!({"ConfigurationRecorderName": "default"}),
                );
            }),
            ("the recorder is deleted", |intruder| {
                config(
                    intruder,
                    "DeleteConfigurationRecorder",
                    json!({"ConfigurationRecorderName": "default"}),
                );
            }),
            ("the channel is deleted", |intruder| {
                config(
                    intruder,
                    "StopConfigurationRecorder",
                    json!({"ConfigurationRecorderName": "default"}),
                );
                config(
                    intruder,
                    "DeleteDeliveryChannel",
                    json!({"DeliveryChannelName": "default"}),
                );
            }),
            ("users and roles are not recorded", |intruder| {
                recorder(intruder, |recorder, _| {
                    let types = json!(["AWS::IAM::User", "AWS::IAM::Role"]);
                    recorder["recordingGroup"] = json!({
                        "allSupported": false,
                        "exclusionByResourceTypes": {"resourceTypes": types},
                        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                    });
                });
            }),
            ("one type is recorded", |intruder| {
                recorder(intruder, |recorder, _| {
                    recorder["recordingGroup"] = json!({
                        "allSupported": false, "resourceTypes": ["AWS::EC2::EIP"],
                        "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
                    });
                });
            }),
            ("types of IAM are not recorded", |intruder| {
                recorder(intruder, |recorder, _| {
                    recorder["recordingGroup"]["includeGlobalResourceTypes"] = json!(false);
                });
            }),
            ("it records daily", |intruder| {
                recorder(intruder, |recorder, _| {
                    recorder["recordingMode"] = json!({"recordingFrequency": "DAILY"});
                });
            }),
            ("it looks at users once a day", |intruder| {
                recorder(intruder, |recorder, _| {
                    recorder["recordingMode"] = json!({
                        "recordingFrequency": "CONTINUOUS",
                        "recordingModeOverrides": [{
                            "resourceTypes": ["AWS::IAM::User"], "recordingFrequency": "DAILY",
                        }],
                    });
                });
            }),
            ("its role may do nothing", |intruder| {
                recorder(intruder, |recorder, account| {
                    recorder["roleARN"] = json!(format!("arn:aws:iam::{account}:role/nothing"));
                });
            }),
            ("it delivers to a bucket of another account", |intruder| {
                let bucket = intruder.bucket_of_a_stranger();
                channel(intruder, &bucket, None);
            }),
            ("it delivers to another bucket of the account", |intruder| {
                let bucket = intruder.another_bucket();
                channel(intruder, &bucket, None);
            }),
            ("it delivers under another prefix", |intruder| {
                let bucket = intruder.another_bucket();
                channel(intruder, &bucket, Some("tmp"));
            }),
        ],
    },
];

//! Moves against the recorder of AWS Config.

use super::{
    an_access_point, an_archive, archive, delete_topic, freeze, hide, set_topic_policy, topic_for,
};
use crate::drill::{Drill, Intruder, nothing};
use serde_json::{Value, json};

const CONFIG: &str = "StarlingDoveService.";

fn an_archive_alone(intruder: &mut Intruder) {
    an_archive(intruder);
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

fn stop(intruder: &mut Intruder) {
    config(intruder, "StopConfigurationRecorder", json!({"ConfigurationRecorderName": "default"}));
}

pub const DRILLS: &[Drill] = &[
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
                let bucket = archive(intruder);
                hide(intruder, &bucket);
            }),
            ("an access point of its bucket lets a stranger in", |intruder| {
                let bucket = archive(intruder);
                an_access_point(intruder, &bucket);
            }),
            ("what it delivers moves to cold storage at once", |intruder| {
                let bucket = archive(intruder);
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
                stop(intruder);
            }),
            ("the recorder is deleted", |intruder| {
                config(
                    intruder,
                    "DeleteConfigurationRecorder",
                    json!({"ConfigurationRecorderName": "default"}),
                );
            }),
            ("the channel is deleted", |intruder| {
                stop(intruder);
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

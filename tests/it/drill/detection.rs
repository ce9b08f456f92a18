//! Moves against GuardDuty and its scans of buckets, IAM Access Analyzer and Inspector.

use super::{Drill, Intruder, STRANGER, nothing};
use serde_json::{Value, json};

fn detector(intruder: &mut Intruder) -> String {
    let answer = intruder.wire.rest("guardduty", "us-east-1", "GET", "/detector", "");
    let id = answer["detectorIds"][0].as_str();
    id.expect("a detector").to_owned()
}

fn update(intruder: &mut Intruder, input: Value) {
    let id = detector(intruder);
    intruder.rest("guardduty", "POST", &format!("/detector/{id}"), input);
}

fn filter(intruder: &mut Intruder, criterion: Value) {
    let id = detector(intruder);
    let input = json!({
        "name": "noise", "action": "ARCHIVE", "rank": 1,
        "findingCriteria": {"criterion": criterion},
    });
    intruder.rest("guardduty", "POST", &format!("/detector/{id}/filter"), input);
}

/// A detector with a trusted list and an export, both of buckets of the account.
fn a_list_and_an_export(intruder: &mut Intruder) {
    for bucket in ["/lists-{account}", "/findings-{account}"] {
        let bucket = intruder.fill(bucket);
        intruder.s3("PUT", &bucket, "");
    }
    intruder.rest("guardduty", "POST", "/detector", json!({"enable": true}));
    let id = detector(intruder);
    let set = json!({
        "name": "office", "format": "TXT", "activate": true,
        "location": intruder.fill("https://s3.amazonaws.com/lists-{account}/office.txt"),
    });
    intruder.rest("guardduty", "POST", &format!("/detector/{id}/ipset"), set);
    let export = json!({
        "destinationType": "S3",
        "destinationProperties": {
            "destinationArn": intruder.fill("arn:aws:s3:::findings-{account}"),
            "kmsKeyArn": intruder.fill("arn:aws:kms:us-east-1:{account}:key/k"),
        },
    });
    let path = format!("/detector/{id}/publishingDestination");
    intruder.rest("guardduty", "POST", &path, export);
}

/// The path of the plan that scans a bucket.
fn plan(intruder: &mut Intruder) -> String {
    let path = "/malware-protection-plan";
    let plans = intruder.wire.rest("guardduty", "us-east-1", "GET", path, "");
    let id = plans["malwareProtectionPlans"][0]["malwareProtectionPlanId"].as_str();
    format!("{path}/{}", id.expect("a plan"))
}

fn change_plan(intruder: &mut Intruder, input: Value) {
    let path = plan(intruder);
    intruder.rest("guardduty", "PATCH", &path, input);
}

/// A document with one statement, as a parameter of IAM's.
fn document(statement: &Value) -> String {
    let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    text.replace('{', "%7B").replace('}', "%7D").replace('"', "%22")
}

/// The role with which GuardDuty scans.
const SCANS: &str = "&RoleName=baseline-malware-us-east-1";

/// The path of the analyzer of external access.
fn analyzer(intruder: &mut Intruder) -> String {
    let answer = intruder.wire.rest("access-analyzer", "us-east-1", "GET", "/analyzer", "");
    let name = answer["analyzers"][0]["name"].as_str();
    format!("/analyzer/{}", name.expect("an analyzer"))
}

fn archive(intruder: &mut Intruder, filter: Value) {
    let input = json!({"ruleName": "noise", "filter": filter});
    let path = format!("{}/archive-rule", analyzer(intruder));
    intruder.rest("access-analyzer", "PUT", &path, input);
}

fn inspector(intruder: &mut Intruder, path: &str, input: Value) {
    intruder.rest("inspector2", "POST", path, input);
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "guardduty",
        tables: "[guardduty]\npublishing_frequency = \"FIFTEEN_MINUTES\"\n\
                 features = { S3_DATA_EVENTS = true }",
        before: nothing,
        moves: &[
            ("whatever the API is asked for is archived", |intruder| {
                filter(
                    intruder,
                    json!({"service.action.actionType": {"equals": ["AWS_API_CALL"]}}),
                );
            }),
            ("every type with a slash is archived", |intruder| {
                filter(intruder, json!({"type": {"matches": ["*/*"]}}));
            }),
            ("the detector is suspended", |intruder| {
                update(intruder, json!({"enable": false}));
            }),
            ("the detector is deleted", |intruder| {
                let id = detector(intruder);
                intruder.wire.rest(
                    "guardduty",
                    "us-east-1",
                    "DELETE",
                    &format!("/detector/{id}"),
                    "",
                );
            }),
            ("a protection plan is switched off", |intruder| {
                let off = json!([{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]);
                update(intruder, json!({"features": off}));
            }),
            ("findings are published every six hours", |intruder| {
                update(intruder, json!({"findingPublishingFrequency": "SIX_HOURS"}));
            }),
            ("all findings are archived", |intruder| {
                filter(intruder, json!({"severity": {"gte": 1}}));
            }),
            ("findings about one type are archived", |intruder| {
                let of = json!({"type": {"equals": ["UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"]}});
                filter(intruder, of);
            }),
            ("the addresses of the intruder are trusted", |intruder| {
                let id = detector(intruder);
                let set = json!({
                    "name": "office", "format": "TXT", "activate": true,
                    "location": "https://s3.amazonaws.com/lists/office.txt",
                });
                intruder.rest("guardduty", "POST", &format!("/detector/{id}/ipset"), set);
            }),
        ],
    },
    Drill {
        control: "guardduty",
        tables: "[guardduty]\nadministrator = \"777777777777\"",
        before: |intruder| {
            intruder.rest("guardduty", "POST", "/detector", json!({"enable": true}));
            intruder.admin("account", json!({"guardduty_administrator": "777777777777"}));
        },
        moves: &[
            ("the member leaves its administrator", |intruder| {
                let path = format!("/detector/{}/administrator/disassociate", detector(intruder));
                intruder.wire.rest("guardduty", "us-east-1", "POST", &path, "");
            }),
            ("the intruder's account becomes its administrator", |intruder| {
                intruder.admin("account", json!({"guardduty_administrator": STRANGER}));
            }),
        ],
    },
    Drill {
        control: "guardduty",
        tables: "[guardduty]\nexport_buckets = [\"findings-{account}\"]\n\
                 trusted_lists = [{ name = \"office\", location = \"s3://lists-{account}/office.txt\" }]",
        before: a_list_and_an_export,
        moves: &[
            ("the trusted list gets another file", |intruder| {
                let id = detector(intruder);
                let path = format!("/detector/{id}/ipset");
                let sets = intruder.wire.rest("guardduty", "us-east-1", "GET", &path, "");
                let set = sets["ipSetIds"][0].as_str().expect("a set").to_owned();
                let location = intruder.fill("s3://lists-{account}/theirs.txt");
                let update = json!({"location": location});
                intruder.rest("guardduty", "POST", &format!("{path}/{set}"), update);
            }),
            ("findings are exported no more", |intruder| {
                let id = detector(intruder);
                let path = format!("/detector/{id}/publishingDestination");
                let list = intruder.wire.rest("guardduty", "us-east-1", "GET", &path, "");
                let export = list["destinations"][0]["destinationId"].as_str();
                let path = format!("{path}/{}", export.expect("an export"));
                intruder.wire.rest("guardduty", "us-east-1", "DELETE", &path, "");
            }),
        ],
    },
    Drill {
        control: "malware_protection",
        tables: "[malware_protection.buckets]\n\"uploads-{account}\" = {}",
        before: |intruder| {
            let bucket = intruder.fill("/uploads-{account}");
            intruder.s3("PUT", &bucket, "");
        },
        moves: &[
            ("the bucket is scanned no more", |intruder| {
                let path = plan(intruder);
                intruder.wire.rest("guardduty", "us-east-1", "DELETE", &path, "");
            }),
            ("only what nobody puts there is scanned", |intruder| {
                let narrowed = json!({"s3Bucket": {"objectPrefixes": ["nothing/"]}});
                change_plan(intruder, json!({"protectedResource": narrowed}));
            }),
            ("objects get no tags", |intruder| {
                let off = json!({"tagging": {"status": "DISABLED"}});
                change_plan(intruder, json!({"actions": off}));
            }),
            ("another role scans", |intruder| {
                let service = json!({"Service": "malware-protection-plan.guardduty.amazonaws.com"});
                let trust = document(
                    &json!({"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}),
                );
                let policy = document(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
                let role = "&RoleName=quiet";
                let input = format!("{role}&AssumeRolePolicyDocument={trust}");
                intruder.wire.iam("CreateRole", &input);
                let input = format!("{role}&PolicyName=none&PolicyDocument={policy}");
                intruder.wire.iam("PutRolePolicy", &input);
                let role = intruder.fill("arn:aws:iam::{account}:role/quiet");
                change_plan(intruder, json!({"role": role}));
            }),
            ("the role loses its policy", |intruder| {
                intruder.wire.iam("DeleteRolePolicy", &format!("{SCANS}&PolicyName=baseline"));
            }),
            ("the role is denied everything", |intruder| {
                let policy = document(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
                let input = format!("{SCANS}&PolicyName=quiet&PolicyDocument={policy}");
                intruder.wire.iam("PutRolePolicy", &input);
            }),
            ("the role gets a boundary", |intruder| {
                let policy = "&PermissionsBoundary=arn:aws:iam::aws:policy/AWSDenyAll";
                intruder.wire.iam("PutRolePermissionsBoundary", &format!("{SCANS}{policy}"));
            }),
            ("the role trusts a stranger", |intruder| {
                let principal = json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")});
                let trust = document(
                    &json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}),
                );
                let input = format!("{SCANS}&PolicyDocument={trust}");
                intruder.wire.iam("UpdateAssumeRolePolicy", &input);
            }),
            ("what GuardDuty needs at the bucket is gone", |intruder| {
                let bucket = intruder.fill("uploads-{account}");
                let reasons = json!({bucket: ["EVENTBRIDGE_MANAGED_EVENTS_DELIVERY_DISABLED"]});
                intruder.admin("account", json!({"malware_plan_reasons": reasons}));
            }),
            ("the bucket is deleted", |intruder| {
                let bucket = intruder.fill("/uploads-{account}");
                intruder.s3("DELETE", &bucket, "");
            }),
        ],
    },
    Drill {
        control: "access_analyzer",
        tables: "[access_analyzer]",
        before: nothing,
        moves: &[
            ("what is shared with the intruder is archived", |intruder| {
                archive(intruder, json!({"principal.AWS": {"contains": ["999999999999"]}}));
            }),
            ("whatever is found of roles is archived", |intruder| {
                archive(intruder, json!({"resource": {"contains": ["role/"]}}));
            }),
            ("the analyzer is deleted", |intruder| {
                let path = analyzer(intruder);
                intruder.wire.rest("access-analyzer", "us-east-1", "DELETE", &path, "");
            }),
            ("everything public is archived", |intruder| {
                archive(intruder, json!({"isPublic": {"eq": ["true"]}}));
            }),
            ("everything of a type is archived", |intruder| {
                archive(intruder, json!({"resourceType": {"eq": ["AWS::S3::Bucket"]}}));
            }),
            ("whatever is shared is archived", |intruder| {
                archive(intruder, json!({"principal.AWS": {"exists": true}}));
            }),
            ("whatever is found without an error is archived", |intruder| {
                archive(intruder, json!({"error": {"exists": false}}));
            }),
            ("whatever is public or not is archived", |intruder| {
                archive(intruder, json!({"isPublic": {"eq": ["true", "false"]}}));
            }),
            ("all but one bucket is archived", |intruder| {
                archive(intruder, json!({"resource": {"neq": ["arn:aws:s3:::x"]}}));
            }),
        ],
    },
    Drill {
        control: "inspector",
        tables: "[inspector]\nfilters = [\"scanner\"]",
        before: |intruder| {
            let resource = json!([{"comparison": "EQUALS", "value": "i-0123456789abcdef0"}]);
            let criteria = json!({"resourceId": resource});
            let input =
                json!({"action": "SUPPRESS", "name": "scanner", "filterCriteria": criteria});
            inspector(intruder, "/filters/create", input);
        },
        moves: &[
            ("functions are not scanned any more", |intruder| {
                inspector(intruder, "/disable", json!({"resourceTypes": ["LAMBDA"]}));
            }),
            ("nothing is scanned any more", |intruder| {
                let all = json!({"resourceTypes": ["EC2", "ECR", "LAMBDA"]});
                inspector(intruder, "/disable", all);
            }),
            ("images are scanned again for three days only", |intruder| {
                let input = json!({"ecrConfiguration": {"rescanDuration": "DAYS_3"}});
                inspector(intruder, "/configuration/update", input);
            }),
            ("images in use are scanned for three days only", |intruder| {
                let input = json!({"ecrConfiguration": {
                    "rescanDuration": "DAYS_14", "pullDateRescanDuration": "DAYS_3",
                }});
                inspector(intruder, "/configuration/update", input);
            }),
            ("instances without the agent are not scanned any more", |intruder| {
                let input = json!({"ec2Configuration": {"scanMode": "EC2_SSM_AGENT_BASED"}});
                inspector(intruder, "/configuration/update", input);
            }),
            ("packages of applications are not inspected any more", |intruder| {
                let input = json!({"activateDeepInspection": false});
                inspector(intruder, "/ec2deepinspectionconfiguration/update", input);
            }),
            ("a filter suppresses what is found", |intruder| {
                let severity = json!([{"comparison": "EQUALS", "value": "CRITICAL"}]);
                let input = json!({
                    "action": "SUPPRESS", "name": "noise", "filterCriteria": {"severity": severity},
                });
                inspector(intruder, "/filters/create", input);
            }),
            ("a filter that is meant for one instance suppresses everything", |intruder| {
                let listed = intruder.rest("inspector2", "POST", "/filters/list", json!({}));
                let status = json!([{"comparison": "EQUALS", "value": "ACTIVE"}]);
                let input = json!({
                    "filterArn": listed["filters"][0]["arn"],
                    "filterCriteria": {"findingStatus": status},
                });
                inspector(intruder, "/filters/update", input);
            }),
        ],
    },
];

//! Moves against GuardDuty and IAM Access Analyzer.

use super::{Drill, Intruder, nothing};
use serde_json::{Value, json};

fn detector(intruder: &mut Intruder) -> String {
    let answer = intruder
        .wire
        .rest("guardduty", "us-east-1", "GET", "/detector", "");
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
    intruder.rest(
        "guardduty",
        "POST",
        &format!("/detector/{id}/filter"),
        input,
    );
}

/// The path of the analyzer of external access.
fn analyzer(intruder: &mut Intruder) -> String {
    let answer = intruder
        .wire
        .rest("access-analyzer", "us-east-1", "GET", "/analyzer", "");
    let name = answer["analyzers"][0]["name"].as_str();
    format!("/analyzer/{}", name.expect("an analyzer"))
}

fn archive(intruder: &mut Intruder, filter: Value) {
    let input = json!({"ruleName": "noise", "filter": filter});
    let path = format!("{}/archive-rule", analyzer(intruder));
    intruder.rest("access-analyzer", "PUT", &path, input);
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
        control: "access_analyzer",
        tables: "[access_analyzer]",
        before: nothing,
        moves: &[
            ("what is shared with the intruder is archived", |intruder| {
                archive(
                    intruder,
                    json!({"principal.AWS": {"contains": ["999999999999"]}}),
                );
            }),
            ("whatever is found of roles is archived", |intruder| {
                archive(intruder, json!({"resource": {"contains": ["role/"]}}));
            }),
            ("the analyzer is deleted", |intruder| {
                let path = analyzer(intruder);
                intruder
                    .wire
                    .rest("access-analyzer", "us-east-1", "DELETE", &path, "");
            }),
            ("everything public is archived", |intruder| {
                archive(intruder, json!({"isPublic": {"eq": ["true"]}}));
            }),
            ("everything of a type is archived", |intruder| {
                archive(
                    intruder,
                    json!({"resourceType": {"eq": ["AWS::S3::Bucket"]}}),
                );
            }),
            ("whatever is shared is archived", |intruder| {
                archive(intruder, json!({"principal.AWS": {"exists": true}}));
            }),
            (
                "whatever is found without an error is archived",
                |intruder| {
                    archive(intruder, json!({"error": {"exists": false}}));
                },
            ),
            ("whatever is public or not is archived", |intruder| {
                archive(intruder, json!({"isPublic": {"eq": ["true", "false"]}}));
            }),
            ("all but one bucket is archived", |intruder| {
                archive(intruder, json!({"resource": {"neq": ["arn:aws:s3:::x"]}}));
            }),
        ],
    },
];

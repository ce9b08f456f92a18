//! Moves against Macie.

use super::{Drill, Intruder, STRANGER, nothing};
use serde_json::{Value, json};

fn macie(intruder: &mut Intruder, method: &str, path: &str, input: Value) -> Value {
    intruder.rest("macie2", method, path, input)
}

fn scope(intruder: &mut Intruder, member: &str) -> String {
    let found =
        intruder.wire.rest("macie2", "us-east-1", "GET", "/automated-discovery/configuration", "");
    found[member].as_str().expect("an id").to_owned()
}

/// A filter that archives some known findings.
fn a_filter(intruder: &mut Intruder) {
    macie(intruder, "POST", "/macie", json!({"clientToken": "x"}));
    let criterion = json!({"resourcesAffected.s3Bucket.name": {"eq": ["samples"]}});
    let filter = json!({
        "name": "samples", "action": "ARCHIVE", "findingCriteria": {"criterion": criterion},
    });
    macie(intruder, "POST", "/findingsfilters", filter);
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "macie",
        tables: "[macie]",
        before: nothing,
        moves: &[
            ("the session is paused", |intruder| {
                macie(intruder, "PATCH", "/macie", json!({"status": "PAUSED"}));
            }),
            ("Macie is disabled", |intruder| {
                intruder.wire.rest("macie2", "us-east-1", "DELETE", "/macie", "");
            }),
            ("findings are published every six hours", |intruder| {
                let rarely = json!({"findingPublishingFrequency": "SIX_HOURS"});
                macie(intruder, "PATCH", "/macie", rarely);
            }),
            ("nothing is looked for any more", |intruder| {
                let path = "/automated-discovery/configuration";
                macie(intruder, "PUT", path, json!({"status": "DISABLED"}));
            }),
            ("Security Hub is told nothing", |intruder| {
                let nothing =
                    json!({"publishPolicyFindings": false, "publishClassificationFindings": false});
                let input = json!({"securityHubConfiguration": nothing});
                macie(intruder, "PUT", "/findings-publication-configuration", input);
            }),
            ("all findings are archived", |intruder| {
                let criterion = json!({"severity.description": {"eq": ["High", "Medium", "Low"]}});
                let filter = json!({
                    "name": "noise", "action": "ARCHIVE",
                    "findingCriteria": {"criterion": criterion},
                });
                macie(intruder, "POST", "/findingsfilters", filter);
            }),
            ("whatever looks like a card is allowed", |intruder| {
                let list = json!({
                    "name": "cards", "clientToken": "x", "criteria": {"regex": "[0-9 ]+"},
                });
                macie(intruder, "POST", "/allow-lists", list);
            }),
            ("a bucket is left out", |intruder| {
                let id = scope(intruder, "classificationScopeId");
                let excludes = json!({"bucketNames": ["secrets"], "operation": "ADD"});
                let input = json!({"s3": {"excludes": excludes}});
                macie(intruder, "PATCH", &format!("/classification-scopes/{id}"), input);
            }),
            ("keys are no longer looked for", |intruder| {
                let id = scope(intruder, "sensitivityInspectionTemplateId");
                let excludes = json!({"managedDataIdentifierIds": ["AWS_CREDENTIALS"]});
                let path = format!("/templates/sensitivity-inspections/{id}");
                macie(intruder, "PUT", &path, json!({"excludes": excludes}));
            }),
        ],
    },
    Drill {
        control: "macie",
        tables: "[macie]\nfilters = [\"samples\"]\nadministrator = \"none\"",
        before: a_filter,
        moves: &[
            ("a filter that is declared archives everything", |intruder| {
                let list = intruder.wire.rest("macie2", "us-east-1", "GET", "/findingsfilters", "");
                let id = list["findingsFilterListItems"][0]["id"].as_str().expect("a filter");
                let all = json!({"findingCriteria": {"criterion": {}}});
                macie(intruder, "PATCH", &format!("/findingsfilters/{id}"), all);
            }),
            ("a stranger decides", |intruder| {
                intruder.admin("account", json!({"macie_administrator": STRANGER}));
            }),
        ],
    },
];

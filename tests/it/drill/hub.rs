//! Moves against Security Hub CSPM.

use super::{Drill, Intruder, STRANGER, nothing};
use crate::account::HOME;
use serde_json::{Value, json};

const FSBP: &str =
    "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0";

fn hub(intruder: &mut Intruder, method: &str, path: &str, input: Value) -> Value {
    intruder.rest("securityhub", method, path, input)
}

/// A request without a body.
fn plain(intruder: &mut Intruder, method: &str, path: &str) -> Value {
    intruder.wire.rest("securityhub", HOME, method, path, "")
}

/// Findings come together otherwise.
fn link(intruder: &mut Intruder, linking: Value) {
    let listed = plain(intruder, "GET", "/findingAggregator/list");
    let mut input = linking;
    input["FindingAggregatorArn"] = listed["FindingAggregators"][0]["FindingAggregatorArn"].clone();
    hub(intruder, "PATCH", "/findingAggregator/update", input);
}

fn rule(intruder: &mut Intruder, criteria: Value, update: Value) {
    let input = json!({
        "RuleName": "noise", "RuleOrder": 1, "Description": "noise", "Criteria": criteria,
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
    });
    hub(intruder, "POST", "/automationrules/create", input);
}

fn disable(intruder: &mut Intruder, control: &str, reason: Option<&str>) {
    let mut update = json!({
        "StandardsArn": FSBP, "SecurityControlId": control, "AssociationStatus": "DISABLED",
    });
    if let Some(reason) = reason {
        update["UpdatedReason"] = json!(reason);
    }
    let input = json!({"StandardsControlAssociationUpdates": [update]});
    hub(intruder, "PATCH", "/associations", input);
}

fn no_import(intruder: &mut Intruder, product: &str) {
    let path = format!("arn:aws:securityhub:us-east-1:{}:product-subscription", intruder.account);
    plain(intruder, "DELETE", &format!("/productSubscriptions/{path}/{product}"));
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "security_hub",
        tables: "[log_bucket]\n[config]\n[security_hub]",
        before: nothing,
        moves: &[
            ("the hub is switched off", |intruder| {
                plain(intruder, "DELETE", "/accounts");
            }),
            ("a standard is switched off and the hub kept", |intruder| {
                let arn = format!(
                    "arn:aws:securityhub:us-east-1:{}:subscription/{}",
                    intruder.account,
                    FSBP.rsplit("standards/").next().unwrap_or_default()
                );
                let input = json!({"StandardsSubscriptionArns": [arn]});
                hub(intruder, "POST", "/standards/deregister", input);
            }),
            ("one control is switched off for a good reason", |intruder| {
                disable(intruder, "IAM.6", Some("accepted risk, see ticket"));
            }),
            ("one control is switched off without a word", |intruder| {
                disable(intruder, "GuardDuty.1", None);
            }),
            ("a control checks for less", |intruder| {
                let input = json!({
                    "SecurityControlId": "ACM.1",
                    "Parameters": {"daysToExpiration": {"ValueType": "CUSTOM", "Value": {"Integer": 1}}},
                });
                hub(intruder, "PATCH", "/securityControl/update", input);
            }),
            ("new controls stay off", |intruder| {
                hub(intruder, "PATCH", "/accounts", json!({"AutoEnableControls": false}));
            }),
            ("each standard finds for itself", |intruder| {
                let input = json!({"ControlFindingGenerator": "STANDARD_CONTROL"});
                hub(intruder, "PATCH", "/accounts", input);
            }),
            ("all critical findings are suppressed", |intruder| {
                let critical =
                    json!({"SeverityLabel": [{"Value": "CRITICAL", "Comparison": "EQUALS"}]});
                rule(intruder, critical, json!({"Workflow": {"Status": "SUPPRESSED"}}));
            }),
            ("findings about one resource are lowered", |intruder| {
                let role = json!({"ResourceId": [{
                    "Value": "arn:aws:iam::999999999999:role/x", "Comparison": "EQUALS",
                }]});
                rule(intruder, role, json!({"Severity": {"Label": "INFORMATIONAL"}}));
            }),
            ("what GuardDuty finds is taken in no more", |intruder| {
                no_import(intruder, "aws/guardduty");
            }),
            ("what Access Analyzer finds is taken in no more", |intruder| {
                no_import(intruder, "aws/access-analyzer");
            }),
            ("no region is linked any more", |intruder| {
                link(intruder, json!({"RegionLinkingMode": "NO_REGIONS"}));
            }),
            ("one region is linked no more", |intruder| {
                let but = json!({
                    "RegionLinkingMode": "ALL_REGIONS_EXCEPT_SPECIFIED", "Regions": ["eu-west-1"],
                });
                link(intruder, but);
            }),
            ("findings come together no more", |intruder| {
                let listed = plain(intruder, "GET", "/findingAggregator/list");
                let arn = listed["FindingAggregators"][0]["FindingAggregatorArn"].as_str();
                let path = format!("/findingAggregator/delete/{}", arn.expect("an aggregator"));
                plain(intruder, "DELETE", &path);
            }),
            ("the recorder that the standards need stops", |intruder| {
                let name = json!({"ConfigurationRecorderName": "default"});
                intruder.json("config", "StarlingDoveService.StopConfigurationRecorder", name);
            }),
        ],
    },
    Drill {
        control: "security_hub",
        tables: "[log_bucket]\n[config]\n[security_hub]\nadministrator = \"none\"\n\
                 automation_rules = [\"noise\"]",
        before: nothing,
        moves: &[
            ("the intruder's account becomes its administrator", |intruder| {
                intruder.admin("account", json!({"security_hub_administrator": STRANGER}));
            }),
            ("a rule under a declared name suppresses everything", |intruder| {
                rule(intruder, json!({}), json!({"Workflow": {"Status": "RESOLVED"}}));
            }),
        ],
    },
];

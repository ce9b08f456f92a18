//! Moves against the rules of AWS Config and their repairs.

use super::{Drill, Intruder, STRANGER};
use serde_json::{Value, json};

fn config(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("config", &format!("StarlingDoveService.{operation}"), input)
}

/// A recorder that records everything and runs.
pub fn a_recorder(intruder: &mut Intruder) {
    let bucket = intruder.fill("recorded-{account}");
    let role = intruder.fill("arn:aws:iam::{account}:role/config");
    intruder.s3("PUT", &format!("/{bucket}"), "");
    let group = json!({"allSupported": true, "includeGlobalResourceTypes": true});
    let recorder = json!({"name": "default", "roleARN": role, "recordingGroup": group});
    config(intruder, "PutConfigurationRecorder", json!({"ConfigurationRecorder": recorder}));
    let channel = json!({"name": "default", "s3BucketName": bucket});
    config(intruder, "PutDeliveryChannel", json!({"DeliveryChannel": channel}));
    let name = json!({"ConfigurationRecorderName": "default"});
    config(intruder, "StartConfigurationRecorder", name);
}

/// Writes a rule again with a change.
fn rule(intruder: &mut Intruder, name: &str, change: fn(&mut Value)) {
    let answer = config(intruder, "DescribeConfigRules", json!({"ConfigRuleNames": [name]}));
    let mut rule = answer["ConfigRules"][0].clone();
    for output in ["ConfigRuleArn", "ConfigRuleId", "ConfigRuleState"] {
        rule.as_object_mut().expect("a rule").remove(output);
    }
    change(&mut rule);
    config(intruder, "PutConfigRule", json!({"ConfigRule": rule}));
}

const SSH: &str = "restricted-ssh";

/// Writes the repair again with a change.
fn repair(intruder: &mut Intruder, change: fn(&mut Value)) {
    let names = json!({"ConfigRuleNames": [SSH]});
    let answer = config(intruder, "DescribeRemediationConfigurations", names);
    let mut repair = answer["RemediationConfigurations"][0].clone();
    repair.as_object_mut().expect("a repair").remove("Arn");
    change(&mut repair);
    let input = json!({"RemediationConfigurations": [repair]});
    config(intruder, "PutRemediationConfigurations", input);
}

fn policy(statement: &Value) -> String {
    let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    text.replace('{', "%7B").replace('}', "%7D").replace('"', "%22")
}

const ROLE: &str = "&RoleName=baseline-repair-ssh";

fn no_rule(intruder: &mut Intruder, name: &str) {
    config(intruder, "DeleteConfigRule", json!({"ConfigRuleName": name}));
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "config_rules",
        tables: "[config_rules]\npacks = [\"network\"]\n\
                 [config_rules.rules.restricted-ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"\n\
                 frequency = \"Six_Hours\"\nrepair = { automatic = true }",
        before: a_recorder,
        moves: &[
            ("a rule is deleted", |intruder| no_rule(intruder, "vpc-flow-logs-enabled")),
            ("a rule is deleted with its repair", |intruder| {
                let name = json!({"ConfigRuleName": SSH});
                config(intruder, "DeleteRemediationConfiguration", name);
                no_rule(intruder, SSH);
            }),
            ("the ports that are looked for are none", |intruder| {
                rule(intruder, "restricted-common-ports", |rule| {
                    rule.as_object_mut().expect("a rule").remove("InputParameters");
                });
            }),
            ("another port is looked for", |intruder| {
                rule(intruder, "restricted-common-ports", |rule| {
                    rule["InputParameters"] = json!("{\"blockedPort1\": \"65000\"}");
                });
            }),
            ("a rule looks at one resource", |intruder| {
                rule(intruder, "vpc-default-security-group-closed", |rule| {
                    rule["Scope"]["ComplianceResourceId"] = json!("sg-1");
                });
            }),
            ("a rule looks at what bears a tag", |intruder| {
                rule(intruder, SSH, |rule| rule["Scope"] = json!({"TagKey": "nobody"}));
            }),
            ("a rule looks at resources of another type", |intruder| {
                rule(intruder, "ec2-imdsv2-check", |rule| {
                    rule["Scope"] = json!({"ComplianceResourceTypes": ["AWS::S3::Bucket"]});
                });
            }),
            ("a rule is evaluated once a day", |intruder| {
                rule(intruder, SSH, |rule| {
                    rule["MaximumExecutionFrequency"] = json!("TwentyFour_Hours");
                });
            }),
            ("a rule is evaluated only before the fact", |intruder| {
                rule(intruder, "ec2-imdsv2-check", |rule| {
                    rule["EvaluationModes"] = json!([{"Mode": "PROACTIVE"}]);
                });
            }),
            ("another rule of AWS's has the name", |intruder| {
                rule(intruder, "nacl-no-unrestricted-ssh-rdp", |rule| {
                    rule["Source"]["SourceIdentifier"] = json!("VPC_FLOW_LOGS_ENABLED");
                    rule.as_object_mut().expect("a rule").remove("Scope");
                });
            }),
            ("a rule is about to be deleted", |intruder| {
                let going = json!({"us-east-1": {"vpc-flow-logs-enabled": "DELETING"}});
                intruder.admin("account", json!({"config_rule_states": going}));
            }),
            ("a rule cannot be evaluated", |intruder| {
                let failure =
                    json!({"LastErrorCode": "AccessDenied", "LastFailedEvaluationTime": 1.0});
                let failures = json!({"us-east-1": {"vpc-flow-logs-enabled": failure}});
                intruder.admin("account", json!({"config_rule_failures": failures}));
            }),
            ("nothing is repaired any more", |intruder| {
                let name = json!({"ConfigRuleName": SSH});
                config(intruder, "DeleteRemediationConfiguration", name);
            }),
            ("it is repaired only by hand", |intruder| {
                repair(intruder, |repair| repair["Automatic"] = json!(false));
            }),
            ("it is repaired by a document of a stranger", |intruder| {
                repair(intruder, |repair| {
                    let document = format!("arn:aws:ssm:us-east-1:{STRANGER}:document/quiet");
                    repair["TargetId"] = json!(document);
                });
            }),
            ("it is repaired by another document of AWS's", |intruder| {
                repair(intruder, |repair| {
                    repair["TargetId"] = json!("AWSConfigRemediation-EnableKeyRotation");
                });
            }),
            ("it is repaired by another version", |intruder| {
                repair(intruder, |repair| repair["TargetVersion"] = json!("7"));
            }),
            ("one group is repaired again and again", |intruder| {
                repair(intruder, |repair| {
                    let one = json!({"StaticValue": {"Values": ["sg-1"]}});
                    repair["Parameters"]["SecurityGroupIds"] = one;
                });
            }),
            ("it is repaired with another role", |intruder| {
                repair(intruder, |repair| {
                    let role = "arn:aws:iam::111122223333:role/nothing";
                    let role = json!({"StaticValue": {"Values": [role]}});
                    repair["Parameters"]["AutomationAssumeRole"] = role;
                });
            }),
            ("one attempt is enough to give up", |intruder| {
                repair(intruder, |repair| {
                    repair["MaximumAutomaticAttempts"] = json!(1);
                    repair["RetryAttemptSeconds"] = json!(2_678_000);
                });
            }),
            ("resources of another type are repaired", |intruder| {
                repair(intruder, |repair| repair["ResourceType"] = json!("AWS::S3::Bucket"));
            }),
            ("the intruder's group is excepted", |intruder| {
                let group =
                    json!({"ResourceType": "AWS::EC2::SecurityGroup", "ResourceId": "sg-1"});
                let input = json!({"ConfigRuleName": SSH, "ResourceKeys": [group]});
                config(intruder, "PutRemediationExceptions", input);
            }),
            ("a repair fails", |intruder| {
                let failed = json!({"us-east-1": {SSH: {"sg-1": "AccessDenied"}}});
                intruder.admin("account", json!({"failed_remediations": failed}));
            }),
            ("the role of the repair loses its policy", |intruder| {
                intruder.wire.iam("DeleteRolePolicy", &format!("{ROLE}&PolicyName=baseline"));
            }),
            ("the role of the repair may only look", |intruder| {
                let looks = json!({"Effect": "Allow", "Action": "ec2:DescribeSecurityGroups", "Resource": "*"});
                let document = policy(&looks);
                let input = format!("{ROLE}&PolicyName=baseline&PolicyDocument={document}");
                intruder.wire.iam("PutRolePolicy", &input);
            }),
            ("the role of the repair is denied everything", |intruder| {
                let document = policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
                let input = format!("{ROLE}&PolicyName=quiet&PolicyDocument={document}");
                intruder.wire.iam("PutRolePolicy", &input);
            }),
            ("the role of the repair trusts a stranger", |intruder| {
                let principal = json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")});
                let document = policy(
                    &json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}),
                );
                let input = format!("{ROLE}&PolicyDocument={document}");
                intruder.wire.iam("UpdateAssumeRolePolicy", &input);
            }),
            ("the role of the repair is deleted", |intruder| {
                intruder.wire.iam("DeleteRolePolicy", &format!("{ROLE}&PolicyName=baseline"));
                intruder.wire.iam("DeleteRole", ROLE);
            }),
            ("the recorder is stopped", |intruder| {
                let name = json!({"ConfigurationRecorderName": "default"});
                config(intruder, "StopConfigurationRecorder", name);
            }),
            ("the recorder leaves security groups out", |intruder| {
                let role = intruder.fill("arn:aws:iam::{account}:role/config");
                let group = json!({
                    "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::SecurityGroup"]},
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                });
                let recorder = json!({"name": "default", "roleARN": role, "recordingGroup": group});
                let input = json!({"ConfigurationRecorder": recorder});
                config(intruder, "PutConfigurationRecorder", input);
            }),
            ("the aggregator is deleted", |intruder| {
                let name = json!({"ConfigurationAggregatorName": "baseline"});
                config(intruder, "DeleteConfigurationAggregator", name);
            }),
            ("the aggregator takes in one region", |intruder| {
                let account = intruder.account.clone();
                let source = json!({"AccountIds": [account], "AwsRegions": ["sa-east-1"]});
                let input = json!({
                    "ConfigurationAggregatorName": "baseline", "AccountAggregationSources": [source],
                });
                config(intruder, "PutConfigurationAggregator", input);
            }),
            ("the aggregator takes in buckets alone", |intruder| {
                let account = intruder.account.clone();
                let source = json!({"AccountIds": [account], "AllAwsRegions": true});
                let filter = json!({"Type": "INCLUDE", "Value": ["AWS::S3::Bucket"]});
                let input = json!({
                    "ConfigurationAggregatorName": "baseline", "AccountAggregationSources": [source],
                    "AggregatorFilters": {"ResourceType": filter},
                });
                config(intruder, "PutConfigurationAggregator", input);
            }),
        ],
    },
    Drill {
        control: "config_rules",
        tables: "[config_rules]\nstack_drift = true\n\
                 conformance_packs = { basics = { identifier = \"Basics\", parameters = { Age = 90 } } }",
        before: a_recorder,
        moves: &[
            ("the conformance pack is deleted", |intruder| {
                config(intruder, "DeleteConformancePack", json!({"ConformancePackName": "basics"}));
            }),
            ("the conformance pack is about what bears a tag", |intruder| {
                let input = json!({
                    "ConformancePackName": "basics", "Source": {"SourceIdentifier": "Basics"},
                    "Scope": {"TagKey": "nobody"},
                    "ConformancePackInputParameters": [{"ParameterName": "Age", "ParameterValue": "90"}],
                });
                config(intruder, "PutConformancePack", input);
            }),
            ("the conformance pack has other parameters", |intruder| {
                let input = json!({
                    "ConformancePackName": "basics", "Source": {"SourceIdentifier": "Basics"},
                    "ConformancePackInputParameters": [{"ParameterName": "Age", "ParameterValue": "9000"}],
                });
                config(intruder, "PutConformancePack", input);
            }),
            ("the conformance pack is one of a template", |intruder| {
                config(intruder, "DeleteConformancePack", json!({"ConformancePackName": "basics"}));
                let input =
                    json!({"ConformancePackName": "basics", "TemplateBody": "Resources: {}"});
                config(intruder, "PutConformancePack", input);
            }),
            ("the conformance pack fails", |intruder| {
                let states = json!({"us-east-1": {"basics": "UPDATE_FAILED"}});
                intruder.admin("account", json!({"conformance_pack_states": states}));
            }),
            ("the drift of stacks is looked for without a role", |intruder| {
                rule(intruder, "cloudformation-stack-drift-detection-check", |rule| {
                    let role = "arn:aws:iam::111122223333:role/nothing";
                    let parameters = json!({"cloudformationRoleArn": role});
                    rule["InputParameters"] = json!(parameters.to_string());
                });
            }),
            ("the role that looks for drift gets a boundary", |intruder| {
                let role = "&RoleName=baseline-stack-drift";
                let policy = "&PermissionsBoundary=arn:aws:iam::aws:policy/AWSDenyAll";
                intruder.wire.iam("PutRolePermissionsBoundary", &format!("{role}{policy}"));
            }),
        ],
    },
];

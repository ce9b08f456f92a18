//! Trails of the organization, of Control Tower and of stacks.

use super::*;

/// What is seen of a trail of others that logs all management events.
fn covering(logging: bool) -> Value {
    json!({"logging": logging, "selectors": live()["details"]["selectors"]})
}

#[test]
fn an_organization_trail_that_cannot_be_seen_does_not_stand_in_for_an_own_one() {
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    let mut live = live();
    live["trails"][org] = trail("org", "eu-west-1");
    live["organization"] = json!({org: {"logging": null}});
    live["details"]["logging"] = json!(false);
    let proposal = propose("", &live);
    assert!(matches!(proposal.standing, Standing::Own));
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert!(proposal.notes[0].contains("cannot be seen"), "{:?}", proposal.notes);
    let mut alone = live.clone();
    alone["trails"] = json!({org: trail("org", "eu-west-1")});
    alone["details"] = Value::Null;
    let standing = propose("", &alone).standing;
    assert!(matches!(standing, Standing::Elsewhere(_)));
}

#[test]
fn what_the_organizations_trail_visibly_lacks_is_a_finding() {
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    let mut live = live();
    live["trails"][org] = trail("org", "eu-west-1");
    live["trails"][org]["log_file_validation"] = json!(false);
    live["organization"] = json!({org: covering(true)});
    let findings = |settings: &str| -> Vec<String> {
        let proposal = propose(settings, &live);
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        proposal.findings.into_iter().map(|f| f.field).collect()
    };
    assert_eq!(findings(""), ["log_file_validation"]);
    assert_eq!(findings("insights = ['ApiCallRateInsight']"), ["log_file_validation", "insights"]);
    assert!(findings("log_file_validation = false").is_empty());
    assert!(findings("enabled = false").is_empty());
}

#[test]
fn a_trail_of_the_organization_that_is_stopped_is_not_enough() {
    let mut live = live();
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    live["trails"][org] = trail("org", "eu-west-1");
    live["trails"][org]["organization"] = json!(true);
    live["organization"] = json!({org: covering(true)});
    let standing = propose("", &live).standing;
    assert!(matches!(standing, Standing::Elsewhere(_)));
    live["organization"] = json!({org: covering(false)});
    live["details"]["logging"] = json!(false);
    let proposal = propose("", &live);
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert_eq!(
        proposal.notes,
        ["a trail of the organization covers this account, but it is stopped"]
    );
}

#[test]
fn what_control_tower_or_a_stack_manages_is_judged_and_left_to_them() {
    let mut live = live();
    live["trails"][ARN]["log_file_validation"] = json!(false);
    live["tags"] = json!({ARN: {"aws:cloudformation:stack-name": "audit"}});
    live["managed"] = json!({ARN: covering(true)});
    let left = propose("", &live);
    let Standing::Elsewhere(whom) = &left.standing else { panic!("{left:?}") };
    assert!(whom.contains("the CloudFormation stack audit"), "{whom}");
    assert!(left.writes.is_empty());
    assert_eq!(left.findings[0].field, "log_file_validation");
    for word in ["name = 'audit'", "take_over = true"] {
        assert_eq!(calls(&propose(word, &live)), ["UpdateTrail"], "{word}");
    }
    live["trails"][ARN]["name"] = json!("aws-controltower-BaselineCloudTrail");
    let towers = propose("name = 'aws-controltower-BaselineCloudTrail'", &live);
    assert!(matches!(towers.standing, Standing::Elsewhere(_)));
    assert!(towers.writes.is_empty());
    // One that is stopped does not cover the account.
    live["managed"] = json!({ARN: covering(false)});
    live["details"] = Value::Null;
    let beside = with_log_bucket("", &live);
    assert_eq!(calls(&beside)[0], "CreateTrail");
    let named = "aws-controltower-BaselineCloudTrail, which AWS Control Tower manages, is stopped";
    assert!(beside.notes.iter().any(|note| note.contains(named)));
    // Without a bucket for another one, it is what there is to start.
    let alone = propose("", &live);
    assert!(alone.writes.is_empty());
    let found = &alone.findings[0];
    assert!(found.what.contains(named), "{found:?}");
    assert!(found.remedy.contains("started by AWS Control Tower"), "{found:?}");
}

#[test]
fn a_trail_of_control_tower_that_delivers_elsewhere_is_found() {
    let mut live = live();
    live["trails"][ARN]["name"] = json!("aws-controltower-BaselineCloudTrail");
    live["managed"] = json!({ARN: covering(true)});
    live["details"] = Value::Null;
    let mut found = |settings: &str, bucket: &str| -> Vec<String> {
        live["trails"][ARN]["bucket"] = json!(bucket);
        let findings = propose(settings, &live).findings.into_iter();
        findings.map(|finding| finding.field).collect()
    };
    let archive = "aws-controltower-logs-999999999999-us-east-1";
    assert!(found("", archive).is_empty());
    for other in ["aws-controltower-evil", "theirs", "old-logs"] {
        assert_eq!(found("", other), ["bucket"], "{other}");
    }
    assert!(found("bucket = 'old-logs'", "old-logs").is_empty());
    // A namesake, where the table says which one is right.
    let named = format!("bucket = '{archive}'");
    assert!(found(&named, archive).is_empty());
    let namesake = archive.replace('9', "8");
    assert_eq!(found(&named, &namesake), ["bucket"]);
}

#[test]
fn a_management_account_leaves_the_organizations_trail_alone_unless_the_table_says_otherwise() {
    let mut live = live();
    live["trails"][ARN]["organization"] = json!(true);
    live["trails"][ARN]["multi_region"] = json!(true);
    live["organization"] = json!({ARN: covering(true)});
    live["trails"][ARN]["log_file_validation"] = json!(false);
    let left = propose("", &live);
    assert!(matches!(left.standing, Standing::Elsewhere(_)) && left.writes.is_empty());
    live["organization"] = json!({});
    assert_eq!(calls(&propose("organization = true", &live)), ["UpdateTrail"]);
}

#[test]
fn what_a_member_is_not_shown_of_the_organizations_trail_is_a_finding() {
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    let mut live = json!({"trails": {org: trail("org", "eu-west-1")}});
    live["trails"][org]["organization"] = json!(true);
    let findings = |settings: &str, seen: Value| -> Vec<String> {
        let mut live = live.clone();
        live["organization"] = json!({org: seen});
        let found = propose(settings, &live).findings.into_iter();
        found.map(|finding| finding.field).collect()
    };
    let data = "data_events = [{ s3 = 'all' }]";
    assert!(findings("", covering(true)).is_empty());
    assert_eq!(findings(data, covering(true)), ["data_events"]);
    assert_eq!(findings("", json!({"logging": true})), ["management_events"]);
    let unseen = json!({"logging": null, "selectors": covering(true)["selectors"]});
    assert_eq!(findings("", unseen), ["logging"]);
    let mut failing = covering(true);
    failing["errors"] = json!({"log_files": "AccessDenied"});
    assert_eq!(findings("", failing), ["bucket"]);
}

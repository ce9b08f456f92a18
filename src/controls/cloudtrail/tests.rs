use super::state::chosen;
use super::*;
use crate::control::Standing;
use crate::control::tests::{context, proposed};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";

/// An account whose only trail is as an empty table wants it.
fn live() -> Value {
    json!({
        "trails": {ARN: trail("audit", "us-east-1")},
        "details": {
            "trail": ARN, "logging": true, "basic": true, "insights": {},
            "selectors": [{
                "Name": "management events",
                "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
            }],
        },
    })
}

fn trail(name: &str, home_region: &str) -> Value {
    json!({
        "name": name, "home_region": home_region, "bucket": "old-logs", "prefix": "p",
        "log_file_validation": true, "multi_region": true, "global_events": true,
        "kms_key": null, "has_insights": false, "organization": false,
    })
}

fn propose(settings: &str, live: &Value) -> Proposal {
    let live = serde_json::from_value(live.clone()).expect("a live state");
    proposed::<Cloudtrail>(settings, &live)
}

fn push(list: &mut Value, value: Value) {
    list.as_array_mut().expect("a list").push(value);
}

fn calls(proposal: &Proposal) -> Vec<String> {
    let writes = proposal.writes.iter();
    writes.map(|write| write.call().operation).collect()
}

fn fields(proposal: &Proposal) -> Vec<&str> {
    let differences = proposal.differences.iter();
    differences.map(|d| d.field.as_str()).collect()
}

fn best(settings: &str, trails: &Value) -> Option<String> {
    best_of(settings, trails, &json!({}))
}

fn best_of(settings: &str, trails: &Value, recording: &Value) -> Option<String> {
    let recording = serde_json::from_value(recording.clone()).expect("a map");
    let settings: Settings = toml::from_str(settings).expect("valid");
    let trails = serde_json::from_value(trails.clone()).expect("trails");
    let context = Context {
        log_bucket: Some("our-logs".to_owned()),
        ..context()
    };
    chosen(&settings, &context, &trails, &recording).map(|(_, trail)| trail.name.clone())
}

#[test]
fn a_trail_as_wanted_is_left_alone() {
    let proposal = propose("", &live());
    assert!(proposal.differences.is_empty() && proposal.writes.is_empty());
    assert!(proposal.findings.is_empty() && proposal.notes.is_empty());
}

#[test]
fn only_what_differs_is_sent_and_recording_begins_last() {
    let mut live = live();
    live["trails"][ARN]["log_file_validation"] = json!(false);
    live["trails"][ARN]["home_region"] = json!("eu-west-1");
    live["details"]["logging"] = json!(false);
    let settings = "data_events = [{ s3 = 'all' }]\ninsights = ['ApiErrorRateInsight']";
    let proposal = propose(settings, &live);
    let order = [
        "UpdateTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        "StartLogging",
    ];
    assert_eq!(calls(&proposal), order);
    let update = proposal.writes[0].call();
    assert_eq!(update.region, "eu-west-1");
    assert_eq!(
        update.input,
        json!({"Name": ARN, "EnableLogFileValidation": true})
    );
    assert_eq!(
        fields(&proposal),
        ["log_file_validation", "data_events", "insights", "logging"]
    );
}

#[test]
fn the_best_trail_is_adopted() {
    let arn = |name: &str| format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}");
    let mut trails = json!({});
    for name in ["a", "b", "baseline", "c"] {
        trails[arn(name)] = trail(name, "us-east-1");
    }
    assert_eq!(best("", &trails).as_deref(), Some("baseline"));
    trails[arn("c")]["bucket"] = json!("our-logs");
    assert_eq!(best("", &trails).as_deref(), Some("c"));
    for name in ["a", "c", "baseline"] {
        trails[arn(name)]["multi_region"] = json!(false);
    }
    assert_eq!(best("", &trails).as_deref(), Some("b"));
    assert_eq!(best("name = 'a'", &trails).as_deref(), Some("a"));
    assert_eq!(best("name = 'd'", &trails), None);
}

#[test]
fn a_recording_trail_is_preferred_except_for_stopping() {
    let arn = |name: &str| format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}");
    let mut trails = json!({});
    for name in ["a", "b"] {
        trails[arn(name)] = trail(name, "us-east-1");
    }
    let recording = json!({arn("a"): false, arn("b"): true});
    let best = |settings: &str| best_of(settings, &trails, &recording);
    assert_eq!(best("").as_deref(), Some("b"));
    assert_eq!(best("name = 'a'").as_deref(), Some("a"));
    assert_eq!(best("enabled = false").as_deref(), Some("a"));
}

#[test]
fn a_second_paid_copy_is_told_also_when_a_trail_is_adopted() {
    let other = "arn:aws:cloudtrail:us-east-1:111122223333:trail/other";
    let mut live = live();
    live["trails"][other] = trail("other", "us-east-1");
    live["recording"] = json!({ARN: true, other: true});
    let note = "the trail other records all regions as well: \
                AWS bills a second copy of management events";
    for settings in ["", "name = 'audit'"] {
        assert_eq!(propose(settings, &live).notes, [note]);
    }
    live["recording"] = json!({ARN: true, other: false});
    assert!(propose("", &live).notes.is_empty());
}

#[test]
fn management_events_logged_only_in_part_are_a_finding_except_without_busy_sources() {
    let logged = |conditions: &[Value]| {
        let mut live = live();
        live["details"]["selectors"] = json!([]);
        for condition in conditions {
            let category = json!({"Field": "eventCategory", "Equals": ["Management"]});
            let selector = json!({"FieldSelectors": [category, condition]});
            push(&mut live["details"]["selectors"], selector);
        }
        let proposal = propose("", &live);
        assert!(proposal.writes.is_empty());
        let findings: Vec<String> = proposal.findings.into_iter().map(|f| f.field).collect();
        (findings, proposal.notes.len())
    };
    let reads = json!({"Field": "readOnly", "Equals": ["true"]});
    let writes = json!({"Field": "readOnly", "Equals": ["false"]});
    let not = |source: &str| json!({"Field": "eventSource", "NotEquals": [source]});
    let finding = (vec!["management_events".to_owned()], 0);
    assert_eq!(logged(std::slice::from_ref(&writes)), finding);
    assert_eq!(logged(&[not("iam.amazonaws.com")]), finding);
    let only = json!({"Field": "eventSource", "Equals": ["kms.amazonaws.com"]});
    assert_eq!(logged(&[only]), finding);
    assert_eq!(logged(&[reads, writes]), (Vec::new(), 0));
    for source in ["kms.amazonaws.com", "rdsdata.amazonaws.com"] {
        assert_eq!(logged(&[not(source)]), (Vec::new(), 1));
    }
}

#[test]
fn covering_all_regions_costs() {
    let about = crate::controls::find("cloudtrail")
        .expect("it exists")
        .about;
    let mut live = live();
    live["trails"][ARN]["multi_region"] = json!(false);
    let mut differences = propose("", &live).differences;
    let remarks = crate::risk::assess(about, &mut differences);
    assert_eq!(remarks[0].risk, crate::risk::Risk::Costs);
}

#[test]
fn an_organization_trail_that_cannot_be_seen_does_not_stand_in_for_an_own_one() {
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    let mut live = live();
    live["trails"][org] = trail("org", "eu-west-1");
    live["organization"] = json!({org: null});
    live["details"]["logging"] = json!(false);
    let proposal = propose("", &live);
    assert!(matches!(proposal.standing, Standing::Own));
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert!(proposal.notes[0].contains("cannot be seen"));
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
    live["organization"] = json!({org: true});
    let findings = |settings: &str| -> Vec<String> {
        let proposal = propose(settings, &live);
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        proposal.findings.into_iter().map(|f| f.field).collect()
    };
    assert_eq!(findings(""), ["log_file_validation"]);
    assert_eq!(
        findings("insights = ['ApiCallRateInsight']"),
        ["log_file_validation", "insights"]
    );
    assert!(findings("log_file_validation = false").is_empty());
    assert!(findings("enabled = false").is_empty());
}

#[test]
fn what_was_read_for_another_table_is_not_judged() {
    for settings in ["name = 'other'", "kms_key = 'alias/trail'"] {
        let proposal = propose(settings, &live());
        assert!(matches!(proposal.standing, Standing::Unknown(_)));
        assert!(proposal.writes.is_empty());
    }
}

#[test]
fn a_trail_that_cannot_deliver_is_a_finding() {
    let mut live = live();
    live["details"]["errors"] = json!({"log_files": "NoSuchBucket"});
    let proposal = propose("", &live);
    assert!(proposal.writes.is_empty());
    let finding = &proposal.findings[0];
    assert_eq!(
        finding.what,
        "the last try of trail audit to deliver log files failed: NoSuchBucket"
    );
}

#[test]
fn a_key_that_is_not_there_is_a_finding_and_the_rest_is_done() {
    let mut live = live();
    live["key"] = json!({"name": "alias/trail", "arn": null, "state": null});
    live["details"]["logging"] = json!(false);
    let proposal = propose("kms_key = 'alias/trail'", &live);
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert_eq!(
        proposal.findings[0].what,
        "there is no key alias/trail in us-east-1"
    );
}

#[test]
fn a_condition_that_cannot_be_read_is_not_written_over() {
    let mut live = live();
    push(
        &mut live["details"]["selectors"][0]["FieldSelectors"],
        json!({"Field": "eventName"}),
    );
    let proposal = propose("data_events = [{ s3 = 'all' }]", &live);
    assert!(matches!(proposal.standing, Standing::Unknown(_)));
    assert!(propose("", &live).writes.is_empty());
}

#[test]
fn more_values_than_a_trail_takes_are_a_finding() {
    let mut live = live();
    let names: Vec<String> = (0..498).map(|n| format!("Event{n}")).collect();
    let selector = json!({"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "eventName", "Equals": names},
    ]});
    push(&mut live["details"]["selectors"], selector);
    let proposal = propose("data_events = [{ s3 = 'all' }]", &live);
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].field, "data_events");
}

#[test]
fn insights_of_data_events_stay() {
    let mut live = live();
    live["details"]["insights"] = json!({"ApiCallRateInsight": ["Data"]});
    let proposal = propose("insights = ['ApiCallRateInsight']", &live);
    assert_eq!(
        proposal.writes[0].call().input["InsightSelectors"],
        json!([{"InsightType": "ApiCallRateInsight", "EventCategories": ["Data", "Management"]}])
    );
}

#[test]
fn without_any_bucket_a_person_has_to_say_where() {
    let proposal = propose("", &json!({"trails": {}, "details": null}));
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].field, "bucket");
    let off = propose("enabled = false", &json!({"trails": {}, "details": null}));
    assert!(off.writes.is_empty() && off.findings.is_empty());
}

#[test]
fn switching_off_changes_nothing_else() {
    let mut live = live();
    live["trails"][ARN]["multi_region"] = json!(false);
    let proposal = propose("enabled = false\nname = 'audit'\nbucket = 'other'", &live);
    assert_eq!(fields(&proposal), ["logging"]);
    assert_eq!(calls(&proposal), ["StopLogging"]);
}

#[test]
fn a_trail_of_the_organization_that_is_stopped_is_not_enough() {
    let mut live = live();
    let org = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org";
    live["trails"][org] = trail("org", "eu-west-1");
    live["trails"][org]["organization"] = json!(true);
    live["organization"] = json!({org: true});
    let standing = propose("", &live).standing;
    assert!(matches!(standing, Standing::Elsewhere(_)));
    live["organization"] = json!({org: false});
    live["details"]["logging"] = json!(false);
    let proposal = propose("", &live);
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert_eq!(
        proposal.notes,
        ["a trail of the organization covers this account, but it is stopped"]
    );
}

#[test]
fn what_the_table_never_uses_needs_no_permission() {
    let unused = |settings: &str| {
        let settings: Settings = toml::from_str(settings).expect("valid");
        Cloudtrail::unused(&settings)
    };
    assert_eq!(
        unused(""),
        ["DescribeKey", "StopLogging", "PutInsightSelectors"]
    );
    let all = "kms_key = 'alias/x'\ninsights = ['ApiCallRateInsight']";
    assert_eq!(unused(all), ["StopLogging"]);
    assert!(!unused("enabled = false").contains(&"StopLogging"));
}

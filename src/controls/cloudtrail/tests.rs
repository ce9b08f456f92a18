use super::*;
use crate::control::tests::{context, proposed};
use crate::control::{self, Proposal, Standing};
use serde_json::{Value, json};

mod others;

const ARN: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";

/// An account whose only trail is as an empty table wants it.
fn live() -> Value {
    json!({
        "trails": {ARN: trail("audit", "us-east-1")},
        "buckets": {"old-logs": "us-east-1", "our-logs": "us-east-1"},
        "details": {
            "trail": ARN, "logging": true, "basic": true, "insights": {},
            "selectors": [{
                "Name": "Management events selector",
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
    let mut live = live();
    live["trails"] = trails.clone();
    live["recording"] = recording.clone();
    let live: Live = serde_json::from_value(live).expect("a live state");
    let settings: Settings = toml::from_str(settings).expect("valid");
    let context = Context { log_bucket: Some("our-logs".to_owned()), ..context() };
    let case = Case { settings: &settings, live: &live, context: &context };
    case.chosen().map(|(_, trail)| trail.name.clone())
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
    let order = ["UpdateTrail", "PutEventSelectors", "PutInsightSelectors", "StartLogging"];
    assert_eq!(calls(&proposal), order);
    let update = proposal.writes[0].call();
    assert_eq!(update.region, "eu-west-1");
    assert_eq!(update.input, json!({"Name": ARN, "EnableLogFileValidation": true}));
    assert_eq!(fields(&proposal), ["log_file_validation", "data_events", "insights", "logging"]);
}

#[test]
fn ours_is_the_trail_that_is_meant_and_without_one_the_best_is_adopted() {
    let arn = |name: &str| format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}");
    let mut trails = json!({});
    for name in ["a", "b", "baseline", "c"] {
        trails[arn(name)] = trail(name, "us-east-1");
    }
    assert_eq!(best("", &trails).as_deref(), Some("baseline"));
    trails[arn("c")]["bucket"] = json!("our-logs");
    // However it was weakened: else whoever starts another could stop ours unseen.
    trails[arn("baseline")]["multi_region"] = json!(false);
    assert_eq!(best("", &trails).as_deref(), Some("baseline"));
    trails.as_object_mut().expect("trails").remove(&arn("baseline"));
    assert_eq!(best("", &trails).as_deref(), Some("c"));
    for name in ["a", "c"] {
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
fn management_events_logged_only_in_part_are_a_finding_unless_the_table_allows_it() {
    let logged_by = |settings: &str, conditions: &[Value]| {
        let mut live = live();
        live["details"]["selectors"] = json!([]);
        for condition in conditions {
            let category = json!({"Field": "eventCategory", "Equals": ["Management"]});
            let selector = json!({"FieldSelectors": [category, condition]});
            push(&mut live["details"]["selectors"], selector);
        }
        let proposal = propose(settings, &live);
        assert!(proposal.writes.is_empty());
        let findings: Vec<String> = proposal.findings.into_iter().map(|f| f.field).collect();
        (findings, proposal.notes.len())
    };
    let logged = |conditions: &[Value]| logged_by("", conditions);
    let reads = json!({"Field": "readOnly", "Equals": ["true"]});
    let writes = json!({"Field": "readOnly", "Equals": ["false"]});
    let not = |source: &str| json!({"Field": "eventSource", "NotEquals": [source]});
    let finding = (vec!["management_events".to_owned()], 0);
    assert_eq!(logged(std::slice::from_ref(&writes)), finding);
    assert_eq!(logged(&[not("iam.amazonaws.com")]), finding);
    let only = json!({"Field": "eventSource", "Equals": ["kms.amazonaws.com"]});
    assert_eq!(logged(&[only]), finding);
    assert_eq!(logged(&[reads, writes]), (Vec::new(), 0));
    let except = "management_events_except = ['kms.amazonaws.com']";
    for (source, allowed) in [("kms.amazonaws.com", 0), ("rdsdata.amazonaws.com", 1)] {
        assert_eq!(logged(&[not(source)]), finding);
        assert_eq!(logged_by(except, &[not(source)]).0.len(), allowed);
    }
}

#[test]
fn covering_all_regions_costs() {
    let about = crate::controls::find("cloudtrail").expect("it exists").about;
    let mut live = live();
    live["trails"][ARN]["multi_region"] = json!(false);
    let mut differences = propose("", &live).differences;
    let remarks = crate::risk::assess(about, &mut differences);
    assert_eq!(remarks[0].risk, crate::risk::Risk::Costs);
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
    live["key"] = json!({
        "name": "alias/trail", "region": "us-east-1", "bucket_region": "us-east-1",
    });
    live["details"]["logging"] = json!(false);
    let proposal = propose("kms_key = 'alias/trail'", &live);
    assert_eq!(calls(&proposal), ["StartLogging"]);
    assert_eq!(proposal.findings[0].what, "there is no key alias/trail in us-east-1");
}

#[test]
fn a_condition_that_cannot_be_read_is_not_written_over() {
    let mut live = live();
    push(&mut live["details"]["selectors"][0]["FieldSelectors"], json!({"Field": "eventName"}));
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
fn what_the_table_never_uses_needs_no_permission() {
    let unused = |settings: &str| {
        let settings: Settings = toml::from_str(settings).expect("valid");
        Cloudtrail::unused(&settings)
    };
    assert_eq!(unused(""), ["StopLogging", "PutInsightSelectors", "PassRole"]);
    let all = "cloudwatch_logs = { group = 'g', role = 'r' }\ninsights = ['ApiCallRateInsight']";
    assert_eq!(unused(all), ["StopLogging"]);
    assert!(!unused("enabled = false").contains(&"StopLogging"));
}

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234";

fn key(arn: &str, state: &str) -> Value {
    json!({"arn": arn, "state": state, "spec": "SYMMETRIC_DEFAULT"})
}

/// The account with a log bucket.
fn with_log_bucket(settings: &str, live: &Value) -> Proposal {
    let settings: Settings = toml::from_str(settings).expect("valid");
    let live = serde_json::from_value(live.clone()).expect("a live state");
    let context = Context { log_bucket: Some("our-logs".to_owned()), ..context() };
    let at = At { place: &Place::account(), context: &context };
    control::propose::<Cloudtrail>(&settings, &live, at)
}

#[test]
fn what_this_baseline_created_delivers_where_the_file_says() {
    let mut live = live();
    live["tags"] = json!({ARN: {"baseline": "test"}});
    let back = with_log_bucket("", &live);
    assert_eq!(fields(&back), ["bucket", "prefix"]);
    let input = &back.writes[0].call().input;
    assert_eq!(input["S3BucketName"], "our-logs");
    assert_eq!(input["S3KeyPrefix"], "");
    assert_eq!(back.after.len(), 1);
    for left in ["bucket = 'unmanaged'\nprefix = 'unmanaged'", "bucket = 'old-logs'\nprefix = 'p'"]
    {
        assert!(with_log_bucket(left, &live).writes.is_empty(), "{left}");
    }
    live["buckets"] = json!({});
    assert_eq!(with_log_bucket("", &live).differences.len(), 2);
    let stuck = propose("prefix = 'p'", &live);
    assert_eq!(stuck.findings[0].field, "bucket");
}

#[test]
fn what_was_adopted_keeps_a_bucket_of_the_account_and_no_other() {
    let mut live = live();
    let kept = with_log_bucket("", &live);
    assert!(kept.writes.is_empty() && kept.findings.is_empty());
    assert!(kept.notes[0].contains("goes on delivering to old-logs"));
    live["buckets"] = json!({});
    let named = propose("name = 'audit'", &live);
    assert_eq!(named.findings[0].field, "bucket");
    assert!(propose("name = 'audit'\nbucket = 'old-logs'", &live).findings.is_empty());
    // With nowhere to create one beside it, it is judged.
    assert_eq!(propose("", &live).findings[0].field, "bucket");
    let mut alone = live.clone();
    alone["details"] = Value::Null;
    let beside = with_log_bucket("", &alone);
    assert_eq!(calls(&beside)[0], "CreateTrail");
    assert_eq!(beside.findings[0].field, "bucket");
}

#[test]
fn a_trail_without_management_events_is_not_adopted_as_the_audit_trail() {
    let mut live = live();
    live["trails"][ARN]["multi_region"] = json!(false);
    live["trails"][ARN]["custom_selectors"] = json!(true);
    live["logged"] = json!({ARN: [{"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]}]});
    live["details"] = Value::Null;
    assert_eq!(calls(&with_log_bucket("", &live)), ["CreateTrail", "StartLogging"]);
    for number in 0..4 {
        let arn = format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/vendor-{number}");
        live["trails"][&arn] = live["trails"][ARN].clone();
        live["logged"][&arn] = live["logged"][ARN].clone();
    }
    let full = with_log_bucket("", &live);
    assert!(full.writes.is_empty());
    assert!(full.findings[0].what.contains("has 5 trails"));
}

#[test]
fn a_key_that_others_own_or_that_ends_deliveries_is_a_finding() {
    let mut live = live();
    let fault = |settings: &str, live: &Value| -> Vec<String> {
        let proposal = propose(settings, live);
        assert!(proposal.writes.is_empty());
        proposal.findings.into_iter().map(|f| f.what).collect()
    };
    live["trails"][ARN]["kms_key"] = json!(KEY);
    assert!(fault("", &live)[0].ends_with("does not exist"));
    live["details"]["key"] = key(KEY, "Enabled");
    assert!(fault("", &live).is_empty());
    live["details"]["key"] = key(KEY, "PendingDeletion");
    assert!(fault("", &live)[0].ends_with("is PendingDeletion"));
    live["key"] = json!({"name": KEY, "region": "us-east-1", "bucket_region": "us-east-1",
        "found": key(KEY, "PendingDeletion")});
    assert_eq!(fault(&format!("kms_key = '{KEY}'"), &live).len(), 1);
    let foreign = KEY.replace("111122223333", "999999999999");
    live["trails"][ARN]["kms_key"] = json!(foreign);
    live["details"]["key"] = Value::Null;
    live["key"] = Value::Null;
    assert!(fault("", &live)[0].ends_with("belongs to account 999999999999"));
    live["key"] = json!({"name": foreign, "region": "us-east-1", "bucket_region": "us-east-1",
        "is_hidden": true});
    let named = format!("kms_key = '{foreign}'");
    assert!(fault(&named, &live).is_empty());
    assert!(propose(&named, &live).notes[0].contains("does not let this account look"));
    live["key"]["is_hidden"] = json!(false);
    live["key"]["found"] = key(&foreign, "Disabled");
    assert!(fault(&named, &live)[0].ends_with("is Disabled"));
}

#[test]
fn a_key_of_another_region_than_the_bucket_is_a_finding() {
    let mut live = live();
    let elsewhere = KEY.replace("us-east-1", "eu-west-1");
    live["key"] = json!({"name": elsewhere, "region": "eu-west-1", "bucket_region": "us-east-1"});
    let proposal = propose(&format!("kms_key = '{elsewhere}'"), &live);
    assert!(proposal.writes.is_empty());
    assert!(proposal.findings[0].what.contains("the bucket of the trail is in us-east-1"));
}

#[test]
fn a_statement_that_would_keep_the_deliveries_out_stops_the_change() {
    let mut live = live();
    live["tags"] = json!({ARN: {"baseline": "test"}});
    let deny = |condition: Value| {
        json!({"Statement": {"Sid": "Encrypted", "Effect": "Deny", "Principal": "*",
            "Action": "s3:PutObject", "Resource": "arn:aws:s3:::our-logs/*",
            "Condition": condition}})
        .to_string()
    };
    let kms = json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}});
    live["policy"] = json!(deny(kms));
    let moved = with_log_bucket("", &live);
    assert!(moved.writes.is_empty());
    assert!(moved.findings[0].what.contains("statement Encrypted"));
    live["trails"] = json!({});
    live["details"] = Value::Null;
    let created = with_log_bucket("", &live);
    assert!(created.writes.is_empty());
    assert!(created.findings[0].what.contains("denies the deliveries of CloudTrail"));
    live["policy"] = json!(deny(json!({"Bool": {"aws:SecureTransport": "false"}})));
    assert_eq!(calls(&with_log_bucket("", &live))[0], "CreateTrail");
}

#[test]
fn a_log_group_or_topic_that_is_taken_away_comes_back() {
    let settings = "cloudwatch_logs = { group = 'trail', role = 'trail-logs' }\nsns_topic = 'logs'";
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:trail:*";
    let role = "arn:aws:iam::111122223333:role/trail-logs";
    let topic = "arn:aws:sns:us-east-1:111122223333:logs";
    let mut live = live();
    let proposal = propose(settings, &live);
    let changed = ["sns_topic", "cloudwatch_logs.group", "cloudwatch_logs.role"];
    assert_eq!(fields(&proposal), changed);
    let input = proposal.writes[0].call().input;
    assert_eq!(input["CloudWatchLogsLogGroupArn"], group);
    assert_eq!(input["CloudWatchLogsRoleArn"], role);
    assert_eq!(input["SnsTopicName"], topic);
    live["trails"][ARN]["cloudwatch_logs"] = json!({"group": group, "role": role});
    live["trails"][ARN]["sns_topic"] = json!(topic);
    assert!(propose(settings, &live).differences.is_empty());
    assert!(propose("", &live).findings.is_empty());
    live["trails"][ARN]["sns_topic"] = json!(topic.replace("111122223333", "999999999999"));
    assert_eq!(propose("", &live).findings[0].field, "sns_topic");
}

#[test]
fn a_key_that_the_same_run_makes_is_named_by_its_alias_and_waited_for() {
    let alias = "alias/trail".to_owned();
    let announced = vec![Announcement::Key { alias, regions: None }];
    let context = Context { announced, ..context() };
    let settings = toml::from_str("kms_key = 'alias/trail'").expect("a table");
    let proposed = |live: &Value| {
        let live = serde_json::from_value::<Live>(live.clone()).expect("a live state");
        control::propose::<Cloudtrail>(
            &settings,
            &live,
            At { place: &Place::account(), context: &context },
        )
    };
    let mut live = live();
    live["key"] =
        json!({"name": "alias/trail", "region": "us-east-1", "bucket_region": "us-east-1"});
    let proposal = proposed(&live);
    assert_eq!(calls(&proposal), ["UpdateTrail"]);
    assert_eq!(proposal.writes[0].call().input["KmsKeyId"], "alias/trail");
    assert!(proposal.after.iter().any(|own| own.control() == "keys"), "{:?}", proposal.after);
    assert!(proposal.findings.is_empty(), "{:?}", proposal.findings);
    let arn = "arn:aws:kms:us-east-1:111122223333:key/k";
    let found = json!({"arn": arn, "state": "Enabled", "spec": "SYMMETRIC_DEFAULT"});
    live["key"]["found"] = found;
    live["trails"][ARN]["kms_key"] = json!(arn);
    assert!(proposed(&live).differences.is_empty());
}

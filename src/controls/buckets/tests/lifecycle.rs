//! Rules that delete, from each state they may be in.

use super::*;

#[test]
fn old_versions_are_kept_for_long_enough_and_never_begin_to_be_deleted_unasked() {
    let on = json!({"status": "Enabled"});
    let never = json!({});
    let own = "baseline-noncurrent-versions";
    let asked = "noncurrent_days = 30";
    let put = "PutBucketLifecycleConfiguration";
    assert_calls(asked, with_rules(never, vec![]), put);
    // They are kept for ever: only a note says so.
    assert_left_alone(asked, with_rules(on.clone(), vec![]));
    assert_left_alone(asked, with_rules(json!({"status": "Suspended"}), vec![]));
    assert_left_alone(asked, with_rules(on.clone(), vec![versions("theirs", 90)]));
    assert_left_alone(asked, with_rules(on.clone(), vec![versions(own, 90)]));
    assert_calls(asked, with_rules(on.clone(), vec![versions(own, 10)]), put);
    assert_finding(asked, with_rules(on.clone(), vec![versions("theirs", 10)]));
    let mut narrowed = versions(own, 30);
    narrowed["Filter"]["Prefix"] = json!("a/");
    assert_finding(asked, with_rules(on.clone(), vec![narrowed]));
    let exactly =
        judged("noncurrent_days = { exactly = 30 }", with_rules(on, vec![versions(own, 90)]));
    assert!(exactly.differences[0].loosens, "{exactly:?}");
}

#[test]
fn unfinished_uploads_are_deleted_by_the_shortest_rule_for_all_objects() {
    let abort = |days: i32, prefix: &str| {
        json!({"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": prefix},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}})
    };
    let asked = "abort_incomplete_uploads_days = 7";
    let put = "PutBucketLifecycleConfiguration";
    assert_left_alone(asked, with_rules(json!({}), vec![abort(3, "")]));
    assert_calls(asked, with_rules(json!({}), vec![abort(3, "a/")]), put);
    assert_calls(asked, with_rules(json!({}), vec![abort(30, "")]), put);
    let locked = json!({"status": "Enabled", "mfa_delete": "Enabled"});
    assert_finding(asked, with_rules(locked, vec![]));
}

#[test]
fn what_somebody_has_added_to_a_rule_of_ours_stays_in_it() {
    let mut own = versions("baseline-noncurrent-versions", 30);
    own["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = json!(50);
    own["Expiration"] = json!({"ExpiredObjectDeleteMarker": true});
    let on = json!({"status": "Enabled"});
    let rule_after = |asked: &str, own: &Value| {
        let proposal = judged(asked, with_rules(on.clone(), vec![own.clone()]));
        let call = proposal.writes[0].call().input;
        call["LifecycleConfiguration"]["Rules"][0].clone()
    };
    let mut wanted = own.clone();
    wanted["NoncurrentVersionExpiration"]["NoncurrentDays"] = json!(90);
    assert_eq!(rule_after("noncurrent_days = 90", &own), wanted);
    let uploads = json!({"ID": "baseline-incomplete-uploads", "Status": "Enabled",
        "Filter": {"Prefix": ""}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 14}});
    let mut wanted = uploads.clone();
    wanted["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] = json!(7);
    assert_eq!(rule_after("abort_incomplete_uploads_days = 7", &uploads), wanted);
    let mut narrowed = uploads;
    narrowed["Filter"]["Prefix"] = json!("a/");
    assert_finding("abort_incomplete_uploads_days = 7", with_rules(on.clone(), vec![narrowed]));
}

#[test]
fn a_rule_of_others_that_keeps_an_exact_number_from_coming_true_is_a_finding() {
    let on = json!({"status": "Enabled"});
    let abort = json!({"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}});
    let uploads = "abort_incomplete_uploads_days = { exactly = 30 }";
    assert_finding(uploads, with_rules(on.clone(), vec![abort]));
    let versions = with_rules(on, vec![versions("theirs", 90)]);
    assert_finding("noncurrent_days = { exactly = 30 }", versions);
}

#[test]
fn the_lifecycle_rules_of_the_log_bucket_are_not_taken_for_what_they_are_not() {
    let entries = entries("[{ match = [\"*\"], abort_incomplete_uploads_days = 7 }]");
    let live = serde_json::from_value(with_rules(json!({}), vec![])).expect("a live state");
    let context = Context { log_bucket: Some("acme".to_owned()), ..context() };
    let place = Place::thing_in("acme", "eu-west-1");
    let proposal = propose(&entries, &live, At { place: &place, context: &context });
    assert_eq!((proposal.writes.len(), proposal.findings.len()), (0, 1));
}

#[test]
fn rules_that_delete_nothing_any_more_with_versioning_are_told() {
    let expires = |more: Vec<Value>| {
        let rule = json!({"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": ""},
            "Expiration": {"Days": 30}});
        let rules = [vec![rule], more].concat();
        judged("versioning = true", with_rules(json!({}), rules)).breaks
    };
    let told = expires(vec![]);
    assert!(told[0].contains("lifecycle rules (theirs)"), "{told:?}");
    assert!(expires(vec![versions("also theirs", 30)]).is_empty());
}

//! That a plan of many places stays short, and names every one of them.

use super::plan::plan;
use crate::diff::Difference;
use crate::formats::Options;
use crate::place::Place;
use crate::plan::{Call, Entry, FORMAT, Plan, Source, Verdict};
use crate::report::Inputs;
use crate::risk::Remark;
use crate::selection::Selection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

fn call(operation: &str, region: &str, input: Value) -> Call {
    Call {
        service: "s3".to_owned(),
        operation: operation.to_owned(),
        region: region.to_owned(),
        input,
        shown: None,
    }
}

fn name(number: usize) -> String {
    format!("acme-production-data-{number:03}")
}

fn bucket(number: usize) -> Entry {
    let (name, region) = (name(number), REGIONS[number % REGIONS.len()]);
    let mut entry = Entry::of("buckets", Place::thing_in(&name, region));
    entry.verdict = Verdict::Change;
    entry.differences = vec![
        Difference::new("ssl_only", json!(false), json!(true)),
        Difference::new("access_log.bucket", Value::Null, json!(format!("logs-{region}"))),
        Difference::new("access_log.prefix", Value::Null, json!(format!("{name}/"))),
    ];
    entry.calls = ["PutBucketPolicy", "PutBucketLogging"]
        .map(|operation| call(operation, region, json!({"Bucket": name})))
        .into();
    entry.remarks = vec![Remark::breaks(format!("{name}: its policy is public"))];
    entry
}

fn regional(control: &str, region: &str) -> Entry {
    let mut entry = Entry::of(control, Place::region(region));
    entry.verdict = Verdict::Change;
    entry.differences = vec![Difference::new("enabled", Value::Null, json!(true))];
    entry.calls = vec![call("CreateDetector", region, json!({"Enable": true}))];
    entry
}

fn large() -> Plan {
    let mut entries: Vec<Entry> = (0..200).map(bucket).collect();
    for control in ["config", "guardduty", "access_analyzer"] {
        entries.extend(REGIONS.iter().map(|region| regional(control, region)));
    }
    let mut plan = Plan {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        account: "111122223333".to_owned(),
        partition: "aws".to_owned(),
        caller: "arn:aws:iam::111122223333:user/admin".to_owned(),
        home_region: "us-east-1".to_owned(),
        created: OffsetDateTime::UNIX_EPOCH,
        expires: OffsetDateTime::UNIX_EPOCH,
        baseline: Source { path: "baseline.toml".to_owned(), sha256: "00".to_owned() },
        undoes: None,
        selection: Selection::new(Vec::new(), Vec::new()).expect("everything"),
        summary: None,
        entries,
        waivers: Vec::new(),
        idle: Vec::new(),
        exceeds: Vec::new(),
        digest: String::new(),
    };
    plan.seal();
    plan
}

fn text(plan_of: &Plan, inputs: Inputs, width: Option<usize>) -> String {
    let mut out = Vec::new();
    plan(&mut out, plan_of, &Options { inputs, width, alias: None }).expect("written");
    let text = String::from_utf8(out).expect("text");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn two_hundred_buckets_in_seventeen_regions_are_reported_in_less_than_150_lines() {
    let plan = large();
    for width in [None, Some(80), Some(120)] {
        let text = text(&plan, Inputs::Hidden, width);
        let lines = text.lines().count();
        assert!(lines < 150, "{lines} lines at {width:?}:\n{text}");
        assert!(text.contains("~ buckets in 200 places"), "{text}");
        let risk = "may break: buckets in the 200 places above: NAME: its policy is public";
        assert!(text.contains(risk), "{text}");
        let regions = "+ guardduty in 17 regions\n    the same regions as config above\n";
        assert!(text.contains(regions), "{text}");
        assert!(text.contains("access_log.prefix  = NAME/"), "{text}");
        assert!(text.contains("for each, in its own of 17 regions"), "{text}");
        assert!(!text.contains("\"Bucket\""), "inputs are for --calls");
    }
    let with_inputs = text(&plan, Inputs::Shown, None);
    assert!(with_inputs.contains("{\"Bucket\": \"NAME\"}"), "{with_inputs}");
}

#[test]
fn each_of_two_hundred_buckets_is_named_once() {
    let text = text(&large(), Inputs::Hidden, Some(80));
    let word = |c: char| c.is_whitespace() || c == ',';
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for word in text.split(word).filter(|own| own.starts_with("acme-")) {
        *named.entry(word).or_default() += 1;
    }
    let wanted: Vec<String> = (0..200).map(name).collect();
    assert_eq!(named.keys().copied().collect::<Vec<_>>(), wanted);
    assert!(named.values().all(|times| *times == 1), "{named:?}");
}

#[test]
fn no_line_is_wider_than_the_terminal_unless_it_is_one_word() {
    for width in [60, 80, 120] {
        let text = text(&large(), Inputs::Shown, Some(width));
        let wide = text.lines().filter(|line| line.chars().count() > width);
        let wide: Vec<&str> = wide.filter(|line| line.trim().contains(' ')).collect();
        assert!(wide.is_empty(), "{wide:?}");
    }
}

//! What a baseline asks of tables, workgroup and queries, and the calls for it.

use super::TrailQueries;
use super::live::Live;
use super::settings::Settings;
use super::state::State;
use super::tables::Place as Logs;
use super::wanted::wanted;
use crate::control::tests::{configured, context};
use crate::control::{At, Context, Control, Kind, Past, Proposal, Remarks, propose, restore};
use crate::place::Place;
use serde_json::Value;

fn with_log_bucket() -> Context {
    Context { log_bucket: Some("logs".to_owned()), ..context() }
}

fn settings(text: &str) -> Settings {
    toml::from_str(text).expect("valid settings")
}

fn nothing() -> Live {
    let trail = Logs { bucket: "logs".to_owned(), prefix: None };
    Live { trail: Some(trail), is_delivered: true, ..Live::default() }
}

/// What a first apply leaves.
fn whole(text: &str) -> Live {
    let (settings, context) = (settings(text), with_log_bucket());
    let at = At { place: &Place::account(), context: &context };
    let State { tables, workgroup, queries, .. } =
        wanted(&settings, &nothing(), at, &mut Remarks::default());
    let ids = queries.into_iter().enumerate().map(|(number, (name, own))| {
        let texts = own.texts.into_values().map(|text| (format!("id-{number}"), text));
        (name, texts.collect())
    });
    Live {
        database: Some(super::live::Database::default()),
        tables,
        workgroup: workgroup.map(|group| super::live::Kept { group, is_ours: true, owner: None }),
        queries: ids.collect(),
        ..nothing()
    }
}

fn proposed(text: &str, live: &Live) -> Proposal {
    let context = with_log_bucket();
    let at = At { place: &Place::account(), context: &context };
    propose::<TrailQueries>(&settings(text), live, at)
}

fn calls(proposal: &Proposal) -> Vec<(String, Value)> {
    let calls = proposal.writes.iter().map(|write| write.call());
    calls.map(|call| (call.operation, call.input)).collect()
}

fn findings(proposal: &Proposal) -> Vec<&str> {
    proposal.findings.iter().map(|own| own.field.as_str()).collect()
}

#[test]
fn everything_is_made_once_and_then_matches() {
    let proposal = proposed("", &nothing());
    let all = calls(&proposal);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["CreateDatabase", "CreateTable", "CreateWorkGroup"]);
    assert!(names[3..].iter().all(|name| *name == "CreateNamedQuery") && names.len() == 9);
    let group = &all[2].1["Configuration"];
    assert_eq!(group["ResultConfiguration"]["OutputLocation"], "s3://logs/athena-results/");
    assert_eq!(group["ResultConfiguration"]["ExpectedBucketOwner"], "111122223333");
    assert_eq!(group["BytesScannedCutoffPerQuery"], 10_000_000_000_i64);
    assert!(proposed("", &whole("")).differences.is_empty());
    let flows = "flow_logs = \"flows/vpc\"";
    let names: Vec<String> =
        calls(&proposed(flows, &whole(""))).into_iter().map(|own| own.0).collect();
    assert_eq!(names, ["CreateTable", "CreateNamedQuery"]);
    assert!(proposed(flows, &whole(flows)).differences.is_empty());
}

#[test]
fn what_the_baseline_made_is_put_right() {
    let mut live = whole("");
    let table = live.tables.get_mut("cloudtrail").expect("the table");
    table.parameters.insert("storage.location.template".to_owned(), "s3://x/${day}".to_owned());
    let kept = live.workgroup.as_mut().expect("the workgroup");
    (kept.group.enforced, kept.group.limit_bytes) = (false, None);
    let text = live.queries.get_mut("root_use").and_then(|own| own.values_mut().next());
    *text.expect("a query") = "SELECT 1".to_owned();
    let all = calls(&proposed("", &live));
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["UpdateTable", "UpdateWorkGroup", "UpdateNamedQuery"]);
    let updates = &all[1].1["ConfigurationUpdates"];
    assert_eq!(updates["EnforceWorkGroupConfiguration"], true);
    assert_eq!(updates["BytesScannedCutoffPerQuery"], 10_000_000_000_i64);
}

#[test]
fn what_somebody_else_made_does_or_is_a_finding_and_is_never_overwritten() {
    let mut live = whole("");
    for table in live.tables.values_mut() {
        table.parameters.remove(crate::control::OUR_TAG);
    }
    live.workgroup.as_mut().expect("a workgroup").is_ours = false;
    let proposal = proposed("", &live);
    assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
    let table = live.tables.get_mut("cloudtrail").expect("the table");
    table.location = "s3://elsewhere/".to_owned();
    live.workgroup.as_mut().expect("a workgroup").group.enforced = false;
    live.queries
        .get_mut("root_use")
        .expect("a query")
        .insert("more".to_owned(), "SELECT 1".to_owned());
    let proposal = proposed("", &live);
    assert!(proposal.writes.is_empty());
    assert_eq!(findings(&proposal), ["tables.cloudtrail", "workgroup", "queries.root_use"]);
}

#[test]
fn a_table_over_logs_that_nobody_delivers_is_a_finding() {
    let live = Live { is_delivered: false, ..whole("") };
    assert_eq!(findings(&proposed("", &live)), ["bucket"]);
    let proposal = proposed("", &Live::default());
    assert!(proposal.writes.is_empty());
    assert_eq!(findings(&proposal), ["bucket"]);
    let mut link = whole("");
    link.database.as_mut().expect("a database").link_to = Some("x of account 1".to_owned());
    assert_eq!(findings(&proposed("", &link)), ["database"]);
}

#[test]
fn a_smaller_limit_and_a_better_encryption_stay() {
    let mut live = whole("");
    let group = &mut live.workgroup.as_mut().expect("a workgroup").group;
    group.limit_bytes = Some(10_000_000);
    group.encryption = Some("SSE_KMS".to_owned());
    group.kms_key = Some("arn:aws:kms:us-east-1:111122223333:key/k".to_owned());
    assert!(proposed("", &live).differences.is_empty());
    let group = &mut live.workgroup.as_mut().expect("a workgroup").group;
    group.kms_key = Some("arn:aws:kms:us-east-1:999999999999:key/k".to_owned());
    assert_eq!(findings(&proposed("", &live)), ["results_kms_key"]);
}

#[test]
fn an_undo_keeps_what_was_created() {
    let past = Past { before: nothing(), after: whole(""), live: whole("") };
    let context = with_log_bucket();
    let at = At { place: &Place::account(), context: &context };
    let undone = restore::<TrailQueries>(&settings(""), &past, at);
    assert!(undone.writes.is_empty(), "{:?}", undone.writes);
    assert_eq!(findings(&undone), ["database"]);
}

#[test]
fn names_that_cannot_be_are_refused_in_place() {
    for lines in [
        "database = \"Logs\"",
        "workgroup = \"primary\"",
        "results = \"acme\"",
        "bucket = \"s3://logs\"",
        "organization = \"123\"",
        "results_kms_key = \"alias/x\"",
        "queries = { x = \"\" }",
        "days = 0",
    ] {
        assert!(configured(Kind::of::<TrailQueries>(), lines).is_err(), "{lines}");
    }
    assert!(
        TrailQueries::unused(&settings("queries = \"unmanaged\"")).contains(&"BatchGetNamedQuery")
    );
}

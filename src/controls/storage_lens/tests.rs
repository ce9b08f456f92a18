//! What is proposed for dashboards, and left to you.

use super::*;
use crate::control::Standing;
use crate::control::tests::{proposed, undone};
use crate::risk::{Risk, assess};
use serde_json::json;

fn dashboard(name: &str, enabled: bool) -> Dashboard {
    Dashboard {
        name: name.to_owned(),
        region: "us-east-1".to_owned(),
        enabled,
        ..Dashboard::default()
    }
}

fn live(enabled: bool) -> Live {
    Live { default: Some(dashboard(DEFAULT, enabled)), ..Live::default() }
}

#[test]
fn a_dashboard_that_is_off_is_switched_on_with_its_metrics_as_they_are() {
    let mut live = live(false);
    let own = live.default.as_mut().expect("it has one");
    own.advanced.buckets.activity = Some(false);
    let proposal = proposed::<StorageLens>("", &live);
    let fields: Vec<_> = proposal.differences.iter().map(|d| &d.field).collect();
    assert_eq!(fields, ["enabled"]);
    assert_eq!(
        proposal.writes[0].call().input["StorageLensConfiguration"],
        json!({
            "Id": DEFAULT,
            "AccountLevel": {"BucketLevel": {"ActivityMetrics": {"IsEnabled": false}}},
            "IsEnabled": true,
        })
    );
}

#[test]
fn richer_metrics_are_left_alone_and_poorer_ones_cost() {
    let mut rich = live(true);
    rich.default.as_mut().expect("one").advanced.raise();
    assert!(proposed::<StorageLens>("", &rich).differences.is_empty());
    let asked = "advanced = true";
    assert!(proposed::<StorageLens>(asked, &rich).writes.is_empty());
    let mut proposal = proposed::<StorageLens>(asked, &live(true));
    assert_eq!(proposal.differences.len(), 8);
    let remarks = assess(&StorageLens::ABOUT, &mut proposal.differences);
    assert!(remarks.iter().any(|remark| remark.risk == Risk::Costs));
}

#[test]
fn what_cannot_be_carried_over_is_left_to_a_person() {
    let mut live = live(false);
    let own = live.default.as_mut().expect("one");
    own.not_carried = ["DataExport".to_owned()].into();
    let proposal = proposed::<StorageLens>("", &live);
    assert!(proposal.writes.is_empty());
    assert!(proposal.findings[0].what.ends_with("here: DataExport"));
}

#[test]
fn another_dashboard_does_only_when_it_shows_as_much_of_everything() {
    let does = |settings: &str, change: fn(&mut Dashboard)| {
        let mut live = live(false);
        let mut other = dashboard("acme", true);
        change(&mut other);
        live.others.push(other);
        proposed::<StorageLens>(settings, &live).writes.is_empty()
    };
    assert!(does("", |_| {}));
    let narrow = |other: &mut Dashboard| other.not_carried = ["Exclude".to_owned()].into();
    assert!(!does("", narrow));
    assert!(!does("advanced = true", |_| {}));
    assert!(does("advanced = true", |other| other.advanced.raise()));
}

#[test]
fn an_account_whose_default_dashboard_is_not_listed_is_not_judged() {
    let proposal = proposed::<StorageLens>("", &Live::default());
    assert!(matches!(proposal.standing, Standing::Unknown(_)));
}

#[test]
fn what_a_run_switched_on_is_left_to_a_person() {
    let past = Past { before: live(false), after: live(true), live: live(true) };
    let restore = undone::<StorageLens>("", &past);
    assert!(restore.writes.is_empty() && restore.differences.is_empty());
    assert_eq!(restore.findings[0].what, "it is true, and was false");
}

#[test]
fn metrics_that_go_to_somebody_else_are_found_whichever_dashboard_exports_them() {
    let export = Some(Export {
        bucket: "arn:aws:s3:::elsewhere".to_owned(),
        account: "999999999999".to_owned(),
    });
    let mut live = live(true);
    live.default.as_mut().expect("one").export.clone_from(&export);
    let mut quiet = dashboard("quiet", true);
    quiet.export = export;
    live.exporting.push(quiet);
    let found = proposed::<StorageLens>("", &live).findings;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].what.starts_with("dashboard default-account-dashboard exports"));
    assert!(found[1].what.contains("quiet") && found[1].what.contains("999999999999"));
}

#[test]
fn switching_off_loosens() {
    let mut proposal = proposed::<StorageLens>("enabled = false", &live(true));
    assess(&StorageLens::ABOUT, &mut proposal.differences);
    assert!(proposal.differences[0].loosens);
}

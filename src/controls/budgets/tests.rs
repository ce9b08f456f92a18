//! What is proposed for a budget.

use super::live::Subscribers;
use super::money::plain;
use super::*;
use crate::control::tests::{calls, context};
use crate::control::{Alerts, Announcement, Context, Prerequisite, Proposal, propose};
use crate::sensitive::Sensitive;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const MAIL: &str = r#"email = ["billing@example.com"]"#;

/// The table of a budget `monthly` with these other keys.
pub fn entries(rest: &str) -> Vec<Entry> {
    #[derive(Deserialize)]
    struct Table {
        budgets: Vec<Entry>,
    }
    let text = format!("[[budgets]]\nname = \"monthly\"\n{rest}");
    toml::from_str::<Table>(&text).expect("the test's settings are valid").budgets
}

/// What is proposed for a budget of 100 USD with these other keys.
fn proposed(rest: &str, live: Option<&Budget>) -> Proposal {
    let limit = if rest.contains("limit") { "" } else { "limit = \"100 USD\"" };
    let live = serde_json::to_value(live).expect("plain data");
    let live = serde_json::from_value(live).expect("a live state reads back");
    let at = At { place: &Place::thing("monthly"), context: &context() };
    propose::<Budgets>(&entries(&format!("{limit}\n{rest}")), &live, at)
}

fn alerts(of: Value) -> BTreeMap<String, Option<Subscribers>> {
    serde_json::from_value(of).expect("alerts")
}

fn budget(limit: &str) -> Budget {
    Budget { limit: Some(limit.to_owned()), period: "monthly".to_owned(), ..Budget::default() }
}

#[test]
fn an_alert_goes_to_the_topic_of_the_accounts_alerts_once_that_is_made() {
    let made_by = Prerequisite::all_of::<Budgets>();
    let topic = "arn:aws:sns:us-east-1:111122223333:alerts".to_owned();
    let announced = vec![Announcement::Alerts(Alerts { topic: topic.clone(), made_by })];
    let entries = entries("limit = \"100 USD\"\nalerts = [{ at = \"80%\", sns = \"{alerts}\" }]");
    let proposed = |context: &Context| {
        let at = At { place: &Place::thing("monthly"), context };
        propose::<Budgets>(&entries, &None, at)
    };
    let proposal = proposed(&Context { announced, ..context() });
    let input = proposal.writes[0].call().input;
    let subscriber = &input["NotificationsWithSubscribers"][0]["Subscribers"][0];
    assert_eq!(*subscriber, json!({"SubscriptionType": "SNS", "Address": topic}));
    assert_eq!(proposal.after, [Prerequisite::all_of::<Budgets>()]);
    assert!(proposal.findings.is_empty());
    let without = proposed(&context());
    assert!(without.writes[0].call().input.get("NotificationsWithSubscribers").is_none());
    assert!(without.findings[0].what.contains("[alerts]"), "{:?}", without.findings);
}

#[test]
fn a_new_budget_is_created_with_its_alerts_in_one_call() {
    let rest = format!(
        r#"alerts = [{{ at = "80%", {MAIL} }}, {{ at = "90.50 USD", forecast = true, sns = "arn:aws:sns:us-east-1:{{account}}:bills" }}]"#
    );
    let proposal = proposed(&rest, None);
    let mail = crate::diff::to_value(&Sensitive::new("billing@example.com"));
    assert_eq!(calls(&proposal), ["CreateBudget"]);
    assert_eq!(
        proposal.writes[0].call().input,
        json!({
            "AccountId": "111122223333",
            "Budget": {
                "BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                "BudgetLimit": { "Amount": "100", "Unit": "USD" },
                "CostTypes": { "IncludeCredit": false },
            },
            "NotificationsWithSubscribers": [
                {
                    "Notification": {
                        "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
                        "Threshold": 80.0, "ThresholdType": "PERCENTAGE",
                    },
                    "Subscribers": [{ "SubscriptionType": "EMAIL", "Address": mail }],
                },
                {
                    "Notification": {
                        "NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN",
                        "Threshold": 90.5, "ThresholdType": "ABSOLUTE_VALUE",
                    },
                    "Subscribers": [{
                        "SubscriptionType": "SNS",
                        "Address": "arn:aws:sns:us-east-1:111122223333:bills",
                    }],
                },
            ],
            "ResourceTags": [{ "Key": "baseline", "Value": "test" }],
        })
    );
}

#[test]
fn amounts_are_compared_as_decimals() {
    for (amount, wanted) in [("100.0", "100"), ("1E+2", "100"), ("80.50", "80.5")] {
        assert_eq!(plain(amount), wanted);
    }
    assert_eq!(plain("a lot"), "a lot");
    assert!(proposed("", Some(&budget("100 USD"))).differences.is_empty());
    assert_eq!(calls(&proposed("", Some(&budget("100.01 USD")))), ["UpdateBudget"]);
}

#[test]
fn a_budget_that_tells_no_later_is_left_alone() {
    let differs = |rest: &str, limit: &str, period: &str| {
        let live = Budget { period: period.to_owned(), ..budget(limit) };
        !proposed(rest, Some(&live)).differences.is_empty()
    };
    assert!(!differs("", "50 USD", "monthly"));
    assert!(!differs("", "3 USD", "daily"));
    assert!(!differs("period = 'annually'", "20 USD", "quarterly"));
    assert!(differs("limit = { exactly = \"100 USD\" }", "50 USD", "monthly"));
    assert!(differs("", "101 USD", "monthly"));
    assert!(differs("", "50 EUR", "monthly"));
    // Less in a year, but told of at its end.
    assert!(differs("", "50 USD", "annually"));
}

#[test]
fn what_is_unmanaged_of_a_budget_stays() {
    let live = budget("5000 USD");
    let left = proposed("limit = \"unmanaged\"\nalerts = \"unmanaged\"", Some(&live));
    assert!(left.differences.is_empty() && left.findings.is_empty());
    let daily = Budget { period: "daily".to_owned(), ..budget("5000 USD") };
    let update = proposed("period = \"unmanaged\"", Some(&daily));
    let sent = &update.writes[0].call().input["NewBudget"];
    assert_eq!(sent["TimeUnit"], json!("DAILY"));
    assert_eq!(sent["BudgetLimit"]["Amount"], json!("100"));
    let none = proposed("limit = \"unmanaged\"", None);
    assert!(none.writes.is_empty() && none.findings.len() == 1);
}

#[test]
fn what_tells_later_loosens() {
    let about = crate::controls::find("budgets").expect("it exists").about;
    let loosened = |rest: &str, limit: &str, period: &str| -> Vec<String> {
        let live = Budget { period: period.to_owned(), ..budget(limit) };
        let mut differences = proposed(rest, Some(&live)).differences;
        crate::risk::assess(about, &mut differences);
        let looser = differences.into_iter().filter(|d| d.loosens);
        looser.map(|d| d.field).collect()
    };
    let exactly = "limit = { exactly = \"100 USD\" }";
    assert_eq!(loosened(exactly, "50 USD", "monthly"), ["limit"]);
    assert_eq!(loosened("", "9.5 USD", "annually"), ["limit"]);
    assert_eq!(loosened("", "5 USD", "daily"), ["period"]);
    assert_eq!(loosened("period = 'annually'", "100 USD", "quarterly"), ["period"]);
    assert!(loosened("", "5000 USD", "monthly").is_empty());
    // Nobody can tell which of two currencies is more.
    assert_eq!(loosened("", "50 EUR", "monthly"), ["limit"]);
    assert_eq!(loosened("", "1000 USD", "annually"), ["limit"]);
    assert!(loosened("", "30000 USD", "annually").is_empty());
    // A hundred a month is more in a year than a hundred a year.
    assert_eq!(loosened("", "100 USD", "annually"), ["period"]);
    assert_eq!(loosened("period = 'daily'", "100 USD", "monthly"), ["period"]);
}

#[test]
fn alerts_and_subscribers_are_added_beside_those_of_others() {
    let live = Budget {
        alerts: alerts(json!({
            "actual > 50%": null,
            "actual > 80%": { "email": [Sensitive::new("other@example.com")] },
        })),
        ..budget("100 USD")
    };
    let rest = format!(r#"alerts = [{{ at = "80%", {MAIL} }}, {{ at = "100%", {MAIL} }}]"#);
    let proposal = proposed(&rest, Some(&live));
    assert_eq!(calls(&proposal), ["CreateNotification", "CreateSubscriber"]);
    let fields: Vec<&str> = proposal.differences.iter().map(|d| d.field.as_str()).collect();
    assert_eq!(fields, ["alerts.actual > 100%.email", "alerts.actual > 80%.email"]);
    assert_eq!(proposal.differences[1].after.as_array().map(Vec::len), Some(2));
}

#[test]
fn an_update_that_would_lose_something_is_a_finding() {
    let live = Budget {
        lost_by_an_update: BTreeSet::from(["its planned limits".to_owned()]),
        ..budget("500 USD")
    };
    let rest = format!(r#"alerts = [{{ at = "80%", {MAIL} }}]"#);
    let proposal = proposed(&rest, Some(&live));
    assert_eq!(calls(&proposal), ["CreateNotification"]);
    assert!(proposal.findings[0].what.ends_with("would lose its planned limits"));
    assert!(!proposal.touches(&["limit"]));
    assert!(
        proposed(&rest, Some(&Budget { limit: Some("100 USD".to_owned()), ..live }))
            .findings
            .is_empty()
    );
}

#[test]
fn what_has_no_room_is_a_finding() {
    let mails: Vec<Sensitive> =
        (0..10).map(|n| Sensitive::new(format!("a{n}@example.com"))).collect();
    let live = Budget {
        alerts: alerts(json!({
            "actual > 10%": null, "actual > 20%": null, "actual > 30%": null,
            "actual > 40%": null, "actual > 50%": null, "actual > 55%": null,
            "actual > 60%": null, "actual > 65%": null,
            "actual > 80%": { "email": mails, "sns": ["arn:aws:sns:us-east-1:111122223333:a"] },
        })),
        ..budget("100 USD")
    };
    let rest = format!(
        r#"alerts = [
            {{ at = "80%", {MAIL}, sns = "arn:aws:sns:us-east-1:111122223333:b" }},
            {{ at = "90%", {MAIL} }}, {{ at = "100%", {MAIL} }},
        ]"#
    );
    let proposal = proposed(&rest, Some(&live));
    assert_eq!(calls(&proposal), ["CreateNotification"]);
    let fields: Vec<&str> = proposal.findings.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(
        fields,
        ["alerts.actual > 80%.email", "alerts.actual > 80%.sns", "alerts.actual > 100%"]
    );
    assert!(
        proposal.findings[2]
            .remedy
            .ends_with("actual > 50%, actual > 55%, actual > 60%, actual > 65%")
    );
}

#[test]
fn a_topic_of_another_account_is_named() {
    let notes = |account: &str| {
        let topic = format!("arn:aws:sns:us-east-1:{account}:bills");
        let rest = format!(r#"alerts = [{{ at = "80%", sns = "{topic}" }}]"#);
        let live = Budget {
            alerts: alerts(json!({ "actual > 80%": { "sns": [topic] } })),
            ..budget("100 USD")
        };
        [proposed(&rest, None).notes, proposed(&rest, Some(&live)).notes]
    };
    assert_eq!(notes("111122223333"), [[""; 0]; 2]);
    let told = "the alert actual > 80% goes to arn:aws:sns:us-east-1:999999999999:bills, of \
                another account";
    assert_eq!(notes("999999999999"), [[told], [told]]);
}

#[test]
fn a_daily_budget_keeps_no_forecast() {
    let live = Budget { alerts: alerts(json!({ "forecast > 100%": null })), ..budget("100 USD") };
    let proposal = proposed("period = \"daily\"", Some(&live));
    assert_eq!(proposal.findings[0].field, "period");
    assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
}

#[test]
fn a_budget_of_another_type_is_left_alone() {
    let live = Budget { other_type: Some("USAGE".to_owned()), ..budget("5 USD") };
    let proposal = proposed("", Some(&live));
    assert_eq!(proposal.findings.len(), 1);
    assert!(proposal.writes.is_empty());
}

#[test]
fn subscribers_that_were_not_read_are_unknown_and_not_absent() {
    let live = Budget { alerts: alerts(json!({ "actual > 80%": null })), ..budget("100 USD") };
    let proposal = proposed(&format!(r#"alerts = [{{ at = "80%", {MAIL} }}]"#), Some(&live));
    assert!(matches!(proposal.standing, crate::control::Standing::Unknown(_)));
}

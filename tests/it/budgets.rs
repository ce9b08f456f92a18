//! `[[budgets]]` against an account.

use crate::account::{Account, block_on};
use aws_sdk_budgets::Client;
use aws_sdk_budgets::types::{
    AutoAdjustData, AutoAdjustType, Budget, BudgetType, ComparisonOperator, CostTypes, Dimension,
    Expression, ExpressionDimensionValues, Metric, Notification, NotificationType,
    NotificationWithSubscribers, Spend, Subscriber, SubscriptionType, ThresholdType, TimePeriod,
    TimeUnit,
};
use aws_smithy_types::DateTime;
use serde_json::json;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";

const MONTHLY: &str = r#"
[[budgets]]
name = "monthly"
limit = "100 USD"
alerts = [
  { at = "80%", email = ["billing@example.com", "second@example.com"] },
  { at = "90.5 USD", forecast = true, email = ["billing@example.com"], sns = "arn:aws:sns:us-east-1:111122223333:alerts" },
]
"#;

async fn client(account: &Account) -> Client {
    Client::new(&account.sdk().await)
}

fn spend(amount: &str) -> Spend {
    let spend = Spend::builder().amount(amount).unit("USD");
    spend.build().expect("complete")
}

fn alert(threshold: f64) -> Notification {
    Notification::builder()
        .notification_type(NotificationType::Actual)
        .comparison_operator(ComparisonOperator::GreaterThan)
        .threshold(threshold)
        .threshold_type(ThresholdType::Percentage)
        .build()
        .expect("complete")
}

fn reader(address: &str) -> Subscriber {
    Subscriber::builder()
        .subscription_type(SubscriptionType::Email)
        .address(address)
        .build()
        .expect("complete")
}

/// The same, with a limit that no lower one satisfies, of what [`theirs`] counts.
fn exactly() -> String {
    let limit = "{ exactly = \"100 USD\" }\nfilters = { Region = [\"eu-west-1\", \"us-east-1\"] }";
    MONTHLY.replace("\"100 USD\"", limit)
}

/// A monthly budget of the account's owner: 50 USD, with two alerts.
#[expect(deprecated, reason = "budgets that others made still have these")]
fn theirs() -> aws_sdk_budgets::types::builders::BudgetBuilder {
    let period = TimePeriod::builder()
        .start(DateTime::from_secs(1_714_521_600))
        .end(DateTime::from_secs(1_893_456_000));
    Budget::builder()
        .budget_name("monthly")
        .budget_type(BudgetType::Cost)
        .time_unit(TimeUnit::Monthly)
        .budget_limit(spend("50"))
        .time_period(period.build())
        .cost_filters("Region", vec!["us-east-1".into(), "eu-west-1".into()])
        .cost_types(CostTypes::builder().include_credit(false).build())
}

async fn create(account: &Account, budget: Budget) {
    let subscribed = |threshold| {
        NotificationWithSubscribers::builder()
            .notification(alert(threshold))
            .subscribers(reader("owner@example.com"))
            .build()
            .expect("complete")
    };
    client(account)
        .await
        .create_budget()
        .account_id(&account.id)
        .budget(budget)
        .notifications_with_subscribers(subscribed(40.0))
        .notifications_with_subscribers(subscribed(80.0))
        .send()
        .await
        .expect("created");
}

async fn read(account: &Account) -> Budget {
    let answer = client(account)
        .await
        .describe_budget()
        .account_id(&account.id)
        .budget_name("monthly")
        .show_filter_expression(true)
        .send()
        .await
        .expect("there");
    answer.budget.expect("a budget")
}

async fn alerts(account: &Account) -> Vec<f64> {
    let answer = client(account)
        .await
        .describe_notifications_for_budget()
        .account_id(&account.id)
        .budget_name("monthly")
        .send()
        .await
        .expect("there");
    let mut thresholds: Vec<f64> = answer.notifications().iter().map(|n| n.threshold).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds
}

async fn readers(account: &Account, threshold: f64) -> Vec<String> {
    let answer = client(account)
        .await
        .describe_subscribers_for_notification()
        .account_id(&account.id)
        .budget_name("monthly")
        .notification(alert(threshold))
        .send()
        .await
        .expect("there");
    let subscribers = answer.subscribers().iter();
    subscribers.map(|s| s.address.clone()).collect()
}

#[test]
fn a_budget_is_created_with_its_alerts_in_one_call() {
    let account = Account::with(MONTHLY);
    account.assert_converges();
    assert_eq!(account.writes(), ["budgets:CreateBudget"]);
    block_on(async {
        assert_eq!(alerts(&account).await, [80.0, 90.5]);
        let both = ["billing@example.com", "second@example.com"];
        let mut found = readers(&account, 80.0).await;
        found.sort();
        assert_eq!(found, both);
    });
}

#[test]
fn an_absent_budget_is_seen_in_two_requests_side_by_side() {
    let account = Account::with(MONTHLY);
    let _ = account.run(&["plan"]).exits(0).says("1 to create");
    let mut asked = account.operations();
    asked.sort();
    let wanted = [
        "budgets:DescribeBudget",
        "budgets:DescribeNotificationsForBudget",
        "iam:ListAccountAliases",
        "sts:GetCallerIdentity",
    ];
    assert_eq!(asked, wanted);
}

#[test]
fn a_new_limit_leaves_all_else_of_the_budget_and_the_alerts_of_others() {
    let account = Account::with(&exactly());
    block_on(async {
        create(&account, theirs().build().expect("complete")).await;
        let before = read(&account).await;
        let refused = account.run(&["apply", "--auto-approve"]).exits(6);
        let _ = refused.says("--allow-loosening budgets");
        let allowed = ["apply", "--auto-approve", "--allow-loosening", "budgets"];
        let _ = account.run(&allowed).exits(0);
        account.assert_converges();
        let after = read(&account).await;
        assert_eq!(after.budget_limit, Some(spend("100.0")));
        #[expect(deprecated, reason = "budgets that others made still have these")]
        {
            assert_eq!(after.cost_filters, before.cost_filters);
            assert_eq!(after.cost_types, before.cost_types);
            assert_eq!(after.cost_types.expect("types").include_credit, Some(false));
        }
        assert_eq!(after.time_period, before.time_period);
        assert_eq!(alerts(&account).await, [40.0, 80.0, 90.5]);
        assert_eq!(readers(&account, 40.0).await, ["owner@example.com"]);
        let mut found = readers(&account, 80.0).await;
        found.sort();
        let all = ["billing@example.com", "owner@example.com", "second@example.com"];
        assert_eq!(found, all);
    });
    let writes = [
        "budgets:CreateBudget",
        "budgets:UpdateBudget",
        "budgets:CreateSubscriber",
        "budgets:CreateSubscriber",
        "budgets:CreateNotification",
    ];
    assert_eq!(account.writes(), writes);
}

#[test]
fn a_stricter_budget_is_left_alone_and_blocks_nothing() {
    let account = Account::with(MONTHLY);
    block_on(async {
        create(&account, theirs().build().expect("complete")).await;
        for allowed in [&[][..], &["--allow-loosening", "budgets"]] {
            let arguments = [&["apply", "--auto-approve"], allowed].concat();
            let _ = account.run(&arguments).exits(0);
        }
        assert_eq!(read(&account).await.budget_limit, Some(spend("50.0")));
        assert_eq!(alerts(&account).await, [40.0, 80.0, 90.5]);
    });
}

#[test]
fn amounts_are_compared_as_decimals() {
    let budget = "[[budgets]]\nname = \"monthly\"\nlimit = { exactly = \"50.00 USD\" }\n\
                  filters = \"unmanaged\"";
    let account = Account::with(budget);
    block_on(create(&account, theirs().build().expect("complete")));
    let _ = account
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes.")
        .says("AWS deletes this budget with its alerts after 2030-01-01");
}

#[test]
fn a_budget_whose_filter_cannot_be_kept_gets_its_alerts_and_a_finding() {
    let account = Account::with(&exactly());
    let region = only(Dimension::Region, "us-east-1");
    let budget = theirs().set_time_period(None).filter_expression(region);
    #[expect(deprecated, reason = "budgets that others made still have these")]
    let budget = budget.set_cost_filters(None).set_cost_types(None);
    block_on(async {
        create(&account, budget.build().expect("complete")).await;
        let _ = account.run(&["plan"]).exits(0).says("an update would lose its filter expression");
        let _ = account.run(&["apply", "--auto-approve"]);
        let after = read(&account).await;
        assert_eq!(after.budget_limit, Some(spend("50.0")));
        assert!(after.filter_expression.is_some());
        assert_eq!(alerts(&account).await, [40.0, 80.0, 90.5]);
    });
    let drift = account.run(&["drift"]).exits(2);
    assert!(drift.stdout.contains("filter expression"), "{drift:?}");
    account.assert_valid_requests();
}

fn only(dimension: Dimension, value: &str) -> Expression {
    let values = ExpressionDimensionValues::builder().key(dimension).values(value);
    let values = values.build().expect("complete");
    Expression::builder().dimensions(values).build()
}

#[test]
fn what_keeps_a_budget_silent_is_found() {
    let account = Account::with("[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let metrics = || {
        Budget::builder()
            .budget_name("monthly")
            .budget_type(BudgetType::Cost)
            .time_unit(TimeUnit::Monthly)
            .budget_limit(spend("100"))
            .metrics(Metric::UnblendedCost)
    };
    let credits = Expression::builder().not(only(Dimension::RecordType, "Credit")).build();
    let usage = Expression::builder().not(only(Dimension::RecordType, "Usage")).build();
    let automatic = AutoAdjustData::builder().auto_adjust_type(AutoAdjustType::Forecast);
    let other = "arn:aws:billing::999999999999:billingview/custom-x";
    let moves = [
        (metrics().filter_expression(credits.clone()), None),
        (metrics(), Some("the budget counts credits away")),
        (
            metrics().filter_expression(only(Dimension::Service, "Amazon S3")),
            Some("the budget counts only SERVICE = Amazon S3"),
        ),
        (metrics().filter_expression(usage), Some("the budget does not count Usage")),
        (
            metrics()
                .filter_expression(credits.clone())
                .auto_adjust_data(automatic.build().expect("complete")),
            Some("AWS adjusts the limit of the budget by itself"),
        ),
        (
            metrics().filter_expression(credits).billing_view_arn(other),
            Some("the budget counts only billing view"),
        ),
    ];
    for (budget, told) in moves {
        block_on(async {
            let update = client(&account).await.update_budget().account_id(&account.id);
            let update = update.new_budget(budget.build().expect("complete"));
            update.send().await.expect("updated");
        });
        match told {
            Some(told) => {
                let _ = account.run(&["drift"]).exits(2).says(told);
            }
            None => {
                let _ = account.run(&["drift"]).exits(0);
            }
        }
    }
}

#[test]
fn ten_alerts_are_taken() {
    let alerts: Vec<String> = (1..11)
        .map(|n| format!("{{ at = \"{n}0%\", email = [\"billing@example.com\"] }}"))
        .collect();
    let account = Account::with(&format!(
        "[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"\nalerts = [{}]",
        alerts.join(", ")
    ));
    account.assert_converges();
}

#[test]
fn credits_are_left_out_and_undo_counts_them_again() {
    let budget = "[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"";
    let account = Account::with(budget);
    #[expect(deprecated, reason = "budgets that others made still have these")]
    let console = theirs().set_cost_filters(None).set_cost_types(None);
    let counted = || -> Option<bool> {
        #[expect(deprecated, reason = "budgets that others made still have these")]
        let types = block_on(read(&account)).cost_types?;
        types.include_credit
    };
    block_on(create(&account, console.build().expect("complete")));
    assert_eq!(counted(), Some(true));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    assert_eq!(counted(), Some(false));
    let history = account.run(&["history", "--json"]).exits(0).json();
    let id = history["runs"].as_array().expect("runs").last();
    let id = id.expect("a run")["began"]["run"].as_str().expect("an id").to_owned();
    let undo = ["undo", &id, "--auto-approve", "--allow-loosening", "budgets"];
    let _ = account.run(&undo).exits(0).says("credits  exclude -> include");
    assert_eq!(counted(), Some(true));
}

#[test]
fn no_address_is_shown_or_saved() {
    let account = Account::with(MONTHLY);
    let _ = account.run(&["snapshot", "--out", "before.json"]).exits(0);
    let mut said = vec![
        account.run(&["plan", "--out", "plan.json"]).exits(0),
        account.run(&["plan", "--json"]).exits(0),
        account.run(&["show", "plan.json"]).exits(0),
        account.run(&["apply", "plan.json"]).exits(0),
    ];
    let _ = account.run(&["snapshot", "--out", "after.json"]).exits(0);
    account.baseline(&account.in_one_region(&MONTHLY.replace("second@", "third@")));
    said.push(account.run(&["drift"]).exits(2));
    account.faults(json!([{
        "operation": "CreateSubscriber", "action": "error", "status": 400,
        "code": "InvalidParameterException", "message": "third@example.com is no good", "count": null,
    }]));
    said.push(account.run(&["apply", "--auto-approve"]).exits(3));
    let mut texts: Vec<String> =
        said.into_iter().flat_map(|run| [run.stdout, run.stderr]).collect();
    for file in ["plan.json", "before.json", "after.json"] {
        texts.push(std::fs::read_to_string(account.path(file)).expect("saved"));
    }
    for text in &texts {
        for address in ["billing@", "second@", "third@", "owner@"] {
            assert!(!text.contains(address), "{address} in\n{text}");
        }
    }
    assert!(texts.iter().any(|text| text.contains("t***@example.com")));
    assert!(texts.iter().any(|text| text.contains(TOPIC)));
}

#[test]
fn a_denied_read_is_unknown_and_never_a_reason_to_create() {
    for operation in
        ["DescribeBudget", "DescribeNotificationsForBudget", "DescribeSubscribersForNotification"]
    {
        let account = Account::with(MONTHLY);
        block_on(create(&account, theirs().build().expect("complete")));
        account.faults(json!([{"operation": operation, "action": "denied", "count": null}]));
        let _ = account.run(&["apply", "--auto-approve"]).exits(4).says("allow budgets:ViewBudget");
        assert_eq!(account.writes(), ["budgets:CreateBudget"], "{operation}");
    }
}

#[test]
fn an_answer_that_is_lost_leaves_one_budget() {
    let account = Account::with(MONTHLY);
    account.faults(json!([{"operation": "CreateBudget", "action": "apply_then_drop"}]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn the_least_privilege_policy_names_the_budgets() {
    let account = Account::with(MONTHLY);
    let _ = account
        .run(&["permissions", "--for", "apply"])
        .exits(0)
        .says(&format!("arn:aws:budgets::{}:budget/monthly", account.id))
        .says("budgets:ModifyBudget")
        .says("budgets:TagResource");
}

//! Moves against the budgets.

use super::{Drill, Intruder, nothing};
use serde_json::{Value, json};

fn call(intruder: &mut Intruder, operation: &str, mut input: Value) {
    input["AccountId"] = json!(intruder.account);
    intruder.json(
        "budgets",
        &format!("AWSBudgetServiceGateway.{operation}"),
        input,
    );
}

fn change(intruder: &mut Intruder, what: fn(&mut Value)) {
    let input = json!({"AccountId": intruder.account, "BudgetName": "monthly"});
    let answer = intruder.json("budgets", "AWSBudgetServiceGateway.DescribeBudget", input);
    let mut budget = answer["Budget"].clone();
    for output_only in ["CalculatedSpend", "LastUpdatedTime", "HealthStatus"] {
        budget
            .as_object_mut()
            .expect("a budget")
            .remove(output_only);
    }
    what(&mut budget);
    call(intruder, "UpdateBudget", json!({"NewBudget": budget}));
}

fn notification() -> Value {
    json!({
        "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80, "ThresholdType": "PERCENTAGE",
    })
}

pub const DRILLS: &[Drill] = &[Drill {
    control: "budgets",
    tables: "[[budgets]]\nname = \"monthly\"\nlimit = \"100 USD\"\n\
             alerts = [{ at = \"80%\", email = [\"billing@example.com\"] }]",
    before: nothing,
    moves: &[
        ("the budget is deleted", |intruder| {
            call(intruder, "DeleteBudget", json!({"BudgetName": "monthly"}));
        }),
        ("the limit is raised", |intruder| {
            change(intruder, |budget| {
                budget["BudgetLimit"]["Amount"] = json!("100000")
            });
        }),
        ("the alert is deleted", |intruder| {
            let input = json!({"BudgetName": "monthly", "Notification": notification()});
            call(intruder, "DeleteNotification", input);
        }),
        ("the alert goes to another address", |intruder| {
            let subscriber =
                |address: &str| json!({"SubscriptionType": "EMAIL", "Address": address});
            let input = json!({
                "BudgetName": "monthly", "Notification": notification(),
                "OldSubscriber": subscriber("billing@example.com"),
                "NewSubscriber": subscriber("nobody@example.org"),
            });
            call(intruder, "UpdateSubscriber", input);
        }),
        ("the alert waits for ten times as much", |intruder| {
            let mut late = notification();
            late["Threshold"] = json!(1000);
            let input = json!({
                "BudgetName": "monthly", "OldNotification": notification(), "NewNotification": late,
            });
            call(intruder, "UpdateNotification", input);
        }),
        ("it counts one service", |intruder| {
            change(intruder, |budget| {
                budget["CostFilters"] = json!({"Service": ["AWS Budgets"]})
            });
        }),
        ("it counts nothing", |intruder| {
            change(intruder, |budget| {
                for (_, value) in budget["CostTypes"].as_object_mut().into_iter().flatten() {
                    *value = json!(false);
                }
            });
        }),
        ("it begins in ten years", |intruder| {
            change(intruder, |budget| {
                budget["TimePeriod"] = json!({"Start": 2_100_000_000, "End": 2_200_000_000_u64});
            });
        }),
        ("it is over", |intruder| {
            change(intruder, |budget| {
                budget["TimePeriod"] = json!({"Start": 1_500_000_000, "End": 1_600_000_000});
            });
        }),
    ],
}];

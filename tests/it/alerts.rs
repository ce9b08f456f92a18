//! `[alerts]` in two regions: who hears, and what breaks the way to them.

use crate::account::{Account, HOME};
use crate::emulator::emulator;
use crate::tables::OTHER;
use crate::watch;
use crate::wire::Wire;
use serde_json::{Value, json};

const TABLE: &str = "[alerts]\nemail = [\"security@example.com\"]";
const RULE: &str = "baseline-alerts";
const ROLE: &str = "baseline-alerts-forwarding";

/// An account with alerts in two regions, which one address hears.
fn heard() -> Account {
    let account = Account::new();
    account.baseline(&account.in_regions(&[OTHER, HOME], TABLE));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    confirm(&account);
    account
}

/// The owner of the address follows the link.
fn confirm(account: &Account) {
    let input = json!({"account": account.id, "endpoint": "security@example.com"});
    emulator().admin("confirm", input);
}

fn events(account: &Account, region: &str, operation: &str, input: Value) {
    let answer =
        Wire::new(account).json("events", region, &format!("AWSEvents.{operation}"), input);
    assert!(answer.get("__type").is_none(), "{operation}: {answer}");
}

#[test]
fn one_address_hears_of_two_regions_once_it_has_confirmed() {
    let account = Account::new();
    account.baseline(&account.in_regions(&[OTHER, HOME], TABLE));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    watch::assert_sent_as_shown(account.folder.path(), &account.journal());
    let once = account.writes();
    let subscribed =
        |writes: &[String]| writes.iter().filter(|own| *own == "sns:Subscribe").count();
    assert_eq!(subscribed(&once), 1);
    let pending = account.run(&["drift"]).exits(2);
    assert!(pending.stdout.contains("has not confirmed"), "{}", pending.stdout);
    // The mail that asks for it is not sent again.
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), once);
    confirm(&account);
    let _ = account.run(&["drift"]).exits(0);
    account.assert_valid_requests();
}

#[test]
fn an_address_that_let_the_mail_lapse_is_asked_again() {
    let account = Account::with(TABLE);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    emulator().admin("lapse", json!({"account": account.id}));
    let _ = account.run(&["plan"]).exits(0).says("sns:Subscribe");
}

#[test]
fn whatever_breaks_the_way_from_another_region_is_seen() {
    let iam = |account: &Account, action: &str, more: &str| {
        let answer = Wire::new(account).iam(action, &format!("&RoleName={ROLE}{more}"));
        assert!(!answer.contains("<Error"), "{action}: {answer}");
    };
    let account = heard();
    let _ = account.run(&["drift"]).exits(0);
    let put_right = |what: &str, place: &str| {
        let drift = account.run(&["drift"]);
        assert!(drift.code == 2 && drift.stdout.contains(place), "{what}: {drift:?}");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);
    };
    iam(&account, "DeleteRolePolicy", "&PolicyName=baseline");
    put_right("the role is emptied", "alerts@us-east-1");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    iam(&account, "UpdateAssumeRolePolicy", &format!("&PolicyDocument={trust}"));
    put_right("the role lets another service in", "alerts@us-east-1");
    events(&account, OTHER, "DisableRule", json!({"Name": RULE}));
    put_right("the rule there is disabled", "alerts@eu-west-1");
    let bus = format!("arn:aws:events:{OTHER}:{}:event-bus/default", account.id);
    let target = json!({"Id": "baseline", "Arn": bus});
    events(&account, OTHER, "PutTargets", json!({"Rule": RULE, "Targets": [target]}));
    put_right("the rule there forwards to itself", "alerts@eu-west-1");
    let boundary = "&PermissionsBoundary=arn:aws:iam::aws:policy/AWSDenyAll";
    iam(&account, "PutRolePermissionsBoundary", boundary);
    let _ = account.run(&["drift"]).exits(2).says("permissions boundary");
    iam(&account, "DeleteRolePermissionsBoundary", "");
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Sid": "no", "Effect": "Deny",
        "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}]});
    events(&account, HOME, "PutPermission", json!({"Policy": deny.to_string()}));
    let _ = account.run(&["drift"]).exits(2).says("alerts of other regions do not arrive");
}

#[test]
fn a_target_that_is_refused_in_a_success_is_a_failure() {
    let account = Account::with(TABLE);
    let topic = format!("arn:aws:sns:{HOME}:{}:baseline-alerts", account.id);
    let refused = json!({"account": account.id, "refused_targets": {topic: "InternalException"}});
    emulator().admin("account", refused);
    let _ = account.run(&["apply", "--auto-approve"]).exits(3).says("InternalException");
}

/// How many messages SNS keeps that hold a text.
fn messages(account: &Account, text: &str) -> usize {
    let holdings = emulator().admin("holdings", json!({"account": account.id}));
    let kept = holdings["holdings"].as_array().expect("a list").iter();
    let values =
        kept.filter(|own| own[0].as_str().is_some_and(|path| path.contains("sent_notifications")));
    values.filter(|own| own[1].as_str().is_some_and(|value| value.contains(text))).count()
}

#[test]
fn a_test_goes_every_way_and_says_what_to_look_for() {
    let account = heard();
    let written = account.writes().len();
    let _ = account.run(&["alerts", "test"]).exits(6).says("--auto-approve");
    let test = ["alerts", "test", "--auto-approve"];
    let run = account.run(&test).exits(0);
    let id = run.stdout.split_whitespace().find(|word| word.starts_with("baseline-test-"));
    let id = id.expect("an id").trim_end_matches('.').to_owned();
    assert!(run.stdout.contains("Look for 3 messages"), "{}", run.stdout);
    assert!(run.stdout.contains("eu-west-1: EventBridge took event"), "{}", run.stdout);
    let body = messages(&account, &id);
    assert!(body >= 3, "{body} of the messages hold {id}");
    let mut sent = account.writes().split_off(written);
    sent.sort();
    assert_eq!(sent, ["events:PutEvents", "events:PutEvents", "sns:Publish"]);
    // It tests and changes nothing.
    let _ = account.run(&["drift"]).exits(0);
    let allowed = account.run(&["permissions", "--for", "alerts"]).exits(0).stdout;
    for action in ["events:PutEvents", "sns:Publish", "events:TestEventPattern"] {
        assert!(allowed.contains(action), "{action} is not in\n{allowed}");
    }
    events(&account, OTHER, "DisableRule", json!({"Name": RULE}));
    let run = account.run(&test).exits(2).says("the rule there is disabled");
    assert!(run.stdout.contains("Look for 2 messages"), "{}", run.stdout);
    let denied =
        json!([{"operation": "PutEvents", "region": OTHER, "action": "denied", "count": null}]);
    account.faults(denied);
    let _ = account.run(&test).exits(3).says("eu-west-1: not sent");
    account.faults(json!([{"operation": "DescribeRule", "action": "denied", "count": null}]));
    let _ = account.run(&test).exits(4).says("is unknown");
}

#[test]
fn a_test_is_sent_to_no_other_account() {
    let account = heard();
    let other = account.in_one_region(TABLE).replace(&account.id, "999999999999");
    account.baseline(&other);
    let written = account.writes().len();
    let _ = account.run(&["alerts", "test", "--auto-approve"]).exits(6).says("wrong account");
    let _ = account.run(&["alerts", "confirm", "0123"]).exits(6).says("wrong account");
    assert_eq!(account.writes().len(), written);
    account.baseline(&account.in_one_region("[config]"));
    let _ = account.run(&["alerts", "test"]).exits(1).says("has no table [alerts]");
}

#[test]
fn a_subscription_is_confirmed_so_that_no_link_ends_it() {
    let account = Account::with(TABLE);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let topic = format!("arn:aws:sns:{HOME}:{}:baseline-alerts", account.id);
    let more = "&Protocol=email&Endpoint=security@example.com&ReturnSubscriptionArn=true";
    let answer = Wire::new(&account).sns("Subscribe", &format!("&TopicArn={topic}{more}"));
    let arn = answer.split("<SubscriptionArn>").nth(1).and_then(|rest| rest.split('<').next());
    let token = arn.and_then(|arn| arn.rsplit(':').next()).expect("an ARN").replace('-', "");
    let _ = account.run(&["alerts", "confirm", "0123"]).exits(1).says("InvalidParameter");
    let _ = account.run(&["alerts", "confirm", &token]).exits(0).says("sns:Unsubscribe");
    let drift = account.run(&["plan"]).exits(0);
    assert!(!drift.stdout.contains("by the link in it"), "{}", drift.stdout);
    // A click on the link leaves a note.
    let clicked = heard();
    let _ = clicked.run(&["plan"]).exits(0).says("by the link in it");
}

#[test]
fn deliveries_that_failed_are_reported_where_that_is_asked_for() {
    let account = Account::new();
    let asking = format!("{TABLE}\nfailed_deliveries = \"none\"");
    account.baseline(&account.in_regions(&[OTHER, HOME], &asking));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    confirm(&account);
    let _ = account.run(&["alerts", "test", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
    let gone = format!("&RoleName={ROLE}&PolicyName=baseline");
    Wire::new(&account).iam("DeleteRolePolicy", &gone);
    let _ = account.run(&["alerts", "test", "--auto-approve"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let drift = account.run(&["drift"]).exits(2);
    let said = "1 delivery of the rule baseline-alerts in eu-west-1 failed";
    assert!(drift.stdout.contains(said), "{}", drift.stdout);
    account.assert_valid_requests();
}

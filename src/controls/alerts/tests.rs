//! What is proposed for alerts.

use super::*;
use crate::control::tests::{calls, context};
use crate::control::{Proposal, propose};
use crate::sensitive::Sensitive;
use live::{Home, Rule, Subscription, Topic};

const MAIL: &str = "email = [\"security@example.com\"]";

fn settings(lines: &str) -> Settings {
    toml::from_str(lines).expect("the test's settings are valid")
}

fn proposed(lines: &str, live: &Live, region: &str) -> Proposal {
    let saved = crate::diff::to_value(live);
    let live = serde_json::from_value(saved).expect("a live state reads back");
    let at = At { place: &Place::region(region), context: &context() };
    propose::<Alerts>(&settings(lines), &live, at)
}

/// The state that the calls of a proposal would lead to, all of whose subscribers have confirmed.
fn matching(lines: &str) -> Live {
    let (settings, context) = (settings(lines), context());
    let names = settings.names(&context);
    let at = At { place: &Place::region("us-east-1"), context: &context };
    let empty = Live { home: Some(Home::default()), ..Live::default() };
    let state = Alerts::wanted(&settings, &empty, at, &mut Remarks::default());
    let rule = serde_json::to_value(&state.rule).expect("a rule");
    let topic = state.topic.expect("a topic");
    let role = forwarding::role(&names);
    let role_state = json!(role.state(&context));
    let subscriptions = settings.addresses().into_iter().map(|address| Subscription {
        protocol: "email".to_owned(),
        address: Some(address),
        arn: Some(format!("{}:1", names.topic)),
        is_protected: Some(true),
        ..Subscription::default()
    });
    Live {
        rule: Some(serde_json::from_value(rule).expect("a live rule has the same form")),
        watches: None,
        bus: live::Bus::default(),
        failed: Default::default(),
        home: Some(Home {
            topic: Some(Topic {
                arn: topic.arn,
                policy: topic.policy,
                key: topic.key,
                tags: Default::default(),
                subscriptions: subscriptions.collect(),
            }),
            role: Some(crate::aws::roles::Role {
                arn: role.arn(&context),
                trust: role_state["trust"].to_string(),
                inline: [("baseline".to_owned(), role_state["policy"].to_string())].into(),
                attached: Default::default(),
                boundary: None,
                tags: [("baseline".to_owned(), "test".to_owned())].into(),
            }),
            ..Home::default()
        }),
    }
}

fn topic(live: &mut Live) -> &mut Topic {
    let home = live.home.as_mut().expect("the home region");
    home.topic.as_mut().expect("a topic")
}

fn rule(live: &mut Live) -> &mut Rule {
    live.rule.as_mut().expect("a rule")
}

#[test]
fn everything_is_made_once_and_then_left_alone() {
    let empty = Live { home: Some(Home::default()), ..Live::default() };
    let first = proposed(MAIL, &empty, "us-east-1");
    let wanted = [
        "CreateTopic",
        "SetTopicAttributes",
        "CreateRole",
        "PutRolePolicy",
        "PutRule",
        "PutTargets",
        "Subscribe",
    ];
    assert_eq!(calls(&first), wanted);
    let shown = first.writes.last().expect("a call").call().input.to_string();
    assert!(shown.contains("s***@example.com") && !shown.contains("security@"), "{shown}");
    let again = proposed(MAIL, &matching(MAIL), "us-east-1");
    assert_eq!(calls(&again), [""; 0]);
    assert!(again.findings.is_empty(), "{:?}", again.findings);
}

#[test]
fn other_regions_forward_by_one_rule_once_the_home_region_is_ready() {
    let other = proposed(MAIL, &Live::default(), "eu-west-1");
    assert_eq!(calls(&other), ["PutRule", "PutTargets"]);
    let target = &other.writes[1].call().input["Targets"][0];
    assert_eq!(target["Arn"], "arn:aws:events:us-east-1:111122223333:event-bus/default");
    let role = "arn:aws:iam::111122223333:role/baseline-alerts-forwarding";
    assert_eq!(target["RoleArn"], role);
    assert_eq!(other.after, [Prerequisite::at::<Alerts>(Place::region("us-east-1"))]);
}

/// What a change of a live state that matched leads to: calls, and fields of findings.
fn tampered(change: impl Fn(&mut Live)) -> (Vec<&'static str>, Vec<String>) {
    let mut live = matching(MAIL);
    change(&mut live);
    let proposal = proposed(MAIL, &live, "us-east-1");
    let found = proposal.findings.iter().map(|own| own.field.clone()).collect();
    (calls(&proposal), found)
}

#[test]
fn what_silences_the_rule_is_put_right() {
    let disabled = tampered(|live| rule(live).state = "DISABLED".to_owned());
    assert_eq!(disabled, (vec!["PutRule"], vec![]));
    let all = tampered(|live| {
        rule(live).state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS".to_owned();
    });
    assert_eq!(all, (vec![], vec![]));
    let narrowed = tampered(|live| {
        rule(live).sends.insert("guardduty".to_owned(), json!("critical"));
    });
    assert_eq!(narrowed, (vec!["PutRule"], vec![]));
    let removed = tampered(|live| rule(live).targets.clear());
    assert_eq!(removed, (vec!["PutTargets"], vec![]));
    let own = |live: &mut Live| rule(live).targets.remove("baseline").expect("a target");
    let altered = tampered(|live| {
        let mut target = own(live);
        target.altered_by.insert("InputTransformer".to_owned());
        rule(live).targets.insert("baseline".to_owned(), target);
    });
    assert_eq!(altered, (vec!["PutTargets"], vec![]));
    let with_role = tampered(|live| {
        let role = Some("arn:aws:iam::111122223333:role/x".to_owned());
        let target = Target { role, ..own(live) };
        rule(live).targets.insert("baseline".to_owned(), target);
    });
    assert_eq!(with_role, (vec!["RemoveTargets", "PutTargets"], vec![]));
    let more = tampered(|live| {
        let target = own(live);
        rule(live).targets =
            [("baseline".to_owned(), target.clone()), ("x".to_owned(), target)].into();
    });
    assert_eq!(more, (vec![], vec!["targets".to_owned()]));
}

#[test]
fn what_keeps_the_publishers_out_of_the_topic_is_put_right_or_named() {
    let emptied = tampered(|live| {
        topic(live).policy = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
    });
    assert_eq!(emptied.0, ["SetTopicAttributes"]);
    let with = |effect: &str, principal: &str| {
        tampered(|live| {
            let policy = &mut topic(live).policy;
            let more = format!(
                r#""Statement":[{{"Sid":"x","Effect":"{effect}","Principal":{principal},"Action":"sns:*","Resource":"*"}},"#
            );
            *policy = policy.replace("\"Statement\":[", &more);
        })
    };
    let denied = with("Deny", "\"*\"");
    assert!(denied.0.is_empty() && denied.1.iter().all(|own| own == "policy"), "{denied:?}");
    assert!(!denied.1.is_empty());
    let stranger = with("Allow", r#"{"AWS":"arn:aws:iam::999999999999:root"}"#);
    assert_eq!(stranger, (vec![], vec!["policy".to_owned()]));
}

#[test]
fn the_policy_that_aws_gives_a_new_topic_gives_nothing_away() {
    let default = tampered(|live| {
        let policy = &mut topic(live).policy;
        *policy = policy.replace(
            "\"Statement\":[",
            r#""Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"arn:aws:sns:us-east-1:111122223333:baseline-alerts","Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}},"#,
        );
    });
    assert_eq!(default, (vec![], vec![]));
}

#[test]
fn who_does_not_hear_and_who_should_not_is_a_finding() {
    let pending = tampered(|live| topic(live).subscriptions[0].arn = None);
    assert_eq!(pending, (vec![], vec!["email".to_owned(), "subscribers".to_owned()]));
    let gone = tampered(|live| topic(live).subscriptions.clear());
    assert_eq!(gone, (vec!["Subscribe"], vec!["subscribers".to_owned()]));
    let filtered = tampered(|live| {
        topic(live).subscriptions[0].filter = Some("{\"x\":[\"y\"]}".to_owned());
    });
    assert_eq!(filtered, (vec!["SetSubscriptionAttributes"], vec!["subscribers".to_owned()]));
    let stranger = |subscription: Subscription| {
        tampered(move |live| topic(live).subscriptions.push(subscription.clone()))
    };
    let queue = Subscription {
        protocol: "sqs".to_owned(),
        endpoint: Some("arn:aws:sqs:us-east-1:999999999999:q".to_owned()),
        arn: Some("arn:aws:sns:us-east-1:111122223333:baseline-alerts:2".to_owned()),
        ..Subscription::default()
    };
    assert_eq!(stranger(queue.clone()), (vec![], vec!["subscribers".to_owned()]));
    let channel = Subscription {
        protocol: "https".to_owned(),
        address: Some(Sensitive::new(live::CHAT)),
        endpoint: None,
        ..queue
    };
    assert_eq!(stranger(channel).1, ["subscribers"]);
}

#[test]
fn a_key_that_the_publishers_cannot_use_is_a_finding() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1";
    let with = |state: &str, is_of_aws: bool, condition: &str| {
        tampered(|live| {
            topic(live).key = Some(arn.to_owned());
            let home = live.home.as_mut().expect("home");
            home.topic_key = Some(crate::aws::keys::Key {
                arn: arn.to_owned(),
                state: state.to_owned(),
                spec: "SYMMETRIC_DEFAULT".to_owned(),
                is_of_aws,
            });
            let policy = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":["events.amazonaws.com","cloudwatch.amazonaws.com","budgets.amazonaws.com","costalerts.amazonaws.com"]}},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"{condition}}}]}}"#
            );
            home.key_policies.insert(arn.to_owned(), policy);
        })
        .1
    };
    assert_eq!(with("Enabled", false, ""), [""; 0]);
    let source = r#","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#;
    assert_eq!(with("Enabled", false, source), ["kms_key"]);
    let topic = r#","Condition":{"StringEquals":{"kms:EncryptionContext:aws:sns:topicArn":"arn:aws:sns:us-east-1:111122223333:baseline-alerts"}}"#;
    assert_eq!(with("Enabled", false, topic), [""; 0]);
    assert_eq!(with("Disabled", false, ""), ["kms_key"]);
    assert_eq!(with("Enabled", true, ""), ["kms_key"]);
}

#[test]
fn a_bus_that_denies_the_role_is_a_finding() {
    let denied = tampered(|live| {
        live.bus.policy = Some(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"no","Effect":"Deny","Principal":"*","Action":"events:PutEvents","Resource":"*"}]}"#.to_owned(),
        );
    });
    assert_eq!(denied, (vec![], vec!["bus".to_owned()]));
}

#[test]
fn a_topic_of_another_account_is_used_as_it_is_and_one_of_another_region_is_not() {
    let empty = Live { home: Some(Home::default()), ..Live::default() };
    let foreign = "topic = \"arn:aws:sns:us-east-1:999999999999:security\"";
    let proposal = proposed(foreign, &empty, "us-east-1");
    assert_eq!(calls(&proposal), ["CreateRole", "PutRolePolicy", "PutRule", "PutTargets"]);
    let stray = "topic = \"arn:aws:sns:eu-west-1:{account}:security\"";
    let proposal = proposed(stray, &empty, "us-east-1");
    assert!(proposal.writes.is_empty() && proposal.findings[0].field == "topic");
}

#[test]
fn what_a_run_made_is_stopped_and_kept() {
    let before = Live { home: Some(Home::default()), ..Live::default() };
    let past = Past { before, after: matching(MAIL), live: matching(MAIL) };
    let at = At { place: &Place::region("us-east-1"), context: &context() };
    let proposal = crate::control::restore::<Alerts>(&settings(MAIL), &past, at);
    assert_eq!(calls(&proposal), ["PutRule"]);
    assert_eq!(proposal.writes[0].call().input["State"], "DISABLED");
    let fields: Vec<&str> = proposal.findings.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(fields, ["topic", "subscribers", "enabled", "role"]);
}

#[test]
fn what_could_not_be_sent_goes_to_a_queue_where_it_is_asked_for() {
    let lines = format!("{MAIL}\ndead_letters = \"undelivered\"");
    let first = proposed(&lines, &matching(MAIL), "us-east-1");
    assert_eq!(calls(&first), ["CreateQueue", "PutTargets"]);
    let target = &first.writes[1].call().input["Targets"][0]["DeadLetterConfig"]["Arn"];
    assert_eq!(target, "arn:aws:sqs:us-east-1:111122223333:undelivered");
    let policy = first.writes[0].call().input["Attributes"]["Policy"].clone();
    let mut live = matching(&lines);
    let queue = |policy: &str, waiting: usize| live::Queue {
        name: "undelivered".to_owned(),
        url: "https://sqs.us-east-1.amazonaws.com/111122223333/undelivered".to_owned(),
        policy: policy.to_owned(),
        waiting,
    };
    let home = live.home.as_mut().expect("home");
    home.queue = Some(queue(policy.as_str().expect("a policy"), 0));
    let again = proposed(&lines, &live, "us-east-1");
    assert!(again.writes.is_empty() && again.findings.is_empty(), "{again:?}");
    let removed = {
        let mut live = live.clone();
        rule(&mut live).targets.get_mut("baseline").expect("a target").dead_letters = None;
        proposed(&lines, &live, "us-east-1")
    };
    assert_eq!(calls(&removed), ["PutTargets"]);
    live.home.as_mut().expect("home").queue = Some(queue("", 2));
    let emptied = proposed(&lines, &live, "us-east-1");
    assert_eq!(calls(&emptied), ["SetQueueAttributes"]);
    assert!(emptied.findings[0].what.contains("2 alerts could not be sent"));
}

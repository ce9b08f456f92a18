//! What a baseline asks of the log group of the trail, and what an intruder cannot do unseen.

use super::live::{Counter, Group, Target};
use super::read::STANDARD;
use super::watches::Watch;
use super::*;
use crate::aws::keys::Named;
use crate::aws::roles::Role;
use crate::control::tests::{calls, context, loosened, proposed, undone};
use crate::control::{Announcement, Context, OUR_TAG, Proposal, Standing, propose};
use crate::model::KNOWN_AFTER;
use std::collections::BTreeSet;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
const TABLE: &str = "topic = \"alerts\"";

fn target(is_connected: bool) -> Target {
    Target {
        trail: "arn:aws:cloudtrail:us-east-1:111122223333:trail/baseline".to_owned(),
        region: "us-east-1".to_owned(),
        group: "baseline-trail".to_owned(),
        account: "111122223333".to_owned(),
        role: "arn:aws:iam::111122223333:role/baseline-trail-logs".to_owned(),
        is_our_role: true,
        is_connected,
    }
}

fn nothing() -> Live {
    Live { target: Some(target(false)), ..Live::default() }
}

/// What an apply of the table leaves behind.
fn made() -> Live {
    let settings = toml::from_str(TABLE).expect("a table");
    let (place, context, mut say) = (Place::account(), context(), Remarks::default());
    let at = At { place: &place, context: &context };
    let state = TrailAlarms::wanted(&settings, &nothing(), at, &mut say);
    let role = serde_json::to_value(&state.role).expect("data");
    Live {
        target: Some(target(true)),
        group: state.group.map(|state| Group {
            state,
            class: STANDARD.to_owned(),
            retention_policy: None,
            masked: None,
            key_fault: None,
        }),
        filters: state.filters,
        alarms: state.alarms,
        role: Some(Role {
            arn: target(true).role,
            trust: role["trust"].to_string(),
            inline: [("baseline".to_owned(), role["policy"].to_string())].into(),
            attached: BTreeSet::new(),
            boundary: None,
            tags: [(OUR_TAG.to_owned(), "test".to_owned())].into(),
        }),
        ..Live::default()
    }
}

fn asked(live: &Live) -> Proposal {
    proposed::<TrailAlarms>(TABLE, live)
}

/// The operations, each as often as it is called.
fn counted(proposal: &Proposal) -> BTreeMap<&'static str, usize> {
    let mut counted = BTreeMap::new();
    for call in calls(proposal) {
        *counted.entry(call).or_default() += 1;
    }
    counted
}

#[test]
fn all_of_it_is_made_in_order_and_then_left_alone() {
    let proposal = asked(&nothing());
    let first = [
        "CreateLogGroup",
        "PutRetentionPolicy",
        "CreateRole",
        "PutRolePolicy",
        "UpdateTrail",
        "PutMetricFilter",
    ];
    assert_eq!(calls(&proposal)[..6], first);
    assert_eq!(counted(&proposal)["PutMetricFilter"], 15);
    assert_eq!(counted(&proposal)["PutMetricAlarm"], 15);
    assert_eq!(proposal.findings, []);
    let done = asked(&made());
    assert!(done.differences.is_empty() && done.findings.is_empty(), "{done:?}");
}

#[test]
fn what_is_excepted_is_not_made_and_noise_may_be_counted_first() {
    let table = "topic = \"alerts\"\nexcept = [\"organization_changes\"]\n\
                 thresholds = { unauthorized_calls = 10 }";
    let proposal = proposed::<TrailAlarms>(table, &nothing());
    assert_eq!(counted(&proposal)["PutMetricAlarm"], 14);
    let alarms = proposal.writes.iter().map(|write| write.call().input);
    let thresholds: BTreeMap<String, f64> = alarms
        .filter_map(|input| {
            Some((input["AlarmName"].as_str()?.to_owned(), input["Threshold"].as_f64()?))
        })
        .collect();
    assert_eq!(thresholds["baseline-unauthorized_calls"], 10.0);
    assert_eq!(thresholds["baseline-root_use"], 1.0);
    // An alarm that is raised by fewer events is enough.
    assert!(proposed::<TrailAlarms>(table, &made()).differences.is_empty());
}

#[test]
fn an_equivalent_filter_of_others_with_an_alarm_is_enough_and_without_one_gets_ours() {
    let mut live = made();
    let (filter, alarm) = (
        live.filters.remove("baseline-root_use").expect("a filter"),
        live.alarms.remove("baseline-root_use").expect("an alarm"),
    );
    let metric = Counter {
        namespace: "CIS".to_owned(),
        name: "Root".to_owned(),
        ..filter.metrics[0].clone()
    };
    let pattern = "{$.eventType!=AwsServiceEvent && $.userIdentity.invokedBy NOT EXISTS && \
                   $.userIdentity.type=Root}";
    let theirs = Filter { pattern: pattern.to_owned(), metrics: vec![metric], ..filter };
    live.filters.insert("root-account".to_owned(), theirs);
    let proposal = asked(&live);
    assert_eq!(calls(&proposal), ["PutMetricAlarm"]);
    let input = proposal.writes[0].call().input;
    assert_eq!((&input["Namespace"], &input["MetricName"]), (&json!("CIS"), &json!("Root")));
    let of_theirs = |enabled| Alarm {
        namespace: Some("CIS".to_owned()),
        metric: Some("Root".to_owned()),
        actions_enabled: enabled,
        ..alarm.clone()
    };
    live.alarms.insert("root".to_owned(), of_theirs(true));
    assert!(asked(&live).differences.is_empty());
    live.alarms.insert("root".to_owned(), of_theirs(false));
    let proposal = asked(&live);
    assert_eq!(calls(&proposal), ["PutMetricAlarm"]);
    assert_eq!(proposal.notes, ["the alarm root has its actions disabled"]);
}

/// Changes a live state as one call of an intruder does.
type Tampering = fn(&mut Live);

fn filter(live: &mut Live) -> &mut Filter {
    live.filters.get_mut("baseline-root_use").expect("a filter")
}

fn alarm(live: &mut Live) -> &mut Alarm {
    live.alarms.get_mut("baseline-root_use").expect("an alarm")
}

fn group(live: &mut Live) -> &mut Group {
    live.group.as_mut().expect("a log group")
}

fn role(live: &mut Live) -> &mut Role {
    live.role.as_mut().expect("a role")
}

#[test]
fn whatever_blinds_an_alarm_is_put_right() {
    let moves: &[(Tampering, &str)] = &[
        (|live| live.filters.retain(|name, _| name != "baseline-root_use"), "PutMetricFilter"),
        (|live| filter(live).pattern = "{ $.eventName = Nothing }".to_owned(), "PutMetricFilter"),
        (|live| filter(live).pattern = "{ $.eventName = * }".to_owned(), "PutMetricFilter"),
        (|live| filter(live).pattern = String::new(), "PutMetricFilter"),
        (|live| filter(live).metrics[0].value = "0".to_owned(), "PutMetricFilter"),
        (|live| filter(live).metrics[0].value = "$.x".to_owned(), "PutMetricFilter"),
        (|live| filter(live).metrics[0].default = Some(5.0), "PutMetricFilter"),
        (|live| filter(live).transformed = true, "PutMetricFilter"),
        (|live| filter(live).criteria = Some("@aws.region = \"x\"".to_owned()), "PutMetricFilter"),
        (|live| filter(live).split_by.extend(["@aws.region".to_owned()]), "PutMetricFilter"),
        (
            |live| {
                let by = ("Event".to_owned(), "$.eventName".to_owned());
                filter(live).metrics[0].dimensions.extend([by]);
            },
            "PutMetricFilter",
        ),
        (|live| filter(live).metrics[0].name = "elsewhere".to_owned(), "PutMetricAlarm"),
        (|live| live.alarms.retain(|name, _| name != "baseline-root_use"), "PutMetricAlarm"),
        (|live| alarm(live).actions_enabled = false, "PutMetricAlarm"),
        (|live| alarm(live).actions = ["arn:dead".to_owned()].into(), "PutMetricAlarm"),
        (|live| alarm(live).threshold = Some(1e9), "PutMetricAlarm"),
        (|live| alarm(live).metric = Some("other".to_owned()), "PutMetricAlarm"),
        (|live| alarm(live).missing_data = Some("ignore".to_owned()), "PutMetricAlarm"),
        (|live| group(live).state.retention_days = Some(1), "PutRetentionPolicy"),
        (|live| group(live).state.deletion_protection = false, "PutLogGroupDeletionProtection"),
        (|live| live.group = None, "CreateLogGroup"),
        (|live| live.target = Some(target(false)), "UpdateTrail"),
        (|live| role(live).inline.clear(), "PutRolePolicy"),
        (|live| role(live).trust = "{}".to_owned(), "UpdateAssumeRolePolicy"),
        (|live| live.role = None, "CreateRole"),
    ];
    for (number, (tamper, call)) in moves.iter().enumerate() {
        let mut live = made();
        tamper(&mut live);
        let proposal = asked(&live);
        assert!(!proposal.differences.is_empty(), "move {number}");
        let calls = calls(&proposal);
        assert!(calls.contains(call) && calls.len() <= 3, "move {number}: {calls:?}");
    }
}

#[test]
fn what_only_you_can_put_right_is_a_finding() {
    let moves: &[(Tampering, &str)] = &[
        (|live| live.target = None, "trail"),
        (|live| group(live).class = "INFREQUENT_ACCESS".to_owned(), "group"),
        (|live| group(live).masked = Some("EmailAddress".to_owned()), "group"),
        (
            |live| {
                group(live).state.kms_key =
                    Some("arn:aws:kms:us-east-1:111122223333:key/k".to_owned());
                group(live).key_fault = Some("is Disabled".to_owned());
            },
            "kms_key",
        ),
        (
            |live| {
                group(live).state.retention_days = Some(1);
                group(live).retention_policy = Some("short".to_owned());
            },
            "retention_days",
        ),
        (
            |live| {
                let fault = "has no confirmed subscriber".to_owned();
                live.topics.insert(TOPIC.to_owned(), fault);
            },
            "topic",
        ),
        (
            |live| {
                let alarms = ["baseline-root_use".to_owned()].into();
                live.mute_rules.insert("night".to_owned(), alarms);
            },
            "mute_rules",
        ),
        (
            |live| {
                let noise =
                    Filter { pattern: "{ $.eventName = * }".to_owned(), ..filter(live).clone() };
                live.filters.insert("noise".to_owned(), noise);
            },
            "filters",
        ),
        (|live| role(live).attached.extend(["arn:aws:iam::aws:policy/x".to_owned()]), "role"),
        (
            |live| {
                let target = live.target.as_mut().expect("a target");
                target.is_our_role = false;
                role(live).inline.clear();
            },
            "role",
        ),
    ];
    for (tamper, field) in moves {
        let mut live = made();
        tamper(&mut live);
        let proposal = asked(&live);
        let found: Vec<&str> = proposal.findings.iter().map(|own| own.field.as_str()).collect();
        assert_eq!(found, [*field], "{:?}", proposal.findings);
        assert!(proposal.writes.is_empty(), "{field}");
    }
    let mut other = made();
    other.mute_rules.insert("night".to_owned(), ["cpu".to_owned()].into());
    assert!(asked(&other).findings.is_empty());
}

#[test]
fn an_adopted_role_has_to_let_events_be_written_to_this_log_group() {
    let finds = |action: &str, resource: &str| {
        let mut live = made();
        live.target.as_mut().expect("a target").is_our_role = false;
        let policy =
            json!({"Statement": {"Effect": "Allow", "Action": [action], "Resource": resource}});
        role(&mut live).inline = [("theirs".to_owned(), policy.to_string())].into();
        asked(&live).findings.len()
    };
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:baseline-trail:log-stream:*";
    assert_eq!(finds("logs:PutLogEvents", group), 0);
    assert_eq!(finds("logs:*", "*"), 0);
    assert_eq!(finds("logs:CreateLogStream", group), 1);
    assert_eq!(finds("logs:PutLogEvents", &group.replace("baseline-trail", "other")), 1);
}

#[test]
fn without_a_topic_only_the_filters_are_made() {
    let proposal = proposed::<TrailAlarms>("", &nothing());
    assert_eq!(counted(&proposal).get("PutMetricAlarm"), None);
    assert_eq!(counted(&proposal)["PutMetricFilter"], 15);
    assert_eq!(proposal.findings[0].field, "topic");
}

#[test]
fn a_key_that_is_asked_for_is_put_on_and_one_that_cannot_be_used_is_a_finding() {
    let table = "topic = \"alerts\"\nkms_key = \"alias/logs\"";
    let key = |state: &str| live::Key {
        name: "alias/logs".to_owned(),
        seen: Named {
            found: Some(crate::aws::keys::Key {
                arn: "arn:aws:kms:us-east-1:111122223333:key/k".to_owned(),
                state: state.to_owned(),
                spec: "SYMMETRIC_DEFAULT".to_owned(),
                is_of_aws: false,
            }),
            is_hidden: false,
        },
    };
    let live = Live { key: Some(key("Enabled")), ..made() };
    assert_eq!(calls(&proposed::<TrailAlarms>(table, &live)), ["AssociateKmsKey"]);
    let live = Live { key: Some(key("Disabled")), ..made() };
    let proposal = proposed::<TrailAlarms>(table, &live);
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].field, "kms_key");
}

#[test]
fn a_key_that_the_same_run_makes_is_named_by_its_alias_and_waited_for() {
    let alias = "alias/logs".to_owned();
    let context = Context {
        announced: vec![Announcement::Key { alias: alias.clone(), regions: None }],
        ..context()
    };
    let settings = toml::from_str("topic = \"alerts\"\nkms_key = \"alias/logs\"").expect("a table");
    let key = |found| live::Key { name: alias.clone(), seen: Named { found, is_hidden: false } };
    let proposed = |live: &Live| {
        let place = Place::account();
        propose::<TrailAlarms>(&settings, live, At { place: &place, context: &context })
    };
    let new = proposed(&Live { key: Some(key(None)), ..nothing() });
    let associate =
        new.writes.iter().map(|own| own.call()).find(|own| own.operation == "AssociateKmsKey");
    assert_eq!(associate.expect("a call").input["kmsKeyId"], KNOWN_AFTER);
    assert_eq!(new.findings, []);
    assert!(new.after.iter().any(|own| own.control() == "keys"), "{:?}", new.after);
    let arn = "arn:aws:kms:us-east-1:111122223333:key/k".to_owned();
    let found = crate::aws::keys::Key {
        arn: arn.clone(),
        state: "Enabled".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        is_of_aws: false,
    };
    let mut live = Live { key: Some(key(Some(found))), ..made() };
    group(&mut live).state.kms_key = Some(arn);
    assert!(proposed(&live).differences.is_empty());
}

#[test]
fn what_others_manage_is_left_to_them() {
    let mut live = made();
    live.owner = Some("the CloudFormation stack x".to_owned());
    filter(&mut live).pattern.clear();
    let proposal = asked(&live);
    assert!(matches!(proposal.standing, Standing::Elsewhere(_)) && proposal.writes.is_empty());
    assert!(
        !calls(&proposed::<TrailAlarms>("topic = \"alerts\"\ntake_over = true", &live)).is_empty()
    );
    let mut organization = nothing();
    organization.target.as_mut().expect("a target").account = "999999999999".to_owned();
    let proposal = asked(&organization);
    assert!(matches!(proposal.standing, Standing::Elsewhere(_)) && proposal.findings.is_empty());
}

#[test]
fn an_undo_takes_filters_and_alarms_away_and_keeps_the_log_group_and_the_role() {
    let past = Past { before: nothing(), after: made(), live: made() };
    let proposal = undone::<TrailAlarms>(TABLE, &past);
    let counted = counted(&proposal);
    let wanted = [("DeleteAlarms", 1), ("DeleteMetricFilter", 15), ("UpdateTrail", 1)];
    assert_eq!(counted, wanted.into());
    let kept: Vec<&str> = proposal.findings.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(kept, ["group", "role"]);
    let loosened = loosened(&proposal);
    assert!(loosened.contains(&"trail".to_owned()), "{loosened:?}");
    assert!(loosened.contains(&format!("alarms.{}", Watch::RootUse.name())), "{loosened:?}");
}

#[test]
fn by_events_nothing_is_made_here_and_what_keeps_them_from_coming_is_reported() {
    let found = |live: &Live, context: Context| {
        let settings = toml::from_str("by = \"events\"").expect("a table");
        let at = At { place: &Place::account(), context: &context };
        let proposal = propose::<TrailAlarms>(&settings, live, at);
        assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
        proposal.findings.into_iter().map(|own| own.field).collect::<Vec<_>>()
    };
    let alerts = crate::control::tests::configured(
        crate::control::Kind::of::<crate::controls::alerts::Alerts>(),
        "",
    );
    let hearing = context().hearing(&[alerts.expect("a table").into()]);
    assert_eq!(found(&nothing(), hearing.clone()), [""; 0]);
    assert_eq!(found(&nothing(), context()), ["by"]);
    assert_eq!(found(&Live::default(), hearing.clone()), ["trail"]);
    let mut elsewhere = hearing;
    elsewhere.home_region = "eu-west-1".to_owned();
    elsewhere.listed_regions = Some(vec!["eu-west-1".to_owned()]);
    assert_eq!(found(&nothing(), elsewhere), ["by"]);
}

#[test]
fn what_aws_would_refuse_is_refused_first() {
    let kind = crate::control::Kind::of::<TrailAlarms>();
    for (lines, text) in [
        ("retention_days = 100", "the next is 120"),
        ("thresholds = { root = 5 }", "'root' is not an alarm"),
        ("thresholds = { root_use = 0 }", "one event or more"),
        ("threshold = 0", "threshold"),
        ("by = \"events\"\nthresholds = { root_use = 2 }", "nothing is counted"),
        ("group = \"a b\"", "group"),
        ("except = [\"root_user\"]", "root_use"),
    ] {
        let problem = crate::control::tests::configured(kind, lines).expect_err(lines);
        assert!(problem.contains(text), "{lines}: {problem}");
    }
}

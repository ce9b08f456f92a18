use super::live::{ForeignGrant, Key};
use super::settings::Use;
use super::statements::Owner;
use super::*;
use crate::control::tests::{calls, configured, context};
use crate::control::{Kind, Proposal, propose, restore};
use crate::policy::{self, weaknesses};
use crate::settings::Words;
use serde_json::json;
use std::collections::BTreeMap;

const ID: &str = "00000001-12ab-34cd-56ef-1234567890ab";
const ALL: &str = r#"for = ["trail", "logs", "topics", "ebs", "bucket", "guardduty", "macie"]"#;

fn arn(id: &str) -> String {
    format!("arn:aws:kms:us-east-1:111122223333:key/{id}")
}

fn entries(lines: &str) -> Vec<Entry> {
    let text = format!("[[keys]]\nalias = \"alias/logs\"\n{lines}");
    let mut tables: BTreeMap<String, Vec<Entry>> = toml::from_str(&text).expect("valid");
    tables.remove("keys").expect("the table")
}

fn proposed(lines: &str, live: &Live) -> Proposal {
    let at = At { place: &Place::thing_in("alias/logs", "us-east-1"), context: &context() };
    propose::<Keys>(&entries(lines), live, at)
}

fn nothing() -> Live {
    Live { alias: "alias/logs".to_owned(), key: None, others: BTreeMap::new() }
}

/// The key that a first apply of the lines makes.
fn made(lines: &str) -> Live {
    let at = At { place: &Place::thing_in("alias/logs", "us-east-1"), context: &context() };
    let state = Keys::wanted(&entries(lines), &nothing(), at, &mut Remarks::default());
    let state = state.key.expect("a key");
    let key = Key {
        id: ID.to_owned(),
        arn: arn(ID),
        state: "Enabled".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        aliased: true,
        tagged: true,
        created_here: true,
        fixed: None,
        rotation: state.rotation,
        policy: state.policy,
        foreign_grants: BTreeMap::new(),
        owner: None,
    };
    Live { key: Some(key), ..nothing() }
}

fn changed(lines: &str, change: impl FnOnce(&mut Key)) -> Live {
    let mut live = made(lines);
    change(live.key.as_mut().expect("a key"));
    live
}

#[test]
fn a_key_is_made_named_and_rotated_and_then_matches() {
    let first = proposed(ALL, &nothing());
    assert_eq!(calls(&first), ["CreateKey", "CreateAlias", "EnableKeyRotation"]);
    let created = first.writes[0].call().input;
    assert_eq!(created["Policy"]["Statement"][0]["Sid"], "BaselineAccount");
    assert_eq!(created["Tags"][1], json!({"TagKey": "baseline-key", "TagValue": "alias/logs"}));
    assert_eq!(first.writes[1].call().input["TargetKeyId"], "(known after apply)");
    let again = proposed(ALL, &made(ALL));
    assert!(again.writes.is_empty() && again.differences.is_empty() && again.findings.is_empty());
}

#[test]
fn no_use_gives_the_key_to_others_than_the_account() {
    let context = context();
    let owner = Owner { region: "us-east-1", context: &context };
    for (own, word) in Use::ALL {
        let mut all = Policy::empty();
        owner.needed(*own).iter().for_each(|statement| all.put(statement));
        let weak = weaknesses(&all, &arn(ID), &context.account, "aws");
        // EventBridge does not say for whom it asks, and CloudWatch Logs says it by the log group.
        let weak = weak.into_iter().filter(|own| !matches!(own.kind, policy::Kind::ForAnyone(_)));
        let weak = weak.map(|own| own.what).collect::<Vec<_>>();
        assert!(weak.is_empty(), "{word}: {weak:?}");
    }
}

#[test]
fn each_use_asks_for_what_its_statements_allow() {
    let context = context();
    let owner = Owner { region: "us-east-1", context: &context };
    for (own, word) in Use::ALL {
        let mut policy = Policy::empty();
        owner.needed(*own).iter().for_each(|statement| policy.put(statement));
        let request = owner.request(*own, &arn(ID));
        let verdict = policy.judge(&request, Dialect::resource("aws"));
        // What is encrypted, the service says in its request: that is not known here.
        let is_let_in = !matches!(verdict, crate::policy::Verdict::NotAllowed);
        assert!(is_let_in, "{word}: {verdict:?}");
    }
}

#[test]
fn what_lacks_is_put_in_and_what_others_wrote_stays() {
    let theirs = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Enable IAM User Permissions", "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*",
            "Resource": "*"},
        {"Sid": "Theirs", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "kms:Decrypt", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}},
    ]});
    let live = changed(ALL, |key| {
        key.policy = theirs.to_string();
        (key.created_here, key.tagged) = (false, false);
    });
    let proposal = proposed("for = [\"logs\"]", &live);
    assert_eq!(calls(&proposal), ["PutKeyPolicy", "TagResource"]);
    let policy = &proposal.writes[0].call().input["Policy"]["Statement"];
    let sids: Vec<&str> =
        policy.as_array().expect("a list").iter().filter_map(|own| own["Sid"].as_str()).collect();
    assert_eq!(
        sids,
        ["Enable IAM User Permissions", "Theirs", "BaselineLogs", "BaselineDenyEarlyDeletion"]
    );
    // Whoever keeps the account's own policies out may want that.
    let closed = changed(ALL, |key| {
        key.policy = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
        key.created_here = false;
    });
    let touched = proposed("for = [\"logs\"]", &closed);
    assert!(touched.touches(&["policy.BaselineLogs"]));
    assert!(!touched.touches(&["policy.BaselineAccount"]));
}

#[test]
fn a_stricter_key_satisfies_and_one_that_cannot_rotate_is_noted() {
    let often = changed(ALL, |key| key.rotation.period_days = Some(90));
    assert!(proposed(ALL, &often).differences.is_empty());
    let rarely = changed(ALL, |key| key.rotation.period_days = Some(2560));
    assert_eq!(calls(&proposed(ALL, &rarely)), ["EnableKeyRotation"]);
    let imported = changed(ALL, |key| {
        key.fixed = Some(crate::aws::keys::Fixed::Imported);
        key.rotation = Rotation::default();
    });
    let proposal = proposed(ALL, &imported);
    assert!(proposal.writes.is_empty() && proposal.notes[0].contains("imported"));
    let week = format!("{ALL}\ndeletion_window_days = 7");
    assert!(proposed(&week, &made(ALL)).differences.is_empty());
    assert_eq!(calls(&proposed(ALL, &made(&week))), ["PutKeyPolicy"]);
}

#[test]
fn whoever_else_may_use_the_key_is_a_finding() {
    let with = |statement: Value| {
        changed(ALL, |key| {
            let mut policy = Policy::parse(&key.policy).expect("ours");
            policy.put(&statement);
            key.policy = policy.text();
        })
    };
    let allow = |principal: Value| {
        json!({"Sid": "X", "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt",
            "Resource": "*"})
    };
    for principal in [json!("*"), json!({"AWS": "999999999999"})] {
        let proposal = proposed(ALL, &with(allow(principal.clone())));
        assert_eq!(proposal.findings[0].field, "policy.X", "{principal}");
        assert!(proposal.writes.is_empty());
    }
    let told = format!("{ALL}\nshared_with = [\"999999999999\"]");
    let foreign = with(allow(json!({"AWS": "arn:aws:iam::999999999999:root"})));
    assert!(proposed(&told, &foreign).findings.is_empty());
    let mut deny = allow(json!({"Service": "cloudtrail.amazonaws.com"}));
    deny["Effect"] = json!("Deny");
    deny["Action"] = json!("kms:*");
    let what = &proposed(ALL, &with(deny)).findings[0].what;
    assert_eq!(what, "statement X of the policy denies the use for trail");
    let granted = changed(ALL, |key| {
        let grant = ForeignGrant {
            grantee: "arn:aws:iam::999999999999:user/x".to_owned(),
            operations: BTreeSet::from(["Decrypt".to_owned()]),
        };
        key.foreign_grants.insert("g".to_owned(), grant);
    });
    assert_eq!(proposed(ALL, &granted).findings[0].field, "grants");
    assert!(proposed(&told, &granted).findings.is_empty());
}

#[test]
fn a_key_that_cannot_be_used_or_is_another_is_a_finding_and_is_not_changed() {
    for state in ["Disabled", "PendingDeletion", "Unavailable"] {
        let live = changed(ALL, |key| {
            key.state = state.to_owned();
            key.rotation = Rotation::default();
        });
        let proposal = proposed(ALL, &live);
        assert_eq!(proposal.findings[0].field, "state");
        assert!(proposal.writes.is_empty(), "{state}");
    }
    let mut other = changed(ALL, |key| key.tagged = false);
    other.others.insert("the-first".to_owned(), "Enabled".to_owned());
    let proposal = proposed(ALL, &other);
    assert_eq!(proposal.findings[0].field, "alias");
    assert!(proposal.findings[0].remedy.contains("--target-key-id the-first"));
    assert!(proposal.writes.is_empty());
}

#[test]
fn a_key_that_a_run_made_and_did_not_name_gets_its_alias_and_no_second_one_is_made() {
    let live = changed(ALL, |key| {
        key.aliased = false;
        key.rotation = Rotation::default();
    });
    assert_eq!(calls(&proposed(ALL, &live)), ["EnableKeyRotation", "CreateAlias"]);
}

#[test]
fn an_undo_keeps_the_key_and_takes_the_statements_back() {
    let place = Place::thing_in("alias/logs", "us-east-1");
    let undone = |before: Live, after: Live| {
        let context = context();
        let at = At { place: &place, context: &context };
        let past = Past { before, live: after.clone(), after };
        restore::<Keys>(&entries(ALL), &past, at)
    };
    let proposal = undone(nothing(), made(ALL));
    assert_eq!(calls(&proposal), ["PutKeyPolicy"]);
    let left = proposal.writes[0].call().input["Policy"]["Statement"].clone();
    let left = left.as_array().expect("a list").len();
    assert_eq!(left, 2);
    assert!(proposal.findings[0].what.contains("it is not deleted"));
    let before = changed("for = [\"logs\"]", |key| key.rotation = Rotation::default());
    let proposal = undone(before, made(ALL));
    assert_eq!(calls(&proposal), ["PutKeyPolicy", "DisableKeyRotation"]);
}

#[test]
fn contradictions_are_refused_where_they_stand() {
    let wrong = |lines: &str| match configured(Kind::of::<Keys>(), lines) {
        Ok(_) => panic!("{lines} is accepted"),
        Err(text) => text,
    };
    assert!(wrong("alias = \"logs\"\nfor = [\"logs\"]").contains("write \"alias/logs\""));
    assert!(wrong("alias = \"alias/aws/x\"\nfor = [\"logs\"]").contains("AWS's own keys"));
    assert!(wrong("alias = \"alias/x\"\nfor = []").contains("nothing would encrypt"));
    assert!(wrong("alias = \"alias/x\"\nfor = [\"trial\"]").contains("trail"));
    let other = "alias = \"alias/x\"\nfor = [\"logs\"]\nshared_with = [\"acme\"]";
    assert!(wrong(other).contains("neither an account nor an organization"));
    let rare = "alias = \"alias/x\"\nfor = [\"logs\"]\nrotation_days = 30";
    assert!(wrong(rare).contains("90"));
}

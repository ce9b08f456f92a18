//! `[[waivers]]`, through the binary.

use crate::account::Account;
use crate::emulator::{emulator, root};
use crate::iam;
use baseline::day::Day;
use serde_json::{Value, json};
use std::time::SystemTime;
use time::{Duration, OffsetDateTime};

const POLICY: &str = "[password_policy]\nminimum_length = 14\n";

/// The day so many days from today.
fn day(days: i64) -> Day {
    Day::of(OffsetDateTime::from(SystemTime::now()) + Duration::days(days))
}

/// A waiver of the web team that expires so many days from today.
fn waiver(what: &str, days: i64) -> String {
    let expires = day(days);
    format!(
        "[[waivers]]\n{what}\nreason = \"old clients\"\nowner = \"web team\"\nticket = \"WEB-12\"\n\
         expires = {expires}\n"
    )
}

fn entry<'a>(plan: &'a Value, control: &str) -> &'a Value {
    let entries = plan["entries"].as_array().expect("a list");
    let found = entries.iter().find(|entry| entry["control"] == control);
    found.unwrap_or_else(|| panic!("no {control} in {plan}"))
}

#[test]
fn what_is_waived_is_shown_and_left_alone_and_fails_nothing() {
    let waiver = waiver("control = \"password_policy\"", 90);
    let account = Account::with(&format!("{POLICY}{waiver}"));
    let until = format!("until {}: old clients (web team, WEB-12)", day(90));
    let _ = account
        .run(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("= password_policy")
        .says(&format!("waived {until}"))
        .says("No changes. 1 waived.");
    let _ = account
        .run(&["drift"])
        .exits(0)
        .says("waived    password_policy  does not exist; expected: minimum_length")
        .says(&format!("waived    password_policy  {until}"))
        .says("matches baseline.toml: No changes. 1 waived.");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert!(account.writes().is_empty(), "{:?}", account.writes());

    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let _ = account.run(&["show", "plan.json"]).exits(0).says(&until);
    let plan = account.run(&["drift", "--json"]).exits(0).json();
    let entry = entry(&plan, "password_policy");
    assert_eq!(entry["verdict"], "waived");
    assert_eq!(entry["calls"], Value::Null);
    assert_eq!(entry["differences"][0]["field"], "minimum_length");
    assert_eq!(entry["waivers"][0]["ticket"], "WEB-12");
    assert_eq!(plan["waivers"][0]["places"], json!(["password_policy"]));
}

#[test]
fn an_expired_waiver_waives_nothing_and_says_so_at_the_place() {
    let account =
        Account::with(&format!("{POLICY}{}", waiver("control = \"password_policy\"", -1)));
    let expired = format!("the waiver of web team (WEB-12) expired on {}: old clients", day(-1));
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says("missing   password_policy")
        .says(&format!("expired   password_policy  {expired}"));
    let _ = account.run(&["plan"]).exits(0).says(&expired);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
    let _ = account
        .run(&["drift"])
        .exits(0)
        .says("password_policy (web team, WEB-12) is no longer needed")
        .says("it expired on");
}

#[test]
fn a_waiver_holds_through_its_last_day_and_is_told_two_weeks_before() {
    for (days, said) in [
        (0, Some("expires today")),
        (1, Some("expires in 1 day,")),
        (14, Some("expires in 14 days")),
        (15, None),
    ] {
        let waiver = waiver("control = \"password_policy\"", days);
        let account = Account::with(&format!("{POLICY}{waiver}"));
        let drift = account.run(&["drift"]).exits(0);
        let plan = account.run(&["plan"]).exits(0);
        for run in [drift, plan] {
            match said {
                Some(said) => drop(run.says(said)),
                None => assert!(!run.stdout.contains("expires"), "{}", run.stdout),
            }
        }
    }
}

#[test]
fn a_waiver_for_nothing_and_one_no_longer_needed_are_told_each_in_its_own_words() {
    let waivers = [
        waiver("control = \"buckets\"\nplace = \"sight-*\"", 90),
        waiver("control = \"password_policy\"\nfield = \"minimum_length\"", 90),
    ];
    let buckets = "[[buckets]]\nmatch = [\"*\"]\nssl_only = true\n";
    let account = Account::with(&format!("{POLICY}{buckets}"));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    account.baseline(&account.in_one_region(&format!("{POLICY}{buckets}{}", waivers.join(""))));
    for command in ["plan", "drift"] {
        let _ = account
            .run(&[command])
            .exits(0)
            .says("buckets@sight-* (web team, WEB-12) matches no place")
            .says("password_policy minimum_length (web team, WEB-12) is no longer needed");
    }
    let plan = account.run(&["plan", "--json"]).exits(0).json();
    assert_eq!(plan["waivers"][0]["remarks"], json!(["matches_nothing"]));
    assert_eq!(plan["waivers"][1]["remarks"], json!(["not_needed"]));
}

#[test]
fn what_a_run_leaves_out_is_not_said_to_match_nothing() {
    let account = Account::new();
    let waivers = [
        waiver("control = \"guardduty\"\nplace = \"eu-west-1\"", 90),
        waiver("control = \"password_policy\"", 90),
    ];
    let controls = format!("{POLICY}[guardduty]\n{}", waivers.join(""));
    account.baseline(&account.in_regions(&["us-east-1", "eu-west-1"], &controls));
    for chosen in [
        ["--target", "guardduty@us-east-1"],
        ["--exclude", "guardduty@eu-west-1"],
        ["--exclude", "guardduty"],
    ] {
        let run = account.run(&["drift", chosen[0], chosen[1]]);
        assert!(!run.stdout.contains("matches no place"), "{}", run.stdout);
        assert!(!run.stdout.contains("no longer needed"), "{}", run.stdout);
    }
    let _ = account
        .run(&["drift", "--target", "guardduty"])
        .exits(2)
        .says("missing   guardduty@us-east-1")
        .says("waived    guardduty@eu-west-1");
}

#[test]
fn what_could_not_be_seen_is_not_waived_and_its_waiver_not_judged() {
    let account =
        Account::with(&format!("{POLICY}{}", waiver("control = \"password_policy\"", 90)));
    account.faults(
        json!([{"operation": "GetAccountPasswordPolicy", "action": "denied", "count": null}]),
    );
    let run = account.run(&["drift"]).exits(4).says("unknown   password_policy");
    assert!(!run.stdout.contains("no longer needed"), "{}", run.stdout);
    let _ = account.run(&["apply", "--auto-approve"]).exits(4);
}

#[test]
fn a_waived_field_that_the_same_calls_would_change_keeps_them_from_being_made() {
    let policy = "[password_policy]\nminimum_length = 14\nreuse_prevention = 24\n";
    let waiver = waiver("control = \"password_policy\"\nfield = \"reuse_prevention\"", 90);
    let account = Account::with(&format!("{policy}{waiver}"));
    let members = [("MinimumPasswordLength", "9")];
    iam::set_password_policy(&account, &members);
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(3)
        .says("its calls would also change what is waived: reuse_prevention");
    assert_eq!(account.writes().len(), 1, "only the one behind its back");
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says("pending   password_policy  minimum_length is 9, expected 14")
        .says("waived    password_policy  reuse_prevention is 0, expected 24");

    let members = [("MinimumPasswordLength", "14"), ("AllowUsersToChangePassword", "true")];
    iam::set_password_policy(&account, &members);
    let _ = account.run(&["drift"]).exits(0).says("1 waived");
}

#[test]
fn one_waived_finding_does_not_hide_another() {
    let waiver = waiver("control = \"root_user\"\nfield = \"mfa\"", 90);
    let account = Account::with(&format!("[root_user]\n{waiver}"));
    let root = |keys: u8| json!({"account": account.id, "mfa": false, "access_keys": keys, "password": true});
    emulator().admin("root", root(1));
    let _ = account
        .run(&["drift"])
        .exits(2)
        .says("waived    root_user  mfa")
        .says("finding   root_user  access_keys");
    emulator().admin("root", root(0));
    let _ = account.run(&["drift"]).exits(0).says("1 waived");
}

#[test]
fn nothing_is_built_on_a_waived_bucket_that_is_not_as_wanted() {
    let waiver = waiver("control = \"log_bucket\"", 90);
    let account = Account::with(&format!("[log_bucket]\n[cloudtrail]\n{waiver}"));
    let _ = account
        .run(&["apply", "--auto-approve"])
        .exits(3)
        .says("which is not compliant and is waived");
    assert!(account.writes().is_empty(), "{:?}", account.writes());
    let _ = account.run(&["drift"]).exits(2);
}

#[test]
fn everything_wrong_in_waivers_and_limits_is_told_at_once_and_in_place() {
    let account = Account::new();
    account.baseline(
        "baseline = 1\n[password_policy]\n\
         [[waivers]]\ncontrol = \"pasword_policy\"\nplace = \"\"\nreason = \" \"\nexpires = \"2027-02-30\"\n\
         [[waivers]]\ncontrol = \"config\"\nreasons = \"x\"\nowner = 3\nexpires = 2027-01-01T00:00:00Z\n\
         [[waivers]]\n\
         [limits]\nmax_changes = -1\nforbid = [\"delete\", \"loosening\"]\nprotected_regions = [\"europe\"]\n\
         max_change = 3\n",
    );
    let run = account.run(&["validate"]).exits(1);
    let path = root().join("tests/golden/waivers_and_limits.txt");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(&path, &run.stderr).expect("written");
    }
    let wanted = std::fs::read_to_string(&path).expect("the golden file");
    assert_eq!(run.stderr, wanted);

    account.baseline("baseline = 1\n[waivers]\n[[limits]]\n");
    let _ = account.run(&["validate"]).exits(1).says("write [[waivers]]").says("write [limits]");
}

#[test]
fn undo_puts_back_what_is_waived_by_now() {
    let account = Account::with("[public_access_block]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let history = account.run(&["history", "--json"]).exits(0).json();
    let run = history["runs"][0]["began"]["run"].as_str().expect("a run");
    let waiver = waiver("control = \"public_access_block\"", 90);
    account.baseline(&account.in_one_region(&format!("[public_access_block]\n{waiver}")));
    let loosening = ["--allow-loosening", "public_access_block"];
    let _ = account
        .run(&[&["undo", run, "--auto-approve"], &loosening[..]].concat())
        .exits(0)
        .says("1 change made");
    let _ = account.run(&["drift"]).exits(0).says("waived    public_access_block");
}

#[test]
fn a_waived_field_keeps_nothing_from_being_created() {
    let waiver = waiver("control = \"cloudtrail\"\nfield = \"bucket\"", 90);
    let account = Account::with(&format!("[log_bucket]\n[cloudtrail]\n{waiver}"));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let created = "cloudtrail:CreateTrail".to_owned();
    assert!(account.writes().contains(&created), "{:?}", account.writes());
    let _ = account.run(&["drift"]).exits(0);
}

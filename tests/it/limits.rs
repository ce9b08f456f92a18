//! `[limits]`, through the binary.

use crate::account::Account;
use crate::emulator::root;
use crate::iam;
use baseline::aws::{is_read, takes_away};
use baseline::controls;
use serde_json::json;
use std::path::Path;

const POLICY: &str = "[password_policy]\nminimum_length = 14\n[public_access_block]\n";

/// Plan says it and saves all the same; neither way of applying it sends a write.
#[track_caller]
fn assert_refused(account: &Account, why: &str, extra: &[&str]) {
    let before = account.writes().len();
    let _ = account
        .run(&["plan", "--out", "plan.json"])
        .exits(0)
        .says(&format!("apply will refuse: {why}"))
        .says("for review only: it exceeds [limits]");
    let _ = account.run(&["show", "plan.json"]).exits(0).says(&format!("apply will refuse: {why}"));
    for arguments in [&["apply", "--auto-approve"][..], &["apply", "plan.json"]] {
        let _ = account
            .run(&[arguments, extra].concat())
            .exits(6)
            .says(&format!("limit: {why}"))
            .says("more than the [limits] of baseline.toml allow; nothing was written");
    }
    assert_eq!(account.writes().len(), before, "{:?}", account.writes());
}

#[test]
fn more_changes_than_allowed_are_refused_with_both_numbers() {
    let account = Account::with(&format!("{POLICY}[limits]\nmax_changes = 1"));
    assert_refused(&account, "2 changes to make, and max_changes is 1", &[]);
    let plan = account.run(&["plan", "--json"]).exits(0).json();
    assert_eq!(plan["exceeds"][0]["limit"], json!("max_changes"));
    let _ = account.run(&["apply", "--auto-approve", "--target", "password_policy"]).exits(0);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn no_changes_at_all_make_a_baseline_that_is_only_looked_at() {
    let account = Account::with(&format!("{POLICY}[limits]\nmax_changes = 0"));
    assert_refused(&account, "2 changes to make, and max_changes is 0", &[]);
    account.baseline(&account.in_one_region(POLICY));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    account.baseline(&account.in_one_region(&format!("{POLICY}[limits]\nmax_changes = 0")));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn a_waived_place_is_not_counted() {
    let account = Account::with(&format!(
        "{POLICY}[limits]\nmax_changes = 1\n[[waivers]]\ncontrol = \"public_access_block\"\n\
         reason = \"a site\"\nowner = \"web\"\nexpires = 2999-12-31\n"
    ));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
}

#[test]
fn forbidden_loosening_is_refused_even_when_it_is_allowed_on_the_command_line() {
    let account = Account::with(
        "[password_policy]\nminimum_length = { exactly = 10 }\n[limits]\nforbid = [\"loosen\"]",
    );
    let members = [("MinimumPasswordLength", "20")];
    iam::set_password_policy(&account, &members);
    let why = "password_policy would protect less (minimum_length), and forbid has \"loosen\", \
               which --allow-loosening does not lift";
    assert_refused(&account, why, &["--allow-loosening", "password_policy"]);
}

#[test]
fn forbidden_deleting_keeps_a_trail_from_being_stopped() {
    let account = Account::with("[log_bucket]\n[cloudtrail]");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    account.baseline(&account.in_one_region(
        "[log_bucket]\n[cloudtrail]\nenabled = false\n[limits]\nforbid = [\"delete\"]",
    ));
    let why = "cloudtrail takes something away (cloudtrail:StopLogging, logging), and forbid has \
               \"delete\"";
    assert_refused(&account, why, &["--allow-loosening", "cloudtrail"]);
}

#[test]
fn nothing_is_written_in_a_protected_region() {
    let account = Account::new();
    let regions = ["us-east-1", "eu-west-1"];
    let limited = "[guardduty]\n[limits]\nprotected_regions = [\"eu-west-1\"]";
    account.baseline(&account.in_regions(&regions, limited));
    let why = "guardduty@eu-west-1 writes in eu-west-1, which is in protected_regions";
    assert_refused(&account, why, &[]);
    let _ = account.run(&["apply", "--auto-approve", "--exclude", "guardduty@eu-west-1"]).exits(0);
    let created = ["CreateDetector", "UpdateDetector", "TagResource"];
    assert_eq!(account.writes(), created.map(|name| format!("guardduty:{name}")));
}

#[test]
fn limits_hold_for_undo_too() {
    let account = Account::with("[password_policy]\nminimum_length = 14");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let history = account.run(&["history", "--json"]).exits(0).json();
    let run = history["runs"][0]["began"]["run"].as_str().expect("a run");
    account.baseline(
        &account.in_one_region(
            "[password_policy]\nminimum_length = 14\n[limits]\nforbid = [\"delete\"]",
        ),
    );
    let undo = ["undo", run, "--auto-approve", "--allow-loosening", "password_policy"];
    let _ = account
        .run(&undo)
        .exits(6)
        .says("limit: password_policy takes something away (iam:DeleteAccountPasswordPolicy");
    assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
}

#[test]
fn a_limit_that_is_set_after_the_plan_was_saved_holds() {
    let account = Account::with(POLICY);
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    account.baseline(&account.in_one_region(&format!("{POLICY}[limits]\nmax_changes = 0")));
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("has changed since");
    assert!(account.writes().is_empty());
}

/// The names of the operations that are defined in the source below a folder.
fn defined(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder).expect("the source") {
        let path = file.expect("an entry").path();
        if path.is_dir() {
            names.extend(defined(&path));
        } else {
            let text = std::fs::read_to_string(&path).expect("source is text");
            // The operation comes after its service: a name by itself, or a text before it.
            let forms = [("Operation::new(", 3), ("Typed::new(", 1), ("Typed::rest(", 1)];
            for (form, at) in forms {
                let definitions = text.split(form).skip(1);
                let found = definitions.filter_map(|rest| rest.split('"').nth(at));
                // Where a macro defines them, the action says the name, or nothing here does.
                let found = found.map(|name| name.rsplit(':').next().unwrap_or(name).to_owned());
                names.extend(found.filter(|name| name.starts_with(char::is_uppercase)));
            }
        }
    }
    names
}

#[test]
fn of_every_write_in_the_source_it_is_known_whether_it_takes_something_away() {
    let mut names = defined(&root().join("src"));
    assert!(names.iter().filter(|name| !is_read(name)).count() > 20, "{names:?}");
    // Where a macro makes a name, the source does not show it.
    let declared =
        controls::ALL.iter().flat_map(|kind| kind.about.operations.iter().chain(kind.restores));
    names.extend(declared.map(|operation| operation.name.to_owned()));
    for name in names.iter().filter(|name| !is_read(name)) {
        assert!(takes_away(name).is_some(), "does {name}?");
    }
}

#[test]
fn what_the_shipped_baselines_show_of_limits_and_waivers_is_valid() {
    for name in ["minimal", "startup"] {
        let path = root().join(format!("baselines/{name}.toml"));
        let text = std::fs::read_to_string(path).expect("a baseline");
        let (controls, examples) = text.split_once("# [limits]").expect("the examples");
        let examples: Vec<&str> = examples
            .lines()
            .filter(|line| line.contains(" = ") || line.contains("[["))
            .filter_map(|line| line.strip_prefix("# "))
            .collect();
        assert_eq!(examples.len(), 11, "{examples:#?}");
        let account = Account::new();
        account.baseline(&format!("{controls}[limits]\n{}\n", examples.join("\n")));
        let _ = account.run(&["validate"]).exits(0);
    }
}

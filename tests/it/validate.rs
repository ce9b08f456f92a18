//! What `validate` tells before AWS is asked anything: credentials in the file, waivers that are
//! misspelt, files that would take much memory to read.

use crate::account::{Account, Run};
use crate::fuzz::files;
use baseline::controls;
use serde_json::Value;

fn validate(text: &str) -> Run {
    let account = Account::new();
    account.baseline(&format!("baseline = 1\n{text}\n"));
    account.run(&["validate"])
}

/// The documented examples, put together here so that no scanner takes this file for one that leaks.
const KEY_ID: [&str; 2] = ["AKIAIOSFODN", "N7EXAMPLE"];
const SECRET: [&str; 2] = ["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"];
const TOKEN: [&str; 2] = ["FwoGZXIvYXdzEJr", "//////////wEaDExampleOnly12345=="];

#[test]
fn credentials_are_refused_and_never_shown() {
    for (parts, what) in [
        (KEY_ID, "the id of an AWS access key"),
        (SECRET, "the secret of an AWS access key"),
        (TOKEN, "an AWS session token"),
    ] {
        let value = parts.concat();
        for text in [
            format!("[account]\naws = \"{value}\""),
            format!("# was: {value}\n[password_policy]"),
            format!("[password_policy]\nminimum_length = \"{value}\""),
            format!("[account.tags]\nkey = '{value}'"),
            // Beside what is wrong already, on the same line.
            format!("[password_policy]\nminimum_length = = \"{value}\""),
            format!("minimum_length \"{value}\n"),
        ] {
            let run = validate(&text).exits(1).says(what).says("baseline.toml:");
            let output = format!("{}{}", run.stdout, run.stderr);
            for part in parts {
                assert!(!output.contains(part), "{output}");
            }
            assert!(output.contains("****"), "{output}");
        }
    }
}

#[test]
fn no_file_of_ours_looks_as_if_it_held_credentials() {
    for folder in files("tests/scenarios") {
        let path = folder.join("baseline.toml").display().to_string();
        let _ = Account::new().run(&["validate", &path]).exits(0);
    }
}

#[test]
fn a_misspelt_waiver_is_refused_and_one_of_no_known_field_is_told() {
    let waiver = |control: &str, field: &str| {
        validate(&format!(
            "[[waivers]]\ncontrol = \"{control}\"\nfield = \"{field}\"\nreason = \"r\"\n\
             owner = \"o\"\nexpires = 2999-01-01\n[password_policy]\n[guardduty]\n[log_bucket]\n\
             [[buckets]]\nmatch = [\"*\"]\nssl_only = true"
        ))
    };
    for (control, field, meant) in [
        ("password_policy", "minimum_lenght", "minimum_length"),
        ("password_policy", "minimun_length", "minimum_length"),
        ("password_policy", "Minimum_Length", "minimum_length"),
        ("buckets", "ssl-only", "ssl_only"),
        ("buckets", "encrypton.kms", "encryption.kms"),
        ("guardduty", "feature.S3_DATA_EVENTS", "features.S3_DATA_EVENTS"),
        ("log_bucket", "statement", "statements"),
    ] {
        let run = waiver(control, field).exits(1);
        let _ = run
            .says(&format!("[{control}] has no setting '{field}'"))
            .says(&format!("did you mean '{meant}'?"))
            .says("baseline.toml:4:9");
    }
    for (control, field) in [
        ("password_policy", "minimum_length"),
        ("password_policy", "require_*"),
        ("buckets", "encryption.kms"),
        ("buckets", "*"),
        ("log_bucket", "tags.team"),
        ("guardduty", "features.S3_DATA_EVENTS.enabled"),
    ] {
        let run = waiver(control, field).exits(0);
        assert_eq!(run.stderr, "", "{field}");
    }
    for field in ["nonsense", "nonsense.*", "nons*"] {
        let run = waiver("password_policy", field).exits(0);
        let _ = run.says(&format!("[password_policy] has no setting '{field}'"));
    }
    let _ = waiver("pasword_policy", "*").exits(1).says("did you mean 'password_policy'?");
}

#[test]
fn every_field_of_every_plan_can_be_waived_by_its_name() {
    let mut fields = 0;
    for folder in files("tests/scenarios") {
        let plan = std::fs::read(folder.join("plan.json")).expect("a plan");
        let plan: Value = serde_json::from_slice(&plan).expect("JSON");
        for entry in plan["entries"].as_array().expect("entries") {
            let control = entry["control"].as_str().expect("a name");
            let kind = controls::find(control).expect("a control");
            let about = ["differences", "findings"].iter();
            for own in about.filter_map(|list| entry[list].as_array()).flatten() {
                let field = own["field"].as_str().expect("a field");
                let first = field.split('.').next().unwrap_or(field);
                assert!(
                    kind.fields().any(|name| name == first),
                    "{control} has no {first} among its settings or FIELDS ({})",
                    folder.display()
                );
                fields += 1;
            }
        }
    }
    assert!(fields > 100, "only {fields}");
}

#[test]
fn what_takes_much_memory_is_refused_in_its_place() {
    let dotted = format!("{}a = 1\n", "a.".repeat(70)).repeat(1700);
    let _ = validate(&dotted).exits(1).says("more than 4000 dots in keys");
    let lists = format!("a = [{}]", "[],".repeat(80_000));
    let _ = validate(&lists).exits(1).says("more than 20000 lists and tables");
    // Each line an error: they are not all collected.
    let errors = validate(&"=\n".repeat(130_000)).exits(1);
    assert!(errors.stderr.ends_with("1 problem in baseline.toml\n"), "{errors:?}");
    let many = "[[buckets]]\nmatch = [\"b-1234\"]\nssl_only = true\n".repeat(5000);
    let _ = validate(&many).exits(0);
}

#[test]
fn a_region_that_is_misspelt_in_the_place_of_a_waiver_is_refused() {
    let waiver = |place: &str| {
        validate(&format!(
            "[config]\n[[waivers]]\ncontrol = \"config\"\nplace = \"{place}\"\nreason = \"r\"\n\
             owner = \"o\"\nexpires = 2999-01-01"
        ))
    };
    for place in ["eu-wset-1", "eu-west1", "eu-west-1a", "EU-WEST-1"] {
        let run = waiver(place).exits(1).says("'eu-west-1'");
        let _ = run.says("baseline.toml:5:9");
    }
    for place in ["eu-west-1", "eu-*", "*-1", "nz-south-1", "service-linked-role"] {
        let _ = waiver(place).exits(0);
    }
}

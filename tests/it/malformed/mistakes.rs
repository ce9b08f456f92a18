//! Mistakes that people make, and what they are told.

use crate::emulator::root;
use baseline::baseline::Baseline;
use std::path::Path;

/// Mistakes that people make, and a name for each.
const MISTAKES: [(&str, &str); 28] = [
    (
        "a list that is not closed",
        "[cloudtrail]\ndata_events = [{ s3 = \"all\" }\n[config]\n",
    ),
    (
        "a text that is not closed",
        "[root_user]\nmfa = \"any\naccess_keys = \"none\"\n",
    ),
    ("a text without quotes", "[root_user]\nmfa = any\n"),
    ("quotes of a word processor", "[root_user]\nmfa = “any”\n"),
    ("YAML", "password_policy:\n  minimum_length: 14\n"),
    (
        "nothing after the sign",
        "[password_policy]\nminimum_length =\n",
    ),
    (
        "a comma too few",
        "[account]\nregions = [\"us-east-1\" \"eu-west-1\"]\n",
    ),
    (
        "a setting twice",
        "[password_policy]\nminimum_length = 14\nminimum_length = 15\n",
    ),
    (
        "a bucket of logs without its table",
        "[[buckets]]\nmatch = [\"*\"]\naccess_log = \"acme-logs\"\n",
    ),
    (
        "an address inside of a network",
        "[[buckets]]\nmatch = [\"*\"]\nonly_from = { networks = [\"10.0.0.0/8\"] }\n",
    ),
    (
        "a key without a name",
        "[[buckets]]\nmatch = [\"*\"]\nencryption = { kms = \"\" }\n",
    ),
    (
        "a wildcard for who else gets in",
        "[[buckets]]\nmatch = [\"*\"]\nshared_with = [\"*\"]\n",
    ),
    ("a table twice", "[config]\n[guardduty]\n[config]\n"),
    (
        "one table where there may be several",
        "[budgets]\nname = \"m\"\nlimit = \"1 USD\"\n",
    ),
    ("several tables where there is one", "[[config]]\n"),
    (
        "a text for a number",
        "[password_policy]\nminimum_length = \"14\"\n",
    ),
    (
        "a fraction for a number",
        "[password_policy]\nminimum_length = 14.5\n",
    ),
    (
        "a negative number",
        "[password_policy]\nminimum_length = -1\n",
    ),
    (
        "a number that is too large",
        "[password_policy]\nminimum_length = 99999999999999999999\n",
    ),
    ("no number", "[password_policy]\nmax_age_days = nan\n"),
    ("an unknown word", "[root_user]\nmfa = \"hardwear\"\n"),
    (
        "a floor with another word",
        "[password_policy]\nminimum_length = { at_least = 14 }\n",
    ),
    ("a date for a table", "[account]\ntags = 2026-01-01\n"),
    (
        "a setting that is missing",
        "[[budgets]]\nname = \"m\"\n[[budgets]]\nlimit = \"1 USD\"\nnane = \"x\"\n",
    ),
    (
        "a feature that is misspelt",
        "[guardduty.features]\nS3_DATA_EVENT = true\n",
    ),
    (
        "a region that is none",
        "[account]\nregions = [\"us-east-1\", \"Frankfurt\"]\n",
    ),
    (
        "a pattern that is none",
        "[[buckets]]\nmatch = [\"logs-[a-\"]\nssl_only = true\n",
    ),
    (
        "a table that is misspelt",
        "[acount]\nid = \"111122223333\"\n",
    ),
];

#[test]
fn what_is_said_about_mistakes_can_be_read() {
    let mut said = String::new();
    for (mistake, text) in MISTAKES {
        let text = format!("baseline = 1\n{text}");
        let read = Baseline::from_bytes(Path::new("baseline.toml"), text.as_bytes());
        let error = read.expect_err(mistake);
        said += &format!("## {mistake}\n\n{error}\n\n\n");
    }
    let golden = root().join("tests/golden/mistakes.txt");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(&golden, &said).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&golden).expect("it is there"), said);
}

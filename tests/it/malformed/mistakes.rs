//! Mistakes that people make, and what they are told.

use crate::emulator::root;
use baseline::baseline::Baseline;
use std::path::Path;

/// Mistakes that people make, and a name for each.
const MISTAKES: [(&str, &str); 57] = [
    ("a list that is not closed", "[cloudtrail]\ndata_events = [{ s3 = \"all\" }\n[config]\n"),
    ("a text that is not closed", "[root_user]\nmfa = \"any\naccess_keys = \"none\"\n"),
    ("a text without quotes", "[root_user]\nmfa = any\n"),
    ("quotes of a word processor", "[root_user]\nmfa = “any”\n"),
    ("YAML", "password_policy:\n  minimum_length: 14\n"),
    ("nothing after the sign", "[password_policy]\nminimum_length =\n"),
    ("a comma too few", "[account]\nregions = [\"us-east-1\" \"eu-west-1\"]\n"),
    ("a setting twice", "[password_policy]\nminimum_length = 14\nminimum_length = 15\n"),
    (
        "a bucket of logs without its table",
        "[[buckets]]\nmatch = [\"*\"]\naccess_log = \"acme-logs\"\n",
    ),
    (
        "an address inside of a network",
        "[[buckets]]\nmatch = [\"*\"]\nonly_from = { networks = [\"10.0.0.0/8\"] }\n",
    ),
    ("a key without a name", "[[buckets]]\nmatch = [\"*\"]\nencryption = { kms = \"\" }\n"),
    ("a wildcard for who else gets in", "[[buckets]]\nmatch = [\"*\"]\nshared_with = [\"*\"]\n"),
    ("a table twice", "[config]\n[guardduty]\n[config]\n"),
    ("one table where there may be several", "[budgets]\nname = \"m\"\nlimit = \"1 USD\"\n"),
    ("several tables where there is one", "[[config]]\n"),
    ("a text for a number", "[password_policy]\nminimum_length = \"14\"\n"),
    ("a fraction for a number", "[password_policy]\nminimum_length = 14.5\n"),
    ("a negative number", "[password_policy]\nminimum_length = -1\n"),
    ("a number that is too large", "[password_policy]\nminimum_length = 99999999999999999999\n"),
    ("no number", "[password_policy]\nmax_age_days = nan\n"),
    ("an unknown word", "[root_user]\nmfa = \"hardwear\"\n"),
    ("a floor with another word", "[password_policy]\nminimum_length = { at_least = 14 }\n"),
    ("a date for a table", "[account]\ntags = 2026-01-01\n"),
    (
        "a setting that is missing",
        "[[budgets]]\nname = \"m\"\n[[budgets]]\nlimit = \"1 USD\"\nnane = \"x\"\n",
    ),
    ("a feature that is misspelt", "[guardduty.features]\nS3_DATA_EVENT = true\n"),
    ("a region that is none", "[account]\nregions = [\"us-east-1\", \"Frankfurt\"]\n"),
    ("a pattern that is none", "[[buckets]]\nmatch = [\"logs-[a-\"]\nssl_only = true\n"),
    (
        "patterns that can match no bucket",
        "[[buckets]]\nmatch = [\"*\", \"arn:aws:s3:::acme-data\"]\nexcept = [\n  \"s3://acme-site/\",\n  \"Acme-Site\",\n]\nssl_only = true\n",
    ),
    (
        "a waiver for a bucket that cannot be",
        "[[buckets]]\nmatch = [\"acme-*\"]\nssl_only = true\n[[waivers]]\ncontrol = \"buckets\"\nplace = \"^acme-site$\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2030-01-01\n",
    ),
    ("no for false", "[log_bucket]\nversioning = no # or yes\n"),
    ("yes for true", "[[buckets]]\nmatch = [\"*\"]\nssl_only = yes\n"),
    ("a boolean in capitals", "[config]\nenabled = False\n"),
    ("a boolean in quotes", "[config]\nenabled = \"no\"\n"),
    ("a text that looks like nan", "[root_user]\naccess_keys = none\n"),
    ("data events as texts", "[cloudtrail]\ndata_events = [\"s3\"]\n"),
    ("data events as a table", "[cloudtrail]\ndata_events = { s3 = \"all\" }\n"),
    ("types without a word for them", "[config]\nrecord = [\"AWS::EC2::Instance\"]\n"),
    ("an id that begins with 0", "[account]\nid = 012345678901\n"),
    ("an id without quotes", "[account]\nid = 111122223333\n"),
    ("days without a unit", "[root_user]\nunused_for = 90\n"),
    ("money without a currency", "[[budgets]]\nname = \"m\"\nlimit = 100\n"),
    (
        "a threshold without a unit",
        "[[budgets]]\nname = \"m\"\nlimit = \"1 USD\"\nalerts = [{ at = 80, email = \"x\" }]\n",
    ),
    ("a region for a list", "[account]\nregions = \"eu-west-1\"\n"),
    (
        "several regions that are none",
        "[account]\nregions = [\"us-east-1\", \"eu-west1\", \"us-east-1a\", \"Ireland\"]\n",
    ),
    (
        "protected regions that are none",
        "[limits]\nprotected_regions = [\"eu-wset-1\", \"eu-north-1\", \"us-esat-1\"]\n",
    ),
    (
        "a home region and one of the lock that are none",
        "[account]\nhome_region = \"eu-cental-1\"\n[lock]\nbucket = \"locks\"\nregion = \"EU-WEST-1\"\n",
    ),
    ("one pattern for a list", "[[buckets]]\nmatch = \"*\"\nssl_only = true\n"),
    ("a list for a table", "[account]\ntags = [\"team\"]\n"),
    ("a table for a text", "[log_bucket]\nname = { bucket = \"acme\" }\n"),
    ("a date for a number", "[password_policy]\nminimum_length = 2026-01-01\n"),
    ("a number for a feature", "[guardduty.features]\nS3_DATA_EVENTS = 1\n"),
    (
        "guardrails of the wrong kind",
        "[[buckets]]\nmatch = [\"*\"]\nminimum_tls = 1.2\npresigned_max_age = 600\n\
         ownership = true\nencryption = true\nobject_lock = true\ntags = \"team\"\n\
         only_from = \"10.0.0.0/8\"\nnoncurrent_days = \"30d\"\n",
    ),
    ("limits of the wrong kind", "[limits]\nmax_changes = \"ten\"\nforbid = \"delete\"\n"),
    ("JSON", "{\n  \"baseline\": 1,\n  \"account\": {\"id\": \"111122223333\"}\n}\n"),
    (
        "HCL",
        "resource \"aws_iam_account_password_policy\" \"strict\" {\n  minimum_password_length = 14\n}\n",
    ),
    ("a key and a value as in YAML", "[password_policy]\nminimum_length: 14\n"),
    ("a table that is misspelt", "[acount]\nid = \"111122223333\"\n"),
];

#[test]
fn what_is_said_about_mistakes_can_be_read() {
    let mut said = String::new();
    for (mistake, text) in MISTAKES {
        let text = match text.starts_with('{') {
            true => text.to_owned(),
            false => format!("baseline = 1\n{text}"),
        };
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

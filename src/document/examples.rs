//! How each setting is written: what is shown beside a value of the wrong kind.

/// A table, a setting in it, and ways to write its value.
type Example = (&'static str, &'static str, &'static [&'static str]);

const BOOLEAN: &[&str] = &["true", "false"];

const EXAMPLES: &[Example] = &[
    ("account", "id", &["\"111122223333\""]),
    ("account", "home_region", &["\"eu-west-1\""]),
    (
        "account",
        "regions",
        &["\"enabled\"", "[\"eu-west-1\", \"us-east-1\"]"],
    ),
    ("account", "tags", &["{ team = \"platform\" }"]),
    ("limits", "max_changes", &["10"]),
    ("limits", "forbid", &["[\"delete\", \"loosen\"]"]),
    ("limits", "protected_regions", &["[\"eu-west-1\"]"]),
    ("lock", "bucket", &["\"acme-locks\""]),
    ("lock", "prefix", &["\"baseline/\""]),
    ("lock", "region", &["\"eu-west-1\""]),
    ("lock", "owner", &["\"111122223333\""]),
    ("journal", "bucket", &["\"acme-journals\""]),
    ("journal", "prefix", &["\"baseline/\""]),
    ("journal", "region", &["\"eu-west-1\""]),
    ("journal", "owner", &["\"111122223333\""]),
    ("waivers", "control", &["\"buckets\""]),
    ("waivers", "place", &["\"acme-legacy-*\""]),
    ("waivers", "field", &["\"versioning\""]),
    ("waivers", "reason", &["\"the old site goes in May\""]),
    ("waivers", "owner", &["\"platform@example.com\""]),
    ("waivers", "ticket", &["\"OPS-12\""]),
    ("waivers", "expires", &["\"2027-05-31\""]),
    ("root_user", "mfa", &["\"any\"", "\"hardware\""]),
    ("root_user", "access_keys", &["\"none\""]),
    ("root_user", "signing_certificates", &["\"none\""]),
    ("root_user", "unused_for", &["\"90d\""]),
    (
        "password_policy",
        "minimum_length",
        &["14", "{ exactly = 14 }"],
    ),
    (
        "password_policy",
        "reuse_prevention",
        &["24", "{ exactly = 24 }"],
    ),
    ("password_policy", "require_symbols", BOOLEAN),
    ("password_policy", "require_numbers", BOOLEAN),
    ("password_policy", "require_uppercase", BOOLEAN),
    ("password_policy", "require_lowercase", BOOLEAN),
    (
        "password_policy",
        "max_age_days",
        &["90", "{ exactly = 90 }"],
    ),
    ("password_policy", "hard_expiry", BOOLEAN),
    ("password_policy", "users_may_change", BOOLEAN),
    ("public_access_block", "block_public_acls", BOOLEAN),
    ("public_access_block", "ignore_public_acls", BOOLEAN),
    ("public_access_block", "block_public_policy", BOOLEAN),
    ("public_access_block", "restrict_public_buckets", BOOLEAN),
    ("log_bucket", "name", &["\"acme-logs-{account}\""]),
    (
        "log_bucket",
        "retention_days",
        &["400", "{ exactly = 400 }"],
    ),
    ("log_bucket", "versioning", BOOLEAN),
    ("log_bucket", "shared_with", &["[]", "[\"999999999999\"]"]),
    ("log_bucket", "take_over", BOOLEAN),
    ("cloudtrail", "enabled", BOOLEAN),
    ("cloudtrail", "name", &["\"audit\""]),
    ("cloudtrail", "bucket", &["\"acme-logs-{account}\""]),
    ("cloudtrail", "prefix", &["\"trails\""]),
    ("cloudtrail", "log_file_validation", BOOLEAN),
    ("cloudtrail", "multi_region", BOOLEAN),
    ("cloudtrail", "global_events", BOOLEAN),
    ("cloudtrail", "kms_key", &["\"alias/trail\""]),
    (
        "cloudtrail",
        "sns_topic",
        &["\"arn:aws:sns:{region}:{account}:trail\""],
    ),
    (
        "cloudtrail",
        "cloudwatch_logs",
        &["{ group = \"trail\", role = \"arn:aws:iam::{account}:role/trail\" }"],
    ),
    (
        "cloudtrail",
        "management_events_except",
        &["[\"kms.amazonaws.com\"]"],
    ),
    ("cloudtrail", "organization", BOOLEAN),
    ("cloudtrail", "take_over", BOOLEAN),
    (
        "cloudtrail",
        "data_events",
        &[
            "[{ s3 = \"all\" }]",
            "[{ s3 = [\"acme-data\"], access = \"write\" }]",
        ],
    ),
    ("cloudtrail", "insights", &["[\"ApiCallRateInsight\"]"]),
    ("config", "enabled", BOOLEAN),
    (
        "config",
        "record",
        &[
            "\"all\"",
            "{ include = [\"AWS::EC2::Instance\"] }",
            "{ exclude = [\"AWS::EC2::Instance\"] }",
        ],
    ),
    ("config", "global_types", &["\"home\"", "\"none\""]),
    ("config", "frequency", &["\"continuous\"", "\"daily\""]),
    (
        "config",
        "role",
        &[
            "\"service-linked\"",
            "\"arn:aws:iam::{account}:role/config\"",
        ],
    ),
    ("config", "bucket", &["\"acme-logs-{account}\""]),
    ("config", "prefix", &["\"config\""]),
    (
        "config",
        "kms_key",
        &["\"arn:aws:kms:us-east-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab\""],
    ),
    ("config", "snapshot_frequency", &["\"TwentyFour_Hours\""]),
    (
        "config",
        "sns_topic",
        &["\"arn:aws:sns:{region}:{account}:config\""],
    ),
    ("config", "retention_days", &["2557", "{ exactly = 365 }"]),
    ("config", "take_over", BOOLEAN),
    ("guardduty", "enabled", BOOLEAN),
    (
        "guardduty",
        "features",
        &[
            "{ S3_DATA_EVENTS = true }",
            "{ RUNTIME_MONITORING = { enabled = true, EC2_AGENT_MANAGEMENT = true } }",
        ],
    ),
    ("guardduty", "publishing_frequency", &["\"ONE_HOUR\""]),
    ("guardduty", "filters", &["[\"known-scanner\"]"]),
    ("guardduty", "trusted_lists", &["[\"office\"]"]),
    ("guardduty", "threat_lists", &["[\"our-threats\"]"]),
    ("guardduty", "export_buckets", &["[\"acme-findings\"]"]),
    (
        "guardduty",
        "administrator",
        &["\"111122223333\"", "\"none\""],
    ),
    ("guardduty", "take_over", BOOLEAN),
    (
        "access_analyzer",
        "type",
        &["\"account\"", "\"organization\""],
    ),
    ("access_analyzer", "findings", BOOLEAN),
    ("access_analyzer", "archive_rules", &["[\"our-partners\"]"]),
    ("budgets", "name", &["\"monthly\""]),
    ("budgets", "limit", &["\"100 USD\""]),
    ("budgets", "period", &["\"monthly\""]),
    ("budgets", "credits", &["\"exclude\"", "\"include\""]),
    ("budgets", "filters", &["\"none\""]),
    ("budgets", "excludes", &["[\"tax\"]"]),
    (
        "budgets",
        "alerts",
        &["[{ at = \"80%\", email = [\"billing@example.com\"] }]"],
    ),
    ("budgets", "alerts.at", &["\"80%\"", "\"90 USD\""]),
    ("budgets", "alerts.forecast", BOOLEAN),
    ("budgets", "alerts.email", &["[\"billing@example.com\"]"]),
    (
        "budgets",
        "alerts.sns",
        &["\"arn:aws:sns:us-east-1:111122223333:billing\""],
    ),
    ("ebs_encryption", "enabled", BOOLEAN),
    ("ebs_encryption", "kms_key", &["\"alias/data\""]),
    ("storage_lens", "enabled", BOOLEAN),
    ("storage_lens", "advanced", BOOLEAN),
    ("buckets", "match", &["[\"*\"]", "[\"acme-*\"]"]),
    ("buckets", "except", &["[\"public-site-*\"]"]),
    ("buckets", "ssl_only", BOOLEAN),
    (
        "buckets",
        "minimum_tls",
        &["\"1.2\"", "{ version = \"1.3\", force = true }", "false"],
    ),
    (
        "buckets",
        "only_from",
        &[
            "{ networks = [\"203.0.113.0/24\"] }",
            "{ vpcs = [\"vpc-1a2b3c4d\"] }",
            "false",
        ],
    ),
    (
        "buckets",
        "break_glass",
        &["[\"arn:aws:iam::{account}:role/break-glass\"]"],
    ),
    ("buckets", "accept_lockout", BOOLEAN),
    ("buckets", "presigned_max_age", &["\"10m\"", "false"]),
    ("buckets", "delete_requires_mfa", BOOLEAN),
    ("buckets", "encrypted_uploads", BOOLEAN),
    ("buckets", "prune_deleted_principals", BOOLEAN),
    (
        "buckets",
        "shared_with",
        &["[\"111122223333\"]", "[\"o-exampleorgid\"]"],
    ),
    ("buckets", "sound_policy", BOOLEAN),
    ("buckets", "public_access_block", BOOLEAN),
    ("buckets", "private", BOOLEAN),
    ("buckets", "ownership", &["\"enforced\""]),
    (
        "buckets",
        "encryption",
        &["\"s3\"", "{ kms = \"alias/data\" }"],
    ),
    ("buckets", "versioning", BOOLEAN),
    ("buckets", "noncurrent_days", &["30", "{ exactly = 30 }"]),
    ("buckets", "mfa_delete", BOOLEAN),
    (
        "buckets",
        "abort_incomplete_uploads_days",
        &["7", "{ exactly = 7 }"],
    ),
    (
        "buckets",
        "access_log",
        &["{ bucket = \"acme-access-logs\" }"],
    ),
    (
        "buckets",
        "object_lock",
        &["{ mode = \"governance\", days = 30 }"],
    ),
    ("buckets", "tags", &["{ team = \"platform\" }"]),
    ("buckets", "take_over", BOOLEAN),
];

/// How the setting at a path below a table is written, or the nearest one around it; numbers of list
/// items count for nothing. Gives its name and the ways.
pub fn of(table: &str, path: &str) -> Option<(&'static str, &'static [&'static str])> {
    let parts = path
        .split('.')
        .filter(|part| part.parse::<usize>().is_err());
    let mut parts: Vec<&str> = parts.collect();
    while !parts.is_empty() {
        let name = parts.join(".");
        if let Some((_, own, ways)) = EXAMPLES.iter().find(|e| e.0 == table && e.1 == name) {
            return Some((own.rsplit('.').next().unwrap_or(own), ways));
        }
        parts.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::controls;
    use std::path::Path;

    /// What the other settings of a table need besides.
    fn around(table: &str, name: &str) -> String {
        let needed: &[(&str, &str, &str)] = &[
            ("budgets", "name", "\"m\""),
            ("budgets", "limit", "\"1 USD\""),
            ("buckets", "match", "[\"*\"]"),
            ("buckets", "private", "true"),
            ("lock", "bucket", "\"locks\""),
            ("journal", "bucket", "\"journals\""),
            ("waivers", "control", "\"buckets\""),
            ("waivers", "reason", "\"x\""),
            ("waivers", "owner", "\"x\""),
            ("waivers", "expires", "\"2027-05-31\""),
        ];
        let needed = needed.iter().filter(|own| own.0 == table && own.1 != name);
        needed
            .map(|own| format!("{} = {}\n", own.1, own.2))
            .collect()
    }

    #[test]
    fn every_setting_has_an_example() {
        for kind in controls::ALL {
            for setting in kind.about.settings {
                let example = of(kind.about.name, setting.name);
                assert!(example.is_some(), "{}.{}", kind.about.name, setting.name);
            }
        }
    }

    #[test]
    fn every_example_can_be_written() {
        let mut refused = Vec::new();
        for (table, name, ways) in EXAMPLES.iter().filter(|example| !example.1.contains('.')) {
            for way in *ways {
                let header = match *table {
                    "buckets" | "budgets" | "waivers" => format!("[[{table}]]"),
                    _ => format!("[{table}]"),
                };
                let buckets = match *table {
                    "waivers" => "[[buckets]]\nmatch = [\"*\"]\nversioning = true\n",
                    _ => "",
                };
                let rest = match *name {
                    "object_lock" => "versioning = true\n",
                    "hard_expiry" => "max_age_days = 90\n",
                    _ => "",
                };
                let text = format!(
                    "baseline = 1\n{buckets}{header}\n{}{rest}{name} = {way}\n",
                    around(table, name)
                );
                let read = Baseline::from_bytes(Path::new("x.toml"), text.as_bytes());
                refused.extend(read.err().map(|error| format!("{text}\n{error}")));
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    }
}
